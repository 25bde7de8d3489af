"""The configuration keys of the Smart Charging profile (1.6 §9.4)."""

from collections.abc import Iterable, Iterator

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.station.core16.configuration import Key, split

FEATURE = "smart_charging"
LEVELS = "ChargeProfileMaxStackLevel"
UNITS = "ChargingScheduleAllowedChargingRateUnit"
PERIODS = "ChargingScheduleMaxPeriods"
PROFILES = "MaxChargingProfilesInstalled"
SWITCHES = "ConnectorSwitch3to1PhaseSupported"
_QUANTITIES = {"Current": "A", "Power": "W"}


def with_smart_charging(keys: Iterable[Key], options: StationOptions) -> Iterator[Key]:
    """Give the keys with those of this profile, when the charge point has it."""
    yield from keys
    if FEATURE in options.without:
        return
    yield Key(LEVELS, "10", _count, readonly=True)
    yield Key(UNITS, "Current,Power", _units, readonly=True)
    yield Key(PERIODS, "24", _count, readonly=True)
    yield Key(PROFILES, "20", _count, readonly=True)
    yield Key(SWITCHES, "true", _boolean, readonly=True)


def rate_units(quantities: list[str]) -> set[str]:
    """Return the chargingRateUnits of a list of quantities (errata 3.88)."""
    return {_QUANTITIES[name] for name in quantities}


def _count(value: str) -> str | None:
    return str(int(value)) if value.isdecimal() else None


def _boolean(value: str) -> str | None:
    return value.lower() if value.lower() in {"true", "false"} else None


def _units(value: str) -> str | None:
    items = split(value)
    return ",".join(items) if items and _QUANTITIES.keys() >= set(items) else None
