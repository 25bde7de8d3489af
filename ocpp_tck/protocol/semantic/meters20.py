"""Meter values of 2.x by themselves.

Source: OCPP 2.0.1 and 2.1 Part 2 UnitOfMeasureType, MeasurandEnumType; appendix Standardized Units of Measure.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.semantic.times import values_at
from ocpp_tck.protocol.types import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Json, Violation

_REGISTER = "Energy.Active.Import.Register"
_UNITS = {
    "Current": ("A",),
    "Energy.Active": ("Wh", "kWh"),
    "Energy.Apparent": ("VAh", "kVAh"),
    "Energy.Reactive": ("varh", "kvarh"),
    "Frequency": ("Hz", "mHz"),
    "Power.Active": ("W", "kW"),
    "Power.Reactive": ("var", "kvar"),
    "SoC": ("Percent",),
    "Voltage": ("V",),
}
"""The standardized units of measurands, by the beginning of their names."""


def meters(version: Version, action: str, payload: Json) -> Iterator[Violation]:
    """Judge the sampled values of a request that the schema accepts; no answer has any."""
    if version is Version.V16:
        return
    for path in _samples(version, action):
        for place, sample in values_at(payload, path):
            measurand, unit = sample.get("measurand", _REGISTER), sample.get("unitOfMeasure", {}).get("unit")
            units = next((units for name, units in _UNITS.items() if measurand.startswith(name)), ())
            if units and unit is not None and unit not in units:
                text = f"{measurand} is given in {unit!r}, not in {' or '.join(units)}"
                yield broken("meter.standard_unit", version, text, f"{place}.unitOfMeasure.unit")


@cache
def _samples(version: Version, action: str) -> tuple[tuple[str, ...], ...]:
    """Give the paths of the sampled values of a request."""
    leaves = schema.leaves(version, action, "request")
    return tuple(leaf.path[:-1] for leaf in leaves if (leaf.owner, leaf.path[-1]) == ("SampledValueType", "value"))
