"""`ocpp-tck selftest` and `reference`: the kit on its embedded products."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ocpp_tck.commands.choices import ROLES, VERSIONS


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def reference(arguments: tuple[str, ...]) -> None:
    """Run an embedded product as a process of its own: `reference cs|csms --version V …`."""
    from ocpp_tck.reference.__main__ import main as product  # noqa: PLC0415

    sys.exit(product(list(arguments)))


@click.command()
@click.argument("parts", nargs=-1)
@click.option("--sut", type=ROLES, help="Only this role; both without.")
@click.option("--version", "version", type=VERSIONS, help="Only this version; all without.")
@click.option("--case", "cases", multiple=True, help="Only this OCA case; repeatable.")
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), default=0.02, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="What is drawn derives from it.")
@click.option("-n", "jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option("--report-dir", type=click.Path(path_type=Path), default=Path("reports/selftest-own"), show_default=True)
@click.option("--details", type=click.Path(path_type=Path), help="Every systematic mutant with its fate, JSON Lines.")
@click.option("--table", "shown", is_flag=True, help="Only show the results that --report-dir holds.")
def selftest(parts: tuple[str, ...], report_dir: Path, *, shown: bool, **options: Any) -> None:
    """Prove the kit on this machine: PARTS, or all of them, on defective embedded products; a sample by default."""
    from ocpp_tck.selftest.behaviours import BehaviourError  # noqa: PLC0415
    from ocpp_tck.selftest.command import PARTS, Options, carry_out  # noqa: PLC0415
    from ocpp_tck.selftest.equivalents import EquivalentsError  # noqa: PLC0415
    from ocpp_tck.selftest.result import ResultError, read_parts, table  # noqa: PLC0415

    if unknown := [name for name in parts if name not in PARTS]:
        raise click.ClickException(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    try:
        if shown:
            click.echo(table(read_parts(report_dir)))
            return
        holds = carry_out(parts, Options(**options), report_dir, click.echo)
    except (ResultError, BehaviourError, EquivalentsError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if holds else 1)
