import json

import pytest
from click.testing import CliRunner
from synthetic import HOSTILE, Synthetic

from ocpp_tck.cli import main
from ocpp_tck.report.diff import DiffError, as_json, as_markdown, as_text, compare
from ocpp_tck.report.read import ReadError, read_result
from ocpp_tck.report.write import write_reports


def report(folder, cases, **changed):
    """Write a run of cases, each `verdict` or `verdict: where it broke`."""
    run = Synthetic(folder).begin(**changed)
    for name, told in cases.items():
        verdict, _, cause = told.partition(": ")
        run.case(name, status="draft" if name == "DRAFT" else "implemented")
        run.end_case(verdict, name, cause=cause)
    return read_result(run.done())


def differ(tmp_path, before, after, **changed):
    return compare(report(tmp_path / "a", before), report(tmp_path / "b", after, **changed), ("a", "b"))


@pytest.mark.parametrize(
    ("before", "after", "kind", "code", "strict"),
    [
        ("pass", "pass", None, 0, 0),
        ("pass", "fail", "regression", 1, 1),
        ("warn", "fail", "regression", 1, 1),
        ("inconclusive", "fail", "regression", 1, 1),
        ("not run", "fail", "regression", 1, 1),
        (None, "fail", "regression", 1, 1),
        ("pass", "inconclusive", "regression", 1, 1),
        ("pass", "error", "regression", 1, 1),
        ("pass", "not run", "regression", 1, 1),
        ("pass", "warn", "warning", 0, 1),
        ("pass", "not applicable", "other", 0, 0),
        ("warn", "pass", "other", 0, 0),
        ("fail", "pass", "fix", 0, 0),
        ("fail", "warn", "fix", 0, 0),
        ("fail", "inconclusive", "undecided", 0, 0),
        ("inconclusive", "pass", "decided", 0, 0),
        ("fail: here", "fail: here", None, 0, 0),
        ("fail: here", "fail: there", "cause", 0, 0),
        ("fail: id 357b63b4-848c-466b", "fail: id a5de05e6-fb9b-4a38", None, 0, 0),
        ("fail: 2 instead of 1", "fail: 3 instead of 1", "cause", 0, 0),
        ("inconclusive: here", "inconclusive: there", "cause", 0, 0),
        (None, "pass", "new", 0, 0),
        ("pass", None, "gone", 0, 1),
        ("fail", None, "gone", 0, 0),
    ],
)
def test_what_becomes_of_a_case(tmp_path, before, after, kind, code, strict):
    one, other = ({} if told is None else {"TC_1": told} for told in (before, after))
    found = differ(tmp_path, {"TC_0": "pass", **one}, {"TC_0": "pass", **other})
    assert [change.kind for change in found.changes] == ([kind] if kind else [])
    assert found.unchanged == (1 if kind else 2)
    assert (found.exit_code(), found.exit_code(strict=True)) == (code, strict)


def test_other_tokens_are_told_although_they_are_masked(tmp_path):
    before = report(tmp_path / "a", {"TC_1": "fail"}, token_check="3f2a")
    after = report(tmp_path / "b", {"TC_1": "pass"}, token_check="91bc")
    assert ("token check", "3f2a", "91bc") in compare(before, after, ("a", "b")).circumstances


def test_a_draft_is_no_regression(tmp_path):
    found = differ(tmp_path, {"DRAFT": "pass"}, {"DRAFT": "fail"})
    assert [change.kind for change in found.changes] == ["other"]


def test_a_case_that_becomes_flaky_is_told(tmp_path):
    before = report(tmp_path / "a", {"TC_1": "fail"})
    run = Synthetic(tmp_path / "b").begin()
    for verdict in ("fail", "pass"):
        run.case("TC_1")
        run.end_case(verdict, "TC_1")
    found = compare(before, read_result(run.done()), ("a", "b"))
    assert "Fail → Fail, flaky" in as_text(found)


def test_circumstances_are_told(tmp_path):
    sut = {"role": "cs", "version": "1.6", "vendor": "Acme", "model": "Wallbox 8", "firmware": "1.1"}
    other = {"sut": sut, "kit_version": "0.2.0", "limits": {"response": 9.0, "boot": 60.0}, "pics": {"C-03": True}}
    found = differ(tmp_path, {"TC_1": "pass"}, {"TC_1": "pass"}, selection="case TC_1", **other)
    assert found.circumstances == (
        ("product firmware", "nothing", "1.1"),
        ("product model", "Wallbox <7>", "Wallbox 8"),
        ("kit version", "0.1.0", "0.2.0"),
        ("selection", "nothing", "case TC_1"),
        ("limits absence", "2.0", "nothing"),
        ("limits response", "5.0", "9.0"),
        ("pics C-17", "false", "nothing"),
    )


