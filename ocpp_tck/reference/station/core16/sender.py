"""Sending: one CALL at a time, in three lanes, with the rules for transaction-related messages.

Authorize, BootNotification and Heartbeat overtake; StatusNotification and the transaction-related
messages go in the order in which they arose. A transaction-related message stays at the head of
its lane until it is answered or given up (1.6 §3.7), and survives a power cut there.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ocpp_tck.reference.station.core16.authorization import IdTagInfo
from ocpp_tck.reference.station.core16.device import UNKNOWN_TRANSACTION, Device, TransactionMessage

Answer = dict[str, Any]


class Offline(Exception):
    """The connection was lost, or is not there, before an answer came."""


class Failed(Exception):
    """The Central System answered with CALLERROR, not in time, or with an invalid payload."""


class Connection(Protocol):
    """What the sender needs of a connection."""

    async def request(self, action: str, payload: dict[str, Any], limit: float) -> Answer:
        """Send a CALL and return the answer's payload. Raises `Offline` or `Failed`."""


@dataclass(slots=True)
class _Item:
    action: str
    payload: dict[str, Any]
    answer: asyncio.Future[Answer]
    unregistered: bool


class Sender:
    """The only one who sends CALLs."""

    def __init__(self, device: Device, answered: Callable[[TransactionMessage, Answer | None], None]) -> None:
        """`answered` hears of each transaction-related message's answer, or None when it is given up."""
        self._device = device
        self._answered = answered
        self._connection: Connection | None = None
        self._registered = False
        self._numbers = itertools.count()
        self._queued: deque[int] = deque(next(self._numbers) for _ in device.queue)
        self._urgent: deque[_Item] = deque()
        self._notices: deque[tuple[int, _Item]] = deque()
        self._retry_at = 0.0
        self._sending = False
        self._changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    def opened(self, connection: Connection) -> None:
        """Send over this connection from now on."""
        self._connection = connection
        self._changed.set()

    def lost(self) -> None:
        """Stop sending; what is not transaction-related is dropped."""
        self._connection = None
        dropped = [*self._urgent, *(item for _, item in self._notices)]
        self._urgent.clear()
        self._notices.clear()
        for item in dropped:
            if not item.answer.done():
                item.answer.set_exception(Offline())
        self._changed.set()

    def registered(self, *, accepted: bool) -> None:
        """Say whether the Central System has accepted the charge point: only then all may be sent."""
        self._registered = accepted
        self._changed.set()

    async def request(self, action: str, payload: dict[str, Any], *, unregistered: bool = False) -> Answer:
        """Send ahead of other messages and return the answer. Raises `Offline` or `Failed`."""
        if self._connection is None:
            raise Offline
        item = self._item(action, payload, unregistered=unregistered)
        self._urgent.append(item)
        self._changed.set()
        return await item.answer

    def notify(
        self,
        action: str,
        payload: dict[str, Any],
        delivered: Callable[[], None] | None = None,
        *,
        unregistered: bool = False,
    ) -> None:
        """Send in order; nobody waits for the answer. `delivered` is called when the peer has answered."""
        if self._connection is None:
            return
        item = self._item(action, payload, unregistered=unregistered)
        item.answer.add_done_callback(lambda future: _settle(future, delivered))
        self._notices.append((next(self._numbers), item))
        self._changed.set()

    def queue(self, message: TransactionMessage) -> None:
        """Queue a transaction-related message."""
        self._device.queue.append(message)
        self._queued.append(next(self._numbers))
        self._changed.set()

    async def drained(self) -> None:
        """Wait until nothing is left that could be sent now."""
        while self._connection is not None and (self._sending or self._next() is not None):
            self._changed.clear()
            await self._changed.wait()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            item = self._next()
            if item is None:
                await self._wait()
                continue
            self._sending = True
            try:
                await self._send(item)
            finally:
                self._sending = False
                self._changed.set()

    def _item(self, action: str, payload: dict[str, Any], *, unregistered: bool) -> _Item:
        return _Item(action, payload, asyncio.get_running_loop().create_future(), unregistered)

    def _next(self) -> _Item | TransactionMessage | None:
        if self._connection is None:
            return None
        for item in self._urgent:
            if self._registered or item.unregistered:
                return item
        notice = next((entry for entry in self._notices if self._registered or entry[1].unregistered), None)
        ready = self._registered and bool(self._device.queue) and self._now() >= self._retry_at
        if ready and (notice is None or self._queued[0] < notice[0]):
            return self._device.queue[0]
        return notice[1] if notice else None

    async def _wait(self) -> None:
        self._changed.clear()
        pause = self._retry_at - self._now()
        try:
            async with asyncio.timeout(pause if pause > 0 else None):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _send(self, item: _Item | TransactionMessage) -> None:
        if isinstance(item, TransactionMessage):
            await self._deliver(item)
            return
        if item in self._urgent:
            self._urgent.remove(item)
        else:
            self._notices = deque(entry for entry in self._notices if entry[1] is not item)
        try:
            answer = await self._call(item.action, item.payload)
        except (Offline, Failed) as error:
            if not item.answer.done():
                item.answer.set_exception(error)
        else:
            if not item.answer.done():
                item.answer.set_result(answer)

    async def _call(self, action: str, payload: dict[str, Any]) -> Answer:
        if self._connection is None:
            raise Offline
        return await self._connection.request(action, payload, self._device.configuration.number("MessageTimeout"))

    async def _deliver(self, message: TransactionMessage) -> None:
        payload = dict(message.payload)
        if message.action != "StartTransaction":
            number = message.transaction.id
            payload["transaction_id"] = UNKNOWN_TRANSACTION if number is None else number
        try:
            answer = await self._call(message.action, payload)
        except Offline:
            return
        except Failed:
            message.attempts += 1
            configuration = self._device.configuration
            if message.attempts < configuration.number("TransactionMessageAttempts"):
                pause = configuration.number("TransactionMessageRetryInterval") * message.attempts
                self._retry_at = self._now() + pause
                return
            self._settled(message, None)
        else:
            self._settled(message, answer)

    def _settled(self, message: TransactionMessage, answer: Answer | None) -> None:
        self._device.queue.popleft()
        self._queued.popleft()
        self._retry_at = 0.0
        self._learn(message, answer)
        self._answered(message, answer)

    def _learn(self, message: TransactionMessage, answer: Answer | None) -> None:
        transaction = message.transaction
        if message.action == "StartTransaction":
            transaction.id = UNKNOWN_TRANSACTION if answer is None else answer["transaction_id"]
        info = (answer or {}).get("id_tag_info")
        id_tag = message.payload.get("id_tag")
        if info and id_tag:
            self._device.remember(id_tag, IdTagInfo.read(info))


def _settle(future: asyncio.Future[Answer], delivered: Callable[[], None] | None) -> None:
    if future.cancelled():
        return
    # A CALLERROR, too, is an answer: the peer has seen the message and will not have it again.
    if delivered is not None and not isinstance(future.exception(), Offline):
        delivered()
    else:
        future.exception()
