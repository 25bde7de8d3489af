"""Options of the embedded products, and how they run as a process of their own."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ocpp_tck.reference.control import CannotStart, Control
from ocpp_tck.reference.parts import check_defects, part

VERSIONS = ("1.6", "2.0.1", "2.1")
LOOPBACK = ("127.0.0.1", 0)
FEATURES = (
    "authorization_cache",
    "firmware_management",
    "local_auth_list",
    "local_list_failure",
    "local_stop",
    "lock_failure",
    "offline_transactions",
    "remote_trigger",
    "reservation",
    "reserve_connector_zero",
    "smart_charging",
    "security",
)
"""What an embedded charge point of 1.6 can be built without."""
EXTRAS = ("security_log", "secure_firmware")
"""What an embedded charge point of 1.6 can have besides: parts of the security whitepaper."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token (idTag in 1.6, idToken in 2.x) that the CSMS knows.

    `status` is the AuthorizationStatus of the version, `parent` the parentIdTag (1.6) or
    groupIdToken (2.x), `expiry_date` an RFC 3339 time, `type` the IdTokenEnumType of 2.x
    (None: any type matches).
    """

    id: str
    status: str = "Accepted"
    parent: str | None = None
    expiry_date: str | None = None
    type: str | None = None


DEFAULT_TOKENS = (
    Token("TCK-VALID", parent="TCK-GROUP"),
    Token("TCK-VALID-2", parent="TCK-GROUP"),
    Token("TCK-OTHER"),
    Token("TCK-EXPIRED", "Expired", expiry_date="2020-01-01T00:00:00Z"),
    Token("TCK-BLOCKED", "Blocked"),
)


@dataclass(frozen=True, slots=True)
class StationOptions:
    """What an embedded charging station is and where it connects.

    `url` is the CSMS's endpoint, to which the station id is appended. `connectors` counts the
    connectors of 1.6, and the EVSEs (of one connector each) of 2.x. `configuration` overrides
    factory values of configuration keys or variables. `defects` names what it does wrong on purpose.
    `without` are features that this product lacks (`FEATURES`), `extras` those that it has besides (`EXTRAS`);
    `manufacturer_root` is the PEM of whom it trusts to sign firmware; `vendor_id` is a vendorId whose DataTransfer it
    understands. `hidden_keys`, `read_only_keys` and `reboot_keys` are configuration keys of 1.6 that can't be seen,
    can't be written, or need a reboot. `resume_transactions` (1.6): a power cut ends none. `locked_cable` (2.x): the
    cable can be plugged in after authorization only.
    `security_profile` 0 to 3 (1.6), with PEM files: `ca` are the Central System's roots, `certificate` (with its chain)
    and `key` those of the charge point. `cpo_name` is CpoName, `additional_root_check` AdditionalRootCertificateCheck;
    `tls_suites` are OpenSSL's names of the only cipher suites that it knows. `own_pem` is a file to which it writes
    each certificate of its own with the key, so that the link of our own tests can go on in its name.
    All times are seconds.
    """

    version: str
    url: str
    station_id: str
    control: tuple[str, int] = LOOPBACK
    password: str | None = None
    connectors: int = 2
    fixed_cable: bool = False
    backup_power: bool = False
    resume_transactions: bool = False
    reboot_seconds: float = 0.1
    reconnect_seconds: float = 0.1
    response_seconds: float = 30.0
    vendor: str = "ocpp-tck"
    model: str = "Reference station"
    serial_number: str = "TCK-0001"
    firmware_version: str = "1.0.0"
    configuration: Mapping[str, str] = field(default_factory=dict)
    defects: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    manufacturer_root: str = ""
    vendor_id: str = ""
    hidden_keys: frozenset[str] = frozenset()
    read_only_keys: frozenset[str] = frozenset()
    reboot_keys: frozenset[str] = frozenset()
    locked_cable: bool = False
    security_profile: int = 0
    ca: str = ""
    certificate: str = ""
    key: str = ""
    cpo_name: str = ""
    additional_root_check: bool = False
    tls_suites: tuple[str, ...] = ()
    own_pem: str = ""


@dataclass(frozen=True, slots=True)
class CsmsOptions:
    """What an embedded CSMS knows and where it listens.

    `stations` empty: a station of any id is accepted. `passwords` maps a station id to the
    Basic auth password that it must show; a station without one connects unauthenticated.
    `defects` names what it does wrong on purpose, `vendor_id` is a vendorId whose DataTransfer it understands (1.6).
    `certificates` are pairs of PEM files, certificate with chain and key, that it shows; with them it speaks TLS.
    `client_ca` are the roots of the stations' certificates, which are demanded then (security profile 3); they must be
    owned by one of `cpo_names`, the CPO and whom it trusts, and name the station's own serial number: that in `serials`
    (station id to serial number), or its id where it has none there. `authority` is the pair of files with which it
    signs what stations ask for (1.6). `tls_suites` as of a station.
    """

    version: str
    listen: tuple[str, int] = LOOPBACK
    control: tuple[str, int] = LOOPBACK
    stations: tuple[str, ...] = ()
    passwords: Mapping[str, str] = field(default_factory=dict)
    heartbeat_interval: int = 300
    tokens: tuple[Token, ...] = DEFAULT_TOKENS
    response_seconds: float = 30.0
    defects: tuple[str, ...] = ()
    vendor_id: str = ""
    certificates: tuple[tuple[str, str], ...] = ()
    client_ca: str = ""
    cpo_names: tuple[str, ...] = ()
    serials: Mapping[str, str] = field(default_factory=dict)
    authority: tuple[str, str] | None = None
    tls_suites: tuple[str, ...] = ()


class Product(Protocol):
    """What every embedded product offers to the launcher and to tests."""

    @property
    def url(self) -> str:
        """The OCPP endpoint: where a CSMS listens, or where a station connects (with its id)."""

    async def start(self) -> None:
        """Come up: listen, or begin to connect. Raises `CannotStart`."""

    async def act(self, action: str, station: str | None, payload: dict[str, Any]) -> None:
        """Start a control action. Raises what `control` maps to HTTP statuses."""

    async def stop(self) -> None:
        """Go down and leave nothing running."""


def station_product(options: StationOptions) -> Product:
    """Build the station for `options.version`. Raises `CannotStart` for an unknown version or defect."""
    check_defects("cs", options)
    product: Product
    if options.version == "1.6":
        from ocpp_tck.reference.station import v16  # noqa: PLC0415 - loads only what is run

        product = part(v16.Product, options)(options)
    else:
        _check_version(options.version)
        from ocpp_tck.reference.station import v20  # noqa: PLC0415

        product = part(v20.Product, options)(options)
    return product


def csms_product(options: CsmsOptions) -> Product:
    """Build the CSMS for `options.version`. Raises `CannotStart` for an unknown version or defect."""
    check_defects("csms", options)
    product: Product
    if options.version == "1.6":
        from ocpp_tck.reference.csms import v16  # noqa: PLC0415

        product = part(v16.Product, options)(options)
    else:
        _check_version(options.version)
        from ocpp_tck.reference.csms import v20  # noqa: PLC0415

        product = part(v20.Product, options)(options)
    return product


def run_station(options: StationOptions, *, until_stdin_closes: bool = False) -> int:
    """Run a station until a signal (or the end of stdin); returns the exit code."""
    return _run(lambda: station_product(options), options.control, until_stdin_closes=until_stdin_closes)


def run_csms(options: CsmsOptions, *, until_stdin_closes: bool = False) -> int:
    """Run a CSMS until a signal (or the end of stdin); returns the exit code."""
    return _run(lambda: csms_product(options), options.control, until_stdin_closes=until_stdin_closes)


def _check_version(version: str) -> None:
    if version not in VERSIONS:
        raise CannotStart(f"unknown OCPP version {version!r}; use one of {', '.join(VERSIONS)}")


def _run(build: Callable[[], Product], control: tuple[str, int], *, until_stdin_closes: bool) -> int:
    try:
        asyncio.run(_live(build(), control, until_stdin_closes=until_stdin_closes))
    except CannotStart as error:
        print(f"ocpp-tck reference: {error}", file=sys.stderr)  # noqa: T201 - a process's own voice
        return 1
    return 0


async def _live(product: Product, control: tuple[str, int], *, until_stdin_closes: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(loop, ended), daemon=True).start()
    server = Control(*control, product.act)
    await product.start()
    try:
        host, port = await server.start()
        ready = {"ocpp": product.url, "control": f"http://{host}:{port}"}
        print(f"ready {json.dumps(ready)}", flush=True)  # noqa: T201 - the line a parent process waits for
        await ended.wait()
    finally:
        await server.stop()
        await product.stop()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # os.read, not sys.stdin: a daemon thread inside the buffered reader's lock aborts the
    # interpreter at exit.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    loop.call_soon_threadsafe(ended.set)
