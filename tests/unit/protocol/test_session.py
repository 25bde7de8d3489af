import pytest
from traces import NOW, Line

from ocpp_tck.protocol.types import Level, Side, Version

BEAT = (2, "1", "Heartbeat", {})
BEATEN = (3, "1", {"currentTime": NOW})
CLEAR = (2, "k", "ClearCache", {})
CLEARED = (3, "k", {"status": "Accepted"})
STATUS = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}


def error(identifier, code="SecurityError"):
    return (4, identifier, code, "", {})


def test_an_answer_names_its_call():
    line = Line()
    line.csms(*CLEAR)
    judgement = line.send(Side.STATION, '[3,"k",{"status":"Accepted"}]')
    assert (judgement.action, judgement.answers.id, judgement.violations) == ("ClearCache", "k", ())


@pytest.mark.parametrize(("version", "level"), [(Version.V16, Level.SHOULD), (Version.V201, Level.MUST)])
def test_second_outstanding_call(version, level):
    line = Line(version)
    line.cs(*BEAT)
    judgement = line.send(Side.STATION, '[2,"2","Heartbeat",{}]')
    assert [(v.rule, v.level) for v in judgement.violations] == [("rpc.one_outstanding", level)]


@pytest.mark.parametrize(("action", "rule"), [("Unheard", "rpc.action"), ("ClearCache", "rpc.direction")])
def test_what_is_merely_not_recommended_hides_no_must(action, rule):
    line = Line()
    line.cs(*BEAT)
    assert line.cs(2, "2", action, {}) == [rule, "rpc.one_outstanding"]


def test_a_call_that_timed_out_blocks_nothing():
    line = Line(Version.V201, response_limit=5)
    line.csms(*CLEAR)
    assert line.csms(2, "k2", "ClearCache", {}, dt=5) == []


def test_calls_of_both_sides_may_cross():
    line = Line(Version.V21)
    assert line.cs(*BEAT) == []
    assert line.csms(*CLEAR) == []


def test_opening_a_connection_again_forgets_what_was_open_on_it():
    line = Line()
    line.csms(*CLEAR)
    line.judge.opened("c", line.time)
    assert line.overdue(100) == []


def test_a_call_that_waits_on_another_connection_blocks_nothing():
    line = Line(Version.V201)
    line.cs(*BEAT)
    line.reconnect()
    assert line.cs(2, "2", "Heartbeat", {}) == []


def test_every_late_call_of_every_connection_is_told():
    line = Line(response_limit=2.5)
    line.csms(*CLEAR)
    line.reconnect()
    line.csms(2, "k2", "GetLocalListVersion", {})
    late = line.judge.overdue(line.time + 2.5)
    assert [violation.message for violation in late] == [
        "ClearCache (message id k) was not answered within 2.5 s",
        "GetLocalListVersion (message id k2) was not answered within 2.5 s",
    ]


def test_calls_of_the_product_are_never_overdue():
    line = Line()
    line.cs(*BEAT)
    assert line.overdue(1_000) == []


def test_long_names_are_cut():
    line = Line(Version.V21)
    long = "x" * 80
    assert line.csms(2, long, "ClearCache", {}, malformed=True) == []
    assert line.csms(2, long, "GetLocalListVersion", {}, malformed=True) == []
    told = line.send(Side.STATION, f'[2,"1","{long}",{{}}]').violations
    assert told[0].message == f"the action '{'x' * 60}' is unknown in OCPP 2.1"
    told = line.send(Side.STATION, f'[3,"{long[:30]}",{{}}]').violations
    assert told[0].message == f"no CALL with the message id '{'x' * 30}' awaits an answer"
    told = line.send(Side.STATION, f'[5,"{long[:36]}","InternalError","",{{}}]').violations
    assert told[0].message == f"no CALLRESULT with the message id '{'x' * 36}' was received"


