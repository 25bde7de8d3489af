"""The kit as CSMS: a WebSocket server for the charging stations under test."""

from __future__ import annotations

import asyncio
import contextlib
import http
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from websockets.asyncio.server import ServerConnection, serve
from websockets.protocol import State

from ocpp_tck.net.auth import accepts, described
from ocpp_tck.net.tls import agreed, is_by_peer, is_old, reason_of
from ocpp_tck.net.transport import CLOSE_SECONDS, LOGGER, Curt, Handshake, Refusal, Transport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from websockets.asyncio.server import Server
    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from ocpp_tck.net.transport import Sink

GOING_AWAY, PROTOCOL_ERROR = 1001, 1002
MAX_CONNECTIONS = 200
"""Connections at a time: the oldest one that is not open yet, or not any more, makes room for the next."""
_ROUNDS = 5
"""Rounds of the loop from accepting a connection to knowing it."""


class _Connection(Curt, ServerConnection):
    """A connection of a station, or of anybody who found the port."""

    make_room: Callable[[], None] = staticmethod(lambda: None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket; with too many, another one goes."""
        super().connection_made(transport)
        self.make_room()


class Listener:
    """Waits for one station identity on one address.

    Going offline closes the listener and keeps the port, so that a station finds the kit where it left it.

    Args:
        station: identity that may connect.
        address: `host:port`; port 0 takes a free one.
        subprotocol: the only subprotocol that is agreed to.
        sink: receives what happens.
        password: Basic authentication password, None for none.
        max_bytes: a larger message closes the connection with code 1009.
        seconds: for the TLS handshake, and again for that of the WebSocket.
        tls: context of a TLS listener.

    Attributes:
        password: as above; it can be changed at any time.
        tls: as above; another one holds from the next `open` or `renew` on.
    """

    def __init__(
        self,
        *,
        station: str,
        address: str,
        subprotocol: str,
        sink: Sink,
        password: str | bytes | None = None,
        max_bytes: int = 1_048_576,
        seconds: float = 20.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.station = station
        self.subprotocol = subprotocol
        self.password = password
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._sink = sink
        self._max_bytes = max_bytes
        self._seconds = seconds
        self.tls = tls
        self._server: Server | None = None
        self._retired: list[Server] = []
        self._known: WeakKeyDictionary[ServerConnection, None] = WeakKeyDictionary()

    @property
    def address(self) -> str:
        """`host:port` at which the kit waits."""
        return f"{self._host}:{self._port}"

    async def open(self) -> None:
        """Begin to accept connections.

        Raises:
            OSError: the address is in use or not of this machine.
        """
        tls: dict[str, Any] = {"ssl_handshake_timeout": self._seconds} if self.tls is not None else {}
        self._server = await serve(
            self._handle,
            self._host.strip("[]"),
            self._port,
            select_subprotocol=self._select,
            process_request=self._admit,
            max_size=self._max_bytes,
            ssl=self.tls,
            open_timeout=self._seconds,
            **tls,
            server_header="ocpp-tck",
            logger=LOGGER,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=CLOSE_SECONDS,
            create_connection=self._connection,  # type: ignore[arg-type] # anything that makes one will do
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    def _connection(self, *arguments: Any, **options: Any) -> ServerConnection:
        connection = _Connection(*arguments, **options)
        connection.make_room = self._make_room
        self._known[connection] = None
        return connection

    def _make_room(self) -> None:
        """Forget the connections that are gone; with too many left, cut the oldest that carry no messages."""
        for known in tuple(self._known):
            if known.state is State.CLOSED:
                del self._known[known]
        made = [known for known in self._known if hasattr(known, "transport")]  # the others are in their TLS handshake
        spare = len(made) - MAX_CONNECTIONS
        idle = [known for known in made if known.state is not State.OPEN]
        for oldest in idle[: max(0, spare)]:
            del self._known[oldest]
            oldest.transport.abort()

    async def renew(self) -> None:
        """Listen anew with what was set meanwhile; the connections that stand stay.

        Raises:
            OSError: the address can't be used any more.
        """
        if self._server is not None:
            await self._let_in()
            self._server.close(close_connections=False)
            self._retired.append(self._server)
        await self.open()

    async def close(self) -> None:
        """Stop accepting and close what is open; the port number is kept for the next `open`."""
        if self._server is not None:
            await self._let_in()
            for retired in self._retired:
                await asyncio.gather(*(one.close(GOING_AWAY) for one in retired.connections), return_exceptions=True)
            self._retired.clear()
            self._server.close(close_connections=True)
            await self._server.wait_closed()
            for connection in tuple(self._known):  # Python 3.11 waits for none that is still opening or closing
                if hasattr(connection, "transport"):
                    connection.transport.abort()
            self._known.clear()
            await asyncio.sleep(0)
            self._server = None

    async def _let_in(self) -> None:
        """Accept nobody new, and let those who were just accepted become known.

        asyncio loses a connection, and its socket, when the server is closed between the two (cpython 109564).
        """
        with contextlib.suppress(NotImplementedError):  # loops without readers accept otherwise
            for listening in self._server.sockets if self._server is not None else ():
                asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)

    def _handshake(self, connection: ServerConnection, request: Request) -> Handshake:
        path = urlsplit(request.path).path
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        peer = connection.remote_address or ("", 0)
        return Handshake(
            station=unquote(path.rsplit("/", 1)[-1]),
            path=request.path,
            offered=tuple(name.strip() for name in offered.split(",") if name.strip()),
            subprotocol=connection.subprotocol or "",
            headers=dict(request.headers.raw_items()),
            tls=agreed(connection.transport.get_extra_info("ssl_object")),
            auth=described(request.headers.get("Authorization")),
            peer=f"{peer[0]}:{peer[1]}",
        )

    def broke_off(self, error: ssl.SSLError) -> None:
        """Tell of a TLS handshake that failed; a context tells of it when it was made with `told`."""
        by = "product" if is_by_peer(error) else "kit"
        whose = "the station broke off the TLS handshake" if by == "product" else "the station was refused"
        refusal = Refusal(
            by=by,
            reason=f"{whose}: {reason_of(error)}",
            cause="tls-version" if is_old(error) else "tls",
            handshake=Handshake(station=self.station, path=""),
        )
        self._sink.refused(refusal)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        handshake = self._handshake(connection, request)
        if handshake.station != self.station:
            text = (
                f'a station came as "{handshake.station}"; this listener waits for "{self.station}": '
                "compare connection.station_id with the identity set in the station"
            )
            return self._refuse(connection, handshake, "identity", text, http.HTTPStatus.NOT_FOUND)
        if self.password is not None and not accepts(request.headers.get("Authorization"), self.station, self.password):
            text = "the station sent no or wrong Basic authentication credentials"
            return self._refuse(connection, handshake, "credentials", text, http.HTTPStatus.UNAUTHORIZED)
        return None

    def _refuse(
        self, connection: ServerConnection, handshake: Handshake, cause: str, reason: str, status: http.HTTPStatus
    ) -> Response:
        self._sink.refused(Refusal(by="kit", reason=reason, cause=cause, handshake=handshake, status=status))
        response = connection.respond(status, f"{reason}\n")
        if status is http.HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp-tck"'
        return response

    def _select(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((name for name in offered if name == self.subprotocol), None)

    async def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None  # noqa: S101 - set before the handler runs
        handshake = self._handshake(connection, connection.request)
        if not handshake.subprotocol:
            # OCPP-J 1.6 3.2 and 2.0.1 Part 4 3.3: complete the handshake without the header, then close.
            names = ", ".join(handshake.offered) or "none"
            text = f"the station offered the subprotocols {names}; {self.subprotocol} is needed"
            self._sink.refused(Refusal(by="kit", reason=text, cause="subprotocol", handshake=handshake))
            await connection.close(PROTOCOL_ERROR, "no common OCPP subprotocol")
            return
        await Transport(connection, handshake).pump(self._sink)
