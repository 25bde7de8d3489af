"""Writes all reports of a run. Pure functions of its journals: the same journals give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.index import read_journals
from ocpp_tck.evidence.merged import merged_runs
from ocpp_tck.report.allure import write_allure
from ocpp_tck.report.ctrf import render_ctrf
from ocpp_tck.report.fold import fold
from ocpp_tck.report.html import render_html
from ocpp_tck.report.json_report import render_json
from ocpp_tck.report.junit import render_junit
from ocpp_tck.report.known import KEPT, apply_known, load_known
from ocpp_tck.report.markdown import render_markdown
from ocpp_tck.report.merge import load_merged
from ocpp_tck.report.signature import read_signature
from ocpp_tck.report.statement_html import render_statement_html
from ocpp_tck.report.statement_pdf import render_statement_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocpp_tck.report.known import Known
    from ocpp_tck.report.model import ReportModel

WRITERS: dict[str, Callable[[ReportModel], str | bytes]] = {
    "report.json": render_json,
    "report.html": render_html,
    "junit.xml": render_junit,
    "ctrf.json": render_ctrf,
    "summary.md": render_markdown,
    "statement.html": render_statement_html,
    "statement.pdf": render_statement_pdf,
}
"""File name and writer of each report that is one file."""


class ReportError(Exception):
    """The reports cannot be written; the message names the file."""


def load_model(run_dir: Path | str, known: Sequence[Known] = ()) -> ReportModel:
    """Read the journals of a run, or of several merged into one folder, into a report model.

    Raises:
        JournalDamaged: there is no journal, or one is damaged.
    """
    runs = merged_runs(Path(run_dir))
    model = fold(read_journals(run_dir)) if runs is None else load_merged(Path(run_dir), runs)
    return apply_known(model, known) if known else model


def load_kept(run_dir: Path | str) -> ReportModel:
    """Read the journals of a run into a report model, with the known failures that the run was given.

    Raises:
        JournalDamaged: as `load_model`.
        KnownFailuresError: the copy of the known failures in the folder is damaged.
    """
    kept = Path(run_dir) / KEPT
    return load_model(run_dir, load_known(kept) if kept.exists() else ())


def write_reports(run_dir: Path | str, known: Sequence[Known] = ()) -> ReportModel:
    """Write all reports of a run beside its journals: `WRITERS`, and allure-results/.

    Each is the old one or the new one at any moment, never a half. Without `known` those hold whose file the run has
    copied there.

    Raises:
        JournalDamaged: there is no journal, or one is damaged.
        KnownFailuresError: as `load_kept`.
        ReportError: a file cannot be written.
    """
    folder = Path(run_dir)
    model = load_model(folder, known) if known else load_kept(folder)
    try:
        for name, render in WRITERS.items():
            write_whole(folder / name, render(model))
        write_allure(model, folder / "allure-results")
    except OSError as problem:
        raise ReportError(_told(problem, folder)) from problem
    return model


def write_statement(run_dir: Path | str, known: Sequence[Known] = (), out: Path | None = None) -> list[Path]:
    """Write the conformance statement of a run alone, and give its files.

    Beside the journals it says nothing of a signature: an attestation there covers the statement, and would not any
    more. In another folder it tells who has signed the run.

    Args:
        run_dir: the folder of the run.
        known: the known failures; without, those whose file the run has copied there.
        out: another folder, made when it is not there.

    Raises:
        JournalDamaged, KnownFailuresError, ReportError: as `write_reports`.
    """
    folder = Path(run_dir)
    model = load_model(folder, known) if known else load_kept(folder)
    target = folder if out is None else out
    signature = read_signature(folder) if target.resolve() != folder.resolve() else None
    try:
        target.mkdir(parents=True, exist_ok=True)
        write_whole(target / "statement.html", render_statement_html(model, signature))
        write_whole(target / "statement.pdf", render_statement_pdf(model, signature))
    except OSError as problem:
        raise ReportError(_told(problem, folder)) from problem
    return [target / "statement.html", target / "statement.pdf"]


def _told(problem: OSError, folder: Path) -> str:
    again = f"the journals are whole; `ocpp-tck report {folder}` tries again"
    return f"{problem.filename or folder}: cannot write the report: {problem.strerror}; {again}"
