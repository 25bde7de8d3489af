"""`ocpp-tck report`: what is made of the evidence of a run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(folder: Path) -> None:
    """Write the reports of a run anew from its journals."""
    from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
    from ocpp_tck.report.write import ReportError, write_reports  # noqa: PLC0415

    try:
        write_reports(folder)
    except (JournalError, ReportError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{folder / 'report.html'}")
