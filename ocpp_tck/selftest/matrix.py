"""The systematic mutants: every change of every frame of the product, in every implemented case.

A mutant is replayed against the recording of its case under virtual time. Where the kit then does something else than
recorded, the frames alone do not decide, and it is run live through the mutating link (`live.py`).
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import cases_root, read_cases
from ocpp_tck.demo import options_for
from ocpp_tck.replay import replay
from ocpp_tck.selftest.alter import altered
from ocpp_tck.selftest.equivalents import load
from ocpp_tck.selftest.lab import lab
from ocpp_tck.selftest.mutations import Mutation, mutations
from ocpp_tck.selftest.recorder import RecordingError, record
from ocpp_tck.selftest.result import Part, Row
from ocpp_tck.selftest.verdicts import Fate, Judged, is_right, judged, places
from ocpp_tck.selftest.workers import workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocpp_tck.replay import Recording
    from ocpp_tck.selftest.equivalents import Equivalent

VERSIONS = ("1.6", "2.0.1", "2.1")
ROLES = ("csms", "cs")
CONFIRMED = 0.003
"""Part of the replayed mutants that is run live as well: replay and reality have to agree."""
HELD = frozenset({"frame.dropped", "frame.delayed", "frame.swapped", "inject.data_transfer", "inject.heartbeat"})
"""Not confirmed so: the product waits for the answer to such a frame, and the link holds up what comes behind it; and
of a request that the link injects the product knows nothing, so that one of its own may cross it."""


@dataclass(frozen=True, slots=True)
class Job:
    """Some cases of one role and version, recorded on one embedded product."""

    sut: str
    version: str
    variant: tuple[str, ...]
    cases: tuple[str, ...]
    sample: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A mutant that a replay can't decide, and how the link finds its frame: the `nth` of that kind and action."""

    judged: Judged
    mutation: Mutation
    variant: tuple[str, ...]
    kind: str
    action: str
    nth: int


@dataclass(slots=True)
class Found:
    """What a job found.

    Attributes:
        judged: every mutant.
        open: those that only a running product can tell.
        drawn: some of the others, by chance, whose fate a running product is to confirm.
        problems: cases that could not be recorded, and changes that could not be made.
    """

    judged: list[Judged] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    drawn: list[Open] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(
    *,
    sut: str | None = None,
    version: str | None = None,
    cases: Sequence[str] = (),
    sample: float = 1.0,
    seed: int = 0,
    jobs: int = 2,
) -> tuple[Part, Found]:
    """Replay the mutants; gives the part of the table, and every mutant.

    Args:
        sut: only this role.
        version: only this version.
        cases: only these cases.
        sample: part of the mutants that is tried, drawn by the seed; 1 = all.
        seed: see `sample`.
        jobs: processes.
    """
    began = time.monotonic()
    found = Found()
    work = plan(sut, version, cases, jobs, sample, seed)
    with workers(jobs) as pool:
        for one in pool.map(carry_out, work):
            found.judged += one.judged
            found.open += one.open
            found.drawn += one.drawn
            found.problems += one.problems
    whole = sample >= 1 and not (sut or version or cases)
    rows = summary(found, load(), stale=whole)
    title = "Every change of every frame of the product, replayed against the recorded case."
    return Part(
        name="replayed", title=title, rows=rows, seconds=time.monotonic() - began, seed=seed, sampled=not whole
    ), found


def plan(
    sut: str | None, version: str | None, wanted: Sequence[str], jobs: int, sample: float = 1.0, seed: int = 0
) -> list[Job]:
    """Share the implemented cases out, longest jobs first."""
    work = []
    for role in (sut,) if sut else ROLES:
        for number in (version,) if version else VERSIONS:
            ids: dict[tuple[str, ...], list[str]] = {}
            for case, variant in _cases(role, number):
                if not wanted or case in wanted:
                    ids.setdefault(variant, []).append(case)
            for variant, chosen in ids.items():
                parts = jobs if len(chosen) > jobs else 1
                shares = (tuple(chosen[part::parts]) for part in range(parts))
                work += [Job(role, number, variant, share, sample, seed) for share in shares if share]
    return sorted(work, key=lambda job: (job.sut != "cs", -len(job.cases)))


