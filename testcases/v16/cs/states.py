"""Reusable, memory and configuration states of the 1.6 test document with the charge point under test (2.25, 2.26).

A state that is already reached does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.csms_answers import iso
from ocpp_tck.verdict import Failed, Inconclusive, NotApplicable, NotRun, Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Pending, Received
    from ocpp_tck.roles.station import Station

ENERGY = {"SuspendedEV", "SuspendedEVSE"}
"""Statuses that may come before, instead of or after Charging without anything having gone wrong (1.6 4.9)."""

BEFORE_CHARGING = {"Preparing", *ENERGY}
"""Statuses on the way to Charging; some charge points report Preparing for the cable and again for the token."""

CABLE_IN = {"Preparing", "Finishing"}
"""Statuses that a connector keeps as long as its cable is in (1.6 4.9)."""

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
    station.wait_reported()
    if not station.observed.accepted:
        _accepted(station, operator)
    if not all(_stopped(station, transaction.id) for transaction in list(station.observed.transactions.values())):
        _restart(station, operator)
    _mend(station, operator)
    cancel_reservations(station)
    for evse, connector in list(operator.plugged):
        _unplug(station, operator, connector, evse)
    connectors = range(1, station.hardware.connectors + 1)
    for connector in (0, *connectors):
        if station.observed.status(connector) == "Unavailable":
            set_operative(station, connector)
    for connector in connectors:
        _make_available(station, operator, connector)
    if station.observed.cached:
        station.send("ClearCache").answer()
        station.observed.cached = False
    if station.observed.listed:
        station.send("SendLocalList", listVersion=2, updateType="Full", localAuthorizationList=[]).answer()
        station.observed.listed = False
    clear_profiles(station)


def _accepted(station: Station, operator: Operator) -> None:
    """Wait for the boot of a charge point that was not accepted; one that does not try again is restarted."""
    boots = lambda: True if station.observed.accepted else None  # noqa: E731 - read once, below
    if not station.wait_for(boots, "reboot", "the charge point to boot again"):
        operator.power_cycle()
        station.expect("BootNotification", within="reboot")
    station.wait_reported()


def _make_available(station: Station, operator: Operator, connector: int) -> None:
    """Wait until a connector is available, with a restart where it does not come to that."""
    if _available(station, operator, connector):
        return
    _restart(station, operator)
    if not _available(station, operator, connector):
        raise Inconclusive(f"connector {connector} is {station.observed.status(connector)}, not Available")


def _available(station: Station, operator: Operator, connector: int) -> bool:
    """Wait until a connector is available; False when it does not come to that by itself.

    One that was authorized and not used takes ConnectionTimeOut for that; a socket may hold the cable of a refused
    session until it is unlocked (errata 3.5); a cable may be in since before this run.
    """
    status = station.observed.status(connector)
    if not status or station.wait_status("Available", connector=connector, within="absence"):
        return True
    if station.observed.status(connector) == "Finishing":
        station.send("UnlockConnector", connectorId=connector).answer()
        _pulled(operator, connector, 0)
    limits = ("connection_timeout", "response")
    if any(station.wait_status("Available", connector=connector, within=limit) for limit in limits):
        return True
    if station.observed.status(connector) not in CABLE_IN or not _pulled(operator, connector, 0):
        return False
    return station.wait_status("Available", connector=connector)


def _stopped(station: Station, transaction: int | str) -> bool:
    """Stop a transaction that a case has left running; False when the charge point does not stop it."""
    running = station.observed.transactions
    connector = running[transaction].connector
    before = station.observed.status(connector)
    station.send("RemoteStopTransaction", transactionId=transaction).answer()
    if not station.wait_for(lambda: transaction not in running or None, "transaction", "a transaction to stop"):
        return False
    changed = f"connector {connector} to report the end of the transaction"
    station.wait_for(lambda: station.observed.status(connector) != before or None, "response", changed)
    return True


def _restart(station: Station, operator: Operator) -> None:
    """Restart a charge point that holds on to a transaction or a cable, or no longer knows it."""
    for evse, connector in list(operator.plugged):
        _pulled(operator, connector, evse)
    try:
        operator.power_cycle()
    except NotRun:
        station.call("Reset", type="Hard")
    station.expect("BootNotification", within="reboot")
    station.observed.transactions.clear()
    station.wait_reported()


def _mend(station: Station, operator: Operator) -> None:
    """Take away the faults and failures that a case has left."""
    if operator.failing_list:
        operator.local_list_failure(active=False)
    for evse, connector in list(operator.failing_locks):
        operator.lock_failure(connector, active=False, evse=evse)
    for evse, connector in list(operator.faulted):
        operator.clear_fault(connector, evse=evse)
        station.expect_status({"Available", "Preparing", "Finishing"}, connector=connector, passing={"Faulted"})
    if station.observed.status(0) == "Faulted":
        raise Inconclusive("the charge point reports itself, as connector 0, Faulted")


def _unplug(station: Station, operator: Operator, connector: int, evse: int) -> None:
    """Take the cable out; a socket that holds it is unlocked first (errata 3.5), in the end by a restart."""
    if station.observed.status(connector) == "Finishing":
        station.send("UnlockConnector", connectorId=connector).answer()
    if _pulled(operator, connector, evse):
        return
    station.call("UnlockConnector", connectorId=connector)
    if _pulled(operator, connector, evse):
        return
    _restart(station, operator)
    if (evse, connector) in operator.plugged:
        operator.unplug(connector, evse=evse)


def _pulled(operator: Operator, connector: int, evse: int) -> bool:
    """Try to take a cable out; False when it does not come."""
    try:
        operator.unplug(connector, evse=evse)
    except Inconclusive:
        return False
    return True


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


def charging(
    station: Station, operator: Operator, token: str | None = None, *, profile: Mapping[str, Any] | None = None
) -> int | str:
    """State Charging: a transaction runs on the configured connector, started remotely; gives its id.

    `profile` is a charging profile that the remote start brings along.
    """
    connector = station.hardware.connector
    token = token or station.data.valid_token
    authorizes = is_true(station.read_key("AuthorizeRemoteTxRequests"))
    occupied(station, operator)
    extra = {} if profile is None else {"chargingProfile": profile}
    conf = station.call("RemoteStartTransaction", connectorId=connector, idTag=token, **extra)
    assert conf.status == "Accepted"
    with station.unordered():
        if authorizes:
            assert station.expect("Authorize").idTag == token
        start = station.expect("StartTransaction", where={"connectorId": connector}, within="transaction")
        assert start.idTag == token
        station.expect_status("Charging", connector=connector, passing=BEFORE_CHARGING, within="transaction")
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


def occupied(station: Station, operator: Operator, connector: int | None = None) -> None:
    """State SetConnectorOccupied: a cable is plugged in at a connector, the configured one if none is given.

    It reports Preparing.
    """
    connector = station.hardware.connector if connector is None else connector
    if station.observed.status(connector) == "Preparing":
        return
    operator.plug(connector)
    station.expect_status("Preparing", connector=connector)


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


def leave_operative(station: Station) -> None:
    """Let every connector be used again at the end of a case, so that the last one leaves no connector out of use."""
    for connector in range(station.hardware.connectors + 1):
        if station.observed.status(connector) == "Unavailable":
            station.send("ChangeAvailability", connectorId=connector, type="Operative").answer()


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation that the kit has asked for.

    Attributes:
        id: its reservationId.
        expires: its expiryDate in seconds since the epoch.
        asked: the request.
    """

    id: int
    expires: float
    asked: Pending


