"""Certificates and security events (3.21). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.roles.certificates import hash_data, is_for_request, same_certificate
from ocpp_tck.verdict import Signal

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator

CENTRAL_SYSTEM, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
SIGN = "SignChargePointCertificate"
HASHES = "SHA256"
"""Algorithm of the hashes that the kit gives (the document's configured hashAlgorithm)."""


@testcase(
    "TC_074_CSMS",
    "The charge point is asked to renew its certificate",
    profile="Security",
    requirements="security whitepaper A02.FR.11, A00.FR.403 to A00.FR.405",
    applies_if="security_profile_3",
    changes="certificate",
    security_profiles=(3,),
)
def test_renew_certificate(csms: Csms, operator: Operator, step: Any) -> None:
    """The central system has the charge point's new certificate signed, and lets it in with that."""
    csms.answer("ExtendedTriggerMessage", then={"status": "Accepted"})
    csms.answer("CertificateSigned", then={"status": "Accepted"})
    operator.order("ExtendedTriggerMessage", requestedMessage=SIGN)
    with step("1", "The central system asks the charge point to have a certificate signed"):
        trigger = csms.expect("ExtendedTriggerMessage", where={"requestedMessage": SIGN})
        assert trigger.get("connectorId") is None, "connectorId is there"

    request = csms.certificates.request()
    with csms.unordered():
        with step("4", "The central system accepts the signing request"):
            assert csms.call("SignCertificate", csr=request).status == "Accepted"
        with step("5", "The central system sends the signed certificate, for the key of the request"):
            chain = str(csms.expect("CertificateSigned", within="signing").certificateChain)
            assert is_for_request(chain, request), "it is no certificate (PEM) for the key of the request"

    csms.use_certificate(chain)
    csms.disconnect()
    try:
        with step("7", "The central system lets the charge point in with the new certificate"):
            csms.connect(admitted=True)
    except Signal:
        csms.begin_anew()
        raise


@testcase(
    "TC_075_1_CSMS",
    "A root certificate of the manufacturer is installed",
    profile="Security",
    requirements="security whitepaper M03, M05",
    applies_if="security_profile_2 or security_profile_3",
)
def test_install_manufacturer_root(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator installs a certificate and has the installed ones listed."""
    certificate = csms.certificates.root()
    csms.answer("InstallCertificate", then={"status": "Accepted"})
    operator.order("InstallCertificate", certificateType=MANUFACTURER, certificate=certificate)
    with step("1", "The central system sends that certificate to be installed as one of the manufacturer"):
        install = csms.expect("InstallCertificate", where={"certificateType": MANUFACTURER})
        assert same_certificate(certificate, str(install.certificate)), "it is another certificate"

    found = {"status": "Accepted", "certificateHashData": [hash_data(certificate, HASHES)]}
    csms.answer("GetInstalledCertificateIds", then=found)
    operator.order("GetInstalledCertificateIds", certificateType=MANUFACTURER)
    with step("3", "The central system asks for the installed certificates of the manufacturer"):
        csms.expect("GetInstalledCertificateIds", where={"certificateType": MANUFACTURER})
    with step("4", "The central system takes the list and goes on"):
        csms.fence()


@testcase(
    "TC_075_2_CSMS",
    "A root certificate of the central system is installed",
    profile="Security",
    requirements="security whitepaper M03, M05",
    applies_if="security_profile_2 or security_profile_3",
)
def test_install_central_system_root(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator installs a certificate and has the installed ones listed."""
    certificate = csms.certificates.root()
    csms.answer("InstallCertificate", then={"status": "Accepted"})
    operator.order("InstallCertificate", certificateType=CENTRAL_SYSTEM, certificate=certificate)
    with step("1", "The central system sends that certificate to be installed as one of its own"):
        install = csms.expect("InstallCertificate", where={"certificateType": CENTRAL_SYSTEM})
        assert same_certificate(certificate, str(install.certificate)), "it is another certificate"

    found = {"status": "Accepted", "certificateHashData": [hash_data(certificate, HASHES)]}
    csms.answer("GetInstalledCertificateIds", then=found)
    operator.order("GetInstalledCertificateIds", certificateType=CENTRAL_SYSTEM)
    with step("3", "The central system asks for its own installed certificates"):
        csms.expect("GetInstalledCertificateIds", where={"certificateType": CENTRAL_SYSTEM})
    with step("4", "The central system takes the list and goes on"):
        csms.fence()


@testcase(
    "TC_076_CSMS",
    "An installed certificate is deleted",
    profile="Security",
    requirements="security whitepaper M03, M04.FR.07",
    applies_if="security_profile_2 or security_profile_3",
)
def test_delete_certificate(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator has a root certificate installed, listed and deleted; its name has the hashes of the list."""
    certificate = csms.certificates.root()
    named = hash_data(certificate, HASHES)
    csms.answer("InstallCertificate", then={"status": "Accepted"})
    operator.order("InstallCertificate", certificateType=CENTRAL_SYSTEM, certificate=certificate)
    csms.expect("InstallCertificate", where={"certificateType": CENTRAL_SYSTEM})

    csms.answer("GetInstalledCertificateIds", then={"status": "Accepted", "certificateHashData": [named]})
    operator.order("GetInstalledCertificateIds", certificateType=CENTRAL_SYSTEM)
    with step("1", "The central system asks for its own installed certificates"):
        csms.expect("GetInstalledCertificateIds", where={"certificateType": CENTRAL_SYSTEM})

    csms.answer("DeleteCertificate", then={"status": "Accepted"})
    operator.order("DeleteCertificate", certificateHashData=named)
    with step("3", "The central system asks to delete that certificate, named by the same hashes"):
        asked = csms.expect("DeleteCertificate").certificateHashData
        assert {name: str(asked.get(name)).casefold() for name in named} == {
            name: value.casefold() for name, value in named.items()
        }
    with step("4", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase(
    "TC_077_CSMS",
    "The charge point reports a wrong certificate for itself",
    profile="Security",
    requirements="security whitepaper A02.FR.07, A02.FR.11, A04.FR.03",
    applies_if="security_profile_3",
    security_profiles=(3,),
)
def test_invalid_charge_point_certificate(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point asks for a certificate, rejects the one that comes, and reports that."""
    csms.answer("ExtendedTriggerMessage", then={"status": "Accepted"})
    csms.answer("CertificateSigned", then={"status": "Rejected"})
    operator.order("ExtendedTriggerMessage", requestedMessage=SIGN)
    with step("1", "The central system asks the charge point to have a certificate signed"):
        trigger = csms.expect("ExtendedTriggerMessage", where={"requestedMessage": SIGN})
        assert trigger.get("connectorId") is None, "connectorId is there"

    request = csms.certificates.request()
    with csms.unordered():
        with step("4", "The central system accepts the signing request"):
            assert csms.call("SignCertificate", csr=request).status == "Accepted"
        with step("5", "The central system sends the signed certificate, for the key of the request"):
            chain = str(csms.expect("CertificateSigned", within="signing").certificateChain)
            assert is_for_request(chain, request), "it is no certificate (PEM) for the key of the request"

    with step("8", "The central system takes the security event"):
        csms.call("SecurityEventNotification", type="InvalidChargePointCertificate", timestamp=csms.now())


@testcase(
    "TC_078_CSMS",
    "The charge point reports a wrong certificate of the central system",
    profile="Security",
    requirements="security whitepaper M05.FR.06, A04.FR.03",
    applies_if="security_profile_2 or security_profile_3",
)
def test_invalid_central_system_certificate(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator installs a certificate; the charge point rejects it, as the document has it, and reports that."""
    certificate = csms.certificates.root()
    csms.answer("InstallCertificate", then={"status": "Rejected"})
    operator.order("InstallCertificate", certificateType=CENTRAL_SYSTEM, certificate=certificate)
    with step("1", "The central system sends that certificate to be installed as one of its own"):
        install = csms.expect("InstallCertificate", where={"certificateType": CENTRAL_SYSTEM})
        assert same_certificate(certificate, str(install.certificate)), "it is another certificate"

    with step("4", "The central system takes the security event"):
        csms.call("SecurityEventNotification", type="InvalidCentralSystemCertificate", timestamp=csms.now())
