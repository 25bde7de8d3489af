"""Reads one table of values that somebody wrote (TOML), and collects every problem in it instead of stopping at one.

A problem says where the value stands, what was found, what is allowed, and which known name is nearest.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_KINDS = (
    (bool, "true/false"),
    (int, "an integer"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a table"),
)
_SHOWN = 60
_SECRET = ("password", "token", "authorization", "secret", "key")


def describe(value: Any) -> str:
    """Say what was found: the kind of the value, and the value itself, shortened."""
    kind = next((name for type_, name in _KINDS if isinstance(value, type_)), f"a {type(value).__name__}")
    text = repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    return f"{kind}: {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Give ` (did you mean 'x'?)` for the known name that looks most like `name`, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {by_lower[close[0]]!r}?)" if close else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table was written: the source (a file, an option) and the table's name, for messages."""

    source: str
    table: str = ""

    def at(self, key: str) -> str:
        """Name one key of this table: `ocpp-tck.toml: [connection] url`."""
        return f"{self.source}: [{self.table}] {key}" if self.table else f"{self.source}: {key}"

    def inside(self, key: str) -> Place:
        """Name a table within this one."""
        return Place(self.source, f"{self.table}.{key}" if self.table else key)


@dataclass(slots=True)
class Table:
    """One table while it is read. Each getter gives the value, or the default after noting a problem.

    Attributes:
        values: the table as parsed.
        place: where it stands.
        problems: the common list of everything that is wrong.
        sources: keys whose value came from elsewhere (environment, option), with the name to show for it.
    """

    values: Mapping[str, Any]
    place: Place
    problems: list[str]
    sources: Mapping[str, str] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def problem(self, key: str, text: str) -> None:
        """Note that `key` of this table is wrong."""
        self.problems.append(f"{self.sources.get(key) or self.place.at(key)}: {text}")

    def refuse(self, key: str, allowed: str) -> None:
        """Note that the value of `key` is not allowed; a value that may be a secret is not shown."""
        secret = any(word in key.lower() for word in _SECRET)
        found = describe(self.values.get(key))
        self.problem(key, f"found {found.partition(':')[0] if secret else found}; allowed: {allowed}")

    def has(self, key: str) -> bool:
        """Whether the key was written; asking makes it known."""
        self._asked.add(key)
        return key in self.values

    def text(self, key: str, default: str = "", *, required: bool = False, longest: int | None = None) -> str:
        """Read a text; `required` refuses its absence and its emptiness, `longest` counts characters."""
        if not self.has(key):
            if required:
                self.problem(key, "missing; allowed: text")
            return default
        value = self.values[key]
        if not isinstance(value, str) or "\x00" in value:
            self.refuse(key, "text in quotes")
        elif not value and required:
            self.refuse(key, "text that is not empty")
        elif longest is not None and len(value) > longest:
            self.problem(key, f"found {len(value)} characters; allowed: at most {longest}")
        else:
            return value
        return default

    def choice(self, key: str, allowed: Iterable[str], default: str = "", *, required: bool = False) -> str:
        """Read one of a few words."""
        words = tuple(allowed)
        listed = ", ".join(f'"{word}"' for word in words)
        if not self.has(key):
            if required:
                self.problem(key, f"missing; allowed: one of {listed}")
            return default
        value = self.values[key]
        if value in words and isinstance(value, str):
            return value
        hint = nearest(value, words) if isinstance(value, str) else ""
        self.refuse(key, f"one of {listed}{hint}")
        return default

    def integer(self, key: str, default: int, *, least: int, most: int = 2**31 - 1) -> int:
        """Read a whole number from `least` to `most`."""
        if not self.has(key):
            return default
        value = self.values[key]
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.refuse(key, f"a whole number from {least} to {most}" if most < 2**31 - 1 else f"a whole number ≥ {least}")
        return default

    def seconds(self, key: str, default: float, *, least: float = 0.0, zero: bool = False) -> float:
        """Read a duration in seconds, at most a day; 0 only with `zero`."""
        if not self.has(key):
            return default
        value = self.values[key]
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if number and least <= value <= 86_400 and (zero or value > 0):  # noqa: PLR2004 - a day, as the docstring says
            return float(value)
        self.refuse(key, f"seconds, a number {'from' if zero or least else 'above'} {least:g} to 86400")
        return default

    def number(self, key: str, default: float, *, most: float) -> float:
        """Read a number from 0 to `most`."""
        if not self.has(key):
            return default
        value = self.values[key]
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most:
            return float(value)
        self.refuse(key, f"a number from 0 to {most:g}")
        return default

    def boolean(self, key: str, default: bool) -> bool:  # noqa: FBT001 - a default like any other
        """Read `true` or `false`."""
        if not self.has(key):
            return default
        value = self.values[key]
        if isinstance(value, bool):
            return value
        self.refuse(key, "true or false, without quotes")
        return default

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Read a list of texts that are not empty."""
        if not self.has(key):
            return default
        value = self.values[key]
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.refuse(key, 'a list of texts, such as ["a", "b"]')
        return default

    def table(self, key: str) -> Table:
        """Read a table inside this one; an absent one is empty."""
        value = self.values.get(key, {})
        if self.has(key) and not isinstance(value, Mapping):
            self.refuse(key, f"a table, written as [{self.place.inside(key).table}]")
            value = {}
        return Table(value, self.place.inside(key), self.problems)

    def tables(self, key: str) -> list[Table]:
        """Read a list of tables, written `[[…]]`."""
        value = self.values.get(key, [])
        place = self.place.inside(key)
        if self.has(key) and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in value)):
            self.refuse(key, f"a list of tables, each written as [[{place.table}]]")
            value = []
        return [
            Table(item, Place(place.source, f"{place.table} {number}"), self.problems)
            for number, item in enumerate(value, 1)
        ]

    def finish(self, more: Iterable[str] = ()) -> None:
        """Note every key that nobody asked for; `more` are known keys that were read by other means."""
        known = self._asked | set(more)
        for key in self.values:
            if key not in known:
                allowed = ", ".join(sorted(known)) or "nothing"
                self.problem(key, f"unknown key{nearest(key, known)}; allowed here: {allowed}")
