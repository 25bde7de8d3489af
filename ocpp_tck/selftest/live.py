"""Systematic mutants whose fate needs the product's reaction: run live, through the mutating link."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.reference.mutant import Match, Mutant, Reorder
from ocpp_tck.selftest.equivalents import load
from ocpp_tck.selftest.lab import lab
from ocpp_tck.selftest.matrix import Found, Open, summary
from ocpp_tck.selftest.result import Part, Row
from ocpp_tck.selftest.verdicts import KILLED, Fate, Judged, fate_of
from ocpp_tck.selftest.workers import workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocpp_tck.selftest.lab import Lab, Outcome

TRIES = 2
"""So often a case is run in which the frame to change need not come each time."""
LOST = 0.01
"""Part of those drawn to confirm a replay whose frame may fail to come in every try; they confirm nothing."""
PORTION = 40
"""So many mutants share an embedded product."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Mutants that one process runs on one embedded product."""

    sut: str
    version: str
    variant: tuple[str, ...]
    members: tuple[Open, ...]


def run(found: Found, *, jobs: int = 2, seed: int = 0, sampled: bool = False) -> Part:
    """Run the mutants that the replay has left open, and those drawn to confirm it; gives the part of the table."""
    began = time.monotonic()
    results, confirmed = Found(), Found()
    with workers(jobs) as pool:
        for members, into in ((found.open, results), (found.drawn, confirmed)):
            for judged, problems in pool.map(carry_out, portions(members)):
                into.judged += judged
                into.problems += problems
    return Part(
        name="live",
        title="Changes after which the kit acts otherwise than recorded, run on the embedded product.",
        rows=(*summary(results, load(), stale=False), *_confirmed(found.drawn, confirmed)),
        seconds=time.monotonic() - began,
        seed=seed,
        sampled=sampled,
    )


def _confirmed(drawn: Sequence[Open], came: Found) -> Iterable[Row]:
    """Compare what the replay said with what came of the running product."""
    said = {one.judged.key: one.judged for one in drawn if one.mutation.live}
    if not said:
        return
    wrong = [
        f"{one.line}; the replay said {said[one.key].fate} {said[one.key].by}"
        for one in came.judged
        if _verdict(one) != _verdict(said[one.key])
    ]
    lost = came.problems
    yield Row(
        what="replayed mutants whose fate a running product confirms",
        count=len(said) - len(lost),
        good=len(came.judged) - len(wrong),
        wrong=(*wrong, *(lost if len(lost) > LOST * len(said) else ())),
        note=f"not counted: {'; '.join(lost)}" if lost else "",
    )


def _verdict(one: Judged) -> str:
    return "killed" if Fate(one.fate) in KILLED else one.fate


def portions(found: Iterable[Open]) -> list[Portion]:
    """Share the mutants out."""

    def place(one: Open) -> tuple[str, str, tuple[str, ...]]:
        return one.judged.case.rsplit("_", 1)[-1].lower(), one.judged.version, one.variant

    shares = []
    usable = sorted((one for one in found if one.mutation.live), key=place)
    for (sut, version, variant), group in groupby(usable, key=place):
        members = tuple(group)
        shares += [Portion(sut, version, variant, members[at : at + PORTION]) for at in range(0, len(members), PORTION)]
    return shares


def carry_out(portion: Portion) -> tuple[list[Judged], list[str]]:
    """Run a portion; gives the mutants with their fates, and what could not be tried."""
    judged, left = _on_a_product(portion)
    if left:  # a product that does not come back spoils all that follows
        further, left = _on_a_product(replace(portion, members=left))
        judged += further
    named = (f"{one.judged.case} {portion.version}: {one.mutation.name}" for one in left)
    return judged, [f"{name}: the frame did not come" for name in named]


def _on_a_product(portion: Portion) -> tuple[list[Judged], tuple[Open, ...]]:
    """Run a portion on a new product; gives the mutants with their fates, and those whose frame did not come."""
    judged: list[Judged] = []
    left: list[Open] = []
    with (
        tempfile.TemporaryDirectory(prefix="ocpp-tck-selftest-") as folder,
        lab(portion.sut, Path(folder), *portion.variant, version=portion.version) as place,
    ):
        for one in portion.members:
            came = _try(place, portion, one)
            if came is None:
                left.append(one)
            else:
                judged.append(came)
    return judged, tuple(left)


def _try(place: Lab, portion: Portion, one: Open) -> Judged | None:
    match = Match(sender=portion.sut, type=one.kind, action=one.action, nth=one.nth)
    mutant = Mutant(match, one.mutation.do, "defect")
    for _ in range(TRIES):
        came = place.alone(one.judged.case, portion.version, [mutant])
        if came.hits["defect"] or isinstance(one.mutation.do, Reorder):
            break
    if not came.hits["defect"]:
        if not isinstance(one.mutation.do, Reorder):
            return None
        cause = "no frame overtook it: the product says nothing until it is answered"
        return replace(one.judged, fate=str(Fate.UNDECIDED), by="", cause=cause)
    fate, by = _fate(came)
    return replace(one.judged, fate=str(fate), by=by, cause=came.cause)


def _fate(came: Outcome) -> tuple[Fate, str]:
    kind, _, name = came.where.partition(" ")
    rules = (name,) if kind == "rule" else ()
    return fate_of(came.verdict, rules, rules, name if kind == "step" else "")
