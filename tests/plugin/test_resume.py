"""Going on with a run that was interrupted: what runs again, what is refused, and what the exit code says."""

import shutil
from pathlib import Path

import pytest
from inside import case, config
from wicked import Csms

from ocpp_tck.evidence.index import verify_run
from ocpp_tck.evidence.journal import read_journal

ONE = case("900", "csms", 'with step("1", "It tells the time"):\n    assert csms.call("Heartbeat").currentTime')
TWO = case("901", "csms", 'with step("1", "It tells the time"):\n    assert csms.call("Heartbeat").currentTime')
BAD = case("902", "csms", 'with step("1", "It fails"):\n    assert csms.call("Heartbeat").currentTime == "never"')


@pytest.fixture
def server():
    with Csms() as running:
        yield running


@pytest.fixture
def resumed(kit):
    """Run cases again, in the folder of the run before."""

    def go(text, *cases, options=(), process=False):
        Path("kit.toml").write_text(text, encoding="utf-8")
        given = ("--ocpp-config=kit.toml", "--ocpp-resume=out", *options)
        return kit(text, *cases, options=given, kit=False, process=process)

    return go


def cut(folder, kind, number=1):
    """Cut a journal as a kill would have: after the Nth record of a kind."""
    path = folder / "journal-main.jsonl"
    seen, size = 0, 0
    for record, line in zip(read_journal(path).records, path.read_bytes().splitlines(keepends=True), strict=True):
        size += len(line)
        seen += record.kind == kind
        if seen == number:
            break
    path.write_bytes(path.read_bytes()[: size + 20])


def test_the_rest_is_run_and_the_exit_code_speaks_of_the_whole_run(kit, resumed, server):
    ran = kit(config("csms", server.url), BAD, ONE, TWO)
    assert ran.code == 1
    seed = ran.report["run"]["seed"]
    cut(ran.folder, "case-started", 3)
    again = resumed(config("csms", server.url), BAD, ONE, TWO)
    assert again.code == 1, again.text  # the case that failed before the kill was not run again
    assert "resumed with 2 cases decided" in again.text
    assert "TC_901_CSMS" in again.text
    assert "TC_900_CSMS" not in again.text.split("FAIL  ")[0]
    assert again.verdicts == {"900": "pass", "901": "pass", "902": "fail"}
    assert [(one["id"], one["attempt"], one["counts"]) for one in again.report["cases"]] == [
        ("TC_902_CSMS", 1, True),
        ("TC_900_CSMS", 1, True),
        ("TC_901_CSMS", 1, False),
        ("TC_901_CSMS", 2, True),
    ]
    assert again.report["run"]["resumed"] == 1
    assert again.report["run"]["seed"] == seed
    assert again.report["problems"] == []
    assert verify_run(again.folder) == []


def test_a_finished_run_has_nothing_left(kit, resumed, server):
    ran = kit(config("csms", server.url), BAD, ONE)
    journal = (ran.folder / "journal-main.jsonl").read_bytes()
    (ran.folder / "report.json").unlink()
    again = resumed(config("csms", server.url), BAD, ONE)
    assert again.code == 1
    assert again.verdicts == {"900": "pass", "902": "fail"}
    assert (ran.folder / "journal-main.jsonl").read_bytes() == journal
    assert "Report: " in again.text


def test_a_folder_without_a_run_is_refused(resumed, server):
    again = resumed(config("csms", server.url), ONE)
    assert again.code == 4
    assert "--ocpp-resume: out: no journal*.jsonl here, so there is no run to resume" in again.text


