import json

import pytest

from ocpp_tck.report.compare import Field, different_fields, differing_words, headline
from ocpp_tck.report.sequence import flow
from ocpp_tck.report.write import load_model

PAYLOAD = {
    "connectorId": 2,
    "status": "Available",
    "idTagInfo": {"status": "Accepted"},
    "key": [{"key": "A", "value": "1"}],
    "reserved": True,
}


def case_of(run, expected, received, *, payload=PAYLOAD, cause="2 instead of 1", sender="product", kind="CALL"):
    run.case()
    inner = json.dumps(payload)
    raw = f'[2,"m","Some",{inner}]' if kind == "CALL" else f'[3,"m",{inner}]'
    frame = run.frame(sender, kind, "Some", raw if isinstance(payload, dict) else payload)
    run.end_case("fail", cause=cause, expected=expected, received=received, frames=(frame,))
    return load_model(run.done()).cases[0]


@pytest.mark.parametrize(
    ("expected", "received", "found"),
    [
        ("status.status == 'Preparing': == 'Preparing'", "'Available' | x", [("status", '"Preparing"', '"Available"')]),
        ("a.idTagInfo.status == x.y: == 'Blocked'", "'Accepted' | x", [("idTagInfo.status", '"Blocked"', '"Accepted"')]),
        ("csms.call('Some', a=1).idTagInfo.status == 'B': == 'B'", "'Accepted'", [("idTagInfo.status", '"B"', '"Accepted"')]),
        ("request.get('connectorId', c) == c: == 1", "2 | x", [("connectorId", "1", "2")]),
        ("a.key[0].value == '5': == '5'", "'1' | x", [("key[0].value", '"5"', '"1"')]),
        ("a['status'] == 'x': == 'x'", "'Available'", [("status", '"x"', '"Available"')]),
        ("(a.connectorId, a.status) == (1, s): == (1, 'Available')", "(2, 'Available') | x", [("connectorId", "1", "2")]),
        ("a.status in LEGAL: in {'x'}", "'Available'", [("status", "one of {'x'}", '"Available"')]),
        ("a.status != 'Available': != 'Available'", "'Available'", [("status", 'not "Available"', '"Available"')]),
        ("a.connectorId < 2: < 2", "2", [("connectorId", "less than 2", "2")]),
        ("Some with connectorId 1", 'frame 1 Some {"connectorId": 2}', [("connectorId", "1", "2")]),
        ("Some with connectorId 1, status Charging or Finishing", "…", [("connectorId", "1", "2"), ("status", "Charging or Finishing", '"Available"')]),
        ("Some with connectorId 2 and status Charging after status Preparing", "…", [("status", "Charging", '"Available"')]),
        ("Some with connectorId 2", "…", []),
    ],
    ids=str,
)  # fmt: skip
def test_the_fields_that_differ_are_found(run, expected, received, found):
    case = case_of(run, expected, received)
    is_nearest = received.startswith("frame ")
    assert different_fields(case) == tuple(
        Field(path=path, frame=1, expected=wanted, received=got, is_nearest=is_nearest) for path, wanted, got in found
    )


@pytest.mark.parametrize(
    ("expected", "received"),
    [
        ("a.status == 'x': == 'x'", "'Faulted' | x"),  # the frame has another value: it is not that field
        ("a.reserved == 0: == 0", "1 | x"),  # True is no 1
        ("a.other == 'x': == 'x'", "'Available'"),
        ("len(a.key) == 2: == 2", "1 | x"),
        ("a.status == ': == '", "'Available"),
        ("(a.status, a.x) == 1: == 1", "'Available'"),
        ("a.key[7].value == 1: == 1", "'1'"),
        ("Some with fields", "…"),
        ("", ""),
        ("x" * 5000, "y"),
        ("a.status == 'x': == 'x'", "(" * 3000),
    ],
    ids=lambda text: text[:30],
)
def test_where_nobody_can_tell_no_field_is_blamed(run, expected, received):
    assert different_fields(case_of(run, expected, received)) == ()


@pytest.mark.parametrize("payload", ["no JSON", "[", "[2]", "{}", '[2,"m","Some",[1]]', "[" * 100_000])
def test_frames_that_cannot_be_read_are_survived(run, payload):
    case = case_of(run, "a.status == 'x': == 'x'", "'Available'", payload=payload)
    assert different_fields(case) == ()
    assert headline(case) == "2 instead of 1"


def test_what_the_kit_sent_is_never_blamed(run):
    assert different_fields(case_of(run, "a.status == 'x': == 'x'", "'Available'", sender="kit")) == ()


def test_an_answer_is_read_too(run):
    case = case_of(run, "a.status == 'x': == 'x'", "'Available'", kind="CALLRESULT", cause="'Available' instead of 'x'")
    assert headline(case) == 'Some: status is "Available", expected "x"'


def test_bare_values_are_told_with_their_field_and_words_stay(run):
    case = case_of(run, "a.status == 'x': == 'x'", "'Available'", cause="the station is not in order")
    assert headline(case) == "the station is not in order"


def test_a_case_without_cause_has_no_headline(run):
    run.case()
    run.end_case()
    case = load_model(run.done()).cases[0]
    assert (headline(case), different_fields(case)) == ("", ())


@pytest.mark.parametrize(
    ("expected", "received", "left", "right"),
    [
        ("status Charging", "status Finishing", ["Charging"], ["Finishing"]),
        ("a b c", "a c", ["b "], []),
        ("same", "same", [], []),
        ("entirely other words", '{"x": 1}', [], []),
        ("", "x", [], []),
        ("x" * 9000, "x" * 9001, [], []),
    ],
    ids=lambda text: text[:20] if isinstance(text, str) else "",
)
def test_the_words_that_differ_are_marked_and_nothing_is_lost(expected, received, left, right):
    first, second = differing_words(expected, received)
    assert ("".join(text for text, _ in first), "".join(text for text, _ in second)) == (expected, received)
    assert [text for text, differs in first if differs] == left
    assert [text for text, differs in second if differs] == right


def test_a_message_that_came_instead_of_the_awaited_one_is_not_called_wrong(run):
    case = case_of(run, "Some with connectorId 1", 'frame 1 Some {"connectorId": 2}', cause="it did not come")
    assert [field.is_nearest for field in different_fields(case)] == [True]
    row = next(row for row in flow(case) if row[0] == "frame")
    assert row[7:9] == ["near", [["connectorId", "the awaited one has 1"]]]


def test_of_the_messages_of_a_step_only_the_wrong_one_is_called_wrong(run):
    run.case()
    right = run.frame(action="Authorize", raw='[2,"a","Authorize",{"idTag":"x"}]')
    wrong = run.frame(action="Some", raw='[2,"b","Some",{"status":"Available"}]')
    later = run.frame(action="Some", raw='[2,"c","Some",{"status":"Preparing"}]')
    asked = run.frame("kit", action="Reset")
    frames = (right, wrong, later, asked)
    run.end_case("fail", cause="it is wrong", expected="a.status == 'x': == 'x'", received="'Available'", frames=frames)
    case = load_model(run.done()).cases[0]
    assert [row[7] for row in flow(case) if row[0] == "frame"] == ["near", "bad", "near", "near"]


def test_a_call_of_the_kit_that_was_not_answered_is_not_wrong_itself(run):
    run.case()
    asked = run.frame("kit", action="Reset")
    run.end_case("fail", cause="not answered", expected="an answer to Reset", received="nothing", frames=(asked,))
    case = load_model(run.done()).cases[0]
    assert [row[7] for row in flow(case) if row[0] == "frame"] == ["near"]
