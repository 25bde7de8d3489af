import json

import jsonschema
import pytest
from synthetic import HOSTILE, T0, Synthetic

from ocpp_tck.evidence.index import write_index
from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.merged import MergeError
from ocpp_tck.report.json_report import schema
from ocpp_tck.report.merge import merge_runs
from ocpp_tck.report.write import load_model, write_reports

BOOT = '{{"chargePointVendor":"Acme","chargePointModel":"Wallbox","firmwareVersion":"{}"}}'


def a_run(folder, start, *cases, firmware="", **changed):
    """Write a run; each case is (id, verdict) or (id, verdict, firmware that it boots with)."""
    run = Synthetic(folder, start=T0 + start).begin(**changed)
    for name, verdict, *boots in cases:
        run.case(name)
        for version in [*([firmware] if firmware and name == cases[0][0] else []), *boots]:
            run.exchange("BootNotification", BOOT.format(version))
        run.end_case(verdict, name, cause="" if verdict == "pass" else f"it broke {HOSTILE}")
    run.done()
    write_index(folder)
    return folder


@pytest.fixture
def merged(tmp_path):
    first = a_run(tmp_path / "first", 0, ("TC_1", "pass"), ("TC_2", "fail"), ("TC_3", "not run"), firmware="1.0")
    second = a_run(tmp_path / "second", 900, ("TC_2", "pass"), firmware="1.1", selection="only failed of first", seed=7)
    merge_runs([second, first], tmp_path / "both")
    return tmp_path / "both"


def test_each_case_has_its_history_and_the_newest_product_decides(merged):
    model = load_model(merged)
    assert [(case.key, case.run, case.firmware, case.superseded) for case in model.cases] == [
        ("TC_1-1.6-cs-1", "01-first", "1.0", False),
        ("TC_2-1.6-cs-1", "01-first", "1.0", True),
        ("TC_3-1.6-cs-1", "01-first", "1.0", False),
        ("TC_2-1.6-cs-2", "02-second", "1.1", False),
    ]
    assert model.cases[0].journal == "runs/01-first/journal.jsonl"
    assert model.totals["cases"] == 3
    assert model.problems == ("Judged with software version 1.0 and not with 1.1, the one met last: TC_1.",)
    assert [(part.name, part.firmware, part.seed, part.selection) for part in model.run.parts] == [
        ("01-first", ("1.0",), 4711, ""),
        ("02-second", ("1.1",), 7, "only failed of first"),
    ]
    assert model.run.selection == ""
    assert model.seed_of(model.cases[-1]) == 7
    assert model.seen["firmware"] == "1.1"
    assert 0 < model.run.duration < 900 < model.run.end - model.run.start
    assert {one.action: one.count for one in model.answers} == {}


def test_all_reports_are_written_and_again_the_same(merged):
    write_reports(merged)
    before = {path: path.read_bytes() for path in merged.rglob("*") if path.is_file()}
    write_reports(merged)
    assert {path: path.read_bytes() for path in merged.rglob("*") if path.is_file()} == before
    report = json.loads((merged / "report.json").read_text())
    jsonschema.validate(report, schema())
    assert report["certification"]["objections"][0] == "it is made of 2 runs"
    page = (merged / "report.html").read_text(encoding="utf-8")
    assert "attempt 1 · 01-first · " in page
    assert "<img" not in page
    assert "attempt 2 · 02\\-second" in (merged / "summary.md").read_text(encoding="utf-8")
    assert "History: attempt 1 · 01-first" in (merged / "junit.xml").read_text(encoding="utf-8")
    assert any("attempt 1" in path.read_text(encoding="utf-8") for path in merged.glob("allure-results/*-result.json"))


def test_runs_of_other_products_are_refused(tmp_path):
    first = a_run(tmp_path / "first", 0, ("TC_1", "pass"))
    sut = {"role": "csms", "version": "2.1", "vendor": "Acme", "model": "Wallbox <7>"}
    second = a_run(tmp_path / "second", 9, ("TC_1", "pass"), sut=sut)
    with pytest.raises(MergeError, match="not of one product") as told:
        merge_runs([first, second], tmp_path / "both", mixed=True)
    assert f'[sut] role is "cs" in {first}, "csms" in {second}; [sut] version is "1.6" in {first}, ' in str(told.value)
    assert not (tmp_path / "both").exists()


