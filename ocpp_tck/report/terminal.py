"""The summary at the end of a run, as plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.report.model import LABELS, ORDER, Cause
from ocpp_tck.report.text import often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from ocpp_tck.report.model import Case, ReportModel

_SHOWN = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)


def summary_lines(model: ReportModel, run_dir: Path | str | None = None, *, most: int = 40) -> list[str]:
    """Give the summary of a run: cases that need attention, problems, totals, and where the report is.

    Args:
        model: the run.
        run_dir: folder of the reports, named in the last line.
        most: cases listed at most per verdict.
    """
    lines: list[str] = []
    for verdict in _SHOWN:
        cases = [case for case in model.cases if case.verdict is verdict and not case.superseded]
        lines += [line for case in cases[:most] for line in _case(case)]
        if len(cases) > most:
            lines.append(f"… {len(cases) - most} more: {LABELS[verdict].lower()}")
    not_run = model.totals[Verdict.NOT_RUN]
    if not_run:
        lines.append(f"Incomplete: {not_run} cases were not run; report.html gives the reasons.")
    lines += [_line(f"Evidence: {problem}") for problem in model.problems]
    lines += [_line(f"Known failures: {deviation}") for deviation in model.deviations]
    totals = model.totals
    counts = ", ".join(f"{totals[verdict]} {LABELS[verdict].lower()}" for verdict in ORDER if totals[verdict])
    uncounted = f" ({totals['uncounted']} not counted)" if totals["uncounted"] else ""
    name = _line(model.name)
    result = LABELS[model.verdict].upper()
    resumed = f", resumed {often(model.run.resumed)}" if model.run.resumed else ""
    lines.append(f"{result}  {name}: {counts or 'no case'}{uncounted} in {seconds(model.run.duration)}{resumed}")
    if run_dir is not None:
        lines.append(f"Report: {run_dir}/report.html")
    return lines


def _case(case: Case) -> list[str]:
    note = f" [known: {case.known}]" if case.known else "" if case.counts else f" [{case.status}, does not count]"
    lines = [_line(f"{LABELS[case.verdict].upper():<12} {case.id} ({case.version}) {case.title}{note}")]
    cause = case.cause or Cause(text="", where="case")
    frames = f", frame {', '.join(map(str, cause.frames))}" if cause.frames else ""
    lines.append(_line(f"  {cause.where}: {cause.text}{frames}"))
    for name in ("requirement", "expected", "received"):
        value = getattr(cause, name)
        if value:
            lines.append(_line(f"  {name}: {value}"))
    return lines


def _line(text: str) -> str:
    return visible(text, one_line=True, limit=2000)
