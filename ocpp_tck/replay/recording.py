"""What a journal says of one case: the settings, and every moment in which the product or the kit did something."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence import records as r
from ocpp_tck.settings import Connection, Evse, Hardware, Identity, Limits, Settings, Sut, TestData

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocpp_tck.evidence.records import Record


class ReplayError(Exception):
    """These records can't be replayed; the message says what they lack."""


class Kind(Enum):
    """What happened."""

    FRAME = auto()
    """The product sent a frame."""
    OPENED = auto()
    REFUSED = auto()
    CLOSED = auto()
    CALL = auto()
    """The kit sent a CALL, or a frame that is no answer."""
    ANSWER = auto()
    """The kit answered a CALL of the product."""
    FILE = auto()
    """The product has fetched a file from the kit's servers, or sent one, or tried to."""
    ACTED = auto()
    """A driver made the product act."""
    TOLD = auto()
    """A person who was asked has said something, or need not any more."""


STIMULI = frozenset({Kind.CALL, Kind.ACTED})
"""What the product may react to: nothing that was recorded after it comes before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Something that happened, at a time (seconds since the epoch) of the kit's clock.

    Attributes:
        raw: of a frame what came over the wire.
        of_connection: id of the connection that it belongs to; empty for a driver's act.
        message: of a frame of the kit the parsed message; of a driver's act its action and payload.
    """

    kind: Kind
    time: float
    record: Record
    of_connection: str = ""
    raw: str | bytes = ""
    message: Any = None

    def with_raw(self, raw: str | bytes) -> Moment:
        """Give the same moment with another frame."""
        return replace(self, raw=raw)

    def at(self, time: float) -> Moment:
        """Give the same moment at another time."""
        return replace(self, time=time)


@dataclass(frozen=True, slots=True)
class Recording:
    """One case as it was recorded.

    Attributes:
        settings: of the run, as far as the journal has them.
        identity: the station.
        case: how the case began.
        moments: what happened from then on until its verdict, in order.
        frames: the frames among the records, of both sides.
        verdict: what it came to.
        offers: the places on the kit's file servers, in order.
        certificates: certificates and signing requests (PEM) that the kit sent, or had a driver send, in order.
        clock_sets: when somebody set the clock of the kit's machine.
    """

    settings: Settings
    identity: Identity
    case: r.CaseStarted
    moments: tuple[Moment, ...]
    frames: tuple[r.Frame, ...]
    verdict: str
    message_ids: tuple[str, ...] = field(default=())
    transaction_ids: tuple[int, ...] = field(default=())
    clock_sets: tuple[r.ClockSet, ...] = field(default=())
    offers: tuple[r.FileOffered, ...] = field(default=())
    certificates: tuple[str, ...] = field(default=())


def read_recording(records: Iterable[Record]) -> Recording:
    """Read a journal that holds one case, begun before the product connected.

    Raises:
        ReplayError: a part of it is missing.
    """
    every = list(records)
    run = _first(every, r.RunStarted)
    case = _first(every, r.CaseStarted)
    begun = every.index(case)
    ended = next((at for at, one in enumerate(every) if isinstance(one, r.CaseEnded)), None)
    if ended is None:
        raise ReplayError(f"the case {case.case} has no end; only a decided case can be replayed")
    if any(isinstance(one, (r.Frame, r.ConnectionOpened)) for one in every[:begun]):
        raise ReplayError(f"the product had connected before {case.case} began; record each case by itself")
    verdict: r.CaseEnded = every[ended]  # type: ignore[assignment]
    return recording_of(run, case, every[begun + 1 : ended], verdict.verdict, every[:begun])


def recording_of(
    run: r.RunStarted,
    case: r.CaseStarted,
    inside: Sequence[Record],
    verdict: str,
    before: Sequence[Record] = (),
    *,
    has_password: bool = False,
) -> Recording:
    """Read the records of one case.

    Args:
        run: how the run began.
        case: how the case began.
        inside: what came after that.
        verdict: what the case came to.
        before: what came before, as far as it tells of the clock.
        has_password: whether the station is known to have one.
    """
    secured = has_password or any("Authorization" in getattr(one, "headers", {}) for one in inside)
    identity = Identity(id=case.station, password="***" if secured else None)
    moments = tuple(moment for one in asked_for(inside) if (moment := _moment(one)) is not None)
    return Recording(
        _settings(run, case, identity),
        identity,
        case,
        moments,
        tuple(one for one in inside if isinstance(one, r.Frame)),
        verdict,
        tuple(str(one.message[1]) for one in moments if one.kind is Kind.CALL and _is_call(one.message)),
        tuple(_transaction_ids(moments)),
        tuple(one for one in (*before, *inside) if isinstance(one, r.ClockSet)),
        tuple(one for one in inside if isinstance(one, r.FileOffered)),
        tuple(pem for one in moments if one.kind in STIMULI for pem in _certificates(one.message)),
    )


