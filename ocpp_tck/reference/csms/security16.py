"""TLS of the embedded CSMS: what it takes, and the certificates that it signs (security whitepaper 2.4, 2.5, A02)."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocpp_tck.reference.control import CannotStart
from ocpp_tck.reference.launch import CsmsOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
)
_LIFETIME = timedelta(days=90)
_LEAST_RSA, _LEAST_EC = 2048, 224


class CannotSign(Exception):
    """A certificate signing request can't be met; the message says why."""


def server_context(options: CsmsOptions) -> ssl.SSLContext | None:
    """Make the TLS context; None for a CSMS without certificates. Raises `CannotStart`."""
    if options.client_ca and not options.cpo_names:
        raise CannotStart(
            "--client-ca needs --cpo-name: the organization that the certificates of stations must name as their owner "
            "(A00.FR.404)"
        )
    if not options.certificates:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(options.tls_suites or _SUITES))
    try:
        for certificate, key in options.certificates:
            context.load_cert_chain(certificate, key)
        if options.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.client_ca)
    except OSError as error:
        raise CannotStart(f"TLS: {error.strerror or error}: {options.certificates}, {options.client_ca}") from error
    return context


class CertificateOwners:
    """Who has to own the certificate of a station, and which station it has to be of.

    Names are compared whole and without regard to case (RFC 5280 7.1; a serial number is a CiString in OCPP): were a
    part enough, the station SN-1 would be let in with the certificate of SN-11.
    """

    def __init__(self, options: CsmsOptions) -> None:
        self._organizations = {one.casefold() for one in options.cpo_names}
        self._serials = options.serials

    def objection(self, station: str, certificate: bytes) -> str:
        """Say why a station may not come in with this certificate (DER); empty when it may."""
        subject = x509.load_der_x509_certificate(certificate).subject
        owner, name = _values(subject, NameOID.ORGANIZATION_NAME), _values(subject, NameOID.COMMON_NAME)
        if not self._is_trusted(owner):
            return "the certificate is not owned by the CPO or an organization that it trusts"
        if not self._is_of(station, name):
            return "the certificate is not that of this charge point"
        return ""

    def _is_trusted(self, organizations: "Iterable[str]") -> bool:
        # A00.FR.404
        return any(one.casefold() in self._organizations for one in organizations)

    def _is_of(self, station: str, names: "Iterable[str]") -> bool:
        # A00.FR.405, with A00.FR.511: the commonName consists of the serial number.
        serial = self._serials.get(station, station).casefold()
        return any(one.casefold() == serial for one in names)


class CertificateAuthority:
    """Signs what stations ask for; without an authority it can't."""

    def __init__(self, files: tuple[str, str] | None) -> None:
        """Read the authority. Raises `CannotStart`."""
        self._chain: Sequence[x509.Certificate] = ()
        self._key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
        if files is None:
            return
        try:
            self._chain = x509.load_pem_x509_certificates(Path(files[0]).read_bytes())
            key = serialization.load_pem_private_key(Path(files[1]).read_bytes(), None)
        except (OSError, ValueError) as error:
            raise CannotStart(f"the authority {files[0]}, {files[1]} can't be used: {error}") from error
        assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)  # noqa: S101 - no other is made for it
        self._key = key

    def sign(self, request: str) -> str:
        """Sign a request (PKCS#10, PEM); returns the chain without the root. Raises `CannotSign`."""
        if self._key is None:
            raise CannotSign("this CSMS has no certificate authority")
        wanted = _wanted(request)
        now = datetime.now(UTC)
        issuer = self._chain[0]
        builder = (
            x509.CertificateBuilder()
            .subject_name(wanted.subject)
            .issuer_name(issuer.subject)
            .public_key(wanted.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        made = builder.sign(self._key, hashes.SHA256())
        above = [one for one in self._chain if one.subject != one.issuer]
        return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in (made, *above))


def _values(subject: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in subject.get_attributes_for_oid(kind)]


def _wanted(request: str) -> x509.CertificateSigningRequest:
    try:
        wanted = x509.load_pem_x509_csr(request.encode())
        is_sound = wanted.is_signature_valid
        key = wanted.public_key()
    except ValueError as error:
        raise CannotSign(f"no certificate signing request: {error}") from error
    names = {one.oid for one in wanted.subject}
    least = _LEAST_RSA if isinstance(key, rsa.RSAPublicKey) else _LEAST_EC
    if not is_sound or not {NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME} <= names:
        raise CannotSign("not signed with its own key, or without commonName or organizationName")
    if getattr(key, "key_size", 0) < least:
        raise CannotSign("with a key that is too weak")
    return wanted
