"""Charging profiles and composite schedules of OCPP 1.6: where a profile may be set, and an answer beside its CALL.

Source: OCPP 1.6 3.13.1, 5.7, 6.21, 7.8, 7.13; errata 3.57.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_NAMES = {"SetChargingProfile": "csChargingProfiles", "RemoteStartTransaction": "chargingProfile"}
"""The field that holds a profile."""


def charging_called(action: str, payload: Json) -> Iterator[Violation]:
    """Judge a legal request."""
    name = _NAMES.get(action)
    profile = payload.get(name)
    if profile is None:
        return
    if not profile["chargingSchedule"]["chargingSchedulePeriod"]:
        path = f"{name}.chargingSchedule.chargingSchedulePeriod"
        yield broken("charging_profile.periods", Version.V16, "the schedule has no period", path)
    if action == "SetChargingProfile":
        yield from _placed(payload["connectorId"], profile)


def charging_answered(action: str, request: Json, payload: Json) -> Iterator[Violation]:
    """Judge a legal answer beside its CALL, which may be illegal."""
    schedule = payload.get("chargingSchedule") if action == "GetCompositeSchedule" else None
    if schedule is None:
        return
    if not schedule["chargingSchedulePeriod"]:
        path = "chargingSchedule.chargingSchedulePeriod"
        yield broken("charging_profile.periods", Version.V16, "the schedule has no period", path)
    if "startSchedule" in schedule:
        text = f"the schedule has startSchedule {schedule['startSchedule']}, its start is scheduleStart"
        yield broken("composite.start_schedule", Version.V16, text, "chargingSchedule.startSchedule")
    wanted = request.get("chargingRateUnit") if isinstance(request, dict) else None
    unit = schedule["chargingRateUnit"]
    if wanted is not None and unit != wanted:
        text = f"the schedule is in {unit}, asked for was {wanted}"
        yield broken("composite.unit", Version.V16, text, "chargingSchedule.chargingRateUnit")


def _placed(connector: int, profile: Json) -> Iterator[Violation]:
    purpose = profile["chargingProfilePurpose"]
    misplaced = {"ChargePointMaxProfile": connector != 0, "TxProfile": connector <= 0}
    if misplaced.get(purpose):
        text = f"a {purpose} is set at connector {connector}"
        yield broken("charging_profile.connector", Version.V16, text, "connectorId")
    if purpose != "TxProfile" and "transactionId" in profile:
        text = f"a {purpose} names transaction {profile['transactionId']}"
        yield broken("charging_profile.transaction", Version.V16, text, "csChargingProfiles.transactionId")
