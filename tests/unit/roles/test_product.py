"""Expectations: select, then check."""

import pytest
from stage import stage

from ocpp_tck.roles.csms_answers import iso
from ocpp_tck.settings import Hardware
from ocpp_tck.verdict import Failed, Inconclusive


@pytest.fixture
def on(tmp_path):
    return stage(tmp_path)


def test_a_message_that_is_there_is_taken_at_once(on):
    on.status("Preparing")
    status = on.station.expect("StatusNotification", where={"connectorId": 1})
    assert (status.status, on.clock.time) == ("Preparing", 0.0)
    assert on.watcher.taken[0][0] == status.event.frame == 1


def test_a_message_that_comes_in_time_ends_the_wait(on):
    on.clock.later(2.9, lambda: on.status("Preparing"))
    on.station.expect("StatusNotification")
    assert on.clock.time == pytest.approx(2.9)


def test_a_message_is_taken_once_and_in_order(on):
    on.status("Preparing")
    on.status("Charging")
    assert on.station.expect("StatusNotification").status == "Preparing"
    assert on.station.expect("StatusNotification").status == "Charging"
    with pytest.raises(Failed):
        on.station.expect("StatusNotification")


def test_what_came_before_a_taken_message_is_past(on):
    on.status("Preparing")
    on.calls("Heartbeat", {})
    on.station.expect("Heartbeat")
    with pytest.raises(Failed) as raised:
        on.station.expect("StatusNotification")
    assert "before its turn" in raised.value.received


def test_other_messages_in_between_are_left_alone(on):
    on.calls("DataTransfer", {"vendorId": "x"})
    on.calls(
        "MeterValues",
        {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "1"}]}]},
    )
    on.status("Preparing")
    assert on.station.expect("StatusNotification").status == "Preparing"


def test_either_order_inside_unordered(on):
    on.status("Charging")
    on.calls("Heartbeat", {})
    with on.station.unordered():
        on.station.expect("Heartbeat")
        assert on.station.expect("StatusNotification").status == "Charging"


def test_unordered_still_does_not_look_before_the_mark(on):
    on.status("Charging")
    on.station.move_mark()
    with on.station.unordered(), pytest.raises(Failed):
        on.station.expect("StatusNotification")


def test_the_first_of_several_actions_is_taken(on):
    on.calls("Heartbeat", {})
    on.status("Charging")
    assert on.station.expect(("StatusNotification", "Heartbeat")).event.action == "Heartbeat"


def test_legal_intermediate_values_may_pass(on):
    for status in ("Preparing", "SuspendedEVSE", "SuspendedEV", "Charging"):
        on.status(status)
    reached = on.station.expect(
        "StatusNotification",
        where={"connectorId": 1},
        reaching={"status": "Charging"},
        passing={"status": {"Preparing", "SuspendedEV", "SuspendedEVSE"}},
    )
    assert reached.status == "Charging"
    assert len(on.watcher.taken) == 4


def test_any_other_value_fails_at_once(on):
    on.status("Faulted")
    with pytest.raises(Failed) as raised:
        on.station.expect("StatusNotification", reaching={"status": "Charging"}, passing={"status": {"Preparing"}})
    failed = raised.value
    assert failed.message == 'the charge point sent StatusNotification with {"status": "Faulted"}'
    assert failed.expected == "StatusNotification with status Charging after status Preparing"
    assert (failed.frames, on.clock.time) == ((1,), 0.0)


def test_a_time_out_names_what_came_but_did_not_match(on):
    on.status("Preparing", connector=2)
    with pytest.raises(Failed) as raised:
        on.station.expect("StatusNotification", where={"connectorId": 1, "status": {"Charging", "Preparing"}})
    failed = raised.value
    assert failed.message == (
        "StatusNotification with connectorId 1, status Charging or Preparing did not come within 3 s (limit response)"
    )
    assert failed.received.startswith('frame 1 StatusNotification {"connectorId": 2, "status": "Preparing"')
    assert failed.frames == (1,)
    assert on.clock.time == pytest.approx(3.0)


def test_a_time_out_without_any_such_message_says_so(on):
    with pytest.raises(Failed) as raised:
        on.station.expect("Authorize")
    assert raised.value.received == "no Authorize"
    assert raised.value.absence


def test_a_lost_connection_while_nothing_is_owed_is_inconclusive(on):
    on.clock.later(1, lambda: on.conversation.closed(on.transport, 1006, "", "network"))
    with pytest.raises(Inconclusive, match="the connection was lost and Authorize did not come"):
        on.station.expect("Authorize")


def test_none_is_proven_by_window_and_fence(on):
    on.clock.later(1.5, lambda: on.answers({"configurationKey": [], "unknownKey": ["HeartbeatInterval"]}))
    on.station.expect_none("StartTransaction")
    assert on.clock.time == pytest.approx(1.5)
    assert on.last_call()[2] == "GetConfiguration"


def test_a_dead_product_can_not_pass_by_silence(on):
    with pytest.raises(Failed, match="GetConfiguration was not answered"):
        on.station.expect_none("StartTransaction")


