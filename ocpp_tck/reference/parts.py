"""Which classes a product is built of: its own, or subclasses of them with a defect each.

A product makes the parts that a defect may sit in by `part(Class, options)(…)`. Without defects that is `Class`
itself; the defects stand in `ocpp_tck.reference.defects`, which is read only when one was asked for.
"""

from typing import Protocol, TypeVar

from ocpp_tck.reference.control import CannotStart

T = TypeVar("T")


class Options(Protocol):
    """The options of a product, as far as they matter here."""

    @property
    def version(self) -> str:
        """OCPP version."""

    @property
    def defects(self) -> tuple[str, ...]:
        """Names of the defects that the product is to have."""


def part(kind: type[T], options: Options) -> type[T]:
    """Give the class to build a part of: `kind`, with the wanted defects that belong to it in front."""
    if not options.defects:
        return kind
    from ocpp_tck.reference.defects import classes  # noqa: PLC0415 - a right product knows no defects

    found = tuple(one for one in classes(options.version, options.defects) if issubclass(kind, one.__mro__[1]))
    return type(kind.__name__, (*found, kind), {}) if found else kind


def check_defects(role: str, options: Options) -> None:
    """Refuse defects that no product of this role and version has. Raises `CannotStart`."""
    if not options.defects:
        return
    from ocpp_tck.reference.defects import known  # noqa: PLC0415

    names = {one.name for one in known(role, options.version)}
    for name in options.defects:
        if name not in names:
            raise CannotStart(
                f"unknown defect {name!r} for {role} {options.version}; there are {', '.join(sorted(names))}"
            )
