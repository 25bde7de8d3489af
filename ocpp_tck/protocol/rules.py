"""The one table of rules that the judge, the tests, the documentation and the report read."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rule import EXAMPLE_START, Example, Rule, Sent
from ocpp_tck.protocol.rules_boot import RULES as BOOT
from ocpp_tck.protocol.rules_charging import RULES as CHARGING
from ocpp_tck.protocol.rules_configuration import RULES as CONFIGURATION
from ocpp_tck.protocol.rules_files import RULES as FILES
from ocpp_tck.protocol.rules_frames import RULES as FRAMES
from ocpp_tck.protocol.rules_lists import RULES as LISTS
from ocpp_tck.protocol.rules_payload import RULES as PAYLOADS
from ocpp_tck.protocol.rules_reservations import RULES as RESERVATIONS
from ocpp_tck.protocol.rules_session import RULES as SESSION
from ocpp_tck.protocol.rules_transactions import RULES as TRANSACTIONS
from ocpp_tck.protocol.rules_variables import RULES as VARIABLES
from ocpp_tck.protocol.types import Version, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXAMPLE_START", "RULES", "Example", "Rule", "Sent", "broken"]

_ALL = (
    *FRAMES,
    *SESSION,
    *PAYLOADS,
    *BOOT,
    *CHARGING,
    *CONFIGURATION,
    *FILES,
    *LISTS,
    *TRANSACTIONS,
    *RESERVATIONS,
    *VARIABLES,
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _ALL})


MAX_MESSAGE = 600
"""Characters of a finding: it quotes what the product sent, which may be a megabyte."""


def broken(identifier: str, version: Version, message: str, path: str = "", detail: str = "") -> Violation:
    """Make the finding that a rule was broken.

    Args:
        identifier: id of the rule; the version must have it.
        version: OCPP version at hand.
        message: what is wrong, with the offending value, one sentence.
        path: place in the payload.
        detail: makes the clause more precise, such as the name of the schema.
    """
    found = RULES[identifier]
    clause = found.clauses[version]
    message, path = _short(message), _short(path)
    return Violation(identifier, found.levels[version], message, f"{clause}, {detail}" if detail else clause, path)


def _short(text: str) -> str:
    """Keep both ends of a long text: the place stands at its start, what is wrong with it at its end."""
    if len(text) <= MAX_MESSAGE:
        return text
    half = MAX_MESSAGE // 2
    return f"{text[:half]} … ({len(text) - 2 * half} more characters) … {text[-half:]}"