def test_what_must_not_come_fails_as_it_comes(on):
    on.clock.later(0.5, lambda: on.calls("Authorize", {"idTag": "A"}))
    with pytest.raises(Failed, match="the charge point sent Authorize, which it must not here") as raised:
        on.station.expect_none("Authorize", where={"idTag": "a"})
    assert raised.value.expected == "no Authorize with idTag a"
    assert on.clock.time == pytest.approx(0.5)


def test_an_optional_message_is_taken_when_it_comes_first(on):
    on.calls("Authorize", {"idTag": "A"})
    on.calls("Heartbeat", {})
    assert on.station.expect_optional("Authorize", before="Heartbeat").idTag == "a"
    on.station.expect("Heartbeat")


def test_an_optional_message_may_be_missing(on):
    on.calls("Heartbeat", {})
    assert on.station.expect_optional("Authorize", before=("Heartbeat", "StatusNotification")) is None
    on.station.expect("Heartbeat")


def test_seen_gives_everything_since_the_case_began(on):
    on.status("Preparing")
    on.station.expect("StatusNotification")
    on.status("Charging", connector=2)
    assert [one.connectorId for one in on.station.seen("StatusNotification")] == [1, 2]
    assert len(on.station.seen("StatusNotification", where={"status": "Charging"})) == 1


def test_the_answer_to_a_call_is_awaited(on):
    on.clock.later(1, lambda: on.answers({"status": "Accepted"}))
    assert on.station.call("ClearCache").status == "Accepted"
    assert on.last_call()[2:] == ["ClearCache", {}]


def test_an_answer_that_does_not_come_is_a_fail(on):
    with pytest.raises(Failed, match=r"ClearCache was not answered within 3 s \(limit response\)"):
        on.station.call("ClearCache")


def test_a_connection_lost_while_an_answer_is_owed_is_a_fail(on):
    on.clock.later(1, lambda: on.conversation.closed(on.transport, 1000, "", "product"))
    with pytest.raises(Failed, match="lost while the answer to ClearCache was owed"):
        on.station.call("ClearCache")


def test_a_callerror_is_a_fail_where_a_result_is_asked_for(on):
    on.clock.later(1, lambda: on.refuses("NotSupported"))
    with pytest.raises(Failed) as raised:
        on.station.call("ClearCache")
    assert raised.value.received == "CALLERROR NotSupported"


def test_without_a_connection_nothing_is_sent(on):
    on.conversation.closed(on.transport, 1000, "", "product")
    with pytest.raises(Inconclusive, match="ClearCache could not be sent: there is no connection to the charge point"):
        on.station.send("ClearCache")


def test_a_prompt_lengthens_the_wait_and_closes_with_the_event(on):
    on.watcher.prompt = 60.0
    on.clock.later(30, lambda: on.status("Preparing"))
    on.station.expect("StatusNotification")
    assert (on.watcher.answered, on.watcher.waits[-1][1]) == (1, 60.0)


def test_a_prompt_that_expires_is_inconclusive(on):
    on.watcher.prompt = 60.0
    with pytest.raises(Inconclusive, match="prompt expired before StatusNotification"):
        on.station.expect("StatusNotification")
    assert on.clock.time == pytest.approx(60.0)


def test_a_person_who_can_not_ends_the_wait(on):
    on.watcher.prompt = 60.0
    on.watcher.refused = "the operator can't: plug"
    with pytest.raises(Inconclusive, match="could not do what was asked: the operator can't: plug"):
        on.station.expect("StatusNotification")
    assert on.clock.time == 0.0


def test_a_dwell_of_the_test_data_is_a_limit_too(on):
    assert on.station.limit("heartbeat_interval") == on.data.heartbeat_interval + on.limits.interval
    with pytest.raises(AttributeError):
        on.station.limit("no_such_limit")


def test_a_state_told_once_more_is_no_other_state(on):
    on.status("Preparing")
    on.station.expect_status("Preparing")
    on.status("Preparing")
    on.status("Available")
    assert on.station.expect_status("Available").status == "Available"


def test_a_change_to_another_state_still_fails(on):
    on.status("Available")
    on.station.expect_status("Available")
    on.status("Preparing")
    with pytest.raises(Failed, match="Preparing"):
        on.station.expect_status("Charging")


