"""Rules about charging profiles and composite schedules of OCPP 1.6 beyond the limits of single fields."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Example, call, cs, csms, ex16, result, rule, v16
from ocpp_tck.protocol.types import Side

_PERIOD = {"startPeriod": 0, "limit": 6}


def _schedule(*periods: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"chargingRateUnit": "A", "chargingSchedulePeriod": list(periods)} | more


def _set(connector: int, purpose: str, *periods: dict[str, Any], **more: Any) -> Example:
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": _schedule(*(periods or (_PERIOD,))),
    }
    payload = {"connectorId": connector, "csChargingProfiles": profile | more}
    return ex16(csms(call("1", "SetChargingProfile", **payload)), product=Side.CSMS)


def _reported(schedule: dict[str, Any], **asked: Any) -> Example:
    request = {"connectorId": 1, "duration": 60} | asked
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": NOW, "chargingSchedule": schedule}
    return ex16(csms(call("1", "GetCompositeSchedule", **request)), cs(result("1", **answer)))


RULES = (
    rule(
        "charging_profile.connector",
        "A ChargePointMaxProfile is set at connector 0, a TxProfile at another one",
        must=v16("3.13.1; errata 3.53"),
        passing=(
            _set(0, "ChargePointMaxProfile"),
            _set(0, "TxDefaultProfile"),
            _set(1, "TxDefaultProfile"),
            _set(1, "TxProfile"),
        ),
        failing=(_set(1, "ChargePointMaxProfile"), _set(0, "TxProfile")),
    ),
    rule(
        "charging_profile.transaction",
        "Only a TxProfile names a transaction",
        must=v16("7.8"),
        passing=(_set(1, "TxProfile", transactionId=1),),
        failing=(_set(1, "TxDefaultProfile", transactionId=1), _set(0, "ChargePointMaxProfile", transactionId=1)),
    ),
    rule(
        "charging_profile.periods",
        "A charging schedule has a period at least",
        must=v16("7.13"),
        passing=(_set(1, "TxProfile", _PERIOD, {"startPeriod": 60, "limit": 8}), _reported(_schedule(_PERIOD))),
        failing=(
            _set(1, "TxProfile", chargingSchedule=_schedule()),
            ex16(
                csms(
                    call(
                        "1",
                        "RemoteStartTransaction",
                        idTag="A",
                        chargingProfile={
                            "chargingProfileId": 1,
                            "stackLevel": 0,
                            "chargingProfilePurpose": "TxProfile",
                            "chargingProfileKind": "Relative",
                            "chargingSchedule": _schedule(),
                        },
                    )
                ),
                product=Side.CSMS,
            ),
            _reported(_schedule()),
        ),
    ),
    rule(
        "composite.start_schedule",
        "A composite schedule has no startSchedule: it counts from scheduleStart",
        must=v16("7.13; errata 3.57"),
        passing=(_reported(_schedule(_PERIOD)),),
        failing=(_reported(_schedule(_PERIOD, startSchedule=NOW)),),
    ),
    rule(
        "composite.unit",
        "A composite schedule is in the unit that was asked for",
        must=v16("6.21"),
        passing=(
            _reported(_schedule(_PERIOD), chargingRateUnit="A"),
            _reported(_schedule(_PERIOD)),
            ex16(
                csms(call("1", "GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit="W")),
                cs(result("1", status="Rejected")),
            ),
        ),
        failing=(_reported(_schedule(_PERIOD), chargingRateUnit="W"),),
    ),
)
