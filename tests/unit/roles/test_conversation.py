"""Everything exchanged with one identity: recorded, judged, answered, and never lost to an exception."""

import pytest
from stage import START, FakeTransport, stage

from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.net.transport import Handshake, Refusal
from ocpp_tck.protocol.types import Side
from ocpp_tck.roles.csms_answers import iso


@pytest.fixture
def on(tmp_path):
    return stage(tmp_path)


def test_a_call_is_answered_on_receipt(on):
    on.calls("Authorize", {"idTag": on.data.valid_token}, "a")
    kind, identifier, payload = on.sent()[-1]
    assert (kind, identifier, payload["idTagInfo"]["status"]) == (3, "a", "Accepted")
    assert on.conversation.events[-1].reply == payload


def test_an_unknown_action_is_refused(on):
    on.calls("NoSuchAction", {}, "a")
    assert on.sent()[-1][:3] == [4, "a", "NotImplemented"]


def test_a_case_refuses_or_withholds_an_answer(on):
    on.station.refuse("Heartbeat", "GenericError")
    on.calls("Heartbeat", {})
    assert on.sent()[-1][2] == "GenericError"
    on.station.stay_silent("Heartbeat")
    count = len(on.sent())
    on.calls("Heartbeat", {})
    assert len(on.sent()) == count
    on.conversation.begin()
    on.calls("Heartbeat", {})
    assert on.sent()[-1][0] == 3


def test_calls_of_the_kit_go_out_one_at_a_time(on):
    first = on.station.send("ClearCache")
    second = on.station.send("GetConfiguration")
    assert [message[2] for message in on.sent() if message[0] == 2] == ["ClearCache"]
    on.answers({"status": "Accepted"})
    assert [message[2] for message in on.sent() if message[0] == 2] == ["ClearCache", "GetConfiguration"]
    assert first.answer().status == "Accepted"
    on.answers({"configurationKey": []})
    assert second.answer().configurationKey == []


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


def test_a_newer_connection_replaces_the_older_one(on):
    on.station.send("ClearCache")
    old, on.transport = on.transport, FakeTransport(2)
    on.conversation.opened(on.transport)
    assert old.closed[0] == 1001
    assert not on.conversation.owes_answer
    on.conversation.closed(old, 1001, "", "kit")
    assert on.conversation.is_connected


def test_an_answer_does_not_go_to_another_connection(on):
    on.conversation.received(on.transport, '[2,"a","Heartbeat",{}]')
    old = on.transport
    on.transport = FakeTransport(2)
    on.conversation.opened(on.transport)
    for work in old.later:
        work()
    assert on.transport.sent == []


def test_settling_waits_for_what_is_owed_and_judges_it(on):
    on.station.send("ClearCache")
    on.clock.later(2, lambda: on.answers({"status": "Accepted"}))
    on.conversation.settle()
    assert on.clock.time == pytest.approx(2)
    assert on.rules() == []
    on.station.send("ClearCache")
    on.conversation.settle()
    assert on.rules() == [("rpc.unanswered", "product")]


def test_what_was_judged_unanswered_is_not_judged_again_in_the_next_case(on):
    on.station.send("ClearCache")
    on.conversation.settle()
    on.conversation.begin()
    on.clock.time += 60
    on.conversation.settle()
    assert on.rules() == []


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


def test_nobody_waits_for_what_can_no_longer_be_recorded(on):
    on.clock.later(1, on.journal.path.unlink)
    on.clock.later(2, lambda: on.calls("Heartbeat", {}))
    with pytest.raises(JournalError, match="it was deleted during the run"):
        on.conversation.wait(lambda: None, 60)
    assert on.clock.time == pytest.approx(2)


def test_a_refused_connection_is_evidence(on):
    handshake = Handshake(station="X", path="/ocpp/X")
    on.conversation.refused(Refusal(by="kit", reason="why", cause="identity", handshake=handshake))
    assert [one.reason for one in on.conversation.refusals] == ["why"]
    assert on.rules() == []
    on.conversation.refused(Refusal(by="kit", reason="why", cause="subprotocol", handshake=handshake))
    assert on.rules() == [("handshake.subprotocol", "product")]


