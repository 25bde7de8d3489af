"""Frames and traffic drawn with hypothesis: noise, JSON that is no OCPP, edited real frames, conversations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.directions import UNCONFIRMED
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.protocol.types import Side, Version
from ocpp_tck.selftest.payloads import payloads

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

CONNECTIONS = ("a", "b")
TOKEN = "TCK-VALID-7"  # noqa: S105 - an idTag
SECRET = 'p"ss wörd-\\123'  # noqa: S105 - nobody's
FIELD_SECRET = f"{chr(117)}nheard-of"
"""Not a literal: hypothesis draws those that it finds in the source, and would put it where it is no secret."""
IDENTIFIERS = ("0", "1", "2", "3", "-1", "", "x" * 36, "x" * 37)
_TOKENS = (
    *("[", "]", "{", "}", '"', "\\", ",", ":", " ", "\n", "\x00", "\ufeff", "null", "true", "2", "-", ".", "e", "0"),
    *(
        "NaN",
        "-Infinity",
        "1e999",
        "-1e999",
        "1.",
        "01",
        "9" * 5000,
        "-" + "9" * 5000,
        "0." + "0" * 5000 + "1",
        "1e-999",
    ),
    *(
        "\ud800",
        "\\ud800",
        "\\ud83d\\ude00",
        "\\ude00\\ud83d",
        "\\u0000",
        "\\x",
        "\\u12",
        '"a":1,"a":1,',
        '{"a":1,"a":2}',
    ),
    *("[" * 199, "[" * 300, '{"a":' * 300, "]" * 300, "[" * 20_000, '"' * 3, "/*", "'", "é", "\U0001f600", "[[{{" * 60),
)

Step = Literal["open", "close", "frame", "withheld", "overdue"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a judge is told.

    Attributes:
        step: which of its methods.
        connection: id of the connection.
        sender: of a frame.
        raw: the frame; of `withheld` the message id.
        passed: seconds since the event before.
        malformed: the kit broke the frame on purpose.
    """

    step: Step
    connection: str
    sender: Side = Side.STATION
    raw: str | bytes = ""
    passed: float = 0.0
    malformed: bool = False


def _real() -> list[str]:
    examples = [example for rule in RULES.values() for example in (*rule.passing, *rule.failing)]
    return sorted({sent.raw for example in examples for sent in example.trace if isinstance(sent.raw, str)})


JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", "Heartbeat"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=12,
)
_ARRAYS = st.tuples(st.integers(0, 8) | st.sampled_from([2.0, "2", True, None, 1e300]), JSON, JSON, JSON, JSON)


@st.composite
def _edited(draw: DrawFn) -> str:
    text = draw(st.sampled_from(_real()))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(text)))
        end = begin + draw(st.sampled_from((0, 0, 1, 2, 8)))
        text = text[:begin] + draw(st.sampled_from(("", *_TOKENS)) | st.text(max_size=3)) + text[end:]
    return text


def frames() -> SearchStrategy[str | bytes]:
    """Give what a peer may send: anything."""
    arrays = st.builds(lambda elements, count: json.dumps(elements[:count]), _ARRAYS, st.integers(0, 5))
    noise = st.lists(st.sampled_from(_TOKENS), max_size=8).map("".join)
    return _edited() | _edited() | arrays | noise | JSON.map(json.dumps) | st.text() | st.binary()


def secret_frames() -> SearchStrategy[str]:
    """Give frames that show a secret: a known one anywhere, or one that is known by the name of its field only."""
    forms = st.sampled_from((SECRET, json.dumps(SECRET)[1:-1], SECRET.encode().hex(), TOKEN, TOKEN.lower()))
    return st.builds(_put, frames(), forms, st.integers(0, 5000)) | _hidden()


def _put(raw: str | bytes, form: str, place: int) -> str:
    text = raw if isinstance(raw, str) else raw.hex()
    at = place % (len(text) + 1)
    return text[:at] + form + text[at:]


