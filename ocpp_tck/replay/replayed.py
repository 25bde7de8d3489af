"""Replays one recorded case and says what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.case import case_of, find_function, steps_of
from ocpp_tck.protocol.types import Level, Side
from ocpp_tck.replay.director import Director
from ocpp_tck.replay.world import ReplayedWorld
from ocpp_tck.roles.events import PRODUCT
from ocpp_tck.run import Run
from ocpp_tck.verdict import Verdict, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.case_run import CaseRun
    from ocpp_tck.evidence.records import Record
    from ocpp_tck.replay.recording import Moment, Recording


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replayed case came to.

    Attributes:
        verdict: of the case.
        step: number of the step that ended it, empty when none did.
        cause: first cause in one sentence.
        musts: must-rules that the product broke, in order.
        shoulds: should-rules that it broke.
        steps: number and verdict of the steps that ran.
        diverged: what the kit did otherwise than recorded; empty: the frames alone decided.
        records: the evidence.
    """

    verdict: str
    step: str
    cause: str
    musts: tuple[str, ...]
    shoulds: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    diverged: str
    records: tuple[Record, ...]


def replay(recording: Recording, moments: Sequence[Moment] | None = None) -> Replayed:
    """Run the case against its recording, or against `moments` made of it.

    What the kit does otherwise than recorded after the product has broken a must-rule is no divergence: the verdict
    stands by then.

    Raises:
        CaseError: the kit has no such case any more.
    """
    director = Director(
        recording.moments if moments is None else moments, Side(recording.settings.sut.role), recording.case.time
    )
    world = ReplayedWorld(recording, director)
    run = Run(recording.settings, recording.identity, world, worker="replay")
    function, path = find_function(recording.case.case, recording.case.version)
    facts = case_of(function)
    assert facts is not None  # noqa: S101 - found as a case
    current = run.carry_out(function, facts, steps_of(path, function.__name__), tidy=False)
    director.catch_up()  # what comes between two cases belongs to the one before
    found = [one for one in run.conversation.found if one.sender == PRODUCT]
    illegal = any(one.violation.level is Level.MUST for one in found)
    return Replayed(
        verdict=str(whole(current.verdict, [Verdict.FAIL] if illegal else [])),
        step=getattr(current.cause, "step", ""),
        cause=current.cause.message if current.cause else "",
        musts=tuple(one.violation.rule for one in found if one.violation.level is Level.MUST),
        shoulds=tuple(one.violation.rule for one in found if one.violation.level is Level.SHOULD),
        steps=_steps(current),
        diverged="" if director.illegal_before else director.diverged,
        records=tuple(world.memory.records),
    )


def _steps(current: CaseRun) -> tuple[tuple[str, str], ...]:
    return tuple((number, str(verdict)) for number, verdict in current.steps)
