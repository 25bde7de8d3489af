import pytest
from synthetic import Synthetic

from ocpp_tck.report.known import KnownFailuresError, apply_known, load_known, run_exit_code
from ocpp_tck.report.known_proposal import propose, proposed
from ocpp_tck.report.write import load_model, write_reports

ENTRY = '[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "ticket 17"\n'


@pytest.fixture
def known(tmp_path):
    def read(text, ids=("TC_1", "TC_2")):
        path = tmp_path / "known.toml"
        path.write_text(text)
        return load_known(path, ids)

    return read


def model(tmp_path, **verdicts):
    run = Synthetic(tmp_path / "run").begin()
    for name, verdict in verdicts.items():
        run.case(name)
        run.end_case(verdict, name, cause="" if verdict == "pass" else f"{name} broke connectorId")
    return load_model(run.done())


@pytest.mark.parametrize(
    ("verdicts", "strict", "code"),
    [
        ({"TC_1": "pass"}, False, 0),
        ({"TC_1": "warn"}, False, 0),
        ({"TC_1": "warn"}, True, 1),
        ({"TC_1": "inconclusive"}, False, 1),
        ({"TC_1": "fail", "TC_2": "error"}, False, 2),
        ({"TC_1": "not run"}, False, 5),
        ({}, False, 5),
    ],
)
def test_without_known_failures_the_verdicts_decide(tmp_path, verdicts, strict, code):
    assert run_exit_code(model(tmp_path, **verdicts), strict=strict) == code


@pytest.mark.parametrize(("verdict", "code"), [("pass", 2), ("fail", 1), ("error", 2), ("not run", 2)])
def test_what_did_not_begin_is_an_interrupted_run_and_no_pass(tmp_path, verdict, code):
    run = Synthetic(tmp_path / "run").begin(asked=("TC_1", "TC_2"))
    run.case("TC_1")
    run.end_case(verdict, "TC_1", cause="" if verdict == "pass" else "it broke")
    assert run_exit_code(load_model(run.done())) == code


def test_a_known_failure_does_not_let_what_was_left_out_pass(tmp_path, known):
    run = Synthetic(tmp_path / "run").begin(asked=("TC_1", "TC_2"))
    run.case("TC_1")
    run.end_case("fail", "TC_1", cause="it broke")
    assert run_exit_code(load_model(run.done()), known(ENTRY)) == 2


def test_a_case_whose_tidying_up_was_cut_off_is_no_pass(tmp_path):
    run = Synthetic(tmp_path / "run").begin()
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    assert run_exit_code(load_model(run.done(ended=False))) == 2


def test_a_known_failure_does_not_fail_the_run(tmp_path, known):
    entries = known(ENTRY + 'version = "1.6"\ncause = "connectorId"\n')
    seen = model(tmp_path, TC_1="fail", TC_2="pass")
    assert run_exit_code(seen, entries) == 0
    assert apply_known(seen, entries).cases[0].known == "ticket 17"
    assert run_exit_code(model(tmp_path / "b", TC_1="fail", TC_2="fail"), entries) == 1


@pytest.mark.parametrize("verdict", ["pass", "inconclusive", "not run", "not applicable"])
def test_another_verdict_than_listed_fails_the_run(tmp_path, known, verdict):
    seen = model(tmp_path, TC_1=verdict)
    (deviation,) = apply_known(seen, known(ENTRY)).deviations
    assert deviation.startswith(f"TC_1 (1.6) is listed as fail, but came as {verdict}")
    assert run_exit_code(seen, known(ENTRY)) == 1


def test_another_cause_than_listed_fails_the_run(tmp_path, known):
    seen = model(tmp_path, TC_1="fail")
    entries = known(ENTRY + 'cause = "idTag"\n')
    assert run_exit_code(seen, entries) == 1
    assert "listed as fail with 'idTag' in its cause" in apply_known(seen, entries).deviations[0]


