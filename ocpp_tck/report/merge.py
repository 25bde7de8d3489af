"""One report of several runs of one product: the report models of the runs, joined."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.earlier import stretches
from ocpp_tck.evidence.index import read_journals
from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.merged import RUNS, MergeError, check_copies, copy_runs, gather
from ocpp_tck.report.attempts import differing_by_profile, settle_runs
from ocpp_tck.report.declared import mismatches, observations
from ocpp_tck.report.fold import fold
from ocpp_tck.report.identity import boot_fields, certificates, joined
from ocpp_tck.report.measured import answer_times, measures
from ocpp_tck.report.model import Part
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ocpp_tck.evidence.merged import MergedRun
    from ocpp_tck.report.model import Case, ReportModel

_PRODUCT = ("role", "version", "vendor", "model")
_CIRCUMSTANCES = {
    "kit_version": "the version of ocpp-tck",
    "catalogue_sha256": "the catalogue of cases",
    "limits": "[limits]",
    "pics": "[pics]",
    "test_data": "[test_data]",
    "token_check": "the check value of the tokens of [test_data]",
    "hardware": "[station]",
}
"""What should be the same in runs that are reported as one, and how it is called.

The security profile may differ: a product is run once with each that it has, and all of it is one statement. Each
attempt is shown with its own.
"""
_LISTED = 10
_NAMED = 3
"""Runs that are named with one value."""

Named = tuple[str, "ReportModel"]
"""A run, and how it is called where it differs from others."""


def load_merged(folder: Path, runs: Sequence[MergedRun]) -> ReportModel:
    """Read the journals of several runs into one report model.

    Raises:
        JournalDamaged: a journal is damaged, missing, or not the one that was merged.
    """
    if wrong := check_copies(folder, runs):
        raise JournalDamaged("; ".join(wrong))
    read = [(run, read_journals(run.folder(folder))) for run in runs]
    model = join([(run, fold(journals)) for run, journals in read])
    parts = [stretch for _, journals in read for stretch in stretches(journals)]
    return replace(model, answers=answer_times(parts), measures=measures(parts), certificates=certificates(parts))


def merge_runs(folders: Sequence[Path], target: Path, *, mixed: bool = False) -> None:
    """Copy the evidence of several runs into one folder, the earliest run first.

    Args:
        folders: of the runs; one of several runs stands for each of them.
        target: the new folder.
        mixed: take runs that were made in other circumstances; the report says so.

    Raises:
        MergeError: they are not of one product, or in other circumstances without `mixed`, or there is no room.
        JournalDamaged: a journal is damaged.
    """
    runs = gather(folders)
    read = [(fold(read_journals(folder)), folder, source) for folder, source in runs]
    named = [(str(folder), model) for model, folder, _ in read]
    if wrong := other_product(named):
        raise MergeError(f"these runs are not of one product: {'; '.join(wrong)}")
    if (differing := other_circumstances(named)) and not mixed:
        raise MergeError(
            f"these runs were made in other circumstances: {'; '.join(differing)}. Run again with the same, or merge "
            "them with --mixed, which marks the report"
        )
    ordered = sorted(read, key=lambda run: run[0].run.start)
    copy_runs([(folder, source) for _, folder, source in ordered], target)


def other_product(runs: Sequence[Named]) -> list[str]:
    """Say where the runs are not of one product; empty when they are. Its software version may differ."""
    return [
        text
        for name in _PRODUCT
        for text in _differing(f"[sut] {name}", [(run, _json(model.sut.get(name, ""))) for run, model in runs])
    ]


def other_circumstances(runs: Sequence[Named]) -> list[str]:
    """Say in what else the runs differ that their verdicts rest on; empty when in nothing."""
    return [text for name, called in _CIRCUMSTANCES.items() for text in _circumstance(runs, name, called)]


def _circumstance(runs: Sequence[Named], name: str, called: str) -> Iterator[str]:
    values = [(run, json.loads(json.dumps(getattr(model.run, name), default=dict))) for run, model in runs]
    if not isinstance(values[0][1], dict):  # nothing was recorded by an earlier kit, or is left by anonymising
        yield from _differing(called, [(run, str(value)) for run, value in values if value != ""])
        return
    for key in sorted(set().union(*(value for _, value in values))):
        yield from _differing(f"{called} {key}", [(run, _json(value.get(key))) for run, value in values])


def _json(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def _differing(called: str, told: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Name each value with the runs that have it, where there are several."""
    runs: dict[str, list[str]] = {}
    for run, value in told:
        runs.setdefault(value, []).append(run)
    if len(runs) > 1:
        yield f"{called} is {', '.join(f'{value} in {_some(names, _NAMED)}' for value, names in runs.items())}"


