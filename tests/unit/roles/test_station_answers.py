"""How the kit answers a 1.6 central system, and what it makes of what its operator says."""

import threading
from types import SimpleNamespace

import pytest

from ocpp_tck.protocol.schema import violations
from ocpp_tck.protocol.types import Version
from ocpp_tck.roles.drivers.actions import CSMS_REQUESTS
from ocpp_tck.roles.drivers.base import Outcome, Result
from ocpp_tck.roles.operator import Operator
from ocpp_tck.roles.payload import matches
from ocpp_tck.roles.station_answers import StationAnswers
from ocpp_tck.settings import Hardware, TestData
from ocpp_tck.verdict import Inconclusive

PAYLOADS = {"ChangeConfiguration": {"key": "HeartbeatInterval", "value": "5"}}


@pytest.fixture
def answers():
    return StationAnswers("1.6", TestData(), Hardware(connectors=2))


def change(answers, key, value):
    return answers("ChangeConfiguration", {"key": key, "value": value})["status"]


@pytest.mark.parametrize("action", CSMS_REQUESTS["1.6"])
def test_every_answer_is_legal(answers, action):
    answer = answers(action, PAYLOADS.get(action, {}))

    assert answer is None or not list(violations(Version.V16, action, "response", answer))


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("metervaluesampleinterval", "60", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValueSampleInterval", "soon", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("LocalPreAuthorize", "1", "Rejected"),
        ("MeterValuesSampledData", "Current.Import", "Accepted"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("Nothing", "1", "NotSupported"),
    ],
)
def test_change_configuration(answers, key, value, status):
    assert change(answers, key, value) == status


def test_charging_profiles_are_taken_and_forgotten_together(answers):
    assert answers("ClearChargingProfile", {}) == {"status": "Unknown"}
    assert answers("SetChargingProfile", {}) == {"status": "Accepted"}
    assert answers("ClearChargingProfile", {"id": 1}) == {"status": "Accepted"}
    assert answers("ClearChargingProfile", {}) == {"status": "Unknown"}


def test_a_changed_key_is_read_back(answers):
    change(answers, "MeterValueSampleInterval", "60")
    change(answers, "MeterValueSampleInterval", "-1")

    conf = answers("GetConfiguration", {"key": ["metervaluesampleinterval", "Nothing"]})

    assert conf["configurationKey"] == [{"key": "MeterValueSampleInterval", "readonly": False, "value": "60"}]
    assert conf["unknownKey"] == ["Nothing"]


def test_a_list_of_keys_is_compared_without_case():
    assert matches({"key": ["supportedFEATUREprofiles"]}, {"key": (["SupportedFeatureProfiles"],)})
    assert not matches({"key": ["SupportedFeatureProfiles", "Other"]}, {"key": (["SupportedFeatureProfiles"],)})
    assert matches({}, {"key": (None, [])})
    assert matches({"key": []}, {"key": (None, [])})
    assert not matches({"key": ["Other"]}, {"key": (None, [])})


def listed(answers, version, kind, *entries):
    update = {"listVersion": version, "updateType": kind, "localAuthorizationList": list(entries)}
    assert answers("SendLocalList", update) == {"status": "Accepted"}
    return answers("GetLocalListVersion", {})["listVersion"]


def test_the_local_list_is_followed(answers):
    one, other = ({"idTag": name, "idTagInfo": {"status": "Accepted"}} for name in ("A", "B"))

    assert answers("GetLocalListVersion", {}) == {"listVersion": 0}
    assert listed(answers, 4, "Full", one) == 4
    assert listed(answers, 5, "Differential", other) == 5
    assert listed(answers, 6, "Differential", {"idTag": "a"}) == 6
    assert listed(answers, 7, "Differential", {"idTag": "B"}) == 0
    assert listed(answers, 8, "Full", one) == 8
    assert answers("SendLocalList", {"listVersion": 9, "updateType": "Full"}) == {"status": "Accepted"}
    assert answers("GetLocalListVersion", {}) == {"listVersion": 0}


@pytest.mark.parametrize("action", ["GetVariables", "SetVariables"])
def test_a_result_names_what_was_asked_for(action):
    list_name = f"{action[0].lower()}{action[1:-1]}"
    place = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "offlineThreshold"}}
    asked = [
        place | {"attributeValue": "1"} if action == "SetVariables" else place,
        place | {"attributeType": "MaxSet"},
    ]

    results = StationAnswers("2.0.1", TestData(), Hardware())(action, {f"{list_name}Data": asked})[f"{list_name}Result"]

    assert [result["attributeType"] for result in results] == ["Actual", "MaxSet"]
    assert all({**result, **place} == result for result in results)


def operator(outcome, *, come):
    product = SimpleNamespace(
        version="1.6",
        conversation=SimpleNamespace(station="CP001", condition=threading.RLock()),
        move_mark=lambda: None,
        has_come=lambda action: come and action == "RemoteStartTransaction",
    )
    asked = []

    def act(request):
        asked.append(request.action)
        return Result(outcome, "409 Conflict"), "http"

    journal = SimpleNamespace(write=lambda _record: None)
    clock = SimpleNamespace(now=lambda: 0.0)
    return Operator(SimpleNamespace(act=act), product, "csms", journal, clock), asked


def test_an_order_that_was_carried_out_stands_although_the_api_calls_it_a_failure():
    someone, asked = operator(Outcome.FAILED, come=True)

    someone.order("RemoteStartTransaction", idTag="A")

    assert asked == ["remote_start_transaction"]


def test_an_order_that_failed_is_inconclusive():
    someone, _ = operator(Outcome.FAILED, come=False)

    with pytest.raises(Inconclusive, match="409 Conflict"):
        someone.order("RemoteStartTransaction", idTag="A")
