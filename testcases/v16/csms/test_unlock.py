"""Unlocking a connector (3.6, 3.10). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase("TC_017_1_CSMS", "A connector is unlocked", profile="Core", requirements="1.6 5.18")
def test_unlock(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator unlocks a connector on which no transaction runs."""
    csms.answer("UnlockConnector", then={"status": "Unlocked"})
    operator.order("UnlockConnector", connectorId=csms.hardware.connector)
    with step("1", "The central system asks to unlock that connector"):
        assert csms.expect("UnlockConnector").connectorId == csms.hardware.connector

    with step("2", "The central system takes the answer Unlocked and goes on"):
        csms.fence()


@testcase("TC_017_2_CSMS", "A fixed cable can't be unlocked", profile="Core", requirements="1.6 5.18, 7.46")
def test_unlock_fixed_cable(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator unlocks a connector that has no lock."""
    csms.answer("UnlockConnector", then={"status": "NotSupported"})
    operator.order("UnlockConnector", connectorId=csms.hardware.connector)
    with step("1", "The central system asks to unlock that connector"):
        assert csms.expect("UnlockConnector").connectorId == csms.hardware.connector

    with step("2", "The central system takes the answer NotSupported and goes on"):
        csms.fence()


@testcase("TC_018_1_CSMS", "A connector is unlocked while charging", profile="Core", requirements="1.6 4.10, 5.18")
def test_unlock_while_charging(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator unlocks a connector on which a transaction runs: the charge point stops it."""
    transaction = states.charging(csms)
    csms.answer("UnlockConnector", then={"status": "Unlocked"})
    operator.order("UnlockConnector", connectorId=csms.hardware.connector)
    with step("1", "The central system asks to unlock that connector"):
        assert csms.expect("UnlockConnector").connectorId == csms.hardware.connector

    with step("4", "The central system takes the status Finishing"):
        csms.report_status("Finishing")

    with step("6", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="UnlockCommand")

    with step("8", "The central system takes the status Available"):
        csms.report_status("Available")


@testcase("TC_030_CSMS", "Unlocking fails", profile="Core", requirements="1.6 5.18, 7.46")
def test_unlock_failure(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator unlocks a connector whose lock is stuck."""
    csms.answer("UnlockConnector", then={"status": "UnlockFailed"})
    operator.order("UnlockConnector", connectorId=csms.hardware.connector)
    with step("1", "The central system asks to unlock that connector"):
        assert csms.expect("UnlockConnector").connectorId == csms.hardware.connector

    with step("2", "The central system takes the answer UnlockFailed and goes on"):
        csms.fence()


@testcase("TC_031_CSMS", "An unknown connector can't be unlocked", profile="Core", requirements="1.6 5.18; errata 3.87")
def test_unlock_unknown_connector(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator unlocks a connector that the charge point does not have."""
    unknown = csms.hardware.connectors + 1
    csms.answer("UnlockConnector", then={"status": "NotSupported"})
    operator.order("UnlockConnector", connectorId=unknown)
    with step("1", "The central system asks to unlock that connector"):
        assert csms.expect("UnlockConnector").connectorId == unknown

    with step("2", "The central system takes the answer NotSupported and goes on"):
        csms.fence()
