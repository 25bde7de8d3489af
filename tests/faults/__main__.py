"""`python -m tests.faults`: break the world around the kit in every way and see that nothing decided is lost.

Exit code: 0 when everything came as it must, 1 when not.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.selftest.result import Part, Row, told, write_part
from tests.faults import kills, world
from tests.faults.kit import ROOT, bench

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARES = (("csms", "1.6", (0,), 0.4), ("csms", "1.6", (0, 2, 2), 0.2), ("cs", "1.6", (0,), 0.2))
SHARES += (("cs", "1.6", (0, 2, 2), 0.1), ("csms", "2.0.1", (0,), 0.05), ("cs", "2.0.1", (0,), 0.05))
"""Role, version, numbers of workers to draw from, and share of the kills."""


def main(arguments: list[str] | None = None) -> int:
    """Run, write, tell; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=120, metavar="N", help="kills altogether; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="moments are drawn by it")
    parser.add_argument("--report-dir", type=Path, default=ROOT / "reports" / "selftest")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    rows = [*_kills(options), *_world(options)]
    part = Part(
        name="faults",
        title="Faults of the world lose no decided verdict, and a resumed run comes to the same report.",
        rows=tuple(rows),
        seconds=time.monotonic() - began,
        seed=options.seed,
        sampled=options.kills < 100,
    )
    print("\n".join(told(part)))
    print(write_part(part, options.report_dir))
    return 0 if part.holds else 1


def _kills(options: argparse.Namespace) -> Iterator[Row]:
    for role, version, workers, share in SHARES:
        count = round(options.kills * share)
        if count:
            found = kills.run(role, count, options.seed, workers, version)
            yield _tell(
                kills.as_row(
                    found, f"{role} {version}, {' or '.join(str(n or 1) for n in sorted(set(workers)))} process(es)"
                )
            )


def _world(options: argparse.Namespace) -> Iterator[Row]:
    for role in ("csms", "cs"):
        with tempfile.TemporaryDirectory(prefix="ocpp-tck-faults-") as name, bench(role, Path(name)) as place:
            scratch = Path(name)
            reference = kills.uninterrupted(place, scratch / "reference", 0)
            source = random.Random(f"{options.seed} {role}")  # noqa: S311 - reproducible
            for row in world.everything(place, scratch, reference, source):
                yield _tell(row)


def _tell(row: Row) -> Row:
    """Show a row as soon as it is there: the whole takes long."""
    print(f"{row.good:>4} of {row.count:<4} {row.what}  {row.note}", flush=True)
    for line in row.wrong:
        print(f"       {line}", flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
