"""The command `ocpp-tck`: thin adapters over the plugin, the plan, the reports and the embedded products."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocpp_tck import __version__
from ocpp_tck.case import CaseError, cases_root

if TYPE_CHECKING:
    from types import FrameType

VERSIONS = click.Choice(["1.6", "2.0.1", "2.1"])
ROLES = click.Choice(["cs", "csms"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocpp-tck")
def main() -> None:
    """Run OCA-style conformance cases against a charging station or a CSMS."""


def _pytest(config: Path, options: list[str]) -> int:
    """Run pytest as a process of its own: two runs of one command share no state."""
    fixed = ["-p", "no:cacheprovider", "-p", "no:randomly", "--capture=no", "-o", "addopts=", "--import-mode=importlib"]
    root = str(cases_root())
    command = [sys.executable, "-m", "pytest", root, "--rootdir", root, *fixed, "--ocpp-config", str(config), *options]
    with subprocess.Popen(command) as process:  # noqa: S603 - our own interpreter

        def forward(number: int, _frame: FrameType | None) -> None:
            with contextlib.suppress(ValueError):  # Windows, where the console tells both
                process.send_signal(number)

        before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@main.command()
@click.option("--config", "config", type=click.Path(path_type=Path), default=Path("ocpp-tck.toml"), show_default=True)
@click.option("--sut", type=ROLES, help="Role of the product, over the file.")
@click.option("--version", "version", type=VERSIONS, help="OCPP version, over the file.")
@click.option("--profile", multiple=True, help="Only cases of this profile; repeatable.")
@click.option("--case", "cases", multiple=True, help="Only this OCA case; repeatable.")
@click.option("--report-dir", type=click.Path(path_type=Path), help="Folder of this run's evidence.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the interrupted run in that folder.")
@click.option("--known-failures", type=click.Path(path_type=Path), help="Known deviations with a reason each.")
@click.option("--strict", is_flag=True, help="A warning fails the run.")
@click.option("--seed", type=int, help="Seed of message ids and generated data.")
@click.option("-n", "workers", type=int, default=0, help="Workers; needs pytest-xdist and as many stations.")
def run(config: Path, workers: int, **options: Any) -> None:
    """Run the cases against the product that the configuration names."""
    sys.exit(_pytest(config, _options(options) + (["-n", str(workers)] if workers else [])))


def _options(given: dict[str, Any]) -> list[str]:
    names = {"sut": "sut", "version": "version", "report_dir": "report-dir", "seed": "seed"}
    names["resume"] = "resume"
    names["known_failures"] = "known-failures"
    options = [f"--ocpp-{option}={given[name]}" for name, option in names.items() if given.get(name) is not None]
    options += [f"--ocpp-profile={profile}" for profile in given.get("profile", ())]
    options += [f"--ocpp-case={case}" for case in given.get("cases", ())]
    return options + (["--ocpp-strict"] if given.get("strict") else [])


@main.command()
@click.option("--sut", type=ROLES, help="Only this role; both without.")
@click.option("--version", "version", type=VERSIONS, default="1.6", show_default=True)
@click.option("--report-dir", type=click.Path(path_type=Path), default=Path("reports"), show_default=True)
@click.option("-n", "workers", type=int, default=0, help="Workers; needs pytest-xdist.")
def demo(sut: str | None, version: str, report_dir: Path, workers: int) -> None:
    """Run the whole kit on the embedded products."""
    from ocpp_tck.demo import demonstrate  # noqa: PLC0415 - starts processes

    worst = 0
    for role in [sut] if sut else ["csms", "cs"]:
        worst = max(worst, demonstrate(role, version, report_dir, workers, _pytest))
    sys.exit(worst)


@main.command()
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


@main.command()
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


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def reference(arguments: tuple[str, ...]) -> None:
    """Run an embedded product as a process of its own: `reference cs|csms --version V …`."""
    from ocpp_tck.reference.__main__ import main as product  # noqa: PLC0415

    sys.exit(product(list(arguments)))


@main.command()
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


@main.command()
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


@main.command()
@click.option("--config", "config", type=click.Path(path_type=Path), default=Path("ocpp-tck.toml"), show_default=True)
def doctor(config: Path) -> None:
    """Find what is wrong before the cases fail: port, handshake, subprotocol, credentials, clock, one boot."""
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


@main.command()
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


if __name__ == "__main__":
    main()
