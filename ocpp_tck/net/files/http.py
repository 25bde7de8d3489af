"""The HTTP and HTTPS server: GET of a file, also from the middle on; PUT and POST into a place."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aiohttp import web

from ocpp_tck.net.files.store import DOWNLOAD, MOST_BYTES, Fault

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ocpp_tck.net.files.store import Place, Store

CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_NAMES = "/\\\0"


class HttpFiles:
    """Serves a store over HTTP, or HTTPS with a context of TLS."""

    def __init__(self, store: Store, tls: ssl.SSLContext | None) -> None:
        self.protocol = "HTTP" if tls is None else "HTTPS"
        self._store = store
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._stalled: set[asyncio.Event] = set()

    async def open(self, host: str, port: int) -> int:
        """Begin to serve; gives the port.

        Raises:
            OSError: the address can't be used.
        """
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        found: int = self._runner.addresses[0][1]
        return found

    async def close(self) -> None:
        """End what still runs and stop to serve."""
        for event in self._stalled:
            event.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        place, rest = self._store.find(request.path)
        reads = request.method in {"GET", "HEAD"}
        if place is None:
            return web.Response(status=404, text="nothing is here\n")
        if reads is not (place.direction == DOWNLOAD) or request.method not in {"GET", "HEAD", "PUT", "POST"}:
            return web.Response(status=405, text=f"this place is for a {place.direction}\n")
        if request.method == "HEAD":
            return self._head(place, rest)
        return await (self._give(place, rest, request) if reads else self._take(place, rest, request))

    def _head(self, place: Place, rest: str) -> web.Response:
        file = place.folder / place.name
        if rest != place.name or not file.is_file():
            return web.Response(status=404)
        return web.Response(headers={"Content-Length": str(file.stat().st_size), "Accept-Ranges": "bytes"})

    def _failed(self, place: Place, request: web.Request, detail: str, size: int = 0) -> None:
        self._store.tell(
            place, self.protocol, request.path, complete=False, size=size, detail=detail, peer=_peer(request)
        )

    def _refused(self, place: Place, request: web.Request, status: int) -> web.Response:
        self._failed(place, request, f"answered with HTTP {status}")
        return web.Response(status=status)

    # -- from the kit ----------------------------------------------------------------------------------------------

    async def _give(self, place: Place, rest: str, request: web.Request) -> web.StreamResponse:
        fault = place.next_fault()
        file = place.folder / place.name
        if rest != place.name or fault is Fault.MISSING or not file.is_file():
            return self._refused(place, request, 404)
        if fault is Fault.DENIED:
            return self._refused(place, request, 403)
        content = file.read_bytes()
        wanted = _wanted(request, len(content))
        if wanted is None:
            return self._refused(place, request, 416)
        start, end = wanted
        response = web.StreamResponse(status=206 if "Range" in request.headers else 200)
        response.content_type = "application/octet-stream"
        response.content_length = end - start
        response.headers["Accept-Ranges"] = "bytes"
        if response.status == 206:  # noqa: PLR2004 - partial content
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        until = start + (end - start) // 2 if fault in {Fault.CUT, Fault.STALLED} else end
        sent = start
        try:
            await response.prepare(request)
            while sent < until:
                await response.write(content[sent : min(sent + CHUNK, until)])
                sent = min(sent + CHUNK, until)
            if fault is Fault.STALLED:
                await self._stall(request)
            if fault in {Fault.CUT, Fault.STALLED}:
                _abort(request)
                place.fetched(start, sent)
                self._failed(place, request, f"{fault} on purpose after {sent - start} bytes", sent - start)
                return response
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            place.fetched(start, sent)
            self._failed(place, request, f"the other end left after {sent - start} bytes", sent - start)
            raise
        self._store.tell(
            place,
            self.protocol,
            request.path,
            complete=place.fetched(start, end),
            size=end - start,
            content=file,
            peer=_peer(request),
        )
        return response

    async def _stall(self, request: web.Request) -> None:
        """Send nothing more until the other end gives up, or the servers end."""
        ended = asyncio.Event()
        self._stalled.add(ended)
        try:
            while not ended.is_set() and request.transport is not None and not request.transport.is_closing():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.2)
        finally:
            self._stalled.discard(ended)

    # -- to the kit ------------------------------------------------------------------------------------------------

    async def _take(self, place: Place, rest: str, request: web.Request) -> web.StreamResponse:
        fault = place.next_fault()
        if fault is Fault.MISSING:
            return self._refused(place, request, 404)
        if fault is Fault.DENIED:
            return self._refused(place, request, 403)
        name, size, file = "", 0, place.folder / "incoming"
        try:
            async for told, size in self._parts(request, PurePosixPath(rest).name, file):
                name = told
                if fault in {Fault.CUT, Fault.STALLED} and size:
                    if fault is Fault.STALLED:
                        await self._stall(request)
                    _abort(request)
                    self._failed(place, request, f"{fault} on purpose after {size} bytes", size)
                    return web.Response(status=500)
                if size > MOST_BYTES:
                    self._failed(place, request, f"longer than {MOST_BYTES} bytes", size)
                    return web.Response(status=413)
        except (ConnectionError, asyncio.CancelledError, ValueError, web.HTTPException) as error:
            self._failed(place, request, f"the upload broke off after {size} bytes: {error or 'it left'}", size)
            raise
        kept = place.folder / _kept(name, place.folder)
        file.rename(kept)
        self._store.tell(
            place, self.protocol, request.path, complete=True, size=size, content=kept, peer=_peer(request)
        )
        return web.Response(status=201)

    async def _parts(self, request: web.Request, name: str, file: Path) -> AsyncIterator[tuple[str, int]]:
        """Write what is sent: the body itself, or the first file of a form; gives its name and what came so far."""
        size = 0
        source: AsyncIterator[bytes] = request.content.iter_chunked(CHUNK)
        if request.content_type.startswith("multipart/"):
            async for part in await request.multipart():
                if getattr(part, "filename", None):
                    name, source = part.filename, _chunks(part)  # type: ignore[union-attr,assignment]
                    break
        with file.open("wb") as out:
            yield name, 0
            async for chunk in source:
                out.write(chunk)
                size += len(chunk)
                yield name, size


async def _chunks(part: object) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(CHUNK):  # type: ignore[attr-defined]
        yield chunk


def _wanted(request: web.Request, size: int) -> tuple[int, int] | None:
    """Give the bytes that are asked for; None when there are none of these."""
    given = request.headers.get("Range")
    match = _RANGE.fullmatch(given.strip()) if given else None
    if match is None:
        return (0, size) if given is None else None
    start, end = int(match[1]), min(int(match[2] or size - 1) + 1, size)
    return (start, end) if start < end else None


def _kept(name: str, folder: Path) -> str:
    """Give a file name under which an upload can be kept: its own, without what file systems take for more."""
    plain = "".join("_" if letter in _NAMES else letter for letter in name)[:200].lstrip(".") or "file"
    count = sum(1 for _ in folder.iterdir())
    return plain if not (folder / plain).exists() and plain != "incoming" else f"{count}-{plain}"


def _abort(request: web.Request) -> None:
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def _peer(request: web.Request) -> str:
    return request.remote or ""
