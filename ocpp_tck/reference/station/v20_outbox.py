"""The messages that a 2.x charging station has yet to deliver, and their order.

Messages go out in the order in which they arose. Transaction and security events survive a lost
connection and a reboot (E04.FR.01, A04.FR.02); a TransactionEvent that fails is tried again as E13
says, and meanwhile holds back the transaction events behind it but nothing else.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ocpp_tck.reference.station.v20_rpc import CallRefused, Link, LinkDown, Payload

_log = logging.getLogger("ocpp_tck.reference.station.v20")
_SECURITY_EVENT_ATTEMPTS = 3


class Kind(Enum):
    """How much a message may suffer."""

    PLAIN = "lost when the station is offline"
    TRANSACTION = "kept, and tried again as E13 says"
    SECURITY = "kept (A04.FR.02)"


@dataclass(eq=False, slots=True)
class Message:
    """A request of the station.

    `instructed`: the CSMS asked for it, so that it may go out before the station is accepted
    (B02.FR.02). `answered` gets the response's payload, None when there will be none.
    """

    action: str
    payload: Payload
    kind: Kind = Kind.PLAIN
    instructed: bool = False
    answered: Callable[[Payload | None], None] | None = None
    failures: int = 0
    not_before: float = 0.0

    def settle(self, response: Payload | None) -> None:
        """Hand the outcome over."""
        if self.answered is not None:
            self.answered(response)


@dataclass(slots=True)
class Outbox:
    """A queue with one consumer.

    `retry` tells the number of attempts and the interval in seconds of a TransactionEvent
    (OCPPCommCtrlr.MessageAttempts and MessageAttemptInterval).
    """

    retry: Callable[[], tuple[int, int]]
    messages: list[Message] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, message: Message) -> None:
        """Append a message."""
        self.messages.append(message)
        self._changed.set()

    def wake(self) -> None:
        """Look again at what may be sent."""
        self._changed.set()

    def go_offline(self) -> None:
        """Drop what is not kept; mark every queued TransactionEvent as offline (E11.FR.07)."""
        dropped = [message for message in self.messages if message.kind is Kind.PLAIN]
        self.messages = [message for message in self.messages if message.kind is not Kind.PLAIN]
        for message in self.messages:
            message.not_before = 0.0
            if message.kind is Kind.TRANSACTION:
                message.payload["offline"] = True
        for message in dropped:
            message.settle(None)

    def holds_transaction(self, transaction_id: str | None = None) -> bool:
        """Tell whether transaction events wait, of any transaction or of this one."""
        return any(
            message.kind is Kind.TRANSACTION
            and (transaction_id is None or _transaction_id(message.payload) == transaction_id)
            for message in self.messages
        )

    async def emptied(self, seconds: float) -> None:
        """Wait until nothing is queued, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while self.messages:
                    await self._wait(None)
        except TimeoutError:
            _log.info("%d messages left in the queue", len(self.messages))

    async def deliver(self, link: Link, may_send: Callable[[Message], bool]) -> None:
        """Send over `link` until it is down."""
        while True:
            message, delay = self._next(may_send)
            if message is None:
                await self._wait(delay)
                continue
            try:
                await link.call(message.action, message.payload, functools.partial(self._done, message))
            except LinkDown:
                return
            except (CallRefused, TimeoutError) as error:
                _log.warning("%s failed: %s", message.action, error)
                self._failed(message)

    def _next(self, may_send: Callable[[Message], bool]) -> tuple[Message | None, float | None]:
        now = asyncio.get_running_loop().time()
        delay: float | None = None
        for message in self.messages:
            if message.kind is Kind.TRANSACTION and delay is not None:
                continue
            if not may_send(message):
                continue
            if message.not_before <= now:
                return message, None
            delay = message.not_before - now
        return None, delay

    async def _wait(self, seconds: float | None) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _failed(self, message: Message) -> None:
        message.failures += 1
        attempts, interval = 1, 0
        if message.kind is Kind.TRANSACTION:
            attempts, interval = self.retry()
        elif message.kind is Kind.SECURITY:
            attempts = _SECURITY_EVENT_ATTEMPTS
        if message.failures < attempts:
            message.not_before = asyncio.get_running_loop().time() + interval * message.failures
            return
        self._done(message, None)

    def _done(self, message: Message, response: Payload | None) -> None:
        if message in self.messages:
            self.messages.remove(message)
        message.settle(response)
        self._changed.set()


def _transaction_id(payload: Payload) -> Any:
    return payload["transactionInfo"]["transactionId"]
