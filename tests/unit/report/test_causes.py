import pytest

from ocpp_tck.report.causes import without_numbers
from ocpp_tck.report.terminal import summary_lines
from ocpp_tck.report.write import load_model


def groups(run):
    return [[case.id for case in cases] for _, cases in load_model(run.done()).first_to_fix()]


def failed(run, number, cause, *, action="Reset", verdict="fail", **told):
    name = f"TC_{number}"
    run.case(name)
    frame = run.frame(action=action)
    run.end_case(verdict, name, cause=cause, frames=(frame,), **told)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("StatusNotification with connectorId 1 did not come within 5 s", "StatusNotification with connectorId 2 did not come within 30 s"),
        ("2026-11-25T23:43:57Z is -3601 s off", "2026-11-25T23:44:02.123Z is -3600 s off"),
        ("no answer to 3f95a13a-02c4-4b5a-98ea-a8fc3fcc8d5c", "no answer to 77aa0e3c-2b1d-4f5a-98ea-a8fc3fcc0000"),
        ("key[0].value: too long", "key[12].value: too long"),
        ("the token 'TAG-1A' was taken", "the token 'TAG-22B' was taken"),
    ],
)  # fmt: skip
def test_causes_that_differ_in_numbers_and_ids_are_one(run, one, other):
    failed(run, 1, one)
    failed(run, 2, other)
    assert groups(run) == [["TC_1", "TC_2"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("StatusNotification with status Charging did not come", "StatusNotification with status Finishing did not come"),
        ("'Accepted' instead of 'Rejected'", "'Rejected' instead of 'Accepted'"),
        ("the field idTag is missing", "the field status is missing"),
    ],
)  # fmt: skip
def test_causes_that_differ_in_words_are_two(run, one, other):
    failed(run, 1, one)
    failed(run, 2, other)
    assert groups(run) == [["TC_1"], ["TC_2"]]


def test_bare_values_of_different_messages_are_different_causes(run):
    failed(run, 1, "'Rejected' instead of 'Accepted'", action="Reset")
    failed(run, 2, "'Rejected' instead of 'Accepted'", action="ClearCache")
    failed(run, 3, "'Rejected' instead of 'Accepted'", action="Reset")
    assert groups(run) == [["TC_1", "TC_3"], ["TC_2"]]


def test_one_rule_broken_in_two_ways_is_two_causes(run):
    for number, message in enumerate(("a is missing", "b is missing", "a is missing")):
        run.case(f"TC_{number}")
        run.violate(run.frame(), message=message)
        run.end_case(case=f"TC_{number}")
    assert groups(run) == [["TC_0", "TC_2"], ["TC_1"]]


def test_the_order_is_fails_then_undecided_then_ours_then_warnings(run):
    for number, verdict in enumerate(("warn", "error", "inconclusive", "fail", "warn")):
        failed(run, number, f"cause of {verdict}", verdict=verdict)
    assert groups(run) == [["TC_3"], ["TC_2"], ["TC_1"], ["TC_0", "TC_4"]]


def test_numbers_side_by_side_are_one():
    assert without_numbers("between 3 - 5 and 7: x1y, 'a' (2)") == "between # and #, 'a' (#)"
    assert without_numbers("") == ""


def test_the_terminal_tells_a_cause_once_with_all_its_cases(run):
    for number in range(20):
        failed(run, number, f"no answer within {number} s", requirement="1.6 4.2")
    failed(run, 99, "another cause")
    told = summary_lines(load_model(run.done()))
    assert [line for line in told if "no answer" in line] == ["  case: no answer within 0 s, frame 1"]
    named = ", ".join(f"TC_{number}" for number in range(1, 13))
    assert f"  the same in 19 more: {named} and 7 more" in told
    assert [line[:18] for line in told if line.startswith("FAIL         ")] == [
        "FAIL         TC_0 ",
        "FAIL         TC_99",
    ]


def test_the_terminal_tells_known_and_uncounted_cases_one_by_one(run):
    for number in range(2):
        run.case(f"TC_{number}", status="draft")
        run.end_case("fail", f"TC_{number}", cause="the same")
    told = summary_lines(load_model(run.done()))
    assert len([line for line in told if line.startswith("FAIL  ") and "does not count" in line]) == 2
    assert not [line for line in told if "the same in" in line]
