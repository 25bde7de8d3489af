"""What the kit prints: no text of a product acts on the terminal, and none makes up a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.evidence.records import BEFORE_NEXT_RUN
from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.certification import certification
from ocpp_tck.report.compare import headline
from ocpp_tck.report.hints import hints
from ocpp_tck.report.model import LABELS, ORDER, Cause
from ocpp_tck.report.text import often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ocpp_tck.report.model import Case, ReportModel
    from ocpp_tck.verdict import Signal

_LONGEST = 2000
"""Characters of one line; the report has the text in full."""
_NAMED = 12
"""Cases of one cause that are named, beside the first."""
_SHOWN = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)


def summary_lines(model: ReportModel, run_dir: Path | str | None = None, *, most: int = 40) -> list[str]:
    """Give the summary of a run: what needs attention, problems, totals, and where the report is.

    Cases with the same first cause are told once, the cause that costs most cases first.

    Args:
        model: the run.
        run_dir: folder of the reports, named in the last line and with each cause.
        most: causes, and cases without one in common, listed at most per verdict.
    """
    told: list[str] = []
    places = _places(model, run_dir) if run_dir is not None else {}
    groups = model.first_to_fix()
    grouped = {id(case) for _, cases in groups for case in cases}
    for verdict in _SHOWN:
        listed = [cases for first, cases in groups if first.verdict is verdict]
        listed += [
            [case]
            for case in model.cases
            if case.verdict is verdict and not case.superseded and id(case) not in grouped
        ]
        told += [one for cases in listed[:most] for one in _group(cases, model, places)]
        if left := sum(map(len, listed[most:])):
            told.append(f"… {left} more: {LABELS[verdict].lower()}")
    not_run = model.totals[Verdict.NOT_RUN]
    if not_run:
        told.append(f"Incomplete: {not_run} cases were not run; report.html gives the reasons.")
    told += [line(f"Evidence: {problem}") for problem in model.problems]
    told += [line(f"Known failures: {deviation}") for deviation in model.deviations]
    told.append(line(certification(model).brief))
    told += [line(f"Look here first: {hint}") for hint in hints(model)]
    told += [line(f"Declared otherwise: {declaration.text}") for declaration in model.declarations]
    if not model.run.parts:
        told += [line(text[:1].upper() + text[1:]) for text in before_next_run(model)]
    totals = model.totals
    counts = ", ".join(f"{totals[verdict]} {LABELS[verdict].lower()}" for verdict in ORDER if totals[verdict])
    uncounted = f" ({totals['uncounted']} not counted)" if totals["uncounted"] else ""
    name = line(model.name)
    result = LABELS[model.verdict].upper()
    resumed = f", resumed {often(model.run.resumed)}" if model.run.resumed else ""
    told.append(f"{result}  {name}: {counts or 'no case'}{uncounted} in {seconds(model.run.duration)}{resumed}")
    if run_dir is not None:
        told.append(line(f"Report: {run_dir}/report.html"))
    return told


def before_next_run(model: ReportModel) -> list[str]:
    """Give what the configuration has to follow, in the order in which the cases changed the product."""
    texts = (event.text for case in model.cases for event in case.events if event.kind == "remark")
    return [text for text in texts if text.startswith(BEFORE_NEXT_RUN)]


def describe(signal: Signal) -> str:
    """Write what ended a case for a person: its cause, and below that the evidence, a line each."""
    step = getattr(signal, "step", "")
    evidence = {name: getattr(signal, name) for name in ("requirement", "expected", "received")}
    evidence["frames"] = ", ".join(map(str, signal.frames))
    told = [f"step {step}: {signal.message}" if step else signal.message]
    told += [f"  {name + ':':<13}{value}" for name, value in evidence.items() if value]
    return "\n".join(map(line, told))


def _places(model: ReportModel, run_dir: Path | str) -> dict[int, str]:
    """Give where the report shows each case, at the frame that shows its cause where there is one."""
    from ocpp_tck.report.html import anchors  # noqa: PLC0415 - needed only where there is a report

    frames = [case.cause.frames[-1:] if case.cause else () for case in model.cases]
    return {
        id(case): f"{run_dir}/report.html#{anchor}" + "".join(f"/f{frame}" for frame in shown)
        for case, anchor, shown in zip(model.cases, anchors(model.cases), frames, strict=True)
    }


def _group(cases: list[Case], model: ReportModel, places: Mapping[int, str]) -> list[str]:
    told = [*_case(cases[0]), *_attempts(cases[0], model)]
    if id(cases[0]) in places:
        told.append(line(f"  report: {places[id(cases[0])]}"))
    if len(cases) > 1:
        others = ", ".join(case.id for case in cases[1 : _NAMED + 1])
        more = f" and {len(cases) - 1 - _NAMED} more" if len(cases) - 1 > _NAMED else ""
        told.append(line(f"  the same in {len(cases) - 1} more: {others}{more}"))
    return told


def _case(case: Case) -> list[str]:
    note = " [flaky]" if case.flaky else ""
    note += f" [known: {case.known}]" if case.known else "" if case.counts else f" [{case.status}, does not count]"
    told = [line(f"{LABELS[case.verdict].upper():<12} {case.id} ({case.version}) {case.title}{note}")]
    cause = case.cause or Cause(text="", where="case")
    frames = f", frame {', '.join(map(str, cause.frames))}" if cause.frames else ""
    told.append(line(f"  {cause.where}: {headline(case)}{frames}"))
    for name in ("requirement", "expected", "received"):
        value = getattr(cause, name)
        if value:
            told.append(line(f"  {name}: {value}"))
    return told


def _attempts(case: Case, model: ReportModel) -> list[str]:
    attempts = model.attempts(case)
    return [line(f"  {history_line(one)}") for one in attempts] if len(attempts) > 1 else []


def line(text: str) -> str:
    """Give any text as one line that is safe to print."""
    return visible(text, one_line=True, limit=_LONGEST)


def lines(text: str) -> str:
    """Give a text of ours with what it quotes, such as a traceback, so that it is safe to print."""
    return "\n".join(line(one) for one in text.split("\n"))
