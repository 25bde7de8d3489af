"""The reviewed list of mutants that no case has to find: what is changed is legal at that place, by which clause.

```toml
[[equivalent]]
message = "StatusNotification request"   # action and request, response or error; * and ? as in file names
path = "info"                            # the changed value, [*] for any index; may be left out with the operators
operators = ["field.drop_optional"]      # ids of operators, * and ? as in file names
place = "any"                            # setup, aside, step, or any of them
cases = ["TC_003_CS"]                    # only these; all without it
steps = ["5"]                            # only at these steps
rare = true                              # not in every recording: it may be idle
reason = "info is optional and free text (1.6 6.47)"
```

`setup` is a frame before the first step, `step` one that a step took, `aside` one that no step took.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "equivalents"
PLACES = ("setup", "aside", "step", "any")
_NEEDED = {"message", "operators", "reason"}
_OPTIONAL = {"path", "place", "cases", "steps", "versions", "rare"}
_INDEX = re.compile(r"\[\d+\]")


class EquivalentsError(Exception):
    """The list is wrong; the message names file, entry and mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a mutant is: what an entry of the list is compared with."""

    case: str
    version: str
    message: str
    path: str
    operator: str
    place: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """One entry of the list."""

    source: str
    message: str
    operators: tuple[str, ...]
    reason: str
    path: str = "*"
    place: str = "any"
    cases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    rare: bool = False

    def covers(self, spot: Spot) -> bool:
        """Whether it speaks of a mutant at this spot."""
        return (
            self.place in {"any", spot.place}
            and (not self.cases or spot.case in self.cases)
            and (not self.steps or spot.step in self.steps)
            and (not self.versions or spot.version in self.versions)
            and fnmatchcase(spot.message, self.message)
            and any(fnmatchcase(spot.operator, one) for one in self.operators)
            and fnmatchcase(_plain(spot.path), _plain(self.path))
        )


def _plain(path: str) -> str:
    """Write a path without what file-name patterns read as a set of letters."""
    return _INDEX.sub("[*]", path).replace("[", "(").replace("]", ")")


def load(folder: Path = HERE) -> tuple[Equivalent, ...]:
    """Read the list of a folder.

    Raises:
        EquivalentsError: an entry is wrong.
    """
    found: list[Equivalent] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise EquivalentsError(f"{path.name}: {error}") from None
        if unknown := content.keys() - {"equivalent"}:
            raise EquivalentsError(f"{path.name}: unknown table {min(unknown)!r}; each entry is an [[equivalent]]")
        for number, entry in enumerate(content.get("equivalent", []), start=1):
            found.append(_entry(entry, f"{path.name}: entry {number}"))
    return tuple(found)


def _entry(entry: dict[str, Any], place: str) -> Equivalent:
    if missing := _NEEDED - entry.keys():
        raise EquivalentsError(f"{place}: lacks {', '.join(sorted(missing))}")
    if unknown := entry.keys() - _NEEDED - _OPTIONAL:
        raise EquivalentsError(f"{place}: unknown {', '.join(sorted(unknown))}")
    if entry.get("place", "any") not in PLACES:
        raise EquivalentsError(f"{place}: place {entry['place']!r} is none of {', '.join(PLACES)}")
    if not str(entry["reason"]).strip():
        raise EquivalentsError(f"{place}: give the reason, with its clause")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return Equivalent(source=place, **values)
