"""Defects of behaviour that the embedded products can have on request: what a wrong product does over time.

Each is a subclass of the one class of the product in which such a bug would really sit, and overrides as little as it
can; `part` puts it in the place of that class. The conformant product is read without them. They prove the kit's
verdicts: `ocpp_tck/selftest/behaviours.toml` names the cases that must show each one.
"""

from collections.abc import Iterable
from functools import cache

from ocpp_tck.reference.defects.table import Defect


@cache
def every() -> tuple[Defect, ...]:
    """Give all defects: of the station before those of the CSMS, of 1.6 before 2.x."""
    from ocpp_tck.reference.defects import (  # noqa: PLC0415 - needs their products
        csms16,
        csms16_security,
        csms20,
        station16_charging,
        station16_files,
        station16_lists,
        station16_reservation,
        station16_security,
        station16_sessions,
        station20,
    )

    modules = (
        *(station16_sessions, station16_charging, station16_files, station16_lists, station16_reservation),
        *(station16_security, station20, csms16, csms16_security, csms20),
    )
    tables = dict.fromkeys(module.table for module in modules)  # one may have several modules
    return tuple(one for table in tables for one in table.defects)


def known(role: str, version: str) -> tuple[Defect, ...]:
    """Give the defects that a product of this role and version can have."""
    return tuple(one for one in every() if one.role == role and version in one.versions)


def classes(version: str, names: Iterable[str]) -> tuple[type, ...]:
    """Give the classes that make up the defects of these names in a version, whatever part they belong to."""
    wanted = set(names)
    return tuple(kind for one in every() if version in one.versions and one.name in wanted for kind in one.classes)


__all__ = ["Defect", "classes", "every", "known"]
