"""What a run shows of each certification profile: complete, incomplete, failed or not claimed, and why.

A profile is complete only when every case of it that applies was decided and none failed. What was not exercised, could
not be decided, does not count, or was left out on a declaration that the product contradicts is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ocpp_tck.report.model import ANONYMISED
from ocpp_tck.verdict import Verdict, worst

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, ReportModel

CORE = "Core"
"""The profile that everybody claims: it must always be there (2.0.1 and 2.1 Part 5 chapter 2; 1.6 3.3)."""
_NO_PROFILE = "Outside the certification profiles"

_QUESTIONS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("1.6", "Firmware Management"): {"cs": ("firmware_management",), "csms": ("firmware_management",)},
    ("1.6", "Local Auth List Management"): {"cs": ("local_auth_list",), "csms": ("local_auth_list",)},
    ("1.6", "Remote Trigger"): {"cs": ("remote_trigger",), "csms": ("remote_trigger",)},
    ("1.6", "Reservation"): {"cs": ("reservation",), "csms": ("reservation",)},
    ("1.6", "Smart Charging"): {"cs": ("smart_charging",), "csms": ("smart_charging",)},
    ("1.6", "Security"): dict.fromkeys(
        ("cs", "csms"), ("security_profile_1", "security_profile_2", "security_profile_3")
    ),
    ("2.0.1", "Local Authorization List Management"): {"cs": ("LA-1",)},
    ("2.0.1", "Reservation"): {"cs": ("R-3",)},
    ("2.1", "Local Authorization List Management"): {"cs": ("LA-0",), "csms": ("LA-0",)},
    ("2.1", "Reservation"): {"cs": ("R-0",), "csms": ("R-0",)},
    ("2.1", "Advanced Device Management"): {"cs": ("DM-0",), "csms": ("DM-0",)},
    ("2.1", "Advanced User Interface"): {"cs": ("UI-0",), "csms": ("UI-0",)},
    ("2.1", "Payment"): {"cs": ("P-0",), "csms": ("P-0",)},
}
"""Questions of `[pics]` that claim a profile, by version, profile and role: one yes claims it."""


class Claim(StrEnum):
    """Whether the vendor says that the product has a profile."""

    REQUIRED = "required of every product"
    YES = "declared"
    NO = "declared as missing"
    OPEN = "not answered in [pics]"
    UNASKED = "no question of [pics] asks for it"


class Status(StrEnum):
    """What the run shows of a profile."""

    COMPLETE = "complete"
    WARNED = "complete with warnings"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    NOT_CLAIMED = "not claimed"
    UNTOUCHED = "not examined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileResult:
    """What a run shows of one profile.

    Attributes:
        passed, warned, failed, left_out: ids of the cases with these verdicts; `left_out` are not applicable.
        known: the part of `failed` that stands in the file of known failures.
        missing: ids of the cases that applied, or may have applied, and were not decided, by reason.
        notes: what else keeps it from being complete, or is worth knowing, in words.
    """

    name: str
    claim: Claim
    status: Status
    passed: tuple[str, ...]
    warned: tuple[str, ...]
    failed: tuple[str, ...]
    known: tuple[str, ...]
    left_out: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def decided(self) -> int:
        """Number of cases that were decided."""
        return len(self.passed) + len(self.warned) + len(self.failed)

    @property
    def open(self) -> int:
        """Number of cases that are missing."""
        return sum(map(len, self.missing.values()))


def profile_results(model: ReportModel) -> tuple[ProfileResult, ...]:
    """Give what the run shows of each profile: Core first, then by name, then the cases outside all profiles."""
    version = model.sut.get("version", "")
    attempts: dict[str, list[Case]] = {}
    for case in model.cases:
        if not case.superseded:
            attempts.setdefault(case.id, []).append(case)
    places: dict[str, dict[str, str]] = {}
    catalogued: set[str] = set()
    for profile, statuses in model.run.scope.items():
        of_profile = places.setdefault(_name(profile, version), {})
        for status, ids in statuses.items():
            of_profile |= dict.fromkeys(ids, status)
            catalogued |= set(ids)
    for name, cases in attempts.items():
        if name not in catalogued:
            for profile in cases[0].profile.split(";"):
                places.setdefault(_name(profile, version), {})[name] = cases[0].status
    order = sorted(places, key=lambda name: (name != CORE, name == _NO_PROFILE, name))
    return tuple(_result(name, places[name], attempts, model) for name in order)


def overall(results: Sequence[ProfileResult], model: ReportModel) -> Status:
    """Give what the run shows of the product as a whole: of its profiles that are not denied."""
    asked = [one for one in results if one.status not in {Status.NOT_CLAIMED, Status.UNTOUCHED}]
    asked = [one for one in asked if one.name != _NO_PROFILE or one.failed or one.decided]
    if any(one.status is Status.FAILED for one in asked):
        return Status.FAILED
    claimed = [one for one in asked if one.claim in {Claim.REQUIRED, Claim.YES, Claim.OPEN}]
    if model.verdict is Verdict.NONE or not any(one.decided for one in asked):
        return Status.UNTOUCHED
    if any(one.status is Status.INCOMPLETE for one in claimed) or not claimed:
        return Status.INCOMPLETE
    if model.verdict not in {Verdict.PASS, Verdict.WARN}:
        return Status.INCOMPLETE
    return Status.WARNED if model.verdict is Verdict.WARN else Status.COMPLETE


def _name(profile: str, version: str) -> str:
    """Give a profile's name; what 2.1 writes as a part of Core is a part that is claimed by itself."""
    inner = re.fullmatch(r"Core \((.+)\)", profile) if version == "2.1" else None
    return (inner[1] if inner else profile).strip() or _NO_PROFILE


