"""Reservations: what answers to illegal requests teach, and how far two clocks may differ."""

import pytest

from ocpp_tck.protocol.semantic.reservations16 import Reservations16

ACCEPTED = {"status": "Accepted"}
NOON = 1_774_008_000.0
"""2026-03-20T12:00:00Z"""
START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-03-20T12:00:00Z"}


def test_an_illegal_request_teaches_nothing():
    reservations = Reservations16(4.0)
    reservations.answered("ReserveNow", [], ACCEPTED, 0.0)
    reservations.answered("ReserveNow", {"reservationId": "7"}, ACCEPTED, 0.0)
    reservations.answered("Reset", {"reservationId": 7}, ACCEPTED, 0.0)
    assert reservations.called("StartTransaction", START | {"reservationId": 7}) == []
    assert reservations.called("StartTransaction", START) == []


def test_a_reservation_whose_request_lacked_a_field_is_not_held_against_anyone():
    whole = {"reservationId": 7, "connectorId": 0, "idTag": "A", "expiryDate": "2026-03-20T12:01:00Z"}
    for name in ("connectorId", "idTag", "expiryDate"):
        reservations = Reservations16(4.0)
        request = {key: value for key, value in whole.items() if key != name}
        reservations.answered("ReserveNow", request, ACCEPTED, NOON)
        assert reservations.called("StartTransaction", START) == []
        assert reservations.called("StartTransaction", START | {"reservationId": 7}) == []


def reserved(**values):
    """Make a reservation of connector 1 at noon, until one minute past."""
    reservations = Reservations16(4.0)
    request = {"reservationId": 7, "connectorId": 1, "idTag": "A", "expiryDate": "2026-03-20T12:01:00Z"} | values
    reservations.answered("ReserveNow", request, ACCEPTED, NOON)
    return reservations


def rules(found):
    return [violation.rule for violation in found]


@pytest.mark.parametrize(
    ("time", "is_named"),
    [
        ("11:59:55.9", False),
        ("11:59:56", True),
        ("12:00:56", True),
        ("12:00:56.1", False),
    ],
)
def test_a_transaction_ends_a_reservation_that_surely_stood_by_both_clocks(time, is_named):
    found = reserved().called("StartTransaction", START | {"timestamp": f"2026-03-20T{time}Z"})
    assert rules(found) == (["reservation.named"] if is_named else [])


def test_a_transaction_that_may_have_ended_a_reservation_leaves_it_unknown():
    reservations = reserved(connectorId=0, parentIdTag="G")
    reservations.answered("Authorize", {"idTag": "B"}, {"idTagInfo": {"status": "Accepted", "parentIdTag": "g"}}, NOON)
    assert reservations.called("StartTransaction", START | {"idTag": "B"}) == []
    assert reservations.called("StartTransaction", START) == []


def test_another_connector_that_goes_out_of_use_leaves_the_reservation():
    reservations = reserved()
    assert reservations.called("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}) == []
    assert rules(reservations.called("StartTransaction", START)) == ["reservation.named"]


@pytest.mark.parametrize("parent", [None, "H"])
def test_a_transaction_of_another_group_ends_no_reservation(parent):
    reservations = reserved(parentIdTag="G")
    if parent:
        told = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
        reservations.answered("Authorize", {"idTag": "B"}, told, NOON)
    assert reservations.called("StartTransaction", START | {"idTag": "B"}) == []
    assert rules(reservations.called("StartTransaction", START)) == ["reservation.named"]


@pytest.mark.parametrize("action", ["Authorize", "StartTransaction"])
def test_either_answer_tells_whose_group_a_token_is_of(action):
    reservations = reserved(parentIdTag="G")
    reservations.answered(action, {"idTag": "B"}, {"idTagInfo": {"status": "Accepted", "parentIdTag": "g"}}, NOON)
    assert rules(reservations.called("StartTransaction", START | {"idTag": "b"})) == ["reservation.named"]


def test_a_transaction_that_names_one_reservation_leaves_the_others():
    reservations = reserved()
    other = {"reservationId": 8, "connectorId": 0, "idTag": "A", "expiryDate": "2026-03-20T12:01:00Z"}
    reservations.answered("ReserveNow", other, ACCEPTED, NOON)
    assert reservations.called("StartTransaction", START | {"reservationId": 7}) == []
    (found,) = reservations.called("StartTransaction", START)
    assert (found.rule, found.message) == ("reservation.named", "a transaction of A on connector 1 ends reservation 8")
    assert found.path == "reservationId"


def test_a_transaction_on_another_connector_leaves_the_reservation():
    reservations = reserved()
    assert reservations.called("StartTransaction", START | {"connectorId": 2}) == []
    assert rules(reservations.called("StartTransaction", START)) == ["reservation.named"]


@pytest.mark.parametrize(
    ("time", "has_expired"), [("12:00:57", False), ("12:01:04", False), ("12:01:04.1", True), ("13:00:00", True)]
)
def test_a_reservation_has_expired_by_both_clocks(time, has_expired):
    payload = START | {"reservationId": 7, "timestamp": f"2026-03-20T{time}Z"}
    found = reserved().called("StartTransaction", payload)
    assert rules(found) == (["reservation.unknown"] if has_expired else [])


@pytest.mark.parametrize(
    ("expiry", "seconds", "has_expired"),
    [
        ("12:01:00", 64, False),
        ("12:01:00", 64.1, True),
        ("12:00:00", 4, False),
        ("12:00:00", 4.1, True),
        ("11:59:59", 4.1, False),
    ],
)
def test_an_expired_reservation_is_not_there_to_be_cancelled(expiry, seconds, has_expired):
    reservations = reserved(expiryDate=f"2026-03-20T{expiry}Z")
    found = reservations.answered("CancelReservation", {"reservationId": 7}, ACCEPTED, NOON + seconds)
    assert rules(found) == (["reservation.cancelled"] if has_expired else [])
