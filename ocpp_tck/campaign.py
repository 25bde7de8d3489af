"""What a run is meant to be: all cases or a part, a first try or a following one, a certification run or not."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import Any

KINDS = ("failed", "inconclusive", "undecided")
"""What `--only` takes. `undecided`: inconclusive, kit error, not run, cut off, or never begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is written into the evidence when a run begins; see `evidence.records.RunStarted`.

    Attributes:
        selection: how the user selected cases; empty when all were asked for.
        asked: ids of the cases, after every selection, in their order.
        follows: the run that they were chosen from by their verdicts; empty for a run of its own.
        retries: how often a case that failed or was inconclusive is run again.
        certify: whether it was asked for as a certification run.
        objections: what stands against that.
    """

    selection: str = ""
    asked: tuple[str, ...] = ()
    follows: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    certify: bool = False
    objections: tuple[str, ...] = ()
