"""`ocpp-tck plan`: what would be run."""

from __future__ import annotations

import json

import click

from ocpp_tck.case import CaseError
from ocpp_tck.commands.choices import ROLES, VERSIONS


@click.command()
@click.option("--sut", type=ROLES)
@click.option("--version", "version", type=VERSIONS)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def plan(sut: str | None, version: str | None, *, as_json: bool) -> None:
    """Print every OCA case with its status, and the steps of those that are written; nothing is sent."""
    from ocpp_tck.plan import as_json as plain  # noqa: PLC0415
    from ocpp_tck.plan import entries, told  # noqa: PLC0415

    try:
        chosen = entries(sut, version)
    except CaseError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps([plain(entry) for entry in chosen], indent=1, ensure_ascii=False))
        return
    for line in told(chosen):
        click.echo(line)