def _cases(sut: str, version: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Give the implemented cases, and the options of the embedded product that each of them needs."""
    for path in sorted(cases_root().rglob("test_*.py")):
        for case in read_cases(path):
            facts = case.facts
            if (
                facts["id"].rsplit("_", 1)[-1].lower() == sut
                and version in facts.get("versions", ("1.6",))
                and facts.get("status", "implemented") == "implemented"
            ):
                yield facts["id"], options_for(sut, version, facts)


def carry_out(job: Job) -> Found:
    """Record the cases of a job and replay their mutants."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-selftest-") as folder:
        recordings = []
        with lab(job.sut, Path(folder), *job.variant, version=job.version) as place:
            for case in job.cases:
                try:
                    recordings.append(record(place, case, job.version))
                except RecordingError as error:
                    found.problems.append(str(error))
        for recording in recordings:
            _try_all(recording, job, found)
    return found


def _try_all(recording: Recording, job: Job, found: Found) -> None:
    where = places(replay(recording).records)
    limits = recording.settings.limits
    late = max(getattr(limits, name) for name in limits.__slots__ if name not in {"operator", "handshake"}) + 1
    dice = random.Random(f"{job.seed} {recording.case.case} {job.version}")  # noqa: S311 - which mutants is no secret
    for mutation in mutations(recording.frames, job.version, job.sut, limit=late):
        if job.sample < 1 and dice.random() >= job.sample:
            continue
        moments = altered(recording.moments, mutation.frame, mutation.do)
        if moments is None:
            found.problems.append(f"{recording.case.case} {job.version}: {mutation.name} changes nothing")
            continue
        one = judged(recording, where, mutation, replay(recording, moments))
        found.judged.append(one)
        if one.fate == Fate.OPEN:
            found.open.append(_open(recording, one, mutation, job))
        elif mutation.live and mutation.operator not in HELD and dice.random() < CONFIRMED:
            found.drawn.append(_open(recording, one, mutation, job))


_LINK = {"CALL": "call", "SEND": "any", "CALLRESULT": "result", "CALLERROR": "error"}


def _open(recording: Recording, one: Judged, mutation: Mutation, job: Job) -> Open:
    meant = next(frame for frame in recording.frames if frame.n == mutation.frame)
    alike = [
        frame.n
        for frame in recording.frames
        if (frame.sender, frame.type, frame.action) == ("product", meant.type, meant.action)
    ]
    return Open(one, mutation, job.variant, _LINK[meant.type], meant.action, alike.index(meant.n) + 1)


_NAMES = {
    "illegal": "no document allows it: killed",
    "legal": "always legal: not failed",
    "judged": "legal as a frame: killed, undecided, warned of, or equivalent",
}


def summary(found: Found, known: Sequence[Equivalent], *, stale: bool) -> tuple[Row, ...]:
    """Make the rows of the table: by role, version and what the documents say of the mutant."""
    used: set[str] = set()
    groups: dict[tuple[str, str, str], list[tuple[Judged, bool, str]]] = {}
    for one in found.judged:
        right = is_right(one)
        entry = next((entry for entry in known if entry.covers(one.spot)), None) if right is None else None
        if entry is not None:
            used.add(entry.source)
        if one.fate == Fate.OPEN:
            continue
        sut = one.case.rsplit("_", 1)[-1].lower()
        holds = bool(right) or entry is not None
        fate = f"equivalent ({one.fate})" if entry is not None else one.fate
        groups.setdefault((sut, one.version, one.nature), []).append((one, holds, fate))
    rows = []
    for (sut, version, nature), members in sorted(groups.items()):
        counts = Counter(fate for _, _, fate in members)
        rows.append(
            Row(
                what=f"{sut} {version}, {_NAMES[nature]}",
                count=len(members),
                good=sum(holds for _, holds, _ in members),
                wrong=tuple(one.line for one, holds, _ in members if not holds),
                note=", ".join(f"{count} {fate}" for fate, count in counts.most_common()),
            )
        )
    if found.problems:
        rows.append(Row(what="cases and changes that could not be tried", count=0, good=0, wrong=tuple(found.problems)))
    if stale and (
        idle := [f"{one.source}: {one.message} {one.path}" for one in known if one.source not in used and not one.rare]
    ):
        good = len(known) - len(idle)
        rows.append(Row(what="entries of the list of equivalents", count=len(known), good=good, wrong=tuple(idle)))
    return tuple(rows)


def details(found: Found) -> Iterable[dict[str, Any]]:
    """Give every mutant with its fate, for whoever wants to look."""
    return (one.as_json() for one in found.judged)
