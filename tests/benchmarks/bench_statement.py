"""Seconds and pages of the conformance statement of a small and of a huge run: python tests/benchmarks/bench_statement.py."""

import io
import sys
import tempfile
import time
from pathlib import Path

from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "report"))

from synthetic import whole_run

from ocpp_tck.report.statement_html import render_statement_html
from ocpp_tck.report.statement_pdf import render_statement_pdf
from ocpp_tck.report.write import load_model


def spent(work):
    """Give what it made and the seconds of this process's CPU that it took."""
    begun = time.process_time()
    made = work()
    return made, time.process_time() - begun


for cases in (120, 1000):
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(whole_run(Path(folder) / "run", cases=cases, frames=0))
    page, html = spent(lambda model=model: render_statement_html(model))
    paper, pdf = spent(lambda model=model: render_statement_pdf(model))
    pages = len(PdfReader(io.BytesIO(paper)).pages)
    print(
        f"{cases} cases: HTML {html:.2f} s, {len(page) // 1024} KiB; PDF {pdf:.2f} s, {len(paper) // 1024} KiB, {pages} pages"
    )
