"""Certificates and security events (2.24). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.roles.certificates import entry_of, hash_data, same_certificate
from ocpp_tck.verdict import NotApplicable

from . import security_states

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station

CENTRAL_SYSTEM, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"


@testcase(
    "TC_074_CS",
    "The charge point renews its certificate when it is asked to",
    profile="Security",
    requirements="security whitepaper A02.FR.02 to A02.FR.09, A02.FR.13",
    applies_if="security_profile_3",
    changes="certificate",
    security_profiles=(3,),
)
def test_renew_certificate(station: Station, step: Any) -> None:
    """The kit signs what the charge point asks for; the charge point comes back with the new certificate."""
    security_states.cpo_named(station)
    station.answer("SignCertificate", then={"status": "Accepted"})
    trigger = station.send("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    with station.unordered():
        with step("2", "The charge point accepts to ask for a certificate"):
            assert trigger.response().status == "Accepted"
        with step("3", "The charge point asks for a certificate for a new key, with CpoName as organization"):
            request = security_states.right_request(station)

    chain = station.certificates.signed(request)
    signed = station.send("CertificateSigned", certificateChain=chain)
    with station.unordered():
        with step("6", "The charge point accepts the certificate"):
            assert signed.response().status == "Accepted"
        with step("7", "The charge point reconnects with the new certificate"):
            shown = station.expect_connection().tls["certificate"]
            assert same_certificate(chain, shown), "the charge point showed another certificate"


@testcase(
    "TC_075_1_CS",
    "A root certificate of the manufacturer is installed",
    profile="Security",
    requirements="security whitepaper M03.FR.03, M03.FR.04, M05.FR.02",
    applies_if="security_profile_2 or security_profile_3",
)
def test_install_manufacturer_root(station: Station, step: Any) -> None:
    """The charge point installs the certificate and lists it."""
    certificate = station.certificates.root()
    station.installed.append(certificate)
    install = station.send("InstallCertificate", certificateType=MANUFACTURER, certificate=certificate)
    with step("2", "The charge point accepts the certificate"):
        status = str(install.response().status)
        security_states.excuse_full_store(station, status)
        assert status == "Accepted"

    ids = station.send("GetInstalledCertificateIds", certificateType=MANUFACTURER)
    with step("4", "The charge point lists the certificate among those of the manufacturer"):
        conf = ids.response()
        assert conf.status == "Accepted"
        assert entry_of(certificate, conf.certificateHashData) is not None, "the certificate is not among them"


@testcase(
    "TC_075_2_CS",
    "A root certificate of the central system is installed",
    profile="Security",
    requirements="security whitepaper M03.FR.03, M03.FR.04, M05.FR.02, M05.FR.08 to M05.FR.11",
    applies_if="security_profile_2 or security_profile_3",
)
def test_install_central_system_root(station: Station, step: Any) -> None:
    """The charge point installs the certificate and lists it.

    With AdditionalRootCertificateCheck the kit's own root has signed it, which it replaces.
    """
    replaces = security_states.one_root_only(station)
    certificate = station.certificates.root(signed=replaces)
    if not replaces:
        station.installed.append(certificate)
    install = station.send("InstallCertificate", certificateType=CENTRAL_SYSTEM, certificate=certificate)
    with step("2", "The charge point accepts the certificate"):
        status = str(install.response().status)
        security_states.excuse_full_store(station, status)
        assert status == "Accepted"

    ids = station.send("GetInstalledCertificateIds", certificateType=CENTRAL_SYSTEM)
    with step("4", "The charge point lists the certificate among those of the central system"):
        conf = ids.response()
        assert conf.status == "Accepted"
        assert entry_of(certificate, conf.certificateHashData) is not None, "the certificate is not among them"


@testcase(
    "TC_076_CS",
    "An installed certificate is deleted",
    profile="Security",
    requirements="security whitepaper M03.FR.02 to M03.FR.04, M04.FR.02",
    applies_if="security_profile_2 or security_profile_3",
)
def test_delete_certificate(station: Station, step: Any) -> None:
    """The charge point deletes a root certificate that is not in use, and lists it no more.

    With AdditionalRootCertificateCheck there is one only, which is in use and stays (M04.FR.06).
    """
    if security_states.one_root_only(station):
        raise NotApplicable("AdditionalRootCertificateCheck leaves one root certificate, and that one is in use")
    certificate = station.certificates.root()
    station.installed.append(certificate)
    security_states.certificate_installed(station, CENTRAL_SYSTEM, certificate)

    ids = station.send("GetInstalledCertificateIds", certificateType=CENTRAL_SYSTEM)
    with step("2", "The charge point lists the certificate"):
        conf = ids.response()
        assert conf.status == "Accepted"
        entry = entry_of(certificate, conf.certificateHashData)
        assert entry is not None, "the certificate is not among them"

    delete = station.send("DeleteCertificate", certificateHashData=hash_data(certificate, str(entry.hashAlgorithm)))
    with step("4", "The charge point deletes the certificate"):
        assert delete.response().status == "Accepted"

    ids = station.send("GetInstalledCertificateIds", certificateType=CENTRAL_SYSTEM)
    with step("6", "The charge point does not list the certificate any more"):
        left = ids.response().get("certificateHashData")
        assert entry_of(certificate, left) is None, "the certificate is still among them"


@testcase(
    "TC_077_CS",
    "A wrong certificate for the charge point is refused and reported",
    profile="Security",
    requirements="security whitepaper A02.FR.06, A02.FR.07, A02.FR.13, A04.FR.01",
    applies_if="security_profile_3",
    security_profiles=(3,),
)
def test_invalid_charge_point_certificate(station: Station, step: Any) -> None:
    """The certificate is out of date, and an authority has signed it that the charge point does not know."""
    security_states.cpo_named(station)
    station.answer("SignCertificate", then={"status": "Accepted"})
    trigger = station.send("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    with station.unordered():
        with step("2", "The charge point accepts to ask for a certificate"):
            assert trigger.response().status == "Accepted"
        with step("3", "The charge point asks for a certificate for a new key, with CpoName as organization"):
            request = security_states.right_request(station)

    wrong = station.certificates.signed(request, wrong=True)
    signed = station.send("CertificateSigned", certificateChain=wrong)
    with station.unordered():
        with step("6", "The charge point rejects the certificate"):
            assert signed.response().status == "Rejected"
        # The event is not one of the critical ones, which alone have to be sent (chapter 8).
        with step(
            "7", "The charge point reports InvalidChargePointCertificate", level="should", requirement="A04.FR.01"
        ):
            station.expect("SecurityEventNotification", where={"type": "InvalidChargePointCertificate"})


@testcase(
    "TC_078_CS",
    "A wrong certificate of the central system is refused and reported",
    profile="Security",
    requirements="security whitepaper M05.FR.06, A04.FR.01, 8",
    applies_if="security_profile_2 or security_profile_3",
)
def test_invalid_central_system_certificate(station: Station, step: Any) -> None:
    """The root certificate is out of date."""
    certificate = station.certificates.root(expired=True)
    install = station.send("InstallCertificate", certificateType=CENTRAL_SYSTEM, certificate=certificate)
    with station.unordered():
        with step("2", "The charge point rejects the certificate"):
            assert install.response().status == "Rejected"
        # The event is not one of the critical ones, which alone have to be sent (chapter 8).
        with step(
            "3", "The charge point reports InvalidCentralSystemCertificate", level="should", requirement="A04.FR.01"
        ):
            station.expect("SecurityEventNotification", where={"type": "InvalidCentralSystemCertificate"})
