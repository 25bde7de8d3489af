"""What CI systems read keeps to the schemas that they publish."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from synthetic import Synthetic

from ocpp_tck.report.certification import certification
from ocpp_tck.report.ctrf import as_ctrf, raw_status, render_ctrf
from ocpp_tck.report.junit import render_junit
from ocpp_tck.report.known import load_known
from ocpp_tck.report.write import load_model
from ocpp_tck.verdict import Verdict

SCHEMAS = Path(__file__).with_name("schemas")


def tried_twice(folder, first="fail", second="pass"):
    run = Synthetic(folder).begin(retries=1)
    for verdict in (first, second):
        run.case("TC_1", requirements="1.6 4.2")
        run.end_case(verdict, "TC_1", cause="" if verdict == "pass" else "it did")
    return load_model(run.done())


@pytest.fixture
def ctrf():
    shape = json.loads((SCHEMAS / "ctrf.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(shape, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def junit():
    """The schema that Jenkins publishes, with the properties of a test case that Jenkins and pytest know since."""
    text = (SCHEMAS / "junit-10.xsd").read_text(encoding="utf-8")
    known = '<xs:element ref="skipped"/>'
    assert text.count(known) == 1
    return xmlschema.XMLSchema(text.replace(known, known + '<xs:element ref="properties"/>'))


def test_a_run_with_every_verdict_keeps_to_both(whole, ctrf, junit):
    model = load_model(whole)
    ctrf.validate(json.loads(render_ctrf(model)))
    junit.validate(render_junit(model))


def test_a_run_that_is_empty_or_tried_twice_keeps_to_both(tmp_path, ctrf, junit):
    empty = Synthetic(tmp_path / "empty")
    for model in (load_model(empty.done(ended=False)), tried_twice(tmp_path / "twice")):
        ctrf.validate(json.loads(render_ctrf(model)))
        junit.validate(render_junit(model))


def test_without_the_properties_of_test_cases_junit_keeps_to_the_schema_as_published(whole):
    text = render_junit(load_model(whole))
    bare = re.sub(r"(<testcase [^>]*>\s*)<properties>.*?</properties>", r"\1", text, flags=re.DOTALL)
    assert bare.count("<properties>") == 1
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(bare)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("pass", "passed"),
        ("warn", "passed"),
        ("fail", "failed"),
        ("inconclusive", "other"),
        ("error", "other"),
        ("not run", "skipped"),
        ("not applicable", "skipped"),
    ],
)
def test_the_status_of_a_verdict(tmp_path, verdict, status):
    run = Synthetic(tmp_path).begin()
    run.case("TC_1")
    run.end_case(verdict, "TC_1", cause="so")
    results = as_ctrf(load_model(run.done()))["results"]
    (test,) = results["tests"]
    assert (test["status"], test["rawStatus"], test["name"]) == (status, verdict, "TC_1 Cold boot")
    assert results["summary"][status] == results["summary"]["tests"] == 1


def test_a_flaky_case_never_passes(tmp_path):
    results = as_ctrf(tried_twice(tmp_path))["results"]
    (test,) = results["tests"]
    assert (test["status"], test["rawStatus"], test["flaky"], test["retries"]) == ("failed", "fail, flaky", True, 1)
    assert [one["status"] for one in test["retryAttempts"]] == ["failed", "passed"]
    assert (results["summary"]["flaky"], results["summary"]["tests"], results["summary"]["failed"]) == (1, 1, 1)


def test_what_does_not_count_is_skipped_with_its_reason(tmp_path):
    run = Synthetic(tmp_path / "run").begin()
    for name, status in (("TC_1", "implemented"), ("TC_2", "draft")):
        run.case(name, status=status)
        run.end_case("fail", name, cause="so")
    file = tmp_path / "known.toml"
    file.write_text('[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "ticket 1"\n')
    tests = as_ctrf(load_model(run.done(), load_known(file)))["results"]["tests"]
    assert [(one["status"], one["rawStatus"]) for one in tests] == [
        ("skipped", "fail, known"),
        ("skipped", "fail, draft"),
    ]


def test_what_did_not_come_as_listed_is_told_to_pipelines(tmp_path):
    run = Synthetic(tmp_path / "run").begin()
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    file = tmp_path / "known.toml"
    file.write_text('[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "ticket 1"\n')
    model = load_model(run.done(), load_known(file))
    (told,) = as_ctrf(model)["results"]["summary"]["extra"]["deviations"]
    assert told.startswith("TC_1 (1.6) is listed as fail, but came as pass")
    assert f'name="ocpp.deviations" value="{told}"' in render_junit(model)
    assert "ocpp.deviations" not in render_junit(load_model(tmp_path / "run"))


def test_each_test_case_of_junit_has_its_facts(tmp_path):
    text = render_junit(tried_twice(tmp_path))
    for name, value in (
        ("ocpp.id", "TC_1"),
        ("ocpp.profile", "Core"),
        ("ocpp.requirements", "1.6 4.2"),
        ("ocpp.verdict", "fail"),
        ("ocpp.seed", "4711"),
        ("ocpp.flaky", "true"),
        ("ocpp.attempts", "2"),
    ):
        assert f'<property name="{name}" value="{value}" />' in text
    assert text.count("<testcase ") == text.count("<failure ") == 1
    assert "History: attempt 1 · " in text
    assert "History: attempt 2 · " in text


def test_the_raw_status_names_what_takes_its_force_away(tmp_path):
    (first, second) = tried_twice(tmp_path).cases
    assert raw_status(first) == "fail, flaky"
    assert second.superseded


def test_what_stands_against_a_certification_run_afterwards(tmp_path):
    run = Synthetic(tmp_path / "run").begin(certify=True, asked=("TC_1", "TC_2", "TC_3", "TC_4", "TC_9"))
    for name, verdict in (("TC_1", "fail"), ("TC_2", "inconclusive"), ("TC_3", "error"), ("TC_4", "not run")):
        run.case(name)
        run.end_case(verdict, name, cause="so")
    file = tmp_path / "known.toml"
    file.write_text('[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "ticket 1"\n')
    found = certification(load_model(run.done(ended=False), load_known(file)))
    assert (found.was_asked, found.holds) == (True, False)
    assert found.objections == (
        "1 of the cases that were asked for did not begin: TC_9",
        "kit error once: TC_3",
        "inconclusive once: TC_2",
        "not run once: TC_4",
        "known failures were taken out: TC_1",
        "the evidence has gaps",
    )


def test_a_part_of_the_cases_is_no_certification_run(tmp_path):
    cases = [f"TC_{number}" for number in range(7)]
    run = Synthetic(tmp_path).begin(selection="case TC_1", asked=tuple(cases))
    found = certification(load_model(run.done()))
    assert found.text == (
        "Not a certification run: it was not asked for (--certify); only a part of the cases was asked for: case TC_1; "
        "7 of the cases that were asked for did not begin: TC_0, TC_1, TC_2, TC_3, TC_4 and 2 more."
    )


def test_a_whole_certification_run_may_fail(tmp_path):
    run = Synthetic(tmp_path).begin(certify=True, asked=("TC_001_CS",))
    run.case()
    run.end_case("fail", cause="so")
    model = load_model(run.done())
    assert certification(model).holds
    assert model.verdict is Verdict.FAIL
