"""Short forms for the mutants of the tests here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import Match, Mutant

if TYPE_CHECKING:
    from ocpp_tck.reference.mutant import Do

HOUR = 3600


def on(sender: str, kind: str, action: str, do: Do, **match: Any) -> Mutant:
    """Make a mutant; `match` are further fields of `Match`."""
    return Mutant(Match(sender=sender, type=kind, action=action, **match), do, "defect")


def at(offset: float = 0.0, zone: str = "Z") -> str:
    """Write the time `offset` seconds from now as OCPP does, in UTC or so many hours east of it (`+02:00`)."""
    hours = int(zone[:3]) if zone not in {"Z", ""} else 0
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + offset + hours * HOUR)) + zone


def call(action: str, /, **payload: Any) -> list[Any]:
    """Write a CALL for `Inject`; the link puts a new message id in."""
    return [2, "$id", action, payload]
