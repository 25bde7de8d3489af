import json

import pytest
from traces import NOW, Line

from ocpp_tck.protocol.semantic.times import _decimals
from ocpp_tck.protocol.types import Side, Version

BOOT = {"chargePointVendor": "v", "chargePointModel": "m"}
BOOT_20 = {"reason": "PowerUp", "chargingStation": {"vendorName": "v", "model": "m"}}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def boot(line, status, identifier="b", interval=60):
    payload = BOOT if line.judge._version is Version.V16 else BOOT_20
    return [
        *line.cs(2, identifier, "BootNotification", payload),
        *line.csms(3, identifier, {"status": status, "interval": interval, "currentTime": NOW}),
    ]


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


class TestConfiguration:
    def test_answer_to_a_broken_request(self):
        for request in ([], {"key": "HeartbeatInterval"}):
            line = Line()
            line.csms(2, "k", "GetConfiguration", request, malformed=True)
            assert line.cs(3, "k", {"configurationKey": []}) == []


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

    def test_hertz_in_transaction_data(self):
        data = [{"timestamp": NOW, "sampledValue": [{"value": "50", "measurand": "Frequency", "unit": "Hertz"}]}]
        stop = {"transactionId": 1, "meterStop": 1, "timestamp": NOW, "transactionData": data}
        (found,) = Line().send(Side.STATION, json.dumps([2, "1", "StopTransaction", stop])).violations
        assert (found.rule, found.path) == ("meter.hertz", "transactionData[0].sampledValue[0].unit")


def start(line, identifier="1", transaction=7, **values):
    payload = {"connectorId": 1, "idTag": "A", "meterStart": 100, "timestamp": NOW} | values
    found = line.cs(2, identifier, "StartTransaction", payload)
    line.csms(3, identifier, {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}})
    return found


def stop(line, identifier="2", transaction=7, **values):
    payload = {"transactionId": transaction, "meterStop": 200, "timestamp": NOW} | values
    found = line.cs(2, identifier, "StopTransaction", payload)
    line.csms(3, identifier, {})
    return found


def meter(line, identifier, value, transaction=7, timestamp=NOW, **sample):
    values = [{"timestamp": timestamp, "sampledValue": [{"value": value, **sample}]}]
    found = line.cs(
        2, identifier, "MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": values}
    )
    line.csms(3, identifier, {})
    return found


