"""Smart charging: profiles and what they come to (2.22). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states
from .profiles import DEFAULT, MAX, TX, Profiles

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station

UNKNOWN = 1_000_000
"""A transactionId, or how far one lies from the one in use, that the charge point can't know."""
REFUSED = "PropertyConstraintViolation"


@testcase(
    "TC_056_CS",
    "A default profile is there for the next transaction",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.7, 5.16.4, 7.10; errata 3.27, 3.28, 3.29, 3.34, 3.51",
    applies_if="smart_charging",
)
def test_default_profile(station: Station, step: Any) -> None:
    """A TxDefaultProfile shows in the composite schedule of its connector although nothing charges."""
    profiles, seconds = Profiles(station, level=station.data.stack_level), station.data.charging_duration
    profile = profiles.profile(DEFAULT, (0, 6), start=profiles.now, lasts=seconds)
    setting = profiles.send(station.hardware.connector, profile)
    with step("2", "The charge point accepts the profile"):
        assert setting.response().status == "Accepted"

    asked = profiles.ask(seconds)
    with step("4", "The charge point reports the limit of the profile from now on"):
        profiles.check(asked, seconds)


@testcase(
    "TC_057_CS",
    "A running transaction gets a profile of its own",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.7, 5.16.3, 7.10; errata 3.27, 3.28, 3.29, 3.34, 3.51",
    applies_if="smart_charging",
)
def test_transaction_profile(station: Station, operator: Operator, step: Any) -> None:
    """A TxProfile without an end limits the transaction that it names."""
    profiles, seconds = Profiles(station, level=station.data.stack_level), station.data.charging_duration
    transaction = states.charging(station, operator)
    profile = profiles.profile(TX, (0, 6), start=profiles.now, transaction=transaction)
    setting = profiles.send(station.hardware.connector, profile)
    with step("2", "The charge point accepts the profile"):
        assert setting.response().status == "Accepted"

    asked = profiles.ask(seconds)
    with step("4", "The charge point reports the limit of the profile from now on"):
        profiles.check(asked, seconds)


@testcase(
    "TC_058_1_CS",
    "A transaction profile without a transaction is refused",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.16.4",
    applies_if="smart_charging",
)
def test_profile_without_transaction(station: Station, step: Any) -> None:
    """Nothing charges at the connector that a TxProfile is set for."""
    profiles = Profiles(station, level=station.data.stack_level)
    profile = profiles.profile(TX, (0, 6), start=profiles.now, transaction=UNKNOWN)
    setting = profiles.send(station.hardware.connector, profile)
    with step("2", "The charge point rejects the profile, or answers with PropertyConstraintViolation"):
        answer = setting.answer()
        assert answer.event.error == REFUSED or answer.status == "Rejected"


@testcase(
    "TC_058_2_CS",
    "A profile for another transaction is refused",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.16.3, 7.8",
    applies_if="smart_charging",
)
def test_profile_of_another_transaction(station: Station, operator: Operator, step: Any) -> None:
    """The transactionId of the TxProfile is not that of the transaction at its connector."""
    profiles = Profiles(station, level=station.data.stack_level)
    transaction = states.charging(station, operator)
    profile = profiles.profile(TX, (0, 6), start=profiles.now, transaction=int(transaction) + UNKNOWN)
    setting = profiles.send(station.hardware.connector, profile)
    with step("2", "The charge point rejects the profile"):
        assert setting.response().status == "Rejected"


@testcase(
    "TC_082_CS",
    "A default profile takes hold of a running transaction",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.7, 5.16.4; errata 3.8, 3.27, 3.28, 3.29, 3.34, 3.51",
    applies_if="smart_charging",
)
def test_default_profile_while_charging(station: Station, operator: Operator, step: Any) -> None:
    """The transaction began without any profile and goes on under the new TxDefaultProfile."""
    profiles, seconds = Profiles(station, level=station.data.stack_level), station.data.charging_duration
    states.charging(station, operator)
    profile = profiles.profile(DEFAULT, (0, 6), start=profiles.now, lasts=seconds)
    setting = profiles.send(station.hardware.connector, profile)
    with step("2", "The charge point accepts the profile"):
        assert setting.response().status == "Accepted"

    asked = profiles.ask(seconds)
    with step("4", "The charge point reports the limit of the profile from now on"):
        profiles.check(asked, seconds)


@testcase(
    "TC_066_CS",
    "Profiles of three purposes come to one schedule",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 3.13.3, 5.7; errata 3.27, 3.28, 3.29, 3.34, 3.51, 3.65, 3.66",
    applies_if="smart_charging",
    needs="MaxChargingProfilesInstalled of 3 and ChargingScheduleMaxPeriods of 5 at least",
)
def test_composite_schedule(station: Station, operator: Operator, step: Any) -> None:
    """The lower one of the charge point's limit and the transaction's counts; the default profile does not."""
    profiles, seconds, connector = Profiles(station, count=3, periods=5), 400, station.hardware.connector
    transaction = states.charging(station, operator)
    start = profiles.early
    whole = profiles.profile(MAX, (0, 10), level=0, number=1, start=start, lasts=86_400)
    default = ((0, 6), (60, 10), (120, 8), (180, 15), (260, 8))
    own = ((0, 8), (50, 11), (140, 16), (200, 6), (240, 12))
    profiles.install(0, whole)
    profiles.install(
        connector, profiles.profile(DEFAULT, *default, level=0, number=2, start=start, lasts=300, valid=True)
    )
    profiles.install(
        connector,
        profiles.profile(TX, *own, level=0, number=3, start=start, lasts=260, valid=True, transaction=transaction),
    )
    asked = profiles.ask(seconds)
    with step("2", "The charge point reports the lower limit of the two profiles at each moment"):
        profiles.check(asked, seconds)


