"""The shelf of installed profiles, which survives reboots and power cycles (errata 3.37), and what they allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ocpp_tck.reference.station.core16.meter import CURRENT, PHASES
from ocpp_tck.reference.station.core16.smart_charging.profiles import DEFAULT, MAX, TX, UNLIMITED, Installed, Offer

HARDWARE = Offer(amperes=CURRENT, phases=len(PHASES))
"""The local limit of each connector."""


@dataclass(slots=True)
class Shelf:
    """Every installed profile, in the order in which they came."""

    profiles: list[Installed] = field(default_factory=list)

    def place(self, new: Installed) -> list[Installed]:
        """Return the profiles that there would be with a new one, which replaces its like (1.6 §3.13.2, §5.16.3)."""
        return [*(old for old in self.profiles if not _replaces(new, old)), new]

    def clear(self, wanted: Mapping[str, Any]) -> bool:
        """Remove the profiles that match all criteria (errata 3.25, 3.26); tells whether there were any."""
        kept = [old for old in self.profiles if not _matches(old, wanted)]
        found = len(kept) < len(self.profiles)
        self.profiles = kept
        return found

    def end_transaction(self, connector_id: int) -> None:
        """Drop the TxProfiles of a connector (1.6 §3.13.1)."""
        self.profiles = [old for old in self.profiles if (old.purpose, old.connector_id) != (TX, connector_id)]

    def whole(self, moment: datetime) -> Offer:
        """Return what the charge point may take from the grid, by its ChargePointMaxProfiles."""
        return self.prevailing([each for each in self.profiles if each.purpose == MAX], moment, None)

    def transfer(self, connector_id: int, moment: datetime, charging_since: datetime | None) -> Offer:
        """Return what a transaction at a connector may take, by its TxProfiles or else the TxDefaultProfiles."""
        own = [each for each in self.profiles if (each.purpose, each.connector_id) == (TX, connector_id)]
        valid = [each for each in own if each.valid(moment)]
        return self.prevailing(valid or self.defaults(connector_id), moment, charging_since)

    def prevailing(self, among: list[Installed], moment: datetime, charging_since: datetime | None) -> Offer:
        """Return the limit of the highest stack level that has one at a moment (1.6 §3.13.2, errata 3.43)."""
        for each in sorted(among, key=lambda each: each.level, reverse=True):
            offer = each.offer(moment, charging_since) if each.valid(moment) else None
            if offer is not None:
                return offer
        return UNLIMITED

    def defaults(self, connector_id: int) -> list[Installed]:
        """Return the TxDefaultProfiles of a connector; its own stand in place of those of all connectors."""
        every = [each for each in self.profiles if each.purpose == DEFAULT]
        specific = [each for each in every if each.connector_id == connector_id]
        levels = {each.level for each in specific}
        return specific + [each for each in every if each.connector_id == 0 and each.level not in levels]

    def offer(self, connector_id: int, moment: datetime, charging_since: datetime | None) -> Offer:
        """Return what a connector alone may take at a moment, its local limit included."""
        return self.transfer(connector_id, moment, charging_since).under(self.whole(moment)).under(HARDWARE)

    def changes(self, since: datetime, seconds: float, charging_since: datetime | None) -> list[datetime]:
        """Give the moments of a span at which an offer may change, in order."""
        until = since + timedelta(seconds=seconds)
        found = {moment for each in self.profiles for moment in each.changes(since, until, charging_since)}
        return sorted(moment for moment in found if since < moment < until)


def _replaces(new: Installed, old: Installed) -> bool:
    like = (new.purpose, new.level, new.connector_id) == (old.purpose, old.level, old.connector_id)
    return like or new.id == old.id


def _matches(old: Installed, wanted: Mapping[str, Any]) -> bool:
    """Whether a profile is meant; an id decides alone (errata 3.26)."""
    if "id" in wanted:
        return bool(old.id == wanted["id"])
    has = {
        "connector_id": old.connector_id,
        "charging_profile_purpose": old.purpose,
        "stack_level": old.level,
    }
    return all(has[name] == value for name, value in wanted.items())