def reserve(
    station: Station, connector: int | None = None, *, parent: str = "", lasting: int | None = None
) -> Reservation:
    """Ask to reserve a connector (0: any of them), the configured one when none is given, for the valid token.

    Args:
        station: the charge point.
        connector: connectorId.
        parent: parentIdTag; none when it is empty.
        lasting: seconds until it expires; long enough for any case when absent.
    """
    number = station.observed.reserve()
    expires = station.conversation.clock.now() + (station.data.reservation_duration if lasting is None else lasting)
    asked = station.send(
        "ReserveNow",
        connectorId=station.hardware.connector if connector is None else connector,
        expiryDate=iso(expires),
        idTag=station.data.valid_token,
        reservationId=number,
        **({"parentIdTag": parent} if parent else {}),
    )
    return Reservation(number, expires, asked)


def reserved(station: Station) -> Reservation:
    """State Reserved: the configured connector is reserved for the valid token, and reports so."""
    reservation = reserve(station)
    assert reservation.asked.response().status == "Accepted"
    station.expect_status("Reserved")
    return reservation


def charging_as_reserved(station: Station, operator: Operator, reservation: Reservation, token: str = "") -> None:
    """State Charging at the configured connector while it is Reserved: the transaction uses the reservation.

    Preparing may be told for the cable already, and an Authorize need not come.
    """
    connector = station.hardware.connector
    token = token or station.data.valid_token
    operator.plug()
    conf = station.call("RemoteStartTransaction", connectorId=connector, idTag=token)
    assert conf.status == "Accepted"
    with station.unordered():
        start = station.expect("StartTransaction", where={"connectorId": connector}, within="transaction")
        assert (start.idTag, start.reservationId) == (token, reservation.id)
        station.expect_status("Charging", passing=BEFORE_CHARGING | {"Reserved"}, within="transaction")
    told = {"connectorId": connector, "status": "Preparing"}
    assert station.seen("StatusNotification", where=told), "the connector was not reported Preparing"


