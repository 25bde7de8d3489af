"""The systematic mutants of a case: every change of every frame of the product, and what is to be expected of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.selftest import field_mutations, frame_mutations
from ocpp_tck.selftest.mutation import Mutation, Nature
from ocpp_tck.selftest.surroundings import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.evidence.records import Frame

__all__ = ["Mutation", "Nature", "mutations"]


def mutations(frames: Sequence[Frame], version: str, product: str, *, limit: float) -> Iterator[Mutation]:
    """Give the mutants of a case, in the order of its frames.

    Args:
        frames: all frames of the case, of both sides, in order; those of the product are what a conformant one sends.
        version: OCPP version.
        product: "cs" or "csms".
        limit: seconds by which a delayed frame is surely late.
    """
    for frame, parsed, around in walk(frames, version, product):
        fields = field_mutations.changes(parsed, around.root, product) if around.root else ()
        for change in (*frame_mutations.changes(parsed, frame.raw, around, limit), *fields):
            yield Mutation(
                frame=frame.n,
                operator=change.operator,
                path=change.path,
                text=change.text,
                do=change.do,
                nature=change.nature,
                by=change.by,
                live=change.live,
            )
