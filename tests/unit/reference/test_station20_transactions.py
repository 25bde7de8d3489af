"""Transactions, tokens and remote control of the embedded 2.x station (C, E, F01 to F03)."""

import asyncio

import pytest
from station20_support import ACCEPTED, BOTH, VALID, with_station

from ocpp_tck.reference.control import PayloadRefused

INVALID = {"idTokenInfo": {"status": "Invalid"}}
OTHER = {"idToken": "TCK-OTHER", "type": "ISO14443"}
GROUP = {"idToken": "TCK-GROUP", "type": "Central"}


def start(**fields):
    return {"idToken": VALID, "remoteStartId": 42, "evseId": 1} | fields


@with_station(versions=BOTH)
async def test_cable_first_local_start_and_stop(bench):
    csms = bench.csms
    await bench.act("plug", evse=2)
    await csms.status(2, "Occupied")
    started = await csms.event("Started", "CablePluggedIn", "EVConnected")
    assert (started["seqNo"], started["evse"]) == (0, {"id": 2, "connectorId": 1})
    assert started["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert "offline" not in started
    assert "idToken" not in started
    await bench.present(evse=2)
    assert (await csms.until("Authorize"))["idToken"] == VALID
    authorized = await csms.event("Updated", "Authorized")
    assert (authorized["seqNo"], authorized["idToken"]) == (1, VALID)
    assert "evse" not in authorized
    charging = await csms.event("Updated", "ChargingStateChanged", "Charging")
    assert charging["seqNo"] == 2
    assert "idToken" not in charging
    await bench.present(evse=2)
    stop = await csms.event("Updated", "StopAuthorized", "Charging")
    assert stop["idToken"] == VALID
    ended = await csms.event("Ended", "ChargingStateChanged", "EVConnected")
    assert (ended["seqNo"], ended["transactionInfo"]["stoppedReason"]) == (4, "Local")
    contexts = [value["sampledValue"][0]["context"] for value in ended["meterValue"]]
    assert contexts == ["Transaction.Begin", "Transaction.End"]
    assert {payload["transactionInfo"]["transactionId"] for payload in (started, stop, ended)} == {
        started["transactionInfo"]["transactionId"]
    }
    await csms.silence("Authorize", 0.05)
    await bench.act("unplug", evse=2)
    await csms.status(2, "Available")
    await csms.silence("TransactionEvent", 0.05)


@with_station()
async def test_the_same_evse_can_charge_again_and_ids_differ(bench):
    first = await bench.charge()
    await bench.present()
    await bench.csms.event("Updated", "StopAuthorized")
    await bench.csms.event("Ended", "ChargingStateChanged")
    await bench.present()
    again = await bench.csms.event("Started", "Authorized")
    assert again["transactionInfo"]["transactionId"] != first
    assert again["seqNo"] == 0


@with_station(answers={"Authorize": [INVALID]})
async def test_an_invalid_token_changes_nothing(bench):
    await bench.act("plug")
    await bench.csms.event("Started", "CablePluggedIn")
    await bench.present()
    await bench.csms.until("Authorize")
    await bench.csms.silence("TransactionEvent")


@with_station()
async def test_token_first_goes_with_the_evse_that_is_plugged_in(bench):
    csms = bench.csms
    await bench.present()
    started = await csms.event("Started", "Authorized", "Idle")
    assert started["idToken"] == VALID
    assert "evse" not in started
    assert "meterValue" not in started
    await bench.act("plug", evse=2)
    plugged = await csms.event("Updated", "CablePluggedIn", "EVConnected")
    assert plugged["evse"] == {"id": 2, "connectorId": 1}
    charging = await csms.event("Updated", "ChargingStateChanged", "Charging")
    assert charging["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert charging["numberOfPhasesUsed"] == 3


@with_station(configuration={"TxCtrlr.EVConnectionTimeOut": "1"})
async def test_the_cable_does_not_come(bench):
    await bench.present(evse=1)
    await bench.csms.event("Started", "Authorized")
    ended = await bench.csms.event("Ended", "EVConnectTimeout")
    assert ended["transactionInfo"]["stoppedReason"] == "Timeout"
    await bench.present(evse=1)
    await bench.csms.event("Started", "Authorized")


@pytest.mark.parametrize(
    ("start_point", "expected"),
    [
        (
            "EVConnected",
            [("Started", "CablePluggedIn"), ("Updated", "Authorized"), ("Updated", "ChargingStateChanged")],
        ),
        ("Authorized", [("Started", "Authorized"), ("Updated", "ChargingStateChanged")]),
        ("PowerPathClosed", [("Started", "Authorized"), ("Updated", "ChargingStateChanged")]),
        ("EnergyTransfer", [("Started", "ChargingStateChanged")]),
        (
            "ParkingBayOccupancy",
            [
                ("Started", "EVDetected"),
                ("Updated", "CablePluggedIn"),
                ("Updated", "Authorized"),
                ("Updated", "ChargingStateChanged"),
            ],
        ),
    ],
)
def test_start_points(start_point, expected):
    async def go(bench):
        await bench.act("park")
        await bench.act("plug")
        await bench.present()
        events = [await bench.csms.until("TransactionEvent") for _ in expected]
        assert [(one["eventType"], one["triggerReason"]) for one in events] == expected
        assert [one["idToken"] for one in events if "idToken" in one] == [VALID]
        assert [one["evse"]["id"] for one in events if one.get("evse", {}).get("connectorId")] == [1]
        await bench.csms.silence("TransactionEvent", 0.05)

    with_station(configuration={"TxCtrlr.TxStartPoint": start_point})(go)("2.0.1")


@pytest.mark.parametrize(
    ("stop_point", "expected"),
    [
        (
            "EVConnected",
            [
                ("Updated", "StopAuthorized"),
                ("Updated", "ChargingStateChanged"),
                ("Ended", "EVCommunicationLost"),
            ],
        ),
        (
            "ParkingBayOccupancy",
            [
                ("Updated", "StopAuthorized"),
                ("Updated", "ChargingStateChanged"),
                ("Updated", "EVCommunicationLost"),
                ("Ended", "EVDeparted"),
            ],
        ),
        ("PowerPathClosed", [("Updated", "StopAuthorized"), ("Ended", "ChargingStateChanged")]),
        ("EnergyTransfer", [("Updated", "StopAuthorized"), ("Ended", "ChargingStateChanged")]),
    ],
)
def test_stop_points(stop_point, expected):
    async def go(bench):
        await bench.act("park")
        await bench.charge()
        await bench.present()
        await bench.act("unplug")
        await bench.act("leave")
        events = [await bench.csms.until("TransactionEvent") for _ in expected]
        assert [(one["eventType"], one["triggerReason"]) for one in events] == expected
        assert events[-1]["transactionInfo"]["stoppedReason"] == "Local"
        await bench.csms.silence("TransactionEvent", 0.05)

    with_station(configuration={"TxCtrlr.TxStopPoint": stop_point})(go)("2.0.1")


@with_station()
async def test_unplugging_ends_an_authorized_transaction(bench):
    await bench.charge()
    await bench.act("unplug")
    ended = await bench.csms.event("Ended", "EVCommunicationLost", "Idle")
    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    await bench.csms.status(1, "Available")


@with_station(configuration={"TxCtrlr.TxStopPoint": "Authorized", "TxCtrlr.StopTxOnEVSideDisconnect": "false"})
async def test_a_transaction_may_survive_an_interruption(bench):
    await bench.charge()
    await bench.act("unplug")
    await bench.csms.event("Updated", "EVCommunicationLost", "Idle")
    await bench.act("plug")
    await bench.csms.event("Updated", "CablePluggedIn", "EVConnected")
    await bench.csms.event("Updated", "ChargingStateChanged", "Charging")


@with_station()
async def test_the_car_suspends_and_resumes(bench):
    await bench.act("ev_suspend")
    await bench.act("plug")
    await bench.present()
    await bench.csms.until("TransactionEvent", transactionInfo__chargingState="SuspendedEV")
    await bench.act("ev_ready")
    await bench.csms.until(
        "TransactionEvent", transactionInfo__chargingState="Charging", triggerReason="ChargingStateChanged"
    )


@with_station()
async def test_a_token_of_the_group_stops_and_a_stranger_does_not(bench):
    bench.csms.group = GROUP
    await bench.charge()
    bench.csms.answers["Authorize"] = [ACCEPTED]
    await bench.present(OTHER, evse=1)
    await bench.csms.until("Authorize", idToken=OTHER)
    await bench.csms.silence("TransactionEvent")
    await bench.present({"idToken": "TCK-VALID-2", "type": "ISO14443"}, evse=1)
    stop = await bench.csms.event("Updated", "StopAuthorized")
    assert stop["idToken"]["idToken"] == "TCK-VALID-2"


@with_station()
async def test_a_token_of_the_group_stops_at_a_reader_for_all_evses(bench):
    bench.csms.group = GROUP
    transaction = await bench.charge()
    await bench.present(OTHER)
    stop = await bench.csms.event("Updated", "StopAuthorized")
    assert stop["transactionInfo"]["transactionId"] == transaction


@with_station()
async def test_a_cable_plugged_in_while_unavailable_charges_later(bench):
    csms = bench.csms
    await csms.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})
    await bench.act("plug")
    await bench.present(evse=1)
    await csms.silence("Authorize", 0.05)
    await csms.ask("ChangeAvailability", operationalStatus="Operative", evse={"id": 1})
    await csms.status(1, "Occupied")
    await bench.present(evse=1)
    assert (await csms.event("Started", "Authorized"))["evse"] == {"id": 1, "connectorId": 1}
    await csms.event("Updated", "ChargingStateChanged", "Charging")


