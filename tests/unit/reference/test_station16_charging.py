"""Sessions at the embedded 1.6 charge point: tokens, cables, locks, faults, meter values."""

from datetime import datetime

import pytest
from station16_support import run, station

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown


def info(status="Accepted", **more):
    return {"idTagInfo": {"status": status, **more}}


async def configure(central, **values):
    for key, value in values.items():
        assert await central.ask("ChangeConfiguration", key=key, value=value) == {"status": "Accepted"}, key


@run
async def test_cable_first():
    async with station() as (central, product):
        await product.act("plug", "CP1", {"connector": 2})
        await central.status(2, "Preparing")
        await product.act("present", None, {"idTag": "TAG"})
        await central.expect("Authorize", idTag="TAG")
        await central.expect("StartTransaction", connectorId=2, idTag="TAG", meterStart=2000)
        await central.status(2, "Charging")
        await product.act("ev_suspend", None, {"connector": 2})
        await central.status(2, "SuspendedEV")
        await product.act("ev_ready", None, {"connector": 2})
        await central.status(2, "Charging")


@run
async def test_identification_first_then_the_cable_at_another_connector():
    async with station() as (central, product):
        await product.act("present", None, {"idTag": "TAG"})
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await product.act("plug", None, {"connector": 2})
        await central.status(1, "Available")
        await central.status(2, "Preparing")
        await central.expect("StartTransaction", connectorId=2)
        await central.status(2, "Charging")


@run
async def test_second_presentation_and_timeout_end_the_preparation():
    async with station() as (central, product):
        await configure(central, ConnectionTimeOut="1")
        for _ in range(2):
            await product.act("present", None, {"idTag": "TAG"})
            await central.expect("Authorize")
            await central.status(1, "Preparing")
            await product.act("present", None, {"idTag": "tag"})
            await central.status(1, "Available")
        await product.act("present", None, {"idTag": "TAG"})
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await central.status(1, "Available")
        await product.act("plug", None, {})
        await central.status(1, "Preparing")
        await central.status(1, "Finishing")


@run
async def test_only_the_tag_or_its_group_stops():
    async with station() as (central, product):
        await central.charging(product)
        await product.act("present", None, {"idTag": "OTHER", "connector": 1})
        await central.silence()
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("StopTransaction", idTag="TAG", reason="Local")
        await central.status(1, "Finishing")
        await product.act("unplug", None, {})
        await central.status(1, "Available")

        central.answers["Authorize"] = [info(parentIdTag="G"), info(parentIdTag="X"), info(parentIdTag="g")]
        await central.charging(product)
        for tag in ("OTHER", "FRIEND"):
            await product.act("present", None, {"idTag": tag, "connector": 1})
            await central.expect("Authorize", idTag=tag)
        await central.expect("StopTransaction", idTag="FRIEND", reason="Local")


@run
async def test_an_invalid_tag_starts_nothing():
    async with station(answers={"Authorize": [info("Invalid"), info("Blocked")]}) as (central, product):
        await product.act("plug", None, {})
        await central.status(1, "Preparing")
        await product.act("present", None, {"idTag": "BAD"})
        await central.expect("Authorize")
        assert await central.ask("RemoteStartTransaction", idTag="BAD") == {"status": "Accepted"}
        await central.expect("Authorize")
        await central.silence()


@run
async def test_cache_starts_at_once_until_it_is_cleared():
    async with station() as (central, product):
        await configure(central, LocalPreAuthorize="true")
        number = await central.charging(product)
        await central.ask("RemoteStopTransaction", transactionId=number)
        await central.until("StatusNotification", status="Finishing")
        assert await central.ask("RemoteStartTransaction", idTag="tag", connectorId=1) == {"status": "Accepted"}
        await central.status(1, "Preparing")
        await central.expect("StartTransaction")
        await central.status(1, "Charging")
        assert await central.ask("ClearCache") == {"status": "Accepted"}
        assert await central.ask("RemoteStartTransaction", idTag="TAG") == {"status": "Accepted"}
        await central.expect("Authorize", idTag="TAG")


@pytest.mark.parametrize(
    ("stop", "unlock", "after"),
    [("true", "true", "free"), ("true", "false", "locked"), ("false", "false", "running")],
)
def test_cable_taken_off_the_ev(stop, unlock, after):
    @run
    async def case():
        async with station() as (central, product):
            await configure(central, StopTransactionOnEVSideDisconnect=stop, UnlockConnectorOnEVSideDisconnect=unlock)
            number = await central.charging(product)
            await product.act("unplug", None, {})
            if after == "running":
                status = await central.status(1, "SuspendedEV")
                assert status["info"] == "EV side disconnected"
                await product.act("plug", None, {})
                await central.status(1, "Charging")
                await central.ask("RemoteStopTransaction", transactionId=number)
                await central.expect("StopTransaction", reason="Remote")
                await central.status(1, "Finishing")
            else:
                await central.expect("StopTransaction", reason="EVDisconnected")
                await central.status(1, "Finishing")
            if after == "locked":
                with pytest.raises(PayloadRefused, match="UnlockConnector"):
                    await product.act("unplug", None, {})
                assert await central.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
            await product.act("unplug", None, {})
            await central.status(1, "Available")

    case()


