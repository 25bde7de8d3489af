"""What the embedded 1.6 CSMS answers and orders: Core of the 1.6 specification."""

from datetime import UTC, datetime, timedelta

import pytest
from csms16_support import BOOT, NOW, Csms, Station
from websockets.exceptions import ConnectionClosed

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown

METER_VALUES = {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]}


@pytest.fixture
def csms():
    with Csms(heartbeat_interval=77) as csms:
        yield csms


@pytest.fixture
def station(csms):
    with Station(csms) as station:
        station.boot()
        yield station


def recent(text):
    return abs(datetime.now(UTC) - datetime.fromisoformat(text)) < timedelta(seconds=5) and text.endswith("Z")


def test_boot_tells_status_time_and_interval(station):
    answer = station.boot()
    assert (answer["status"], answer["interval"]) == ("Accepted", 77)
    assert recent(answer["currentTime"])
    assert recent(station.call("Heartbeat")["currentTime"])


def test_boot_policy_is_followed_once_then_stations_are_accepted(csms):
    csms.order("boot_policy", {"then": [{"status": "Pending", "interval": 5}, {"status": "Rejected"}]})
    with Station(csms) as station, Station(csms, "CP002") as other:
        answers = [station.boot() for _ in range(3)]
        assert [(one["status"], one["interval"]) for one in answers] == [
            ("Pending", 5),
            ("Rejected", 77),
            ("Accepted", 77),
        ]
        assert other.boot()["status"] == "Accepted"


def test_boot_policy_without_a_station_is_for_the_next_one_of_any(csms):
    csms.order("boot_policy", {"then": [{"status": "Rejected"}]}, station=None)
    with Station(csms, "CP009") as station:
        assert station.boot()["status"] == "Rejected"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"then": {}},
        {"then": ["Pending"]},
        {"then": [{"status": "pending"}]},
        {"then": [{"status": "Pending", "interval": -1}]},
        {"then": [{"status": "Pending", "wait": 1}]},
    ],
)
def test_bad_boot_policy_is_refused(csms, payload):
    with pytest.raises(PayloadRefused, match="then"):
        csms.order("boot_policy", payload)


@pytest.mark.parametrize("status", [None, "Pending", "Rejected"])
def test_station_that_is_not_accepted_is_refused(csms, status):
    with Station(csms) as station:
        if status:
            csms.order("boot_policy", {"then": [{"status": status}]})
            station.boot()
        assert station.refused("Heartbeat", {}) == "SecurityError"
        assert station.refused("Authorize", {"idTag": "TCK-VALID"}) == "SecurityError"
        station.boot()
        station.call("Heartbeat")


def test_pending_station_may_send_what_it_was_told_to(csms):
    csms.order("boot_policy", {"then": [{"status": "Pending"}, {"status": "Pending"}]})
    with Station(csms) as station:
        station.boot()
        csms.order("trigger_message", {"requestedMessage": "Heartbeat"})
        station.send([3, station.receive()[1], {"status": "Accepted"}])
        station.call("Heartbeat")
        assert station.refused("Authorize", {"idTag": "TCK-VALID"}) == "SecurityError"
        csms.order("trigger_message", {"requestedMessage": "BootNotification"})
        station.send([3, station.receive()[1], {"status": "Accepted"}])
        station.boot()
        assert station.refused("Heartbeat", {}) == "SecurityError"


def test_mere_reconnect_needs_no_boot(csms, station):
    station.socket.close()
    with Station(csms) as again:
        again.call("Heartbeat")


@pytest.mark.parametrize(
    ("id_tag", "info"),
    [
        ("TCK-VALID", {"status": "Accepted", "parentIdTag": "TCK-GROUP"}),
        ("tck-valid", {"status": "Accepted", "parentIdTag": "TCK-GROUP"}),
        ("TCK-OTHER", {"status": "Accepted"}),
        ("TCK-EXPIRED", {"status": "Expired", "expiryDate": "2020-01-01T00:00:00Z"}),
        ("TCK-BLOCKED", {"status": "Blocked"}),
        ("unknown", {"status": "Invalid"}),
        ("TCK-GROUP", {"status": "Invalid"}),
        ("", {"status": "Invalid"}),
    ],
)
def test_tokens_in_every_message_that_has_one(station, id_tag, info):
    assert station.call("Authorize", {"idTag": id_tag})["idTagInfo"] == info
    started = station.start(id_tag)
    assert started["idTagInfo"] == info
    assert station.end(started["transactionId"], idTag=id_tag)["idTagInfo"] == info


def test_operator_changes_a_token(csms, station):
    csms.order("set_token", {"idTag": "NEW", "status": "Accepted", "parentIdTag": "G"})
    assert station.call("Authorize", {"idTag": "NEW"})["idTagInfo"] == {"status": "Accepted", "parentIdTag": "G"}
    csms.order("set_token", {"idTag": "new", "status": "Blocked"})
    assert station.call("Authorize", {"idTag": "NEW"})["idTagInfo"] == {"status": "Blocked"}
    csms.order("set_token", {"idTag": "NEW", "status": "Accepted", "expiryDate": "2021-01-01T00:00:00+01:00"})
    assert station.call("Authorize", {"idTag": "NEW"})["idTagInfo"]["status"] == "Expired"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"status": "Accepted"}, "idTag"),
        ({"idTag": 5}, "idTag"),
        ({"idTag": "A" * 21}, "idTag"),
        ({"idTag": "A", "status": "ConcurrentTx"}, "status"),
        ({"idTag": "A", "expiryDate": "soon"}, "expiryDate"),
        ({"idTag": "A", "expiryDate": 5}, "expiryDate"),
        ({"idTag": "A", "expiryDate": "2030-01-01T00:00:00"}, "expiryDate"),
        ({"idTag": "A", "parentIdTag": ""}, "parentIdTag"),
        ({"idTag": "A", "parent": "B"}, "parent"),
    ],
)
def test_bad_token_is_refused(csms, payload, field):
    with pytest.raises(PayloadRefused, match=field):
        csms.order("set_token", payload)


