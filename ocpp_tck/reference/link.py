"""The mutating link: a WebSocket man in the middle between a charging station and a CSMS.

Transparent as long as no mutant matches: path, headers, subprotocol, refusals, texts, binary frames and close codes
pass as they are. Pings are answered by the link itself, and compression is not offered.

`python -m ocpp_tck.reference.link --listen 127.0.0.1:0 --upstream ws://127.0.0.1:9000 --mutants file.toml`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import tomllib
from collections import Counter
from collections.abc import Callable  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.protocol import State
from websockets.typing import Subprotocol

from ocpp_tck.reference.link_traffic import Traffic
from ocpp_tck.reference.mutant import Handshake, Mutant, MutantError, parse_all

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import Server
    from websockets.http11 import Request, Response

# The client library writes these of the upstream handshake itself.
_OWN_HEADERS = {
    "host",
    "connection",
    "upgrade",
    "content-length",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
}
_LIMITLESS: Mapping[str, Any] = {"max_size": None, "compression": None, "ping_interval": None, "close_timeout": 1}
_HANDSHAKE_SECONDS = 10
_NO_CODE, _ABNORMAL = 1005, 1006
_TLS_RECORD = b"\x16"
"""First byte of a TLS handshake (RFC 8446 5.1)."""


class LinkError(Exception):
    """The link can't come up; the message names cause and mend in one line."""


@dataclass(frozen=True, slots=True)
class Secure:
    """How the link ends TLS on both sides: it must, to see the frames.

    Attributes:
        server: context towards stations.
        client: makes the context towards the upstream address, anew for each connection.
    """

    server: ssl.SSLContext
    client: Callable[[], ssl.SSLContext]


