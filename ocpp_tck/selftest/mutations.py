"""The systematic mutants of a case: every change of every frame of the product, and what is to be expected of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ocpp_tck.selftest import field_mutations
from ocpp_tck.selftest.legality import REQUEST, RESPONSE, message
from ocpp_tck.selftest.mutation import Mutation, Nature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.evidence.records import Frame

__all__ = ["Mutation", "Nature", "mutations"]

_PAYLOADS = {"CALL": (REQUEST, ""), "CALLRESULT": (RESPONSE, ""), "SEND": (REQUEST, "$[3]")}


def mutations(frames: Sequence[Frame], version: str, product: str, *, limit: float) -> Iterator[Mutation]:
    """Give the mutants of a case, in the order of its frames.

    Args:
        frames: all frames of the case, of both sides, in order; those of the product are what a conformant one sends.
        version: OCPP version.
        product: "cs" or "csms".
        limit: seconds by which a delayed frame is surely late.
    """
    del limit
    for frame in frames:
        if frame.sender == "product":
            yield from _fields(frame, version, product)


def _fields(frame: Frame, version: str, product: str) -> Iterator[Mutation]:
    kind, prefix = _PAYLOADS.get(frame.type, ("", ""))
    root = message(version, frame.action, kind) if kind else None
    if root is None or frame.encoding != "text":
        return
    for change in field_mutations.changes(json.loads(frame.raw), root, prefix, product):
        yield Mutation(
            frame=frame.n,
            operator=change.operator,
            path=change.path,
            text=change.text,
            do=change.do,
            nature=change.nature,
            by=change.by,
        )
