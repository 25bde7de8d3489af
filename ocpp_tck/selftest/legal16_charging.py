"""Legal variations of the smart charging of a charge point of OCPP 1.6 (5.7, 7.13, 7.14; OCTT 2.22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import AnswerError, Mutant
from ocpp_tck.selftest.legal import Change, on, reworked

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from ocpp_tck.selftest.legal import Maker, Scene

CS = "cs"
_REFUSED = "PropertyConstraintViolation"
_REFUSALS = {"TC_058_1_CS": "SetChargingProfile", "TC_060_CS": "RemoteStartTransaction"}
_Periods = list[dict[str, Any]]


def _periods(change: Callable[[_Periods, int], _Periods], name: str) -> Maker:
    """Describe each composite schedule otherwise: `change` gets the periods and the duration."""

    def rework(payload: dict[str, Any]) -> dict[str, Any] | None:
        schedule = payload.get("chargingSchedule")
        if schedule is None:
            return None
        periods = change(schedule["chargingSchedulePeriod"], schedule["duration"])
        return {**payload, "chargingSchedule": {**schedule, "chargingSchedulePeriod": periods}}

    def make(_dice: Random, _scene: Scene) -> list[Mutant]:
        return [on(CS, "result", "GetCompositeSchedule", reworked(rework), name)]

    return make


def _split(periods: _Periods, duration: int) -> _Periods:
    """Let each period be told in two parts."""
    ends = [*(one["startPeriod"] for one in periods[1:]), duration]
    parts: _Periods = []
    for one, end in zip(periods, ends, strict=True):
        middle = (one["startPeriod"] + end) // 2
        parts += [one, {**one, "startPeriod": middle}] if one["startPeriod"] < middle < end else [one]
    return parts


def _phases(number: int | None) -> Callable[[_Periods, int], _Periods]:
    """Name so many phases, or none (7.14; errata 3.34)."""

    def change(periods: _Periods, _duration: int) -> _Periods:
        more = {} if number is None else {"numberPhases": number}
        return [{"startPeriod": one["startPeriod"], "limit": one["limit"], **more} for one in periods]

    return change


def _own_limit(periods: _Periods, _duration: int) -> _Periods:
    """Keep to a limit of its own, which is lower than some of the profiles (5.7)."""
    return [{**one, "limit": min(one["limit"], 9.5)} for one in periods]


def _later(periods: _Periods, duration: int) -> _Periods:
    """Go on after the end of the schedule."""
    return [*periods, {"startPeriod": duration + 60, "limit": 0}]


def _least_rate(_dice: Random, _scene: Scene) -> list[Mutant]:
    """7.13: minChargingRate is optional."""

    def more(payload: dict[str, Any]) -> dict[str, Any] | None:
        schedule = payload.get("chargingSchedule")
        return None if schedule is None else {**payload, "chargingSchedule": {**schedule, "minChargingRate": 6.1}}

    return [on(CS, "result", "GetCompositeSchedule", reworked(more), "least rate")]


def _refused(_dice: Random, scene: Scene) -> list[Mutant]:
    """Where the document lets a CALLERROR stand for Rejected."""
    action = _REFUSALS.get(scene.case)
    return [on(CS, "result", action, AnswerError(_REFUSED), "refused")] if action else []


STATION = (
    Change("periods in parts", _periods(_split, "split")),
    Change("no numberPhases", _periods(_phases(None), "no phases")),
    Change("one phase", _periods(_phases(1), "one phase")),
    Change("a limit of its own", _periods(_own_limit, "own limit")),
    Change("a period after the end", _periods(_later, "later")),
    Change("minChargingRate", _least_rate),
    Change("profiles refused by CALLERROR", _refused),
)