@run
async def test_fixed_cable_is_free_when_the_ev_leaves_and_cannot_be_unlocked():
    async with station(fixed_cable=True) as (central, product):
        await central.charging(product)
        assert await central.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        answer = await central.ask("GetConfiguration", key=["UnlockConnectorOnEVSideDisconnect"])
        assert (answer["configurationKey"][0]["value"], answer["configurationKey"][0]["readonly"]) == ("false", True)
        await product.act("unplug", None, {})
        await central.expect("StopTransaction", reason="EVDisconnected")
        await central.status(1, "Available")


@run
async def test_unlock_connector():
    async with station() as (central, product):
        assert await central.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        assert await central.ask("UnlockConnector", connectorId=3) == {"status": "NotSupported"}
        await central.charging(product)
        assert await central.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        await central.expect("StopTransaction", reason="UnlockCommand")
        await central.status(1, "Finishing")
        await product.act("lock_failure", None, {})
        assert await central.ask("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}


@run
async def test_a_lock_that_fails_aborts_the_start():
    async with station() as (central, product):
        await central.ask("RemoteStartTransaction", idTag="T", connectorId=1)
        await central.expect("Authorize")
        await central.status(1, "Preparing")
        await product.act("lock_failure", None, {"active": True})
        await product.act("plug", None, {})
        status = await central.status(1, "Faulted")
        assert status["errorCode"] == "ConnectorLockFailure"
        await central.silence()
        await product.act("lock_failure", None, {"active": False})
        await central.status(1, "Preparing")


@run
async def test_a_fault_refuses_sessions_and_returns_to_the_state_before():
    async with station() as (central, product):
        await product.act("fault", None, {"connector": 0, "errorCode": "GroundFailure"})
        for number in range(3):
            assert (await central.status(number, "Faulted"))["errorCode"] == "GroundFailure"
        await product.act("plug", None, {})
        await product.act("present", None, {"idTag": "T"})
        assert await central.ask("RemoteStartTransaction", idTag="T") == {"status": "Rejected"}
        await central.silence()
        await product.act("clear_fault", None, {"connector": 0})
        await central.status(0, "Available")
        await central.status(1, "Preparing")


@pytest.mark.parametrize("stops", ["true", "false"])
def test_a_tag_invalid_at_the_start_transaction(stops):
    @run
    async def case():
        async with station() as (central, product):
            await configure(central, StopTransactionOnInvalidId=stops)
            central.answers["StartTransaction"] = [info("Invalid") | {"transactionId": 7}]
            await product.act("plug", None, {})
            await central.status(1, "Preparing")
            await product.act("present", None, {"idTag": "T"})
            await central.expect("Authorize")
            await central.expect("StartTransaction")
            await central.status(1, "Charging")
            if stops == "true":
                await central.expect("StopTransaction", reason="DeAuthorized", transactionId=7)
                await central.status(1, "Finishing")
                await product.act("present", None, {"idTag": "T", "connector": 1})
                await product.act("unplug", None, {})
                await central.status(1, "Available")
            else:
                await central.status(1, "SuspendedEVSE")
                await central.silence()

    case()


@run
async def test_remote_start_and_stop_are_refused_where_they_make_no_sense():
    async with station() as (central, product):
        for connector in (0, 3):
            answer = await central.ask("RemoteStartTransaction", idTag="T", connectorId=connector)
            assert answer == {"status": "Rejected"}
        await central.charging(product)
        assert await central.ask("RemoteStartTransaction", idTag="T", connectorId=1) == {"status": "Rejected"}
        assert await central.ask("RemoteStopTransaction", transactionId=99) == {"status": "Rejected"}


@run
async def test_sampled_and_aligned_values_are_spaced_and_end_in_the_stop():
    async with station() as (central, product):
        await configure(
            central,
            MeterValueSampleInterval="1",
            MeterValuesSampledData="Energy.Active.Import.Register,Voltage,Current.Import.L2,SoC",
            StopTxnSampledData="Energy.Active.Import.Register",
        )
        number = await central.charging(product)
        values = [await central.expect("MeterValues", connectorId=1, transactionId=number) for _ in range(2)]
        times = [datetime.fromisoformat(value["meterValue"][0]["timestamp"]) for value in values]
        assert (times[1] - times[0]).total_seconds() == 1
        samples = values[0]["meterValue"][0]["sampledValue"]
        assert {sample["context"] for sample in samples} == {"Sample.Periodic"}
        assert [(sample["measurand"], sample.get("phase")) for sample in samples] == [
            ("Energy.Active.Import.Register", None),
            *(("Voltage", phase) for phase in ("L1", "L2", "L3")),
            ("Current.Import", "L2"),
            ("SoC", None),
        ]
        await configure(central, MeterValueSampleInterval="0", ClockAlignedDataInterval="1")
        aligned = (await central.until("MeterValues"))["meterValue"][0]
        assert aligned["timestamp"].endswith(".000Z")
        assert aligned["sampledValue"][0]["context"] == "Sample.Clock"
        await configure(central, ClockAlignedDataInterval="0")
        await central.ask("RemoteStopTransaction", transactionId=number)
        stop = await central.until("StopTransaction")
        contexts = [value["sampledValue"][0]["context"] for value in stop["transactionData"]]
        assert contexts == ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"]
        assert stop["meterStop"] > 1000


@run
async def test_a_status_that_passes_within_the_minimum_duration_is_not_reported():
    async with station() as (central, product):
        await configure(central, MinimumStatusDuration="1")
        await product.act("plug", None, {})
        await product.act("unplug", None, {})
        await central.silence(1.2)
        await product.act("plug", None, {})
        await central.silence(0.7)
        await central.status(1, "Preparing")


@run
async def test_bad_actions_are_told_apart():
    async with station() as (_, product):
        with pytest.raises(ActionUnknown):
            await product.act("dance", None, {})
        with pytest.raises(StationUnknown):
            await product.act("plug", "CP2", {})
        for action, payload, field in [
            ("plug", {"connector": 3}, "connector"),
            ("plug", {"connector": []}, "connector"),
            ("present", {}, "idTag"),
            ("present", {"idTag": "x" * 21}, "idTag"),
            ("fault", {"errorCode": "NoError"}, "errorCode"),
            ("configure", {"key": "Foo", "value": "1"}, "Foo"),
            ("configure", {"key": "HeartbeatInterval", "value": "x"}, "HeartbeatInterval"),
        ]:
            with pytest.raises(PayloadRefused, match=field):
                await product.act(action, None, payload)


@run
async def test_without_a_cache_there_is_no_key_for_it_and_nothing_to_clear():
    async with station(without=frozenset({"authorization_cache"})) as (central, _):
        assert await central.ask("ClearCache") == {"status": "Rejected"}
        asked = await central.ask("GetConfiguration", key=["AuthorizationCacheEnabled"])
        assert asked == {"unknownKey": ["AuthorizationCacheEnabled"]}
        await configure(central, LocalPreAuthorize="true")


@run
async def test_without_local_stop_a_token_stops_nothing():
    async with station(without=frozenset({"local_stop"})) as (central, product):
        await central.charging(product)
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.silence()


@run
async def test_without_offline_transactions_a_known_token_starts_nothing_offline():
    async with station(without=frozenset({"offline_transactions"})) as (central, product):
        await configure(central, LocalAuthorizeOffline="true", AllowOfflineTxForUnknownId="true")
        await central.offline()
        await product.act("plug", None, {"connector": 1})
        await product.act("present", None, {"idTag": "TAG"})
        await central.online()
        await central.status(1, "Preparing")
        await central.silence()


@run
async def test_a_lock_that_can_not_be_made_to_fail():
    async with station(without=frozenset({"lock_failure"})) as (_, product):
        with pytest.raises(ActionUnknown):
            await product.act("lock_failure", None, {"connector": 1})


@run
async def test_a_known_vendor():
    async with station(vendor_id="org.example") as (central, _):
        assert await central.ask("DataTransfer", vendorId="ORG.example") == {"status": "Accepted"}
        assert await central.ask("DataTransfer", vendorId="org.other") == {"status": "UnknownVendorId"}


@run
async def test_keys_that_are_hidden_read_only_or_need_a_reboot():
    options = {
        "hidden_keys": frozenset({"minimumstatusduration"}),
        "read_only_keys": frozenset({"AuthorizeRemoteTxRequests"}),
        "reboot_keys": frozenset({"LocalPreAuthorize"}),
    }
    async with station(**options) as (central, _):
        change = {"key": "MinimumStatusDuration", "value": "1"}
        assert await central.ask("ChangeConfiguration", **change) == {"status": "NotSupported"}
        change = {"key": "AuthorizeRemoteTxRequests", "value": "false"}
        assert await central.ask("ChangeConfiguration", **change) == {"status": "Rejected"}
        change = {"key": "LocalPreAuthorize", "value": "true"}
        assert await central.ask("ChangeConfiguration", **change) == {"status": "RebootRequired"}
        every = (await central.ask("GetConfiguration"))["configurationKey"]
        assert "MinimumStatusDuration" not in {entry["key"] for entry in every}
