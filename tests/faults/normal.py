"""What of a report does not depend on when and how often a run was interrupted.

Taken out: times and durations, frame numbers, journals and nodes, attempts that were made again, the run's own facts
(workers, journals, how often it was resumed) and the measured answer times. In texts, numbers of two digits and more,
times and ids are replaced, for they come from clocks and counters. What remains is compared word for word: the totals,
and of each case verdict, whether it counts, the cause, every step with its verdict and cause, every violation.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
    r"|\d+\.\d+|\d{2,}"
)


def normal(path: Path) -> dict[str, Any]:
    """Read a report.json without what varies."""
    report = json.loads(path.read_text(encoding="utf-8"))
    last = {case["id"]: case for case in report["cases"] if case["counts"] or case["status"] != "implemented"}
    totals = {name: count for name, count in report["totals"].items() if name != "uncounted"}
    return {
        "verdict": report["verdict"],
        "sut": report["sut"],
        "totals": totals,
        "problems": report["problems"],
        "deviations": report["deviations"],
        "cases": {name: _case(case) for name, case in sorted(last.items())},
    }


def _case(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "verdict": case["verdict"],
        "counts": case["counts"],
        "title": case["title"],
        "cause": _said(case["cause"]) if case["cause"] else None,
        "steps": [{"n": step["n"], "verdict": step["verdict"], **_said(step)} for step in case["steps"]],
        "violations": [(one["rule"], one["level"], one["sender"], _text(one["message"])) for one in case["violations"]],
    }


def _said(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _text(value[name])
        for name in ("where", "text", "cause", "requirement", "expected", "received")
        if name in value
    }


def _text(text: str) -> str:
    return _VARIES.sub("#", text)


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """List where two normal reports differ, a line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for name in [*one, *(name for name in other if name not in one)]
            for line in differences(one.get(name), other.get(name), f"{place}/{name}")
        ]
    return [] if one == other else [f"{place}: {one!r} uninterrupted, {other!r} resumed"]
