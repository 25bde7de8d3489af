"""Offline behaviour, the message queue, configuration, cache and frames of the embedded 1.6 charge point."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from station16_support import run, station

from ocpp_tck.reference.station.core16.authorization import AuthorizationCache, IdTagInfo
from ocpp_tck.reference.station.core16.configuration import Configuration, core_keys


async def back_online(central):
    central.connected.clear()
    await central.online()
    await asyncio.wait_for(central.connected.wait(), 3)


@run
async def test_an_offline_session_is_reported_in_order_afterwards():
    async with station() as (central, product):
        await central.ask("ChangeConfiguration", key="AllowOfflineTxForUnknownId", value="true")
        await central.offline()
        await product.act("plug", None, {})
        await product.act("present", None, {"idTag": "T"})
        await asyncio.sleep(0.05)
        await product.act("present", None, {"idTag": "T"})
        await back_online(central)
        await central.expect("StartTransaction", idTag="T")
        await central.expect("StopTransaction", transactionId=1, reason="Local")
        await central.status(1, "Finishing")
        await central.silence()


@pytest.mark.parametrize("stops", ["true", "false"])
def test_an_offline_start_with_an_invalid_tag(stops):
    @run
    async def case():
        async with station() as (central, product):
            await central.ask("ChangeConfiguration", key="AllowOfflineTxForUnknownId", value="true")
            await central.ask("ChangeConfiguration", key="StopTransactionOnInvalidId", value=stops)
            await central.offline()
            await product.act("plug", None, {})
            await product.act("present", None, {"idTag": "T"})
            await asyncio.sleep(0.05)
            central.answers["StartTransaction"] = [{"idTagInfo": {"status": "Invalid"}, "transactionId": 5}]
            await back_online(central)
            await central.expect("StartTransaction")
            await central.status(1, "Charging")
            if stops == "true":
                await central.expect("StopTransaction", reason="DeAuthorized", transactionId=5)
                await central.status(1, "Finishing")
            else:
                await central.status(1, "SuspendedEVSE")

    case()


@pytest.mark.parametrize(("key", "starts"), [("true", True), ("false", False)])
def test_offline_only_known_tags_start(key, starts):
    @run
    async def case():
        async with station() as (central, product):
            await central.ask("ChangeConfiguration", key="LocalAuthorizeOffline", value=key)
            number = await central.charging(product)
            await central.ask("RemoteStopTransaction", transactionId=number)
            await central.until("StatusNotification", status="Finishing")
            await product.act("unplug", None, {})
            await central.status(1, "Available")
            await central.offline()
            await product.act("plug", None, {})
            await product.act("present", None, {"idTag": "UNKNOWN"})
            await asyncio.sleep(0.05)
            await product.act("present", None, {"idTag": "TAG"})
            await asyncio.sleep(0.05)
            await back_online(central)
            if starts:
                await central.expect("StartTransaction", idTag="TAG")
            await central.status(1, "Charging" if starts else "Preparing")

    case()


@run
async def test_meter_values_of_an_outage_are_delivered_in_order():
    async with station() as (central, product):
        await central.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="1")
        await central.charging(product)
        await central.offline()
        await asyncio.sleep(2.3)
        await back_online(central)
        times = []
        for _ in range(3):
            value = await central.expect("MeterValues", transactionId=1)
            times.append(datetime.fromisoformat(value["meterValue"][0]["timestamp"]))
        assert [second - first for first, second in itertools.pairwise(times)] == [timedelta(seconds=1)] * 2


@run
async def test_a_refused_transaction_message_is_retried_then_given_up():
    async with station() as (central, product):
        await central.ask("ChangeConfiguration", key="TransactionMessageAttempts", value="2")
        await central.ask("ChangeConfiguration", key="TransactionMessageRetryInterval", value="0")
        central.answers["StartTransaction"] = ["InternalError", "InternalError"]
        await product.act("plug", None, {})
        await product.act("present", None, {"idTag": "T"})
        await central.until("StartTransaction")
        await central.until("StartTransaction")
        await product.act("present", None, {"idTag": "T"})
        await central.until("StopTransaction", transactionId=-1)


@run
async def test_the_queue_survives_a_power_cut():
    async with station() as (central, product):
        number = await central.charging(product)
        await central.offline()
        await product.act("present", None, {"idTag": "TAG"})
        await product.act("power_off", None, {})
        await product.act("power_on", None, {})
        await back_online(central)
        await central.expect("BootNotification")
        await central.expect("StopTransaction", transactionId=number, reason="Local")


@run
async def test_frames_and_errors():
    async with station() as (central, _):
        for action, payload, code in [
            ("Authorize", {"idTag": "TAG"}, "NotSupported"),
            ("Unheard", {}, "NotImplemented"),
            ("Reset", {}, "ProtocolError"),
            ("Reset", {"type": "Warm"}, "PropertyConstraintViolation"),
            ("Reset", {"type": 1}, "TypeConstraintViolation"),
            ("Reset", {"type": "Hard", "more": 1}, "FormationViolation"),
            ("Reset", [], "FormationViolation"),
            ("GetConfiguration", {"key": ["k"] * 51}, "OccurenceConstraintViolation"),
        ]:
            kind, got, *_ = await central.ask_raw(action, payload)
            assert (kind, got) == (4, code), action
        for text in ("{", "[]", '[9,"x"]', '[2,5,"ClearCache",{}]', '[3,"x",{}]', "null"):
            await central.connection.send(text)
        await central.connection.send(b"\xff")
        assert await central.ask_raw("ClearCache", None) == [3, {"status": "Accepted"}]
        assert await central.ask("DataTransfer", vendorId="com.example") == {"status": "UnknownVendorId"}


@run
async def test_triggers():
    async with station() as (central, _):
        for message, connector, status in [
            ("BootNotification", None, "Rejected"),
            ("MeterValues", 3, "Rejected"),
            ("MeterValues", 1, "Accepted"),
            ("Heartbeat", None, "Accepted"),
            ("DiagnosticsStatusNotification", None, "Accepted"),
        ]:
            more = {} if connector is None else {"connectorId": connector}
            assert await central.ask("TriggerMessage", requestedMessage=message, **more) == {"status": status}
            if status == "Accepted":
                await central.expect(message)


def configuration():
    return Configuration(core_keys(2, fixed_cable=False, message_timeout=30))


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("meterValueSAMPLEinterval", "10", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValueSampleInterval", "ten", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("LocalPreAuthorize", "1", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register, Voltage.L1", "Accepted"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,RPM", "Rejected"),
        ("StopTxnSampledData", "", "Accepted"),
        ("ConnectorPhaseRotation", "0.RST, 1.RST, 2.RTS", "Accepted"),
        ("ConnectorPhaseRotation", "3.RST", "Rejected"),
        ("ConnectorPhaseRotation", "1.ABC", "Rejected"),
        ("WebSocketPingInterval", "5", "RebootRequired"),
        ("Testing", "true", "NotSupported"),
    ],
)
def test_change_configuration(key, value, status):
    assert configuration().change(key, value) == status


def test_a_rejected_change_changes_nothing_and_a_reboot_adopts_a_stored_one():
    keys = configuration()
    keys.change("MeterValuesSampledData", "Voltage,RPM")
    assert keys.text("MeterValuesSampledData") == "Energy.Active.Import.Register"
    keys.change("WebSocketPingInterval", "5")
    assert keys.number("WebSocketPingInterval") == 60
    keys.adopt()
    assert keys.number("WebSocketPingInterval") == 5


def test_get_configuration_tells_known_from_unknown():
    values, unknown = configuration().report(["HEARTBEATinterval", "Nope"])
    assert (values, unknown) == ([{"key": "HeartbeatInterval", "readonly": False, "value": "300"}], ["Nope"])


def test_a_full_cache_drops_invalid_entries_first_then_the_oldest():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    cache = AuthorizationCache(lambda: now, capacity=3)
    cache.put("old", IdTagInfo("Accepted"))
    cache.put("Bad", IdTagInfo("Invalid"))
    cache.put("expired", IdTagInfo("Accepted", expiry=now - timedelta(seconds=1)))
    assert cache.get("EXPIRED").status == "Expired"
    cache.put("new", IdTagInfo("Accepted"))
    assert (len(cache), cache.get("bad"), cache.get("old").accepted) == (2, None, True)
    cache.put("newer", IdTagInfo("Accepted"))
    cache.put("newest", IdTagInfo("Accepted"))
    assert (cache.get("old"), cache.get("new").accepted) == (None, True)
