"""`ocpp-tck merge`, `diff` and `known`: what comes after a run, and before the next."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ocpp_tck.commands.refusal import Refusal
from ocpp_tck.verdict import EXIT_REFUSED

_UNUSABLE = 2
"""Exit code of `diff` for what can't be compared; 1 is for regressions."""


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New folder of the merged runs.")
@click.option(
    "--mixed", is_flag=True, help="Also runs with another kit, catalogue, limits, PICS, test data or [station]; marked."
)
@click.option("--known-failures", type=click.Path(path_type=Path), help="Known deviations with a reason each.")
@click.option("--strict", is_flag=True, help="A warning fails.")
def merge(folders: tuple[Path, ...], output: Path, known_failures: Path | None, *, mixed: bool, strict: bool) -> None:
    """Make one report of several runs of one product; the exit code is that of a run.

    The journals are copied, and each case is shown with all its attempts. The product as it was met last is judged: of
    the attempts at its software version, those that came to a verdict decide; where they differ the case is flaky and
    the worst decides.
    """
    from ocpp_tck.bundle.seal import SealError, keep_known, seal  # noqa: PLC0415
    from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
    from ocpp_tck.evidence.manifest import ManifestError  # noqa: PLC0415
    from ocpp_tck.evidence.merged import MergeError  # noqa: PLC0415
    from ocpp_tck.report.known import KnownFailuresError, parse_known, read_known, run_exit_code  # noqa: PLC0415
    from ocpp_tck.report.merge import merge_runs  # noqa: PLC0415
    from ocpp_tck.report.terminal import summary_lines  # noqa: PLC0415
    from ocpp_tck.report.write import ReportError, write_reports  # noqa: PLC0415

    try:
        text = read_known(known_failures) if known_failures else ""
        known = parse_known(text, known_failures) if known_failures else ()
        merge_runs(folders, output, mixed=mixed)
        keep_known(output, text)
        model = write_reports(output, known)
        seal(output, model)
    except (JournalError, ReportError, MergeError, KnownFailuresError, SealError, ManifestError) as error:
        raise _Refused(str(error)) from None
    for one in summary_lines(model, output):
        click.echo(one)
    sys.exit(run_exit_code(model, known, strict=strict))


class _Refused(Refusal):
    exit_code = EXIT_REFUSED


class _Incomparable(Refusal):
    exit_code = _UNUSABLE


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--markdown", "form", flag_value="markdown", help="For a merge request or a CI summary.")
@click.option("--strict", is_flag=True, help="New warnings, and passed cases that are gone, count as regressions.")
def diff(before: Path, after: Path, form: str | None, *, strict: bool) -> None:
    """Compare two runs: folders, or files report.json.

    Exit code 0: no regression; 1: a case fails that did not, or was passed and is not decided any more; 2: the two
    can't be compared.
    """
    from ocpp_tck.report import diff as differences  # noqa: PLC0415
    from ocpp_tck.report.read import ReadError, read_result  # noqa: PLC0415

    try:
        names = str(before), str(after)
        found = differences.compare(read_result(before), read_result(after), names)
    except (ReadError, differences.DiffError) as error:
        raise _Incomparable(str(error)) from None
    if form == "json":
        click.echo(json.dumps(differences.as_json(found, strict=strict), indent=1))
    else:
        write = differences.as_markdown if form == "markdown" else differences.as_text
        click.echo(write(found, strict=strict).rstrip("\n"))
    sys.exit(found.exit_code(strict=strict))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File that is written; printed without.")
@click.option("--strict", is_flag=True, help="Warnings too.")
def known(folder: Path, output: Path | None, *, strict: bool) -> None:
    """Propose a file of known failures from a run, for --known-failures; the reasons are left for you to write."""
    from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
    from ocpp_tck.report.known_proposal import propose, proposed  # noqa: PLC0415
    from ocpp_tck.report.write import load_model  # noqa: PLC0415

    try:
        model = load_model(folder)
    except JournalError as error:
        raise Refusal(str(error)) from None
    text, count = propose(model, strict=strict), proposed(model, strict=strict)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Refusal(f"{output}: {error.strerror}") from None
    click.echo(f"{output}: {count} entries; write a reason into each, then run with --known-failures {output}")
