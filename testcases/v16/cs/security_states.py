"""States of the security cases of the 1.6 test document with the charge point under test (2.24, 2.26; whitepaper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.certificates import entry_of, hash_data, request_defect
from ocpp_tck.verdict import Failed, Inconclusive, NotApplicable

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station

ROOTS = ("CentralSystemRootCertificate", "ManufacturerRootCertificate")
FAMILIES = {
    "ecdsa": ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    "rsa": ("TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
}
"""Cipher suites of which a charge point supports both of one kind (A00.FR.318, A00.FR.422)."""


def triggered_to_reset(station: Station) -> None:
    """State of 085 to 087: the charge point is asked to reset, and does."""
    assert station.call("Reset", type="Hard").status == "Accepted"


def right_credentials(station: Station, auth: Any) -> None:
    """Demand the right Authorization header (A00.FR.202 to A00.FR.205; OCPP-J 6.2.2; errata 3.12).

    The document wants 16 characters at least, and 40 hexadecimal digits at most: 16 to 20 bytes.
    """
    assert auth.get("scheme", "").casefold() == "basic", f"the scheme is {auth.get('scheme') or 'absent'}"
    assert auth.get("user") == station.conversation.station
    length = int(auth.get("password_bytes", 0))
    assert 16 <= length <= 20, f"the password has {length} bytes; allowed: 16 to 20"


def supports_suites(station: Station) -> None:
    """Demand both suites of one family, each tried alone; afterwards any good suite will do again.

    Raises:
        Failed: one of each family is missing.
        Inconclusive: the kit has no certificate for the family that might be supported.
    """
    missing: list[str] = []
    untried = [family for family in FAMILIES if family not in station.algorithms]
    for family, suites in FAMILIES.items():
        lacking = "" if family in untried else next((one for one in suites if station.connects_with(one) is None), "")
        if family not in untried and not lacking:
            break
        missing += [lacking] if lacking else []
    else:
        back(station)
        if untried:
            raise Inconclusive(f"the kit has no {' and no '.join(untried)} certificate to try the other suites with")
        raise Failed(
            f"the charge point does not connect with {' nor with '.join(missing)}",
            expected="both suites of one family: " + "; or ".join(" and ".join(suites) for suites in FAMILIES.values()),
            received=f"no connection with {' nor with '.join(missing)} alone",
        )
    back(station)


def back(station: Station) -> None:
    """Let the charge point come back over any good cipher suite."""
    station.go_offline()
    station.go_online()
    station.wait_connected()


def cpo_named(station: Station) -> None:
    """Configuration of 074 and 077: CpoName is what the test data say."""
    station.configure("CpoName", station.data.cpo_name)


def one_root_only(station: Station) -> bool:
    """Whether AdditionalRootCertificateCheck lets a new root only replace the one that has signed it (7.1)."""
    return states.is_true(station.read_key("AdditionalRootCertificateCheck"))


def excuse_full_store(station: Station, status: str) -> None:
    """Let a charge point refuse a root certificate for which it has no room (M05.FR.03).

    Raises:
        NotApplicable: it refused, and lists as many certificates as CertificateStoreMaxLength allows.
    """
    length = station.read_key("CertificateStoreMaxLength") if status == "Rejected" else None
    if length is None or not str(length.get("value", "")).isdecimal():
        return
    count = 0
    for use in ROOTS:
        listed = station.call("GetInstalledCertificateIds", certificateType=use)
        count += len(listed.get("certificateHashData") or ())
    if count >= int(length["value"]):
        raise NotApplicable(f"the charge point has {count} root certificates and room for no more (M05.FR.03)")


def certificate_installed(station: Station, use: str, certificate: str) -> None:
    """Memory state CertificateInstalled (2.26): a root certificate is installed.

    That GetInstalledCertificateIds is to be Accepted there, as the document has it, can't be before the first one is
    installed: then NotFound is right (M03.FR.02).
    """
    installed = station.call("GetInstalledCertificateIds", certificateType=use)
    if entry_of(certificate, installed.get("certificateHashData")) is not None:
        return
    conf = station.call("InstallCertificate", certificateType=use, certificate=certificate)
    excuse_full_store(station, str(conf.status))
    assert conf.status == "Accepted"


def certificate_requested(station: Station) -> str:
    """First half of RenewChargePointCertificate (2.26): the charge point asks for a certificate; gives the request."""
    cpo_named(station)
    station.answer("SignCertificate", then={"status": "Accepted"})
    conf = station.call("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert conf.status == "Accepted"
    return right_request(station)


def right_request(station: Station) -> str:
    """Take a SignCertificate and demand a right request in it; gives the request."""
    request = str(station.expect("SignCertificate", within="signing").csr)
    defect = request_defect(request, station.data.cpo_name)
    assert not defect, defect
    return request


def certificate_renewed(station: Station) -> None:
    """Memory state RenewChargePointCertificate (2.26): the charge point has a certificate of the kit's authority."""
    chain = station.certificates.signed(certificate_requested(station))
    assert station.call("CertificateSigned", certificateChain=chain).status == "Accepted"


def delete_installed(station: Station) -> None:
    """Delete the root certificates that a case has installed, whichever hashes they are known by (M04.FR.07)."""
    while station.installed:
        certificate = station.installed.pop()
        for algorithm in ("SHA256", "SHA384", "SHA512"):
            named = hash_data(certificate, algorithm)
            if station.send("DeleteCertificate", certificateHashData=named).answer().get("status") != "NotFound":
                break
