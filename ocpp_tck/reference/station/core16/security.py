"""The messages of the security whitepaper at the charge point: decide, answer, then act."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ocpp.exceptions import NotSupportedError
from ocpp.routing import on
from ocpp.v16 import call_result

from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.maintenance import LOG, Maintenance
from ocpp_tck.reference.station.core16.sender import Failed, Offline, Sender
from ocpp_tck.reference.station.core16.update import SIGNED
from ocpp_tck.reference.station.core16.vault import CENTRAL_SYSTEM, MUTUAL, Unusable

Effect = Callable[[], None]
Outcome = tuple[str, Effect | None]
Trigger = Callable[[str, int | None], Outcome]

_SAME_TRIGGERS = {"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"}


class SecurityCommands:
    """Answers the requests of the security whitepaper."""

    def __init__(
        self,
        device: Device,
        sender: Sender,
        maintenance: Maintenance,
        background: Background,
        *,
        trigger: Trigger,
        reconnect: Effect,
    ) -> None:
        """`trigger` handles what TriggerMessage knows, too; `reconnect` closes the connection for a new one."""
        self._device = device
        self._vault = device.vault
        self._sender = sender
        self._maintenance = maintenance
        self._background = background
        self._trigger = trigger
        self._reconnect = reconnect

    @property
    def is_there(self) -> bool:
        """Whether the charge point has the security extension."""
        return self._device.has("security")

    def change(self, key: str, value: str) -> Outcome | None:
        """Handle ChangeConfiguration of the keys that need more than storing; None for all others."""
        name = key.casefold()
        if not self.is_there or name not in {"authorizationkey", "securityprofile"}:
            return None
        changed = self._vault.set_password(value) if name == "authorizationkey" else self._vault.set_profile(value)
        if not changed:
            return "Rejected", None
        if name == "securityprofile":
            self._device.configuration.install("SecurityProfile", value)
        return "Accepted", self._reconnect

    def install(self, use: str, certificate: str) -> Outcome:
        """Handle InstallCertificate (M05)."""
        try:
            return self._vault.install(use, certificate), None
        except Unusable as error:
            reason = str(error)
            event = "InvalidCentralSystemCertificate" if use == CENTRAL_SYSTEM else ""
            return "Rejected", (lambda: self._maintenance.event(event, reason)) if event else None

    def delete(self, named: dict[str, str]) -> Outcome:
        """Handle DeleteCertificate (M04)."""
        return self._vault.delete(named), None

    def installed(self, use: str) -> list[dict[str, str]]:
        """Handle GetInstalledCertificateIds (M03)."""
        return self._vault.installed(use)

    def signed(self, chain: str) -> Outcome:
        """Handle CertificateSigned (A02)."""
        try:
            self._vault.take_signed(chain)
        except Unusable as error:
            reason = str(error)
            return "Rejected", lambda: self._maintenance.event("InvalidChargePointCertificate", reason)
        return "Accepted", self._reconnect if self._vault.profile == MUTUAL else None

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        """Handle ExtendedTriggerMessage."""
        if message in _SAME_TRIGGERS:
            return self._trigger(message, connector_id)
        if message == "LogStatusNotification":
            return "Accepted", lambda: self._notify(LOG, self._maintenance.upload_status(LOG))
        if message == "FirmwareStatusNotification":
            return "Accepted", lambda: self._notify(SIGNED, self._maintenance.firmware_status(SIGNED))
        if not self._device.configuration.text("CpoName"):
            return "Rejected", None
        return "Accepted", self._ask_for_certificate

    def _notify(self, action: str, payload: dict[str, Any]) -> None:
        self._sender.notify(action, {"request_id": None, **payload})

    def _ask_for_certificate(self) -> None:
        self._background.spawn(self._sign())

    async def _sign(self) -> None:
        with suppress(Offline, Failed):
            request = self._vault.request(self._device.configuration.text("CpoName"))
            await self._sender.request("SignCertificate", {"csr": request})


class SecurityHandlers:
    """The handlers of one connection; `security` answers."""

    security: SecurityCommands

    def _status(self, outcome: Outcome) -> str:
        raise NotImplementedError

    def _there(self) -> SecurityCommands:
        if not self.security.is_there:
            raise NotSupportedError(description="this charge point has no security extension")
        return self.security

    @on("CertificateSigned")  # type: ignore[untyped-decorator]
    def _on_certificate_signed(self, **payload: Any) -> Any:
        status = self._status(self._there().signed(payload["certificate_chain"]))
        return call_result.CertificateSigned(status=status)

    @on("DeleteCertificate")  # type: ignore[untyped-decorator]
    def _on_delete_certificate(self, **payload: Any) -> Any:
        status = self._status(self._there().delete(payload["certificate_hash_data"]))
        return call_result.DeleteCertificate(status=status)

    @on("ExtendedTriggerMessage")  # type: ignore[untyped-decorator]
    def _on_extended_trigger(self, **payload: Any) -> Any:
        outcome = self._there().trigger(payload["requested_message"], payload.get("connector_id"))
        return call_result.ExtendedTriggerMessage(status=self._status(outcome))

    @on("GetInstalledCertificateIds")  # type: ignore[untyped-decorator]
    def _on_get_installed(self, **payload: Any) -> Any:
        found = self._there().installed(payload["certificate_type"])
        status = "Accepted" if found else "NotFound"
        return call_result.GetInstalledCertificateIds(status=status, certificate_hash_data=found or None)

    @on("InstallCertificate")  # type: ignore[untyped-decorator]
    def _on_install(self, **payload: Any) -> Any:
        outcome = self._there().install(payload["certificate_type"], payload["certificate"])
        return call_result.InstallCertificate(status=self._status(outcome))
