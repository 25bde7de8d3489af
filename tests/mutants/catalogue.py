"""The mutants as written: `tests/mutants/<v16|v20>/<cs|csms>/*.toml`, one file per file of cases.

```toml
[[mutant]]
case = "TC_003_CSMS"
step = "4"                                 # the step that must fail
name = "answers Authorize with Blocked"
match = {sender = "csms", type = "result", action = "Authorize", nth = 1}
do = {set = {"idTagInfo.status" = "Blocked"}}
expect = "warn"                            # for the SHOULD, where one number has a check of a MUST and of a SHOULD
versions = ["2.0.1"]                       # only these; all of the case without it

[[excused]]                                # a step that the embedded product can't be made to fail, or to reach
case = "TC_003_CSMS"
step = "9"                                 # "9 should" for a step that checks a SHOULD
reason = "the embedded CSMS has no ..."
```

`match` and `do` are those of `ocpp_tck/reference/mutant.py`. `nth` counts from the start of the product, which each
mutant has to itself: the boot and the state that the fixtures reach count too.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocpp_tck.case import CaseError, SourceCase, cases_root, read_cases
from ocpp_tck.demo import options_for
from ocpp_tck.reference.mutant import Mutant as Defect
from ocpp_tck.reference.mutant import MutantError, parse

HERE = Path(__file__).resolve().parent
FOLDERS = {"1.6": "v16", "2.0.1": "v20", "2.1": "v20"}
MUTANT_KEYS = {"case", "step", "name", "match", "do"}
OPTIONAL_KEYS = {"expect", "versions"}
EXCUSED_KEYS = {"case", "step", "reason"}
EXPECTED = ("fail", "warn")


class CatalogueError(Exception):
    """A file of mutants is wrong; the message names file, entry and mend."""


@dataclass(frozen=True)
class Mutant:
    """One defect, and the step of the case that must show it."""

    case: str
    step: str
    name: str
    defect: Defect
    expect: str

    @property
    def key(self) -> str:
        """The step's name in the matrix."""
        return step_key(self.step, "should" if self.expect == "warn" else "must")


@dataclass(frozen=True)
class Excused:
    """A step that has no mutant for a reason."""

    case: str
    step: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """The mutants of one role and version, beside the planned steps (`step_key`) of each case."""

    mutants: tuple[Mutant, ...]
    excused: tuple[Excused, ...]
    steps: dict[str, tuple[str, ...]]
    options: dict[str, tuple[str, ...]]

    def due(self, case: str) -> list[str]:
        """Give the steps of a case that a mutant must kill."""
        spared = {one.step for one in self.excused if one.case == case}
        return [step for step in dict.fromkeys(self.steps[case]) if step not in spared]


def step_key(number: str, level: str) -> str:
    """Name a step: a check of a SHOULD may share its number with a MUST, and needs a mutant of its own."""
    return f"{number} should" if level == "should" else number


def load(sut: str, version: str, folder: Path = HERE) -> Catalogue:
    """Read the mutants of a role and version, from the folder that has `v16` and `v20`.

    Raises:
        CatalogueError: an entry is wrong, or names a case or a step that is not planned.
    """
    cases = planned(sut, version)
    steps = {case.facts["id"]: tuple(step_key(step.n, step.level) for step in case.steps) for case in cases}
    mutants: list[Mutant] = []
    excused: list[Excused] = []
    for path in sorted((folder / FOLDERS[version] / sut).glob("*.toml")):
        place = path.relative_to(folder)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"{place}: {error}") from None
        if unknown := content.keys() - {"mutant", "excused"}:
            raise CatalogueError(f"{place}: [[{min(unknown)}]] is neither [[mutant]] nor [[excused]]")
        for number, entry in enumerate(content.get("mutant", []), start=1):
            if version in entry.get("versions", [version]):
                mutants.append(_mutant(entry, steps, f"{place}: mutant {number}"))
        for number, entry in enumerate(content.get("excused", []), start=1):
            _check(entry, EXCUSED_KEYS, set(), f"{place}: excused {number}")
            _check_step(entry["case"], entry["step"], steps, f"{place}: excused {number}")
            excused.append(Excused(**entry))
    _unique(mutants)
    for spared in excused:
        if any((one.case, one.key) == (spared.case, spared.step) for one in mutants):
            raise CatalogueError(
                f"{spared.case} step {spared.step}: excused, and yet it has a mutant; drop one of the two"
            )
    return Catalogue(
        tuple(mutants),
        tuple(excused),
        steps,
        {case.facts["id"]: options_for(sut, version, case.facts) for case in cases},
    )


def planned(sut: str, version: str) -> list[SourceCase]:
    """Give the implemented cases of a role and version.

    Raises:
        CatalogueError: a case can't be read.
    """
    try:
        cases = [case for path in sorted(cases_root().rglob("test_*.py")) for case in read_cases(path)]
    except (CaseError, SyntaxError) as error:
        raise CatalogueError(str(error)) from None
    return [
        case
        for case in cases
        if case.facts["id"].rsplit("_", 1)[-1].lower() == sut
        and version in case.facts.get("versions", ("1.6",))
        and case.facts.get("status", "implemented") == "implemented"
    ]


def _mutant(entry: dict[str, Any], steps: dict[str, tuple[str, ...]], place: str) -> Mutant:
    _check(entry, MUTANT_KEYS, OPTIONAL_KEYS, place)
    planned_steps = steps.get(entry["case"], ())
    only_should = entry["step"] not in planned_steps and step_key(entry["step"], "should") in planned_steps
    expect = entry.get("expect", "warn" if only_should else "fail")
    if expect not in EXPECTED:
        raise CatalogueError(f"{place}: expect {expect!r} is none of {', '.join(EXPECTED)}")
    try:
        defect = parse({"name": entry["name"], "match": entry["match"], "do": entry["do"]})
    except MutantError as error:
        raise CatalogueError(f"{place}: {error}") from None
    mutant = Mutant(entry["case"], entry["step"], entry["name"], defect, expect)
    _check_step(mutant.case, mutant.key, steps, place)
    return mutant


def _check(entry: dict[str, Any], keys: set[str], optional: set[str], place: str) -> None:
    if missing := keys - entry.keys():
        raise CatalogueError(f"{place}: lacks {', '.join(sorted(missing))}")
    if unknown := entry.keys() - keys - optional:
        raise CatalogueError(f"{place}: unknown {', '.join(sorted(unknown))}")


def _check_step(case: str, key: str, steps: dict[str, tuple[str, ...]], place: str) -> None:
    if case not in steps:
        raise CatalogueError(f"{place}: no implemented case {case} of this role and version")
    if key not in steps[case]:
        raise CatalogueError(f"{place}: {case} has no step {key!r}; it has {', '.join(steps[case])}")


def _unique(mutants: list[Mutant]) -> None:
    seen = set()
    for one in mutants:
        key = (one.case, one.step, one.name)
        if key in seen:
            raise CatalogueError(f"{one.case} step {one.step}: two mutants {one.name!r}")
        seen.add(key)
