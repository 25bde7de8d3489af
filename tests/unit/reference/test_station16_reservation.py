"""Reservations at the embedded 1.6 charge point."""

from datetime import UTC, datetime, timedelta

import pytest
from station16_support import run, station

FAR = "2099-01-01T00:00:00Z"
IN_GROUP = {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}


async def reserve(central, connector=1, reservation=7, **fields):
    payload = {"connectorId": connector, "expiryDate": FAR, "idTag": "TAG", "reservationId": reservation} | fields
    return (await central.ask("ReserveNow", **payload))["status"]


async def cancel(central, reservation=7):
    return (await central.ask("CancelReservation", reservationId=reservation))["status"]


async def reserved(central, connector=1, **fields):
    assert await reserve(central, connector, **fields) == "Accepted"
    await central.status(connector, "Reserved")


def soon(seconds):
    # The central system of these tests tells the time of the charge point's boot: 2026-01-01.
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


@run
async def test_the_reserved_idtag_charges_and_names_the_reservation():
    async with station() as (central, product):
        await reserved(central)
        await product.act("present", None, {"idTag": "OTHER", "connector": 1})
        await central.silence()
        await product.act("present", None, {"idTag": "tag", "connector": 1})
        await central.expect("Authorize", idTag="tag")
        await central.status(1, "Preparing")
        await product.act("plug", None, {"connector": 1})
        await central.expect("StartTransaction", connectorId=1, idTag="tag", reservationId=7)
        await central.status(1, "Charging")
        assert await cancel(central) == "Rejected"


@run
async def test_a_car_alone_leaves_the_connector_reserved():
    async with station() as (central, product):
        await reserved(central)
        await product.act("plug", None, {"connector": 1})
        await central.silence()
        answer = await central.ask("RemoteStartTransaction", connectorId=1, idTag="OTHER")
        assert answer == {"status": "Rejected"}
        answer = await central.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        assert answer == {"status": "Accepted"}
        await central.expect("Authorize", idTag="TAG")
        await central.status(1, "Preparing")
        await central.expect("StartTransaction", idTag="TAG", reservationId=7)


@run
async def test_a_reservation_that_is_not_used_in_time_stays():
    async with station(configuration={"ConnectionTimeOut": "1"}) as (central, product):
        await reserved(central)
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await central.status(1, "Reserved")
        assert await cancel(central) == "Accepted"
        await central.status(1, "Available")


@run
async def test_another_idtag_of_the_group_uses_the_reservation():
    async with station() as (central, product):
        await reserved(central, parentIdTag="GROUP")
        await product.act("present", None, {"idTag": "ALONE", "connector": 1})
        await central.expect("Authorize", idTag="ALONE")
        await central.silence()
        central.answers["Authorize"] = [IN_GROUP]
        await product.act("present", None, {"idTag": "MATE", "connector": 1})
        await central.expect("Authorize", idTag="MATE")
        await central.status(1, "Preparing")
        await product.act("plug", None, {"connector": 1})
        await central.expect("StartTransaction", idTag="MATE", reservationId=7)


@run
async def test_the_group_is_asked_for_at_a_remote_start_without_authorization():
    async with station(configuration={"AuthorizeRemoteTxRequests": "false"}) as (central, product):
        await reserved(central, parentIdTag="GROUP")
        await product.act("plug", None, {"connector": 1})
        central.answers["Authorize"] = [IN_GROUP]
        assert (await central.ask("RemoteStartTransaction", connectorId=1, idTag="MATE"))["status"] == "Accepted"
        await central.expect("Authorize", idTag="MATE")
        await central.status(1, "Preparing")
        await central.expect("StartTransaction", idTag="MATE", reservationId=7)


@run
async def test_a_shared_reader_leads_to_the_reserved_connector():
    async with station() as (central, product):
        await reserved(central, 2)
        await product.act("present", None, {"idTag": "TAG"})
        await central.expect("Authorize")
        await central.status(2, "Preparing")


