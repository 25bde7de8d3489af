"""Charging profiles as the charge point keeps them, and what one of them allows at a moment (1.6 §3.13, §7.8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ocpp_tck.reference.station.core16.clock import read_time
from ocpp_tck.reference.station.core16.meter import PHASES, VOLTAGE

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
_CYCLES = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Offer:
    """What may flow: amperes per phase, watts in all, and on how many phases. None: no such limit."""

    amperes: float | None = None
    watts: float | None = None
    phases: int = len(PHASES)

    def under(self, other: "Offer") -> "Offer":
        """Return what both allow."""
        return Offer(
            _lower(self.amperes, other.amperes), _lower(self.watts, other.watts), min(self.phases, other.phases)
        )

    @property
    def current(self) -> float:
        """Amperes per phase that come of it; infinite without a limit."""
        of_power = None if self.watts is None else self.watts / (VOLTAGE * self.phases)
        lowest = _lower(self.amperes, of_power)
        return float("inf") if lowest is None else lowest

    @property
    def power(self) -> float:
        """Watts that come of it; infinite without a limit."""
        of_current = None if self.amperes is None else self.amperes * VOLTAGE * self.phases
        lowest = _lower(self.watts, of_current)
        return float("inf") if lowest is None else lowest


UNLIMITED = Offer()


def _lower(one: float | None, other: float | None) -> float | None:
    given = [value for value in (one, other) if value is not None]
    return min(given) if given else None


@dataclass(frozen=True, slots=True)
class Installed:
    """A profile at a connector (0: the whole charge point), in the snake_case words of the message."""

    connector_id: int
    profile: Mapping[str, Any]
    received: datetime

    @property
    def id(self) -> int:
        """The chargingProfileId."""
        return int(self.profile["charging_profile_id"])

    @property
    def purpose(self) -> str:
        """The chargingProfilePurpose."""
        return str(self.profile["charging_profile_purpose"])

    @property
    def level(self) -> int:
        """The stackLevel."""
        return int(self.profile["stack_level"])

    def valid(self, moment: datetime) -> bool:
        """Whether validFrom and validTo hold it valid at a moment."""
        since, until = read_time(self.profile.get("valid_from")), read_time(self.profile.get("valid_to"))
        return (since is None or since <= moment) and (until is None or moment < until)

    def offer(self, moment: datetime, charging_since: datetime | None) -> Offer | None:
        """Return its limit at a moment; None where its schedule has not begun or has ended.

        `charging_since` is when energy transfer began, from which a schedule without a start of its own counts.
        """
        start = self._start(moment, charging_since)
        schedule = self.profile["charging_schedule"]
        passed = (moment - start).total_seconds()
        duration = schedule.get("duration")
        if passed < 0 or (duration is not None and passed >= duration):
            return None
        begun = [period for period in schedule["charging_schedule_period"] if period["start_period"] <= passed]
        if not begun:
            return None
        phases = min(begun[-1].get("number_phases") or len(PHASES), len(PHASES))
        limit = float(begun[-1]["limit"])
        in_amperes = schedule["charging_rate_unit"] == "A"
        return Offer(limit if in_amperes else None, None if in_amperes else limit, phases)

    def changes(self, since: datetime, until: datetime, charging_since: datetime | None) -> Iterator[datetime]:
        """Give the moments of a span at which its limit, or whether it has one, may change."""
        for name in ("valid_from", "valid_to"):
            bound = read_time(self.profile.get(name))
            if bound is not None:
                yield bound
        schedule = self.profile["charging_schedule"]
        marks = [period["start_period"] for period in schedule["charging_schedule_period"]]
        marks.append(schedule.get("duration") or 0)
        start = self._start(since, charging_since)
        cycle = self._cycle
        while True:
            yield start
            yield from (start + timedelta(seconds=mark) for mark in marks)
            if cycle is None or start > until:
                return
            start += cycle

    @property
    def _cycle(self) -> timedelta | None:
        recurring = self.profile["charging_profile_kind"] == "Recurring"
        return _CYCLES[self.profile["recurrency_kind"]] if recurring else None

    def _start(self, moment: datetime, charging_since: datetime | None) -> datetime:
        """Return when the schedule in force at a moment began, or begins."""
        own = read_time(self.profile["charging_schedule"].get("start_schedule"))
        if own is None or self.profile["charging_profile_kind"] == "Relative":
            return charging_since or moment
        cycle = self._cycle
        if cycle is None or moment < own:
            return own
        return own + (moment - own) // cycle * cycle
