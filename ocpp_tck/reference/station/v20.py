"""The embedded charging station of OCPP 2.0.1 and 2.1 as a product: its connection and its controls."""

import asyncio
import base64
import logging
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown
from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.v20_model import ValueRefused, Variable, VariableUnknown
from ocpp_tck.reference.station.v20_outbox import Message
from ocpp_tck.reference.station.v20_requests import Requests
from ocpp_tck.reference.station.v20_rpc import Answer, CallRefused, Link, LinkDown, Payload
from ocpp_tck.reference.station.v20_session import CONNECTOR, Evse
from ocpp_tck.reference.station.v20_station import ACCEPTED, Station
from ocpp_tck.reference.station.v20_tokens import IdToken

BOOT_RETRY_SECONDS = 10.0
"""Wait before the next BootNotification when the CSMS names no interval (B01 error handling, B03.FR.05)."""

Act = Callable[[Payload], None]
"""Carries out a control action."""

_OPEN_SECONDS = 10.0
_DRAIN_SECONDS = 5.0
_log = logging.getLogger("ocpp_tck.reference.station.v20")


class Product:
    """The station as the launcher and tests see it; a factory reset replaces the machine inside."""

    def __init__(self, options: StationOptions) -> None:
        self._options = options
        self.url = f"{options.url.rstrip('/')}/{quote(options.station_id, safe='')}"
        self._machine = part(Machine, options)(options, self.url)

    async def start(self) -> None:
        """Begin to connect."""
        self._machine.start()

    async def stop(self) -> None:
        """Disconnect and leave nothing running."""
        await self._machine.stop()

    async def act(self, action: str, station: str | None, payload: dict[str, Any]) -> None:
        """Start an action of the driver, the car or the installer. Raises what `control` maps."""
        if station not in (None, self._options.station_id):
            raise StationUnknown(f"this is station {self._options.station_id!r}, not {station!r}")
        if action == "factory_reset":
            await self._machine.stop()
            self._machine = part(Machine, self._options)(self._options, self.url)
            self._machine.start()
            return
        self._machine.act(action, payload)


