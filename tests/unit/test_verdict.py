"""How verdicts combine and what a run exits with."""

import itertools

import pytest

from ocpp_tck.verdict import (
    EXIT_FAILED,
    EXIT_KIT_ERROR,
    EXIT_NOTHING_DECIDED,
    EXIT_OK,
    Failed,
    Inconclusive,
    NotApplicable,
    NotRun,
    Signal,
    Verdict,
    exit_code,
    whole,
    worst,
)

ORDER = [Verdict.NONE, Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR]
APART = [Verdict.NOT_APPLICABLE, Verdict.NOT_RUN]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(ORDER, repeat=2)))
def test_the_worse_of_two_wins_in_either_order(one, other):
    assert worst([one, other]) is ORDER[max(ORDER.index(one), ORDER.index(other))]


@pytest.mark.parametrize("own", APART)
def test_a_case_that_was_not_exercised_is_no_pass_and_no_warning(own):
    assert whole(own, []) is own
    assert whole(own, [Verdict.PASS, Verdict.WARN]) is own
    assert whole(own, [Verdict.WARN, Verdict.FAIL]) is Verdict.FAIL
    assert whole(own, [Verdict.ERROR]) is Verdict.ERROR


def test_a_case_that_was_exercised_is_as_bad_as_its_worst_part():
    assert whole(Verdict.PASS, [Verdict.WARN]) is Verdict.WARN
    assert whole(Verdict.PASS, [Verdict.NOT_RUN]) is Verdict.PASS
    assert whole(Verdict.NONE, []) is Verdict.NONE


def test_no_parts_are_none():
    assert worst([]) is Verdict.NONE


@pytest.mark.parametrize("apart", APART)
@pytest.mark.parametrize("verdict", ORDER)
def test_what_was_not_judged_does_not_change_the_rest(apart, verdict):
    assert worst([apart, verdict]) is verdict
    assert worst([apart]) is Verdict.NONE


def test_decided_are_pass_warn_and_fail():
    assert {verdict for verdict in Verdict if verdict.is_decided} == {Verdict.PASS, Verdict.WARN, Verdict.FAIL}


@pytest.mark.parametrize(
    ("verdicts", "strict", "code"),
    [
        ([], False, EXIT_NOTHING_DECIDED),
        ([Verdict.NOT_RUN, Verdict.NOT_APPLICABLE], False, EXIT_NOTHING_DECIDED),
        ([Verdict.PASS], False, EXIT_OK),
        ([Verdict.PASS, Verdict.NOT_RUN], True, EXIT_OK),
        ([Verdict.PASS, Verdict.WARN], False, EXIT_OK),
        ([Verdict.PASS, Verdict.WARN], True, EXIT_FAILED),
        ([Verdict.PASS, Verdict.FAIL], False, EXIT_FAILED),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], False, EXIT_FAILED),
        ([Verdict.INCONCLUSIVE], False, EXIT_FAILED),
        ([Verdict.FAIL, Verdict.ERROR], False, EXIT_KIT_ERROR),
        ([Verdict.ERROR], True, EXIT_KIT_ERROR),
    ],
)
def test_exit_codes(verdicts, strict, code):
    assert exit_code(verdicts, strict=strict) == code


def test_a_warning_is_no_failure_unless_asked():
    assert exit_code([Verdict.WARN]) == EXIT_OK


def test_exit_codes_are_the_documented_numbers():
    assert (EXIT_OK, EXIT_FAILED, EXIT_KIT_ERROR, EXIT_NOTHING_DECIDED) == (0, 1, 2, 5)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (Signal, Verdict.ERROR),
        (Failed, Verdict.FAIL),
        (Inconclusive, Verdict.INCONCLUSIVE),
        (NotRun, Verdict.NOT_RUN),
        (NotApplicable, Verdict.NOT_APPLICABLE),
    ],
)
def test_a_signal_carries_its_verdict_and_evidence(kind, verdict):
    signal = kind("what", requirement="1.6 4.2", expected="this", received="that", frames=(3, 4))
    assert signal.verdict is verdict
    assert str(signal) == signal.message == "what"
    assert (signal.requirement, signal.expected, signal.received, signal.frames) == ("1.6 4.2", "this", "that", (3, 4))


def test_a_signal_says_no_more_than_it_was_given():
    signal = Failed("what")
    assert (signal.requirement, signal.expected, signal.received, signal.frames) == ("", "", "", ())
    assert signal.absence is False
    assert Failed("what", absence=True).absence is True


def test_only_a_fail_is_an_assertion():
    assert isinstance(Failed("x"), AssertionError)
    assert not isinstance(Inconclusive("x"), AssertionError)
