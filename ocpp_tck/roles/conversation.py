"""Everything exchanged with one product identity, across its connections.

Frames are recorded, judged and answered here on arrival, on the network's thread; a case waits for events on its
own. Source of the rules of the road: OCPP-J 1.6 4.1, OCPP 2.0.1 Part 4 4.1.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.evidence.records import (
    ClockSet,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionRefused,
    FileTransferred,
    Frame,
    ListeningAgain,
    Remark,
    ViolationFound,
)
from ocpp_tck.net.transport import POLICY, TOO_BIG
from ocpp_tck.protocol import frames as wire
from ocpp_tck.protocol import schema
from ocpp_tck.protocol.handshake import refused_violation, tls_violations
from ocpp_tck.protocol.types import Level, MessageType, Side, Version
from ocpp_tck.roles.answers import Refusal, Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocpp_tck.evidence.records import Record
    from ocpp_tck.net.files import Transfer
    from ocpp_tck.net.transport import Handshake
    from ocpp_tck.net.transport import Refusal as NetRefusal
    from ocpp_tck.protocol.judge import Judge
    from ocpp_tck.protocol.types import Judgement, Message, Violation
    from ocpp_tck.roles.answers import Answers, Reply
    from ocpp_tck.roles.clock import Clock

T = TypeVar("T")
PRODUCT, KIT = "product", "kit"
MAX_REPEATS = 100
"""Findings of one rule in one case that are noted: one defect shows in each message that has it."""
MAX_REFUSALS = 50
"""Refused connections in one case that are noted: anybody who finds the port can be refused for ever."""
CATCH_UP = 10.0
"""Seconds that the kit takes, after a limit is over, to read what had arrived by then."""
FLOOD = 1000
"""Messages of the product in one case from which on the next one is awaited for a moment before a limit counts."""
_STEP = 0.1
_TRY_AGAIN_LATER = 1013
_SET = 1.0
"""Seconds by which a clock has jumped when it was set; less is the usual small correction."""
_TOO_FAST = "the product sends faster than the kit can read"


def _guarded(told: Callable[..., None]) -> Callable[..., None]:
    """Let an exception on the network's thread end as a kit error of the case, never as a connection gone dumb."""

    @wraps(told)
    def guarded(self: Conversation, *arguments: Any, **named: Any) -> None:
        with self.condition:
            try:
                told(self, *arguments, **named)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the kit's
                self._stumbled(error)
                self.condition.notify_all()

    return guarded


def _is_writable(identifier: Any) -> bool:
    """Whether an answer can carry this message id: half of a surrogate pair can't be sent."""
    try:
        return isinstance(identifier, str) and bool(identifier.encode())
    except UnicodeEncodeError:
        return False


class Line(Protocol):
    """One open connection as the conversation uses it; `net.Transport` is the real one."""

    @property
    def id(self) -> str:
        """Id of the connection, unique in the run."""

    @property
    def handshake(self) -> Handshake:
        """What was agreed when it was opened."""

    def send(self, text: str | bytes) -> None:
        """Send one message."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it once everything sent so far has gone out."""

    def soon(self, work: Callable[[], None]) -> None:
        """Do something after the messages that have arrived already were handed over."""


class Evidence(Protocol):
    """Where records go; `evidence.journal.Journal` is the real one."""

    @property
    def failure(self) -> str:
        """Why no more can be written; empty while all is well."""

    def write(self, record: Record) -> None:
        """Append a record."""

    def next_frame(self) -> int:
        """Give the number for the next frame, from 1 on."""


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


