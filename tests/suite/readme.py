"""`python -m tests.suite.readme`: put the detection table of reports/selftest into the README."""

from pathlib import Path

from ocpp_tck.selftest.result import read_parts, table

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- the table of reports/selftest -->\n", "<!-- its end -->\n"


def refreshed(text):
    """Give the README with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(read_parts(ROOT / "reports" / "selftest"), notes=False) + END + after


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
