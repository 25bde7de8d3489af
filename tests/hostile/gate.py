"""The product as the kit meets it: hostile at first, then the embedded product, whose bytes the gate only carries."""

from __future__ import annotations

import asyncio
import threading
import traceback
from contextlib import suppress
from urllib.parse import quote

from tests.hostile.wire import CHUNK, LIMIT, Gone, Wire

ACT_SECONDS = 200.0
_RETRY = 0.05


class Kit:
    """The kit as the hostile product reaches it.

    Args:
        role: of the product: as `cs` it connects to the kit, as `csms` the kit connects to it.
        address: host and port of the kit's listener (role cs).
    """

    def __init__(self, role, address, station):
        self.role = role
        self.address = address
        self.path = f"/ocpp/{quote(station, safe='')}"
        self.incoming = asyncio.Queue()
        self._wires = []

    async def open(self):
        """Give a connection with the kit before its handshake: one that the kit opens, or one to the kit."""
        ends = await (self.incoming.get() if self.role == "csms" else self.dial())
        self._wires.append(Wire(*ends, is_client=self.role == "cs", path=self.path))
        return self._wires[-1]

    async def dial(self):
        """Give a connection to the kit, or to the embedded CSMS, as soon as there is one."""
        while True:
            try:
                return await asyncio.open_connection(*self.address, limit=LIMIT)
            except ConnectionRefusedError:
                await asyncio.sleep(_RETRY)  # the kit is not up yet
            except OSError as error:  # the kit has just ended
                raise Gone from error

    def cut_all(self):
        """Drop what is left of all connections."""
        for wire in self._wires:
            wire.cut()


class Gate:
    """Listens for the kit (role csms) or for the embedded station (role cs) on a thread of its own.

    Args:
        role: of the product.
        hostility: what the product does first.
        upstream: host and port to which connections are carried afterwards.
        tls: context of the listener.
    """

    def __init__(self, role, hostility, upstream, *, tls=None):
        self.role = role
        self.act = hostility.act
        self.hostile_connections = hostility.connections
        self.upstream = upstream
        self.station = hostility.station
        self.tls = tls
        self.problem = ""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._beside = hostility.beside

    def __enter__(self):
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self):
        self._over, self._behaves = asyncio.Event(), asyncio.Event()
        if self._beside:
            self._behaves.set()
        self.kit = Kit(self.role, self.upstream, self.station)
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, limit=LIMIT, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]
        self._acting = asyncio.create_task(self._be_hostile())

    async def _be_hostile(self):
        try:
            async with asyncio.timeout(ACT_SECONDS):
                await self.act(self.kit)
        except Gone:
            pass
        except TimeoutError:
            self.problem = f"the hostile product was not done within {ACT_SECONDS:g} s"
        except Exception:
            self.problem = traceback.format_exc()
        finally:
            self._behaves.set()

    async def _take(self, reader, writer):
        with suppress(asyncio.CancelledError):
            await self._meet(reader, writer)

    async def _meet(self, reader, writer):
        try:
            if self.role == "csms" and not self._behaves.is_set():
                self.hostile_connections -= 1
                if self.hostile_connections == 0:
                    self._behaves.set()
                self.kit.incoming.put_nowait((reader, writer))
                await self._over.wait()
            else:
                await self._behaves.wait()  # the embedded station is kept waiting, so that it comes without delay
                await self._carry(reader, writer)
        finally:
            writer.transport.abort()

    async def _carry(self, reader, writer):
        try:
            if self.tls is not None:
                await writer.start_tls(self.tls)
            there = await self.kit.dial()
        except (OSError, Gone):
            return
        if reader._eof:  # the station has given up meanwhile
            there[1].transport.abort()
            return
        pumps = [asyncio.create_task(_pump(reader, there[1])), asyncio.create_task(_pump(there[0], writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            there[1].transport.abort()

    async def _shut(self):
        self._over.set()
        self._server.close()
        self.kit.cut_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)


async def _pump(reader, writer):
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
