"""Defects of the charge point of 1.6 in reservations."""

from dataclasses import replace

from ocpp_tck.reference.defects.station16 import table
from ocpp_tck.reference.station.core16.authorization import IdTagInfo
from ocpp_tck.reference.station.core16.commands import CentralSystemCommands
from ocpp_tck.reference.station.core16.device import Connector
from ocpp_tck.reference.station.core16.driver import Driver
from ocpp_tck.reference.station.core16.firmware import Firmware
from ocpp_tck.reference.station.core16.link import Outcome
from ocpp_tck.reference.station.core16.reservation import Reservation, Reservations


@table.defect("reservations-never-expire", "1.6 5.13")
class NeverExpire(Reservations):
    """Keeps a reservation whose expiryDate has passed."""

    def is_over(self, reservation: Reservation) -> bool:
        return False


@table.defect("reservations-expire-early", "1.6 5.13")
class ExpireEarly(Reservations):
    """Ends a reservation after a quarter of its time."""

    def keep(self, reservation: Reservation) -> None:
        now = self._device.clock.now()
        super().keep(replace(reservation, expiry=now + (reservation.expiry - now) / 4))


@table.defect("refuses-after-the-expiry", "1.6 5.13")
class RefusesAfterExpiry(Reservations):
    """Reports Available when a reservation has expired, and goes on refusing everybody else."""

    def is_over(self, reservation: Reservation) -> bool:
        return False

    def settle(self) -> None:
        super().settle()
        for connector in self._device.connectors.values():
            reservation = self.at(connector)
            connector.reserved = reservation is not None and not super().is_over(reservation)


@table.defect("refuses-after-the-cancellation", "1.6 5.1")
class RefusesAfterCancellation(Reservations):
    """Reports Available when a reservation was cancelled, and goes on refusing everybody else."""

    _cancelled: frozenset[int] = frozenset()

    def cancel(self, reservation_id: int) -> None:
        self._cancelled |= {reservation_id}

    def settle(self) -> None:
        super().settle()
        for connector in self._device.connectors.values():
            reservation = self.at(connector)
            connector.reserved = reservation is not None and reservation.id not in self._cancelled


@table.defect("cancels-reservations-it-was-not-asked-about", "1.6 5.1")
class CancelsOthers(CentralSystemCommands):
    """Rejects to cancel an unknown reservation, and cancels those that there are."""

    def cancel_reservation(self, reservation_id: int) -> Outcome:
        status, act = super().cancel_reservation(reservation_id)
        return status, act or self._cancel_all

    def _cancel_all(self) -> None:
        for one in self._device.reservations.all:
            self._device.reservations.cancel(one.id)
        self._driver.changed()


@table.defect("anybody-uses-reservations", "1.6 5.13")
class AnybodyUsesThem(Driver):
    """Lets any token prepare at a reserved connector."""

    def _reserved_rank(self, connector: Connector, id_tag: str, info: IdTagInfo | None) -> int | None:
        return 0


@table.defect("reservations-know-no-group", "1.6 5.13")
class KnowNoGroup(Reservations):
    """Makes every reservation for its idTag alone."""

    def keep(self, reservation: Reservation) -> None:
        super().keep(replace(reservation, parent=None))


@table.defect("reservations-outlive-faults", "1.6 5.13")
class OutliveFaults(Reservations):
    """Keeps a reservation over a fault of its connector."""

    def _is_out_of_order(self, reservation: Reservation) -> bool:
        return False


@table.defect("reboot-ends-reservations", "1.6 5.13")
class RebootEndsThem(Firmware):
    """Knows nothing of its reservations after a reboot."""

    def start(self) -> None:
        for one in self._device.reservations.all:
            self._device.reservations.cancel(one.id)
        super().start()
