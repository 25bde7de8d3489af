"""How the embedded 1.6 CSMS treats frames: OCPP-J 1.6 chapter 4."""

import json

import pytest
from csms16_support import NOW, Csms, Station
from websockets.exceptions import ConnectionClosed


@pytest.fixture
def csms():
    with Csms(response_seconds=0.2) as csms:
        yield csms


@pytest.fixture
def station(csms):
    with Station(csms) as station:
        station.boot()
        yield station


START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOW}
METER = {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]}


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "NotImplemented"),
        ("heartbeat", {}, "NotImplemented"),
        ("AuthorizeResponse", {}, "NotImplemented"),
        ("../v16/Heartbeat", {}, "NotImplemented"),
        ("Reset", {"type": "Hard"}, "NotSupported"),
        ("Authorize", {}, "ProtocolError"),
        ("Authorize", [], "FormationViolation"),
        ("Authorize", "text", "FormationViolation"),
        ("Authorize", None, "ProtocolError"),
        (7, {}, "FormationViolation"),
        ("Authorize", {"idTag": 7}, "TypeConstraintViolation"),
        ("Authorize", {"idTag": "A" * 21}, "TypeConstraintViolation"),
        ("Authorize", {"idTag": "A", "more": 1}, "FormationViolation"),
        ("StartTransaction", {**START, "connectorId": True}, "TypeConstraintViolation"),
        ("StartTransaction", {**START, "meterStart": 1.5}, "TypeConstraintViolation"),
        ("StartTransaction", {**START, "timestamp": "yesterday"}, "PropertyConstraintViolation"),
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": "available"},
            "PropertyConstraintViolation",
        ),
        ("MeterValues", {**METER, "meterValue": [{"timestamp": NOW, "sampledValue": [{}]}]}, "ProtocolError"),
    ],
)
def test_bad_calls_get_their_error_code(station, action, payload, code):
    assert station.refused(action, payload) == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([2, "id"], "ProtocolError"),
        ([2, "id", "Heartbeat"], "ProtocolError"),
        ([2, "id", "Heartbeat", {}, {}], "FormationViolation"),
        ([2, "i" * 37, "Heartbeat", {}], "FormationViolation"),
    ],
)
def test_bad_envelopes_get_their_error_code(station, frame, code):
    station.send(frame)
    kind, message_id, given, *_ = station.receive()
    assert (kind, message_id, given) == (4, frame[1], code)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not JSON",
        '[2,"id","Heartbeat",{"a":NaN}]',
        "{}",
        "[]",
        "[2]",
        '[2,17,"Heartbeat",{}]',
        '["2","id","Heartbeat",{}]',
        '[true,"id",{}]',
        '[9,"id","Heartbeat",{}]',
        '[3,"id",{}]',
        "[3]",
        '[4,"id","GenericError","",{}]',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_answered_is_ignored(station, frame):
    station.send(frame)
    assert station.silent()


def test_binary_frame_is_ignored(station):
    station.socket.send(json.dumps([2, "id", "Heartbeat", {}]).encode())
    assert station.silent()


def test_oversized_frame_closes_that_connection_only(csms, station):
    with Station(csms, "CP002") as other:
        other.boot()
        station.send([2, "id", "DataTransfer", {"vendorId": "v", "data": "x" * 2_000_000}])
        with pytest.raises(ConnectionClosed):
            station.receive()
        assert station.socket.close_code == 1009
        other.call("Heartbeat")


@pytest.mark.parametrize("message_id", ["", "i" * 36, "é\ud800"])
def test_any_legal_id_is_answered_with_itself(station, message_id):
    station.send([2, message_id, "Heartbeat", {}])
    assert station.receive()[:2] == [3, message_id]


def test_null_payload_is_an_empty_one(station):
    assert station.exchange("Heartbeat", None)[0] == 3


@pytest.mark.parametrize(
    "timestamp",
    ["2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05+05:30", "2026-01-02T03:04:05", "2026-12-31T23:59:60Z"],
)
def test_every_notation_of_time_is_understood(station, timestamp):
    assert station.start(timestamp=timestamp)["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize("unit", ["Celsius", "Celcius"])
def test_both_spellings_of_celsius_are_understood(station, unit):
    sample = {"value": "1", "measurand": "Temperature", "unit": unit}
    values = [{"timestamp": NOW, "sampledValue": [sample]}]
    assert station.call("MeterValues", {"connectorId": 1, "meterValue": values}) == {}
    assert station.end(station.start()["transactionId"], transactionData=values) == {}


def test_one_call_is_outstanding_at_a_time(csms, station):
    csms.order("clear_cache")
    csms.order("reset", {"type": "Soft"})
    first = station.receive()
    assert first[2] == "ClearCache"
    station.call("Heartbeat")
    station.send([3, first[1], {"status": "Accepted"}])
    second = station.receive()
    assert second[2:] == ["Reset", {"type": "Soft"}]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    "answer",
    [
        [4, "<id>", "NotSupported", "", {}],
        [4, "<id>", "Invented", None, []],
        [4, "<id>"],
        [3, "<id>", {}],
        [3, "<id>", "text"],
        [3, "<id>", {"status": "Perhaps"}],
        [3, "<id>", {"status": "Accepted"}, "more"],
        [3, "other", {"status": "Accepted"}],
        None,
    ],
    ids=str,
)
def test_no_answer_of_a_station_stops_the_next_order(csms, station, answer):
    csms.order("clear_cache")
    csms.order("reset", {"type": "Soft"})
    _, number, _, _ = station.receive()
    if answer is not None:
        station.send([number if part == "<id>" else part for part in answer])
    assert station.receive()[2] == "Reset"
    station.send([3, number, {"status": "Accepted"}])
    station.call("Heartbeat")
