"""Payloads as a case reads them."""

import pytest

from ocpp_tck.roles.payload import CaseInsensitive, Fields, lookup, matches
from ocpp_tck.verdict import Failed

PAYLOAD = {
    "idTag": "AbC",
    "status": "Accepted",
    "flag": True,
    "none": None,
    "list": [{"key": "One"}, 2],
    "idToken": {"idToken": "X1", "type": "Central"},
}


@pytest.fixture
def fields():
    return Fields(PAYLOAD, "Some.req", 7)


def test_fields_are_read_by_attribute_and_item(fields):
    assert (fields.status, fields["status"], fields.get("status"), fields.idToken.type) == ("Accepted",) * 3 + (
        "Central",
    )
    assert (len(fields), list(fields), "status" in fields, "other" in fields) == (6, list(PAYLOAD), True, False)
    assert repr(fields) == repr(PAYLOAD)


def test_a_missing_field_is_a_failed_assertion(fields):
    with pytest.raises(Failed) as raised:
        _ = fields.idToken.other
    assert raised.value.message == "Some.req.idToken has no field other"
    assert (raised.value.expected, raised.value.frames) == ("a field other", (7,))
    assert fields.get("other") is None
    assert fields.get("other", 3) == 3


def test_a_missing_index_is_a_failed_assertion(fields):
    assert fields.list[0].key == "one"
    assert fields.list[-1] == 2
    with pytest.raises(Failed, match=r"Some.req.list has 2 elements, number 2 is missing"):
        _ = fields.list[2]


def test_arrays_compare_and_slice(fields):
    assert fields.list[1:] == [2]
    assert fields.list == [{"key": "One"}, 2]
    assert fields.list != "x"
    assert (len(fields.list), repr(fields.list)) == (2, repr(PAYLOAD["list"]))


def test_special_names_are_python_s_own(fields):
    assert not hasattr(fields, "__wrapped__")


def test_identifiers_compare_whatever_their_case(fields):
    assert fields.idTag == "aBc"
    assert fields.idTag != "other"
    assert fields.idTag != 3
    assert hash(fields.idTag) == hash(CaseInsensitive("ABC"))
    assert fields.status != "accepted"
    assert fields.idToken.idToken == "x1"


def test_identifiers_of_2x_compare_whatever_their_case():
    fields = Fields({"transactionId": "AB-1", "idTokens": ["A"], "id": "C1", "reasonCode": "noerror"}, "x", 1)
    assert (fields.transactionId, fields.idTokens[0], fields.id, fields.reasonCode) == ("ab-1", "a", "c1", "NoError")
    assert Fields({"id": 1, "transactionId": 2}, "x", 1).id == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "Accepted"),
        ("idToken.idToken", "x1"),
        ("idToken.none", None),
        ("status.x", None),
        ("list", PAYLOAD["list"]),
    ],
)
def test_lookup(path, value):
    assert lookup(PAYLOAD, path) == value
    assert lookup("no object", path) is None


def test_lookup_of_a_list_of_identifiers():
    assert lookup({"key": ["A", 1]}, "key") == ["a", 1]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, True),
        ({"status": "Accepted"}, True),
        ({"status": {"Rejected", "Accepted"}}, True),
        ({"status": ("Rejected",)}, False),
        ({"status": "accepted"}, False),
        ({"idTag": "ABC"}, True),
        ({"idToken.idToken": "x1", "status": "Accepted"}, True),
        ({"absent": None}, True),
        ({"status": None}, False),
        ({"flag": True}, True),
        ({"flag": 1}, False),
        ({"flag": [1, True]}, True),
    ],
)
def test_matches(where, found):
    assert matches(PAYLOAD, where) is found