def _first(records: Sequence[Record], form: type[Any]) -> Any:
    found = next((one for one in records if isinstance(one, form)), None)
    if found is None:
        raise ReplayError(f"the journal has no {form.kind} record")
    return found


def asked_for(records: Sequence[Record]) -> list[Record]:
    """Put what a driver did where it was asked for: the product may speak before the driver has returned."""
    placed: list[Record] = []
    asked: int | None = None
    for one in records:
        if isinstance(one, r.OperatorAsked):
            asked = len(placed)
            placed.append(one)
        elif isinstance(one, r.OperatorActed) and asked is not None:
            placed[asked] = replace(one, time=placed[asked].time)
            asked = None
        else:
            placed.append(one)
    return placed


def _moment(record: Record) -> Moment | None:
    match record:
        case r.Frame(sender="product"):
            raw = record.raw if record.encoding == "text" else bytes.fromhex(record.raw)
            return Moment(Kind.FRAME, record.time, record, record.connection, raw)
        case r.Frame():
            message = json.loads(record.raw) if not record.malformed or record.type else record.raw
            kind = Kind.ANSWER if record.type in {"CALLRESULT", "CALLERROR"} and not record.malformed else Kind.CALL
            return Moment(kind, record.time, record, record.connection, record.raw, message)
        case r.OperatorActed():
            return Moment(Kind.ACTED, record.time, record, message=[record.action, record.payload])
    other = _OTHERS.get(type(record))
    return Moment(other, record.time, record, getattr(record, "connection", "")) if other else None


_OTHERS = {
    r.ConnectionOpened: Kind.OPENED,
    r.ConnectionRefused: Kind.REFUSED,
    r.ConnectionClosed: Kind.CLOSED,
    r.FileTransferred: Kind.FILE,
    r.PromptRenewed: Kind.TOLD,
    r.PromptEnded: Kind.TOLD,
}


def unheard(records: Iterable[Record]) -> bool:
    """Whether a person was asked and the records do not have how that ended: an earlier kit has written them."""
    is_open = ended = False
    for one in records:
        match one:
            case r.OperatorAsked():
                if is_open:
                    return True
                ended = False
            case r.PromptEnded():
                is_open, ended = False, True
            case r.OperatorActed() if not ended:
                is_open = one.outcome == "prompted" or (one.action == r.ATTEST and _was_answered(one))
    return is_open


def _was_answered(question: r.OperatorActed) -> bool:
    return question.driver == "prompt" and question.outcome != "unsupported"


def _certificates(message: Any) -> Iterable[str]:
    payload = message[-1] if isinstance(message, list) and message and isinstance(message[-1], dict) else {}
    return [one for one in payload.values() if isinstance(one, str) and one.startswith("-----BEGIN CERTIFICATE")]


def _is_call(message: Any) -> bool:
    return isinstance(message, list) and bool(message) and message[0] == 2  # noqa: PLR2004 - CALL


def _transaction_ids(moments: Iterable[Moment]) -> Iterable[int]:
    for one in moments:
        if one.kind is Kind.ANSWER and getattr(one.record, "action", "") == "StartTransaction":
            payload = one.message[2]
            if isinstance(payload, dict) and isinstance(payload.get("transactionId"), int):
                yield payload["transactionId"]


def _settings(run: r.RunStarted, case: r.CaseStarted, identity: Identity) -> Settings:
    return Settings(
        sut=Sut(**{**run.sut, "version": case.version}),  # type: ignore[arg-type]
        connection=Connection(
            url="ws://127.0.0.1/replayed", stations=(identity,), security_profile=run.security_profile
        ),
        station=_hardware(run.hardware),
        test_data=TestData(**run.test_data),
        pics=run.pics,
        limits=Limits(**run.limits),
        seed=run.seed,
    )


def _hardware(values: Mapping[str, Any]) -> Hardware:
    evses = tuple(Evse(**one) for one in values.get("evses", ()))
    return Hardware(**{**values, **({"evses": evses} if evses else {})})
