"""Offline behaviour (2.14). Product under test: charge point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import meters, states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

WHOLE_SECONDS = 1.0
"""What two times may lose between them where a charge point writes whole seconds."""
QUEUED = 3
"""Meter values that the document wants to be queued at least (036)."""
ON_THE_WAY = {"Preparing", "SuspendedEV"}
"""Statuses on the way to Charging that a charge point may report late (1.6 4.9)."""


def accept(station: Station, token: str) -> None:
    """Let the kit know a token as accepted, whatever the test data say of it."""
    for action in ("Authorize", "StartTransaction", "StopTransaction"):
        station.answer(action, then={"idTagInfo": {"status": "Accepted"}}, where={"idTag": token})


def start_offline(station: Station, operator: Operator, token: str) -> None:
    """Let a driver start a transaction while the central system is out of reach."""
    with station.offline():
        operator.plug()
        operator.present(token)
        station.stay_offline("offline_duration")


def expect_start(station: Station, token: str) -> Received:
    """Take the StartTransaction of a session that began offline."""
    start = station.expect("StartTransaction", within="reconnect")
    assert (start.connectorId, start.idTag) == (station.hardware.connector, token)
    return start


def given_id(start: Received) -> Any:
    """Give the transaction id that the kit answered to a StartTransaction."""
    reply = start.event.reply
    return reply["transactionId"] if isinstance(reply, Mapping) else None


@testcase(
    "TC_036_CS",
    "Meter values of an offline time are delivered afterwards",
    profile="Core",
    requirements="1.6 3.7, 3.16.1; errata 3.15",
)
def test_connection_loss(station: Station, operator: Operator, step: Any) -> None:
    """Lose the connection during a transaction for as long as a few meter values take."""
    interval = station.data.meter_value_interval
    where = {"connectorId": station.hardware.connector}
    station.configure("MeterValueSampleInterval", str(interval))
    station.configure("ClockAlignedDataInterval", "0")
    configured = states.value_of(station, "MeterValuesSampledData")
    transaction = states.charging(station, operator)
    meters.take(station, 1, where, within="meter_value_interval")
    with station.offline():
        for _ in range(QUEUED + 1):
            station.stay_offline("meter_value_interval")
        before = meters.joined(
            one for known in station.seen("MeterValues", where=where) for one in meters.samples(known)
        )

    with step("1", "The charge point sends the queued values as configured and in their order, none of them lost"):
        taken = meters.take(station, QUEUED + 1, where, within="reconnect", configured=configured)
        found = meters.joined((before[-1], *taken))  # the first of them is sent again when its answer was lost
        meters.of_transaction(found, transaction)
        meters.in_context(found, meters.PERIODIC)
        meters.complete(found, configured)
        meters.evenly_spaced(station, found, interval)


@testcase(
    "TC_037_1_CS",
    "A transaction starts offline",
    profile="Core",
    requirements="1.6 3.5, 3.7, 4.8",
    applies_if="offline_transactions",
)
def test_offline_start(station: Station, operator: Operator, step: Any) -> None:
    """Start offline with a token that the central system accepts afterwards."""
    token = station.data.valid_token
    states.known_offline(station, operator, token)
    start_offline(station, operator, token)
    with station.unordered():
        with step("1", "The charge point reports the start of the transaction"):
            expect_start(station, token)
        with step("3", "The charge point reports Charging"):
            station.expect_status("Charging", passing=ON_THE_WAY | states.ENERGY, within="reconnect")


@testcase(
    "TC_037_2_CS",
    "An offline transaction of an invalid token gets no more energy",
    profile="Core",
    requirements="1.6 3.5.4, 3.7, 9.1.20; errata 3.17, 3.64",
    applies_if="offline_transactions",
)
def test_offline_start_invalid_suspended(station: Station, operator: Operator, step: Any) -> None:
    """Start offline with a token that the central system refuses afterwards; the transaction goes on without energy."""
    token = station.data.invalid_token
    station.configure("StopTransactionOnInvalidId", "false")
    station.configure("MaxEnergyOnInvalidId", "0", if_implemented=True)
    accept(station, token)
    states.known_offline(station, operator, token)
    station.answer("StartTransaction", then={"idTagInfo": {"status": "Invalid"}}, where={"idTag": token})
    start_offline(station, operator, token)
    with station.unordered():
        with step("1", "The charge point reports the start of the transaction"):
            expect_start(station, token)
        # The answer to the start may come first: then Charging is history, which is not to be told (4.9).
        with step("3", "The charge point reports Charging, or that it has stopped the energy already"):
            told = station.expect_status({"Charging", "SuspendedEVSE"}, passing=ON_THE_WAY, within="reconnect").status
        with step("3", "The charge point reports Charging", level="should", requirement="1.6 4.9"):
            assert told == "Charging"

    with step("5", "The charge point stops the energy"):
        if told != "SuspendedEVSE":
            # Meter values that were queued go out first, one CALL at a time (OCPP-J 4.1.1).
            station.expect_status("SuspendedEVSE", passing={"SuspendedEV"}, within="reconnect")


@testcase(
    "TC_037_3_CS",
    "An offline transaction of an invalid token is stopped",
    profile="Core",
    requirements="1.6 3.5.4, 3.7, 9.1.20; errata 3.17",
    applies_if="offline_transactions",
)
def test_offline_start_invalid_stopped(station: Station, operator: Operator, step: Any) -> None:
    """Start offline with a token that the central system refuses afterwards; the transaction ends."""
    token = station.data.invalid_token
    station.configure("StopTransactionOnInvalidId", "true")
    station.configure("MaxEnergyOnInvalidId", "0", if_implemented=True)
    accept(station, token)
    states.known_offline(station, operator, token)
    station.answer("StartTransaction", then={"idTagInfo": {"status": "Invalid"}}, where={"idTag": token})
    start_offline(station, operator, token)
    with station.unordered():
        with step("1", "The charge point reports the start of the transaction"):
            start = expect_start(station, token)
        # The answer to the start may come first: then Charging is history, which is not to be told (4.9).
        with step("3", "The charge point reports Charging", level="should", requirement="1.6 4.9"):
            charging = {"connectorId": station.hardware.connector, "status": "Charging"}
            told = station.expect_optional(
                "StatusNotification", before="StopTransaction", where=charging, within="reconnect"
            )
            assert told is not None, "the charge point did not report Charging before it stopped the transaction"
        with step("5", "The charge point stops the transaction because the token is invalid"):
            stop = station.expect("StopTransaction", within="transaction")
            assert stop.transactionId == given_id(start)
            assert stop.reason == "DeAuthorized"
        with step("7", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing=ON_THE_WAY | states.ENERGY)


@testcase(
    "TC_038_CS",
    "A transaction stops offline",
    profile="Core",
    requirements="1.6 3.7, 4.10, 6.49; errata J 2.6",
    applies_if="local_stop",
)
def test_offline_stop(station: Station, operator: Operator, step: Any) -> None:
    """Stop a transaction with its token while the central system is out of reach.

    The charge point gives the token with which it was stopped, if a token is what the driver has used (1.2; 6.49).
    """
    token = station.data.valid_token
    transaction = states.charging(station, operator)
    with station.offline():
        operator.present(token)
        station.stay_offline("offline_duration")
    with station.unordered():
        with step("1", "The charge point reports the end of the transaction"):
            stop = station.expect("StopTransaction", within="reconnect")
            assert (stop.transactionId, stop.get("idTag", token)) == (transaction, token)
            assert stop.get("reason", "Local") == "Local"
        with step("3", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing={"Charging"} | states.ENERGY, within="reconnect")


@testcase(
    "TC_039_CS",
    "A whole transaction happens offline",
    profile="Core",
    requirements="1.6 3.5, 3.7, 4.8, 4.10, 6.45, 6.49; errata J 2.6",
    applies_if="offline_transactions and local_stop",
)
def test_offline_transaction(station: Station, operator: Operator, step: Any) -> None:
    """Start, stop and unplug while the central system is out of reach."""
    token = station.data.valid_token
    states.known_offline(station, operator, token)
    with station.offline():
        operator.plug()
        operator.present(token)
        station.stay_offline("transaction_duration")
        operator.present(token)
        operator.unplug()
        station.stay_offline("offline_duration")
    with step("1", "The charge point reports the start of the transaction"):
        start = expect_start(station, token)
    with step("3", "The charge point reports the end of that transaction"):
        stop = station.expect("StopTransaction", within="reconnect")
        assert (stop.transactionId, stop.get("idTag", token)) == (given_id(start), token)
        assert stop.get("reason", "Local") == "Local"
        lasted = (meters.moment(stop.timestamp) - meters.moment(start.timestamp)).total_seconds()
        least = station.data.transaction_duration - station.limits.transaction - WHOLE_SECONDS
        assert lasted >= least, (
            f"by its times the transaction lasted {lasted:g} s: those are not the times of its events"
        )
