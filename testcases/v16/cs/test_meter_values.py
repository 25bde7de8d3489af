"""Meter values (2.9). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import meters, states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_070_CS",
    "Meter values are sampled at the configured interval",
    profile="Core",
    requirements="1.6 3.16.1, 4.7, 7.43; errata 3.13, 3.15, 4.25",
)
def test_sampled(station: Station, operator: Operator, step: Any) -> None:
    """Let a transaction run for three intervals."""
    interval = station.data.meter_value_interval
    station.configure("MeterValueSampleInterval", str(interval))
    station.configure("ClockAlignedDataInterval", "0")
    configured = states.value_of(station, "MeterValuesSampledData")
    transaction = states.charging(station, operator)

    with step("1", "The charge point sends what is configured, once per interval", oca="3"):
        where = {"connectorId": station.hardware.connector}
        found = meters.take(station, 3, where, within="meter_value_interval", configured=configured)
        meters.of_transaction(found, transaction)
        meters.in_context(found, meters.PERIODIC)
        meters.complete(found, configured)
        meters.evenly_spaced(station, found, interval)


@testcase(
    "TC_071_CS",
    "Meter values are aligned to the clock",
    profile="Core",
    requirements="1.6 3.16.2, 4.7, 7.43; errata 3.13, 3.15, 3.76",
)
def test_clock_aligned(station: Station, operator: Operator, step: Any) -> None:
    """Let a transaction run over three multiples of the interval."""
    interval = station.data.clock_aligned_interval
    station.configure("MeterValueSampleInterval", "0")
    station.configure("ClockAlignedDataInterval", str(interval))
    configured = states.value_of(station, "MeterValuesAlignedData")
    transaction = states.charging(station, operator)

    with step("1", "The charge point sends what is configured at multiples of the interval", oca="3"):
        # A main energy meter reports as connector 0 (3.16.2); if it is the first, its readings alone are looked at.
        where = {"connectorId": {0, station.hardware.connector}}
        found = meters.take(station, 3, where, within="clock_aligned_interval", configured=configured)
        if not station.seen("MeterValues", where={"connectorId": 0}):
            # The first one may have been taken just before the transaction began.
            meters.of_transaction(found[1:], transaction)
        meters.in_context(found, meters.ALIGNED)
        meters.complete(found, configured)
        meters.clock_aligned(found, interval)
        meters.evenly_spaced(station, found, interval)
