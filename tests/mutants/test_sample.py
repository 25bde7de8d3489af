"""A few mutants on each run of the tests; `tox -e mutants` runs them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocpp_tck.reference.mutant import parse
from tests.mutants.catalogue import CatalogueError, Mutant, load
from tests.mutants.plugin import killer

ROOT = Path(__file__).resolve().parents[2]
MUTANT = """
[[mutant]]
case = "TC_023_1_CSMS"
step = "{step}"
name = "{name}"
match = {{sender = "csms", type = "result", action = "Authorize"}}
do = {do}
"""

EXCUSED = '[[excused]]\ncase = "TC_023_1_CSMS"\nstep = "2"\nreason = "none"\n'


def run(folder, *arguments):
    command = [sys.executable, "-m", "tests.mutants", "--version", "1.6", "--report-dir", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
    matrix = folder / "kill-matrix.json"
    return done, json.loads(matrix.read_text()) if matrix.is_file() else {}


def write(folder, text):
    place = folder / "v16" / "csms"
    place.mkdir(parents=True)
    (place / "test_invalid.toml").write_text(text)


@pytest.mark.parametrize("sut", ["csms", "cs"])
def test_a_sample_of_mutants_is_killed(sut, tmp_path):
    done, matrix = run(tmp_path, "--sut", sut, "--sample", "5", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(matrix["mutants"]) == 5
    assert matrix["counts"]["survived"] == 0


def test_a_harmless_mutant_survives_and_is_told(tmp_path):
    write(tmp_path, MUTANT.format(step="2", name="is a little slow", do="{delay = 0.05}"))
    done, matrix = run(tmp_path, "--sut", "csms", "--case", "TC_023_1_CSMS", "--folder", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert matrix["unkilled_cases"] == ["TC_023_1_CSMS 1.6"]
    assert matrix["unkilled_steps"] == ["TC_023_1_CSMS 1.6 step 2"]
    assert matrix["mutants"][0]["verdict"] == "pass"
    assert "survived: TC_023_1_CSMS step 2: is a little slow" in done.stdout


def test_a_mutant_that_alters_no_frame_survives(tmp_path):
    write(
        tmp_path, MUTANT.format(step="2", name="is never met", do="{drop = true}").replace("Authorize", "MeterValues")
    )
    done, _ = run(tmp_path, "--sut", "csms", "--case", "TC_023_1_CSMS", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert "killed by nothing  (no frame was altered)" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[mutants]]", "neither"),
        ("[[mutant]]\ncase = 'TC_023_1_CSMS'", "mutant 1: lacks do, match, name, step"),
        (MUTANT.format(step="9", name="x", do="{drop = true}"), "TC_023_1_CSMS has no step '9'; it has 2"),
        (MUTANT.format(step="2", name="x", do="{lose = true}"), "unknown do 'lose'"),
        (MUTANT.format(step="2", name="x", do="{drop = true}\nexpect = 'warn'"), "has no step '2 should'"),
        (MUTANT.format(step="2", name="x", do="{drop = true}") + EXCUSED, "excused, and yet it has a mutant"),
        (MUTANT.format(step="2", name="x", do="{drop = true}") * 2, "two mutants 'x'"),
        (MUTANT.format(step="2", name="x", do="{drop = true}").replace("023_1", "999"), "no implemented case TC_999"),
    ],
)
def test_a_wrong_entry_is_told(text, message, tmp_path):
    write(tmp_path, text)
    with pytest.raises(CatalogueError, match=message):
        load("csms", "1.6", tmp_path)


def step(n, verdict):
    return {"kind": "step-ended", "n": n, "verdict": verdict}


RULE = {"kind": "violation", "sender": "product", "level": "must", "rule": "schema.required"}


@pytest.mark.parametrize(
    ("records", "verdict", "killed_by"),
    [
        ([step("2", "pass"), step("4", "fail")], "fail", "4"),
        ([step("2", "fail"), RULE], "fail", "schema.required"),
        ([step("2", "fail")], "fail", "2"),
        ([step("2", "pass"), RULE | {"sender": "kit"}], "fail", ""),
        ([step("4", "warn")], "warn", ""),
        ([step("4", "fail")], "inconclusive", ""),
    ],
)
def test_who_killed(records, verdict, killed_by):
    defect = parse({"match": {"sender": "csms"}, "do": {"drop": True}})
    assert killer(Mutant("TC_1_CSMS", "4", "x", defect, "fail"), verdict, records) == killed_by
