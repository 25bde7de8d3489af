import ast
import json
import os
import time
from collections import defaultdict
from pathlib import Path

import pytest
from samples import LIMIT, frame, judged, musts, samples, sent

from ocpp_tck.protocol import judge as judges
from ocpp_tck.protocol.rule import NOW
from ocpp_tck.reference.mutant import Delay, Duplicate, Inject
from ocpp_tck.selftest import legality, legality_fields
from ocpp_tck.selftest.mutations import Nature, mutations

EVERY = {"1.6": 1, "2.0.1": 7, "2.1": 61}
"""Every so many-th mutant of a version is tried; with OCPP_TCK_ALL_MUTANTS=1 each one (three minutes)."""
MODULES = ("legality", "legality_fields", "field_mutations", "frame_mutations", "surroundings", "mutations")


def found_by(product="cs", version="1.6", *frames):
    return {one.name: one for one in mutations(frames, version, product, limit=LIMIT)}


def natures(mutants, number):
    """Give operator -> nature by path of a frame."""
    prefix = f"frame {number} "
    return {name.removeprefix(prefix): one.nature for name, one in mutants.items() if name.startswith(prefix)}


def status(number=1, **values):
    made = {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Charging",
        "timestamp": NOW,
        "vendorId": "Acme",
    } | values
    return frame(number, "product", [2, f"s{number}", "StatusNotification", made], "StatusNotification")


def answer(number, identifier, payload, action, sender="kit"):
    return frame(number, sender, [3, identifier, payload], action)


def call(number, identifier, action, payload=None, sender="kit", **options):
    return frame(number, sender, [2, identifier, action, payload or {}], action, **options)


def differences(version, every):
    """Give the mutants of which oracle and judge differ, by what differs, and how many were tried."""
    wrong, count, tried = defaultdict(list), 0, 0
    for action, kind, product, frames in samples(version):
        if musts(judged(frames, version, product)):
            wrong["the sample itself"].append((action, kind))
        for one in mutations(frames, version, product, limit=LIMIT):
            count += 1
            if count % every:
                continue
            tried += 1
            found = judged(frames, version, product, one)
            if found is None:
                wrong["no change"].append((action, kind, one.name))
            elif one.nature is Nature.ILLEGAL and not musts(found):
                wrong["illegal, but not refused"].append((action, kind, one.name, one.by))
            elif one.nature is Nature.LEGAL and musts(found):
                wrong["legal, but refused"].append((action, kind, one.name, musts(found)))
    return dict(wrong), tried


@pytest.mark.parametrize("version", EVERY)
def test_oracle_and_judge_agree_on_every_message(version):
    every = 1 if os.environ.get("OCPP_TCK_ALL_MUTANTS") else EVERY[version]
    wrong, tried = differences(version, every)
    assert wrong == {}
    assert tried > 800


def test_a_judge_that_is_blind_for_lengths_is_seen(monkeypatch):
    real = judges.schema.violations

    def blind(*message):
        return tuple(one for one in real(*message) if one.rule != "schema.length")

    monkeypatch.setattr(judges.schema, "violations", blind)
    wrong, _ = differences("1.6", 7)
    operators = {name.rpartition(" ")[2] for _, _, name, _ in wrong.pop("illegal, but not refused")}
    assert operators == {"string.too_long"}
    assert wrong == {}


def test_a_judge_that_refuses_too_much_is_seen(monkeypatch):
    real = judges.schema.violations

    def strict(version, action, kind, payload):
        refused = real(version, action, kind, {})
        return refused if ".000Z" in json.dumps(payload) else real(version, action, kind, payload)

    monkeypatch.setattr(judges.schema, "violations", strict)
    wrong, _ = differences("1.6", 7)
    assert {name.rpartition(" ")[2] for _, _, name, _ in wrong["legal, but refused"]} == {"time.millis"}


