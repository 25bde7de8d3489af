"""Signed firmware updates (3.21.3). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import files, states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase(
    "TC_080_CSMS",
    "Signed firmware is downloaded and installed",
    profile="Security",
    requirements="1.6 4.2, 4.9; security whitepaper A04.FR.03, L01.FR.01, L01.FR.10, L01.FR.11, 6.9",
    applies_if="firmware_management and secure_firmware",
)
def test_signed_update(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells of an update that it does not carry out."""
    csms.answer("SignedUpdateFirmware", then={"status": "Accepted"})
    signature, certificate = files.signature(csms), files.certificate(csms)
    operator.order("SignedUpdateFirmware", files.signed_order(csms, signature))
    with step("1", "The central system orders the update, with signature and certificate"):
        asked = csms.expect("SignedUpdateFirmware")
        assert asked.firmware.location == csms.data.firmware_url
        assert asked.firmware.signature == signature
        assert files.same_certificate(asked.firmware.signingCertificate, certificate)
    request = asked.requestId
    with step("4", "The central system takes the status Downloading"):
        csms.call(files.SIGNED, status="Downloading", requestId=request)
    with step("6", "The central system takes the status Downloaded"):
        csms.call(files.SIGNED, status="Downloaded", requestId=request)
    with step("8", "The central system takes the status SignatureVerified"):
        csms.call(files.SIGNED, status="SignatureVerified", requestId=request)
    with step("2-9", "The central system takes the status Unavailable of every connector"):
        files.out_of_use(csms)
    with step("10", "The central system takes the status Installing"):
        csms.call(files.SIGNED, status="Installing", requestId=request)
    with step("12", "The central system takes the status InstallRebooting"):
        csms.call(files.SIGNED, status="InstallRebooting", requestId=request)

    csms.reconnect()
    with step("14", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"
    with step("16", "The central system takes the security event FirmwareUpdated"):
        csms.call("SecurityEventNotification", type="FirmwareUpdated", timestamp=csms.now())
    with step("18", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)
    with step("20", "The central system takes the status Installed"):
        csms.call(files.SIGNED, status="Installed", requestId=request)


@testcase(
    "TC_081_CSMS",
    "Firmware with a wrong signature",
    profile="Security",
    requirements="1.6 security whitepaper L01.FR.01, L01.FR.03, L01.FR.10, L01.FR.11, 6.9",
    applies_if="firmware_management and secure_firmware",
)
def test_wrong_signature(csms: Csms, operator: Operator, step: Any) -> None:
    """The kit tells that the signature is wrong."""
    csms.answer("SignedUpdateFirmware", then={"status": "Accepted"})
    wrong = files.wrong_signature(csms)
    operator.order("SignedUpdateFirmware", files.signed_order(csms, wrong))
    with step("1", "The central system orders the update, with the wrong signature"):
        asked = csms.expect("SignedUpdateFirmware")
        assert asked.firmware.location == csms.data.firmware_url
        assert asked.firmware.signature == wrong
        assert files.same_certificate(asked.firmware.signingCertificate, files.certificate(csms))
    request = asked.requestId
    with step("4", "The central system takes the status Downloading"):
        csms.call(files.SIGNED, status="Downloading", requestId=request)
    with step("6", "The central system takes the status Downloaded"):
        csms.call(files.SIGNED, status="Downloaded", requestId=request)
    with step("8", "The central system takes the status InvalidSignature"):
        csms.call(files.SIGNED, status="InvalidSignature", requestId=request)
