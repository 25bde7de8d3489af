import json
from decimal import Decimal

import pytest
from ocpp.v16 import call as call16

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.directions import FROM_STATION
from ocpp_tck.protocol.schema import ValidatorsDisagree, direction, known_actions, times, violations
from ocpp_tck.protocol.types import Level, Side, Version

NOW = "2026-03-20T12:00:00Z"


def rules(action, payload, kind="request", version=Version.V16):
    return [violation.rule for violation in violations(version, action, kind, payload)]


@pytest.mark.parametrize(("version", "count"), [(Version.V16, 39), (Version.V201, 64), (Version.V21, 91)])
def test_known_actions(version, count):
    assert len(known_actions(version)) == count
    assert known_actions(version) >= FROM_STATION[version]


@pytest.mark.parametrize("version", Version)
def test_every_schema_compiles_in_both_validators_and_gives_its_times(version):
    for action in known_actions(version):
        for kind in ("request", "response"):
            if kind == "response" and action == "NotifyPeriodicEventStream":
                continue
            schema._fast(version, action, kind)
            schema._second(version, action, kind)
            text = json.dumps(schema.schema(version, action, kind))
            assert bool(times(version, action, kind)) is ("date-time" in text)


def test_direction():
    assert direction(Version.V16, "Heartbeat") == {Side.STATION}
    assert direction(Version.V16, "Reset") == {Side.CSMS}
    assert direction(Version.V21, "DataTransfer") == set(Side)
    assert direction(Version.V21, "NotifyPeriodicEventStream") == {Side.STATION}
    assert direction(Version.V16, "TransactionEvent") == frozenset()


def test_all_limits_with_one_decimal_are_legal():
    def payload(limit):
        return {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
                },
            },
        }

    assert all(not rules("SetChargingProfile", payload(tenth / 10)) for tenth in range(1001))
    assert rules("SetChargingProfile", payload(0.55)) == ["schema.multiple"]


def test_stop_transaction_without_reason_is_legal():
    assert rules("StopTransaction", {"meterStop": 1, "timestamp": NOW, "transactionId": 1}) == []


@pytest.mark.parametrize("unit", ["Celsius", "Celcius", "Hertz", "Wh"])
@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
def test_units_of_16(action, unit):
    values = [{"timestamp": NOW, "sampledValue": [{"value": "1", "unit": unit}]}]
    payload = (
        {"connectorId": 1, "meterValue": values}
        if action == "MeterValues"
        else {"meterStop": 1, "timestamp": NOW, "transactionId": 1, "transactionData": values}
    )
    assert rules(action, payload) == []


def test_official_length_of_the_exi_response():
    found = violations(
        Version.V201, "Get15118EVCertificate", "response", {"status": "Accepted", "exiResponse": "x" * 5601}
    )
    assert [(violation.rule, violation.level) for violation in found] == [("schema.field_length", Level.SHOULD)]


@pytest.mark.parametrize(
    ("time", "version", "rule"),
    [
        (NOW, Version.V16, []),
        ("2026-03-20T12:00:00.5+01:00", Version.V16, []),
        ("2026-03-20T12:00:00", Version.V16, ["time.zone"]),
        ("2026-03-20T12:00:00", Version.V201, ["time.zone"]),
        ("2026-03-20", Version.V16, ["time.format"]),
        ("2026-03-20 12:00:00+00:00x", Version.V16, ["time.format"]),
        ("2026-03-20T12:00:00+0100", Version.V16, ["time.iso8601"]),
        ("20260320T120000Z", Version.V16, ["time.iso8601"]),
        ("2026-03-20T12:00:00+0100", Version.V201, ["time.format"]),
        ("2026-03-20T12:00:00Z\n", Version.V201, ["time.format"]),
        ("2026-03-20T23:59:60Z", Version.V16, []),
        ("", Version.V16, ["time.format"]),
    ],
)
def test_times(time, version, rule):
    assert rules("Heartbeat", {"currentTime": time}, "response", version) == rule


def test_path_and_clause_name_the_place():
    payload = {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": 1}]}]}
    (violation,) = violations(Version.V16, "MeterValues", "request", payload)
    assert violation.path == "meterValue[0].sampledValue[0].value"
    assert violation.clause.endswith("schema MeterValues.json")
    (violation,) = violations(Version.V201, "Heartbeat", "request", {"x": 1})
    assert (violation.path, violation.clause.rpartition(" ")[2]) == ("", "HeartbeatRequest.json")


def test_a_payload_full_of_faults_is_cut():
    samples = [{"value": number} for number in range(50)]
    found = rules("MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": samples}]})
    assert found == ["schema.type"] * schema.MAX_FINDINGS


def test_unknown_action_has_no_schema():
    assert rules("Nonsense", {}) == []
    assert times(Version.V16, "Nonsense", "request") == ()


def test_numbers_beyond_decimals():
    assert rules("SetChargingProfile", {"csChargingProfiles": {"chargingSchedule": {"minChargingRate": float("inf")}}})
    period = {"startPeriod": 0, "limit": 1e308}
    assert rules(
        "SetChargingProfile", {"csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": [period]}}}
    )


def test_disagreement_is_an_error_of_the_kit(monkeypatch):
    class Agreeable:
        def is_valid(self, _payload):
            return True

    monkeypatch.setattr(schema, "_second", lambda *_: Agreeable())
    with pytest.raises(ValidatorsDisagree, match="jsonschema accepts this Heartbeat response") as error:
        violations(Version.V16, "Heartbeat", "response", {})
    assert (error.value.payload, error.value.second) == ({}, [])
    assert "currentTime" in error.value.first[0]


def test_second_validator_works_on_decimals():
    assert schema._decimal({"a": 0.3}) == {"a": Decimal("0.3")}
    assert schema._is_time(5)


def test_the_ocpp_library_writes_what_we_accept():
    payload = call16.BootNotification(charge_point_model="m", charge_point_vendor="v")
    raw = {"chargePointModel": payload.charge_point_model, "chargePointVendor": payload.charge_point_vendor}
    assert rules("BootNotification", json.loads(json.dumps(raw))) == []
