"""`python -m tests.suite.readme`: put the detection table of reports/selftest into the README and beside its files."""

from pathlib import Path

from ocpp_tck.selftest.result import overview, read_parts, table

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
RESULTS = ROOT / "reports" / "selftest" / "README.md"
BEGIN, END = "<!-- the table of reports/selftest -->\n", "<!-- its end -->\n"


def refreshed(text):
    """Give the README with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + overview(read_parts(RESULTS.parent)) + END + after


def results():
    """Give the page with every row."""
    return "# Results of the proof\n\n" + table(read_parts(RESULTS.parent))


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
    RESULTS.write_text(results(), encoding="utf-8")
