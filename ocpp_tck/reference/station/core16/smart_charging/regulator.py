"""Decides on profiles, reports the composite schedule, and lets the measured power follow the limits."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ocpp.exceptions import NotSupportedError, PropertyConstraintViolationError

from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.clock import read_time, stamp
from ocpp_tck.reference.station.core16.device import Connector, Device
from ocpp_tck.reference.station.core16.smart_charging.keys import (
    FEATURE,
    LEVELS,
    PERIODS,
    PROFILES,
    UNITS,
    rate_units,
)
from ocpp_tck.reference.station.core16.smart_charging.profiles import DEFAULT, TX, Installed, Offer
from ocpp_tck.reference.station.core16.smart_charging.shelf import HARDWARE, Shelf

_LOOKAHEAD = 86400.0
"""Seconds within which the next change of a limit is looked for; after that it is looked for again."""

Payload = dict[str, Any]


class Regulator:
    """The smart charging of one run of the charge point."""

    def __init__(self, device: Device, background: Background, changed: Callable[[], None]) -> None:
        """`changed` is called when a limit has changed by itself."""
        self._device = device
        self._background = background
        self._changed = changed
        self._planned: dict[int, Payload] = {}

    @property
    def supported(self) -> bool:
        """Whether the charge point has the profile Smart Charging."""
        return self._device.has(FEATURE)

    def set_profile(self, connector_id: int, profile: Payload) -> str:
        """Handle SetChargingProfile (1.6 §5.16, errata 3.38, 3.39)."""
        self._demand_support()
        if connector_id not in (0, *self._device.connectors):
            raise PropertyConstraintViolationError(description=f"there is no connector {connector_id}")
        if not self._placeable(connector_id, profile) or not self._sound(profile):
            return "Rejected"
        return "Accepted" if self._install(connector_id, profile) else "Rejected"

    def clear_profiles(self, criteria: Payload) -> str:
        """Handle ClearChargingProfile (1.6 §5.5, errata 3.25, 3.26)."""
        self._demand_support()
        return "Accepted" if self._shelf.clear(criteria) else "Unknown"

    def composite(self, connector_id: int, duration: int, unit: str | None) -> Payload:
        """Handle GetCompositeSchedule (1.6 §5.7): the answer, in snake_case."""
        self._demand_support()
        units = rate_units(self._device.configuration.items(UNITS))
        unit = unit or ("A" if "A" in units else "W")
        if connector_id not in (0, *self._device.connectors) or unit not in units or duration <= 0:
            return {"status": "Rejected"}
        now = self._now
        schedule = {
            "duration": duration,
            "charging_rate_unit": unit,
            "charging_schedule_period": self._periods(connector_id, now, duration, unit),
        }
        return {
            "status": "Accepted",
            "connector_id": connector_id,
            "schedule_start": stamp(now),
            "charging_schedule": schedule,
        }

    def startable(self, connector: Connector, profile: Payload | None) -> bool:
        """Whether a remote start with that profile can be accepted (1.6 §5.11, §5.16.2); without support it is."""
        if profile is None or not self.supported:
            return True
        fits = profile["charging_profile_purpose"] == TX and profile.get("transaction_id") is None
        return fits and self._sound(profile) and self._room(Installed(connector.number, profile, self._now))

    def plan(self, connector: Connector, profile: Payload | None) -> None:
        """Keep the profile of a remote start until its transaction begins."""
        self._planned.pop(connector.number, None)
        if profile is not None and self.supported:
            self._planned[connector.number] = profile

    def settle(self) -> None:
        """Bring profiles and limits in line with the transactions, and wake up when a limit changes next."""
        if not self.supported:
            return
        for connector in self._device.connectors.values():
            self._follow(connector)
        charging = [connector for connector in self._device.transactions if connector.connected]
        now = self._now
        share = self._share(now, len(charging))
        for connector in charging:
            offer = self._shelf.offer(connector.number, now, _since(connector)).under(share)
            connector.meter.allow(offer.current, offer.phases)
        self._wake_up(now)

    @property
    def _shelf(self) -> Shelf:
        return self._device.shelf

    @property
    def _now(self) -> datetime:
        return self._device.clock.now()

    def _demand_support(self) -> None:
        if not self.supported:
            raise NotSupportedError(description="this charge point has no smart charging")

    def _placeable(self, connector_id: int, profile: Payload) -> bool:
        """Whether the purpose belongs at that connector (1.6 §3.13.1)."""
        purpose, transaction_id = profile["charging_profile_purpose"], profile.get("transaction_id")
        if purpose != TX:
            return transaction_id is None and (connector_id == 0 or purpose == DEFAULT)
        connector = self._device.connectors.get(connector_id)
        running = connector.transaction if connector else None
        return running is not None and transaction_id in (None, running.id)

    def _sound(self, profile: Payload) -> bool:
        """Whether the charge point can execute a profile (1.6 §5.16.4, §7.8, §7.13, §9.4)."""
        configuration, schedule = self._device.configuration, profile["charging_schedule"]
        starts = [period["start_period"] for period in schedule["charging_schedule_period"]]
        recurring = profile["charging_profile_kind"] == "Recurring"
        recurs = profile.get("recurrency_kind") is not None
        timed = read_time(schedule.get("start_schedule")) is not None
        return (
            0 <= profile["stack_level"] <= configuration.number(LEVELS)
            and 0 < len(starts) <= configuration.number(PERIODS)
            and starts[0] == 0
            and starts == sorted(set(starts))
            and recurring == recurs
            and (timed or not recurring)
            and schedule["charging_rate_unit"] in rate_units(configuration.items(UNITS))
            and all(period["limit"] >= 0 for period in schedule["charging_schedule_period"])
        )

    def _install(self, connector_id: int, profile: Payload) -> bool:
        new = Installed(connector_id, profile, self._now)
        if not self._room(new):
            return False
        self._shelf.profiles = self._shelf.place(new)
        return True

    def _room(self, new: Installed) -> bool:
        return len(self._shelf.place(new)) <= self._device.configuration.number(PROFILES)

    def _follow(self, connector: Connector) -> None:
        """Install what was planned for a transaction that has begun; drop what has lost its transaction."""
        if connector.transaction is not None:
            planned = self._planned.pop(connector.number, None)
            if planned is not None:
                self._install(connector.number, planned)
            return
        self._shelf.end_transaction(connector.number)
        connector.meter.allow(HARDWARE.current, HARDWARE.phases)
        if connector.claim is None and connector.authorizing is None:
            self._planned.pop(connector.number, None)

    def _share(self, now: datetime, charging: int) -> Offer:
        """Return what one of the charging connectors may take of the limit for all of them (1.6 §3.13.3)."""
        whole = self._shelf.whole(now)
        count = max(1, charging)
        return Offer(
            None if whole.amperes is None else whole.amperes / count,
            None if whole.watts is None else whole.watts / count,
            whole.phases,
        )

    def _wake_up(self, now: datetime) -> None:
        moments = [
            moment
            for connector in self._device.transactions
            for moment in self._shelf.changes(now, _LOOKAHEAD, _since(connector))
        ]
        self._background.forget("charging")
        if moments:
            seconds = (min(moments) - now).total_seconds()
            self._background.after(max(0.0, seconds) + 0.001, "charging", self._changed)

    def _periods(self, connector_id: int, now: datetime, duration: int, unit: str) -> list[Payload]:
        connectors = [self._device.connectors[connector_id]] if connector_id else list(self._device.connectors.values())
        begun = {each.number: _since(each) or now for each in connectors}
        moments = {now} | {moment for since in begun.values() for moment in self._shelf.changes(now, duration, since)}
        periods: list[Payload] = []
        for moment in sorted(moments):
            start = round((moment - now).total_seconds())
            limit, phases = self._limit(begun, moment, unit, whole=connector_id == 0)
            period = {"start_period": start, "limit": limit, "number_phases": phases}
            if periods and start == periods[-1]["start_period"]:
                periods.pop()
            if not periods or (periods[-1]["limit"], periods[-1]["number_phases"]) != (limit, phases):
                periods.append(period)
        return periods

    def _limit(self, begun: dict[int, datetime], moment: datetime, unit: str, *, whole: bool) -> tuple[float, int]:
        """Return the limit of these connectors; one without a transaction is taken to begin to charge now."""
        offers = [self._shelf.offer(number, moment, since) for number, since in begun.items()]
        values = [offer.current if unit == "A" else offer.power for offer in offers]
        limit = sum(values)
        if whole:
            cap = self._shelf.whole(moment)
            limit = min(limit, cap.current if unit == "A" else cap.power)
        return round(limit, 1), max(offer.phases for offer in offers)


def _since(connector: Connector) -> datetime | None:
    return connector.transaction.started if connector.transaction else None
