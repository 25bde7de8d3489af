"""Smart charging at the embedded 1.6 charge point."""

from datetime import UTC, datetime, timedelta

import pytest
from station16_support import run, station

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.meter import Meter

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
OWN = 16.0


def stamp(seconds=0.0):
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def profile(purpose, *limits, number=1, level=0, unit="A", start=0, duration=None, schedule=None, **more):
    periods = [{"startPeriod": begin, "limit": limit, "numberPhases": 3} for begin, limit in limits]
    made = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods} | (schedule or {})
    if start is not None:
        made["startSchedule"] = stamp(start)
    if duration is not None:
        made["duration"] = duration
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative" if start is None else "Absolute",
        "chargingSchedule": made,
    } | more


async def place(central, connector, wanted):
    return await central.ask("SetChargingProfile", connectorId=connector, csChargingProfiles=wanted)


async def limits(central, connector=1, duration=300, unit="A"):
    """Give (startPeriod, limit) of the composite schedule; starts are off by what has passed since the boot."""
    found = await central.ask("GetCompositeSchedule", connectorId=connector, duration=duration, chargingRateUnit=unit)
    assert (found["status"], found["connectorId"]) == ("Accepted", connector)
    schedule = found["chargingSchedule"]
    assert (schedule["duration"], schedule["chargingRateUnit"]) == (duration, unit)
    assert "startSchedule" not in schedule
    return [(one["startPeriod"], one["limit"]) for one in schedule["chargingSchedulePeriod"]]


def near(found, wanted, seconds=20):
    assert [limit for _, limit in found] == [limit for _, limit in wanted]
    assert all(0 <= begin - told <= seconds for (told, _), (begin, _) in zip(found, wanted, strict=True)), found


async def watts(central, connector=1):
    await central.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=connector)
    (value,) = (await central.expect("MeterValues", connectorId=connector))["meterValue"]
    return [float(one["value"]) for one in value["sampledValue"] if one["measurand"] == "Power.Active.Import"]


@run
async def test_purposes_stack_and_come_to_one_schedule():
    async with station() as (central, product):
        assert await limits(central) == [(0, OWN)]
        assert await place(central, 1, profile(DEFAULT, (0, 6), (100, 8), (200, 10), duration=400)) == ACCEPTED
        high = profile(DEFAULT, (0, 7), (100, 9), number=2, level=1, duration=150)
        assert await place(central, 1, high) == ACCEPTED
        near(await limits(central), [(0, 7), (100, 9), (150, 8), (200, 10)])
        assert await place(central, 0, profile(MAX, (0, 9.5), number=3)) == ACCEPTED
        near(await limits(central), [(0, 7), (100, 9), (150, 8), (200, 9.5)])
        number = await central.charging(product)
        own = profile(TX, (0, 6), number=4, duration=60, transactionId=number)
        assert await place(central, 1, own) == ACCEPTED
        near(await limits(central), [(0, 6), (60, 9.5)])
        assert await limits(central, unit="W", duration=10) == [(0, 6 * 690.0)]
        await product.act("present", None, {"idTag": "TAG"})
        await central.until("StopTransaction", transactionId=number)
        near(await limits(central), [(0, 7), (100, 9), (150, 8), (200, 9.5)])


@run
async def test_profiles_are_cleared_by_each_criterion():
    async with station() as (central, _):
        for number, (connector, purpose, level) in enumerate([(1, DEFAULT, 0), (1, DEFAULT, 1), (0, MAX, 0)], 1):
            assert (
                await place(central, connector, profile(purpose, (0, 5 + number), number=number, level=level))
                == ACCEPTED
            )
        assert await central.ask("ClearChargingProfile", id=9) == {"status": "Unknown"}
        assert await central.ask("ClearChargingProfile", id=9, stackLevel=0) == {"status": "Unknown"}
        assert await central.ask("ClearChargingProfile", id=2, stackLevel=0) == ACCEPTED  # errata 3.26
        assert await limits(central) == [(0, 6)]
        assert await central.ask("ClearChargingProfile", chargingProfilePurpose=DEFAULT, stackLevel=0) == ACCEPTED
        assert await limits(central) == [(0, 8)]
        assert await central.ask("ClearChargingProfile", connectorId=0) == ACCEPTED
        assert await central.ask("ClearChargingProfile") == {"status": "Unknown"}
        assert await limits(central) == [(0, OWN)]


