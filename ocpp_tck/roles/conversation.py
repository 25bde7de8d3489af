"""Everything exchanged with one product identity, across its connections.

Frames are recorded, judged and answered here on arrival, on the network's thread; a case waits for events on its own.
`recorder.py` has the evidence, `sender.py` what the kit sends, `intake.py` how much the product may. Source of the
rules of the road: OCPP-J 1.6 4.1, OCPP 2.0.1 Part 4 4.1.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.net.transport import POLICY, TOO_BIG
from ocpp_tck.protocol import schema
from ocpp_tck.protocol.handshake import refused_violation
from ocpp_tck.protocol.types import Level, MessageType, Side, Version
from ocpp_tck.roles.answers import Refusal
from ocpp_tck.roles.events import KIT, PRODUCT, Event
from ocpp_tck.roles.intake import MOMENT, Intake
from ocpp_tck.roles.recorder import Recorder
from ocpp_tck.roles.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocpp_tck.net.files import Transfer
    from ocpp_tck.net.transport import Refusal as NetRefusal
    from ocpp_tck.protocol.judge import Judge
    from ocpp_tck.protocol.types import Judgement, Message
    from ocpp_tck.roles.answers import Answers
    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.events import Found, Outgoing
    from ocpp_tck.roles.ports import Evidence, Line

T = TypeVar("T")
CATCH_UP = 10.0
"""Seconds that the kit takes, after a limit is over, to read what had arrived by then."""
_TRY_AGAIN_LATER = 1013
_TOO_FAST = "the product sends faster than the kit can read"


def _guarded(told: Callable[..., None]) -> Callable[..., None]:
    """Let an exception on the network's thread end as a kit error of the case, never as a connection gone dumb."""

    @wraps(told)
    def guarded(self: Conversation, *arguments: Any, **named: Any) -> None:
        with self.condition:
            try:
                told(self, *arguments, **named)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the kit's
                self._recorder.stumbled(error)
                self.condition.notify_all()

    return guarded


def _is_writable(identifier: Any) -> bool:
    """Whether an answer can carry this message id: half of a surrogate pair can't be sent."""
    try:
        return isinstance(identifier, str) and bool(identifier.encode())
    except UnicodeEncodeError:
        return False


