"""`python -m ocpp_tck.reference cs|csms …`: an embedded product as a process of its own."""

import argparse
import sys
from pathlib import Path

from ocpp_tck.reference.launch import (
    DEFAULT_TOKENS,
    FEATURES,
    LOOPBACK,
    VERSIONS,
    CsmsOptions,
    StationOptions,
    Token,
    run_csms,
    run_station,
)


def address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`. Raises `ArgumentTypeError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9000")
    return host.strip("[]"), int(port)


def token(text: str) -> Token:
    """Read `IDTAG=Status[:parent]`. Raises `ArgumentTypeError`."""
    name, equals, rest = text.partition("=")
    status, _, parent = rest.partition(":")
    if not name or not equals or not status:
        raise argparse.ArgumentTypeError(f"{text!r} is not IDTAG=Status[:parent], such as A1=Accepted:GROUP")
    return Token(name, status, parent or None)


def key_value(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`. Raises `ArgumentTypeError`."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def text_of(name: str) -> str:
    """Read a file. Raises `ArgumentTypeError`."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{name}: {error}") from None


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    root = argparse.ArgumentParser(prog="python -m ocpp_tck.reference", description=__doc__)
    products = root.add_subparsers(dest="product", required=True)

    station = products.add_parser("cs", help="a charging station")
    station.add_argument("--url", required=True, help="the CSMS's endpoint, without the station id")
    station.add_argument("--station-id", default="CP001")
    station.add_argument("--password", help="Basic auth password")
    station.add_argument("--connectors", type=int, default=2)
    station.add_argument("--fixed-cable", action="store_true")
    station.add_argument("--backup-power", action="store_true")
    station.add_argument("--resume-transactions", action="store_true", help="after a power cut (1.6)")
    station.add_argument("--reboot-seconds", type=float, default=0.1)
    station.add_argument("--reconnect-seconds", type=float, default=0.1)
    station.add_argument(
        "--without", choices=FEATURES, action="append", default=[], help="a feature that it lacks (1.6)"
    )
    station.add_argument("--security-log", action="append_const", const="security_log", dest="extras", default=[])
    station.add_argument("--secure-firmware", action="append_const", const="secure_firmware", dest="extras")
    station.add_argument("--manufacturer-root", type=text_of, metavar="FILE", help="PEM (1.6)")
    station.add_argument("--hidden-key", action="append", default=[], metavar="KEY", help="can't be seen (1.6)")
    station.add_argument("--read-only-key", action="append", default=[], metavar="KEY", help="can't be written (1.6)")
    station.add_argument("--reboot-key", action="append", default=[], metavar="KEY", help="needs a reboot (1.6)")
    station.add_argument("--locked-cable", action="store_true", help="no cable before authorization (2.x)")
    station.add_argument("--set", type=key_value, action="append", default=[], metavar="KEY=VALUE", dest="settings")

    station.add_argument("--security-profile", type=int, choices=range(4), default=0, help="0 to 3 (1.6)")
    station.add_argument("--ca", default="", metavar="PEM", help="roots of the Central System (1.6)")
    station.add_argument("--certificate", default="", metavar="PEM", help="of the charge point, with its chain (1.6)")
    station.add_argument("--key", default="", metavar="PEM", help="private key of that certificate (1.6)")
    station.add_argument(
        "--own-pem", default="", metavar="PEM", help="written: its certificate and key (1.6, for tests)"
    )
    station.add_argument("--cpo-name", default="", help="CpoName (1.6)")
    station.add_argument("--additional-root-check", action="store_true", help="AdditionalRootCertificateCheck (1.6)")

    csms = products.add_parser("csms", help="a CSMS")
    csms.add_argument("--listen", type=address, default=LOOPBACK, metavar="HOST:PORT")
    csms.add_argument("--station", action="append", default=[], metavar="ID", dest="stations")
    csms.add_argument("--password", type=key_value, action="append", default=[], metavar="STATION=PASSWORD")
    csms.add_argument("--heartbeat-interval", type=int, default=300, metavar="SECONDS")
    csms.add_argument("--token", type=token, action="append", default=[], metavar="IDTAG=Status[:parent]")

    csms.add_argument("--certificate", action="append", default=[], metavar="PEM", dest="certificates")
    csms.add_argument("--key", action="append", default=[], metavar="PEM", dest="keys")
    csms.add_argument("--client-ca", default="", metavar="PEM", help="roots of the stations (security profile 3)")
    csms.add_argument(
        "--cpo-name",
        action="append",
        default=[],
        metavar="NAME",
        dest="cpo_names",
        help="who must own their certificates: the CPO, and whom it trusts",
    )
    csms.add_argument(
        "--serial",
        type=key_value,
        action="append",
        default=[],
        metavar="STATION=SERIAL",
        help="serial number in its certificate; its id without",
    )
    csms.add_argument("--authority", default="", metavar="PEM", help="signs what stations ask for (1.6)")
    csms.add_argument("--authority-key", default="", metavar="PEM")

    for product in (station, csms):
        product.add_argument("--tls-suite", action="append", default=[], metavar="NAME", dest="tls_suites")
        product.add_argument("--vendor-id", default="", help="a vendorId whose DataTransfer it understands (1.6)")
        product.add_argument("--version", choices=VERSIONS, default="1.6")
        product.add_argument("--control", type=address, default=LOOPBACK, metavar="HOST:PORT")
        product.add_argument("--defect", action="append", default=[], metavar="NAME", dest="defects")
        product.add_argument("--until-stdin-closes", action="store_true")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    given = parser().parse_args(arguments)
    if given.product == "csms" and len(given.certificates) != len(given.keys):
        parser().error("--certificate and --key come in pairs, in the same order")
    if given.product == "cs":
        return run_station(
            StationOptions(
                version=given.version,
                url=given.url,
                station_id=given.station_id,
                control=given.control,
                password=given.password,
                connectors=given.connectors,
                fixed_cable=given.fixed_cable,
                backup_power=given.backup_power,
                resume_transactions=given.resume_transactions,
                reboot_seconds=given.reboot_seconds,
                reconnect_seconds=given.reconnect_seconds,
                configuration=dict(given.settings),
                defects=tuple(given.defects),
                without=frozenset(given.without),
                extras=frozenset(given.extras),
                manufacturer_root=given.manufacturer_root or "",
                vendor_id=given.vendor_id,
                hidden_keys=frozenset(given.hidden_key),
                read_only_keys=frozenset(given.read_only_key),
                reboot_keys=frozenset(given.reboot_key),
                locked_cable=given.locked_cable,
                security_profile=given.security_profile,
                ca=given.ca,
                certificate=given.certificate,
                key=given.key,
                cpo_name=given.cpo_name,
                own_pem=given.own_pem,
                additional_root_check=given.additional_root_check,
                tls_suites=tuple(given.tls_suites),
            ),
            until_stdin_closes=given.until_stdin_closes,
        )
    return run_csms(
        CsmsOptions(
            version=given.version,
            listen=given.listen,
            control=given.control,
            stations=tuple(given.stations),
            passwords=dict(given.password),
            heartbeat_interval=given.heartbeat_interval,
            tokens=DEFAULT_TOKENS + tuple(given.token),
            defects=tuple(given.defects),
            vendor_id=given.vendor_id,
            certificates=tuple(zip(given.certificates, given.keys, strict=True)),
            client_ca=given.client_ca,
            cpo_names=tuple(given.cpo_names),
            serials=dict(given.serial),
            authority=(given.authority, given.authority_key) if given.authority else None,
            tls_suites=tuple(given.tls_suites),
        ),
        until_stdin_closes=given.until_stdin_closes,
    )


if __name__ == "__main__":
    sys.exit(main())