@pytest.mark.parametrize(
    ("stop_point", "stop_on_invalid", "expected"),
    [
        ("EVConnected,Authorized", "true", ("Ended", "Deauthorized", "EVConnected")),
        ("EVConnected", "true", ("Updated", "Deauthorized", "EVConnected")),
        ("EVConnected", "false", ("Updated", "ChargingStateChanged", "SuspendedEVSE")),
    ],
)
def test_a_token_refused_in_the_transaction(stop_point, stop_on_invalid, expected):
    async def go(bench):
        bench.csms.answers["TransactionEvent"] = [{}, INVALID]
        await bench.charge()
        event = await bench.csms.event(*expected)
        if expected[0] == "Ended":
            assert event["transactionInfo"]["stoppedReason"] == "DeAuthorized"
        await bench.csms.silence("TransactionEvent", 0.05)

    settings = {"TxCtrlr.TxStopPoint": stop_point, "TxCtrlr.StopTxOnInvalidId": stop_on_invalid}
    with_station(configuration=settings)(go)("2.0.1")


@with_station(versions=BOTH)
async def test_remote_start_with_the_cable_in(bench):
    csms = bench.csms
    await bench.act("plug")
    started = await csms.event("Started", "CablePluggedIn")
    answer = await csms.ask("RequestStartTransaction", **start())
    assert answer == {"status": "Accepted", "transactionId": started["transactionInfo"]["transactionId"]}
    remote = await csms.event("Updated", "RemoteStart")
    assert (remote["transactionInfo"]["remoteStartId"], remote["idToken"]) == (42, VALID)
    charging = await csms.event("Updated", "ChargingStateChanged", "Charging")
    assert "remoteStartId" not in charging["transactionInfo"]
    await csms.silence("Authorize", 0.05)
    assert (await csms.ask("RequestStartTransaction", **start()))["status"] == "Rejected"
    wanted = started["transactionInfo"]["transactionId"]
    assert (await csms.ask("RequestStopTransaction", transactionId="none"))["status"] == "Rejected"
    assert (await csms.ask("RequestStopTransaction", transactionId=wanted))["status"] == "Accepted"
    ended = await csms.event("Ended", "RemoteStop", "EVConnected")
    assert ended["transactionInfo"]["stoppedReason"] == "Remote"
    assert "idToken" not in ended


