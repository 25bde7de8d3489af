"""Authorization cache (3.3). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase("TC_007_CSMS", "A session starts with a cached idTag", profile="Core", requirements="1.6 3.5.1, 4.8")
def test_cached_token(csms: Csms, step: Any) -> None:
    """The charge point knows the idTag from its cache: a transaction starts without Authorize."""
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("4", "The central system accepts the transaction of an idTag that it was not asked about"):
        assert csms.start_transaction(csms.data.valid_token).idTagInfo.status == "Accepted"

    with step("6", "The central system takes the status Charging"):
        csms.report_status("Charging")


@testcase("TC_061_CSMS", "The authorization cache is cleared", profile="Core", requirements="1.6 5.4")
def test_clear_cache(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator clears the charge point's cache, and the charge point does so."""
    csms.answer("ClearCache", then={"status": "Accepted"})
    operator.order("ClearCache")
    with step("1", "The central system asks the charge point to clear its cache"):
        csms.expect("ClearCache")

    with step("2", "The central system takes the answer Accepted and goes on"):
        csms.fence()
