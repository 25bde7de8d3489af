"""What one systematic mutant is: a change at one frame, and what is to be expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_tck.reference.mutant import Do


class Nature(StrEnum):
    """What the documents say of the changed frame.

    ILLEGAL: the schema, OCPP-J or a must of the specification forbids it wherever it stands: the kit fails the case.
    LEGAL: the text allows it wherever it stands: the kit does not fail the case.
    JUDGED: legal as a frame; whether it is right here depends on the case.
    """

    ILLEGAL = "illegal"
    LEGAL = "legal"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change at one frame of the product.

    Attributes:
        frame: number of the frame (`records.Frame.n`).
        operator: stable id, `<family>.<what>`.
        path: the value that is changed, in the notation of `reference/mutant.py`; empty = the frame.
        text: what is wrong, one short clause.
        do: the change.
        nature: what is to be expected.
        by: ILLEGAL: the clause that is broken; LEGAL: the clause that allows it; JUDGED: empty.
        live: whether the change means the same at a running product; False when it is made of a value of the record
            that is another in each run: a message id, a time, a transaction id in words.
    """

    frame: int
    operator: str
    path: str
    text: str
    do: Do
    nature: Nature
    by: str = ""
    live: bool = True

    @property
    def name(self) -> str:
        """The mutation's name, unique among those of a case."""
        return f"frame {self.frame} {self.path or '-'} {self.operator}"
