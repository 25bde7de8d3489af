"""A recorded case comes to the same again, and to something else when a frame is changed."""

import pytest

from ocpp_tck.evidence.records import Frame, OperatorActed, OperatorAsked, Remark
from ocpp_tck.reference.mutant import AnswerError, Delay, Drop, Duplicate, Inject, Reorder, Rewrite, Set
from ocpp_tck.replay import ReplayError, read_recording, replay
from ocpp_tck.replay.recording import Kind, asked_for
from ocpp_tck.selftest.alter import altered
from ocpp_tck.selftest.lab import lab
from ocpp_tck.selftest.recorder import RecordingError, record


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with lab("csms", tmp_path_factory.mktemp("csms")) as place:
        yield record(place, "TC_003_CSMS", "1.6")


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with lab("cs", tmp_path_factory.mktemp("cs")) as place:
        yield record(place, "TC_012_CS", "1.6")


def frame(recording, kind, action, nth=1):
    found = [one.n for one in recording.frames if (one.sender, one.type, one.action) == ("product", kind, action)]
    return found[nth - 1]


def came(recording, number, do):
    moments = altered(recording.moments, number, do)
    assert moments is not None, "the change changes nothing"
    return replay(recording, moments)


@pytest.mark.parametrize("role", ["csms", "station"])
def test_a_recording_comes_to_the_same_again(role, request):
    recording = request.getfixturevalue(role)
    again = replay(recording)
    assert (again.verdict, again.musts, again.diverged) == ("pass", (), "")
    assert all(verdict == "pass" for _, verdict in again.steps)
    sent = [one.raw for one in again.records if isinstance(one, Frame) and one.sender == "product"]
    assert sent == [one.raw for one in recording.frames if one.sender == "product"]


def test_a_wrong_value_fails_the_step_that_looks_at_it(csms):
    again = came(csms, frame(csms, "CALLRESULT", "Authorize"), Set({"idTagInfo.status": "Blocked"}))
    assert (again.verdict, again.step, again.musts) == ("fail", "4", ())


def test_an_illegal_frame_fails_the_case_by_its_rule(csms):
    again = came(csms, frame(csms, "CALLRESULT", "Authorize"), Set({"evil": 1}))
    assert (again.verdict, again.musts) == ("fail", ("schema.additional",))


def test_a_lost_answer_is_missed_in_virtual_time(csms):
    again = came(csms, frame(csms, "CALLRESULT", "Authorize"), Drop())
    assert (again.verdict, again.step) == ("fail", "4")
    assert "not answered within 1 s" in again.cause


def test_a_lost_request_is_missed_and_what_the_kit_would_have_caused_does_not_come(station):
    again = came(station, frame(station, "CALL", "StopTransaction"), Drop())
    assert again.verdict == "fail"
    assert "StopTransaction" in again.cause


@pytest.mark.parametrize(
    ("do", "verdict", "rule"),
    [
        (Duplicate(), "fail", "rpc.answered_twice"),
        (Inject([3, "nobody", {}]), "fail", "rpc.unsolicited"),
        (AnswerError("Broken"), "fail", "frame.error_code"),
        (Rewrite("{", "{,"), "fail", "frame.json"),
        (Inject([2, "$id", "Heartbeat", {}], before=True), "fail", "rpc.direction"),
        (Inject([2, "$id", "ClearCache", {}]), "pass", ""),
    ],
)
def test_what_is_sent_beside_a_frame_is_judged(csms, do, verdict, rule):
    again = came(csms, frame(csms, "CALLRESULT", "StatusNotification", 4), do)
    assert (again.verdict, again.musts[:1]) == (verdict, (rule,) if rule else ())


def test_what_comes_after_the_last_step_still_counts(csms):
    again = came(csms, csms.frames[-1].n, Inject([3, "nobody", {}]))
    assert (again.verdict, again.musts) == ("fail", ("rpc.unsolicited",))


def test_a_frame_past_its_limit_is_late(station):
    again = came(station, frame(station, "CALL", "StopTransaction"), Delay(10.0))
    assert again.verdict == "fail"
    assert "did not come within" in again.cause


def test_two_frames_in_the_other_order(station):
    swapped = altered(station.moments, frame(station, "CALL", "StopTransaction"), Reorder())
    sent = [one.record.n for one in swapped if one.kind is Kind.FRAME]
    assert sent != sorted(sent)


def test_what_the_kit_does_otherwise_is_a_divergence(station):
    boot = frame(station, "CALL", "BootNotification")
    again = came(station, frame(station, "CALL", "StatusNotification", 2), Set({"status": "Unavailable"}))
    assert "ChangeAvailability" in again.diverged
    assert replay(station, altered(station.moments, boot, Set({"chargePointModel": "other"}))).diverged == ""


def test_what_the_kit_does_after_an_illegal_frame_is_none(station):
    illegal = Set({"status": "Unavailable", "evil": 1})
    again = came(station, frame(station, "CALL", "StatusNotification", 2), illegal)
    assert (again.verdict, again.musts[0], again.diverged) == ("fail", "schema.additional", "")


def test_a_change_that_changes_nothing_is_told(csms):
    number = frame(csms, "CALLRESULT", "Authorize")
    assert altered(csms.moments, number, Set({"idTagInfo.status": "Accepted"})) is None
    assert altered(csms.moments, csms.frames[-1].n, Reorder()) is None


def test_only_a_whole_case_of_its_own_can_be_replayed(csms):
    records = replay(csms).records
    with pytest.raises(ReplayError, match="has no end"):
        read_recording(records[:5])
    with pytest.raises(ReplayError, match="no case-started record"):
        read_recording(records[:1])


def test_a_product_that_does_not_pass_is_not_recorded(tmp_path):
    with lab("cs", tmp_path) as place, pytest.raises(RecordingError, match="came to fail"):
        record(place, "TC_017_2_CS", "1.6")


def test_what_the_product_says_before_its_driver_returns_comes_after_the_act():
    asked = OperatorAsked(time=1.0, action="plug", payload={})
    acted = OperatorActed(time=2.0, action="plug", payload={}, driver="http", outcome="done")
    spoken = Remark(time=1.5, text="spoken")
    placed = asked_for([asked, spoken, acted, acted])
    assert [type(one) for one in placed] == [OperatorActed, Remark, OperatorActed]
    assert [one.time for one in placed] == [1.0, 1.5, 2.0]
