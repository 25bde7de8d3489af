"""Reusable states of Part 6 with the charging station under test. A state that is already reached does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.verdict import Inconclusive

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

METERED = {"MeterValuePeriodic", "MeterValueClock"}
"""Trigger reasons of the events with which a station may report meter values at any moment (2.0.1 J02)."""

AUTHORIZING = {"Authorized", "RemoteStart"}
"""Trigger reasons of the first event after an authorization (2.0.1 E02.FR.01, F01.FR.19)."""

UNASKED = {"Central", "NoAuthorization"}
"""Types of idTokens about which the station need not ask, and must not for Central (C02, C05.FR.01)."""

START_POINTS = {"parkingbayoccupancy", "evconnected", "authorized", "datasigned", "powerpathclosed", "energytransfer"}
"""Values of TxCtrlr.TxStartPoint (2.0.1 Part 2, TxStartPointValues), in small letters."""

REMOTE_START_ID = 4711


def idle(station: Station, operator: Operator) -> None:
    """Reach the general preconditions: connected, every connector available, no transaction."""
    if not operator.powered:
        operator.power_on()
    station.wait_connected(within="boot")
    station.wait_reported()
    for transaction in list(station.observed.transactions.values()):
        station.send("RequestStopTransaction", transactionId=str(transaction.id)).answer()
    for evse, connector in list(operator.plugged):
        operator.unplug(connector, evse=evse)
        if station.observed.status(connector, evse) != "Available":
            station.expect_availability("Available", evse=evse, connector=connector)
    ended = lambda: None if station.observed.transactions else True  # noqa: E731 - read once, below
    if not station.wait_for(ended, "transaction", "the end of transactions"):
        _restart(station)
    for known in station.hardware.evses:
        if station.observed.status(1, known.id) == "Unavailable":
            station.call("ChangeAvailability", operationalStatus="Operative", evse={"id": known.id})
            station.expect_availability("Available", evse=known.id)
        for connector in range(1, known.connectors + 1):
            _available(station, operator, known.id, connector)
    if station.observed.cached:
        station.send("ClearCache").answer()  # a station without a cache may refuse
        station.observed.cached = False


def _available(station: Station, operator: Operator, evse: int, connector: int) -> None:
    """Wait until a connector is available; of one that has reported nothing yet nothing is known.

    A cable may be in since before this run: it is taken out.
    """
    if not station.observed.status(connector, evse):
        return
    if station.wait_status("Available", connector=connector, evse=evse, within="absence"):
        return
    if station.observed.status(connector, evse) == "Occupied":
        operator.unplug(connector, evse=evse)
        if station.wait_status("Available", connector=connector, evse=evse):
            return
    status = station.observed.status(connector, evse)
    raise Inconclusive(f"EVSE {evse} connector {connector} is {status}, not Available")


def _restart(station: Station) -> None:
    """Restart a station that holds on to a transaction, or no longer knows it."""
    station.call("Reset", type="Immediate")
    station.expect("BootNotification", within="reboot")
    station.observed.transactions.clear()
    station.wait_reported()


def start_points(station: Station) -> set[str]:
    """Read TxCtrlr.TxStartPoint: when the station starts a transaction (2.0.1 E01); values in small letters.

    Every station has that variable, and it has one of the listed values at least.
    """
    value = station.read_variable("TxCtrlr", "TxStartPoint")
    assert value is not None, "TxCtrlr.TxStartPoint can't be read"
    points = {point.strip().casefold() for point in value.split(",")}
    assert points <= START_POINTS, f"TxCtrlr.TxStartPoint is {value!r}"
    return points


def authorizes_remote_starts(station: Station) -> bool:
    """Read AuthCtrlr.AuthorizeRemoteStart (2.0.1 F01.FR.01, F01.FR.02), a boolean that every station has."""
    value = (station.read_variable("AuthCtrlr", "AuthorizeRemoteStart") or "").casefold()
    assert value in {"true", "false"}, f"AuthCtrlr.AuthorizeRemoteStart is {value or 'not readable'}"
    return value == "true"


def authorization_enabled(station: Station) -> None:
    """Configuration state of the local and remote start cases."""
    station.set_variable("AuthCtrlr", "Enabled", "true", if_implemented=True)
    station.set_variable("AuthCtrlr", "DisableRemoteAuthorization", "false", if_implemented=True)


def booted(station: Station) -> None:
    """State Booted, part with a Reset: the station boots, says why, is accepted and reports every connector."""
    conf = station.call("Reset", type="Immediate")
    assert conf.status == "Accepted"
    boot = station.expect_boot()
    assert boot.reason == "RemoteReset"  # B01.FR.09, BootReasonEnumType
    with station.unordered():
        for evse in station.hardware.evses:
            for connector in range(1, evse.connectors + 1):
                availability(station, "Available", evse.id, connector)
        station.expect("SecurityEventNotification", where={"type": {"StartupOfTheDevice", "ResetOrReboot"}})


def availability(station: Station, state: str, evse: int, connector: int) -> None:
    """Wait for a connector's state; a NotifyEvent must give it as a change (trigger Delta)."""
    report = station.expect_availability(state, evse=evse, connector=connector)
    for entry in report.get("eventData", ()):
        if entry.variable.name == "AvailabilityState":
            assert entry.trigger == "Delta"


