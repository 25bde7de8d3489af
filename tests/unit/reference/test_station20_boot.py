"""Boot, reset, power and reconnection of the embedded 2.x station (B01 to B04, B11, B12)."""

import asyncio
import base64

from station20_support import BOTH, with_station

PENDING = {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 1}
REJECTED = {**PENDING, "status": "Rejected"}


@with_station(versions=BOTH, booted=False)
async def test_boot_reports_every_connector_and_the_security_event(bench):
    await bench.csms.until("connection", number=1)
    boot = await bench.csms.until("BootNotification")
    assert boot["reason"] == "PowerUp"
    assert {"model", "vendorName"} <= set(boot["chargingStation"])
    await bench.csms.status(1, "Available")
    await bench.csms.status(2, "Available")
    assert (await bench.csms.until("SecurityEventNotification"))["type"] == "StartupOfTheDevice"
    assert bench.csms.calls == []


@with_station(booted=False, answers={"BootNotification": [PENDING]})
async def test_pending_waits_for_the_interval_but_answers_and_obeys_triggers(bench):
    csms = bench.csms
    await csms.until("BootNotification")
    csms.calls.clear()
    assert (await csms.get("OCPPCommCtrlr", "OfflineThreshold"))["attributeStatus"] == "Accepted"
    start = {"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    assert (await csms.ask("RequestStartTransaction", **start))["status"] == "Rejected"
    assert (await csms.ask("TriggerMessage", requestedMessage="Heartbeat"))["status"] == "Accepted"
    await csms.until("Heartbeat", seconds=0.5)
    await bench.act("plug")
    assert csms.calls == []
    assert (await csms.ask("TriggerMessage", requestedMessage="BootNotification"))["status"] == "Accepted"
    assert (await csms.until("BootNotification", seconds=0.5))["reason"] == "Triggered"
    await csms.status(1, "Occupied")


@with_station(booted=False, answers={"BootNotification": [REJECTED]})
async def test_rejected_refuses_everything_and_boots_again_after_the_interval(bench):
    csms = bench.csms
    await csms.until("BootNotification")
    assert await csms.ask("ClearCache") == "SecurityError"
    await csms.silence("BootNotification", 0.5)
    await csms.until("BootNotification", reason="PowerUp")


@with_station(booted=False, answers={"BootNotification": [{**PENDING, "status": "Accepted"}]})
async def test_heartbeat_follows_the_interval_of_the_boot_answer(bench):
    assert (await bench.csms.until("Heartbeat")) == {}
    assert (await bench.csms.get("OCPPCommCtrlr", "HeartbeatInterval"))["attributeValue"] == "1"


@with_station(versions=BOTH)
async def test_reset_immediate_reboots_and_keeps_what_must_persist(bench):
    csms = bench.csms
    await csms.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 2})
    await csms.status(2, "Unavailable")
    await csms.set("TxCtrlr", "EVConnectionTimeOut", "17")
    assert (await csms.ask("Reset", type="Immediate"))["status"] == "Accepted"
    assert (await csms.until("BootNotification"))["reason"] == "RemoteReset"
    await csms.status(1, "Available")
    await csms.status(2, "Unavailable")
    assert (await csms.until("SecurityEventNotification"))["type"] == "ResetOrReboot"
    assert (await csms.get("TxCtrlr", "EVConnectionTimeOut"))["attributeValue"] == "17"
    assert csms.connections == 2


@with_station()
async def test_reset_immediate_ends_the_transaction_first(bench):
    await bench.charge()
    assert (await bench.csms.ask("Reset", type="Immediate"))["status"] == "Accepted"
    ended = await bench.csms.event("Ended", "ResetCommand")
    assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    await bench.csms.until("BootNotification")


@with_station()
async def test_reset_on_idle_waits_and_makes_free_evses_unavailable(bench):
    csms = bench.csms
    await bench.charge()
    assert (await csms.ask("Reset", type="OnIdle"))["status"] == "Scheduled"
    await csms.status(2, "Unavailable")
    await csms.silence("BootNotification")
    await bench.present(evse=1)
    await csms.until("TransactionEvent", eventType="Ended")
    assert (await csms.until("BootNotification"))["reason"] == "ScheduledReset"
    await csms.status(2, "Available")


@with_station()
async def test_reset_of_one_evse(bench):
    csms = bench.csms
    await bench.charge()
    assert (await csms.ask("Reset", type="Immediate", evseId=9))["status"] == "Rejected"
    assert (await csms.ask("Reset", type="OnIdle", evseId=2))["status"] == "Accepted"
    assert (await csms.ask("Reset", type="OnIdle", evseId=1))["status"] == "Scheduled"
    await bench.present(evse=1)
    await csms.until("TransactionEvent", eventType="Ended")
    await csms.status(1, "Unavailable")
    await csms.silence("BootNotification")


@with_station()
async def test_power_loss_ends_the_transaction_once_power_is_back(bench):
    csms = bench.csms
    await bench.charge()
    await bench.act("power_off")
    await asyncio.sleep(0.1)
    assert not csms.connected.is_set()
    await bench.act("power_on")
    assert (await csms.until("BootNotification"))["reason"] == "PowerUp"
    await csms.status(1, "Occupied")
    ended = await csms.event("Ended", "AbnormalCondition")
    assert ended["offline"] is True
    assert ended["transactionInfo"]["stoppedReason"] == "PowerLoss"


@with_station()
async def test_reconnect_without_boot_reports_only_what_changed(bench):
    csms = bench.csms
    await csms.close()
    await bench.act("plug", evse=2)
    await csms.open()
    await csms.status(2, "Occupied")
    started = await csms.event("Started", "CablePluggedIn")
    assert started["offline"] is True
    await csms.silence("BootNotification")
    await csms.silence("StatusNotification")


@with_station(configuration={"OCPPCommCtrlr.OfflineThreshold": "0"})
async def test_a_long_absence_reports_all_connectors(bench):
    await bench.csms.close()
    await asyncio.sleep(0.05)
    await bench.csms.open()
    await bench.csms.status(1, "Available")
    await bench.csms.status(2, "Available")


@with_station(password="0123456789abcdef")
async def test_a_new_password_is_used_at_once(bench):
    csms = bench.csms
    assert csms.headers["Authorization"] == "Basic " + base64.b64encode(b"CS 1:0123456789abcdef").decode()
    assert (await csms.set("SecurityCtrlr", "BasicAuthPassword", "short"))["attributeStatus"] == "Rejected"
    assert (await csms.set("SecurityCtrlr", "BasicAuthPassword", "fedcba9876543210"))["attributeStatus"] == "Accepted"
    await csms.until("connection", number=2)
    assert csms.headers["Authorization"] == "Basic " + base64.b64encode(b"CS 1:fedcba9876543210").decode()


@with_station(configuration={"TxCtrlr.TxStartPoint": "PowerPathClosed"})
async def test_factory_reset_starts_anew(bench):
    csms = bench.csms
    await csms.set("TxCtrlr", "TxStartPoint", "EnergyTransfer")
    await bench.act("plug")
    await bench.act("factory_reset")
    assert (await csms.until("BootNotification"))["reason"] == "PowerUp"
    await csms.status(1, "Available")
    assert (await csms.get("TxCtrlr", "TxStartPoint"))["attributeValue"] == "PowerPathClosed"