@run
async def test_a_shared_reader_leads_the_group_to_its_connector_and_others_elsewhere():
    async with station() as (central, product):
        await reserved(central, 1, parentIdTag="GROUP")
        await product.act("present", None, {"idTag": "OTHER"})
        await central.expect("Authorize")
        await central.status(2, "Preparing")
        central.answers["Authorize"] = [IN_GROUP]
        await product.act("present", None, {"idTag": "MATE"})
        await central.expect("Authorize")
        await central.status(1, "Preparing")


@run
async def test_a_car_does_not_take_a_foreign_claim_to_a_reserved_connector():
    async with station() as (central, product):
        await reserved(central, 2)
        await product.act("present", None, {"idTag": "OTHER"})
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await product.act("plug", None, {"connector": 2})
        await central.silence()


@run
async def test_a_reservation_expires():
    async with station() as (central, _):
        await reserved(central, expiryDate=soon(1))
        await central.status(1, "Available")
        assert await cancel(central) == "Rejected"


@run
async def test_a_reservation_is_not_made_for_the_past():
    async with station() as (central, _):
        assert await reserve(central, expiryDate="2020-01-01T00:00:00Z") == "Rejected"
        await central.silence()


@run
async def test_a_reservation_of_the_same_id_is_replaced():
    async with station() as (central, _):
        await reserved(central)
        assert await reserve(central, 2) == "Accepted"
        await central.status(1, "Available")
        await central.status(2, "Reserved")
        assert await reserve(central, 2, reservation=8) == "Occupied"
        assert await reserve(central, 2, idTag="MATE") == "Accepted"


@run
async def test_nothing_that_is_in_use_or_out_of_use_is_reserved():
    async with station() as (central, product):
        assert await reserve(central, 3) == "Rejected"
        await product.act("plug", None, {"connector": 1})
        await central.status(1, "Preparing")
        assert await reserve(central) == "Occupied"
        await central.ask("ChangeAvailability", connectorId=2, type="Inoperative")
        await central.status(2, "Unavailable")
        assert await reserve(central, 2) == "Unavailable"
        await product.act("fault", None, {"connector": 1})
        await central.status(1, "Faulted")
        assert await reserve(central) == "Faulted"
        assert await reserve(central, 0) == "Unavailable"


@pytest.mark.parametrize(("action", "status"), [("fault", "Faulted"), ("unavailable", "Unavailable")])
@run
async def test_what_puts_a_connector_out_of_order_ends_its_reservation(action, status):
    async with station() as (central, product):
        await reserved(central)
        if action == "fault":
            await product.act("fault", None, {"connector": 1})
        else:
            await central.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        await central.status(1, status)
        assert await cancel(central) == "Rejected"


@run
async def test_a_reservation_survives_a_reset_and_a_power_cut():
    async with station() as (central, product):
        await reserved(central)
        for restart in ("reset", "cut"):
            if restart == "reset":
                await central.ask("Reset", type="Hard")
            else:
                await product.act("power_off", None, {})
                await product.act("power_on", None, {})
            await central.until("BootNotification")
            await central.status(0, "Available")
            await central.status(1, "Reserved")
            await central.status(2, "Available")
        assert await cancel(central) == "Accepted"
        await central.status(1, "Available")


@run
async def test_a_reservation_of_any_connector_keeps_the_last_one_free():
    async with station() as (central, product):
        assert await reserve(central, 0) == "Accepted"
        assert await reserve(central, 0, reservation=8) == "Occupied"
        await central.silence()
        await product.act("plug", None, {"connector": 1})
        await central.status(1, "Preparing")
        await central.status(2, "Reserved")
        assert await reserve(central, 2, reservation=8) == "Occupied"
        await product.act("present", None, {"idTag": "OTHER", "connector": 1})
        await central.expect("Authorize", idTag="OTHER")
        started = await central.expect("StartTransaction", connectorId=1)
        assert "reservationId" not in started
        await central.status(1, "Charging")
        await product.act("plug", None, {"connector": 2})
        await product.act("present", None, {"idTag": "THIRD", "connector": 2})
        await central.silence()
        await product.act("present", None, {"idTag": "TAG", "connector": 2})
        await central.expect("Authorize", idTag="TAG")
        await central.status(2, "Preparing")
        await central.expect("StartTransaction", connectorId=2, reservationId=7)


