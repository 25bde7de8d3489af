"""A throw-away public key infrastructure: authorities, and the certificates that a test needs, right or wrong.

Keys are made when they are asked for and never leave the run, unless they are written to files.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

Algorithm = Literal["ecdsa", "rsa"]
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Purpose = Literal["server", "client", "code_signing"]

ORGANIZATION = "ocpp-tck"
DAY = timedelta(days=1)
RSA_BITS, WEAK_RSA_BITS = 2048, 1024
"""The least that is allowed (1.6 security whitepaper A00.FR.502; 2.0.1 A00.FR.502), and less than that."""

_USAGES = {
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
}


@dataclass(frozen=True, slots=True)
class Validity:
    """A period of validity, measured from now."""

    begins: timedelta = -DAY
    ends: timedelta = 30 * DAY


VALID = Validity()
A_YEAR = Validity(-DAY, 365 * DAY)
EXPIRED = Validity(-30 * DAY, -DAY)
NOT_YET = Validity(DAY, 30 * DAY)


@dataclass(frozen=True, slots=True)
class Files:
    """Where a certificate with its chain, and its key, were written; PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certified:
    """A certificate, the authorities between it and its root, and its private key.

    Attributes:
        certificate: the certificate itself.
        key: its private key; None when somebody else has it.
        chain: the intermediate authorities, the issuer first.
    """

    certificate: x509.Certificate
    key: Key | None = None
    chain: tuple[x509.Certificate, ...] = ()

    @cached_property
    def pem(self) -> str:
        """The certificate alone."""
        return as_pem(self.certificate)

    @cached_property
    def chain_pem(self) -> str:
        """The certificate and the intermediate authorities, as a TLS server sends them."""
        return "".join(map(as_pem, (self.certificate, *self.chain)))

    def key_pem(self) -> str:
        """The private key, PKCS#8 without a password.

        Raises:
            ValueError: somebody else has it.
        """
        if self.key is None:
            raise ValueError("the private key of this certificate is not here")
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, plain).decode()

    def write(self, folder: Path, name: str) -> Files:
        """Write `name.pem` (with its chain) and `name-key.pem`; only the owner can read the key.

        Raises:
            OSError: the folder can't be written.
        """
        files = Files(folder / f"{name}.pem", folder / f"{name}-key.pem")
        files.certificate.write_text(self.chain_pem, encoding="ascii")
        files.key.unlink(missing_ok=True)
        with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(self.key_pem())
        return files


