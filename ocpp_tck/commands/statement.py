"""`ocpp-tck statement`: the conformance statement of a run, to hand over."""

from __future__ import annotations

from pathlib import Path

import click

from ocpp_tck.commands.refusal import Refusal


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--known-failures", type=click.Path(path_type=Path), help="Known deviations with a reason each.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Another folder; there the statement also tells who has signed the run.",
)
def statement(folder: Path, known_failures: Path | None, output: Path | None) -> None:
    """Write statement.html and statement.pdf of a run from its journals."""
    from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
    from ocpp_tck.report.known import KnownFailuresError, load_known  # noqa: PLC0415
    from ocpp_tck.report.write import ReportError, write_statement  # noqa: PLC0415

    try:
        known = load_known(known_failures) if known_failures else ()
        for path in write_statement(folder, known, output):
            click.echo(str(path))
    except (JournalError, KnownFailuresError, ReportError) as error:
        raise Refusal(str(error)) from None
