"""What a part of the selftest found, and the detection table made of all parts."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 20
"""So many wrong ones of a row are printed; the file has them all."""


class ResultError(Exception):
    """A file of results is wrong; the message names it and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the detection table.

    Attributes:
        what: what was tried, such as `illegal by the schema, 1.6 cs`.
        count: how many were tried.
        good: how many came as they must.
        wrong: those that did not, a line each with what to look at; empty when `good` is `count`.
        note: a figure worth reading beside it: memory, longest wait, how many by which rule.
    """

    what: str
    count: int
    good: int
    wrong: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The result of one part.

    Attributes:
        name: one word, the file's name: `replayed`, `live`, `behaviour`, `variations`, `stability`, `hostile` ….
        title: what it shows, one sentence.
        rows: its lines.
        seconds: how long it took, wall time.
        seed: what was drawn by chance derives from it.
        date: when it ended, UTC, ISO 8601.
        sampled: whether only a sample was tried.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    seconds: float
    seed: int = 0
    date: str = ""
    sampled: bool = False

    @property
    def holds(self) -> bool:
        """Whether everything came as it must, and anything was tried at all."""
        return bool(self.rows) and all(row.good == row.count and not row.wrong for row in self.rows)


def write_part(part: Part, folder: Path) -> Path:
    """Write a part as `<folder>/<name>.json`; a missing date is filled in. Gives the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part.name}.json"
    values = asdict(part) | {"date": part.date or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_parts(folder: Path) -> list[Part]:
    """Read the parts of a folder, in the order of their names.

    Raises:
        ResultError: a file is not one of `write_part`.
    """
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> Part:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(Row(**{**row, "wrong": tuple(row.get("wrong", ()))}) for row in values.pop("rows"))
        return Part(rows=rows, **values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ResultError(
            f"{path}: not a result of the selftest ({problem}); remove it or run that part again"
        ) from None


def table(parts: list[Part]) -> str:
    """Write the detection table in Markdown: every row with its note."""
    lines = ["| part | what | tried | as it must | note |", "| --- | --- | ---: | ---: | --- |"]
    for part in parts:
        head = _name(part)
        for row in part.rows:
            lines.append(f"| {head} | {row.what} | {row.count} | {row.good} | {row.note.replace('|', chr(92) + '|')} |")
            head = ""
    lines += ["", *(f"- {part.name}: {part.title} {part.seconds:.0f} s, {part.date[:10]}." for part in parts)]
    return "\n".join(lines) + "\n"


def overview(parts: list[Part]) -> str:
    """Write the detection table in Markdown, one row for each part."""
    lines = ["| part | what it shows | tried | as it must | took | when |", "| --- | --- | ---: | ---: | ---: | --- |"]
    for part in parts:
        tried, good = (sum(counts) for counts in zip(*((row.count, row.good) for row in part.rows), strict=True))
        took = f"{part.seconds / 60:.0f} min"
        lines.append(f"| {_name(part)} | {part.title} | {tried:,} | {good:,} | {took} | {part.date[:10]} |")
    return "\n".join(lines) + "\n"


def _name(part: Part) -> str:
    return f"{part.name}{' (sample)' if part.sampled else ''}"


def told(part: Part) -> list[str]:
    """Write a part for the terminal: its rows, and of each the first that came wrong."""
    lines = [f"{part.name}: {part.title} ({part.seconds:.1f} s, seed {part.seed})"]
    for row in part.rows:
        mark = "ok  " if row.good == row.count and not row.wrong else "FAIL"
        lines.append(f"  {mark} {row.good:>7} of {row.count:<7} {row.what}{f'  ({row.note})' if row.note else ''}")
        lines += [f"         {text}" for text in row.wrong[:SHOWN]]
        if len(row.wrong) > SHOWN:
            lines.append(f"         … and {len(row.wrong) - SHOWN} more")
    return lines
