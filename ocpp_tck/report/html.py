"""report.html: one file without network that works from disk. All text of the product is escaped."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ocpp_tck.report.model import LABELS, ORDER, Case, FrameRow, ReportModel
from ocpp_tck.report.sequence import sequence_svg
from ocpp_tck.report.text import iso, moment, often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template

_LONGEST_PAYLOAD = 4000
_SEARCHED = 600


def render_html(model: ReportModel) -> str:
    """Write the report as one HTML page."""
    return _template().render(
        model=model,
        totals=model.totals,
        used=[verdict for verdict in ORDER if any(case.verdict is verdict for case in model.cases)],
        groups=model.first_to_fix(),
        cases=[(f"c{number}", case) for number, case in enumerate(model.cases, start=1)],
        anchors={id(case): f"c{number}" for number, case in enumerate(model.cases, start=1)},
    )


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
    environment.globals.update(LABELS=LABELS, ORDER=ORDER, Verdict=Verdict, sequence=sequence_svg, identity=id)
    environment.filters.update(
        seconds=seconds,
        moment=moment,
        often=often,
        iso=iso,
        css=lambda verdict: str(verdict).replace(" ", "-"),
        label=_label,
        payload=_payload,
        searched=_search_text,
        value=_value,
    )
    return environment.get_template("report.html.j2")


def _shown(value: Any) -> Any:
    """Make whatever is put into the page harmless to read; markup of ours passes."""
    return visible(value) if type(value) is str else value


def _label(verdict: str) -> str:
    return LABELS[Verdict(verdict)] if verdict in set(LABELS) else verdict.capitalize()


def _payload(frame: FrameRow) -> str:
    """Give what a frame carries beyond its envelope, compact; the raw text where it cannot be parsed."""
    limit = _LONGEST_PAYLOAD
    try:
        message = json.loads(frame.raw) if frame.type else None
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, list) and not frame.violations and not frame.malformed:
        rest = message[3:] if frame.type in {"CALL", "SEND"} else message[2:]
        text = " ".join(json.dumps(part, ensure_ascii=False) for part in rest)
        return visible(text, one_line=True, limit=limit)
    return visible(frame.raw, one_line=True, limit=limit)


def _search_text(case: Case) -> str:
    cause = case.cause.text if case.cause else ""
    actions = sorted({frame.action for frame in case.frames if frame.action})
    rules = sorted({violation.rule for violation in case.violations})
    text = " ".join((case.id, case.title, case.version, case.profile, case.requirements, cause, *rules, *actions))
    return visible(text.lower(), one_line=True, limit=_SEARCHED)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    plain: Mapping[str, Any] | Any = value
    return json.dumps(plain, default=dict, ensure_ascii=False)
