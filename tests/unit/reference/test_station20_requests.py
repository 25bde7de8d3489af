"""Device model, availability, triggers and frames of the embedded 2.x station (B05 to B07, F05, F06, G03, G04, RPC)."""

import asyncio
import json

import pytest
from station20_support import BOTH, bench, with_station

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown


@with_station(versions=BOTH)
async def test_get_variables(bench):
    csms = bench.csms
    await csms.set("OCPPCommCtrlr", "OfflineThreshold", "300")
    got = await csms.get("OCPPCommCtrlr", "OfflineThreshold", attributeType="Actual")
    assert got == {
        "attributeStatus": "Accepted",
        "attributeType": "Actual",
        "attributeValue": "300",
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "OfflineThreshold"},
    }
    assert (await csms.get("ocppcommctrlr", "OFFLINETHRESHOLD"))["attributeValue"] == "300"
    unset = {
        ("NoSuchCtrlr", "OfflineThreshold"): "UnknownComponent",
        ("OCPPCommCtrlr", "NoSuchVariable"): "UnknownVariable",
        ("OCPPCommCtrlr", "MessageTimeout"): "UnknownVariable",
        ("SecurityCtrlr", "BasicAuthPassword"): "Rejected",
    }
    for (component, name), status in unset.items():
        result = await csms.get(component, name)
        assert (result["attributeStatus"], "attributeValue" in result) == (status, False)
        assert result["attributeType"] == "Actual"
    target = await csms.get("OCPPCommCtrlr", "OfflineThreshold", attributeType="Target")
    assert (target["attributeStatus"], target["attributeType"]) == ("NotSupportedAttributeType", "Target")


@with_station()
async def test_get_variables_keeps_the_order_and_finds_evses_and_instances(bench):
    data = [
        {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "AvailabilityState"}},
        {
            "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
            "variable": {"name": "ConnectorType"},
        },
        {"component": {"name": "EVSE", "evse": {"id": 3}}, "variable": {"name": "AvailabilityState"}},
        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "MessageTimeout", "instance": "Default"}},
    ]
    results = (await bench.csms.ask("GetVariables", getVariableData=data))["getVariableResult"]
    assert [(one["component"], one["variable"]) for one in results] == [
        (one["component"], one["variable"]) for one in data
    ]
    assert [one.get("attributeValue") for one in results] == ["Available", "sType2", None, "2"]
    assert results[2]["attributeStatus"] == "UnknownComponent"


@with_station()
async def test_too_many_items_are_refused(bench):
    data = [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}] * 51
    assert await bench.csms.ask("GetVariables", getVariableData=data) == "OccurrenceConstraintViolation"


@pytest.mark.parametrize(
    ("component", "name", "value", "status"),
    [
        ("TxCtrlr", "TxStartPoint", "Authorized,EVConnected", "Accepted"),
        ("TxCtrlr", "TxStartPoint", "Authorized,Authorized", "Rejected"),
        ("TxCtrlr", "TxStartPoint", "DataSigned", "Rejected"),
        ("TxCtrlr", "EVConnectionTimeOut", "-1", "Rejected"),
        ("TxCtrlr", "EVConnectionTimeOut", "soon", "Rejected"),
        ("TxCtrlr", "StopTxOnInvalidId", "True", "Rejected"),
        ("TxCtrlr", "StopTxOnInvalidId", "false", "Accepted"),
        ("SecurityCtrlr", "OrganizationName", "x" * 1000, "Accepted"),
        ("SecurityCtrlr", "SecurityProfile", "2", "Rejected"),
        ("ClockCtrlr", "DateTime", "2026-01-01T00:00:00Z", "Rejected"),
        ("NoCtrlr", "X", "1", "UnknownComponent"),
        ("TxCtrlr", "X", "1", "UnknownVariable"),
        ("OCPPCommCtrlr", "WebSocketPingInterval", "-5", "Rejected"),
    ],
)
def test_set_variables(component, name, value, status):
    async def go(bench):
        result = await bench.csms.set(component, name, value)
        assert (result["attributeStatus"], result["attributeType"]) == (status, "Actual")
        if status == "Accepted":
            assert (await bench.csms.get(component, name))["attributeValue"] == value

    with_station()(go)("2.0.1")


