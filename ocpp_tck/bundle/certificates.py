"""Certificates and signing requests of a trace that is anonymised: new ones of the same form, with other names."""

from __future__ import annotations

import hashlib
import random
import re
import string
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BODY = re.compile(r"(?<=-----\n).*(?=\n-----)|(?<=-----\\n).*(?=\\n-----)|(?<=-----).+(?=-----END)", re.DOTALL)
_ALGORITHMS = (hashlib.sha256, hashlib.sha384, hashlib.sha512)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A PEM text in its new form.

    Attributes:
        text: takes the place of the old one.
        hashes: what OCPP says of the old certificate (CertificateHashData), and what is to be said of the new one.
    """

    text: str
    hashes: Mapping[str, str] = field(default_factory=dict)


def replace_pem(text: str, named: Callable[[str], str]) -> Replaced:
    """Make another one of the same kind: kind and size of the key, validity, form of the names and extensions.

    Args:
        text: one PEM block; line ends may be escaped as in JSON.
        named: gives the pseudonym of a name.
    """
    escaped = "\\n" in text
    plain = text.replace("\\n", "\n").encode()
    try:
        if "CERTIFICATE REQUEST" in text:
            request = x509.load_pem_x509_csr(plain)
            return Replaced(_written(_request(request, named), text, escaped=escaped))
        certificate = x509.load_pem_x509_certificate(plain)
        fresh = _certificate(certificate, named)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Replaced(_scrambled(text))
    return Replaced(_written(fresh, text, escaped=escaped), _hashes(certificate, fresh))


def _written(made: Any, text: str, *, escaped: bool) -> str:
    pem: str = made.public_bytes(serialization.Encoding.PEM).decode("ascii")
    pem = pem if text.endswith(("\n", "\\n")) else pem.rstrip("\n")
    return pem.replace("\n", "\\n") if escaped else pem


def _certificate(old: x509.Certificate, named: Callable[[str], str]) -> x509.Certificate:
    key = _key_like(old.public_key())
    builder = x509.CertificateBuilder(
        issuer_name=_name(old.issuer, named),
        subject_name=_name(old.subject, named),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
    )
    for extension in old.extensions:
        if isinstance(extension.value, (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, _algorithm(old))


def _request(old: x509.CertificateSigningRequest, named: Callable[[str], str]) -> x509.CertificateSigningRequest:
    key = _key_like(old.public_key())
    return x509.CertificateSigningRequestBuilder(_name(old.subject, named)).sign(key, _algorithm(old))


def _algorithm(old: x509.Certificate | x509.CertificateSigningRequest) -> Any:
    return old.signature_hash_algorithm or hashes.SHA256()


def _key_like(key: Any) -> Any:
    if isinstance(key, rsa.RSAPublicKey):
        return _rsa(key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(key.curve)
    raise ValueError("a kind of key that this kit does not make")


@cache
def _rsa(size: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, size)


def _name(name: x509.Name, named: Callable[[str], str]) -> x509.Name:
    return x509.Name(
        x509.RelativeDistinguishedName(
            x509.NameAttribute(one.oid, one.value if len(str(one.value)) < 3 else named(str(one.value)))  # noqa: PLR2004 - a country
            for one in part
        )
        for part in name.rdns
    )


def _hashes(old: x509.Certificate, new: x509.Certificate) -> dict[str, str]:
    """Give what of CertificateHashData follows from a certificate alone, its issuer's key when it is its own issuer."""
    found = {f"{old.serial_number:x}": f"{new.serial_number:x}"}
    is_own = old.issuer == old.subject
    for algorithm in _ALGORITHMS:
        found[algorithm(old.issuer.public_bytes()).hexdigest()] = algorithm(new.issuer.public_bytes()).hexdigest()
        if is_own:
            found[algorithm(_key_bits(old)).hexdigest()] = algorithm(_key_bits(new)).hexdigest()
    return found


def _key_bits(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def _scrambled(text: str) -> str:
    """Put other characters of the same kinds between the lines of a PEM text that is none of the two."""
    dice = random.Random(text)  # noqa: S311 - what it makes hides nothing but itself
    alphabet = string.ascii_letters + string.digits

    def other(found: re.Match[str]) -> str:
        kept = found.group().replace("\\n", "\n")
        drawn = "".join(dice.choice(alphabet) if one.isalnum() else one for one in kept)
        return drawn.replace("\n", "\\n") if "\\n" in found.group() else drawn

    return _BODY.sub(other, text)
