"""What an interrupted run has left behind, for going on with it.

A case is over when its verdict was written and its teardown has ended: another case began after it, or the run came to
its end. Every other case that began is run again, and its first attempt stays in the evidence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ocpp_tck.evidence.index import INDEX, find_journals, read_journals
from ocpp_tck.evidence.journal import Journal, JournalBusy, JournalError
from ocpp_tck.evidence.records import CaseEnded, CaseStarted, Record, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ocpp_tck.evidence.journal import JournalFile

KILLED = "killed"
"""Reason of a RunEnded that was written afterwards, for a process that could not write its own."""
_LOOK = 0.1
"""Seconds between two looks whether another process has let go of a journal; the system tells nobody."""

CaseKey = tuple[str, str, str]
"""OCA id, OCPP version, role."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one process wrote into one journal: a RunStarted and what follows it, up to the next.

    Attributes:
        journal: file name of the journal.
        started: its RunStarted.
        records: everything after that.
    """

    journal: str
    started: RunStarted
    records: tuple[Record, ...]

    @property
    def reason(self) -> str:
        """Why it ended before its time; empty when it came to its end."""
        last = self.records[-1] if self.records else None
        return last.reason if isinstance(last, RunEnded) else KILLED

    def over(self) -> Iterator[CaseKey]:
        """Give the cases that are over."""
        current: CaseStarted | None = None
        decided: CaseStarted | None = None
        for record in self.records:
            if isinstance(record, CaseEnded):
                decided = current
            elif isinstance(record, CaseStarted) or (isinstance(record, RunEnded) and not record.reason):
                if decided is not None:
                    yield decided.case, decided.version, decided.sut
                decided = None
            if isinstance(record, CaseStarted):
                current = record


def stretches(journals: Iterable[JournalFile]) -> list[Stretch]:
    """Cut journals into stretches, in the order in which the run was started and resumed."""
    found: list[Stretch] = []
    for journal in journals:
        starts = [at for at, record in enumerate(journal.records) if isinstance(record, RunStarted)]
        for at, end in pairwise([*starts, len(journal.records)]):
            started = journal.records[at]
            assert isinstance(started, RunStarted)  # noqa: S101 - as selected above
            found.append(Stretch(journal.path.name, started, journal.records[at + 1 : end]))
    return sorted(found, key=lambda stretch: stretch.started.resumed)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier run, or what there is of it.

    Attributes:
        stretches: in the order in which it was started and resumed; none when it was killed before its first record.
    """

    stretches: tuple[Stretch, ...]

    @property
    def resumed(self) -> int:
        """Number of the next resumption; 0 when nothing was recorded yet."""
        return max((stretch.started.resumed + 1 for stretch in self.stretches), default=0)

    @property
    def over(self) -> frozenset[CaseKey]:
        """The cases that need not run again."""
        return frozenset(case for stretch in self.stretches for case in stretch.over())

    def before(self, resumed: int) -> Earlier:
        """Give what there was before a resumption began."""
        return Earlier(tuple(stretch for stretch in self.stretches if stretch.started.resumed < resumed))

    def of_station(self, station: str) -> list[Stretch]:
        """Give the stretches in which a station took part."""
        return [stretch for stretch in self.stretches if station in stretch.started.stations]


def look_back(run_dir: Path) -> Earlier:
    """Read what there is of a run.

    Raises:
        JournalDamaged: there is no journal, or one of them is damaged.
    """
    return Earlier(tuple(stretches(read_journals(run_dir))))


def close_killed(run_dir: Path, *, patience: float = 0.0) -> None:
    """Give the journals of a killed run their end: an incomplete last line is cut, a missing RunEnded is added.

    Its index goes, since it no longer fits. A run that has come to its end is left as it is.

    Args:
        run_dir: folder of the run.
        patience: seconds to wait for processes of that run that are still ending.

    Raises:
        JournalBusy: another process still writes a journal.
        JournalDamaged: a journal is damaged.
        JournalError: a journal cannot be written.
    """
    limit = time.monotonic() + patience
    for path in find_journals(run_dir):
        while True:
            try:
                _close(path)
                break
            except JournalBusy:
                if time.monotonic() >= limit:
                    raise
                time.sleep(_LOOK)


def end_early(run_dir: Path, reason: str) -> None:
    """Note in the journals of workers that ended well that the run as a whole did not come to its end.

    Raises:
        JournalError: as `close_killed`.
    """
    earlier = look_back(run_dir)
    for stretch in earlier.stretches:
        if stretch.started.resumed == earlier.resumed - 1 and not stretch.reason:
            journal = Journal(run_dir / stretch.journal, resume=True)
            try:
                journal.write(RunEnded(time=stretch.records[-1].time, reason=reason))
            finally:
                journal.close()


def _close(path: Path) -> None:
    journal = Journal(path, resume=True)
    try:
        if journal.last is None or journal.last.kind == RunEnded.kind:
            return
        try:
            (path.parent / INDEX).unlink(missing_ok=True)
        except OSError as problem:
            raise JournalError(f"{path.parent / INDEX}: cannot be removed: {problem.strerror}") from problem
        journal.write(RunEnded(time=journal.last.time, reason=KILLED))
    finally:
        journal.close()
