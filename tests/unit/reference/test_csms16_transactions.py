"""Transactions at the embedded 1.6 CSMS: 1.6 sections 4.8, 4.10 and errata 3.18."""

import pytest
from csms16_support import Csms, Station

LATER = "2026-01-02T04:00:00Z"


@pytest.fixture
def csms():
    with Csms() as csms:
        yield csms


@pytest.fixture
def station(csms):
    with Station(csms) as station:
        station.boot()
        yield station


@pytest.fixture
def other(csms):
    with Station(csms, "CP002") as station:
        station.boot()
        yield station


def status(answer):
    return answer["idTagInfo"]["status"]


def test_ids_are_unique_and_positive(csms, station, other):
    answers = [station.start("TCK-VALID", 1), station.start("TCK-OTHER", 2), other.start("none", 1)]
    station.boot()
    answers.append(station.start("none", 1, LATER))
    ids = [answer["transactionId"] for answer in answers]
    assert len(set(ids)) == 4
    assert all(0 < number < 2**31 for number in ids)
    csms.order("factory_reset", station=None)
    with Station(csms) as again:
        again.boot()
        assert again.start()["transactionId"] not in ids


def test_token_in_a_transaction_is_concurrent_elsewhere(station, other):
    first = station.start("TCK-VALID", 1)
    assert status(station.start("tck-valid", 2)) == "ConcurrentTx"
    assert status(other.start("TCK-VALID", 1)) == "ConcurrentTx"
    assert status(other.call("Authorize", {"idTag": "TCK-VALID"})) == "Accepted"
    assert status(other.start("TCK-VALID-2", 2)) == "Accepted"
    station.end(first["transactionId"])
    assert status(other.start("TCK-VALID", 1, LATER)) == "Accepted"


def test_refused_transaction_does_not_make_its_token_busy(csms, station, other):
    assert status(station.start("LATE")) == "Invalid"
    csms.order("set_token", {"idTag": "LATE", "status": "Accepted"})
    assert status(other.start("LATE")) == "Accepted"


def test_new_transaction_on_a_connector_ends_the_one_before(station, other):
    station.start("TCK-VALID", 1)
    station.start("TCK-OTHER", 1)
    assert status(other.start("TCK-VALID", 1)) == "Accepted"


def test_repeated_start_is_answered_alike(csms, station, other):
    first = station.start("TCK-VALID", 1, reservationId=3)
    assert station.start("TCK-VALID", 1, reservationId=3) == first
    csms.order("set_token", {"idTag": "TCK-VALID", "status": "Blocked"})
    assert station.start("TCK-VALID", 1, reservationId=3) == first
    assert other.start("TCK-VALID", 1, reservationId=3)["transactionId"] != first["transactionId"]


def test_equal_start_after_the_stop_is_a_new_transaction(station):
    first = station.start()
    station.end(first["transactionId"])
    again = station.start()
    assert again["transactionId"] != first["transactionId"]
    assert status(again) == "Accepted"


def test_stop_says_idtaginfo_only_for_an_idtag(station):
    number = station.start()["transactionId"]
    for _ in range(2):
        assert station.end(number) == {}
    for _ in range(2):
        assert status(station.end(number, idTag="TCK-VALID-2")) == "Accepted"
    assert status(station.end(number, idTag="TCK-BLOCKED")) == "Blocked"


@pytest.mark.parametrize("number", [-1, 0, 1, 2**40])
def test_unknown_transaction_is_answered_like_a_known_one(station, number):
    assert station.end(number, reason="PowerLoss") == {}
    assert status(station.end(number, idTag="TCK-VALID")) == "Accepted"


def test_stop_without_number_ends_the_transaction_whose_answer_got_lost(station, other):
    station.start("TCK-VALID", 1)
    station.end(-1, idTag="TCK-VALID")
    assert status(other.start("TCK-VALID", 1)) == "Accepted"


def test_stop_without_number_leaves_a_transaction_that_the_station_knows(station, other):
    number = station.start("TCK-VALID", 1)["transactionId"]
    values = [{"timestamp": LATER, "sampledValue": [{"value": "1"}]}]
    station.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
    station.end(-1)
    assert status(other.start("TCK-VALID", 1)) == "ConcurrentTx"


def test_station_cannot_end_the_transaction_of_another(station, other):
    number = station.start("TCK-VALID", 1)["transactionId"]
    assert other.end(number) == {}
    assert status(other.start("TCK-VALID", 1)) == "ConcurrentTx"


def test_queued_transaction_of_an_offline_station_is_taken(station):
    started = station.start(timestamp="2020-01-01T00:00:00Z")
    assert status(started) == "Accepted"
    assert station.end(started["transactionId"], reason="Local", idTag="TCK-VALID")["idTagInfo"]["status"] == "Accepted"