class Machine:
    """A station with its connection."""

    def __init__(self, options: StationOptions, url: str) -> None:
        self._options = options
        self._url = url
        self._station = part(Station, options)(options, self._variable_changed)
        self._requests = part(Requests, options)(self._station, self._reboot, self._boot_again, self._reconnect)
        for key, value in options.configuration.items():
            self._configure(key, value)
        self._link: Link | None = None
        self._boot_reason = "PowerUp"
        self._boot_interval = 0
        self._pause: float | None = None
        self._attempts = 0
        self._offline_since = 0.0
        self._boot_now = asyncio.Event()
        self._heartbeat_changed = asyncio.Event()
        self._power = asyncio.Event()
        self._power.set()
        self._life: asyncio.Task[None] | None = None
        self._actions: dict[str, Act] = {
            "plug": self._plug,
            "unplug": lambda payload: self._station.unplug(self._evse(payload)),
            "park": lambda payload: self._station.park(self._evse(payload)),
            "leave": lambda payload: self._station.leave(self._evse(payload)),
            "ev_ready": lambda payload: self._station.ev_draws(self._evse(payload), energy=True),
            "ev_suspend": lambda payload: self._station.ev_draws(self._evse(payload), energy=False),
            "present": self._present,
            "fault": self._fault,
            "clear_fault": self._clear_fault,
            "lock_failure": self._lock_failure,
            "power_off": lambda _payload: self._power_off(),
            "power_on": lambda _payload: self._power_on(),
            "configure": self._configure_one,
        }

    def start(self) -> None:
        """Begin to live."""
        self._life = asyncio.get_running_loop().create_task(self._live())
        self._station.spawn(self._station.sample_by_the_clock())

    async def stop(self) -> None:
        """End every task and the connection."""
        self._station.end_tasks()
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        await asyncio.gather(*self._station.tasks, return_exceptions=True)

    # The connection

    async def _live(self) -> None:
        while True:
            await self._power.wait()
            if self._pause is not None:
                pause, self._pause = self._pause, None
                await asyncio.sleep(pause)
            try:
                connection = await self._connect()
            except (OSError, WebSocketException, TimeoutError) as error:
                if self._attempts == 0:
                    _say(f"cannot connect to {self._url}: {error}; trying on")
            else:
                await self._use(connection)
            if self._pause is None and self._power.is_set():
                await asyncio.sleep(self._back_off())

    async def _connect(self) -> ClientConnection:
        wanted = Subprotocol(f"ocpp{self._options.version}")
        password = self._station.model.text("SecurityCtrlr", "BasicAuthPassword")
        headers = {}
        if password:
            pair = f"{self._options.station_id}:{password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        connection = await connect(
            self._url,
            subprotocols=[wanted],
            additional_headers=headers,
            compression=None,
            ping_interval=self._station.model.number("OCPPCommCtrlr", "WebSocketPingInterval") or None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=1,
            logger=_log,
        )
        if connection.subprotocol != wanted:
            await connection.close()
            raise ConnectionError(f"the CSMS does not speak {wanted}")
        return connection

    def _back_off(self) -> float:
        # Part 4, 5.3.
        model = self._station.model
        doublings = min(self._attempts, model.number("OCPPCommCtrlr", "RetryBackOffRepeatTimes"))
        self._attempts += 1
        wait = model.number("OCPPCommCtrlr", "RetryBackOffWaitMinimum") * 2**doublings
        wait += random.uniform(0, model.number("OCPPCommCtrlr", "RetryBackOffRandomRange"))  # noqa: S311
        return max(float(wait), self._options.reconnect_seconds)

    async def _use(self, connection: ClientConnection) -> None:
        station = self._station
        link = Link(
            connection, self._options.version, self._requests.actions, self._handle, self._options.response_seconds
        )
        self._link, station.online, self._attempts = link, True, 0
        serving = asyncio.create_task(link.serve())
        others = [
            asyncio.create_task(station.outbox.deliver(link, self._may_send)),
            asyncio.create_task(self._conduct(link)),
        ]
        try:
            await serving
        finally:
            self._link, station.online = None, False
            self._offline_since = asyncio.get_running_loop().time()
            for task in (serving, *others):
                task.cancel()
            await asyncio.gather(serving, *others, return_exceptions=True)
            station.outbox.go_offline()
            with suppress(WebSocketException):
                await connection.close()

    def _handle(self, action: str, payload: Payload) -> Answer:
        return self._requests.handle(action, payload)

    def _may_send(self, message: Message) -> bool:
        status = self._station.registration
        return status == ACCEPTED or (message.instructed and status != "Rejected")

    def _reconnect(self) -> None:
        # The new password shows at the next handshake (A01).
        self._pause = 0.0
        self._station.spawn(self._hang_up())

    async def _hang_up(self) -> None:
        if self._link is not None:
            await self._link.close()

    # Boot, heartbeat

    async def _conduct(self, link: Link) -> None:
        station = self._station
        with suppress(LinkDown):
            if station.registration == ACCEPTED:
                self._back_online()
            else:
                await self._boot(link)
            await self._beat()

    def _back_online(self) -> None:
        # B04.FR.01, FR.02; no BootNotification on a mere reconnect (Part 4, 5.3).
        away = asyncio.get_running_loop().time() - self._offline_since
        threshold = self._station.model.number("OCPPCommCtrlr", "OfflineThreshold")
        self._station.report_statuses(all_of_them=away > threshold)

    async def _boot(self, link: Link) -> None:
        station, options, reason = self._station, self._options, self._boot_reason
        while station.registration != ACCEPTED:
            request: Payload = {
                "reason": reason,
                "chargingStation": {
                    "model": options.model,
                    "vendorName": options.vendor,
                    "serialNumber": options.serial_number,
                    "firmwareVersion": options.firmware_version,
                },
            }
            self._boot_interval = 0
            self._boot_now.clear()
            try:
                await link.call("BootNotification", request, self._registered)
            except (CallRefused, TimeoutError) as error:
                _log.warning("BootNotification failed: %s", error)
            if station.registration == ACCEPTED:
                return
            reason = self._boot_reason
            with suppress(TimeoutError):
                await asyncio.wait_for(self._boot_now.wait(), self._boot_interval or BOOT_RETRY_SECONDS)
                reason = "Triggered"

    def _registered(self, response: Payload) -> None:
        station, self._boot_interval = self._station, response["interval"]
        station.registration = response["status"]
        if station.registration == ACCEPTED:
            if self._boot_interval > 0:
                station.model.configure("OCPPCommCtrlr.HeartbeatInterval", str(self._boot_interval))
            station.report_statuses(all_of_them=True)
            # Part 2 appendix "Security events".
            station.security_event("StartupOfTheDevice" if self._boot_reason == "PowerUp" else "ResetOrReboot")
        station.outbox.wake()

    def _boot_again(self) -> None:
        self._boot_now.set()

    async def _beat(self) -> None:
        while True:
            self._heartbeat_changed.clear()
            seconds = self._station.model.number("OCPPCommCtrlr", "HeartbeatInterval")
            try:
                await asyncio.wait_for(self._heartbeat_changed.wait(), seconds)
            except TimeoutError:
                self._station.send("Heartbeat", {})

    def _variable_changed(self, variable: Variable) -> None:
        if variable.name == "HeartbeatInterval":
            self._heartbeat_changed.set()

    # Reboot, power

    def _reboot(self, reason: str) -> None:
        self._station.spawn(self._restart(reason))

    async def _restart(self, reason: str) -> None:
        station = self._station
        # B12.FR.04, FR.05: the Ended events go out first, or after the reboot if that fails.
        await station.outbox.emptied(_DRAIN_SECONDS)
        station.forget_sessions()
        self._go_down(reason)
        await self._hang_up()

    def _go_down(self, reason: str) -> None:
        self._station.registration = None
        self._station.reported.clear()
        self._boot_reason = reason
        self._pause = self._options.reboot_seconds

    def _power_off(self) -> None:
        if self._power.is_set():
            self._power.clear()
            self._station.spawn(self._darken())

    async def _darken(self) -> None:
        station = self._station
        if self._options.backup_power:
            station.lose_power()
            await station.outbox.emptied(_DRAIN_SECONDS)
        station.online = False
        station.lose_power()
        self._go_down("PowerUp")
        await self._hang_up()

    def _power_on(self) -> None:
        self._power.set()

    # Controls

    def act(self, action: str, payload: Payload) -> None:
        """Start an action."""
        act = self._actions.get(action)
        if act is None:
            raise ActionUnknown(f"this station has no action {action!r}; it has {', '.join(sorted(self._actions))}")
        if not self._power.is_set() and action not in ("power_on", "power_off", "plug", "unplug", "configure"):
            raise PayloadRefused(f"{action}: the station has no power; power_on first")
        act(payload)

    def _evse(self, payload: Payload) -> Evse:
        number, connector = payload.get("evse", 1), payload.get("connector", CONNECTOR)
        evse = self._station.evses.get(number) if isinstance(number, int) else None
        if evse is None:
            raise PayloadRefused(f"evse: {number!r} is none of {', '.join(map(str, self._station.evses))}")
        if connector != CONNECTOR:
            raise PayloadRefused(f"connector: {connector!r} is not {CONNECTOR}; each EVSE has one")
        return evse

    def _plug(self, payload: Payload) -> None:
        evse = self._evse(payload)
        if self._options.locked_cable and not self._station.sessions[evse.id].authorized:
            raise PayloadRefused(f"evse: the cable of {evse.id} is locked until a token was accepted; present one")
        self._station.plug(evse)

    def _present(self, payload: Payload) -> None:
        token, kind = payload.get("idToken"), payload.get("type", "ISO14443")
        if not isinstance(token, str) or not isinstance(kind, str):
            raise PayloadRefused('idToken and type: texts are needed, such as {"idToken": "A1", "type": "ISO14443"}')
        self._station.present(IdToken(token, kind), self._evse(payload) if "evse" in payload else None)

    def _fault(self, payload: Payload) -> None:
        for evse in self._faulty(payload):
            self._station.fault(evse, payload.get("errorCode"))

    def _clear_fault(self, payload: Payload) -> None:
        for evse in self._faulty(payload):
            self._station.clear_fault(evse)

    def _faulty(self, payload: Payload) -> list[Evse]:
        if payload.get("connector", CONNECTOR) == 0 or payload.get("evse") == 0:
            return list(self._station.evses.values())
        return [self._evse(payload)]

    def _lock_failure(self, payload: Payload) -> None:
        active = payload.get("active", True)
        if not isinstance(active, bool):
            raise PayloadRefused(f"active: {active!r} is not true or false")
        self._evse(payload).lock_broken = active

    def _configure_one(self, payload: Payload) -> None:
        key, value = payload.get("key"), payload.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise PayloadRefused('key and value: texts are needed, such as {"key": "TxCtrlr.TxStartPoint", …}')
        self._configure(key, value)
        self._heartbeat_changed.set()

    def _configure(self, key: str, value: str) -> None:
        try:
            self._station.model.configure(key, value)
        except VariableUnknown as error:
            raise PayloadRefused(f"key: {error}") from error
        except ValueRefused as error:
            raise PayloadRefused(f"value: {value!r} for {key}: {error}") from error


def _say(message: str) -> None:
    print(f"ocpp-tck reference station: {message}", file=sys.stderr, flush=True)  # noqa: T201 - a process's own voice