@with_station(configuration={"AuthCtrlr.AuthorizeRemoteStart": "true"}, answers={"Authorize": [ACCEPTED, INVALID]})
async def test_remote_start_may_have_to_be_authorized(bench):
    csms = bench.csms
    assert await csms.ask("RequestStartTransaction", **start()) == {"status": "Accepted"}
    await csms.until("Authorize", idToken=VALID)
    await csms.event("Started", "RemoteStart")
    assert await csms.ask("RequestStartTransaction", **start(evseId=2)) == {"status": "Accepted"}
    await csms.until("Authorize")
    await csms.silence("TransactionEvent")


@with_station(configuration={"AuthCtrlr.AuthorizeRemoteStart": "true"})
async def test_a_central_token_is_never_asked_about(bench):
    token = {"idToken": "app-1", "type": "Central"}
    assert (await bench.csms.ask("RequestStartTransaction", **start(idToken=token)))["status"] == "Accepted"
    assert (await bench.csms.event("Started", "RemoteStart"))["idToken"] == token
    await bench.csms.silence("Authorize", 0.05)


@with_station(configuration={"TxCtrlr.TxStartPoint": "EVConnected"})
async def test_remote_start_is_told_by_the_first_event_whenever_it_comes(bench):
    assert await bench.csms.ask("RequestStartTransaction", **start()) == {"status": "Accepted"}
    await bench.csms.silence("TransactionEvent", 0.05)
    await bench.act("plug")
    started = await bench.csms.event("Started", "RemoteStart", "EVConnected")
    assert (started["transactionInfo"]["remoteStartId"], started["idToken"]) == (42, VALID)
    assert started["evse"] == {"id": 1, "connectorId": 1}


@with_station()
async def test_remote_start_is_rejected_where_it_cannot_be(bench):
    csms = bench.csms
    assert (await csms.ask("RequestStartTransaction", **start(evseId=9)))["status"] == "Rejected"
    await csms.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})
    await bench.act("fault", evse=2)
    for evse in (1, 2):
        assert (await csms.ask("RequestStartTransaction", **start(evseId=evse)))["status"] == "Rejected"


