"""Start of a charging session (3.2). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms


@testcase("TC_003_CSMS", "A session starts with the cable first", profile="Core", requirements="1.6 4.1, 4.8, 4.9")
def test_cable_first(csms: Csms, step: Any) -> None:
    """Plug in, then identify: the central system accepts the idTag and the transaction."""
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("4", "The central system accepts the idTag"):
        assert csms.call("Authorize", idTag=csms.data.valid_token).idTagInfo.status == "Accepted"

    with step("6", "The central system accepts the transaction"):
        assert csms.start_transaction(csms.data.valid_token).idTagInfo.status == "Accepted"

    with step("8", "The central system takes the status Charging"):
        csms.report_status("Charging")


@testcase("TC_004_1_CSMS", "A session starts with identification first", profile="Core", requirements="1.6 4.1, 4.8")
def test_identification_first(csms: Csms, step: Any) -> None:
    """Identify, then plug in: the document's state Charging is the whole scenario."""
    with step("1", "The central system accepts idTag and transaction and takes the statuses (state Charging)"):
        states.charging(csms)


@testcase("TC_004_2_CSMS", "An unused authorization times out", profile="Core", requirements="1.6 4.9, 9.1.3")
def test_connection_time_out(csms: Csms, step: Any) -> None:
    """Nobody plugs in within ConnectionTimeOut: the connector is available again."""
    states.authorized(csms)
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    csms.go_on_for("connection_timeout")
    with step("4", "The central system takes the status Available"):
        csms.report_status("Available")


@testcase("TC_005_1_CSMS", "The EV is unplugged during a transaction", profile="Core", requirements="1.6 4.9, 4.10")
def test_ev_side_disconnect(csms: Csms, step: Any) -> None:
    """The cable is pulled on the EV's side: the charge point stops the transaction and unlocks."""
    transaction = states.charging(csms)
    with step("2", "The central system takes the status SuspendedEV"):
        csms.report_status("SuspendedEV")

    with step("4", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="EVDisconnected")

    with step("6", "The central system takes the status Finishing"):
        csms.report_status("Finishing")

    with step("8", "The central system takes the status Available"):
        csms.report_status("Available")
