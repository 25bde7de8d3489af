"""A charging profile and its schedule.

Source: OCPP 1.6 7.8 to 7.14, 7.37; errata 3.43, 3.65, 3.66, 3.79.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
AMPERES, WATTS = "A", "W"
MOST_PHASES = 3
"""Phases when numberPhases is absent (7.14)."""
_CYCLES = {"Daily": 86_400.0, "Weekly": 604_800.0}


@dataclass(frozen=True, slots=True)
class Period:
    """A limit from `start`, in seconds after the start of its schedule, until the next period.

    `phases` is None where the schedule names no number.
    """

    start: float
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Limits over time.

    Attributes:
        unit: chargingRateUnit, `A` (per phase) or `W` (in all).
        periods: in the order of their starts.
        duration: seconds after which no period applies any more; None = never.
        start: when an absolute or recurring schedule begins; None = with the charging.
    """

    unit: str
    periods: tuple[Period, ...]
    duration: float | None = None
    start: float | None = None

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Schedule:
        """Read a ChargingSchedule.

        Raises:
            ValueError: its time is none.
            KeyError: a required field is missing.
        """
        periods = tuple(
            Period(float(one["startPeriod"]), float(one["limit"]), one.get("numberPhases"))
            for one in payload["chargingSchedulePeriod"]
        )
        return cls(payload["chargingRateUnit"], periods, payload.get("duration"), _moment(payload, "startSchedule"))

    def pieces(self) -> Iterator[tuple[float, float, Period]]:
        """Give (begin, end, period) within the schedule, in seconds after its start.

        The last period lasts until the duration has ended, and no period longer than it (5.16.4).
        """
        end = float("inf") if self.duration is None else self.duration
        following = [period.start for period in self.periods[1:]]
        for period, until in zip(self.periods, [*following, end], strict=True):
            if period.start < min(until, end):
                yield period.start, min(until, end), period


@dataclass(frozen=True, slots=True)
class Profile:
    """One charging profile.

    Attributes:
        id: chargingProfileId.
        purpose: chargingProfilePurpose.
        kind: chargingProfileKind.
        level: stackLevel.
        schedule: its limits.
        recurrency: recurrencyKind of a Recurring profile, else empty.
        valid_from, valid_to: when it is valid; None = no such bound.
        transaction: transactionId, if it names one.
    """

    id: int
    purpose: str
    kind: str
    level: int
    schedule: Schedule
    recurrency: str = ""
    valid_from: float | None = None
    valid_to: float | None = None
    transaction: int | None = None

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Profile:
        """Read a ChargingProfile.

        Raises:
            ValueError: a time is none.
            KeyError: a required field is missing.
        """
        return cls(
            id=payload["chargingProfileId"],
            purpose=payload["chargingProfilePurpose"],
            kind=payload["chargingProfileKind"],
            level=payload["stackLevel"],
            schedule=Schedule.read(payload["chargingSchedule"]),
            recurrency=payload.get("recurrencyKind", ""),
            valid_from=_moment(payload, "validFrom"),
            valid_to=_moment(payload, "validTo"),
            transaction=payload.get("transactionId"),
        )

    def validity(self, begin: float, end: float) -> tuple[float, float]:
        """Give the part of a window in which it is valid; empty when its end is not after its begin."""
        since = begin if self.valid_from is None else max(begin, self.valid_from)
        until = end if self.valid_to is None else min(end, self.valid_to)
        return since, until

    def limits(self, begin: float, end: float, charging_since: float) -> Iterator[tuple[float, float, Period]]:
        """Give (begin, end, period) wherever in a window it is valid and its schedule says something.

        A recurring schedule begins anew with each cycle, and what is left of the cycle before is not executed (5.16.4).
        """
        since, until = self.validity(begin, end)
        for start, stop in self._runs(since, until, charging_since):
            for first, last, period in self.schedule.pieces():
                piece = max(since, start + first), min(until, stop, start + last)
                if piece[0] < piece[1]:
                    yield *piece, period

    def _runs(self, since: float, until: float, charging_since: float) -> Iterator[tuple[float, float]]:
        """Give each run of the schedule that may touch a window: its begin, and when the next one begins."""
        own = self.schedule.start
        if self.kind == "Relative" or own is None:
            yield charging_since, float("inf")
            return
        if self.kind != "Recurring":
            yield own, float("inf")
            return
        cycle = _CYCLES[self.recurrency]
        start = max(own, own + (since - own) // cycle * cycle)
        while start < until:
            yield start, start + cycle
            start += cycle


def _moment(payload: Mapping[str, Any], name: str) -> float | None:
    """Read a dateTime; one without a zone counts as UTC."""
    text = payload.get(name)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
