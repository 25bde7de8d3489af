"""Reset (3.5). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase("TC_013_CSMS", "A hard reset", profile="Core", requirements="1.6 4.2, 5.14")
def test_hard_reset(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator resets the charge point; it boots and reports its connectors."""
    csms.answer("Reset", then={"status": "Accepted"})
    operator.order("Reset", type="Hard")
    with step("1", "The central system asks for a hard reset"):
        assert csms.expect("Reset").type == "Hard"

    csms.reconnect()
    with step("4", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"

    with step("6", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)


@testcase("TC_014_CSMS", "A soft reset", profile="Core", requirements="1.6 4.2, 5.14")
def test_soft_reset(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator restarts the charge point's software; it boots and reports its connectors."""
    csms.answer("Reset", then={"status": "Accepted"})
    operator.order("Reset", type="Soft")
    with step("1", "The central system asks for a soft reset"):
        assert csms.expect("Reset").type == "Soft"

    csms.reconnect()
    with step("4", "The central system accepts the charge point again"):
        assert csms.boot().status == "Accepted"

    with step("6", "The central system takes the status of the charge point and of each connector"):
        states.available(csms)
