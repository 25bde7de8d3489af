"""Power failure (2.13). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

STARTING = {"Unavailable"}
"""Status that a connector may have for a moment while the charge point starts."""


def goes_on(station: Station, transaction: int | str) -> bool:
    """Whether the charge point goes on with a transaction after a power failure: it says so before it stops it.

    The statuses on the way there are not told from those of a charge point that does not.
    """
    observed = station.observed

    def decided() -> bool | None:
        if transaction not in observed.transactions:
            return False
        return True if observed.status(station.hardware.connector) == "Charging" else None

    return bool(station.wait_for(decided, "transaction", "the end of the transaction, or Charging"))


def end_resumed(station: Station, operator: Operator, transaction: int | str) -> str:
    """Stop a transaction with its token, or remotely where nothing can be stopped at the charge point; gives why."""
    if station.declared.get("local_stop", True):
        operator.present(station.data.valid_token)
        return "Local"
    assert station.call("RemoteStopTransaction", transactionId=transaction).status == "Accepted"
    return "Remote"


def expect_statuses(station: Station, wanted: set[str], passing: set[str]) -> Received:
    """Take the status of every connector after a boot; gives that of the one that had the transaction (errata 3.22)."""
    own = station.hardware.connector
    for connector in range(station.hardware.connectors + 1):
        if connector != own:
            station.expect_status("Available", connector=connector, passing=STARTING)
    return station.expect_status(wanted, connector=own, passing=passing)


@testcase(
    "TC_032_1_CS",
    "Back-up power lasts to stop the transaction",
    profile="Core",
    requirements="1.6 4.10, 7.36; errata 3.22",
    applies_if="backup_power",
)
def test_power_failure_with_backup(station: Station, operator: Operator, step: Any) -> None:
    """Take the power away during a transaction and give it back."""
    transaction = states.charging(station, operator)
    operator.power_off()
    with station.unordered():
        with step("1", "The charge point stops the transaction because of the power loss"):
            stop = station.expect_optional("StopTransaction", before="BootNotification", within="transaction")
            assert stop is not None, "no StopTransaction came while the power was off"
            assert stop.transactionId == transaction
            assert stop.reason == "PowerLoss"
        with step("3", "The charge point reports Finishing"):
            finishing = station.expect_optional(
                "StatusNotification",
                before="BootNotification",
                where={"connectorId": station.hardware.connector, "status": "Finishing"},
            )
            assert finishing is not None, "no StatusNotification with Finishing came while the power was off"

    operator.power_on()
    with step("5", "The charge point boots"):
        station.expect_boot()
    with station.unordered(), step("7", "Every connector reports its status, the used one that its cable is in"):
        expect_statuses(station, {"Finishing", "Preparing"}, STARTING | {"Available"})


@testcase(
    "TC_032_2_CS",
    "A transaction cut off by a power failure ends afterwards",
    profile="Core",
    requirements="1.6 4.10, 7.36; errata 3.22",
    applies_if="not backup_power",
)
def test_power_failure(station: Station, operator: Operator, step: Any) -> None:
    """Take the power away during a transaction and give it back; a resumed transaction is stopped by the driver."""
    transaction = states.charging(station, operator)
    operator.power_cycle()
    with step("1", "The charge point boots"):
        station.expect_boot()

    with station.unordered():
        with step("3", "Every connector reports its status"):
            used = expect_statuses(
                station, {"Preparing", "Finishing", "Charging"}, STARTING | {"Available"} | states.ENERGY
            )
        resumed = used.status == "Charging" or goes_on(station, transaction)
        with step("5", "The charge point stops the transaction"):
            reason = end_resumed(station, operator, transaction) if resumed else "PowerLoss"
            stopped = station.expect("StopTransaction", within="transaction")
            assert stopped.transactionId == transaction
            assert stopped.get("reason", "Local") == reason
        if resumed:
            with step("7", "The charge point reports the end of the session", when="the transaction was resumed"):
                station.expect_status({"Preparing", "Finishing"}, passing=states.ENERGY)


@testcase(
    "TC_034_CS",
    "Connectors stay unavailable over a power failure",
    profile="Core",
    requirements="1.6 4.9, 5.2; errata 3.22",
)
def test_power_failure_unavailable(station: Station, operator: Operator, step: Any) -> None:
    """Make the whole charge point inoperative, take the power away and give it back."""
    connectors = range(station.hardware.connectors + 1)
    with step("2", "The charge point accepts to be inoperative"):
        assert station.call("ChangeAvailability", connectorId=0, type="Inoperative").status == "Accepted"
    with station.unordered(), step("3", "Every connector reports Unavailable"):
        for connector in connectors:
            station.expect_status("Unavailable", connector=connector)

    operator.power_cycle()
    with step("5", "The charge point boots"):
        station.expect_boot()
    with station.unordered(), step("7", "Every connector reports Unavailable again"):
        for connector in connectors:
            station.expect_status("Unavailable", connector=connector)
    # A charge point that is left so would look ready to a later run, which has seen none of this.
    station.send("ChangeAvailability", connectorId=0, type="Operative").answer()
    for connector in connectors:
        station.wait_status("Available", connector=connector)
