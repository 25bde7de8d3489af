"""The embedded 2.x products against each other: they understand one another without an error."""

import asyncio
import logging

import pytest

from ocpp_tck.reference.csms.v20 import Product as Csms
from ocpp_tck.reference.launch import CsmsOptions, StationOptions
from ocpp_tck.reference.station.v20 import Product as Station

VALID = {"idToken": "TCK-VALID", "type": "ISO14443"}


async def conduct(version, seen):
    csms = Csms(CsmsOptions(version, passwords={"CS1": "0123456789abcdef"}))
    answer = csms._answer

    def note(station, action, payload):
        response = answer(station, action, payload)
        seen.append((action, payload, response))
        return response

    csms._answer = note
    await csms.start()
    station = Station(
        StationOptions(
            version, csms.url, "CS1", password="0123456789abcdef", reboot_seconds=0.01, reconnect_seconds=0.01
        )
    )
    await station.start()

    async def until(count, action, **fields):
        async with asyncio.timeout(5):
            while True:
                found = [one for one in seen if one[0] == action and fields.items() <= one[1].items()]
                if len(found) >= count:
                    return found[-1]
                await asyncio.sleep(0.01)

    try:
        await until(1, "SecurityEventNotification")
        await csms.act("get_base_report", "CS1", {"reportBase": "FullInventory"})
        await until(1, "NotifyReport", tbc=False)
        await station.act("plug", None, {})
        await until(1, "TransactionEvent", eventType="Started")
        await csms.act("request_start_transaction", "CS1", {"idToken": VALID, "evseId": 1})
        _, charging, _ = await until(1, "TransactionEvent", triggerReason="ChargingStateChanged")
        stop = {"transactionId": charging["transactionInfo"]["transactionId"]}
        await csms.act("request_stop_transaction", "CS1", stop)
        await until(1, "TransactionEvent", eventType="Ended")
        await csms.act("reset", "CS1", {"type": "OnIdle"})
        await until(2, "BootNotification")
        await until(2, "SecurityEventNotification")
    finally:
        await station.stop()
        await csms.stop()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_a_session_with_remote_control(version, caplog):
    seen = []
    with caplog.at_level(logging.WARNING):
        asyncio.run(conduct(version, seen))
    assert [record.getMessage() for record in caplog.records] == []
    events = [
        (payload["eventType"], payload["triggerReason"]) for action, payload, _ in seen if action == "TransactionEvent"
    ]
    assert events == [
        ("Started", "CablePluggedIn"),
        ("Updated", "RemoteStart"),
        ("Updated", "ChargingStateChanged"),
        ("Ended", "RemoteStop"),
    ]
    infos = [response["idTokenInfo"]["status"] for _, _, response in seen if "idTokenInfo" in response]
    assert infos == ["Accepted"]
