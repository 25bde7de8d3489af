"""Firmware updates (2.18). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_044_1_CS",
    "Firmware is downloaded and installed",
    profile="Firmware Management",
    requirements="1.6 4.2, 4.5, 4.9, 5.19, 6.55, 7.25, 8.1; errata 3.12, 3.22, 3.47, 3.48, 3.63, 3.90",
    applies_if="firmware_management and not secure_firmware",
    changes="firmware",
)
def test_update(station: Station, step: Any) -> None:
    """The boot and the last status of the update come in either order."""
    offered = files.place(station, "firmware")
    order = station.send("UpdateFirmware", location=offered.url, retrieveDate=files.now(station))
    with step("2", "The charge point takes the order"):
        order.response()
    with step("3", "The charge point reports Downloading"):
        station.expect(files.FIRMWARE, reaching={"status": "Downloading"}, within="transfer")
    with step("5", "The charge point reports Downloaded, and has fetched the file"):
        downloaded, before = {"status": "Downloaded"}, {"status": "Downloading"}
        station.expect(files.FIRMWARE, reaching=downloaded, passing=before, within="transfer")
        station.files.expect(offered, within="response")
    with step("7", "The charge point reports Installing"):
        installing, before = {"status": "Installing"}, {"status": "Downloaded"}
        station.expect(files.FIRMWARE, reaching=installing, passing=before, within="install")

    with station.unordered():
        with step("9", "The charge point boots"):
            station.expect_boot(within="install")
        with step("11", "The charge point reports Available for connector 0 and for every connector"):
            files.available_after_boot(station)
        with step("13", "The charge point reports Installed"):
            installed, before = {"status": "Installed"}, {"status": "Installing"}
            station.expect(files.FIRMWARE, reaching=installed, passing=before, within="install")


@testcase(
    "TC_044_2_CS",
    "Firmware that can't be downloaded",
    profile="Firmware Management",
    requirements="1.6 4.5, 5.2, 5.19, 6.55, 7.25; errata 3.12, 3.47, 3.63",
    applies_if="firmware_management and not secure_firmware",
)
def test_download_failed(station: Station, step: Any) -> None:
    """There is no file at the location: the kit's server says so to everybody who asks."""
    offered = files.place(station, "missing")
    order = station.send("UpdateFirmware", location=offered.url, retries=0, retrieveDate=files.now(station))
    with step("2", "The charge point takes the order"):
        order.response()
    with step("3", "The charge point reports Downloading", optional=True):
        downloading = {"status": "Downloading"}
        station.expect_optional(files.FIRMWARE, where=downloading, before=files.FIRMWARE, within="transfer")
    with step("5", "The charge point reports DownloadFailed"):
        failed = {"status": "DownloadFailed"}
        station.expect(files.FIRMWARE, reaching=failed, passing=downloading, within="transfer")
    with step("post", "Every connector is Available again"):
        files.available_again(station)


def restarts(station: Station) -> bool:
    """Whether the charge point restarts; one that only connects again does not boot (OCPP-J 1.6 5.4)."""

    def boots() -> bool | None:
        return station.has_come("BootNotification") or None

    def gone() -> bool | None:
        return boots() or not station.conversation.is_connected or None

    def back() -> bool | None:
        return station.conversation.is_connected or None

    if not station.wait_for(gone, "absence", "the charge point to boot"):
        return False
    if not station.wait_for(back, "install", "the charge point to return"):
        return True
    return bool(station.wait_for(boots, "absence", "the charge point to boot"))


@testcase(
    "TC_044_3_CS",
    "Firmware that can't be installed",
    profile="Firmware Management",
    requirements="1.6 4.2, 4.5, 4.9, 5.2, 5.19, 6.55, 7.25, 8.1; errata 3.12, 3.22, 3.47, 3.48, 3.63",
    applies_if="firmware_management and not secure_firmware",
    changes="firmware",
)
def test_installation_failed(station: Station, step: Any) -> None:
    """The charge point may find out before it installs, while it does, or after a boot."""
    offered = files.place(station, "unfit")
    order = station.send("UpdateFirmware", location=offered.url, retrieveDate=files.now(station))
    with step("2", "The charge point takes the order"):
        order.response()
    with step("3", "The charge point reports Downloading"):
        station.expect(files.FIRMWARE, reaching={"status": "Downloading"}, within="transfer")
    with step("5", "The charge point reports Downloaded, and has fetched the file"):
        downloaded, before = {"status": "Downloaded"}, {"status": "Downloading"}
        station.expect(files.FIRMWARE, reaching=downloaded, passing=before, within="transfer")
        station.files.expect(offered, within="response")
    with step("7", "The charge point reports Installing", optional=True):
        installing = {"status": "Installing"}
        station.expect_optional(files.FIRMWARE, where=installing, before=files.FIRMWARE, within="install")

    with station.unordered():
        with step("11", "The charge point reports InstallationFailed"):
            reached, passing = {"status": "InstallationFailed"}, {"status": {"Downloaded", "Installing"}}
            station.expect(files.FIRMWARE, reaching=reached, passing=passing, within="install")
        if restarts(station):
            with step("9", "The charge point boots", optional=True, when="the charge point restarts"):
                station.expect_boot(within="install")
            with step(
                "13", "The charge point reports Available for connector 0 and every connector", when="it has booted"
            ):
                files.available_after_boot(station)
    with step("post", "Every connector is Available again"):
        files.available_again(station)
