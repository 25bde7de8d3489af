"""`ocpp-tck plan`: every OCA case with its status, and the steps of those that are written. Nothing is sent."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import cases_root, read_cases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.case import SourceCase


ALIAS = "run as "
"""How the reason of a case begins that is run under other ids."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the catalogue.

    Attributes:
        id: OCA id.
        versions: OCPP versions.
        sut: `cs` or `csms`.
        title: the OCA's name of the case.
        profile: feature profile (1.6) or certification profile.
        status: implemented, pending, draft or disputed.
        reason: why, or under which other ids it is run.
        source: the case as it is written; None when it is pending or run under other ids.
    """

    id: str
    versions: tuple[str, ...]
    sut: str
    title: str
    profile: str
    status: str
    reason: str
    source: SourceCase | None = None


def entries(sut: str | None = None, version: str | None = None) -> list[Entry]:
    """Give the catalogue in the order of the cases as they are written, then the rows that are not.

    Args:
        sut: only this role.
        version: only this OCPP version.

    Raises:
        CaseError: a case is written wrongly, or there are no cases.
    """
    root = cases_root()
    with (root / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["id"]: row
            for row in csv.DictReader(file)
            if sut in {None, row["sut"]} and (version is None or version in row["versions"].split(";"))
        }
    found = []
    for path in sorted(root.rglob("test_*.py")):
        for case in read_cases(path):
            row = rows.get(case.facts["id"])
            if row is not None and (version is None or version in case.facts.get("versions", ("1.6",))):
                found.append(_entry(row, case))
    written = {entry.id for entry in found}
    return found + [_entry(row, None) for name, row in rows.items() if name not in written]


def scope(sut: str, version: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Give the ids of the catalogue's cases by profile and status; those run under other ids stand under these.

    A case of several profiles stands under each; one of none under the empty name.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    with (cases_root() / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["sut"] != sut or version not in row["versions"].split(";") or row["reason"].startswith(ALIAS):
                continue
            for profile in row["profile"].split(";"):
                of_status = found.setdefault(profile, {})
                of_status[row["status"]] = (*of_status.get(row["status"], ()), row["id"])
    return found


def _entry(row: dict[str, str], case: SourceCase | None) -> Entry:
    return Entry(
        id=row["id"],
        versions=tuple(row["versions"].split(";")),
        sut=row["sut"],
        title=row["title"],
        profile=row["profile"],
        status=row["status"],
        reason=row["reason"],
        source=case,
    )


def told(chosen: Sequence[Entry]) -> Iterator[str]:
    """Write the plan for a person."""
    for entry in chosen:
        case = entry.source
        if case is None:
            yield f"{entry.id}  {entry.title}  [{entry.profile}; {entry.reason or entry.status}]"
            continue
        condition = f"  if {case.facts['applies_if']}" if case.facts.get("applies_if") else ""
        yield f"{entry.id}  {case.facts['title']}  [{case.facts['profile']}; {entry.status}]{condition}"
        for step in case.steps:
            extra = f"  (when {step.when})" if step.when else "  (optional)" if step.optional else ""
            yield f"  {step.n:>6}  {step.text}{extra}"
    counts = Counter(
        entry.status if entry.source or entry.status != "implemented" else "run under other ids" for entry in chosen
    )
    yield f"{len(chosen)} cases: {', '.join(f'{count} {status}' for status, count in counts.items())}"


def as_json(entry: Entry) -> dict[str, Any]:
    """Give a row for programs; what the catalogue and the case both say is the case's."""
    case = entry.source
    facts: dict[str, Any] = {} if case is None else {**case.facts, "function": case.function}
    return {
        "id": entry.id,
        "versions": list(entry.versions),
        "sut": entry.sut,
        "title": entry.title,
        "profile": entry.profile,
        "status": entry.status,
        "reason": entry.reason,
        **facts,
        "steps": [step.as_json() for step in case.steps] if case else [],
    }
