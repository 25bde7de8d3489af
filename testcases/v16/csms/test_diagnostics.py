"""Diagnostics (3.16) and the security log (3.21.2). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase(
    "TC_045_1_CSMS",
    "Diagnostics are uploaded",
    profile="Firmware Management",
    requirements="1.6 4.4, 5.9, 6.25",
    applies_if="firmware_management",
)
def test_diagnostics(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells of an upload that it does not carry out."""
    csms.answer("GetDiagnostics", then={"fileName": files.FILE})
    operator.order("GetDiagnostics", location=csms.data.log_url)
    with step("1", "The central system asks for diagnostics"):
        csms.expect("GetDiagnostics")
    with step("4", "The central system takes the status Uploading"):
        csms.call(files.DIAGNOSTICS, status="Uploading")
    with step("6", "The central system takes the status Uploaded"):
        csms.call(files.DIAGNOSTICS, status="Uploaded")


@testcase(
    "TC_045_2_CSMS",
    "Diagnostics can't be uploaded",
    profile="Firmware Management",
    requirements="1.6 4.4, 5.9, 6.25",
    applies_if="firmware_management",
)
def test_upload_failed(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells that the upload has failed."""
    csms.answer("GetDiagnostics", then={"fileName": files.FILE})
    operator.order("GetDiagnostics", location=csms.data.log_url)
    with step("1", "The central system asks for diagnostics"):
        csms.expect("GetDiagnostics")
    with step("4", "The central system takes the status Uploading"):
        csms.call(files.DIAGNOSTICS, status="Uploading")
    with step("6", "The central system takes the status UploadFailed"):
        csms.call(files.DIAGNOSTICS, status="UploadFailed")


@testcase(
    "TC_079_CSMS",
    "The security log is uploaded",
    profile="Security",
    requirements="1.6 security whitepaper N01.FR.07, 5.9, 6.13, 6.14",
    applies_if="security_log",
)
def test_security_log(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells of an upload that it does not carry out."""
    csms.answer("GetLog", then={"status": "Accepted", "filename": files.FILE})
    wanted = {"remoteLocation": csms.data.log_url}
    operator.order("GetLog", logType="SecurityLog", requestId=files.REQUEST, log=wanted)
    with step("1", "The central system asks for the security log, at the configured location"):
        asked = csms.expect("GetLog")
        assert asked.logType == "SecurityLog"
        assert asked.log.remoteLocation == csms.data.log_url
    with step("4", "The central system takes the status Uploading"):
        csms.call(files.LOG, status="Uploading", requestId=asked.requestId)
    with step("6", "The central system takes the status Uploaded"):
        csms.call(files.LOG, status="Uploaded", requestId=asked.requestId)
