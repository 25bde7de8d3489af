"""Data transfer (3.20). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms


@testcase(
    "TC_064_CSMS",
    "A vendor's own message is not accepted",
    profile="Core",
    requirements="1.6 4.3, 7.23",
    applies_if="not vendor_data_transfer",
)
def test_data_transfer(csms: Csms, step: Any) -> None:
    """The charge point sends data of a vendor that the central system has no implementation for."""
    with step("2", "The central system answers the message"):
        conf = csms.call("DataTransfer", vendorId=csms.data.vendor_id, messageId=csms.data.message_id, data="ocpp-tck")
        assert conf.status in {"Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"}

    with step("2", "The central system does not accept it", requirement="1.6 4.3", level="should"):
        assert conf.status != "Accepted"
