"""Which attempt decides. Each row: the attempts, then the number of the one that decides, and whether it is flaky."""

import pytest
from synthetic import Synthetic

from ocpp_tck.report.attempts import differing_by_profile, history_line, settle, settle_runs
from ocpp_tck.report.model import Case, Cause
from ocpp_tck.verdict import Verdict


def attempt(verdict, **facts):
    cut = verdict.endswith("!")
    return Case(
        id="TC_1_CS",
        title="t",
        version="1.6",
        sut="cs",
        profile="Core",
        requirements="",
        node="n",
        station="CP001",
        attempt=1,
        status="implemented",
        journal="j",
        verdict=Verdict(verdict.removesuffix("!")),
        start=facts.pop("start", 0.0),
        duration=1.0,
        cause=facts.pop("cause", None),
        steps=(),
        frames=(),
        events=(),
        violations=(),
        interrupted=cut,
        **facts,
    )


def decided(cases):
    (deciding,) = [case for case in cases if not case.superseded]
    assert [case.attempt for case in cases] == list(range(1, len(cases) + 1))
    assert len({case.flaky for case in cases}) == 1
    return deciding.attempt, deciding.flaky


@pytest.mark.parametrize(
    ("verdicts", "number", "flaky"),
    [
        (["pass"], 1, False),
        (["fail", "pass"], 1, True),
        (["fail", "fail"], 1, False),
        (["inconclusive", "fail"], 2, True),
        (["inconclusive", "pass"], 1, True),
        (["inconclusive", "inconclusive", "pass"], 1, True),
        (["fail", "error"], 2, True),
        (["fail", "not run"], 1, False),
        (["not run", "not run"], 2, False),
        (["not run"], 1, False),
        (["inconclusive!", "pass"], 2, False),
        (["fail!", "pass"], 1, True),
        (["pass!", "pass"], 2, False),
        (["inconclusive!", "inconclusive!"], 2, False),
        (["fail!", "inconclusive!"], 1, False),
        (["fail", "inconclusive!"], 1, False),
    ],
)
def test_in_one_run_the_worst_that_judged_decides(verdicts, number, flaky):
    assert decided(settle([attempt(verdict) for verdict in verdicts])) == (number, flaky)


@pytest.mark.parametrize(
    ("tried", "number", "flaky"),
    [
        (["fail 1", "pass 2"], 2, False),  # a new firmware: the newest speaks
        (["pass 1", "fail 2"], 2, False),
        (["pass 1", "inconclusive 2"], 2, False),  # the new firmware was not judged, the old pass does not speak for it
        (["fail 1", "pass 1"], 1, True),
        (["pass 1", "fail 1"], 2, True),
        (["pass 1", "warn 1"], 2, True),
        (["fail 1", "pass 1", "pass 2"], 3, False),
        (["pass 2", "fail 1", "pass 2"], 3, False),  # back at the former firmware, after another one
        (["fail 1", "pass 2", "pass 1"], 3, False),
        (["pass 1", "pass 1"], 2, False),  # of equals the latest
        (["inconclusive 1", "pass 1"], 2, False),  # what judged nothing gives way
        (["pass 1", "inconclusive 1"], 1, False),
        (["error 1", "pass 1"], 2, False),
        (["fail 1", "error 1"], 1, False),
        (["inconclusive 1", "error 1"], 2, False),
        (["fail 1", "not run 2"], 1, False),  # what was not tried says nothing, whatever the firmware
        (["fail 1", "not applicable 1"], 1, False),
        (["not run 1", "not applicable 1"], 2, False),
        (["fail ?", "pass 1"], 1, True),  # not known is taken for the same
        (["fail 1", "pass ?"], 1, True),
        (["fail ?", "pass ?"], 1, True),
        (["fail 1", "pass ?", "pass 2"], 3, False),
        (["pass! 1", "fail 1"], 2, False),
        (["fail! 1", "pass 1"], 1, True),  # what was found before it was cut off is found
        (["inconclusive! 1", "pass 1"], 2, False),
    ],
)
def test_over_several_runs_the_newest_product_speaks(tried, number, flaky):
    parts = [one.rpartition(" ")[::2] for one in tried]
    cases = [attempt(verdict, firmware=version.strip("?")) for verdict, version in parts]
    found = settle_runs(cases)
    assert decided(found) == (number, flaky)


@pytest.mark.parametrize(
    ("tried", "number", "flaky", "differing"),
    [
        (["pass 0", "pass 3"], 2, False, None),
        (["pass 0", "fail 3"], 2, False, {0: "pass", 3: "fail"}),
        (["fail 3", "pass 0"], 1, False, {0: "pass", 3: "fail"}),
        (["fail 0", "pass 0", "fail 3"], 3, True, None),  # of equals the latest; what is flaky is so with profile 0
        (["pass 0", "warn 0", "fail 3"], 3, True, {0: "warn", 3: "fail"}),
        (["pass 0", "warn 3"], 2, False, None),  # nothing mandatory depends on it
        (["pass 0", "inconclusive 3"], 1, False, None),  # what judged nothing differs from nothing
        (["not run 0", "pass 3"], 2, False, None),
        (["not run 0"], 1, False, None),
        (["inconclusive 0", "error 3"], 2, False, None),
    ],
)
def test_what_differs_by_security_profile_only_is_not_flaky(tried, number, flaky, differing):
    parts = [one.rpartition(" ")[::2] for one in tried]
    cases = [attempt(verdict, security_profile=int(profile)) for verdict, profile in parts]
    assert decided(settle_runs(cases)) == (number, flaky)
    assert differing_by_profile(cases) == ({"TC_1_CS": differing} if differing else {})


def test_only_attempts_at_the_newest_product_can_differ_by_profile():
    old, new = attempt("fail", firmware="1", security_profile=0), attempt("pass", firmware="2", security_profile=3)
    assert differing_by_profile([old, new]) == {}


def test_a_flaky_case_of_one_run_stays_flaky_over_several():
    one = settle([attempt("inconclusive"), attempt("pass")])
    assert decided(settle_runs([*one, attempt("pass")])) == (1, True)


def test_each_case_is_settled_for_itself(tmp_path):
    run = Synthetic(tmp_path).begin()
    for name, verdict in (("TC_1", "fail"), ("TC_2", "pass"), ("TC_1", "pass")):
        run.case(name)
        run.end_case(verdict, name)
    from ocpp_tck.report.write import load_model

    model = load_model(run.done())
    assert [(case.id, case.attempt, case.superseded) for case in model.cases] == [
        ("TC_1", 1, False),
        ("TC_2", 1, False),
        ("TC_1", 2, True),
    ]
    assert model.totals["cases"] == 2
    assert model.verdict is Verdict.FAIL


def test_the_history_tells_run_time_software_verdict_and_cause():
    case = attempt("fail!", start=1_795_426_872.0, run="01-a", firmware="1.0", cause=Cause(text="late", where="step 1"))
    told = "attempt 1 · 01-a · 2026-11-23 09:41:12Z · software 1.0 · security profile 0 · fail, interrupted · late · decides"
    assert history_line(case) == told
    assert not history_line(settle([case, attempt("pass")])[1]).endswith("decides")