@with_station(versions=BOTH)
async def test_base_reports(bench):
    csms = bench.csms
    found = {}
    for number, base in enumerate(("FullInventory", "ConfigurationInventory", "SummaryInventory")):
        assert (await csms.ask("GetBaseReport", requestId=number, reportBase=base)) == {"status": "Accepted"}
        entries, part = [], {"tbc": True}
        sequence = 0
        while part["tbc"]:
            part = await csms.until("NotifyReport")
            assert (part["requestId"], part["seqNo"]) == (number, sequence)
            sequence += 1
            entries += part["reportData"]
        found[base] = entries
    keys = {json.dumps([one["component"], one["variable"]]) for one in found["FullInventory"]}
    assert len(keys) == len(found["FullInventory"]) > 60
    password = [one for one in found["FullInventory"] if one["variable"]["name"] == "BasicAuthPassword"]
    assert "value" not in password[0]["variableAttribute"][0]
    mutable = {one["variableAttribute"][0]["mutability"] for one in found["ConfigurationInventory"]}
    assert mutable == {"ReadWrite", "WriteOnly"}
    states = [
        one["component"]["name"] for one in found["SummaryInventory"] if one["variable"]["name"] == "AvailabilityState"
    ]
    assert sorted(states) == ["ChargingStation", "Connector", "Connector", "EVSE", "EVSE"]


@with_station(versions=BOTH)
async def test_availability_of_evse_connector_and_station_are_separate(bench):
    csms = bench.csms

    async def change(status, **evse):
        more = {"evse": evse} if evse else {}
        return (await csms.ask("ChangeAvailability", operationalStatus=status, **more))["status"]

    assert await change("Inoperative", id=1, connectorId=1) == "Accepted"
    await csms.status(1, "Unavailable")
    assert await change("Inoperative", id=1) == "Accepted"
    assert await change("Operative", id=1) == "Accepted"
    await asyncio.sleep(0.05)
    assert csms.calls == []
    assert await change("Operative", id=1, connectorId=1) == "Accepted"
    await csms.status(1, "Available")
    assert await change("Inoperative") == "Accepted"
    await csms.status(1, "Unavailable")
    await csms.status(2, "Unavailable")
    assert await change("Operative") == "Accepted"
    await csms.status(1, "Available")
    assert await change("Inoperative", id=7) == "Rejected"
    assert await change("Inoperative", id=1, connectorId=2) == "Rejected"


@with_station()
async def test_availability_waits_for_the_transaction(bench):
    csms = bench.csms
    await bench.charge()
    answer = await csms.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})
    assert answer == {"status": "Scheduled"}
    csms.calls.clear()
    await bench.act("unplug")
    await csms.until("TransactionEvent", eventType="Ended")
    await csms.status(1, "Unavailable")
    assert "Available" not in [payload.get("connectorStatus") for _, payload in csms.calls]


@with_station()
async def test_availability_of_the_station_spares_the_transaction_only(bench):
    csms = bench.csms
    await bench.charge()
    assert await csms.ask("ChangeAvailability", operationalStatus="Inoperative") == {"status": "Scheduled"}
    await csms.status(2, "Unavailable")
    await bench.act("plug", evse=2)
    await csms.silence("TransactionEvent", 0.05)
    await bench.present(evse=1)
    await csms.status(1, "Unavailable")