def test_runs_in_other_circumstances_are_refused_or_marked(tmp_path):
    first = a_run(tmp_path / "first", 0, ("TC_1", "pass"))
    other = {"kit_version": "0.2.0", "limits": {"response": 9.0, "boot": 60.0}, "pics": {"C-03": True, "C-17": True}}
    second = a_run(tmp_path / "second", 9, ("TC_1", "pass"), **other)
    with pytest.raises(MergeError, match="--mixed") as told:
        merge_runs([first, second], tmp_path / "both")
    differing = (
        "the version of ocpp-tck is 0.1.0 in {}, 0.2.0 in {}",
        "[limits] absence is 2.0 in {}, nothing in {}",
        "[limits] response is 5.0 in {}, 9.0 in {}",
        "[pics] C-17 is false in {}, true in {}",
    )
    assert "; ".join(one.format(first, second) for one in differing) in str(told.value)
    merge_runs([first, second], tmp_path / "both", mixed=True)
    problems = load_model(tmp_path / "both").problems
    assert [one.partition(": ")[2].rstrip(".") for one in problems[:4]] == [
        one.format("01-first", "02-second") for one in differing
    ]
    assert problems[4].startswith("The software version of the product is not known")


def test_runs_of_a_product_that_was_said_to_have_other_connectors_are_refused_or_marked(tmp_path):
    two = {"connectors": 2, "connector": 1, "evses": [{"id": 1, "connectors": 1}], "evse": 1}
    runs = [
        a_run(tmp_path / f"run{number}", number, ("TC_1", "pass"), hardware={**two, "connectors": count})
        for number, count in enumerate((2, 2, 2, 2, 1))
    ]
    merge_runs(runs[:4], tmp_path / "alike")
    assert not any("[station]" in problem for problem in load_model(tmp_path / "alike").problems)
    with pytest.raises(MergeError, match="--mixed") as told:
        merge_runs(runs, tmp_path / "both")
    assert f"[station] connectors is 2 in {runs[0]}, {runs[1]}, {runs[2]} and 1 more, 1 in {runs[4]}. " in str(
        told.value
    )
    merge_runs(runs[3:], tmp_path / "both", mixed=True)
    problem = "The runs were made in other circumstances: [station] connectors is 2 in 01-run3, 1 in 02-run4."
    assert load_model(tmp_path / "both").problems[0] == problem
    write_reports(tmp_path / "both")
    assert problem in (tmp_path / "both" / "statement.html").read_text(encoding="utf-8")


def test_runs_with_other_tokens_are_refused_although_these_are_masked(tmp_path):
    runs = [
        a_run(tmp_path / f"run{number}", number, ("TC_1", "pass"), token_check=check)
        for number, check in enumerate(("3f2a", "3f2a", "", "91bc"))
    ]
    merge_runs(runs[:3], tmp_path / "alike")  # where it is not known, nothing speaks against it
    with pytest.raises(MergeError, match=r"the check value of the tokens of \[test_data\] is 3f2a in .*, 91bc in "):
        merge_runs(runs, tmp_path / "both")


def over_profiles(tmp_path, *verdicts):
    """Merge runs of one product, one for each security profile, each with TC_1 and a case of its own."""
    runs = [
        a_run(tmp_path / f"run{at}", 99 * at, ("TC_1", verdict), (f"TC_8{at}", "pass"), security_profile=at)
        for at, verdict in enumerate(verdicts)
    ]
    merge_runs(runs, tmp_path / "all")
    return tmp_path / "all"


def test_runs_with_each_security_profile_are_one_statement_that_shows_it_with_each_case(tmp_path):
    folder = over_profiles(tmp_path, "pass", "pass", "pass", "pass")
    model = write_reports(folder)
    assert [(case.id, case.security_profile, case.flaky) for case in model.cases if not case.superseded] == [
        ("TC_80", 0, False),
        ("TC_81", 1, False),
        ("TC_82", 2, False),
        ("TC_1", 3, False),
        ("TC_83", 3, False),
    ]
    assert [part.security_profile for part in model.run.parts] == [0, 1, 2, 3]
    assert not any("profile" in problem for problem in model.problems)
    report = json.loads((folder / "report.json").read_text())
    jsonschema.validate(report, schema())
    assert {case["id"]: case["security_profile"] for case in report["cases"]}["TC_82"] == 2
    page = (folder / "statement.html").read_text(encoding="utf-8")
    assert "0, 1, 2, 3; each case with its own, see Cases" in page
    assert page.count("with security profile 2") == 2
    assert "2 in 03-run2" in page
    assert "· security profile 3 · " in (folder / "report.html").read_text(encoding="utf-8")