@testcase(
    "TC_067_CS",
    "Profiles are cleared by id, by criteria and altogether",
    profile="Smart Charging",
    requirements="1.6 3.13.3, 5.5, 5.7, 6.13; errata 3.25, 3.26, 3.27, 3.28, 3.29, 3.34, 3.51",
    applies_if="smart_charging",
    needs="ChargeProfileMaxStackLevel of 1, MaxChargingProfilesInstalled of 3 and ChargingScheduleMaxPeriods of 3",
)
def test_clear_profiles(station: Station, step: Any) -> None:
    """After each clearing the composite schedule is that of the profiles that are left."""
    profiles = Profiles(station, level=1, count=3, periods=3, stacked=True)
    seconds, connector, start = 350, station.hardware.connector, profiles.early
    first = profiles.profile(DEFAULT, (0, 6), (60, 8), (200, 10), level=1, number=1, start=start, lasts=400)
    second = profiles.profile(DEFAULT, (0, 7), (100, 9), level=0, number=2, start=start, lasts=400, valid=True)
    third = profiles.profile(MAX, (0, 11), (200, 12), level=0, number=3, start=start, lasts=86_400, valid=True)
    for place, profile in ((connector, first), (connector, second), (0, third)):
        profiles.install(place, profile)

    clearing = profiles.clear(id=1)
    with step("2", "The charge point clears the profile with that id"):
        assert clearing.response().status == "Accepted"
    asked = profiles.ask(seconds)
    with step("4", "The charge point reports the limits of the second profile"):
        profiles.check(asked, seconds, last=False)

    clearing = profiles.clear(chargingProfilePurpose=DEFAULT, stackLevel=0)
    with step("6", "The charge point clears the profile with that purpose and stack level"):
        assert clearing.response().status == "Accepted"
    asked = profiles.ask(seconds)
    with step("8", "The charge point reports the limits of the third profile"):
        profiles.check(asked, seconds, last=False)

    clearing = profiles.clear()
    with step("10", "The charge point clears the profile that is left"):
        assert clearing.response().status == "Accepted"
    asked = profiles.ask(seconds)
    with step("12", "The charge point reports its own limit"):
        profiles.demand_own_limit(profiles.check(asked, seconds, last=False), seconds)


@testcase(
    "TC_072_CS",
    "The profile on top of the stack counts as long as its schedule lasts",
    profile="Smart Charging",
    requirements="1.6 3.13.2, 5.7, 5.16.4; errata 3.27, 3.28, 3.29, 3.34, 3.43, 3.44, 3.51",
    applies_if="smart_charging",
    needs="ChargeProfileMaxStackLevel of 1, MaxChargingProfilesInstalled of 2 and ChargingScheduleMaxPeriods of 3",
)
def test_stack(station: Station, step: Any) -> None:
    """Two TxDefaultProfiles, the higher one of which ends earlier."""
    profiles = Profiles(station, level=1, count=2, periods=3, stacked=True)
    seconds, connector, start = 350, station.hardware.connector, profiles.early
    low = profiles.profile(DEFAULT, (0, 6), (100, 8), (200, 10), level=0, number=1, start=start, lasts=400, valid=True)
    high = profiles.profile(DEFAULT, (0, 7), (100, 9), level=1, number=2, start=start, lasts=150, valid=True)
    profiles.install(connector, low)
    profiles.install(connector, high)
    asked = profiles.ask(seconds)
    with step("2", "The charge point reports the limits of the higher profile, then those of the lower one"):
        profiles.check(asked, seconds)


@testcase(
    "TC_059_CS",
    "A remote start brings a profile along",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.7, 5.11, 5.16.2, 7.10; errata 3.27, 3.28, 3.29, 3.34, 3.41, 3.42, 3.51, 3.67",
    applies_if="smart_charging",
)
def test_remote_start_with_profile(station: Station, operator: Operator, step: Any) -> None:
    """The transaction that is started remotely is limited by its TxProfile from the beginning."""
    profiles, seconds = Profiles(station, level=station.data.stack_level), station.data.charging_duration
    profile = profiles.profile(TX, (0, 6))
    profiles.took(station.hardware.connector, profile)
    with step("1", "A transaction starts with the profile of the remote start (state Charging)"):
        states.charging(station, operator, profile=profile)

    asked = profiles.ask(seconds)
    with step("3", "The charge point reports the limit of the profile from now on"):
        profiles.check(asked, seconds)


@testcase(
    "TC_060_CS",
    "A remote start with a profile of the wrong purpose is refused",
    profile="Smart Charging",
    requirements="1.6 5.11, 5.16.2",
    applies_if="smart_charging",
)
def test_remote_start_with_wrong_profile(station: Station, step: Any) -> None:
    """Only a TxProfile can come with a remote start."""
    profiles = Profiles(station, level=station.data.stack_level)
    remote_start = station.provoke(
        "RemoteStartTransaction",
        connectorId=station.hardware.connector,
        idTag=station.data.valid_token,
        chargingProfile=profiles.profile(DEFAULT, (0, 6), start=profiles.now),
    )
    with step("2", "The charge point rejects the remote start, or answers with PropertyConstraintViolation"):
        answer = remote_start.answer()
        assert answer.event.error == REFUSED or answer.status == "Rejected"
