"""The device model of 2.x over a trace: which attribute is meant, and reports of events in several messages."""

import pytest
from traces import NOW, Line

from ocpp_tck.protocol.types import Side, Version

EVENT = {
    "eventId": 1,
    "timestamp": NOW,
    "trigger": "Delta",
    "actualValue": "1",
    "eventNotificationType": "HardWiredNotification",
    "component": {"name": "Controller"},
    "variable": {"name": "Temperature"},
}


def entry(component=None, variable=None, **values):
    named = {"component": {"name": "C"} | (component or {}), "variable": {"name": "V"} | (variable or {})}
    return named | {"attributeValue": "1"} | values


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (entry(), True),
        (entry({"name": "c"}, {"name": "v"}, attributeType="Actual"), True),
        (entry({"instance": ""}), True),
        (entry({}, {"instance": ""}), True),
        (entry({"name": "D"}), False),
        (entry({}, {"name": "W"}), False),
        (entry({"instance": "1"}), False),
        (entry({}, {"instance": "1"}), False),
        (entry({"evse": {"id": 1}}), False),
        (entry(attributeType="Target"), False),
    ],
)
def test_what_makes_an_attribute_the_same(other, is_same):
    line = Line(Version.V21, product=Side.CSMS)
    found = line.csms(2, "1", "SetVariables", {"setVariableData": [entry(), other]})
    assert found == (["variables.set_twice"] if is_same else [])


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"evse": {"id": 1}}, {"evse": {"id": 1}}, True),
        ({"evse": {"id": 1}}, {"evse": {"id": 2}}, False),
        ({"evse": {"id": 1}}, {"evse": {"id": 1, "connectorId": 1}}, False),
        ({"evse": {"id": 1, "connectorId": 1}}, {"evse": {"id": 1, "connectorId": 1}}, True),
        ({"evse": {"id": 1, "connectorId": 1}}, {"evse": {"id": 1, "connectorId": 2}}, False),
        ({"instance": "a"}, {"instance": "A"}, True),
        ({"instance": "a"}, {"instance": "b"}, False),
    ],
)
def test_what_makes_a_component_the_same(one, other, is_same):
    line = Line(Version.V201, product=Side.CSMS)
    found = line.csms(2, "1", "SetVariables", {"setVariableData": [entry(one), entry(other)]})
    assert found == (["variables.set_twice"] if is_same else [])


def test_the_values_of_answers_are_judged_too():
    line = Line(Version.V201)
    controller = {"component": {"name": "C", "evse": {"id": 0}}, "variable": {"name": "V"}}
    line.csms(2, "1", "GetVariables", {"getVariableData": [controller]}, malformed=True)
    result = controller | {"attributeStatus": "Accepted", "attributeType": "Actual", "attributeValue": "1"}
    assert line.cs(3, "1", {"getVariableResult": [result]}) == ["range.evse"]
    line.csms(2, "2", "RequestStartTransaction", {"remoteStartId": 1, "idToken": {"idToken": "A", "type": "Central"}})
    assert line.cs(3, "2", {"status": "Accepted", "transactionId": "no spaces"}) == ["string.identifier"]
    info = {"timestamp": NOW, "eventType": "Started", "triggerReason": "Authorized", "seqNo": 0}
    line.cs(2, "3", "TransactionEvent", info | {"transactionInfo": {"transactionId": "tx"}})
    assert line.csms(3, "3", {"totalCost": 0.1234567}) == ["number.decimals"]


def test_an_illegal_request_has_no_answer_that_fits():
    line = Line(Version.V201)
    line.csms(2, "1", "GetVariables", {"getVariableData": [{"component": {"name": "C"}}]}, malformed=True)
    result = entry(attributeStatus="Accepted", attributeType="Actual")
    assert line.cs(3, "1", {"getVariableResult": [result]}) == []


def test_an_identifier_of_a_request_is_judged():
    line = Line(Version.V201, product=Side.CSMS)
    assert line.csms(2, "1", "RequestStopTransaction", {"transactionId": "no spaces"}) == ["string.identifier"]


class Reports(Line):
    def __init__(self):
        super().__init__(Version.V201)

    def event(self, number, *, more=False):
        name = f"e{number}{self.time}"
        payload = {"generatedAt": NOW, "seqNo": number, "tbc": more, "eventData": [EVENT | {"eventId": self.time}]}
        found = self.cs(2, name, "NotifyEvent", payload)
        self.csms(3, name, {})
        self.time += 1
        return found


def test_a_report_that_was_continued_to_its_end_awaits_nothing():
    line = Reports()
    for number, more in ((0, True), (1, True), (2, False), (0, False), (0, True)):
        assert line.event(number, more=more) == []
    assert line.event(2) == ["event.sequence"]