@with_station()
async def test_triggers(bench):
    csms = bench.csms

    async def trigger(message, **more):
        return (await csms.ask("TriggerMessage", requestedMessage=message, **more))["status"]

    assert await trigger("BootNotification") == "Rejected"
    assert await trigger("StatusNotification") == "Rejected"
    assert await trigger("StatusNotification", evse={"id": 2, "connectorId": 1}) == "Accepted"
    await csms.until("StatusNotification", evseId=2)
    assert await trigger("MeterValues", evse={"id": 2}) == "Accepted"
    values = await csms.until("MeterValues", evseId=2)
    assert values["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    assert await trigger("TransactionEvent") == "Rejected"
    assert await trigger("LogStatusNotification") == "Accepted"
    assert await csms.until("LogStatusNotification") == {"status": "Idle"}
    assert await trigger("FirmwareStatusNotification") == "Accepted"
    assert await csms.until("FirmwareStatusNotification") == {"status": "Idle"}
    assert await trigger("SignV2GCertificate") == "NotImplemented"
    await bench.charge()
    assert await trigger("TransactionEvent", evse={"id": 1}) == "Accepted"
    event = await csms.event("Updated", "Trigger", "Charging")
    assert event["meterValue"]


@with_station()
async def test_unlock_cache_status_and_data_transfer(bench):
    csms = bench.csms
    assert await csms.ask("UnlockConnector", evseId=1, connectorId=1) == {"status": "Unlocked"}
    assert await csms.ask("UnlockConnector", evseId=1, connectorId=2) == {"status": "UnknownConnector"}
    await bench.act("lock_failure", evse=2)
    assert await csms.ask("UnlockConnector", evseId=2, connectorId=1) == {"status": "UnlockFailed"}
    transaction = await bench.charge()
    assert await csms.ask("UnlockConnector", evseId=1, connectorId=1) == {"status": "OngoingAuthorizedTransaction"}
    status = {"messagesInQueue": False, "ongoingIndicator": True}
    assert await csms.ask("GetTransactionStatus", transactionId=transaction) == status
    assert await csms.ask("GetTransactionStatus", transactionId="none") == status | {"ongoingIndicator": False}
    assert await csms.ask("DataTransfer", vendorId="org.example") == {"status": "UnknownVendorId"}
    assert await csms.ask("ClearCache") == {"status": "Accepted"}
    await csms.set("AuthCacheCtrlr", "Enabled", "false")
    assert await csms.ask("ClearCache") == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ([2, "1", "GetLocalListVersion", {}], "NotSupported"),
        ([2, "1", "getVariables", {}], "NotImplemented"),
        ([2, "1", "Authorize", {"idToken": {"idToken": "A", "type": "Central"}}], "NotSupported"),
        ([2, "1", "Reset", {}], "OccurrenceConstraintViolation"),
        ([2, "1", "Reset", {"type": "Hard"}], "PropertyConstraintViolation"),
        ([2, "1", "Reset", {"type": 1}], "TypeConstraintViolation"),
        ([2, "1", "Reset", {"type": "Immediate", "x": 1}], "FormatViolation"),
        ([2, "1", "Reset"], "RpcFrameworkError"),
        ([9, "1", "Reset", {}], "MessageTypeNotSupported"),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_bad_requests_get_the_error_of_the_version(version, message, code):
    async def go():
        async with asyncio.timeout(20), bench(version) as given:
            kind, answered, _, _ = await given.csms.ask_raw(message)
            assert (kind, answered) == (4, code)
            assert await given.csms.ask("ClearCache") == {"status": "Accepted"}

    asyncio.run(go())


@with_station()
async def test_unreadable_frames_do_not_end_the_connection(bench):
    csms = bench.csms
    for frame in ("no json", "[]", "{}", '[2, 5, "Reset", {}]', "[" * 100_000, b"\xff\x00"):
        csms.results["-1"] = asyncio.get_running_loop().create_future()
        await csms.connection.send(frame)
        async with asyncio.timeout(5):
            assert (await csms.results["-1"])[1] == "RpcFrameworkError"
    await csms.connection.send('[3, "never-asked", {}]')
    assert await csms.ask("ClearCache") == {"status": "Accepted"}
    assert csms.connections == 1


@with_station(versions=("2.1",))
async def test_a_bad_answer_is_told_to_the_csms_of_2_1(bench):
    csms = bench.csms
    csms.answers["Heartbeat"] = [{"currentTime": "now", "x": 1}]
    await csms.ask("TriggerMessage", requestedMessage="Heartbeat")
    await csms.until("message type 5", code="FormatViolation")
    assert await csms.ask("ClearCache") == {"status": "Accepted"}


@with_station()
async def test_controls_refuse_what_they_cannot_do(bench):
    for action, payload, place in (
        ("plug", {"evse": 9}, "evse"),
        ("plug", {"connector": 2}, "connector"),
        ("present", {"idToken": 5}, "idToken"),
        ("lock_failure", {"active": "yes"}, "active"),
        ("configure", {"key": "TxCtrlr", "value": "1"}, "key"),
        ("configure", {"key": "TxCtrlr.EVConnectionTimeOut", "value": "x"}, "value"),
    ):
        with pytest.raises(PayloadRefused, match=place):
            await bench.station.act(action, "CS 1", payload)
    with pytest.raises(ActionUnknown, match="plug"):
        await bench.station.act("fly", None, {})
    with pytest.raises(StationUnknown):
        await bench.station.act("plug", "other", {})
    await bench.act("configure", key="SecurityCtrlr.SecurityProfile", value="1")
    assert (await bench.csms.get("SecurityCtrlr", "SecurityProfile"))["attributeValue"] == "1"
