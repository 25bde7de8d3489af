"""Diagnostics (2.19) and the security log (2.24.2). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_045_1_CS",
    "Diagnostics are uploaded",
    profile="Firmware Management",
    requirements="1.6 4.4, 5.9, 6.25, 6.26, 7.24, 8.2; errata 3.31, 3.50, 3.90",
    applies_if="firmware_management",
)
def test_diagnostics(station: Station, step: Any) -> None:
    """The charge point sends its diagnostics to the location that it was told."""
    inbox = files.place(station, "inbox")
    order = station.send("GetDiagnostics", location=inbox.url)
    with step("2", "The charge point takes the order and names the file", requirement="1.6 5.9"):
        assert order.response().fileName
    with step("3", "The charge point reports Uploading"):
        station.expect(files.DIAGNOSTICS, reaching={"status": "Uploading"}, within="transfer")
    with step("5", "The charge point reports Uploaded"):
        uploaded, before = {"status": "Uploaded"}, {"status": "Uploading"}
        station.expect(files.DIAGNOSTICS, reaching=uploaded, passing=before, within="transfer")
    with step("post", "The file has arrived, and it is not empty"):
        assert station.files.expect(inbox, within="response").size > 0


@testcase(
    "TC_045_2_CS",
    "Diagnostics can't be uploaded",
    profile="Firmware Management",
    requirements="1.6 4.4, 5.9, 6.25, 6.26, 7.24; errata 3.31, 3.50",
    applies_if="firmware_management",
)
def test_upload_failed(station: Station, step: Any) -> None:
    """The kit's server takes no file at the location."""
    inbox = files.refusing_inbox(station)
    order = station.send("GetDiagnostics", location=inbox.url, retries=0)
    with step("2", "The charge point takes the order and names the file", requirement="1.6 5.9"):
        assert order.response().fileName
    with step("3", "The charge point reports Uploading"):
        station.expect(files.DIAGNOSTICS, reaching={"status": "Uploading"}, within="transfer")
    with step("5", "The charge point reports UploadFailed"):
        failed, before = {"status": "UploadFailed"}, {"status": "Uploading"}
        station.expect(files.DIAGNOSTICS, reaching=failed, passing=before, within="transfer")
    with step("post", "The charge point goes on: it answers"):
        station.fence()


@testcase(
    "TC_079_CS",
    "The security log is uploaded",
    profile="Security",
    requirements="1.6 security whitepaper N01.FR.01, N01.FR.02, N01.FR.03, N01.FR.07, N01.FR.08, N01.FR.09",
    applies_if="security_log",
)
def test_security_log(station: Station, step: Any) -> None:
    """The charge point sends its security log to the location that it was told."""
    inbox = files.place(station, "inbox")
    wanted = {"remoteLocation": inbox.url}
    order = station.send("GetLog", logType="SecurityLog", requestId=inbox.number, log=wanted)
    with step("2", "The charge point accepts the order and names the file", requirement="N01.FR.01"):
        conf = order.response()
        assert conf.status == "Accepted"
        assert conf.filename
    with step("3", "The charge point reports Uploading"):
        uploading = station.expect(files.LOG, reaching={"status": "Uploading"}, within="transfer")
        assert uploading.requestId == inbox.number
    with step("5", "The charge point reports Uploaded"):
        reached, before = {"status": "Uploaded"}, {"status": "Uploading"}
        uploaded = station.expect(files.LOG, reaching=reached, passing=before, within="transfer")
        assert uploaded.requestId == inbox.number
    with step("post", "The file has arrived, and it is not empty"):
        assert station.files.expect(inbox, within="response").size > 0
