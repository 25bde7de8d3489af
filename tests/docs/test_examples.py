"""The examples of the documentation work as they stand; only their ports are other ones."""

import os
import pty
import re
import select
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import running
from running import EXAMPLES, kit, process, verdicts
from written import ROOT

from ocpp_tck.config import load
from ocpp_tck.demo import free_port, product
from ocpp_tck.report.known import load_known
from ocpp_tck.roles.drivers.base import Outcome, Request
from ocpp_tck.roles.drivers.chain import DriverChain

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the prompt example needs a POSIX terminal")


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.rglob("*.toml")), ids=lambda path: path.relative_to(EXAMPLES).as_posix()
)
def test_an_example_file_is_accepted(path, monkeypatch, tmp_path):
    for name in ("CSMS_API", "CSMS_KEY", "RIG"):
        monkeypatch.setenv(name, "127.0.0.1:9200")
    if path.name == "known-failures.toml":
        assert len(load_known(path)) == 2
        return
    if path.parent.name == "tls":
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        assert kit("pki", "pki", folder=tmp_path).returncode == 0
        path = copy
    assert load(path, environ={}).sut.version == "1.6"


def test_a_csms_with_a_rest_api(tmp_path):
    ocpp, api = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    folder = EXAMPLES / "csms-rest"
    with process(sys.executable, folder / "server.py", "--ocpp", ocpp, "--api", api, "--key", "secret"):
        chosen = ("TC_013_CSMS", "TC_010_CSMS", "TC_012_CSMS", "TC_017_1_CSMS", "TC_021_CSMS", "TC_019_2_CSMS")
        options = [word for case in chosen for word in ("--case", case)]
        met = {"OCPP_TCK_CONNECTION_URL": f"ws://{ocpp}/ocpp", "CSMS_API": api}
        done = kit("run", "--report-dir", tmp_path / "run", *options, folder=folder, CSMS_KEY="secret", **met)
        assert verdicts(tmp_path / "run") == dict.fromkeys(chosen, "pass"), done.stdout
        assert done.returncode == 0
        refused = kit(
            "run", "--report-dir", tmp_path / "no", "--case", "TC_013_CSMS", folder=folder, CSMS_KEY="wrong", **met
        )
        assert verdicts(tmp_path / "no") == {"TC_013_CSMS": "inconclusive"}, refused.stdout
        assert refused.returncode == 1


@pytest.mark.parametrize("name", ["command", "python"])
def test_a_driver_of_ones_own(name, tmp_path, monkeypatch):
    """What the examples can do is done at the product; what they can't is left to the person, who is not there."""
    port = free_port()
    monkeypatch.setenv("RIG", f"127.0.0.1:{port}")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: 0)  # as in a pipeline: no terminal
    for file in (EXAMPLES / name).iterdir():
        if file.is_file():
            text = file.read_text(encoding="utf-8").replace("127.0.0.1:9100", f"127.0.0.1:{port}")
            (tmp_path / file.name).write_text(text, encoding="utf-8")
    drivers = DriverChain(load(tmp_path / "ocpp-tck.toml", environ={}).driver)

    def made(action, **payload):
        request = Request(action=action, payload=payload, station="CP001", version="1.6", role="cs")
        result, by = drivers.act(request)
        return result.outcome, by

    offline = ("--url", f"ws://127.0.0.1:{free_port()}/", "--station-id", "CP001", "--control", f"127.0.0.1:{port}")
    with product("cs", "--version", "1.6", *offline):
        assert made("plug", connector=1) == (Outcome.DONE, name)
        assert made("present", idTag="TCK-VALID", connector=1) == (Outcome.DONE, name)
        assert made("unplug", connector=1) == (Outcome.DONE, name)
        assert made("factory_reset") == (Outcome.UNSUPPORTED, "")
        assert made("plug", connector=99)[0] is Outcome.FAILED
    assert made("plug", connector=1)[0] is Outcome.FAILED
    drivers.close()


def act(control, told):
    """Do what a person is told to: plug in, present the card, unplug."""
    for words, action, body in (
        (r"Plug the cable into the car at connector (\d)", "plug", '{"connector": %s}'),
        (r"Unplug the cable from the car at connector (\d)", "unplug", '{"connector": %s}'),
        (r"Present the token (\S+) at the reader", "present", '{"idTag": "%s"}'),
    ):
        if found := re.search(words, told):
            request = urllib.request.Request(
                f"{control}/{action}?station=CP001", (body % found[1]).encode(), method="POST"
            )
            urllib.request.urlopen(request, timeout=10).close()
            return f"{action} {found[1]}"
    return told


def test_a_station_by_hand(tmp_path):
    """A person at a terminal of their own reads the prompts and acts; no key is pressed."""
    listen = f"127.0.0.1:{free_port()}"
    config = EXAMPLES / "prompt" / "ocpp-tck.toml"
    station = ("--url", f"ws://{listen}/", "--station-id", "CP001")
    with product("cs", "--version", "1.6", *station) as addresses:
        words = ["run", "--config", str(config), "--report-dir", str(tmp_path / "run"), "--case", "TC_003_CS"]
        env = {**os.environ, **running.QUICK, "OCPP_TCK_CONNECTION_LISTEN": listen, "OCPP_TCK_LIMITS_OPERATOR": "60"}
        child, terminal = pty.fork()
        if child == 0:
            os.execve(sys.executable, [sys.executable, "-m", "ocpp_tck.cli", *words], env)  # noqa: S606 - it has the terminal
        acts, text = _read(terminal, lambda told: act(addresses["control"], told))
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, text
    assert acts[:2] == ["plug 1", "present 04A2B3C4D5"]
    assert (
        ">>> Plug the cable into the car at connector 1.  (done: Enter; can't: c and Enter; the time anew: r and Enter)"
        in (ROOT / "docs/station-by-hand.md").read_text()
    )
    assert (
        ">>> Plug the cable into the car at connector 1.  (done: Enter; can't: c and Enter; the time anew: r and Enter)"
        in text
    )
    assert verdicts(tmp_path / "run") == {"TC_003_CS": "pass"}


def _read(terminal, told):
    """Read the terminal until the program has ended, and answer each prompt."""
    text, seen, acts, end = "", 0, [], time.monotonic() + running.PATIENCE
    while time.monotonic() < end and select.select([terminal], [], [], running.PATIENCE)[0]:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux tells the end of a pseudo-terminal like that
            break
        if not chunk:
            break
        text += chunk.decode(errors="replace")
        prompts = re.findall(r">>> ([^\n]*)\(done:[^\n]*\n", text)
        acts += [told(one) for one in prompts[seen:]]
        seen = len(prompts)
    return acts, text
