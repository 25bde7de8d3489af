"""A tiny Central System for the tests of the embedded 1.6 charge point, and the charge point at its end."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.v16 import Product

PATIENCE = 5.0
NOW = "2026-01-01T00:00:00Z"


class CentralSystem:
    """Records what the charge point sends and answers it; `answers` holds one-off answers per action."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.answers: dict[str, list[Any]] = {}
        self.results: dict[str, asyncio.Future[list[Any]]] = {}
        self.connected = asyncio.Event()
        self.connection: ServerConnection | None = None
        self.outstanding = 0
        self.transactions = 0
        self.port = 0
        self.server: Any = None

    async def open(self) -> None:
        self.server = await serve(self.serve, "127.0.0.1", self.port, subprotocols=["ocpp1.6"])
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.connected.set()
        async for text in connection:
            kind, unique_id, *rest = json.loads(text)
            if kind == 2:
                action, payload = rest
                await connection.send(json.dumps(self.answer(unique_id, action)))
                self.calls.put_nowait((action, payload))
            elif unique_id in self.results:
                self.results[unique_id].set_result([kind, *rest])
        self.connected.clear()

    def answer(self, unique_id: str, action: str) -> list[Any]:
        queue = self.answers.get(action)
        if queue:
            given = queue.pop(0)
            return [4, unique_id, given, "", {}] if isinstance(given, str) else [3, unique_id, given]
        accepted = {"idTagInfo": {"status": "Accepted"}}
        if action == "StartTransaction":
            self.transactions += 1
            return [3, unique_id, accepted | {"transactionId": self.transactions}]
        fixed: dict[str, Any] = {
            "BootNotification": {"status": "Accepted", "currentTime": NOW, "interval": 300},
            "Heartbeat": {"currentTime": NOW},
            "Authorize": accepted,
        }
        return [3, unique_id, fixed.get(action, {})]

    async def ask(self, action: str, **payload: Any) -> Any:
        """Send a CALL; returns the answer's payload, or the error code of a CALLERROR."""
        return (await self.ask_raw(action, payload))[1]

    async def ask_raw(self, action: str, payload: Any) -> list[Any]:
        assert self.connection is not None
        unique_id = f"{action}-{len(self.results)}"
        future = self.results[unique_id] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps([2, unique_id, action, payload]))
        async with asyncio.timeout(PATIENCE):
            return await future

    async def next(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(PATIENCE):
            return await self.calls.get()

    async def expect(self, action: str, **fields: Any) -> dict[str, Any]:
        """The next CALL is this one."""
        got, payload = await self.next()
        seen = {name: payload.get(name) for name in fields}
        assert (got, seen) == (action, fields), (got, payload)
        return payload

    async def until(self, action: str, **fields: Any) -> dict[str, Any]:
        """Skip CALLs until this one."""
        skipped = []
        try:
            while True:
                got, payload = await self.next()
                if got == action and all(payload.get(name) == value for name, value in fields.items()):
                    return payload
                skipped.append((got, payload))
        except TimeoutError:
            raise AssertionError(f"no {action} {fields}; came: {skipped}") from None

    async def status(self, connector: int, status: str) -> dict[str, Any]:
        return await self.expect("StatusNotification", connectorId=connector, status=status)

    async def silence(self, seconds: float = 0.15) -> None:
        try:
            async with asyncio.timeout(seconds):
                came = await self.calls.get()
        except TimeoutError:
            return
        raise AssertionError(f"expected nothing, came {came}")

    async def offline(self) -> None:
        await self.close()

    async def online(self) -> None:
        await self.open()

    async def booted(self, connectors: int = 2) -> None:
        await self.expect("BootNotification")
        for number in range(connectors + 1):
            await self.status(number, "Available")

    async def charging(self, product: Product, connector: int = 1, id_tag: str = "TAG") -> int:
        """Plug in and start remotely, as the OCA's state Charging does; returns the transaction id."""
        await product.act("plug", None, {"connector": connector})
        await self.status(connector, "Preparing")
        assert await self.ask("RemoteStartTransaction", idTag=id_tag, connectorId=connector) == {"status": "Accepted"}
        await self.until("StartTransaction", connectorId=connector, idTag=id_tag)
        await self.status(connector, "Charging")
        return self.transactions


@asynccontextmanager
async def station(
    *, boot: bool = True, answers: dict[str, list[Any]] | None = None, **options: Any
) -> AsyncIterator[tuple[CentralSystem, Product]]:
    central = CentralSystem()
    central.answers = answers or {}
    await central.open()
    product = Product(
        StationOptions(
            "1.6",
            f"ws://127.0.0.1:{central.port}/ocpp",
            "CP1",
            **{"reboot_seconds": 0.01, "reconnect_seconds": 0.02, **options},
        )
    )
    try:
        await product.start()
        if boot:
            await central.booted(options.get("connectors", 2))
        yield central, product
    finally:
        await product.stop()
        await central.close()


def run(test: Any) -> Any:
    """Run an async test to its end, within a bound."""

    @functools.wraps(test)
    def bounded(**arguments: Any) -> None:
        asyncio.run(asyncio.wait_for(test(**arguments), 20))

    return bounded