@st.composite
def _hidden(draw: DrawFn) -> str:
    """JSON with a field of a secret somewhere inside, other things before and behind it."""
    secret = f"{draw(st.sampled_from(('', 'é', chr(34))))}{FIELD_SECRET}{draw(st.text(max_size=3))}"
    hidden: Any = draw(
        st.sampled_from(
            (
                *(
                    {name: secret}
                    for name in ("password", "basicAuthPassword", "private_key", "Authorization", "SIM-PIN")
                ),
                {"key": "AuthorizationKey", "value": secret},
                {"attributeValue": secret, "variable": {"name": "BasicAuthPassword"}},
                {"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"type": "Actual", "value": secret}]},
                {"server": "s", "type": "IPSec", "key": secret},
                {"password": {"value": secret}},
            )
        )
    )
    for _ in range(draw(st.integers(0, 4))):
        before, behind = draw(JSON), draw(JSON)
        hidden = [before, hidden, behind] if draw(st.booleans()) else {"a": before, "b": hidden, "c": behind}
    return json.dumps([2, "1", "X", hidden], ensure_ascii=draw(st.booleans()))


@st.composite
def conversations(draw: DrawFn, version: Version) -> list[Event]:
    """Give what the judge of one station may see: exchanges, and anything else between them, on two connections."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 12))):
        events += draw(_exchange(version, str(number)) if draw(st.integers(0, 2)) else _stray(version))
    return events


@cache
def _payloads(version: Version, action: str, kind: schema.Kind, defects: int = 0) -> SearchStrategy[str]:
    return payloads(schema.schema(version, action, kind), defects=defects)


_PAUSES = st.sampled_from((0.0, 0.5, 5.0, 40.0, 1e6))


@st.composite
def _exchange(draw: DrawFn, version: Version, identifier: str) -> list[Event]:
    """A CALL with an id of its own and mostly its answer; nothing is wrong with either by itself."""
    connection = draw(st.sampled_from(CONNECTIONS))
    sender = draw(st.sampled_from(Side))
    action = draw(st.sampled_from(_actions(version, sender)))
    kind = 6 if action in UNCONFIRMED else 2
    call = f'[{kind},"{identifier}","{action}",{draw(_payloads(version, action, "request"))}]'
    asked = Event("frame", connection, sender, call, draw(_PAUSES))
    if action in UNCONFIRMED or draw(st.integers(0, 7)) == 0:
        return [asked]
    answer = f'[3,"{identifier}",{draw(_payloads(version, action, "response"))}]'
    return [asked, Event("frame", connection, sender.peer, answer, draw(_PAUSES))]


@st.composite
def _stray(draw: DrawFn, version: Version) -> list[Event]:
    connection = draw(st.sampled_from(CONNECTIONS))
    step: Step = draw(st.sampled_from(("frame", "frame", "frame", "frame", "open", "close", "withheld", "overdue")))
    if step != "frame":
        return [Event(step, connection, raw=draw(st.sampled_from(IDENTIFIERS)), passed=draw(_PAUSES))]
    sender = draw(st.sampled_from(Side))
    malformed = draw(st.integers(0, 9)) == 0
    raw = draw(frames()) if draw(st.integers(0, 5)) == 0 else draw(_message(version, sender))
    return [Event(step, connection, sender, raw, draw(_PAUSES), malformed)]


@st.composite
def _message(draw: DrawFn, version: Version, sender: Side) -> str:
    """A message of the version with up to two defects, and an id that others have too: answers meet their CALLs."""
    identifier = json.dumps(draw(st.sampled_from(IDENTIFIERS)))
    kind = draw(st.sampled_from((2, 2, 3, 3, 4, 5, 6)))
    if kind in {4, 5}:
        code = draw(st.sampled_from(("InternalError", "NotSupported", "FormationViolation", "FormatViolation", "x")))
        return f'[{kind},{identifier},"{code}","",{{}}]'
    action = draw(st.sampled_from(_actions(version, sender if kind != _RESULT else sender.peer)))
    if kind == _RESULT:
        answered = action if action not in UNCONFIRMED else "Heartbeat"
        return f"[3,{identifier},{draw(_payloads(version, answered, 'response', 2))}]"
    if draw(st.integers(0, 9)) == 0:
        action = draw(st.sampled_from((*sorted(schema.known_actions(version)), "Nonsense", "")))
    known = action in schema.known_actions(version)
    payload = draw(_payloads(version, action, "request", 2)) if known else "{}"
    return f"[{kind},{identifier},{json.dumps(action)},{payload}]"


_RESULT = 3
_WEIGHTS = {
    **dict.fromkeys(("BootNotification", "MeterValues", "StartTransaction", "StopTransaction"), 20),
    **dict.fromkeys(("Heartbeat", "StatusNotification", "TriggerMessage", "SetChargingProfile", "GetReport"), 8),
    "TransactionEvent": 60,
}


@cache
def _actions(version: Version, sender: Side) -> tuple[str, ...]:
    """The actions of a side; those with rules of their own stand there many times."""
    every = [action for action in sorted(schema.known_actions(version)) if sender in schema.direction(version, action)]
    return tuple(action for action in every for _ in range(_WEIGHTS.get(action, 1)))
