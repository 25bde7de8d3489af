"""What is recorded and judged of a conversation."""

import pytest
from stage import START, FakeTransport, stage

from ocpp_tck.net.transport import Handshake, Refusal
from ocpp_tck.protocol.types import Side
from ocpp_tck.roles.csms_answers import iso


@pytest.fixture
def on(tmp_path):
    return stage(tmp_path)


def test_every_frame_is_recorded_before_it_is_answered(on):
    on.receives("not json", b"\x00\x01")
    on.calls("Heartbeat", {})
    frames = [record for record in on.records() if record.kind == "frame"]
    assert [(one.n, one.sender, one.encoding) for one in frames] == [
        (1, "product", "text"),
        (2, "product", "binary"),
        (3, "product", "text"),
        (4, "kit", "text"),
    ]
    assert frames[1].raw == "0001"
    assert [sender for _, sender in on.rules()] == ["product", "product"]


def test_a_clock_that_somebody_sets_is_no_fault_of_the_product(on):
    told = {"connectorId": 1, "status": "Available", "errorCode": "NoError", "timestamp": iso(START + 3600)}
    on.calls("StatusNotification", told)
    assert on.rules() == [("time.clock", "product")]
    on.conversation.begin()
    on.clock.ahead = 3600.0
    on.calls("StatusNotification", told)
    on.calls("StatusNotification", told | {"timestamp": iso(START)})
    assert on.rules() == []
    assert [record.by for record in on.records() if record.kind == "clock-set"] == [3600.0]


def test_a_small_correction_of_the_clock_is_no_setting(on):
    on.clock.ahead = 0.4
    on.calls("Heartbeat", {})
    assert [record for record in on.records() if record.kind == "clock-set"] == []


def test_a_refused_connection_is_evidence(on):
    handshake = Handshake(station="X", path="/ocpp/X")
    on.conversation.refused(Refusal(by="kit", reason="why", cause="identity", handshake=handshake))
    assert [one.reason for one in on.conversation.refusals] == ["why"]
    assert on.rules() == []
    on.conversation.refused(Refusal(by="kit", reason="why", cause="subprotocol", handshake=handshake))
    assert on.rules() == [("handshake.subprotocol", "product")]


def test_a_csms_that_chooses_no_subprotocol_breaks_a_rule(tmp_path):
    on = stage(tmp_path, Side.CSMS)
    on.conversation.opened(FakeTransport(2, subprotocol=""))
    assert on.rules() == [("handshake.subprotocol", "product")]
