"""The kit as charging station: a WebSocket client towards the CSMS under test."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, NegotiationError

from ocpp_tck.net.auth import authorization
from ocpp_tck.net.transport import CLOSE_SECONDS, LOGGER, Curt, Handshake, HandshakeRefused, Refusal, Transport

if TYPE_CHECKING:
    import ssl

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
    password: str | None = None,
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

    def refuse(reason: str, cause: str, status: int = 0, by: str = "product") -> HandshakeRefused:
        refusal = Refusal(by=by, reason=reason, cause=cause, handshake=attempt, status=status)
        sink.refused(refusal)
        return HandshakeRefused(refusal)

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
    except InvalidStatus as error:
        status = error.response.status_code
        cause = "credentials" if status in {401, 403} else "status"
        raise refuse(f"the CSMS answered the handshake with HTTP {status}", cause, status) from None
    except NegotiationError as error:
        raise refuse(f"the CSMS chose a subprotocol that was not offered: {error}", "subprotocol", by="kit") from None
    except InvalidURI as error:
        raise refuse(f"connection.url is not a WebSocket address: {error}", "unreachable", by="kit") from None
    except InvalidHandshake as error:
        raise refuse(f"the WebSocket handshake failed: {error}", "handshake") from None
    except TimeoutError:
        raise refuse(f"no handshake within {seconds:g} s (limit handshake) at {url}", "unreachable") from None
    except (OSError, EOFError) as error:
        raise refuse(f"no connection to {url}: {error}", "unreachable") from None
    peer = connection.remote_address or ("", 0)
    handshake = Handshake(
        station=station,
        path=attempt.path,
        offered=subprotocols,
        subprotocol=connection.subprotocol or "",
        headers=headers,
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
