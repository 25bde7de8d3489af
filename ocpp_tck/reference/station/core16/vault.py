"""What the charge point keeps secret or trusts, and its TLS (security whitepaper 2, A01, A02, A05, M03 to M05)."""

import os
import re
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from ocpp_tck.reference.launch import StationOptions

CENTRAL_SYSTEM, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
BASIC, TLS_BASIC, MUTUAL = 1, 2, 3
MAX_CHAIN = 10_000
STORE_LENGTH = 10
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
_LEAST_BITS = {rsa.RSAPublicKey: 2048, ec.EllipticCurvePublicKey: 224}
_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Unusable(Exception):
    """A certificate is not one, or not a right one; the message says why."""


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate of the charge point, with its chain (PEM) and key."""

    certificate: x509.Certificate
    chain: str
    key: PrivateKey


class Vault:
    """Password, certificates and security profile; it outlives a power cut."""

    def __init__(self, options: StationOptions) -> None:
        """Take what was installed in the factory. Raises ValueError for files that can't be used."""
        self.profile = options.security_profile
        self.former: int | None = None
        """The profile to go back to while the new one has not been proven (A05.FR.08)."""
        self.password: bytes | None = None if options.password is None else self._as_password(options.password)
        self.roots: dict[str, list[x509.Certificate]] = {CENTRAL_SYSTEM: [], MANUFACTURER: []}
        self.fallback: x509.Certificate | None = None
        """The root that was replaced, until the new one has been proven (M05.FR.11)."""
        self.in_use: x509.Certificate | None = None
        """The root by which the Central System was verified."""
        self._strict = options.additional_root_check
        self._serial_number = options.serial_number
        self._suites = options.tls_suites or _SUITES
        self._own: list[Own] = []
        self._own_pem = options.own_pem
        self._requested: PrivateKey | None = None
        try:
            if options.ca:
                self.roots[CENTRAL_SYSTEM] = x509.load_pem_x509_certificates(Path(options.ca).read_bytes())
            if options.certificate:
                key = serialization.load_pem_private_key(Path(options.key).read_bytes(), None)
                assert isinstance(key, PrivateKey)  # noqa: S101 - no other kind is made for it
                self._keep(Path(options.certificate).read_text(encoding="ascii"), key)
        except OSError as error:
            raise ValueError(f"{error.filename}: {error.strerror}") from error

    # -- password and profile ------------------------------------------------------------------------------------

    def set_password(self, value: str) -> bool:
        """Take an AuthorizationKey: 16 to 20 bytes, hexadecimal (A00.FR.205)."""
        if not _KEY.fullmatch(value):
            return False
        self.password = self._as_password(value)
        return True

    def _as_password(self, text: str) -> bytes:
        """Give the bytes that are shown: those that an AuthorizationKey stands for (OCPP-J 6.2.2), or a plain text."""
        return bytes.fromhex(text) if _KEY.fullmatch(text) else text.encode()

    def set_profile(self, value: str) -> bool:
        """Take a higher security profile if its prerequisites are met (A05.FR.01 to FR.05)."""
        if not value.isdecimal() or not self.profile < int(value) <= MUTUAL:
            return False
        wanted = int(value)
        needs_password = wanted in {BASIC, TLS_BASIC} and not 16 <= len(self.password or b"") <= 20  # noqa: PLR2004
        needs_root = wanted >= TLS_BASIC and not any(_is_current(root) for root in self.roots[CENTRAL_SYSTEM])
        if needs_password or needs_root or (wanted == MUTUAL and self.own is None):
            return False
        self.former, self.profile = self.profile, wanted
        return True

    def fall_back(self) -> bool:
        """Return to the former profile, when the new one does not lead to a connection (A05.FR.08)."""
        if self.former is None:
            return False
        self.profile, self.former = self.former, None
        return True

    # -- root certificates ---------------------------------------------------------------------------------------

    def install(self, use: str, pem: str) -> str:
        """Install a root certificate; returns the CertificateStatus. Raises `Unusable` for a wrong one."""
        root = _root(pem)
        installed = self.roots[use]
        if root in installed:
            return "Accepted"
        if use == CENTRAL_SYSTEM and self._strict and installed:
            return self._replace(root)
        _signed_by(root, root)
        if sum(map(len, self.roots.values())) >= STORE_LENGTH:
            return "Rejected"
        installed.append(root)
        return "Accepted"

    def _replace(self, root: x509.Certificate) -> str:
        """Take a root that the old one has signed, and keep that for a while (M05.FR.09 to FR.11)."""
        old = self.roots[CENTRAL_SYSTEM][0]
        _signed_by(root, old)
        self.fallback = old
        self.roots[CENTRAL_SYSTEM] = [root]
        return "Accepted"

    def delete(self, named: dict[str, str]) -> str:
        """Delete a root certificate; returns the DeleteCertificateStatus (M04)."""
        for installed in self.roots.values():
            for root in installed:
                if _same(self.hash_data(root, named["hash_algorithm"]), named):
                    if root == self.in_use:
                        return "Failed"
                    installed.remove(root)
                    return "Accepted"
        return "NotFound"

    def installed(self, use: str) -> list[dict[str, str]]:
        """Give the CertificateHashData of the roots of that use (M03)."""
        return [self.hash_data(root, "SHA256") for root in self.roots[use]]

    def hash_data(self, root: x509.Certificate, algorithm: str) -> dict[str, str]:
        """Give the CertificateHashData of a root; with an issuer of its own, that of the issuer's key."""
        issuer = self.fallback if root.issuer != root.subject and self.fallback else root
        made = ocsp.OCSPRequestBuilder().add_certificate(root, issuer, _HASHES[algorithm]()).build()
        return {
            "hash_algorithm": algorithm,
            "issuer_name_hash": made.issuer_name_hash.hex(),
            "issuer_key_hash": made.issuer_key_hash.hex(),
            "serial_number": f"{root.serial_number:X}",
        }

    # -- certificates of its own ---------------------------------------------------------------------------------

    @property
    def own(self) -> Own | None:
        """The newest certificate that is valid (A02.FR.09)."""
        current = [one for one in reversed(self._own) if _is_current(one.certificate)]  # of equals the last one
        return max(current, key=lambda one: one.certificate.not_valid_before_utc, default=None)

    def request(self, organization: str) -> str:
        """Make a new key, and the request for a certificate with it (A02.FR.02, FR.03, FR.13)."""
        self._requested = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                x509.NameAttribute(NameOID.COMMON_NAME, self._serial_number),
            ]
        )
        made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._requested, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def take_signed(self, chain: str) -> None:
        """Take the certificate that was asked for. Raises `Unusable` (A02.FR.06, FR.07)."""
        if self._requested is None:
            raise Unusable("no certificate was asked for")
        if len(chain) > MAX_CHAIN:
            raise Unusable("longer than CertificateSignedMaxChainSize")
        leaf, *others = _certificates(chain)
        if leaf.public_key() != self._requested.public_key():
            raise Unusable("for another key")
        for one in (leaf, *others):
            _usable(one)
        for one, issuer in zip((leaf, *others), others, strict=False):
            _signed_by(one, issuer)
        top = others[-1] if others else leaf
        if not any(_is_signed(top, root) or top == root for root in self.roots[CENTRAL_SYSTEM]):
            raise Unusable("not of the hierarchy of the charge point operator")
        self._keep(chain, self._requested)
        self._requested = None

    def _keep(self, chain: str, key: PrivateKey) -> None:
        own = Own(_certificates(chain)[0], chain, key)
        self._own.append(own)
        if self._own_pem:
            _write(Path(self._own_pem), own)

    # -- TLS -----------------------------------------------------------------------------------------------------

    def context(self) -> ssl.SSLContext | None:
        """Make the TLS context of the profile in use; None without TLS."""
        if self.profile < TLS_BASIC:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(":".join(self._suites))
        trusted = [*self.roots[CENTRAL_SYSTEM], *([self.fallback] if self.fallback else [])]
        if trusted:
            context.load_verify_locations(cadata="".join(map(_pem, trusted)))
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        own = self.own
        if self.profile == MUTUAL and own is not None:
            _load(context, own)
        return context

    def connected(self, peer: bytes | None) -> None:
        """Learn from a connection that stands: the profile works, and by which root the peer was verified."""
        self.former = None
        leaf = x509.load_der_x509_certificate(peer) if peer else None
        roots = self.roots[CENTRAL_SYSTEM]
        signers = [root for root in roots if leaf is not None and _is_signed(leaf, root)]
        self.in_use = signers[0] if signers else roots[0] if leaf is not None and len(roots) == 1 else None
        if self.in_use is not None and self.fallback is not None:
            self.fallback = None  # M05.FR.12


