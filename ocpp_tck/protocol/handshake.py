"""Rules about opening and closing a connection that no frame shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Version, Violation

_RULES = {"subprotocol": "handshake.subprotocol", "credentials": "handshake.basic_auth", "closed-1007": "frame.utf8"}


def refused_violation(cause: str, reason: str, version: Version) -> Violation | None:
    """Give the rule that a refused or closed connection breaks, None when it breaks none.

    Args:
        cause: `subprotocol`, `credentials`, `identity`, or `closed-<WebSocket close code that the kit sent>`.
        reason: what happened, one sentence.
        version: OCPP version of the run.
    """
    rule = _RULES.get(cause)
    return None if rule is None else broken(rule, version, reason)