def cancel_reservations(station: Station) -> None:
    """Cancel what the kit has reserved; what has been used or has expired is Rejected, which is fine."""
    for number in sorted(station.observed.reservations):
        station.send("CancelReservation", reservationId=number).answer()
        station.observed.reservations.discard(number)


def clear_profiles(station: Station) -> None:
    """Take the charging profiles away that a case has set, so that they limit no later transaction."""
    if station.observed.profiled:
        station.send("ClearChargingProfile").answer()
        station.observed.profiled = False


# -- memory states (2.26) --------------------------------------------------------------------------------------------


def cached(station: Station, operator: Operator, token: str | None = None) -> None:
    """State IdTagCached: a token, the valid one if not given, is in the cache since a transaction that it stopped.

    Where nothing can be stopped at the charge point itself, the transaction is stopped remotely.
    """
    connector = station.hardware.connector
    token = token or station.data.valid_token
    transaction = charging(station, operator, token)
    if station.declared.get("local_stop", True):
        operator.present(token)
    else:
        assert station.call("RemoteStopTransaction", transactionId=transaction).status == "Accepted"
    with station.unordered():
        stop = station.expect("StopTransaction", within="transaction")
        assert stop.transactionId == transaction
        station.expect_status("Finishing", connector=connector, passing=ENERGY)
    operator.unplug()
    station.expect_status("Available", connector=connector, passing={"Finishing"})


def in_local_list(station: Station, token: str) -> None:
    """State IdTagLocalAuthList: a token is in the local authorization list as accepted."""
    assert send_list(station, 1, "Full", token).response().status == "Accepted"


def send_list(station: Station, version: int, kind: str, *tokens: str) -> Pending:
    """Send a Full or Differential update of the local authorization list, with tokens as accepted."""
    entries = [{"idTag": token, "idTagInfo": {"status": "Accepted"}} for token in tokens]
    station.observed.listed = True
    return station.send("SendLocalList", listVersion=version, updateType=kind, localAuthorizationList=entries)


def known_offline(station: Station, operator: Operator, token: str) -> None:
    """Configuration and memory states of the cases that start offline (2.14): the charge point trusts a token.

    Each way is used that is implemented. The cache has no key of its own at every charge point (9.1.1): without
    another way it is relied on.
    """
    station.configure("LocalAuthorizeOffline", "true")
    listed = station.configure("LocalAuthListEnabled", "true", if_implemented=True)
    cache = station.configure("AuthorizationCacheEnabled", "true", if_implemented=True)
    unknown = station.configure("AllowOfflineTxForUnknownId", "true", if_implemented=True)
    if cache or not (listed or unknown):
        cached(station, operator, token)
    if listed:
        in_local_list(station, token)


