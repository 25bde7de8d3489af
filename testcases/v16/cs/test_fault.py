"""Fault behaviour (2.16). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase("TC_041_CS", "A faulted charge point starts nothing", profile="Core", requirements="1.6 4.9, 7.7")
def test_fault(station: Station, operator: Operator, step: Any) -> None:
    """Bring about a fault, then try to charge."""
    operator.fault()
    with step("1", "The charge point reports Faulted"):
        station.expect(
            "StatusNotification",
            where={"connectorId": {0, station.hardware.connector}},
            reaching={"status": "Faulted"},
        )

    operator.plug()
    operator.present(station.data.valid_token)
    with step("3", "The charge point starts no transaction although a driver tries"):
        station.expect_none("StartTransaction", within="transaction_duration")
        assert not station.seen("StartTransaction"), "a transaction was started"
