"""statement.html: the conformance statement as one page without script or network. All text is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ocpp_tck.report.blocks import Cell
from ocpp_tck.report.statement import NO_CERTIFICATE, TONES, make_statement
from ocpp_tck.report.text import visible

if TYPE_CHECKING:
    from jinja2 import Template

    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.report.signature import Signature

_LONGEST = 2000
"""Characters of one cell that are shown."""
_LONGEST_LIST = 20_000


def render_statement_html(model: ReportModel, signature: Signature | None = None) -> str:
    """Write the statement as one HTML page."""
    statement = make_statement(model, signature)
    return _template().render(statement=statement, tone=TONES[statement.status], no_certificate=NO_CERTIFICATE)


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
    environment.filters.update(cell=_cell, css=lambda tone: str(tone).replace(" ", "-"))
    return environment.get_template("statement.html.j2")


def _cell(value: Cell | str) -> Cell:
    cell = Cell(value) if isinstance(value, str) else value
    return Cell(cell.shown(_LONGEST_LIST if cell.tone == "list" else _LONGEST), cell.tone)


def _shown(value: Any) -> Any:
    """Make whatever is put into the page harmless to read; markup of ours passes."""
    return visible(value) if type(value) is str else value
