import json
import sys
import time
from collections import Counter

import pytest
from hypothesis import given, settings

from ocpp_tck.protocol.frames import (
    ERROR_CODES,
    encode_call,
    encode_error,
    encode_result,
    encode_send,
    parse,
)
from ocpp_tck.protocol.types import Message, MessageType, Version
from ocpp_tck.selftest.inputs import frames
from ocpp_tck.selftest.validators import _parsed


def rules(raw, version=Version.V16):
    return [violation.rule for violation in parse(raw, version).violations]


@settings(deadline=None)
@given(frames())
def test_parse_never_raises(raw):
    assert list(_parsed(raw, Counter())) == []


@pytest.mark.parametrize("version", Version)
def test_encoded_frames_come_back(version):
    call = parse(encode_call("1", "Heartbeat", {}), version)
    assert (call.violations, call.message.action, call.message.payload) == ((), "Heartbeat", {})
    result = parse(encode_result("1", {"é": 1}), version)
    assert (result.violations, result.message.type) == ((), MessageType.CALLRESULT)
    error = parse(encode_error("1", "NotSupported", "why"), version)
    assert (error.violations, error.message.error_code, error.message.error_details) == ((), "NotSupported", {})


def test_frames_are_written_compactly_and_as_unicode():
    assert encode_call("1", "DataTransfer", {"vendorId": "é"}) == '[2,"1","DataTransfer",{"vendorId":"é"}]'
    assert encode_result("1", {"a": "é"}) == '[3,"1",{"a":"é"}]'
    assert encode_error("1", "NotSupported") == '[4,"1","NotSupported","",{}]'
    assert encode_error("1", "NotSupported", "é", {"a": 1}) == '[4,"1","NotSupported","é",{"a":1}]'
    refused = encode_error("1", "NotSupported", kind=MessageType.CALLRESULTERROR)
    assert refused == '[5,"1","NotSupported","",{}]'
    assert encode_send("1", "NotifyPeriodicEventStream", {"a": "é"}) == '[6,"1","NotifyPeriodicEventStream",{"a":"é"}]'


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ('[2,"1","A",{"a":1}]', Message(MessageType.CALL, "1", "A", {"a": 1})),
        ('[2,"1","A",[1]]', Message(MessageType.CALL, "1", "A", [1])),
        ('[2,"1",["A"],{}]', Message(MessageType.CALL, "1", None, {})),
        ('[2,"1"]', Message(MessageType.CALL, "1", None, None)),
        ('[2,1.5,"A",{},7,8]', Message(MessageType.CALL, "1.5", "A", {})),
        ('[3,"1",{"a":1}]', Message(MessageType.CALLRESULT, "1", None, {"a": 1})),
        ('[3,{"a":1},{}]', Message(MessageType.CALLRESULT, "an object", None, {})),
        ('[3,["a"],{}]', Message(MessageType.CALLRESULT, "an array", None, {})),
        ('[3,"1"]', Message(MessageType.CALLRESULT, "1", None, None)),
        ('[3,"1",{},1]', Message(MessageType.CALLRESULT, "1", None, {})),
        (
            '[4,"1","InternalError","why",{"a":1}]',
            Message(
                MessageType.CALLERROR,
                "1",
                error_code="InternalError",
                error_description="why",
                error_details={"a": 1},
            ),
        ),
        ('[4,"1",7,8,9]', Message(MessageType.CALLERROR, "1", error_details=9)),
        ('[4,"1"]', Message(MessageType.CALLERROR, "1")),
        ('[6,"1","A",{"a":1}]', Message(MessageType.SEND, "1", "A", {"a": 1})),
    ],
)
def test_what_is_made_out(raw, message):
    assert parse(raw, Version.V21).message == message


@pytest.mark.parametrize("length", [0, 1, 36, 37])
def test_length_of_the_message_id(length):
    found = parse(f'[2,"{"x" * length}","Heartbeat",{{}}]', Version.V201).violations
    legal = [f"the message id has {length} characters; 1 to 36 are legal"] if length in {0, 37} else []
    assert [violation.message for violation in found] == legal