def join(runs: Sequence[tuple[MergedRun, ReportModel]]) -> ReportModel:
    """Join the report models of several runs, at least one; measured times and certificates are those of none of them.

    What holds for a run as a whole, such as its limits, is that of the newest; `Run.parts` tells them apart.
    """
    ordered = sorted(runs, key=lambda run: run[1].run.start)
    models = [model for _, model in ordered]
    newest = models[-1]
    cases = [case for run, model in ordered for case in _cases(run, model)]
    settled = tuple(settle_runs(cases))
    parts = tuple(_part(run, model) for run, model in ordered)
    selections = [part.selection for part in parts if part.selection]
    run = replace(
        newest.run,
        start=min(model.run.start for model in models),
        end=max(model.run.end for model in models),
        duration=sum(model.run.duration for model in models),
        resumed=0,
        stations=tuple(sorted({station for model in models for station in model.run.stations})),
        workers=tuple(sorted({worker for model in models for worker in model.run.workers})),
        journals=tuple(f"{RUNS}/{run.name}/{name}" for run, model in ordered for name in model.run.journals),
        selection="; ".join(selections) if len(selections) == len(parts) else "",
        asked=tuple(dict.fromkeys(case for model in models for case in model.run.asked)),
        follows={},
        retries=max(model.run.retries for model in models),
        certify=False,
        objections=(),
        parts=parts,
        evidence=tuple(
            replace(one, file=f"{RUNS}/{run.name}/{one.file}") for run, model in ordered for one in model.run.evidence
        ),
    )
    observed = observations(newest.sut.get("version", ""), newest.sut.get("role", ""), settled)
    return replace(
        newest,
        run=run,
        cases=settled,
        observed=observed,
        declarations=mismatches(run.pics, observed),
        identities=joined(one for model in models for one in model.identities),
        problems=tuple(_problems(ordered, cases, settled)),
        answers=(),
        measures=(),
        certificates=(),
    )


def _cases(run: MergedRun, model: ReportModel) -> Iterator[Case]:
    """Give the cases of a run with what tells them from those of another.

    A station says its software version when it boots; before its first boot it has the one that it says then.
    """
    declared = model.sut.get("firmware", "")
    first: dict[str, str] = {}
    for case in model.cases:
        for station, version in _boots(case):
            first.setdefault(station, version)
    current = dict(first)
    for case in model.cases:
        began = current.get(case.station, declared)
        yield replace(case, run=run.name, journal=f"{RUNS}/{run.name}/{case.journal}", firmware=began)
        current |= dict(_boots(case))


def _boots(case: Case) -> Iterator[tuple[str, str]]:
    for frame in case.frames:
        version = boot_fields(frame.sender, frame.action, frame.type, frame.raw).get("firmware", "")
        if version:
            yield frame.station, version


def _part(run: MergedRun, model: ReportModel) -> Part:
    versions = dict.fromkeys(case.firmware for case in _cases(run, model) if case.firmware)
    return Part(
        name=run.name,
        source=run.source,
        start=model.run.start,
        end=model.run.end,
        seed=model.run.seed,
        kit_version=model.run.kit_version,
        selection=model.run.selection,
        firmware=tuple(versions),
        totals=model.totals,
        journals=dict(run.journals),
        security_profile=model.run.security_profile,
    )


def _problems(
    ordered: Sequence[tuple[MergedRun, ReportModel]], cases: Sequence[Case], settled: Sequence[Case]
) -> Iterator[str]:
    named = [(run.name, model) for run, model in ordered]
    yield from (f"The runs are not of one product: {text}." for text in other_product(named))
    yield from (f"The runs were made in other circumstances: {text}." for text in other_circumstances(named))
    yield from _older(settled)
    if flaky := [case.id for case in settled if case.flaky and not case.superseded]:
        yield f"Flaky, with the same product: {_some(flaky)}. The worst attempt decides."
    if differing := differing_by_profile(cases):
        told = [
            f"{name} ({', '.join(f'{verdict} with {profile}' for profile, verdict in verdicts.items())})"
            for name, verdicts in differing.items()
        ]
        yield f"Not alike with every security profile: {_some(told)}. The worst attempt decides."
    yield from (f"{run.name}: {problem}" for run, model in ordered for problem in model.problems)


def _older(cases: Sequence[Case]) -> Iterator[str]:
    """Say which cases rest on another software version than the one met last, and where the version is not known."""
    deciding = [case for case in cases if not case.superseded and case.verdict not in _OUTSIDE]
    newest = next((case.firmware for case in reversed(cases) if case.firmware and case.verdict not in _OUTSIDE), "")
    older: dict[str, list[str]] = {}
    for case in deciding:
        if newest and case.firmware not in {"", newest}:
            older.setdefault(case.firmware, []).append(case.id)
    for version, ids in older.items():
        yield f"Judged with software version {version} and not with {newest}, the one met last: {_some(ids)}."
    if not newest:
        yield (
            "The software version of the product is not known, so it is taken to be the same in all runs; "
            "[sut] firmware tells it."
        )


_OUTSIDE = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.NONE)


def _some(names: Sequence[str], most: int = _LISTED) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
