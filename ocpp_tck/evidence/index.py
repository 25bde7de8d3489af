"""The index that joins the journals of the workers of one run.

A hash chain alone does not show that lines were cut off its end, nor that a whole journal is gone: the index, written
when the run ends, holds the last hash of each. A killed run has no index; its journals are then found by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.journal import JournalDamaged, JournalError, JournalFile, read_journal, verify

INDEX = "journal-index.json"
"""Name of the index in the folder of a run."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One journal of a run: file name, number of records, last hash."""

    file: str
    records: int
    head: str


def find_journals(run_dir: Path | str) -> list[Path]:
    """Give the journals of a run (`journal*.jsonl`), in the order of their names."""
    return sorted(Path(run_dir).glob("journal*.jsonl"))


def read_journals(run_dir: Path | str) -> list[JournalFile]:
    """Read all journals of a run.

    Raises:
        JournalDamaged: there is none, or one of them is damaged.
    """
    journals = [read_journal(path) for path in find_journals(run_dir)]
    if not journals:
        raise JournalDamaged(f"{run_dir}: no journal*.jsonl here; name the folder of a run, such as reports/<run>")
    return journals


def write_index(run_dir: Path | str) -> Path:
    """Write the index of the journals as they are now, and give its path.

    Raises:
        JournalDamaged: as `read_journals`.
        JournalError: it cannot be written.
    """
    entries = [
        {"file": journal.path.name, "records": len(journal.records), "head": journal.head}
        for journal in read_journals(run_dir)
    ]
    path = Path(run_dir) / INDEX
    try:
        write_whole(path, json.dumps({"journals": entries}, indent=1) + "\n")
    except OSError as problem:
        raise JournalError(f"{path}: cannot write the index of the journals: {problem.strerror}") from problem
    return path


def read_index(run_dir: Path | str) -> list[IndexEntry] | None:
    """Read the index; None when the run has none.

    Raises:
        JournalDamaged: the index is not one.
    """
    path = Path(run_dir) / INDEX
    if not path.exists():
        return None
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["journals"]
        return [IndexEntry(str(entry["file"]), int(entry["records"]), str(entry["head"])) for entry in entries]
    except (ValueError, KeyError, TypeError) as problem:
        raise JournalDamaged(f"{path}: not an index of journals; remove it to read the journals without") from problem


def verify_run(run_dir: Path | str) -> list[str]:
    """List what is wrong with the journals of a run, in words; empty when they are sound, complete and all there."""
    found = find_journals(run_dir)
    if not found:
        return [f"{run_dir}: no journal*.jsonl here; name the folder of a run, such as reports/<run>"]
    problems = [problem for path in found for problem in verify(path)]
    try:
        index = read_index(run_dir)
    except JournalDamaged as damage:
        return [*problems, str(damage)]
    if index is None:
        return [*problems, f"{run_dir}: no {INDEX}: the run was killed before its end"]
    if not problems:
        problems += _against(index, {path.name: path for path in found})
    return problems


def _against(index: list[IndexEntry], found: dict[str, Path]) -> list[str]:
    problems = []
    for entry in index:
        path = found.pop(entry.file, None)
        if path is None:
            problems.append(f"{entry.file}: the journal is in the index but not in the folder")
            continue
        journal = read_journal(path)
        if (len(journal.records), journal.head) != (entry.records, entry.head):
            problems.append(f"{path}: {len(journal.records)} records, but the index knows {entry.records}, or others")
    problems += [f"{path}: the journal is not in the index" for path in found.values()]
    return problems
