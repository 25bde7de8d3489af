"""report.html: one file without network that works from disk. All text of the product is escaped.

The page has the summary, the first causes and a row for each case as markup, so that it says something without
JavaScript. What an opened case shows lies beside it as inert JSON (`details.py`), and the page's one script builds it
from text nodes when somebody opens the case.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.certification import certification
from ocpp_tck.report.compare import different_fields, differing_words, headline
from ocpp_tck.report.details import details_json
from ocpp_tck.report.hints import hints
from ocpp_tck.report.model import LABELS, ORDER
from ocpp_tck.report.places import places
from ocpp_tck.report.sequence import blamed_frames
from ocpp_tck.report.terminal import before_next_run
from ocpp_tck.report.text import iso, moment, often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import Template

    from ocpp_tck.report.compare import Field, Words
    from ocpp_tck.report.model import Case, ReportModel

SYMBOLS = {
    Verdict.PASS: "✓",
    Verdict.WARN: "!",
    Verdict.FAIL: "✕",
    Verdict.INCONCLUSIVE: "?",
    Verdict.ERROR: "◆",
    Verdict.NOT_RUN: "○",
    Verdict.NOT_APPLICABLE: "⊘",
    Verdict.NONE: "·",
}
"""A sign for each verdict: colour alone tells some readers nothing."""

_SEARCHED = 600
_LONGEST = 6_000
_WIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A case with what the page says of it at once.

    Attributes:
        anchor: its id in the page; the same for the same case in every report.
        group: number of its cause under "what to fix first", 0 for none.
        order: its place in the run.
        expected: the words of the first cause, marked where they differ from `received`.
    """

    anchor: str
    case: Case
    group: int
    order: int
    headline: str
    fields: tuple[Field, ...]
    expected: Words
    received: Words
    blamed: tuple[int, ...]


def render_html(model: ReportModel) -> str:
    """Write the report as one HTML page."""
    script, style = _ours("report.js"), _ours("report.css")
    groups = model.first_to_fix()
    entries = _entries(model, groups)
    by_case = {id(entry.case): entry for entry in entries}
    ordered = sorted(entries, key=lambda entry: (ORDER.index(entry.case.verdict), entry.order))
    return _template().render(
        script=script,
        script_hash=_hash(script),
        style=style,
        style_hash=_hash(style),
        model=model,
        certified=certification(model),
        totals=model.totals,
        follow=() if model.run.parts else before_next_run(model),
        hints=hints(model),
        sentences=list(_sentences(model, groups)),
        used=[verdict for verdict in ORDER if any(case.verdict is verdict for case in model.cases)],
        shares=list(_shares(model.totals)),
        groups=[(by_case[id(first)], [by_case[id(case)] for case in cases]) for first, cases in groups],
        entries=ordered,
        profiles=sorted({case.profile for case in model.cases if case.profile}),
        rules=sorted({violation.rule for case in model.cases for violation in case.violations}),
        attempts=_attempts(entries),
        anchors={entry.case.key: entry.anchor for entry in entries},
    )


def anchors(cases: Iterable[Case]) -> list[str]:
    """Give each case an id for links: its OCA id, with version and attempt where that alone is not unique."""
    listed = list(cases)
    often_used = Counter(case.id for case in listed)
    found: dict[str, None] = {}
    for case in listed:
        plain = case.id if often_used[case.id] == 1 else f"{case.id}-{case.version}-{case.attempt}"
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", plain)
        safe = safe if safe.startswith("TC_") else f"case-{safe}"
        number, anchor = 1, safe
        while anchor in found:
            number += 1
            anchor = f"{safe}-{number}"
        found[anchor] = None
    return list(found)


def _entries(model: ReportModel, groups: list[tuple[Case, list[Case]]]) -> list[Entry]:
    numbers = {id(case): number for number, (_, cases) in enumerate(groups, start=1) for case in cases}
    return [
        _entry(case, anchor, numbers.get(id(case), 0), order)
        for order, (anchor, case) in enumerate(zip(anchors(model.cases), model.cases, strict=True))
    ]


def _attempts(entries: list[Entry]) -> dict[tuple[str, str, str], list[Entry]]:
    """Give the attempts at each case that has several."""
    found: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.case.same, []).append(entry)
    return {same: several for same, several in found.items() if len(several) > 1}


