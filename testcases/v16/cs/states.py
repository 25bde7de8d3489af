"""Reusable, memory and configuration states of the 1.6 test document with the charge point under test (2.25, 2.26).

A state that is already reached does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.verdict import Inconclusive, NotApplicable

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

ENERGY = {"SuspendedEV", "SuspendedEVSE"}
"""Statuses that may come before, instead of or after Charging without anything having gone wrong (1.6 4.9)."""

IN_BETWEEN = (
    "StatusNotification",
    "MeterValues",
    "DataTransfer",
    "Authorize",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "SecurityEventNotification",
)
"""Requests with which an idle charge point may put off its Heartbeat (1.6 4.6)."""

EARLY = 0.9
"""Part of a minimum wait after which its end is believed: timers of charge points tick coarsely."""


# -- general preconditions -------------------------------------------------------------------------------------------


def idle(station: Station, operator: Operator) -> None:
    """Reach the general preconditions (1.3): connected, available, no transaction, no fault, empty cache."""
    if not operator.powered:
        operator.power_on()
    station.wait_connected(within="boot")
    if not station.observed.accepted:
        station.expect("BootNotification", within="reboot")
    for transaction in list(station.observed.transactions.values()):
        station.call("RemoteStopTransaction", transactionId=transaction.id)
        station.expect("StopTransaction", where={"transactionId": transaction.id}, within="transaction")
    _mend(station, operator)
    for evse, connector in list(operator.plugged):
        _unplug(station, operator, connector, evse)
        if station.observed.status(connector) != "Available":
            station.expect_status("Available", connector=connector, passing={"Finishing", "Preparing", "Unavailable"})
    connectors = range(1, station.hardware.connectors + 1)
    for connector in (0, *connectors):
        if station.observed.status(connector) == "Unavailable":
            set_operative(station, connector)
    if station.observed.status(station.hardware.connector) in {"Preparing", "Finishing"}:
        station.expect_status("Available", passing={"Finishing"}, within="connection_timeout")
    if station.observed.cached:
        station.call("ClearCache")
        station.observed.cached = False


def _mend(station: Station, operator: Operator) -> None:
    """Take away the faults and lock failures that a case has left."""
    for evse, connector in list(operator.failing_locks):
        operator.lock_failure(connector, active=False, evse=evse)
        if station.observed.status(connector) == "Faulted":
            station.expect_status({"Available", "Preparing", "Finishing"}, connector=connector, passing={"Faulted"})
    for evse, connector in list(operator.faulted):
        operator.clear_fault(connector, evse=evse)
        station.expect_status("Available", connector=connector, passing={"Preparing", "Finishing", "Faulted"})


def _unplug(station: Station, operator: Operator, connector: int, evse: int) -> None:
    """Take the cable out; a socket that still holds it is unlocked first."""
    try:
        operator.unplug(connector, evse=evse)
    except Inconclusive:
        station.call("UnlockConnector", connectorId=connector)
        operator.unplug(connector, evse=evse)


# -- reusable states (2.25) ------------------------------------------------------------------------------------------


def authorized(station: Station, operator: Operator, token: str | None = None) -> None:
    """State Authorized: a valid token is presented and accepted."""
    token = token or station.data.valid_token
    preparing = station.observed.status(station.hardware.connector) == "Preparing"
    operator.present(token)
    with station.unordered():
        assert station.expect("Authorize").idTag == token
        if not preparing:
            station.expect_status("Preparing")


def charging(station: Station, operator: Operator) -> int | str:
    """State Charging: a transaction runs on the configured connector, started remotely; gives its id."""
    connector = station.hardware.connector
    authorizes = is_true(station.read_key("AuthorizeRemoteTxRequests"))
    occupied(station, operator)
    conf = station.call("RemoteStartTransaction", connectorId=connector, idTag=station.data.valid_token)
    assert conf.status == "Accepted"
    with station.unordered():
        if authorizes:
            assert station.expect("Authorize").idTag == station.data.valid_token
        start = station.expect("StartTransaction", where={"connectorId": connector}, within="transaction")
        assert start.idTag == station.data.valid_token
        station.expect_status("Charging", connector=connector, passing=ENERGY, within="transaction")
    return station.transaction(connector)


def faulted(station: Station, operator: Operator) -> None:
    """State SetConnectorFaulted: the configured connector reports Faulted."""
    operator.fault()
    station.expect_status("Faulted")


def charge_point_faulted(station: Station, operator: Operator) -> None:
    """State SetChargePointFaulted: connector 0 and every connector report Faulted."""
    operator.fault(0)
    with station.unordered():
        for connector in range(station.hardware.connectors + 1):
            station.expect_status("Faulted", connector=connector)


def unavailable(station: Station, connector: int | None = None) -> None:
    """State SetConnectorUnavailable: a connector, the configured one when none is given, reports Unavailable."""
    connector = station.hardware.connector if connector is None else connector
    if station.observed.status(connector) == "Unavailable":
        return
    assert station.call("ChangeAvailability", connectorId=connector, type="Inoperative").status == "Accepted"
    station.expect_status("Unavailable", connector=connector)


def charge_point_unavailable(station: Station) -> None:
    """State SetChargePointUnavailable: connector 0 and every connector report Unavailable."""
    assert station.call("ChangeAvailability", connectorId=0, type="Inoperative").status == "Accepted"
    with station.unordered():
        for connector in range(station.hardware.connectors + 1):
            station.expect_status("Unavailable", connector=connector)


def occupied(station: Station, operator: Operator) -> None:
    """State SetConnectorOccupied: a cable is plugged in at the configured connector, which reports Preparing."""
    if station.observed.status(station.hardware.connector) == "Preparing":
        return
    operator.plug()
    station.expect_status("Preparing")


def others_occupied(station: Station) -> None:
    """Let a token that is presented start nothing at another connector, as 068 and 069 want it.

    The document has the other connectors occupied where they share a reader. Inoperative ones serve the purpose at
    every charge point, also at one that can't charge two vehicles at once.
    """
    for connector in range(1, station.hardware.connectors + 1):
        if connector != station.hardware.connector:
            unavailable(station, connector)


def set_operative(station: Station, connector: int) -> None:
    """Let a connector (0: the whole charge point) be used again."""
    station.call("ChangeAvailability", connectorId=connector, type="Operative")
    if station.observed.status(connector) != "Available":
        station.expect_status("Available", connector=connector)


# -- memory states (2.26) --------------------------------------------------------------------------------------------


def cached(station: Station, operator: Operator) -> None:
    """State IdTagCached: the valid token is in the authorization cache since a transaction that it stopped."""
    connector = station.hardware.connector
    transaction = charging(station, operator)
    operator.present(station.data.valid_token)
    with station.unordered():
        stop = station.expect("StopTransaction", within="transaction")
        assert stop.transactionId == transaction
        station.expect_status("Finishing", connector=connector, passing=ENERGY)
    operator.unplug()
    station.expect_status("Available", connector=connector, passing={"Finishing"})


# -- configuration states --------------------------------------------------------------------------------------------


def is_true(entry: Any) -> bool:
    """Whether a configuration key, as `Station.read_key` gives it, is there and true."""
    return entry is not None and str(entry.get("value")).strip().casefold() == "true"


def require_key(station: Station, key: str, value: str) -> None:
    """Give a key the value without which the document does not run the case (errata 3.80, 3.84).

    Raises:
        NotApplicable: the charge point lacks the key or has another value that can't be changed.
    """
    if not station.configure(key, value, if_implemented=True):
        raise NotApplicable(f"the configuration key {key} is absent, or read-only with a value other than {value}")


def use_cache(station: Station) -> None:
    """Configuration of the cases about the authorization cache: it is used online too (3.5, 9.1.13)."""
    station.configure("AuthorizationCacheEnabled", "true", if_implemented=True)
    station.configure("LocalPreAuthorize", "true")


# -- checks that several documents' sections share -------------------------------------------------------------------


def available_after_boot(station: Station, others: dict[int, set[str]] | None = None) -> None:
    """Take a status of connector 0 and of every connector after an accepted boot (errata 3.22).

    `others` gives the connectors that are to have other statuses than Available.
    """
    with station.unordered():
        for connector in range(station.hardware.connectors + 1):
            station.expect_status((others or {}).get(connector, {"Available"}), connector=connector)


def expect_before_boot(station: Station, action: str, where: dict[str, Any]) -> Received:
    """Take a message that must come before the next BootNotification."""
    found = station.expect_optional(action, before="BootNotification", where=where, within="reboot")
    wanted = ", ".join(f"{name} {value}" for name, value in where.items())
    assert found is not None, f"no {action} with {wanted} came before the BootNotification"
    return found


def not_early(first: Received, second: Received, seconds: float) -> None:
    """Demand that a wait that the charge point must keep lay between two messages."""
    waited = second.event.time - first.event.time
    assert waited >= EARLY * seconds, f"{second.event.action} came after {waited:.1f} s instead of {seconds:g} s"


def next_heartbeat(station: Station) -> Received:
    """Take the next Heartbeat; each other request may put it off by an interval (1.6 4.6).

    Raises:
        Inconclusive: the charge point had something else to say all the time.
    """
    began = station.conversation.clock.now()
    while True:
        received = station.expect(("Heartbeat", *IN_BETWEEN), within="heartbeat_interval")
        if received.event.action == "Heartbeat":
            return received
        if received.event.time - began > 3 * station.limit("heartbeat_interval"):
            raise Inconclusive("the charge point sends so many other requests that no Heartbeat is due")


def heartbeats(station: Station) -> None:
    """Demand two Heartbeats with the interval of the test data between them (1.6 4.6)."""
    interval, tolerance = station.data.heartbeat_interval, station.limits.interval
    first, second = next_heartbeat(station), next_heartbeat(station)
    between = second.event.time - first.event.time
    assert between >= interval - tolerance, f"two Heartbeats came within {between:.1f} s instead of {interval} s"
