import json
from decimal import Decimal

import pytest
from ocpp.v16 import call as call16

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.directions import FROM_STATION
from ocpp_tck.protocol.frames import parse
from ocpp_tck.protocol.schema import Leaf, ValidatorsDisagree, direction, known_actions, leaves, times, violations
from ocpp_tck.protocol.types import Level, Side, Version

NOW = "2026-03-20T12:00:00Z"


def rules(action, payload, kind="request", version=Version.V16):
    return [violation.rule for violation in violations(version, action, kind, payload)]


@pytest.mark.parametrize(("version", "count"), [(Version.V16, 39), (Version.V201, 64), (Version.V21, 91)])
def test_known_actions(version, count):
    assert len(known_actions(version)) == count
    assert known_actions(version) >= FROM_STATION[version]


def test_the_leaves_of_a_message():
    assert leaves(Version.V16, "GetConfiguration", "request") == (
        Leaf(("key", "[]"), "GetConfigurationRequest", "string"),
    )
    assert Leaf(("data",), "DataTransferRequest", "") in leaves(Version.V201, "DataTransfer", "request")


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


def limited(limit, **values):
    """Give a SetChargingProfile.req."""
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit} | values],
            },
        },
    }


def test_all_limits_with_one_decimal_are_legal():
    assert all(not rules("SetChargingProfile", limited(tenth / 10)) for tenth in range(1001))
    assert rules("SetChargingProfile", limited(0.55)) == ["schema.multiple"]


def test_a_long_number_hides_no_fault_beside_it():
    assert rules("SetChargingProfile", limited(1e300, numberPhases="3")) == ["schema.type"]


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
        ("2026-03-20T12:00:60Z", Version.V201, ["time.format"]),
        ("2026-03-20T24:00:00Z", Version.V16, ["time.iso8601"]),
        ("2026-03-20T24:00:00Z", Version.V21, ["time.format"]),
        ("2026-079T12:00:00Z", Version.V16, ["time.iso8601"]),
        ("2026-03-20 12:00:00Z", Version.V16, ["time.iso8601"]),
        ("2026-03-20X12:00:00Z", Version.V16, ["time.format"]),
        ("2026-03-20T12:00:00z", Version.V21, []),
        ("0000-03-20T12:00:00Z", Version.V21, []),
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


@pytest.mark.parametrize("number", ["1e308", "1e400", "-1e400", "1" * 500, "9" * 5000, "32.0", "-0", "-0.0", "1e2"])
def test_the_longest_numbers_are_multiples_as_any(number):
    """What does not fit into a double is read as the nearest one that does: nothing here is worth an error of the kit."""
    period = f'{{"startPeriod":0,"limit":{number}}}'
    raw = (
        '[2,"1","SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,'
        '"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":'
        f'{{"chargingRateUnit":"A","chargingSchedulePeriod":[{period}]}}}}}}]'
    )
    payload = parse(raw, Version.V16).message.payload
    assert rules("SetChargingProfile", payload) == []
    first, second = schema.objections(Version.V16, "SetChargingProfile", "request", payload)
    assert first == second == frozenset()


@pytest.mark.parametrize(
    ("number", "version", "rule"),
    [
        ("1.0", Version.V16, ["schema.type"]),  # draft 4 knows integers by their form, draft 6 by their value
        ("1.0", Version.V21, []),
        ("1e400", Version.V21, []),
        ("9" * 5000, Version.V16, []),
        ("1.5", Version.V21, ["schema.type"]),
        ("true", Version.V21, ["schema.type"]),
    ],
)
def test_integers(number, version, rule):
    payload = parse(
        f'[3,"1",{{"interval":{number},"currentTime":"{NOW}","status":"Accepted"}}]', version
    ).message.payload
    assert rules("BootNotification", payload, "response", version) == rule
    first, second = schema.objections(version, "BootNotification", "response", payload)
    assert first == second


@pytest.mark.parametrize(
    ("location", "is_uri"),
    [
        ("ftp://host/path", True),
        ("ftp://host/path\n", False),
        ("http://[::1.2.3.4]/", True),
        ("http://[::01.2.3.4]/", False),
        ("http://[v1.a:b]/", True),
        ("http://a b/", False),
        ("/path", False),
    ],
)
def test_uris(location, is_uri):
    assert rules("GetDiagnostics", {"location": location}) == ([] if is_uri else ["schema.uri"])
    first, second = schema.objections(Version.V16, "GetDiagnostics", "request", {"location": location})
    assert first == second


def test_an_objection_names_place_keyword_and_value():
    payload = {"connectorId": 1, "meterValue": [{"timestamp": "now", "sampledValue": [{"value": 1}]}]}
    first, second = schema.objections(Version.V16, "MeterValues", "request", payload)
    assert first == second
    assert {(one.place, one.keyword, one.value) for one in first} == {
        (("meterValue", 0, "timestamp"), "format", "now"),
        (("meterValue", 0, "sampledValue", 0, "value"), "type", 1),
    }


def test_an_empty_list_of_certificates_is_legal_in_16():
    found = violations(
        Version.V16, "GetInstalledCertificateIds", "response", {"status": "NotFound", "certificateHashData": []}
    )
    assert [(violation.rule, violation.level) for violation in found] == [("schema.items", Level.SHOULD)]


def test_disagreement_is_an_error_of_the_kit(monkeypatch):
    seen = []

    class Agreeable:
        def is_valid(self, payload):
            seen.append(payload)
            return True

    monkeypatch.setattr(schema, "_second", lambda *_: Agreeable())
    with pytest.raises(ValidatorsDisagree, match="jsonschema accepts this Heartbeat response") as error:
        violations(Version.V16, "Heartbeat", "response", {})
    assert (error.value.payload, error.value.second) == ({}, [])
    assert "currentTime" in error.value.first[0]
    assert seen.pop() == {}
    with pytest.raises(ValidatorsDisagree) as error:
        violations(Version.V16, "Heartbeat", "response", {"x": 1})
    assert seen.pop() == {"x": 1}
    what, *rest = str(error.value).split("; ")
    assert what.startswith("jsonschema accepts this Heartbeat response, jsonschema-rs refuses it (")
    assert rest == [f"{error.value.first[1]}): {{'x': 1}}"]


def test_second_validator_works_on_decimals():
    assert schema._decimal({"a": 0.3}) == {"a": Decimal("0.3")}
    assert schema._is_time(5)
    assert schema._is_uri(5)


def test_the_ocpp_library_writes_what_we_accept():
    payload = call16.BootNotification(charge_point_model="m", charge_point_vendor="v")
    raw = {"chargePointModel": payload.charge_point_model, "chargePointVendor": payload.charge_point_vendor}
    assert rules("BootNotification", json.loads(json.dumps(raw))) == []