def test_a_damaged_journal_is_refused(kit, resumed, server):
    ran = kit(config("csms", server.url), ONE)
    path = ran.folder / "journal-main.jsonl"
    path.write_bytes(path.read_bytes().replace(b"CP001", b"CP002", 1))
    again = resumed(config("csms", server.url), ONE, process=True)
    assert again.code == 2
    assert "journal-main.jsonl:1: the line was changed after the run" in again.text
    assert "Traceback" not in again.text


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda text: text.replace("response = 0.4", "response = 0.5"), (), "[limits] response was 0.4, is now 0.5"),
        (
            lambda text: text.replace('version = "1.6"', 'version = "2.0.1"'),
            (),
            '[sut] version was "1.6", is now "2.0.1"',
        ),
        (
            lambda text: text + "[pics]\nvendor_data_transfer = true\n",
            (),
            "[pics] vendor_data_transfer was nothing, is now true",
        ),
        (
            lambda text: text + "[test_data]\nheartbeat_interval = 7\n",
            (),
            "[test_data] heartbeat_interval was 30, is now 7",
        ),
        (
            lambda text: text + '[test_data]\nvalid_token = "ANOTHER"\n',
            (),
            "the check value of the tokens of [test_data] was ",
        ),
        (lambda text: text + "[station]\nconnectors = 2\n", (), "[station] connectors was 1, is now 2"),
        (lambda text: text, ("--ocpp-seed=4",), "seed was 3, is now 4"),
        (
            lambda text: text,
            ("--ocpp-case=TC_900_CSMS",),
            'the selection of cases was nothing, is now "case TC_900_CSMS"',
        ),
    ],
)
def test_another_configuration_is_refused(kit, resumed, server, change, options, words):
    text = config("csms", server.url)
    ran = kit(text, ONE, options=("--ocpp-seed=3",))
    before = (ran.folder / "journal-main.jsonl").read_bytes()
    again = resumed(change(text), ONE, options=options)
    assert again.code == 4
    assert words in again.text
    assert "Resume it with what it was begun with, or begin a new run" in again.text
    assert (ran.folder / "journal-main.jsonl").read_bytes() == before


def test_tokens_may_not_be_seen_in_the_evidence_and_are_the_same_all_the_same(kit, resumed, server):
    text = config("csms", server.url) + '[test_data]\nvalid_token = "04E91C5A"\n'
    ran = kit(text, ONE, TWO)
    cut(ran.folder, "case-started", 2)
    assert resumed(text, ONE, TWO).code == 0


def test_the_reports_go_where_the_run_is(resumed, server):
    again = resumed(config("csms", server.url), ONE, options=("--ocpp-report-dir=elsewhere",))
    assert again.code == 4
    assert "leave --ocpp-report-dir out" in again.text


def test_a_run_killed_before_its_first_record_is_begun_anew(resumed, server, pytester):
    (pytester.path / "out").mkdir()
    (pytester.path / "out" / "journal-main.jsonl").write_bytes(b'{"seq":1,"prev":"')
    again = resumed(config("csms", server.url), ONE)
    assert (again.code, again.verdicts) == (0, {"900": "pass"}), again.text
    assert again.report["run"]["resumed"] == 0


def test_message_ids_do_not_come_twice(kit, resumed, server):
    ran = kit(config("csms", server.url), ONE, TWO)
    cut(ran.folder, "case-started", 2)
    again = resumed(config("csms", server.url), ONE, TWO)
    frames = [one for one in read_journal(again.folder / "journal-main.jsonl").records if one.kind == "frame"]
    ids = [one.message_id for one in frames if one.sender == "kit"]
    assert len(ids) == len(set(ids)) == 2
    assert [one.n for one in frames] == list(range(1, len(frames) + 1))


def test_message_ids_of_another_run_with_the_same_seed_are_others(kit, server):
    ids = []
    for _ in range(2):
        ran = kit(config("csms", server.url), ONE, options=("--ocpp-seed=3",))
        frames = [one for one in read_journal(ran.folder / "journal-main.jsonl").records if one.kind == "frame"]
        ids.append({one.message_id for one in frames if one.sender == "kit"})
        shutil.rmtree(ran.folder)
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_case_that_was_not_run_is_not_asked_again(kit, resumed, server):
    text = config("csms", server.url, driver='order = ["http"]\n[driver.http]\nurl = "http://127.0.0.1:9/"\n')
    order = case("904", "csms", 'operator.order("Nonsense")\nwith step("1", "x"):\n    pass')
    ran = kit(text, order, ONE)
    cut(ran.folder, "case-started", 2)
    again = resumed(text, order, ONE)
    tried = [[one["id"] for one in report["cases"]].count("TC_904_CSMS") for report in (ran.report, again.report)]
    assert tried == [1, 1]