def test_after_a_boot_no_state_is_told_once_more(on):
    on.status("Preparing")
    on.station.expect_status("Preparing")
    on.calls("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
    on.status("Preparing")
    with pytest.raises(Failed, match="Preparing"):
        on.station.expect_status("Available")


def test_what_came_is_told_with_its_share_of_the_limit(on):
    on.clock.later(2.7, lambda: on.status("Preparing"))
    on.station.expect("StatusNotification")
    assert on.watcher.late == [("StatusNotification", pytest.approx(2.7), 3.0, "response")]


def test_a_dwell_is_taken_off_and_windows_that_run_out_are_not_told(on):
    interval = on.data.meter_value_interval
    on.clock.later(interval + 1.0, lambda: on.status("Preparing"))
    on.station.expect("StatusNotification", within="meter_value_interval")
    assert on.watcher.late == [("StatusNotification", pytest.approx(1.0), on.limits.interval, "meter_value_interval")]
    on.clock.later(0.9, lambda: on.status("Charging"))
    assert on.station.wait_status("Charging", connector=1, within="absence")
    on.station.expect_none("StopTransaction", fence=False)
    assert len(on.watcher.late) == 1


def test_in_a_block_without_order_the_limit_begins_anew_after_another_message(on):
    on.clock.later(2.5, lambda: on.status("Available", connector=2))
    on.clock.later(5.0, lambda: on.status("Available", connector=1))
    with on.station.unordered():
        assert on.station.expect_status("Available", connector=1).connectorId == 1
        assert on.station.expect_status("Available", connector=2).connectorId == 2


def test_a_message_at_any_time_and_one_outside_a_block_put_nothing_off(on):
    on.clock.later(2.5, lambda: on.calls("Heartbeat", {}))
    on.clock.later(5.0, lambda: on.status("Available"))
    with on.station.unordered(), pytest.raises(Failed):
        on.station.expect_status("Available")
    on.clock.later(2.5, lambda: on.status("Available", connector=2))
    on.clock.later(5.0, lambda: on.status("Preparing"))
    with pytest.raises(Failed):
        on.station.expect_status("Preparing")


def test_after_a_boot_each_status_has_its_limit(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=3)
    on.calls("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
    for number in (0, 1, 2, 3):
        on.clock.later(2.5 * (number + 1), lambda connector=number: on.status("Available", connector=connector))
    on.station.wait_reported()
    assert on.clock.time == pytest.approx(10.0)


def test_a_station_that_connects_without_a_word_is_asked_for_its_statuses_once(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=2)
    for number, status in ((1, "Preparing"), (2, "Available")):
        at = on.limits.absence + number

        def play(connector=number, status=status):
            asked = {"requestedMessage": "StatusNotification", "connectorId": connector}
            assert on.sent()[-1][2:] == ["TriggerMessage", asked]
            on.answers({"status": "Accepted"})
            on.status(status, connector=connector)

        on.clock.later(at, play)
    on.station.wait_reported()
    assert [on.observed.status(number) for number in (1, 2)] == ["Preparing", "Available"]
    count = len(on.sent())
    on.observed.connectors.clear()
    on.station.wait_reported()
    assert len(on.sent()) == count


def test_a_station_that_can_not_be_asked_is_taken_as_it_is(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=2)
    on.clock.later(on.limits.absence + 1, lambda: on.answers({"status": "NotImplemented"}))
    on.station.wait_reported()
    assert [frame[2] for frame in on.sent()].count("TriggerMessage") == 1
    assert not on.observed.connectors


def test_a_station_without_triggers_is_not_asked(tmp_path):
    on = stage(tmp_path)
    on.station.declared = {"remote_trigger": False}
    on.station.wait_reported()
    assert on.sent() == []


def test_a_station_that_reports_no_more_ends_that_wait(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=3)
    on.calls("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
    on.clock.later(2.5, lambda: on.status("Available", connector=1))
    on.station.wait_reported()
    assert on.clock.time == pytest.approx(2.5 + on.limits.response)


def test_what_was_queued_before_the_boot_puts_its_statuses_off(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=1)
    past = iso(on.clock.now() - 60)
    value = {"timestamp": past, "sampledValue": [{"value": "1"}]}
    stop = {"transactionId": 1, "meterStop": 2, "timestamp": past}
    on.calls("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
    on.clock.later(2.5, lambda: on.calls("MeterValues", {"connectorId": 1, "meterValue": [value]}))
    on.clock.later(5, lambda: on.calls("StopTransaction", stop))
    on.clock.later(7.5, lambda: on.status("Available", connector=0))
    on.clock.later(10, lambda: on.status("Available"))
    on.station.wait_reported()
    assert on.observed.status(1) == "Available"
    assert on.clock.time == pytest.approx(10)


def test_what_goes_on_after_the_boot_puts_nothing_off(tmp_path):
    on = stage(tmp_path)
    on.station.hardware = Hardware(connectors=1)
    on.calls("BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})

    def meter():
        value = {"timestamp": iso(on.clock.now()), "sampledValue": [{"value": "1"}]}
        on.calls("MeterValues", {"connectorId": 1, "meterValue": [value]})
        on.calls("MeterValues", {"connectorId": 1, "meterValue": "none"})
        on.calls("Heartbeat", {})

    for number in range(1, 30):
        on.clock.later(number, meter)
    on.station.wait_reported()
    assert on.clock.time == pytest.approx(on.limits.response)


def test_the_evidence_says_from_when_on_the_station_can_reconnect(on):
    on.station.go_online()
    assert not [one for one in on.records() if one.kind == "listening-again"]  # it was there all the time
    on.station._endpoint.is_open = False
    on.clock.time = 7.0
    on.station.go_online()
    (one,) = [one for one in on.records() if one.kind == "listening-again"]
    assert (one.station, one.time) == ("CP1", on.clock.now())
