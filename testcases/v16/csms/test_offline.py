"""Transactions while offline (3.12). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms


@testcase("TC_037_1_CSMS", "A transaction starts offline", profile="Core", requirements="1.6 3.7, 4.8; OCPP-J 5.4")
def test_offline_start(csms: Csms, step: Any) -> None:
    """A valid idTag starts a transaction while there is no connection; it is told afterwards, without a boot."""
    csms.disconnect()
    began = csms.now()
    csms.connect()
    with step("2", "The central system accepts the queued start"):
        assert csms.start_transaction(csms.data.valid_token, at=began).idTagInfo.status == "Accepted"

    with step("4", "The central system takes the status Charging"):
        csms.report_status("Charging")


@testcase("TC_037_3_CSMS", "An invalid idTag starts offline", profile="Core", requirements="1.6 3.7, 4.8; errata 3.17")
def test_offline_start_invalid(csms: Csms, step: Any) -> None:
    """The central system refuses the idTag of a queued start; the charge point stops the transaction."""
    csms.disconnect()
    began = csms.now()
    csms.connect()
    with step("2", "The central system calls the idTag of the queued start Invalid, and numbers the transaction"):
        start = csms.start_transaction(csms.data.invalid_token, at=began)
        assert start.idTagInfo.status == "Invalid"
        transaction = start.transactionId

    with step("4", "The central system takes the status Charging"):
        csms.report_status("Charging")

    with step("6", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="DeAuthorized")

    with step("8", "The central system takes the status Finishing"):
        csms.report_status("Finishing")


@testcase("TC_039_CSMS", "A whole transaction runs offline", profile="Core", requirements="1.6 3.7, 4.8, 4.10")
def test_offline_transaction(csms: Csms, step: Any) -> None:
    """A transaction begins and ends while there is no connection; both are told afterwards."""
    csms.disconnect()
    began = csms.now()
    ended = csms.now()
    csms.connect()
    with step("2", "The central system accepts the queued start"):
        start = csms.start_transaction(csms.data.valid_token, at=began)
        assert start.idTagInfo.status == "Accepted"

    with step("4", "The central system takes the queued end"):
        csms.stop_transaction(start.transactionId, reason="Local", token=csms.data.valid_token, at=ended)
