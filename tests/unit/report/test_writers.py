import json
import xml.etree.ElementTree as ET

import jsonschema
import pytest
from synthetic import HOSTILE, Synthetic, whole_run

from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.records import BEFORE_NEXT_RUN, Remark
from ocpp_tck.report.json_report import schema
from ocpp_tck.report.terminal import describe, lines, summary_lines
from ocpp_tck.report.text import iso, moment, seconds, visible
from ocpp_tck.report.write import ReportError, load_model, write_reports
from ocpp_tck.verdict import Failed

RAW = ("\x1b", "\x00", "\u202e", "\ud800")


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_journals_give_the_same_bytes(whole):
    before = everything(whole)
    write_reports(whole)
    assert everything(whole) == before
    assert {"report.json", "report.html", "junit.xml", "summary.md"} <= before.keys()


def test_report_json_keeps_to_its_published_schema(whole):
    report = json.loads((whole / "report.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(report, schema())
    assert report["totals"]["cases"] == 89
    assert {case["verdict"] for case in report["cases"]} == {
        "pass",
        "warn",
        "inconclusive",
        "fail",
        "error",
        "not applicable",
        "not run",
    }
    failed = next(case for case in report["cases"] if case["id"] == "TC_005_CS")
    assert failed["steps"][1]["frames"] == failed["cause"]["frames"]
    assert failed["cause"]["received"].endswith(HOSTILE)


def test_junit_is_valid_and_counts(whole):
    suite = ET.parse(whole / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "90",
        "7",
        "16",
        "17",
    )
    case = next(case for case in suite.iter("testcase") if case.get("name").startswith("TC_005_CS"))
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert (properties["ocpp.id"], properties["ocpp.verdict"]) == ("TC_005_CS", "fail")
    assert "expected: StartTransaction with connectorId 1" in case.find("failure").text
    assert {error.get("type") for error in suite.iter("error")} == {"inconclusive", "kit error"}
    disputed = next(case for case in suite.iter("testcase") if case.get("name").startswith("TC_016_CS"))
    assert disputed.find("skipped").get("message").startswith("Does not count (disputed): Fail")


def test_the_summary_is_inert_markdown(whole):
    text = (whole / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## Kit error: Acme Wallbox \\<7\\>")
    assert "\\</script\\>" in text
    rows = [line for line in text.splitlines() if line.startswith("| TC")]
    assert rows
    assert all(line.replace("\\|", "").count("|") == 5 for line in rows)
    assert not [character for character in RAW if character in text]


def test_allure_results_carry_status_steps_and_frames(whole):
    results = {}
    for path in (whole / "allure-results").glob("*-result.json"):
        result = json.loads(path.read_text())
        results[result["name"].split()[0]] = result
    assert len(results) == 90
    expected = {
        "TC_001_CS": "passed",
        "TC_005_CS": "failed",
        "TC_006_CS": "passed",
        "TC_008_CS": "broken",
        "TC_009_CS": "broken",
        "TC_010_CS": "skipped",
        "TC_011_CS": "skipped",
    }
    assert {name: results[name]["status"] for name in expected} == expected
    failed = results["TC_005_CS"]
    assert [step["status"] for step in failed["steps"]] == ["passed", "failed", "skipped", "skipped"]
    frames = (whole / "allure-results" / failed["attachments"][0]["source"]).read_text()
    assert len(frames.splitlines()) == 17
    ruled = results["TC_038_CS"]
    assert "! schema.request (must)" in (whole / "allure-results" / ruled["attachments"][0]["source"]).read_text()


def test_the_terminal_summary_cannot_be_hijacked(whole):
    told = summary_lines(load_model(whole), whole)
    assert told[-1] == f"Report: {whole}/report.html"
    assert told[-2].startswith("KIT ERROR  Acme Wallbox <7>: 8 kit error, 7 fail, 8 inconclusive, 8 warning, 42 pass")
    assert not [line for line in told if any(character in line for character in (*RAW, "\n"))]
    assert "… 4 more: fail" in summary_lines(load_model(whole), most=1)


def test_what_the_configuration_has_to_follow_is_told_at_the_end(run):
    run.case()
    run.write(Remark, text=f"{BEFORE_NEXT_RUN}[connection] security_profile has to be 2 now")
    run.write(Remark, text="something else")
    run.end_case()
    run.done()
    told = summary_lines(write_reports(run.folder))
    assert told[-2] == "Before the next run: [connection] security_profile has to be 2 now"
    assert "something else" not in "".join(told)
    assert '<p class="note">Before the next run: ' in (run.folder / "report.html").read_text()


def test_what_ended_a_case_is_told_in_lines_of_ours_only():
    evil = "\x1b[31m\r\nPASS\u202e\x07" + "x" * 10_000
    failed = Failed(evil, requirement="B01", expected=evil, received=evil, frames=(1, 2))
    failed.step = "3"
    told = describe(failed).split("\n")
    assert [one[:14].strip() for one in told[1:]] == ["requirement:", "expected:", "received:", "frames:"]
    assert told[0].startswith("step 3: \\u001b[31m\\u000d\\u000aPASS\\u202e\\u0007xxx")
    assert all(one.isprintable() and len(one) < 2100 for one in told)
    assert describe(Failed("short")) == "short"
    assert lines("ours\nquotes \x1b]0;x\x07") == "ours\nquotes \\u001b]0;x\\u0007"


def test_a_run_without_cases_has_reports(run):
    run.done()
    model = write_reports(run.folder)
    assert "No case was run" in (run.folder / "report.html").read_text()
    jsonschema.validate(json.loads((run.folder / "report.json").read_text()), schema())
    assert summary_lines(model)[-1].startswith("NOTHING DECIDED  Acme Wallbox <7>: no case in 0.0")


def test_every_byte_survives_every_writer(run):
    nasty = "".join(map(chr, range(0x500))) + "\ud800 \udfff\ufffe\uffff\u2028\U0010ffff]]>"
    run.case(title=nasty, requirements=nasty)
    run.step("1", nasty, "warn", cause=nasty, expected=nasty)
    run.violate(run.frame(raw=nasty), "should", message=nasty)
    run.end_case("warn", cause=nasty)
    run.done()
    model = write_reports(run.folder)
    ET.parse(run.folder / "junit.xml")  # noqa: S314 - our own file
    assert json.loads((run.folder / "report.json").read_text())["cases"][0]["title"] == nasty
    assert all(line.isprintable() for line in summary_lines(model))


def test_damage_and_full_disks_are_told(tmp_path, run, monkeypatch):
    with pytest.raises(JournalDamaged, match="name the folder of a run"):
        write_reports(tmp_path)
    run.done()
    (run.folder / "report.json").mkdir()
    with pytest.raises(ReportError, match=r"report\.json: cannot write the report"):
        write_reports(run.folder)


def test_an_attempt_that_was_made_again_is_not_in_the_results(tmp_path):
    killed = Synthetic(tmp_path, "gw0").begin()
    killed.case()
    killed.done(ended=False)
    again = Synthetic(tmp_path, "gw1", start=killed.now + 100).begin()
    again.case()
    again.end_case()
    again.done()
    write_reports(tmp_path)
    assert len(list((tmp_path / "allure-results").glob("*-result.json"))) == 1
    assert (tmp_path / "junit.xml").read_text().count("<testcase ") == 1
    assert "attempt 1, another decides" in (tmp_path / "report.html").read_text()


def test_a_large_run_stays_usable(tmp_path):
    folder = whole_run(tmp_path, cases=300, workers=("gw0",), frames=20)
    write_reports(folder)
    assert (folder / "report.html").stat().st_size < 12_000_000


def test_helpers():
    assert visible("a\tb\nc\x07", one_line=False) == "a\tb\nc\\u0007"
    assert visible("a\tb", one_line=True) == "a\\u0009b"
    assert visible("\U000e0001") == "\\U000e0001"
    assert visible("é日本") == "é日本"
    assert visible("abcdef", limit=3) == "abc … (3 more characters)"
    assert [seconds(value) for value in (0.0123, 4.26, 125.0)] == ["0.012 s", "4.3 s", "2 min 05 s"]
    assert (iso(0), moment(0)) == ("1970-01-01T00:00:00.000Z", "1970-01-01 00:00:00Z")
    assert (iso(1e300), moment(float("nan"))) == ("", "")


def test_the_role_names_a_nameless_product(tmp_path):
    folder = Synthetic(tmp_path).begin(sut={"role": "cs", "version": "1.6"}).done()
    assert load_model(folder).name == "Station under test"