def test_natures_of_the_fields_of_a_status_notification():
    mutants = found_by("cs", "1.6", status())
    said = natures(mutants, 1)
    expected = {
        "connectorId field.drop_required": "illegal",
        "connectorId number.zero": "illegal",  # connector 0 is not Charging
        "connectorId number.negated": "illegal",
        "connectorId number.plus_one": "judged",
        "connectorId number.huge": "judged",
        "connectorId number.fraction": "illegal",
        "connectorId type.string": "illegal",
        "connectorId type.null": "illegal",
        "errorCode enum.other.EVCommunicationError": "illegal",
        "errorCode enum.other.GroundFailure": "judged",
        "status enum.other.Preparing": "judged",
        "status enum.illegal": "illegal",
        "status enum.case": "illegal",
        "timestamp field.drop_optional": "judged",
        "timestamp time.no_zone": "illegal",
        "timestamp time.malformed": "illegal",
        "timestamp time.other_zone": "legal",
        "timestamp time.millis": "legal",
        "timestamp time.micros": "legal",
        "timestamp time.hours_late": "judged",
        "vendorId string.case": "legal",
        "vendorId string.empty": "judged",
        "vendorId string.longest": "judged",
        "vendorId string.too_long": "illegal",
        "vendorId string.other": "judged",
        "tckExtra extra.property": "illegal",
    }
    assert {name: said[name] for name in expected} == expected
    assert "connectorId number.minus_one" not in said  # that is zero
    assert mutants["frame 1 connectorId number.zero"].by == "OCPP 1.6 7.7"
    assert all(bool(one.by) is (one.nature is not Nature.JUDGED) for one in mutants.values())
    assert not mutants["frame 1 timestamp time.millis"].live
    assert mutants["frame 1 vendorId string.case"].live
    assert mutants["frame 1 connectorId type.string"].do.values == {"connectorId": "1"}
    assert mutants["frame 1 timestamp time.other_zone"].do.values == {"timestamp": "2026-03-20T13:00:00+01:00"}


def test_natures_that_only_2x_has():
    event = {
        "eventType": "Started",
        "timestamp": "2026-03-20T12:00:00.500+02:00",
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "AB12"},
        "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": 1.5}]}],
        "customData": {"vendorId": "v"},
    }
    said = natures(found_by("cs", "2.0.1", call(1, "p", "TransactionEvent", event, "product")), 1)
    expected = {
        "seqNo number.huge": "illegal",
        "seqNo number.largest": "judged",
        "transactionInfo.transactionId string.case": "legal",
        "transactionInfo.transactionId string.blank": "illegal",
        "meterValue array.emptied": "illegal",
        "meterValue[0] array.element_dropped": "illegal",
        "meterValue[1] array.element_doubled": "judged",
        "meterValue[0].sampledValue[0].value number.seven_decimals": "judged",  # the station reports in full resolution
        "timestamp time.micros": "illegal",
        "timestamp time.no_fraction": "legal",
        "transactionInfo.customData extra.custom_data": "legal",
        "transactionInfo.customData extra.custom_data_anonymous": "illegal",
        "transactionInfo.tckExtra extra.property": "illegal",
        "customData.tckExtra extra.in_custom_data": "legal",
        "customData.vendorId field.drop_required": "illegal",
    }
    assert {name: said[name] for name in expected} == expected
    mutants = found_by("cs", "2.0.1", call(1, "p", "TransactionEvent", event, "product"))
    assert not mutants["frame 1 transactionInfo.transactionId string.case"].live
    cost = call(1, "p", "CostUpdated", {"totalCost": 1.5, "transactionId": "t"}, "product")
    assert natures(found_by("csms", "2.1", cost), 1)["totalCost number.seven_decimals"] == "illegal"


def test_of_a_long_list_only_the_ends_are_mutated_fully():
    keys = [{"key": f"Key{n}", "readonly": False, "value": "1"} for n in range(40)]
    frames = (
        call(1, "k", "GetConfiguration"),
        answer(2, "k", {"configurationKey": keys}, "GetConfiguration", "product"),
    )
    begin = time.perf_counter()
    mutants = found_by("cs", "1.6", *frames)
    spent = time.perf_counter() - begin
    per_key = defaultdict(list)
    for name in natures(mutants, 2):
        path, _, operator = name.partition(" ")
        if path.startswith("configurationKey["):
            per_key[int(path.split("[")[1].split("]")[0])].append(operator)
    whole = {n for n, operators in per_key.items() if "extra.property" in operators}
    assert whole == {0, 1, 38, 39}
    dropped = ["array.element_dropped", "field.drop_required", "string.other", "field.drop_required", "boolean.flipped"]
    assert sorted(per_key[20]) == sorted([*dropped, "field.drop_optional", "string.other"])
    assert spent / len(mutants) < 0.001


