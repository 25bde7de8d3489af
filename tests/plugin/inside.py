"""One kit run in a folder of its own, inside this process."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

# Loaded once here: pytester forgets modules that a run inside it loads first.
import ocpp_tck.certify
import ocpp_tck.opening
import ocpp_tck.report.write  # noqa: F401

FIXTURES = """
import pytest

@pytest.fixture
def step(ocpp_run):
    return ocpp_run.current.step

@pytest.fixture
def operator(ocpp_run):
    return ocpp_run.operator

@pytest.fixture
def csms(ocpp_run):
    ocpp_run.csms.disconnect()
    ocpp_run.csms.connect()
    yield ocpp_run.csms
    ocpp_run.csms.disconnect()

@pytest.fixture
def station(ocpp_run):
    ocpp_run.station.wait_connected(within="boot")
    return ocpp_run.station
"""

UNUSED = ("cacheprovider", "randomly", "hypothesispytest")
"""Plugins that a run inside does without; hypothesis would be imported anew by each."""

LIMITS = (
    "response = 0.4\nboot = 2.0\nreboot = 1.0\nreconnect = 1.0\ntransaction = 0.4\nabsence = 0.1\nhandshake = 0.6\n"
)


def config(role, place, *, driver="", station="", more="", limits=LIMITS):
    """Write a configuration; `place` is the url or the listen address."""
    connection = f'url = "{place}"' if role == "csms" else f'listen = "{place}"'
    return (
        f'{more}[sut]\nrole = "{role}"\nversion = "1.6"\n[connection]\n{connection}\n'
        f'[[connection.stations]]\nid = "CP001"\n{station}'
        f"[limits]\n{limits}" + (f"[driver]\n{driver}" if driver else "")
    )


def case(number, role, body, **facts):
    """Write a case with that body."""
    told = "".join(f", {name}={value!r}" for name, value in facts.items())
    product = "station" if role == "cs" else "csms"
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return (
        f'@testcase("TC_{number}_{role.upper()}", "Case {number}", profile="Core", requirements="1.6 4.2"{told})\n'
        f"def test_{number}({product}, operator, step):\n{lines}\n\n"
    )


@pytest.fixture
def kit(pytester):
    """Run cases with a configuration; gives exit code, output, verdicts and report."""

    def go(text, *cases, options=(), kit=True, process=False):
        pytester.makeconftest(FIXTURES)
        pytester.makepyfile(test_cases="from ocpp_tck.case import testcase\n\n" + "".join(cases))
        Path("kit.toml").write_text(text, encoding="utf-8")
        folder = pytester.path / "out"
        given = ["-W", "error", *(part for name in UNUSED for part in ("-p", f"no:{name}")), *options]
        if kit:
            given += ["--ocpp-config=kit.toml", f"--ocpp-report-dir={folder}"]
        ran = pytester.runpytest_subprocess(*given) if process else pytester.runpytest_inprocess(*given)
        path = folder / "report.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        found = {one["id"]: one for one in report["cases"]} if report else {}
        return SimpleNamespace(
            code=int(ran.ret),
            text=ran.stdout.str() + ran.stderr.str(),
            result=ran,
            report=report,
            cases=found,
            verdicts={id.split("_")[1]: one["verdict"] for id, one in found.items()},
            folder=folder,
        )

    return go
