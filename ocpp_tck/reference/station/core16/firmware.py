"""The charge point while it has power: connection, registration, and everything that hangs on them."""

import asyncio
import base64
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.commands import CentralSystemCommands
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.driver import Driver, Service
from ocpp_tck.reference.station.core16.link import Link
from ocpp_tck.reference.station.core16.maintenance import Maintenance
from ocpp_tck.reference.station.core16.registration import Registration, State
from ocpp_tck.reference.station.core16.status import StatusReporter
from ocpp_tck.reference.station.core16.transactions import Transactions, unlock
from ocpp_tck.reference.station.core16.vault import MUTUAL, TLS_BASIC

SUBPROTOCOL = Subprotocol("ocpp1.6")
_BACK_OFF_LIMIT = 5.0
_OPEN_SECONDS = 10.0
_ATTEMPTS = 3
"""Attempts with a new security profile before the former one is tried again (A05.FR.08)."""


def endpoint(options: StationOptions) -> str:
    """Return the URL a charge point connects to (OCPP-J §3.1.1)."""
    return f"{options.url.rstrip('/')}/{quote(options.station_id, safe='')}"


class Firmware:
    """One run of the charge point, from power-on or reboot until the next one."""

    def __init__(self, device: Device, reboot: Callable[[], None]) -> None:
        """`reboot` is called when the charge point is to start anew."""
        self._device = device
        self._reboot = reboot
        self._background = Background()
        options = device.options
        self.transactions = part(Transactions, options)(device, self._background, self._changed)
        self._sender = self.transactions.sender
        self._reporter = part(StatusReporter, options)(device, self._sender, self._background)
        device.list_conflict = self._reporter.list_conflict
        self._registration = part(Registration, options)(device, self._sender, self._accepted)
        self.driver = part(Driver, options)(device, self._sender, self.transactions, self._reporter, self._background)
        self._maintenance = part(Maintenance, options)(
            device, self._sender, self._background, self._changed, self._reboot
        )
        self.commands = part(CentralSystemCommands, options)(
            device,
            registration=self._registration,
            driver=self.driver,
            transactions=self.transactions,
            reporter=self._reporter,
            background=self._background,
            maintenance=self._maintenance,
            reset=self._start_reset,
            reconnect=self._reconnect,
        )
        self._connection: ClientConnection | None = None

    def start(self) -> None:
        """Boot: end or resume what a power cut interrupted, then connect and register."""
        self._device.configuration.adopt()
        for connector in self._device.connectors.values():
            connector.claim = connector.authorizing = None
            connector.held = False
            if connector.transaction is None:
                unlock(connector)
        for connector in self._device.transactions:
            if self._device.options.resume_transactions:
                self.transactions.resume(connector)
            else:
                self.transactions.stop(connector, "PowerLoss")
        self._update_service()
        self.driver.changed()
        if self._device.vault.profile:
            self._maintenance.event("StartupOfTheDevice")
        for work in (self._stay_connected(), self._registration.run(), self._sender.run(), self.transactions.align()):
            self._background.spawn(work)

    async def stop(self, *, abruptly: bool = False) -> None:
        """End the run, with a closing handshake or as a power cut does."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if abruptly:
                connection.transport.abort()
            else:
                await connection.close()
        await self._background.stop()
        for connector in self._device.connectors.values():
            connector.meter.switch(flowing=False)

    async def end_transactions(self, reason: str) -> None:
        """Stop every transaction, deliver what can be delivered now, and serve nobody any more."""
        self.commands.resetting = True
        self.driver.service = Service(open=False, online=False)
        for connector in self._device.transactions:
            self.transactions.stop(connector, reason)
        self._changed()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._device.configuration.number("MessageTimeout")):
                await self._sender.drained()

    def _changed(self) -> None:
        self.driver.changed()

    def _start_reset(self, reason: str) -> None:
        self._background.spawn(self._reset(reason))

    def _reconnect(self) -> None:
        if self._connection is not None:
            self._background.spawn(self._connection.close())

    async def _reset(self, reason: str) -> None:
        if self._device.vault.profile:
            self._maintenance.event("ResetOrReboot", reason)
        await self.end_transactions(reason)
        self._reboot()

    def _accepted(self) -> None:
        self._update_service()
        self._reporter.went_online(booted=True)
        self._maintenance.resume()

    def _update_service(self) -> None:
        state = self._registration.state
        first_boot_pending = state is State.UNANSWERED and self._device.accepted_before
        self.driver.service = Service(
            open=(state is State.ACCEPTED or first_boot_pending) and not self.commands.resetting,
            online=state is State.ACCEPTED and self._sender.connected,
        )

    async def _stay_connected(self) -> None:
        options = self._device.options
        pause = options.reconnect_seconds
        told, attempts = False, 0
        while True:
            try:
                connection = await self._connect()
            except (OSError, WebSocketException, TimeoutError) as error:
                attempts += 1
                self._not_connected(error, attempts)
                if not told:
                    _tell(f"no connection to {endpoint(options)}: {_reason(error)}; trying again")
                    told = True
                await asyncio.sleep(pause)
                # Refused by a Central System that is there: back off (errata J 3.4).
                pause = min(pause * 2, _BACK_OFF_LIMIT) if isinstance(error, InvalidHandshake) else pause
                continue
            pause, told, attempts = options.reconnect_seconds, False, 0
            await self._converse(connection)
            await asyncio.sleep(options.reconnect_seconds)

    def _not_connected(self, error: Exception, attempts: int) -> None:
        vault = self._device.vault
        if isinstance(error, ssl.SSLCertVerificationError) and attempts == 1:
            self._maintenance.event("InvalidCentralSystemCertificate", error.verify_message)
        if attempts >= _ATTEMPTS and vault.fall_back():
            self._device.configuration.install("SecurityProfile", str(vault.profile))

    async def _connect(self) -> ClientConnection:
        options, vault = self._device.options, self._device.vault
        headers = {}
        if vault.password is not None and vault.profile != MUTUAL:
            credentials = options.station_id.encode() + b":" + vault.password
            headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        secure: dict[str, Any] = {"ssl": vault.context()} if vault.profile >= TLS_BASIC else {}
        connection = await connect(
            urlsplit(endpoint(options))._replace(scheme="wss" if secure else "ws").geturl(),
            subprotocols=[SUBPROTOCOL],
            additional_headers=headers,
            compression=None,
            open_timeout=_OPEN_SECONDS,
            ping_interval=None,
            close_timeout=1,
            proxy=None,
            **secure,
        )
        if connection.subprotocol != SUBPROTOCOL:
            await connection.close()
            raise InvalidHandshake(f"the Central System did not choose the subprotocol {SUBPROTOCOL}")
        agreed: ssl.SSLObject | None = connection.transport.get_extra_info("ssl_object")
        vault.connected(agreed.getpeercert(binary_form=True) if agreed else None)
        return connection

    async def _converse(self, connection: ClientConnection) -> None:
        link = Link(self._device.options.station_id, connection, self.commands)
        self._connection = connection
        pinging = self._background.spawn(self._ping(connection))
        serving = self._background.spawn(link.serve())
        self._sender.opened(link)
        self._registration.connected(now=True)
        self._update_service()
        if self._registration.state is State.ACCEPTED:
            self._reporter.went_online(booted=False)
            self._maintenance.deliver()
        try:
            await serving
        finally:
            pinging.cancel()
            self._connection = None
            self._registration.connected(now=False)
            self._reporter.went_offline()
            self._sender.lost()
            self._maintenance.lost()
            self._update_service()

    async def _ping(self, connection: ClientConnection) -> None:
        interval = self._device.configuration.number("WebSocketPingInterval")
        while interval:
            await asyncio.sleep(interval)
            try:
                async with asyncio.timeout(self._device.configuration.number("MessageTimeout")):
                    await (await connection.ping())
            except TimeoutError:
                await connection.close()
            except WebSocketException:
                return


def _tell(message: str) -> None:
    print(f"ocpp-tck reference station: {message}", file=sys.stderr, flush=True)  # noqa: T201 - a process's own voice


def _reason(error: BaseException) -> str:
    if isinstance(error, InvalidStatus):
        return f"the Central System answered HTTP {error.response.status_code}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