def _entry(case: Case, anchor: str, group: int, order: int) -> Entry:
    cause = case.cause
    expected, received = differing_words(cause.expected, cause.received) if cause else ((), ())
    return Entry(
        anchor=anchor,
        case=case,
        group=group,
        order=order,
        headline=headline(case),
        fields=different_fields(case),
        expected=expected,
        received=received,
        blamed=tuple(sorted(blamed_frames(case))),
    )


def _sentences(model: ReportModel, groups: list[tuple[Case, list[Case]]]) -> Iterator[str]:
    """Say how it went: did it pass, and if not, for how many reasons."""
    totals, cases = model.totals, _count(model.totals["cases"], "case")
    failed = [members for _, members in groups if members[0].verdict is Verdict.FAIL]
    if totals[Verdict.ERROR]:
        yield f"The kit itself failed in {totals[Verdict.ERROR]} of {cases}; that says nothing about the product."
    if totals[Verdict.FAIL]:
        why = f"for {_count(len(failed), 'cause')}" if failed else "all of them known"
        yield f"{totals[Verdict.FAIL]} of {cases} failed, {why}."
        if len(failed) > 1 and len(failed[0]) > 1:
            yield f"The first cause alone costs {len(failed[0])}."
    elif totals[Verdict.PASS] + totals[Verdict.WARN]:
        yield "No case failed."
    if totals[Verdict.INCONCLUSIVE]:
        yield f"{totals[Verdict.INCONCLUSIVE]} could not be decided, which is neither a pass nor a fail."
    if totals[Verdict.WARN]:
        yield f"{totals[Verdict.WARN]} passed with a warning: the product broke a recommendation."
    if totals[Verdict.NOT_RUN]:
        yield f"Incomplete: {totals[Verdict.NOT_RUN]} could not be run."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shares(totals: Mapping[str, int]) -> Iterator[tuple[Verdict, int, int]]:
    """Cut a bar of 1,000 by verdict: verdict, begin, length."""
    at = 0
    whole = sum(totals[verdict] for verdict in ORDER)
    seen = 0
    for verdict in ORDER:
        seen += totals[verdict]
        end = round(_WIDE * seen / whole) if whole else 0
        if totals[verdict]:
            yield verdict, at, end - at
        at = end


@cache
def _ours(name: str) -> Markup:
    """Give the page's script or style; by its hash the browser takes it and no other."""
    return Markup(files("ocpp_tck.report").joinpath(f"templates/{name}").read_text(encoding="utf-8"))  # noqa: S704 - ours


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("ocpp_tck.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(LABELS=LABELS, ORDER=ORDER, SYMBOLS=SYMBOLS, details=details_json, places=places)
    environment.filters.update(
        seconds=seconds,
        moment=moment,
        often=often,
        iso=iso,
        css=lambda verdict: str(verdict).replace(" ", "-"),
        label=lambda verdict: LABELS[Verdict(verdict)],
        symbol=lambda verdict: SYMBOLS[Verdict(verdict)],
        searched=_search_text,
        value=_value,
        history=history_line,
        combine=lambda one, other: {**one, **other},
        wheres=lambda wheres: ", ".join(wheres[:3]) + (" …" if len(wheres) > 3 else ""),  # noqa: PLR2004 - a line
        cut=lambda text: visible(text, limit=_LONGEST),
        rule_ids=lambda case: " ".join(sorted({visible(one.rule, one_line=True) for one in case.violations})),
    )
    return environment.get_template("report.html.j2")


def _shown(value: Any) -> Any:
    """Make whatever is put into the page harmless to read; markup of ours passes."""
    return visible(value) if type(value) is str else value


def _search_text(case: Case) -> str:
    cause = case.cause.text if case.cause else ""
    actions = sorted({frame.action for frame in case.frames if frame.action})
    rules = sorted({violation.rule for violation in case.violations})
    text = " ".join((case.id, case.title, case.version, case.profile, case.requirements, *rules, *actions, cause))
    return visible(text.lower(), one_line=True, limit=_SEARCHED)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=dict, ensure_ascii=False)
