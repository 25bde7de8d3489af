"""A sample of the systematic mutants on each run of the tests; `ocpp-tck selftest mutants --sample 1` runs them all."""

import os
import subprocess
import sys

import pytest

from ocpp_tck.selftest.result import read_parts

CASES = {"csms": ("TC_003_CSMS", "TC_019_2_CSMS"), "cs": ("TC_003_CS",)}


@pytest.mark.parametrize("sut", CASES)
def test_a_sample_of_systematic_mutants_comes_as_it_must(sut, tmp_path):
    chosen = [argument for case in CASES[sut] for argument in ("--case", case)]
    command = [sys.executable, "-m", "ocpp_tck.cli", "selftest", "mutants", "--sut", sut, "--version", "1.6", *chosen]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["--sample", "0.3", "--seed", "5", "--report-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = {part.name: part for part in read_parts(tmp_path)}
    assert sum(row.count for row in parts["replayed"].rows) > 100
    assert all(part.sampled for part in parts.values())
