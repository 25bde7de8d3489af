"""Reservations (1.6 §3.11, §5.1, §5.13): whom they are for, what they keep free, and what ends them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ocpp_tck.reference.station.core16.authorization import same_tag

if TYPE_CHECKING:
    from ocpp_tck.reference.station.core16.device import Connector, Device

WHOLE = 0
"""connectorId of a reservation that names no connector."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation of one connector, or of any of them (0), for an idTag and perhaps its group."""

    id: int
    connector_id: int
    id_tag: str
    parent: str | None
    expiry: datetime

    def is_for(self, id_tag: str, parent: str | None) -> bool:
        """Whether it is for this idTag, whose parentIdTag may be unknown (None)."""
        return same_tag(self.id_tag, id_tag) or same_tag(self.parent, parent)

    def may_be_for(self, id_tag: str) -> bool:
        """Whether an idTag whose parentIdTag has not been asked for may turn out to be meant."""
        return self.parent is not None or same_tag(self.id_tag, id_tag)


class Reservations:
    """The reservations of a charge point: non-volatile, because §5.13 lets no reboot end them."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._known: dict[int, Reservation] = {}
        self._held: int | None = None

    @property
    def all(self) -> list[Reservation]:
        """The reservations that stand, in the order in which they were made."""
        return list(self._known.values())

    def at(self, connector: "Connector") -> Reservation | None:
        """Return what keeps others from a connector: its own reservation, or that of any if it is the last one free."""
        own = [one for one in self.all if one.connector_id == connector.number]
        return own[0] if own else self._whole if self._held == connector.number else None

    def admits(self, connector: "Connector", id_tag: str, parent: str | None) -> bool:
        """Whether an idTag, whose parentIdTag may be unknown (None), may charge at a connector."""
        reservation = self.at(connector)
        return reservation is None or reservation.is_for(id_tag, parent)

    def wants_parent(self, connector: "Connector", id_tag: str) -> bool:
        """Whether the parentIdTag decides if a transaction at a connector uses a reservation."""
        concerned = [one for one in (self.at(connector), self._whole) if one is not None]
        return any(one.may_be_for(id_tag) and not one.is_for(id_tag, None) for one in concerned)

    def status_for(self, wanted: Reservation) -> str:
        """Return the ReservationStatus with which a request is answered; one of the same id makes way for it."""
        device = self._device
        if not device.has("reservation"):
            return "Rejected"
        self.settle()
        others = [one for one in self.all if one.id != wanted.id]
        if wanted.connector_id == WHOLE:
            status = self._status_of_whole(others)
        elif wanted.connector_id in device.connectors:
            status = self._status_of_one(device.connectors[wanted.connector_id], others)
        else:
            status = "Rejected"
        return "Rejected" if status == "Accepted" and wanted.expiry <= device.clock.now() else status

    def keep(self, reservation: Reservation) -> None:
        """Make a reservation, in place of one of the same id."""
        self._known[reservation.id] = reservation

    def knows(self, reservation_id: int) -> bool:
        """Whether there is a reservation of this id."""
        self.settle()
        return reservation_id in self._known

    def cancel(self, reservation_id: int) -> None:
        """End a reservation because the Central System wants it so."""
        self._known.pop(reservation_id, None)

    def use(self, connector: "Connector", id_tag: str, parent: str | None) -> Reservation | None:
        """End the reservation that a transaction uses, and return it; one of the connector goes first."""
        self.settle()
        meant = [
            one
            for number in (connector.number, WHOLE)
            for one in self.all
            if one.connector_id == number and one.is_for(id_tag, parent)
        ]
        return self._known.pop(meant[0].id) if meant else None

    def settle(self) -> None:
        """End what has expired or lies on something Faulted or Unavailable, and see what is kept free."""
        for one in self.all:
            if self.is_over(one) or self._is_out_of_order(one):
                del self._known[one.id]
        self._held = self._held_for(self._whole)
        for connector in self._device.connectors.values():
            connector.reserved = self.at(connector) is not None

    def is_over(self, reservation: Reservation) -> bool:
        """Whether the expiryDate is reached."""
        return reservation.expiry <= self._device.clock.now()

    @property
    def _whole(self) -> Reservation | None:
        return next((one for one in self.all if one.connector_id == WHOLE), None)

    def _is_out_of_order(self, reservation: Reservation) -> bool:
        device = self._device
        connector = device.connectors.get(reservation.connector_id)
        if device.fault is not None or not device.operative:
            return True
        return connector is not None and (connector.fault is not None or not connector.operative)

    def _held_for(self, whole: Reservation | None) -> int | None:
        """Choose the connector that must stay free for whom any connector is reserved; None while there are more."""
        connectors = self._device.connectors
        claims = [each.claim for each in connectors.values() if each.claim is not None]
        if whole is None or any(whole.is_for(claim.id_tag, claim.parent) for claim in claims):
            return None
        free = self._free(self.all)
        if free:
            return free[0] if len(free) == 1 else None
        # A car at the last free connector changes nothing: its driver has not said who he is.
        kept = connectors[self._held] if self._held is not None else None
        return kept.number if kept is not None and kept.unused else None

    def _free(self, reservations: list[Reservation]) -> list[int]:
        """List the connectors that a driver could use whom none of these reservations is for."""
        own = {one.connector_id for one in reservations}
        connectors = self._device.connectors.values()
        return [each.number for each in connectors if each.unused and not each.connected and each.number not in own]

    def _status_of_one(self, connector: "Connector", others: list[Reservation]) -> str:
        device = self._device
        if device.fault is not None or connector.fault is not None:
            return "Faulted"
        if not device.operative or not connector.operative:
            return "Unavailable"
        free = self._free(others)
        needed = 2 if any(one.connector_id == WHOLE for one in others) else 1
        return "Accepted" if connector.number in free and len(free) >= needed else "Occupied"

    def _status_of_whole(self, others: list[Reservation]) -> str:
        device = self._device
        supported = device.has("reserve_connector_zero")
        if not supported or not device.configuration.flag("ReserveConnectorZeroSupported"):
            return "Rejected"
        connectors = device.connectors.values()
        if device.fault is not None or all(each.fault is not None for each in connectors):
            return "Faulted"
        if not device.operative or not any(each.operative and each.fault is None for each in connectors):
            return "Unavailable"
        if any(one.connector_id == WHOLE for one in others) or not self._free(others):
            return "Occupied"
        return "Accepted"
