"""What the kit has learned of a station from the frames: connector states, open transactions, boots.

It outlives cases: the idle check between cases and the reusable states look here before they ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.payload import lookup

if TYPE_CHECKING:
    from ocpp_tck.roles.events import Event


_TEACHING = {
    "Authorize": "_authorize",
    "BootNotification": "_boot_notification",
    "NotifyEvent": "_notify_event",
    "StartTransaction": "_start_transaction",
    "StatusNotification": "_status_notification",
    "StopTransaction": "_stop_transaction",
    "TransactionEvent": "_transaction_event",
}
"""The requests that teach something, and what learns from them: an action is the product's and names nothing here."""
LONGEST = 36
"""Characters of a transaction id (2.0.1 Part 2, TransactionType): the kit asks for no transaction with a longer one."""
MOST = 1000
"""Connectors and transactions that are followed: no station has more, and a product may make up new ones for ever."""


@dataclass(slots=True)
class Transaction:
    """An open transaction of the station under test."""

    id: int | str
    connector: int
    token: str
    evse: int = 0


@dataclass(slots=True)
class Observed:
    """State of the station under test, from its own messages.

    Attributes:
        booted: payload of the last BootNotification, empty when none was seen.
        accepted: whether the kit accepted that boot (True when no boot was seen: the station knows the kit).
        connectors: status by (EVSE, connector); 1.6 has EVSE 0.
        errors: errorCode by connector (1.6).
        transactions: open transactions by id; that of 2.x is case-insensitive and stands in small letters.
        cached: whether a token may be in the authorization cache since the last ClearCache.
        listed: whether the kit has put a token into the local authorization list.
        reservations: ids of the reservations that the kit has made (1.6) and that may still stand.
        reservations_made: the highest of all those ids.
        profiled: whether the kit has set a charging profile.
    """

    booted: dict[str, Any] = field(default_factory=dict)
    accepted: bool = True
    connectors: dict[tuple[int, int], str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    transactions: dict[int | str, Transaction] = field(default_factory=dict)
    cached: bool = True
    listed: bool = False
    reservations: set[int] = field(default_factory=set)
    reservations_made: int = 0
    profiled: bool = False

    def status(self, connector: int, evse: int = 0) -> str:
        """Last status of a connector, empty when it never reported one."""
        return self.connectors.get((evse, connector), "")

    def reserve(self, number: int = 0) -> int:
        """Note a reservation that the kit asks for; gives its id, a new one when none is given."""
        number = number or self.reservations_made + 1
        self.reservations_made = max(self.reservations_made, number)
        self.reservations.add(number)
        return number

    def notice(self, event: Event) -> None:
        """Learn from one request of the station and the kit's answer to it."""
        reported = states(event.action, event.payload) if event.kind == "call" else []
        event.repeats = bool(reported) and all(self.connectors.get(place) == state for place, state in reported)
        name = _TEACHING.get(event.action) if event.kind == "call" else None
        if name is not None and isinstance(event.payload, dict):
            getattr(self, name)(event.payload, event.reply if isinstance(event.reply, dict) else {})

    def _boot_notification(self, payload: dict[str, Any], reply: dict[str, Any]) -> None:
        self.booted = payload
        self.accepted = reply.get("status") == "Accepted"
        self.connectors.clear()  # after an accepted boot each connector reports anew (1.6 errata 3.22; 2.0.1 B01.FR.05)

    def _status_notification(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:
        connector = payload.get("connectorId")
        status = payload.get("status", payload.get("connectorStatus"))
        evse = payload.get("evseId", 0)
        if isinstance(connector, int) and isinstance(evse, int) and isinstance(status, str):
            self._report((evse, connector), status)
            if connector in self.errors or len(self.errors) < MOST:
                self.errors[connector] = str(payload.get("errorCode", ""))

    def _report(self, place: tuple[int, int], status: str) -> None:
        if place in self.connectors or len(self.connectors) < MOST:
            self.connectors[place] = status

    def _notify_event(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:
        for place, status in availabilities("NotifyEvent", payload):
            self._report(place, status)

    def _authorize(self, _payload: dict[str, Any], _reply: dict[str, Any]) -> None:
        self.cached = True

    def _start_transaction(self, payload: dict[str, Any], reply: dict[str, Any]) -> None:
        self.cached = True
        identifier = reply.get("transactionId")
        connector = payload.get("connectorId")
        if isinstance(identifier, int) and isinstance(connector, int) and len(self.transactions) < MOST:
            self.transactions[identifier] = Transaction(identifier, connector, str(payload.get("idTag", "")))

    def _stop_transaction(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:
        self.cached = True
        self.transactions.pop(payload.get("transactionId", ""), None)

    def _transaction_event(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:
        self.cached = True
        identifier = lookup(payload, "transactionInfo.transactionId")
        if not isinstance(identifier, str) or len(identifier) > LONGEST or not identifier.isprintable():
            return
        key = identifier.casefold()
        if payload.get("eventType") == "Ended":
            self.transactions.pop(key, None)
            return
        if key not in self.transactions and len(self.transactions) >= MOST:
            return
        known = self.transactions.setdefault(key, Transaction(identifier, 1, ""))
        evse = lookup(payload, "evse.id")
        token = lookup(payload, "idToken.idToken")
        known.evse = evse if isinstance(evse, int) else known.evse
        known.token = str(token) if token is not None else known.token


def states(action: str, payload: Any) -> list[tuple[tuple[int, int], str]]:
    """Give the connector states that a message of any version reports, as ((EVSE, connector), state)."""
    if action == "StatusNotification" and lookup(payload, "connectorStatus") is None:
        connector, status = lookup(payload, "connectorId"), lookup(payload, "status")
        return [((0, connector), status)] if isinstance(connector, int) and isinstance(status, str) else []
    return availabilities(action, payload)


def availabilities(action: str, payload: Any) -> list[tuple[tuple[int, int], str]]:
    """Give the connector states that a 2.x message reports, as ((EVSE, connector), state) in its order."""
    if action == "StatusNotification":
        place = (lookup(payload, "evseId"), lookup(payload, "connectorId"))
        return [(place, str(lookup(payload, "connectorStatus")))]
    if action != "NotifyEvent":
        return []
    found = []
    entries = lookup(payload, "eventData")
    for entry in entries if isinstance(entries, list) else ():
        if lookup(entry, "component.name") == "Connector" and lookup(entry, "variable.name") == "AvailabilityState":
            evse, connector = lookup(entry, "component.evse.id"), lookup(entry, "component.evse.connectorId")
            if isinstance(evse, int) and isinstance(connector, int):  # an illegal message teaches nothing
                found.append(((evse, connector), str(lookup(entry, "actualValue"))))
    return found