def transaction_event(
    station: Station, reasons: set[str], *, of: int | str | None = None, connected: bool = True, **fields: Any
) -> Received:
    """Wait for the next TransactionEvent, but for meter values, and check what it says about the transaction.

    Args:
        station: the station under test.
        reasons: the trigger reasons of which it has one.
        of: id of the transaction that it belongs to; None when it starts one.
        connected: the EV is connected, so that the charging state is another than Idle.
        fields: values of the event's own fields.
    """
    event = station.expect("TransactionEvent", within="transaction")
    while event.triggerReason in METERED:
        event = station.expect("TransactionEvent", within="transaction")
    assert event.triggerReason in reasons
    assert of is None or event.transactionInfo.transactionId == of
    assert not connected or event.transactionInfo.get("chargingState") != "Idle"
    for name, value in fields.items():
        assert event.get(name) == value
    return event


def ev_connected(station: Station, operator: Operator) -> None:
    """State EVConnectedPreSession: the cable is plugged in at the configured EVSE.

    The next event says where (E01.FR.16).
    """
    evse = station.hardware.evse
    running = station.transaction() if station.observed.transactions else None
    starts = "evconnected" in start_points(station)
    operator.plug(evse=evse)
    with station.unordered():
        station.expect_availability("Occupied", evse=evse)
        if running is not None or starts:
            event = transaction_event(
                station,
                {"CablePluggedIn", "ChargingStateChanged"},
                of=running,
                eventType="Started" if running is None else "Updated",
            )
            assert event.transactionInfo.chargingState in {"EVConnected", "SuspendedEVSE"}
            assert (event.evse.id, event.evse.connectorId) == (evse, station.hardware_connector)


def authorized_locally(station: Station, operator: Operator) -> Received | None:
    """State Authorized (local): a valid token is presented and accepted; gives the event that says so, if one has to.

    The first event after the authorization has that reason and the token, whatever else it tells (E02.FR.01).
    """
    data = station.data
    running = station.transaction() if station.observed.transactions else None
    starts = bool({"authorized", "powerpathclosed"} & start_points(station))
    operator.present(data.valid_token, evse=station.hardware.evse)
    request = station.expect("Authorize")
    assert (request.idToken.idToken, request.idToken.type) == (data.valid_token, data.valid_token_type)
    if running is None and not starts:
        return None
    event = transaction_event(
        station,
        {"Authorized"},
        of=running,
        connected=bool(operator.plugged),
        eventType="Started" if running is None else "Updated",
    )
    assert (event.idToken.idToken, event.idToken.type) == (data.valid_token, data.valid_token_type)
    return event


def authorized_remotely(station: Station, operator: Operator) -> Received | None:
    """State Authorized (remote): the CSMS requests a start with a valid token; gives the event that says so, if any.

    The first event after the request has the reason RemoteStart and its remoteStartId (F01.FR.19, F01.FR.25).
    """
    data = station.data
    running = station.transaction() if station.observed.transactions else None
    starts = bool({"authorized", "powerpathclosed"} & start_points(station))
    authorizes = authorizes_remote_starts(station)
    token = {"idToken": data.valid_token, "type": data.valid_token_type}
    conf = station.call(
        "RequestStartTransaction", evseId=station.hardware.evse, remoteStartId=REMOTE_START_ID, idToken=token
    )
    assert conf.status == "Accepted"
    if running is not None:
        assert conf.transactionId == running
    if authorizes and data.valid_token_type not in UNASKED:
        request = station.expect("Authorize")
        assert (request.idToken.idToken, request.idToken.type) == (data.valid_token, data.valid_token_type)
    if running is None and not starts:
        return None
    event = transaction_event(
        station,
        {"RemoteStart"},
        of=running,
        connected=bool(operator.plugged),
        eventType="Started" if running is None else "Updated",
    )
    assert event.transactionInfo.remoteStartId == REMOTE_START_ID
    assert (event.idToken.idToken, event.idToken.type) == (data.valid_token, data.valid_token_type)
    return event


def energy_transfer_started(station: Station, authorized: Received | None) -> None:
    """State EnergyTransferStarted with the EV connected: the station charges.

    The event that told of the authorization (`authorized`) may have said so already: where two reasons overlap the
    more specific one is used (E02.FR.17). Without such an event the first one has the authorization's reason.
    """
    if authorized is not None and authorized.transactionInfo.get("chargingState") == "Charging":
        return
    event = station.expect(
        "TransactionEvent",
        reaching={"transactionInfo.chargingState": "Charging"},
        passing={"transactionInfo.chargingState": {"EVConnected", "SuspendedEVSE", "SuspendedEV", None}},
        within="transaction",
    )
    if authorized is None:
        assert event.triggerReason in {"ChargingStateChanged", *AUTHORIZING}
        assert event.eventType in {"Started", "Updated"}
        return
    assert event.triggerReason == "ChargingStateChanged"
    assert event.eventType == "Updated"
    assert event.transactionInfo.transactionId == authorized.transactionInfo.transactionId


def leave_operative(station: Station) -> None:
    """Let every EVSE be used again at the end of a case, so that the last one leaves none out of use."""
    for evse in sorted(
        {known for (known, _), status in station.observed.connectors.items() if status == "Unavailable"}
    ):
        station.send("ChangeAvailability", operationalStatus="Operative", evse={"id": evse}).answer()


def unavailable(station: Station, evse: int) -> None:
    """State Unavailable for one EVSE: it is made inoperative and reports each of its connectors."""
    conf = station.call("ChangeAvailability", operationalStatus="Inoperative", evse={"id": evse})
    assert conf.status == "Accepted"
    with station.unordered():
        for known in station.hardware.evses:
            for connector in range(1, known.connectors + 1) if known.id == evse else ():
                availability(station, "Unavailable", evse, connector)
