"""The requests of firmware management and of the security whitepaper that need files."""

from collections.abc import Callable
from typing import Any, Protocol

from ocpp.exceptions import NotSupportedError
from ocpp.routing import on
from ocpp.v16 import call_result

Effect = Callable[[], None]


class FileCommands(Protocol):
    """What the Central System may ask about files."""

    def has(self, feature: str) -> bool:
        """Whether the charge point has a feature."""

    def get_diagnostics(self, payload: dict[str, Any]) -> tuple[str, Effect]:
        """Handle GetDiagnostics; returns the name of the file."""

    def get_log(self, payload: dict[str, Any]) -> tuple[str, str, Effect]:
        """Handle GetLog; returns status and the name of the file."""

    def update_firmware(self, payload: dict[str, Any]) -> Effect:
        """Handle UpdateFirmware."""

    def signed_update(self, payload: dict[str, Any]) -> tuple[str, Effect | None]:
        """Handle SignedUpdateFirmware; returns the status."""


class FileRoutes:
    """Handlers that a link has besides its own."""

    _effect: Effect | None

    @property
    def _files(self) -> FileCommands:
        """Who carries them out."""
        raise NotImplementedError

    def _need(self, feature: str) -> None:
        if not self._files.has(feature):
            raise NotSupportedError(description="this charge point does not support it")

    @on("GetDiagnostics")  # type: ignore[untyped-decorator]
    def _on_get_diagnostics(self, **payload: Any) -> Any:
        self._need("firmware_management")
        name, self._effect = self._files.get_diagnostics(payload)
        return call_result.GetDiagnostics(file_name=name)

    @on("UpdateFirmware")  # type: ignore[untyped-decorator]
    def _on_update_firmware(self, **payload: Any) -> Any:
        self._need("firmware_management")
        if self._files.has("secure_firmware"):  # L01.FR.20
            raise NotSupportedError(description="firmware is updated by SignedUpdateFirmware only")
        self._effect = self._files.update_firmware(payload)
        return call_result.UpdateFirmware()

    @on("GetLog")  # type: ignore[untyped-decorator]
    def _on_get_log(self, **payload: Any) -> Any:
        self._need("security_log")
        status, name, self._effect = self._files.get_log(payload)
        return call_result.GetLog(status=status, filename=name)

    @on("SignedUpdateFirmware")  # type: ignore[untyped-decorator]
    def _on_signed_update_firmware(self, **payload: Any) -> Any:
        self._need("secure_firmware")
        status, self._effect = self._files.signed_update(payload)
        return call_result.SignedUpdateFirmware(status=status)
