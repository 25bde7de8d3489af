"""What the cases about firmware, diagnostics and logs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.csms_answers import iso
from ocpp_tck.verdict import NotRun

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.files import What
    from ocpp_tck.roles.station import Station

FIRMWARE = "FirmwareStatusNotification"
SIGNED = "SignedFirmwareStatusNotification"
DIAGNOSTICS = "DiagnosticsStatusNotification"
LOG = "LogStatusNotification"

SCHEDULED = {"DownloadScheduled", "DownloadPaused"}
"""Statuses of a signed update that may come before or among those of a download (whitepaper L01.FR.13, L01.FR.14)."""
BEFORE_INSTALLED = {"SignatureVerified", "InstallScheduled", "Installing", "InstallRebooting"}
"""Statuses of a signed update that may come between its verification and its end (L01.FR.15, L01.FR.16, L01.FR.22)."""


def now(station: Station) -> str:
    """The kit's time as OCPP writes it, UTC."""
    return iso(station.conversation.clock.now())


def place(station: Station, what: What) -> Any:
    """Make a place on the kit's file servers, over a protocol that the charge point supports (8, errata 3.90)."""
    return station.files.place(what, states.value_of(station, "SupportedFileTransferProtocols"))


def refusing_inbox(station: Station) -> Any:
    """Make a place that refuses every file."""
    supported = states.value_of(station, "SupportedFileTransferProtocols")
    return station.files.place("inbox", supported, "denied")


def signed_order(station: Station, offered: Any, signature: str) -> dict[str, Any]:
    """Give the payload of a SignedUpdateFirmware (whitepaper 5.21, 6.9).

    Raises:
        NotRun: the test data lack the signature or the certificate.
    """
    certificate = station.data.signing_certificate
    if not signature or not certificate:
        raise NotRun("[test_data] firmware_signature and signing_certificate belong to [files] signed_firmware")
    firmware = {
        "location": offered.url,
        "retrieveDateTime": now(station),
        "signingCertificate": certificate,
        "signature": signature,
    }
    return {"requestId": offered.number, "firmware": firmware}


def available_again(station: Station) -> None:
    """Demand that every connector is Available in the end; it may have been out of use for the update (5.2)."""
    for connector in range(station.hardware.connectors + 1):
        status = station.observed.status(connector)
        if status:
            again = station.wait_status("Available", connector=connector)
            assert again, f"connector {connector} is {station.observed.status(connector)}, not Available"


def available_after_boot(station: Station) -> None:
    """Take Available of connector 0 and every connector; they may be Unavailable until the update has ended (5.2)."""
    with station.unordered():
        for connector in range(station.hardware.connectors + 1):
            station.expect_status({"Available"}, connector=connector, passing={"Unavailable"})
