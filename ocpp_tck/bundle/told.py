"""Says in words what a verification has found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ocpp_tck.report.terminal import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.bundle.verify import Verified

_SHOWN = 5


def told(found: Verified, name: str) -> Iterator[str]:
    """Give the lines for a terminal; nothing in them can act on it."""
    yield line(f"{name}: {'whole' if found.is_whole else 'NOT whole'}, {found.signature}")
    yield from (line(f"  PROBLEM  {problem}") for problem in found.problems)
    if found.cases:
        yield from _recomputed(found)
    if found.masked_rules:
        yield f"  {found.masked_rules} broken rule(s) were decided on values that are masked in the journal"
    if found.original:
        heads = ", ".join(head[:16] + "…" for head in found.original)
        yield line(f"  anonymised: made of the journal(s) that end with the hash {heads}")
    yield from (line(f"  note: {note}") for note in found.notes)


def _recomputed(found: Verified) -> Iterator[str]:
    differ = len(found.cases) - found.agreed - len(found.open)
    text = f"  verdicts: recomputed {found.agreed + differ} of {len(found.cases)} from the frames"
    yield text + (f", {differ} of them otherwise than recorded" if differ else ", all as recorded")
    reasons = Counter(one.open for one in found.open)
    for reason, count in reasons.items():
        cases = [one.case for one in found.open if one.open == reason]
        names = ", ".join(cases[:_SHOWN]) + (f" and {count - _SHOWN} more" if count > _SHOWN else "")
        yield line(f"  {count} not recomputable, because {reason}: {names}")