class TestTransactions16:
    def test_power_cycle_may_lose_a_transaction(self):
        line = Line()
        start(line)
        line.reconnect()
        boot(line, "Accepted")
        assert start(line, "n", 8) == []

    def test_retry_of_a_start_on_the_next_connection(self):
        line = Line()
        start(line)
        line.reconnect()
        assert start(line, "n", 7) == []

    def test_retry_of_a_stop_on_the_next_connection(self):
        line = Line()
        start(line)
        stop(line)
        line.reconnect()
        assert stop(line, "n") == []
        assert stop(line, "o", meterStop=201) == ["transaction.stopped_twice"]

    def test_an_id_given_again_after_its_stop(self):
        line = Line(product=Side.CSMS)
        start(line)
        stop(line)
        line.cs(2, "n", "StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": NOW})
        answer = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
        assert line.csms(3, "n", answer) == ["transaction.id_unique"]
        assert stop(line, "o") == []

    def test_stop_of_a_transaction_from_before_the_trace(self):
        assert stop(Line(), transaction=12345) == []

    def test_minus_one_for_a_transaction_without_id(self):
        line = Line()
        start(line)
        assert meter(line, "m", "1", transaction=-1) == []
        assert stop(line, transaction=-1) == []

    def test_late_meter_values_of_a_stopped_transaction(self):
        line = Line()
        start(line)
        stop(line)
        assert meter(line, "m", "1") == []

    @pytest.mark.parametrize("second", [("01", []), ("02", ["transaction.metered_after_stop"])])
    def test_meter_values_taken_after_the_end(self, second):
        line = Line()
        start(line)
        stop(line)
        assert meter(line, "m", "1", timestamp=f"2026-03-20T12:00:{second[0]}Z") == second[1]

    def test_meter_values_after_an_end_without_time(self):
        line = Line()
        start(line)
        line.cs(2, "2", "StopTransaction", {"transactionId": 7, "meterStop": 200})
        line.csms(3, "2", {})
        assert meter(line, "m", "1") == []

    def test_broken_start_is_its_own_cause(self):
        line = Line()
        assert start(line, meterStart="x", timestamp="x", connectorId="x")[0] == "schema.type"
        assert stop(line) == []
        assert start(line, "3", 8) == []

    def test_broken_start_without_object(self):
        line = Line()
        line.cs(2, "1", "StartTransaction", [])
        line.csms(3, "1", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        line.cs(2, "2", "StopTransaction", [])
        line.csms(3, "2", {})
        line.cs(2, "3", "StopTransaction", {})
        line.csms(3, "3", {})
        assert stop(line, "4") == []

    @pytest.mark.parametrize(
        "sample",
        [
            {"measurand": "Power.Active.Import"},
            {"format": "SignedData"},
            {"value": "0.19", "unit": "kWh"},
            {"location": "Cable"},
            {"value": "Vk9Y", "format": "SignedData"},
            {"phase": "L1"},
            {"unit": "kWh"},
            {"timestamp": "2026-03-20T11:00:00Z"},
        ],
    )
    def test_what_is_no_falling_register(self, sample):
        line = Line()
        start(line)
        assert meter(line, "m", "150") == []
        assert meter(line, "n", **({"value": "1"} | sample)) == []

    def test_a_reading_that_is_no_number(self):
        line = Line()
        start(line)
        assert meter(line, "m", "1,5") == ["meter.value"]

    def test_values_after_a_stop_that_was_not_answered(self):
        line = Line()
        start(line)
        line.cs(2, "2", "StopTransaction", {"transactionId": 7, "meterStop": 200, "timestamp": NOW})
        values = [{"timestamp": "2026-03-20T12:00:03Z", "sampledValue": [{"value": "201"}]}]
        found = line.cs(2, "m", "MeterValues", {"connectorId": 1, "meterValue": values})
        assert found == ["rpc.one_outstanding"]

    def test_another_meter_after_a_boot(self):
        line = Line()
        start(line)
        stop(line)
        boot(line, "Accepted")
        assert start(line, "3", 8, meterStart=0) == []

    def test_a_queued_start_from_before_the_last_stop(self):
        line = Line()
        start(line)
        stop(line)
        assert start(line, "3", 8, meterStart=1, timestamp="2026-03-20T11:00:00Z") == []

    def test_a_start_without_readable_time(self):
        line = Line()
        line.csms(2, "r", "RemoteStartTransaction", {"idTag": "A"})
        line.cs(3, "r", {"status": "Accepted"})
        assert start(line, timestamp="2016-12-31T23:59:60Z") == []

    def test_answer_to_a_broken_remote_start(self):
        line = Line()
        line.csms(2, "r", "RemoteStartTransaction", [], malformed=True)
        assert line.cs(3, "r", {"status": "Rejected"}) == []

    def test_registers_that_rise(self):
        line = Line()
        start(line)
        assert meter(line, "m", "150") == []
        assert meter(line, "n", "150") == []
        assert meter(line, "o", "151") == []

    def test_meter_values_without_transaction(self):
        line = Line()
        start(line)
        values = [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}]
        assert line.cs(2, "m", "MeterValues", {"connectorId": 1, "meterValue": values}) == []


def event(line, number, kind, connection_id="", **values):
    payload = {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": number,
        "transactionInfo": {"transactionId": "tx"},
    } | values
    identifier = f"{number}{kind}{connection_id}{line.time}"
    found = line.cs(2, identifier, "TransactionEvent", payload)
    line.csms(3, identifier, {})
    return found


class TestReadings:
    @pytest.mark.parametrize(("meter_stop", "rule"), [(100, []), (99, ["meter.falling"])])
    def test_the_last_reading_may_be_the_first(self, meter_stop, rule):
        line = Line()
        start(line)
        assert stop(line, meterStop=meter_stop) == rule

    @pytest.mark.parametrize(("second", "rule"), [("00", []), ("01", []), ("59", ["transaction.order"])])
    def test_the_end_may_be_the_beginning(self, second, rule):
        line = Line()
        start(line)
        minute = "11:59" if second == "59" else "12:00"
        assert stop(line, timestamp=f"2026-03-20T{minute}:{second}Z") == rule

    def test_registers_apart(self):
        """Phase, location and unit make a register of its own."""
        line = Line()
        start(line)
        for number, value in enumerate(("100", "50")):
            for name in ({"phase": "L1"}, {"location": "Inlet"}, {"unit": "kWh"}, {}):
                found = meter(line, f"{number}{name}", value, **name)
                assert found == (["meter.falling"] if number else [])

    def test_a_register_that_fell_counts_on_from_there(self):
        line = Line()
        start(line)
        export = "Energy.Active.Export.Register"
        meter(line, "m", "100", measurand=export)
        assert meter(line, "n", "10", measurand=export) == ["meter.falling"]
        assert meter(line, "o", "20", measurand=export) == []

    @pytest.mark.parametrize("measurand", ["Energy.Active.Export.Register", "Energy.Reactive.Import.Register"])
    def test_every_register_is_judged(self, measurand):
        line = Line()
        start(line)
        meter(line, "m", "100", measurand=measurand)
        assert meter(line, "n", "99.5", measurand=measurand) == ["meter.falling"]
        assert meter(line, "o", "99.5", measurand="Energy.Active.Import.Interval") == []

    def test_a_transaction_that_runs_makes_others_unknown(self):
        line = Line()
        start(line)
        assert meter(line, "m", "1", transaction=8) == ["transaction.unknown"]
        assert stop(line, "2", 8) == ["transaction.unknown"]
        stop(line, "3")
        assert meter(line, "n", "1", transaction=8) == []

    def test_late_meter_values_while_the_next_transaction_runs(self):
        line = Line()
        start(line)
        stop(line)
        start(line, "3", 8)
        assert meter(line, "m", "1") == []

    def test_every_register_that_fell_is_told(self):
        line = Line()
        start(line)
        readings = ({"value": "5", "unit": "Wh"}, {"value": "5", "unit": "kWh"})
        for number in range(2):
            samples = [sample | {"value": str(5 - number)} for sample in readings]
            values = [{"timestamp": NOW, "sampledValue": samples}]
            payload = {"connectorId": 1, "transactionId": 7, "meterValue": values}
            found = line.send(Side.STATION, json.dumps([2, f"m{number}", "MeterValues", payload])).violations
            line.csms(3, f"m{number}", {})
        assert [(one.rule, one.path) for one in found] == [
            ("meter.falling", f"meterValue[0].sampledValue[{place}].value") for place in range(2)
        ]

    def test_another_connector_is_not_busy(self):
        line = Line()
        start(line)
        assert start(line, "2", 8, connectorId=2) == []
        assert start(line, "3", 9, meterStart=101) == ["transaction.connector_busy"]


