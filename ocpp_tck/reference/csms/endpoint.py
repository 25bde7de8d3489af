"""Where the stations of an embedded CSMS connect: `ws://host:port/ocpp/<station id>`.

Part of every version's CSMS. Rules: OCPP-J 1.6 section 3.2 and errata J 3.4 (the same in Part 4
section 3.3 of 2.0.1), security whitepaper A00.FR.202 to 205 for Basic auth, A00.FR.407 for certificates.
"""

import base64
import binascii
import hmac
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ocpp_tck.reference.control import CannotStart

PATH = "/ocpp/"
PROTOCOL_ERROR = 1002
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
FRAME_LIMIT = 1024 * 1024
"""Bytes of one message; a longer one closes the connection with 1009."""

Serve = Callable[[str, ServerConnection], Awaitable[None]]
"""What talks to a connected station: (station id, connection). The connection ends with it."""
Objection = Callable[[str, bytes], str]
"""Says why a station may not come in with a certificate: (station id, DER) to a reason, empty when it may."""

_log = logging.getLogger("ocpp_tck.reference.csms.endpoint")
# Without a handler of its own, logging prints the traceback of every refused handshake to stderr.
_log.addHandler(logging.NullHandler())


class Endpoint:
    """Listens, decides who may connect and hands each connection to `serve`.

    `stations` empty: a station of any id may connect. `passwords` (station id to password) may be
    changed while listening; a station without an entry needs none. `tls` makes it an endpoint of security profile 2,
    or 3 when it demands certificates; `objection` then judges whose they are. `url` is set by `start`.
    """

    def __init__(
        self,
        listen: tuple[str, int],
        subprotocol: str,
        stations: Sequence[str],
        passwords: Mapping[str, str],
        serve: Serve,
        tls: ssl.SSLContext | None = None,
        objection: Objection = lambda _station, _certificate: "",
    ) -> None:
        self.url = ""
        self.passwords = dict(passwords)
        self._listen = listen
        self._subprotocol = Subprotocol(subprotocol)
        self._stations = frozenset(stations)
        self._serve = serve
        self._server: Server | None = None
        self._tls = tls
        self._objection = objection

    async def start(self) -> None:
        """Listen. Raises `CannotStart` when the address cannot be had."""
        host, port = self._listen
        try:
            self._server = await serve(
                self._run,
                host,
                port,
                process_request=self._admit,
                select_subprotocol=self._select,
                compression=None,
                max_size=FRAME_LIMIT,
                close_timeout=1,
                ssl=self._tls,
                logger=_log,
            )
        except OSError as error:
            raise CannotStart(
                f"cannot listen for stations on {host}:{port}: {error.strerror or error}; "
                "choose another port (0 takes a free one)"
            ) from error
        bound = next(iter(self._server.sockets)).getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'wss' if self._tls else 'ws'}://{shown}:{bound}{PATH.rstrip('/')}"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def knows(self, station: str) -> bool:
        """Tell whether a station of this id may connect."""
        return not self._stations or station in self._stations

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        station = station_of(request.path)
        if station is None or not self.knows(station):
            return connection.respond(HTTPStatus.NOT_FOUND, "unknown charging station\n")
        certificate = _shown_certificate(connection)
        objection = "" if certificate is None else self._objection(station, certificate)
        if objection:
            _log.warning("%s: %s", station, objection)
            return connection.respond(HTTPStatus.FORBIDDEN, f"{objection}\n")
        password = self.passwords.get(station)
        shown = request.headers.get_all("Authorization")
        if password is not None and not (len(shown) == 1 and authorized(shown[0], station, password)):
            refusal = connection.respond(HTTPStatus.UNAUTHORIZED, "wrong or missing password\n")
            refusal.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
            return refusal
        return None

    def _select(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        # None completes the handshake without Sec-WebSocket-Protocol, as OCPP-J 3.2 demands.
        return self._subprotocol if self._subprotocol in offered else None

    async def _run(self, connection: ServerConnection) -> None:
        if connection.subprotocol is None:
            await connection.close(PROTOCOL_ERROR, f"this endpoint speaks {self._subprotocol}")
            return
        station = station_of(connection.request.path) if connection.request else None
        if station is None:
            return
        try:
            await self._serve(station, connection)
        except ConnectionClosed:
            _log.info("%s: connection lost", station)


def _shown_certificate(connection: ServerConnection) -> bytes | None:
    """Give the certificate of the station (DER); None where none was demanded, since TLS sees to it that one comes."""
    tls: ssl.SSLObject | None = connection.transport.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if tls is not None else None


def station_of(path: str) -> str | None:
    """Read the percent-decoded station id from the path of a connection URL; None without one."""
    encoded = urlsplit(path).path
    if not encoded.startswith(PATH):
        return None
    encoded = encoded.removeprefix(PATH)
    try:
        return None if "/" in encoded else unquote(encoded, errors="strict") or None
    except UnicodeDecodeError:
        return None


def authorized(header: str, station: str, password: str) -> bool:
    """Judge an Authorization header: Basic, the station id as user name, the right password.

    A password of 32 to 40 hexadecimal digits is right as text and as the bytes that they stand
    for: OCPP-J 1.6 section 6.2.2 and A00.FR.205 put AuthorizationKey into the header as bytes.
    """
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    right = [password.encode()]
    if _KEY.fullmatch(password):
        right.append(bytes.fromhex(password))
    return any(hmac.compare_digest(given, station.encode() + b":" + one) for one in right)
