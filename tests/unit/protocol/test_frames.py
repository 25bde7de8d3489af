import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_tck.protocol.frames import (
    ERROR_CODES,
    encode_call,
    encode_error,
    encode_result,
    encode_send,
    parse,
)
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.schema import ValidatorsDisagree, known_actions
from ocpp_tck.protocol.types import MessageType, Side, Version

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=12,
)
FRAMES = st.one_of(
    st.text(),
    st.binary(),
    JSON.map(json.dumps),
    st.lists(JSON, max_size=6).map(json.dumps),
    st.tuples(st.integers(0, 8), JSON, JSON, JSON).map(json.dumps),
)


def rules(raw, version=Version.V16):
    return [violation.rule for violation in parse(raw, version).violations]


@given(FRAMES, st.sampled_from(Version))
def test_parse_never_raises(raw, version):
    parsed = parse(raw, version)
    assert parsed.message is not None or parsed.violations


@given(st.sampled_from(sorted(known_actions(Version.V201))), JSON, st.sampled_from(Version))
def test_the_judge_survives_any_payload(action, payload, version):
    judge = Judge(version, Side.STATION)
    for sender in Side:
        raw = json.dumps([2, f"{sender}", action, payload])
        try:
            judge.frame("c", sender, raw, 0)
            judge.frame("c", sender.peer, json.dumps([3, f"{sender}", payload]), 0)
        except ValidatorsDisagree as error:  # pragma: no cover
            pytest.fail(str(error))


@pytest.mark.parametrize("version", Version)
def test_encoded_frames_come_back(version):
    call = parse(encode_call("1", "Heartbeat", {}), version)
    assert (call.violations, call.message.action, call.message.payload) == ((), "Heartbeat", {})
    result = parse(encode_result("1", {"é": 1}), version)
    assert (result.violations, result.message.type) == ((), MessageType.CALLRESULT)
    error = parse(encode_error("1", "NotSupported", "why"), version)
    assert (error.violations, error.message.error_code, error.message.error_details) == ((), "NotSupported", {})


def test_types_of_21():
    assert parse(encode_send("1", "A", {}), Version.V21).message.type is MessageType.SEND
    raw = encode_error("1", "FormatViolation", kind=MessageType.CALLRESULTERROR)
    assert parse(raw, Version.V21).message.type is MessageType.CALLRESULTERROR
    assert rules(raw, Version.V201) == ["frame.message_type"]


@pytest.mark.parametrize("depth", [201, 100_000])
def test_deep_nesting_is_no_crash(depth):
    assert rules('[2,"1","A",' + "[" * depth + "]" * depth + "]") == ["frame.json"]
    assert rules('{"a":' * depth) == ["frame.json"]


def test_many_brackets_are_not_depth():
    wide = [2, "1", "A", {"a": [[1]] * 300, "b": "[[{{" * 200}]
    assert rules(json.dumps(wide)) == []


def test_duplicate_key_is_named_and_the_message_still_made_out():
    parsed = parse('[2,"1","Heartbeat",{"a":1,"a":2}]', Version.V16)
    assert "'a'" in parsed.violations[0].message
    assert parsed.message.action == "Heartbeat"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_python_numbers_are_not_json(number):
    assert rules(f'[2,"1","A",{{"a":{number}}}]') == ["frame.json"]


def test_numbers_too_long_for_python_are_json():
    parsed = parse('[2,"1","A",{"a":' + "1" * 5000 + "}]", Version.V16)
    assert parsed.violations == ()
    assert rules('[2,"1","A",{"a":' + "1" * 5000 + ',"a":NaN}]')[:1] == ["frame.json"]


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
