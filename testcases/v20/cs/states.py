"""Reusable states of Part 6 with the charging station under test. A state that is already reached does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station


def idle(station: Station, operator: Operator) -> None:
    """Reach the general preconditions: connected, every connector available, no transaction."""
    if not operator.powered:
        operator.power_on()
    station.wait_connected(within="boot")
    station.wait_reported()
    for transaction in list(station.observed.transactions.values()):
        station.call("RequestStopTransaction", transactionId=str(transaction.id))
    for evse, connector in list(operator.plugged):
        operator.unplug(connector, evse=evse)
        if station.observed.status(connector, evse) != "Available":
            station.expect_availability("Available", evse=evse, connector=connector)
    station.wait_for(lambda: None if station.observed.transactions else True, "transaction", "the end of transactions")
    for known in station.hardware.evses:
        if station.observed.status(1, known.id) == "Unavailable":
            station.call("ChangeAvailability", operationalStatus="Operative", evse={"id": known.id})
            station.expect_availability("Available", evse=known.id)
    if station.observed.cached:
        station.call("ClearCache")
        station.observed.cached = False


def start_points(station: Station) -> set[str]:
    """Read TxCtrlr.TxStartPoint: when the station starts a transaction (2.0.1 E01)."""
    return {point.strip() for point in (station.read_variable("TxCtrlr", "TxStartPoint") or "").split(",")}


def authorization_enabled(station: Station) -> None:
    """Configuration state of the local and remote start cases."""
    station.set_variable("AuthCtrlr", "Enabled", "true", if_implemented=True)
    station.set_variable("AuthCtrlr", "DisableRemoteAuthorization", "false", if_implemented=True)


def booted(station: Station) -> None:
    """State Booted, part with a Reset: the station boots, is accepted and reports every connector."""
    conf = station.call("Reset", type="Immediate")
    assert conf.status in {"Accepted", "Scheduled"}
    station.expect("BootNotification", within="reboot")
    with station.unordered():
        for evse in station.hardware.evses:
            for connector in range(1, evse.connectors + 1):
                station.expect_availability("Available", evse=evse.id, connector=connector)
        security = station.expect("SecurityEventNotification", where={"type": {"StartupOfTheDevice", "ResetOrReboot"}})
        assert security.type in {"StartupOfTheDevice", "ResetOrReboot"}


def transaction_event(station: Station, reasons: set[str], **fields: Any) -> Received:
    """Wait for the next TransactionEvent and check what it says about the station's one transaction."""
    event = station.expect("TransactionEvent", within="transaction")
    assert event.triggerReason in reasons
    for name, value in fields.items():
        assert event.get(name) == value
    return event


def ev_connected(station: Station, operator: Operator) -> None:
    """State EVConnectedPreSession: the cable is plugged in at the configured EVSE."""
    evse = station.hardware.evse
    started = bool(station.observed.transactions)
    starts = "EVConnected" in start_points(station)
    operator.plug(evse=evse)
    with station.unordered():
        station.expect_availability("Occupied", evse=evse)
        if started or starts:
            event = transaction_event(
                station, {"CablePluggedIn", "ChargingStateChanged"}, eventType="Updated" if started else "Started"
            )
            assert event.transactionInfo.chargingState == "EVConnected"
            if not started:
                assert event.evse.id == evse


def authorized_locally(station: Station, operator: Operator) -> None:
    """State Authorized (local): a valid token is presented and accepted."""
    data = station.data
    started = bool(station.observed.transactions)
    starts = bool({"Authorized", "PowerPathClosed"} & start_points(station))
    operator.present(data.valid_token, evse=station.hardware.evse)
    request = station.expect("Authorize")
    assert (request.idToken.idToken, request.idToken.type) == (data.valid_token, data.valid_token_type)
    if started or starts:
        event = transaction_event(station, {"Authorized"}, eventType="Updated" if started else "Started")
        assert (event.idToken.idToken, event.idToken.type) == (data.valid_token, data.valid_token_type)


def authorized_remotely(station: Station) -> None:
    """State Authorized (remote): the CSMS requests a start with a valid token."""
    data = station.data
    started = bool(station.observed.transactions)
    starts = bool({"Authorized", "PowerPathClosed"} & start_points(station))
    authorizes = (station.read_variable("AuthCtrlr", "AuthorizeRemoteStart") or "").casefold() == "true"
    token = {"idToken": data.valid_token, "type": data.valid_token_type}
    conf = station.call("RequestStartTransaction", evseId=station.hardware.evse, remoteStartId=4711, idToken=token)
    assert conf.status == "Accepted"
    if started:
        assert conf.transactionId == station.transaction()
    if authorizes:
        assert station.expect("Authorize").idToken.idToken == data.valid_token
    if started or starts:
        reasons = {"RemoteStart", "Authorized"}
        event = station.expect("TransactionEvent", within="transaction")
        assert event.triggerReason in reasons
        assert event.eventType == ("Updated" if started else "Started")
        assert event.transactionInfo.remoteStartId == 4711


def energy_transfer_started(station: Station) -> None:
    """State EnergyTransferStarted with the EV connected: the station charges."""
    event = station.expect(
        "TransactionEvent",
        reaching={"transactionInfo.chargingState": "Charging"},
        passing={"transactionInfo.chargingState": {"EVConnected", "SuspendedEVSE", "SuspendedEV", None}},
        within="transaction",
    )
    assert event.triggerReason == "ChargingStateChanged"


def unavailable(station: Station, evse: int) -> None:
    """State Unavailable for one EVSE: it is made inoperative and reports each of its connectors."""
    conf = station.call("ChangeAvailability", operationalStatus="Inoperative", evse={"id": evse})
    assert conf.status == "Accepted"
    with station.unordered():
        for known in station.hardware.evses:
            for connector in range(1, known.connectors + 1) if known.id == evse else ():
                station.expect_availability("Unavailable", evse=evse, connector=connector)