def test_all_forms_say_the_same_and_nothing_acts(tmp_path):
    before = {"TC_1": "pass", "TC_2": f"fail: {HOSTILE}", "TC_3": "pass"}
    found = differ(tmp_path, before, {"TC_1": f"fail: {HOSTILE}", "TC_2": "pass"}, kit_version=HOSTILE)
    text, marked, plain = as_text(found), as_markdown(found), json.loads(json.dumps(as_json(found)))
    assert text.splitlines()[0] == "a → b"
    assert text.splitlines()[-1] == "1 regression, 1 fixed, 0 cases as before"
    assert marked.startswith("## 1 regression, 1 fixed")
    assert "no regression" in as_text(differ(tmp_path / "c", {"TC_1": "pass"}, {"TC_1": "pass"}))
    for word in ("\x1b", "\u202e", "\x00"):
        assert word not in text + marked
    assert "<" not in marked.replace("\\<", "")
    assert [(one["kind"], one["id"]) for one in plain["changes"]] == [
        ("regression", "TC_1"),
        ("fix", "TC_2"),
        ("gone", "TC_3"),
    ]
    assert plain["regressions"] == 1
    assert as_json(found, strict=True)["regressions"] == 2
    assert "2 regressions" in as_text(found, strict=True)


def test_many_cases_that_are_gone_are_named_together(tmp_path):
    before = {f"TC_{number}": "fail: x" if number % 5 == 0 else "pass" for number in range(1, 15)}
    text = as_text(differ(tmp_path, before, {"TC_14": "pass"}))
    gone = text[text.index("Gone (13)") :].splitlines()
    assert gone[1].split() == ["Pass", "TC_1", "TC_2", "TC_3", "TC_4", "TC_6", "TC_7"]
    assert gone[2].split() == ["TC_8", "TC_9", "TC_11", "TC_12", "TC_13"]
    assert gone[3].split() == ["Fail", "TC_5", "TC_10"]
    assert text.endswith("no regression, 0 fixed, 1 case as before")


def test_other_roles_can_not_be_compared(tmp_path):
    one = report(tmp_path / "a", {"TC_1": "pass"})
    other = report(tmp_path / "b", {"TC_1": "pass"}, role="csms")
    with pytest.raises(DiffError, match="a has role cs, b has csms"):
        compare(one, other, ("a", "b"))


def test_a_report_alone_is_enough(tmp_path):
    run = Synthetic(tmp_path / "a").begin()
    run.case("TC_1")
    run.end_case("pass", "TC_1")
    write_reports(run.done())
    whole = read_result(tmp_path / "a")
    (tmp_path / "a" / "journal.jsonl").unlink()
    assert read_result(tmp_path / "a") == whole == read_result(tmp_path / "a" / "report.json")


def test_a_report_of_an_earlier_kit_is_read(tmp_path):
    earlier = report(tmp_path / "a", {"TC_1": "pass"})
    del (
        earlier["certification"],
        earlier["run"]["parts"],
        earlier["cases"][0]["flaky"],
        earlier["cases"][0]["superseded"],
    )
    (tmp_path / "report.json").write_text(json.dumps(earlier))
    assert compare(read_result(tmp_path), read_result(tmp_path), ("a", "b")).exit_code() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a report.json of ocpp-tck"),
        ("[" * 100_000, "not a report.json of ocpp-tck"),
        ("[]", "not a report.json of ocpp-tck"),
        ('{"format": 1}', "is a required property"),
        ("\udcff", "not a report.json of ocpp-tck"),
    ],
)
def test_what_is_no_report_is_told(tmp_path, text, words):
    (tmp_path / "report.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReadError, match=r"report\.json") as told:
        read_result(tmp_path)
    assert words in str(told.value)


def test_a_damaged_journal_and_an_empty_folder_are_told(tmp_path):
    with pytest.raises(ReadError, match=r"name the folder of a run, or its report\.json"):
        read_result(tmp_path)
    (tmp_path / "journal.jsonl").write_text("nonsense\n")
    with pytest.raises(ReadError, match="has no hash"):
        read_result(tmp_path)


def test_a_file_that_is_no_report_does_not_act_on_the_terminal(tmp_path):
    (tmp_path / "a.json").write_text('{"format": "\\u001b]0;owned\\u0007\\u009b2J", "cases": 1}')
    told = CliRunner().invoke(main, ["diff", str(tmp_path / "a.json"), str(tmp_path / "a.json")])
    assert told.exit_code == 2
    assert "not a report.json" in told.output
    assert not {"\x1b", "\x07", "\x9b"} & set(told.output)
