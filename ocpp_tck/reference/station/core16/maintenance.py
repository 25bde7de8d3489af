"""Diagnostics, logs and firmware (1.6 §4.4, §4.5, §5.9, §5.19; security whitepaper N01, L01)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from ocpp_tck.reference.station.core16 import image, signing
from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.clock import read_time, stamp
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.sender import Sender
from ocpp_tck.reference.station.core16.transfer import Partial, TransferFailed, fetch, store
from ocpp_tck.reference.station.core16.update import FIRMWARE, IDLE, Update

DIAGNOSTICS, LOG = "DiagnosticsStatusNotification", "LogStatusNotification"
_RETRIES, _RETRY_SECONDS = 1, 1.0
"""What this charge point decides where the Central System does not."""
_FAILED_AT = {"Downloading": "DownloadFailed", "DownloadScheduled": "DownloadFailed"}


class Maintenance:
    """Carries out the orders, and tells the Central System after each step."""

    def __init__(
        self,
        device: Device,
        sender: Sender,
        background: Background,
        changed: Callable[[], None],
        reboot: Callable[[], None],
    ) -> None:
        """`changed` is called when connectors go out of use or come back, `reboot` when firmware is to be started."""
        self._device = device
        self._sender = sender
        self._background = background
        self._changed = changed
        self._reboot = reboot
        self._updating: asyncio.Task[Any] | None = None
        self._uploading: dict[str, asyncio.Task[Any]] = {}
        self._upload_status: dict[str, dict[str, Any]] = {}
        self._telling: set[int] = set()

    def has(self, feature: str) -> bool:
        """Whether the charge point has a feature."""
        return self._device.has(feature)

    # -- orders ------------------------------------------------------------------------------------------------------

    def get_diagnostics(self, payload: dict[str, Any]) -> tuple[str, Callable[[], None]]:
        """Take a GetDiagnostics; returns the name of the file, and what follows the answer."""
        content = self._device.log.text("diagnostics", payload.get("start_time"), payload.get("stop_time"))
        name = f"diagnostics-{self._device.options.station_id}.txt"
        order = payload["location"], name, content
        return name, lambda: self._begin_upload(DIAGNOSTICS, order, payload, {})

    def get_log(self, payload: dict[str, Any]) -> tuple[str, str, Callable[[], None]]:
        """Take a GetLog; returns status, name of the file, and what follows the answer (N01.FR.01 to N01.FR.04)."""
        wanted = payload["log"]
        kind = "security" if payload["log_type"] == "SecurityLog" else "diagnostics"
        content = self._device.log.text(kind, wanted.get("oldest_timestamp"), wanted.get("latest_timestamp"))
        name = f"{kind}-{self._device.options.station_id}.txt"
        running = self._uploading.get(LOG)
        status = "Accepted" if running is None or running.done() else "AcceptedCanceled"
        order, extra = (wanted["remote_location"], name, content), {"request_id": payload["request_id"]}
        return status, name, lambda: self._begin_upload(LOG, order, payload, extra)

    def update_firmware(self, payload: dict[str, Any]) -> Callable[[], None]:
        """Take an UpdateFirmware; returns what follows the answer."""
        update = Update(
            payload["location"],
            read_time(payload["retrieve_date"]) or self._device.clock.now(),
            payload.get("retries", _RETRIES),
            payload.get("retry_interval", _RETRY_SECONDS),
        )
        return lambda: self._begin_update(update)

    def signed_update(self, payload: dict[str, Any]) -> tuple[str, Callable[[], None] | None]:
        """Take a SignedUpdateFirmware; returns status and what follows the answer (L01.FR.23 to L01.FR.27)."""
        firmware = payload["firmware"]
        update = Update(
            firmware["location"],
            read_time(firmware["retrieve_date_time"]) or self._device.clock.now(),
            payload.get("retries", _RETRIES),
            payload.get("retry_interval", _RETRY_SECONDS),
            read_time(firmware.get("install_date_time")),
            payload["request_id"],
            firmware["signature"],
            firmware["signing_certificate"],
        )
        problem = signing.certificate_problem(update.certificate, self._device.options.manufacturer_root)
        if problem:
            return "InvalidCertificate", lambda: self.event("InvalidFirmwareSigningCertificate", problem)
        present = self._device.update
        if present is not None and present.status in {"Installing", "InstallRebooting"}:
            return "Rejected", None
        canceled = present is not None and not present.ended
        return ("AcceptedCanceled" if canceled else "Accepted"), lambda: self._begin_update(update)

    # -- triggers ----------------------------------------------------------------------------------------------------

    def upload_status(self, action: str) -> dict[str, Any]:
        """Return the payload that tells of an upload now: Idle when there is none (1.6 §4.4; N01.FR.12)."""
        return self._upload_status.get(action) or {"status": IDLE}

    def firmware_status(self, action: str) -> dict[str, Any]:
        """Return the payload that tells of an update now (1.6 §4.5; L01.FR.28, L01.FR.29)."""
        update = self._device.update
        if update is None or update.action != action or update.status in {"Installed", IDLE}:
            return {"status": IDLE}
        if action == FIRMWARE and update.ended:
            return {"status": IDLE}
        return self._told(update)

    # -- what a boot brings ------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """After an accepted boot: tell how an update ended that the boot belongs to, or that a power cut ended it."""
        update = self._device.update
        self.deliver()
        if update is None or update.ended or (self._updating is not None and not self._updating.done()):
            return
        if update.installed:
            if update.request_id is not None:
                self.event("FirmwareUpdated", self._device.firmware_version)
            self._tell(update, "Installed")
        else:
            self._tell(update, _FAILED_AT.get(update.status, "InstallationFailed"))

    def event(self, kind: str, info: str = "") -> None:
        """Log a security event and tell it; undelivered ones are told after the next connection (A04.FR.02)."""
        moment = self._device.clock.now()
        self._device.log.note("security", moment, f"{kind} {info}".strip())
        payload = {"type": kind, "timestamp": stamp(moment), "tech_info": info[:255] or None}
        self._device.security_events.append(payload)
        self.deliver()

    def deliver(self) -> None:
        """Send the security events that the Central System has not confirmed."""
        for payload in tuple(self._device.security_events) if self._sender.connected else ():
            if id(payload) not in self._telling:
                self._telling.add(id(payload))
                self._sender.notify("SecurityEventNotification", payload, partial(self._confirmed, payload))

    def lost(self) -> None:
        """The connection is gone: what was under way was not delivered."""
        self._telling.clear()

    def _confirmed(self, payload: dict[str, Any]) -> None:
        self._device.security_events[:] = [one for one in self._device.security_events if one is not payload]
        self._telling.discard(id(payload))

    # -- uploads -----------------------------------------------------------------------------------------------------

    def _begin_upload(
        self, action: str, order: tuple[str, str, bytes], payload: dict[str, Any], extra: dict[str, Any]
    ) -> None:
        running = self._uploading.get(action)
        if running is not None:
            running.cancel()
        self._uploading[action] = self._background.spawn(self._upload(action, order, payload, extra))

    async def _upload(
        self, action: str, order: tuple[str, str, bytes], payload: dict[str, Any], extra: dict[str, Any]
    ) -> None:
        def tell(status: str) -> None:
            self._upload_status[action] = {"status": status, **extra}
            self._sender.notify(action, {"status": status, **extra})

        retries = payload.get("retries", _RETRIES)
        tell("Uploading")
        for left in range(retries, -1, -1):
            try:
                await store(*order)
            except TransferFailed as error:
                if left:
                    await asyncio.sleep(payload.get("retry_interval", _RETRY_SECONDS))
                    continue
                tell(self._outcome(action, error))
            else:
                tell(self._outcome(action, None))
            break
        self._upload_status.pop(action, None)

    def _outcome(self, action: str, error: TransferFailed | None) -> str:
        if error is None:
            return "Uploaded"
        return "UploadFailed" if action == DIAGNOSTICS else error.status

    # -- firmware ----------------------------------------------------------------------------------------------------

    def _begin_update(self, update: Update) -> None:
        if self._updating is not None:
            self._updating.cancel()
        self._device.update = update
        self._hold(held=False)
        self._updating = self._background.spawn(self._carry_out(update))

    async def _carry_out(self, update: Update) -> None:
        content = await self._download(update)
        if content is None:
            self._tell(update, "DownloadFailed")
            return
        self._tell(update, "Downloaded")
        if update.request_id is not None:
            if not signing.is_signed(content, update.signature, update.certificate):
                self._tell(update, "InvalidSignature")
                self.event("InvalidFirmwareSignature", "the signature does not belong to the file")
                return
            self._tell(update, "SignatureVerified")
        await self._wait_to_install(update)
        await self._install(update, content)

    async def _download(self, update: Update) -> bytes | None:
        wait = (update.retrieve - self._device.clock.now()).total_seconds()
        if wait > 0:
            if update.request_id is not None:
                self._tell(update, "DownloadScheduled")
            await asyncio.sleep(wait)
        self._tell(update, "Downloading")
        so_far = Partial()
        for left in range(update.retries, -1, -1):
            try:
                return await fetch(update.location, so_far)
            except TransferFailed as error:
                self._device.log.note("diagnostics", self._device.clock.now(), f"download failed: {error}")
                if left:
                    await asyncio.sleep(update.pause)
        return None

    async def _wait_to_install(self, update: Update) -> None:
        """Wait for installDateTime, then until no transaction runs (L01.FR.05 to L01.FR.07, L01.FR.16 to L01.FR.19)."""
        if update.install is not None:
            wait = (update.install - self._device.clock.now()).total_seconds()
            if wait > 0:
                self._tell(update, "InstallScheduled")
                await asyncio.sleep(wait)
        self._hold(held=True)
        while any(one.transaction or one.claim for one in self._device.connectors.values()):
            self._device.stirred.clear()
            await self._device.stirred.wait()

    async def _install(self, update: Update, content: bytes) -> None:
        self._tell(update, "Installing")
        try:
            version = image.version_of(content)
        except ValueError as error:
            self._device.log.note("diagnostics", self._device.clock.now(), f"installation failed: {error}")
            self._hold(held=False)
            self._tell(update, "InstallationFailed")
            return
        self._device.firmware_version = version
        update.installed = True
        if update.request_id is not None:
            self._tell(update, "InstallRebooting")
        await self._sender.drained()
        self._reboot()

    def _hold(self, *, held: bool) -> None:
        for connector in self._device.connectors.values():
            connector.held = held
        self._changed()

    def _tell(self, update: Update, status: str) -> None:
        update.status = status
        self._device.log.note("diagnostics", self._device.clock.now(), f"firmware update: {status}")
        self._sender.notify(update.action, self._told(update))

    @staticmethod
    def _told(update: Update) -> dict[str, Any]:
        if update.request_id is None:
            return {"status": update.status}
        return {"status": update.status, "request_id": update.request_id}
