"""Defects of the charge point of 1.6 in smart charging: which profile counts, for how long, and what is cleared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ocpp_tck.reference.defects.table import Table
from ocpp_tck.reference.station.core16.device import Connector
from ocpp_tck.reference.station.core16.firmware import Firmware
from ocpp_tck.reference.station.core16.smart_charging.profiles import DEFAULT, MAX, TX, UNLIMITED, Installed, Offer
from ocpp_tck.reference.station.core16.smart_charging.regulator import Payload, Regulator
from ocpp_tck.reference.station.core16.smart_charging.shelf import Shelf

table = Table("cs", "1.6")


@table.defect("ignores-charge-point-max-profile", "1.6 3.13.3")
class IgnoresChargePointMax(Shelf):
    """Takes a ChargePointMaxProfile and heeds the profiles of transactions alone."""

    def whole(self, moment: datetime) -> Offer:
        return UNLIMITED


@table.defect("default-profile-counts-beside-transaction-profile", "1.6 3.13.1")
class DefaultCountsToo(Shelf):
    """Heeds the TxDefaultProfile although the transaction has a TxProfile."""

    def transfer(self, connector_id: int, moment: datetime, charging_since: datetime | None) -> Offer:
        default = self.prevailing(self.defaults(connector_id), moment, charging_since)
        return super().transfer(connector_id, moment, charging_since).under(default)


@table.defect("default-profile-returns-before-transaction-ends", "1.6 3.13.1")
class DefaultReturns(Shelf):
    """Goes back to the TxDefaultProfile when the schedule of the TxProfile has ended."""

    def transfer(self, connector_id: int, moment: datetime, charging_since: datetime | None) -> Offer:
        offer = super().transfer(connector_id, moment, charging_since)
        if offer is UNLIMITED:
            return self.prevailing(self.defaults(connector_id), moment, charging_since)
        return offer


@table.defect("lowest-stack-level-prevails", "1.6 3.13.2")
class LowestPrevails(Shelf):
    """Takes the profile with the lowest stackLevel for the prevailing one."""

    def prevailing(self, among: list[Installed], moment: datetime, charging_since: datetime | None) -> Offer:
        for each in sorted(among, key=lambda each: each.level):
            offer = each.offer(moment, charging_since) if each.valid(moment) else None
            if offer is not None:
                return offer
        return UNLIMITED


@table.defect("no-fall-back-to-lower-stack-level", "1.6 3.13.2, 5.16.4; errata 3.43")
class NoFallBack(Shelf):
    """Allows what it can when the schedule of the highest profile has ended, whatever profiles lie below."""

    def prevailing(self, among: list[Installed], moment: datetime, charging_since: datetime | None) -> Offer:
        highest = max((each.level for each in among), default=0)
        return super().prevailing([each for each in among if each.level == highest], moment, charging_since)


@table.defect("stacks-one-profile-only", "1.6 3.13.2")
class StacksOne(Shelf):
    """Puts a new profile in the place of every other one of its purpose, whatever their stackLevel."""

    def place(self, new: Installed) -> list[Installed]:
        return [*(old for old in self.profiles if old.purpose != new.purpose), new]


@table.defect("clears-nothing", "1.6 5.5")
class ClearsNothing(Shelf):
    """Says that it has cleared the profiles, and keeps them."""

    def clear(self, wanted: Mapping[str, Any]) -> bool:
        before = list(self.profiles)
        found = super().clear(wanted)
        self.profiles = before
        return found


@table.defect("clears-everything", "1.6 5.5; errata 3.25")
class ClearsEverything(Shelf):
    """Clears all profiles, whatever criteria it is given."""

    def clear(self, wanted: Mapping[str, Any]) -> bool:
        return super().clear({})


@table.defect("clears-what-matches-any-criterion", "errata 3.25")
class ClearsAny(Shelf):
    """Clears the profiles that match one of the criteria."""

    def clear(self, wanted: Mapping[str, Any]) -> bool:
        found = not wanted and super().clear(wanted)
        for name, value in wanted.items():
            found = super().clear({name: value}) or found
        return found


@table.defect("default-profile-for-new-transactions-only", "1.6 3.13.1; errata 3.8")
class DefaultForNewOnly(Regulator):
    """Leaves a running transaction as it is when a TxDefaultProfile is set."""

    def set_profile(self, connector_id: int, profile: Payload) -> str:
        running = any(connector.number == connector_id for connector in self._device.transactions)
        if running and profile["charging_profile_purpose"] == DEFAULT:
            return "Accepted"
        return super().set_profile(connector_id, profile)


@table.defect("accepts-transaction-profile-in-advance", "1.6 3.13.1, 5.16.4")
class AcceptsInAdvance(Regulator):
    """Accepts a TxProfile for a connector without a transaction."""

    def _placeable(self, connector_id: int, profile: Payload) -> bool:
        connector = self._device.connectors.get(connector_id)
        idle = connector is not None and connector.transaction is None
        if idle and profile["charging_profile_purpose"] == TX:
            return True
        return super()._placeable(connector_id, profile)


@table.defect("ignores-transaction-id-of-profile", "1.6 7.8")
class IgnoresTransactionId(Regulator):
    """Applies a TxProfile to the transaction that runs, whatever transactionId it names."""

    def _placeable(self, connector_id: int, profile: Payload) -> bool:
        connector = self._device.connectors.get(connector_id)
        if connector is not None and connector.transaction and profile["charging_profile_purpose"] == TX:
            return True
        return super()._placeable(connector_id, profile)


@table.defect("loses-profile-of-remote-start", "1.6 5.11, 5.16.2")
class LosesPlan(Regulator):
    """Accepts a remote start with a profile, and starts the transaction without it."""

    def plan(self, connector: Connector, profile: Payload | None) -> None:
        super().plan(connector, None)


@table.defect("accepts-any-profile-in-remote-start", "1.6 5.11, 5.16.2")
class AcceptsAnyPlan(Regulator):
    """Accepts a remote start with a profile of any purpose."""

    def startable(self, connector: Connector, profile: Payload | None) -> bool:
        return True


@table.defect("composite-schedule-in-own-unit", "1.6 6.21")
class OwnUnit(Regulator):
    """Reports every composite schedule in watts."""

    def composite(self, connector_id: int, duration: int, unit: str | None) -> Payload:
        return super().composite(connector_id, duration, "W")


@table.defect("composite-schedule-without-charge-point-limit", "1.6 3.13.3, 5.7")
class WithoutChargePointLimit(Regulator):
    """Keeps to a ChargePointMaxProfile, and leaves it out of the composite schedule."""

    def composite(self, connector_id: int, duration: int, unit: str | None) -> Payload:
        every = self._shelf.profiles
        self._shelf.profiles = [each for each in every if each.purpose != MAX]
        try:
            return super().composite(connector_id, duration, unit)
        finally:
            self._shelf.profiles = every


@table.defect("profiles-lost-over-reboot", "errata 3.37")
class ProfilesLost(Firmware):
    """Forgets its charging profiles when it boots."""

    def start(self) -> None:
        self._device.shelf.profiles = []
        super().start()


@table.defect("power-ignores-the-limit", "1.6 3.13.1, 5.16")
class IgnoresLimit(Regulator):
    """Reports the right composite schedule, and lets the vehicle draw what it wants."""

    def settle(self) -> None:
        super().settle()
        for connector in self._device.connectors.values():
            connector.meter.allow(16.0, 3)


@table.defect("transaction-profile-outlives-its-transaction", "1.6 3.13.1, 7.10")
class OutlivesTransaction(Shelf):
    """Applies the TxProfile of a transaction to the next one at its connector."""

    def end_transaction(self, connector_id: int) -> None:
        pass
