"""Defects of the charge point of 1.6: passwords, certificates and security profiles."""

from ocpp_tck.reference.defects.station16 import table
from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.core16.security import Outcome, SecurityCommands
from ocpp_tck.reference.station.core16.vault import Own, Vault


@table.defect("sends-its-key-as-text", "OCPP-J 1.6 6.2.2; security whitepaper A00.FR.205")
class SendsKeyAsText(Vault):
    """Shows the hexadecimal digits of its AuthorizationKey as password, not the bytes that they stand for."""

    def _as_password(self, text: str) -> bytes:
        return text.encode()


@table.defect("lacks-a-cipher-suite", "security whitepaper A00.FR.318, A00.FR.422")
class LacksSuite(Vault):
    """Knows only one of the two cipher suites of each family."""

    def __init__(self, options: StationOptions) -> None:
        super().__init__(options)
        self._suites = tuple(suite for suite in self._suites if "256" not in suite.replace("SHA256", ""))


@table.defect("keeps-its-old-certificate", "security whitepaper A02.FR.08, A02.FR.09")
class KeepsOldCertificate(Vault):
    """Goes on with its first certificate after it has accepted another one."""

    @property
    def own(self) -> Own | None:
        return self._own[0] if self._own else None


@table.defect("keeps-deleted-certificates", "security whitepaper M04.FR.02")
class KeepsDeleted(Vault):
    """Says that it has deleted a root certificate, and keeps it."""

    def delete(self, named: dict[str, str]) -> str:
        before = {use: list(roots) for use, roots in self.roots.items()}
        status = super().delete(named)
        self.roots = before
        return status


@table.defect("raises-its-profile-in-words-only", "security whitepaper A05.FR.06, A05.FR.07")
class RaisesInWords(SecurityCommands):
    """Accepts a higher security profile and stays with the one that it has."""

    def change(self, key: str, value: str) -> Outcome | None:
        if key == "SecurityProfile" and value.isdecimal() and int(value) > self._vault.profile:
            return "Accepted", None
        return super().change(key, value)
