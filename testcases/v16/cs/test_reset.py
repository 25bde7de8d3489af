"""Reset (2.6). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_013_CS",
    "A hard reset without a transaction",
    profile="Core",
    requirements="1.6 4.2, 4.9, 5.2, 5.14; errata 3.19, 3.22, 3.36",
)
def test_hard_reset(station: Station, step: Any) -> None:
    """The availability of a connector survives the reset."""
    connector = station.hardware.connector
    change = station.send("ChangeAvailability", connectorId=connector, type="Inoperative")
    with step("2", "The charge point accepts to make the connector inoperative"):
        assert change.response().status == "Accepted"
    with step("3", "The charge point reports Unavailable for that connector"):
        station.expect_status("Unavailable")

    reset = station.send("Reset", type="Hard")
    with step("6", "The charge point accepts the reset"):
        assert reset.response().status == "Accepted"
    with step("7", "The charge point boots"):
        station.expect_boot()
    with step("9", "The charge point reports Unavailable for that connector, Available for all others and 0"):
        states.available_after_boot(station, {connector: {"Unavailable"}})

    change = station.send("ChangeAvailability", connectorId=connector, type="Operative")
    with step("12", "The charge point accepts to make the connector operative"):
        assert change.response().status == "Accepted"
    with step("13", "The charge point reports Available for that connector"):
        station.expect_status("Available")


@testcase(
    "TC_014_CS",
    "A soft reset without a transaction",
    profile="Core",
    requirements="1.6 4.2, 4.9, 5.2, 5.14; errata 3.19, 3.22, 3.36",
)
def test_soft_reset(station: Station, step: Any) -> None:
    """The document lets the charge point restart without a BootNotification."""
    connector = station.hardware.connector
    change = station.send("ChangeAvailability", connectorId=connector, type="Inoperative")
    with step("2", "The charge point accepts to make the connector inoperative"):
        assert change.response().status == "Accepted"
    with step("3", "The charge point reports Unavailable for that connector"):
        station.expect_status("Unavailable")

    reset = station.send("Reset", type="Soft")
    with step("6", "The charge point accepts the reset"):
        assert reset.response().status == "Accepted"
    with step("7", "The charge point boots", optional=True):
        boot = station.expect_optional("BootNotification", before=(), within="reboot")
        states.come_back(station)
    if boot is not None:
        with step(
            "9",
            "The charge point reports Unavailable for that connector, Available for all others and 0",
            when="the charge point booted",
        ):
            states.available_after_boot(station, {connector: {"Unavailable"}})

    change = station.send("ChangeAvailability", connectorId=connector, type="Operative")
    with step("12", "The charge point accepts to make the connector operative"):
        assert change.response().status == "Accepted"
    with step("13", "The charge point reports Available for that connector"):
        station.expect_status("Available")


@testcase(
    "TC_015_CS",
    "A hard reset with a transaction",
    profile="Core",
    requirements="1.6 4.2, 4.9, 4.10, 5.14, 7.36; errata 3.19, 3.22, 3.36, 3.82",
)
def test_hard_reset_with_transaction(station: Station, operator: Operator, step: Any) -> None:
    """The transaction is stopped before the reset or after the boot."""
    transaction = states.charging(station, operator)
    connector = station.hardware.connector

    reset = station.send("Reset", type="Hard")
    with step("2", "The charge point accepts the reset"):
        assert reset.response().status == "Accepted"

    with station.unordered():
        stop = station.expect_optional("StopTransaction", before="BootNotification", within="reboot")
        if stop is not None:
            with step(
                "3",
                "The charge point stops the transaction because of HardReset",
                when="the charge point stops it before it resets",
            ):
                assert (stop.transactionId, stop.reason) == (transaction, "HardReset")
            with step("5", "The charge point reports Finishing", when="the charge point stops it before it resets"):
                finishing = {"connectorId": connector, "status": "Finishing"}
                states.expect_before_boot(station, "StatusNotification", finishing)

    with step("7", "The charge point boots"):
        station.expect_boot()

    with station.unordered():
        if stop is None:
            with step(
                "3",
                "The charge point stops the transaction because of HardReset",
                when="the charge point did not stop it before it reset",
            ):
                stop = station.expect("StopTransaction", within="transaction")
                assert (stop.transactionId, stop.reason) == (transaction, "HardReset")
        with step("9", "The charge point reports Finishing or Preparing there, Available for all others and 0"):
            states.available_after_boot(station, {connector: {"Finishing", "Preparing"}})


@testcase(
    "TC_016_CS",
    "A soft reset with a transaction",
    profile="Core",
    requirements="1.6 4.2, 4.9, 4.10, 5.14, 7.36; errata 3.19, 3.22, 3.36, 3.82",
)
def test_soft_reset_with_transaction(station: Station, operator: Operator, step: Any) -> None:
    """The transaction is stopped gracefully before the reset."""
    transaction = states.charging(station, operator)
    connector = station.hardware.connector

    reset = station.send("Reset", type="Soft")
    with step("2", "The charge point accepts the reset"):
        assert reset.response().status == "Accepted"

    with station.unordered():
        with step("3", "The charge point stops the transaction because of SoftReset, before it boots"):
            stop = states.expect_before_boot(station, "StopTransaction", {"transactionId": transaction})
            assert stop.reason == "SoftReset"
        with step("5", "The charge point reports Finishing, before it boots"):
            finishing = {"connectorId": connector, "status": "Finishing"}
            states.expect_before_boot(station, "StatusNotification", finishing)

    with step("7", "The charge point boots", optional=True):
        boot = station.expect_optional("BootNotification", before=(), within="reboot")
        states.come_back(station)
    if boot is not None:
        with step(
            "9",
            "The charge point reports Finishing or Preparing there, Available for all others and 0",
            when="the charge point booted",
        ):
            states.available_after_boot(station, {connector: {"Finishing", "Preparing"}})
