"""What the kit sends: one CALL at a time, and answers on the connection that they belong to."""

import pytest
from stage import FakeTransport, stage


@pytest.fixture
def on(tmp_path):
    return stage(tmp_path)


def test_calls_of_the_kit_go_out_one_at_a_time(on):
    first = on.station.send("ClearCache")
    second = on.station.send("GetConfiguration")
    assert [message[2] for message in on.sent() if message[0] == 2] == ["ClearCache"]
    on.answers({"status": "Accepted"})
    assert [message[2] for message in on.sent() if message[0] == 2] == ["ClearCache", "GetConfiguration"]
    assert first.answer().status == "Accepted"
    on.answers({"configurationKey": []})
    assert second.answer().configurationKey == []


def test_an_answer_does_not_go_to_another_connection(on):
    on.conversation.received(on.transport, '[2,"a","Heartbeat",{}]')
    old = on.transport
    on.transport = FakeTransport(2)
    on.conversation.opened(on.transport)
    for work in old.later:
        work()
    assert on.transport.sent == []


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