def test_notifications_are_taken(station):
    status = {"connectorId": 0, "errorCode": "NoError", "status": "Available"}
    assert station.call("StatusNotification", status) == {}
    assert station.call("MeterValues", METER_VALUES) == {}
    assert station.call("DiagnosticsStatusNotification", {"status": "Idle"}) == {}
    assert station.call("FirmwareStatusNotification", {"status": "Installed"}) == {}
    assert station.call("DataTransfer", {"vendorId": "org.example"}) == {"status": "UnknownVendorId"}


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("change_availability", {"connectorId": 0, "type": "Inoperative"}),
        ("change_configuration", {"key": "MeterValueSampleInterval", "value": "-1"}),
        ("clear_cache", {}),
        ("data_transfer", {"vendorId": "org.example", "data": "{}"}),
        ("get_configuration", {}),
        ("get_configuration", {"key": ["SupportedFeatureProfiles"]}),
        ("remote_start_transaction", {"idTag": "TCK-VALID", "connectorId": 1}),
        ("remote_stop_transaction", {"transactionId": 12345}),
        ("reset", {"type": "Hard"}),
        ("unlock_connector", {"connectorId": 99}),
        ("trigger_message", {"requestedMessage": "MeterValues", "connectorId": 1}),
    ],
)
def test_orders_are_sent_as_they_are(csms, station, action, payload):
    csms.order(action, payload)
    kind, message_id, sent, body = station.receive()
    assert (kind, sent.lower(), body) == (2, action.replace("_", ""), payload)
    assert 1 <= len(message_id) <= 36


def test_limits_of_a_profile_are_sent_to_the_digit(csms, station):
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    order = {"idTag": "TCK-VALID", "chargingProfile": profile}
    csms.order("remote_start_transaction", order)
    assert station.receive()[3] == order


def test_bad_orders_are_refused(csms, station):
    for action, payload, named in (
        ("reset", {"type": "hard"}, "type"),
        ("reset", {}, "type"),
        ("unlock_connector", {"connectorId": "1"}, "connectorId"),
    ):
        with pytest.raises(PayloadRefused, match=named):
            csms.order(action, payload)
    with pytest.raises(ActionUnknown):
        csms.order("boot_notification", BOOT)
    for unknown in (None, "CP999"):
        with pytest.raises(StationUnknown):
            csms.order("clear_cache", station=unknown)
    assert station.silent()


def test_order_for_a_station_that_is_away_is_refused(csms, station):
    csms.order("boot_policy", {"then": []}, station="CP002")
    with pytest.raises(StationUnknown, match="not connected"):
        csms.order("clear_cache", station="CP002")


@pytest.mark.parametrize(
    ("status", "action", "payload"),
    [
        ("Pending", "remote_start_transaction", {"idTag": "A"}),
        ("Pending", "remote_stop_transaction", {"transactionId": 1}),
        ("Rejected", "get_configuration", {}),
        ("Accepted", "trigger_message", {"requestedMessage": "BootNotification"}),
    ],
)
def test_orders_that_the_registration_forbids_are_refused(csms, status, action, payload):
    csms.order("boot_policy", {"then": [{"status": status}]})
    with Station(csms) as station:
        station.boot()
        with pytest.raises(PayloadRefused, match="not allowed now"):
            csms.order(action, payload)


def test_pending_station_can_be_configured(csms):
    csms.order("boot_policy", {"then": [{"status": "Pending"}]})
    with Station(csms) as station:
        station.boot()
        csms.order("get_configuration")
        assert station.receive()[2] == "GetConfiguration"


def test_csms_does_nothing_by_itself(station):
    assert station.silent()


def test_factory_reset_forgets_everything(csms, station):
    csms.order("set_token", {"idTag": "NEW", "status": "Accepted"})
    csms.order("boot_policy", {"then": [{"status": "Rejected"}]}, station=None)
    csms.order("set_password", {"password": "secret"})
    station.start()
    csms.order("factory_reset", station=None)
    with pytest.raises(ConnectionClosed):
        station.receive()
    with Station(csms) as again:
        assert again.refused("Heartbeat", {}) == "SecurityError"
        assert again.boot()["status"] == "Accepted"
        assert again.call("Authorize", {"idTag": "NEW"})["idTagInfo"]["status"] == "Invalid"
        assert again.start(connector=2)["idTagInfo"]["status"] == "Accepted"


def test_factory_reset_of_one_station_leaves_the_others(csms, station):
    with Station(csms, "CP002") as other:
        other.boot()
        csms.order("factory_reset")
        with pytest.raises(ConnectionClosed):
            station.receive()
        other.call("Heartbeat")


def test_data_of_a_known_vendor_is_accepted():
    with Csms(vendor_id="org.example") as csms, Station(csms) as station:
        station.boot()
        assert station.call("DataTransfer", {"vendorId": "ORG.example"}) == {"status": "Accepted"}
        assert station.call("DataTransfer", {"vendorId": "org.other"}) == {"status": "UnknownVendorId"}
