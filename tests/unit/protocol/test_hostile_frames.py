"""What a product may send to make the judge slow, big or talkative."""

import json
import time

import pytest
from traces import NOW, Line

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.frames import parse
from ocpp_tck.protocol.rules import MAX_MESSAGE
from ocpp_tck.protocol.semantic import transactions16, transactions20
from ocpp_tck.protocol.session import REMEMBERED
from ocpp_tck.protocol.types import Side, Version

CPU_SECONDS = 120.0
"""A bound, no measure: these take about 1 s of this process, wherever it runs; quadratic code took hours."""


@pytest.mark.parametrize(
    "raw",
    [
        "[" * 201 + '"' + '\\"' * 400_000,
        "[" * 201 + '"' + '\\"' * 400_000 + "\\",
        '[2,"1","Heartbeat",{' + ",".join(f'"{n}":1' for n in range(80_000)) + ',"79999":2}]',
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[' + "[]," * 300_000 + "[]]}]",
        '[2,"1","Heartbeat",{' + ",".join(f'"{n}":1' for n in range(80_000)) + "}]",
        '[2,"1","' + "[{" * 100_000 + '",{}]',
    ],
    ids=[
        "string without end",
        "backslash at the end",
        "a key twice",
        "many errors",
        "many keys",
        "brackets in a string",
    ],
)
def test_no_text_takes_long(raw):
    line, begun = Line(), time.process_time()
    found = line.send(Side.STATION, raw).violations
    assert time.process_time() - begun < CPU_SECONDS
    assert found
    assert all(len(violation.message) < MAX_MESSAGE + 100 for violation in found)


def test_brackets_in_strings_are_no_nesting():
    text = json.dumps([2, "1", "DataTransfer", {"vendorId": "[" * 150 + '\\"' * 40 + "{" * 150}])
    assert parse(text, Version.V16).violations == ()


def test_a_rule_that_a_frame_breaks_everywhere_is_named_a_few_times():
    value = {"timestamp": "2999-01-01T00:00:00Z", "sampledValue": [{"value": "1"}]}
    found = Line().send(
        Side.STATION, json.dumps([2, "1", "MeterValues", {"connectorId": 1, "meterValue": [value] * 50}])
    )
    assert [violation.rule for violation in found.violations] == ["time.clock"] * schema.MAX_FINDINGS


def test_a_large_payload_names_its_first_error():
    payload = {"connectorId": 1, "meterValue": ["x" * 40] * 5000}
    found = schema.violations(Version.V16, "MeterValues", "request", payload)
    assert [(violation.rule, violation.path) for violation in found] == [("schema.type", "meterValue[0]")]


@pytest.mark.parametrize("action", ["../v16/schemas/Heartbeat", "Heart\0beat", "/etc/hostname", "Heartbeat.json"])
def test_an_action_names_no_file(action):
    with pytest.raises(FileNotFoundError):
        schema.schema(Version.V16, action, "request")
    line = Line()
    assert line.cs(2, "1", "Heartbeat", {}) == []
    assert line.cs(2, "2", action, {}) == ["rpc.action", "rpc.one_outstanding"]


class TestMemory:
    def test_message_ids_are_forgotten_at_last(self):
        line = Line()
        for number in range(REMEMBERED + 1):
            line.send(Side.STATION, f'[2,"{number}","Heartbeat",{{}}]')
            line.send(Side.CSMS, f'[3,"{number}",{{"currentTime":"{NOW}"}}]')
        assert "rpc.id_reused" in line.cs(2, f"{REMEMBERED}", "Authorize", {"idTag": "A"})
        assert "rpc.id_reused" not in line.cs(2, "0", "Authorize", {"idTag": "A"})

    @pytest.mark.parametrize("answered", [True, False])
    def test_a_payload_is_told_from_another_after_it_was_forgotten(self, answered):
        line = Line()
        line.cs(2, "1", "DataTransfer", {"vendorId": "v", "data": "x"})
        if answered:
            line.csms(4, "1", "SecurityError", "", {})
        line.judge.closed("c", line.time)
        line.reconnect()
        assert line.cs(2, "1", "DataTransfer", {"data": "x", "vendorId": "v"}) == []
        line.csms(4, "1", "SecurityError", "", {})
        assert line.cs(2, "1", "DataTransfer", {"vendorId": "v", "data": "y"}) == ["rpc.id_reused"]

    def test_transactions_are_forgotten_at_last(self):
        line, count = Line(), transactions16.REMEMBERED
        for number in range(count + 1):
            start = {"connectorId": number + 1, "idTag": "A", "meterStart": 0, "timestamp": NOW}
            assert line.cs(2, f"s{number}", "StartTransaction", start) == []
            line.csms(3, f"s{number}", {"transactionId": number, "idTagInfo": {"status": "Accepted"}})
        stop = {"meterStop": 0, "timestamp": NOW}
        assert line.cs(2, "x", "StopTransaction", {**stop, "transactionId": 0}) == ["transaction.unknown"]
        line.csms(3, "x", {})
        assert line.cs(2, "y", "StopTransaction", {**stop, "transactionId": count}) == []

    def test_registers_of_a_transaction_are_forgotten(self):
        line = Line()
        start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOW}
        line.cs(2, "s", "StartTransaction", start)
        line.csms(3, "s", {"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
        kept = line.judge._semantics._transactions._running[1].registers
        kept.update({(str(number),): (0.0, 0.0) for number in range(transactions16._REGISTERS)})
        values = [{"timestamp": NOW, "sampledValue": [{"value": "5"}]}]
        line.cs(2, "m", "MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": values})
        assert len(kept) == transactions16._REGISTERS

    def test_events_and_transactions_of_2x_are_forgotten_at_last(self, monkeypatch):
        monkeypatch.setattr(transactions20, "REMEMBERED", 3)
        monkeypatch.setattr(transactions20, "REMEMBERED_EVENTS", 3)
        line = Line(Version.V201)

        def event(number, transaction, kind="Updated"):
            payload = {"eventType": kind, "timestamp": NOW, "triggerReason": "Trigger", "seqNo": number}
            line.cs(
                2,
                f"{transaction}-{number}-{kind}",
                "TransactionEvent",
                {**payload, "transactionInfo": {"transactionId": transaction}},
            )
            line.csms(3, f"{transaction}-{number}-{kind}", {})

        for number in range(6):
            event(number, "A", "Started" if number == 0 else "Updated")
        known = line.judge._semantics._transactions._known
        assert (list(known["a"].events), known["a"].first, known["a"].last) == ([3, 4, 5], 0, 5)
        for name in "BCD":
            event(0, name, "Started")
        assert list(known) == ["b", "c", "d"]
