"""Defects of the charge point of 1.6: firmware, diagnostics and logs."""

from collections.abc import Callable
from typing import Any

from ocpp_tck.reference.defects.station16_sessions import table
from ocpp_tck.reference.station.core16.maintenance import Maintenance
from ocpp_tck.reference.station.core16.registration import Registration
from ocpp_tck.reference.station.core16.transfer import TransferFailed
from ocpp_tck.reference.station.core16.update import SIGNED, Update


@table.defect("claims-uploads", "1.6 5.9; security whitepaper N01.FR.02, N01.FR.09")
class ClaimsUploads(Maintenance):
    """Says that it has uploaded diagnostics and logs, and uploads nothing."""

    async def _upload(
        self, action: str, order: tuple[str, str, bytes], payload: dict[str, Any], extra: dict[str, Any]
    ) -> None:
        del order, payload
        for status in ("Uploading", "Uploaded"):
            self._sender.notify(action, {"status": status, **extra})


@table.defect("uploads-nothing", "1.6 5.9; security whitepaper N01.FR.03")
class UploadsNothing(Maintenance):
    """Uploads empty files."""

    async def _upload(
        self, action: str, order: tuple[str, str, bytes], payload: dict[str, Any], extra: dict[str, Any]
    ) -> None:
        await super()._upload(action, (order[0], order[1], b""), payload, extra)


@table.defect("claims-failed-uploads", "1.6 4.4")
class ClaimsFailedUploads(Maintenance):
    """Says that an upload has succeeded which was refused."""

    def _outcome(self, action: str, error: TransferFailed | None) -> str:
        return "Uploaded"


@table.defect("claims-downloads", "1.6 5.19, 7.25; security whitepaper L01.FR.01")
class ClaimsDownloads(Maintenance):
    """Says that it has downloaded firmware, and only pretends to install it."""

    async def _download(self, update: Update) -> bytes | None:
        self._tell(update, "Downloading")
        return b"ocpp-tck reference firmware\nversion=9\nsha256=" + _EMPTY + b"\n\n"


@table.defect("installs-anything", "1.6 5.19")
class InstallsAnything(Maintenance):
    """Says that it has installed what is no firmware."""

    async def _install(self, update: Update, content: bytes) -> None:
        await super()._install(update, b"ocpp-tck reference firmware\nversion=9\nsha256=" + _EMPTY + b"\n\n")


@table.defect("installs-without-boot", "1.6 4.2, 4.5")
class InstallsWithoutBoot(Maintenance):
    """Says that firmware is installed and goes on with the old one."""

    async def _install(self, update: Update, content: bytes) -> None:
        self._tell(update, "Installing")
        self._hold(held=False)
        self._tell(update, "Installed")


@table.defect("stays-out-of-use", "1.6 5.2, 5.19")
class StaysOutOfUse(Maintenance):
    """Leaves its connectors out of use when an update has failed."""

    def _tell(self, update: Update, status: str) -> None:
        if status in {"DownloadFailed", "InstallationFailed", "InvalidSignature"}:
            super()._hold(held=True)
        super()._tell(update, status)


@table.defect("forgets-update-at-boot", "1.6 4.5; security whitepaper L01.FR.01")
class ForgetsUpdateAtBoot(Maintenance):
    """Does not say after the boot how the update has ended."""

    def resume(self) -> None:
        self._device.update = None
        super().resume()


@table.defect("ignores-signatures", "security whitepaper L01.FR.04, L01.FR.12")
class IgnoresSignatures(Maintenance):
    """Takes every signature for right."""

    async def _carry_out(self, update: Update) -> None:
        content = await self._download(update)
        if content is None:
            self._tell(update, "DownloadFailed")
            return
        self._tell(update, "Downloaded")
        if update.action == SIGNED:
            self._tell(update, "SignatureVerified")
        await self._wait_to_install(update)
        await self._install(update, content)


@table.defect("no-event-of-wrong-signature", "security whitepaper L01.FR.03")
class NoEventOfWrongSignature(Maintenance):
    """Does not tell the security event of a wrong signature."""

    def event(self, kind: str, info: str = "") -> None:
        if kind != "InvalidFirmwareSignature":
            super().event(kind, info)


@table.defect("installs-in-spite-of-signature", "security whitepaper L01.FR.04, L01.FR.12")
class InstallsInSpiteOfSignature(Maintenance):
    """Tells that a signature is wrong, and installs the firmware all the same."""

    _content: bytes | None = None

    async def _download(self, update: Update) -> bytes | None:
        self._content = await super()._download(update)
        return self._content

    async def _carry_out(self, update: Update) -> None:
        await super()._carry_out(update)
        if update.status == "InvalidSignature" and self._content is not None:
            await self._install(update, self._content)


@table.defect("forgets-request-id", "security whitepaper L01.FR.10, N01.FR.07")
class ForgetsRequestId(Maintenance):
    """Names another request than the one that started an update or an upload."""

    def get_log(self, payload: dict[str, Any]) -> tuple[str, str, Callable[[], None]]:
        return super().get_log({**payload, "request_id": payload["request_id"] + 1})

    def signed_update(self, payload: dict[str, Any]) -> tuple[str, Callable[[], None] | None]:
        return super().signed_update({**payload, "request_id": payload["request_id"] + 1})


@table.defect("says-idle-at-boot", "1.6 4.4, 4.5")
class SaysIdleAtBoot(Registration):
    """Reports the status Idle of its firmware after a boot, which nobody has asked for."""

    async def _registered(self, answer: dict[str, Any]) -> None:
        await super()._registered(answer)
        if answer["status"] == "Accepted":
            self._sender.notify("FirmwareStatusNotification", {"status": "Idle"})


_EMPTY = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of nothing."""
