"""A listener of the kit, clients of the kit, and a sink that notes what both are told."""

import threading
import time

import pytest

from ocpp_tck.net import BackgroundLoop, Listener, connect


class Notes:
    """A sink that notes what it is told."""

    def __init__(self):
        self.told = []
        self.transports = []
        self.changed = threading.Condition()

    def _note(self, *what):
        with self.changed:
            self.told.append(what)
            self.changed.notify_all()

    def opened(self, transport):
        self.transports.append(transport)
        self._note("opened", transport.handshake.station, transport.handshake.subprotocol)

    def received(self, _transport, raw):
        self._note("received", raw)

    def closed(self, _transport, code, reason, by):
        self._note("closed", code, reason, by)

    def refused(self, refusal):
        self._note("refused", refusal.cause, refusal.by, refusal.status)

    def wait(self, *what, seconds=3.0):
        deadline = time.monotonic() + seconds
        with self.changed:
            while what not in self.told:
                left = deadline - time.monotonic()
                assert left > 0, f"{what} never came; {self.told}"
                self.changed.wait(left)


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def loop():
    running = BackgroundLoop()
    yield running
    running.close()


@pytest.fixture
def listen(loop):
    opened = []

    def start(**options):
        notes = Notes()
        listener = Listener(station="CP 1/ä", address="127.0.0.1:0", subprotocol="ocpp1.6", sink=notes, **options)
        loop.run(listener.open(), seconds=3)
        opened.append(listener)
        return listener, notes

    yield start
    for listener in opened:
        loop.run(listener.close(), seconds=6)


@pytest.fixture
def come(loop):
    def start(listener, station="CP 1/ä", **options):
        notes = Notes()
        work = connect(
            url=f"ws://{listener.address}/ocpp",
            station=station,
            subprotocols=options.pop("subprotocols", ("ocpp1.6",)),
            sink=notes,
            seconds=2,
            **options,
        )
        return loop.run(work, seconds=4), notes

    return start
