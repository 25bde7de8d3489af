"""The kit's options of pytest: what there is, and which of them make a run less than a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.campaign import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

_NARROWING = (
    *("--ocpp-case", "--ocpp-profile", "--ocpp-only", "--ocpp-retry", "--ocpp-known-failures"),
    *("--deselect", "--ignore", "--ignore-glob", "--maxfail"),
)
"""Options that choose cases, or soften verdicts."""


def add_options(add: Callable[..., Any]) -> None:
    """Add every option.

    Args:
        add: `addoption` of a group of pytest's options.
    """
    add("--ocpp-config", metavar="FILE", help="ocpp-tck.toml of the product; switches the kit on")
    add("--ocpp-sut", choices=("cs", "csms"), help="role of the product, over the file")
    add("--ocpp-version", help="OCPP version of the run, over the file")
    add("--ocpp-case", action="append", default=[], metavar="ID", help="run only this OCA case; repeatable")
    add("--ocpp-profile", action="append", default=[], help="run only this profile; repeatable")
    add("--ocpp-only", action="append", default=[], choices=KINDS, help="run only these of --ocpp-from")
    add("--ocpp-from", metavar="DIR", help="the run whose verdicts choose the cases, with --ocpp-only")
    add("--ocpp-retry", type=int, default=0, metavar="N", help="run what did not pass up to N times again")
    add("--ocpp-certify", action="store_true", help="a certification run, refused if anything is against it")
    add("--ocpp-report-dir", metavar="DIR", help="folder of this run's evidence (default reports/<time>)")
    add("--ocpp-resume", metavar="DIR", help="go on with the interrupted run whose evidence is there")
    add("--ocpp-known-failures", metavar="FILE", help="known deviations with a reason each")
    add("--ocpp-sign-key", metavar="FILE", help="private key that signs the attestation of the run")
    add("--ocpp-strict", action="store_true", help="a warning fails the run")
    add("--ocpp-console", metavar="[HOST:]PORT", help="serve the operator's console there")
    add("--ocpp-seed", type=int, help="seed of generated data")


def narrowed(option: Callable[..., Any]) -> list[str]:
    """Give the options that choose cases or soften verdicts, as they were given.

    Args:
        option: `getoption` of pytest's configuration.
    """
    names = {name: name for name in _NARROWING} | {"-k": "keyword", "-m": "markexpr"}
    found = [(shown.replace("--ocpp-", "--"), option(name, None)) for shown, name in names.items()]
    return [f"{name} {', '.join(value) if isinstance(value, list) else value}" for name, value in found if value]
