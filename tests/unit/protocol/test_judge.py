"""The injections of the issue: each gives the right first cause, wherever it appears."""

import json

import pytest
from traces import NOW, Line

from ocpp_tck.protocol.types import Level, Side, Version

START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOW}


def start(**values):
    return json.dumps([2, "1", "StartTransaction", START | values])


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (json.dumps([2, "1", "StartTransaction", {k: v for k, v in START.items() if k != "idTag"}]), "schema.required"),
        (
            json.dumps(
                [2, "1", "StatusNotification", {"connectorId": 1, "errorCode": "noerror", "status": "Available"}]
            ),
            "schema.enum",
        ),
        (start(meterStart="0"), "schema.type"),
        (start(extra=1), "schema.additional"),
        (start(idTag="x" * 21), "schema.length"),
        (start(timestamp="now"), "time.format"),
        (start(timestamp="2026-03-20T12:00:00"), "time.zone"),
        (json.dumps([2, "x" * 64, "Heartbeat", {}]), "frame.message_id"),
        (json.dumps([2, 1, "Heartbeat", {}]), "frame.message_id"),
        (json.dumps([2, "1", "Heartbeat", {}, {}]), "frame.elements"),
        (start()[:-1], "frame.json"),
        (start().encode(), "frame.text"),
        (json.dumps([9, "1", "Heartbeat", {}]), "frame.message_type"),
        (json.dumps([3, "1", {}]), "rpc.unsolicited"),
    ],
)
def test_injected_into_a_request(raw, rule):
    found = Line().send(Side.STATION, raw).violations
    assert [(v.rule, v.level) for v in found] == [(rule, Level.MUST)]


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ([3, "1", {"currentTime": NOW, "interval": 1}], "schema.required"),
        ([3, "1", {"currentTime": NOW, "interval": -1, "status": "Accepted"}], "boot.interval"),
        ([3, "1", {"currentTime": NOW, "interval": 1, "status": "accepted"}], "schema.enum"),
        ([3, "1", {"currentTime": NOW, "interval": 1, "status": "Accepted"}, {}], "frame.elements"),
        ([3, "2", {"currentTime": NOW, "interval": 1, "status": "Accepted"}], "rpc.unsolicited"),
        ([4, "1", "Wrong", "", {}], "frame.error_code"),
        ([4, "1", "FormationViolation", "", {}], "rpc.error_unfounded"),
    ],
)
def test_injected_into_an_answer(answer, rule):
    line = Line(product=Side.CSMS)
    line.cs(2, "1", "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
    found = line.send(Side.CSMS, json.dumps(answer)).violations
    assert [(v.rule, v.level) for v in found] == [(rule, Level.MUST)]
    assert line.overdue(100) == []


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"timestamp": "2026-03-20T15:00:00Z"}, "time.clock"),
        ({"timestamp": "2026-03-20T13:00:00+01:00"}, "time.utc"),
    ],
)
def test_warnings(values, rule):
    found = Line().send(Side.STATION, start(**values)).violations
    assert [(v.rule, v.level) for v in found] == [(rule, Level.SHOULD)]


def test_musts_come_before_shoulds():
    line = Line()
    line.cs(2, "1", "Heartbeat", {})
    assert line.cs(2, "2", "Authorize", {}) == ["schema.required", "rpc.one_outstanding"]


def test_right_in_unexpected_ways():
    line = Line()
    assert line.cs(2, "b", "BootNotification", {"chargePointVendor": "v" * 20, "chargePointModel": "m" * 20}) == []
    assert line.csms(3, "b", {"status": "Accepted", "interval": 300, "currentTime": NOW}) == []
    assert line.csms(2, "g", "GetConfiguration", {}) == []
    assert line.cs(2, "d", "DataTransfer", {"vendorId": "com.anything", "data": "x" * 9000}) == []
    assert line.csms(3, "d", {"status": "UnknownVendorId"}) == []
    for connector in range(4):
        status = {"connectorId": connector, "errorCode": "NoError", "status": "Available", "vendorId": "x" * 255}
        assert line.cs(2, f"s{connector}", "StatusNotification", status) == []
        assert line.csms(3, f"s{connector}", {}) == []
    assert line.cs(3, "g", {"configurationKey": [], "unknownKey": []}, dt=29.9) == []
    line.time -= 29.9
    meter = {"connectorId": 0, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]}
    assert line.cs(2, "m", "MeterValues", meter) == []
    assert line.csms(3, "m", {}) == []
    assert line.cs(2, "t", "StartTransaction", START | {"connectorId": 3}) == []
    assert line.csms(3, "t", {"transactionId": -5, "idTagInfo": {"status": "Accepted"}}) == []
    stop = {"transactionId": -5, "meterStop": 0, "timestamp": NOW}
    assert line.cs(2, "u", "StopTransaction", stop) == []


def test_a_judgement_tells_of_its_message():
    line = Line()
    for raw in ('[2,"1","Heartbeat",{}]', '[2,"2","Authorize",{"idTag":"A","x":1}]'):
        judgement = line.send(Side.STATION, raw)
        assert (judgement.message.id, judgement.action) == (json.loads(raw)[1], json.loads(raw)[2])
    assert line.send(Side.STATION, '[3,"k",{}]').message.id == "k"
    line.csms(2, "k2", "ClearCache", {})
    assert line.send(Side.STATION, '[3,"k2",{"status":"Accepted"}]').message.id == "k2"


def test_an_answer_with_too_many_elements_is_not_also_held_against_its_schema():
    line = Line()
    line.csms(2, "k", "ClearCache", {})
    assert line.cs(3, "k", {"status": "Nonsense"}, {}) == ["frame.elements"]


def test_an_answer_that_the_kit_broke_teaches_nothing():
    """It reads like one that begins a transaction, in which the register falls."""
    line = Line()
    line.cs(2, "1", "StartTransaction", START | {"meterStart": 50})
    line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}, malformed=True)
    assert line.cs(2, "2", "StopTransaction", {"transactionId": 7, "meterStop": 1, "timestamp": NOW}) == []


def test_malformed_frames_of_the_kit_are_not_judged():
    line = Line()
    assert line.csms(2, "1", "Nonsense", [], malformed=True) == []
    assert line.csms(3, "x" * 64, {}, malformed=True) == []
    line.cs(2, "2", "Heartbeat", {})
    assert line.csms(3, "2", {}, {}, malformed=True) == []


def test_unknown_connection_is_taken_up():
    line = Line(Version.V201)
    line.connection = "never opened"
    assert line.cs(2, "1", "Heartbeat", {}) == []
