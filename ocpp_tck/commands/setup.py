"""`ocpp-tck init`, `doctor` and `pki`: before the first run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ocpp_tck.commands.choices import ROLES, VERSIONS


@click.command()
@click.option("--sut", type=ROLES, default="csms", show_default=True)
@click.option("--version", "version", type=VERSIONS, default="1.6", show_default=True)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.argument("path", type=click.Path(path_type=Path), default=Path("ocpp-tck.toml"))
def init(sut: str, version: str, path: Path, *, force: bool) -> None:
    """Write a commented configuration."""
    from ocpp_tck.config import template  # noqa: PLC0415

    if path.exists() and not force:
        raise click.ClickException(f"{path} exists; give another name or --force")
    path.write_text(template(sut, version), encoding="utf-8")
    click.echo(f"{path} written: edit [connection] and [driver], then run `ocpp-tck doctor --config {path}`")


@click.command()
@click.option(
    "--station", "serials", multiple=True, help="Serial number of a station that gets a certificate; repeatable."
)
@click.option("--host", "hosts", multiple=True, help="Name or address of a CSMS that gets certificates; repeatable.")
@click.option("--organization", default="ocpp-tck", show_default=True, help="Owner of the certificates: the CPO.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("pki"))
def pki(folder: Path, organization: str, **given: tuple[str, ...]) -> None:
    """Make a throw-away authority for [connection.tls], and certificates for products that have none; for labs only."""
    from ocpp_tck.net.pki import A_YEAR, Authority  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, exist_ok=True)
        authority = Authority.root(organization=organization, validity=A_YEAR)
        made = {"ca": authority.own}
        made |= {
            f"station-{number}": authority.client(one, organization, validity=A_YEAR)
            for number, one in enumerate(given["serials"])
        }
        for algorithm in ("ecdsa", "rsa") if given["hosts"] else ():
            server = authority.server(*given["hosts"], organization=organization, algorithm=algorithm, validity=A_YEAR)
            made[f"csms-{algorithm}"] = server
        for name, one in made.items():
            files = one.write(folder, name)
            click.echo(f"{files.certificate}, {files.key}: {one.certificate.subject.rfc4514_string()}")
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{folder}: {error}") from None
    click.echo(f"let the product trust {folder / 'ca.pem'}, and name it in [connection.tls] ca and authority")


@click.command()
@click.option("--config", "config", type=click.Path(path_type=Path), default=Path("ocpp-tck.toml"), show_default=True)
def doctor(config: Path) -> None:
    """Find what is wrong before the cases fail: port, handshake, subprotocol, credentials, clock, boot, valid token."""
    from ocpp_tck.config import ConfigError, load  # noqa: PLC0415
    from ocpp_tck.doctor import examine  # noqa: PLC0415
    from ocpp_tck.report.terminal import line  # noqa: PLC0415

    try:
        settings = load(config)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    healthy = True
    for good, text in examine(settings):
        click.echo(f"{click.style('ok  ', fg='green') if good else click.style('FAIL', fg='red')}  {line(text)}")
        healthy = healthy and good
    sys.exit(0 if healthy else 1)
