"""Reusable, memory and configuration states of the 1.6 test document with the charge point under test (2.25, 2.26).

A state that is already reached does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station

ENERGY = {"SuspendedEV", "SuspendedEVSE"}


def idle(station: Station, operator: Operator) -> None:
    """Reach the general preconditions (1.3): connected, available, no transaction, no fault, empty cache."""
    if not operator.powered:
        operator.power_on()
    station.wait_connected(within="boot")
    station.wait_reported()
    if not station.observed.accepted:
        station.expect("BootNotification", within="reboot")
    for transaction in list(station.observed.transactions.values()):
        station.call("RemoteStopTransaction", transactionId=transaction.id)
        station.expect("StopTransaction", where={"transactionId": transaction.id}, within="transaction")
    for evse, connector in list(operator.faulted):
        operator.clear_fault(connector, evse=evse)
        station.expect_status("Available", connector=connector, passing={"Preparing", "Finishing", "Faulted"})
    for evse, connector in list(operator.plugged):
        operator.unplug(connector, evse=evse)
        if station.observed.status(connector) != "Available":
            station.expect_status("Available", connector=connector, passing={"Finishing", "Preparing"})
    connectors = range(1, station.hardware.connectors + 1)
    for connector in (0, *connectors):
        if station.observed.status(connector) == "Unavailable":
            station.call("ChangeAvailability", connectorId=connector, type="Operative")
            station.expect_status("Available", connector=connector)
    if station.observed.status(station.hardware.connector) in {"Preparing", "Finishing"}:
        station.expect_status("Available", passing={"Finishing"}, within="connection_timeout")
    if station.observed.cached:
        station.call("ClearCache")
        station.observed.cached = False


def authorized(station: Station, operator: Operator, token: str | None = None) -> None:
    """State Authorized: a valid token is presented and accepted."""
    token = token or station.data.valid_token
    operator.present(token)
    with station.unordered():
        assert station.expect("Authorize").idTag == token
        if station.observed.status(station.hardware.connector) != "Preparing":
            station.expect_status("Preparing")


def charging(station: Station, operator: Operator) -> None:
    """State Charging: a transaction runs on the configured connector, started remotely."""
    connector = station.hardware.connector
    entry = station.read_key("AuthorizeRemoteTxRequests")
    authorizes = entry is not None and str(entry.get("value")).casefold() == "true"
    operator.plug(connector)
    station.expect_status("Preparing", connector=connector)
    conf = station.call("RemoteStartTransaction", connectorId=connector, idTag=station.data.valid_token)
    assert conf.status == "Accepted"
    if authorizes:
        assert station.expect("Authorize").idTag == station.data.valid_token
    with station.unordered():
        start = station.expect("StartTransaction", where={"connectorId": connector}, within="transaction")
        assert start.idTag == station.data.valid_token
        station.expect_status("Charging", connector=connector, passing=ENERGY, within="transaction")
