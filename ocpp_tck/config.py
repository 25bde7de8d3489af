"""Reads `ocpp-tck.toml` into `Settings`, with what options and the environment put over it.

Precedence: option, environment (`OCPP_TCK_<TABLE>_<KEY>`), file, default. Every problem is collected and shown at once.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints
from urllib.parse import urlsplit

from ocpp_tck import pics
from ocpp_tck.config_overlay import ENVIRONMENT, overlay
from ocpp_tck.config_template import template
from ocpp_tck.evidence.dsse import KeyProblem, load_private
from ocpp_tck.net.auth import key_bytes
from ocpp_tck.roles.drivers import chain
from ocpp_tck.settings import (
    Connection,
    DriverSettings,
    Evidence,
    Evse,
    Files,
    Hardware,
    Identity,
    Limits,
    Role,
    Settings,
    Sut,
    TestData,
    Tls,
)
from ocpp_tck.tables import Place, Table, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLES: tuple[str, ...] = get_args(Role)
VERSIONS = ("1.6", "2.0.1", "2.1")
DEFAULT_STATION = "CP001"
PROFILE_BASIC, PROFILE_TLS, PROFILE_MUTUAL = 1, 2, 3
ZERO_SECONDS = {"clock", "interval"}

# idTag is CiString20 in 1.6; idToken is 36 characters in 2.0.1 and 255 in 2.1 (IdTokenType).
LONGEST_TOKEN = {"1.6": 20, "2.0.1": 36, "2.1": 255}
LONGEST_STATION_ID = 48  # OCPP-J 2.0.1 and 2.1 Part 4, 3.1.1
TOKEN_TYPES = {
    "2.0.1": ("Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"),
}
MAY_BE_EMPTY = frozenset({"configuration_value", "expired_token", "blocked_token"})
LONGEST_DATA = {
    "vendor_id": 255,
    "message_id": 50,
    "configuration_key": 50,
    "configuration_value": 500,
    "unknown_configuration_key": 50,
    "charge_point_model": 20,
    "firmware_url": 512,
    "log_url": 512,
    "firmware_signature": 800,
    "signing_certificate": 5500,
    "cpo_name": 64,
    "authorization_key": 40,
}
FILE_PROTOCOLS = ("FTP", "FTPS", "HTTP", "HTTPS")
"""File transfer protocols of OCPP 1.6 (errata 3.90)."""
LONGEST_VENDOR = {"1.6": 20, "2.0.1": 50, "2.1": 50}
_IDENTIFIER = re.compile(r"[A-Za-z0-9*\-_=+|@.]+")
_PORT = re.compile(r"\d{1,5}")
_HIGHEST_PORT = 65_535
_FILE_PORTS = 4
"""Ports of `[files] ports` that are not for data of FTP: one for each protocol."""


WHOLE_DATA = {"stack_level": (0, 1000), "number_phases": (1, 3)}
"""Lowest and highest whole number of the test data that are no seconds."""
HIGHEST_DATA = {"local_limit": 10_000_000.0, "limit_tolerance": 50.0}
"""Highest number, the lowest being 0, of the test data that are neither whole nor seconds."""
RATE_UNITS = ("A", "W")


class ConfigError(Exception):
    """The configuration can't be used. The text has one line per problem.

    Attributes:
        problems: those lines.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        count = f"{len(problems)} problems in the configuration:\n  " if len(problems) > 1 else ""
        super().__init__(count + "\n  ".join(problems))
        self.problems = tuple(problems)


