"""Checks of signed firmware (security whitepaper L01): the certificate, and the signature with it."""

import base64
import binascii
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

_RSA_BITS, _EC_BITS = 2048, 224
"""The shortest keys that are allowed (A00.FR.502, A00.FR.503)."""


def certificate_problem(pem: str, root_pem: str) -> str:
    """Say what is wrong with a firmware signing certificate; empty for a valid one (L01.FR.12, L01.FR.23).

    It is issued by the manufacturer's root itself: there are no intermediate ones (L01, remarks).
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        root = x509.load_pem_x509_certificate(root_pem.encode())
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        return f"not issued by the manufacturer: {error}"
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "not valid at this time"
    return _weak(certificate) or _not_for_signing(certificate)


def _weak(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _EC_BITS
    )
    return "" if strong else "its key is too short, or of another kind than RSA and elliptic curves"


def _not_for_signing(certificate: x509.Certificate) -> str:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:  # A00.FR.512 is a SHOULD
        return ""
    return "" if usage.digital_signature else "its key usage does not include signatures"


def is_signed(content: bytes, signature: str, pem: str) -> bool:
    """Whether a signature (base64) over the whole file is right: RSA-PSS or an elliptic curve, SHA-256 (L01.FR.04)."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        if isinstance(key, rsa.RSAPublicKey):
            salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            key.verify(raw, content, salt, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, content, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    return True
