"""A sequence diagram of what really happened in a case, as SVG: operator, kit and product as lifelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from ocpp_tck.report.model import FrameRow
from ocpp_tck.report.text import visible

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, Event

_ROW = 26
_TOP = 56
_WIDTH = 760
_OPERATOR, _KIT, _PRODUCT = 120, 330, 640
_MOST = 150
_LABEL = 46


@dataclass(frozen=True, slots=True)
class _Item:
    """One row of the diagram; `order` sorts rows of the same time as they were recorded."""

    time: float
    offset: float
    source: FrameRow | Event


def sequence_svg(case: Case) -> Markup:
    """Draw the frames, operator actions, connection changes and step boundaries of a case; empty if there are none.

    A long case keeps every frame that broke a rule and the frames around the first cause; how many are left out is
    written where they are missing.
    """
    items = _items(case)
    if not items:
        return Markup("")
    blamed = set(case.cause.frames) if case.cause else set()
    rows = _shorten(items, blamed)
    height = _TOP + _ROW * len(rows) + 18
    role = {"cs": "Station", "csms": "CSMS"}.get(case.sut, "Product")
    lanes = [(_KIT, "ocpp-tck"), (_PRODUCT, f"{role} under test")]
    if any(item is not None and getattr(item.source, "kind", "") == "operator" for item, _ in rows):
        lanes.insert(0, (_OPERATOR, "Operator"))
    parts = [
        Markup(
            '<svg class="seq" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">'
        ).format(
            w=_WIDTH,
            h=height,
            label=f"Sequence of {case.id}",
        ),
    ]
    for x, name in lanes:
        parts.append(
            Markup(
                '<line class="life" x1="{x}" x2="{x}" y1="40" y2="{h}"/>'
                '<rect class="lane" x="{left}" y="8" width="150" height="28" rx="6"/>'
                '<text class="lane-name" x="{x}" y="27">{name}</text>',
            ).format(x=x, h=height - 8, left=x - 75, name=name),
        )
    for number, (item, left_out) in enumerate(rows):
        y = _TOP + _ROW * number + 14
        parts.append(_left_out(left_out, y) if item is None else _draw(item, y, blamed))
    return Markup("").join([*parts, Markup("</svg>")])


def _items(case: Case) -> list[_Item]:
    items = [_Item(frame.time, frame.offset, frame) for frame in case.frames]
    items += [_Item(event.time, event.offset, event) for event in case.events if event.kind != "remark"]
    items.sort(key=lambda item: (item.time, getattr(item.source, "kind", "") != "step"))
    return items


def _shorten(items: list[_Item], blamed: set[int]) -> list[tuple[_Item | None, int]]:
    if len(items) <= _MOST:
        return [(item, 0) for item in items]
    marked = [at for at, item in enumerate(items) if _is_marked(item, blamed)][: _MOST // 4]
    kept = {*range(_MOST // 2), *range(len(items) - _MOST // 4, len(items))}
    for at in marked:
        kept |= {at - 1, at, at + 1}
    rows: list[tuple[_Item | None, int]] = []
    missing = 0
    for at, item in enumerate(items):
        if at not in kept:
            missing += 1
            continue
        if missing:
            rows.append((None, missing))
            missing = 0
        rows.append((item, 0))
    return rows


def _is_marked(item: _Item, blamed: set[int]) -> bool:
    violations = getattr(item.source, "violations", ())
    return bool(violations) or getattr(item.source, "n", 0) in blamed


def _left_out(count: int, y: int) -> Markup:
    text = f"… {count} more, see the frame table …"
    return Markup('<text class="aside" x="{x}" y="{y}">{t}</text>').format(x=(_KIT + _PRODUCT) // 2, y=y, t=text)


def _draw(item: _Item, y: int, blamed: set[int]) -> Markup:
    source = item.source
    if isinstance(source, FrameRow):
        return _arrow(source, y, blamed)
    clock = _clock(item.offset, y)
    if source.kind == "step":
        text = _label(source.text, 92)
        return Markup(
            '<line class="step-line" x1="0" x2="{w}" y1="{top}" y2="{top}"/>'
            '<text class="step-name" x="8" y="{y}">{t}</text>',
        ).format(w=_WIDTH, top=y - 14, y=y + 3, t=f"Step {text}")
    if source.kind == "operator":
        return (
            clock
            + _line(_OPERATOR, _KIT, y + 4, f"op {source.tone}")
            + _said((_OPERATOR + _KIT) // 2, y, "op", _label(source.text, 28))
        )
    told = " · ".join(filter(None, (source.text, source.detail)))
    return clock + Markup('<text class="aside {tone}" x="{x}" y="{y}">{t}</text>').format(
        tone=source.tone,
        x=(_KIT + _PRODUCT) // 2,
        y=y + 3,
        t=_label(told),
    )


def _arrow(frame: FrameRow, y: int, blamed: set[int]) -> Markup:
    from_kit = frame.sender == "kit"
    start, end = (_KIT, _PRODUCT) if from_kit else (_PRODUCT, _KIT)
    bad = bool(frame.violations) or frame.n in blamed
    warn = bad and frame.n not in blamed and all(one.level == "should" for one in frame.violations)
    css = ("warned" if warn else "blamed") if bad else "reply" if frame.type not in {"CALL", "SEND"} else "call"
    name = frame.action or frame.type or ("binary frame" if frame.encoding == "binary" else "not a message")
    suffix = {"CALLRESULT": " · result", "CALLERROR": " · error", "CALLRESULTERROR": " · result error"}
    mark = "✕ " if css == "blamed" else "! " if css == "warned" else ""
    text = _label(f"{mark}{name}{suffix.get(frame.type, '')}{' (malformed on purpose)' if frame.malformed else ''}")
    number = Markup('<text class="nr" x="{x}" y="{y}">#{n}</text>').format(x=_PRODUCT + 12, y=y + 8, n=frame.n)
    middle = (_KIT + _PRODUCT) // 2
    return _clock(frame.offset, y) + _line(start, end, y + 4, css) + _said(middle, y, css, text) + number


def _line(start: int, end: int, y: int, css: str) -> Markup:
    back = -8 if end > start else 8
    return Markup(
        '<line class="arrow {css}" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>'
        '<path class="tip {css}" d="M{b} {y}l{back} -4v8z"/>',
    ).format(css=css, a=start, b=end, y=y, back=back)


def _said(x: int, y: int, css: str, text: Markup) -> Markup:
    return Markup('<text class="say {css}" x="{x}" y="{y}">{text}</text>').format(css=css, x=x, y=y, text=text)


def _clock(offset: float, y: int) -> Markup:
    return Markup('<text class="clock" x="8" y="{y}">{t}</text>').format(y=y + 8, t=f"{offset:.3f}")


def _label(text: str, limit: int = _LABEL) -> Markup:
    shown = visible(text, one_line=True)
    return escape(shown if len(shown) <= limit else shown[: limit - 1] + "…")