@pytest.mark.parametrize(("step", "code"), [("1", 0), ("11", 1), ("1a", 0)])
def test_a_step_is_not_another_whose_number_begins_alike(tmp_path, known, step, code):
    entries = known(ENTRY + 'cause = "step 1"\n')
    run = Synthetic(tmp_path / "run").begin()
    run.case("TC_1")
    run.end_case("fail", "TC_1", cause=f"step {step}")
    assert run_exit_code(load_model(run.done()), entries) == code


def test_a_kit_error_stays_a_kit_error(tmp_path, known):
    assert run_exit_code(model(tmp_path, TC_1="error"), known(ENTRY)) == 2


def test_entries_of_cases_outside_the_run_say_nothing(tmp_path, known):
    assert run_exit_code(model(tmp_path, TC_2="pass"), known(ENTRY)) == 0
    assert run_exit_code(model(tmp_path / "b", TC_1="pass"), known(ENTRY + 'version = "2.1"\n')) == 0


def test_reports_show_what_is_known_and_what_deviates(tmp_path, known):
    model(tmp_path, TC_1="fail", TC_2="pass")
    entries = known(ENTRY + ENTRY.replace("TC_1", "TC_2"))
    write_reports(tmp_path / "run", entries)
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Known: ticket 17" in page
    assert "TC_2 (1.6) is listed as fail" in page
    assert "Known deviation (ticket 17)" in (tmp_path / "run" / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[known", "not a TOML file"),
        ("[other]", "unknown table 'other'"),
        ("known = 1", "two brackets"),
        ("known = [1]", "entry 1: write"),
        (ENTRY + 'tikcet = "x"', "entry 1: unknown field 'tikcet'; there are case, cause"),
        (ENTRY + "expires = 17", "expires must be a day such as 2027-03-31, not 17"),
        (ENTRY + 'expires = "soon"', "expires must be a day such as 2027-03-31, not 'soon'"),
        (ENTRY + "expires = 2027-03-31T12:00:00", "expires must be a day"),
        (ENTRY + 'flaky = "no"', "flaky must be true or false, not 'no'"),
        (ENTRY + "cause = 17", "cause must be a string, or a list of strings, not 17"),
        (ENTRY + 'cause = ["a", 1]', "cause must be a string, or a list of strings, not"),
        (ENTRY + 'cause = ["a", " "]', "cause has an empty string in its list, which every cause contains"),
        (ENTRY.replace('"ticket 17"', "17"), "reason must be a string, not 17"),
        (ENTRY.replace("ticket 17", " "), "reason is missing"),
        (ENTRY.replace('"fail"', '"error"'), "verdict 'error' cannot be known; write fail, inconclusive, warn"),
        (ENTRY.replace("TC_1", "TC_9"), "there is no case 'TC_9'"),
        (ENTRY + ENTRY, "entries 1 and 2 are both about TC_1"),
    ],
)
def test_a_wrong_file_is_told(known, text, message):
    with pytest.raises(KnownFailuresError, match=r"known\.toml") as told:
        known(text)
    assert message in str(told.value)


