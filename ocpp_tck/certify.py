"""What stands against a run being a certification run, known before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.case import Case
from ocpp_tck.pics import parse
from ocpp_tck.plan import entries
from ocpp_tck.settings import Limits, TestData

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ocpp_tck.settings import Settings

_PATIENCE = {"operator"}
"""Limits that wait for a person and say nothing of the product."""
_LEAST = {"absence"}
"""Limits that are looser when they are shorter."""
_LISTED = 10


def objections(
    settings: Settings, cases: Collection[Case], *, narrowed: Collection[str], others: int, over: Collection[str] = ()
) -> tuple[str, ...]:
    """List everything that stands against it, in words; empty when nothing does.

    Args:
        settings: what the run was told.
        cases: the cases that were collected.
        narrowed: the options that choose cases or soften verdicts, as the user wrote them.
        others: number of collected tests that are no cases.
        over: ids of the cases that an interrupted run has behind it.
    """
    return (
        *(f"{option} is given" for option in narrowed),
        *_coverage(settings, {case.id for case in cases} | set(over)),
        *([f"tests that are no OCA cases would run: {others}"] if others else []),
        *_pics(settings, cases),
        *_limits(settings),
    )


def by_node(nodes: Sequence[str], role: str, version: str) -> list[Case]:
    """Give the cases of the catalogue that stand behind pytest's node ids; other tests are left out."""
    known = {
        f"{source.path.name}::{source.function}": source.facts
        for entry in entries(role, version)
        if (source := entry.source) is not None
    }
    found = (known.get(node.rpartition("/")[2]) for node in nodes)
    return [
        Case(
            id=facts["id"],
            title=facts["title"],
            versions=(version,),
            sut=role,
            profile=facts["profile"],
            applies_if=facts.get("applies_if", ""),
        )
        for facts in found
        if facts is not None
    ]


def _coverage(settings: Settings, collected: set[str]) -> Iterator[str]:
    known = entries(settings.sut.role, settings.sut.version)
    written = {entry.id for entry in known if entry.source is not None}
    of_product = f"OCPP {settings.sut.version} {settings.sut.role}"
    if missing := sorted(written - collected):
        yield f"{len(missing)} of the {len(written)} cases of {of_product} would not run: {_some(missing)}"
    if foreign := sorted(collected - {entry.id for entry in known}):
        yield f"not of the catalogue: {_some(foreign)}"
    for status in ("pending", "draft"):
        if ids := sorted(entry.id for entry in known if entry.status == status):
            yield f"this kit does not cover {of_product} whole: {len(ids)} cases are {status}: {_some(ids)}"


def _pics(settings: Settings, cases: Collection[Case]) -> Iterator[str]:
    asked = {name for case in cases if case.applies_if for name in parse(case.applies_if).ids()}
    if unanswered := sorted(asked - settings.pics.keys()):
        yield f"[pics] does not answer {', '.join(unanswered)}"


def _limits(settings: Settings) -> Iterator[str]:
    usual = Limits()
    for name in usual.__slots__:
        value, default = getattr(settings.limits, name), getattr(usual, name)
        looser = value < default if name in _LEAST else value > default
        if looser and name not in _PATIENCE:
            yield f"[limits] {name} = {value:g} s is looser than the default of {default:g} s"
    tolerance, usual_tolerance = settings.test_data.limit_tolerance, TestData().limit_tolerance
    if tolerance > usual_tolerance:
        yield f"[test_data] limit_tolerance = {tolerance:g} % is looser than the default of {usual_tolerance:g} %"


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:_LISTED]) + (f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else "")
