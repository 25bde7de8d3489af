"""Judges every frame of a conversation: the frame itself, its payload, and the RPC rules of the session.

Source: OCPP-J 1.6 4.1 and errata 3.1, OCPP 2.0.1 Part 4 4.1, OCPP 2.1 Part 4 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.frames import parse
from ocpp_tck.protocol.semantic import times
from ocpp_tck.protocol.types import Judgement, Level, Message, MessageType, Side, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable

CLAUSES = {
    "rpc.unsolicited": ("OCPP-J 1.6 4.1.4", "Part 4 4.1.4"),
    "rpc.answered_twice": ("OCPP-J 1.6 4.1.1", "Part 4 4.1.1"),
    "rpc.unanswered": ("OCPP-J 1.6 4.1.1", "Part 4 4.1.1"),
    "rpc.id_reused": ("OCPP-J 1.6 4.1.4; errata 3.1", "Part 4 4.1.4"),
    "rpc.one_outstanding": ("OCPP-J 1.6 4.1.1", "Part 4 4.1.1"),
    "rpc.action": ("OCPP-J 1.6 4.2.1", "Part 4 4.1.6"),
}


@dataclass(slots=True)
class _Call:
    message: Message
    raw: str
    time: float
    judged: bool = True


@dataclass(slots=True)
class _Session:
    """What is open on one connection, by the side that called."""

    open: dict[Side, dict[str, _Call]] = field(default_factory=lambda: {side: {} for side in Side})
    done: dict[Side, dict[str, _Call]] = field(default_factory=lambda: {side: {} for side in Side})


class Judge:
    """Judges the frames of one station identity, across its connections.

    Args:
        version: OCPP version.
        product: side under test.
        clock_tolerance: seconds by which two clocks may differ.
        response_limit: seconds after which a CALL of the kit counts as unanswered.
    """

    def __init__(
        self, version: Version, product: Side, *, clock_tolerance: float = 4.0, response_limit: float = 30.0
    ) -> None:
        self._version = version
        self._product = product
        self._tolerance = clock_tolerance
        self._limit = response_limit
        self._sessions: dict[str, _Session] = {}

    def opened(self, connection: str, time: float) -> None:
        """Begin a session."""
        del time
        self._sessions[connection] = _Session()

    def frame(
        self, connection: str, sender: Side, raw: str | bytes, time: float, *, malformed: bool = False
    ) -> Judgement:
        """Judge one frame; a frame that the kit broke on purpose (`malformed`) is not judged.

        Raises:
            ValidatorsDisagree: see `schema.violations`.
        """
        session = self._sessions.setdefault(connection, _Session())
        parsed = parse(raw, self._version)
        message = parsed.message
        if message is None:
            if sender is self._product:
                self._answered_beyond_reading(session, raw)
            return Judgement(None, violations=() if malformed else parsed.violations)
        text = raw if isinstance(raw, str) else ""
        found = list(parsed.violations)
        answers = None
        if message.type in {MessageType.CALL, MessageType.SEND}:
            action = message.action
            found += self._called(session, sender, message, text, time, malformed=malformed)
        elif message.type is MessageType.CALLRESULTERROR:
            action = None
        else:
            call, more = self._answering(session, sender, message)
            answers = call.message if call else None
            action = answers.action if answers else None
            found += more
        if not found:
            found += self._payload(message, action, time)
        return Judgement(message, action, answers, () if malformed else tuple(found))

    def withheld(self, connection: str, message_id: str) -> None:
        """Note that the kit leaves a CALL of the product unanswered: what follows from that is not judged."""
        call = self._sessions[connection].open[self._product].pop(message_id, None)
        if call is not None:
            call.judged = False
            self._sessions[connection].done[self._product][message_id] = call

    def overdue(self, time: float) -> tuple[Violation, ...]:
        """Give the CALLs of the kit that were not answered in time, each once."""
        found = []
        for session in self._sessions.values():
            for call in session.open[self._product.peer].values():
                if call.judged and time - call.time >= self._limit:
                    call.judged = False
                    text = f"{call.message.action} was not answered within {self._limit:g} s"
                    found.append(self._broken("rpc.unanswered", text))
        return tuple(found)

    def closed(self, connection: str, time: float) -> tuple[Violation, ...]:
        """End a session; an answer that is still owed may be lost with the connection and is not judged."""
        del time
        self._sessions.pop(connection, None)
        return ()

    # -- inside --------------------------------------------------------------------------------------------------

    def _broken(self, rule: str, text: str, level: Level = Level.MUST) -> Violation:
        old, new = CLAUSES[rule]
        return Violation(rule, level, text, old if self._version is Version.V16 else f"{self._version} {new}")

    def _answered_beyond_reading(self, session: _Session, raw: str | bytes) -> None:
        """A broken answer is its own first cause: the CALL it was meant for is not unanswered as well."""
        text = raw if isinstance(raw, str) else raw.decode(errors="replace")
        for identifier, call in session.open[self._product.peer].items():
            if identifier in text or isinstance(raw, bytes):
                call.judged = False

    def _called(
        self, session: _Session, sender: Side, message: Message, raw: str, time: float, *, malformed: bool
    ) -> Iterable[Violation]:
        if message.type is MessageType.SEND:
            return
        mine, past = session.open[sender], session.done[sender]
        known = mine.get(message.id) or past.get(message.id)
        retry = self._version is Version.V16 and known is not None and known.raw == raw
        if known is not None and not retry:
            yield self._broken("rpc.id_reused", f"the message id {message.id!r} was used by an earlier CALL")
        elif any(call.judged for call in mine.values()):
            level = Level.SHOULD if self._version is Version.V16 else Level.MUST
            other = next(call.message.action for call in mine.values() if call.judged)
            text = f"{message.action} was sent while {other} was not answered yet"
            yield self._broken("rpc.one_outstanding", text, level)
        mine[message.id] = _Call(message, raw, time, judged=not malformed)

    def _answering(
        self, session: _Session, sender: Side, message: Message
    ) -> tuple[_Call | None, tuple[Violation, ...]]:
        theirs, past = session.open[sender.peer], session.done[sender.peer]
        call = theirs.pop(message.id, None)
        if call is not None:
            past[message.id] = call
            return call, ()
        if message.id in past:
            if not past[message.id].judged:
                return past[message.id], ()
            text = f"the CALL {message.id!r} ({past[message.id].message.action}) was answered already"
            return None, (self._broken("rpc.answered_twice", text),)
        for open_call in theirs.values():
            open_call.judged = False  # the wrong id is the first cause, not the missing answer
        return None, (self._broken("rpc.unsolicited", f"no CALL {message.id!r} awaits an answer"),)

    def _payload(self, message: Message, action: str | None, time: float) -> Iterable[Violation]:
        if action is None or message.type in {MessageType.CALLERROR, MessageType.CALLRESULTERROR}:
            return
        kind: schema.Kind = "response" if message.type is MessageType.CALLRESULT else "request"
        if kind == "request" and action not in schema.known_actions(self._version):
            yield self._broken("rpc.action", f"the action {action!r} is unknown in OCPP {self._version}")
            return
        broken = schema.violations(self._version, action, kind, message.payload)
        yield from broken or times(self._version, action, kind, message.payload, time, self._tolerance)
