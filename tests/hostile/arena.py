"""One run of the kit against a hostile product, in a sandbox, and whether all of it went as it must."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ocpp_tck.demo import free_port, product
from ocpp_tck.pics import features
from tests.hostile.acts import ESCAPE
from tests.hostile.certificates import certificate
from tests.hostile.gate import Gate

CASES = {"csms": ("TC_061_CSMS", "TC_021_CSMS", "TC_003_CSMS"), "cs": ("TC_061_1_CS", "TC_040_1_CS", "TC_003_CS")}
"""The first one meets the hostility, the others must pass."""
SECONDS = 240.0
"""So long a run may take on a busy machine; alone it takes 3 to 20 s."""
MEMORY_MB = 250
"""What the kit's process may take. It takes about 105 MB in a run against a decent product."""
PASSWORD = "0123456789abcdef"
LIMITS = """
[test_data]
connection_timeout = 2
transaction_duration = 0.5
[limits]
response = 3.0
boot = 12.0
reboot = 12.0
reconnect = 12.0
transaction = 1.5
absence = 0.3
interval = 0.7
handshake = 3.0
"""
_HARMFUL = re.compile("[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\uffef]|[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_KIT = "import sys; from ocpp_tck.cli import main; sys.exit(main())"


@dataclass
class Ran:
    """What came of one run.

    Attributes:
        wrong: what was not as it must be, one line each.
        peak_mb: the most memory that the kit's process had (VmHWM), MB.
        cases: the report's cases in their order.
    """

    seconds: float
    peak_mb: float
    text: str
    wrong: list[str] = field(default_factory=list)
    cases: list[dict] = field(default_factory=list)


def run(role, hostility, *, folder=None):
    """Run three cases against the product; the report goes to `folder` when one is given."""
    with ExitStack() as stack:
        sandbox = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hostile-")))
        report = Path(folder) if folder is not None else sandbox / "report"
        for name in ("home", "tmp", "cwd", "config"):
            (sandbox / name).mkdir()
        place, control, gate, trust = stack.enter_context(_product(role, hostility, sandbox))
        config = sandbox / "config" / "kit.toml"
        config.write_text(_config(role, hostility, place, control), encoding="utf-8")
        before = _files(sandbox, report)
        code, seconds, peak, text = _kit(sandbox, config, report, role, trust)
        ran = Ran(seconds=seconds, peak_mb=peak, text=text)
        ran.wrong += [f"left outside the report folder: {name}" for name in sorted(_files(sandbox, report) ^ before)]
        if gate.problem:
            ran.wrong.append(gate.problem)
        _judge(ran, code, report, hostility)
    ran.wrong += [f"written: {path}" for path in _escaped()]
    return ran


def _judge(ran, code, report, hostility):
    if code not in {0, 1}:
        ran.wrong.append(f"exit code {code}: {ran.text[-1500:]}")
    if ran.peak_mb > MEMORY_MB:
        ran.wrong.append(f"{ran.peak_mb:.0f} MB of memory")
    harmful = _HARMFUL.search(ran.text)
    if harmful:
        ran.wrong.append(f"printed {harmful.group()!r} in {ran.text[max(0, harmful.start() - 60) :][:120]!r}")
    ran.wrong += [f"printed {word}" for word in ("Traceback", "INTERNALERROR") if word in ran.text]
    try:
        told = json.loads((report / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        ran.wrong.append(f"no report: {problem}")
        return
    ran.cases = told["cases"]
    ran.wrong += told["problems"]
    ran.wrong += [f"no {name}" for name in ("report.html", "junit.xml", "summary.md") if not (report / name).is_file()]
    verdicts = [case["verdict"] for case in ran.cases]
    if len(verdicts) != 3 or verdicts[0] not in hostility.first or verdicts[1:] != ["pass", "pass"]:
        causes = [(case["id"], case["verdict"], (case["cause"] or {}).get("text", "")[:300]) for case in ran.cases]
        ran.wrong.append(f"verdicts {causes}")
    elif hostility.words not in json.dumps(ran.cases[0], ensure_ascii=False):
        ran.wrong.append(
            f"the report does not say {hostility.words!r}: {(ran.cases[0]['cause'] or {}).get('text', '')[:300]}"
        )


# -- the product -----------------------------------------------------------------------------------------------------


@contextmanager
def _product(role, hostility, sandbox):
    """Start the embedded product and the gate before it; gives where the kit meets it, and how it is driven."""
    trust = sandbox / "config" / "ca.pem"
    context = _context(trust) if hostility.tls else None
    if role == "csms":
        password = ("--password", f"{hostility.station}={PASSWORD}") if hostility.tls else ()
        with product("csms", "--version", "1.6", *password) as addresses:
            port = int(addresses["ocpp"].split(":")[2].split("/")[0])
            with Gate(role, hostility, ("127.0.0.1", port), tls=context) as gate:
                scheme = "wss" if hostility.tls else "ws"
                yield f'url = "{scheme}://127.0.0.1:{gate.port}/ocpp"', addresses["control"], gate, trust
        return
    kit, control = ("127.0.0.1", free_port()), f"127.0.0.1:{free_port()}"
    with Gate(role, hostility, kit) as gate:
        url = f"ws://127.0.0.1:{gate.port}/ocpp"
        place = ("--url", url, "--station-id", hostility.station, "--control", control)
        with product("cs", "--version", "1.6", *place) as addresses:
            yield f'listen = "127.0.0.1:{kit[1]}"', addresses["control"], gate, trust


def _context(trust):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = trust.with_name("key.pem")
    certificate(trust, key)
    context.load_cert_chain(trust, key)
    return context


def _config(role, hostility, place, control):
    # without Remote Trigger the kit asks a station that it has not seen booting for nothing, so that nothing is owed
    known = {one.id: one.default or "false" for one in features("1.6", role).values()}
    answers = "".join(f'"{name}" = {answer}\n' for name, answer in known.items())
    return (
        f'[sut]\nrole = "{role}"\nversion = "1.6"\nvendor = "embedded"\nmodel = "hostile at first"\n'
        f"[connection]\n{place}\nstation_id = '{hostility.station}'\n{hostility.options}"
        '[station]\nconnectors = 2\n[driver]\norder = ["http"]\n[driver.http]\n'
        f'url = "{control}/{{action_kebab}}?station={{station}}"\nbody = "{{payload}}"\n{LIMITS}\n[pics]\n{answers}'
    )


# -- the kit ---------------------------------------------------------------------------------------------------------


def _kit(sandbox, config, report, role, trust):
    """Run the kit; gives exit code, seconds, peak of memory in MB and what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OCPP_TCK_"))}
    environment |= {
        "HOME": str(sandbox / "home"),
        "TMPDIR": str(sandbox / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "120",
        **({"SSL_CERT_FILE": str(trust)} if trust.exists() else {}),
    }
    cases = [argument for case in CASES[role] for argument in ("--case", case)]
    command = [sys.executable, "-c", _KIT, "run", "--config", str(config), "--report-dir", str(report), *cases]
    began, peaks = time.monotonic(), {}
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            command,
            cwd=sandbox / "cwd",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        while process.poll() is None:
            _look(process.pid, peaks)
            if time.monotonic() - began > SECONDS:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.02)
        printed.seek(0)
        text = printed.read().decode(errors="surrogateescape")
    return process.returncode, time.monotonic() - began, max(peaks.values(), default=0) / 1024, text


def _look(pid, peaks):
    """Note the peak memory of a process and of its children, KB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found is not None:
            peaks[pid] = max(peaks.get(pid, 0), int(found.group(1)))
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                _look(int(child), peaks)
    except OSError:
        pass  # it has just ended


def _files(sandbox, report):
    return {
        f"{path.relative_to(sandbox)} {path.stat().st_size if path.is_file() else ''}"
        for path in sandbox.rglob("*")
        if path != report and report not in path.parents
    }


def _escaped():
    places = (Path("/"), Path("/var"), Path(tempfile.gettempdir()), Path.home(), Path.cwd())
    return [path for place in places for path in place.iterdir() if ESCAPE in path.name]
