"""Reservations of OCPP 1.6 and the transactions that end them.

Source: OCPP 1.6 4.8, 5.1, 5.13, 6.45; errata 4.12. A charge point ends a reservation also by itself (a fault, an
availability, its own memory), and a queued StartTransaction comes late: a reservation is held against it only while
nothing else can have ended it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.protocol import moments
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.semantic.transactions16 import remember
from ocpp_tck.protocol.session import digest
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation

_OUT_OF_ORDER = frozenset({"Faulted", "Unavailable"})
_RELEASED = frozenset({"Available", *_OUT_OF_ORDER})
"""Statuses of a connector that tell that its reservation is over, for whatever reason."""

_CANCELLED = ("was cancelled", b"")
_NOT_OVER = ("", b"")
"""How a reservation ended, and the digest of the StartTransaction.req that ended it, if any did."""


@dataclass(frozen=True, slots=True)
class _Reservation:
    """A reservation that was accepted; `since` and `until` are seconds since the epoch, not a number when unknown."""

    connector: int
    token: str
    parent: str
    since: float
    until: float

    def is_for(self, token: str, parent: str | None) -> bool:
        """Whether it is for an idTag with this parentIdTag, None when that is unknown."""
        return token == self.token or (bool(self.parent) and parent == self.parent)

    def ends_with(self, token: str, moment: float, tolerance: float) -> bool:
        """Whether a transaction of one whom it is for surely ends it: one of the group may not be known as such (5.11).

        On the connector of the reservation it is: nobody else may charge there.
        """
        known = token == self.token or self.connector != 0
        return known and self.since - tolerance <= moment <= self.until - tolerance


class Reservations16:
    """The reservations of one charge point.

    Args:
        tolerance: seconds by which two clocks may differ.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._standing: dict[int, _Reservation] = {}
        self._over: dict[int, tuple[str, bytes]] = {}
        self._parents: dict[str, str] = {}

    def called(self, action: str, payload: Json) -> list[Violation]:
        """Judge a legal request of either side."""
        if action == "StartTransaction":
            return self._starts(payload)
        if action == "BootNotification":
            self._standing.clear()
        elif action == "StatusNotification":
            self._reported(payload["connectorId"], payload["status"])
        elif action == "ChangeAvailability" and payload["type"] == "Inoperative":
            self._reported(payload["connectorId"], "Unavailable")
        elif action == "ReserveNow":
            self._standing.pop(payload["reservationId"], None)  # replaced, or not: its answer tells
        return []

    def answered(self, action: str, request: Json, payload: Json, time: float) -> list[Violation]:
        """Judge a legal CALLRESULT and learn from it; `request` may be illegal."""
        if not isinstance(request, dict):
            return []
        if action in {"Authorize", "StartTransaction"}:
            parent = payload["idTagInfo"].get("parentIdTag", "")
            remember(self._parents, str(request.get("idTag")).casefold(), parent.casefold())
        if payload.get("status") != "Accepted" or not isinstance(request.get("reservationId"), int):
            return []
        number = request["reservationId"]
        if action == "CancelReservation":
            return self._cancelled(number, time)
        connector = request.get("connectorId")
        if action == "ReserveNow" and isinstance(connector, int):
            self._over.pop(number, None)
            made = _Reservation(
                connector=connector,
                token=str(request.get("idTag")).casefold(),
                parent=str(request.get("parentIdTag", "")).casefold(),
                since=time,
                until=moments.seconds(request.get("expiryDate")),
            )
            remember(self._standing, number, made)
        return []

    def _cancelled(self, number: int, time: float) -> list[Violation]:
        """Judge that a reservation was cancelled: one that is surely over is not there to be cancelled (5.1)."""
        standing = self._standing.pop(number, None)
        # One that was made for the past was accepted all the same: what ended it is unknown.
        expired = standing is not None and standing.since <= standing.until < time - self._tolerance
        why = "had expired" if expired else self._over.get(number, _NOT_OVER)[0]
        if not why:
            remember(self._over, number, _CANCELLED)
            return []
        text = f"reservation {number} {why} before, and was cancelled now"
        return [broken("reservation.cancelled", Version.V16, text, "status")]

    def _reported(self, connector: int, status: str) -> None:
        """Drop what a status may have ended; connector 0 is the whole charge point (3.8)."""
        if status in _RELEASED and (connector or status in _OUT_OF_ORDER):
            self._standing = {
                number: one for number, one in self._standing.items() if connector and one.connector != connector
            }

    def _starts(self, payload: Json) -> list[Violation]:
        named = payload.get("reservationId")
        if named is None:
            return self._unnamed(payload)
        found = self._wrong(named, payload)
        self._standing.pop(named, None)
        remember(self._over, named, ("was used", digest(payload)))
        return found

    def _unnamed(self, payload: Json) -> list[Violation]:
        """Judge a transaction that names no reservation, and drop those that it may have ended."""
        connector, token = payload["connectorId"], payload["idTag"].casefold()
        moment, parent = moments.seconds(payload["timestamp"]), self._parents.get(token)
        used = {
            number: one
            for number, one in self._standing.items()
            if one.connector in {connector, 0} and one.is_for(token, parent)
        }
        for number in used:
            del self._standing[number]
        certain = [number for number, one in used.items() if one.ends_with(token, moment, self._tolerance)]
        if not certain:
            return []
        text = f"a transaction of {payload['idTag']} on connector {connector} ends reservation {certain[0]}"
        return [broken("reservation.named", Version.V16, text, "reservationId")]

    def _wrong(self, named: int, payload: Json) -> list[Violation]:
        """Hold the reservation that a transaction names against what is known of it."""
        why, said = self._over.get(named, _NOT_OVER)
        standing = self._standing.get(named)
        moment = moments.seconds(payload["timestamp"])
        if why and said != digest(payload):
            text = f"reservation {named} {why} before"
        elif standing is not None and standing.connector not in {payload["connectorId"], 0}:
            text = f"reservation {named} is for connector {standing.connector}"
        elif standing is not None and moment > standing.until + self._tolerance:
            text = f"reservation {named} had expired at {payload['timestamp']}"
        else:
            return []
        return [broken("reservation.unknown", Version.V16, text, "reservationId")]
