"""The energy meter of one EVSE, simulated: constant power while the car charges."""

import time
from collections.abc import Collection

from ocpp_tck.reference.station.v20_rpc import Payload
from ocpp_tck.reference.station.v20_variables import EVSE_POWER, MEASURANDS, now

_VOLTAGE = 230.0
_PHASES = 3
_HOUR = 3600.0


class Meter:
    """Counts energy in Wh; the register never falls (J02.FR.16)."""

    def __init__(self) -> None:
        self._register = 0.0
        self._since: float | None = None

    @property
    def power(self) -> float:
        """The power that flows, in W."""
        return 0.0 if self._since is None else EVSE_POWER

    def flow(self, *, on: bool) -> None:
        """Start or stop the flow of energy."""
        self._register = self._energy()
        self._since = time.monotonic() if on else None

    def _energy(self) -> float:
        if self._since is None:
            return self._register
        return self._register + EVSE_POWER * (time.monotonic() - self._since) / _HOUR

    def sample(self, measurands: Collection[str], context: str) -> Payload | None:
        """Build a MeterValueType of these measurands; None for none (sampledValue may not be empty)."""
        values = {
            "Energy.Active.Import.Register": (round(self._energy(), 1), "Wh"),
            "Power.Active.Import": (self.power, "W"),
            "Voltage": (_VOLTAGE, "V"),
            "Current.Import": (round(self.power / _VOLTAGE / _PHASES, 1), "A"),
        }
        sampled = [
            {
                "value": values[measurand][0],
                "context": context,
                "measurand": measurand,
                "location": "Outlet",
                "unitOfMeasure": {"unit": values[measurand][1]},
            }
            for measurand in MEASURANDS
            if measurand in measurands
        ]
        return {"timestamp": now(), "sampledValue": sampled} if sampled else None
