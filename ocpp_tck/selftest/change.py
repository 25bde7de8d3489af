"""A mutation without its frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_tck.reference.mutant import Do
    from ocpp_tck.selftest.mutation import Nature


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a frame; see `mutation.Mutation`, which adds the frame's number."""

    operator: str
    path: str
    text: str
    do: Do
    nature: Nature
    by: str
    live: bool = True
