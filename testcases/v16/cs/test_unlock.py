"""UnlockConnector (2.7, 2.12). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


UNKNOWN = 100
"""How far an unknown connectorId lies from the last connector."""


@testcase(
    "TC_017_1_CS",
    "Unlocking a connector without a transaction",
    profile="Core",
    requirements="1.6 5.18, 6.54",
    applies_if="not fixed_cable",
)
def test_unlock(station: Station, step: Any) -> None:
    """The cable is not fixed: the lock opens."""
    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with step("2", "The charge point unlocks the connector"):
        assert unlock.response().status == "Unlocked"


@testcase(
    "TC_017_2_CS",
    "Unlocking a fixed cable without a transaction",
    profile="Core",
    requirements="1.6 5.18, 6.54, 7.46, 9.1.33; errata 3.84, 3.85, 3.87",
    applies_if="fixed_cable",
)
def test_unlock_fixed_cable(station: Station, step: Any) -> None:
    """The cable is fixed: there is no lock, and nothing to unlock when the EV is unplugged."""
    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with step("2", "The charge point says that it does not support unlocking"):
        assert unlock.response().status == "NotSupported"
    entry = station.read_key("UnlockConnectorOnEVSideDisconnect")  # that it is there is looked at in TC_019_CS
    if entry is not None:
        with step(
            "post",
            "UnlockConnectorOnEVSideDisconnect is false and read-only",
            requirement="errata 3.84",
            when="the charge point has that key",
        ):
            assert str(entry.get("value")).strip().casefold() in {"false", "0"}
            assert entry["readonly"] is True


@testcase(
    "TC_018_1_CS",
    "Unlocking a connector stops its transaction",
    profile="Core",
    requirements="1.6 4.9, 4.10, 5.18, 7.36",
    applies_if="not fixed_cable",
)
def test_unlock_with_transaction(station: Station, operator: Operator, step: Any) -> None:
    """The charge point may finish the transaction before it answers (5.18)."""
    transaction = states.charging(station, operator)

    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with station.unordered():
        with step("2", "The charge point unlocks the connector"):
            assert unlock.response(within="transaction").status == "Unlocked"
        with step("3", "The charge point stops the transaction because of UnlockCommand"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.reason) == (transaction, "UnlockCommand")
        with step("5", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing=states.ENERGY, within="transaction")

    operator.unplug()
    with step("7", "The charge point reports Available"):
        station.expect_status("Available", passing={"Finishing"})


@testcase(
    "TC_018_2_CS",
    "Unlocking a fixed cable with a transaction",
    profile="Core",
    requirements="1.6 5.18, 6.54, 7.46",
    applies_if="fixed_cable",
)
def test_unlock_fixed_cable_with_transaction(station: Station, operator: Operator, step: Any) -> None:
    """The cable is fixed: there is no lock, whatever goes on."""
    states.charging(station, operator)

    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with step("2", "The charge point says that it does not support unlocking"):
        assert unlock.response().status == "NotSupported"


@testcase(
    "TC_030_CS",
    "A lock that fails to open",
    profile="Core",
    requirements="1.6 5.18, 7.46; errata 3.87",
    applies_if="lock_failure and not fixed_cable",
)
def test_unlock_failure(station: Station, operator: Operator, step: Any) -> None:
    """The lock is made to fail first."""
    operator.lock_failure()
    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with step("2", "The charge point reports that unlocking failed"):
        assert unlock.response().status == "UnlockFailed"


@testcase(
    "TC_031_CS",
    "Unlocking an unknown connector",
    profile="Core",
    requirements="1.6 5.18, 7.46; errata 3.87",
)
def test_unlock_unknown_connector(station: Station, step: Any) -> None:
    """A connector that does not exist can't be unlocked."""
    unlock = station.send("UnlockConnector", connectorId=station.hardware.connectors + UNKNOWN)
    with step("2", "The charge point says that it does not support unlocking"):
        assert unlock.response().status == "NotSupported"
