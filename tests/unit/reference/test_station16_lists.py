"""The local authorization list and the triggers of the embedded 1.6 charge point."""

from datetime import UTC, datetime

import pytest
from station16_support import run, station

from ocpp_tck.reference.control import PayloadRefused
from ocpp_tck.reference.station.core16.configuration import Configuration, core_keys
from ocpp_tck.reference.station.core16.local_list import LocalList

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ["LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength"]


def entry(id_tag, status="Accepted", **info):
    return {"idTag": id_tag, "idTagInfo": {"status": status, **info}}


def stored(id_tag, status="Accepted", **info):
    return {"id_tag": id_tag, "id_tag_info": {"status": status, **info}}


def new_list(**values):
    keys = core_keys(2, fixed_cable=False, message_timeout=30)
    return LocalList(lambda: NOW, Configuration(keys, values))


async def send(central, *entries, version=1, kind="Full"):
    more = {"localAuthorizationList": list(entries)} if entries else {}
    return (await central.ask("SendLocalList", listVersion=version, updateType=kind, **more))["status"]


async def version(central):
    return (await central.ask("GetLocalListVersion"))["listVersion"]


async def configure(central, **values):
    for key, value in values.items():
        assert await central.ask("ChangeConfiguration", key=key, value=value) == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("number", "kind", "entries", "status", "after"),
    [
        (3, "Differential", [stored("C")], "Accepted", 3),
        (2, "Differential", [stored("C")], "VersionMismatch", 2),
        (1, "Differential", [stored("C")], "VersionMismatch", 2),
        (1, "Full", [stored("C")], "Accepted", 1),
        (3, "Differential", [{"id_tag": "a"}, {"id_tag": "B"}, {"id_tag": "Z"}], "Accepted", 0),
        (3, "Differential", [stored("C"), stored("c")], "Failed", 2),
        (3, "Differential", [], "Accepted", 3),
        (7, "Full", [], "Accepted", 0),
        (7, "Full", [{"id_tag": "C"}], "Failed", 2),
        (0, "Full", [stored("C")], "Failed", 2),
        (-1, "Full", [stored("C")], "Failed", 2),
        (3, "Full", [stored(f"T{number}") for number in range(4)], "Failed", 2),
        (3, "Differential", [stored("C"), stored("D")], "Failed", 2),
    ],
)
def test_an_update_is_applied_wholly_or_not_at_all(number, kind, entries, status, after):
    local_list = new_list(LocalAuthListMaxLength="3", SendLocalListMaxLength="3")
    assert local_list.update(2, "Full", [stored("A"), stored("B", "Blocked")]) == "Accepted"
    assert local_list.update(number, kind, entries) == status
    assert local_list.version == after
    if status != "Accepted":
        assert (local_list.get("a").status, local_list.get("b").status, local_list.get("C")) == (
            "Accepted",
            "Blocked",
            None,
        )


def test_an_entry_expires():
    local_list = new_list()
    local_list.update(1, "Full", [stored("A", expiry_date="2025-12-31T00:00:00Z")])
    assert local_list.get("A").status == "Expired"


def test_the_first_change_needs_no_full_list():
    local_list = new_list()
    assert local_list.update(1, "Differential", [stored("A")]) == "Accepted"
    assert local_list.get("A").accepted


@run
async def test_a_list_that_fails_to_be_stored():
    async with station() as (central, product):
        await product.act("local_list_failure", None, {})
        assert await send(central, entry("TAG")) == "Failed"
        await product.act("local_list_failure", None, {"active": False})
        assert await send(central, entry("TAG")) == "Accepted"
        with pytest.raises(PayloadRefused, match="active"):
            await product.act("local_list_failure", None, {"active": 1})


@run
async def test_a_listed_token_needs_no_authorization():
    async with station() as (central, product):
        await configure(central, LocalPreAuthorize="true")
        assert await send(central, entry("TAG", parentIdTag="GROUP"), entry("BAD", "Blocked")) == "Accepted"
        await product.act("present", None, {"idTag": "tag", "connector": 1})
        await central.status(1, "Preparing")
        await product.act("present", None, {"idTag": "bad", "connector": 2})
        await central.expect("Authorize", idTag="bad")


@run
async def test_a_list_that_is_switched_off():
    async with station() as (central, product):
        assert await send(central, entry("TAG")) == "Accepted"
        await configure(central, LocalPreAuthorize="true", LocalAuthListEnabled="false")
        assert await version(central) == -1
        assert await send(central, entry("OTHER"), version=2) == "NotSupported"
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize", idTag="TAG")
        await configure(central, LocalAuthListEnabled="true")
        assert await version(central) == 1


@run
async def test_the_list_outlives_a_reboot():
    async with station() as (central, _):
        assert await version(central) == 0
        assert await send(central, entry("TAG"), version=4) == "Accepted"
        assert await central.ask("Reset", type="Soft") == {"status": "Accepted"}
        await central.booted()
        assert await version(central) == 4


@run
async def test_an_answer_that_contradicts_the_list_is_told_and_not_cached():
    refused = {"idTagInfo": {"status": "Invalid"}}
    async with station() as (central, product):
        assert await send(central, entry("TAG")) == "Accepted"
        central.answers["Authorize"] = [refused, {"idTagInfo": {"status": "ConcurrentTx"}}]
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize", idTag="TAG")
        await central.expect("StatusNotification", connectorId=0, status="Available", errorCode="LocalListConflict")
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize", idTag="TAG")
        await central.silence()
        assert await send(central) == "Accepted"
        await configure(central, LocalPreAuthorize="true")
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize", idTag="TAG")


@run
async def test_offline_the_list_goes_before_the_cache():
    async with station() as (central, product):
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.expect("Authorize", idTag="TAG")
        await central.status(1, "Preparing")
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.status(1, "Available")
        await configure(central, AllowOfflineTxForUnknownId="true")
        assert await send(central, entry("TAG", "Blocked")) == "Accepted"
        await central.offline()
        await product.act("plug", None, {"connector": 1})
        await product.act("present", None, {"idTag": "TAG", "connector": 1})
        await central.online()
        await central.until("StatusNotification", connectorId=1, status="Preparing")
        await central.silence()


@run
async def test_a_charge_point_without_lists():
    async with station(without=frozenset({"local_auth_list"})) as (central, _):
        assert await version(central) == -1
        assert await send(central, entry("TAG")) == "NotSupported"
        answer = await central.ask("GetConfiguration", key=[*KEYS, "SupportedFeatureProfiles"])
        assert answer["unknownKey"] == KEYS
        profiles = answer["configurationKey"][0]["value"].split(",")
        assert "RemoteTrigger" in profiles
        assert "LocalAuthListManagement" not in profiles


@run
async def test_a_charge_point_without_triggers():
    async with station(without=frozenset({"remote_trigger"})) as (central, _):
        answer = await central.ask("GetConfiguration", key=["SupportedFeatureProfiles"])
        profiles = answer["configurationKey"][0]["value"].split(",")
        assert "LocalAuthListManagement" in profiles
        assert "RemoteTrigger" not in profiles
        kind, code, *_ = await central.ask_raw("TriggerMessage", {"requestedMessage": "Heartbeat"})
        assert (kind, code) == (4, "NotSupported")