class Authority:
    """A certificate authority.

    Args:
        own: its certificate, chain and key; `Authority.root` makes one.
    """

    def __init__(self, own: Certified) -> None:
        if own.key is None:
            raise ValueError("an authority needs its private key")
        self.own = own
        self._key: Key = own.key
        self._revoked: list[x509.Certificate] = []

    @classmethod
    def root(
        cls,
        name: str = "ocpp-tck root",
        *,
        organization: str = ORGANIZATION,
        algorithm: Algorithm = "ecdsa",
        validity: Validity = VALID,
    ) -> Authority:
        """Make a root: it signs itself."""
        key = new_key(algorithm)
        subject = named(name, organization)
        builder = _as_authority(_builder(subject, subject, key.public_key(), key.public_key(), validity), None)
        return cls(Certified(builder.sign(key, hashes.SHA256()), key))

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> Authority:
        """Take an authority from PEM files: its certificate with the chain below the root, and its key.

        Raises:
            ValueError: they are no PEM, have a password, or don't belong together.
        """
        own, *chain = x509.load_pem_x509_certificates(certificate)
        try:
            loaded = serialization.load_pem_private_key(key, password=None)
        except TypeError:
            raise ValueError("the private key has a password") from None
        if not isinstance(loaded, Key) or loaded.public_key() != own.public_key():
            raise ValueError("the private key (RSA or ECDSA) does not belong to the certificate")
        return cls(Certified(own, loaded, tuple(chain)))

    @property
    def certificate(self) -> x509.Certificate:
        """Its certificate."""
        return self.own.certificate

    @property
    def pem(self) -> str:
        """Its certificate as PEM: what others have to trust."""
        return self.own.pem

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """What a holder of one of its certificates shows besides: itself and those above it, without the root."""
        return () if self.certificate.subject == self.certificate.issuer else (self.certificate, *self.own.chain)

    def intermediate(
        self, name: str = "ocpp-tck intermediate", *, algorithm: Algorithm = "ecdsa", validity: Validity = VALID
    ) -> Authority:
        """Make an authority below this one that signs leaves only."""
        key = new_key(algorithm)
        certificate = self._sign(_as_authority(self._begin(named(name), key.public_key(), validity), 0))
        return Authority(Certified(certificate, key, self.chain))

    def server(
        self,
        *hosts: str,
        organization: str = ORGANIZATION,
        algorithm: Algorithm = "ecdsa",
        validity: Validity = VALID,
        purpose: Purpose = "server",
        rsa_bits: int = RSA_BITS,
    ) -> Certified:
        """Make the certificate of a server that is met under these names or addresses, the first one in the CN."""
        key = new_key(algorithm, rsa_bits)
        return self.issue(
            key.public_key(), named(hosts[0], organization), purpose, key=key, hosts=hosts, validity=validity
        )

    def client(
        self,
        serial: str,
        organization: str = ORGANIZATION,
        *,
        algorithm: Algorithm = "ecdsa",
        validity: Validity = VALID,
        purpose: Purpose = "client",
        rsa_bits: int = RSA_BITS,
    ) -> Certified:
        """Make the certificate of a station: CN its serial number, O the operator (A00.FR.404, A00.FR.405)."""
        key = new_key(algorithm, rsa_bits)
        return self.issue(key.public_key(), named(serial, organization), purpose, key=key, validity=validity)

    def code_signing(
        self,
        name: str = "ocpp-tck firmware",
        organization: str = ORGANIZATION,
        *,
        algorithm: Algorithm = "ecdsa",
        validity: Validity = VALID,
    ) -> Certified:
        """Make the certificate with which a manufacturer signs firmware."""
        key = new_key(algorithm)
        return self.issue(key.public_key(), named(name, organization), "code_signing", key=key, validity=validity)

    def sign(
        self, request: x509.CertificateSigningRequest, *, purpose: Purpose = "client", validity: Validity = VALID
    ) -> Certified:
        """Make the certificate that somebody asks for; the private key stays there.

        Raises:
            ValueError: the request is not signed with its own key.
        """
        if not request.is_signature_valid:
            raise ValueError("the certificate signing request is not signed with its own key")
        return self.issue(request.public_key(), request.subject, purpose, validity=validity)

    def issue(
        self,
        public_key: CertificatePublicKeyTypes,
        subject: x509.Name,
        purpose: Purpose,
        *,
        key: Key | None = None,
        hosts: Sequence[str] = (),
        validity: Validity = VALID,
    ) -> Certified:
        """Make the certificate of somebody who is no authority."""
        usage = x509.ExtendedKeyUsage([_USAGES[purpose]])
        encipherment = purpose != "code_signing" and isinstance(public_key, rsa.RSAPublicKey)
        builder = self._begin(subject, public_key, validity)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signature=True, encipherment=encipherment), critical=True)
        builder = builder.add_extension(usage, critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([*map(_host, hosts)]), critical=False)
        return Certified(self._sign(builder), key, self.chain)

    def revoke(self, certificate: x509.Certificate) -> None:
        """Declare a certificate of this authority invalid; `revoked` lists it from now on."""
        self._revoked.append(certificate)

    def revoked(self) -> str:
        """Give the list of revoked certificates (CRL) as PEM."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, now - DAY, now + 30 * DAY)
        for certificate in self._revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, now - timedelta(hours=1))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _begin(
        self, subject: x509.Name, public_key: CertificatePublicKeyTypes, validity: Validity
    ) -> x509.CertificateBuilder:
        return _builder(subject, self.certificate.subject, public_key, self._key.public_key(), validity)

    def _sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return builder.sign(self._key, hashes.SHA256())


def new_key(algorithm: Algorithm, rsa_bits: int = RSA_BITS) -> Key:
    """Make a private key: on the curve P-256, or RSA."""
    if algorithm == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)


def signing_request(key: Key, subject: x509.Name) -> str:
    """Ask for a certificate (PKCS#10, RFC 2986); PEM."""
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def named(common_name: str, organization: str = ORGANIZATION) -> x509.Name:
    """Give the subject with O and CN (A00.FR.509 to A00.FR.511)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def as_pem(certificate: x509.Certificate) -> str:
    """Write a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: CertificatePublicKeyTypes,
    issuer_key: CertificatePublicKeyTypes,
    validity: Validity,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    # both are RSA or EC keys
    identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)  # type: ignore[arg-type]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + validity.begins)
        .not_valid_after(now + validity.ends)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int | None) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_key_usage(authority=True), critical=True)


def _key_usage(*, signature: bool = False, encipherment: bool = False, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
