r"""statement.pdf: the conformance statement for paper. The same model gives the same bytes.

Laid out by reportlab. DejaVu Sans is embedded, with Droid Sans Fallback for Chinese, Japanese and Korean; a character
that neither has is written as `\u0e01`, so that none is lost. Right-to-left scripts are set letter by letter from the
left, not joined; statement.html shows them as they are written. It is dated as of the moment the run began.
"""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import as_file, files
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import TimeStamp
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid
from reportlab.platypus.flowables import Flowable, KeepInFrame

from ocpp_tck.report.blocks import Cell
from ocpp_tck.report.statement import NO_CERTIFICATE, TONES, make_statement
from ocpp_tck.report.text import escaped, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocpp_tck.report.blocks import Section, Table
    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.report.signature import Signature
    from ocpp_tck.report.statement import Statement

SANS, BOLD, FAR_EAST = "TckSans", "TckSans-Bold", "TckFarEast"
_FILES = {SANS: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", FAR_EAST: "DroidSansFallback.ttf"}
_LONGEST = 500
"""Characters of one cell that are printed: a row has to fit on a page."""
_LONGEST_LIST = 6000
"""Characters of a list, which may go over pages."""
_FOOTER = 52
"""Characters of the product's name, and of the words before it, in the last line of a page; wide ones fit too."""
_BMP = 0xFFFF
_MARGIN = 16 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_PAGES, _SMALL = "pages", 7
"""Name of the form that holds the number of pages, and its size."""
_NOTE = 52
"""Height of the closing note of the first page, and of the space around it."""
_ROOM = 35 * mm
"""A chapter begins on this page when there is so much left of it."""

_INK, _SOFT, _LINE = HexColor("#1b2430"), HexColor("#5b6675"), HexColor("#d5dbe2")
_COLOURS = {
    Verdict.PASS: ("#1d7f4f", "#e1f3e9"),
    Verdict.WARN: ("#8a5d06", "#faefd5"),
    Verdict.FAIL: ("#b9262f", "#fbe4e4"),
    Verdict.INCONCLUSIVE: ("#7a4fb0", "#efe8f9"),
    Verdict.ERROR: ("#a83a82", "#f9e5f1"),
}
_OFF = ("#5d6873", "#e9edf1")

_TEXT = ParagraphStyle("text", fontName=SANS, fontSize=8.5, leading=11.5, textColor=_INK)
_CELL = ParagraphStyle("cell", _TEXT, fontSize=7.6, leading=9.8)
_NUMBER = ParagraphStyle("number", _CELL, alignment=2)
_HEAD = ParagraphStyle("head", _CELL, textColor=_SOFT)
_HEAD_NUMBER = ParagraphStyle("head-number", _HEAD, alignment=2)
_TITLE = ParagraphStyle("title", _TEXT, fontName=BOLD, fontSize=19, leading=23)
_CHAPTER = ParagraphStyle("chapter", _TEXT, fontName=BOLD, fontSize=12, leading=15, spaceBefore=9, spaceAfter=4)
_PART = ParagraphStyle("part", _CHAPTER, fontSize=10, leading=12, spaceBefore=6, spaceAfter=2)
_ITEM = ParagraphStyle("item", _TEXT, leftIndent=9, bulletIndent=0, fontSize=8.2, leading=10.6)


def render_statement_pdf(model: ReportModel, signature: Signature | None = None) -> bytes:
    """Write the statement as PDF."""
    statement = make_statement(model, signature)
    _fonts()
    out = io.BytesIO()
    title = f"Conformance statement: {_printed(statement.product)}"
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=title,
        author=f"ocpp-tck {_printed(model.run.kit_version)}",
        subject=_printed(statement.subject),
        invariant=1,
        lang="en",
    )
    area = Frame(_MARGIN, _MARGIN, _WIDTH, A4[1] - 2 * _MARGIN, 0, 0, 0, 0)
    document.addPageTemplates(
        [
            PageTemplate(
                "page", [area], onPage=_footer(_printed(f"Conformance statement: {statement.product}", most=_FOOTER))
            )
        ]
    )
    story = [*_first_page(statement), PageBreak(), *_details(statement)]
    document.build(story, canvasmaker=partial(_Canvas, began=model.run.start))
    return out.getvalue()


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """Make the fonts known to reportlab, but for the large one; gives the characters that each has."""
    return {name: _font(name) for name in (SANS, BOLD)}


@cache
def _font(name: str) -> frozenset[int]:
    with as_file(files("ocpp_tck.report").joinpath("fonts", _FILES[name])) as path:
        font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(code for code in font.face.charToGlyph if code <= _BMP)


