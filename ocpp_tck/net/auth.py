"""HTTP Basic authentication of security profiles 1 and 2.

1.6: security whitepaper A00.FR.202 to A00.FR.205, OCPP-J 6.2.2; 2.0.1: Part 2 A00.FR.202 to A00.FR.207.
"""

from __future__ import annotations

import base64
import hmac
import re

_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")


def authorization(user: str, password: str | bytes) -> str:
    """Give the value of the Authorization header."""
    return "Basic " + base64.b64encode(user.encode() + b":" + _bytes(password)).decode()


def key_bytes(value: str) -> bytes | None:
    """Give the password of 16 to 20 bytes that an AuthorizationKey stands for; None for one that is no such key."""
    return bytes.fromhex(value) if _KEY.fullmatch(value) else None


def accepts(header: str | None, user: str, password: str | bytes) -> bool:
    """Whether an Authorization header carries this user and password.

    A password of 32 to 40 hexadecimal digits is right as they stand there and as the bytes that they mean.
    """
    given = _credentials(header)
    if given is None:
        return False
    forms = [_bytes(password)]
    if isinstance(password, str) and (key := key_bytes(password)) is not None:
        forms.append(key)
    return any(hmac.compare_digest(given, user.encode() + b":" + form) for form in forms)


def described(header: str | None) -> dict[str, str]:
    """Say of an Authorization header what is no secret: scheme, user, and how many bytes the password has."""
    if header is None:
        return {}
    scheme = header.partition(" ")[0]
    given = _credentials(header)
    if given is None:
        return {"scheme": scheme}
    user, colon, password = given.partition(b":")
    length = {"password_bytes": str(len(password))} if colon else {}
    return {"scheme": scheme, "user": user.decode(errors="replace"), **length}


def _credentials(header: str | None) -> bytes | None:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except ValueError:  # no base64, or not even ASCII
        return None


def _bytes(password: str | bytes) -> bytes:
    return password if isinstance(password, bytes) else password.encode()
