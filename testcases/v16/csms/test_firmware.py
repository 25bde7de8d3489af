"""Firmware updates (3.15). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files, states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase(
    "TC_044_1_CSMS",
    "Firmware is downloaded and installed",
    profile="Firmware Management",
    requirements="1.6 4.2, 4.5, 4.9, 5.19, 6.55",
    applies_if="firmware_management",
)
def test_update(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells of an update that it does not carry out."""
    csms.answer("UpdateFirmware", then={})
    operator.order("UpdateFirmware", location=csms.data.firmware_url, retrieveDate=csms.now())
    with step("1", "The central system orders the update from the configured location"):
        assert csms.expect("UpdateFirmware").location == csms.data.firmware_url
    with step("4", "The central system takes the status Downloading"):
        csms.call(files.FIRMWARE, status="Downloading")
    with step("6", "The central system takes the status Downloaded"):
        csms.call(files.FIRMWARE, status="Downloaded")
    with step("8", "The central system takes the status Unavailable of every connector"):
        files.out_of_use(csms)
    with step("10", "The central system takes the status Installing"):
        csms.call(files.FIRMWARE, status="Installing")

    csms.reconnect()
    with step("12", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"
    with step("14", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)
    with step("16", "The central system takes the status Installed"):
        csms.call(files.FIRMWARE, status="Installed")


@testcase(
    "TC_044_2_CSMS",
    "Firmware that can't be downloaded",
    profile="Firmware Management",
    requirements="1.6 4.5, 5.19, 6.55",
    applies_if="firmware_management",
)
def test_download_failed(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells that the download has failed."""
    csms.answer("UpdateFirmware", then={})
    operator.order("UpdateFirmware", location=csms.data.firmware_url, retrieveDate=csms.now())
    with step("1", "The central system orders the update"):
        csms.expect("UpdateFirmware")
    with step("4", "The central system takes the status Downloading"):
        csms.call(files.FIRMWARE, status="Downloading")
    with step("6", "The central system takes the status DownloadFailed"):
        csms.call(files.FIRMWARE, status="DownloadFailed")


@testcase(
    "TC_044_3_CSMS",
    "Firmware that can't be installed",
    profile="Firmware Management",
    requirements="1.6 4.2, 4.5, 4.9, 5.19, 6.55",
    applies_if="firmware_management",
)
def test_installation_failed(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells, after a boot, that the installation has failed."""
    csms.answer("UpdateFirmware", then={})
    operator.order("UpdateFirmware", location=csms.data.firmware_url, retrieveDate=csms.now())
    with step("1", "The central system orders the update"):
        csms.expect("UpdateFirmware")
    with step("4", "The central system takes the status Downloading"):
        csms.call(files.FIRMWARE, status="Downloading")
    with step("6", "The central system takes the status Downloaded"):
        csms.call(files.FIRMWARE, status="Downloaded")
    with step("8", "The central system takes the status Unavailable of every connector"):
        files.out_of_use(csms)
    with step("10", "The central system takes the status Installing"):
        csms.call(files.FIRMWARE, status="Installing")

    csms.reconnect()
    with step("12", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"
    with step("14", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)
    with step("16", "The central system takes the status InstallationFailed"):
        csms.call(files.FIRMWARE, status="InstallationFailed")
