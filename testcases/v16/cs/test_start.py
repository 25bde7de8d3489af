"""Start of a charging session (2.2). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_003_CS", "A session starts with the cable first", profile="Core", requirements="1.6 4.1, 4.8, 4.9; errata 3.19"
)
def test_cable_first(station: Station, operator: Operator, step: Any) -> None:
    """Plug in, then identify: the charge point reports both and starts to charge."""
    operator.plug()
    with step("1", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    operator.present(station.data.valid_token)
    with step("3", "The charge point asks to authorize the token"):
        assert station.expect("Authorize").idTag == station.data.valid_token

    with station.unordered():
        with step("5", "A transaction starts on that connector with that token"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (station.hardware.connector, station.data.valid_token)
        with step("7", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase("TC_004_1_CS", "A session starts with identification first", profile="Core", requirements="1.6 4.1, 4.8")
def test_identification_first(station: Station, operator: Operator, step: Any) -> None:
    """Identify, then plug in: the charge point starts to charge."""
    station.configure("MeterValueSampleInterval", str(station.data.meter_value_interval))
    with step("1", "The charge point authorizes the token and reports Preparing"):
        states.authorized(station, operator)

    operator.plug()
    with station.unordered():
        with step("3", "A transaction starts on that connector with that token"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (station.hardware.connector, station.data.valid_token)
        with step("5", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_004_2_CS",
    "An unused authorization times out",
    profile="Core",
    requirements="1.6 9.1.3; errata 3.21, 3.77, 3.89",
)
def test_connection_time_out(station: Station, operator: Operator, step: Any) -> None:
    """Nobody plugs in within ConnectionTimeOut: the connector is available again."""
    station.configure("ConnectionTimeOut", str(station.data.connection_timeout))
    with step("1", "The charge point authorizes the token and reports Preparing"):
        states.authorized(station, operator)
    with step("2", "The charge point reports Available after ConnectionTimeOut"):
        available = station.expect_status("Available", within="connection_timeout")
        where = {"connectorId": station.hardware.connector, "status": "Preparing"}
        preparing = station.seen("StatusNotification", where=where)[0]
        states.not_early(station, preparing, available, station.data.connection_timeout)
