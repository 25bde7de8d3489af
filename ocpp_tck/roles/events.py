"""What a conversation leaves for a case and for the verdict: events, CALLs of the kit, findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation
    from ocpp_tck.roles.answers import Reply

PRODUCT, KIT = "product", "kit"
"""The two sides of a conversation, as the evidence names them."""


@dataclass(slots=True, eq=False)
class Event:
    """One thing that happened: a CALL of the product, an answer, a connection.

    Attributes:
        kind: call, answer, opened, closed or file.
        time: seconds since the epoch.
        action: action of the CALL or of the answered CALL.
        payload: payload of a CALL or CALLRESULT.
        error: error code of a CALLERROR, empty for a CALLRESULT.
        frame: number of the frame.
        handshake: what was agreed, for `opened`.
        transfer: what was tried, for `file`.
        reply: what the kit answered to this CALL.
        taken: whether a case has claimed it.
        repeats: whether it reports states of connectors that were reported before: it tells of no change.
    """

    kind: str
    time: float
    action: str = ""
    payload: Any = None
    error: str = ""
    frame: int = 0
    handshake: Any = None
    transfer: Any = None
    reply: Reply | None = None
    taken: bool = False
    repeats: bool = False


@dataclass(slots=True, eq=False)
class Outgoing:
    """A CALL of the kit: waiting for its turn, sent, answered or lost with its connection."""

    action: str
    id: str
    text: str
    malformed: bool = False
    frame: int = 0
    sent_at: float = 0.0
    answer: Event | None = None
    lost: bool = False


@dataclass(slots=True)
class Found:
    """A violation with the frame and the side that it belongs to."""

    violation: Violation
    frame: int
    sender: str
