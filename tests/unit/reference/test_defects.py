"""The table of defects, and a few of them at work."""

import inspect

import pytest
from station16_support import run, station

from ocpp_tck.reference.__main__ import main
from ocpp_tck.reference.control import CannotStart
from ocpp_tck.reference.defects import every, known
from ocpp_tck.reference.launch import CsmsOptions, StationOptions, csms_product, station_product
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.configuration import Configuration
from ocpp_tck.reference.station.core16.driver import Driver

ALL = pytest.mark.parametrize("defect", every(), ids=lambda one: f"{one.role}-{one.versions[0]}-{one.name}")


def options(*defects, version="1.6"):
    return StationOptions(version, "ws://127.0.0.1:1/ocpp", "CP1", defects=defects)


@ALL
def test_a_defect_says_what_it_does_and_what_that_breaks(defect):
    assert defect.what.endswith(".")
    assert defect.breaks
    assert defect.name == defect.name.replace(" ", "-").replace("_", "-")


@ALL
def test_a_defect_is_a_part_of_the_product_with_something_overridden(defect):
    for kind in defect.classes:
        base = kind.__mro__[1]
        assert not base.__module__.startswith("ocpp_tck.reference.defects")
        own = {name for name, value in vars(kind).items() if inspect.isfunction(value) or isinstance(value, property)}
        assert any(hasattr(base, name) for name in own)


@pytest.mark.parametrize(("role", "version"), [("cs", "1.6"), ("cs", "2.0.1"), ("cs", "2.1"), ("csms", "1.6")])
def test_the_names_of_a_product_s_defects_differ(role, version):
    names = [one.name for one in known(role, version)]
    assert len(set(names)) == len(names) > 0


def test_a_right_product_is_built_of_its_own_classes():
    assert part(Driver, options()) is Driver


def test_a_defect_is_in_its_part_alone():
    wrong = options("any-token-stops")
    assert part(Driver, wrong) is not Driver
    assert issubclass(part(Driver, wrong), Driver)
    assert part(Configuration, wrong) is Configuration


def test_several_defects_of_one_part_come_together():
    both = part(Driver, options("any-token-stops", "charges-unlocked"))
    assert {"AnyTokenStops", "ChargesUnlocked"} <= {kind.__name__ for kind in both.__mro__}


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_an_unknown_defect_is_refused_with_those_that_there_are(version):
    with pytest.raises(CannotStart, match=r"unknown defect 'no-such'.*talks-before-boot"):
        station_product(options("no-such", version=version))
    with pytest.raises(CannotStart, match=r"unknown defect 'no-such'.*never-accepts"):
        csms_product(CsmsOptions(version, defects=("no-such",)))


def test_the_command_refuses_a_defect_of_another_version(capsys):
    arguments = ["cs", "--version", "2.1", "--url", "ws://127.0.0.1:1", "--defect", "deaf-while-pending"]
    assert main(arguments) == 1
    assert "unknown defect 'deaf-while-pending' for cs 2.1" in capsys.readouterr().err


@run
async def test_a_charge_point_that_talks_before_its_boot():
    async with station(boot=False, defects=("talks-before-boot",)) as (central, _):
        await central.status(0, "Available")
        await central.expect("BootNotification")


@run
async def test_a_charge_point_that_accepts_a_setting_and_keeps_the_old_one():
    async with station(defects=("change-configuration-without-effect",)) as (central, _):
        change = await central.ask("ChangeConfiguration", key="ConnectionTimeOut", value="7")
        assert change == {"status": "Accepted"}
        found = await central.ask("GetConfiguration", key=["ConnectionTimeOut"])
        assert found["configurationKey"][0]["value"] == "60"


@run
async def test_a_charge_point_that_charges_on():
    async with station(defects=("keeps-charging-after-stop",)) as (central, product):
        transaction = await central.charging(product)
        assert await central.ask("RemoteStopTransaction", transactionId=transaction) == {"status": "Accepted"}
        await central.expect("StopTransaction", transactionId=transaction)
        await central.silence()


@run
async def test_a_charge_point_that_any_token_stops():
    async with station(defects=("any-token-stops",)) as (central, product):
        transaction = await central.charging(product)
        await product.act("present", None, {"idTag": "ANOTHER"})
        await central.expect("StopTransaction", transactionId=transaction, idTag="ANOTHER")
