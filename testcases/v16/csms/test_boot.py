"""Cold boot of a charge point (3.1). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms

BEATS = 2


@testcase("TC_001_CSMS", "A charge point boots and is accepted", profile="Core", requirements="1.6 4.2, 4.6, 4.9, 6.4")
def test_cold_boot(unconnected: Csms, step: Any) -> None:
    """Boot, report every connector, and send heartbeats at the interval that the central system set.

    Where that interval is longer than the dwell heartbeat_interval, the kit beats earlier, which 4.6 leaves open.
    """
    csms = unconnected
    csms.connect()
    with step("2", "The central system accepts the charge point"):
        boot = csms.boot()
        assert boot.status == "Accepted"

    for connector in range(csms.hardware.connectors + 1):
        with step("4", "The central system takes the status of the charge point or of one connector"):
            csms.report_status("Available", connector)

    for _ in range(BEATS):
        csms.go_on_for("heartbeat_interval", at_most=boot.interval)
        with step("6", "The central system answers a Heartbeat with its time"):
            assert csms.call("Heartbeat").currentTime
