"""The sending half of a conversation: CALLs of the kit one after the other, and answers to those of the product.

All of it is called with the conversation's lock held. Source: OCPP-J 1.6 4.1.1, OCPP 2.0.1 Part 4 4.1.1.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol import frames as wire
from ocpp_tck.roles.answers import Refusal, Silence
from ocpp_tck.roles.events import KIT, Event, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocpp_tck.protocol.types import Judgement
    from ocpp_tck.roles.answers import Reply
    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.ports import Line
    from ocpp_tck.roles.recorder import Recorder


@dataclass(slots=True)
class Sender:
    """Sends on the connection that stands.

    Attributes:
        recorder: has every frame before it goes out.
        clock: tells how long a CALL is unanswered.
        message_ids: ids of the kit's CALLs.
        response_limit: seconds after which the next CALL does not wait for the answer any more.
        line: the connection; None when there is none.
    """

    recorder: Recorder
    clock: Clock
    message_ids: Iterator[str]
    response_limit: float
    line: Line | None = None
    _queue: deque[Outgoing] = field(default_factory=deque)
    _outstanding: Outgoing | None = None

    @property
    def is_owed(self) -> bool:
        """Whether the product has a CALL of the kit to answer."""
        return self._outstanding is not None

    @property
    def is_idle(self) -> bool:
        """Whether every CALL of the kit was answered, or lost."""
        return self._outstanding is None and not self._queue

    def queue(self, action: str, payload: Mapping[str, Any], *, malformed: bool = False) -> Outgoing:
        """Queue a CALL; `send_next` sends it."""
        identifier = next(self.message_ids)
        outgoing = Outgoing(action, identifier, wire.encode_call(identifier, action, payload), malformed)
        self._queue.append(outgoing)
        return outgoing

    def send_next(self) -> bool:
        """Send the next CALL if it is its turn: one outstanding at a time. Gives whether one was sent."""
        if self._outstanding is not None and not self._outstanding.lost:
            late = self.clock.monotonic() - self._outstanding.sent_at > self.response_limit
            if not late or not self._queue:
                return False
            self._outstanding = None
        if self.line is None or not self._queue:
            return False
        outgoing = self._queue.popleft()
        self._outstanding = outgoing
        outgoing.sent_at = self.clock.monotonic()
        outgoing.frame = self.send(outgoing.text, malformed=outgoing.malformed)
        return True

    def answered(self, judgement: Judgement, event: Event) -> None:
        """Give an answer to the CALL that it belongs to, if that waits for one."""
        outstanding = self._outstanding
        if outstanding is not None and judgement.answers is not None and judgement.answers.id == outstanding.id:
            outstanding.answer = event
            self._outstanding = None

    def reply(self, line: Line, identifier: str, reply: Reply) -> None:
        """Answer a CALL of the product, or withhold the answer."""
        if isinstance(reply, Silence):
            self.recorder.judge.withheld(line.id, identifier)
        elif isinstance(reply, Refusal):
            self.send(wire.encode_error(identifier, reply.code, reply.description), on=line)
        else:
            self.send(wire.encode_result(identifier, reply), on=line)

    def send(self, text: str | bytes, *, malformed: bool = False, on: Line | None = None) -> int:
        """Record and send a frame.

        Args:
            text: the frame.
            malformed: whether it is broken on purpose.
            on: the connection that it belongs to, as an answer does; None for the one that stands.

        Returns:
            The number of the frame, 0 when that connection does not stand.
        """
        line = self.line
        if line is None or (on is not None and on is not line):
            return 0
        number, _ = self.recorder.frame(line, KIT, text, self.clock.now(), malformed=malformed)
        line.send(text)
        return number

    def drop(self) -> None:
        """Give up every CALL that is queued or unanswered."""
        for outgoing in (*([self._outstanding] if self._outstanding else []), *self._queue):
            outgoing.lost = True
        self._outstanding = None
        self._queue.clear()
