"""The kit against products that nobody here wrote: all 1.6 cases of the product's role, strict both ways.

What a product does wrong stands in `<name>/expected.toml` (the kit's own format of known failures) with the clause
that it breaks; what can't be judged on it stands in `<name>/not-judged.toml` with the reason. A verdict that differs
from these files fails, in either direction. Each test leaves its reports in `reports/peers/<name>`.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from install import PEERS, Unavailable, install

from ocpp_tck.case import cases_root, read_cases
from ocpp_tck.net.pki import Authority
from ocpp_tck.report.known import load_known

REPORTS = Path(__file__).resolve().parents[2] / "reports" / "peers"
RUN_SECONDS = 900
NOT_JUDGED = {"not run", "not applicable"}


@pytest.fixture(params=PEERS.values(), ids=PEERS)
def peer(request):
    """An installed product."""
    try:
        install(request.param.name)
    except Unavailable as reason:
        pytest.skip(f"{request.param.name}: {reason}")
    return request.param


def test_verdicts_are_the_expected_ones(peer):
    """Every case comes as the peer's files say, with the cause that they say."""
    report, output, exit_code = run_kit(peer)
    ids = cases_of(peer.role)
    cases = {case["id"]: case for case in report["cases"] if case["counts"]}
    assert set(cases) == ids, f"not every case was part of the run:\n{output[-4000:]}"

    known = {entry.case: entry for entry in load_known(peer.folder / "expected.toml", ids)}
    unjudged = load_not_judged(peer)
    assert not known.keys() & unjudged.keys(), "a case can't be in both files"
    differences = [
        text for case in cases.values() if (text := difference(case, known.get(case["id"]), unjudged.get(case["id"])))
    ]
    differences += [f"not-judged.toml: there is no case {case}" for case in sorted(unjudged.keys() - ids)]
    assert not differences, "\n".join(["the verdicts differ from the peer's files:", *differences])
    assert exit_code == 0, f"the command does not agree, it ended with {exit_code}:\n{output[-4000:]}"


def test_a_difference_is_seen_in_either_direction(tmp_path):
    """A fail that is not listed, a pass that is listed as a fail or as not judged, and another cause."""
    listed = tmp_path / "expected.toml"
    listed.write_text('[[known]]\ncase = "TC_X"\nverdict = "fail"\ncause = "no answer"\nreason = "1.6 4.1"\n')
    (entry,) = load_known(listed)
    cause = {"text": "no answer", "where": "step 2", "requirement": ""}
    passing = {"id": "TC_X", "verdict": "pass", "known": "", "cause": None}
    failing = {"id": "TC_X", "verdict": "fail", "known": "", "cause": cause}
    assert not difference(passing, None, None)
    assert not difference({**failing, "known": "1.6 4.1"}, entry, None)
    assert "unexpected" in difference(failing, None, None)
    assert "came as pass" in difference(passing, entry, None)
    assert "came as pass" in difference(passing, None, "no driver")
    assert "wrong status" in difference({**failing, "cause": {**cause, "text": "wrong status"}}, entry, None)


# -- how a peer is run ---------------------------------------------------------------------------------------------


def cases_of(role):
    """The ids of the implemented cases of OCPP 1.6 for a role, of every profile."""
    cases = [case for path in cases_root().rglob("test_*.py") for case in read_cases(path)]
    return {
        case.facts["id"]
        for case in cases
        if "1.6" in case.facts.get("versions", ("1.6",)) and case.facts["id"].endswith(f"_{role.upper()}")
    }


def run_kit(peer):
    """Run the kit against the peer as a user would; gives report.json, what the command printed and its exit code."""
    folder = REPORTS / peer.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "ocpp-tck.toml"
    listen = f"127.0.0.1:{free_port()}"
    with (folder / "peer.log").open("w", encoding="utf-8") as log, started(peer, listen, log) as addresses:
        text = (peer.folder / "ocpp-tck.toml.in").read_text(encoding="utf-8")
        for name, value in {"LISTEN": listen, "OCPP": addresses["ocpp"], "CONTROL": addresses["control"]}.items():
            text = text.replace(f"@{name}@", value)
        config.write_text(text, encoding="utf-8")
        (folder / "firmware.bin").write_bytes(b"firmware for a product that only pretends to install it")
        command = [
            str(Path(sys.executable).with_name("ocpp-tck")), "run", "--config", str(config),
            "--report-dir", str(folder), "--known-failures", str(peer.folder / "expected.toml"),
            "--seed", "1",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    output = done.stdout + done.stderr
    (folder / "output.txt").write_text(output, encoding="utf-8")
    path = folder / "report.json"
    assert path.is_file(), f"the run left no report (exit {done.returncode}):\n{output[-4000:]}"
    return json.loads(path.read_text(encoding="utf-8")), output, done.returncode


@contextmanager
def started(peer, listen, log):
    """Start the peer by its launcher; gives its addresses, and ends it by closing its stdin."""
    place = ["--url", f"ws://{listen}/ocpp"] if peer.role == "cs" else ["--listen", "127.0.0.1:0"]
    place += certificates(Path(log.name).parent) if peer.tls else []
    command = [*peer.command(), *place, "--control", "127.0.0.1:0", "--until-stdin-closes"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
    with subprocess.Popen(command, text=True, env={**os.environ, "PEER_LOG": "DEBUG"}, **pipes) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("ready "), f"{peer.name} did not start; see {log.name}"
            yield json.loads(line.removeprefix("ready "))
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def certificates(folder):
    """The options that give a peer a certificate of this run; `ca.pem` in the folder says whom the kit trusts."""
    authority = Authority.root()
    (folder / "ca.pem").write_text(authority.pem, encoding="ascii")
    files = authority.server("127.0.0.1").write(folder, "peer")
    return ["--certificate", str(files.certificate), "--key", str(files.key)]


def free_port():
    """A port of the loopback interface that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load_not_judged(peer):
    """The reasons by case id."""
    path = peer.folder / "not-judged.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def difference(case, known, unjudged):
    """What is other than the peer's files say, empty when nothing is."""
    cause = case["cause"] or {"text": "", "where": "", "requirement": ""}
    came = f"{case['id']} came as {case['verdict']}: {cause['where']}: {cause['text']}"
    if known is not None:
        if (case["verdict"], case["known"]) == (known.verdict, known.reason):
            return ""
        return f"{came}; listed as {known.verdict} with {' and '.join(known.cause)} ({known.reason})"
    if unjudged is not None:
        return "" if case["verdict"] in NOT_JUDGED else f"{came}; listed as not judged ({unjudged})"
    return "" if case["verdict"] == "pass" else f"{came}; unexpected"
