"""Charging profiles as the cases about them set, clear and read them (1.6 3.13, 5.5, 5.7, 5.16)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp_tck.charging import Installed, Profile, Schedule, Tolerance, below, composite, differences
from ocpp_tck.verdict import Inconclusive, NotApplicable

from .meters import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.product import Pending, Received
    from ocpp_tck.roles.station import Station

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
LEVELS = "ChargeProfileMaxStackLevel"
UNITS = "ChargingScheduleAllowedChargingRateUnit"
PERIODS = "ChargingScheduleMaxPeriods"
PROFILES = "MaxChargingProfilesInstalled"
WATTS = 1000
"""Watts that the document takes for one ampere."""
WHOLE_SECOND = 1.0
"""Seconds of which a time written without a fraction may be short."""
VALID = 401
"""Seconds from validFrom to validTo, as the document has them."""
_QUANTITIES = {"current": "A", "a": "A", "power": "W", "w": "W"}


class Profiles:
    """The charging profiles that a case sets, beside what they must come to.

    Every profile that the charge point had is cleared at first.

    Args:
        station: the charge point under test.
        level: highest stackLevel that the case sets.
        count: how many profiles are installed at the same time.
        periods: how many periods a schedule has.
        stacked: whether several of one purpose are installed.

    Raises:
        NotApplicable: the charge point says that it can't take so many (9.4).
        Inconclusive: it takes no profile in the unit of the test data.
    """

    def __init__(
        self, station: Station, *, level: int = 0, count: int = 1, periods: int = 1, stacked: bool = False
    ) -> None:
        self._station = station
        self._installed = Installed()
        self._sent = 0.0
        self._most = 0.0
        self._supposed: float | None = None
        self._local: float | None = station.data.local_limit or None
        self.unit = station.data.charging_rate_unit
        self._one_per_purpose = stacked and self._key(LEVELS) == 1
        self._demand(LEVELS, level)
        self._demand(PROFILES, count)
        self._demand(PERIODS, periods)
        self._demand_unit()
        station.observed.profiled = True
        station.send("ClearChargingProfile").answer()

    @property
    def now(self) -> float:
        """The kit's time, seconds since the epoch."""
        return self._station.conversation.clock.now()

    @property
    def early(self) -> float:
        """A time that is past by every clock that is within the tolerance."""
        return self.now - self._station.limits.clock

    def profile(
        self,
        purpose: str,
        *limits: tuple[int, float],
        level: int | None = None,
        number: int = 1,
        start: float | None = None,
        lasts: int | None = None,
        valid: bool = False,
        transaction: int | str | None = None,
    ) -> dict[str, Any]:
        """Write a ChargingProfile with the configured unit and number of phases.

        Args:
            purpose: chargingProfilePurpose.
            limits: (startPeriod, limit in amperes or kW) of each period.
            level: stackLevel; that of the test data when absent.
            number: chargingProfileId.
            start: startSchedule; None makes the profile a relative one.
            lasts: duration of the schedule.
            valid: whether it is valid from `start` on for the document's 401 s only.
            transaction: transactionId.
        """
        scale = WATTS if self.unit == "W" else 1
        phases = self._station.data.number_phases
        schedule: dict[str, Any] = {
            "chargingRateUnit": self.unit,
            "chargingSchedulePeriod": [
                {"startPeriod": begin, "limit": limit * scale, "numberPhases": phases} for begin, limit in limits
            ],
        }
        profile: dict[str, Any] = {
            "chargingProfileId": number,
            "stackLevel": self._station.data.stack_level if level is None else level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative" if start is None else "Absolute",
        }
        if lasts is not None:
            schedule["duration"] = lasts
        if start is not None:
            schedule["startSchedule"] = _iso(start)
        if start is not None and valid:
            profile |= {"validFrom": _iso(start), "validTo": _iso(start + VALID)}
        if transaction is not None:
            profile["transactionId"] = transaction
        return {**profile, "chargingSchedule": schedule}

    def send(self, connector: int, profile: dict[str, Any]) -> Pending:
        """Set a profile; it counts as installed from now on."""
        self.took(connector, profile)
        return self._station.send("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)

    def took(self, connector: int, profile: dict[str, Any]) -> None:
        """Note a profile that the charge point gets."""
        self._installed = self._installed.put(connector, Profile.read(profile))

    def install(self, connector: int, profile: dict[str, Any]) -> None:
        """Memory state SetChargingProfile: the charge point has the profile.

        Raises:
            NotApplicable: it refuses a second profile of one purpose, and may: ChargeProfileMaxStackLevel also is the
                number of profiles of a purpose (9.4.1).
        """
        status = self.send(connector, profile).response().status
        if status == "Rejected" and self._one_per_purpose:
            raise NotApplicable(f"{LEVELS} is 1, and the charge point takes one profile per purpose")
        assert status == "Accepted"

    def clear(self, **criteria: Any) -> Pending:
        """Clear the profiles that match all criteria, fields of ClearChargingProfile; all of them without any."""
        names = {"chargingProfilePurpose": "purpose", "stackLevel": "level", "connectorId": "connector", "id": "id"}
        self._installed = self._installed.clear(**{names[name]: value for name, value in criteria.items()})
        return self._station.send("ClearChargingProfile", criteria)

    def ask(self, seconds: int) -> Pending:
        """Ask for the composite schedule of the configured connector, in the configured unit."""
        self._sent = self.now
        asked = {"duration": seconds, "chargingRateUnit": self.unit}
        return self._station.send("GetCompositeSchedule", asked, connectorId=self._station.hardware.connector)

    def check(self, answer: Pending, seconds: int, *, last: bool = True) -> Schedule:
        """Demand the composite schedule that the installed profiles come to (3.13.2, 3.13.3, 5.7); gives it.

        `last` says that the case needs the profiles no longer.
        """
        conf = answer.response()
        assert conf.status == "Accepted"
        assert conf.connectorId == self._station.hardware.connector
        assert conf.chargingSchedule.duration == seconds
        assert conf.chargingSchedule.chargingRateUnit == self.unit
        start = self._start_of(conf)
        reported = _read(conf.chargingSchedule)
        off = self._off(reported, start, seconds, last=last)
        lower = all(
            period.limit < most for period in reported.periods for most in self._expected_limits(start, seconds)
        )
        hint = "; a lower limit of the charge point's own is [test_data] local_limit" if lower else ""
        assert not off, f"the reported schedule differs, {'; '.join(off)}{hint}"
        if self._installed.profiles:
            self._most = max(self._most, *(period.limit for period in reported.periods))
        return reported

    def demand_own_limit(self, reported: Schedule, seconds: int) -> None:
        """Demand that a charge point without profiles allows what it ever did with some: its local limit (5.7)."""
        off = below(reported, 0.0, seconds, self._most, self._station.data.limit_tolerance)
        assert not off, f"without any profile the connector is limited, {'; '.join(off)}"
        assert self._supposed is None or self._keeps(reported, self._supposed), (
            f"with profiles it allowed {self._supposed:g} {self.unit} where they allowed more, now it allows more"
        )

    def _off(self, reported: Schedule, start: float, seconds: int, *, last: bool) -> list[str]:
        """Say where a schedule differs from the expected one; the charge point's own limit may lie below that (5.7).

        An own limit that the test data do not name is one that holds wherever the profiles allow more. It must not hide
        the profiles altogether: it lies above the lowest limit of theirs, or one that the charge point has shown. It
        must still be there when the profiles are gone.
        """
        expected, tolerance = self._expected(start, seconds), self._tolerance
        off = differences(expected, reported, start, seconds, tolerance, self._local)
        highest = max((period.limit for period in reported.periods), default=0.0)
        lowest = min(self._expected_limits(start, seconds), default=highest)
        if not off or self._local or not (highest > lowest or 0 < self._most <= highest):
            return off
        if differences(expected, reported, start, seconds, tolerance, highest):
            return off
        if last and not self._keeps(self._unlimited(seconds), highest):
            return off
        self._local = self._supposed = highest
        return []

    def _unlimited(self, seconds: int) -> Schedule:
        """Give what the charge point reports without any profile.

        Raises:
            Inconclusive: it reports nothing then.
        """
        self.clear().answer()
        answer = self.ask(seconds).answer()
        if answer.event.error or answer.status != "Accepted" or "chargingSchedule" not in answer:
            raise Inconclusive(
                "whether the charge point has a limit of its own is not known: set [test_data] local_limit"
            )
        return _read(answer.chargingSchedule)

    def _keeps(self, reported: Schedule, limit: float) -> bool:
        """Whether a schedule never allows more than that."""
        most = limit * (1 + self._station.data.limit_tolerance / 100)
        return all(period.limit <= most for period in reported.periods)

    @property
    def _tolerance(self) -> Tolerance:
        return Tolerance(self._station.limits.clock + WHOLE_SECOND, self._station.data.limit_tolerance)

    def _expected(self, start: float, seconds: int) -> Any:
        beside = self._tolerance.seconds + 1
        connector = self._station.hardware.connector
        return composite(self._installed, connector, start - beside, seconds + 2 * beside, charging_since=0.0)

    def _expected_limits(self, start: float, seconds: int) -> list[float]:
        """Give every limit of the expected schedule: all profiles of a case are in one unit."""
        caps = [span.cap for span in self._expected(start, seconds).spans]
        return [value for cap in caps if (value := cap.amperes if self.unit == "A" else cap.watts) is not None]

    def _start_of(self, conf: Received) -> float:
        """Give scheduleStart, which must be the time of the request (5.7, errata 3.28), as two clocks allow."""
        told = moment(conf.scheduleStart)
        start, clock = told.timestamp(), self._station.limits.clock
        cut_off = 0.0 if told.microsecond else WHOLE_SECOND
        off = max(self._sent - start - cut_off, start - conf.event.time)
        assert off <= clock, f"scheduleStart {conf.scheduleStart} is {off:.1f} s off the time of the request"
        return start

    def _key(self, key: str) -> int | None:
        entry = self._station.read_key(key)
        value = "" if entry is None else str(entry.get("value", "")).strip()
        return int(value) if value.isdecimal() else None

    def _demand(self, key: str, least: int) -> None:
        value = self._key(key)
        if value is not None and value < least:
            raise NotApplicable(f"{key} is {value}, this case needs {least}")

    def _demand_unit(self) -> None:
        entry = self._station.read_key(UNITS)
        words = str(entry.get("value", "")).split(",") if entry is not None else []
        allowed = {_QUANTITIES.get(word.strip().casefold()) for word in words if word.strip()}
        if allowed and self.unit not in allowed:
            raise Inconclusive(
                f"{UNITS} is {','.join(words)}: it takes no profile in {self.unit}; set [test_data] charging_rate_unit"
            )


def _read(schedule: Mapping[str, Any]) -> Schedule:
    """Read a reported schedule; its startSchedule, which must not be there, is a rule's own matter (errata 3.57)."""
    return Schedule.read({name: schedule[name] for name in schedule if name != "startSchedule"})


def _iso(seconds: float) -> str:
    """Write a time as OCPP wants it: UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
