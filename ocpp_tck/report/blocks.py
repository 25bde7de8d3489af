"""Plain pieces of a document, which each writer lays out in its own way. All text may be the product's."""

from __future__ import annotations

from dataclasses import dataclass, field

from ocpp_tck.report.text import escaped, visible

_LINES = 8
"""Lines of one text that are shown as lines: a row has to fit on a page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text.

    Attributes:
        text: as it came; the writer makes it fit to be shown, see `shown`.
        tone: a verdict, which gives it a colour and the look of a label; `quiet`, `strong`, `code` or `list`, a list of
            many short words; empty for none.
    """

    text: str
    tone: str = ""

    def shown(self, longest: int) -> str:
        r"""Give the text fit to be shown, shortened; its first lines stay lines, further breaks become `\u000a`."""
        lines = visible(self.text, limit=longest).split("\n")
        return "\n".join(lines[:_LINES]) + "".join(f"{escaped(chr(10))}{line}" for line in lines[_LINES:])


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        head: names of the columns; empty for a table of names and values.
        widths: share of each column in the width.
        rows: a plain string is a cell without a tone.
        numbers: the columns that are set to the right.
    """

    head: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: an anchor, a title, paragraphs, then tables."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = field(default=())