def _printed(text: str, *, most: int = _LONGEST) -> str:
    """Give one line of text that can be printed, shortened: what no font has is written out."""
    line = "".join(run for run, _ in _runs(visible(text, one_line=True, limit=_LONGEST)))
    return line if len(line) <= most else f"{line[: most - 2]} …"


def _markup(text: str, *, limit: int = _LONGEST, bold: bool = False) -> str:
    """Give text as markup of a paragraph, in which nothing acts as markup; the first lines stay lines."""
    shown = Cell(text).shown(limit).replace("\t", " ")
    marked = "".join(_in_font(escape(run), font or (BOLD if bold else "")) for run, font in _runs(shown))
    return marked.replace("\n", "<br/>")


def _in_font(markup: str, font: str) -> str:
    return f'<font name="{font}">{markup}</font>' if font else markup


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Cut text into runs of one font each, its name empty for the usual one; what no font has is written out."""
    for font, characters in groupby(text, key=_font_of):
        run = "".join(characters)
        yield (run if font is not None else "".join(map(escaped, run))), font or ""


def _font_of(character: str) -> str | None:
    """Give the font that has a character: empty for the usual one, None for none."""
    code = ord(character)
    if character == "\n" or (code in _fonts()[SANS] and code in _fonts()[BOLD]):
        return ""
    return FAR_EAST if code <= _BMP and code in _font(FAR_EAST) else None


def _first_page(statement: Statement) -> Iterator[Flowable]:
    parts: list[Flowable] = [
        Paragraph(_markup(f"Conformance statement · {statement.subject}"), _HEAD),
        _heading(statement),
        Spacer(0, 5),
        Paragraph(_markup(statement.sentence), ParagraphStyle("sentence", _TEXT, fontSize=10, leading=13)),
        Spacer(0, 3),
        Paragraph(" &nbsp; ".join(_coloured(one) for one in statement.counts), _TEXT),
        Spacer(0, 5),
        _grid(statement.facts),
        Paragraph("Certification profiles", _PART),
    ]
    parts.append(_grid(statement.profiles) if statement.profiles.rows else Paragraph("No profile was examined.", _TEXT))
    if statement.limits_of_this:
        parts.append(Paragraph("Open, failed, left out", _PART))
        parts += [Paragraph(_markup(one), _ITEM, bulletText="•") for one in statement.limits_of_this]
    if statement.figures.rows:
        parts += [Paragraph("Measured times", _PART), _grid(statement.figures)]
    note = Grid([[Paragraph(_markup(NO_CERTIFICATE), _TEXT)]], [_WIDTH])
    note.setStyle(
        TableStyle(
            [("BACKGROUND", (0, 0), (-1, -1), HexColor(_OFF[1])), ("LINEBEFORE", (0, 0), (0, -1), 2, HexColor(_OFF[0]))]
        )
    )
    yield _Bookmark("summary", "Summary")
    yield KeepInFrame(_WIDTH, A4[1] - 2 * _MARGIN - _NOTE, parts, mode="shrink")
    yield Spacer(0, 8)
    yield note


def _heading(statement: Statement) -> Flowable:
    ink, ground = _COLOURS.get(TONES[statement.status], _OFF)
    label = ParagraphStyle("label", _TITLE, fontSize=14, leading=18, alignment=1, textColor=HexColor(ink))
    row = [
        Paragraph(_markup(statement.product, limit=120), _TITLE),
        Paragraph(_markup(statement.status.capitalize()), label),
    ]
    grid = Grid([row], [_WIDTH * 0.68, _WIDTH * 0.32], hAlign="LEFT")
    grid.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (0, 0), 0),
                ("BACKGROUND", (1, 0), (1, 0), HexColor(ground)),
                ("TOPPADDING", (1, 0), (1, 0), 7),
                ("BOTTOMPADDING", (1, 0), (1, 0), 9),
            ]
        )
    )
    return grid


def _details(statement: Statement) -> Iterator[Flowable]:
    for number, section in enumerate(statement.sections, start=1):
        yield from _section(section, number)


def _section(section: Section, number: int) -> Iterator[Flowable]:
    yield CondPageBreak(_ROOM)
    yield _Bookmark(section.anchor, f"{number}. {section.title}")
    yield Paragraph(f"{number}. {_markup(section.title)}", _CHAPTER)
    for paragraph in section.text:
        yield Paragraph(_markup(paragraph), _TEXT)
        yield Spacer(0, 3)
    for table in section.tables:
        yield from _grids(table)
        yield Spacer(0, 6)


_AT_ONCE = 150
"""Rows of one grid: reportlab lays a grid out anew at each page that it goes over."""


_TALL = A4[1] - 2 * _MARGIN - 60
"""Height of a row, were all its letters as wide as high, from which on rows may be split, lest one fit on no page."""


def _grids(table: Table) -> Iterator[Flowable]:
    for start in range(0, len(table.rows), _AT_ONCE):
        yield _grid(table, start)


def _grid(table: Table, start: int = 0) -> Flowable:
    whole = sum(table.widths)
    widths = [_WIDTH * width / whole for width in table.widths]
    texts = [[_coloured(value) for value in row] for row in table.rows[start : start + _AT_ONCE]]
    rows: list[list[Any]] = [
        [Paragraph(text, _NUMBER if at in table.numbers else _CELL) for at, text in enumerate(row)] for row in texts
    ]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]
    if table.head:
        styles = (_HEAD_NUMBER if at in table.numbers else _HEAD for at in range(len(table.head)))
        rows.insert(0, [Paragraph(_markup(name), one) for name, one in zip(table.head, styles, strict=True)])
        style.append(("LINEABOVE", (0, 0), (-1, 0), 0, HexColor("#ffffff")))
    is_tall = any(
        len(text) * _CELL.fontSize * _CELL.leading > _TALL * width
        for row in texts
        for text, width in zip(row, widths, strict=True)
    )
    grid = Grid(rows, widths, repeatRows=1 if table.head else 0, splitInRow=1 if is_tall else 0, hAlign="LEFT")
    grid.setStyle(TableStyle(style))
    return grid


def _coloured(value: Cell | str) -> str:
    cell = Cell(value) if isinstance(value, str) else value
    if cell.tone in {"", "code", "list"}:
        return _markup(cell.text, limit=_LONGEST_LIST if cell.tone == "list" else _LONGEST)
    if cell.tone == "quiet":
        return f'<font color="{_SOFT.hexval().replace("0x", "#")}">{_markup(cell.text)}</font>'
    if cell.tone == "strong":
        return _markup(cell.text, bold=True)
    ink = _COLOURS.get(cast("Verdict", cell.tone), _OFF)[0]
    return f'<font color="{ink}">{_markup(cell.text, bold=True)}</font>'


class _Bookmark(Flowable):
    """A place that the outline leads to."""

    def __init__(self, anchor: str, title: str) -> None:
        super().__init__()
        self._anchor, self._title = anchor, title
        self.width = self.height = 0

    def draw(self) -> None:
        """Note the place."""
        self.canv.bookmarkHorizontal(self._anchor, 0, 24)
        self.canv.addOutlineEntry(self._title, self._anchor, 0, closed=True)


class _Began(TimeStamp):
    """The moment at which a run began, as reportlab dates a document; the epoch where the calendar does not have it.

    Args:
        seconds: since the Unix epoch.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(invariant=1)
        try:
            moment = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            moment = datetime.fromtimestamp(0, UTC)
        self.t = moment.timestamp()
        self.lt = moment.utctimetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.dhh = self.dmm = 0
        self.tzname = "UTC"