@run
async def test_what_is_refused():
    async with station(connectors=2) as (central, product):
        number = await central.charging(product)
        for connector, wanted in [
            (1, profile(MAX, (0, 6))),
            (0, profile(TX, (0, 6))),
            (2, profile(TX, (0, 6))),
            (1, profile(TX, (0, 6), transactionId=number + 1)),
            (1, profile(DEFAULT, (0, 6), transactionId=number)),
            (1, profile(DEFAULT, (0, 6), level=11)),
            (1, profile(DEFAULT, (0, 6), level=-1)),
            (1, profile(DEFAULT)),
            (1, profile(DEFAULT, (5, 6))),
            (1, profile(DEFAULT, (0, 6), (60, 8), (30, 7))),
            (1, profile(DEFAULT, (0, -6))),
            (1, profile(DEFAULT, *((each, 6) for each in range(25)))),
            (1, profile(DEFAULT, (0, 6), recurrencyKind="Daily")),
            (1, profile(DEFAULT, (0, 6), start=None, chargingProfileKind="Recurring", recurrencyKind="Daily")),
        ]:
            assert await place(central, connector, wanted) == REJECTED, wanted
        assert await place(central, 3, profile(DEFAULT, (0, 6))) == "PropertyConstraintViolation"
        assert await place(central, 1, profile(DEFAULT, (0, 6), unit="VA")) == "PropertyConstraintViolation"
        for asked in ({"connectorId": 3, "duration": 60}, {"connectorId": 1, "duration": 0}):
            assert await central.ask("GetCompositeSchedule", **asked) == REJECTED
        assert await limits(central) == [(0, OWN)]


@run
async def test_as_many_profiles_as_it_takes():
    async with station(configuration={"MaxChargingProfilesInstalled": "2"}) as (central, _):
        for level, answer in ((0, ACCEPTED), (1, ACCEPTED), (2, REJECTED), (1, ACCEPTED)):
            assert await place(central, 1, profile(DEFAULT, (0, 6), number=level + 1, level=level)) == answer


@run
async def test_only_the_units_that_it_takes():
    async with station(configuration={"ChargingScheduleAllowedChargingRateUnit": "Power"}) as (central, _):
        assert await place(central, 1, profile(DEFAULT, (0, 6))) == REJECTED
        assert await place(central, 1, profile(DEFAULT, (0, 6000), unit="W")) == ACCEPTED
        asked = {"connectorId": 1, "duration": 60}
        assert await central.ask("GetCompositeSchedule", **asked, chargingRateUnit="A") == REJECTED
        answer = await central.ask("GetCompositeSchedule", **asked)
        assert answer["chargingSchedule"]["chargingRateUnit"] == "W"


@run
async def test_a_remote_start_brings_a_profile_along():
    async with station() as (central, product):
        start = {"idTag": "TAG", "connectorId": 1}
        wrong = [profile(DEFAULT, (0, 6)), profile(TX, (0, 6), transactionId=1), profile(TX)]
        for wanted in wrong:
            assert await central.ask("RemoteStartTransaction", **start, chargingProfile=wanted) == REJECTED
        wanted = profile(TX, (0, 7), (100, 9), start=None)
        assert await central.ask("RemoteStartTransaction", **start, chargingProfile=wanted) == ACCEPTED
        assert await limits(central) == [(0, OWN)]
        await product.act("plug", None, {})
        begun = await central.until("StartTransaction")
        assert begun["idTag"] == "TAG"
        near(await limits(central), [(0, 7), (100, 9)])
        assert await place(central, 1, profile(TX, (0, 8), number=2, transactionId=1)) == ACCEPTED
        assert await limits(central) == [(0, 8)]


@run
async def test_the_profile_of_a_start_that_nobody_uses_is_forgotten():
    async with station() as (central, product):
        assert await central.ask("ChangeConfiguration", key="ConnectionTimeOut", value="1") == ACCEPTED
        wanted = profile(TX, (0, 7), start=None)
        start = {"idTag": "TAG", "connectorId": 1, "chargingProfile": wanted}
        assert await central.ask("RemoteStartTransaction", **start) == ACCEPTED
        await central.until("StatusNotification", connectorId=1, status="Preparing")
        await central.until("StatusNotification", connectorId=1, status="Available")
        await central.charging(product)
        assert await limits(central) == [(0, OWN)]


@run
async def test_the_power_follows_the_limit_and_is_shared():
    async with station(connectors=2, configuration={"MeterValuesSampledData": "Power.Active.Import"}) as (
        central,
        product,
    ):
        await central.charging(product)
        assert await watts(central) == [OWN * 690]
        assert await place(central, 1, profile(DEFAULT, (0, 6))) == ACCEPTED
        assert await watts(central) == [6 * 690]
        assert await place(central, 0, profile(MAX, (0, 10), number=2)) == ACCEPTED
        assert await central.ask("ClearChargingProfile", id=1) == ACCEPTED
        assert await watts(central) == [10 * 690]
        await product.act("plug", None, {"connector": 2})
        await product.act("present", None, {"connector": 2, "idTag": "OTHER"})
        await central.until("StartTransaction", connectorId=2)
        await central.until("StatusNotification", connectorId=2, status="Charging")
        assert await watts(central) == [5 * 690]
        assert await limits(central, 0) == [(0, 10)]


