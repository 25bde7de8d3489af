"""Judges every frame of one station: the frame itself, the RPC rules, its payload, and what it means in the trace.

Sans-IO: the caller gives frames and times. One defect gives one first cause: a frame that breaks a rule is not judged
for what follows from that.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.frames import parse
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.semantic import Semantics
from ocpp_tck.protocol.session import Session
from ocpp_tck.protocol.types import Judgement, Level, Message, MessageType, Side, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.protocol.session import Call


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
        self._session = Session(version, product, response_limit)
        self._semantics = Semantics(version, clock_tolerance)

    def opened(self, connection: str, time: float) -> None:
        """Begin a connection; times are seconds since the epoch."""
        del time
        self._session.opened(connection)
        self._semantics.opened(connection)

    def frame(
        self, connection: str, sender: Side, raw: str | bytes, time: float, *, malformed: bool = False
    ) -> Judgement:
        """Judge one frame of either side.

        A frame that the kit broke on purpose (`malformed`) is not judged; the reaction to it is.

        Raises:
            ValidatorsDisagree: see `schema.violations`.
        """
        parsed = parse(raw, self._version)
        message = parsed.message
        if message is None:
            self._session.garbled(connection, sender, raw)
            return Judgement(None, violations=() if malformed else parsed.violations)
        found = list(parsed.violations)
        if message.type in {MessageType.CALL, MessageType.SEND}:
            call, more = self._session.called(connection, sender, message, time, malformed=malformed)
            found = _first(found, more)
            if not malformed and not _fatal(found):
                found += self._requested(connection, sender, message, time)
            call.legal = not _fatal(found)
            call.awaited = call.awaited and call.legal  # nobody has to answer a broken CALL
            if not call.legal or malformed:
                self._semantics.unclear(message.action)
            return Judgement(message, message.action, None, () if malformed else _ordered(found))
        answering = message.type is not MessageType.CALLRESULTERROR
        if answering:
            answers, more = self._session.answered(connection, sender, message, malformed=malformed)
        else:
            answers, more = self._session.result_refused(connection, sender, message)
        if answers is not None and answers.message.id == message.id:
            found = [violation for violation in found if violation.rule != "frame.message_id"]  # it only echoes
        found = _first(found, more)
        if answers is None:
            return Judgement(message, None, None, () if malformed else _ordered(found))
        if answering and not malformed and not _fatal(found):
            found += self._answer(connection, sender, message, answers, time)
        if answering and (malformed or _fatal(found)):
            answers.answer_legal = False
            self._semantics.unclear(answers.message.action)
        asked = answers.message
        self._session.done(connection, sender, answers)
        return Judgement(message, asked.action, asked, () if malformed else _ordered(found))

    def clock_set(self, by: float) -> None:
        """Note that the clock of the kit's machine was set: it is `by` seconds ahead of the times given here."""
        self._semantics.clock_set(by)

    def withheld(self, connection: str, message_id: str) -> None:
        """Note that the kit does not answer, or delays, a CALL of the product: what follows is not judged."""
        self._session.withheld(connection, message_id)

    def overdue(self, time: float) -> tuple[Violation, ...]:
        """Give the CALLs of the kit that were not answered in time, each once."""
        return tuple(self._session.overdue(time))

    def closed(self, connection: str, time: float) -> tuple[Violation, ...]:
        """End a connection; gives the CALLs of the kit that were overdue by then."""
        return tuple(self._session.closed(connection, time))

    def _requested(self, connection: str, sender: Side, message: Message, time: float) -> Sequence[Violation]:
        action = message.action or ""
        found = schema.violations(self._version, action, "request", message.payload)
        if _fatal(found):
            return found
        return [*found, *self._semantics.called(connection, sender, message, time)]

    def _answer(
        self, connection: str, sender: Side, message: Message, answers: Call, time: float
    ) -> Sequence[Violation]:
        action = answers.message.action or ""
        found: tuple[Violation, ...] = ()
        if message.type is MessageType.CALLRESULT:
            found = schema.violations(self._version, action, "response", message.payload)
            if _fatal(found):
                other = self._session.swapped(answers, sender, message.payload)
                if other:
                    text = f"the answer to {action} is one to {other}"
                    return [broken("rpc.swapped", self._version, text)]
                return found
        return [*found, *self._semantics.answered(connection, sender, message, answers.message, time)]


def _fatal(found: Sequence[Violation]) -> bool:
    return bool(found) and any(violation.level is Level.MUST for violation in found)


def _first(found: list[Violation], more: list[Violation]) -> list[Violation]:
    """Keep what follows from a broken frame out."""
    return found if _fatal(found) else found + more


def _ordered(found: list[Violation]) -> tuple[Violation, ...]:
    """Give the musts first, and of one rule the first few: a frame may break it ten thousand times."""
    if len(found) <= 1:
        return tuple(found)
    counts: Counter[str] = Counter()
    kept = []
    for violation in sorted(found, key=lambda violation: violation.level.value):
        counts[violation.rule] += 1
        if counts[violation.rule] <= schema.MAX_FINDINGS:
            kept.append(violation)
    return tuple(kept)
