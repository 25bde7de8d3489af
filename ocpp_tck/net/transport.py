"""One WebSocket connection as the rest of the kit sees it: text in, text out, who closed it and why."""

from __future__ import annotations

import asyncio
import itertools
import logging
import select
from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.connection import Connection

_numbers = itertools.count(1)
LOGGER = logging.getLogger("ocpp_tck.net.websockets")
"""What the library has to say of a connection: nobody's reading, since it quotes the peer as it is."""
LOGGER.disabled = True

ABNORMAL_CLOSURE = 1006
POLICY, TOO_BIG = 1008, 1009
CLOSE_SECONDS = 2.0
"""How long a peer has to answer a close frame."""
FAIL_SECONDS = 0.25
"""How long a peer that sent what can't be read has to read why; it may go on sending and never close."""
MAX_UNSENT = 500
"""Messages that wait because the peer does not read them; then the kit reads no more until it does."""
MAX_UNSENT_BYTES = 4_194_304
"""Bytes of answers to pings that wait because the peer does not read them; then the connection is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What was agreed when the connection was opened; evidence for the cases.

    Attributes:
        station: identity, the last part of the URL path (OCPP-J 3.1.1).
        path: request path.
        offered: subprotocols the client offered.
        subprotocol: the agreed one, empty if none.
        headers: request headers.
        tls: what TLS agreed on (`tls.agreed`); empty over a plain socket.
        auth: what the Authorization header says and is no secret (`auth.described`); empty without one.
        peer: `host:port` of the other end.
    """

    station: str
    path: str
    offered: tuple[str, ...] = ()
    subprotocol: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Mapping[str, str] = field(default_factory=dict)
    auth: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A connection that did not come about.

    Attributes:
        by: `kit` or `product`.
        reason: why, one sentence.
        status: HTTP status, 0 if it did not get that far.
        cause: `identity`, `subprotocol`, `credentials`, `unreachable`, `status`, `handshake`, `tls`, or `tls-version`
            when it was about the version of TLS.
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
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_busy = False

    @property
    def has_unread(self) -> bool:
        """Whether something of the peer has arrived that was not read yet. May be called from any thread."""
        if not self.is_open or self._is_busy or not self._has_room.is_set():
            return self.is_open
        peer = self._connection.transport.get_extra_info("socket")
        try:
            return peer is not None and bool(select.select([peer.fileno()], [], [], 0)[0])
        except (OSError, ValueError):  # closed meanwhile
            return False

    def send(self, text: str | bytes) -> None:
        """Send one message, in the order of the calls; lost silently when the connection is gone."""
        self._loop.call_soon_threadsafe(self._outgoing.put_nowait, text)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection once everything sent so far has gone out; cut it when the peer reads nothing.

        With code 1008 (policy violation) it is cut soon whatever the peer does: it sends more than the kit reads.
        """
        self._closed_by_kit = True
        self._close_frame = (code, reason)
        self._loop.call_soon_threadsafe(self._outgoing.put_nowait, None)
        patience = FAIL_SECONDS if code == POLICY else 2 * CLOSE_SECONDS
        self._loop.call_soon_threadsafe(self._loop.call_later, patience, self._cut)

    def _cut(self) -> None:
        if self.is_open:
            self._connection.transport.abort()

    def soon(self, work: Callable[[], None]) -> None:
        """Do something after the messages that have arrived already were handed over."""
        self._loop.call_soon_threadsafe(work)

    async def pump(self, sink: Sink) -> None:
        """Carry messages until the connection ends; then tell the sink who ended it."""
        writer = asyncio.create_task(self._write())
        sink.opened(self)
        try:
            while True:
                raw = await self._connection.recv()
                if not self._is_busy:
                    self._is_busy = True
                    self._loop.call_soon(self._rest)  # not before everything that was read is handed over
                sink.received(self, raw)
                await self._room()
        except ConnectionClosed as closed:
            self.is_open = False
            code, reason, by = self._ending(closed)
            sink.closed(self, code, reason, by)
        finally:
            self.is_open = False
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _rest(self) -> None:
        self._is_busy = False

    async def _room(self) -> None:
        """Wait until the peer takes what it is sent."""
        if self._outgoing.qsize() > MAX_UNSENT:
            self._has_room.clear()
            await self._has_room.wait()

    def _ending(self, closed: ConnectionClosed) -> tuple[int, str, str]:
        received, sent = closed.rcvd, closed.sent
        if getattr(self._connection, "is_stuffed", False):
            return POLICY, "the peer reads nothing of what it is sent", "kit"
        if received is not None and (closed.rcvd_then_sent or sent is None):
            return received.code, received.reason, "product"
        if sent is not None:
            return sent.code, sent.reason, "kit"
        if self._closed_by_kit:
            return *self._close_frame, "kit"
        return ABNORMAL_CLOSURE, "the connection was dropped without a close frame", "network"

    async def _write(self) -> None:
        try:
            while True:
                if self._outgoing.qsize() <= MAX_UNSENT // 2:
                    self._has_room.set()
                text = await self._outgoing.get()
                if text is None:
                    await self._connection.close(*self._close_frame)
                    return
                if _can_go(text):
                    await self._connection.send(text)
        except ConnectionClosed:
            return
        finally:
            self._outgoing = asyncio.Queue()  # nothing goes out any more, so nothing waits for it
            self._has_room.set()


def _can_go(text: str | bytes) -> bool:
    """Whether a text is one to UTF-8; the judge has named one that is not, and the library would close over it."""
    try:
        return isinstance(text, bytes) or text.encode() is not None
    except UnicodeEncodeError:
        return False


class Curt:
    """Cuts a connection that leads nowhere (mixin of a websockets connection).

    The library answers each ping at once, so that a peer that pings and never reads would fill the memory; and it
    waits for the close frame of a peer that has sent what can't be read.
    """

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    is_stuffed = False
    _is_failed = False

    def data_received(self, data: bytes) -> None:
        """Take what arrived, then look at what became of it."""
        super().data_received(data)  # type: ignore[misc]
        if self.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.is_stuffed = True
            self.transport.abort()
        protocol: Any = self.protocol  # type: ignore[attr-defined]
        if (protocol.parser_exc or protocol.handshake_exc) is not None and not self._is_failed:
            self._is_failed = True
            self.loop.call_later(FAIL_SECONDS, self.transport.abort)


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