def test_elements_of_an_odd_shape_are_mutated_fully():
    keys = [{"key": f"Key{n}", "readonly": False} for n in range(9)]
    keys[4]["value"] = "1"
    frames = (
        call(1, "k", "GetConfiguration"),
        answer(2, "k", {"configurationKey": keys}, "GetConfiguration", "product"),
    )
    assert "configurationKey[4].key string.case" in natures(found_by("cs", "1.6", *frames), 2)


def test_names_are_unique_and_the_order_is_that_of_the_frames():
    frames = (status(1), answer(2, "s1", {}, "StatusNotification"), status(3, connectorId=2))
    first = [one.name for one in mutations(frames, "1.6", "cs", limit=LIMIT)]
    assert first == [one.name for one in mutations(frames, "1.6", "cs", limit=LIMIT)]
    assert len(first) == len(set(first))
    assert [one.frame for one in mutations(frames, "1.6", "cs", limit=LIMIT)] == sorted(
        one.frame for one in mutations(frames, "1.6", "cs", limit=LIMIT)
    )
    assert {int(name.split()[1]) for name in first} == {1, 3}


def test_every_change_changes_the_frame():
    sent_only = [one for one in samples("2.1") if one[0] == "NotifyPeriodicEventStream"]
    for version, (_, _, product, frames) in [("2.1", one) for one in sent_only] + [
        ("1.6", one) for one in samples("1.6")
    ]:
        before = [one.raw for one in sent(frames)]
        for one in mutations(frames, version, product, limit=LIMIT):
            moments = sent(frames, one)
            assert moments is not None, one.name
            assert isinstance(one.do, Delay) or [moment.raw for moment in moments] != before, one.name


# -- whole frames ----------------------------------------------------------------------------------------------------


def test_an_owed_answer_must_come_once():
    frames = (call(1, "k", "ClearCache"), answer(2, "k", {"status": "Accepted"}, "ClearCache", "product"))
    said = natures(found_by("cs", "1.6", *frames), 2)
    for operator in (
        "frame.dropped",
        "frame.doubled",
        "answer.error.FormationViolation",
        "answer.error.FormatViolation",
    ):
        assert said[f"- {operator}"] == "illegal"
    for operator in ("frame.delayed", "answer.error.InternalError", "answer.error.NotSupported"):
        assert said[f"- {operator}"] == "judged"
    assert said["- answer.error.TckUnknown"] == "illegal"


def test_of_the_answer_to_a_broken_call_less_is_known():
    frames = (
        call(1, "k0", "GetLocalListVersion"),
        call(2, "k", "ClearCache", {"x": 1}, malformed=True),
        frame(3, "product", [4, "k", "FormationViolation", "", {}], "ClearCache"),
    )
    said = natures(found_by("cs", "1.6", *frames), 3)
    for name in ("- frame.dropped", "- frame.doubled", "$[1] id.unknown", "- inject.unsolicited_error"):
        assert said[name] == "judged"
    for name in ("$[2] error.code.TckUnknown", "$[4] error.details.array", "- inject.unsolicited_result"):
        assert said[name] == "illegal"
    assert said["$[3] error.description.long"] == "legal"
    assert natures(found_by("cs", "2.0.1", *frames), 3)["$[3] error.description.long"] == "illegal"


@pytest.mark.parametrize(("version", "nature"), [("1.6", "legal"), ("2.0.1", "illegal"), ("2.1", "illegal")])
def test_a_second_open_call(version, nature):
    frames = (call(1, "p", "Heartbeat", sender="product"), answer(2, "p", {"currentTime": NOW}, "Heartbeat"))
    said = natures(found_by("cs", version, *frames), 1)
    assert said["- inject.second_call"] == nature
    assert said["- frame.doubled"] == ("judged" if version == "1.6" else "illegal")
    alone = natures(found_by("cs", version, frames[0]), 1)
    assert (alone["- inject.second_call"], alone["- frame.doubled"]) == ("judged", "judged")


def boot(number, state, sender="kit"):
    payload = {"status": state, "currentTime": NOW, "interval": 60}
    return answer(number, "b", payload, "BootNotification", sender)


