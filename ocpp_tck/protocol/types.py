"""The words of `protocol`: versions, sides, messages, rule levels, violations.

Source: OCPP-J 1.6 section 4, OCPP 2.0.1 Part 4 section 4, OCPP 2.1 Part 4 section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

Json = Any
JsonObject = Mapping[str, Any]


class Version(StrEnum):
    """An OCPP version; the value is what configuration files and reports say."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"

    @property
    def subprotocol(self) -> str:
        """The WebSocket subprotocol name (OCPP-J 3.1.2; IANA registry)."""
        return f"ocpp{self.value}"


class Side(StrEnum):
    """Who sends: the charging station or the CSMS."""

    STATION = "cs"
    CSMS = "csms"

    @property
    def peer(self) -> Side:
        """The other side."""
        return Side.CSMS if self is Side.STATION else Side.STATION


class MessageType(IntEnum):
    """MessageTypeId. 5 and 6 exist from 2.1 on (2.1 Part 4, 4.2.4 and 4.2.5)."""

    CALL = 2
    CALLRESULT = 3
    CALLERROR = 4
    CALLRESULTERROR = 5
    SEND = 6


class Level(StrEnum):
    """How binding a rule is for a version."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class Message:
    """One parsed OCPP-J message.

    Attributes:
        type: MessageTypeId.
        id: message id as sent; may be illegal, see the violations.
        action: CALL and SEND: as sent. CALLRESULT and CALLERROR: None (the session knows it).
        payload: CALL, CALLRESULT, SEND: the payload, any JSON value when it is malformed.
        error_code, error_description, error_details: CALLERROR and CALLRESULTERROR only.
    """

    type: MessageType
    id: str
    action: str | None = None
    payload: Json = None
    error_code: str | None = None
    error_description: str | None = None
    error_details: Json = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken by one frame (or by the absence of one).

    Attributes:
        rule: id in the rule table, such as `frame.json` or `schema.request`.
        level: MUST or SHOULD for the version at hand.
        message: what is wrong, with the offending value, one sentence.
        clause: where the version's text says so.
        path: JSON path inside the payload, such as `meterValue[0].timestamp`; empty for the whole frame.
    """

    rule: str
    level: Level
    message: str
    clause: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFrame:
    """A frame after parsing: the message if one could be made out, and what is wrong with the frame itself."""

    message: Message | None
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge makes of one frame.

    Attributes:
        message: the parsed message, None when the frame is beyond parsing.
        action: action of the CALL or SEND; for a response that of the CALL it answers, if known.
        answers: the CALL that this response answers, else None.
        violations: rules broken by this frame, first cause first.
    """

    message: Message | None
    action: str | None = None
    answers: Message | None = None
    violations: tuple[Violation, ...] = ()
