"""`python -m tests.hostile`: run the kit against every hostile product and write the part `hostile` of the selftest.

Each report is opened in a real browser. Exit code: 0 when all went as it must, 1 when not, 2 without a browser.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ocpp_tck.selftest.result import Part, Row, told, write_part
from tests.hostile import arena
from tests.hostile.acts import hostilities
from tests.hostile.browser import Trap, chromium, missing, open_report

ROOT = Path(__file__).resolve().parents[2]


def main(arguments=None):
    """Run, write, tell; gives the exit code."""
    options = _options(arguments)
    began = time.monotonic()
    rows = []
    if missing():
        sys.stderr.write(f"{missing()}\n")
        return 2
    with Trap() as trap, chromium() as browser:
        for hostility in hostilities(trap.port):
            for role in hostility.roles:
                if options.role in {None, role} and options.only in hostility.name:
                    rows.append(_row(role, hostility, browser, trap))
                    sys.stdout.write("\n".join(told(Part(name="", title="", rows=rows[-1:], seconds=0.0))[1:]) + "\n")
                    sys.stdout.flush()
    part = Part(
        name="hostile",
        title="Hostile products: the kit ends by itself, stays small, judges the next case, writes only its report.",
        rows=tuple(rows),
        seconds=time.monotonic() - began,
        sampled=bool(options.role or options.only),
    )
    sys.stdout.write(f"{write_part(part, options.report_dir)}\n")
    return 0 if part.holds else 1


def _row(role, hostility, browser, trap):
    with tempfile.TemporaryDirectory(prefix="hostile-report-") as folder:
        report = Path(folder) / "run"
        ran = arena.run(role, hostility, folder=report)
        wrong = [*ran.wrong, *(open_report(browser, report / "report.html", trap) if ran.cases else ())]
    return Row(
        what=f"{hostility.name}, {role}",
        count=1,
        good=0 if wrong else 1,
        wrong=tuple(wrong),
        note=f"{ran.peak_mb:.0f} MB, {ran.seconds:.1f} s, {ran.cases[0]['verdict'] if ran.cases else 'no verdict'}",
    )


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--role", choices=("cs", "csms"), help="only this role")
    parser.add_argument("--only", default="", metavar="TEXT", help="only hostilities with this in their name")
    parser.add_argument("--report-dir", type=Path, default=ROOT / "reports" / "selftest")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
