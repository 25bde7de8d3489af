"""What the kit made of one systematic mutant, and whether it had to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence import records as r
from ocpp_tck.selftest.equivalents import Spot
from ocpp_tck.selftest.mutation import Mutation, Nature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.replay import Recording, Replayed


class Fate(StrEnum):
    """What became of a mutant.

    KILLED_BY_RULE, KILLED_BY_STEP: the case failed; a frame rule or a step found it.
    WARNED: a SHOULD found it.
    UNDECIDED: the case could not begin, or could not go on through nobody's fault: no pass and no fail.
    SURVIVED: the case passed.
    ERROR: the kit itself failed.
    OPEN: the kit did something else than recorded: only a running product can tell.
    """

    KILLED_BY_RULE = "killed by a rule"
    KILLED_BY_STEP = "killed by a step"
    WARNED = "warned of"
    UNDECIDED = "undecided"
    SURVIVED = "survived"
    ERROR = "kit error"
    OPEN = "open"


KILLED = frozenset({Fate.KILLED_BY_RULE, Fate.KILLED_BY_STEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One mutant with its fate.

    Attributes:
        case, version, message, path, operator, place, step: where it is, see `equivalents.Spot`.
        frame: number of the frame.
        nature: of the mutation.
        text: what is changed.
        by: clause of the mutation, or the rule or step that found it.
        fate: what became of it.
        cause: first cause, in one sentence.
    """

    case: str
    version: str
    message: str
    path: str
    operator: str
    place: str
    step: str
    frame: int
    nature: str
    text: str
    clause: str
    fate: str
    by: str
    cause: str

    @property
    def spot(self) -> Spot:
        """Where it is, for the list of equivalents."""
        return Spot(
            case=self.case,
            version=self.version,
            message=self.message,
            path=self.path,
            operator=self.operator,
            place=self.place,
            step=self.step,
        )

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        """Tell it apart from every other mutant."""
        return self.case, self.version, self.frame, self.path, self.operator

    @property
    def line(self) -> str:
        """Name it in one line."""
        where = f"step {self.step}" if self.step else self.place
        return (
            f"{self.case} {self.version} {where}: {self.message} {self.path or 'frame'}: {self.text} "
            f"({self.operator}, {self.nature}): {self.fate}{f' {self.by}' if self.by else ''}"
            f"{f': {self.cause}' if self.cause else ''}"
        )

    def as_json(self) -> dict[str, Any]:
        """Give the fields."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Places:
    """Where each frame of a recording stands in its case."""

    steps: dict[int, str]
    first_step: int

    def of(self, frame: int) -> tuple[str, str]:
        """Give place and step of a frame."""
        if frame in self.steps:
            return "step", self.steps[frame]
        return ("setup" if frame < self.first_step else "aside"), ""


def places(records: Sequence[r.Record]) -> Places:
    """Read from the evidence of a passing case which step took which frame."""
    steps: dict[int, str] = {}
    first: int | None = None
    last = 0
    for record in records:
        if isinstance(record, r.Frame):
            last = record.n
        elif isinstance(record, r.StepStarted) and first is None:
            first = last + 1
        elif isinstance(record, r.StepEnded):
            steps |= {frame: record.n for frame in record.frames if frame not in steps}
    return Places(steps, first if first is not None else last + 1)


_KINDS = {"CALL": "request", "SEND": "request", "CALLRESULT": "response"}


def judged(recording: Recording, where: Places, mutation: Mutation, came: Replayed) -> Judged:
    """Say what became of a mutant that was replayed."""
    frame = next(one for one in recording.frames if one.n == mutation.frame)
    place, step = where.of(frame.n)
    fate, by = fate_of(came.verdict, came.musts, came.shoulds, came.step, came.diverged)
    return Judged(
        case=recording.case.case,
        version=recording.case.version,
        message=f"{frame.action} {_KINDS.get(frame.type, 'error')}",
        path=mutation.path,
        operator=mutation.operator,
        place=place,
        step=step,
        frame=mutation.frame,
        nature=str(mutation.nature),
        text=mutation.text,
        clause=mutation.by,
        fate=str(fate),
        by=by,
        cause=came.cause if fate is not Fate.OPEN else came.diverged,
    )


def fate_of(
    verdict: str, musts: Sequence[str], shoulds: Sequence[str], step: str, diverged: str = ""
) -> tuple[Fate, str]:
    """Give the fate that a verdict means, and the rule or step that found the mutant."""
    if verdict == "error":
        return Fate.ERROR, ""
    if diverged:
        return Fate.OPEN, ""
    if verdict == "fail":
        return (Fate.KILLED_BY_RULE, musts[0]) if musts else (Fate.KILLED_BY_STEP, step)
    if verdict == "inconclusive":
        return Fate.UNDECIDED, ""
    if verdict == "warn":
        return Fate.WARNED, shoulds[0] if shoulds else ""
    return Fate.SURVIVED, ""


def is_right(one: Judged) -> bool | None:
    """Whether the kit did what it had to; None when the list of equivalents decides.

    What no document allows is killed. What a document allows wherever it stands is not. For the rest, a killed one was
    looked at by a step of the case or a rule, a warned one by a SHOULD, and an undecided one is neither pass nor fail.
    """
    fate = Fate(one.fate)
    if fate is Fate.ERROR:
        return False
    if fate is Fate.OPEN:
        return None
    if one.nature == Nature.ILLEGAL:
        return fate in KILLED
    if one.nature == Nature.LEGAL:
        return fate in {Fate.SURVIVED, Fate.WARNED}
    return None if fate is Fate.SURVIVED else True
