"""The embedded CSMS of OCPP 2.0.1 and 2.1, seen by a plain station."""

import asyncio
import base64
import functools
import json
import re
from contextlib import asynccontextmanager

import pytest
from jsonschema import FormatChecker
from ocpp.messages import get_validator
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ocpp_tck.reference.control import ActionUnknown, CannotStart, PayloadRefused, StationUnknown
from ocpp_tck.reference.csms.v20 import Product
from ocpp_tck.reference.launch import CsmsOptions, Token

NOW = "2026-01-02T03:04:05Z"
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
BOTH = ("2.0.1", "2.1")
VALID = {"idToken": "TCK-VALID", "type": "ISO14443"}


class Station:
    def __init__(self, version, connection):
        self.version = version
        self.connection = connection
        self.number = 0

    async def receive(self):
        async with asyncio.timeout(5):
            return json.loads(await self.connection.recv())

    async def exchange(self, action, payload):
        self.number += 1
        await self.connection.send(json.dumps([2, f"m{self.number}", action, payload]))
        kind, message_id, *rest = await self.receive()
        assert message_id == f"m{self.number}"
        return kind, *rest

    async def call(self, action, **payload):
        kind, response = await self.exchange(action, payload)
        assert kind == 3
        get_validator(3, action, self.version).evolve(format_checker=FormatChecker()).validate(response)
        return response

    async def refused(self, action, **payload):
        kind, code, *_ = await self.exchange(action, payload)
        assert kind == 4
        return code

    async def ordered(self, answer=None):
        """Take a CALL of the CSMS, check and answer it."""
        kind, message_id, action, payload = await self.receive()
        assert kind == 2
        get_validator(2, action, self.version).validate(payload)
        if answer is not None:
            await self.connection.send(json.dumps([3, message_id, answer]))
        return action, payload


@asynccontextmanager
async def station(csms, version, name="CS001", **options):
    async with connect(f"{csms.url}/{name}", subprotocols=[f"ocpp{version}"], close_timeout=1, **options) as connection:
        yield Station(version, connection)


def with_csms(versions=("2.0.1",), **options):
    def decorate(test):
        @pytest.mark.parametrize("version", versions)
        def run(version):
            async def go():
                csms = Product(CsmsOptions(version, **options))
                await csms.start()
                try:
                    async with asyncio.timeout(20):
                        await test(csms, version)
                finally:
                    await csms.stop()

            asyncio.run(go())

        functools.update_wrapper(run, test)
        del run.__wrapped__
        return run

    return decorate


def connected(versions=("2.0.1",), **options):
    def decorate(test):
        async def go(csms, version):
            async with station(csms, version) as peer:
                await test(csms, peer)

        return with_csms(versions, **options)(functools.update_wrapper(go, test))

    return decorate


def event(**fields):
    return {
        "eventType": "Started",
        "timestamp": NOW,
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1", "chargingState": "EVConnected"},
    } | fields