def _load(context: ssl.SSLContext, own: Own) -> None:
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-cs-") as folder:
        path = Path(folder) / "own.pem"
        _write(path, own)
        context.load_cert_chain(path)


def _write(path: Path, own: Own) -> None:
    plain = serialization.NoEncryption()
    key = own.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    part = path.with_name(f".{path.name}.part")  # who reads it meanwhile has the old one whole
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(own.chain.encode() + b"\n" + key)
    part.replace(path)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise Unusable("no X.509 certificate in PEM") from error


def _root(pem: str) -> x509.Certificate:
    found = _certificates(pem)
    if len(found) != 1:
        raise Unusable("more than one certificate")
    _usable(found[0])
    try:
        is_authority = found[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if not is_authority:
        raise Unusable("no certificate of an authority")
    return found[0]


def _usable(certificate: x509.Certificate) -> None:
    """Check validity and key size (A00.FR.501 to FR.503)."""
    if not _is_current(certificate):
        raise Unusable("out of date, or not valid yet")
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable("with an unknown kind of key") from error
    least = next((bits for kind, bits in _LEAST_BITS.items() if isinstance(key, kind)), None)
    if least is None or getattr(key, "key_size", 0) < least:
        raise Unusable("with a key that is too weak")


def _is_current(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    if not _is_signed(certificate, issuer):
        raise Unusable("not signed by the authority above it")


def _is_signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _same(one: dict[str, str], other: dict[str, str]) -> bool:
    return all(one[field].casefold() == other[field].casefold() for field in one)
