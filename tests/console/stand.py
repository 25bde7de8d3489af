"""A run with a console as a process of its own, against the embedded charge point; the test acts at its control."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

from ocpp_tck.demo import free_port, product

PREAMBLE = """
import pytest
from ocpp_tck.case import testcase

@pytest.fixture
def step(ocpp_run):
    return ocpp_run.current.step

@pytest.fixture
def operator(ocpp_run):
    return ocpp_run.operator

@pytest.fixture
def station(ocpp_run):
    ocpp_run.station.wait_connected(within="boot")
    return ocpp_run.station

"""


def case(number, *lines):
    body = "\n".join("    " + line for line in lines)
    facts = '"Core", requirements="1.6 4.2"'
    return f'@testcase("TC_{number}_CS", "Case {number}", profile={facts})\ndef test_{number}(station, operator, step):\n{body}\n\n'


class Stand:
    """The run, what it prints, and the control of the charge point."""

    def __init__(self, process, control, folder):
        self.process, self.folder, self._control = process, folder, control
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self):
        return "".join(self.lines)

    def links(self):
        return re.findall(r"http://\S+/#[a-z0-9]+", self.text)

    def act(self, action, **payload):
        """Do at the charge point what a person would do."""
        url = f"http://{self._control}/{action}?station=CP001"
        sent = urllib.request.Request(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(sent, timeout=20) as answer:
            answer.read()

    def close(self):
        self._reader.join(10)
        self.process.stdout.close()

    def end(self):
        """Wait for the end of the run; gives its exit code, and verdicts and causes by number."""
        code = self.process.wait(120)
        self._reader.join(10)
        path = self.folder / "report.json"
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else []
        by_number = {one["id"].split("_")[1]: one for one in cases}
        return SimpleNamespace(
            code=code, cases=by_number, verdicts={number: one["verdict"] for number, one in by_number.items()}
        )


@contextmanager
def run(folder, *cases, operator=60.0, vendor="Maker", options=("--ocpp-console=127.0.0.1:0",), config="", port=0):
    """Start the charge point and a run of the cases, whose prompts nobody but a browser answers."""
    folder.mkdir(exist_ok=True)
    (folder / "test_cases.py").write_text(PREAMBLE + "".join(cases), encoding="utf-8")
    port = port or free_port()
    listen = f"127.0.0.1:{port}"
    limits = f"[limits]\nresponse = 20.0\nboot = 60.0\noperator = {operator}\nabsence = 0.1\nclock = 300.0\n"
    (folder / "kit.toml").write_text(
        f'[sut]\nrole = "cs"\nversion = "1.6"\nvendor = {json.dumps(vendor)}\n[connection]\nlisten = "{listen}"\n'
        f'[[connection.stations]]\nid = "CP001"\n[driver]\norder = ["prompt"]\n{limits}{config}',
        encoding="utf-8",
    )
    off = [part for name in ("cacheprovider", "randomly", "hypothesispytest") for part in ("-p", f"no:{name}")]
    given = [str(folder), "--rootdir", str(folder), "-o", "addopts=", *off]
    resumes = any(option.startswith("--ocpp-resume") for option in options)
    given += [f"--ocpp-config={folder}/kit.toml", *([] if resumes else [f"--ocpp-report-dir={folder}/out"]), *options]
    place = ("--url", f"ws://{listen}/ocpp", "--station-id", "CP001", "--control", "127.0.0.1:0")
    with product("cs", "--version", "1.6", *place) as addresses:
        control = addresses["control"].removeprefix("http://")
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that it has no terminal
        )
        stand = Stand(process, control, folder / "out")
        stand.port = port
        try:
            yield stand
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(20)
            stand.close()


def until(found, what, seconds=60):
    """Wait until something is there; gives it."""
    limit = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < limit, f"{what} did not come within {seconds} s"
        time.sleep(0.05)
    return result
