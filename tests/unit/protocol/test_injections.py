"""Every injection of the issue into every frame of a conformant conversation: the first cause is the right one."""

import copy
import json

import pytest
from traces import NOW, START

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.types import Level, Side, Version

BOOTED = {"status": "Accepted", "interval": 300, "currentTime": NOW}
ACCEPTED = {"idTagInfo": {"status": "Accepted", "expiryDate": "2030-01-01T00:00:00Z"}}
METER = [{"timestamp": NOW, "sampledValue": [{"value": "5", "unit": "Wh", "context": "Sample.Periodic"}]}]
STATUS = {"errorCode": "NoError", "status": "Available", "timestamp": NOW}
CONVERSATION_16 = [
    (Side.STATION, "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}, BOOTED),
    (Side.STATION, "StatusNotification", STATUS | {"connectorId": 0}, {}),
    (
        Side.CSMS,
        "GetConfiguration",
        {"key": ["A"]},
        {"configurationKey": [{"key": "A", "readonly": True, "value": "1"}]},
    ),
    (Side.STATION, "Authorize", {"idTag": "TAG"}, ACCEPTED),
    (
        Side.STATION,
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG", "meterStart": 1, "timestamp": NOW},
        ACCEPTED | {"transactionId": 7},
    ),
    (Side.STATION, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": METER}, {}),
    (Side.CSMS, "RemoteStopTransaction", {"transactionId": 7}, {"status": "Accepted"}),
    (
        Side.STATION,
        "StopTransaction",
        {"transactionId": 7, "meterStop": 9, "timestamp": NOW, "reason": "Remote", "transactionData": METER},
        ACCEPTED,
    ),
    (Side.CSMS, "DataTransfer", {"vendorId": "v"}, {"status": "UnknownVendorId"}),
    (Side.STATION, "Heartbeat", {}, {"currentTime": NOW}),
]
TOKEN = {"idToken": "T", "type": "ISO14443"}
EVENT = {"timestamp": NOW, "triggerReason": "Authorized", "transactionInfo": {"transactionId": "x"}}
VARIABLE = {"component": {"name": "C"}, "variable": {"name": "V"}}
CONVERSATION_20 = [
    (
        Side.STATION,
        "BootNotification",
        {"reason": "PowerUp", "chargingStation": {"model": "m", "vendorName": "v"}},
        BOOTED,
    ),
    (
        Side.STATION,
        "StatusNotification",
        {"timestamp": NOW, "connectorStatus": "Available", "evseId": 1, "connectorId": 1},
        {},
    ),
    (
        Side.CSMS,
        "GetVariables",
        {"getVariableData": [VARIABLE]},
        {
            "getVariableResult": [
                VARIABLE | {"attributeStatus": "Accepted", "attributeType": "Actual", "attributeValue": "1"}
            ]
        },
    ),
    (Side.STATION, "Authorize", {"idToken": TOKEN}, {"idTokenInfo": {"status": "Accepted"}}),
    (
        Side.STATION,
        "TransactionEvent",
        EVENT | {"eventType": "Started", "seqNo": 0, "idToken": TOKEN},
        {"idTokenInfo": {"status": "Accepted"}},
    ),
    (Side.STATION, "TransactionEvent", EVENT | {"eventType": "Ended", "seqNo": 1}, {}),
    (Side.CSMS, "Reset", {"type": "Immediate"}, {"status": "Accepted"}),
    (Side.STATION, "Heartbeat", {}, {"currentTime": NOW}),
]
CONVERSATIONS = {Version.V16: CONVERSATION_16, Version.V201: CONVERSATION_20, Version.V21: CONVERSATION_20}


def conversation(version):
    """Give sender, action, kind and elements of every frame, in order."""
    for number, (sender, action, request, response) in enumerate(CONVERSATIONS[version]):
        yield sender, action, "request", [2, f"id{number}", action, request]
        yield sender.peer, action, "response", [3, f"id{number}", response]


def paths(value, types, path=()):
    """Give the paths of all values of a type inside a payload."""
    if isinstance(value, types) and not isinstance(value, bool):
        yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from paths(value[key], types, (*path, key))


def changed(elements, path, change):
    """Give the frame with the value at a path of its payload changed."""
    copied = copy.deepcopy(elements)
    node = copied[-1]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = change(node[path[-1]])
    return copied


def payload_injections(version, action, kind, elements):
    """Give rule and mutated frame for the payload."""
    document = schema.schema(version, action, kind)
    times = {tuple(part for part in path if part != "[]") for path in schema.times(version, action, kind)}
    for name in document.get("required", ()):
        rest = {key: value for key, value in elements[-1].items() if key != name}
        yield "schema.required", [*elements[:-1], rest]
    yield "schema.additional", [*elements[:-1], elements[-1] | {"anExtraField": 1}]
    for path in paths(elements[-1], dict):
        if path:
            yield "schema.additional", changed(elements, path, lambda value: value | {"anExtraField": 1})
    for path in paths(elements[-1], int):
        yield "schema.type", changed(elements, path, str)
    for path in paths(elements[-1], str):
        plain = tuple(part for part in path if isinstance(part, str))
        if plain in times:
            yield "time.format", changed(elements, path, lambda _: "yesterday")
            yield "time.zone", changed(elements, path, lambda value: value.removesuffix("Z"))
            continue
        yield "schema.type", changed(elements, path, lambda _: 1)
        if path[-1] in {
            "status",
            "errorCode",
            "reason",
            "unit",
            "eventType",
            "triggerReason",
            "connectorStatus",
            "type",
        }:
            if version is Version.V21 and path == ("idToken", "type"):
                continue  # a free string there, no enumeration
            yield "schema.enum", changed(elements, path, str.swapcase)
        if path[-1] in {"idTag", "vendorId", "chargePointVendor", "key", "transactionId", "model", "idToken"}:
            yield "schema.length", changed(elements, path, lambda _: "x" * 600)


def frame_injections(kind, elements):
    """Give rule and mutated frame for the frame itself."""
    yield "frame.elements", json.dumps([*elements, {}])
    yield "frame.json", json.dumps(elements)[:-1]
    yield "frame.text", json.dumps(elements).encode()
    yield "frame.message_type", json.dumps([9, *elements[1:]])
    yield "frame.payload", json.dumps([*elements[:-1], "{}"])
    if kind == "request":
        yield "frame.message_id", json.dumps([2, "x" * 64, *elements[2:]])
        yield "frame.message_id", json.dumps([2, 5, *elements[2:]])
        yield "rpc.action", json.dumps([2, elements[1], elements[2].lower(), elements[3]])
    else:
        yield "rpc.unsolicited", json.dumps([3, "somebody-else", elements[2]])
        yield "frame.error_code", json.dumps([4, elements[1], "Broken", "", {}])
        yield "rpc.error_unfounded", json.dumps([4, elements[1], "ProtocolError", "", {}])
        yield "rpc.error_internal", json.dumps([4, elements[1], "InternalError", "", {}])


def test_the_conversations_are_conformant():
    for version in Version:
        judge = Judge(version, Side.STATION)
        judge.opened("c", START)
        for sender, _, _, elements in conversation(version):
            assert judge.frame("c", sender, json.dumps(elements), START).violations == ()


@pytest.mark.parametrize("product", Side)
@pytest.mark.parametrize("version", Version)
def test_first_cause_of_every_injection(version, product):
    judge = Judge(version, product)
    judge.opened("c", START)
    count = 0
    for sender, action, kind, elements in conversation(version):
        if sender is product:
            mutated = [(rule, json.dumps(raw)) for rule, raw in payload_injections(version, action, kind, elements)]
            for rule, raw in [*mutated, *frame_injections(kind, elements)]:
                branch = copy.deepcopy(judge)
                found = branch.frame("c", sender, raw, START).violations
                assert [violation.rule for violation in found][:1] == [rule], raw
                wanted = Level.SHOULD if rule == "rpc.error_internal" else Level.MUST
                assert found[0].level is wanted
                assert branch.overdue(START + 100) == (), "a wrong answer is not also a missing one"
                count += 1
            if kind == "response":
                branch = copy.deepcopy(judge)
                assert [violation.rule for violation in branch.overdue(START + 100)] == ["rpc.unanswered"]
                branch = copy.deepcopy(judge)
                branch.frame("c", sender, json.dumps(elements), START)
                again = branch.frame("c", sender, json.dumps(elements), START).violations
                assert [violation.rule for violation in again] == ["rpc.answered_twice"]
        judge.frame("c", sender, json.dumps(elements), START)
    assert count > 50
