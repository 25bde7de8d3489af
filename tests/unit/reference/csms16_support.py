"""A plain OCPP 1.6-J client, and the embedded CSMS on a thread of its own, for its tests."""

import asyncio
import base64
import contextlib
import json
import threading

from jsonschema import FormatChecker
from ocpp.messages import get_validator
from websockets.sync.client import connect

from ocpp_tck.reference.csms.v16 import Product
from ocpp_tck.reference.launch import CsmsOptions

PATIENCE = 5
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
NOW = "2026-01-02T03:04:05Z"


class Csms:
    """The product under test."""

    def __init__(self, **options):
        self.product = Product(CsmsOptions("1.6", **options))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        try:
            self._do(self.product.start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._do(self.product.stop())
        self._end()

    def order(self, action, payload=None, station="CP001"):
        self._do(self.product.act(action, station, payload or {}))

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def _end(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Station:
    """A connection of a charge point."""

    def __init__(self, csms, station="CP001", password=None, user=None, subprotocols=("ocpp1.6",)):
        self._ids = iter(range(1000))
        headers = {}
        if password is not None:
            secret = password if isinstance(password, bytes) else password.encode()
            login = base64.b64encode((user or station).encode() + b":" + secret).decode()
            headers["Authorization"] = f"Basic {login}"
        self._open = contextlib.ExitStack()
        self.socket = self._open.enter_context(
            connect(
                f"{csms.product.url}/{station}",
                subprotocols=subprotocols or None,
                additional_headers=headers,
                open_timeout=PATIENCE,
                close_timeout=1,
            )
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def send(self, message):
        self.socket.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self, timeout=PATIENCE):
        return json.loads(self.socket.recv(timeout))

    def silent(self, timeout=0.15):
        """Tell whether nothing comes for a while, and the CSMS still answers afterwards."""
        with contextlib.suppress(TimeoutError):
            self.receive(timeout)
            return False
        return "currentTime" in self.call("Heartbeat")

    def exchange(self, action, payload):
        """Send a CALL and return the answering frame without its id."""
        message_id = f"m{next(self._ids)}"
        self.send([2, message_id, action, payload])
        kind, answered, *rest = self.receive()
        assert answered == message_id
        return kind, *rest

    def call(self, action, payload=None):
        """Send a CALL, check the answer against the schema and return its payload."""
        kind, response = self.exchange(action, payload or {})
        assert kind == 3
        validator = get_validator(3, action, "1.6").evolve(format_checker=FormatChecker())
        validator.validate(response)
        return response

    def refused(self, action, payload):
        """Send a CALL that must end in a CALLERROR and return its code."""
        kind, code, description, details = self.exchange(action, payload)
        assert (kind, details) == (4, {})
        assert description
        return code

    def boot(self):
        return self.call("BootNotification", BOOT)

    def start(self, id_tag="TCK-VALID", connector=1, timestamp=NOW, **fields):
        return self.call(
            "StartTransaction",
            {"connectorId": connector, "idTag": id_tag, "meterStart": 0, "timestamp": timestamp, **fields},
        )

    def end(self, transaction, **fields):
        return self.call("StopTransaction", {"transactionId": transaction, "meterStop": 9, "timestamp": NOW, **fields})
