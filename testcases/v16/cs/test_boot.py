"""Cold boot of the charge point (2.1). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_001_CS",
    "A cold boot, rejected at first",
    profile="Core",
    requirements="1.6 4.2, 4.6, 4.9; errata 3.11, 3.22",
)
def test_cold_boot(station: Station, operator: Operator, step: Any) -> None:
    """The charge point registers again after the wait it was told, then reports its connectors and stays alive."""
    retry = station.data.boot_retry_interval
    station.answer("BootNotification", then=[{"status": "Rejected", "interval": retry}, {"status": "Accepted"}])
    operator.power_cycle()
    with step("1", "The charge point sends a BootNotification, which is rejected"):
        rejected = station.expect_boot(within="boot")

    with step("3", "The charge point sends another BootNotification, not before the interval has passed"):
        accepted = station.expect("BootNotification", within="reboot")
        states.not_early(station, rejected, accepted, retry)

    with step("5", "The charge point reports Available for connector 0 and for every connector"):
        states.available_after_boot(station)

    with step("7", "The charge point sends a Heartbeat every interval"):
        states.heartbeats(station)


@testcase(
    "TC_002_CS",
    "A cold boot, pending at first",
    profile="Core",
    requirements="1.6 4.2, 4.6, 4.9, 5.3, 5.8; errata 3.11, 3.22",
)
def test_cold_boot_pending(station: Station, operator: Operator, step: Any) -> None:
    """The charge point can be configured while its registration is pending."""
    retry, key = station.data.boot_retry_interval, "MeterValueSampleInterval"
    station.answer("BootNotification", then=[{"status": "Pending", "interval": retry}, {"status": "Accepted"}])
    operator.power_cycle()
    with step("1", "The charge point sends a BootNotification, which is answered with Pending"):
        pending = station.expect_boot(within="boot")

    configuration = station.send("GetConfiguration")
    with step("4", "The charge point gives all its configuration keys"):
        found = [entry for entry in configuration.response().configurationKey if entry.key == key]
        assert found, f"the configuration lacks {key}"

    station.restore_afterwards(key, str(found[0].get("value", "")))
    change = station.send("ChangeConfiguration", key=key, value=str(station.data.meter_value_interval))
    with step("6", "The charge point accepts the new MeterValueSampleInterval"):
        assert change.response().status == "Accepted"

    with step("7", "The charge point sends another BootNotification, not before the interval has passed"):
        accepted = station.expect("BootNotification", within="reboot")
        states.not_early(station, pending, accepted, retry)

    with step("9", "The charge point reports Available for connector 0 and for every connector"):
        states.available_after_boot(station)

    with step("11", "The charge point sends a Heartbeat every interval"):
        states.heartbeats(station)
