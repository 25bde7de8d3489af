"""Configuration keys (3.7, 3.13). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase("TC_019_1_CSMS", "All configuration keys are read", profile="Core", requirements="1.6 5.8")
def test_read_all_keys(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator reads the whole configuration; requests for single keys are left alone."""
    operator.order("GetConfiguration")
    with step("1", "The central system asks for all keys: it names none"):
        csms.expect("GetConfiguration", where={"key": (None, [])})

    with step("2", "The central system takes all keys of the Core profile and goes on"):
        csms.fence()


@testcase("TC_019_2_CSMS", "One configuration key is read", profile="Core", requirements="1.6 5.8")
def test_read_one_key(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator reads SupportedFeatureProfiles; requests for other keys are left alone."""
    key = "SupportedFeatureProfiles"
    operator.order("GetConfiguration", key=[key])
    with step("1", "The central system asks for SupportedFeatureProfiles alone"):
        csms.expect("GetConfiguration", where={"key": ([key],)})

    with step("2", "The central system takes the value and goes on"):
        csms.fence()


@testcase("TC_021_CSMS", "A configuration key is changed", profile="Core", requirements="1.6 5.3")
def test_change_key(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator sets MeterValueSampleInterval; other changes are left alone."""
    wanted = {"key": "MeterValueSampleInterval", "value": "60"}
    csms.answer("ChangeConfiguration", then={"status": "Accepted"}, where=wanted)
    operator.order("ChangeConfiguration", wanted)
    with step("1", "The central system sets MeterValueSampleInterval to 60"):
        csms.expect("ChangeConfiguration", where=wanted)

    with step("2", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase("TC_040_1_CSMS", "An unknown configuration key is refused", profile="Core", requirements="1.6 5.3")
def test_change_unknown_key(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator sets a key that the charge point does not have."""
    wanted = {"key": csms.data.unknown_configuration_key, "value": "60"}
    csms.answer("ChangeConfiguration", then={"status": "NotSupported"}, where=wanted)
    operator.order("ChangeConfiguration", wanted)
    with step("1", "The central system sets the unknown key"):
        csms.expect("ChangeConfiguration", where=wanted)

    with step("2", "The central system takes the answer NotSupported and goes on"):
        csms.fence()


@testcase("TC_040_2_CSMS", "A wrong configuration value is refused", profile="Core", requirements="1.6 5.3")
def test_change_to_wrong_value(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator sets MeterValueSampleInterval to a negative number."""
    wanted = {"key": "MeterValueSampleInterval", "value": "-1"}
    csms.answer("ChangeConfiguration", then={"status": "Rejected"}, where=wanted)
    operator.order("ChangeConfiguration", wanted)
    with step("1", "The central system sets MeterValueSampleInterval to -1"):
        csms.expect("ChangeConfiguration", where=wanted)

    with step("2", "The central system takes the answer Rejected and goes on"):
        csms.fence()
