"""The console's web server: one page, one stream of what there is to see, one place for answers.

A browser that is slow, dead or hostile costs a bounded amount and nothing else: connections, streams and sessions are
counted, each stream sends the latest there is when the browser can take it, and none is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import segno
from aiohttp import web

from ocpp_tck.console.door import Refused, Session
from ocpp_tck.console.page import FILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ocpp_tck.console.board import Board
    from ocpp_tck.console.door import Door
    from ocpp_tck.console.place import Place

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_CONNECTIONS = 64
MOST_STREAMS = 4
"""Streams of one session; a browser has one, or two for a moment after a phone has slept."""
MOST_BYTES = 4096
"""Bytes of a request's body."""
SILENT = 10.0
"""Seconds after which a connection that has asked for nothing is cut."""
STALL = 15.0
"""Seconds after which a browser that takes nothing is cut; also the time between two signs of life."""
PACE = 0.1
"""Seconds between two messages of a stream: a product that floods the kit does not flood the page."""
FAREWELL = 2.0
"""Seconds that the streams have to say how the run has ended."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ConsoleServer:
    """Serves a board.

    Args:
        board: what there is to see.
        door: who may see it.
        place: where to serve.
        answer: told number and word of an answer; False when it came too late.
        on_entry: told that a browser came in, with its address and the link for the next one.
    """

    def __init__(
        self,
        board: Board,
        door: Door,
        place: Place,
        answer: Callable[[int, str], bool],
        on_entry: Callable[[str, str], None],
    ) -> None:
        self._board = board
        self._door = door
        self.place = place
        self._answer = answer
        self._on_entry = on_entry
        self._streams: dict[asyncio.Event, str] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._spoken: set[web.RequestHandler] = set()
        self._seen: dict[web.RequestHandler, float] = {}
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> Place:
        """Begin to serve; gives the place with the port that was found.

        Raises:
            OSError: the address can't be used.
        """
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self._guard])
        app.router.add_get("/", self._file)
        app.router.add_get("/{name}", self._file)
        app.router.add_get("/live/events", self._stream)
        app.router.add_post("/enter", self._enter)
        app.router.add_post("/answer", self._take_answer)
        app.router.add_post("/invite", self._invite)
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(app, access_log=None, logger=_QUIET, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._protocol, self.place.host, self.place.port)
        except OSError:
            await self._runner.cleanup()
            raise
        self.place = type(self.place)(self.place.host, self._server.sockets[0].getsockname()[1])
        self._sweeping = loop.create_task(self._sweep())
        return self.place

    def ring(self) -> None:
        """There is something new to see; on the server's thread."""
        for bell in self._streams:
            bell.set()

    async def close(self) -> None:
        """Let the streams say what there is to see, and stop to serve."""
        self.ring()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FAREWELL)
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # -- connections -----------------------------------------------------------------------------------------------

    def _protocol(self) -> asyncio.Protocol:
        assert self._runner is not None  # noqa: S101 - it is set up before the server
        assert self._runner.server is not None  # noqa: S101
        if len(self._runner.server.connections) >= MOST_CONNECTIONS:
            return _Closed()
        return self._runner.server()

    async def _sweep(self) -> None:
        """Cut connections that ask for nothing: they would keep others out."""
        while True:
            await asyncio.sleep(SILENT / 2)
            now = time.monotonic()
            handlers = self._runner.server.connections if self._runner and self._runner.server else []
            self._spoken &= set(handlers)
            self._seen = {one: self._seen.get(one, now) for one in set(handlers) - self._spoken}
            for one, since in self._seen.items():
                if now - since >= SILENT and one.transport is not None:
                    one.force_close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nothing through that is not meant for us, and answer refusals as JSON."""
        self._spoken.add(request.protocol)
        try:
            self._check(request)
            return await handler(request)
        except Refused as refused:
            return web.json_response({"problem": str(refused)}, status=refused.status)
        except web.HTTPException as error:
            return web.json_response({"problem": error.reason}, status=error.status)

    def _check(self, request: web.Request) -> None:
        """Refuse what a page of somebody else has asked for."""
        if not self.place.is_named(request.headers.get("Host", "")):
            raise Refused("this console is not served under that name", 421)
        if request.method == "POST":
            _check_origin(request)
        elif request.path != "/" and request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN:
            raise Refused("another page may not look", 403)

    def _session(self, request: web.Request) -> Session:
        session = self._door.session(request.cookies.get(self._cookie, ""))
        if session is None:
            raise Refused("open the link that the terminal of the run shows", 401)
        return session

    @property
    def _cookie(self) -> str:
        """Name of the cookie: browsers keep the cookies of all ports of a host in one place."""
        return f"ocpp_tck_{self.place.port}"

    # -- what is asked for -----------------------------------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        found = FILES.get(request.match_info.get("name", "index.html"))
        if found is None:
            raise web.HTTPNotFound
        kind, body = found
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _enter(self, request: web.Request) -> web.Response:
        link = str((await _fields(request)).get("link", ""))[:MOST_BYTES]
        session = self._door.enter(link, request.remote or "")
        self._on_entry(session.peer, self.link)
        response = web.json_response({})
        response.set_cookie(self._cookie, session.key, httponly=True, samesite="Strict", path="/")
        return response

    async def _take_answer(self, request: web.Request) -> web.Response:
        self._session(request)
        fields = await _fields(request)
        number, word = fields.get("prompt"), fields.get("word")
        if not isinstance(number, int) or not isinstance(word, str):
            raise Refused("an answer has a prompt and a word", 400)
        if not self._answer(number, word):
            raise Refused("that came too late: the prompt was closed or answered already", 409)
        return web.json_response({})

    async def _invite(self, request: web.Request) -> web.Response:
        """Give the link for one more browser, with the rows of its QR code."""
        self._session(request)
        rows = ["".join(map(str, row)) for row in segno.make_qr(self.link).matrix_iter(border=2)]
        return web.json_response({"link": self.link, "rows": rows})

    @property
    def link(self) -> str:
        """The URL that lets one browser in; its secret part is not sent until the page itself asks to come in."""
        return f"http://{self.place.authority}/#{self._door.link}"

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        session = self._session(request)
        if sum(key == session.key for key in self._streams.values()) >= MOST_STREAMS:
            raise Refused(f"this browser has the console open {MOST_STREAMS} times already", 503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        with self._listening(session) as bell, contextlib.suppress(ConnectionError, TimeoutError):
            await response.prepare(request)
            await self._tell(response, bell)
            return response
        if request.transport is not None:
            request.transport.abort()
        return response

    @contextmanager
    def _listening(self, session: Session) -> Iterator[asyncio.Event]:
        bell, task = asyncio.Event(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs as one
        self._streams[bell] = session.key
        self._tasks.add(task)
        try:
            yield bell
        finally:
            del self._streams[bell]
            self._tasks.discard(task)

    async def _tell(self, response: web.StreamResponse, bell: asyncio.Event) -> None:
        """Send the latest whenever there is something new, and now and then as a sign of life."""
        seen = 0
        while True:
            bell.clear()
            is_over = self._board.is_over
            view, seen = self._board.view(seen)
            text = json.dumps(view, separators=(",", ":"))
            async with asyncio.timeout(STALL):
                await response.write(f"data: {text}\n\n".encode())
            if is_over:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STALL):
                    await bell.wait()
            await asyncio.sleep(PACE)


_OWN = {"same-origin", "none"}
_QUIET = logging.getLogger(__name__)
"""Where the web server tells of broken requests: nowhere, since anybody can send them."""
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class _Closed(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.abort()  # type: ignore[attr-defined]


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _check_origin(request: web.Request) -> None:
    if request.headers.get("Origin") != f"http://{request.headers.get('Host')}":
        raise Refused("another page may not answer", 403)
    if request.content_type != "application/json":
        raise Refused("an answer is JSON", 415)


async def _fields(request: web.Request) -> dict[str, Any]:
    try:
        async with asyncio.timeout(SILENT):
            text = await request.read()
        found = json.loads(text)
    except TimeoutError:
        raise Refused("the answer did not come whole", 408) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("an answer is a JSON object", 400)
    return found
