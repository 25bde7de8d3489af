"""Triggered messages (3.18). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


def order_trigger(csms: Csms, operator: Operator, status: str, **wanted: Any) -> Mapping[str, Any]:
    """Let the operator trigger a message, which the charge point answers with that status; gives what it wanted.

    Triggers of other messages are left alone.
    """
    csms.answer("TriggerMessage", then={"status": status}, where=wanted)
    operator.order("TriggerMessage", wanted)
    return wanted


def takes_idle(csms: Csms, action: str) -> None:
    """Send a status of the Firmware Management profile, which a central system need not have (1.6 3.3)."""
    answer = csms.send(action, status="Idle").answer()
    assert answer.event.error in {"", "NotImplemented", "NotSupported"}


@testcase(
    "TC_054_CSMS",
    "Messages are triggered one after the other",
    profile="Remote Trigger",
    requirements="1.6 4.4, 4.5, 5.17, 6.51, 7.32",
    applies_if="remote_trigger",
)
def test_trigger(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator triggers each message that tells a state; the charge point sends it."""
    connector = csms.hardware.connector

    wanted = order_trigger(csms, operator, "Accepted", requestedMessage="MeterValues", connectorId=connector)
    with step("1", "The central system triggers MeterValues of that connector"):
        csms.expect("TriggerMessage", where=wanted)
    with step("4", "The central system takes the meter values"):
        sample = {"value": str(csms.meter), "context": "Trigger", "unit": "Wh"}
        csms.call(
            "MeterValues", connectorId=connector, meterValue=[{"timestamp": csms.now(), "sampledValue": [sample]}]
        )

    wanted = order_trigger(csms, operator, "Accepted", requestedMessage="Heartbeat")
    with step("5", "The central system triggers a Heartbeat"):
        csms.expect("TriggerMessage", where=wanted)
    with step("8", "The central system answers the Heartbeat"):
        csms.call("Heartbeat")

    wanted = order_trigger(csms, operator, "Accepted", requestedMessage="StatusNotification", connectorId=connector)
    with step("9", "The central system triggers a StatusNotification of that connector"):
        csms.expect("TriggerMessage", where=wanted)
    with step("12", "The central system takes the status"):
        csms.report_status("Available")

    wanted = order_trigger(csms, operator, "Accepted", requestedMessage="DiagnosticsStatusNotification")
    with step("13", "The central system triggers a DiagnosticsStatusNotification"):
        csms.expect("TriggerMessage", where=wanted)
    with step("16", "The central system takes the status Idle, or says that it lacks the profile"):
        takes_idle(csms, "DiagnosticsStatusNotification")

    wanted = order_trigger(csms, operator, "Accepted", requestedMessage="FirmwareStatusNotification")
    with step("17", "The central system triggers a FirmwareStatusNotification"):
        csms.expect("TriggerMessage", where=wanted)
    with step("20", "The central system takes the status Idle, or says that it lacks the profile"):
        takes_idle(csms, "FirmwareStatusNotification")


@testcase(
    "TC_055_CSMS",
    "A triggered message is refused",
    profile="Remote Trigger",
    requirements="1.6 5.17, 6.51, 7.44",
    applies_if="remote_trigger and trigger_unknown_connector",
)
def test_trigger_rejected(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point does not have the connector."""
    unknown = csms.hardware.connectors + 1
    wanted = order_trigger(csms, operator, "Rejected", requestedMessage="MeterValues", connectorId=unknown)
    with step("1", "The central system triggers MeterValues of a connector that there is not"):
        csms.expect("TriggerMessage", where=wanted)

    with step("2", "The central system takes the answer Rejected and goes on"):
        csms.fence()
