"""Rules about opening and closing a connection that no frame shows."""

from __future__ import annotations

from ocpp_tck.protocol.types import Level, Version, Violation

_CLAUSES = {
    "handshake.subprotocol": {
        Version.V16: "OCPP-J 1.6 3.1.2",
        Version.V201: "2.0.1 Part 4 3.1.2",
        Version.V21: "2.1 Part 4 3.1.2",
    },
    "handshake.basic_auth": {
        Version.V16: "1.6 security whitepaper A00.FR.204",
        Version.V201: "2.0.1 Part 2 A00.FR.204",
        Version.V21: "2.1 Part 2 A00.FR.204",
    },
    "frame.utf8": {
        Version.V16: "OCPP-J 1.6 4.1.2; RFC 6455 8.1",
        Version.V201: "2.0.1 Part 4 4.1.2; RFC 6455 8.1",
        Version.V21: "2.1 Part 4 4.1.2; RFC 6455 8.1",
    },
}
_RULES = {"subprotocol": "handshake.subprotocol", "credentials": "handshake.basic_auth", "closed-1007": "frame.utf8"}


def refused_violation(cause: str, reason: str, version: Version) -> Violation | None:
    """Give the rule that a refused or closed connection breaks, None when it breaks none.

    Args:
        cause: `subprotocol`, `credentials`, `identity`, or `closed-<WebSocket close code that the kit sent>`.
        reason: what happened, one sentence.
        version: OCPP version of the run.
    """
    rule = _RULES.get(cause)
    if rule is None:
        return None
    return Violation(rule, Level.MUST, reason, _CLAUSES[rule][version])
