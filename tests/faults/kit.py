"""The kit as a process of its own against embedded products that outlive it, and what it prints while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocpp_tck import demo
from ocpp_tck.case import cases_root, read_cases
from ocpp_tck.evidence.index import find_journals

ROOT = Path(__file__).resolve().parents[2]
BOUND = 120.0
"""Seconds after which a kit that should have ended is taken for stuck."""
LOOK = 0.005
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The kit starts in half the time without what else is installed here."""
QUICK = """
[test_data]
heartbeat_interval = 1
boot_retry_interval = 1
meter_value_interval = 1
clock_aligned_interval = 2
connection_timeout = 1
transaction_duration = 0.3
offline_duration = 0.3
reservation_expiry = 2
{data}
[limits]
response = 5.0
boot = 10.0
reboot = 10.0
reconnect = 10.0
transaction = 5.0
absence = 0.3
interval = 1.0
"""
SLOW = {"001", "011_2", "004_2"}
"""Cases of the central system that take a second or two."""
CS_CASES = (
    *("007_1", "007_2", "061_1", "019", "021", "040_1", "023_4", "032_2", "034", "010", "011_1", "012", "026", "013"),
    *("015", "003", "004_1", "005_1", "005_3", "018_1", "030", "017_2", "037_1", "068"),
)
"""Cases of the charge point that take a moment each; they plug, cut the power, change configuration, go offline."""
KNOWN = "TCK-NOT-INVALID"
"""An idTag that the CSMS accepts, configured as one that it must not know."""
COMMAND = "from ocpp_tck.cli import main; main()"
"""What the entry point `ocpp-tck` does."""
_LINE = re.compile(r"^\[ *(\d+)/\S+\] +[\d.]+ s .*?(TC_\S+) +(PASS|WARN|FAIL|INCONCLUSIVE|KIT ERROR|N/A|NOT RUN) ")


@dataclass
class Bench:
    """Two products, or one for two stations, and the configuration that names them."""

    role: str
    config: Path
    below: str = ""
    cases: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()

    def reset(self) -> None:
        """Give the stations the state of a fresh start: a run may leave its last case's faults behind."""
        for control in self.stations:
            _order(control, "factory-reset", {})

    def start(
        self,
        folder: Path,
        *,
        workers: int = 0,
        resume: bool = False,
        more: tuple[str, ...] = (),
        under: tuple[str, ...] = (),
        **how: Any,
    ) -> Kit:
        """Start the kit by pytest.

        Args:
            folder: where its evidence goes.
            workers: number of xdist workers.
            resume: whether the run in the folder is resumed.
            more: more options of pytest.
            under: a command that starts the command.
            how: what `subprocess.Popen` understands.
        """
        if not resume:
            self.reset()
        cases = [f"--ocpp-case={case}" for case in self.cases]
        where = f"--ocpp-resume={folder}" if resume else f"--ocpp-report-dir={folder}"
        parallel = ["-n", str(workers)] if workers else []
        root = cases_root()
        place = [str(root / self.below), "--rootdir", str(root), "-o", "addopts=", "--import-mode=importlib"]
        fixed = ("-p", "ocpp_tck.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider")
        command = [*under, sys.executable, "-m", "pytest", *place, *fixed]
        return Kit(folder, [*command, f"--ocpp-config={self.config}", where, *cases, *parallel, *more], how, ALONE)

    def start_command(self, folder: Path, *, workers: int = 0) -> Kit:
        """Start the kit by its own command."""
        self.reset()
        cases = [part for case in self.cases for part in ("--case", case)]
        parallel = ["-n", str(workers)] if workers else []
        where = ["--config", str(self.config), "--report-dir", str(folder)]
        return Kit(folder, [sys.executable, "-c", COMMAND, "run", *where, *cases, *parallel])


def _order(control: str, action: str, payload: dict[str, str]) -> None:
    request = urllib.request.Request(f"{control}/{action}", data=json.dumps(payload).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=5):
        pass