def test_a_case_that_depends_on_the_security_profile_is_not_flaky_but_told_and_the_worst_decides(tmp_path):
    model = load_model(over_profiles(tmp_path, "pass", "fail", "pass"))
    (deciding,) = [case for case in model.cases if case.id == "TC_1" and not case.superseded]
    assert (deciding.verdict, deciding.security_profile, deciding.flaky) == ("fail", 1, False)
    told = "Not alike with every security profile: TC_1 (pass with 0, fail with 1, pass with 2). The worst attempt decides."
    assert told in model.problems
    assert not any("Flaky" in problem for problem in model.problems)


def test_the_profile_is_that_of_the_attempt_and_without_it_that_of_the_start(tmp_path):
    run = Synthetic(tmp_path, start=T0).begin(security_profile=1)
    for name, fields in (("TC_1", {}), ("TC_2", {"security_profile": 2}), ("TC_3", {"security_profile": 0})):
        run.case(name, **fields)
        run.end_case("pass", name)
    model = load_model(run.done())
    assert [case.security_profile for case in model.cases] == [1, 2, 0]


def test_an_update_in_the_middle_of_a_run_is_seen(tmp_path):
    cases = (("TC_1", "pass"), ("TC_2", "pass", "2.0"), ("TC_3", "pass"))
    first = a_run(tmp_path / "first", 0, *cases, firmware="1.0")
    second = a_run(tmp_path / "second", 99, ("TC_1", "fail"), firmware="1.0")
    merge_runs([first, second], tmp_path / "both")
    model = load_model(tmp_path / "both")
    assert [case.firmware for case in model.cases] == ["1.0", "1.0", "2.0", "1.0"]
    assert [(case.id, case.flaky) for case in model.cases if not case.superseded] == [
        ("TC_2", False),
        ("TC_3", False),
        ("TC_1", True),
    ]
    assert model.problems == (
        "Judged with software version 2.0 and not with 1.0, the one met last: TC_3.",
        "Flaky, with the same product: TC_1. The worst attempt decides.",
    )


def test_selections_add_up_unless_one_run_had_all(tmp_path):
    first = a_run(tmp_path / "first", 0, ("TC_1", "pass"), selection="profile A")
    second = a_run(tmp_path / "second", 9, ("TC_2", "pass"), selection="profile B")
    merge_runs([first, second], tmp_path / "both")
    assert load_model(tmp_path / "both").run.selection == "profile A; profile B"
    third = a_run(tmp_path / "third", 20, ("TC_3", "pass"))
    merge_runs([tmp_path / "both", third], tmp_path / "all")
    model = load_model(tmp_path / "all")
    assert model.run.selection == ""
    assert [part.source for part in model.run.parts] == ["first", "second", "third"]


def test_the_problems_of_each_run_are_told(tmp_path):
    killed = Synthetic(tmp_path / "killed", start=T0).begin()
    killed.case("TC_1")
    killed.done(ended=False)
    merge_runs([tmp_path / "killed", a_run(tmp_path / "second", 9, ("TC_1", "pass"))], tmp_path / "both")
    model = load_model(tmp_path / "both")
    assert any(problem.startswith("01-killed: journal.jsonl: the run was killed") for problem in model.problems)
    assert [case.superseded for case in model.cases] == [True, False]


def test_many_ids_are_not_all_listed(tmp_path):
    cases = [(f"TC_{number}", "fail") for number in range(12)]
    first = a_run(tmp_path / "first", 0, *cases)
    second = a_run(tmp_path / "second", 9, *((name, "pass") for name, _ in cases))
    merge_runs([first, second], tmp_path / "both")
    assert any("TC_9 and 2 more. The worst" in problem for problem in load_model(tmp_path / "both").problems)


def test_a_changed_journal_is_refused(merged):
    path = merged / "runs/01-first/journal.jsonl"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(JournalDamaged, match="changed after the merge"):
        load_model(merged)