@dataclass(slots=True)
class Conversation:
    """The dialogue with one identity.

    Attributes:
        version: OCPP version.
        product: side of the product under test.
        station: identity of the charging station.
        intake: counts what the product sends.
        on_event: told of every event after it was answered, on the network's thread with the lock held.
        events: what happened since the case began.
        refusals: connections that did not come about since the case began.
    """

    version: Version
    product: Side
    station: str
    judge: Judge
    journal: Evidence
    clock: Clock
    answers: Answers
    intake: Intake
    message_ids: Iterator[str]
    response_limit: float
    on_event: Callable[[Event], None] = lambda _event: None
    events: list[Event] = field(default_factory=list)
    refusals: list[NetRefusal] = field(default_factory=list)
    condition: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))
    _recorder: Recorder = field(init=False)
    _sender: Sender = field(init=False)
    _unheard: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._recorder = Recorder(self.version, self.product, self.station, self.judge, self.journal, self.clock)
        self._sender = Sender(self._recorder, self.clock, self.message_ids, self.response_limit)

    # -- what the network tells (Sink) ---------------------------------------------------------------------------

    @_guarded
    def opened(self, transport: Line) -> None:
        """Note a connection; a newer one replaces an older one that the product has forgotten."""
        if not self._may_come(self.transport, 0):
            transport.close(_TRY_AGAIN_LATER, "the case is over")
            self._unheard.add(transport.id)
            return
        old, self._sender.line = self.transport, transport
        if old is not None:
            old.close(1001, "replaced by a newer connection of the same station")
            self._recorder.overdue(self.judge.closed(old.id, self.clock.now()))
            self._sender.drop()
        now = self.clock.now()
        self._recorder.opened(transport, now)
        self._happened(Event("opened", now, handshake=transport.handshake))
        self._recorder.agreed(transport.handshake)
        self._send_next()

    @_guarded
    def refused(self, refusal: NetRefusal) -> None:
        """Note a connection that did not come about."""
        if self._recorder.refused(refusal):
            self.refusals.append(refusal)
            self.condition.notify_all()

    @_guarded
    def transferred(self, transfer: Transfer) -> None:
        """Note an attempt of the product to fetch a file from the kit's servers, or to send one, that has ended."""
        now = self.clock.now()
        self._recorder.transferred(transfer, now)
        self._happened(Event("file", now, transfer=transfer))

    def accepted_wrong(self, cause: str, shown: str) -> None:
        """Note that the CSMS keeps a connection for which the kit has shown something wrong on purpose.

        Args:
            cause: `credentials` or `client-certificate`.
            shown: what it was, in words.
        """
        with self.condition:
            text = f"the CSMS accepted a connection with {shown}"
            self._recorder.violated(refused_violation(cause, text, self.version))

    @_guarded
    def received(self, transport: Line, raw: str | bytes) -> None:
        """Record, judge, answer and offer one message of the product."""
        if transport.id in self._unheard or not self._may_come(transport, len(raw)):
            return
        now = self.clock.now()
        self._recorder.watch_clock(now)
        number, judgement = self._recorder.frame(transport, PRODUCT, raw, now)
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
        if transport.id in self._unheard:
            self._unheard.discard(transport.id)
            return  # it was not let in, or it has ended for the kit before
        if by == KIT and code == TOO_BIG:
            self._cannot_judge(f"the product sent a message that is too large for the kit (max_frame_bytes): {reason}")
        self._ended(transport, code, reason, by)

    # -- what a case asks ----------------------------------------------------------------------------------------

    @property
    def transport(self) -> Line | None:
        """The connection that stands; None when there is none."""
        return self._sender.line

    @property
    def is_connected(self) -> bool:
        """Whether a connection stands."""
        return self.transport is not None

    @property
    def owes_answer(self) -> bool:
        """Whether the product has a CALL of the kit to answer."""
        return self._sender.is_owed

    @property
    def found(self) -> list[Found]:
        """Violations since the case began."""
        return self._recorder.found

    @property
    def faults(self) -> list[Exception]:
        """Exceptions of the kit itself; each makes the case a kit error."""
        return self._recorder.faults

    @property
    def overrun(self) -> str:
        """Why the kit can't judge the product any more in this case, one sentence; empty as long as it can."""
        return self._recorder.overrun

    def begin(self) -> None:
        """Start a case: forget the events and answers of the one before."""
        with self.condition:
            self.events.clear()
            self.refusals.clear()
            self.answers.clear()
            self.intake.begin()
            self._recorder.begin()

    def call(self, action: str, payload: Mapping[str, Any], *, malformed: bool = False) -> Outgoing:
        """Queue a CALL; it goes out when the one before has been answered (one outstanding at a time)."""
        with self.condition:
            outgoing = self._sender.queue(action, payload, malformed=malformed)
            self._send_next()
            return outgoing

    def send_raw(self, text: str | bytes) -> int:
        """Send a frame that is broken on purpose; gives its number, 0 when there is no connection."""
        with self.condition:
            return self._sender.send(text, malformed=True)

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
                    self.clock.wait(self.condition, MOMENT)
                else:
                    self._stop_reading(self.transport, _TOO_FAST)

    def catch_up(self) -> None:
        """Before a case ends: read what the product has sent in it, so that it is not held against the next one."""
        with self.condition:
            deadline = self.clock.monotonic() + CATCH_UP
            while not self.overrun and self._is_behind():
                if self.clock.monotonic() >= deadline:
                    self._stop_reading(self.transport, _TOO_FAST)
                self.clock.wait(self.condition, MOMENT)

    def forget_calls(self) -> None:
        """Forget what is queued and unanswered, on either side: nothing is known any more of what became of it."""
        with self.condition:
            self._sender.drop()
            if self.transport is not None:
                self.judge.closed(self.transport.id, self.clock.now())
                self.judge.opened(self.transport.id, self.clock.now())

    def wake(self) -> None:
        """Let whoever waits look again: something outside the connection has changed."""
        with self.condition:
            self.condition.notify_all()

    def settle(self) -> None:
        """End a case: wait for answers that are still owed, then judge those that did not come."""
        self.wait(lambda: True if self._sender.is_idle else None, self.response_limit)
        self.collect_overdue()

    def collect_overdue(self) -> None:
        """Judge the CALLs of the kit whose answer is overdue by now, each once; they belong to the case that runs."""
        with self.condition:
            self._recorder.overdue(self.judge.overdue(self.clock.now()))

    def listens_again(self) -> None:
        """Record that the station can reconnect from now on."""
        with self.condition:
            self._recorder.listens_again()

    # -- inside --------------------------------------------------------------------------------------------------

    def _ended(self, transport: Line, code: int, reason: str, by: str) -> None:
        now = self.clock.now()
        self._recorder.closed(transport, now, code, reason, by)
        if transport is self.transport:
            self._sender.line = None
            self._sender.drop()
        self._happened(Event("closed", now, error=by))

    def _is_behind(self) -> bool:
        """Whether something of the product waits to be read, or is bound to come since a flood goes on."""
        return self.intake.is_flooded() or bool(getattr(self.transport, "has_unread", False))

    def _may_come(self, transport: Line | None, size: int) -> bool:
        """Count what the product sends; False when it is more than the kit reads in one case.

        What comes over a new connection is let in: unanswered, a station would keep silent in the next case.
        """
        excess = self.intake.count(size)
        if excess:
            self._stop_reading(transport, excess)
        return not excess

    def _stop_reading(self, transport: Line | None, text: str) -> None:
        """Let nothing more of a connection in, also not in the next case: the product may go on for a while."""
        if not self.overrun:
            self._cannot_judge(f"{text}; the kit stopped reading and closed the connection")
        if transport is not None and transport.id not in self._unheard:
            reason = "more than the kit reads in one case"
            transport.close(POLICY, reason)
            self._unheard.add(transport.id)
            self._ended(transport, POLICY, reason, KIT)

    def _cannot_judge(self, text: str) -> None:
        self._recorder.cannot_judge(text)
        self.condition.notify_all()

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
        if message.type is MessageType.CALL and _is_writable(message.id):
            try:
                event.reply = self.answers.choose(event.action, event.payload)
            except Exception as error:  # noqa: BLE001 - an answer must go out whatever the payload looks like
                self._recorder.stumbled(error)
                event.reply = Refusal("InternalError")
            if not is_legal and not self._is_sound(event):
                event.reply = Refusal("FormationViolation" if self.version is Version.V16 else "FormatViolation")
            self._sender.reply(transport, message.id, event.reply)
        self._happened(event)
        self._send_next()

    def _is_sound(self, event: Event) -> bool:
        """Whether the answer to an illegal CALL is legal itself: it may be made of what was wrong in the CALL."""
        reply = event.reply
        if isinstance(reply, Mapping):
            return not schema.violations(self.version, event.action, "response", dict(reply))
        return True

    def _answered(self, message: Message, judgement: Judgement, number: int, now: float) -> None:
        event = Event(
            "answer",
            now,
            action=judgement.action or "",
            payload=message.payload,
            error=(message.error_code or "unknown") if message.type is MessageType.CALLERROR else "",
            frame=number,
        )
        self._sender.answered(judgement, event)
        self._happened(event)

    def _send_next(self) -> None:
        if self._sender.send_next():
            self.condition.notify_all()