@pytest.mark.parametrize(
    ("state", "nature"), [("Accepted", "legal"), ("Pending", "judged"), ("Rejected", "judged"), (None, "judged")]
)
def test_what_may_be_sent_depends_on_the_boot(state, nature):
    start = {"chargePointVendor": "v", "chargePointModel": "m"}
    frames = [call(1, "b", "BootNotification", start, "product")]
    frames += [boot(2, state)] if state else []
    frames += [call(3, "k", "ClearCache"), answer(4, "k", {"status": "Accepted"}, "ClearCache", "product")]
    said = natures(found_by("cs", "1.6", *frames), 4)
    assert said["- inject.data_transfer"] == nature
    assert said["- inject.heartbeat"] == nature
    assert said["- frame.dropped"] == ("illegal" if state == "Accepted" else "judged")


def test_a_csms_injects_what_a_csms_may_send():
    frames = (call(1, "h", "Heartbeat"), answer(2, "h", {"currentTime": NOW}, "Heartbeat", "product"))
    mutants = found_by("csms", "1.6", *frames)
    said = natures(mutants, 2)
    assert said["- inject.data_transfer"] == said["- inject.get_configuration"] == "legal"
    assert "- inject.heartbeat" not in said
    assert mutants["frame 2 - inject.wrong_direction"].do.frame[2] == "StatusNotification"
    assert "- inject.get_configuration" not in natures(found_by("csms", "2.0.1", *frames), 2)


def test_further_heartbeats_are_judged_where_heartbeats_are_counted():
    frames = (
        call(1, "k", "ClearCache"),
        answer(2, "k", {"status": "Accepted"}, "ClearCache", "product"),
        call(3, "p", "Heartbeat", sender="product"),
    )
    assert natures(found_by("cs", "1.6", *frames), 2)["- inject.heartbeat"] == "judged"


def test_no_lone_call_is_injected_while_another_is_open_in_2x():
    frames = (
        call(1, "p", "Heartbeat", sender="product"),
        call(2, "k", "ClearCache"),
        answer(3, "k", {"status": "Accepted"}, "ClearCache", "product"),
        answer(4, "p", {"currentTime": NOW}, "Heartbeat"),
    )
    assert "- inject.data_transfer" not in natures(found_by("cs", "2.0.1", *frames), 3)
    assert natures(found_by("cs", "1.6", *frames), 3)["- inject.data_transfer"] == "legal"


def test_message_ids():
    frames = (
        call(1, "p1", "Heartbeat", sender="product"),
        answer(2, "p1", {"currentTime": NOW}, "Heartbeat"),
        call(3, "p2", "Heartbeat", sender="product"),
        answer(4, "p2", {"currentTime": NOW}, "Heartbeat"),
        call(5, "k1", "ClearCache"),
        answer(6, "k1", {"status": "Accepted"}, "ClearCache", "product"),
        status(7),
        call(8, "k2", "ClearCache"),
        answer(9, "k2", {"status": "Accepted"}, "ClearCache", "product"),
    )
    mutants = found_by("cs", "1.6", *frames)
    assert "$[1] id.reused" not in natures(mutants, 1)
    assert natures(mutants, 3)["$[1] id.reused"] == "judged"  # it looks like a retry
    reused = mutants["frame 7 $[1] id.reused"]
    assert (reused.nature, reused.live, reused.do.values) == ("illegal", False, {"$[1]": "p2"})
    assert "$[1] id.other_call" not in natures(mutants, 6)
    assert mutants["frame 9 $[1] id.other_call"].do.values == {"$[1]": "k1"}
    assert natures(mutants, 9)["$[1] id.case"] == "illegal"


def test_a_frame_is_swapped_only_when_another_follows_on_its_connection():
    mutants = found_by("cs", "1.6", status(1), status(2))
    assert "- frame.swapped" in natures(mutants, 1)
    assert "- frame.swapped" not in natures(mutants, 2)


def test_frames_that_are_no_message_have_no_mutants():
    from dataclasses import replace

    broken = [
        replace(status(1), raw="[2", type=""),
        replace(status(2), raw="00ff", encoding="binary"),
        replace(status(3), raw="[2"),
        replace(status(4), raw='"CALL"'),
    ]
    assert list(mutations(broken, "1.6", "cs", limit=LIMIT)) == []


def test_a_null_payload_and_an_unknown_action_are_borne():
    frames = (
        frame(1, "product", [2, "p1", "Heartbeat", None], "Heartbeat"),
        frame(2, "product", [2, "p2", "Unheard", {"a": 1}], "Unheard"),
    )
    mutants = found_by("cs", "1.6", *frames)
    assert "$[3] payload.null" not in natures(mutants, 1)
    assert "a type.null" not in natures(mutants, 2)


