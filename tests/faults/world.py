"""Faults of the world other than kills: no room, a folder that can't be used, a clock that is set, Ctrl-C."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.index import find_journals, verify_run
from ocpp_tck.evidence.journal import JournalDamaged, read_journal
from ocpp_tck.evidence.records import ClockSet
from ocpp_tck.selftest.result import Row
from tests.faults.kills import Reference, _after
from tests.faults.normal import differences, normal

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.faults.kit import Bench, Kit

ROOT_USER = os.geteuid() == 0
MORTAL = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Starts a command of root's to which permissions apply."""
HOUR, DAY = 3600.0, 86400.0
KIT_ERROR = 2


@contextmanager
def _tmpfs(place: Path, size: str, *options: str):
    place.mkdir()
    given = ",".join((f"size={size}", *options))
    subprocess.run(["mount", "-t", "tmpfs", "-o", given, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _told(kit: Kit, code: int, *words: str) -> list[str]:
    """Check how a kit that can't go on takes its leave: exit code 2, one line with the file and the mend."""
    wrong = [] if code == KIT_ERROR else [f"exit code {code} instead of {KIT_ERROR}"]
    said = [line for line in kit.lines if line.startswith("ocpp-tck: ") and "OCPP 1.6" not in line]
    if len(said) != 1 or not all(word in said[0] for word in words):
        wrong.append(f"it said {said}, which is not one line with {words}")
    wrong += [f"it printed {word}: {kit.text[-1500:]}" for word in ("Traceback", "INTERNALERROR") if word in kit.text]
    return wrong


def _sound(folder: Path) -> list[str]:
    wrong = []
    for path in find_journals(folder):
        try:
            if read_journal(path).torn:
                wrong.append(f"{path.name} ends in half a line")
        except JournalDamaged as damage:
            wrong.append(str(damage))
    return wrong


def _finished(place: Bench, folder: Path, reference: Reference, workers: int = 0) -> list[str]:
    """Resume a run and check that it comes to the report of an uninterrupted one."""
    kit = place.start(folder, workers=workers, resume=True)
    code = kit.end()
    wrong = [] if code == reference.code else [f"exit code {code} after the resumption: {kit.text[-600:]}"]
    if not (folder / "report.json").exists():
        return [*wrong, "no report after the resumption"]
    return [*wrong, *differences(reference.report, normal(folder / "report.json")), *verify_run(folder)]


def _row(what: str, tried: dict[str, list[str]], note: str = "") -> Row:
    wrong = tuple(f"{name}: {line}"[:2000] for name, lines in tried.items() for line in lines)
    return Row(what=what, count=len(tried), good=sum(not lines for lines in tried.values()), wrong=wrong, note=note)


# -- no room ---------------------------------------------------------------------------------------------------------


def full_disk(place: Bench, scratch: Path, reference: Reference, shares: list[float], workers: tuple[int, ...]) -> Row:
    """A file system with room for a part of the evidence; after room is made, the run is resumed."""
    tried = {}
    for number, share in enumerate(shares):
        for count in workers:
            size = max(4096, int(share * reference.size)) // 4096 * 4096
            with _tmpfs(scratch / f"full-{number}-{count}", str(size)) as disk:
                folder = disk / "run"
                kit = place.start(folder, workers=count)
                wrong = _told(kit, kit.end(), str(folder), "No space left on device")
                wrong += _sound(folder)
                subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
                tried[f"{size} bytes, {count or 1} process(es)"] = [*wrong, *_finished(place, folder, reference, count)]
    return _row("disk full (tmpfs)", tried)


def file_limit(place: Bench, scratch: Path, reference: Reference, shares: list[float]) -> Row:
    """A limit on the size of a file (RLIMIT_FSIZE)."""
    tried = {}
    for number, share in enumerate(shares):
        size = int(share * reference.size)
        folder = scratch / f"limit-{number}"
        kit = place.start(folder, preexec_fn=lambda size=size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        wrong = _told(kit, kit.end(), str(folder), "File too large")
        tried[f"{size} bytes"] = [*wrong, *_sound(folder), *_finished(place, folder, reference)]
    return _row("files may not grow (RLIMIT_FSIZE)", tried)


# -- folders ---------------------------------------------------------------------------------------------------------


def unusable_folder(place: Bench, scratch: Path, workers: tuple[int, ...]) -> Row:
    """A report folder in which nothing can be written."""
    tried = {}
    (scratch / "file").write_text("", encoding="utf-8")
    locked = scratch / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    mortal = MORTAL if ROOT_USER else ()
    for count in workers:
        for name, folder, words, under in (
            ("below a file", scratch / "file" / "run", "Not a directory", ()),
            ("a file", scratch / "file", "File exists", ()),
            ("no permission", locked / "run", "Permission denied", mortal),
        ):
            kit = place.start(folder, workers=count, under=under)
            tried[f"{name}, {count or 1} process(es)"] = _told(kit, kit.end(), str(folder), words, "report folder")
        if ROOT_USER:
            with _tmpfs(scratch / f"read-only-{count}", "64k", "ro") as disk:
                kit = place.start(disk / "run", workers=count)
                wrong = _told(kit, kit.end(), str(disk), "Read-only file system", "report folder")
                tried[f"read-only, {count or 1} process(es)"] = wrong
    return _row("report folder can't be used", tried, "EROFS, EACCES, ENOTDIR, EEXIST")


def deleted(place: Bench, scratch: Path, reference: Reference, workers: tuple[int, ...], source: random.Random) -> Row:
    """The journal, or the whole report folder, is deleted while the cases run."""
    tried = {}
    for count in workers:
        for name, delete in (("journals", _unlink), ("folder", shutil.rmtree)):
            folder = scratch / f"deleted-{name}-{count}"
            kit = place.start(folder, workers=count)
            size = source.uniform(0.05, 0.8) * reference.size
            wrong = [] if kit.wait_for(lambda kit=kit, size=size: kit.journal_bytes() > size) else ["it ended before"]
            delete(folder)
            tried[f"{name}, {count or 1} process(es)"] = [*wrong, *_told(kit, kit.end(), str(folder), "deleted")]
    return _row("evidence deleted during the run", tried)


def _unlink(folder: Path) -> None:
    for path in find_journals(folder):
        path.unlink()


# -- the clock -------------------------------------------------------------------------------------------------------

PLUGIN = ("-p", "tests.faults.clock")


def clock_set(place: Bench, scratch: Path, reference: Reference, steps: list[tuple[float, float]]) -> Row:
    """The machine's clock is set in the middle of the run, or between a kill and the resumption."""
    tried = {}
    records = reference.size // 500
    for number, (by, share) in enumerate(steps):
        folder = scratch / f"clock-{number}"
        after = max(1, int(share * records))
        kit = place.start(folder, more=(*PLUGIN, f"--clock-by={by}", f"--clock-after={after}"))
        code = kit.end()
        wrong = [] if code == reference.code else [f"exit code {code}: {kit.text[-600:]}"]
        wrong += [*_steady(folder, noticed=True), *differences(reference.report, normal(folder / "report.json"))]
        tried[f"{by:+.0f} s after record {after}"] = wrong
    return _row("clock set during the run", tried)


def clock_set_while_away(place: Bench, scratch: Path, reference: Reference, steps: list[tuple[float, float]]) -> Row:
    """The machine's clock is set between a kill and the resumption.

    The kit has then another time than the product, and may say so: a clock that deviates is a warning.
    """
    tried = {}
    wanted = _without_clock(reference.report)
    for number, (by, share) in enumerate(steps):
        folder = scratch / f"away-{number}"
        kit = place.start(folder)
        size = share * reference.size
        kit.wait_for(lambda kit=kit, size=size: kit.journal_bytes() > size)
        kit.kill_all()
        kit = place.start(folder, resume=True, more=(*PLUGIN, f"--clock-by={by}"))
        code = kit.end()
        wrong = [] if code == reference.code else [f"exit code {code}: {kit.text[-600:]}"]
        wrong += [*_steady(folder), *differences(wanted, _without_clock(normal(folder / "report.json")))]
        tried[f"{by:+.0f} s"] = wrong
    return _row("clock set between a kill and the resumption", tried)


def _without_clock(report: dict[str, Any]) -> dict[str, Any]:
    """Give the verdicts and steps of a report as they are without the warnings about a clock."""
    return {
        name: (
            "pass" if (case["cause"] or {}).get("where") == "rule time.clock" else case["verdict"],
            case["counts"],
            case["steps"],
        )
        for name, case in report["cases"].items()
    }


def clock_followed(place: Bench, scratch: Path, reference: Reference) -> Row:
    """The control: a kit that follows the machine's clock comes to another report."""
    folder = scratch / "followed"
    after = reference.size // 1000
    more = (*PLUGIN, f"--clock-by={HOUR}", f"--clock-after={after}", "--clock-followed")
    place.start(folder, more=more).end()
    found = differences(reference.report, normal(folder / "report.json")) or _steady(folder)
    return _row("control: a kit that followed the clock would be caught", {"+3600 s": [] if found else ["it was not"]})


def _steady(folder: Path, *, noticed: bool = False) -> list[str]:
    """Check that no duration is negative, that the order holds, and that the step was noticed."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    durations = [report["run"]["duration_s"], *(case["duration_s"] for case in report["cases"])]
    durations += [step["duration_s"] for case in report["cases"] for step in case["steps"]]
    durations += [answer["longest_s"] for answer in report["answer_times"]]
    wrong = [f"a duration is {seconds} s" for seconds in durations if not 0 <= seconds < HOUR / 2]
    records = [record for path in find_journals(folder) for record in read_journal(path).records]
    if noticed and not any(isinstance(record, ClockSet) for record in records):
        wrong.append("the evidence does not say that the clock was set")
    return wrong


# -- signals ---------------------------------------------------------------------------------------------------------


def interrupted(
    place: Bench, scratch: Path, reference: Reference, source: random.Random, tries: list[tuple[str, int, str]]
) -> Row:
    """Ctrl-C or SIGTERM: reports are written, exit code 2, the message names the resumption.

    Args:
        tries: name of the signal, number of workers, and to whom: `pytest`, `command` or `terminal`.
    """
    tried = {}
    for number, (name, count, whom) in enumerate(tries):
        folder = scratch / f"interrupted-{number}"
        start = place.start if whom == "pytest" else place.start_command
        kit = start(folder, workers=count)
        size = source.uniform(0.02, 0.9) * reference.size
        if not kit.wait_for(lambda kit=kit, size=size: kit.journal_bytes() > size):
            tried[f"{number}: {name}"] = ["it ended before"]
            continue
        kit.send(signal.Signals[name], to_all=whom == "terminal")
        wrong = _told(kit, kit.end(), "the run was interrupted", f"--resume {folder}")
        wrong += _after(folder, kit, {})
        wrong += [f"{name} is missing" for name in ("report.html", "summary.md") if not (folder / name).exists()]
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        if not any("interrupted before its end" in problem for problem in report["problems"]):
            wrong.append(f"the report does not say that it is incomplete: {report['problems']}")
        tried[f"{name} to {whom}, {count or 1} process(es)"] = [*wrong, *_finished(place, folder, reference, count)]
    return _row("Ctrl-C and SIGTERM", tried)


def everything(place: Bench, scratch: Path, reference: Reference, source: random.Random):
    """Try all faults against one embedded product; gives a row each."""
    both = (0, 2)
    shares = sorted(source.uniform(0.02, 0.95) for _ in range(4))
    is_csms = place.role == "csms"
    if ROOT_USER:
        disks = [0.01, *shares, 1.15] if is_csms else shares[:2]
        yield _named(place, full_disk(place, scratch, reference, disks, both if is_csms else (0,)))
    yield _named(place, file_limit(place, scratch, reference, shares if is_csms else shares[:1]))
    if is_csms:
        yield _named(place, unusable_folder(place, scratch, both))
    yield _named(place, deleted(place, scratch, reference, both if is_csms else (0,), source))
    steps = [(by, source.uniform(0.1, 0.9)) for by in (HOUR, -HOUR, DAY, -DAY)]
    yield _named(place, clock_set(place, scratch, reference, steps))
    yield _named(place, clock_set_while_away(place, scratch, reference, steps[:3]))
    yield _named(place, clock_followed(place, scratch, reference))
    names = ("SIGINT", "SIGTERM")
    tries = [(name, count, "pytest") for name in names for count in both]
    tries += [(name, 0, "command") for name in names] + [("SIGINT", count, "terminal") for count in both]
    yield _named(place, interrupted(place, scratch, reference, source, tries if is_csms else tries[:2]))


def _named(place: Bench, row: Row) -> Row:
    return replace(row, what=f"{place.role}: {row.what}")