@pytest.mark.parametrize(("version", "limit"), [(Version.V16, 10_000), (Version.V201, 255), (Version.V21, 255)])
def test_length_of_the_error_description(version, limit):
    assert rules(encode_error("1", "InternalError", "x" * limit), version) == []
    longer = parse(encode_error("1", "InternalError", "x" * (limit + 1)), version).violations
    assert [violation.message for violation in longer] == (
        [] if limit > 255 else ["the error description has 256 characters; at most 255 are legal"]
    )


@pytest.mark.parametrize(
    ("raw", "messages"),
    [
        ('[4,"1"]', ["a CALLERROR has 5 elements, this one 2"]),
        ('[4,7,"x",7,7]', ["the message id 7 is not a string", 'the error code "x" is unknown in OCPP 2.1']),
        ('[4,"1",["x"],7,7]', ["the error code an array is unknown in OCPP 2.1"]),
        ('[4,"1","InternalError",{},7]', ["the error description an object is not a string"]),
        ('[4,"1","InternalError","",7]', ["the error details 7 are not an object"]),
        ('[4,"1","InternalError","",[]]', ["the error details an array are not an object"]),
        ('[2,"1",7,[]]', ["the action 7 is not a string", "the payload an array is not an object"]),
        ('[2,"1",7]', ["a CALL has 4 elements, this one 3"]),
        ('[3,"1","' + "x" * 80 + '"]', ['the payload "' + "x" * 59 + " is not an object"]),
        ('[3,"1",null]', ["the payload is null; an empty object is good practice"]),
        ('["' + "x" * 80 + '"]', ['the message type "' + "x" * 59 + " is unknown in OCPP 2.1"]),
        ("[2.5]", ["the message type 2.5 is unknown in OCPP 2.1"]),
        ("[-1]", ["the message type -1 is unknown in OCPP 2.1"]),
        ("{}", ["a message is a JSON array that is not empty"]),
        (
            '{"' + "k" * 70 + '":1,"' + "k" * 70 + '":2}',
            [f"not valid JSON: the key '{'k' * 60}' stands twice in one object"],
        ),
        ("[-Infinity]", ["not valid JSON: -Infinity is not a JSON number"]),
    ],
)
def test_words_about_a_frame(raw, messages):
    assert [violation.message for violation in parse(raw, Version.V21).violations][: len(messages)] == messages


@pytest.mark.parametrize(("depth", "flaws"), [(200, []), (201, ["frame.json"])])
def test_the_depth_that_is_read(depth, flaws):
    inner = depth - 2
    assert rules('[2,"1","A",{"a":' + "[" * inner + "]" * inner + "}]") == flaws
    assert rules('[2,"1","A",{"x":[1],"a":' + "[" * inner + "]" * inner + "}]") == flaws
    assert (
        rules('[2,"1","A",{"a":"x","b":' + "[" * inner + "]" * inner + ',"c":[' + ",".join(["{}"] * 300) + "]}]")
        == flaws
    )


def test_types_of_21():
    assert parse(encode_send("1", "A", {}), Version.V21).message.type is MessageType.SEND
    raw = encode_error("1", "FormatViolation", kind=MessageType.CALLRESULTERROR)
    assert parse(raw, Version.V21).message.type is MessageType.CALLRESULTERROR
    assert rules(raw, Version.V201) == ["frame.message_type"]


@pytest.mark.parametrize("depth", [201, 100_000])
def test_deep_nesting_is_no_crash(depth):
    assert rules('[2,"1","A",' + "[" * depth + "]" * depth + "]") == ["frame.json"]
    assert rules('{"a":' * depth) == ["frame.json"]


@pytest.mark.parametrize("piece", ['\\"', '"\\', '["', "\\"])
def test_a_string_without_end_is_read_once(piece):
    raw = '[2,"1","A",{"a":' + "[" * 201 + '"' + piece * 200_000
    begin = time.process_time()
    assert rules(raw) == ["frame.json"]
    assert time.process_time() - begin < 2