@dataclass(slots=True)
class Conversation:
    """The dialogue with one identity.

    Attributes:
        version: OCPP version.
        product: side of the product under test.
        station: identity of the charging station.
        events: what happened since the case began.
        found: violations since the case began.
        faults: exceptions of the kit itself; each makes the case a kit error.
        on_event: told of every event after it was answered, on the network's thread with the lock held.
        max_messages, max_bytes: what the product may send in one case before the kit stops reading.
        overrun: why the kit can't judge the product any more in this case, one sentence; empty as long as it can.
    """

    version: Version
    product: Side
    station: str
    judge: Judge
    journal: Evidence
    clock: Clock
    answers: Answers
    message_ids: Iterator[str]
    response_limit: float
    on_event: Callable[[Event], None] = lambda _event: None
    max_messages: int = 20_000
    max_bytes: int = 8_388_608
    overrun: str = ""
    events: list[Event] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    refusals: list[NetRefusal] = field(default_factory=list)
    transport: Line | None = None
    condition: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))
    _queue: deque[Outgoing] = field(default_factory=deque)
    _outstanding: Outgoing | None = None
    _messages: int = 0
    _bytes: int = 0
    _last_message: float = 0.0
    _refused: int = 0
    _unheard: set[str] = field(default_factory=set)
    _broken: Counter[str] = field(default_factory=Counter)
    _set_by: float = 0.0

    # -- what the network tells (Sink) ---------------------------------------------------------------------------

    @_guarded
    def opened(self, transport: Line) -> None:
        """Note a connection; a newer one replaces an older one that the product has forgotten."""
        with self.condition:
            if not self._may_come(self.transport, 0):
                transport.close(_TRY_AGAIN_LATER, "the case is over")
                self._unheard.add(transport.id)
                return
            old, self.transport = self.transport, transport
            if old is not None:
                old.close(1001, "replaced by a newer connection of the same station")
                for violation in self.judge.closed(old.id, self.clock.now()):
                    self._overdue(violation)
                self._drop_outstanding()
            now = self.clock.now()
            handshake = transport.handshake
            self.journal.write(
                ConnectionOpened(
                    time=now,
                    connection=transport.id,
                    station=self.station,
                    path=handshake.path,
                    offered=handshake.offered,
                    subprotocol=handshake.subprotocol,
                    headers=handshake.headers,
                    tls=handshake.tls,
                    auth=handshake.auth,
                    peer=handshake.peer,
                )
            )
            self.judge.opened(transport.id, now)
            self._happened(Event("opened", now, handshake=handshake))
            for violation in tls_violations(handshake.tls, self.version):
                self._violated(violation, 0, PRODUCT)
            wanted = self.version.subprotocol
            if self.product is Side.CSMS and wanted in handshake.offered and handshake.subprotocol != wanted:
                chosen = handshake.subprotocol or "none"
                self._violated(
                    refused_violation(
                        "subprotocol", f"{self.version.subprotocol} was offered; the CSMS chose {chosen}", self.version
                    ),
                    0,
                    PRODUCT,
                )
            self._send_next()

    @_guarded
    def refused(self, refusal: NetRefusal) -> None:
        """Note a connection that did not come about."""
        with self.condition:
            self._refused += 1
            if self._refused > MAX_REFUSALS:
                if self._refused == MAX_REFUSALS + 1:
                    self._remark(f"more than {MAX_REFUSALS} connections were refused; the others are not recorded")
                return
            handshake = refusal.handshake
            self.journal.write(
                ConnectionRefused(
                    time=self.clock.now(),
                    station=handshake.station,
                    by=refusal.by,
                    reason=refusal.reason,
                    cause=refusal.cause,
                    status=refusal.status,
                    path=handshake.path,
                    offered=handshake.offered,
                    headers=handshake.headers,
                    peer=handshake.peer,
                )
            )
            self.refusals.append(refusal)
            violation = refused_violation(refusal.cause, refusal.reason, self.version)
            # Charge points that can't do better may use older TLS (1.6 security whitepaper A00.FR.312).
            is_legacy = refusal.cause == "tls-version" and (self.version, self.product) == (Version.V16, Side.STATION)
            if violation is not None and refusal.by == KIT and not is_legacy:
                self._violated(violation, 0, PRODUCT)
            self.condition.notify_all()

    @_guarded
    def transferred(self, transfer: Transfer) -> None:
        """Note an attempt of the product to fetch a file from the kit's servers, or to send one, that has ended."""
        with self.condition:
            now = self.clock.now()
            self.journal.write(
                FileTransferred(
                    time=now,
                    number=transfer.number,
                    direction=transfer.direction,
                    protocol=transfer.protocol,
                    path=transfer.path,
                    complete=transfer.complete,
                    size=transfer.size,
                    sha256=transfer.sha256,
                    detail=transfer.detail,
                    peer=transfer.peer,
                )
            )
            self._happened(Event("file", now, transfer=transfer))

    def accepted_wrong(self, cause: str, shown: str) -> None:
        """Note that the CSMS keeps a connection for which the kit has shown something wrong on purpose.

        Args:
            cause: `credentials` or `client-certificate`.
            shown: what it was, in words.
        """
        with self.condition:
            text = f"the CSMS accepted a connection with {shown}"
            self._violated(refused_violation(cause, text, self.version), 0, PRODUCT)

    @_guarded
    def received(self, transport: Line, raw: str | bytes) -> None:
        """Record, judge, answer and offer one message of the product."""
        with self.condition:
            if transport.id in self._unheard or not self._may_come(transport, len(raw)):
                return
            now = self.clock.now()
            self._watch_clock(now)
            number = self.journal.next_frame()
            judgement = self._judged(transport, self.product, raw, now)
            self._record(number, transport, PRODUCT, raw, now, judgement)
            if judgement is None or judgement.message is None:
                self.condition.notify_all()
                return
            message = judgement.message
            if message.type in {MessageType.CALL, MessageType.SEND}:
                self._called(transport, judgement, number, now)
            else:
                self._answered(message, judgement, number, now)
            self._send_next()

    @_guarded
    def closed(self, transport: Line, code: int, reason: str, by: str) -> None:
        """Note the end of a connection; an answer owed on it will not come."""
        with self.condition:
            if transport.id in self._unheard:
                self._unheard.discard(transport.id)
                return  # it was not let in, or it has ended for the kit before
            if by == KIT and code == TOO_BIG:
                self._cannot_judge(
                    f"the product sent a message that is too large for the kit (max_frame_bytes): {reason}"
                )
            self._ended(transport, code, reason, by)

    # -- what a case asks ----------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether a connection stands."""
        return self.transport is not None

    @property
    def owes_answer(self) -> bool:
        """Whether the product has a CALL of the kit to answer."""
        return self._outstanding is not None

    def begin(self) -> None:
        """Start a case: forget the events and answers of the one before."""
        with self.condition:
            self.events.clear()
            self.found.clear()
            self.refusals.clear()
            self.answers.clear()
            self._broken.clear()
            self._messages = self._bytes = self._refused = 0
            self.overrun = ""

    def call(self, action: str, payload: Mapping[str, Any], *, malformed: bool = False) -> Outgoing:
        """Queue a CALL; it goes out when the one before has been answered (one outstanding at a time)."""
        with self.condition:
            identifier = next(self.message_ids)
            outgoing = Outgoing(action, identifier, wire.encode_call(identifier, action, payload), malformed)
            self._queue.append(outgoing)
            self._send_next()
            return outgoing

    def send_raw(self, text: str | bytes) -> int:
        """Send a frame that is broken on purpose; gives its number, 0 when there is no connection."""
        with self.condition:
            return self._send(text, malformed=True) if self.transport is not None else 0

    def wait(self, ready: Callable[[], T | None], seconds: float) -> T | None:
        """Wait until `ready` gives something, `seconds` at most; None when it never did.

        What has arrived in time but was not read yet, since the product sends faster than the kit reads, is in time.

        Raises:
            JournalError: nothing can be recorded any more, so nothing can be decided.
        """
        with self.condition:
            deadline = self.clock.monotonic() + seconds
            while True:
                if self.journal.failure:
                    raise JournalError(self.journal.failure)
                result = ready()
                if result is not None or self.overrun:
                    return result
                left = deadline - self.clock.monotonic()
                if left > 0:
                    self.clock.wait(self.condition, left)
                elif not self._is_behind():
                    return None
                elif left > -CATCH_UP:
                    self.clock.wait(self.condition, _STEP)
                else:
                    self._stop_reading(self.transport, _TOO_FAST)

    def catch_up(self) -> None:
        """Before a case ends: read what the product has sent in it, so that it is not held against the next one."""
        with self.condition:
            deadline = self.clock.monotonic() + CATCH_UP
            while not self.overrun and self._is_behind():
                if self.clock.monotonic() >= deadline:
                    self._stop_reading(self.transport, _TOO_FAST)
                self.clock.wait(self.condition, _STEP)

    def forget_calls(self) -> None:
        """Forget what is queued and unanswered, on either side: nothing is known any more of what became of it."""
        with self.condition:
            self._drop_outstanding()
            if self.transport is not None:
                self.judge.closed(self.transport.id, self.clock.now())
                self.judge.opened(self.transport.id, self.clock.now())

    def wake(self) -> None:
        """Let whoever waits look again: something outside the connection has changed."""
        with self.condition:
            self.condition.notify_all()

    def settle(self) -> None:
        """End a case: wait for answers that are still owed, then judge those that did not come."""
        self.wait(lambda: True if self._outstanding is None and not self._queue else None, self.response_limit)
        self.collect_overdue()

    def collect_overdue(self) -> None:
        """Judge the CALLs of the kit whose answer is overdue by now, each once; they belong to the case that runs."""
        with self.condition:
            for violation in self.judge.overdue(self.clock.now()):
                self._overdue(violation)

    def _watch_clock(self, now: float) -> None:
        """Notice that somebody has set the machine's clock: product times that follow it are not wrong."""
        by = self.clock.set_by()
        if abs(by - self._set_by) > _SET:
            self._set_by = by
            self.judge.clock_set(by)
            self.journal.write(ClockSet(time=now, by=round(by, 3)))

    # -- inside --------------------------------------------------------------------------------------------------

    def _overdue(self, violation: Violation) -> None:
        """Note a missing answer, unless the kit itself has stopped to listen for it."""
        if not self.overrun:
            self._violated(violation, 0, PRODUCT)

    def _ended(self, transport: Line, code: int, reason: str, by: str) -> None:
        now = self.clock.now()
        self.journal.write(
            ConnectionClosed(time=now, connection=transport.id, station=self.station, by=by, code=code, reason=reason)
        )
        for violation in self.judge.closed(transport.id, now):
            self._overdue(violation)
        closing = refused_violation(f"closed-{code}", reason, self.version) if by == KIT else None
        if closing is not None:
            self._violated(closing, 0, PRODUCT)
        if transport is self.transport:
            self.transport = None
            self._drop_outstanding()
        self._happened(Event("closed", now, error=by))

    def _is_behind(self) -> bool:
        """Whether something of the product waits to be read, or is bound to come since a flood goes on."""
        flooded = self._messages > FLOOD and self.clock.monotonic() - self._last_message < _STEP
        return flooded or bool(getattr(self.transport, "has_unread", False))

    def _may_come(self, transport: Line | None, size: int) -> bool:
        """Count what the product sends; False when it is more than the kit reads in one case.

        What comes over a new connection is let in: unanswered, a station would keep silent in the next case.
        """
        self._messages += 1
        self._last_message = self.clock.monotonic()
        self._bytes += size
        if self._messages > self.max_messages:
            text = f"the product sent more than {self.max_messages} messages in one case (max_case_messages)"
        elif self._bytes > self.max_bytes:
            text = f"the product sent more than {self.max_bytes} bytes in one case (max_case_bytes)"
        else:
            return True
        self._stop_reading(transport, text)
        return False

    def _stop_reading(self, transport: Line | None, text: str) -> None:
        """Let nothing more of a connection in, also not in the next case: the product may go on for a while."""
        if not self.overrun:
            self._cannot_judge(f"{text}; the kit stopped reading and closed the connection")
        if transport is not None and transport.id not in self._unheard:
            reason = "more than the kit reads in one case"
            transport.close(POLICY, reason)
            self._unheard.add(transport.id)
            self._ended(transport, POLICY, reason, KIT)

    def listens_again(self) -> None:
        """Record that the station can reconnect from now on."""
        self.journal.write(ListeningAgain(time=self.clock.now(), station=self.station))

    def _cannot_judge(self, text: str) -> None:
        self.overrun = self.overrun or text
        self._remark(text)
        self.condition.notify_all()

    def _remark(self, text: str) -> None:
        self.journal.write(Remark(time=self.clock.now(), text=text))

    def _judged(self, transport: Line, sender: Side, raw: str | bytes, now: float) -> Judgement | None:
        try:
            return self.judge.frame(transport.id, sender, raw, now)
        except Exception as error:  # noqa: BLE001 - a fault of the kit must not lose the frame
            self.faults.append(error)
            return None

    def _record(
        self,
        number: int,
        transport: Line,
        sender: str,
        raw: str | bytes,
        now: float,
        judgement: Judgement | None,
        *,
        malformed: bool = False,
    ) -> None:
        message = judgement.message if judgement else None
        self.journal.write(
            Frame(
                time=now,
                n=number,
                connection=transport.id,
                station=self.station,
                sender=sender,
                raw=raw if isinstance(raw, str) else raw.hex(),
                encoding="text" if isinstance(raw, str) else "binary",
                type=message.type.name if message else "",
                message_id=message.id if message and isinstance(message.id, str) else "",
                action=(judgement.action if judgement else "") or "",
                malformed=malformed,
            )
        )
        for violation in judgement.violations if judgement else ():
            self._violated(violation, number, sender)

    def _violated(self, violation: Violation | None, frame: int, sender: str) -> None:
        if violation is None:
            return
        if sender == PRODUCT:
            self._broken[violation.rule] += 1
            if self._broken[violation.rule] > MAX_REPEATS:
                if self._broken[violation.rule] == MAX_REPEATS + 1:
                    self._remark(f"{violation.rule} was broken more than {MAX_REPEATS} times; the rest is not listed")
                return
        self.found.append(Found(violation, frame, sender))
        self.journal.write(
            ViolationFound(
                time=self.clock.now(),
                frame=frame,
                sender=sender,
                rule=violation.rule,
                level=violation.level,
                message=violation.message,
                clause=violation.clause,
                path=violation.path,
            )
        )
        if sender == KIT and violation.level is Level.MUST:
            self._stumbled(AssertionError(f"the kit sent an illegal frame {frame}: {violation.message}"))

    def _stumbled(self, error: Exception) -> None:
        """Note a fault of the kit; what it made of a message that broke a must follows from that and is a remark."""
        if any(one.sender == PRODUCT and one.violation.level is Level.MUST for one in self.found):
            text = f"after an illegal message of the product the kit stumbled: {error!r}"
            self.journal.write(Remark(time=self.clock.now(), text=text))
        else:
            self.faults.append(error)

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)
        self.condition.notify_all()

    def _called(self, transport: Line, judgement: Judgement, number: int, now: float) -> None:
        """Answer a CALL once everything that came with it was read: a second CALL in it did not wait for the answer."""
        message = judgement.message
        assert message is not None  # noqa: S101 - a CALL was made out
        is_legal = all(violation.level is not Level.MUST for violation in judgement.violations)
        action = message.action if isinstance(message.action, str) else ""
        payload = message.payload if isinstance(message.payload, dict) else {}
        event = Event("call", now, action=action, payload=payload, frame=number)
        transport.soon(lambda: self._answer(transport, message, event, is_legal=is_legal))

    @_guarded
    def _answer(self, transport: Line, message: Message, event: Event, *, is_legal: bool) -> None:
        with self.condition:
            if message.type is MessageType.CALL and _is_writable(message.id):
                try:
                    event.reply = self.answers.choose(event.action, event.payload)
                except Exception as error:  # noqa: BLE001 - an answer must go out whatever the payload looks like
                    self._stumbled(error)
                    event.reply = Refusal("InternalError")
                if not is_legal and not self._is_sound(event):
                    event.reply = Refusal("FormationViolation" if self.version is Version.V16 else "FormatViolation")
                self._reply(transport, message.id, event.reply)
            self._happened(event)
            self._send_next()

    def _is_sound(self, event: Event) -> bool:
        """Whether the answer to an illegal CALL is legal itself: it may be made of what was wrong in the CALL."""
        reply = event.reply
        if isinstance(reply, Mapping):
            return not schema.violations(self.version, event.action, "response", dict(reply))
        return True

    def _reply(self, transport: Line, identifier: str, reply: Reply) -> None:
        if isinstance(reply, Silence):
            self.judge.withheld(transport.id, identifier)
        elif isinstance(reply, Refusal):
            self._send(wire.encode_error(identifier, reply.code, reply.description), on=transport)
        else:
            self._send(wire.encode_result(identifier, reply), on=transport)

    def _answered(self, message: Message, judgement: Judgement, number: int, now: float) -> None:
        event = Event(
            "answer",
            now,
            action=judgement.action or "",
            payload=message.payload,
            error=(message.error_code or "unknown") if message.type is MessageType.CALLERROR else "",
            frame=number,
        )
        outstanding = self._outstanding
        if outstanding is not None and judgement.answers is not None and judgement.answers.id == outstanding.id:
            outstanding.answer = event
            self._outstanding = None
        self._happened(event)

    def _send_next(self) -> None:
        if self._outstanding is not None and not self._outstanding.lost:
            late = self.clock.monotonic() - self._outstanding.sent_at > self.response_limit
            if not late or not self._queue:
                return
            self._outstanding = None
        if self.transport is None or not self._queue:
            return
        outgoing = self._queue.popleft()
        self._outstanding = outgoing
        outgoing.sent_at = self.clock.monotonic()
        outgoing.frame = self._send(outgoing.text, malformed=outgoing.malformed)
        self.condition.notify_all()

    def _send(self, text: str | bytes, *, malformed: bool = False, on: Line | None = None) -> int:
        transport = self.transport
        if transport is None or (on is not None and on is not transport):  # an answer belongs to its connection
            return 0
        now = self.clock.now()
        number = self.journal.next_frame()
        try:
            judgement = self.judge.frame(transport.id, self.product.peer, text, now, malformed=malformed)
        except Exception as error:  # noqa: BLE001
            self.faults.append(error)
            judgement = None
        self._record(number, transport, KIT, text, now, judgement, malformed=malformed)
        transport.send(text)
        return number

    def _drop_outstanding(self) -> None:
        for outgoing in (*([self._outstanding] if self._outstanding else []), *self._queue):
            outgoing.lost = True
        self._outstanding = None
        self._queue.clear()
