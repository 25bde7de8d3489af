"""The evidence of several runs in one folder: `merge.json`, and below `runs/` a folder for each with its journals.

The journals are copies, byte for byte, and `merge.json` holds the SHA-256 of each, so that a report of several runs
rests on evidence that is as whole as that of one.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.index import INDEX, find_journals, verify_run
from ocpp_tck.evidence.journal import JournalDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MERGE = "merge.json"
"""Name of the list of runs in the folder of several."""
RUNS = "runs"
"""Folder of their evidence beside it."""
_FORMAT = 1
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60


class MergeError(Exception):
    """These runs can't be put into one folder; the message says which and why."""


@dataclass(frozen=True, slots=True)
class MergedRun:
    """One of several runs.

    Attributes:
        name: its folder below `runs/`.
        source: name of the folder that it came from.
        journals: SHA-256 of each journal by file name.
    """

    name: str
    source: str
    journals: Mapping[str, str]

    def folder(self, merged: Path) -> Path:
        """Give the folder with its journals."""
        return merged / RUNS / self.name


def merged_runs(folder: Path) -> tuple[MergedRun, ...] | None:
    """Read which runs a folder holds; None for a folder that is not one of several runs.

    Raises:
        JournalDamaged: the list is not one.
    """
    path = folder / MERGE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        runs = _runs(found["runs"]) if found["format"] == _FORMAT else ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise JournalDamaged(f"{path}: not a list of merged runs; merge them again") from problem
    if not runs:
        raise JournalDamaged(f"{path}: no runs of a format that this kit knows; use the kit that merged them")
    return runs


def _runs(entries: Any) -> tuple[MergedRun, ...]:
    runs = tuple(map(_run, entries))
    if len({run.name for run in runs}) < len(runs):
        raise ValueError(entries)
    return runs


def _run(entry: Any) -> MergedRun:
    names = (entry["name"], *entry["journals"])
    if any(not name or _ODD.search(name) or name.startswith(".") for name in names):
        raise ValueError(names)
    return MergedRun(
        entry["name"], str(entry["source"]), {name: str(value) for name, value in entry["journals"].items()}
    )


def gather(sources: Iterable[Path]) -> list[tuple[Path, str]]:
    """Give the folders of the runs, and where each came from; a folder of several runs stands for each of them.

    Raises:
        MergeError: a folder holds no run, or one run is there twice.
        JournalDamaged: as `merged_runs`.
    """
    found: list[tuple[Path, str]] = []
    seen: dict[str, Path] = {}
    for source in sources:
        runs = merged_runs(source)
        inside = (
            [(source, source.resolve().name)] if runs is None else [(one.folder(source), one.source) for one in runs]
        )
        for folder, name in inside:
            journals = find_journals(folder)
            if not journals:
                raise MergeError(f"{folder}: no journal*.jsonl here; name the folder of a run, such as reports/<run>")
            for path in journals:
                first = seen.setdefault(_digest(path), folder)
                if first is not folder:
                    raise MergeError(f"{folder} is the same run as {first}; name each run once")
            found.append((folder, name))
    return found


def copy_runs(runs: Iterable[tuple[Path, str]], target: Path) -> tuple[MergedRun, ...]:
    """Copy the evidence of runs into a folder of several, in the order in which they are given.

    Args:
        runs: folder of each, and the name of where it came from.
        target: the new folder; it may exist when there is nothing in it.

    Raises:
        MergeError: something is there already, or can't be read or written.
    """
    runs = list(runs)
    if any(target.resolve().is_relative_to(folder.resolve()) for folder, _ in runs):
        raise MergeError(f"{target}: lies in the folder of a run; name a folder outside of it")
    try:
        if target.exists() and any(target.iterdir()):
            raise MergeError(f"{target}: something is there already; name a new folder")
        merged = tuple(_copy(folder, source, target, number) for number, (folder, source) in enumerate(runs, start=1))
        entries = [{"name": one.name, "source": one.source, "journals": dict(one.journals)} for one in merged]
        write_whole(target / MERGE, json.dumps({"format": _FORMAT, "runs": entries}, indent=1) + "\n")
    except OSError as problem:
        raise MergeError(f"{problem.filename or target}: {problem.strerror}; nothing was merged") from problem
    return merged


def _copy(folder: Path, source: str, target: Path, number: int) -> MergedRun:
    name = f"{number:02}-{_ODD.sub('_', source)[:_LONGEST]}"
    place = target / RUNS / name
    place.mkdir(parents=True)
    journals: dict[str, str] = {}
    for path in find_journals(folder):
        copied = _ODD.sub("_", path.name)
        shutil.copyfile(path, place / copied)
        journals[copied] = _digest(place / copied)
    if (folder / INDEX).exists():
        shutil.copyfile(folder / INDEX, place / INDEX)
    return MergedRun(name, source, journals)


def check_copies(folder: Path, runs: Iterable[MergedRun]) -> list[str]:
    """List where the journals of several runs are not those that were merged, in words; empty when all is well."""
    problems = []
    for run in runs:
        place = run.folder(folder)
        found = {path.name: path for path in find_journals(place)}
        problems += [f"{place / name}: the journal is missing" for name in run.journals if name not in found]
        problems += [
            f"{path}: the journal was not merged" if name not in run.journals else f"{path}: changed after the merge"
            for name, path in found.items()
            if _digest(path) != run.journals.get(name)
        ]
    return problems


def verify_merged(folder: Path) -> list[str]:
    """List what is wrong with the evidence of several runs, in words; empty when it is sound and all there.

    Raises:
        JournalDamaged: as `merged_runs`.
    """
    runs = merged_runs(folder)
    if runs is None:
        return [f"{folder}: no {MERGE} here; `ocpp-tck merge` makes it"]
    listed = {run.name for run in runs}
    others = [f"{path}: was not merged" for path in sorted((folder / RUNS).glob("*")) if path.name not in listed]
    of_each = [problem for run in runs for problem in verify_run(run.folder(folder))]
    return check_copies(folder, runs) + others + of_each


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
