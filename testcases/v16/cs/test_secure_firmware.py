"""Signed firmware updates (2.24.3). Product under test: charge point."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_080_CS",
    "Signed firmware is downloaded and installed",
    profile="Security",
    requirements="1.6 security whitepaper L01.FR.01, L01.FR.04, L01.FR.05, L01.FR.10, L01.FR.13 to 16, L01.FR.22",
    applies_if="firmware_management and secure_firmware",
    changes="firmware",
)
def test_signed_update(station: Station, step: Any) -> None:
    """The boot, the security event and the last status of the update come in any order."""
    offered = files.place(station, "signed_firmware")
    payload = files.signed_order(station, offered, station.data.firmware_signature)
    order = station.send("SignedUpdateFirmware", payload)
    with step("2", "The charge point accepts the order"):
        assert order.response().status == "Accepted"
    with step("3", "The charge point reports Downloading"):
        downloading, scheduled = {"status": "Downloading"}, {"status": files.SCHEDULED}
        station.expect(files.SIGNED, reaching=downloading, passing=scheduled, within="transfer")
    with step("5", "The charge point reports Downloaded, and has fetched the file"):
        downloaded, before = {"status": "Downloaded"}, {"status": {"Downloading", "DownloadPaused"}}
        station.expect(files.SIGNED, reaching=downloaded, passing=before, within="transfer")
        station.files.expect(offered, within="response")
    with step("7", "The charge point reports SignatureVerified"):
        verified, before = {"status": "SignatureVerified"}, {"status": {"Downloaded"}}
        station.expect(files.SIGNED, reaching=verified, passing=before, within="install")

    with station.unordered():
        with step("9", "The charge point reports Installing, if it can before the boot", optional=True):
            installing = {"status": "Installing"}
            station.expect_optional(files.SIGNED, where=installing, before="BootNotification", within="install")
        with step("11", "The charge point boots"):
            station.expect_boot(within="install")
        with step("15", "The charge point reports Available for connector 0 and for every connector"):
            files.available_after_boot(station)
        with step("13", "The charge point tells the security event FirmwareUpdated", optional=True):
            updated = {"type": "FirmwareUpdated"}
            station.expect_optional("SecurityEventNotification", where=updated, before=(), within="absence")
        with step("17", "The charge point reports Installed"):
            installed, before = {"status": "Installed"}, {"status": files.BEFORE_INSTALLED}
            station.expect(files.SIGNED, reaching=installed, passing=before, within="install")


@testcase(
    "TC_081_CS",
    "Firmware with a wrong signature",
    profile="Security",
    requirements="1.6 security whitepaper L01.FR.01, L01.FR.03, L01.FR.04, L01.FR.10, L01.FR.12",
    applies_if="firmware_management and secure_firmware",
)
def test_wrong_signature(station: Station, step: Any) -> None:
    """The certificate is right and so is the file, but one bit of the signature is another one."""
    offered = files.place(station, "signed_firmware")
    right = base64.b64decode(station.data.firmware_signature)
    wrong = base64.b64encode(right[:-1] + bytes([right[-1] ^ 1])).decode() if right else ""
    order = station.send("SignedUpdateFirmware", files.signed_order(station, offered, wrong))
    with step("2", "The charge point accepts the order"):
        assert order.response().status == "Accepted"
    with step("3", "The charge point reports Downloading"):
        downloading, scheduled = {"status": "Downloading"}, {"status": files.SCHEDULED}
        station.expect(files.SIGNED, reaching=downloading, passing=scheduled, within="transfer")
    with step("5", "The charge point reports Downloaded, and has fetched the file"):
        downloaded, before = {"status": "Downloaded"}, {"status": {"Downloading", "DownloadPaused"}}
        station.expect(files.SIGNED, reaching=downloaded, passing=before, within="transfer")
        station.files.expect(offered, within="response")

    with station.unordered():
        with step("7", "The charge point reports InvalidSignature"):
            invalid, before = {"status": "InvalidSignature"}, {"status": {"Downloaded"}}
            station.expect(files.SIGNED, reaching=invalid, passing=before, within="install")
        with step(
            "post", "The charge point tells the security event InvalidFirmwareSignature", requirement="L01.FR.03"
        ):
            event = {"type": "InvalidFirmwareSignature"}
            station.expect("SecurityEventNotification", where=event)
    with step("post", "The charge point installs nothing", requirement="L01.FR.04, L01.FR.12"):
        station.expect_none(files.SIGNED, where={"status": {*files.BEFORE_INSTALLED, "Installed"}})
    with step("post", "Every connector is Available again"):
        files.available_again(station)
