"""Runs the examples of the documentation as a reader would."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from written import DOCS

EXAMPLES = DOCS / "examples"
QUICK = {
    "OCPP_TCK_LIMITS_RESPONSE": "10",
    "OCPP_TCK_LIMITS_ABSENCE": "0.5",
    "OCPP_TCK_TEST_DATA_HEARTBEAT_INTERVAL": "1",
    "OCPP_TCK_TEST_DATA_TRANSACTION_DURATION": "1",
}
PATIENCE = 180


def kit(*words, folder, **environment):
    """Run `ocpp-tck` in a folder with these variables; gives the finished process."""
    command = [sys.executable, "-m", "ocpp_tck.cli", *map(str, words)]
    env = {**os.environ, **QUICK, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


def verdicts(folder):
    """Give verdict and first cause of each case of a run."""
    cases = json.loads((folder / "report.json").read_text(encoding="utf-8"))["cases"]
    return {case["id"]: case["verdict"] for case in cases}


@contextmanager
def process(*words):
    """Run a program that says `ready` and ends when its stdin closes."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        try:
            line = one.stdout.readline()
            assert line.startswith("ready"), line
            yield line
        finally:
            one.stdin.close()
            one.wait(30)