@with_station()
async def test_offline_events_are_queued_in_order_with_the_flag(bench):
    csms = bench.csms
    await bench.charge()
    await csms.close()
    await bench.present(evse=1)
    await csms.open()
    stop = await csms.event("Updated", "StopAuthorized")
    ended = await csms.event("Ended", "ChargingStateChanged")
    assert (stop["seqNo"], ended["seqNo"], stop["offline"], ended["offline"]) == (3, 4, True, True)
    await csms.silence("BootNotification", 0.05)


@with_station()
async def test_offline_only_a_cached_token_authorizes(bench):
    csms = bench.csms
    await bench.charge()
    await bench.act("unplug")
    await csms.until("TransactionEvent", eventType="Ended")
    await csms.close()
    await bench.act("plug")
    await bench.present(OTHER)
    await bench.present()
    await csms.open()
    await csms.event("Started", "CablePluggedIn")
    assert (await csms.event("Updated", "Authorized"))["idToken"] == VALID


@with_station(configuration={"OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "0"})
async def test_a_refused_event_is_tried_again_and_then_dropped(bench):
    csms = bench.csms
    csms.answers["TransactionEvent"] = ["InternalError"] * 3
    await bench.act("plug")
    attempts = [await csms.event("Started", "CablePluggedIn") for _ in range(3)]
    assert attempts[0] == attempts[1] == attempts[2]
    await bench.present()
    await csms.event("Updated", "Authorized")


@with_station(configuration={"OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "60"})
async def test_a_refused_event_holds_back_only_its_like(bench):
    csms = bench.csms
    csms.answers["TransactionEvent"] = ["InternalError"]
    await bench.act("plug")
    await csms.event("Started", "CablePluggedIn")
    await bench.present()
    await csms.until("Authorize")
    await csms.silence("TransactionEvent")
    assert await csms.ask("GetTransactionStatus") == {"messagesInQueue": True}


@with_station(configuration={"SampledDataCtrlr.TxUpdatedInterval": "1", "AlignedDataCtrlr.Interval": "1"})
async def test_meter_values_come_periodically_and_by_the_clock(bench):
    await bench.charge()
    periodic = await bench.csms.until("TransactionEvent", triggerReason="MeterValuePeriodic")
    assert periodic["meterValue"][0]["sampledValue"][0]["measurand"] == "Energy.Active.Import.Register"
    await bench.csms.until("TransactionEvent", triggerReason="MeterValueClock")
    idle = await bench.csms.until("MeterValues", evseId=2)
    assert idle["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"


@with_station()
async def test_a_fault_ends_the_transaction(bench):
    await bench.charge()
    await bench.act("fault", evse=1, errorCode="GroundFault")
    ended = await bench.csms.event("Ended", "AbnormalCondition")
    assert ended["transactionInfo"]["stoppedReason"] == "GroundFault"
    await bench.csms.status(1, "Faulted")
    await bench.act("clear_fault", evse=1)
    await bench.csms.status(1, "Occupied")


@with_station()
async def test_a_broken_lock_prevents_charging(bench):
    await bench.act("lock_failure", evse=1)
    await bench.act("plug")
    await bench.present()
    await bench.csms.event("Started", "CablePluggedIn")
    await bench.csms.event("Updated", "Authorized")
    event = (await bench.csms.until("NotifyEvent"))["eventData"][0]
    assert (event["component"]["name"], event["variable"]["name"], event["actualValue"]) == (
        "ConnectorPlugRetentionLock",
        "Problem",
        "true",
    )
    await bench.csms.silence("TransactionEvent", 0.05)


@with_station(configuration={"AuthCtrlr.Enabled": "false"})
async def test_without_authorization_the_cable_is_enough(bench):
    await bench.act("plug")
    await bench.csms.event("Started", "CablePluggedIn")
    assert (await bench.csms.event("Updated", "Authorized"))["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    await bench.csms.event("Updated", "ChargingStateChanged", "Charging")


@with_station()
async def test_two_evses_charge_side_by_side(bench):
    first, second = await bench.charge(1), None
    await bench.act("plug", evse=2)
    second = await bench.csms.event("Started", "CablePluggedIn")
    await bench.present(OTHER)
    assert (await bench.csms.event("Updated", "Authorized"))["transactionInfo"] == {
        "transactionId": second["transactionInfo"]["transactionId"],
        "chargingState": "EVConnected",
    }
    await asyncio.sleep(0.05)
    bench.csms.calls.clear()
    await bench.present(VALID)
    assert (await bench.csms.event("Updated", "StopAuthorized"))["transactionInfo"]["transactionId"] == first


@with_station(versions=BOTH, locked_cable=True)
async def test_a_cable_that_is_locked_until_a_token_was_accepted(bench):
    with pytest.raises(PayloadRefused, match="locked until a token was accepted"):
        await bench.act("plug", evse=1)
    await bench.present(evse=1)
    await bench.csms.event("Started", "Authorized")
    await bench.act("plug", evse=1)
    await bench.csms.status(1, "Occupied")
