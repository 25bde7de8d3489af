"""A tiny CSMS for the tests of the embedded 2.x charging station, and the station at its end."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import FormatChecker
from ocpp.messages import get_validator
from websockets.asyncio.server import ServerConnection, serve

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.v20 import Product

PATIENCE = 5.0
NOW = "2026-01-01T00:00:00Z"
VALID = {"idToken": "TCK-VALID", "type": "ISO14443"}
ACCEPTED = {"idTokenInfo": {"status": "Accepted"}}
BOTH = ("2.0.1", "2.1")


class Csms:
    """Records what the station sends, checks it against the schema and answers it.

    `answers` holds one-off answers per action: a payload, an error code, or None for silence.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.arrived = asyncio.Event()
        self.answers: dict[str, list[Any]] = {}
        self.results: dict[str, asyncio.Future[list[Any]]] = {}
        self.connected = asyncio.Event()
        self.connection: ServerConnection | None = None
        self.headers: Any = None
        self.connections = 0
        self.port = 0
        self.server: Any = None
        self.group: dict[str, Any] | None = None

    async def open(self) -> None:
        self.server = await serve(self.serve, "127.0.0.1", self.port, subprotocols=[f"ocpp{self.version}"])
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, connection: ServerConnection) -> None:
        self.connection, self.headers = connection, connection.request.headers
        self.connections += 1
        self.connected.set()
        self.calls.append(("connection", {"number": self.connections}))
        self.arrived.set()
        async for text in connection:
            kind, message_id, *rest = json.loads(text)
            if kind == 2:
                action, payload = rest
                validator = get_validator(2, action, self.version).evolve(format_checker=FormatChecker())
                validator.validate(payload)
                answer = self.answer(message_id, action, payload)
                if answer is not None:
                    await connection.send(json.dumps(answer))
                self.calls.append((action, payload))
                self.arrived.set()
            elif message_id in self.results:
                self.results[message_id].set_result([kind, *rest])
            else:
                self.calls.append((f"message type {kind}", {"code": rest[0]}))
                self.arrived.set()
        self.connected.clear()

    def answer(self, message_id: str, action: str, payload: dict[str, Any]) -> list[Any] | None:
        queue = self.answers.get(action)
        if queue:
            given = queue.pop(0)
            if given is None:
                return None
            return [4, message_id, given, "", {}] if isinstance(given, str) else [3, message_id, given]
        info = {"idTokenInfo": {"status": "Accepted"} | ({"groupIdToken": self.group} if self.group else {})}
        fixed: dict[str, Any] = {
            "BootNotification": {"status": "Accepted", "currentTime": NOW, "interval": 300},
            "Heartbeat": {"currentTime": NOW},
            "Authorize": info,
            "TransactionEvent": info if "idToken" in payload else {},
        }
        return [3, message_id, fixed.get(action, {})]

    async def ask(self, action: str, **payload: Any) -> Any:
        """Send a CALL; returns the answer's payload, or the error code of a CALLERROR."""
        return (await self.ask_raw([2, f"{action}-{len(self.results)}", action, payload]))[1]

    async def ask_raw(self, message: list[Any]) -> list[Any]:
        assert self.connection is not None
        future = self.results[message[1]] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps(message))
        async with asyncio.timeout(PATIENCE):
            return await future

    async def until(self, action: str, seconds: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """Take the first CALL of this action with these fields (dots reach into objects)."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            for place, (got, payload) in enumerate(self.calls):
                if got == action and all(reach(payload, name) == value for name, value in fields.items()):
                    del self.calls[place]
                    return payload
            self.arrived.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self.arrived.wait()
            except TimeoutError:
                raise AssertionError(f"no {action} {fields}; came: {self.calls}") from None

    async def event(self, kind: str, trigger: str, state: str | None = None) -> dict[str, Any]:
        """Take the next TransactionEvent, which must be this one."""
        payload = await self.until("TransactionEvent")
        assert (payload["eventType"], payload["triggerReason"]) == (kind, trigger), payload
        if state is not None:
            assert payload["transactionInfo"]["chargingState"] == state, payload
        return payload

    async def status(self, evse: int, status: str) -> None:
        """Take a report of a connector's status, in the form of the version."""
        if self.version == "2.0.1":
            await self.until("StatusNotification", evseId=evse, connectorId=1, connectorStatus=status)
            return
        while True:
            event = (await self.until("NotifyEvent"))["eventData"][0]
            if event["component"].get("evse") == {"id": evse, "connectorId": 1} and event["actualValue"] == status:
                assert event["component"]["name"] == "Connector"
                assert (event["variable"]["name"], event["trigger"]) == ("AvailabilityState", "Delta")
                return

    async def silence(self, action: str, seconds: float = 0.15) -> None:
        await asyncio.sleep(seconds)
        assert action not in [got for got, _ in self.calls], self.calls

    async def get(self, component: str, name: str, **more: Any) -> dict[str, Any]:
        answer = await self.ask(
            "GetVariables", getVariableData=[{"component": {"name": component}, "variable": {"name": name}, **more}]
        )
        return answer["getVariableResult"][0]

    async def set(self, component: str, name: str, value: str, **more: Any) -> dict[str, Any]:
        entry = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": value, **more}
        return (await self.ask("SetVariables", setVariableData=[entry]))["setVariableResult"][0]


def reach(payload: Any, name: str) -> Any:
    for part in name.split("__"):
        payload = payload.get(part) if isinstance(payload, dict) else None
    return payload


class Bench:
    """A station and its CSMS."""

    def __init__(self, csms: Csms, station: Product) -> None:
        self.csms = csms
        self.station = station

    async def act(self, action: str, **payload: Any) -> None:
        await self.station.act(action, None, payload)

    async def present(self, token: dict[str, str] | None = None, **more: Any) -> None:
        await self.act("present", **(token or VALID), **more)

    async def charge(self, evse: int = 1) -> str:
        """Cable, then token, until energy flows; returns the transaction id."""
        await self.act("plug", evse=evse)
        started = await self.csms.event("Started", "CablePluggedIn")
        await self.present(evse=evse)
        await self.csms.event("Updated", "Authorized")
        await self.csms.event("Updated", "ChargingStateChanged", "Charging")
        return started["transactionInfo"]["transactionId"]


@asynccontextmanager
async def bench(version: str = "2.0.1", *, booted: bool = True, **options: Any) -> AsyncIterator[Bench]:
    csms = Csms(version)
    csms.answers = {action: list(given) for action, given in options.pop("answers", {}).items()}
    await csms.open()
    settings = {"reboot_seconds": 0.01, "reconnect_seconds": 0.01, "response_seconds": 2.0} | options
    station = Product(StationOptions(version, f"ws://127.0.0.1:{csms.port}/ocpp", "CS 1", **settings))
    await station.start()
    try:
        if booted:
            await csms.until("SecurityEventNotification")
            csms.calls.clear()
        yield Bench(csms, station)
    finally:
        await station.stop()
        await csms.close()


def with_station(*, versions: tuple[str, ...] = ("2.0.1",), **options: Any) -> Any:
    """Run an async test on a fresh bench, once per version."""

    def decorate(test: Any) -> Any:
        @pytest.mark.parametrize("version", versions)
        def run(version: str) -> None:
            async def go() -> None:
                async with asyncio.timeout(20), bench(version, **options) as given:
                    await test(given)

            asyncio.run(go())

        functools.update_wrapper(run, test)
        del run.__wrapped__
        return run

    return decorate