@connected(BOTH, heartbeat_interval=77)
async def test_boot_and_notifications(csms, peer):
    boot = await peer.call("BootNotification", **BOOT)
    assert (boot["status"], boot["interval"]) == ("Accepted", 77)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", boot["currentTime"])
    status = {"timestamp": NOW, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    assert await peer.call("StatusNotification", **status) == {}
    data = {
        "eventId": 1,
        "timestamp": NOW,
        "trigger": "Delta",
        "actualValue": "Available",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    assert await peer.call("NotifyEvent", generatedAt=NOW, seqNo=0, eventData=[data]) == {}
    assert await peer.call("NotifyReport", requestId=1, generatedAt=NOW, seqNo=0) == {}
    assert await peer.call("SecurityEventNotification", type="StartupOfTheDevice", timestamp=NOW) == {}
    values = [{"timestamp": NOW, "sampledValue": [{"value": 1.5}]}]
    assert await peer.call("MeterValues", evseId=1, meterValue=values) == {}
    assert "currentTime" in await peer.call("Heartbeat")
    assert await peer.call("DataTransfer", vendorId="org.example") == {"status": "UnknownVendorId"}


@connected(BOTH)
async def test_tokens(csms, peer):
    async def info(token, kind="ISO14443"):
        return (await peer.call("Authorize", idToken={"idToken": token, "type": kind}))["idTokenInfo"]

    group = {"idToken": "TCK-GROUP", "type": "Central"}
    assert await info("TCK-VALID") == {"status": "Accepted", "groupIdToken": group}
    assert (await info("tck-valid"))["status"] == "Accepted"
    assert await info("TCK-BLOCKED") == {"status": "Blocked"}
    assert (await info("TCK-EXPIRED"))["status"] == "Expired"
    assert await info("TCK-NOBODY") == {"status": "Unknown"}
    await csms.act("set_token", None, {"idToken": "NEW", "type": "eMAID", "status": "NoCredit"})
    assert await info("NEW", "eMAID") == {"status": "NoCredit"}
    assert await info("NEW") == {"status": "Unknown"}
    await csms.act("set_token", None, {"idToken": "OLD", "expiryDate": "2020-01-01T00:00:00Z"})
    assert (await info("OLD"))["status"] == "Expired"
    for payload, place in (
        ({"idTag": "A"}, "idTag"),
        ({"idToken": ""}, "idToken"),
        ({"idToken": "A", "status": "Good"}, "status"),
        ({"idToken": "A", "expiryDate": "soon"}, "expiryDate"),
        ({"idToken": "A", "groupIdToken": 5}, "groupIdToken"),
    ):
        with pytest.raises(PayloadRefused, match=place):
            await csms.act("set_token", None, payload)


@connected(BOTH)
async def test_transaction_events(csms, peer):
    assert await peer.call("TransactionEvent", **event()) == {}
    accepted = await peer.call("TransactionEvent", **event(eventType="Updated", seqNo=1, idToken=VALID))
    assert accepted["idTokenInfo"]["status"] == "Accepted"
    unknown = event(eventType="Updated", seqNo=2, idToken={"idToken": "X", "type": "Central"})
    assert (await peer.call("TransactionEvent", **unknown))["idTokenInfo"]["status"] == "Unknown"


@connected(BOTH)
async def test_orders_go_out_as_given_one_at_a_time(csms, peer):
    data = [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}]
    change = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    await csms.act("get_variables", "CS001", {"getVariableData": data})
    await csms.act("change_availability", "CS001", change)
    _, first, action, payload = await peer.receive()
    assert (action, payload) == ("GetVariables", {"getVariableData": data})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await peer.connection.recv()
    result = {"attributeStatus": "UnknownComponent", **data[0]}
    await peer.connection.send(json.dumps([3, first, {"getVariableResult": [result]}]))
    assert await peer.ordered() == ("ChangeAvailability", change)


@connected(BOTH)
async def test_ids_are_filled_in_and_a_central_token_is_remembered(csms, peer):
    token = {"idToken": "app-7", "type": "Central"}
    await csms.act("request_start_transaction", "CS001", {"idToken": token, "evseId": 1})
    await csms.act("request_start_transaction", "CS001", {"idToken": VALID, "remoteStartId": 99})
    await csms.act("get_base_report", "CS001", {"reportBase": "FullInventory"})
    first = (await peer.ordered({"status": "Accepted"}))[1]["remoteStartId"]
    assert isinstance(first, int)
    assert (await peer.ordered({"status": "Accepted"}))[1]["remoteStartId"] == 99
    assert (await peer.ordered({"status": "Accepted"}))[1]["requestId"] != first
    answer = await peer.call("TransactionEvent", **event(idToken=token))
    assert answer["idTokenInfo"] == {"status": "Accepted"}


@connected()
async def test_orders_that_cannot_be_are_refused(csms, peer):
    with pytest.raises(PayloadRefused, match="type"):
        await csms.act("reset", "CS001", {"type": "Hard"})
    with pytest.raises(StationUnknown):
        await csms.act("reset", "CS002", {"type": "Immediate"})
    with pytest.raises(StationUnknown, match="station="):
        await csms.act("reset", None, {"type": "Immediate"})
    for action in ("fly", "boot_notification", "get_tariffs"):
        with pytest.raises(ActionUnknown):
            await csms.act(action, "CS001", {})


@connected(("2.1",))
async def test_2_1_has_more_orders(csms, peer):
    await csms.act("get_tariffs", "CS001", {"evseId": 0})
    assert await peer.ordered() == ("GetTariffs", {"evseId": 0})


@connected(BOTH)
async def test_pending_allows_only_what_was_triggered(csms, peer):
    await csms.act("boot_policy", "CS001", {"then": [{"status": "Pending", "interval": 5}, {"status": "Rejected"}]})
    boot = await peer.call("BootNotification", **BOOT)
    assert (boot["status"], boot["interval"]) == ("Pending", 5)
    assert await peer.refused("Heartbeat") == "SecurityError"
    with pytest.raises(PayloadRefused, match="Pending"):
        await csms.act("request_start_transaction", "CS001", {"idToken": VALID})
    await csms.act("trigger_message", "CS001", {"requestedMessage": "Heartbeat"})
    assert (await peer.ordered({"status": "Accepted"}))[0] == "TriggerMessage"
    await peer.call("Heartbeat")
    await csms.act("get_base_report", "CS001", {"reportBase": "SummaryInventory"})
    await peer.ordered({"status": "Accepted"})
    await peer.call("NotifyReport", requestId=1, generatedAt=NOW, seqNo=0)
    assert (await peer.call("BootNotification", **BOOT))["status"] == "Rejected"
    assert await peer.refused("Heartbeat") == "SecurityError"
    with pytest.raises(PayloadRefused, match="Rejected"):
        await csms.act("clear_cache", "CS001", {})
    assert (await peer.call("BootNotification", **BOOT))["status"] == "Accepted"
    await peer.call("Heartbeat")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ([2, "1", "Reset", {"type": "Immediate"}], "NotSupported"),
        ([2, "1", "NoSuch", {}], "NotImplemented"),
        ([2, "1", "Authorize", {}], "OccurrenceConstraintViolation"),
        ([2, "1", "Heartbeat", {"x": 1}], "FormatViolation"),
        ([2, "1", "Heartbeat"], "ProtocolError"),
        ([2, "x" * 40, "Heartbeat", {}], "RpcFrameworkError"),
        ([7, "1", "Heartbeat", {}], "MessageTypeNotSupported"),
        ({"not": "an array"}, "RpcFrameworkError"),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_bad_frames_get_the_error_of_the_version(version, message, code):
    async def go(csms, peer):
        await peer.connection.send(json.dumps(message))
        kind, _, answered, *_ = await peer.receive()
        assert (kind, answered) == (4, code)
        await peer.call("Heartbeat")

    connected((version,))(go)(version)


@connected(("2.1",))
async def test_2_1_ignores_send_and_call_result_error(csms, peer):
    await peer.connection.send('[6, "s", "NotifyPeriodicEventStream", {}]')
    await peer.connection.send('[5, "e", "FormatViolation", "", {}]')
    await peer.call("Heartbeat")


@connected()
async def test_an_order_without_answer_lets_the_next_one_wait(csms, peer):
    await csms.act("clear_cache", "CS001", {})
    await csms.act("get_transaction_status", "CS001", {})
    _, first, action, _ = await peer.receive()
    assert action == "ClearCache"
    await peer.call("Heartbeat")
    await peer.connection.send(json.dumps([4, first, "InternalError", "", {}]))
    assert (await peer.ordered())[0] == "GetTransactionStatus"


@with_csms(stations=("CS001",), passwords={"CS001": "0123456789abcdef"})
async def test_a_password_set_by_the_csms_replaces_the_old_one(csms, version):
    def login(password):
        shown = base64.b64encode(f"CS001:{password}".encode()).decode()
        return {"additional_headers": {"Authorization": f"Basic {shown}"}}

    with pytest.raises(InvalidStatus, match="401"):
        async with station(csms, version):
            pass
    entry = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": "fedcba9876543210",
    }
    async with station(csms, version, **login("0123456789abcdef")) as peer:
        await csms.act("set_variables", "CS001", {"setVariableData": [entry]})
        result = {"attributeStatus": "Accepted", "component": entry["component"], "variable": entry["variable"]}
        await peer.ordered({"setVariableResult": [result]})
        await peer.call("Heartbeat")
    with pytest.raises(InvalidStatus, match="401"):
        async with station(csms, version, **login("0123456789abcdef")):
            pass
    async with station(csms, version, **login("fedcba9876543210")) as peer:
        await peer.call("Heartbeat")


@connected()
async def test_factory_reset_forgets_and_disconnects(csms, peer):
    await csms.act("set_token", None, {"idToken": "NEW"})
    await csms.act("factory_reset", None, {})
    with pytest.raises(ConnectionClosed):
        await peer.connection.recv()
    async with station(csms, "2.0.1") as again:
        info = (await again.call("Authorize", idToken={"idToken": "NEW", "type": "Local"}))["idTokenInfo"]
        assert info == {"status": "Unknown"}


def test_a_token_that_cannot_be_is_named_at_the_start():
    with pytest.raises(CannotStart, match="idToken"):
        Product(CsmsOptions("2.1", tokens=(Token("x" * 300),)))