def test_brackets_in_strings_are_not_counted():
    wide = [2, "1", "A", {"a": "[" * 300 + '"]', "b": "\\" * 3, "c": "{" * 300}]
    assert rules(json.dumps(wide)) == []
    assert rules('[2,"1","A",{"a":"' + "[" * 300 + "\\") == ["frame.json"]


def test_many_brackets_are_not_depth():
    wide = [2, "1", "A", {"a": [[1]] * 300, "b": "[[{{" * 200}]
    assert rules(json.dumps(wide)) == []


def test_duplicate_key_is_named_and_the_message_still_made_out():
    parsed = parse('[2,"1","Heartbeat",{"x":0,"a":1,"y":0,"a":2}]', Version.V16)
    assert "'a'" in parsed.violations[0].message
    assert parsed.message.action == "Heartbeat"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_python_numbers_are_not_json(number):
    assert rules(f'[2,"1","A",{{"a":{number}}}]') == ["frame.json"]


@pytest.mark.parametrize("flaw", ["NaN", '{"a":1,"a":2}'])
def test_a_second_flaw_after_the_first_is_one_violation(flaw):
    assert rules(flaw + "x") == ["frame.json"]
    assert parse(f'[2,"1","A",{{"a":{flaw}}}', Version.V16).message is None


def test_numbers_that_no_double_holds_are_the_largest_one():
    parsed = parse('[2,"1","A",{"a":1e400,"b":-1e400,"c":0.1,"d":1e-400}]', Version.V16)
    assert parsed.violations == ()
    assert parsed.message.payload == {"a": sys.float_info.max, "b": -sys.float_info.max, "c": 0.1, "d": 0.0}


def test_numbers_too_long_for_python_are_json():
    parsed = parse('[2,"1","A",{"a":' + "1" * 5000 + "}]", Version.V16)
    assert parsed.violations == ()
    assert parsed.message.payload == {"a": int("1" * 400)}
    assert rules('[2,"1","A",{"a":' + "1" * 5000 + ',"a":NaN}]')[:1] == ["frame.json"]
    assert rules('[2,"1","A",{"a":1e400,"b":NaN}]')[:1] == ["frame.json"]


def test_half_surrogates_are_not_utf8():
    assert rules('[2,"1","A",{"a":"\\ud83d"}]') == ["frame.utf8"]
    assert rules('[2,"1","A",{"a":"\\ud83d\\ude00"}]') == []
    assert rules('[2,"1","A",{"a":"\ud83d"}]') == ["frame.utf8"]


def test_message_beside_its_violations():
    parsed = parse('[2,7,"Heartbeat",{},1]', Version.V16)
    assert [violation.rule for violation in parsed.violations] == ["frame.elements", "frame.message_id"]
    assert (parsed.message.id, parsed.message.action) == ("7", "Heartbeat")


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ("[2]", "frame.elements"),
        ('[3,"1"]', "frame.elements"),
        ('[4,"1","x"]', "frame.elements"),
        ('[2,"1",null]', "frame.elements"),
        ('[2,["1"],"A",{}]', "frame.message_id"),
        ('[2,{},"A",{}]', "frame.message_id"),
        ('[true,"1","A",{}]', "frame.message_type"),
        ('[[2],"1","A",{}]', "frame.message_type"),
        ('[4,"1","GenericError",null,{}]', "frame.error_description"),
        ('[4,"1","GenericError","",null]', "frame.error_details"),
        ('[4,"1",null,"",{}]', "frame.error_code"),
    ],
)
def test_first_cause(raw, rule):
    assert rules(raw)[0] == rule


def test_error_codes_of_16_include_both_spellings():
    assert {"OccurenceConstraintViolation", "OccurrenceConstraintViolation", "FormationViolation"} <= ERROR_CODES[
        Version.V16
    ]
    assert "FormatViolation" not in ERROR_CODES[Version.V16]
    assert "RpcFrameworkError" in ERROR_CODES[Version.V201]


def test_null_payload():
    assert parse('[2,"1","Heartbeat",null]', Version.V16).message.payload == {}
    assert parse('[3,"1",null]', Version.V16).violations == ()
    assert rules('[3,"1",null]', Version.V21) == ["frame.null_payload"]
