"""What a product may send to make the kit remember or record without end, and what becomes of its case."""

import json

import pytest
from stage import FakeTransport, stage

from ocpp_tck.net.transport import Handshake, Refusal
from ocpp_tck.roles import intake, observed
from ocpp_tck.roles.conversation import CATCH_UP
from ocpp_tck.roles.product import SHOWN
from ocpp_tck.roles.recorder import MAX_REFUSALS, MAX_REPEATS
from ocpp_tck.verdict import Failed, Inconclusive, Unanswered


@pytest.fixture
def on(tmp_path):
    staged = stage(tmp_path)
    staged.conversation.begin()
    return staged


def kinds(on):
    return [record.kind for record in on.records()]


def remarks(on):
    return [record.text for record in on.records() if record.kind == "remark"]


def test_more_messages_than_a_case_may_have(on):
    on.conversation.intake.max_messages = 5
    for _ in range(9):
        on.calls("Heartbeat", {})
    text = "the product sent more than 5 messages in one case (max_case_messages); the kit stopped reading and closed"
    assert on.conversation.overrun.startswith(text)
    assert on.transport.closed == (1008, "more than the kit reads in one case")
    assert kinds(on).count("frame") == 10  # five and their answers
    assert len(remarks(on)) == 1
    with pytest.raises(Inconclusive, match="max_case_messages"):
        on.station.expect("Authorize")
    assert on.watcher.waits


def test_what_was_asked_on_a_connection_that_was_replaced_is_not_overdue_later(on):
    on.station.send("ClearCache")
    on.clock.time += on.limits.response / 2
    on.conversation.opened(FakeTransport(2))
    on.clock.time += on.limits.response
    on.conversation.closed(on.transport, 1006, "", "network")
    on.conversation.collect_overdue()
    assert on.rules() == []


def test_what_was_overdue_before_its_connection_was_replaced_is(on):
    on.station.send("ClearCache")
    on.clock.time += on.limits.response
    on.conversation.opened(FakeTransport(2))
    assert on.rules() == [("rpc.unanswered", "product")]


def test_more_text_than_a_case_may_have(on):
    on.conversation.intake.max_bytes = 1000
    on.calls("DataTransfer", {"vendorId": "v", "data": "x" * 600})
    assert not on.conversation.overrun
    on.calls("DataTransfer", {"vendorId": "v", "data": "x" * 600})
    with pytest.raises(Inconclusive, match="more than 1000 bytes in one case"):
        on.station.expect("Authorize")


def test_a_product_that_comes_again_in_that_case_is_sent_away_and_let_in_in_the_next(on):
    on.conversation.intake.max_messages = 1
    on.calls("Heartbeat", {})
    on.calls("Heartbeat", {})
    late = FakeTransport(2)
    on.conversation.opened(late)
    assert late.closed == (1013, "the case is over")
    assert on.conversation.transport is None
    on.conversation.closed(late, 1013, "", "kit")
    assert kinds(on).count("connection-closed") == 1
    on.conversation.begin()
    on.calls("Heartbeat", {})
    assert on.conversation.events == []
    again = FakeTransport(3)
    on.conversation.opened(again)
    assert on.conversation.transport is again
    assert again.closed is None


def test_what_still_comes_on_a_connection_that_was_given_up_is_not_the_next_cases(on):
    on.conversation.intake.max_messages = 1
    on.calls("Heartbeat", {})
    on.calls("Heartbeat", {})
    on.conversation.begin()
    for _ in range(5):
        on.calls("Heartbeat", {})
    assert not on.conversation.overrun
    assert on.conversation.events == []
    on.conversation.closed(on.transport, 1008, "", "kit")
    assert kinds(on).count("connection-closed") == 1


def test_a_connection_that_came_before_another_ended_is_heard(on):
    later = FakeTransport(2)
    on.conversation.opened(later)
    on.conversation.closed(on.transport, 1009, "too large", "kit")
    assert on.conversation.overrun
    on.transport = later
    on.calls("Heartbeat", {}, "b")
    assert [frame for frame in later.sent if frame.startswith('[3,"b",')]


def test_connections_count_as_messages(on):
    on.conversation.intake.max_messages = 3
    for number in range(2, 7):
        on.conversation.opened(FakeTransport(number))
    assert "max_case_messages" in on.conversation.overrun


def test_what_the_kit_refused_to_read_was_not_left_unanswered(on):
    pending = on.station.send("ClearCache")
    on.clock.later(1, lambda: on.conversation.closed(on.transport, 1009, "over size limit", "kit"))
    with pytest.raises(Inconclusive, match=r"too large for the kit \(max_frame_bytes\): over size limit"):
        pending.answer()
    on.clock.time += 100
    on.conversation.settle()
    on.conversation.collect_overdue()
    assert on.rules() == []


@pytest.mark.parametrize(("code", "by"), [(1009, "product"), (1000, "kit")])
def test_other_ends_of_a_connection_are_as_ever(on, code, by):
    pending = on.station.send("ClearCache")
    on.conversation.closed(on.transport, code, "", by)
    with pytest.raises(Unanswered):
        pending.answer()


def test_an_answer_that_has_arrived_in_time_is_in_time_however_late_the_kit_reads_it(on):
    pending = on.station.send("ClearCache")
    on.transport.has_unread = True

    def read():
        on.transport.has_unread = False
        on.answers({"status": "Accepted"})

    on.clock.later(on.limits.response + CATCH_UP / 2, read)
    assert pending.answer().status == "Accepted"


