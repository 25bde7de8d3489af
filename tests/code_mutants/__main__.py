"""`python -m tests.code_mutants`: change the kit's own code in small ways and see whether its tests notice.

mutmut makes the mutants of `protocol/`, `evidence/` and `verdict.py` and runs the tests that touch each (pyproject.toml
says which); only what changed since the last run is run again. A mutant that survives must be explained in
`survivors.toml`, and an explanation must have its mutant. Exit code: 0, 1 when one has not, 2 when the run failed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.selftest.result import Part, Row, told, write_part

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
OK, WRONG, FAILED = 0, 1, 2
KILLED = {1, 3, -11, -9}
TIMEOUT = {-24, 24, 36, 152, 255}
_NAME = re.compile(r"(?P<module>.+)\.x(?:ǁ(?P<cls>\w+)ǁ|_)(?P<function>\w+)__mutmut_\d+")


class Broken(Exception):
    """The run or the file of survivors is unusable; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function.

    Attributes:
        name: mutmut's.
        place: `evidence.journal.Journal.write`.
        outcome: exit code of its tests; 0 when they did not notice, None when they were not run.
        change: the lines as they became, one string.
    """

    name: str
    place: str
    outcome: int | None
    change: str = ""

    @property
    def package(self) -> str:
        """The first part of its place."""
        return self.place.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why mutants survive.

    Attributes:
        place: pattern of their places.
        change: text that their changed lines hold; empty for any.
        why: the reason.
    """

    place: str
    why: str
    change: str = ""

    def explains(self, mutant: Mutant) -> bool:
        """Whether a survivor is one of these."""
        return fnmatchcase(mutant.place, self.place) and self.change in mutant.change


def main(arguments: list[str] | None = None) -> int:
    """Run, judge, write, tell; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.code_mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="mutants at once")
    parser.add_argument("--no-run", action="store_true", help="judge what an earlier run left in mutants/")
    parser.add_argument("--folder", type=Path, default=ROOT / "reports" / "selftest")
    options = parser.parse_args(arguments)
    begin = time.monotonic()
    try:
        explanations = read_explanations(SURVIVORS)
        if not options.no_run:
            _run(options.jobs)
        part = judge(list(read_mutants(ROOT / "mutants")), explanations, time.monotonic() - begin)
    except Broken as problem:
        sys.stderr.write(f"{problem}\n")
        return FAILED
    sys.stdout.write("\n".join([*told(part), f"written: {write_part(part, options.folder)}", ""]))
    return OK if part.holds else WRONG


def _run(jobs: int) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs)]
    if subprocess.call(command, cwd=ROOT):
        raise Broken("mutmut failed; is it installed (tox -e code-mutants), and do the tests pass?")


def read_explanations(path: Path) -> list[Explanation]:
    """Read the file of survivors.

    Raises:
        Broken: an entry is not one.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
        return [Explanation(**entry) for entry in entries]
    except (OSError, tomllib.TOMLDecodeError, TypeError) as problem:
        raise Broken(f"{path}: {problem}; each [[survivor]] has place, why and maybe change") from None


def read_mutants(folder: Path) -> Iterator[Mutant]:
    """Read what mutmut left: outcomes in `*.py.meta`, all mutants of a function beside its original in `*.py`.

    Raises:
        Broken: nothing is there.
    """
    files = sorted(folder.rglob("*.py.meta"))
    if not files:
        raise Broken(f"{folder}: no mutants here; run without --no-run")
    for file in files:
        outcomes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
        functions = _functions(file.with_suffix(""))
        for name, outcome in outcomes.items():
            found = _NAME.fullmatch(name)
            if found is None:
                raise Broken(f"{file}: {name} is not a name of mutmut 3")
            module = found["module"].removeprefix("ocpp_tck.")
            place = ".".join(part for part in (module, found["cls"], found["function"]) if part)
            change = "" if outcome in KILLED else _change(functions, name.rpartition(".")[2])
            yield Mutant(name, place, outcome, change)


def _functions(path: Path) -> dict[str, list[str]]:
    """Give the lines of every original and mutated function of a file by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    current, indent = "", 0
    for line in path.read_text(encoding="utf-8").splitlines():
        begins = re.match(r"( *)(?:async )?def (\w+__mutmut_\w+)", line)
        if begins:
            current, indent = begins[2], len(begins[1])
            line = line.replace(current, "")  # noqa: PLW2901 - the names differ, of course
        elif re.match(rf" {{0,{indent}}}(?:def|async|class|@|mutants_)", line):
            current = ""
        found[current].append(line)
    return found


def _change(functions: dict[str, list[str]], name: str) -> str:
    before = functions[re.sub(r"_\d+$", "_orig", name)]
    return "\n".join(line.strip() for line in functions[name] if line not in before)


def judge(mutants: list[Mutant], explanations: list[Explanation], seconds: float) -> Part:
    """Make the result: survivors without explanation and explanations without survivor are wrong."""
    rows = []
    used: set[Explanation] = set()
    for package in sorted({mutant.package for mutant in mutants}):
        here = [mutant for mutant in mutants if mutant.package == package]
        wrong, explained = [], 0
        for mutant in (mutant for mutant in here if mutant.outcome not in KILLED | TIMEOUT):
            why = [one for one in explanations if one.explains(mutant)]
            used.update(why)
            explained += bool(why)
            if not why:
                state = "not run" if mutant.outcome is None else "survives"
                wrong.append(f"{mutant.place} {state}: {mutant.change or mutant.name}")
        slow = sum(mutant.outcome in TIMEOUT for mutant in here)
        note = f"{len(here) - len(wrong) - explained} killed ({slow} by time), {explained} explained"
        rows.append(Row(what=package, count=len(here), good=len(here) - len(wrong), wrong=tuple(wrong), note=note))
    stale = tuple(f"{one.place} ({one.change or 'any'}): no such survivor" for one in explanations if one not in used)
    rows.append(Row(what="explanations that hold", count=len(explanations), good=len(used), wrong=stale))
    return Part(
        name="code-mutants",
        title="Small changes of the kit's own code: its tests notice each, or why not is written down.",
        rows=tuple(rows),
        seconds=seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