def test_an_action_that_is_no_name_is_called_a_call():
    line = Line()
    assert line.cs(2, "1", 7, {}) == ["frame.action"]
    (found,) = line.send(Side.STATION, '[2,"1","Heartbeat",{}]').violations
    assert found.message == "the message id '1' was used before, by a CALL (message id 1)"


def test_a_call_that_waits_for_another_answer_keeps_its_payload():
    line = Line()
    for _ in range(2):
        line.cs(2, "1", "DataTransfer", {"vendorId": "v"})
    kept = line.judge._session._used[Side.STATION]["1"]
    assert line.csms(3, "1", {"status": "Accepted"}) == []
    assert kept.message.payload == {"vendorId": "v"}
    assert line.csms(3, "1", {"status": "Accepted"}) == []
    assert kept.message.payload is None


def test_an_answer_after_its_connection_opens_none():
    line = Line()
    line.csms(*CLEAR)
    line.judge.closed("c", line.time)
    line.reconnect()
    line.cs(*CLEARED)
    assert set(line.judge._session._connections) == {"d"}
    assert line.judge._session._used[Side.CSMS]["k"].message.payload is None


class TestMessageIds:
    def test_reuse_by_the_other_side_is_fine(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(*BEATEN)
        assert line.csms(2, "1", "ClearCache", {}) == []

    def test_reuse_after_reconnect_for_another_request(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(*BEATEN)
        line.reconnect()
        assert line.cs(2, "1", "Authorize", {"idTag": "A"}) == ["rpc.id_reused"]

    @pytest.mark.parametrize("version", Version)
    def test_retry_after_the_connection_was_lost(self, version):
        line = Line(version)
        line.cs(*BEAT)
        line.reconnect()
        assert line.cs(*BEAT) == []

    def test_a_call_sent_twice_may_be_answered_twice(self):
        line = Line()
        line.cs(*BEAT)
        assert line.cs(*BEAT) == ["rpc.one_outstanding"]
        assert line.csms(*BEATEN) == []
        assert line.csms(*BEATEN) == []
        assert line.csms(*BEATEN) == ["rpc.answered_twice"]

    def test_retry_after_a_withheld_answer(self):
        line = Line()
        line.cs(*BEAT)
        line.judge.withheld("c", "1")
        assert line.cs(*BEAT, dt=30) == []
        assert line.csms(*BEATEN) == ["time.clock"]

    def test_retry_after_a_broken_answer(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(3, "1", {}, malformed=True)
        assert line.cs(*BEAT) == []

    @pytest.mark.parametrize(
        ("action", "payload", "rule"),
        [
            ("DataTransfer", {"vendorId": "v", "messageId": "m"}, []),
            ("DataTransfer", {"messageId": "m", "vendorId": "v"}, []),
            ("DataTransfer", {"vendorId": "v"}, ["rpc.id_reused"]),
            ("Heartbeat", {"vendorId": "v", "messageId": "m"}, ["rpc.id_reused"]),
        ],
    )
    @pytest.mark.parametrize("answered", [True, False])
    def test_what_is_the_same_message_on_the_next_connection(self, action, payload, rule, answered):
        line = Line()
        line.cs(2, "1", "DataTransfer", {"vendorId": "v", "messageId": "m"})
        if answered:
            line.csms(3, "1", {"status": "Accepted"})
        line.reconnect()
        assert line.cs(2, "1", action, payload) == rule

    def test_retry_after_an_error(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(*error("1", "InternalError"))
        assert line.cs(*BEAT) == []

    def test_retry_after_an_illegal_answer(self):
        line = Line()
        line.cs(*BEAT)
        assert line.csms(3, "1", {}) == ["schema.required"]
        assert line.cs(*BEAT) == []

    def test_the_words_name_the_first_use(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(*BEATEN)
        (found,) = line.send(Side.STATION, '[2,"1","Authorize",{"idTag":"A"}]').violations
        assert found.message == "the message id '1' was used before, by Heartbeat (message id 1)"

    def test_same_message_twice_after_an_answer_is_no_retry(self):
        line = Line()
        line.cs(*BEAT)
        line.csms(*BEATEN)
        assert line.cs(*BEAT) == ["rpc.id_reused"]

    def test_the_answers_to_two_requests_with_one_id_come_in_their_order(self):
        line = Line()
        line.cs(2, "1", "StatusNotification", STATUS)
        assert line.cs(2, "1", "DataTransfer", {"vendorId": "v"}) == ["rpc.id_reused"]
        assert line.csms(3, "1", {}) == []
        assert line.csms(3, "1", {"status": "Accepted"}) == []

    def test_the_longest_id_is_remembered(self):
        line = Line()
        line.cs(2, "x" * 36, "Heartbeat", {})
        assert line.cs(2, "x" * 36, "Authorize", {"idTag": "A"}) == ["rpc.id_reused"]

    def test_the_id_that_was_used_longest_ago_is_forgotten_first(self, monkeypatch):
        monkeypatch.setattr("ocpp_tck.protocol.session.REMEMBERED", 2)
        line = Line()
        for name in ("a", "b", "a", "c"):
            line.cs(2, name, "Heartbeat", {})
        assert [line.cs(2, name, "Authorize", {"idTag": "A"}) for name in ("a", "c", "b")] == [
            ["rpc.id_reused"],
            ["rpc.id_reused"],
            ["rpc.one_outstanding"],
        ]

    def test_three_requests_with_one_id_are_told_apart(self):
        line = Line()
        line.cs(2, "1", "StatusNotification", STATUS)
        line.cs(2, "1", "DataTransfer", {"vendorId": "v"})
        line.cs(2, "1", "Heartbeat", {})
        for payload in ({}, {"status": "Accepted"}, {"currentTime": NOW}):
            assert line.csms(3, "1", payload) == []

    def test_each_of_three_copies_gets_an_answer(self):
        line = Line()
        for _ in range(3):
            line.cs(*BEAT)
        for _ in range(3):
            assert line.csms(*BEATEN) == []
        assert line.csms(*BEATEN) == ["rpc.answered_twice"]

    def test_copies_among_requests_with_one_id(self):
        line = Line()
        line.cs(2, "1", "StatusNotification", STATUS)
        line.cs(2, "1", "StatusNotification", STATUS)
        line.cs(2, "1", "DataTransfer", {"vendorId": "v"})
        line.cs(2, "1", "DataTransfer", {"vendorId": "v"})
        for payload in ({}, {}, {"status": "Accepted"}, {"status": "Accepted"}):
            assert line.csms(3, "1", payload) == []
        assert line.csms(3, "1", {}) == ["rpc.answered_twice"]


class TestProvoked:
    def test_withheld_answer_excuses_the_next_call(self):
        line = Line(Version.V201)
        line.cs(*BEAT)
        line.judge.withheld("c", "1")
        assert line.cs(2, "2", "Heartbeat", {}, dt=40) == []

    def test_withholding_what_was_never_asked_is_nothing(self):
        Line().judge.withheld("never", "x")

    def test_error_answer_to_a_broken_call(self):
        line = Line()
        line.csms(2, "k", "ClearCache", {"x": 1}, malformed=True)
        assert line.cs(*error("k", "FormationViolation")) == []

    def test_a_broken_call_need_not_be_answered(self):
        line = Line()
        line.csms(2, "k", "ClearCache", {"x": 1}, malformed=True)
        assert line.overdue(100) == []

    def test_error_answer_with_the_id_minus_one(self):
        line = Line(Version.V201)
        line.csms(2, "x" * 50, "ClearCache", {}, malformed=True)
        assert line.cs(*error("-1", "RpcFrameworkError")) == []
        assert line.cs(*error("-1", "RpcFrameworkError")) == ["rpc.unsolicited"]

    def test_error_answer_to_a_frame_beyond_parsing(self):
        line = Line(Version.V201)
        assert line.rules(line.send(Side.CSMS, "{", malformed=True)) == []
        assert line.cs(*error("-1", "RpcFrameworkError")) == []
        assert line.cs(*error("-1", "RpcFrameworkError")) == ["rpc.unsolicited"]

    def test_the_id_minus_one_answers_one_broken_call_only(self):
        line = Line(Version.V201)
        line.csms(2, "x" * 50, "ClearCache", {}, malformed=True)
        line.csms(2, "y" * 50, "ClearCache", {}, malformed=True)
        for _ in range(2):
            assert line.cs(*error("-1", "RpcFrameworkError")) == []
        assert line.cs(*error("-1", "RpcFrameworkError")) == ["rpc.unsolicited"]

    def test_the_id_minus_one_answers_a_call_whose_payload_was_broken(self):
        line = Line(Version.V201)
        line.csms(2, "k", "ClearCache", {"x": 1}, malformed=True)
        assert line.cs(*error("-1", "RpcFrameworkError")) == []
        assert line.cs(3, "k", {"status": "Nonsense"}) == []

    def test_the_id_minus_one_does_not_answer_a_legal_call(self):
        line = Line(Version.V201)
        line.csms(*CLEAR)
        assert line.cs(*error("-1", "RpcFrameworkError")) == ["rpc.unsolicited"]

    def test_another_id_does_not_answer_a_broken_call(self):
        line = Line(Version.V201)
        line.csms(2, "x" * 50, "ClearCache", {}, malformed=True)
        assert line.cs(*error("other", "RpcFrameworkError")) == ["rpc.unsolicited"]

    def test_each_frame_beyond_parsing_excuses_one_error(self):
        line = Line(Version.V201)
        for _ in range(2):
            line.send(Side.CSMS, "{", malformed=True)
        for _ in range(2):
            assert line.cs(*error("-1", "RpcFrameworkError")) == []
        assert line.cs(*error("-1", "RpcFrameworkError")) == ["rpc.unsolicited"]
        assert line.cs(3, "-1", {}) == ["rpc.unsolicited"]

    def test_a_frame_beyond_parsing_excuses_no_result(self):
        line = Line(Version.V201)
        line.send(Side.CSMS, "{", malformed=True)
        assert line.cs(3, "-1", {}) == ["rpc.unsolicited"]

    def test_a_withheld_answer_excuses_an_answer_twice(self):
        line = Line()
        line.cs(*BEAT)
        line.judge.withheld("c", "1")
        line.csms(*BEATEN)
        assert line.csms(*BEATEN) == []

    def test_broken_call_answered_twice_is_not_judged(self):
        line = Line()
        line.csms(2, "k", "ClearCache", {}, malformed=True)
        assert line.cs(*error("k")) == []
        assert line.cs(*error("k")) == []

    def test_kit_answers_nothing_on_purpose(self):
        line = Line()
        assert line.csms(3, "nothing", {}, malformed=True) == []

    def test_what_answers_nothing_on_purpose_excuses_nothing(self):
        line = Line(Version.V201)
        line.cs(*BEAT)
        line.csms(3, "nothing", {}, malformed=True)
        assert line.cs(2, "2", "Heartbeat", {}) == ["rpc.one_outstanding"]

    def test_an_error_of_the_kit_on_purpose_is_not_judged(self):
        line = Line()
        line.cs(*BEAT)
        assert line.csms(*error("1", "ProtocolError"), malformed=True) == []

    def test_a_broken_call_of_the_product_piles_up_nothing(self):
        line = Line(Version.V201)
        assert line.cs(2, "", "Heartbeat", {}) == ["frame.message_id"]
        assert line.cs(2, "2", "Heartbeat", {}) == []

    def test_echoing_a_broken_id_is_no_fault(self):
        line = Line()
        long = "x" * 64
        assert line.cs(2, long, "Heartbeat", {}) == ["frame.message_id"]
        assert line.csms(3, long, {"currentTime": NOW}) == []


class TestAnswers:
    def test_late_answer_on_the_next_connection(self):
        line = Line()
        line.csms(*CLEAR)
        line.judge.closed("c", line.time)
        line.reconnect()
        assert line.cs(*CLEARED) == []
        assert line.cs(*CLEARED) == ["rpc.answered_twice"]

    def test_wrong_id_is_not_also_a_missing_answer(self):
        line = Line()
        line.csms(*CLEAR)
        assert line.cs(3, "other", {"status": "Accepted"}) == ["rpc.unsolicited"]
        assert line.overdue(100) == []

    @pytest.mark.parametrize("raw", ['[3,"k",{"status":"Accepted"}', b"\x00"])
    def test_broken_answer_is_not_also_a_missing_one(self, raw):
        line = Line()
        line.csms(*CLEAR)
        assert line.rules(line.send(Side.STATION, raw)) in (["frame.json"], ["frame.text"])
        assert line.overdue(100) == []

    def test_garbage_that_answers_nothing_leaves_the_call_open(self):
        line = Line()
        line.csms(*CLEAR)
        line.send(Side.STATION, "{")
        assert line.overdue(100) == ["rpc.unanswered"]

    def test_unanswered_is_told_once(self):
        line = Line()
        line.csms(*CLEAR)
        assert line.overdue(29) == []
        assert line.overdue(1) == ["rpc.unanswered"]
        assert line.overdue(1) == []
        assert line.cs(*CLEARED) == []

    def test_unanswered_at_the_end_of_the_connection(self):
        line = Line()
        line.csms(*CLEAR)
        assert [v.rule for v in line.judge.closed("c", line.time + 30)] == ["rpc.unanswered"]
        assert line.judge.closed("c", line.time) == ()

    def test_answer_may_be_lost_with_the_connection(self):
        line = Line()
        line.csms(*CLEAR)
        assert line.judge.closed("c", line.time + 1) == ()

    @pytest.mark.parametrize(
        ("code", "rule"),
        [
            ("NotSupported", ["rpc.core_refused"]),
            ("NotImplemented", ["rpc.core_refused"]),
            ("SecurityError", []),
            ("PropertyConstraintViolation", []),
            ("ProtocolError", ["rpc.error_unfounded"]),
            ("InternalError", ["rpc.error_internal"]),
        ],
    )
    def test_refusal_of_a_legal_call(self, code, rule):
        line = Line()
        line.csms(*CLEAR)
        assert line.cs(*error("k", code)) == rule

    @pytest.mark.parametrize(
        "code",
        [
            *("FormatViolation", "MessageTypeNotSupported", "OccurrenceConstraintViolation", "ProtocolError"),
            *("RpcFrameworkError", "TypeConstraintViolation"),
        ],
    )
    def test_a_legal_call_is_no_fault_of_form(self, code):
        line = Line(Version.V201)
        line.csms(*CLEAR)
        (found,) = line.send(Side.STATION, f'[4,"k","{code}","why",{{}}]').violations
        assert found.rule == "rpc.error_unfounded"
        assert found.message == f"the legal ClearCache (message id k) was refused with {code}: why"

    def test_an_error_after_a_withheld_answer_is_not_judged(self):
        line = Line()
        line.cs(*BEAT)
        line.judge.withheld("c", "1")
        assert line.csms(*error("1", "ProtocolError")) == []

    def test_a_swapped_answer_names_both(self):
        line = Line()
        line.csms(*CLEAR)
        line.csms(2, "k2", "GetLocalListVersion", {}, malformed=True)
        (found,) = line.send(Side.STATION, '[3,"k",{"listVersion":1}]').violations
        assert found.rule == "rpc.swapped"
        assert found.message == "the answer to ClearCache is one to GetLocalListVersion (message id k2)"

    def test_a_swap_is_found_behind_a_call_of_the_same_action(self):
        line = Line()
        line.csms(*CLEAR)
        line.csms(2, "k2", "ClearCache", {}, malformed=True)
        line.csms(2, "k3", 7, {}, malformed=True)
        line.csms(2, "k4", "GetLocalListVersion", {}, malformed=True)
        assert line.cs(3, "k", {"listVersion": 1}) == ["rpc.swapped"]

    def test_a_long_id_in_the_words_is_cut(self):
        line = Line()
        line.csms(*CLEAR)
        line.csms(2, "x" * 80, "GetLocalListVersion", {}, malformed=True)
        (found,) = line.send(Side.STATION, '[3,"k",{"listVersion":1}]').violations
        assert found.message == f"the answer to ClearCache is one to GetLocalListVersion (message id {'x' * 60})"

    def test_a_swap_over_two_connections_is_none(self):
        line = Line()
        line.csms(2, "k2", "GetLocalListVersion", {})
        line.reconnect()
        line.csms(*CLEAR)
        assert line.cs(3, "k", {"listVersion": 1}) == ["schema.additional", "schema.required"]

    def test_refusal_outside_the_core_profile(self):
        line = Line()
        line.csms(2, "k", "GetLocalListVersion", {})
        assert line.cs(*error("k", "NotSupported")) == []
        line = Line(Version.V201)
        line.csms(*CLEAR)
        assert line.cs(*error("k", "NotSupported")) == []

    def test_unknown_code_is_the_first_cause(self):
        line = Line()
        line.csms(*CLEAR)
        assert line.cs(*error("k", "Nonsense")) == ["frame.error_code"]

    def test_swapped_with_a_call_of_the_same_action_is_a_schema_matter(self):
        line = Line()
        line.csms(*CLEAR)
        line.csms(2, "k2", "ClearCache", {}, malformed=True)
        line.csms(2, "k3", 7, {}, malformed=True)
        line.csms(2, "k4", "GetLocalListVersion", {}, malformed=True)
        assert line.cs(3, "k", {"status": "Fine"}) == ["schema.enum"]

    def test_answer_to_an_unknown_action_is_not_judged_by_a_schema(self):
        line = Line()
        line.csms(2, "k", "Nonsense", {}, malformed=True)
        assert line.cs(3, "k", {"x": 1}) == []
        line.csms(2, "k2", 7, {}, malformed=True)
        assert line.cs(3, "k2", {"x": 1}) == []
        line.csms(2, "k3", "Nonsense", {}, malformed=True)
        assert line.cs(3, "k3", {"chargingSchedule": {}}) == []


class TestVersion21:
    STREAM = (
        6,
        "s",
        "NotifyPeriodicEventStream",
        {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]},
    )

    def test_send_waits_for_nothing(self):
        line = Line(Version.V21)
        line.cs(*BEAT)
        assert line.cs(*self.STREAM) == []
        assert line.overdue(100) == []

    def test_result_error_names_the_refused_call(self):
        line = Line(Version.V21)
        line.cs(*BEAT)
        line.csms(*BEATEN, malformed=True)
        judgement = line.send(Side.STATION, '[5,"1","FormatViolation","",{}]')
        assert (judgement.action, judgement.violations) == ("Heartbeat", ())

    def test_result_error_to_nothing(self):
        line = Line(Version.V21)
        assert line.cs(5, "x", "FormatViolation", "", {}) == ["rpc.unsolicited"]
        line.cs(*BEAT)
        assert line.cs(5, "1", "FormatViolation", "", {}) == ["rpc.unsolicited"]

    def test_result_error_to_a_garbled_answer(self):
        line = Line(Version.V21)
        line.cs(*BEAT)
        line.send(Side.CSMS, '[3,"1",', malformed=True)
        assert line.cs(5, "-1", "RpcFrameworkError", "", {}) == []
