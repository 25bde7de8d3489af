"""Smart charging: profiles and composite schedules (3.19). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator

DEFAULT, TX = "TxDefaultProfile", "TxProfile"
PURPOSE = "csChargingProfiles.chargingProfilePurpose"
LEVEL = "csChargingProfiles.stackLevel"
LIMITS = {"A": 6.0, "W": 6000.0}
"""The limit of the document by its unit."""
THREE_PHASES = 3
"""numberPhases that need not be told (1.6 7.14)."""


def _profile(csms: Csms, purpose: str, *, level: int | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    """Write the ChargingProfile that the operator is to enter."""
    data = csms.data
    period = {"startPeriod": 0, "limit": LIMITS[data.charging_rate_unit], "numberPhases": data.number_phases}
    schedule = {"chargingRateUnit": data.charging_rate_unit, "chargingSchedulePeriod": [period]}
    return {
        "chargingProfileId": number,
        "stackLevel": data.stack_level if level is None else level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
        **more,
    }


def _absolute(csms: Csms, purpose: str, *, level: int | None = None, number: int = 1, **more: Any) -> dict[str, Any]:
    """Write an absolute ChargingProfile that begins now and lasts as long as the test data say."""
    seconds = csms.data.charging_duration
    profile = _profile(csms, purpose, level=level, number=number, chargingProfileKind="Absolute", **more)
    schedule = {**profile["chargingSchedule"], "duration": seconds, "startSchedule": csms.now()}
    return {**profile, "validFrom": csms.now(), "validTo": csms.later(seconds), "chargingSchedule": schedule}


@testcase(
    "TC_056_CSMS",
    "The operator sets a default profile",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.16.4, 6.43, 7.8, 7.13, 7.14; errata 3.45, 3.69, 3.70",
    applies_if="smart_charging",
)
def test_default_profile(csms: Csms, operator: Operator, step: Any) -> None:
    """The central system sets a TxDefaultProfile with a beginning and an end; other purposes are left alone."""
    data = csms.data
    csms.answer("SetChargingProfile", then={"status": "Accepted"}, where={PURPOSE: DEFAULT})
    operator.order(
        "SetChargingProfile", connectorId=csms.hardware.connector, csChargingProfiles=_absolute(csms, DEFAULT)
    )
    with step("1", "The central system sets the profile that the operator wants"):
        request = csms.expect("SetChargingProfile", where={PURPOSE: DEFAULT})
        assert request.connectorId == csms.hardware.connector
        profile = request.csChargingProfiles
        assert profile.stackLevel == data.stack_level
        assert profile.chargingProfileKind == "Absolute"
        assert profile.validFrom
        assert profile.validTo
        assert profile.chargingSchedule.startSchedule
        assert profile.chargingSchedule.chargingRateUnit == data.charging_rate_unit
        assert profile.chargingSchedule.duration == data.charging_duration
        period = profile.chargingSchedule.chargingSchedulePeriod[0]
        assert period.startPeriod == 0
        assert period.limit == LIMITS[data.charging_rate_unit]
        assert period.get("numberPhases", THREE_PHASES) == data.number_phases

    with step("2", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase(
    "TC_057_CSMS",
    "The operator sets a profile for a running transaction",
    profile="Smart Charging",
    requirements="1.6 3.13.1, 5.16.3, 6.43, 7.8; errata 3.65, 3.66",
    applies_if="smart_charging",
)
def test_transaction_profile(csms: Csms, operator: Operator, step: Any) -> None:
    """The central system sets a TxProfile that names the transaction."""
    transaction = states.charging(csms)
    csms.answer("SetChargingProfile", then={"status": "Accepted"}, where={PURPOSE: TX})
    profile = _absolute(csms, TX, transactionId=transaction)
    operator.order("SetChargingProfile", connectorId=csms.hardware.connector, csChargingProfiles=profile)
    with step("1", "The central system sets a profile for that transaction at its connector"):
        request = csms.expect("SetChargingProfile", where={PURPOSE: TX})
        assert request.connectorId == csms.hardware.connector
        assert request.csChargingProfiles.transactionId == transaction

    with step("2", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase(
    "TC_066_CSMS",
    "The operator asks for a composite schedule",
    profile="Smart Charging",
    requirements="1.6 5.7, 6.21, 6.22; errata 3.51, 3.57",
    applies_if="smart_charging",
)
def test_composite_schedule(csms: Csms, operator: Operator, step: Any) -> None:
    """The central system asks what a connector is allowed, and takes the schedule."""
    connector, unit, seconds = csms.hardware.connector, csms.data.charging_rate_unit, csms.data.charging_duration
    schedule = {**_profile(csms, DEFAULT)["chargingSchedule"], "duration": seconds}
    answer = {"status": "Accepted", "connectorId": connector, "scheduleStart": csms.now(), "chargingSchedule": schedule}
    wanted = {"connectorId": connector, "duration": seconds, "chargingRateUnit": (unit, None)}
    csms.answer("GetCompositeSchedule", then=answer, where=wanted)
    asked = {"connectorId": connector, "duration": seconds, "chargingRateUnit": unit}
    operator.order("GetCompositeSchedule", asked)
    with step("1", "The central system asks for that connector, duration and unit"):
        request = csms.expect("GetCompositeSchedule", where={"connectorId": connector})
        assert request.duration == seconds
        assert request.chargingRateUnit == unit

    with step("2", "The central system takes the schedule and goes on"):
        csms.fence()


@testcase(
    "TC_067_CSMS",
    "The operator clears profiles by id, by criteria and altogether",
    profile="Smart Charging",
    requirements="1.6 3.13.2, 5.5, 6.13, 6.43; errata 3.25, 3.26",
    applies_if="smart_charging",
)
def test_clear_profiles(csms: Csms, operator: Operator, step: Any) -> None:
    """Three TxDefaultProfiles are stacked, then cleared in three ways."""
    connector, lowest = csms.hardware.connector, csms.data.stack_level
    csms.answer("SetChargingProfile", then={"status": "Accepted"})
    csms.answer("ClearChargingProfile", then={"status": "Accepted"})
    ids = []
    for number, level in enumerate(range(lowest, lowest + 3), 1):
        profile = _absolute(csms, DEFAULT, level=level, number=number)
        operator.order("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)
        with step("1", "The central system sets a default profile of the next stack level"):
            request = csms.expect("SetChargingProfile", where={PURPOSE: DEFAULT, LEVEL: level})
            assert request.connectorId == connector
            ids.append(request.csChargingProfiles.chargingProfileId)

        with step("2", "The central system takes the answer Accepted and goes on"):
            csms.fence()

    operator.order("ClearChargingProfile", id=ids[0])
    with step("3", "The central system clears the first profile by its id alone"):
        assert dict(csms.expect("ClearChargingProfile")) == {"id": ids[0]}

    with step("4", "The central system takes the answer Accepted and goes on"):
        csms.fence()

    criteria = {"connectorId": connector, "chargingProfilePurpose": DEFAULT, "stackLevel": lowest + 1}
    operator.order("ClearChargingProfile", criteria)
    with step("5", "The central system clears the second profile by connector, purpose and stack level"):
        assert dict(csms.expect("ClearChargingProfile")) == criteria

    with step("6", "The central system takes the answer Accepted and goes on"):
        csms.fence()

    operator.order("ClearChargingProfile")
    with step("7", "The central system clears all profiles: it names no criterion"):
        assert dict(csms.expect("ClearChargingProfile")) == {}

    with step("8", "The central system takes the answer Accepted and goes on"):
        csms.fence()


@testcase(
    "TC_059_CSMS",
    "The operator starts remotely with a profile",
    profile="Smart Charging",
    requirements="1.6 4.1, 4.8, 5.11, 5.16.2, 6.33, 7.8; errata 3.41",
    applies_if="smart_charging",
)
def test_remote_start_with_profile(csms: Csms, operator: Operator, step: Any) -> None:
    """The remote start brings a relative TxProfile along; the transaction has no id yet.

    connectorId may be absent, the charge point then chooses (1.6 5.11).
    """
    connector, token = csms.hardware.connector, csms.data.valid_token
    csms.answer("RemoteStartTransaction", then={"status": "Accepted"})
    operator.order("RemoteStartTransaction", idTag=token, connectorId=connector, chargingProfile=_profile(csms, TX))
    with step("1", "The central system asks for a transaction with a relative profile of its own"):
        request = csms.expect("RemoteStartTransaction")
        assert request.idTag == token
        assert request.get("connectorId", connector) == connector
        profile = request.chargingProfile
        assert profile.chargingProfilePurpose == TX
        assert "transactionId" not in profile
        assert profile.chargingProfileKind == "Relative"
        assert profile.chargingSchedule.chargingSchedulePeriod[0].startPeriod == 0

    with step("4", "The central system accepts the idTag that it has sent"):
        assert csms.call("Authorize", idTag=request.idTag).idTagInfo.status == "Accepted"

    with step("6", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("8", "The central system accepts the transaction"):
        assert csms.start_transaction(request.idTag).idTagInfo.status == "Accepted"

    with step("10", "The central system takes the status Charging"):
        csms.report_status("Charging")
