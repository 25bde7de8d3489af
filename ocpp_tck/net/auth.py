"""HTTP Basic authentication of security profiles 1 and 2 (1.6 security whitepaper A00.FR.204; 2.0.1 A00.FR.204)."""

from __future__ import annotations

import base64
import hmac


def authorization(user: str, password: str) -> str:
    """Give the value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def accepts(header: str | None, user: str, password: str) -> bool:
    """Whether an Authorization header carries this user and password."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:  # no base64, or not even ASCII
        return False
    return hmac.compare_digest(given, f"{user}:{password}".encode())
