"""kill -9 of the kit at random moments: nothing decided is lost, and the resumed run comes to the same report."""

from __future__ import annotations

import json
import random
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ocpp_tck.evidence.index import INDEX, find_journals, verify_run
from ocpp_tck.evidence.journal import JournalDamaged, read_journal
from ocpp_tck.evidence.records import CaseEnded, Frame
from ocpp_tck.progress import LETTERS
from ocpp_tck.selftest.result import Row
from tests.faults.kit import Bench, Kit, bench, size_of
from tests.faults.normal import differences, normal

WORDS = {word: str(verdict) for verdict, (_, word, _) in LETTERS.items()}
MOMENTS = ("any", "journal", "act", "reports")
WEIGHTS = (2, 4, 2, 2)
"""At any time of its life; when its journals have a size drawn by chance; when the product has just been made to act;
while it writes the reports."""


@dataclass
class Found:
    """What the kills of one kind of run came to.

    Attributes:
        kills: by moment.
        where: what the kit was doing, as the journal tells.
        wrong: what did not come as it must, a line each.
    """

    kills: Counter = field(default_factory=Counter)
    where: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    runs: int = 0
    printed: int = 0


@dataclass
class Reference:
    """An uninterrupted run: its report, exit code, duration in seconds and journal size in bytes."""

    report: dict
    code: int
    seconds: float
    size: int
    acts: int


def uninterrupted(place: Bench, folder: Path, workers: int) -> Reference:
    """Run the cases without a fault."""
    kit = place.start(folder, workers=workers)
    code = kit.end()
    assert (folder / "report.json").exists(), kit.text
    seconds = time.monotonic() - kit.began
    report = normal(folder / "report.json")
    missed = report["cases"].keys() - kit.printed().keys()
    assert not missed, f"what was printed of {', '.join(sorted(missed))} is not understood:\n{kit.text}"
    return Reference(report, code, seconds, size_of(folder), _acts(folder))


def _acts(folder: Path) -> int:
    """Count how often the product was made to act."""
    return sum(path.read_bytes().count(b'"kind":"operator"') for path in find_journals(folder))


def kill_until(place: Bench, scratch: Path, count: int, source: random.Random, workers: tuple[int, ...]) -> Found:
    """Kill so many times, resume each run until it is finished, and compare."""
    found = Found()
    reference = uninterrupted(place, scratch / "reference", 0)
    twin = uninterrupted(place, scratch / "twin", workers[-1])
    found.wrong += [f"two uninterrupted runs: {line}" for line in differences(reference.report, twin.report)]
    while sum(found.kills.values()) < count:
        found.runs += 1
        folder = scratch / f"run-{found.runs}"
        one_run(
            place,
            folder,
            min(source.choice((1, 2, 3, 4)), count - sum(found.kills.values())),
            source,
            workers,
            reference,
            found,
        )
    return found


def one_run(place, folder, kills, source, workers, reference, found) -> None:
    told: dict[str, str] = {}
    starts = 0
    while True:
        before = _journals(folder)
        resume = bool(before)
        kit = place.start(folder, workers=source.choice(workers), resume=resume)
        starts += resume or bool(starts)
        killed = kills > 0 and _kill(kit, source, reference, found)
        code = None if killed else kit.end()
        told |= kit.printed()
        found.printed += len(kit.printed())
        name = f"{folder.name} start {starts}"
        found.wrong += [f"{name}: {line}" for line in _after(folder, kit, before)]
        if killed:
            kills -= 1
            continue
        break
    if code != reference.code:
        found.wrong.append(f"{folder.name}: exit code {code} instead of {reference.code}: {kit.text[-600:]}")
    found.wrong += [f"{folder.name}: {line}" for line in _whole(folder, told, reference)]


def _kill(kit: Kit, source: random.Random, reference: Reference, found: Found) -> bool:
    """Kill the kit at a moment drawn by chance; False when it had ended before."""
    moment = source.choices(MOMENTS, WEIGHTS)[0]
    have = kit.journal_bytes()
    after, share = source.uniform(0, reference.seconds), source.random()
    size = have + share * max(0, reference.size - have)
    acted = _acts(kit.folder)
    acts = acted + 1 + int(share * max(0, reference.acts - acted))
    reached = {
        "any": lambda: time.monotonic() - kit.began >= after,
        "journal": lambda: kit.journal_bytes() > size,
        "act": lambda: _acts(kit.folder) >= acts,
        "reports": lambda: (kit.folder / INDEX).exists() and (kit.folder / INDEX).stat().st_mtime > kit_began,
    }[moment]
    kit_began = time.time()
    if not kit.wait_for(reached):
        return False
    if moment == "reports":
        time.sleep(source.uniform(0, 0.15))
    if not kit.is_running:
        return False
    children = kit.workers()
    (kit.kill if children and source.random() < 0.5 else kit.kill_all)()
    if kit.process.returncode != -9:
        return False
    found.kills[moment] += 1
    found.where[_where(kit.folder)] += 1
    return True


