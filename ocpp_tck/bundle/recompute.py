"""Recomputes the verdicts of a run from its frames, and compares them with what was recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.evidence.earlier import Earlier, stretches
from ocpp_tck.evidence.journal import FIRST, JournalFile
from ocpp_tck.replay.stretch import replay_stretch
from ocpp_tck.report.fold import fold
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.evidence.earlier import Stretch
    from ocpp_tck.evidence.records import Record, RunStarted
    from ocpp_tck.replay.stretch import Played
    from ocpp_tck.report.model import Case

_OTHER_KIT = "another version of the kit, or another catalogue, has judged it"


@dataclass(frozen=True, slots=True)
class Judged:
    """One case of a journal with what became of its recomputation.

    Attributes:
        journal: file name of the journal.
        case: OCA id.
        verdict: as recorded.
        difference: what the frames give otherwise than recorded; empty when they give the same.
        open: why the frames alone can't tell; empty when they can.
    """

    journal: str
    case: str
    verdict: str
    difference: str = ""
    open: str = ""


def recompute(journals: Sequence[JournalFile], *, same_kit: bool) -> list[Judged]:
    """Recompute every verdict.

    Args:
        journals: sound journals of one run.
        same_kit: whether this kit is of the version, and has the catalogue, that the run was judged with.
    """
    parts = stretches(journals)
    earlier = Earlier(tuple(parts))
    found: list[Judged] = []
    for part in parts:
        before = earlier.before(part.started.resumed)
        stations = part.started.stations
        found += _stretch(part, before.of_station(stations[0]) if stations else [], same_kit=same_kit)
    return found


def _stretch(part: Stretch, before: Sequence[Stretch], *, same_kit: bool) -> list[Judged]:
    recorded = _cases(part.journal, part.started, part.records)
    try:
        again = replay_stretch(part, before)
    except Exception as error:  # noqa: BLE001 - records that no run has written may do anything to the replay
        why = f"the replay failed: {type(error).__name__}: {error}"
        return [Judged(part.journal, one.id, str(one.verdict), open=why) for one in recorded]
    replayed = _cases(part.journal, part.started, again.records[1:])
    if len(replayed) != len(recorded):
        why = f"the replay came to {len(replayed)} cases instead of {len(recorded)}"
        return [Judged(part.journal, one.id, str(one.verdict), open=why) for one in recorded]
    return [
        _judged(part.journal, one, other, played, same_kit=same_kit, anonymised=bool(part.started.anonymised))
        for one, other, played in zip(recorded, replayed, again.played, strict=True)
    ]


def _cases(name: str, started: RunStarted, records: Sequence[Record]) -> tuple[Case, ...]:
    return fold([JournalFile(Path(name), (started, *records), torn=False, head=FIRST, size=0)]).cases


def _judged(journal: str, recorded: Case, again: Case, played: Played, *, same_kit: bool, anonymised: bool) -> Judged:
    difference = _difference(recorded, again)
    reason = _open(recorded, played, same_kit=same_kit, differs=bool(difference), anonymised=anonymised)
    return Judged(journal, recorded.id, str(recorded.verdict), "" if reason else difference, reason)


def _open(recorded: Case, played: Played, *, same_kit: bool, differs: bool, anonymised: bool) -> str:
    """Say why the frames can't tell; empty when they can."""
    reasons = {
        played.missing: bool(played.missing),
        "the run was killed or interrupted in it": recorded.interrupted,
        f"the kit, replayed, went another way than recorded: it {played.diverged[:300]}": bool(played.diverged),
        _OTHER_KIT: differs and not same_kit,
        "the kit itself failed in it, and the frames do not show why": differs and recorded.verdict is Verdict.ERROR,
        "a person was asked, and what he said and when is not recorded, for an earlier kit has written the journal": (
            differs and played.unheard
        ),
        "what it was decided on was anonymised": differs and anonymised,
        "it was decided on a value that is masked in the journal": (
            differs and (played.masked or any(not one.recomputable for one in recorded.violations))
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _difference(recorded: Case, again: Case) -> str:
    """Say what the frames give otherwise; empty when they give the same."""
    if recorded.verdict is not again.verdict:
        cause = f" ({again.cause.where}: {again.cause.text})" if again.cause else ""
        return f"the journal says {recorded.verdict}, its frames give {again.verdict}{cause}"
    for one, other in zip(_steps(recorded), _steps(again), strict=False):
        if one != other:
            return f"the journal says that step {one[0]} came to {one[1]}, its frames give {other[0]}: {other[1]}"
    if len(_steps(recorded)) != len(_steps(again)):
        return f"the journal has {len(_steps(recorded))} steps, its frames give {len(_steps(again))}"
    said, given = _rules(recorded), _rules(again)
    if said != given:
        only = ", ".join(f"{rule} ({level})" for rule, level, _ in (said - given or given - said))
        return f"rules broken: {only} {'only in the journal' if said - given else 'only by the frames'}"
    where, shown = (one.cause.where if one.cause else "" for one in (recorded, again))
    return f"the journal blames {where}, its frames give {shown}" if where != shown else ""


def _steps(case: Case) -> list[tuple[str, str]]:
    return [(step.n, step.verdict) for step in case.steps]


def _rules(case: Case) -> Counter[tuple[str, str, str]]:
    return Counter((one.rule, one.level, one.sender) for one in case.violations)
