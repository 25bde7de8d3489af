"""Rules about opening and closing a connection that no frame shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.protocol.types import Version, Violation

_RULES = {
    "subprotocol": "handshake.subprotocol",
    "credentials": "handshake.basic_auth",
    "client-certificate": "handshake.client_certificate",
    "tls-version": "handshake.tls_version",
    "closed-1007": "frame.utf8",
}
_VERSIONS = frozenset({"TLSv1.2", "TLSv1.3"})
_WEAK = re.compile(r"NULL|EXP|RC4|RC2|DES|MD5|ADH|AECDH|anon", re.IGNORECASE)
"""Parts of names of cipher suites with primitives that are unsuitable even for legacy use."""


def refused_violation(cause: str, reason: str, version: Version) -> Violation | None:
    """Give the rule that a refused or closed connection breaks, None when it breaks none.

    Args:
        cause: `subprotocol`, `credentials`, `identity`, `client-certificate`, `tls-version`, or
            `closed-<WebSocket close code that the kit sent>`.
        reason: what happened, one sentence.
        version: OCPP version of the run.
    """
    rule = _RULES.get(cause)
    return None if rule is None else broken(rule, version, reason)


def tls_violations(tls: Mapping[str, str], version: Version) -> list[Violation]:
    """Give the rules that a TLS handshake breaks by what was agreed on.

    Args:
        tls: version, cipher and compression; empty over a plain socket.
        version: OCPP version of the run.
    """
    if not tls:
        return []
    found = []
    if tls.get("version") not in _VERSIONS:
        found.append(broken("handshake.tls_version", version, f"{tls.get('version')} was agreed on"))
    if _WEAK.search(tls.get("cipher", "")):
        found.append(broken("handshake.tls_suite", version, f"the cipher suite {tls['cipher']} was agreed on"))
    if tls.get("compression"):
        found.append(broken("handshake.tls_compression", version, f"compression {tls['compression']} was agreed on"))
    return found
