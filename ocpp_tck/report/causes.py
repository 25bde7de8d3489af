"""Equal causes are one: the cases of a run grouped by what is wrong, whatever numbers and ids they differ in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.report.compare import headline, is_bare
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocpp_tck.report.model import Case

TO_FIX = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.WARN)
"""Verdicts that somebody has to do something about, the most pressing first; a kit error is not the product's."""

_WITH_DIGIT = re.compile(r"[^\s'\"(){}\[\],;:=]*\d[^\s'\"(){}\[\],;:=]*")
_RUN = re.compile(r"#(?:[\s:+-]*#)+")


def grouped(cases: Iterable[Case]) -> list[tuple[Case, list[Case]]]:
    """Group the cases that count, need attention and are no known deviation by their first cause.

    Each group is its earliest case and all its cases. Groups go by verdict as in `TO_FIX`, then by how many cases
    they cost, then by which came first.
    """
    groups: dict[tuple[Verdict, str, str, str], list[Case]] = {}
    for case in cases:
        if case.counts and case.cause and not case.known and case.verdict in TO_FIX:
            groups.setdefault((case.verdict, *likeness(case)), []).append(case)
    ordered = sorted(groups.items(), key=lambda group: (TO_FIX.index(group[0][0]), -len(group[1])))
    return [(members[0], members) for _, members in ordered]


def likeness(case: Case) -> tuple[str, str, str]:
    """Give what two cases share when they have the same first cause: rule, text without its numbers, action.

    Bare values are the same cause only with the same message: `'Rejected' instead of 'Accepted'` of a Reset and of a
    ClearCache are two.
    """
    cause = case.cause
    if cause is None:
        return "", "", ""
    rule = cause.where if cause.where.startswith("rule ") else ""
    text = headline(case)
    frames = reversed(case.frames) if is_bare(text) else ()
    action = next((frame.action for frame in frames if frame.n in cause.frames and frame.action), "")
    return rule, without_numbers(text), action


def without_numbers(text: str) -> str:
    """Write every word with a digit (a number, a time, an id) as `#`; neighbours of that kind are one."""
    return _RUN.sub("#", _WITH_DIGIT.sub("#", text))