def test_a_frame_broken_on_purpose_is_not_a_fault_of_the_kit(on):
    assert on.conversation.send_raw("garbage") == 1
    assert on.conversation.faults == []
    assert next(one for one in on.records() if one.kind == "frame").malformed


def test_an_illegal_frame_of_the_kit_is_a_fault_of_the_kit(on):
    on.station.send("ClearCache", extra=1)
    assert "the kit sent an illegal frame 1" in str(on.conversation.faults[0])


def test_without_a_connection_nothing_raw_is_sent(on):
    on.conversation.closed(on.transport, 1000, "", "product")
    assert on.conversation.send_raw("x") == 0


# -- nothing kills the pump ------------------------------------------------------------------------------------------


def boom(*_arguments, **_named):
    raise RuntimeError("boom")


def full(_record):
    raise JournalError("no space left")


@pytest.mark.parametrize("told", ["opened", "refused", "received", "closed"])
def test_a_journal_that_can_not_be_written_is_a_fault_of_the_kit(on, monkeypatch, told):
    monkeypatch.setattr(on.journal, "write", full)
    handshake = Handshake(station="X", path="/")
    arguments = {
        "opened": (FakeTransport(2),),
        "refused": (Refusal(by="kit", reason="r", cause="identity", handshake=handshake),),
        "received": (on.transport, '[2,"a","Heartbeat",{}]'),
        "closed": (on.transport, 1000, "", "product"),
    }[told]
    getattr(on.conversation, told)(*arguments)
    assert [str(fault) for fault in on.conversation.faults] == ["no space left"]


@pytest.mark.parametrize("part", ["judge", "answers"])
def test_a_fault_inside_still_lets_the_next_message_through(on, monkeypatch, part):
    with monkeypatch.context() as patch:
        patch.setattr(
            *((type(on.conversation.judge), "frame") if part == "judge" else (on.conversation.answers, "choose")), boom
        )
        on.calls("Heartbeat", {}, "a")
    assert any("boom" in str(fault) for fault in on.conversation.faults)
    on.calls("Heartbeat", {}, "b")
    assert on.sent()[-1][:2] == [3, "b"]


def test_what_the_kit_makes_of_an_illegal_message_is_no_fault_of_the_kit(on):
    on.calls("Authorize", {}, "a")
    on.conversation.call("Nonsense", {})
    assert on.conversation.faults == []
    assert any(one.kind == "remark" and "stumbled" in one.text for one in on.records())


def test_the_answer_to_an_illegal_call_is_legal(on):
    on.station.answer("Authorize", then={"idTagInfo": {"status": "Nonsense"}})
    on.calls("Authorize", {"idTag": 7}, "a")
    assert on.sent()[-1][:3] == [4, "a", "FormationViolation"]
    assert on.conversation.faults == []


def test_a_fault_while_answering_is_an_internal_error_on_the_wire(on, monkeypatch):
    monkeypatch.setattr(on.conversation.answers, "choose", boom)
    on.calls("Heartbeat", {}, "a")
    assert on.sent()[-1][:3] == [4, "a", "InternalError"]


def test_a_fault_while_learning_does_not_kill_the_pump(on):
    on.conversation.on_event = boom
    on.calls("Heartbeat", {}, "a")
    assert [str(fault) for fault in on.conversation.faults] == ["boom"]
    assert on.conversation.events[-1].action == "Heartbeat"


def test_the_kit_as_a_station_answers_a_csms(tmp_path):
    on = stage(tmp_path, Side.CSMS)
    on.calls("ClearCache", {}, "a")
    assert on.sent()[-1] == [3, "a", {"status": "Accepted"}]
    assert on.station.noun == "central system"


def test_a_csms_that_chooses_no_subprotocol_breaks_a_rule(tmp_path):
    on = stage(tmp_path, Side.CSMS)
    on.conversation.opened(FakeTransport(2, subprotocol=""))
    assert on.rules() == [("handshake.subprotocol", "product")]