@run
async def test_a_limit_of_0_suspends_and_its_end_resumes():
    async with station() as (central, product):
        await central.charging(product)
        now = datetime.now(UTC)
        clock = datetime.fromisoformat(
            (await central.ask("GetCompositeSchedule", connectorId=1, duration=1))["scheduleStart"]
        )
        assert abs((clock - now).total_seconds()) > 60, "the charge point follows the clock of the central system"
        begin = (clock - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds() - 1
        assert await place(central, 1, profile(DEFAULT, (0, 0), (3, 8), start=begin)) == ACCEPTED
        await central.until("StatusNotification", connectorId=1, status="SuspendedEVSE")
        await central.until("StatusNotification", connectorId=1, status="Charging")


@run
async def test_profiles_outlive_a_power_cut_but_not_those_of_a_transaction():
    """Errata 3.37."""
    async with station() as (central, product):
        await central.charging(product)
        assert await place(central, 1, profile(DEFAULT, (0, 6), number=1)) == ACCEPTED
        assert await place(central, 1, profile(TX, (0, 9), number=2)) == ACCEPTED
        assert await limits(central) == [(0, 9)]
        await product.act("power_off", None, {})
        await product.act("power_on", None, {})
        await central.until("BootNotification")
        await central.until("StatusNotification", connectorId=1)
        assert await limits(central) == [(0, 6)]


@run
async def test_without_the_profile():
    """Errata 3.39; 5.11: a profile of a remote start is ignored."""
    async with station(without=frozenset({"smart_charging"})) as (central, product):
        found = await central.ask("GetConfiguration", key=["SupportedFeatureProfiles", "MaxChargingProfilesInstalled"])
        assert "SmartCharging" not in found["configurationKey"][0]["value"]
        assert found["unknownKey"] == ["MaxChargingProfilesInstalled"]
        assert await place(central, 1, profile(DEFAULT, (0, 6))) == "NotSupported"
        assert await central.ask("ClearChargingProfile") == "NotSupported"
        assert await central.ask("GetCompositeSchedule", connectorId=1, duration=60) == "NotSupported"
        await product.act("plug", None, {})
        start = {"idTag": "TAG", "connectorId": 1, "chargingProfile": profile(DEFAULT, (0, 6))}
        assert await central.ask("RemoteStartTransaction", **start) == ACCEPTED
        await central.until("StartTransaction", idTag="TAG")


def test_recurring_profiles_begin_anew():
    from ocpp_tck.reference.station.core16.smart_charging.profiles import Installed

    wanted = {
        "charging_profile_id": 1,
        "stack_level": 0,
        "charging_profile_purpose": DEFAULT,
        "charging_profile_kind": "Recurring",
        "recurrency_kind": "Weekly",
        "valid_to": stamp(100 * 86_400),
        "charging_schedule": {
            "charging_rate_unit": "W",
            "start_schedule": stamp(),
            "duration": 3600,
            "charging_schedule_period": [{"start_period": 0, "limit": 6000}, {"start_period": 60, "limit": 4000}],
        },
    }
    start = datetime.fromisoformat(stamp())
    one = Installed(1, wanted, start)
    week = timedelta(days=7)
    assert one.offer(start - week, None) is None
    assert [one.offer(start + week + timedelta(seconds=s), None) for s in (-1, 3600)] == [None, None]
    offers = [one.offer(start + week + timedelta(seconds=s), None) for s in (0, 60)]
    assert [offer.watts for offer in offers] == [6000, 4000]
    assert [round(offer.current, 2) for offer in offers] == [8.7, 5.8]
    found = list(one.changes(start, start + 2 * week, None))
    assert {start + week, start + week + timedelta(seconds=60), start + week + timedelta(hours=1)} < set(found)
    assert one.valid(start)
    assert not one.valid(start + timedelta(days=100))


def test_fewer_phases():
    meter = Meter(0)
    meter.allow(10, 1)
    meter.switch(flowing=True)
    assert (meter.power, meter.offers) == (2300, True)
    meter.allow(0, 3)
    assert not meter.offers


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ChargeProfileMaxStackLevel", "many"),
        ("ChargingScheduleAllowedChargingRateUnit", "A"),
        ("ConnectorSwitch3to1PhaseSupported", "perhaps"),
    ],
)
def test_values_that_the_keys_do_not_take(key, value):
    with pytest.raises(ValueError, match="is not a value"):
        Device(StationOptions(version="1.6", url="ws://h", station_id="S", configuration={key: value}))
