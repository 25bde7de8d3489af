"""`ocpp-tck demo`: the kit against its embedded products, each a process of its own, driven over HTTP."""

from __future__ import annotations

import errno
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import cases_root, read_cases
from ocpp_tck.demo_security import Secured
from ocpp_tck.pics import decide, features
from ocpp_tck.selftest.firmware import deliver, with_firmware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocpp_tck.selftest.firmware import Delivery

SHORT = """
[test_data]
heartbeat_interval = 1
boot_retry_interval = 1
meter_value_interval = 1
clock_aligned_interval = 2
connection_timeout = 2
transaction_duration = 1.0
offline_duration = 1.0
reservation_expiry = 2

[limits]
response = 5.0
boot = 10.0
reboot = 10.0
reconnect = 10.0
transaction = 5.0
absence = 0.5
interval = 1.0
transfer = 10.0
install = 10.0
signing = 10.0
"""


_HARDWARE = (
    "[station]\nconnectors = 2\n[[station.evses]]\nid = 1\nconnectors = 1\n[[station.evses]]\nid = 2\nconnectors = 1\n"
)


VARIANT = (
    *("fixed_cable", "backup_power", "without=local_auth_list", "without=reservation"),
    *("security_log", "secure_firmware"),
)
"""Options of the second embedded charge point of 1.6; some cases apply to one of the two only."""


def declared(role: str, version: str, options: Sequence[str] = ()) -> dict[str, bool]:
    """Answer the questions about the embedded product that was started with these options."""
    asked = features(version, role)
    answers = {item.id: item.default == "true" for item in asked.values()}
    answers |= {name: True for name in options if name in asked}
    return answers | {name.removeprefix("without="): False for name in options if name.startswith("without=")}


def answers(role: str, version: str, options: Sequence[str] = ()) -> str:
    """Write the table `[pics]` of the embedded product that was started with these options."""
    given = declared(role, version, options).items()
    return "\n[pics]\n" + "".join(f'"{name}" = {str(answer).lower()}\n' for name, answer in given)


def of_variant(role: str, version: str, condition: str) -> bool:
    """Whether a case with this `applies_if` applies to the second embedded charge point only."""
    if (role, version) != ("cs", "1.6"):
        return False
    plain, other = (decide(condition, declared(role, version, options))[0] for options in ((), VARIANT))
    return other is True and plain is False