class TestTransactions20:
    def test_retry(self):
        line = Line(Version.V201)
        assert event(line, 0, "Started") == []
        assert event(line, 0, "Started", "again") == []

    def test_gap_after_reconnect_is_not_judged(self):
        line = Line(Version.V201)
        event(line, 0, "Started")
        line.reconnect()
        assert event(line, 5, "Updated") == []

    def test_gap_offline_is_not_judged(self):
        line = Line(Version.V201)
        event(line, 0, "Started")
        assert event(line, 5, "Updated", offline=True) == []

    def test_counter_that_never_restarts(self):
        line = Line(Version.V21)
        assert event(line, 1000, "Started") == []
        assert event(line, 1001, "Ended") == []

    def test_transactions_are_apart(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        other = {"transactionInfo": {"transactionId": "other"}}
        assert event(line, 0, "Started", "o", **other) == []
        assert event(line, 1, "Updated") == []
        assert event(line, 1, "Updated", "o", **other) == []

    @pytest.mark.parametrize("change", [{"timestamp": "2026-03-20T11:59:59Z"}, {"triggerReason": "CablePluggedIn"}])
    def test_another_event_with_the_same_number(self, change):
        line = Line(Version.V21)
        event(line, 0, "Started")
        event(line, 1, "Updated")
        assert event(line, 1, "Updated", "again", **change) == ["transaction.seq_repeated"]
        assert event(line, 1, "Ended", "more") == ["transaction.seq_repeated"]

    def test_late_events_fill_a_gap(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        assert event(line, 2, "Updated") == ["transaction.seq_gap"]
        assert event(line, 1, "Updated") == []
        assert event(line, 3, "Updated") == []
        assert event(line, 5, "Updated") == ["transaction.seq_gap"]

    def test_a_late_event_before_the_end(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        event(line, 2, "Ended", offline=True)
        assert event(line, 1, "Updated") == []
        assert event(line, 3, "Updated") == ["transaction.ended_last"]

    def test_a_second_end_before_the_first(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        event(line, 3, "Ended", offline=True)
        payload = {"eventType": "Ended", "timestamp": NOW, "triggerReason": "Authorized", "seqNo": 2}
        raw = json.dumps([2, "e", "TransactionEvent", payload | {"transactionInfo": {"transactionId": "tx"}}])
        (found,) = line.send(Side.STATION, raw).violations
        assert found.message == "transaction tx: Ended with seqNo 2 after Ended with 3"

    def test_an_end_before_what_came_already(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        event(line, 2, "Updated", offline=True)
        assert event(line, 1, "Ended") == ["transaction.ended_last"]

    def test_a_start_after_what_came_already(self):
        line = Line(Version.V21)
        event(line, 3, "Updated")
        assert event(line, 2, "Started") == []
        line = Line(Version.V21)
        event(line, 3, "Updated")
        assert event(line, 4, "Started") == ["transaction.started_first"]

    def test_started_twice(self):
        line = Line(Version.V21)
        event(line, 3, "Started")
        assert event(line, 2, "Started") == ["transaction.started_first"]

    def test_ended_twice(self):
        line = Line(Version.V21)
        event(line, 0, "Started")
        event(line, 1, "Ended")
        assert event(line, 2, "Ended") == ["transaction.ended_last"]

    def test_single_event_from_the_middle(self):
        assert event(Line(Version.V21), 7, "Ended") == []
