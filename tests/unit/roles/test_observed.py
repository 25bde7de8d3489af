"""What the kit learns of a station from its messages."""

import pytest

from ocpp_tck.roles.events import Event
from ocpp_tck.roles.observed import Observed, availabilities


@pytest.fixture
def observed():
    return Observed()


def tell(observed, action, payload, reply=None, kind="call"):
    observed.notice(Event(kind, 0.0, action=action, payload=payload, reply=reply))


def status(observed, connector, value):
    tell(observed, "StatusNotification", {"connectorId": connector, "status": value, "errorCode": "NoError"})


def test_connector_states(observed):
    status(observed, 1, "Preparing")
    assert (observed.status(1), observed.status(2), observed.errors) == ("Preparing", "", {1: "NoError"})


def test_a_boot_forgets_connector_states_and_says_whether_it_was_accepted(observed):
    status(observed, 1, "Charging")
    tell(observed, "BootNotification", {"chargePointModel": "m"}, {"status": "Pending"})
    assert (observed.booted, observed.accepted, observed.status(1)) == ({"chargePointModel": "m"}, False, "")
    tell(observed, "BootNotification", {}, {"status": "Accepted"})
    assert observed.accepted


def test_transactions_of_16_are_open_from_start_to_stop(observed):
    observed.cached = False
    tell(observed, "StartTransaction", {"connectorId": 2, "idTag": "A"}, {"transactionId": 7})
    assert (observed.transactions[7].connector, observed.transactions[7].token, observed.cached) == (2, "A", True)
    tell(observed, "StopTransaction", {"transactionId": 7})
    assert observed.transactions == {}


def test_a_refused_start_opens_nothing(observed):
    tell(observed, "StartTransaction", {"connectorId": 2, "idTag": "A"}, None)
    assert observed.transactions == {}


def test_transactions_of_2x(observed):
    info = {"transactionInfo": {"transactionId": "T"}}
    tell(observed, "TransactionEvent", {"eventType": "Started", **info})
    tell(
        observed,
        "TransactionEvent",
        {"eventType": "Updated", **info, "evse": {"id": 2}, "idToken": {"idToken": "A", "type": "Local"}},
    )
    assert (observed.transactions["t"].evse, observed.transactions["t"].token) == (2, "A")
    tell(observed, "TransactionEvent", {"eventType": "Ended", "transactionInfo": {"transactionId": "t"}})
    assert observed.transactions == {}


def test_a_connector_state_of_2x_comes_by_either_message(observed):
    tell(observed, "StatusNotification", {"evseId": 2, "connectorId": 1, "connectorStatus": "Occupied"})
    assert observed.status(1, 2) == "Occupied"
    entry = {
        "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
        "actualValue": "Available",
    }
    other = {"component": {"name": "EVSE"}, "variable": {"name": "Problem"}, "actualValue": "true"}
    tell(observed, "NotifyEvent", {"eventData": [entry, other]})
    assert observed.status(1, 2) == "Available"
    assert availabilities("Heartbeat", {}) == []


WICKED = [
    None,
    [],
    "x",
    7,
    {},
    {"connectorId": []},
    {"connectorId": {}, "status": 3},
    {"transactionId": []},
    {"transactionId": {}},
]
WICKED += [
    {"transactionInfo": 3},
    {"transactionInfo": {"transactionId": 3}},
    {"eventData": [3]},
    {"eventData": 3},
    {"eventData": [{"component": []}]},
]
WICKED += [
    {"evse": {"id": []}, "transactionInfo": {"transactionId": "T"}},
    {"evseId": "x", "connectorId": 1, "connectorStatus": "y"},
]
WICKED += [
    {
        "eventData": [
            {
                "component": {"name": "Connector", "evse": {"id": [], "connectorId": {}}},
                "variable": {"name": "AvailabilityState"},
            }
        ]
    }
]
ACTIONS = [
    "BootNotification",
    "StatusNotification",
    "NotifyEvent",
    "Authorize",
    "StartTransaction",
    "StopTransaction",
    "TransactionEvent",
]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("payload", WICKED, ids=str)
def test_an_illegal_payload_teaches_nothing_and_breaks_nothing(observed, action, payload):
    tell(observed, action, payload, {"status": "Accepted", "transactionId": 1})
    assert observed.transactions.keys() <= {1, "t"}


def test_answers_and_other_actions_teach_nothing(observed):
    tell(observed, "StatusNotification", {"connectorId": 1, "status": "Faulted"}, kind="answer")
    tell(observed, "NoSuchAction", {})
    assert observed == Observed()
