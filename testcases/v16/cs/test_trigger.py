"""Triggered messages (2.21). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import meters, states

if TYPE_CHECKING:
    from ocpp_tck.roles.station import Station

ANSWERS = {"Accepted", "NotImplemented"}
ENDED = {"Uploaded", "UploadFailed", "Installed", "InstallationFailed", "DownloadFailed"}
"""Statuses of an upload or update of before that may be told late (4.4, 4.5)."""


@testcase(
    "TC_054_CS",
    "Messages are triggered one after the other",
    profile="Remote Trigger",
    requirements="1.6 3.3, 4.4, 4.5, 5.17, 7.44; errata 3.2, 3.3, 3.46",
    applies_if="remote_trigger",
)
def test_trigger(station: Station, step: Any) -> None:
    """Each message follows the answer; one that comes anyway in between counts as well (5.17).

    DiagnosticsStatusNotification belongs to the Firmware Management profile: a charge point without that profile need
    not have it (3.3), although the document wants it accepted of each.
    """
    connector = station.hardware.connector
    configured = states.value_of(station, "MeterValuesSampledData")
    profiles = states.value_of(station, "SupportedFeatureProfiles").casefold()

    trigger = station.send("TriggerMessage", requestedMessage="MeterValues", connectorId=connector)
    with step("2", "The charge point will send MeterValues"):
        assert trigger.response().status == "Accepted"
    with step("3", "The charge point sends the meter values of that connector"):
        values = station.expect("MeterValues", where={"connectorId": connector})
    with step("3", "The charge point gives all configured measurands", requirement="1.6 5.17; errata 3.46"):
        meters.most_recent(values, configured)

    trigger = station.send("TriggerMessage", requestedMessage="Heartbeat")
    with step("6", "The charge point will send a Heartbeat"):
        assert trigger.response().status == "Accepted"
    with step("7", "The charge point sends a Heartbeat"):
        station.expect("Heartbeat")

    known = station.observed.status(connector)
    trigger = station.send("TriggerMessage", requestedMessage="StatusNotification", connectorId=connector)
    with step("10", "The charge point will send a StatusNotification"):
        assert trigger.response().status == "Accepted"
    with step("11", "The charge point sends the status of that connector"):
        status = station.expect("StatusNotification", where={"connectorId": connector}).status
    with step("11", "The charge point gives the status that it had", level="should", requirement="1.6 5.17"):
        assert status == (known or status), f"the status was {known}, and nothing has happened since"

    trigger = station.send("TriggerMessage", requestedMessage="DiagnosticsStatusNotification")
    with step("14", "The charge point will send a DiagnosticsStatusNotification, if it has that message"):
        answer = trigger.response().status
        assert answer in ANSWERS
        assert answer == "Accepted" or "firmwaremanagement" not in profiles
    if answer == "Accepted":
        with step("15", "The charge point is Idle: it uploads no diagnostics", when="step 14 said Accepted"):
            station.expect("DiagnosticsStatusNotification", reaching={"status": "Idle"}, passing={"status": ENDED})

    trigger = station.send("TriggerMessage", requestedMessage="FirmwareStatusNotification")
    with step("18", "The charge point will send a FirmwareStatusNotification, if it has that message"):
        answer = trigger.response().status
        assert answer in ANSWERS
    if answer == "Accepted":
        with step("19", "The charge point is Idle: it updates no firmware", when="step 18 said Accepted"):
            station.expect("FirmwareStatusNotification", reaching={"status": "Idle"}, passing={"status": ENDED})


@testcase(
    "TC_055_CS",
    "A message about an unknown connector is triggered",
    profile="Remote Trigger",
    requirements="1.6 3.8, 5.17, 7.44",
    applies_if="remote_trigger",
)
def test_trigger_rejected(station: Station, step: Any) -> None:
    """The connector is the one after the last."""
    unknown = station.hardware.connectors + 1
    trigger = station.send("TriggerMessage", requestedMessage="MeterValues", connectorId=unknown)
    with step("2", "The charge point rejects the request or answers with a CALLERROR"):
        answer = trigger.answer()
        assert answer.event.error or answer.status == "Rejected"
    with step("post", "The charge point sends no meter values of that connector"):
        station.expect_none("MeterValues", where={"connectorId": unknown})
