"""DSSE envelopes with Ed25519 signatures (https://github.com/secure-systems-lab/dsse, version 1).

What is signed is the pre-authentication encoding (PAE) of the payload and its type, never the JSON around it. The
signatures are those of the `cryptography` library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""Type of the payload: an in-toto Statement."""
_FIELDS = {"payload", "payloadType", "signatures"}


class KeyProblem(Exception):
    """A key can't be read or written; the message names the file and the mend."""


class EnvelopeError(Exception):
    """A text is no DSSE envelope; the message says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope.

    Attributes:
        payload: what is signed.
        payload_type: its media type.
        signatures: id of the key and signature, of each; none for an envelope that nobody has signed.
    """

    payload: bytes
    payload_type: str = PAYLOAD_TYPE
    signatures: tuple[tuple[str, bytes], ...] = ()

    @property
    def encoded(self) -> bytes:
        """The pre-authentication encoding: what the signatures are of."""
        return pae(self.payload_type, self.payload)

    def signed(self, key: Ed25519PrivateKey) -> Envelope:
        """Give the envelope with the signature of a key; an earlier one of the same key goes."""
        own = key_id(key.public_key())
        others = tuple(one for one in self.signatures if one[0] != own)
        return Envelope(self.payload, self.payload_type, (*others, (own, key.sign(self.encoded))))

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether one of the signatures is of this key; the key's id is a hint and not relied on."""
        return any(_holds(key, signature, self.encoded) for _, signature in self.signatures)

    def as_json(self) -> str:
        """Write it."""
        content = {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode("ascii"),
            "signatures": [
                {"keyid": identifier, "sig": base64.b64encode(signature).decode("ascii")}
                for identifier, signature in self.signatures
            ],
        }
        return json.dumps(content, indent=1) + "\n"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Give the pre-authentication encoding of DSSE version 1; lengths are in bytes."""
    kind = payload_type.encode()
    return b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))


def read_envelope(text: str) -> Envelope:
    """Read an envelope.

    Raises:
        EnvelopeError: it is none.
    """
    try:
        content = json.loads(text)
        if content.keys() != _FIELDS or not isinstance(content["signatures"], list):
            raise EnvelopeError("is no DSSE envelope: it has other fields than payload, payloadType and signatures")
        signatures = tuple((str(one.get("keyid", "")), _decoded(one["sig"])) for one in content["signatures"])
        envelope = Envelope(_decoded(content["payload"]), str(content["payloadType"]), signatures)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise EnvelopeError("is no DSSE envelope") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise EnvelopeError(f"has a payload of type {envelope.payload_type!r}, not {PAYLOAD_TYPE}")
    return envelope


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return base64.urlsafe_b64decode(text)  # DSSE allows either alphabet


def _holds(key: Ed25519PublicKey, signature: bytes, encoded: bytes) -> bool:
    try:
        key.verify(signature, encoded)
    except InvalidSignature:
        return False
    return True


def key_id(key: Ed25519PublicKey) -> str:
    """Give the id of a key: the SHA-256 of its SubjectPublicKeyInfo (DER)."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key.public_bytes(*form)).hexdigest()


def new_key(path: Path) -> Path:
    """Make a key: the private one in `path`, readable by its owner only, the public one beside it; gives the latter.

    Raises:
        KeyProblem: one of the files is there already, or can't be written.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    private_text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_text = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for name, text, mode in ((path, private_text, 0o600), (public, public_text, 0o644)):
        try:
            with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(text)
        except FileExistsError:
            raise KeyProblem(f"{name}: exists; a key is never overwritten, give another name") from None
        except OSError as problem:
            raise KeyProblem(f"{name}: can't be written: {problem.strerror}") from problem
    return public


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key (PEM, PKCS#8, without passphrase).

    Raises:
        KeyProblem: it can't be read, or is something else.
    """
    try:
        key = serialization.load_pem_private_key(_content(path), None)
    except TypeError:
        raise KeyProblem(
            f"{path}: needs a passphrase; give a key without, as `ocpp-tck sign --new-key` makes"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(f"{path}: is no private key in PEM; `ocpp-tck sign --new-key FILE` makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyProblem(f"{path}: is no Ed25519 key; `ocpp-tck sign --new-key FILE` makes one")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """Read a public key (PEM).

    Raises:
        KeyProblem: it can't be read, or is something else, such as the private key.
    """
    try:
        key = serialization.load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(f"{path}: is no public key in PEM; give the .pub file") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyProblem(f"{path}: is no Ed25519 key; give the .pub file of the one that has signed")
    return key


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise KeyProblem(f"{path}: can't be read: {problem.strerror}") from problem
