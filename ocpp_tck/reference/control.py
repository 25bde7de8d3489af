"""The HTTP control interface of the embedded products.

`POST /<action-in-kebab-case>?station=<id>` with the payload as a JSON object (an empty body is
`{}`) makes the product act, as a person, a car or an operator's back office would. The answer
comes as soon as the action has been started; what it causes is seen on the OCPP connection.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Act = Callable[[str, str | None, dict[str, Any]], Awaitable[None]]
"""What carries an action out: (action in snake_case, station id or None, payload)."""

_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 4 * 1024 * 1024
_PATIENCE = 30.0


class CannotStart(Exception):
    """A product could not come up; the message names the cause and the mend in one line."""


class ActionUnknown(Exception):
    """The product has no such action (HTTP 501)."""


class StationUnknown(Exception):
    """No station of that id is known or connected (HTTP 404)."""


class PayloadRefused(Exception):
    """The payload of an action is wrong; the message names the field and the mend (HTTP 400)."""


class _BadRequest(Exception):
    """The HTTP request itself is unusable."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The HTTP server of one product, on the product's own event loop."""

    def __init__(self, host: str, port: int, act: Act) -> None:
        """Prepare to listen on `host:port` (port 0: any free one) and to hand actions to `act`."""
        self._host = host
        self._port = port
        self._act = act
        self._server: asyncio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; returns the host and the port in use. Raises `CannotStart`."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=_HEAD_LIMIT)
        except OSError as error:
            raise CannotStart(
                f"cannot listen for control on {self._host}:{self._port}: "
                f"{error.strerror or error}; choose another port (0 takes a free one)"
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                status, body = await self._answer(reader)
                writer.write(_response(status, body))
                await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            with suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, dict[str, str]]:
        try:
            action, station, payload = await _read(reader)
            await self._act(action, station, payload)
        except _BadRequest as error:
            return error.status, {"error": str(error)}
        except PayloadRefused as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except StationUnknown as error:
            return HTTPStatus.NOT_FOUND, {"error": str(error) or "unknown station"}
        except ActionUnknown as error:
            return HTTPStatus.NOT_IMPLEMENTED, {"error": str(error) or "unknown action"}
        except Exception as error:  # noqa: BLE001 - a defect of the product must not end its control
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": f"{type(error).__name__}: {error}"}
        return HTTPStatus.OK, {"outcome": "done"}


async def _read(reader: asyncio.StreamReader) -> tuple[str, str | None, dict[str, Any]]:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise _BadRequest(HTTPStatus.BAD_REQUEST, "not an HTTP request") from error
    request_line, *header_lines = head.split("\r\n")
    method, _, rest = request_line.partition(" ")
    target = rest.rpartition(" ")[0]
    if method != "POST":
        raise _BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "use POST /<action>?station=<id>")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
    body = await _body(reader, headers)
    parts = urlsplit(target)
    action = unquote(parts.path).strip("/").replace("-", "_")
    station = parse_qs(parts.query).get("station", [None])[0]
    return action, station, _payload(body)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        raise _BadRequest(HTTPStatus.LENGTH_REQUIRED, "send the body with a Content-Length")
    if int(length) > _BODY_LIMIT:
        raise _BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may hold {_BODY_LIMIT} bytes at most")
    try:
        return await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as error:
        raise _BadRequest(HTTPStatus.BAD_REQUEST, "the body ended early") from error


def _payload(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise _BadRequest(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise _BadRequest(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return payload


def _response(status: HTTPStatus, body: dict[str, str]) -> bytes:
    text = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + text
