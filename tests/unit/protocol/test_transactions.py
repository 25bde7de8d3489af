"""Transactions over a trace: of 1.6 by their ids and readings, of 2.x by their sequence numbers."""

import json

import pytest
from traces import NOW, Line, boot

from ocpp_tck.protocol.semantic import transactions16
from ocpp_tck.protocol.types import Side, Version


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
        assert start(line, "n", 8, meterStart=150) == []

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

    @pytest.mark.parametrize(("began", "rule"), [("56", []), ("55.9", ["transaction.before_request"])])
    def test_a_transaction_may_begin_before_its_request_by_the_tolerance(self, began, rule):
        line = Line()
        line.csms(2, "r", "RemoteStartTransaction", {"idTag": "A"})
        line.cs(3, "r", {"status": "Accepted"})
        assert start(line, timestamp=f"2026-03-20T11:59:{began}Z") == rule

    def test_a_request_refused_after_the_transaction_that_it_could_have_begun(self):
        line = Line()
        line.csms(2, "r", "RemoteStartTransaction", {"idTag": "A"})
        assert start(line) == []
        assert line.cs(3, "r", {"status": "Rejected"}) == []

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

    @pytest.mark.parametrize(("value", "rule"), [("99", []), ("98.9", ["meter.falling"])])
    def test_the_register_may_lie_below_a_whole_meter_start_by_its_rounding(self, value, rule):
        line = Line()
        start(line)
        assert meter(line, "m", value) == rule

    def test_a_register_in_a_unit_of_another_measurand_is_no_energy(self):
        line = Line()
        start(line)
        assert meter(line, "m", "1", unit="varh") == ["meter.unit"]

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


def test_the_oldest_is_forgotten_when_there_are_more_than_can_be_known(monkeypatch):
    monkeypatch.setattr(transactions16, "REMEMBERED", 2)
    known = {}
    for number in range(2):
        transactions16.remember(known, number, "a")
    assert list(known) == [0, 1]
    transactions16.remember(known, 2, "b")
    assert known == {1: "a", 2: "b"}


class TestUnknown:
    """Ids that were not given here, while others run."""

    @pytest.mark.parametrize(("running", "told"), [(1, "[7]"), (2, "[7, 8]"), (3, "[7, 8 …]")])
    def test_the_first_that_run_are_named(self, monkeypatch, running, told):
        monkeypatch.setattr(transactions16, "_SHOWN", 2)
        line = Line()
        for number in range(running):
            start(line, f"s{number}", 7 + number, connectorId=1 + number)
        raw = json.dumps([2, "x", "StopTransaction", {"transactionId": 5, "meterStop": 1, "timestamp": NOW}])
        (found,) = line.send(Side.STATION, raw).violations
        assert found.rule == "transaction.unknown"
        assert found.message == f"the transaction id 5 was not given here; running: {told}"


def untold(line, timestamp, *samples):
    """Send meter values without transactionId."""
    values = [{"timestamp": timestamp, "sampledValue": [sample]} for sample in samples]
    found = line.cs(2, f"m{timestamp}", "MeterValues", {"connectorId": 1, "meterValue": values})
    line.csms(3, f"m{timestamp}", {})
    return found


class TestValuesWithoutTransaction:
    @pytest.mark.parametrize(
        ("began", "taken", "surely_after"),
        [
            ("12:00:00", "12:00:00.5", False),
            ("12:00:00", "12:00:00.9", False),
            ("12:00:00", "12:00:01", True),
            ("12:00:01", "12:00:01.5", False),
            ("12:00:01", "12:00:02", True),
            ("12:00:00.5", "12:00:00.5", False),
            ("12:00:00.5", "12:00:00.6", True),
        ],
    )
    def test_a_start_in_whole_seconds_may_lie_anywhere_in_its_second(self, began, taken, surely_after):
        line = Line()
        start(line, timestamp=f"2026-03-20T{began}Z")
        found = untold(line, f"2026-03-20T{taken}Z", {"value": "100"})
        assert found == (["meter.transaction"] if surely_after else [])

    @pytest.mark.parametrize("location", ["Inlet", "Body"])
    def test_what_was_not_measured_at_the_connector_hides_nothing(self, location):
        line = Line()
        start(line)
        elsewhere = {"value": "100", "location": location}
        assert untold(line, "2026-03-20T12:00:01Z", elsewhere) == []
        assert untold(line, "2026-03-20T12:00:02Z", elsewhere, {"value": "100"}) == ["meter.transaction"]


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