def test_a_product_that_is_always_ahead_of_the_kit_is_not_judged(on):
    on.transport.has_unread = True
    with pytest.raises(Inconclusive, match="sends faster than the kit can read"):
        on.station.expect("Authorize")
    assert on.clock.time < on.limits.response + CATCH_UP + 1


def test_a_flood_that_goes_on_is_awaited_for_a_moment(on, monkeypatch):
    monkeypatch.setattr(intake, "FLOOD", 5)
    pending = on.station.send("ClearCache")
    for number in range(40):
        on.clock.later(on.limits.response - 1 + number * 0.05, lambda: on.receives([9]))
    on.clock.later(on.limits.response + 1, lambda: on.answers({"status": "Accepted"}))
    assert pending.answer().status == "Accepted"
    begun = on.clock.time
    on.conversation.catch_up()
    passed = on.clock.time - begun
    assert 0 < passed < 0.3
    on.conversation.catch_up()
    assert on.clock.time - begun == passed
    assert not on.conversation.overrun


def test_a_flood_without_end_is_not_read_into_the_next_case(on):
    on.transport.has_unread = True
    on.conversation.catch_up()
    assert "sends faster than the kit can read" in on.conversation.overrun
    assert on.transport.closed == (1008, "more than the kit reads in one case")
    assert on.clock.time == pytest.approx(CATCH_UP, abs=0.3)


def test_nothing_unread_is_late_at_once(on):
    on.transport.has_unread = False
    with pytest.raises(Failed):
        on.station.expect("Authorize")
    assert on.clock.time == pytest.approx(on.limits.response)


def test_one_rule_broken_for_ever(on):
    for _ in range(MAX_REPEATS + 20):
        on.receives([9])
    assert len(on.rules()) == MAX_REPEATS
    assert kinds(on).count("violation") == MAX_REPEATS
    assert remarks(on) == [f"frame.message_type was broken more than {MAX_REPEATS} times; the rest is not listed"]
    on.conversation.begin()
    on.receives([9])
    assert len(on.rules()) == 1


def test_refused_for_ever(on):
    refusal = Refusal(by="kit", reason="who?", cause="identity", handshake=Handshake(station="X", path="/X"))
    for _ in range(MAX_REFUSALS + 20):
        on.conversation.refused(refusal)
    assert len(on.conversation.refusals) == MAX_REFUSALS
    assert kinds(on).count("connection-refused") == MAX_REFUSALS
    assert remarks(on) == [f"more than {MAX_REFUSALS} connections were refused; the others are not recorded"]
    assert not on.conversation.overrun  # anybody may have been refused, not only the product


def test_a_failure_shows_the_first_of_what_did_not_fit(on):
    for _ in range(SHOWN + 30):
        on.status("Charging")
    with pytest.raises(Failed) as failed:
        on.station.expect("StatusNotification", where={"status": "Faulted"})
    assert len(failed.value.frames) == SHOWN + 1
    assert failed.value.received.endswith("… and more")


def test_made_up_connectors_and_transactions(on, monkeypatch):
    monkeypatch.setattr(observed, "MOST", 5)
    for number in range(1, 20):
        on.status("Charging", number)
        start = {"connectorId": number, "idTag": "A", "meterStart": 0, "timestamp": "2026-09-21T20:13:20Z"}
        on.calls("StartTransaction", start)
        event = {"eventType": "Started", "transactionInfo": {"transactionId": f"t{number}"}}
        on.observed._transaction_event(event, {})
    seen = on.observed
    assert (len(seen.connectors), len(seen.errors), len(seen.transactions)) == (5, 5, 5)
    on.status("Available", 1)
    assert seen.status(1) == "Available"


@pytest.mark.parametrize(
    ("frame", "answered"),
    [
        ('[2,"\\ud800","Heartbeat",{}]', False),
        ('[2,"","Heartbeat",{}]', False),
        ('[2,"x1","Heartbeat\\ud800",{}]', True),
        ('[2,"x2","' + "A" * 5000 + '",{}]', True),
        ('[2,"x3","DataTransfer",{"vendorId":"\\ud800"}]', True),
    ],
)
def test_what_can_not_be_written_is_not_written_back(on, frame, answered):
    count = len(on.sent())
    on.receives(frame)
    assert (len(on.sent()) > count) is answered
    assert [sender for _, sender in on.rules()] == ["product"] * len(on.rules())
    assert not on.conversation.faults
    json.dumps(on.sent(), ensure_ascii=False).encode()


@pytest.mark.parametrize("identifier", ["x" * 37, "a\ud800", "a\nb", 7])
def test_a_transaction_that_the_kit_could_not_name_is_not_followed(on, identifier):
    on.observed._transaction_event({"eventType": "Started", "transactionInfo": {"transactionId": identifier}}, {})
    assert on.observed.transactions == {}


@pytest.mark.parametrize("action", ["_init__", "_class__", "report", "notice", "status", "_dict__"])
def test_an_action_names_no_method(on, action):
    before = (on.observed.booted, on.observed.accepted)
    on.receives(json.dumps([2, f"x{action}", action, {"status": "Faulted"}]))
    assert not on.conversation.faults
    assert (on.observed.booted, on.observed.accepted) == before