def refuse_authorize(station: Station) -> None:
    """Let the central system say nothing that a charge point could start the valid token by.

    With LocalPreAuthorize a charge point may ask about a token that it knows all the same (4.1), and does not wait for
    the answer (9.1.13): one that starts has authorized the token by itself.
    """
    station.refuse("Authorize", "SecurityError", where={"idTag": station.data.valid_token})


# -- configuration states --------------------------------------------------------------------------------------------


def value_of(station: Station, key: str) -> str:
    """Give the value of a configuration key, empty when it is absent (state GetConfiguration)."""
    entry = station.read_key(key)
    return str(entry.get("value") or "").strip() if entry is not None else ""


def is_true(entry: Any) -> bool:
    """Whether a configuration key, as `Station.read_key` gives it, is there and true."""
    return entry is not None and str(entry.get("value")).strip().casefold() == "true"


def report_at_once(station: Station) -> None:
    """General precondition (1.3): MinimumStatusDuration is 0; a charge point that can't be set so is fine too."""
    try:
        station.configure("MinimumStatusDuration", "0", if_implemented=True)
    except (Failed, Inconclusive) as error:
        if isinstance(error, Unanswered):
            raise


def not_asked(station: Station, entry: Any) -> None:
    """Demand that no Authorize came, as AuthorizeRemoteTxRequests, if it is false, wants it (5.11)."""
    if entry is not None and str(entry.get("value")).strip().casefold() == "false":
        assert not station.seen("Authorize"), "an Authorize came although AuthorizeRemoteTxRequests is false"


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

    Each change of a status is told (errata 3.19): a charge point may be Unavailable while it starts, and a connector
    Available until its cable is noticed (OCTT 2.13.2 step 3).

    `others` gives the connectors that are to have other statuses than Available.
    """
    with station.unordered():
        for connector in range(station.hardware.connectors + 1):
            wanted = (others or {}).get(connector, {"Available"})
            passing = set() if "Unavailable" in wanted else {"Unavailable", "Available"} - wanted
            station.expect_status(wanted, connector=connector, passing=passing)


def come_back(station: Station) -> None:
    """Demand that a charge point which has accepted a reset is connected, whether it has booted or not (1.6 5.14)."""
    back = station.wait_for(lambda: station.conversation.is_connected or None, "reboot", "the charge point to return")
    assert back, "the charge point did not come back after its reset"


def expect_before_boot(station: Station, action: str, where: dict[str, Any]) -> Received:
    """Take a message that must come before the next BootNotification."""
    found = station.expect_optional(action, before="BootNotification", where=where, within="reboot")
    wanted = ", ".join(f"{name} {value}" for name, value in where.items())
    assert found is not None, f"no {action} with {wanted} came before the BootNotification"
    return found


def not_early(station: Station, first: Received, second: Received, seconds: float) -> None:
    """Demand that a wait that the charge point must keep lay between two messages.

    The first one may have been long on its way: the limit interval, but never more than half of the wait, is tolerated.
    """
    waited = second.event.time - first.event.time
    tolerated = max((1 - EARLY) * seconds, min(station.limits.interval, seconds / 2))
    assert waited >= seconds - tolerated, f"{second.event.action} came after {waited:.1f} s instead of {seconds:g} s"


def not_before(station: Station, received: Received, moment: float, seconds: float) -> None:
    """Demand that a message did not come before a moment that was set `seconds` ahead; clocks differ a little."""
    tolerated = max((1 - EARLY) * seconds, min(station.limits.interval, seconds / 2))
    early = moment - received.event.time
    assert early <= tolerated, f"{received.event.action} came {early:.1f} s too early"


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
