"""What a rule is: id, title, level and clause per version, and the traces that keep it honest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol.types import Level, Side, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE_START = 1_774_008_000.0
"""Kit time at which every example begins: 2026-03-20T12:00:00Z, seconds since the epoch."""

NOW = "2026-03-20T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Sent:
    """One frame of an example.

    Attributes:
        sender: who sends it.
        raw: the frame as on the wire.
        dt: seconds that pass before it.
        malformed: the kit broke it on purpose.
    """

    sender: Side
    raw: str | bytes
    dt: float = 0.0
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A small trace on one connection of one station.

    Attributes:
        version: OCPP version.
        trace: the frames in order.
        product: side under test; every frame is judged, whoever sends it.
        wait: seconds that pass after the last frame, before the judge is asked what is overdue.
    """

    version: Version
    trace: tuple[Sent, ...]
    product: Side = Side.STATION
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the table.

    Attributes:
        id: stable id, `<topic>.<what>`; reports and known-failure files name it.
        title: what holds when the rule is kept, one sentence.
        levels: how binding it is, per version; a version that is absent does not have the rule.
        clauses: where the version's text says so, per version.
        passing: traces without any finding.
        failing: traces whose first finding is this rule. Both are empty for rules about the connection itself, which
            no frame shows (`handshake.py`).
    """

    id: str
    title: str
    levels: Mapping[Version, Level]
    clauses: Mapping[Version, str]
    passing: tuple[Example, ...] = ()
    failing: tuple[Example, ...] = ()


def rule(
    identifier: str,
    title: str,
    *,
    must: Mapping[Version, str] | None = None,
    should: Mapping[Version, str] | None = None,
    passing: tuple[Example, ...] = (),
    failing: tuple[Example, ...] = (),
) -> Rule:
    """Make a rule from the clauses under which it is a MUST and those under which it is a SHOULD."""
    must, should = must or {}, should or {}
    levels = dict.fromkeys(must, Level.MUST) | dict.fromkeys(should, Level.SHOULD)
    return Rule(identifier, title, MappingProxyType(levels), MappingProxyType({**must, **should}), passing, failing)


def part4(section: str, j16: str = "") -> dict[Version, str]:
    """Give the clauses of a rule of OCPP-J; `j16` where 1.6 numbers it differently."""
    return {
        Version.V16: f"OCPP-J 1.6 {j16 or section}",
        Version.V201: f"OCPP 2.0.1 Part 4 {section}",
        Version.V21: f"OCPP 2.1 Part 4 {section}",
    }


def part2(clause: str) -> dict[Version, str]:
    """Give the clauses of a rule that 2.0.1 and 2.1 Part 2 share."""
    return {Version.V201: f"OCPP 2.0.1 Part 2 {clause}", Version.V21: f"OCPP 2.1 Part 2 {clause}"}


def v16(clause: str) -> dict[Version, str]:
    """Give the clause of a rule of OCPP 1.6 edition 2 or its errata."""
    return {Version.V16: f"OCPP 1.6 {clause}"}


# -- short forms for the examples ------------------------------------------------------------------------------------


def call(identifier: object, action: object, /, **payload: Any) -> str:
    """Write a CALL."""
    return json.dumps([2, identifier, action, payload])


def result(identifier: object, /, **payload: Any) -> str:
    """Write a CALLRESULT."""
    return json.dumps([3, identifier, payload])


def cs(raw: str | bytes, dt: float = 0.0) -> Sent:
    """The station sends."""
    return Sent(Side.STATION, raw, dt)


def csms(raw: str | bytes, dt: float = 0.0) -> Sent:
    """The CSMS sends."""
    return Sent(Side.CSMS, raw, dt)


def ex16(*trace: Sent, product: Side = Side.STATION, wait: float = 0.0) -> Example:
    """A trace of OCPP 1.6."""
    return Example(Version.V16, trace, product, wait)


def ex201(*trace: Sent, product: Side = Side.STATION, wait: float = 0.0) -> Example:
    """A trace of OCPP 2.0.1."""
    return Example(Version.V201, trace, product, wait)


def ex21(*trace: Sent, product: Side = Side.STATION, wait: float = 0.0) -> Example:
    """A trace of OCPP 2.1."""
    return Example(Version.V21, trace, product, wait)
