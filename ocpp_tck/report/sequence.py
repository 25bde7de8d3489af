"""What really happened in a case, in order: the rows of its sequence diagram, as plain values for the page.

A row is one of

- `["step", text, verdict]`: a step begins;
- `["frame", n, offset, sender, type, action, text, tone, notes, told]`: a frame; `tone` is bad, warn, near (it is
  evidence, such as what came instead of the awaited one, and may be right in itself) or empty, `notes`
  are pairs of a path in the payload and what is wrong there, `told` says what is special about the frame;
- `["event", kind, offset, text, detail, tone]`: an operator action, connection, file or remark;
- `["gap", count]`: that many rows were left out.

All text in them is made visible (`text.visible`); none is markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.report.compare import different_fields, is_wait
from ocpp_tck.report.model import FrameRow
from ocpp_tck.report.text import visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocpp_tck.report.model import Case, Event, Violation

MOST = 1000
"""Rows of one case: a browser has to lay them all out. Marked frames in between come on top, at most as many."""
LONGEST = 4_000
"""Characters of a frame; of a marked one five times as many."""

Row = list[Any]


def flow(case: Case) -> list[Row]:
    """Give the rows of a case. A long one keeps its beginning, its end, and the frames that show what was wrong."""
    items: list[FrameRow | Event] = [*case.frames, *case.events]
    items.sort(key=lambda item: (item.time, getattr(item, "kind", "") != "step"))
    blamed = blamed_frames(case)
    notes = frame_notes(case)
    verdicts = {f"{step.n}  {step.text}": step.verdict for step in case.steps}
    shows = _showing(case, blamed)
    rows: list[Row] = []
    for item, left_out in _shortened(items, blamed):
        if item is None:
            rows.append(["gap", left_out])
        elif isinstance(item, FrameRow):
            rows.append(_frame(item, _blame(item, blamed, shows), notes.get(item.n, ())))
        elif item.kind == "step":
            rows.append(["step", _line(item.text), verdicts.get(item.text, "")])
        else:
            texts = (_line(item.text), _line(item.detail))
            rows.append(["event", item.kind, round(item.offset, 3), *texts, "" if item.tone == "plain" else item.tone])
    return rows


def blamed_frames(case: Case) -> frozenset[int]:
    """Give the frames that show a fault: those of the first cause of a verdict that blames somebody."""
    if case.cause is None or case.verdict not in {Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.ERROR}:
        return frozenset()
    return frozenset(case.cause.frames)


def frame_notes(case: Case) -> Mapping[int, list[tuple[str, str]]]:
    """Give what is wrong in each frame: pairs of the place in its payload and words."""
    notes: dict[int, list[tuple[str, str]]] = {}
    for violation in case.violations:
        notes.setdefault(violation.frame, []).append((visible(violation.path, one_line=True), _objection(violation)))
    for field in different_fields(case):
        told = f"{'the awaited one has' if field.is_nearest else 'expected'} {field.expected}"
        notes.setdefault(field.frame, []).append((field.path, visible(told, one_line=True, limit=300)))
    return notes


def _objection(violation: Violation) -> str:
    """Give the message of a rule without the place, which is marked."""
    _, found, rest = violation.message.partition(f" at {violation.path}: ") if violation.path else ("", "", "")
    return visible(rest if found else violation.message, one_line=True, limit=300)


def _shortened(items: list[FrameRow | Event], blamed: frozenset[int]) -> Iterator[tuple[FrameRow | Event | None, int]]:
    left_out = marked = 0
    for at, item in enumerate(items):
        inside = MOST // 2 <= at < len(items) - MOST // 2
        if inside and (marked >= MOST or not _is_marked(item, blamed)):
            left_out += 1
            continue
        marked += inside
        if left_out:
            yield None, left_out
            left_out = 0
        yield item, 0


def _is_marked(item: FrameRow | Event, blamed: frozenset[int]) -> bool:
    return isinstance(item, FrameRow) and (bool(item.violations) or item.n in blamed)


def _frame(frame: FrameRow, blame: str, notes: list[tuple[str, str]] | tuple[()]) -> Row:
    musts = any(one.level == "must" for one in frame.violations)
    tone = "bad" if musts else "warn" if frame.violations else blame
    raw = visible(frame.raw, one_line=True, limit=LONGEST * (5 if tone else 1))
    name = frame.type or ("binary frame" if frame.encoding == "binary" else "not a message")
    told = "malformed on purpose" if frame.malformed else ""
    return [
        "frame", frame.n, round(frame.offset, 3), frame.sender, name, _line(frame.action), raw, tone,
        [list(note) for note in notes], told,
    ]  # fmt: skip


def _showing(case: Case, blamed: frozenset[int]) -> frozenset[int]:
    """Give the frames of the cause that are wrong themselves: where fields differ, else the last.

    A step's evidence holds all that it took, and what was awaited in vain is in no frame.
    """
    if not blamed or (case.cause and is_wait(case.cause)):
        return frozenset()
    return frozenset(field.frame for field in different_fields(case)) or frozenset({max(blamed)})


def _blame(frame: FrameRow, blamed: frozenset[int], shows: frozenset[int]) -> str:
    if frame.n not in blamed:
        return ""
    return "bad" if frame.n in shows and frame.sender == "product" else "near"


def _line(text: str) -> str:
    return visible(text, one_line=True, limit=600)
