"""report.html: one file without network that works from disk. All text of the product is escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.certification import certification
from ocpp_tck.report.model import LABELS, ORDER, Case, FrameRow, ReportModel
from ocpp_tck.report.sequence import sequence_svg
from ocpp_tck.report.text import iso, moment, often, seconds, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Template

_LONGEST_PAYLOAD = 4000
_SEARCHED = 600
_MOST = 1000
"""Frames, and other events, of one case that the page shows: a browser has to lay them all out."""


def render_html(model: ReportModel) -> str:
    """Write the report as one HTML page."""
    script = _script()
    return _template().render(
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        model=model,
        certified=certification(model),
        totals=model.totals,
        used=[verdict for verdict in ORDER if any(case.verdict is verdict for case in model.cases)],
        groups=model.first_to_fix(),
        cases=[(f"c{number}", case) for number, case in enumerate(model.cases, start=1)],
        anchors={id(case): f"c{number}" for number, case in enumerate(model.cases, start=1)},
        places={case.key: f"c{number}" for number, case in enumerate(model.cases, start=1)},
    )


@cache
def _script() -> Markup:
    """Give the page's one script; by its hash the browser runs it and no other."""
    return Markup(files("ocpp_tck.report").joinpath("templates/report.js").read_text(encoding="utf-8"))  # noqa: S704 - ours


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
    environment.globals.update(
        LABELS=LABELS, MOST=_MOST, ORDER=ORDER, Verdict=Verdict, sequence=sequence_svg, identity=id
    )
    environment.filters.update(
        seconds=seconds,
        moment=moment,
        often=often,
        iso=iso,
        css=lambda verdict: str(verdict).replace(" ", "-"),
        label=_label,
        payload=_payload,
        frames=_frames,
        searched=_search_text,
        value=_value,
        history=history_line,
        combine=lambda one, other: {**one, **other},
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


def _frames(case: Case) -> Iterator[tuple[FrameRow | None, int]]:
    """Give the frames that are shown; where some are left out, None and how many.

    A long case keeps its beginning, its end, and every frame that broke a rule or is evidence of the cause.
    """
    frames, blamed = case.frames, set(case.cause.frames) if case.cause else set()
    left_out = 0
    for at, frame in enumerate(frames):
        is_inside = _MOST // 2 <= at < len(frames) - _MOST // 2
        if is_inside and not frame.violations and frame.n not in blamed:
            left_out += 1
            continue
        if left_out:
            yield None, left_out
            left_out = 0
        yield frame, 0


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
