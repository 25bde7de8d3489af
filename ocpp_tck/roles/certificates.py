"""Certificates as OCPP 1.6 carries them: what is asked for, made, installed and named by its hashes.

Sources: security whitepaper 2.6.1, A02, M03 to M05 and 6.1; RFC 2986, RFC 6960 4.1.1.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from ocpp_tck.net.auth import key_bytes
from ocpp_tck.net.pki import EXPIRED, VALID, Authority
from ocpp_tck.verdict import NotRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocpp_tck.net.security import Security

__all__ = ["key_bytes"]
LEAST_RSA, LEAST_EC = 2048, 224
"""Bits that a key has at least (A00.FR.502, A00.FR.503)."""


class Certificates(Protocol):
    """Makes the certificates that a case sends; each call gives another one, as PEM."""

    def root(self, *, expired: bool = False, signed: bool = False) -> str:
        """Give the certificate of a root authority.

        Args:
            expired: whether it is out of date.
            signed: by the kit's own authority, which it is to replace (AdditionalRootCertificateCheck).
        """

    def trusted(self) -> str:
        """Give the root certificate by which the kit's own certificate can be verified."""

    def signed(self, request: str, *, wrong: bool = False) -> str:
        """Give the certificate chain that answers a signing request.

        Args:
            request: PKCS#10, PEM; it was looked at before.
            wrong: by an authority that nobody knows, and out of date.
        """

    def request(self) -> str:
        """Give a signing request of the kit as a station, with a new key."""


class MadeCertificates:
    """Makes certificates with the kit's throw-away authorities and the one of `[connection.tls]`.

    Args:
        security: has that one.
        station: identity that the kit has as a station.
    """

    def __init__(self, security: Security, station: str) -> None:
        self._security = security
        self._station = station

    def root(self, *, expired: bool = False, signed: bool = False) -> str:
        """Give the certificate of a root authority.

        Raises:
            NotRun: it is to be signed by the kit's authority, and there is none.
        """
        name, organization = "ocpp-tck test root", self._security.organization
        if signed:
            return self._authority.intermediate(name).pem
        return Authority.root(name, organization=organization, validity=EXPIRED if expired else VALID).pem

    def trusted(self) -> str:
        """Give the root certificate by which the kit's own certificate can be verified.

        Raises:
            NotRun: there is no authority.
        """
        return self._authority.pem

    def signed(self, request: str, *, wrong: bool = False) -> str:
        """Give the certificate chain that answers a signing request.

        Raises:
            NotRun: there is no authority.
        """
        wanted = x509.load_pem_x509_csr(request.encode())
        if wrong:
            return Authority.root("unknown").sign(wanted, validity=EXPIRED).chain_pem
        return self._authority.sign(wanted).chain_pem

    def request(self) -> str:
        """Give a signing request of the kit as a station, with a new key."""
        return self._security.request(self._station)

    @property
    def _authority(self) -> Authority:
        if self._security.authority is None:
            raise NotRun(
                "the kit has to sign a certificate: [connection.tls] authority and authority_key say with what"
            )
        return self._security.authority


def hash_data(certificate: str, algorithm: str) -> dict[str, str]:
    """Give what names a root certificate (CertificateHashDataType, 6.1): it is its own issuer.

    Args:
        certificate: PEM.
        algorithm: SHA256, SHA384 or SHA512.
    """
    made = x509.load_pem_x509_certificate(certificate.encode())
    request = ocsp.OCSPRequestBuilder().add_certificate(made, made, _HASHES[algorithm]()).build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{made.serial_number:x}",
    }


_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


def entry_of(certificate: str, entries: Any) -> Any:
    """Give the CertificateHashData that name a certificate among `entries`, None when none does.

    They compare without letter case (CiString, 6.1). The key of the issuer is compared where it is the certificate's.
    """
    made = x509.load_pem_x509_certificate(certificate.encode())
    fields = ["issuerNameHash", "serialNumber", *(["issuerKeyHash"] if made.issuer == made.subject else [])]
    for entry in entries or ():
        right = hash_data(certificate, str(entry.hashAlgorithm))
        if all(str(getattr(entry, field)).casefold() == right[field] for field in fields):
            return entry
    return None


def request_defect(request: str, organization: str) -> str:
    """Say what is wrong with a signing request (A02.FR.03, A02.FR.13, A00.FR.501 to A00.FR.511); empty when nothing is.

    Args:
        request: as it came.
        organization: what CpoName is.
    """
    try:
        wanted = x509.load_pem_x509_csr(request.encode())
        sound = wanted.is_signature_valid
        defect = key_defect(wanted.public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return f"it is no certificate signing request in PEM (PKCS#10): {error}"
    if not sound:
        return "it is not signed with its own key"
    if defect:
        return defect
    owner, name = _subject(wanted.subject, NameOID.ORGANIZATION_NAME), _subject(wanted.subject, NameOID.COMMON_NAME)
    if organization not in owner:
        return f"its organizationName (O) is {', '.join(owner) or 'absent'} instead of CpoName, {organization}"
    return "" if name else "its commonName (CN) is absent; it is to be the serial number"


def key_defect(key: Any) -> str:
    """Say what is wrong with a public key; empty when nothing is."""
    if isinstance(key, (rsa.RSAPublicKey, dsa.DSAPublicKey)):
        return f"its key has {key.key_size} bits, fewer than {LEAST_RSA}" if key.key_size < LEAST_RSA else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"its key has {key.key_size} bits, fewer than {LEAST_EC}" if key.key_size < LEAST_EC else ""
    return ""


def peer_defect(certificate: str, host: str = "") -> str:
    """Say what is wrong with the certificate that the other end showed (A00.FR.502 to A00.FR.511).

    Args:
        certificate: PEM; empty when none was shown.
        host: of a central system, where it was met: its commonName is that FQDN (A00.FR.510), which an address does not
            tell; of a charge point empty: its commonName is no URL and no address (A00.FR.511).
    """
    if not certificate:
        return "none was shown"
    made = x509.load_pem_x509_certificate(certificate.encode())
    number = "" if made.serial_number else "it has no serial number"
    return key_defect(made.public_key()) or number or _name_defect(made, host)


def _name_defect(made: x509.Certificate, host: str) -> str:
    found = _subject(made.subject, NameOID.COMMON_NAME)
    shown = ", ".join(found)
    if not found:
        return "its subject has no commonName (CN)"
    if not _subject(made.subject, NameOID.ORGANIZATION_NAME):
        return "its subject has no organizationName (O), its owner (A00.FR.509)"
    if host and not _is_place(host) and host.casefold() not in {name.casefold() for name in found}:
        return f"its commonName (CN) is {shown} instead of {host}"
    if not host and any(_is_place(name) for name in found):
        return f"its commonName (CN) {shown} is a URL or an address, no serial number"
    return ""


def same_certificate(chain: str, shown: str) -> bool:
    """Whether a certificate (PEM) that came is the first one of a chain; what is none is not."""
    own, other = _first(chain), _first(shown)
    return own is not None and own == other


def is_for_request(chain: str, request: str) -> bool:
    """Whether the first certificate of a chain (PEM) is for the key of a signing request."""
    made = _first(chain)
    return made is not None and made.public_key() == x509.load_pem_x509_csr(request.encode()).public_key()


def _first(chain: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(chain.encode())
    except ValueError:
        return None


def _subject(name: x509.Name, wanted: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in name.get_attributes_for_oid(wanted)]


def _is_place(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "://" in name
    return True
