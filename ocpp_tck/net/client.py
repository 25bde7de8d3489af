"""The kit as charging station: a WebSocket client towards the CSMS under test."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, NegotiationError

from ocpp_tck.net.auth import authorization, described
from ocpp_tck.net.tls import agreed, is_by_peer, is_old, reason_of
from ocpp_tck.net.transport import CLOSE_SECONDS, LOGGER, Curt, Handshake, HandshakeRefused, Refusal, Transport

if TYPE_CHECKING:
    from websockets.typing import Subprotocol

    from ocpp_tck.net.transport import Sink


class _Connect(websocket_connect):
    """Connects to the address that the user gave and to no other: a redirect ends like any refusal."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow none."""
        return exc


class _Connection(Curt, ClientConnection):
    """A connection to a CSMS."""


_pumps: set[asyncio.Task[None]] = set()


async def connect(
    *,
    url: str,
    station: str,
    subprotocols: tuple[str, ...],
    sink: Sink,
    password: str | bytes | None = None,
    max_bytes: int = 1_048_576,
    seconds: float = 20.0,
    tls: ssl.SSLContext | None = None,
) -> Transport:
    """Connect as a station to `url`/`station` and pump messages in the background.

    Raises:
        HandshakeRefused: the CSMS can't be reached or does not agree; the refusal has been told to the sink too.
    """
    address = f"{url.rstrip('/')}/{quote(station, safe='')}"
    headers = {"Authorization": authorization(station, password)} if password is not None else {}
    attempt = Handshake(station=station, path=urlsplit(address).path, offered=subprotocols, headers=headers)

    offered: list[Subprotocol] = list(subprotocols)  # type: ignore[arg-type]
    secure: dict[str, Any] = {} if tls is None else {"ssl": tls}
    try:
        connection = await _Connect(
            address,
            subprotocols=offered or None,
            additional_headers=headers,
            max_size=max_bytes,
            open_timeout=seconds,
            close_timeout=CLOSE_SECONDS,
            create_connection=_Connection,
            logger=LOGGER,
            user_agent_header="ocpp-tck",
            proxy=None,
            **secure,
        )
    except (OSError, EOFError, InvalidHandshake, InvalidURI) as error:
        refusal = _refusal(error, attempt, url, seconds, is_encrypted=tls is not None)
        sink.refused(refusal)
        raise HandshakeRefused(refusal) from None
    peer = connection.remote_address or ("", 0)
    handshake = Handshake(
        station=station,
        path=attempt.path,
        offered=subprotocols,
        subprotocol=connection.subprotocol or "",
        headers=headers,
        tls=agreed(connection.transport.get_extra_info("ssl_object"), urlsplit(address).hostname or ""),
        auth=described(headers.get("Authorization")),
        peer=f"{peer[0]}:{peer[1]}",
    )
    transport = Transport(connection, handshake)
    task = asyncio.create_task(_pump(transport, sink))
    _pumps.add(task)
    task.add_done_callback(_pumps.discard)
    await asyncio.sleep(0)  # the pump tells the sink that the connection stands before the caller goes on
    return transport


async def _pump(transport: Transport, sink: Sink) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await transport.pump(sink)


def _refusal(error: Exception, attempt: Handshake, url: str, seconds: float, *, is_encrypted: bool) -> Refusal:
    """Say why no connection came about, and by whom."""
    reason, cause, by, status = f"no connection to {url}: {error}", "unreachable", "product", 0
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        reason = f"the CSMS answered the handshake with HTTP {status}"
        cause = "credentials" if status in {401, 403} else "status"
    elif isinstance(error, NegotiationError):
        reason = f"the CSMS chose a subprotocol that was not offered: {error}"
        cause, by = "subprotocol", "kit"
    elif isinstance(error, ConnectionRefusedError):
        reason = f"no connection to {url}: nothing listens there; is the CSMS running, and is that its address?"
    elif isinstance(error, InvalidURI):
        reason, by = f"connection.url is not a WebSocket address: {error}", "kit"
    elif isinstance(error, InvalidHandshake):
        reason, cause = f"the WebSocket handshake failed: {error}", "handshake"
        if is_encrypted and isinstance(error.__cause__, (EOFError, ConnectionError)):  # TLS 1.3 refuses only then
            reason, cause = "the CSMS closed the connection right after the TLS handshake", "tls"
    elif isinstance(error, TimeoutError):
        reason = f"no handshake within {seconds:g} s (limit handshake) at {url}"
    elif isinstance(error, ssl.SSLError):
        by = "product" if is_by_peer(error) else "kit"
        whose = "the CSMS broke off the TLS handshake" if by == "product" else "the CSMS was refused"
        reason, cause = f"{whose}: {reason_of(error)}", "tls-version" if is_old(error) else "tls"
    elif is_encrypted and isinstance(error, (ConnectionResetError, BrokenPipeError, EOFError)):
        reason, cause = "the CSMS closed the connection during the TLS handshake", "tls"
    return Refusal(by=by, reason=reason, cause=cause, handshake=attempt, status=status)
