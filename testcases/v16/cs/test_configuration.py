"""Configuration keys (2.8, 2.15). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

R, RW = {True}, {False}
CORE = {
    "AuthorizeRemoteTxRequests": R | RW,
    "ClockAlignedDataInterval": RW,
    "ConnectionTimeOut": RW,
    "ConnectorPhaseRotation": RW,
    "GetConfigurationMaxKeys": R,
    "HeartbeatInterval": RW,
    "LocalAuthorizeOffline": RW,
    "LocalPreAuthorize": RW,
    "MeterValuesAlignedData": RW,
    "MeterValuesSampledData": RW,
    "MeterValueSampleInterval": RW,
    "NumberOfConnectors": R,
    "ResetRetries": RW,
    "StopTransactionOnInvalidId": RW,
    "StopTxnAlignedData": RW,
    "StopTxnSampledData": RW,
    "SupportedFeatureProfiles": R,
    "TransactionMessageAttempts": RW,
    "TransactionMessageRetryInterval": RW,
    "UnlockConnectorOnEVSideDisconnect": R | RW,
}
"""Required keys of the Core profile (1.6 9.1; errata 3.80, 3.84) and the values that their read-only flag may have."""

OTHERS = {
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": RW,
        "LocalAuthListMaxLength": R,
        "SendLocalListMaxLength": R,
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": R,
        "ChargingScheduleAllowedChargingRateUnit": R,
        "ChargingScheduleMaxPeriods": R,
        "MaxChargingProfilesInstalled": R,
    },
}
"""Required keys of the profiles that a charge point may have besides (1.6 9.2 to 9.4)."""


PROFILES = {"core", "firmwaremanagement", "localauthlistmanagement", "reservation", "smartcharging", "remotetrigger"}
"""Names that SupportedFeatureProfiles may hold (1.6 9.1.29), in small letters."""


@testcase(
    "TC_019_CS",
    "All required configuration keys are there and can be read",
    profile="Core",
    requirements="1.6 5.8, 9.1; errata 3.2, 3.80, 3.81, 3.84",
)
def test_retrieve_configuration(station: Station, step: Any) -> None:
    """Ask for one key, for all, and for as many as one request may name."""
    with step("2", "The charge point gives SupportedFeatureProfiles"):
        conf = station.call("GetConfiguration", key=["SupportedFeatureProfiles"])
        assert not conf.get("unknownKey"), f"unknownKey is {conf.unknownKey}"
        assert conf.configurationKey[0].key == "SupportedFeatureProfiles"
        names = conf.configurationKey[0].value.split(",")
        profiles = [name.strip().casefold() for name in names if name.strip()]
        assert "core" in profiles, "the Core profile, which is required (3.3), is not among them"
        right_flags(conf, required_keys(()))
    with step("2", "The charge point names profiles of the specification", level="should", requirement="1.6 9.1.29"):
        others = [name for name in profiles if name not in PROFILES]
        assert not others, f"there are no profiles {', '.join(others)}"

    with step("4", "The charge point gives every required key with the right accessibility"):
        conf = station.call("GetConfiguration")
        entries = {entry.key: entry for entry in conf.configurationKey}
        required = required_keys(profiles)
        missing = [key for key in required if key.casefold() not in {known.casefold() for known in entries}]
        assert not missing, f"required keys are missing: {', '.join(missing)}"
        right_flags(conf, required)

    with step("6", "The charge point gives GetConfigurationMaxKeys"):
        conf = station.call("GetConfiguration", key=["GetConfigurationMaxKeys"])
        text = conf.configurationKey[0].value.strip()
        assert text.isdecimal(), f"GetConfigurationMaxKeys is {text!r}"
        assert int(text) > 0
        right_flags(conf, required)

    wanted = [str(key) for key in entries][: int(text)]
    with step("8", "The charge point gives all the keys asked for"):
        conf = station.call("GetConfiguration", key=wanted)
        assert not conf.get("unknownKey"), f"unknownKey is {conf.unknownKey}"
        given = {entry.key.casefold() for entry in conf.configurationKey}
        left_out = [key for key in wanted if key.casefold() not in given]
        assert not left_out, f"keys asked for are missing: {', '.join(left_out)}"
        right_flags(conf, required)


def required_keys(profiles: Iterable[str]) -> dict[str, set[bool]]:
    """Give the required keys of the Core profile and of others, and the values that their read-only flag may have."""
    return CORE | {
        key: flags for name, keys in OTHERS.items() if name.casefold() in profiles for key, flags in keys.items()
    }


def right_flags(conf: Received, required: dict[str, set[bool]]) -> None:
    """Demand the right read-only flag of every required key in an answer; other keys are free."""
    flags = {key.casefold(): allowed for key, allowed in required.items()}
    wrong = [
        entry.key for entry in conf.configurationKey if entry.readonly not in flags.get(entry.key.casefold(), R | RW)
    ]
    assert not wrong, f"keys have the wrong accessibility: {', '.join(wrong)}"


@testcase("TC_021_CS", "A configuration key takes a new value", profile="Core", requirements="1.6 5.3, 5.8, 7.29")
def test_change_configuration(station: Station, step: Any) -> None:
    """Change MeterValueSampleInterval and read it back."""
    wanted = str(station.data.meter_value_interval)
    station.remember_key("MeterValueSampleInterval")
    station.configure("MeterValueSampleInterval", str(station.data.meter_value_interval + 1))

    with step("2", "The charge point accepts the new value"):
        assert station.call("ChangeConfiguration", key="MeterValueSampleInterval", value=wanted).status == "Accepted"

    with step("4", "The charge point gives the new value"):
        entry = station.call("GetConfiguration", key=["MeterValueSampleInterval"]).configurationKey[0]
        assert entry.key == "MeterValueSampleInterval"
        assert entry.value.strip() == wanted
        assert entry.readonly is False, "the key that was just changed is called read-only"


@testcase("TC_040_1_CS", "An unknown configuration key is not supported", profile="Core", requirements="1.6 5.3")
def test_unknown_key(station: Station, step: Any) -> None:
    """Change a key that no charge point has."""
    with step("2", "The charge point answers NotSupported"):
        assert station.call("ChangeConfiguration", key="Testing", value="true").status == "NotSupported"


@testcase("TC_040_2_CS", "A wrong value of a configuration key is refused", profile="Core", requirements="1.6 5.3")
def test_invalid_value(station: Station, step: Any) -> None:
    """Give an interval a negative value."""
    station.remember_key("MeterValueSampleInterval")
    with step("2", "The charge point rejects the value, or answers PropertyConstraintViolation"):
        answer = station.send("ChangeConfiguration", key="MeterValueSampleInterval", value="-1").answer()
        if answer.event.error:
            assert answer.event.error == "PropertyConstraintViolation"
        else:
            assert answer.status == "Rejected"
