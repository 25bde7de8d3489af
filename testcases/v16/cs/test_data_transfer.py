"""Data transfer (2.23). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_062_CS",
    "A vendor message that the charge point does not know is not accepted",
    profile="Core",
    requirements="1.6 5.6",
    applies_if="not vendor_data_transfer",
)
def test_data_transfer(station: Station, step: Any) -> None:
    """Send a DataTransfer of a vendor unknown to the charge point."""
    with step("2", "The charge point answers with a status"):
        conf = station.call("DataTransfer", vendorId=station.data.vendor_id, messageId=station.data.message_id)
        assert conf.status in {"Rejected", "UnknownMessageId", "UnknownVendorId", "Accepted"}
    with step("post", "The charge point does not accept what it can't know", level="should", requirement="1.6 5.6"):
        assert conf.status != "Accepted"