def _where(folder: Path) -> str:
    """Say what the kit was doing when it was killed."""
    if (folder / INDEX).exists():
        return "writing reports"
    kinds = [[record.kind for record in _read(path)] for path in find_journals(folder)]
    last = max(kinds, key=len, default=[])
    for kind in reversed(last):
        if kind == "step-started":
            return "in a step"
        if kind == "step-ended":
            return "between steps"
        if kind == "case-started":
            return "in a setup"
        if kind == "case-ended":
            return "in a teardown"
    return "before the first case"


def _read(path: Path):
    try:
        return read_journal(path).records
    except JournalDamaged:
        return ()


def _journals(folder: Path) -> dict[str, bytes]:
    """Give the whole lines of each journal."""
    return {path.name: path.read_bytes().rpartition(b"\n")[0] for path in find_journals(folder)}


def _after(folder: Path, kit: Kit, before: dict[str, bytes]) -> list[str]:
    """Check what a process left behind, killed or not."""
    wrong = []
    ended: dict[str, set[str]] = {}
    for path in find_journals(folder):
        try:
            for record in read_journal(path).records:
                if isinstance(record, CaseEnded):
                    ended.setdefault(record.case, set()).add(str(record.verdict))
        except JournalDamaged as damage:
            wrong.append(str(damage))
    now = _journals(folder)
    wrong += [f"{name} no longer begins as it was" for name, text in before.items() if not now[name].startswith(text)]
    for case, word in kit.printed().items():
        if WORDS[word] not in ended.get(case, ()):
            wrong.append(f"{case} was printed as {word}; the journals have {sorted(ended.get(case, ()))}")
    if "Traceback" in kit.text or "INTERNALERROR" in kit.text:
        wrong.append(f"it printed a traceback: {kit.text[-1500:]}")
    return wrong + _halves(folder)


def _halves(folder: Path) -> list[str]:
    """List the reports that are there by half."""
    wrong = []
    for name in ("report.json", INDEX):
        path = folder / name
        if path.exists():
            try:
                json.loads(path.read_text(encoding="utf-8"))
            except ValueError as problem:
                wrong.append(f"{name} is half: {problem}")
    html, junit, summary = (folder / name for name in ("report.html", "junit.xml", "summary.md"))
    if html.exists() and not html.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        wrong.append("report.html is half")
    if junit.exists():
        try:
            ET.fromstring(junit.read_text(encoding="utf-8"))  # noqa: S314 - ours
        except ET.ParseError as problem:
            wrong.append(f"junit.xml is half: {problem}")
    if summary.exists() and not summary.read_text(encoding="utf-8").endswith("\n"):
        wrong.append("summary.md is half")
    allure = folder / "allure-results"
    if allure.exists() and not (allure / "environment.properties").exists():
        wrong.append("allure-results is half")
    return wrong


def _whole(folder: Path, told: dict[str, str], reference: Reference) -> list[str]:
    """Check a run that has come to its end."""
    if not (folder / "report.json").exists():
        return ["there is no report"]
    report = normal(folder / "report.json")
    wrong = differences(reference.report, report)
    for case, word in told.items():
        if report["cases"][case]["verdict"] != WORDS[word]:
            wrong.append(f"{case} was printed as {word} and is reported as {report['cases'][case]['verdict']}")
    wrong += verify_run(folder)
    calls = [
        record.message_id
        for path in find_journals(folder)
        for record in _read(path)
        if isinstance(record, Frame) and (record.sender, record.type) == ("kit", "CALL")
    ]
    twice = [identifier for identifier, count in Counter(calls).items() if count > 1]
    wrong += [f"the message id {identifier} was used twice" for identifier in twice]
    left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    return wrong + [f"{name} was left over" for name in left]


def as_row(found: Found, what: str) -> Row:
    """Write down what the kills came to; the tried are the kills."""
    count = sum(found.kills.values())
    moments = ", ".join(f"{number} {name}" for name, number in sorted(found.where.items()))
    note = f"{found.runs} runs, {found.printed} verdicts printed; killed {moments}"
    wrong = tuple(line[:2000] for line in found.wrong)
    return Row(what=f"kill -9: {what}", count=count, good=max(0, count - len(wrong)), wrong=wrong, note=note)


def run(role: str, count: int, seed: int, workers: tuple[int, ...], version: str = "1.6") -> Found:
    """Kill the kit so many times against one embedded product."""
    source = random.Random(f"{seed} {role} {version} {workers}")  # noqa: S311 - reproducible
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-kills-") as scratch, bench(role, Path(scratch), version) as place:
        return kill_until(place, Path(scratch), count, source, workers)