class _Canvas(Canvas):
    """Writes the number of pages when it is known, into the place that each page has kept for it.

    Args:
        began: what the document is dated, seconds since the Unix epoch.
    """

    def __init__(self, *arguments: Any, began: float, **more: Any) -> None:
        super().__init__(*arguments, **more)
        document: Any = vars(self)["_doc"]  # reportlab has no other way
        document._timeStamp = _Began(began)  # noqa: SLF001 - as above
        document.signature = hashlib.md5(ascii(began).encode(), usedforsecurity=False)  # not of SOURCE_DATE_EPOCH

    def save(self) -> None:
        """End the document."""
        pages = self.getPageNumber() - 1
        self.beginForm(_PAGES)
        self.setFont(SANS, _SMALL)
        self.setFillColor(_SOFT)
        self.drawString(0, 0, str(pages))
        self.endForm()
        super().save()


def _footer(title: str) -> Callable[[Canvas, object], None]:
    """Give what writes the last line of a page."""

    def write(canvas: Canvas, _document: object) -> None:
        place, height = A4[0] - _MARGIN - 6 * mm, 9 * mm
        canvas.saveState()
        canvas.setFont(SANS, _SMALL)
        canvas.setFillColor(_SOFT)
        line = canvas.beginText(_MARGIN, height)
        for run, font in _runs(f"{title}. Not an OCA certificate."):
            line.setFont(font or SANS, _SMALL)
            line.textOut(run)
        canvas.drawText(line)
        canvas.setFont(SANS, _SMALL)
        canvas.drawRightString(place, height, f"Page {canvas.getPageNumber()} of ")
        canvas.translate(place, height)
        canvas.doForm(_PAGES)
        canvas.restoreState()

    return write
