"""summary.md: one page for a CI job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.certification import certification
from ocpp_tck.report.compare import headline
from ocpp_tck.report.hints import hints
from ocpp_tck.report.model import LABELS, ORDER
from ocpp_tck.report.text import moment, often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.report.model import Case, ReportModel

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@:-])")
_MOST = 100
_QUIET = {Verdict.PASS, Verdict.NOT_APPLICABLE}


def render_markdown(model: ReportModel) -> str:
    """Write the summary as GitHub-flavoured Markdown; nothing the product sent acts as markup."""
    return "\n".join(_lines(model)) + "\n"


def plain(text: str, limit: int = 300) -> str:
    """Give text of a product so that Markdown shows it and nothing more, on one line."""
    return _SPECIAL.sub(r"\\\1", visible(text, one_line=True, limit=limit))


def _lines(model: ReportModel) -> Iterator[str]:
    totals = model.totals
    yield f"## {LABELS[model.verdict]}: {plain(model.name)}"
    yield ""
    role = {"cs": "charging station", "csms": "CSMS"}.get(model.sut.get("role", ""), "")
    yield (
        f"OCPP {plain(model.sut.get('version', ''))} {role} · {totals['cases']} cases in {seconds(model.run.duration)}"
        f" · {moment(model.run.start)} · ocpp-tck {plain(model.run.kit_version)} · seed {model.run.seed}"
        + (f" · resumed {often(model.run.resumed)}" if model.run.resumed else "")
    )
    yield ""
    used = [verdict for verdict in ORDER if totals[verdict]]
    if used:
        yield "| " + " | ".join(LABELS[verdict] for verdict in used) + " |"
        yield "|" + " ---: |" * len(used)
        yield "| " + " | ".join(str(totals[verdict]) for verdict in used) + " |"
        yield ""
    yield from _notes(model)
    yield from _first(model)
    yield from _history(model)
    yield from _table([case for case in model.cases if case.verdict not in _QUIET and not case.superseded])


def _notes(model: ReportModel) -> Iterator[str]:
    notes = [*hints(model), *model.problems, *model.deviations, *(one.text for one in model.declarations)]
    if totals := model.totals["uncounted"]:
        notes.append(f"{totals} do not count (draft or disputed cases, and attempts where another decides).")
    notes.append(certification(model).text)
    yield from (f"> {plain(note)}  " for note in notes)
    if notes:
        yield ""


def _first(model: ReportModel) -> Iterator[str]:
    groups = model.first_to_fix()
    if not groups:
        return
    yield "### What to fix first"
    yield ""
    for number, (case, cases) in enumerate(groups[:5], start=1):
        cause = case.cause
        text, where = headline(case), cause.where if cause else ""
        more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
        requirement = f" ({plain(cause.requirement)})" if cause and cause.requirement else ""
        yield f"{number}. **{plain(text)}**{requirement}: {plain(case.id)}{more}, {plain(where)}"
    yield ""


def _history(model: ReportModel) -> Iterator[str]:
    """Tell all attempts at each case that has several."""
    several = [case for case in model.cases if not case.superseded and len(model.attempts(case)) > 1]
    if not several:
        return
    yield "### Cases with several attempts"
    yield ""
    for case in several[:_MOST]:
        yield f"- {plain(case.id)} {plain(case.title)}" + (" **flaky**" if case.flaky else "")
        yield from (f"  - {plain(history_line(one))}" for one in model.attempts(case))
    if len(several) > _MOST:
        yield f"- … and {len(several) - _MOST} more in report.html."
    yield ""


def _table(cases: list[Case]) -> Iterator[str]:
    if not cases:
        return
    yield "| Case | Verdict | First cause | Time |"
    yield "| --- | --- | --- | ---: |"
    for case in sorted(cases, key=lambda case: ORDER.index(case.verdict))[:_MOST]:
        cause = f"{plain(case.cause.text)} ({plain(case.cause.where)})" if case.cause else ""
        label = LABELS[case.verdict] + (", flaky" if case.flaky else "")
        label += ", known" if case.known else "" if case.counts else f", {case.status}"
        yield f"| {plain(case.id)} {plain(case.title)} | {label} | {cause} | {seconds(case.duration)} |"
    if len(cases) > _MOST:
        yield ""
        yield f"… and {len(cases) - _MOST} more in report.html."
