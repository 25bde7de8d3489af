"""The traffic of one connection through the link: what each frame is, and what the armed mutants make of it."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from websockets.exceptions import ConnectionClosed

from ocpp_tck.reference.mutant import (
    AnswerError,
    Close,
    Delay,
    Drop,
    Duplicate,
    Inject,
    Lag,
    Mutant,
    Remove,
    Reorder,
    Replace,
    Rework,
    Rewrite,
    Set,
    SwapAnswers,
    filled,
    fits,
    get,
    new_id,
    payload_of,
    put,
    take,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from websockets.asyncio.connection import Connection

CALL, RESULT, ERROR = 2, 3, 4
_TYPES = {CALL: "call", RESULT: "result", ERROR: "error"}
_PEER = {"cs": "csms", "csms": "cs"}
_PATIENCE = 1.0
_ABNORMAL = 1006
_CALL_LENGTH = 4


class Arms(Protocol):
    """Where the armed mutants are kept and counted."""

    def matching(self, fits: Callable[[Mutant], bool]) -> list[Mutant]:
        """Give the mutants whose turn it is."""
        ...

    def hit(self, mutant: Mutant) -> None:
        """Note that a mutant has changed the traffic."""
        ...


@dataclass(slots=True)
class _Frame:
    """A frame on its way: what it was, and what is to be sent."""

    sender: str
    message: str | bytes | None
    parsed: Any
    action: str
    id: Any
    before: list[tuple[str, str | bytes]] = field(default_factory=list)
    after: list[tuple[str, str | bytes]] = field(default_factory=list)
    hold: Mutant | None = None
    close: int | None = None
    lag: float = 0.0


class Traffic:
    """Carries the frames of one station's connection, both ways.

    Args:
        arms: the armed mutants.
        connections: the two connections, by who is at their other end.
        memory: what outlives a connection of that station: the last transaction id seen.
    """

    def __init__(self, arms: Arms, connections: Mapping[str, Connection], memory: dict[str, Any]) -> None:
        self._arms = arms
        self._connections = connections
        self._calls: dict[tuple[str, Any], tuple[str, Any]] = {}
        self._swallow: Counter[tuple[str, Any]] = Counter()
        self._doubled: set[tuple[str, Any]] = set()
        self._held: dict[str, tuple[Mutant, _Frame, asyncio.Task[None]]] = {}
        self._memory = memory
        self._turns = _Turns()
        self._on_the_way: dict[str, asyncio.Task[None]] = {}

    async def carry(self, sender: str, message: str | bytes) -> None:
        """Pass one message on, or what the mutants make of it."""
        frame = self._look(sender, message)
        if frame is None:
            await self._next_in_turn(_PEER[sender])
            return
        for mutant in self._arms.matching(lambda mutant: self._meant(mutant, frame)):
            if await self._apply(mutant, frame):
                self._arms.hit(mutant)
        if frame.close is not None:
            await self._cut(frame.close)
        elif frame.hold is not None and sender not in self._held:
            self._hold(frame.hold, frame)
        elif frame.lag or sender in self._on_the_way:
            before = self._on_the_way.get(sender)
            self._on_the_way[sender] = asyncio.create_task(self._arrive(frame, before))
            return
        else:
            await self._release(frame)
        await self._next_in_turn(_PEER[sender])

    async def _arrive(self, frame: _Frame, before: asyncio.Task[None] | None) -> None:
        await asyncio.sleep(frame.lag)
        if before is not None:
            await before
        with contextlib.suppress(ConnectionClosed):
            await self._release(frame)
            await self._next_in_turn(_PEER[frame.sender])

    async def flush(self, sender: str) -> None:
        """Send what is still held back of a sender that has gone."""
        if last := self._on_the_way.pop(sender, None):
            await last
        if held := self._held.pop(sender, None):
            held[2].cancel()
            await self._send(held[1])

    def stop(self) -> None:
        """Forget what is held back."""
        for _, _, timer in self._held.values():
            timer.cancel()
        self._held.clear()
        for last in self._on_the_way.values():
            last.cancel()
        self._on_the_way.clear()

    # -- what a frame is ----------------------------------------------------------------------------------------------

    def _look(self, sender: str, message: str | bytes) -> _Frame | None:
        parsed = _parse(message)
        identity = _hashable(parsed[1]) if isinstance(parsed, list) and len(parsed) > 1 else None
        kind = parsed[0] if isinstance(parsed, list) and parsed and isinstance(parsed[0], int) else None
        action = ""
        if kind == CALL and len(parsed) == _CALL_LENGTH and isinstance(parsed[2], str):
            action = parsed[2]
            self._calls[sender, identity] = (action, copy.deepcopy(parsed))
        elif kind in {RESULT, ERROR}:
            self._turns.answered(_PEER[sender], identity)
            if self._swallow[_PEER[sender], identity]:
                self._swallow[_PEER[sender], identity] -= 1
                return None
            if (_PEER[sender], identity) in self._doubled:
                self._doubled.remove((_PEER[sender], identity))
                self._swallow[_PEER[sender], identity] += 1
            action = self._calls.get((_PEER[sender], identity), ("", None))[0]
        transaction = get(parsed, "transactionId") or get(parsed, "transactionInfo.transactionId")
        if kind in {CALL, RESULT} and transaction is not None:
            self._memory["$transactionId"] = transaction
        return _Frame(sender, message, parsed, action, identity)

    def _meant(self, mutant: Mutant, frame: _Frame) -> bool:
        match = mutant.match
        kind = _TYPES.get(frame.parsed[0]) if isinstance(frame.parsed, list) and frame.parsed else None
        call = self._calls.get((_PEER[frame.sender], frame.id), ("", None))[1]
        return (
            match.sender == frame.sender
            and match.type in {"any", kind}
            and match.action in {"", frame.action}
            and fits(frame.parsed, match.where)
            and (not match.call or fits(call, match.call))
        )

    # -- what becomes of it -------------------------------------------------------------------------------------------

    async def _apply(self, mutant: Mutant, frame: _Frame) -> bool:  # noqa: C901, PLR0911, PLR0912 - one branch per kind
        do = mutant.do
        match do:
            case Drop():
                frame.message = None
            case Set() | Remove() | Rework() if frame.message is None:
                return False
            case Set() | Remove():
                return self._change(do, frame)
            case Rewrite():
                if not isinstance(frame.message, str) or do.old not in frame.message:
                    return False
                frame.message = frame.message.replace(do.old, do.new, 1)
                frame.parsed = _parse(frame.message)
            case Replace():
                frame.message = do.message
                frame.parsed = _parse(do.message)
            case Inject():
                self._inject(do, frame)
            case Rework():
                made = do.change(frame.parsed)
                if made is None:
                    return False
                frame.message = text_of(made)
                frame.parsed = _parse(frame.message)
            case Delay():
                self._arms.hit(mutant)  # it is late from now on, whether or not anybody still waits for it
                await asyncio.sleep(do.seconds)
                return False
            case Lag():
                frame.lag = do.seconds
            case Duplicate():
                return self._duplicate(frame)
            case AnswerError():
                return self._answer_error(do, frame)
            case Reorder():
                frame.hold = mutant
                return False  # counted when another frame has overtaken it
            case SwapAnswers():
                frame.hold = mutant if _kind(frame) in {RESULT, ERROR} else None
                return False  # counted when the ids are exchanged
            case Close():
                frame.close = do.code
            case _:
                return False
        return True

    def _words(self, frame: _Frame) -> dict[str, Any]:
        return {**self._memory, "$matchedId": frame.id}

    def _change(self, do: Set | Remove, frame: _Frame) -> bool:
        parsed = copy.deepcopy(frame.parsed)
        if isinstance(do, Set):
            values = filled(dict(do.values), {**self._words(frame), "$id": new_id()})
            changed = [put(parsed, path, copy.deepcopy(value)) for path, value in values.items()]
        else:
            changed = [take(parsed, path) for path in do.paths]
        if not any(changed):
            return False
        frame.parsed, frame.message = parsed, text_of(parsed)
        return True

    def _inject(self, do: Inject, frame: _Frame) -> None:
        sender = do.sender or frame.sender
        identity = new_id()
        words = {**self._words(frame), "$id": identity, "$payload": payload_of(frame.parsed)}
        if do.in_turn:
            self._turns.take(sender)
        made = text_of(filled(do.frame, words)).replace('"$id"', f'"{identity}"')
        parsed = _parse(made)
        if isinstance(parsed, list) and len(parsed) > 1 and parsed[0] == CALL:
            self._swallow[sender, _hashable(parsed[1])] += 1
        (frame.before if do.before else frame.after).append((sender, made))

    def _duplicate(self, frame: _Frame) -> bool:
        if frame.message is None:
            return False
        if _kind(frame) == CALL:
            self._doubled.add((frame.sender, frame.id))  # its first answer passes, the second ends here
        frame.after.append((frame.sender, frame.message))
        return True

    def _answer_error(self, do: AnswerError, frame: _Frame) -> bool:
        answer = text_of([ERROR, frame.id, do.code, do.description, {}])
        kind = _kind(frame)
        if kind == RESULT:
            frame.message, frame.parsed = answer, _parse(answer)
        elif kind == CALL:
            frame.message = None
            frame.after.append((_PEER[frame.sender], answer))
        else:
            return False
        return True

    # -- sending ------------------------------------------------------------------------------------------------------

    def _hold(self, mutant: Mutant, frame: _Frame) -> None:
        timer = asyncio.create_task(self._lose_patience(frame.sender))
        self._held[frame.sender] = (mutant, frame, timer)

    async def _lose_patience(self, sender: str) -> None:
        await asyncio.sleep(_PATIENCE)
        _, frame, _ = self._held.pop(sender)
        with contextlib.suppress(ConnectionClosed):
            await self._send(frame)

    async def _release(self, frame: _Frame) -> None:
        held = self._held.get(frame.sender)
        swap = held is not None and isinstance(held[0].do, SwapAnswers)
        if held is None or (swap and _kind(frame) not in {RESULT, ERROR}):
            await self._send(frame)
            return
        mutant, earlier, timer = self._held.pop(frame.sender)
        timer.cancel()
        if swap:
            first, second = copy.deepcopy(earlier.parsed), copy.deepcopy(frame.parsed)
            first[1], second[1] = second[1], first[1]
            earlier.message, frame.message = text_of(first), text_of(second)
            await self._send(earlier)
            await self._send(frame)
        else:
            await self._send(frame)
            await self._send(earlier)
        self._arms.hit(mutant)

    async def _send(self, frame: _Frame) -> None:
        own = [(frame.sender, frame.message)] if frame.message is not None else []
        due = [entry for entry in (*frame.before, *own, *frame.after) if self._turns.may_go(*entry)]
        for sender, messages in groupby(due, key=itemgetter(0)):
            await _send_together(self._connections[_PEER[sender]], [message for _, message in messages])

    async def _next_in_turn(self, sender: str) -> None:
        message = self._turns.next(sender)
        if message is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._connections[_PEER[sender]].send(message)

    async def _cut(self, code: int) -> None:
        for connection in self._connections.values():
            if code == _ABNORMAL:
                connection.transport.abort()
            else:
                await connection.close(code)


class _Turns:
    """Whose CALLs go one at a time: those of a sender for whom a frame was injected `in_turn`."""

    def __init__(self) -> None:
        self._open: dict[str, set[Any]] = {}
        self._waiting: dict[str, deque[tuple[Any, str | bytes]]] = {}

    def take(self, sender: str) -> None:
        """Let the CALLs of a sender go one at a time from now on."""
        self._waiting.setdefault(sender, deque())

    def may_go(self, sender: str, message: str | bytes) -> bool:
        """Whether a message may be sent now; a CALL that may not is kept for its turn."""
        parsed = _parse(message)
        if not isinstance(parsed, list) or len(parsed) != _CALL_LENGTH or parsed[0] != CALL:
            return True
        identity = _hashable(parsed[1])
        open_calls = self._open.setdefault(sender, set())
        waiting = self._waiting.get(sender)
        if waiting is not None and (open_calls or waiting):
            waiting.append((identity, message))
            return False
        open_calls.add(identity)
        return True

    def answered(self, sender: str, identity: Any) -> None:
        """Note the answer to a CALL of a sender."""
        self._open.get(sender, set()).discard(identity)

    def next(self, sender: str) -> str | bytes | None:
        """Give the CALL whose turn it is now, None when there is none."""
        waiting = self._waiting.get(sender)
        if not waiting or self._open.get(sender):
            return None
        identity, message = waiting.popleft()
        self._open.setdefault(sender, set()).add(identity)
        return message


async def _send_together(connection: Connection, messages: list[str | bytes]) -> None:
    """Send messages in one write: the receiver sees that the sender of the second did not wait for an answer."""
    if len(messages) == 1:
        await connection.send(messages[0])
        return
    async with connection.send_context():
        for message in messages:
            if isinstance(message, str):
                connection.protocol.send_text(message.encode())
            else:
                connection.protocol.send_binary(message)
        connection.transport.write(b"".join(connection.protocol.data_to_send()))


def _kind(frame: _Frame) -> Any:
    return frame.parsed[0] if isinstance(frame.parsed, list) and frame.parsed else None


def _parse(message: str | bytes) -> Any:
    if isinstance(message, bytes):
        return None
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _hashable(identity: Any) -> Any:
    return identity if isinstance(identity, (str, int, float, bool)) or identity is None else json.dumps(identity)