@run
async def test_a_reservation_of_any_connector_needs_no_certain_one():
    async with station() as (central, product):
        assert await reserve(central, 0) == "Accepted"
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await product.act("plug", None, {"connector": 1})
        await central.expect("StartTransaction", connectorId=1, reservationId=7)
        await central.status(1, "Charging")


@run
async def test_beside_a_reservation_of_any_all_connectors_but_one_may_be_reserved():
    async with station(connectors=3) as (central, _):
        assert await reserve(central, 0) == "Accepted"
        await reserved(central, 2, reservation=8)
        await reserved(central, 1, reservation=9)
        await central.status(3, "Reserved")
        assert await reserve(central, 3, reservation=10) == "Occupied"
        assert await cancel(central) == "Accepted"
        await central.status(3, "Available")
        await reserved(central, 3, reservation=10)


@pytest.mark.parametrize("what", ["occupied", "faulted", "unavailable"])
@run
async def test_a_charge_point_without_a_free_connector_is_not_reserved(what):
    async with station() as (central, product):
        if what == "unavailable":
            await central.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        for connector in (1, 2) if what != "unavailable" else ():
            await product.act({"occupied": "plug", "faulted": "fault"}[what], None, {"connector": connector})
        assert await reserve(central, 0) == what.capitalize()
        if what == "unavailable":
            assert await reserve(central, 1) == "Unavailable"


@run
async def test_a_fault_of_the_charge_point_ends_every_reservation():
    async with station() as (central, product):
        await reserved(central)
        await product.act("fault", None, {"connector": 0})
        for number in range(3):
            await central.status(number, "Faulted")
        assert await reserve(central, 0, reservation=9) == "Faulted"
        assert await cancel(central) == "Rejected"


@run
async def test_what_is_not_supported_is_rejected_and_not_announced():
    async with station(without=frozenset({"reservation"})) as (central, _):
        assert await reserve(central) == await reserve(central, 0) == await cancel(central) == "Rejected"
        keys = ["SupportedFeatureProfiles", "ReserveConnectorZeroSupported"]
        found = await central.ask("GetConfiguration", key=keys)
        (profiles,) = found["configurationKey"]
        assert "Reservation" not in profiles["value"].split(",")
        assert found["unknownKey"] == keys[1:]


@run
async def test_connector_0_may_be_left_out():
    async with station(without=frozenset({"reserve_connector_zero"})) as (central, _):
        assert await reserve(central, 0) == "Rejected"
        await reserved(central)
        keys = ["SupportedFeatureProfiles", "ReserveConnectorZeroSupported"]
        found = await central.ask("GetConfiguration", key=keys)
        (profiles,) = found["configurationKey"]
        assert "Reservation" in profiles["value"].split(",")
        assert found["unknownKey"] == keys[1:]


@run
async def test_every_profile_of_the_charge_point_is_announced():
    async with station() as (central, _):
        found = await central.ask("GetConfiguration", key=["SupportedFeatureProfiles"])
        names = {"Core", "LocalAuthListManagement", "Reservation", "SmartCharging", "RemoteTrigger"}
        assert names <= set(found["configurationKey"][0]["value"].split(","))


@run
async def test_an_expiry_date_that_is_no_time_is_refused():
    async with station() as (central, _):
        payload = {"connectorId": 1, "expiryDate": "tomorrow", "idTag": "TAG", "reservationId": 1}
        assert await central.ask("ReserveNow", **payload) in {"FormationViolation", "PropertyConstraintViolation"}