def load(
    path: Path | str, *, overrides: Mapping[str, str] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read a configuration file.

    Args:
        path: the file.
        overrides: what the command line says, by dotted key: `{"sut.version": "2.0.1"}`.
        environ: where `OCPP_TCK_SUT_VERSION` and the like are looked up.

    Raises:
        ConfigError: the file can't be read, or anything in it, in an option or in the environment is wrong.
    """
    file = Path(path)
    return read(_parse(file), file, overrides=overrides, environ=environ)


def read(
    document: Mapping[str, Any],
    source: Path,
    *,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Make settings of a parsed configuration; `source` is its file, for messages and relative paths.

    Raises:
        ConfigError: as for `load`.
    """
    problems: list[str] = []
    values, sources = overlay(document, overrides or {}, environ or {}, problems)
    root = Table(values, Place(str(source)), problems, sources.get("", {}))
    reader = _Reader(root, source, sources)
    settings = reader.settings()
    if problems:
        raise ConfigError(problems)
    return settings


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file; `ocpp-tck init` writes one"]) from None
    except IsADirectoryError:
        raise ConfigError([f"{path}: is a folder; name the configuration file in it"]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}: line {line}: not UTF-8; save the file as UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: can't be read: {error.strerror or error}"]) from None
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: not valid TOML: nested too deeply"]) from None


class _Reader:
    """Reads the tables one after the other; each method is one table."""

    def __init__(self, root: Table, source: Path, sources: Mapping[str, Mapping[str, str]]) -> None:
        self._root = root
        self._source = source
        self._folder = source.parent
        self._sources = sources
        self._problems = root.problems

    def settings(self) -> Settings:
        root = self._root
        sut = self._sut(self._table("sut"))
        connection = self._connection(self._table("connection"), sut)
        settings = Settings(
            sut=sut,
            connection=connection,
            station=self._hardware(self._table("station")),
            test_data=self._test_data(self._table("test_data"), sut.version),
            driver=self._driver(self._table("driver")),
            pics=self._pics(self._table("pics"), sut),
            limits=self._limits(self._table("limits")),
            files=self._files(self._table("files")),
            evidence=self._evidence(self._table("evidence")),
            document=root.values,
            seed=root.integer("seed", 0, least=0),
            source=self._source,
            max_frame_bytes=root.integer("max_frame_bytes", 1_048_576, least=1024),
            max_case_messages=root.integer("max_case_messages", 20_000, least=100),
            max_case_bytes=root.integer("max_case_bytes", 8_388_608, least=1024),
        )
        root.finish()
        return settings

    def _table(self, name: str) -> Table:
        table = self._root.table(name)
        table.sources = self._sources.get(name, {})
        return table

    def _sut(self, table: Table) -> Sut:
        if isinstance(version := table.values.get("version"), float) and str(version) in VERSIONS:
            table.problem("version", f'found a number: {version}; allowed: in quotes, "{version}"')
            table.has("version")
        else:
            version = table.choice("version", VERSIONS, VERSIONS[0], required=True)
        role: Any = table.choice("role", ROLES, ROLES[0], required=True)
        names = {name: table.text(name) for name in ("vendor", "model", "firmware")}
        sut = Sut(role=role, version=str(version), **names)
        table.finish()
        return sut

    def _connection(self, table: Table, sut: Sut) -> Connection:
        profile = table.integer("security_profile", 0, least=0, most=PROFILE_MUTUAL)
        basic = table.table("basic_auth")
        basic.sources = self._sources.get("connection.basic_auth", {})
        password = basic.text("password", required=basic.has("password")) or None
        basic.finish()
        url, listen = table.text("url"), table.text("listen")
        if sut.role == "csms" and not url:
            table.problem("url", 'missing; role "csms" needs the CSMS\'s address, such as "ws://127.0.0.1:9000/ocpp"')
        if url:
            _check_url(table, url, profile, sut.role)
        stations = self._stations(table, sut, password)
        if listen:
            _check_listen(table, listen)
        if sut.role == "cs" and not listen and not all(station.listen for station in stations):
            table.problem("listen", 'missing; role "cs" needs where the kit waits, such as "127.0.0.1:9000"')
        if profile in {PROFILE_BASIC, PROFILE_TLS}:
            for station in stations:
                if station.password is None:
                    table.problem(
                        "security_profile",
                        f"profile {profile} needs a password for station {station.id!r}: [connection.basic_auth] "
                        "password, or password in its [[connection.stations]] table",
                    )
        tls = self._tls(table.table("tls"), sut.role, profile)
        table.finish(("station_id", "stations"))
        return Connection(url=url, listen=listen, stations=tuple(stations), security_profile=profile, tls=tls)

    def _stations(self, table: Table, sut: Sut, password: str | None) -> list[Identity]:
        if table.has("stations") and table.has("station_id"):
            if table.sources.get("station_id"):  # an option or the environment picks or names one station
                chosen = table.text("station_id", required=True)
                listed = [one for one in self._listed(table, sut, password) if one.id == chosen]
                return listed or [self._identity(table, "station_id", chosen, sut, password)]
            table.problem("station_id", "found beside [[connection.stations]]; allowed: one of the two")
        if table.has("stations"):
            listed = self._listed(table, sut, password)
            if not listed and table.values["stations"] == []:
                table.problem("stations", "found an empty list; allowed: one [[connection.stations]] per station")
            return listed
        name = table.text("station_id", DEFAULT_STATION, required=table.has("station_id"))
        return [self._identity(table, "station_id", name, sut, password)]

    def _listed(self, table: Table, sut: Sut, password: str | None) -> list[Identity]:
        found: list[Identity] = []
        for one in table.tables("stations"):
            name = one.text("id", required=True)
            listen = one.text("listen")
            if listen:
                _check_listen(one, listen)
            own = one.text("password", required=one.has("password")) or password
            tokens = one.table("tokens")
            known = [key.name for key in fields(TestData) if get_type_hints(TestData)[key.name] is str]
            values = {key: self._data_text(tokens, key, "", sut.version) for key in tokens.values if key in known}
            tokens.finish(known)
            one.finish()
            if name:
                _check_station_id(one, "id", name, sut.version)
                if name.lower() in {other.id.lower() for other in found}:
                    one.problem(
                        "id", f"found {name!r} a second time; allowed: each id once (they compare without case)"
                    )
                found.append(Identity(id=name, password=own, listen=listen, tokens=values))
        return found

    @staticmethod
    def _identity(table: Table, key: str, name: str, sut: Sut, password: str | None) -> Identity:
        _check_station_id(table, key, name, sut.version)
        return Identity(id=name, password=password)

    def _tls(self, table: Table, role: str, profile: int) -> Tls:
        table.sources = self._sources.get("connection.tls", {})
        paths = {key.name: self._file(table, key.name) for key in fields(Tls)}
        for one, other in (("certificate", "key"), ("authority", "authority_key")):
            for given, missing in ((one, other), (other, one)):
                if given in table.values and missing not in table.values:
                    table.problem(missing, f"missing; {given} needs the PEM file that belongs to it")
        server = role == "cs" and profile >= PROFILE_TLS
        if (server or profile == PROFILE_MUTUAL) and not {"certificate", "authority"} & table.values.keys():
            why = "the kit is the TLS server" if server else "the kit shows a client certificate"
            text = f"missing; security profile {profile} needs a PEM file here, or an authority that signs one"
            table.problem("certificate", f"{text}, since {why}")
        if server and profile == PROFILE_MUTUAL and not {"ca", "authority"} & table.values.keys():
            table.problem("ca", "missing; security profile 3 needs the PEM file that signs the station's certificate")
        table.finish()
        return Tls(**paths)

    def _file(self, table: Table, key: str) -> Path | None:
        name = table.text(key, required=table.has(key))
        if not name:
            return None
        path = self._folder / Path(name).expanduser()
        if not path.is_file():
            table.problem(key, f"no such file: {path}")
        elif not os.access(path, os.R_OK):
            table.problem(key, f"the file may not be read: {path}")
        return path

    @staticmethod
    def _hardware(table: Table) -> Hardware:
        connectors = table.integer("connectors", 1, least=1, most=1000)
        connector = table.integer("connector", 1, least=1, most=1000)
        if connector > connectors and "connector" in table.values:
            table.refuse("connector", f"1 to {connectors}, as [station] connectors says")
        evses: list[Evse] = []
        for one in table.tables("evses"):
            if not one.has("id"):
                one.problem("id", "missing; allowed: a whole number ≥ 1")
            evses.append(Evse(id=one.integer("id", 1, least=1), connectors=one.integer("connectors", 1, least=1)))
            one.finish()
        ids = [one.id for one in evses]
        if sorted(ids) != list(range(1, len(ids) + 1)):
            table.problem("evses", f"found the ids {ids}; allowed: 1, 2, 3 … without gaps, each once")
        evses = evses or [Evse(id=1)]
        evse = table.integer("evse", evses[0].id, least=1)
        if evse not in {one.id for one in evses}:
            table.refuse("evse", f"the id of one of [[station.evses]]: {', '.join(str(one.id) for one in evses)}")
        table.finish()
        return Hardware(connectors=connectors, connector=connector, evses=tuple(evses), evse=evse)

    def _test_data(self, table: Table, version: str) -> TestData:
        hints = get_type_hints(TestData)
        values: dict[str, Any] = {}
        for key in fields(TestData):
            default: Any = key.default
            if hints[key.name] is str:
                values[key.name] = self._data_text(table, key.name, default, version)
            elif hints[key.name] is int:
                least, most = WHOLE_DATA.get(key.name, (1, 86_400))
                values[key.name] = table.integer(key.name, default, least=least, most=most)
            elif key.name in HIGHEST_DATA:
                values[key.name] = table.number(key.name, default, most=HIGHEST_DATA[key.name])
            else:
                values[key.name] = table.seconds(key.name, default)
        kind, types = values["valid_token_type"], TOKEN_TYPES.get(version)
        if types and kind not in types:
            table.refuse("valid_token_type", f"one of {', '.join(types)}{nearest(kind, types)}")
        seen: dict[str, str] = {}
        for key_name, value in values.items():
            if key_name.endswith("_token") and value:
                other = seen.setdefault(value.lower(), key_name)
                if other != key_name:
                    table.problem(
                        key_name, f"the same as {other}; allowed: tokens that differ (they compare without case)"
                    )
        _check_key(table, values["authorization_key"])
        table.finish()
        return TestData(**values)

    @staticmethod
    def _data_text(table: Table, key: str, default: str, version: str) -> str:
        longest = LONGEST_DATA.get(key)
        if key.endswith("_token"):
            longest = LONGEST_TOKEN[version]
        elif key == "charge_point_vendor":
            longest = LONGEST_VENDOR[version]
        text = table.text(key, default, required=table.has(key) and key not in MAY_BE_EMPTY, longest=longest)
        if key == "charging_rate_unit" and text and text not in RATE_UNITS:
            table.refuse(key, 'A (amperes) or W (watts), as "A"')
        return text

    def _driver(self, table: Table) -> DriverSettings:
        order = table.texts("order", DriverSettings().order)
        for name in order:
            if name not in chain.KINDS:
                table.problem(
                    "order", f"unknown driver {name!r}{nearest(name, chain.KINDS)}; allowed: {', '.join(chain.KINDS)}"
                )
            elif name in chain.NEED_TABLE and name not in table.values:
                table.problem("order", f"names {name!r}, but there is no [driver.{name}]")
        if len(set(order)) < len(order):
            table.refuse("order", "each driver once")
        if table.has("order") and not order:
            table.refuse("order", f"at least one of {', '.join(chain.KINDS)}")
        tables = {name: dict(table.table(name).values) for name in chain.KINDS if name in table.values}
        chain.check(tables, table.place, self._problems, self._folder)
        table.finish(chain.KINDS)
        return DriverSettings(order=order, tables=tables, folder=self._folder)

    @staticmethod
    def _pics(table: Table, sut: Sut) -> dict[str, bool]:
        known = pics.features(sut.version, sut.role)
        answers: dict[str, bool] = {}
        for name in table.values:
            if name not in known:
                table.problem(name, f"unknown feature of {sut.version} {sut.role}{nearest(name, known)}")
            elif isinstance(table.values[name], bool):
                answers[name] = table.values[name]
            else:
                table.refuse(name, "true or false, without quotes")
        return answers

    def _evidence(self, table: Table) -> Evidence:
        paths = {key.name: self._file(table, key.name) for key in fields(Evidence)}
        table.finish()
        if paths["signing_key"] is not None:
            try:
                load_private(paths["signing_key"])
            except KeyProblem as problem:
                table.problem("signing_key", str(problem))
        return Evidence(**paths)

    def _files(self, table: Table) -> Files:
        known = Files()
        texts = {key: table.text(key, getattr(known, key)) for key in ("address", "host", "user", "password")}
        if texts["address"] in {"0.0.0.0", "::"} and not texts["host"]:  # noqa: S104 - only compared
            table.problem("host", f"missing; address {texts['address']} is none by which a station could reach the kit")
        paths = {
            key: self._file(table, key)
            for key in ("certificate", "key", "firmware", "invalid_firmware", "signed_firmware")
        }
        if (paths["certificate"] is None) is not (paths["key"] is None):
            table.problem("certificate", "certificate and key go together; give both or none of them")
        protocols = table.texts("protocols", known.protocols)
        for name in protocols:
            if name not in FILE_PROTOCOLS:
                table.refuse("protocols", f"{', '.join(FILE_PROTOCOLS)}, in the order in which they are tried")
        ports = self._file_ports(table)
        table.finish()
        return Files(protocols=protocols, ports=ports, **texts, **paths)  # type: ignore[arg-type]

    @staticmethod
    def _file_ports(table: Table) -> tuple[int, int] | None:
        """Read a range of ports: four for the servers, and one at least for the data of FTP."""
        if not table.has("ports"):
            return None
        given = table.values["ports"]
        is_range = isinstance(given, list) and len(given) == 2 and all(type(one) is int for one in given)  # noqa: PLR2004
        if not is_range or not 0 < given[0] <= given[1] - _FILE_PORTS <= _HIGHEST_PORT - _FILE_PORTS:
            table.refuse("ports", f"the first and the last port of a range of {_FILE_PORTS + 1} or more: [9100, 9120]")
            return None
        return given[0], given[1]

    @staticmethod
    def _limits(table: Table) -> Limits:
        values = {
            key.name: table.seconds(key.name, float(str(key.default)), zero=key.name in ZERO_SECONDS)
            for key in fields(Limits)
        }
        table.finish()
        return Limits(**values)


def _check_key(table: Table, value: str) -> None:
    if key_bytes(value) is None:
        table.refuse("authorization_key", "16 to 20 bytes as 32 to 40 hexadecimal digits")


def _check_url(table: Table, url: str, profile: int, role: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and (parts.port or 1) <= _HIGHEST_PORT
    except ValueError:
        good = False
    if not good:
        table.refuse("url", "a WebSocket address such as ws://host:port/path or wss://host/path")
        return
    if parts.username or parts.password:
        table.problem(
            "url", "holds a user or password; allowed: those in [connection.basic_auth] or [[connection.stations]]"
        )
    if parts.query or parts.fragment:
        table.refuse("url", "an address without ? and #: the station id is appended to it")
    if role == "csms" and profile >= PROFILE_TLS and parts.scheme == "ws":
        table.refuse("url", f"a wss:// address, since security_profile is {profile}")
    if role == "csms" and profile < PROFILE_TLS and parts.scheme == "wss":
        table.refuse("url", f"a ws:// address, since security_profile is {profile}; or set security_profile to 2 or 3")


def _check_listen(table: Table, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    if not host or not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT or "/" in listen:
        table.refuse("listen", 'host:port, such as "0.0.0.0:9000"')


def _check_station_id(table: Table, key: str, name: str, version: str) -> None:
    if len(name) > LONGEST_STATION_ID:
        table.problem(key, f"found {len(name)} characters; allowed: at most {LONGEST_STATION_ID}")
    if version != "1.6" and name and not _IDENTIFIER.fullmatch(name):
        table.refuse(key, "letters, digits and * - _ = + | @ . (identifierString without the colon)")
    elif ":" in name or not name.isprintable():
        table.refuse(key, "printable characters without a colon, which Basic authentication can't carry")


__all__ = ["ENVIRONMENT", "ConfigError", "load", "read", "template"]
