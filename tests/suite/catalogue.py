"""The catalogue of OCA cases beside the cases in the code.

`python -m tests.suite.catalogue` writes each row's status anew from the code: an implemented case makes its row, and
the rows of its aliases, implemented; any other row falls back to pending, unless it says draft or disputed by hand.
"""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING

from ocpp_tck.case import cases_root, read_cases
from ocpp_tck.plan import ALIAS

if TYPE_CHECKING:
    from pathlib import Path

    from ocpp_tck.case import SourceCase

STATUSES = ("implemented", "pending", "draft", "disputed")


def cases() -> list[SourceCase]:
    """Give every case of the code."""
    return [case for path in sorted(cases_root().rglob("test_*.py")) for case in read_cases(path)]


def rows(path: Path | None = None) -> list[dict[str, str]]:
    """Give the rows of the catalogue."""
    with (path or cases_root() / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refreshed(present: list[dict[str, str]], known: list[SourceCase]) -> list[dict[str, str]]:
    """Give the rows with the status that the code says; a row run under other ids names them as its reason."""
    own: dict[str, dict[str, set[str]]] = {}
    aliases: dict[str, list[str]] = {}
    for case in known:
        status = case.facts.get("status", "implemented")
        for version in case.facts.get("versions", ("1.6",)):
            own.setdefault(case.facts["id"], {}).setdefault(status, set()).add(version)
        for alias in case.facts.get("aliases", ()):
            aliases.setdefault(alias, []).append(case.facts["id"])
    result = []
    for row in present:
        fresh = dict(row)
        if row["id"] in own:
            (fresh["status"],) = own[row["id"]]
            missing = sorted(set(row["versions"].split(";")) - set.union(*own[row["id"]].values()))
            fresh["reason"] = f"not yet for {' and '.join(missing)}" if missing else ""
        elif row["id"] in aliases:
            fresh["status"], fresh["reason"] = "implemented", ALIAS + " and ".join(sorted(set(aliases[row["id"]])))
        elif row["status"] == "implemented":
            fresh["status"], fresh["reason"] = "pending", ""
        result.append(fresh)
    return result


def written(table: list[dict[str, str]]) -> str:
    """Write rows as the catalogue's CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def main() -> int:
    """Refresh the catalogue in place."""
    path = cases_root() / "catalogue.csv"
    fresh = refreshed(rows(path), cases())
    path.write_text(written(fresh), encoding="utf-8", newline="")
    count = sum(row["status"] == "implemented" for row in fresh)
    sys.stdout.write(f"{path}: {count} of {len(fresh)} rows implemented\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
