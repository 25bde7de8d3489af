"""Registration, reset, power and availability of the embedded 1.6 charge point."""

import asyncio
import time

import pytest
from station16_support import NOW, run, station


def boot_answer(status, interval=1):
    return {"status": status, "currentTime": NOW, "interval": interval}


@run
async def test_a_rejected_boot_is_repeated_after_the_interval_and_nothing_is_answered_meanwhile():
    async with station(boot=False, answers={"BootNotification": [boot_answer("Rejected")]}) as (central, _):
        await central.expect("BootNotification")
        begun = time.monotonic()
        asked = asyncio.ensure_future(central.ask("GetConfiguration"))
        await central.expect("BootNotification")
        assert 0.9 < time.monotonic() - begun < 2
        assert not asked.done()
        asked.cancel()
        for number in range(3):
            await central.status(number, "Available")


@run
async def test_while_pending_requests_are_answered_and_remote_start_is_refused():
    async with station(boot=False, answers={"BootNotification": [boot_answer("Pending")]}) as (central, product):
        await central.expect("BootNotification")
        assert "configurationKey" in await central.ask("GetConfiguration")
        change = await central.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="7")
        assert change == {"status": "Accepted"}
        assert await central.ask("RemoteStartTransaction", idTag="T", connectorId=1) == {"status": "Rejected"}
        await product.act("plug", None, {})
        await product.act("present", None, {"idTag": "T"})
        await central.silence()
        assert await central.ask("TriggerMessage", requestedMessage="StatusNotification", connectorId=1) == {
            "status": "Accepted"
        }
        await central.status(1, "Preparing")
        assert await central.ask("TriggerMessage", requestedMessage="BootNotification") == {"status": "Accepted"}
        await central.expect("BootNotification")
        await central.status(0, "Available")


@run
async def test_heartbeats_follow_the_interval_of_the_boot_and_of_the_configuration():
    async with station(boot=False, answers={"BootNotification": [boot_answer("Accepted", 1)]}) as (central, _):
        await central.booted()
        begun = time.monotonic()
        await central.expect("Heartbeat")
        assert 0.8 < time.monotonic() - begun < 1.5
        assert await central.ask("ChangeConfiguration", key="HeartbeatInterval", value="600") == {"status": "Accepted"}
        await central.silence(1.2)


@run
async def test_a_mere_reconnect_brings_no_boot_and_no_unchanged_status():
    async with station() as (central, _):
        await central.silence()
        await central.offline()
        await central.online()
        await asyncio.wait_for(central.connected.wait(), 2)
        await central.silence()


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
def test_reset_stops_the_transaction_and_boots(kind):
    @run
    async def case():
        async with station() as (central, product):
            number = await central.charging(product)
            assert await central.ask("Reset", type=kind) == {"status": "Accepted"}
            await central.expect("StopTransaction", reason=f"{kind}Reset", transactionId=number)
            await central.status(1, "Finishing")
            await central.expect("BootNotification")
            await central.status(0, "Available")
            await central.status(1, "Finishing")
            await central.status(2, "Available")

    case()


@run
async def test_unavailable_survives_reset_and_power_cut():
    async with station() as (central, product):
        assert await central.ask("ChangeAvailability", connectorId=0, type="Inoperative") == {"status": "Accepted"}
        for number in range(3):
            await central.status(number, "Unavailable")
        assert await central.ask("RemoteStartTransaction", idTag="T", connectorId=1) == {"status": "Rejected"}
        await central.ask("Reset", type="Soft")
        await central.expect("BootNotification")
        for number in range(3):
            await central.status(number, "Unavailable")
        await product.act("power_off", None, {})
        await product.act("power_on", None, {})
        await central.expect("BootNotification")
        for number in range(3):
            await central.status(number, "Unavailable")
        assert await central.ask("ChangeAvailability", connectorId=0, type="Operative") == {"status": "Accepted"}
        for number in range(3):
            await central.status(number, "Available")


@run
async def test_availability_waits_for_the_transaction():
    async with station() as (central, product):
        number = await central.charging(product)
        assert await central.ask("ChangeAvailability", connectorId=1, type="Inoperative") == {"status": "Scheduled"}
        assert await central.ask("ChangeAvailability", connectorId=9, type="Inoperative") == {"status": "Rejected"}
        await central.silence()
        await central.ask("RemoteStopTransaction", transactionId=number)
        await central.expect("StopTransaction", reason="Remote")
        await central.status(1, "Finishing")
        await product.act("unplug", None, {})
        await central.status(1, "Unavailable")


@run
async def test_power_loss_without_backup_stops_the_transaction_after_the_boot():
    async with station() as (central, product):
        number = await central.charging(product)
        await product.act("power_off", None, {})
        await central.silence()
        await product.act("power_on", None, {})
        await central.expect("BootNotification")
        await central.expect("StopTransaction", reason="PowerLoss", transactionId=number)
        await central.status(0, "Available")
        await central.status(1, "Finishing")


@run
async def test_power_loss_may_leave_the_transaction_running():
    async with station(resume_transactions=True) as (central, product):
        number = await central.charging(product)
        await product.act("power_off", None, {})
        await central.silence()
        await product.act("power_on", None, {})
        await central.expect("BootNotification")
        await central.status(0, "Available")
        await central.status(1, "Charging")
        await central.status(2, "Available")
        await product.act("present", None, {"idTag": "TAG"})
        await central.expect("StopTransaction", transactionId=number)
        await central.status(1, "Finishing")


@run
async def test_power_loss_with_backup_stops_the_transaction_before():
    async with station(backup_power=True) as (central, product):
        number = await central.charging(product)
        await product.act("power_off", None, {})
        await central.expect("StopTransaction", reason="PowerLoss", transactionId=number)
        await central.status(1, "Finishing")
        await central.silence()
        await product.act("power_on", None, {})
        await central.expect("BootNotification")
        await central.status(0, "Available")
        await central.status(1, "Finishing")


@run
async def test_factory_reset_forgets_everything():
    async with station() as (central, product):
        await central.charging(product)
        await central.ask("ChangeConfiguration", key="ConnectionTimeOut", value="7")
        await product.act("factory_reset", None, {})
        await central.until("BootNotification")
        for number in range(3):
            await central.status(number, "Available")
        answer = await central.ask("GetConfiguration", key=["connectiontimeout"])
        assert answer == {"configurationKey": [{"key": "ConnectionTimeOut", "readonly": False, "value": "60"}]}
