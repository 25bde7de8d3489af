"""Which attempt at a case decides when there are several, in one run and over several runs.

Nothing found is lost, and no second try turns what went wrong into a pass:

- **One run** (retried, or resumed after it was killed): all attempts were made in the same circumstances, so the worst
  one that judged decides. An attempt that was cut off decides only where it had found something.
- **Several runs**: the newest product speaks. Of the attempts at the software version that a case met last, those that
  judged decide; where they differ, the worst. An attempt that judged nothing (inconclusive, kit error, not run) gives
  way to one that did, since a person may have mended what was in the way; but not to one at another software version.

Attempts that judged the same product and differ are *flaky*.
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


def history_line(case: Case) -> str:
    """Tell of one attempt: its number, run, time, software version, verdict and cause, and whether it decides."""
    parts = (
        f"attempt {case.attempt}",
        case.run,
        moment(case.start),
        f"software {case.firmware}" if case.firmware else "",
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
    tried = [case for case in counting if case.verdict not in _OUTSIDE]
    if not tried:
        return counting[-1], False
    newest = next((case.firmware for case in reversed(tried) if case.firmware), "")
    before = (at for at in range(len(tried), 0, -1) if tried[at - 1].firmware not in {"", newest})
    same = tried[next(before, 0) :]
    judged = [case for case in same if (case.verdict.is_decided and _is_whole(case)) or case.flaky]
    if not judged:
        return same[-1], False
    flaky = any(case.flaky for case in judged) or len({case.verdict for case in judged}) > 1
    return _worst(reversed(judged)) or judged[-1], flaky


def _is_whole(case: Case) -> bool:
    """Whether an attempt came to its end, or had found something before it was cut off."""
    return not case.interrupted or case.verdict in _FOUND


def _worst(cases: Iterable[Case]) -> Case | None:
    """Give the first of the worst; None of none."""
    listed = list(cases)
    verdict = worst(case.verdict for case in listed)
    return next((case for case in listed if case.verdict is verdict), None)
