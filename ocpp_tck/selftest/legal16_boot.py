"""Legal changes of what a charge point of 1.6 reports when it has booted; see `legal.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.reference.mutant import Inject, Mutant
from ocpp_tck.selftest.legal import Change, call, on

if TYPE_CHECKING:
    from random import Random

    from ocpp_tck.selftest.legal import Scene

CS = "cs"
_STARTING = ("TC_001_CS", "TC_002_CS", "TC_013_CS", "TC_015_CS", "TC_016_CS", "TC_032_2_CS")
"""Cases in which whoever reports Available has just booted."""


def _starting(_dice: Random, scene: Scene) -> list[Mutant]:
    """Errata 3.19 and 3.22: each change of a status is told, also that of a connector which has just started.

    One where a transaction ran may be found anew: Available, then Preparing for its cable (OCTT 2.13.2 step 3).
    """
    if scene.case not in _STARTING:
        return []

    def first(status: str, connector: int, before: str, nth: int) -> Mutant:
        frame = call("StatusNotification", {"connectorId": connector, "status": status, "errorCode": "NoError"})
        where = {"connectorId": connector, "status": before}
        ahead = Inject(frame, sender=CS, before=True, in_turn=True)
        return on(CS, "call", "StatusNotification", ahead, f"{connector} {status}", where=where, nth=nth)

    own = scene.connector
    changes = [first("Unavailable", connector, "Available", 1) for connector in range(scene.connectors + 1)]
    changes.append(first("Preparing", own, "Charging", 2))
    if not scene.resumes:  # otherwise Finishing comes only when the resumed transaction has ended
        changes.append(first("Available", own, "Finishing", 1 if scene.case == "TC_032_2_CS" else 2))
    return changes


STATION = (Change("other statuses while it starts", _starting),)
