"""The manufacturer of the embedded charge point of 1.6: its firmware, and the signature of it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path  # noqa: TC003 - read at run time by dataclasses
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ocpp_tck.net.pki import Authority

if TYPE_CHECKING:
    from ocpp_tck.net.pki import Certified

BODY = b"\0ocpp-tck" * 2000


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the manufacturer gives to an operator.

    Attributes:
        firmware: the file.
        root: the manufacturer's root certificate, PEM, which the charge point trusts.
        certificate: that with which the file was signed, PEM.
        signature: of the file, base64.
    """

    firmware: Path
    root: Path
    certificate: str
    signature: str


def with_firmware(tables: str, delivery: Delivery | None) -> str:
    """Give the tables of a configuration, the first of which is `[test_data]`, with what the manufacturer delivered."""
    if delivery is None:
        return tables
    head = "[test_data]\n"
    data = f'firmware_signature = "{delivery.signature}"\nsigning_certificate = """\n{delivery.certificate}"""\n'
    files = f'\n[files]\nfirmware = "{delivery.firmware}"\nsigned_firmware = "{delivery.firmware}"\n'
    return tables.replace(head, head + data, 1) + files


def image(version: str, body: bytes = BODY) -> bytes:
    """Build firmware of a version, as the charge point expects it."""
    digest = hashlib.sha256(body).hexdigest()
    return f"ocpp-tck reference firmware\nversion={version}\nsha256={digest}\n\n".encode() + body


def deliver(folder: Path, version: str = "2.0.0") -> Delivery:
    """Write signed firmware, and the root certificate, into a folder."""
    root, signer = _signers()
    content = image(version)
    firmware, trusted = folder / f"firmware-{version}.bin", folder / "manufacturer.pem"
    firmware.write_bytes(content)
    trusted.write_text(root, encoding="ascii")
    return Delivery(firmware, trusted, signer.pem, sign(content, signer))


def sign(content: bytes, signer: Certified) -> str:
    """Sign a file with RSA-PSS and SHA-256 (1.6 security whitepaper L01.FR.04)."""
    key = signer.key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("firmware is signed with an RSA key here")
    salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return base64.b64encode(key.sign(content, salt, hashes.SHA256())).decode()


@cache
def _signers() -> tuple[str, Certified]:
    root = Authority.root("ocpp-tck manufacturer")
    return root.pem, root.code_signing(algorithm="rsa")