def _claim(name: str, model: ReportModel) -> Claim:
    if name == CORE:
        return Claim.REQUIRED
    asked = _QUESTIONS.get((model.sut.get("version", ""), name), {}).get(model.sut.get("role", ""), ())
    answers = [model.run.pics.get(question) for question in asked]
    if not asked:
        return Claim.UNASKED
    if True in answers:
        return Claim.YES
    return Claim.OPEN if None in answers else Claim.NO


def _result(
    name: str, ids: Mapping[str, str], attempts: Mapping[str, Sequence[Case]], model: ReportModel
) -> ProfileResult:
    by_verdict: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    missing: dict[str, list[str]] = {}
    known = []
    for one, status in ids.items():
        cases = attempts.get(one, ())
        reason = _why_missing(cases, status, model)
        if reason:
            missing.setdefault(reason, []).append(one)
            continue
        verdict = _combined(cases)
        by_verdict[verdict].append(one)
        if verdict is Verdict.FAIL and all(case.known for case in cases if case.counts and case.verdict is verdict):
            known.append(one)
    claim = _claim(name, model)
    notes = tuple(_notes(name, claim, model))
    decided = any(by_verdict[verdict] for verdict in (Verdict.PASS, Verdict.WARN, Verdict.FAIL))
    begun = decided or any(attempts.get(one) for ids_of in missing.values() for one in ids_of)
    if by_verdict[Verdict.FAIL]:
        status_of = Status.FAILED
    elif claim is Claim.NO and not decided:
        status_of = Status.NOT_CLAIMED
    elif claim is Claim.UNASKED and not begun:
        status_of = Status.UNTOUCHED
    elif missing or not decided or _is_damaged(model) or not model.run.scope:
        status_of = Status.INCOMPLETE
    else:
        status_of = Status.WARNED if by_verdict[Verdict.WARN] or notes else Status.COMPLETE
    return ProfileResult(
        name=name,
        claim=claim,
        status=status_of,
        passed=tuple(by_verdict[Verdict.PASS]),
        warned=tuple(by_verdict[Verdict.WARN]),
        failed=tuple(by_verdict[Verdict.FAIL]),
        known=tuple(known),
        left_out=tuple(by_verdict[Verdict.NOT_APPLICABLE]),
        missing={reason: tuple(names) for reason, names in missing.items()},
        notes=(*notes, *(("No case of it was decided.",) if not missing and not decided and begun else ())),
    )


def _combined(cases: Sequence[Case]) -> Verdict:
    """Combine the attempts at one case that count."""
    counted = [case.verdict for case in cases if case.counts]
    found = worst(counted)
    return found if found is not Verdict.NONE else next((one for one in counted), Verdict.NONE)


_MISSING = {
    Verdict.ERROR: "ended by an error of the kit",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_RUN: "not run",
    Verdict.NONE: "nothing decided",
}


def _why_missing(cases: Sequence[Case], status: str, model: ReportModel) -> str:
    """Say why a case is not decided; empty when it is, or does not apply."""
    if not cases:
        if status == "implemented":
            return "not selected for this run" if model.run.selection else "not reached by this run"
        return {"pending": "not in this version of the kit"}.get(status, f"{status}, not in this version of the kit")
    if not any(case.counts for case in cases):
        return f"{cases[0].status}, does not count"
    verdict = _combined(cases)
    if verdict is Verdict.NOT_APPLICABLE and any(_is_doubtful(case, model) for case in cases):
        return "left out on a declaration that the product contradicts"
    return _MISSING.get(verdict, "")


def _is_doubtful(case: Case, model: ReportModel) -> bool:
    """Whether the reason for leaving a case out names an answer of `[pics]` that the product contradicts."""
    reason = case.cause.text.rpartition("declared:")[2] if case.cause else ""
    given = {part.strip() for part in reason.split(",")}
    return any(f"{one.feature} = {str(one.declared).lower()}" in given for one in model.declarations)


def _is_damaged(model: ReportModel) -> bool:
    """Whether something is wrong with the evidence that may hide what was found."""
    return any(problem != ANONYMISED for problem in model.problems)


def _notes(name: str, claim: Claim, model: ReportModel) -> list[str]:
    version, role = model.sut.get("version", ""), model.sut.get("role", "")
    asked = _QUESTIONS.get((version, name), {}).get(role, ())
    notes = [one.text for one in model.declarations if one.feature in asked]
    if not model.run.scope:
        notes.append("The evidence does not hold the catalogue of cases: whether cases are missing is not known.")
    if claim is Claim.OPEN:
        notes.append(f"[pics] does not answer {', '.join(one for one in asked if one not in model.run.pics)}.")
    if _is_damaged(model):
        notes.append("Something stands against the evidence, see Evidence.")
    return notes
