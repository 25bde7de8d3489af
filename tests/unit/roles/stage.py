"""A conversation without a network: a fake transport, and a clock whose waits run what is due and take no time."""

from __future__ import annotations

import heapq
import itertools
import json
from types import SimpleNamespace

from ocpp_tck.evidence.journal import Journal, read_records
from ocpp_tck.net.transport import Handshake
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.types import Side, Version
from ocpp_tck.roles.answers import Answers
from ocpp_tck.roles.conversation import Conversation
from ocpp_tck.roles.csms_answers import CsmsAnswers
from ocpp_tck.roles.intake import Intake
from ocpp_tck.roles.observed import Observed
from ocpp_tck.roles.product import Product
from ocpp_tck.roles.station import Station
from ocpp_tck.roles.station_answers import StationAnswers
from ocpp_tck.settings import Hardware, Limits, TestData

START = 1_790_000_000.0


class StagedClock:
    """Time passes only in `wait`, and there what was planned happens."""

    def __init__(self):
        self.time = 0.0
        self.ahead = 0.0
        self.planned = []
        self._order = itertools.count()

    def now(self):
        return START + self.time

    def monotonic(self):
        return self.time

    def catch_up(self):
        """What was planned waits for its time."""

    def set_by(self):
        return self.ahead

    def later(self, seconds, act):
        heapq.heappush(self.planned, (self.time + seconds, next(self._order), act))

    def wait(self, _condition, seconds):
        if self.planned and self.planned[0][0] <= self.time + seconds:
            due, _, act = heapq.heappop(self.planned)
            self.time = max(self.time, due)
            act()
        else:
            self.time += seconds


class FakeTransport:
    """Keeps what the kit sends."""

    def __init__(self, number=1, subprotocol="ocpp1.6"):
        self.id = f"t{number}"
        self.handshake = Handshake(station="CP1", path="/ocpp/CP1", offered=("ocpp1.6",), subprotocol=subprotocol)
        self.sent = []
        self.closed = None
        self.later = []

    def soon(self, work):
        self.later.append(work)

    def send(self, text):
        self.sent.append(text)

    def close(self, code=1000, reason=""):
        self.closed = (code, reason)


class Watching:
    """What the run would be told."""

    def __init__(self):
        self.waits = []
        self.taken = []
        self.late = []
        self.prompt = None
        self.refused = ""
        self.done = False
        self.answered = 0

    def waiting(self, text, seconds):
        self.waits.append((text, seconds))

    def waited(self):
        pass

    def came(self, text, waited, limit, within):
        self.late.append((text, waited, limit, within))

    def took(self, frame, received):
        self.taken.append((frame, received))

    def prompt_limit(self):
        return self.prompt

    def prompt_done(self):
        return self.done

    def prompt_answered(self, *, in_time):
        self.answered += 1
        self.prompt = None

    def prompt_again(self):
        return False

    def prompt_refused(self):
        return self.refused


class Stage(SimpleNamespace):
    """Everything a test of a role needs; `product_calls` and the like play the product."""

    def receives(self, *frames):
        """Hand over frames that arrive together."""
        for frame in frames:
            self.conversation.received(self.transport, frame if isinstance(frame, (str, bytes)) else json.dumps(frame))
        while self.transport.later:
            self.transport.later.pop(0)()

    def calls(self, action, payload, identifier=None):
        self.receives([2, identifier or f"p{next(self.numbers)}", action, payload])

    def answers(self, payload, identifier=None):
        self.receives([3, identifier or self.last_call()[1], payload])

    def refuses(self, code="InternalError"):
        self.receives([4, self.last_call()[1], code, "", {}])

    def sent(self):
        return [json.loads(text) for text in self.transport.sent]

    def last_call(self):
        return [message for message in self.sent() if message[0] == 2][-1]

    def status(self, status, connector=1):
        self.calls("StatusNotification", {"connectorId": connector, "status": status, "errorCode": "NoError"})

    def records(self):
        return read_records(self.journal.path)

    def rules(self):
        return [(found.violation.rule, found.sender) for found in self.conversation.found]


def stage(folder, product=Side.STATION, limits=None, version=Version.V16):
    """Set up a conversation with a connected product."""
    clock, data, limits = StagedClock(), TestData(), limits or Limits(response=3.0, absence=1.0, reconnect=5.0)
    journal = Journal(folder / "journal-main.jsonl")
    polite = (
        CsmsAnswers(version, data, clock, itertools.count(1))
        if product is Side.STATION
        else StationAnswers(version, data, Hardware())
    )
    observed = Observed()
    conversation = Conversation(
        version=version,
        product=product,
        station="CP1",
        judge=Judge(version, product, response_limit=limits.response),
        journal=journal,
        clock=clock,
        answers=Answers(polite),
        intake=Intake(clock),
        message_ids=(f"kit-{number}" for number in itertools.count(1)),
        response_limit=limits.response,
        on_event=observed.notice,
    )
    watcher = Watching()
    transport = FakeTransport()
    if product is Side.STATION:
        endpoint = SimpleNamespace(is_open=True, address="127.0.0.1:9", open=lambda: None, close=lambda: None)
        role = Station(
            conversation,
            limits,
            data,
            watcher,
            hardware=Hardware(),
            observed=observed,
            endpoint=endpoint,
            certificates=None,
        )
    else:
        role = Product(conversation, limits, data, watcher)
    conversation.opened(transport)
    role.move_mark()
    return Stage(
        clock=clock,
        data=data,
        limits=limits,
        journal=journal,
        observed=observed,
        conversation=conversation,
        watcher=watcher,
        transport=transport,
        station=role,
        numbers=itertools.count(1),
    )
