"""What the kit has learned of a station from the frames: connector states, open transactions, boots.

It outlives cases: the idle check between cases and the reusable states look here before they ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.payload import lookup

if TYPE_CHECKING:
    from ocpp_tck.roles.conversation import Event


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
    """

    booted: dict[str, Any] = field(default_factory=dict)
    accepted: bool = True
    connectors: dict[tuple[int, int], str] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    transactions: dict[int | str, Transaction] = field(default_factory=dict)
    cached: bool = True
    listed: bool = False

    def status(self, connector: int, evse: int = 0) -> str:
        """Last status of a connector, empty when it never reported one."""
        return self.connectors.get((evse, connector), "")

    def notice(self, event: Event) -> None:
        """Learn from one request of the station and the kit's answer to it."""
        handler = getattr(self, f"_{event.action}", None) if event.kind == "call" else None
        if handler is not None and isinstance(event.payload, dict):
            handler(event.payload, event.reply if isinstance(event.reply, dict) else {})

    def _BootNotification(self, payload: dict[str, Any], reply: dict[str, Any]) -> None:  # noqa: N802
        self.booted = payload
        self.accepted = reply.get("status") == "Accepted"
        self.connectors.clear()  # after an accepted boot each connector reports anew (1.6 errata 3.22; 2.0.1 B01.FR.05)

    def _StatusNotification(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:  # noqa: N802
        connector = payload.get("connectorId")
        status = payload.get("status", payload.get("connectorStatus"))
        evse = payload.get("evseId", 0)
        if isinstance(connector, int) and isinstance(evse, int) and isinstance(status, str):
            self.connectors[evse, connector] = status
            self.errors[connector] = str(payload.get("errorCode", ""))

    def _NotifyEvent(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:  # noqa: N802
        self.connectors.update(availabilities("NotifyEvent", payload))

    def _Authorize(self, _payload: dict[str, Any], _reply: dict[str, Any]) -> None:  # noqa: N802
        self.cached = True

    def _StartTransaction(self, payload: dict[str, Any], reply: dict[str, Any]) -> None:  # noqa: N802
        self.cached = True
        identifier = reply.get("transactionId")
        connector = payload.get("connectorId")
        if isinstance(identifier, int) and isinstance(connector, int):
            self.transactions[identifier] = Transaction(identifier, connector, str(payload.get("idTag", "")))

    def _StopTransaction(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:  # noqa: N802
        self.cached = True
        self.transactions.pop(payload.get("transactionId", ""), None)

    def _TransactionEvent(self, payload: dict[str, Any], _reply: dict[str, Any]) -> None:  # noqa: N802
        self.cached = True
        identifier = lookup(payload, "transactionInfo.transactionId")
        if not isinstance(identifier, str):
            return
        key = identifier.casefold()
        if payload.get("eventType") == "Ended":
            self.transactions.pop(key, None)
            return
        known = self.transactions.setdefault(key, Transaction(identifier, 1, ""))
        evse = lookup(payload, "evse.id")
        token = lookup(payload, "idToken.idToken")
        known.evse = evse if isinstance(evse, int) else known.evse
        known.token = str(token) if token is not None else known.token


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