@contextmanager
def bench(role: str, scratch: Path, version: str = "1.6"):
    """Start the products: one CSMS, or two stations.

    Not all of their verdicts are passes: one idTag is known that must not be, one action can't be carried out, one
    question is not answered.
    """
    with ExitStack() as stack:
        answers = demo.answers(role, version)
        if role == "csms":
            text = demo._against_csms(stack, version, 2, None)
            data = ""
            if version == "1.6":
                control = re.search(r'url = "(http://[^/]+)/', text).group(1)
                text += f'[driver.http.actions.unlock_connector]\nurl = "{control}/no-such-action"\n'
                data = f'invalid_token = "{KNOWN}"'
                _order(control, "set-token", {"idTag": KNOWN, "status": "Accepted"})
        else:
            text = demo._against_stations(stack, version, 2, (), None, None)
            data = ""
        config = scratch / f"{role}-{version}.toml"
        config.write_text(text + QUICK.format(data=data) + answers, encoding="utf-8")
        ports = re.findall(r'^id = "(\d+)"', text, re.MULTILINE) if role == "cs" else []
        below = f"{'v16' if version == '1.6' else 'v20'}/{role}"
        yield Bench(
            role, config, below, tuple(_cases(role, version)), tuple(f"http://127.0.0.1:{port}" for port in ports)
        )


def _cases(role: str, version: str):
    """Give the cases that take a moment each."""
    for path in sorted(cases_root().rglob("test_*.py")):
        for case in read_cases(path):
            number, suffix = case.facts["id"].removeprefix("TC_").rsplit("_", 1)
            quick = number in CS_CASES if (role, version) == ("cs", "1.6") else number not in SLOW
            if quick and suffix.lower() == role and version in case.facts.get("versions", ("1.6",)):
                yield case.facts["id"]


@dataclass
class Kit:
    """A process of the kit.

    Attributes:
        lines: what it has printed so far.
    """

    folder: Path
    command: list[str]
    how: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self):
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "CI": "1"}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", **self.environment}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **self.how,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return "\n".join(self.lines)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def printed(self) -> dict[str, str]:
        """Give the verdicts that it has printed, by case."""
        found = (_LINE.match(line) for line in self.lines)
        return {match.group(2): match.group(3) for match in found if match}

    def wait_for(self, reached) -> bool:
        """Wait until something is so; False when the kit ended before."""
        limit = self.began + BOUND
        while self.is_running:
            if reached():
                return True
            if time.monotonic() > limit:
                self.kill_all()
                raise AssertionError(f"the kit hangs after {BOUND:g} s:\n{self.text}")
            time.sleep(LOOK)
        return False

    def end(self) -> int:
        """Wait until it has ended; gives its exit code."""
        try:
            code = self.process.wait(BOUND)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"the kit hangs after {BOUND:g} s:\n{self.text}") from None
        self._close()
        return code

    def send(self, number: signal.Signals, *, to_all: bool = False) -> None:
        """Send a signal to this one process, or, as a terminal does, to all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if to_all else os.kill)(self.process.pid, number)

    def workers(self) -> list[int]:
        """Give the process ids of its workers."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text(encoding="ascii").split()] if path.exists() else []

    def kill(self) -> None:
        """Kill this one process; workers that it had end by themselves."""
        self.send(signal.SIGKILL)
        self.process.wait(BOUND)
        self._close()

    def kill_all(self) -> None:
        """Kill the process and its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(BOUND)
        self._close()

    def _close(self):
        self._reader.join(5 if self._reader.is_alive() else 0)
        if not self._reader.is_alive():
            self.process.stdout.close()

    def journal_bytes(self) -> int:
        """Give the size of all journals."""
        return size_of(self.folder)


def size_of(folder: Path) -> int:
    """Give the size of all journals of a run."""
    return sum(path.stat().st_size for path in find_journals(folder))
