"""One WebSocket connection as the rest of the kit sees it: text in, text out, who closed it and why."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.connection import Connection

_numbers = itertools.count(1)

ABNORMAL_CLOSURE = 1006


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What was agreed when the connection was opened; evidence for the cases.

    Attributes:
        station: identity, the last part of the URL path (OCPP-J 3.1.1).
        path: request path.
        offered: subprotocols the client offered.
        subprotocol: the agreed one, empty if none.
        headers: request headers.
        tls: negotiated version, cipher and peer certificate; empty over a plain socket.
        peer: `host:port` of the other end.
    """

    station: str
    path: str
    offered: tuple[str, ...] = ()
    subprotocol: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A connection that did not come about.

    Attributes:
        by: `kit` or `product`.
        reason: why, one sentence.
        status: HTTP status, 0 if it did not get that far.
        cause: `identity`, `subprotocol`, `credentials`, `unreachable`, `status` or `handshake`.
        handshake: what is known of the attempt.
    """

    by: str
    reason: str
    cause: str
    handshake: Handshake
    status: int = 0


class HandshakeRefused(Exception):
    """No connection to the product; carries the `Refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Transport:
    """An open connection. `send` and `close` may be called from any thread."""

    def __init__(self, connection: Connection, handshake: Handshake) -> None:
        self.id = f"c{next(_numbers)}"
        self.handshake = handshake
        self.is_open = True
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._outgoing: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._closed_by_kit = False
        self._close_frame = (1000, "")

    def send(self, text: str | bytes) -> None:
        """Send one message, in the order of the calls; lost silently when the connection is gone."""
        self._loop.call_soon_threadsafe(self._outgoing.put_nowait, text)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection once everything sent so far has gone out."""
        self._closed_by_kit = True
        self._close_frame = (code, reason)
        self._loop.call_soon_threadsafe(self._outgoing.put_nowait, None)

    def soon(self, work: Callable[[], None]) -> None:
        """Do something after the messages that have arrived already were handed over."""
        self._loop.call_soon_threadsafe(work)

    async def pump(self, sink: Sink) -> None:
        """Carry messages until the connection ends; then tell the sink who ended it."""
        writer = asyncio.create_task(self._write())
        sink.opened(self)
        try:
            while True:
                sink.received(self, await self._connection.recv())
        except ConnectionClosed as closed:
            self.is_open = False
            code, reason, by = self._ending(closed)
            sink.closed(self, code, reason, by)
        finally:
            self.is_open = False
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _ending(self, closed: ConnectionClosed) -> tuple[int, str, str]:
        received, sent = closed.rcvd, closed.sent
        if received is not None and (closed.rcvd_then_sent or sent is None):
            return received.code, received.reason, "product"
        if sent is not None:
            return sent.code, sent.reason, "kit"
        if self._closed_by_kit:
            return *self._close_frame, "kit"
        return ABNORMAL_CLOSURE, "the connection was dropped without a close frame", "network"

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            try:
                if text is None:
                    await self._connection.close(*self._close_frame)
                    return
                await self._connection.send(text)
            except ConnectionClosed:
                return


class Sink(Protocol):
    """Receives what happens on connections, on the loop's thread."""

    def opened(self, transport: Transport) -> None:
        """A connection stands."""

    def received(self, transport: Transport, raw: str | bytes) -> None:
        """One message came: text, or bytes for a binary frame."""

    def closed(self, transport: Transport, code: int, reason: str, by: str) -> None:
        """A connection ended; `by` is kit, product or network."""

    def refused(self, refusal: Refusal) -> None:
        """A connection did not come about."""