class Link:
    """Carries every connection that it gets on to the upstream address; runs in a thread of its own.

    Args:
        listen: host and port; port 0 takes a free one.
        upstream: `ws://host:port` of the CSMS (or of the kit's listener); the path of each request is appended.
        mutants: what is armed from the start.
        secure: with it, who comes with TLS goes on with TLS, and who comes without goes on without.
    """

    def __init__(
        self, listen: tuple[str, int], upstream: str, mutants: Iterable[Mutant] = (), secure: Secure | None = None
    ) -> None:
        self._listen = listen
        self._upstream = upstream.rstrip("/").replace("wss://", "ws://")
        self._secure = secure
        self._inner: list[Server] = []
        self._front: asyncio.Server | None = None
        self._lock = threading.Lock()
        self._mutants: tuple[Mutant, ...] = ()
        self._seen: Counter[int] = Counter()
        self._hits: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._memory: dict[str, dict[str, Any]] = {}
        self._carried: dict[str, list[tuple[ServerConnection, asyncio.Event]]] = {}
        self.arm(mutants)

    def start(self) -> str:
        """Listen; gives the address, such as `ws://127.0.0.1:40001`.

        Raises:
            LinkError: the address can't be used.
        """
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except OSError as error:
            self.stop()
            host, port = self._listen
            raise LinkError(
                f"cannot listen on {host}:{port}: {error.strerror or error}; choose another port"
            ) from error

    def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
        self._loop.close()

    def arm(self, mutants: Iterable[Mutant]) -> None:
        """Use these mutants from now on; counting and hits begin anew.

        Raises:
            MutantError: two mutants have one name, so that their hits could not be told apart.
        """
        armed = tuple(mutants)
        names = [mutant.name for mutant in armed]
        if len(set(names)) < len(names):
            raise MutantError(f"two mutants have one name: {', '.join(sorted(names))}")
        with self._lock:
            self._mutants = armed
            self._seen.clear()
            self._hits = Counter()

    @property
    def hits(self) -> dict[str, int]:
        """How often each armed mutant has really changed the traffic, by its name."""
        with self._lock:
            return {mutant.name: self._hits[mutant.name] for mutant in self._mutants}

    # -- what a connection asks -------------------------------------------------------------------------------------

    def matching(self, fits: Any) -> list[Mutant]:
        """Give the armed mutants whose turn it is, of those that `fits` (a predicate over mutants) lets through."""
        with self._lock:
            found: list[Mutant] = []
            for index, mutant in enumerate(self._mutants):
                if fits(mutant):
                    self._seen[index] += 1
                    if mutant.match.nth in {0, self._seen[index]}:
                        found.append(mutant)
            return found

    def hit(self, mutant: Mutant) -> None:
        """Note that a mutant has changed the traffic."""
        with self._lock:
            if mutant in self._mutants:
                self._hits[mutant.name] += 1

    # -- the loop's side --------------------------------------------------------------------------------------------

    async def _open(self) -> str:
        host, port = self._listen
        if self._secure is None:
            self._inner = [await self._serve(host, port)]
            name, bound = next(iter(self._inner[0].sockets)).getsockname()[:2]
        else:
            self._inner = [await self._serve("127.0.0.1", 0), await self._serve("127.0.0.1", 0, self._secure.server)]
            self._front = await asyncio.start_server(self._sort, host, port)
            name, bound = self._front.sockets[0].getsockname()[:2]
        return f"ws://[{name}]:{bound}" if ":" in name else f"ws://{name}:{bound}"

    async def _serve(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> Server:
        return await serve(
            self._carry,
            host,
            port,
            process_request=self._process_request,
            select_subprotocol=_select_subprotocol,
            ssl=tls,
            **_LIMITLESS,
        )

    async def _sort(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a connection on to the inner server that speaks as its client does: with TLS or without."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            inner = self._inner[first == _TLS_RECORD]
            other = await asyncio.open_connection(*next(iter(inner.sockets)).getsockname()[:2])
            other[1].write(first)
            await asyncio.gather(_pass(reader, other[1]), _pass(other[0], writer))
        writer.close()

    async def _shut(self) -> None:
        if self._front is not None:
            self._front.close()
        for server in self._inner:
            server.close(code=1001)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 5)
        own = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not own]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        mutants = self.matching(lambda mutant: mutant.match.type == "handshake" and isinstance(mutant.do, Handshake))
        offered = [
            item.strip() for line in request.headers.get_all("Sec-WebSocket-Protocol") for item in line.split(",")
        ]
        headers = {name: value for name, value in request.headers.raw_items() if name.lower() not in _OWN_HEADERS}
        for mutant in mutants:
            assert isinstance(mutant.do, Handshake)  # noqa: S101 - the predicate above
            changed: dict[str, str | None] = {**headers, **mutant.do.headers}
            headers = {name: value for name, value in changed.items() if value is not None}
            offered = offered if mutant.do.offer is None else list(mutant.do.offer)
            self.hit(mutant)
        await self._departed(request.path)
        agent = next((headers.pop(name) for name in list(headers) if name.lower() == "user-agent"), None)
        is_secure = connection.transport.get_extra_info("ssl_object") is not None
        tls: dict[str, Any] = {"ssl": self._secure.client()} if is_secure and self._secure else {}
        try:
            upstream = await connect(
                (self._upstream.replace("ws://", "wss://") if tls else self._upstream) + request.path,
                subprotocols=[Subprotocol(name) for name in offered] or None,
                additional_headers=headers,
                user_agent_header=agent,
                proxy=None,
                open_timeout=_HANDSHAKE_SECONDS,
                **tls,
                **_LIMITLESS,
            )
        except InvalidStatus as refused:
            return refused.response
        except (OSError, InvalidHandshake, TimeoutError) as error:
            return connection.respond(502, f"the link can't reach {self._upstream}: {error}\n")
        answer: str | None = upstream.subprotocol
        for mutant in mutants:
            if isinstance(mutant.do, Handshake) and mutant.do.answer is not None:
                answer = mutant.do.answer or None
        connection.upstream = upstream  # type: ignore[attr-defined]
        connection.answer = answer  # type: ignore[attr-defined]
        return None

    async def _carry(self, station: ServerConnection) -> None:
        csms: ClientConnection = station.upstream  # type: ignore[attr-defined]
        memory = self._memory.setdefault(station.request.path if station.request else "", {})
        traffic = Traffic(self, {"cs": station, "csms": csms}, memory)
        path = station.request.path if station.request else ""
        departed = asyncio.Event()
        self._carried.setdefault(path, []).append((station, departed))
        pumps = [
            asyncio.create_task(_pump("cs", station, csms, traffic)),
            asyncio.create_task(_pump("csms", csms, station, traffic)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            traffic.stop()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for one in (station, csms):
                one.transport.abort()
            self._carried[path].remove((station, departed))
            departed.set()

    async def _departed(self, path: str) -> None:
        """Wait until all has passed that a station said on a connection which it has closed since."""
        for station, departed in list(self._carried.get(path, ())):
            if station.state is not State.OPEN:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(departed.wait(), _HANDSHAKE_SECONDS)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on as they come, and the end of them."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def _pump(sender: str, source: Connection, target: Connection, traffic: Traffic) -> None:
    try:
        async for message in source:
            await traffic.carry(sender, message)
    except ConnectionClosed:
        pass
    with contextlib.suppress(ConnectionClosed):
        await traffic.flush(sender)
    await close(target, source.close_code, source.close_reason)


async def close(connection: Connection, code: int | None, reason: str | None) -> None:
    """Close a connection as the other side was closed: the same code and reason, or a cut."""
    if code in {None, _ABNORMAL}:
        connection.transport.abort()
    elif code == _NO_CODE:
        await connection.close()
    else:
        await connection.close(int(code or 0), reason or "")


def _select_subprotocol(connection: ServerConnection, _offered: Any) -> Any:
    return connection.answer  # type: ignore[attr-defined]


def read_mutants(path: Path) -> tuple[Mutant, ...]:
    """Read a file of mutants.

    Raises:
        MutantError: the file can't be read, is no TOML, or a mutant in it is wrong.
    """
    try:
        return parse_all(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MutantError(f"{path}: {error}") from error
    except MutantError as error:
        raise MutantError(f"{path}: {error}") from None


def _watch_stdin(ended: threading.Event) -> None:
    # os.read: a daemon thread that holds the lock of a buffered reader aborts the interpreter at exit.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()


def main(arguments: list[str] | None = None) -> int:
    """Run a link until a signal or the end of stdin; prints `ready …`, and at the end `hits …`."""
    parser = argparse.ArgumentParser(prog="python -m ocpp_tck.reference.link", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT")
    parser.add_argument("--upstream", required=True, metavar="ws://HOST:PORT")
    parser.add_argument("--mutants", type=Path, metavar="FILE")
    parser.add_argument("--until-stdin-closes", action="store_true")
    given = parser.parse_args(arguments)
    host, _, port = given.listen.rpartition(":")
    if not host or not port.isdecimal():
        parser.error(f"--listen is {given.listen!r}; allowed: host:port")
    ended = threading.Event()
    try:
        link = Link((host, int(port)), given.upstream, read_mutants(given.mutants) if given.mutants else ())
        address = link.start()
    except (MutantError, LinkError) as error:
        sys.stderr.write(f"link: {error}\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if given.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(ended,), daemon=True).start()
    print(f"ready {json.dumps({'link': address})}", flush=True)  # noqa: T201 - the contract of the embedded products
    while not ended.wait(0.5):
        pass
    print(f"hits {json.dumps(link.hits)}", flush=True)  # noqa: T201
    link.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
