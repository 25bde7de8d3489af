"""The kit's own time per case beside the product's, from the journals of one run per role of the demo.

Kit: from a CALL of the product to the kit's answer. Product: from a CALL of the kit to the product's answer. The rest
of a case is waiting for what the product does by itself, the driver, and the dwells that the OCA prescribes.

    python tests/benchmarks/bench_cases.py [run folder]…
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from ocpp_tck.evidence.journal import read
from ocpp_tck.evidence.records import CaseEnded, CaseStarted, Frame


def measure(journal: Path) -> list[tuple[str, float, float, float]]:
    """Give (case, kit seconds, product seconds, whole seconds) of every case in a journal."""
    rows: list[tuple[str, float, float, float]] = []
    calls: dict[tuple[str, str], float] = {}
    spent = {"kit": 0.0, "product": 0.0}
    for record in read(journal):
        if isinstance(record, CaseStarted):
            spent = {"kit": 0.0, "product": 0.0}
        elif isinstance(record, Frame) and record.type == "CALL":
            calls[record.sender, record.message_id] = record.time
        elif isinstance(record, Frame) and record.type in {"CALLRESULT", "CALLERROR"}:
            caller = "product" if record.sender == "kit" else "kit"
            sent = calls.pop((caller, record.message_id), None)
            if sent is not None:
                spent[record.sender] += record.time - sent
        elif isinstance(record, CaseEnded):
            rows.append((record.case, spent["kit"], spent["product"], record.duration))
    return rows


def main() -> None:
    """Run the demo when no run is named, and print the table."""
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-bench-") as scratch:
        folders = [Path(name) for name in sys.argv[1:]]
        if not folders:
            command = [sys.executable, "-c", "from ocpp_tck.cli import main; main()", "demo", "--report-dir", scratch]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            folders = sorted(Path(scratch).iterdir())
        for folder in folders:
            rows = [row for journal in sorted(folder.glob("journal*.jsonl")) for row in measure(journal)]
            print(f"{folder.name}: {len(rows)} cases; milliseconds, median and sum over the cases")
            for name, column in (("kit", 1), ("product", 2), ("whole case", 3)):
                values = [1000 * row[column] for row in rows]
                print(f"  {name:<11} {median(values):10.2f} {sum(values):12.1f}")


if __name__ == "__main__":
    main()
