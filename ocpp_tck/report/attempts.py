"""Which attempt at a case decides when there are several, in one run and over several runs.

Nothing found is lost, and no second try turns what went wrong into a pass:

- **One run** (retried, or resumed after it was killed): all attempts were made in the same circumstances, so the worst
  one that judged decides. An attempt that was cut off decides only where it had found something.
- **Several runs**: the newest product speaks. Of the attempts at the software version that a case met last, those that
  judged decide; where they differ, the worst. An attempt that judged nothing (inconclusive, kit error, not run) gives
  way to one that did, since a person may have mended what was in the way; but not to one at another software version.

Attempts that judged the same product with the same security profile and differ are *flaky*. Where they differ by
security profile only, the worst decides too: the product does not behave alike over all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ocpp_tck.report.text import moment
from ocpp_tck.verdict import Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ocpp_tck.report.model import Case

_OUTSIDE = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.NONE)
_GOOD = (Verdict.PASS, Verdict.WARN)
_FOUND = (Verdict.WARN, Verdict.FAIL, Verdict.ERROR)


def settle(cases: Sequence[Case]) -> list[Case]:
    """Number the attempts of one run, and mark those that do not decide and those that are flaky."""
    return _settled(cases, _of_one_run)


def settle_runs(cases: Sequence[Case]) -> list[Case]:
    """Do the same over several runs, each of which is settled; the cases run by run, the earliest run first."""
    return _settled(cases, _of_several)


_Decision = tuple["Case", bool]
"""The attempt that decides, and whether the case is flaky."""


def _settled(cases: Sequence[Case], decide: Callable[[list[Case]], _Decision]) -> list[Case]:
    groups: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault(case.same, []).append(case)
    decisions = {same: decide(attempts) for same, attempts in groups.items()}
    numbers = dict.fromkeys(groups, 0)
    settled = []
    for case in cases:
        numbers[case.same] += 1
        deciding, flaky = decisions[case.same]
        settled.append(replace(case, attempt=numbers[case.same], superseded=case is not deciding, flaky=flaky))
    return settled


def differing_by_profile(cases: Iterable[Case]) -> dict[str, dict[int, Verdict]]:
    """Find the cases of several runs that fail with one security profile and not with another.

    The cases as for `settle_runs`. A warning beside a pass is no such difference: nothing mandatory depends on it.

    Returns:
        by OCA id the worst verdict with each profile, of the attempts that judge the product as it was met last.
    """
    groups: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        if not case.superseded:
            groups.setdefault(case.same, []).append(case)
    found = {
        attempts[0].id: {
            profile: worst(each) for profile, each in sorted(_by_profile(_judged(_newest(attempts))).items())
        }
        for attempts in groups.values()
    }
    return {name: verdicts for name, verdicts in found.items() if len({one in _GOOD for one in verdicts.values()}) > 1}


def history_line(case: Case) -> str:
    """Tell of one attempt: its number, verdict and cause, and whether it decides.

    In a report of several runs also of which one it is, with the software version and the security profile.
    """
    parts = (
        f"attempt {case.attempt}",
        case.run,
        moment(case.start),
        f"software {case.firmware}" if case.firmware else "",
        f"security profile {case.security_profile}" if case.run else "",
        f"{case.verdict}{', interrupted' if case.interrupted else ''}",
        case.cause.text if case.cause else "",
        "" if case.superseded else "decides",
    )
    return " · ".join(filter(None, parts))


def _of_one_run(attempts: list[Case]) -> _Decision:
    judged = [case for case in attempts if case.verdict not in _OUTSIDE and _is_whole(case)]
    is_tried = any(not case.interrupted for case in judged)
    return _worst(judged) or attempts[-1], is_tried and len({case.verdict for case in judged}) > 1


def _of_several(attempts: list[Case]) -> _Decision:
    counting = [case for case in attempts if not case.superseded]
    same = _newest(counting)
    if not same:
        return counting[-1], False
    judged = _judged(same)
    if not judged:
        return same[-1], False
    flaky = any(case.flaky for case in judged) or any(len(found) > 1 for found in _by_profile(judged).values())
    return _worst(reversed(judged)) or judged[-1], flaky


def _newest(counting: Sequence[Case]) -> list[Case]:
    """Give the attempts that tried the product at the software version that was met last."""
    tried = [case for case in counting if case.verdict not in _OUTSIDE]
    newest = next((case.firmware for case in reversed(tried) if case.firmware), "")
    before = (at for at in range(len(tried), 0, -1) if tried[at - 1].firmware not in {"", newest})
    return tried[next(before, 0) :]


def _judged(attempts: Iterable[Case]) -> list[Case]:
    return [case for case in attempts if (case.verdict.is_decided and _is_whole(case)) or case.flaky]


def _by_profile(attempts: Iterable[Case]) -> dict[int, set[Verdict]]:
    found: dict[int, set[Verdict]] = {}
    for case in attempts:
        found.setdefault(case.security_profile, set()).add(case.verdict)
    return found


def _is_whole(case: Case) -> bool:
    """Whether an attempt came to its end, or had found something before it was cut off."""
    return not case.interrupted or case.verdict in _FOUND


def _worst(cases: Iterable[Case]) -> Case | None:
    """Give the first of the worst; None of none."""
    listed = list(cases)
    verdict = worst(case.verdict for case in listed)
    return next((case for case in listed if case.verdict is verdict), None)
