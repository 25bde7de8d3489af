"""The embedded OCPP 1.6 charge point: its power and its control actions."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ocpp_tck.reference.control import ActionUnknown, CannotStart, PayloadRefused, StationUnknown
from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.device import Connector, Device
from ocpp_tck.reference.station.core16.firmware import Firmware, endpoint

Payload = dict[str, Any]

_ID_TAG_LENGTH = 20
ERROR_CODES = (
    "ConnectorLockFailure",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)
"""The ChargePointErrorCodes that may come with Faulted (1.6 §7.6)."""


class Product:
    """A charge point as a process runs it: boots, is acted upon, reboots, loses power."""

    def __init__(self, options: StationOptions) -> None:
        """Take the options. Raises `CannotStart` for those that make no charge point."""
        if options.connectors < 1:
            raise CannotStart(f"a charge point has 1 connector at least, not {options.connectors}")
        self._options = options
        self.url = endpoint(options)
        self._device = self._new_device()
        self._firmware: Firmware | None = None
        self._lifecycle = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._actions: dict[str, Callable[[Payload], None]] = {
            "plug": self._plug,
            "unplug": self._unplug,
            "present": self._present,
            "power_off": lambda _: self._schedule(self._power_off()),
            "power_on": lambda _: self._schedule(self._power_on()),
            "fault": self._fault,
            "clear_fault": self._clear_fault,
            "lock_failure": self._lock_failure,
            "local_list_failure": self._local_list_failure,
            "park": lambda _: None,
            "leave": lambda _: None,
            "ev_ready": lambda payload: self._ev_draws(payload, draws=True),
            "ev_suspend": lambda payload: self._ev_draws(payload, draws=False),
            "configure": self._configure,
            "factory_reset": lambda _: self._schedule(self._factory_reset()),
        }

    async def start(self) -> None:
        """Switch the charge point on."""
        await self._power_on()

    async def stop(self) -> None:
        """Switch it off for good."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._firmware is not None:
            await self._firmware.stop()
            self._firmware = None

    async def act(self, action: str, station: str | None, payload: Payload) -> None:
        """Start a control action. Raises `ActionUnknown`, `StationUnknown`, `PayloadRefused`."""
        if station is not None and station != self._options.station_id:
            raise StationUnknown(f"this is station {self._options.station_id}, not {station}")
        carry_out = self._actions.get(action)
        if carry_out is None or action in self._options.without:
            raise ActionUnknown(f"no action {action}; there are {', '.join(sorted(self._actions))}")
        carry_out(payload)

    def _new_device(self) -> Device:
        try:
            return part(Device, self._options)(self._options)
        except ValueError as error:
            raise CannotStart(f"--set {error}") from error

    def _schedule(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _power_on(self) -> None:
        async with self._lifecycle:
            if self._firmware is None:
                self._boot()

    async def _power_off(self) -> None:
        async with self._lifecycle:
            firmware = self._firmware
            if firmware is None:
                return
            if self._options.backup_power:
                await firmware.end_transactions("PowerLoss")
            self._firmware = None
            await firmware.stop(abruptly=not self._options.backup_power)

    async def _reboot(self) -> None:
        async with self._lifecycle:
            firmware = self._firmware
            if firmware is None:
                return
            self._firmware = None
            await firmware.stop()
            await asyncio.sleep(self._options.reboot_seconds)
            self._boot()

    async def _factory_reset(self) -> None:
        async with self._lifecycle:
            firmware, self._firmware = self._firmware, None
            if firmware is not None:
                await firmware.stop()
            self._device = self._new_device()
            self._boot()

    def _boot(self) -> None:
        self._firmware = part(Firmware, self._options)(self._device, lambda: self._schedule(self._reboot()))
        self._firmware.start()

    def _changed(self) -> None:
        if self._firmware is not None:
            self._firmware.driver.changed()

    def _plug(self, payload: Payload) -> None:
        connector = self._connector(payload)
        if self._firmware is not None:
            self._firmware.driver.plug(connector)
        else:
            connector.cable = connector.ev = connector.ev_draws = True

    def _unplug(self, payload: Payload) -> None:
        connector = self._connector(payload)
        if self._firmware is None:
            connector.ev = False
            connector.cable = connector.fixed_cable or connector.locked
        elif not self._firmware.driver.unplug(connector):
            raise PayloadRefused(
                f"connector: the socket of {connector.number} holds its cable; present the token that started "
                "the transaction, or let the Central System send UnlockConnector"
            )

    def _present(self, payload: Payload) -> None:
        id_tag = payload.get("idTag")
        if not isinstance(id_tag, str) or not 0 < len(id_tag) <= _ID_TAG_LENGTH:
            raise PayloadRefused(f"idTag: give a string of 1 to {_ID_TAG_LENGTH} characters")
        connector = self._connector(payload) if "connector" in payload else None
        if self._firmware is not None:
            self._firmware.driver.present(id_tag, connector)

    def _fault(self, payload: Payload) -> None:
        code = payload.get("errorCode", "OtherError")
        if code not in ERROR_CODES:
            raise PayloadRefused(f"errorCode: give one of {', '.join(ERROR_CODES)}")
        self._set_fault(payload, code)

    def _clear_fault(self, payload: Payload) -> None:
        self._set_fault(payload, None)

    def _set_fault(self, payload: Payload, code: str | None) -> None:
        if payload.get("connector") == 0:
            self._device.fault = code
        else:
            self._connector(payload).fault = code
        self._changed()

    def _lock_failure(self, payload: Payload) -> None:
        connector = self._connector(payload)
        active = payload.get("active", True)
        if not isinstance(active, bool):
            raise PayloadRefused("active: give true or false")
        if self._firmware is not None:
            self._firmware.driver.lock_failure(connector, active=active)
        else:
            connector.lock_broken = active

    def _local_list_failure(self, payload: Payload) -> None:
        active = payload.get("active", True)
        if not isinstance(active, bool):
            raise PayloadRefused("active: give true or false")
        self._device.local_list.failing = active

    def _ev_draws(self, payload: Payload, *, draws: bool) -> None:
        self._connector(payload).ev_draws = draws
        self._changed()

    def _configure(self, payload: Payload) -> None:
        key, value = payload.get("key"), payload.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise PayloadRefused("key, value: give both as strings")
        try:
            name = self._device.configuration.install(key, value)
        except ValueError as error:
            raise PayloadRefused(str(error)) from error
        if self._firmware is not None:
            self._firmware.commands.configuration_changed(name)

    def _connector(self, payload: Payload) -> Connector:
        number = payload.get("connector", 1)
        connector = self._device.connectors.get(number) if type(number) is int else None
        if connector is None:
            raise PayloadRefused(f"connector: give a number from 1 to {self._options.connectors}")
        return connector
