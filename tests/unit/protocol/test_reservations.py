"""What the rules about reservations learn from answers to illegal requests."""

from ocpp_tck.protocol.semantic.reservations16 import Reservations16

ACCEPTED = {"status": "Accepted"}
START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-03-20T12:00:00Z"}


def test_an_illegal_request_teaches_nothing():
    reservations = Reservations16(4.0)
    reservations.answered("ReserveNow", [], ACCEPTED, 0.0)
    reservations.answered("ReserveNow", {"reservationId": "7"}, ACCEPTED, 0.0)
    reservations.answered("Reset", {"reservationId": 7}, ACCEPTED, 0.0)
    assert reservations.called("StartTransaction", START | {"reservationId": 7}) == []
    assert reservations.called("StartTransaction", START) == []


def test_a_reservation_whose_request_lacked_a_field_is_not_held_against_anyone():
    reservations = Reservations16(4.0)
    reservations.answered("ReserveNow", {"reservationId": 7}, ACCEPTED, 0.0)
    assert reservations.called("StartTransaction", START) == []
    assert reservations.called("StartTransaction", START | {"reservationId": 7}) == []
