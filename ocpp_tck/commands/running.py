"""`ocpp-tck run` and `demo`: cases against a product, by pytest in a process of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ocpp_tck.campaign import KINDS
from ocpp_tck.case import cases_root
from ocpp_tck.commands.choices import ROLES, VERSIONS
from ocpp_tck.verdict import EXIT_CODES, EXIT_REFUSED

if TYPE_CHECKING:
    from types import FrameType


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


class _Refusal(click.UsageError):
    exit_code = EXIT_REFUSED


class Gate(click.Command):
    """A command on whose exit code a pipeline waits: a wrong option is refused with the code of refusals."""

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        """Parse the arguments."""
        try:
            return super().make_context(*arguments, **more)
        except click.UsageError as error:
            raise _Refusal(error.format_message(), ctx=error.ctx) from None


_CODES = "\b\nExit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())


@click.command(cls=Gate, epilog=_CODES)
@click.option("--config", "config", type=click.Path(path_type=Path), default=Path("ocpp-tck.toml"), show_default=True)
@click.option("--sut", type=ROLES, help="Role of the product, over the file.")
@click.option("--version", "version", type=VERSIONS, help="OCPP version, over the file.")
@click.option("--profile", multiple=True, help="Only cases of this profile; repeatable.")
@click.option("--case", "cases", multiple=True, help="Only this OCA case; repeatable.")
@click.option("--only", multiple=True, type=click.Choice(KINDS), help="Only cases that came so in --from; repeatable.")
@click.option("--from", "source", type=click.Path(path_type=Path), help="Folder of the run that --only looks at.")
@click.option(
    "--retry", type=click.IntRange(0, 10), help="Run what did not pass up to N times again; the worst counts."
)
@click.option("--certify", is_flag=True, help="A certification run; refused with a list of all that stands against it.")
@click.option("--report-dir", type=click.Path(path_type=Path), help="Folder of this run's evidence.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with the interrupted run in that folder.")
@click.option("--known-failures", type=click.Path(path_type=Path), help="Known deviations with a reason each.")
@click.option("--sign-key", type=click.Path(path_type=Path), help="Private key that signs the attestation.")
@click.option("--strict", is_flag=True, help="A warning fails the run.")
@click.option("--seed", type=int, help="Seed of generated data.")
@click.option("--console", metavar="[HOST:]PORT", help="Serve the operator's console there: a page for the person.")
@click.option("-n", "workers", type=int, default=0, help="Workers; needs pytest-xdist and as many stations.")
def run(config: Path, workers: int, **options: Any) -> None:
    """Run the cases against the product that the configuration names."""
    sys.exit(_pytest(config, _options(options) + (["-n", str(workers)] if workers else [])))


def _options(given: dict[str, Any]) -> list[str]:
    names = {"sut": "sut", "version": "version", "report_dir": "report-dir", "seed": "seed"}
    names |= {"resume": "resume", "source": "from", "retry": "retry", "console": "console"}
    names["known_failures"] = "known-failures"
    names["sign_key"] = "sign-key"
    options = [f"--ocpp-{option}={given[name]}" for name, option in names.items() if given.get(name) is not None]
    options += [f"--ocpp-profile={profile}" for profile in given.get("profile", ())]
    options += [f"--ocpp-case={case}" for case in given.get("cases", ())]
    options += [f"--ocpp-only={kind}" for kind in given.get("only", ())]
    return options + [f"--ocpp-{flag}" for flag in ("strict", "certify") if given.get(flag)]


@click.command()
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