def options_for(role: str, version: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the options of the embedded product that a case needs: none, `VARIANT`, or a security profile."""
    if of_variant(role, version, str(facts.get("applies_if", ""))):
        return VARIANT
    profiles = facts.get("security_profiles", ())
    return (f"security_profile={profiles[0]}",) if profiles and 0 not in profiles else ()


def argument(option: str) -> str:
    """Write an option of an embedded product, such as `fixed_cable` or `connectors=3`, for its command line."""
    name, equals, value = option.partition("=")
    return f"--{name.replace('_', '-')}{equals}{value}"


_LISTENING = range(20_000, 32_000)
"""Below the ports that Linux, macOS and Windows give to outgoing connections, one of which could take a free one."""
_APART = 17
_STRIDE = 30 * (os.getpid() % 97) + 7
"""No divisor of it but 1 divides the number of these ports: all of them are looked at before one is again."""
_next_port = itertools.count(os.getpid() * _APART, _STRIDE)
"""Each process looks in another place, and never twice in one: between the look and the listening, another could.

Its steps are its own too, or two processes that come to the same place would go on side by side.
"""


def free_port() -> int:
    """Give a port of the loopback interface that nobody uses right now.

    Raises:
        OSError: there is none.
    """
    for _ in range(100):
        port = _LISTENING[next(_next_port) % len(_LISTENING)]
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(errno.EADDRINUSE, f"no free port from {_LISTENING.start} to {_LISTENING.stop - 1}")


@contextmanager
def product(*arguments: str) -> Iterator[dict[str, str]]:
    """Run an embedded product; gives its addresses, and ends it by closing its stdin.

    Raises:
        RuntimeError: it did not come up.
    """
    command = [sys.executable, "-m", "ocpp_tck.reference", *arguments, "--until-stdin-closes"]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"the embedded product did not start: {line.strip() or 'no output'}")
        yield json.loads(line.removeprefix("ready "))
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        if process.stdout is not None:
            process.stdout.close()


def demonstrate(role: str, version: str, report_dir: Path, workers: int, run: Callable[[Path, list[str]], int]) -> int:
    """Run the cases of one role against the embedded product; gives the exit code.

    The 1.6 charge point has a second run as `VARIANT`, for the cases that only then apply; both products of 1.6 have
    one more for each security profile.
    """
    first = _demonstrate(role, version, report_dir, workers, run)
    if version != "1.6":
        return first
    every = [case for path in sorted(cases_root().rglob("test_*.py")) for case in read_cases(path)]
    cases = [case for case in every if case.facts["id"].endswith(f"_{role.upper()}")]
    varied = [
        case.facts["id"]
        for case in cases
        if "1.6" in case.facts.get("versions", ("1.6",))
        if role == "cs" and of_variant(role, version, str(case.facts.get("applies_if", "")))
    ]
    codes = [first]
    if varied:
        codes.append(_demonstrate(role, version, report_dir, 0, run, VARIANT, varied))
    for profile in (1, 2, 3):
        secured = [case.facts["id"] for case in cases if profile in case.facts.get("security_profiles", ())]
        codes += [_demonstrate(role, version, report_dir, 0, run, (), secured, profile)] if secured else []
    return max(codes)


def _demonstrate(
    role: str,
    version: str,
    report_dir: Path,
    workers: int,
    run: Callable[[Path, list[str]], int],
    variant: tuple[str, ...] = (),
    cases: Sequence[str] = (),
    profile: int = 0,
) -> int:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    kind = "-variant" if variant else f"-profile-{profile}" if profile else ""
    folder = report_dir / f"{stamp}-demo-{role}-{version}{kind}"
    count = max(1, workers)
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="ocpp-tck-") as scratch:
        config = Path(scratch) / "ocpp-tck.toml"
        delivery = deliver(Path(scratch)) if (role, version) == ("cs", "1.6") else None
        secured = Secured.made(profile, Path(scratch)) if profile else None
        text = (
            _against_csms(stack, version, count, secured)
            if role == "csms"
            else _against_stations(stack, version, count, variant, delivery, secured)
        )
        text += with_firmware(SHORT, delivery) + answers(role, version, variant)
        config.write_text(text, encoding="utf-8")
        options = [
            f"--ocpp-report-dir={folder}",
            *(f"--ocpp-case={case}" for case in cases),
            *(["-n", str(workers)] if workers else []),
        ]
        return run(config, options)


def _against_csms(stack: ExitStack, version: str, count: int, secured: Secured | None) -> str:
    known = [_tokens(number) for number in range(1, count + 1)]
    told = [
        argument
        for tokens in known
        for token in (
            f"{tokens['valid_token']}=Accepted:{tokens['group_token']}",
            f"{tokens['same_group_token']}=Accepted:{tokens['group_token']}",
            f"{tokens['other_token']}=Accepted",
        )
        for argument in ("--token", token)
    ]
    names = [f"CP{number:03}" for number in range(1, count + 1)]
    told += secured.of_csms("127.0.0.1", names) if secured else []
    addresses = stack.enter_context(product("csms", "--version", version, *told))
    head = _head("csms", version) + f'[connection]\nurl = "{addresses["ocpp"]}"\n' + _security(secured)
    stations = "".join(
        f'[[connection.stations]]\nid = "CP{number:03}"\n[connection.stations.tokens]\n'
        + "".join(f'{name} = "{value}"\n' for name, value in tokens.items())
        for number, tokens in enumerate(known, 1)
    )
    return head + stations + _HARDWARE + _driver(addresses["control"])


def _tokens(number: int) -> dict[str, str]:
    """Give one worker tokens of its own: one idTag is in one transaction at a time (1.6 7.2 ConcurrentTx)."""
    return {
        "valid_token": f"TCK-VALID-{number}A",
        "same_group_token": f"TCK-VALID-{number}B",
        "other_token": f"TCK-OTHER-{number}",
        "group_token": f"TCK-GROUP-{number}",
    }


def _security(secured: Secured | None) -> str:
    return secured.connection() + secured.tables() if secured else ""


def _against_stations(
    stack: ExitStack,
    version: str,
    count: int,
    variant: tuple[str, ...],
    delivery: Delivery | None,
    secured: Secured | None,
) -> str:
    """Start the stations; each is named after the port of its control, so that one URL template reaches all."""
    stations = ""
    options = [argument(option) for option in variant]
    options += [f"--manufacturer-root={delivery.root}"] if delivery is not None else []
    for _ in range(count):
        listen, port = f"127.0.0.1:{free_port()}", free_port()
        place = ("--url", f"ws://{listen}/ocpp", "--station-id", f"{port}", "--control", f"127.0.0.1:{port}")
        secure = secured.of_station(f"{port}") if secured else []
        stack.enter_context(product("cs", "--version", version, *place, *options, *secure))
        stations += f'[[connection.stations]]\nid = "{port}"\nlisten = "{listen}"\n'
    first = stations.split('listen = "')[1].split('"')[0]
    head = _head("cs", version) + f'[connection]\nlisten = "{first}"\n' + _security(secured)
    return head + stations + _HARDWARE + _driver("http://127.0.0.1:{station}")


def _head(role: str, version: str) -> str:
    return (
        f'[sut]\nrole = "{role}"\nversion = "{version}"\nvendor = "ocpp-tck"\n'
        f'model = "embedded {"CSMS" if role == "csms" else "charging station"}"\n'
    )


def _driver(url: str) -> str:
    return (
        '[driver]\norder = ["http"]\n[driver.http]\n'
        f'url = "{url}/{{action_kebab}}?station={{station}}"\nbody = "{{payload}}"\n'
    )
