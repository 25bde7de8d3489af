"""Everything exchanged with one identity: recorded, judged, answered, and never lost to an exception."""

import pytest
from stage import FakeTransport, stage

from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.net.transport import Handshake, Refusal
from ocpp_tck.protocol.types import Side


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


def test_a_newer_connection_replaces_the_older_one(on):
    on.station.send("ClearCache")
    old, on.transport = on.transport, FakeTransport(2)
    on.conversation.opened(on.transport)
    assert old.closed[0] == 1001
    assert not on.conversation.owes_answer
    on.conversation.closed(old, 1001, "", "kit")
    assert on.conversation.is_connected


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


def test_nobody_waits_for_what_can_no_longer_be_recorded(on):
    on.clock.later(1, on.journal.path.unlink)
    on.clock.later(2, lambda: on.calls("Heartbeat", {}))
    with pytest.raises(JournalError, match="it was deleted during the run"):
        on.conversation.wait(lambda: None, 60)
    assert on.clock.time == pytest.approx(2)


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
