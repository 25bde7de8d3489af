"""BootNotification until accepted, then Heartbeat (1.6 §4.2, §4.6)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.sender import Answer, Failed, Offline, Sender

LONGEST_INTERVAL = 2**31 - 1
RETRY_SECONDS = 10.0
"""The wait before the next BootNotification when the Central System names none."""


class State(Enum):
    """How far the registration has come since the boot."""

    UNANSWERED = "Unanswered"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


class Registration:
    """Registers the charge point after a boot and keeps the Central System's interval."""

    def __init__(self, device: Device, sender: Sender, accepted: Callable[[], None]) -> None:
        """`accepted` is called when the Central System accepts the charge point."""
        self._device = device
        self._sender = sender
        self._accepted = accepted
        self._hurry = asyncio.Event()
        self._connected = asyncio.Event()
        self._interval_changed = asyncio.Event()
        self.state = State.UNANSWERED

    def connected(self, *, now: bool) -> None:
        """Say whether there is a connection."""
        if now:
            self._connected.set()
        else:
            self._connected.clear()

    def hurry(self) -> None:
        """Send BootNotification now, as a TriggerMessage asks."""
        self._hurry.set()

    def interval_changed(self) -> None:
        """Follow a new HeartbeatInterval."""
        self._interval_changed.set()

    async def run(self) -> None:
        """Register, then send heartbeats for ever."""
        while self.state is not State.ACCEPTED:
            await self._connected.wait()
            try:
                answer = await self._sender.request("BootNotification", self._description(), unregistered=True)
            except Offline:
                # The loss of the connection is reported in a turn of its own.
                await asyncio.sleep(0)
            except Failed:
                await self._wait(RETRY_SECONDS)
            else:
                await self._registered(answer)
        await self._heartbeats()

    async def heartbeat(self, *, unregistered: bool = False) -> None:
        """Send one Heartbeat and set the clock by its answer."""
        with suppress(Offline, Failed):
            answer = await self._sender.request("Heartbeat", {}, unregistered=unregistered)
            self._device.clock.synchronise(answer["current_time"])

    async def _registered(self, answer: Answer) -> None:
        interval = max(0, answer["interval"])
        self.state = State(answer["status"])
        if self.state is not State.ACCEPTED:
            await self._wait(interval or RETRY_SECONDS)
            return
        if interval:
            self._device.configuration.install("HeartbeatInterval", str(min(interval, LONGEST_INTERVAL)))
        self._device.clock.synchronise(answer["current_time"])
        self._device.accepted_before = True
        self._sender.registered(accepted=True)
        self._accepted()

    async def _heartbeats(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._interval_changed.clear()
            interval = self._device.configuration.number("HeartbeatInterval")
            due = max(due, loop.time() - interval) + interval
            try:
                async with asyncio.timeout_at(due):
                    await self._interval_changed.wait()
            except TimeoutError:
                if self._sender.connected:
                    await self.heartbeat()
            else:
                due = loop.time()

    async def _wait(self, seconds: float) -> None:
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    def _description(self) -> dict[str, Any]:
        options = self._device.options
        return {
            "charge_point_vendor": options.vendor[:20],
            "charge_point_model": options.model[:20],
            "charge_point_serial_number": options.serial_number[:25],
            "firmware_version": self._device.firmware_version[:50],
        }
