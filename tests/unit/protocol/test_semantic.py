import json

import pytest
from traces import BOOT, NOW, Line, boot

from ocpp_tck.protocol.semantic.times import _decimals
from ocpp_tck.protocol.types import Side, Version

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


class TestBoot:
    def test_reconnect_without_boot(self):
        line = Line()
        assert line.cs(2, "1", "StatusNotification", STATUS) == []

    def test_boot_in_the_middle_of_a_trace_is_no_proof(self):
        line = Line()
        line.cs(2, "1", "StatusNotification", STATUS)
        line.csms(3, "1", {})
        line.cs(2, "b", "BootNotification", BOOT)
        line.judge.withheld("c", "b")
        assert line.cs(2, "2", "StatusNotification", STATUS) == []

    def test_triggered_boot_leaves_the_station_accepted_enough(self):
        line = Line(product=Side.CSMS)
        line.csms(2, "t", "TriggerMessage", {"requestedMessage": "BootNotification"})
        line.cs(3, "t", {"status": "Accepted"})
        line.cs(2, "b", "BootNotification", BOOT)
        line.judge.withheld("c", "b")
        assert line.cs(2, "2", "StatusNotification", STATUS) in ([], ["rpc.one_outstanding"])

    def test_withheld_boot_answer_allows_nothing_else(self):
        line = Line()
        line.cs(2, "b", "BootNotification", BOOT)
        line.judge.withheld("c", "b")
        assert line.cs(2, "2", "StatusNotification", STATUS) == ["boot.unanswered"]

    def test_broken_boot_leaves_the_state_unknown(self):
        line = Line()
        assert line.cs(2, "b", "BootNotification", BOOT | {"extra": 1}) == ["schema.additional"]
        assert line.cs(2, "2", "StatusNotification", STATUS) == []

    def test_broken_boot_makes_the_state_unknown(self):
        line = Line()
        boot(line, "Rejected")
        assert line.cs(2, "c", "BootNotification", BOOT | {"extra": 1}) == ["schema.additional"]
        assert line.cs(2, "2", "StatusNotification", STATUS) == []

    def test_broken_answer_leaves_the_state_unknown(self):
        line = Line(product=Side.CSMS)
        line.cs(2, "b", "BootNotification", BOOT)
        assert line.csms(3, "b", {"status": "Pending", "currentTime": NOW}) == ["schema.required"]
        assert line.cs(2, "2", "StatusNotification", STATUS) == []

    def test_rejected_station_that_restarts_may_boot_at_once(self):
        line = Line()
        boot(line, "Rejected")
        line.reconnect()
        assert line.cs(2, "n", "BootNotification", BOOT) == []

    def test_results_of_what_the_csms_asked_for(self):
        line = Line(Version.V201)
        boot(line, "Pending")
        assert line.csms(2, "k", "GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == []
        assert line.cs(3, "k", {"status": "Accepted"}) == []
        report = {"requestId": 1, "generatedAt": NOW, "seqNo": 0}
        assert line.cs(2, "r", "NotifyReport", report) == []
        assert line.csms(3, "r", {}) == []
        assert line.cs(2, "s", "Heartbeat", {}) == ["boot.pending"]

    def test_the_status_of_a_signed_update_that_the_csms_asked_for(self):
        line = Line()
        boot(line, "Pending")
        firmware = {"location": "ftp://x/f", "retrieveDateTime": NOW, "signingCertificate": "c", "signature": "s"}
        line.csms(2, "u", "SignedUpdateFirmware", {"requestId": 7, "firmware": firmware})
        line.cs(3, "u", {"status": "Accepted"})
        status = {"status": "Downloading", "requestId": 7}
        assert line.cs(2, "s", "SignedFirmwareStatusNotification", status) == []
        line.csms(3, "s", {})
        assert line.cs(2, "c", "SignCertificate", {"csr": "x"}) == ["boot.pending"]

    def test_signing_is_triggered_under_another_name(self):
        line = Line()
        boot(line, "Pending")
        line.csms(2, "k", "ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
        line.cs(3, "k", {"status": "Accepted"})
        assert line.cs(2, "s", "SignCertificate", {"csr": "x"}) == []

    def test_custom_trigger_may_cause_anything(self):
        line = Line(Version.V21)
        boot(line, "Pending")
        line.csms(2, "k", "TriggerMessage", {"requestedMessage": "CustomTrigger", "customTrigger": "x"})
        line.cs(3, "k", {"status": "Accepted"})
        assert line.cs(2, "s", "Heartbeat", {}) == []

    def test_accepted_after_pending(self):
        line = Line()
        boot(line, "Pending", interval=1)
        line.time += 1
        assert boot(line, "Accepted", "b2") == []
        assert line.cs(2, "s", "Heartbeat", {}) == []

    @pytest.mark.parametrize(
        ("status", "rule"), [("Pending", "boot.retry_pending"), ("Rejected", "boot.retry_rejected")]
    )
    @pytest.mark.parametrize(
        ("interval", "passed", "early"),
        [(60, 59.0, False), (60, 58.75, True), (5, 4.5, False), (5, 4.25, True), (10, 9.0, False), (10, 8.75, True)],
    )
    def test_how_early_a_boot_may_be_repeated(self, status, rule, interval, passed, early):
        line = Line()
        boot(line, status, interval=interval)
        assert line.cs(2, "n", "BootNotification", BOOT, dt=passed) == ([rule] if early else [])

    def test_a_triggered_boot_may_come_at_once(self):
        line = Line()
        boot(line, "Pending")
        line.csms(2, "k", "TriggerMessage", {"requestedMessage": "BootNotification"})
        line.cs(3, "k", {"status": "Accepted"})
        assert line.cs(2, "n", "BootNotification", BOOT) == []
        line.csms(3, "n", {"status": "Pending", "interval": 60, "currentTime": NOW})
        assert line.cs(2, "o", "BootNotification", BOOT) == ["boot.retry_pending"]

    def test_the_wait_begins_with_the_answer(self):
        line = Line()
        line.cs(2, "b", "BootNotification", BOOT)
        line.time += 10
        line.csms(3, "b", {"status": "Pending", "interval": 10, "currentTime": "2026-03-20T12:00:10Z"})
        (found,) = line.send(Side.STATION, json.dumps([2, "n", "BootNotification", BOOT]), 5).violations
        assert found.message == "BootNotification was repeated after 5.0 s of 10 s"

    def test_an_answer_forgets_what_was_asked_for_before(self):
        line = Line(Version.V201)
        boot(line, "Pending", interval=0)
        line.csms(2, "k", "TriggerMessage", {"requestedMessage": "Heartbeat"})
        line.cs(3, "k", {"status": "Accepted"})
        assert line.cs(2, "s", "Heartbeat", {}) == []
        line.csms(3, "s", {"currentTime": NOW})
        boot(line, "Pending", "b2", interval=0)
        assert line.cs(2, "t", "Heartbeat", {}) == ["boot.pending"]

    @pytest.mark.parametrize(
        "wanted", ["SignChargingStationCertificate", "SignV2GCertificate", "SignCombinedCertificate"]
    )
    def test_every_kind_of_signing_is_triggered(self, wanted):
        line = Line(Version.V201)
        boot(line, "Pending")
        line.csms(2, "k", "TriggerMessage", {"requestedMessage": wanted})
        line.cs(3, "k", {"status": "Accepted"})
        assert line.cs(2, "s", "SignCertificate", {"csr": "x"}) == []

    @pytest.mark.parametrize(
        ("action", "payload", "rule"),
        [
            ("RequestStartTransaction", {"remoteStartId": 1, "idToken": {"idToken": "x", "type": "Central"}}, True),
            ("RequestStopTransaction", {"transactionId": "x"}, True),
            ("GetVariables", {"getVariableData": [{"component": {"name": "x"}, "variable": {"name": "y"}}]}, False),
        ],
    )
    def test_what_a_csms_may_not_ask_a_pending_station(self, action, payload, rule):
        line = Line(Version.V201, product=Side.CSMS)
        boot(line, "Pending")
        assert line.csms(2, "k", action, payload) == (["boot.remote_while_pending"] if rule else [])

    def test_a_second_connection_that_boots_is_one_that_booted(self):
        line = Line()
        boot(line, "Accepted")
        line.reconnect()
        assert line.cs(2, "n", "BootNotification", BOOT) == []
        assert line.cs(2, "s", "StatusNotification", STATUS) == ["boot.unanswered", "rpc.one_outstanding"]

    @pytest.mark.parametrize("status", ["Pending", "Rejected"])
    def test_a_boot_that_is_repeated_waits_for_its_answer_too(self, status):
        line = Line()
        boot(line, status, interval=0)
        assert line.cs(2, "n", "BootNotification", BOOT) == []
        line.judge.withheld("c", "n")
        assert line.cs(2, "s", "StatusNotification", STATUS) == ["boot.unanswered"]

    def test_a_trigger_is_used_up_by_the_boot_that_it_caused(self):
        line = Line()
        line.csms(2, "t", "TriggerMessage", {"requestedMessage": "BootNotification"})
        line.cs(3, "t", {"status": "Accepted"})
        assert line.cs(2, "b", "BootNotification", BOOT) == []
        line.reconnect()
        assert line.cs(2, "n", "BootNotification", BOOT) == []
        line.judge.withheld("d", "n")
        assert line.cs(2, "s", "StatusNotification", STATUS) == ["boot.unanswered"]

    def test_interval_zero_is_legal(self):
        line = Line(product=Side.CSMS)
        assert boot(line, "Accepted", interval=0) == []
        assert boot(line, "Accepted", "n", interval=-1) == ["boot.interval"]

    def test_csms_configures_a_pending_station(self):
        line = Line(product=Side.CSMS)
        boot(line, "Pending")
        assert line.csms(2, "k", "GetConfiguration", {}) == []

    def test_triggering_a_boot_again_in_20(self):
        line = Line(Version.V201, product=Side.CSMS)
        boot(line, "Accepted")
        assert line.csms(2, "k", "TriggerMessage", {"requestedMessage": "BootNotification"}) == []


class TestClock:
    def test_queued_messages_are_no_wrong_clock(self):
        line = Line()
        for number, minute in enumerate((10, 20, 30)):
            status = STATUS | {"timestamp": f"2026-03-20T10:{minute}:00Z"}
            assert line.cs(2, f"q{number}", "StatusNotification", status, dt=0.1) == []
            line.csms(3, f"q{number}", {})

    def test_the_same_offset_twice_is_a_wrong_clock(self):
        line = Line()
        assert line.cs(2, "1", "StatusNotification", STATUS | {"timestamp": "2026-03-20T10:00:00Z"}) == []
        line.csms(3, "1", {})
        later = STATUS | {"timestamp": "2026-03-20T10:00:07Z"}
        assert line.cs(2, "2", "StatusNotification", later, dt=7) == ["time.clock"]

    def test_a_time_that_agrees_with_any_setting_of_the_machines_clock_is_right(self):
        line = Line()
        hour_ahead = STATUS | {"timestamp": "2026-03-20T13:00:00Z"}
        assert line.cs(2, "1", "StatusNotification", hour_ahead) == ["time.clock"]
        line.csms(3, "1", {})
        line.judge.clock_set(3600.0)
        line.judge.clock_set(86_400.0)
        for number, time in enumerate(("20T13:00:00", "20T12:00:00", "21T12:00:00")):
            status = STATUS | {"timestamp": f"2026-03-{time}Z"}
            assert line.cs(2, f"q{number}", "StatusNotification", status) == []
            line.csms(3, f"q{number}", {})
        assert line.cs(2, "2", "StatusNotification", STATUS | {"timestamp": "2026-03-20T15:00:00Z"}) == ["time.clock"]

    @pytest.mark.parametrize(("seconds", "wrong"), [("56", False), ("55.9", True)])
    def test_now_may_lie_behind_by_the_tolerance(self, seconds, wrong):
        line = Line(product=Side.CSMS)
        line.cs(2, "1", "Heartbeat", {})
        assert line.csms(3, "1", {"currentTime": f"2026-03-20T11:59:{seconds}Z"}) == (["time.clock"] if wrong else [])

    @pytest.mark.parametrize(("seconds", "wrong"), [("04", False), ("04.1", True)])
    def test_now_and_then_may_lie_ahead_by_the_tolerance(self, seconds, wrong):
        time = f"2026-03-20T12:00:{seconds}Z"
        line = Line(product=Side.CSMS)
        line.cs(2, "1", "Heartbeat", {})
        assert line.csms(3, "1", {"currentTime": time}) == (["time.clock"] if wrong else [])
        assert line.cs(2, "2", "StatusNotification", STATUS | {"timestamp": time}) == (["time.clock"] if wrong else [])

    @pytest.mark.parametrize(
        ("first", "second", "apart", "wrong"),
        [
            ("11:00:00", "11:00:07", 7, True),
            ("11:00:00", "11:00:07.9", 7, True),
            ("11:00:00", "11:00:06.1", 7, True),
            ("11:00:00", "11:00:08", 7, False),
            ("11:00:00", "11:00:06", 7, False),
            ("11:00:00", "11:00:01", 1, True),
            ("11:00:00", "11:00:00.9", 0.9, False),
            ("11:59:56", "12:00:03", 7, False),
            ("11:59:55.5", "12:00:02.5", 7, True),
        ],
    )
    def test_what_two_messages_say_about_a_clock(self, first, second, apart, wrong):
        line = Line()
        assert line.cs(2, "1", "StatusNotification", STATUS | {"timestamp": f"2026-03-20T{first}Z"}) == []
        line.csms(3, "1", {})
        later = STATUS | {"timestamp": f"2026-03-20T{second}Z"}
        assert line.cs(2, "2", "StatusNotification", later, dt=apart) == (["time.clock"] if wrong else [])

    def test_the_clocks_of_both_sides_are_told_apart(self):
        line = Line(Version.V21)
        status = {"connectorStatus": "Available", "evseId": 1, "connectorId": 1, "timestamp": "2026-03-20T11:00:00Z"}
        assert line.cs(2, "1", "StatusNotification", status) == []
        line.csms(3, "1", {})
        assert line.csms(2, "2", "AFRRSignal", {"signal": 1, "timestamp": "2026-03-20T11:00:07Z"}, dt=7) == []
        line.cs(3, "2", {"status": "Accepted"})
        assert line.cs(2, "3", "StatusNotification", status | {"timestamp": "2026-03-20T11:00:07Z"}) == ["time.clock"]

    def test_generated_at_is_a_time_of_the_past(self):
        line = Line(Version.V201)
        report = {"requestId": 1, "generatedAt": "2026-03-20T12:00:10Z", "seqNo": 0}
        (found,) = line.send(Side.STATION, json.dumps([2, "1", "NotifyReport", report])).violations
        assert (found.rule, found.path) == ("time.clock", "generatedAt")
        assert found.message == "2026-03-20T12:00:10Z is +10 s off the kit's clock"

    @pytest.mark.parametrize(
        ("time", "rule"),
        [
            ("2026-03-20T12:00:00.1234+01:00", ["time.fraction", "time.utc", "time.clock"]),
            ("2016-12-31T23:59:60.1234Z", ["time.fraction", "time.clock"]),
            ("2026-03-20t12:00:00z", []),
            ("0000-03-20T12:00:00Z", []),
        ],
    )
    def test_odd_times_are_judged_too(self, time, rule):
        line = Line(Version.V201, product=Side.CSMS)
        line.cs(2, "1", "Heartbeat", {})
        assert line.csms(3, "1", {"currentTime": time}) == rule

    def test_times_that_lie_ahead_by_nature(self):
        line = Line(product=Side.CSMS)
        request = {"location": "ftp://host/f", "retrieveDate": "2030-01-01T00:00:00Z"}
        assert line.csms(2, "1", "UpdateFirmware", request) == []

    def test_leap_second_is_left_alone(self):
        line = Line()
        assert line.cs(2, "1", "StatusNotification", STATUS | {"timestamp": "2016-12-31T23:59:60Z"}) == []

    def test_tolerance_is_a_parameter(self):
        line = Line(clock_tolerance=100)
        assert line.cs(2, "1", "StatusNotification", STATUS | {"timestamp": "2026-03-20T12:01:30Z"}) == []

    @pytest.mark.parametrize(
        ("text", "count"),
        [("2026-03-20T12:00:00Z", 0), ("2026-03-20T12:00:00.1234Z", 4), ("2026-03-20T12:00:00.5+01:00", 1)],
    )
    def test_decimals(self, text, count):
        assert _decimals(text) == count

    def test_a_local_time_in_20_is_only_a_schema_matter(self):
        line = Line(Version.V21, product=Side.CSMS)
        line.cs(2, "1", "Heartbeat", {})
        assert line.csms(3, "1", {"currentTime": "2026-03-20T12:00:00"}) == ["time.zone"]

    def test_place_of_a_nested_time(self):
        line = Line()
        values = [
            {"timestamp": NOW, "sampledValue": []},
            {"timestamp": "2026-03-20T13:00:00+01:00", "sampledValue": []},
        ]
        judgement = line.send(
            Side.STATION,
            json.dumps([2, "1", "MeterValues", {"connectorId": 1, "meterValue": values}]),
        )
        assert [v.path for v in judgement.violations if v.rule == "time.utc"] == ["meterValue[1].timestamp"]


STOP_DATA = {
    "configurationKey": [
        {"key": key, "readonly": False, "value": " "} for key in ("StopTxnAlignedData", "StopTxnSampledData")
    ]
}


class TestConfiguration:
    def test_what_is_not_known_of_a_transaction_is_not_judged(self):
        """Its StartTransaction was illegal, came before the trace, or has no time that could be compared."""
        data = [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]
        for start in ([], {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": "soon"}):
            line = Line()
            line.csms(2, "g", "GetConfiguration", {})
            line.cs(3, "g", STOP_DATA)
            line.cs(2, "1", "StartTransaction", start, dt=60)
            line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
            stop = {"transactionId": 7, "meterStop": 1, "timestamp": NOW, "transactionData": data}
            assert line.cs(2, "2", "StopTransaction", stop) == []

    def test_a_transaction_of_before_is_not_judged_by_a_clock_that_is_fast(self):
        """It began before both keys were known to be empty, though the charge point dates it an hour later."""
        line = Line()
        start = {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": "2026-03-20T13:00:00Z"}
        line.cs(2, "1", "StartTransaction", start)
        line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        line.csms(2, "g", "GetConfiguration", {}, dt=60)
        line.cs(3, "g", STOP_DATA)
        data = [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]
        stop = {"transactionId": 7, "meterStop": 1, "timestamp": start["timestamp"], "transactionData": data}
        assert "configuration.stop_data" not in line.cs(2, "2", "StopTransaction", stop)

    @pytest.mark.parametrize(("second", "rule"), [("04", []), ("04.1", ["configuration.stop_data"])])
    def test_a_transaction_may_have_begun_within_the_tolerance_before(self, second, rule):
        line = Line()
        line.csms(2, "g", "GetConfiguration", {})
        line.cs(3, "g", STOP_DATA)
        time = f"2026-03-20T12:00:{second}Z"
        line.cs(2, "1", "StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": time}, dt=5)
        line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        data = [{"timestamp": time, "sampledValue": [{"value": "1"}]}]
        stop = {"transactionId": 7, "meterStop": 1, "timestamp": time, "transactionData": data}
        assert line.cs(2, "2", "StopTransaction", stop) == rule

    def test_what_a_key_was_before_it_was_changed_is_not_known_any_more(self):
        line = Line()
        line.csms(2, "g", "GetConfiguration", {})
        line.cs(3, "g", STOP_DATA)
        line.csms(2, "c", "ChangeConfiguration", {"key": "StopTxnSampledData", "value": "Voltage"})
        line.cs(3, "c", {"status": "RebootRequired"})
        line.csms(2, "h", "GetConfiguration", {"key": ["StopTxnAlignedData"]})
        line.cs(3, "h", {"configurationKey": [{"key": "StopTxnAlignedData", "readonly": False, "value": ""}]})
        start = {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": "2026-03-20T12:01:00Z"}
        line.cs(2, "1", "StartTransaction", start, dt=60)
        line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        data = [{"timestamp": start["timestamp"], "sampledValue": [{"value": "1"}]}]
        stop = {"transactionId": 7, "meterStop": 1, "timestamp": start["timestamp"], "transactionData": data}
        assert line.cs(2, "2", "StopTransaction", stop) == []

    @pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
    def test_a_password_that_is_given_back_as_it_was_set(self, status):
        line = Line()
        line.csms(2, "c", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "AB" * 16})
        line.cs(3, "c", {"status": status})
        line.csms(2, "g", "GetConfiguration", {})
        entry = {"key": "AuthorizationKey", "readonly": False, "value": "ab" * 16}
        assert line.cs(3, "g", {"configurationKey": [entry]}) == ["configuration.password"]

    def test_a_stop_without_values_holds_none(self):
        line = Line()
        line.csms(2, "g", "GetConfiguration", {})
        line.cs(3, "g", STOP_DATA)
        start = {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": "2026-03-20T12:01:00Z"}
        line.cs(2, "1", "StartTransaction", start, dt=60)
        line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        stop = {"transactionId": 7, "meterStop": 1, "timestamp": "2026-03-20T12:01:00Z", "transactionData": []}
        assert line.cs(2, "2", "StopTransaction", stop) == []

    def test_a_password_of_another_form_is_not_remembered(self):
        """Such as one that is masked in a journal."""
        line = Line()
        line.csms(2, "c", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "***"})
        line.cs(3, "c", {"status": "Accepted"})
        line.csms(2, "g", "GetConfiguration", {})
        entry = {"key": "AuthorizationKey", "readonly": False, "value": "***"}
        assert line.cs(3, "g", {"configurationKey": [entry]}) == []

    def test_answer_to_a_broken_request(self):
        for request in ([], {"key": "HeartbeatInterval"}):
            line = Line()
            line.csms(2, "k", "GetConfiguration", request, malformed=True)
            assert line.cs(3, "k", {"configurationKey": []}) == []

    def test_every_key_that_was_left_out_or_not_asked_for_is_named(self):
        line = Line()
        line.csms(2, "k", "GetConfiguration", {"key": ["HeartbeatInterval", "ResetRetries"]})
        (found,) = line.send(Side.STATION, '[3,"k",{"unknownKey":[]}]').violations
        missing = "HeartbeatInterval, ResetRetries was asked for"
        assert (found.rule, found.message) == (
            "configuration.keys",
            f"{missing} and is neither among the keys nor among the unknown ones",
        )
        line.csms(2, "l", "GetConfiguration", {"key": ["HeartbeatInterval"]})
        (found,) = line.send(Side.STATION, '[3,"l",{"unknownKey":["HeartbeatInterval","b","a"]}]').violations
        assert (found.rule, found.message) == ("configuration.keys", "a, b was not asked for")


class TestFields:
    def test_optional_connector(self):
        assert Line().csms(2, "1", "TriggerMessage", {"requestedMessage": "Heartbeat"}) == []

    def test_trigger_for_the_charge_point_itself(self):
        assert Line().csms(2, "1", "TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0}) == []

    def test_remote_start_without_profile(self):
        assert Line().csms(2, "1", "RemoteStartTransaction", {"idTag": "A"}) == []

    def test_place_in_the_profile_of_a_remote_start(self):
        period = {"startPeriod": 5, "limit": 6}
        profile = {
            "chargingProfileId": 1,
            "stackLevel": -1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "recurrencyKind": "Daily",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
        }
        raw = json.dumps([2, "1", "RemoteStartTransaction", {"idTag": "A", "chargingProfile": profile}])
        assert {one.path for one in Line().send(Side.CSMS, raw).violations} == {
            "chargingProfile.stackLevel",
            "chargingProfile.recurrencyKind",
            "chargingProfile.chargingSchedule.chargingSchedulePeriod[0].startPeriod",
        }

    def test_a_composite_schedule_without_a_period(self):
        line = Line()
        line.csms(2, "1", "GetCompositeSchedule", {"connectorId": 1, "duration": 60})
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": []}
        answer = {"status": "Accepted", "chargingSchedule": schedule}
        assert line.cs(3, "1", answer) == ["charging_profile.periods"]

    def test_a_composite_schedule_to_a_broken_request_is_judged_by_itself(self):
        line = Line()
        line.csms(2, "1", "GetCompositeSchedule", [])
        period = {"startPeriod": 0, "limit": 6}
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        assert line.cs(3, "1", {"status": "Accepted", "chargingSchedule": schedule}) == []

    def test_a_long_reading_that_is_no_number_is_cut(self):
        values = [{"timestamp": NOW, "sampledValue": [{"value": "x" * 80}]}]
        raw = json.dumps([2, "1", "MeterValues", {"connectorId": 1, "meterValue": values}])
        (found,) = Line().send(Side.STATION, raw).violations
        assert found.message == f"the value '{'x' * 60}' is no number"

    def test_hertz_in_transaction_data(self):
        data = [{"timestamp": NOW, "sampledValue": [{"value": "50", "measurand": "Frequency", "unit": "Hertz"}]}]
        stop = {"transactionId": 1, "meterStop": 1, "timestamp": NOW, "transactionData": data}
        (found,) = Line().send(Side.STATION, json.dumps([2, "1", "StopTransaction", stop])).violations
        assert (found.rule, found.path) == ("meter.hertz", "transactionData[0].sampledValue[0].unit")
