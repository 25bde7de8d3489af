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
    with pytest.raises(MergeError, match=r'not of one product: \[sut\] role is "cs", "csms"; \[sut\] version'):
        merge_runs([first, second], tmp_path / "both", mixed=True)
    assert not (tmp_path / "both").exists()


def test_runs_in_other_circumstances_are_refused_or_marked(tmp_path):
    first = a_run(tmp_path / "first", 0, ("TC_1", "pass"))
    other = {"kit_version": "0.2.0", "limits": {"response": 9.0, "boot": 60.0}, "pics": {"C-03": True, "C-17": True}}
    second = a_run(tmp_path / "second", 9, ("TC_1", "pass"), **other)
    with pytest.raises(MergeError, match="--mixed") as told:
        merge_runs([first, second], tmp_path / "both")
    differing = (
        "the version of ocpp-tck is 0.1.0, 0.2.0",
        "[limits] absence is 2.0, nothing",
        "[limits] response is 5.0, 9.0",
        "[pics] C-17 is false, true",
    )
    assert "; ".join(differing) in str(told.value)
    merge_runs([first, second], tmp_path / "both", mixed=True)
    problems = load_model(tmp_path / "both").problems
    assert [one.partition(": ")[2].rstrip(".") for one in problems[:4]] == list(differing)
    assert problems[4].startswith("The software version of the product is not known")


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