def test_the_kinds_of_change():
    frames = (call(1, "p", "Heartbeat", sender="product"), answer(2, "p", {"currentTime": NOW}, "Heartbeat"))
    mutants = found_by("cs", "1.6", *frames)
    assert mutants["frame 1 - frame.delayed"].do == Delay(LIMIT)
    assert mutants["frame 1 - frame.doubled"].do == Duplicate()
    assert mutants["frame 1 - inject.same_id"].do == Inject(
        [2, "$matchedId", "DataTransfer", {"vendorId": "org.ocpp-tck.selftest"}]
    )
    assert natures(mutants, 1)["$[3] payload.null"] == "legal"


# -- the oracle ------------------------------------------------------------------------------------------------------


def places(node, seen=()):
    yield node
    for name in node.schema.get("properties", {}):
        if (node.owner, name) not in seen:
            yield from places(node.named(name), (*seen, (node.owner, name)))
    if node.item() is not None:
        yield from places(node.item(), seen)


def everywhere(version):
    for action in legality.actions(version):
        for kind in (legality.REQUEST, legality.RESPONSE):
            root = legality.message(version, action, kind)
            yield from places(root) if root else ()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_the_tables_of_2x_name_fields_that_exist(version):
    known = {(node.owner, node.field) for node in everywhere(version)}
    assert legality._IDENTIFIERS[version] <= known
    assert legality._FIELD_LENGTH[version] <= known


def test_the_table_of_16_names_fields_that_exist():
    known = {(node.action, node.kind, node.place) for node in everywhere("1.6")}
    assert {(*message, place) for message, fields in legality._CI_16.items() for place in fields} <= known
    assert {(action, kind) for action, kind in legality_fields._RULES_16} <= {one[:2] for one in known}


def test_a_payload_that_lacks_what_a_rule_looks_at_is_the_schemas_affair():
    assert legality_fields.against_text("1.6", "SetChargingProfile", "request", {}) == ""
    assert legality_fields.against_text("2.0.1", "StatusNotification", "request", {}) == ""


@pytest.mark.parametrize(
    ("action", "kind", "payload", "clause"),
    [
        ("DataTransfer", "response", {"status": "UnknownVendorId", "data": "x"}, "4.3"),
        ("SendLocalList", "request", {"listVersion": -1, "updateType": "Full"}, "3.52"),
        (
            "SendLocalList",
            "request",
            {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [{"idTag": "A"}]},
            "7.1",
        ),
        (
            "SendLocalList",
            "request",
            {
                "listVersion": 1,
                "updateType": "Differential",
                "localAuthorizationList": [{"idTag": "A"}, {"idTag": "a"}],
            },
            "6.41",
        ),
        ("StartTransaction", "request", {"connectorId": 0}, "6.45"),
        ("TriggerMessage", "request", {"connectorId": -1}, "6.51"),
        ("StatusNotification", "request", {"connectorId": -1, "status": "Available", "errorCode": "NoError"}, "6.47"),
        ("RemoteStartTransaction", "request", {"connectorId": 0, "idTag": "A"}, "6.33"),
        (
            "RemoteStartTransaction",
            "request",
            {"chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}},
            "3.41",
        ),
        (
            "SetChargingProfile",
            "request",
            {"csChargingProfiles": {"stackLevel": 0, "chargingProfileKind": "Absolute", "recurrencyKind": "Daily"}},
            "3.56",
        ),
        ("SetChargingProfile", "request", {"csChargingProfiles": {"stackLevel": -1}}, "7.8"),
        (
            "GetCompositeSchedule",
            "response",
            {"chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 1}]}},
            "7.13",
        ),
        ("GetCompositeSchedule", "response", {"status": "Rejected"}, ""),
    ],
)
def test_musts_of_the_text(action, kind, payload, clause):
    found = legality_fields.against_text("1.6", action, kind, payload)
    assert clause in found
    assert bool(found) is bool(clause)


def test_there_is_no_message_without_a_schema():
    assert legality.message("1.6", "Unheard", "request") is None
    assert legality.message("2.1", "NotifyPeriodicEventStream", "response") is None


def test_the_oracle_shares_nothing_with_the_judge():
    for name in MODULES:
        path = Path(legality.__file__).with_name(f"{name}.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not module.startswith("ocpp_tck.protocol")
