"""Which cases a run was asked for: by id, by profile, and by their verdicts in an earlier run."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.campaign import KINDS
from ocpp_tck.evidence.index import read_journals
from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.merged import RUNS, merged_runs
from ocpp_tck.report.write import load_model
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocpp_tck.case import Case
    from ocpp_tck.evidence.earlier import CaseKey
    from ocpp_tck.report.model import ReportModel

_UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.NOT_RUN, Verdict.NONE)


class SelectionError(Exception):
    """The cases can't be chosen like this; the message names the option and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases were asked for.

    Attributes:
        ids, profiles: of these only; empty = of any.
        only: kinds of verdicts in the earlier run.
        chosen: the cases that had them; None when no earlier run was given.
        follows: what the evidence says of the earlier run, see `evidence.records.RunStarted`.
    """

    ids: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    chosen: frozenset[CaseKey] | None = None
    follows: Mapping[str, Any] = field(default_factory=dict)

    def takes(self, case: Case, version: str) -> bool:
        """Whether a case of the right role and version was asked for."""
        return (
            (not self.ids or bool({case.id, *case.aliases} & set(self.ids)))
            and (not self.profiles or case.profile in self.profiles)
            and (self.chosen is None or (case.id, version, case.sut) in self.chosen)
        )

    @property
    def text(self) -> str:
        """In words, for the evidence; empty when all cases were asked for."""
        chosen = [f"case {one}" for one in sorted(self.ids)] + [f"profile {one}" for one in sorted(self.profiles)]
        if self.only:
            chosen.append(f"only {' and '.join(self.only)} of {self.follows['run']}")
        return ", ".join(chosen)


def select(
    ids: Sequence[str],
    profiles: Sequence[str],
    only: Sequence[str],
    earlier: Path | None,
    *,
    role: str,
    version: str,
) -> Selection:
    """Put together what was asked for.

    Args:
        ids: OCA ids.
        profiles: names of profiles.
        only: of `KINDS`.
        earlier: folder of the run whose verdicts choose.
        role: of the product.
        version: of OCPP.

    Raises:
        SelectionError: `only` without an earlier run or the other way round, or that is not a run of this role and
            version.
    """
    kinds = tuple(kind for kind in KINDS if kind in only)
    if bool(kinds) is not bool(earlier):
        raise SelectionError(
            "--only and --from belong together: --only failed --from reports/<run> runs those that failed there. To go "
            "on with an interrupted run itself, use --resume alone"
        )
    if earlier is None:
        return Selection(ids=tuple(ids), profiles=tuple(profiles))
    try:
        model = load_model(earlier)
        follows = {"run": earlier.resolve().name, "only": list(kinds), "journals": _heads(earlier)}
    except JournalDamaged as error:
        raise SelectionError(f"--from: {error}") from None
    for name, now in (("role", role), ("version", version)):
        if (then := model.sut.get(name, "")) != now:
            raise SelectionError(f"--from {earlier}: that run had {name} {then or 'nothing'}, this one has {now}")
    return Selection(
        ids=tuple(ids),
        profiles=tuple(profiles),
        only=kinds,
        chosen=choose(model, kinds, role=role, version=version),
        follows=follows,
    )


def choose(model: ReportModel, kinds: Sequence[str], *, role: str, version: str) -> frozenset[CaseKey]:
    """Give the cases of a run that are of these kinds, by the attempt that decides each."""
    wanted = {Verdict.FAIL} if "failed" in kinds else set()
    wanted |= {Verdict.INCONCLUSIVE} if "inconclusive" in kinds else set()
    wanted |= set(_UNDECIDED) if "undecided" in kinds else set()
    deciding = [case for case in model.cases if not case.superseded]
    chosen = {case.same for case in deciding if case.verdict in wanted}
    if "undecided" in kinds:
        begun = {case.id for case in model.cases}
        chosen |= {(name, version, role) for name in model.run.asked if name not in begun}
        chosen |= {case.same for case in deciding if case.interrupted}
    return frozenset(chosen)


def _heads(folder: Path) -> dict[str, str]:
    """Give the last hash of each journal, by its path in the folder."""
    runs = merged_runs(folder)
    places = [("", folder)] if runs is None else [(f"{RUNS}/{run.name}/", run.folder(folder)) for run in runs]
    return {prefix + journal.path.name: journal.head for prefix, place in places for journal in read_journals(place)}
