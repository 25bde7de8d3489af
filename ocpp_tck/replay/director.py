"""Lets recorded moments happen again in virtual time, each after what it followed in the recording.

A moment of the product comes at its recorded distance from what the kit did before; nothing comes before the kit has
done what the recording has before it. What the kit does otherwise than recorded is a divergence: from then on the
frames alone do not tell what the product would have done.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.records import PromptEnded
from ocpp_tck.net import Handshake, Refusal
from ocpp_tck.net.files import Transfer
from ocpp_tck.protocol.types import Level, Side
from ocpp_tck.replay.recording import STIMULI, Kind, Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocpp_tck.evidence import records as r
    from ocpp_tck.roles.conversation import Conversation

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_ERROR_TYPES = (3, 4)


class Line:
    """A replayed connection."""

    def __init__(self, director: Director, identifier: str, handshake: Handshake) -> None:
        self.id = identifier
        self.handshake = handshake
        self._director = director

    def send(self, text: str | bytes) -> None:
        """Note what the kit sends."""
        self._director.sent(text)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, as soon as the recording has it closed."""
        self._director.closes(self, code, reason)

    def soon(self, work: Callable[[], None]) -> None:
        """Do something when the recording has the kit do it."""
        self._director.owe(work)


class Director:
    """The product's side of a replay.

    Args:
        moments: what was recorded, with the changes that are tried.
        product: side under test.
        began: time at which it begins, seconds since the epoch.
        masked: makes of a JSON text of the kit what the journal would have of it.

    Attributes:
        now: the virtual time.
        slack: seconds by which a wait may have ended late in the recording, on a busy machine.
        diverged: what the kit did otherwise than recorded, empty as long as it did not.
        illegal_before: whether the product had broken a must-rule by then.
        conversation: receives what happens; set once before the first moment.
        told: hears what became of a prompt, in its time.
    """

    conversation: Conversation

    def __init__(
        self, moments: Sequence[Moment], product: Side, began: float, masked: Callable[[str], str] = str
    ) -> None:
        self._masked = masked
        self._moments = moments
        self._product = product
        self._done = [False] * len(moments)
        self._at = 0
        self._stop = len(moments)
        self._shift = 0.0
        self._owed: deque[tuple[int, Callable[[], None]]] = deque()
        self._lines: dict[str, Line] = {}
        self._closing: set[str] = set()
        self._dead: set[str] = set()
        self._worked = False
        self._current = 0
        self.now = began
        self.slack = 0.0
        self.is_listening = False
        self.diverged = ""
        self.illegal_before = False
        self.told: Callable[[r.PromptRenewed | r.PromptEnded], None] = lambda _record: None

    # -- windows ---------------------------------------------------------------------------------------------------

    def begin(self, start: int, end: int, time: float) -> None:
        """Go to a part of the recording, `moments[start:end]`, whatever became of the part before.

        Args:
            start: first moment of the part.
            end: the one after its last.
            time: when the part begins.
        """
        self._at, self._stop = start, end
        self.now, self._shift = time, 0.0
        self.diverged, self.illegal_before = "", False

    def rush(self, opened: Sequence[str]) -> None:
        """After the kit went another way: let the rest of the part happen, and agree on what is open at its end.

        Args:
            opened: ids of the connections that stand at the end of the part in the recording.
        """
        for index in range(self._at, self._stop):
            if not self._done[index] and self._moments[index].kind not in {*STIMULI, Kind.ANSWER}:
                self._happen(index)
        while self._owed:
            self._work()
        for line in [one for one in self._lines.values() if one.id not in opened]:
            self._end(line, 1001, "", "network")
        self._closing.clear()

    @property
    def is_open(self) -> bool:
        """Whether a connection stands."""
        return bool(self._lines)

    def left(self) -> Moment | None:
        """Give the first stimulus of the part that the kit has not given."""
        index = self._find(lambda moment: moment.kind in STIMULI)
        return None if index is None else self._moments[index]

    # -- time ------------------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let the next moment happen if it comes within `seconds`; otherwise let these pass."""
        self._worked = False
        index = self._next()
        if self._worked:
            return
        limit = self.now + seconds
        if index is not None and self._due(index) <= limit + self.slack:
            self._happen(index)
            while self._owed and self.now > limit:  # the wait ends here, and the kit had answered by then
                self._work()
        else:
            self.now += seconds

    def catch_up(self) -> None:
        """Let everything happen that the recording has before the kit acts next."""
        while (index := self._next()) is not None:
            self._happen(index)

    def _due(self, index: int) -> float:
        return self._moments[index].time + self._shift

    # -- what the product does -------------------------------------------------------------------------------------

    def _next(self) -> int | None:
        """Give the next moment of the product; None when first the kit has to act, or all is over."""
        while self._at < self._stop:
            moment = self._moments[self._at]
            if self._done[self._at] or moment.of_connection in self._dead:
                self._at += 1
            elif moment.kind is Kind.ANSWER and not self._owed:
                self._at += 1  # what it answered did not come like that
            elif moment.kind is Kind.ANSWER or (self._owed and self._waits(moment)):
                self._work()
            elif self._waits(moment):
                return None
            elif self._owed and self._owed[0][0] < self._at:
                self._work()
            else:
                return self._at
        while self._owed:
            self._work()
        return None

    def _waits(self, moment: Moment) -> bool:
        """Whether a moment comes only after the kit has done something."""
        if moment.kind in STIMULI:
            return True
        if moment.kind in {Kind.OPENED, Kind.REFUSED}:
            return self._product is Side.CSMS or not self.is_listening
        return moment.kind is Kind.CLOSED and _by_kit(moment) and moment.of_connection not in self._closing

    def _happen(self, index: int) -> None:
        moment = self._moments[index]
        self._done[index] = True
        self._at = index + 1
        self._current = index
        self.now = max(self.now, self._due(index))
        match moment.kind:
            case Kind.FRAME if moment.of_connection in self._lines:
                self.conversation.received(self._lines[moment.of_connection], moment.raw)
            case Kind.OPENED:
                self._open(moment.record)  # type: ignore[arg-type]
            case Kind.REFUSED:
                self.conversation.refused(_refusal(moment.record))  # type: ignore[arg-type]
            case Kind.CLOSED if moment.of_connection in self._lines:
                closed: r.ConnectionClosed = moment.record  # type: ignore[assignment]
                self._end(self._lines[moment.of_connection], closed.code, closed.reason, closed.by)
            case Kind.FILE:
                self.conversation.transferred(_transfer(moment.record))  # type: ignore[arg-type]
            case Kind.TOLD:
                self.told(moment.record)  # type: ignore[arg-type]

    def _open(self, record: r.ConnectionOpened) -> Line:
        line = Line(self, record.connection, _handshake(record))
        self._lines[line.id] = line
        self.conversation.opened(line)
        return line

    def _end(self, line: Line, code: int, reason: str, by: str) -> None:
        self._dead.add(line.id)
        self._lines.pop(line.id, None)
        self.conversation.closed(line, code, reason, by)

    # -- what the kit does -----------------------------------------------------------------------------------------

    def owe(self, work: Callable[[], None]) -> None:
        """Keep the kit's answer to the frame that just came until the recording has it, or the next event comes."""
        self._owed.append((self._answered_at(self._current), work))

    def _answered_at(self, index: int) -> int:
        """Give where the recording has the kit's answer to a frame; 0 when it has none."""
        identifier = getattr(self._moments[index].record, "message_id", "")
        for at in range(index + 1, self._stop):
            moment = self._moments[at]
            if moment.kind is Kind.ANSWER and moment.message[1] == identifier:
                return at
        return 0

    def _work(self) -> None:
        self._worked = True
        _, work = self._owed.popleft()
        work()

    def sent(self, text: str | bytes) -> None:
        """Match a frame of the kit with the recording."""
        message = json.loads(text) if isinstance(text, str) and text.startswith("[") and text.endswith("]") else text
        if isinstance(message, list) and message and message[0] in _ERROR_TYPES:
            index = self._find(lambda moment: moment.kind is Kind.ANSWER and moment.message[1] == message[1])
            if index is not None:
                self._perform(index)
                if not self._same(message[2:], self._moments[index].message[2:]):
                    self.diverge(f"answered {text!r} instead of {self._moments[index].raw!r}")
            return
        self._stimulate(Kind.CALL, message, f"sent {text!r}")

    def acts(self, action: str, payload: Any) -> r.OperatorActed | None:
        """Match a driver's act with the recording; None when it is another one there."""
        index = self._stimulate(Kind.ACTED, [action, payload], f"had the product do {action} {payload}")
        return None if index is None else self._moments[index].record  # type: ignore[return-value]

    def has_end(self, acted: r.OperatorActed) -> bool:
        """Whether the recording has how the prompt of an act ended."""
        return self._end_of(acted) is not None

    def hear_out(self, acted: r.OperatorActed) -> str:
        """Let everything happen that the recording has until a person has answered the question of an act.

        Gives how its prompt ended; empty when the recording does not have that.
        """
        end = self._end_of(acted)
        while end is not None and not self._done[end] and (index := self._next()) is not None and index <= end:
            self._happen(index)
        return "" if end is None else self._moments[end].record.ending  # type: ignore[attr-defined]

    def _end_of(self, acted: r.OperatorActed) -> int | None:
        begun = False
        for index in range(self._stop):
            record = self._moments[index].record
            if record is acted:
                begun = True
            elif begun and self._moments[index].kind is Kind.ACTED:
                return None
            elif begun and isinstance(record, PromptEnded):
                return index
        return None

    def _stimulate(self, kind: Kind, message: Any, text: str) -> int | None:
        index = self._find(lambda moment: moment.kind in STIMULI)
        if index is None or self._moments[index].kind is not kind:
            self.diverge(text)
            return None
        recorded = self._moments[index].message
        skipped = 2 if kind is Kind.CALL and isinstance(message, list) else 0
        if type(recorded) is not type(message) or not self._same(message[skipped:], recorded[skipped:]):
            self.diverge(f"{text} instead of {recorded}")
            return None
        self._perform(index)
        return index

    def _same(self, one: Any, recorded: Any) -> bool:
        """Whether two messages say the same, times apart: virtual and real processing differ by milliseconds."""
        return one == recorded or self._masked(_timeless(one)) == _timeless(recorded)

    def _find(self, wanted: Callable[[Moment], bool]) -> int | None:
        for index in range(self._at, self._stop):
            if not self._done[index] and wanted(self._moments[index]):
                return index
        return None

    def _perform(self, index: int) -> None:
        self._done[index] = True
        self.now = max(self.now, self._due(index))
        self._shift = max(self._shift, self.now - self._moments[index].time)

    def diverge(self, text: str) -> None:
        """Note that the kit did something else than recorded."""
        if not self.diverged:
            self.diverged = text
            found = self.conversation.found
            self.illegal_before = any(one.sender == "product" and one.violation.level is Level.MUST for one in found)

    def connects(self) -> Line | Refusal:
        """Connect as the station (role csms)."""
        index = self._find(lambda moment: moment.kind in {Kind.OPENED, Kind.REFUSED} or moment.kind in STIMULI)
        moment = self._moments[index] if index is not None else None
        if index is None or moment is None or moment.kind in STIMULI:
            self.diverge("connected")
            text = "the recording has no connection here"
            return Refusal(by="product", reason=text, cause="unreachable", handshake=Handshake(station="", path=""))
        self._done[index] = True
        self._perform(index)
        if moment.kind is Kind.OPENED:
            return self._open(moment.record)  # type: ignore[arg-type]
        refusal = _refusal(moment.record)  # type: ignore[arg-type]
        self.conversation.refused(refusal)
        return refusal

    def closes(self, line: Line, code: int, reason: str) -> None:
        """Close a connection: in its time when the recording has that next, at once otherwise."""
        if line.id not in self._lines:
            return
        index = self._find(
            lambda moment: moment.kind in STIMULI or (moment.kind is Kind.CLOSED and moment.of_connection == line.id)
        )
        if index is not None and self._moments[index].kind is Kind.CLOSED:
            self._closing.add(line.id)
            return
        self.diverge("closed the connection")
        self._end(line, code, reason, "kit")

    def stops_listening(self) -> None:
        """Close listener and connections, as `ListeningEndpoint.close` does: when it returns they are closed."""
        for line in list(self._lines.values()):
            self.closes(line, 1001, "")
        while self._lines and (index := self._next()) is not None:
            self._happen(index)
        for line in list(self._lines.values()):
            self._end(line, 1001, "", "kit")
        self.is_listening = False


def _by_kit(moment: Moment) -> bool:
    return getattr(moment.record, "by", "") == "kit"


def _timeless(message: Any) -> str:
    return _TIME.sub("<time>", json.dumps(message, sort_keys=True, default=dict))


def _handshake(record: r.ConnectionOpened | r.ConnectionRefused) -> Handshake:
    return Handshake(
        station=record.station,
        path=record.path,
        offered=tuple(record.offered),
        subprotocol=getattr(record, "subprotocol", ""),
        headers=record.headers,
        tls=getattr(record, "tls", {}),
        auth=getattr(record, "auth", {}),
        peer=record.peer,
    )


def _transfer(record: r.FileTransferred) -> Transfer:
    return Transfer(**{name: getattr(record, name) for name in Transfer.__slots__})


def _refusal(record: r.ConnectionRefused) -> Refusal:
    return Refusal(
        by=record.by, reason=record.reason, cause=record.cause, handshake=_handshake(record), status=record.status
    )
