"""One embedded product with the link between it and the kit, and the configuration that the kit needs for them."""

from __future__ import annotations

import json
import secrets
import tempfile
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.demo import answers, argument, free_port, product
from ocpp_tck.demo_security import Secured
from ocpp_tck.reference.link import Link, Secure
from ocpp_tck.selftest.firmware import deliver, with_firmware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.run import Run

STATION = f"CP-{secrets.token_hex(4)}"
"""No station of another process has it, should one connect to a port that was given anew."""
PATIENCE = 3.0
DIRECT = "direct"
"""Option with which kit and product meet without the link, which would end TLS between them."""
_PROFILE = "security_profile="
SHORT = """
[test_data]
heartbeat_interval = 2
boot_retry_interval = 2
meter_value_interval = 1
clock_aligned_interval = 1
connection_timeout = 2
transaction_duration = 0.5
offline_duration = 0.5
reservation_expiry = 2

[limits]
response = 1.0
boot = 3.0
reboot = 3.0
reconnect = 3.0
transaction = 1.5
absence = 0.3
interval = 0.7
transfer = 2.0
install = 3.0
signing = 3.0
"""


@dataclass
class Bench:
    """What a run of mutants works on: the link, the control address of the product, the kit's configuration."""

    link: Link
    control: str
    config: str

    def reset(self, run: Run) -> None:
        """Give the product, and the kit's picture of it, the state of a fresh start."""
        operator, observed = run.operator, run.observed
        known = (operator.plugged, operator.faulted, operator.failing_locks, observed.transactions, observed.connectors)
        with run.conversation.condition:
            for memory in known:
                memory.clear()
            operator.powered = True
            operator.failing_list = False
            observed.booted = {}
            observed.cached = True
            observed.listed = False
            observed.reservations.clear()
            observed.reservations_made = 0
            observed.profiled = False
        if run.csms is not None:
            run.csms.transactions.clear()
            run.csms.statuses.clear()
        if run.csms is not None:
            run.csms.begin_anew()
        if run.station is not None:
            run.station.begin_anew()
        self.order("factory-reset")
        if run.station is not None:
            _await_boot(run)

    def order(self, action: str) -> None:
        """Let the product carry out an action of its control interface.

        Raises:
            OSError: it refused, or did not answer.
        """
        request = urllib.request.Request(f"{self.control}/{action}", data=b"{}", method="POST")  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310
            pass


def _await_boot(run: Run) -> None:
    """Wait until the station has told all that follows a boot; a mutant may keep it from doing so."""
    conversation, observed = run.conversation, run.observed
    connectors = range(run.settings.station.connectors + 1)
    if run.settings.sut.version != "1.6":
        connectors = range(0)
    conversation.wait(lambda: True if observed.booted and observed.accepted else None, PATIENCE)
    with conversation.condition:
        observed.transactions.clear()  # one of before may have spoken until its connection ended
    conversation.wait(lambda: True if all(map(observed.status, connectors)) else None, PATIENCE / 3)


@contextmanager
def bench(
    sut: str,
    version: str,
    variant: tuple[str, ...] = (),
    defects: tuple[str, ...] = (),
    *,
    station: str = STATION,
    short: str = SHORT,
) -> Iterator[Bench]:
    """Start the product and the link.

    Args:
        sut: role of the product.
        version: OCPP version.
        variant: options of its command line, without the leading dashes; `security_profile=N` is for both ends, and
            `DIRECT` for neither.
        defects: what it does wrong on purpose.
        station: identity of the product, or of the kit.
        short: tables of the kit's configuration with dwells and limits.
    """
    is_direct = DIRECT in variant
    variant, secured_by = _split(tuple(one for one in variant if one != DIRECT))
    options = [argument(option) for option in variant]
    options += [f"--defect={name}" for name in defects]
    identity = f"station_id = {json.dumps(station)}\n"
    with ExitStack() as stack:
        secured = _secured(stack, secured_by)
        between = secured.between(station) if secured else None
        tables = secured.connection() + "{}" + secured.tables() if secured else "{}"
        if sut == "csms":
            options += secured.of_csms("127.0.0.1", [station]) if secured else []
            addresses = stack.enter_context(product("csms", "--version", version, *options))
            link, url = stack.enter_context(_link(addresses["ocpp"], between))
            url = addresses["ocpp"].removesuffix("/ocpp") if is_direct else url
            scheme = "wss" if addresses["ocpp"].startswith("wss") else "ws"
            place = tables.format(f'url = "{url.replace("wss", "ws", 1).replace("ws", scheme, 1)}/ocpp"\n{identity}')
        else:
            listen, control = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
            link, url = stack.enter_context(_link(f"ws://{listen}", between))
            url = f"ws://{listen}" if is_direct else url
            options += [*secured.of_station(station), f"--own-pem={secured.own_pem}"] if secured else []
            where = ["--url", f"{url}/ocpp", "--station-id", station, "--control", control]
            if version == "1.6":
                delivery = deliver(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocpp-tck-"))))
                short = with_firmware(short, delivery)
                where.append(f"--manufacturer-root={delivery.root}")
            addresses = stack.enter_context(product("cs", "--version", version, *where, *options))
            place = tables.format(f'listen = "{listen}"\n{identity}')
        yield Bench(link, addresses["control"], _config(sut, version, place, addresses["control"], variant, short))


def _split(variant: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Tell the security profile, which takes more than an option, from the other options."""
    profiles = [int(one.removeprefix(_PROFILE)) for one in variant if one.startswith(_PROFILE)]
    return tuple(one for one in variant if not one.startswith(_PROFILE)), profiles[0] if profiles else 0


def _secured(stack: ExitStack, profile: int) -> Secured | None:
    if not profile:
        return None
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ocpp-tck-keys-"))
    return Secured.made(profile, Path(folder))


@contextmanager
def _link(target: str, secure: Secure | None = None) -> Iterator[tuple[Link, str]]:
    link = Link(("127.0.0.1", 0), "/".join(target.split("/")[:3]), secure=secure)
    url = link.start()
    try:
        yield link, url
    finally:
        link.stop()


def _config(sut: str, version: str, place: str, control: str, variant: tuple[str, ...], short: str) -> str:
    hardware = "connectors = 2\n" if version == "1.6" else "[[station.evses]]\nid = 1\n[[station.evses]]\nid = 2\n"
    return (
        f'[sut]\nrole = "{sut}"\nversion = "{version}"\nvendor = "ocpp-tck"\nmodel = "embedded, with a defect"\n'
        f"[connection]\n{place}[station]\n{hardware}"
        '[driver]\norder = ["http"]\n[driver.http]\n'
        f'url = "{control}/{{action_kebab}}?station={{station}}"\nbody = "{{payload}}"\n'
        f"{short}{answers(sut, version, variant)}"
    )
