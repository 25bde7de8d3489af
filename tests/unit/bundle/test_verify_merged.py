"""Runs with attempts, and several runs in one folder, are verified like any other."""

import json
import shutil
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from kit_runs import config_for, run_kit

from ocpp_tck.bundle.verify import verify
from ocpp_tck.cli import main
from ocpp_tck.demo import product

AGAIN = ("TC_013_CSMS", "TC_048_2_CSMS")
KNOWN = '[[known]]\ncase = "TC_013_CSMS"\nverdict = "fail"\nreason = "resets softly, ticket 5"\n'


def command(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def retried(tmp_path_factory):
    """A run in which the case that fails was tried twice."""
    place = tmp_path_factory.mktemp("retried")
    with product("csms", "--version", "1.6", "--token", "TCK-VALID-1A=Accepted", "--defect=resets-softly") as addresses:
        config = place / "ocpp-tck.toml"
        config.write_text(config_for(addresses))
        code, text = run_kit(place / "run", config, "--ocpp-retry=1", *(f"--ocpp-case={case}" for case in AGAIN))
    assert code == 1, text
    return place / "run"


@pytest.fixture
def merged(recorded, retried, tmp_path):
    """Both runs in one folder, the failure known."""
    known = tmp_path / "known.toml"
    known.write_text(KNOWN)
    told = command("merge", recorded.folder, retried, "-o", tmp_path / "merged", "--known-failures", known)
    return SimpleNamespace(folder=tmp_path / "merged", code=told.exit_code, text=told.output)


def test_each_attempt_of_a_retried_run_is_recomputed(retried):
    found = verify(retried)
    assert found.problems == ()
    failing = [one for one in found.cases if one.case == "TC_013_CSMS"]
    assert [(one.verdict, one.difference, one.open) for one in failing] == [("fail", "", "")] * 2
    assert found.open == ()


def test_merged_runs_are_whole(merged, recorded):
    assert merged.code == 0, merged.text
    found = verify(merged.folder)
    assert found.problems == ()
    assert {one.journal.rpartition("/")[0] for one in found.cases} == {"runs/01-run", "runs/02-run"}
    assert [one.case for one in found.cases].count("TC_013_CSMS") == 3
    assert found.agreed == len(found.cases)
    (note,) = found.notes
    assert "known-failures.toml" in note
    assert "TC_013_CSMS" in note
    assert command("report", merged.folder).exit_code == 0
    assert verify(merged.folder).problems == ()
    report = json.loads((merged.folder / "report.json").read_text())
    assert {one["known"] for one in report["cases"] if one["counts"] and one["verdict"] == "fail"} == {
        "resets softly, ticket 5"
    }
    assert command("sign", merged.folder, "--key", recorded.key).exit_code == 0
    assert command("verify", merged.folder, "--key", recorded.public, "--strict").exit_code == 0
    archive = merged.folder.with_suffix(".zip")
    assert command("bundle", merged.folder, "-o", archive).exit_code == 0
    assert command("verify", archive, "--key", recorded.public, "--strict").exit_code == 0


def test_merged_runs_that_were_changed_are_not_whole(merged, recorded):
    (journal,) = (merged.folder / "runs" / "02-run").glob("journal*.jsonl")
    sound = journal.read_bytes()
    journal.write_text(sound.decode().replace('"verdict":"fail"', '"verdict":"pass"'))
    assert any(problem.startswith("runs/02-run/") for problem in verify(merged.folder).problems)
    assert command("verify", merged.folder).exit_code == 1
    journal.write_bytes(sound)
    assert verify(merged.folder).problems == ()
    shutil.copytree(recorded.folder, merged.folder / "runs" / "03-run")
    command("report", merged.folder)
    assert any("03-run: was not merged" in problem for problem in verify(merged.folder).problems)
    (merged.folder / "merge.json").write_text("{}")
    assert any("merge.json" in problem for problem in verify(merged.folder).problems)


def test_a_report_that_the_merged_runs_do_not_give_is_named(merged):
    path = merged.folder / "summary.md"
    path.write_text(path.read_text().replace("Fail", "Pass"))
    assert any(problem.startswith("summary.md: is not what") for problem in verify(merged.folder).problems)