def test_the_same_case_may_be_known_in_two_versions(known):
    one, other = ENTRY + 'version = "2.0.1"\n', ENTRY + 'version = "2.1"\n'
    assert [entry.version for entry in known(one + other, None)] == ["2.0.1", "2.1"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(KnownFailuresError, match="cannot read the known failures: No such file"):
        load_known(tmp_path / "no.toml")


@pytest.mark.parametrize(
    ("expires", "holds"),
    [("2026-11-23", True), ('"2026-11-23"', True), ("2026-11-24", True), ("2026-11-22", False)],
)
def test_an_entry_holds_until_the_end_of_its_day(tmp_path, known, expires, holds):
    seen = model(tmp_path, TC_1="fail")  # on 2026-11-23
    entries = known(ENTRY + f"expires = {expires}\n")
    assert run_exit_code(seen, entries) == (0 if holds else 1)
    applied = apply_known(seen, entries)
    assert bool(applied.cases[0].known) is holds
    if not holds:
        (deviation,) = applied.deviations
        assert deviation.startswith("TC_1 (1.6) was known until 2026-11-22 and still came as fail: TC_1 broke")


def test_a_clock_outside_the_calendar_excuses_nothing(tmp_path, known):
    run = Synthetic(tmp_path / "run", start=1e18).begin()
    run.case("TC_1")
    run.end_case("fail", "TC_1", cause="so")
    assert run_exit_code(load_model(run.done()), known(ENTRY + "expires = 2999-01-01\n")) == 1


def tried(tmp_path, *verdicts):
    run = Synthetic(tmp_path / "run").begin()
    for verdict in verdicts:
        run.case("TC_1", title="A \x1b title")
        run.end_case(verdict, "TC_1", cause="" if verdict == "pass" else "it broke\nconnectorId")
    return load_model(run.done())


@pytest.mark.parametrize(
    ("verdicts", "steady", "flaky"),
    [
        (("fail",), 0, 0),
        (("fail", "fail"), 0, 0),
        (("fail", "pass"), 1, 0),
        (("pass",), 1, 0),
        (("inconclusive",), 1, 1),
        (("inconclusive", "pass"), 1, 1),
    ],
)
def test_a_flaky_case_is_known_only_where_the_list_says_flaky(tmp_path, known, verdicts, steady, flaky):
    seen = tried(tmp_path, *verdicts)
    assert run_exit_code(seen, known(ENTRY)) == steady
    assert run_exit_code(seen, known(ENTRY + "flaky = true\n")) == flaky


def test_a_warning_that_comes_now_and_then_is_known(tmp_path, known):
    entries = known(ENTRY.replace('"fail"', '"warn"') + "flaky = true\n")
    for verdict in ("warn", "pass"):
        assert run_exit_code(tried(tmp_path / verdict, verdict), entries, strict=True) == 0


def test_a_flaky_deviation_says_so(tmp_path, known):
    (deviation,) = apply_known(tried(tmp_path, "fail", "pass"), known(ENTRY)).deviations
    assert "is listed as fail, but came as flaky, at worst fail: it broke" in deviation


def test_a_proposal_needs_reasons_and_then_takes_the_run_out(tmp_path, known):
    seen = tried(tmp_path, "fail", "pass")
    text = propose(seen)
    assert proposed(seen) == 1
    assert "\x1b" not in text
    with pytest.raises(KnownFailuresError, match="reason is missing"):
        known(text)
    entries = known(text.replace('reason = ""', 'reason = "ticket"'))
    assert run_exit_code(seen, entries) == 0
    assert (entries[0].cause, entries[0].version, entries[0].flaky) == (
        ("exactly: case: it broke connectorId",),
        "1.6",
        True,
    )


def test_a_proposal_leaves_out_what_is_not_the_products(tmp_path, known):
    run = Synthetic(tmp_path / "run").begin()
    for name, verdict in (("TC_0", "pass"), ("TC_1", "error"), ("TC_2", "warn"), ("TC_3", "not run"), ("TC_4", "fail")):
        run.case(name)
        if verdict == "warn":
            run.violate(0, "should", "clock.deviation")
        run.end_case(verdict, name, cause="so")
    run.case("TC_5")
    seen = load_model(run.done(ended=False))
    text = propose(seen)
    assert "# TC_1 is left out: a kit error says nothing of the product; run it again." in text
    assert "# TC_5 is left out: it was interrupted" in text
    assert [proposed(seen), proposed(seen, strict=True)] == [1, 2]
    filled = propose(seen, strict=True).replace('reason = ""', 'reason = "ticket"')
    assert [(one.case, one.cause) for one in known(filled, None)] == [
        ("TC_2", ("exactly: rule clock.deviation: wrong",)),
        ("TC_4", ("exactly: case: so",)),
    ]
