"""What applies: PICS expressions over feature ids, in three values (true, false, unanswered).

Grammar: `a and (b or not c)`, `profile("Core")`, `subtype("…")`. The ids are rows of `features.csv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

FEATURES = Path(__file__).with_name("features.csv")
_TOKEN = re.compile(r"\s*(?:(?P<call>profile|subtype)\(\s*\"(?P<text>[^\"]*)\"\s*\)|(?P<id>[\w.\-]+)|(?P<mark>[()]))")
_WORDS = frozenset({"and", "or", "not"})


class PicsError(Exception):
    """An expression is wrong or names an unknown feature; the message says which and what is known."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One question to the vendor.

    Attributes:
        id: as written in expressions and in `[pics]`.
        sut: role of the product that is asked.
        versions: OCPP versions that ask it.
        question: one line, own words.
        default: answer for the embedded products, `true` or `false`.
    """

    id: str
    sut: str
    versions: tuple[str, ...]
    question: str
    default: str = "false"


@cache
def _rows() -> tuple[Feature, ...]:
    with FEATURES.open(encoding="utf-8", newline="") as rows:
        return tuple(
            Feature(row["id"], row["sut"], tuple(row["versions"].split(";")), row["question"], row["default"])
            for row in csv.DictReader(rows)
        )


def features(version: str, sut: str) -> dict[str, Feature]:
    """Give the questions to a product of that version and role, by feature id."""
    return {item.id: item for item in _rows() if item.sut == sut and version in item.versions}


def known_ids(sut: str, version: str) -> frozenset[str]:
    """Give the feature ids of a role and version."""
    return frozenset(features(version, sut))


@dataclass(frozen=True, slots=True)
class Node:
    """A parsed expression: an operator over parts, or a leaf with a name."""

    kind: str
    name: str = ""
    parts: tuple[Node, ...] = ()

    def ids(self) -> frozenset[str]:
        """Give the feature ids in it."""
        own = {self.name} if self.kind == "id" else set()
        return frozenset(own.union(*(part.ids() for part in self.parts)))

    def value(self, answers: Mapping[str, bool], profiles: frozenset[str] = frozenset()) -> bool | None:
        """Evaluate; None when it hangs on an unanswered question."""
        if self.kind == "id":
            return answers.get(self.name)
        if self.kind in {"profile", "subtype"}:
            return self.name in profiles if profiles else None
        values = [part.value(answers, profiles) for part in self.parts]
        if self.kind == "not":
            return None if values[0] is None else not values[0]
        decisive = self.kind == "or"
        if decisive in values:
            return decisive
        return None if None in values else not decisive


@lru_cache(maxsize=1024)
def parse(expression: str) -> Node:
    """Parse an expression.

    Raises:
        PicsError: it is not of the grammar.
    """
    tokens: list[tuple[str, str]] = []
    place = 0
    while expression[place:].strip():
        match = _TOKEN.match(expression, place)
        if match is None:
            raise PicsError(f"{expression!r}: cannot read {expression[place:].strip()!r}")
        word = match["id"]
        if match["call"]:
            tokens.append((match["call"], match["text"]))
        elif word:
            tokens.append((word, word) if word in _WORDS else ("id", word))
        else:
            tokens.append((match["mark"], match["mark"]))
        place = match.end()
    node, rest = _either(tokens, expression)
    if rest:
        raise PicsError(f"{expression!r}: {rest[0][1]!r} is too much")
    return node


_Tokens = list[tuple[str, str]]


def _either(tokens: _Tokens, expression: str) -> tuple[Node, _Tokens]:
    return _chain("or", tokens, expression)


def _chain(word: str, tokens: _Tokens, expression: str) -> tuple[Node, _Tokens]:
    def below(rest: _Tokens) -> tuple[Node, _Tokens]:
        return _chain("and", rest, expression) if word == "or" else _single(rest, expression)

    node, tokens = below(tokens)
    parts = [node]
    while tokens and tokens[0][0] == word:
        node, tokens = below(tokens[1:])
        parts.append(node)
    return (parts[0] if len(parts) == 1 else Node(word, parts=tuple(parts))), tokens


def _single(tokens: _Tokens, expression: str) -> tuple[Node, _Tokens]:
    if not tokens:
        raise PicsError(f"{expression!r}: ends too early")
    (kind, name), rest = tokens[0], tokens[1:]
    if kind == "not":
        node, rest = _single(rest, expression)
        return Node("not", parts=(node,)), rest
    if kind == "(":
        node, rest = _either(rest, expression)
        if not rest or rest[0][0] != ")":
            raise PicsError(f"{expression!r}: a ) is missing")
        return node, rest[1:]
    if kind in {"id", "profile", "subtype"}:
        return Node(kind, name), rest
    raise PicsError(f"{expression!r}: {name!r} does not stand here")


def check(expression: str, sut: str, version: str) -> None:
    """Refuse an expression that names a feature which that role and version do not have.

    Raises:
        PicsError: naming the id and the known ones.
    """
    known = known_ids(sut, version)
    for unknown in sorted(parse(expression).ids() - known):
        raise PicsError(f"{expression!r}: unknown feature {unknown!r}; {sut} {version} has {', '.join(sorted(known))}")


def decide(expression: str, answers: Mapping[str, bool]) -> tuple[bool | None, str]:
    """Say whether a case applies, and why not: the expression and the answers, or the open questions."""
    if not expression:
        return True, ""
    node = parse(expression)
    value = node.value(answers)
    if value is None:
        open_ids = sorted(name for name in node.ids() if name not in answers)
        return None, f"[pics] does not answer {', '.join(open_ids)} (needed: {expression})"
    given = ", ".join(f"{name} = {str(answers[name]).lower()}" for name in sorted(node.ids()) if name in answers)
    return value, f"applies if {expression}; declared: {given}"


def all_names() -> frozenset[str]:
    """Give every feature id, whichever role and version asks it."""
    return frozenset(item.id for item in _rows())
