"""The table of defects, one for each role and generation of OCPP."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True)
class Defect:
    """One deviation of a product.

    Attributes:
        name: how it is asked for.
        role: cs or csms.
        versions: OCPP versions whose product can have it.
        what: what the product does, one sentence.
        breaks: the requirement that it breaks, by clause.
        classes: the subclasses of parts of the product that make it up.
    """

    name: str
    role: str
    versions: tuple[str, ...]
    what: str
    breaks: str
    classes: tuple[type, ...]


class Table:
    """Collects the defects of one role from the classes that carry them."""

    def __init__(self, role: str, *versions: str) -> None:
        self._role = role
        self._versions = versions
        self._defects: dict[str, Defect] = {}

    @property
    def defects(self) -> tuple[Defect, ...]:
        """The defects in the order in which they stand in the source."""
        return tuple(self._defects.values())

    def defect(self, name: str, breaks: str) -> Callable[[C], C]:
        """Make a class a defect of its own; its docstring says what the product then does."""

        def enter(kind: C) -> C:
            self.enter(name, breaks, " ".join((kind.__doc__ or "").split()), kind)
            return kind

        return enter

    def also(self, name: str) -> Callable[[C], C]:
        """Make a class a further part of a defect."""

        def enter(kind: C) -> C:
            entry = self._defects[name]
            self._defects[name] = replace(entry, classes=(*entry.classes, kind))
            return kind

        return enter

    def enter(self, name: str, breaks: str, what: str, kind: type) -> None:
        """Enter a defect whose class was made by a function."""
        assert name not in self._defects, name  # noqa: S101 - two defects of one name are a slip in these modules
        self._defects[name] = Defect(name, self._role, self._versions, what, breaks, (kind,))
