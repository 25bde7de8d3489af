"""What the kit answers, by default and as a case registers it."""

import itertools

import pytest

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.types import Version
from ocpp_tck.roles import csms_answers
from ocpp_tck.roles.answers import Answers, Refusal, Silence, merged
from ocpp_tck.roles.csms_answers import CsmsAnswers
from ocpp_tck.settings import TestData


class Stopped:
    def now(self):
        return 1_790_000_000.0


@pytest.fixture
def answers():
    return Answers(CsmsAnswers("1.6", TestData(), Stopped(), itertools.count(1)))


def test_a_case_s_answer_merges_into_the_polite_one(answers):
    answers.register("BootNotification", [{"status": "Rejected", "interval": 2}, {}])
    first, second, third = (answers.choose("BootNotification", {}) for _ in range(3))
    assert (first["status"], first["interval"]) == ("Rejected", 2)
    assert first["currentTime"]
    assert second["status"] == third["status"] == "Accepted"


def test_where_picks_the_requests_meant_and_the_newest_counts(answers):
    answers.register("Authorize", [{"idTagInfo": {"status": "Blocked"}}], {"idTag": "A"})
    assert answers.choose("Authorize", {"idTag": "a"})["idTagInfo"]["status"] == "Blocked"
    assert answers.choose("Authorize", {"idTag": "B"})["idTagInfo"]["status"] == "Invalid"
    answers.register("Authorize", [Refusal("GenericError")])
    assert answers.choose("Authorize", {"idTag": "A"}) == Refusal("GenericError")
    answers.register("Authorize", [Silence()])
    assert answers.choose("Authorize", {"idTag": "A"}) == Silence()
    answers.clear()
    assert answers.choose("Authorize", {"idTag": "A"})["idTagInfo"]["status"] == "Invalid"


def test_an_unknown_action_is_refused_unless_a_case_answers_it(answers):
    assert answers.choose("Nope", {}) == Refusal("NotImplemented", "the kit knows no such action")
    answers.register("Nope", [{"a": 1}])
    assert answers.choose("Nope", {}) == {"a": 1}


def test_an_answer_needs_a_reply(answers):
    with pytest.raises(ValueError, match="an answer to Authorize needs at least one reply"):
        answers.register("Authorize", [])


def test_merging():
    base = {"a": {"b": 1, "c": 2}, "d": 3}
    assert merged(base, {"a": {"b": 9}, "d": None, "e": {"f": 1}}) == {"a": {"b": 9, "c": 2}, "e": {"f": 1}}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3}


@pytest.mark.parametrize(
    "payload", [{}, {"idTag": "TCK-VALID"}, {"idToken": {"idToken": "TCK-VALID", "type": "Central"}}]
)
@pytest.mark.parametrize(
    ("version", "action"),
    [(version, action) for version in (Version.V16, Version.V201) for action in csms_answers._COMMON]
    + [(Version.V16, action) for action in csms_answers._V16]
    + [(Version.V201, action) for action in csms_answers._V20],
)
def test_the_polite_answers_are_legal(version, action, payload):
    answer = CsmsAnswers(version, TestData(), Stopped(), itertools.count(1))(action, payload)
    assert answer is not None
    assert schema.violations(version, action, "response", answer) == ()


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("TCK-VALID", "Accepted"),
        ("tck-valid", "Accepted"),
        ("TCK-OTHER", "Accepted"),
        ("TCK-EXPIRED", "Expired"),
        ("TCK-BLOCKED", "Blocked"),
        ("TCK-INVALID", "Invalid"),
        (None, "Invalid"),
        ([], "Invalid"),
    ],
)
def test_tokens_have_the_status_of_the_test_data(token, status):
    assert CsmsAnswers("1.6", TestData(), Stopped(), itertools.count(1)).token_status(token) == status


def test_a_retried_start_gets_its_id_again_until_it_is_stopped():
    polite = CsmsAnswers("1.6", TestData(), Stopped(), itertools.count(1))
    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-03-20T12:00:00Z"}
    first = polite("StartTransaction", start)["transactionId"]
    assert polite("StartTransaction", start)["transactionId"] == first
    polite("StopTransaction", {"transactionId": first, "meterStop": 1, "timestamp": "2026-03-20T12:00:00Z"})
    assert polite("StartTransaction", start)["transactionId"] != first
