import pytest
from synthetic import Synthetic

from ocpp_tck.evidence import records as r
from ocpp_tck.report.fold import INTERRUPTED
from ocpp_tck.report.write import load_model
from ocpp_tck.verdict import Verdict


def only(run, **done):
    (case,) = load_model(run.done(**done)).cases
    return case


def test_a_case_that_holds_has_no_cause(run):
    run.case()
    for n in "123":
        run.step(n)
    run.end_case()
    case = only(run)
    assert (case.verdict, case.cause, [step.verdict for step in case.steps]) == (Verdict.PASS, None, ["pass"] * 3)


@pytest.mark.parametrize(
    ("sender", "level", "verdict"),
    [("product", "must", "fail"), ("product", "should", "warn"), ("kit", "must", "error"), ("kit", "should", "error")],
)
def test_a_broken_rule_worsens_a_pass(run, sender, level, verdict):
    run.case()
    run.violate(run.frame(), level, sender=sender)
    run.end_case("pass")
    case = only(run)
    assert (case.verdict, case.cause.where, case.cause.frames) == (verdict, "rule schema.request", (1,))
    assert case.cause.received == '[2,"m1","Heartbeat",{}]'


def test_a_broken_rule_after_the_end_belongs_to_the_case_before(run):
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    run.violate(run.frame())
    run.case("TC_2")
    run.end_case("pass", "TC_2")
    first, second = load_model(run.done()).cases
    assert (first.verdict, second.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert len(first.frames) == 1


def test_a_case_that_exchanged_nothing_does_not_inherit_the_tail(run):
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    for name in ("TC_2", "TC_3"):
        run.case(name)
        run.end_case("not applicable", name, cause="not C-17")
    run.violate(run.frame())
    first, second, third = load_model(run.done()).cases
    assert (first.verdict, second.verdict, third.verdict) == ("fail", "not applicable", "not applicable")


def test_a_first_case_that_is_not_run_keeps_its_verdict(run):
    run.case()
    run.end_case("not run", phase="setup", cause="no driver")
    case = only(run)
    assert (case.verdict, case.cause.text, case.cause.where) == ("not run", "no driver", "setup")


def test_what_came_before_the_first_case_belongs_to_it(run):
    run.violate(run.frame())
    run.case()
    run.end_case()
    assert only(run).verdict is Verdict.FAIL


def test_broken_rules_without_any_case_are_told(run):
    run.violate(run.frame())
    model = load_model(run.done())
    assert (model.cases, model.verdict) == ((), Verdict.NONE)
    assert "no case ran that could carry the verdict" in model.problems[0]


def test_the_first_cause_is_the_earliest_in_frame_order(run):
    run.case()
    early, late = run.frame(), run.frame()
    run.step("1", verdict="fail", cause="late", frames=(late,))
    run.violate(early, message="early")
    run.end_case("fail", cause="late", frames=(late,))
    assert only(run).cause.text == "early"


def test_a_step_without_frames_stands_where_it_ended(run):
    run.case()
    run.frame()
    run.step("1", verdict="fail", cause="time-out")
    run.violate(run.frame(), message="later")
    run.violate(0, message="never answered")
    run.end_case("fail", cause="time-out")
    case = only(run)
    assert (case.cause.text, case.cause.where) == ("time-out", "step 1")


def test_a_warning_is_not_the_cause_of_a_fail(run):
    run.case()
    run.violate(run.frame(), "should", message="should")
    run.violate(run.frame(), "must", message="must")
    run.end_case("fail")
    assert only(run).cause.text == "must"


def test_a_kit_error_has_its_traceback(run):
    run.case()
    run.step("1", verdict="error", cause="KeyError")
    run.end_case("error", cause="KeyError", detail="Traceback …")
    assert (only(run).cause.where, only_detail(run)) == ("step 1", "Traceback …")


def only_detail(run):
    return load_model(run.folder).cases[0].cause.detail


def test_a_case_without_a_cause_says_its_verdict(run):
    run.case()
    run.end_case("fail", detail="x")
    assert only(run).cause.text == "Case ended with the verdict fail."


def test_an_interrupted_case_is_inconclusive(run):
    run.case()
    run.step("1")
    run.step("2", ended=False)
    model = load_model(run.done(ended=False))
    (case,) = model.cases
    assert (case.verdict, case.cause.text, case.cause.where) == (Verdict.INCONCLUSIVE, INTERRUPTED, "run")
    assert [step.verdict for step in case.steps] == ["pass", "inconclusive", "not reached"]
    assert "killed before its end" in model.problems[0]


def test_an_interrupted_case_keeps_the_fail_it_had(run):
    run.case()
    run.violate(run.frame(), message="wrong")
    case = only(run, ended=False)
    assert (case.verdict, case.cause.text) == (Verdict.FAIL, "wrong")


def test_a_torn_journal_is_told(run):
    run.case()
    path = run.done() / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    assert any("incomplete" in problem for problem in load_model(run.folder).problems)


def test_an_interrupted_case_that_ran_again_does_not_count(tmp_path):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.done(ended=False)
    again = Synthetic(tmp_path, "gw1", start=killed.now + 100).begin()
    again.case()
    again.end_case()
    again.done()
    model = load_model(tmp_path)
    assert [(case.attempt, case.superseded, case.counts) for case in model.cases] == [
        (1, True, False),
        (2, False, True),
    ]
    assert (model.verdict, model.totals["uncounted"]) == (Verdict.PASS, 1)


def attempts(model):
    return [(case.verdict, case.attempt, case.superseded) for case in model.cases]


def resumed(folder, *, start):
    return Synthetic(folder, "gw1", start=start).begin(resumed=1)


def test_a_resumed_run_is_in_order_whatever_the_clock_did_meanwhile(tmp_path):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.end_case()
    killed.case("TC_002_CS")
    killed.step("1", ended=False)
    killed.done(ended=False)
    again = resumed(tmp_path, start=killed.now - 86_400)
    again.case("TC_002_CS")
    again.end_case()
    model = load_model(again.done())
    assert [(case.id, case.attempt, case.superseded) for case in model.cases] == [
        ("TC_001_CS", 1, False),
        ("TC_002_CS", 1, True),
        ("TC_002_CS", 2, False),
    ]
    assert model.problems == ()
    assert model.run.resumed == 1
    assert 0 < model.run.duration < 1
    assert model.run.end < model.run.start


def test_a_case_whose_teardown_was_cut_off_counts_as_it_came_the_second_time(tmp_path):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.end_case()
    killed.done(ended=False)
    again = resumed(tmp_path, start=killed.now + 9)
    again.case()
    again.end_case("fail", cause="in the teardown")
    assert attempts(load_model(again.done())) == [(Verdict.PASS, 1, True), (Verdict.FAIL, 2, False)]


@pytest.mark.parametrize(("verdict", "lost"), [("fail", False), ("warn", False), ("inconclusive", True)])
def test_what_an_interrupted_attempt_has_found_is_not_lost(tmp_path, verdict, lost):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.end_case(verdict, cause="it was so")
    killed.done(ended=False)
    again = resumed(tmp_path, start=killed.now + 9)
    again.case()
    again.end_case()
    model = load_model(again.done())
    assert attempts(model) == [(Verdict(verdict), 1, lost), (Verdict.PASS, 2, not lost)]
    assert model.verdict is (Verdict.PASS if lost else Verdict(verdict))


def test_a_resumed_run_that_is_killed_again_is_incomplete(tmp_path):
    first = Synthetic(tmp_path, "gw0").begin()
    first.write(r.RunEnded, reason="killed")
    again = resumed(tmp_path, start=first.now + 9)
    again.done(ended=False)
    assert load_model(tmp_path).problems == (
        "journal-gw1.jsonl: the run was killed before its end; the cases after that are missing.",
    )


def test_a_run_that_was_interrupted_says_so(run):
    run.write(r.RunEnded, reason="interrupted")
    assert "the run was interrupted before its end" in load_model(run.done(ended=False)).problems[0]


def test_a_call_that_a_kill_cut_off_is_not_held_against_the_product(tmp_path):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.frame("kit", action="ClearCache", message_id="a")
    killed.frame("kit", action="ClearCache", message_id="b")
    killed.write(r.RunEnded, reason="killed")
    (answer,) = load_model(killed.done(ended=False)).answers
    assert (answer.action, answer.unanswered) == ("ClearCache", 1)


def test_what_is_only_asked_for_is_not_shown(run):
    run.case()
    run.write(r.OperatorAsked, action="plug", payload={})
    run.write(r.ClockSet, by=3600.0)
    run.end_case()
    assert [event.text for event in only(run).events] == [
        "the machine's clock was set, or it slept: it is +3600 s off the kit's own, steady one"
    ]


def test_a_journal_without_records_is_told(tmp_path):
    (tmp_path / "journal-main.jsonl").touch()
    model = load_model(tmp_path)
    assert model.problems == ("journal-main.jsonl: it has no records.",)
    assert (model.cases, model.run.duration, model.run.resumed) == ((), 0.0, 0)


def test_steps_follow_the_plan(run):
    run.case(plan=(("1", "a"), ("2", "optional"), ("3", "c"), ("4", "d")))
    run.step("1", "a")
    run.step("x", "unplanned")
    run.step("3", "c")
    run.step("3", "c again", "fail", cause="no")
    run.end_case("fail")
    rows = [(step.n, step.text, step.verdict) for step in only(run).steps]
    assert rows == [
        ("1", "a", "pass"),
        ("2", "optional", "not taken"),
        ("x", "unplanned", "pass"),
        ("3", "c", "pass"),
        ("3", "c again", "fail"),
        ("4", "d", "not reached"),
    ]


def test_a_step_not_taken_keeps_its_reason(run):
    run.case(plan=())
    run.step("1", "a", "not taken", cause="when: no cable lock")
    run.step("2", "b", "none")
    run.end_case("pass")
    case = only(run)
    assert [(step.verdict, step.cause) for step in case.steps] == [
        ("not taken", "when: no cable lock"),
        ("not taken", ""),
    ]
    assert case.verdict is Verdict.PASS


def test_an_unknown_verdict_is_a_kit_error(run):
    run.case()
    run.end_case("splendid")
    assert only(run).verdict is Verdict.ERROR


def test_a_step_end_without_begin_is_shown(run):
    run.case(plan=())
    run.write(r.StepEnded, index=1, n="1", text="x", verdict="pass")
    run.end_case()
    assert only(run).steps[0].duration == 0


def test_draft_and_disputed_do_not_count_but_a_kit_error_does(run):
    for name, status, verdict in (
        ("A", "draft", "fail"),
        ("B", "disputed", "fail"),
        ("C", "draft", "error"),
        ("D", "implemented", "pass"),
    ):
        run.case(name, status=status)
        run.end_case(verdict, name)
    model = load_model(run.done())
    assert [case.counts for case in model.cases] == [False, False, True, True]
    assert (model.verdict, model.totals["cases"], model.totals["fail"]) == (Verdict.ERROR, 2, 0)


def test_frames_know_their_step_and_their_violations(run):
    run.case()
    outside = run.frame()
    run.step("1", ended=False)
    inside = run.frame()
    run.violate(inside, path="a.b")
    case = only(run, ended=False)
    assert [(frame.n, frame.step, len(frame.violations)) for frame in case.frames] == [(outside, 0, 0), (inside, 1, 1)]


def test_everything_else_is_an_event(run):
    run.case()
    run.write(r.ConnectionOpened, connection="c1", station="CP001", subprotocol="ocpp1.6", tls={"version": "TLSv1.3"})
    run.write(r.ConnectionRefused, station="CP002", by="kit", reason="no password", status=401)
    run.write(r.ConnectionClosed, connection="c1", station="CP001", by="product", code=1006)
    run.write(r.OperatorActed, action="plug", payload={"connector": 1}, driver="http", outcome="failed", detail="500")
    run.write(r.Remark, text="waits")
    run.end_case()
    assert [(event.kind, event.text, event.detail, event.tone) for event in only(run).events] == [
        ("connection", "CP001 connected", "ocpp1.6 · TLSv1.3", "ok"),
        ("connection", "CP002 refused by kit", "401 · no password", "bad"),
        ("connection", "CP001 closed by product", "1006", "plain"),
        ("operator", 'plug {"connector": 1}', "http · failed · 500", "bad"),
        ("remark", "waits", "", "plain"),
    ]


def test_the_product_is_named_as_declared_and_as_seen(tmp_path):
    run = Synthetic(tmp_path).begin(sut={"role": "cs", "version": "2.0.1"})
    run.case()
    boot = (
        '[2,"1","BootNotification",{"reason":"PowerUp","chargingStation":'
        '{"vendorName":"V","model":"M","firmwareVersion":"1"}}]'
    )
    run.frame(action="BootNotification", raw=boot)
    run.end_case()
    model = load_model(run.done())
    assert (model.name, model.seen) == ("V M", {"vendor": "V", "model": "M", "firmware": "1"})


@pytest.mark.parametrize("raw", ["{", "[]", "7", '[2,"1","BootNotification",[]]', '[2,"1","B",{"chargingStation":1}]'])
def test_a_boot_message_that_is_garbage_names_nothing(tmp_path, raw):
    run = Synthetic(tmp_path).begin(sut={"role": "csms", "version": "1.6"})
    run.case()
    run.frame(action="BootNotification", raw=raw)
    model = load_model(run.done())
    assert (model.seen, model.name) == ({}, "CSMS under test")


def test_answer_times_are_those_of_the_product(run):
    run.case()
    run.exchange("Reset", sender="kit")
    run.exchange("Reset", sender="kit")
    run.exchange("Heartbeat")
    run.frame("kit", action="ClearCache")
    run.frame("product", "CALLRESULT", message_id="unknown")
    run.end_case()
    answers = {answer.action: answer for answer in load_model(run.done()).answers}
    assert answers.keys() == {"Reset", "ClearCache"}
    assert (answers["Reset"].count, answers["Reset"].unanswered, round(answers["Reset"].median, 3)) == (2, 0, 0.021)
    assert (answers["ClearCache"].count, answers["ClearCache"].unanswered) == (0, 1)


def test_journals_of_different_runs_are_told(tmp_path):
    Synthetic(tmp_path, "gw0").begin().done()
    Synthetic(tmp_path, "gw1").begin(seed=1, stations=("CP9",)).done()
    model = load_model(tmp_path)
    assert model.problems == ("The journals do not agree on seed: 1, 4711.",)
    assert model.run.stations == ("CP001", "CP9")


def test_the_most_frequent_fail_is_to_be_fixed_first(run):
    for number, cause in enumerate(["rare", "often", "often"]):
        run.case(f"TC_{number}")
        run.end_case("fail", f"TC_{number}", cause=cause)
    run.case("TC_9")
    run.end_case("error", "TC_9", cause="ours")
    groups = load_model(run.done()).first_to_fix()
    assert [(case.cause.text, len(cases)) for case, cases in groups] == [("often", 2), ("rare", 1), ("ours", 1)]


def test_planned_steps_of_one_number_keep_their_rows(run):
    run.case(plan=(("2", "answers"), ("2", "does not accept"), ("3", "goes on")))
    run.step("2", "answers")
    run.step("2", "does not accept", "warn")
    run.step("2", "does not accept", "warn")
    run.step("3", "goes on")
    run.end_case("warn")
    rows = [(step.n, step.text, step.verdict) for step in only(run).steps]
    assert rows == [
        ("2", "answers", "pass"),
        ("2", "does not accept", "warn"),
        ("2", "does not accept", "warn"),
        ("3", "goes on", "pass"),
    ]
