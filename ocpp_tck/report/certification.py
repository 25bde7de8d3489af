"""Whether a run was a certification run, and all that stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.report.known import never_begun
from ocpp_tck.report.model import LABELS
from ocpp_tck.report.text import often
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.report.model import ReportModel

NOT_ASKED = "it was not asked for (--certify)"


@dataclass(frozen=True, slots=True)
class Certification:
    """What the report says of it.

    Attributes:
        was_asked: the run was begun with --certify, which refuses to begin when anything stands against it.
        objections: everything that stands against it, in words; empty only for a certification run that is complete.
    """

    was_asked: bool
    objections: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether this is a certification run, complete. It says nothing about the verdict."""
        return self.was_asked and not self.objections

    @property
    def text(self) -> str:
        """One sentence."""
        if self.holds:
            return (
                "Certification run: whole, without selections, retries or known failures, within the kit's own limits."
            )
        return f"Not a certification run: {'; '.join(self.objections)}."

    @property
    def brief(self) -> str:
        """The same for a terminal: all objections where it was asked for, else the first and how many more."""
        more = len(self.objections) - 1
        if self.was_asked or more < 1:
            return self.text
        return f"Not a certification run: {self.objections[0]}; report.html gives {more} more reason{'s' * (more > 1)}."


def certification(model: ReportModel) -> Certification:
    """Judge a run by what it recorded when it began and by what became of it."""
    run = model.run
    asked = () if run.certify or run.parts else (NOT_ASKED,)
    return Certification(run.certify, tuple(dict.fromkeys((*asked, *run.objections, *_afterwards(model)))))


def _afterwards(model: ReportModel) -> Iterator[str]:
    """Give what turned out only when the run was made, or when its report is."""
    run = model.run
    if run.parts:
        yield f"it is made of {len(run.parts)} runs"
    if run.selection and not run.objections:
        yield f"only a part of the cases was asked for: {run.selection}"
    if never := never_begun(model):
        yield f"{len(never)} of the cases that were asked for did not begin: {_some(never)}"
    for verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.NOT_RUN):
        ids = [case.id for case in model.cases if case.counts and case.verdict is verdict]
        if ids:
            yield f"{LABELS[verdict].lower()} {often(len(ids))}: {_some(ids)}"
    if known := [case.id for case in model.cases if case.known]:
        yield f"known failures were taken out: {_some(known)}"
    if model.problems and not run.parts:
        yield "the evidence has gaps"


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")  # noqa: PLR2004 - as many fit a line
