"""Power failure (3.11). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms


@testcase("TC_032_1_CSMS", "A power failure ends the transaction", profile="Core", requirements="1.6 4.2, 4.9, 4.10")
def test_power_failure(csms: Csms, step: Any) -> None:
    """The mains fail while a transaction runs; the charge point boots and then reports the end."""
    transaction = states.charging(csms)
    csms.reconnect()
    with step("2", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"

    with step("4", "The central system takes Finishing for the connector in use and Available for all others"):
        for connector in range(csms.hardware.connectors + 1):
            in_use = connector == csms.hardware.connector
            csms.report_status("Finishing" if in_use else "Available", connector)

    with step("6", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="PowerLoss")
