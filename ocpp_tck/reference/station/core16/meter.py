"""The simulated electricity meter of a connector, and OCPP's sampled values (1.6 §3.16)."""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ocpp_tck.reference.station.core16.clock import stamp

PHASES = ("L1", "L2", "L3")
VOLTAGE = 230.0
CURRENT = 16.0
POWER = VOLTAGE * CURRENT * len(PHASES)
"""Watts drawn while charging."""

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
_UNITS = {
    REGISTER: "Wh",
    INTERVAL: "Wh",
    "Power.Active.Import": "W",
    "Power.Offered": "W",
    "Current.Import": "A",
    "Current.Offered": "A",
    "Voltage": "V",
    "SoC": "Percent",
}
_PER_PHASE = ("Current.Import", "Voltage")

MEASURANDS = frozenset(_UNITS) | {f"{name}.{phase}" for name in _PER_PHASE for phase in PHASES}
"""What the measurand lists of the configuration may name, phases included."""


class Meter:
    """An energy register in Wh that only ever rises, and rises while energy flows."""

    def __init__(self, register: float) -> None:
        """Start at `register` Wh with no energy flowing."""
        self._register = register
        self._since: float | None = None
        self.current = CURRENT
        self.phases = len(PHASES)

    @property
    def flowing(self) -> bool:
        """Whether energy flows to the EV."""
        return self._since is not None

    @property
    def register(self) -> int:
        """The energy delivered in the meter's life, in whole Wh."""
        return int(self._register + self._pending())

    def switch(self, *, flowing: bool) -> None:
        """Start or stop the flow of energy."""
        if flowing == self.flowing:
            return
        self._register += self._pending()
        self._since = time.monotonic() if flowing else None

    @property
    def power(self) -> float:
        """Watts that the EV may draw, and draws."""
        return VOLTAGE * self.current * self.phases

    @property
    def offers(self) -> bool:
        """Whether the EV may draw anything."""
        return self.power > 0

    def allow(self, current: float, phases: int) -> None:
        """Let the EV draw so many amperes per phase, on so many phases, from now on."""
        self._register += self._pending()
        if self._since is not None:
            self._since = time.monotonic()
        self.current, self.phases = current, phases

    def _pending(self) -> float:
        return 0.0 if self._since is None else self.power * (time.monotonic() - self._since) / 3600


def meter_value(
    meter: Meter,
    measurands: Iterable[str],
    context: str,
    moment: datetime,
    since: int,
) -> dict[str, Any]:
    """Build a MeterValue with one sampled value per measurand, and per phase where there are phases.

    `since` is the register in Wh at the start of the interval that an Interval measurand covers.
    """
    samples = [sample for name in measurands for sample in _samples(meter, name, since)]
    return {
        "timestamp": stamp(moment),
        "sampledValue": [{**sample, "context": context, "location": "Outlet"} for sample in samples],
    }


def _samples(meter: Meter, name: str, since: int) -> list[dict[str, Any]]:
    measurand, phases = _split(name)
    sample = {"measurand": measurand, "unit": _UNITS[measurand]}
    if phases:
        return [{"value": _of_phase(meter, measurand, phase), **sample, "phase": phase} for phase in phases]
    return [{"value": _value(meter, measurand, since), **sample}]


def _split(name: str) -> tuple[str, tuple[str, ...]]:
    if name in _PER_PHASE:
        return name, PHASES
    measurand, _, phase = name.rpartition(".")
    return (measurand, (phase,)) if phase in PHASES else (name, ())


def _of_phase(meter: Meter, measurand: str, phase: str) -> str:
    used = phase in PHASES[: meter.phases]
    return _value(meter, measurand, 0) if used or measurand == "Voltage" else "0.0"


def _value(meter: Meter, measurand: str, since: int) -> str:
    if measurand == REGISTER:
        return str(meter.register)
    if measurand == INTERVAL:
        return str(meter.register - since)
    flow = 1.0 if meter.flowing else 0.0
    return {
        "Power.Active.Import": f"{meter.power * flow:.1f}",
        "Power.Offered": f"{meter.power:.1f}",
        "Current.Import": f"{meter.current * flow:.1f}",
        "Current.Offered": f"{meter.current:.1f}",
        "Voltage": f"{VOLTAGE:.1f}",
        "SoC": "50",
    }[measurand]
