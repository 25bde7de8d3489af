"""What there is to see of a run: folded from records, waits and prompts."""

import json

import pytest

from ocpp_tck.console import board as boards
from ocpp_tck.console.board import Board
from ocpp_tck.evidence import records as r
from ocpp_tck.roles.drivers import actions
from ocpp_tck.roles.drivers.base import Request
from ocpp_tck.roles.drivers.prompt import Ending, Prompt

HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m\n"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board(clock):
    return Board(clock)


def seen(board):
    view, _ = board.view()
    assert json.loads(json.dumps(view)) is not None
    return view


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for member in value.values() for text in texts_in(member))
    elif isinstance(value, (list, tuple)):
        yield from (text for member in value for text in texts_in(member))


def started(case="TC_001_CS", plan=(), **more):
    fields = {"title": "T", "version": "1.6", "sut": "cs", "profile": "Core", "requirements": "1.6 4.1", "node": "n"}
    return r.CaseStarted(time=0.0, case=case, plan=plan, **{**fields, **more})


def ended(verdict, case="TC_001_CS", **more):
    return r.CaseEnded(time=0.0, case=case, verdict=verdict, **more)


def act(number=1, action="plug", payload=None, role="cs", station="CP1"):
    request = Request(action=action, payload=payload or {}, station=station, version="1.6", role=role)
    told = actions.sentence(actions.actions(role, "1.6")[action], request.payload, station)
    return Prompt(number=number, text=told, request=request)


def frame(number, raw="[2]", sender="product"):
    return r.Frame(
        time=1.5, n=number, connection="1", station="CP1", sender=sender, raw=raw, type="CALL", action="Heartbeat"
    )


def test_nothing_has_happened_yet(board):
    view = seen(board)
    assert (view["prompt"], view["case"], view["events"], view["end"]) == (None, None, [], None)
    assert not board.is_over


def test_steps_go_through_their_rows(board):
    board.note(started(plan=({"n": "1", "text": "a"}, {"n": "3", "text": "b"})))
    board.note(r.StepStarted(time=0.0, index=1, n="1", text="a"))
    assert [one["verdict"] for one in seen(board)["case"]["steps"]] == ["running", ""]
    board.note(r.StepEnded(time=0.0, index=1, n="1", text="a", verdict="pass"))
    board.note(r.StepStarted(time=0.0, index=2, n="1", text="a"))
    board.note(r.StepEnded(time=0.0, index=2, n="1", text="a", verdict="fail", cause=HOSTILE))
    steps = seen(board)["case"]["steps"]
    assert [(one["n"], one["verdict"]) for one in steps] == [("1", "pass"), ("3", ""), ("1", "fail")]
    assert "\x1b" not in steps[-1]["cause"]
    assert "\u202e" not in steps[-1]["cause"]


def test_steps_of_a_case_without_end_are_bounded(board):
    board.note(started())
    for number in range(boards.MOST_STEPS + 50):
        board.note(r.StepStarted(time=0.0, index=number, n=str(number), text="a"))
    assert len(seen(board)["case"]["steps"]) == boards.MOST_STEPS


def test_verdicts_are_counted_once_and_the_last_one_of_a_case_holds(board):
    board.expect(4)
    for verdict in ("pass", "not run"):
        board.note(started())
        board.note(ended(verdict))
    board.note(started("TC_002_CS"))
    board.note(ended("pass", "TC_002_CS"))
    board.note(ended("fail", "TC_002_CS", cause="late"))
    view = seen(board)
    assert view["progress"]["tally"] == {"pass": 1, "not run": 1, "fail": 1}
    assert (view["progress"]["done"], view["progress"]["total"], view["progress"]["verdict"]) == (3, 4, "fail")
    latest = view["history"][0]
    assert (latest["id"], latest["verdict"], latest["cause"]) == ("TC_002_CS", "fail", "late")
    assert len(view["history"]) == 3


def test_of_several_attempts_the_worst_counts_once(board):
    for attempt, verdict in ((1, "inconclusive"), (2, "fail"), (3, "pass")):
        board.note(started(attempt=attempt))
        board.note(ended(verdict))
    view = seen(board)
    assert view["progress"]["tally"] == {"fail": 1}
    assert [one["verdict"] for one in view["history"]] == ["pass", "fail", "inconclusive"]


def test_time_left_is_guessed_from_what_was(board, clock):
    board.expect(5)
    assert seen(board)["progress"]["left"] is None
    for _ in range(3):
        board.note(started())
        clock.now += 10
        board.note(ended("pass"))
    assert seen(board)["progress"]["left"] == 20


def test_a_resumed_run_shows_what_was_decided_and_counts_anew(board):
    board.recall([started(), ended("fail", cause="c"), frame(1)], over=1)
    view = seen(board)
    assert [one["verdict"] for one in view["history"]] == ["fail"]
    assert (view["progress"]["earlier"], view["progress"]["done"], view["case"], view["events"]) == (1, 0, None, [])


def test_the_countdown_is_that_of_the_wait(board, clock):
    board.show(act())
    assert seen(board)["prompt"]["left"] is None
    board.waiting("the operator", 60.0)
    clock.now += 20
    prompt = seen(board)["prompt"]
    assert (prompt["left"], prompt["limit"]) == (40.0, 60.0)
    board.waiting("the operator", 60.0)
    assert seen(board)["prompt"]["left"] == 60.0
    clock.now += 100
    assert seen(board)["prompt"]["left"] == 0.0
    board.close(1, Ending.EXPIRED)
    board.waited()
    view = seen(board)
    assert (view["prompt"], view["wait"], view["last"]["ending"]) == (None, None, "expired")


def test_a_question_has_its_own_time_which_begins_anew_when_it_is_shown_again(board, clock):
    board.show(Prompt(number=3, text="Is it lit?", seconds=30.0))
    clock.now += 10
    assert (seen(board)["prompt"]["left"], seen(board)["prompt"]["is_question"]) == (20.0, True)
    board.show(Prompt(number=3, text="Is it lit?", seconds=30.0))
    assert seen(board)["prompt"]["left"] == 30.0


def test_an_older_prompt_that_closes_leaves_the_newer_one(board):
    board.show(act(2))
    board.close(1, Ending.CAME)
    assert seen(board)["prompt"]["number"] == 2


def test_events_are_given_once_and_are_bounded(board):
    board.note(frame(1))
    first, last = board.view()
    assert len(first["events"]) == 1
    board.note(frame(2))
    again, _ = board.view(last)
    assert [one["head"] for one in again["events"]] == ["2  CALL Heartbeat"]
    for number in range(500):
        board.note(frame(number, raw="x" * 100_000))
    text = json.dumps(seen(board))
    assert len(seen(board)["events"]) == boards.MOST_EVENTS
    assert len(text) < 300_000


def test_every_kind_of_event_has_its_words(board):
    for record in (
        r.ViolationFound(time=0.0, frame=1, sender="product", rule="a.b", level="must", message="m", clause="4.1"),
        r.ConnectionOpened(time=0.0, connection="1", station="CP1", path="/x"),
        r.ConnectionClosed(time=0.0, connection="1", station="CP1", by="kit", code=1000, reason="r"),
        r.ConnectionRefused(time=0.0, station="CP1", by="kit", reason="r"),
        r.OperatorActed(time=0.0, action="plug", payload={}, driver="http", outcome="done"),
        r.PromptEnded(time=0.0, action="plug", payload={}, ending="cannot", by="console"),
        r.Remark(time=0.0, text=HOSTILE),
        r.ClockSet(time=0.0, by=3.0),
    ):
        board.note(record)
    heads = [one["head"] for one in seen(board)["events"]]
    assert heads == ["must a.b", "connected", "closed", "refused", "plug", "the operator: can't", "remark"]


def test_text_of_a_product_cannot_act(board):
    sut = {"role": "cs", "version": "1.6", "vendor": HOSTILE, "model": ""}
    told = {"kit_version": "1", "worker": "main", "seed": 1, "limits": {}, "test_data": {}, "pics": {}}
    board.note(r.RunStarted(time=0.0, sut=sut, stations=(HOSTILE,), catalogue_sha256="", environment={}, **told))
    board.note(frame(1, raw=HOSTILE))
    board.show(act(payload={"idTag": HOSTILE}, action="present"))
    texts = list(texts_in(seen(board)))
    assert any("<img" in text for text in texts)
    assert not [text for text in texts if set(text) & {"\u202e", "\x1b", "\n"}]


def test_the_end_closes_everything(board):
    board.show(act())
    board.end("FAIL  x: 1 fail", "Report: out/report.html")
    view = seen(board)
    assert (view["prompt"], view["end"]["summary"], board.is_over) == (None, "FAIL  x: 1 fail", True)


class TestPrompts:
    def test_a_station_is_acted_on_with_its_values(self, board):
        board.note(r.OperatorAsked(time=0.0, action="present", payload={"idTag": "<token:valid>", "connector": 1}))
        board.show(act(action="present", payload={"idTag": "04E9", "connector": 1}))
        prompt = seen(board)["prompt"]
        assert prompt["headline"] == "Present the token 04E9 at the reader for connector 1."
        assert prompt["facts"] == (("Token (valid)", "04E9"), ("Connector", "1"))
        assert (prompt["pictogram"], prompt["payload"]) == ("present", "")

    def test_a_yes_or_no_is_in_the_words_alone(self, board):
        board.show(act(action="lock_failure", payload={"connector": 1, "active": False}))
        prompt = seen(board)["prompt"]
        assert prompt["headline"] == "Let the cable lock of connector 1 work again."
        assert prompt["facts"] == (("Connector", "1"),)

    def test_a_request_of_a_csms_is_named_and_its_payload_can_be_copied_as_it_is(self, board):
        payload = {"type": "Hard", "x": "ä\u202e"}
        board.show(act(action="reset", payload=payload, role="csms"))
        prompt = seen(board)["prompt"]
        assert (prompt["headline"], prompt["pictogram"]) == ("Let the CSMS send Reset", "send")
        assert prompt["facts"] == (("Station", "CP1"),)
        assert json.loads(prompt["payload"]) == payload
        assert prompt["payload"].isascii()

    @pytest.mark.parametrize(
        ("action", "payload", "headline"),
        [
            (
                "set_local_list",
                {"listVersion": 2, "localAuthorizationList": [{"idTag": "A"}]},
                "Enter this Local Authorization List for station CP1 in the CSMS.",
            ),
            (
                "boot_policy",
                {"then": [{"status": "Rejected"}]},
                "Let the CSMS answer the next BootNotification of station CP1 as shown below.",
            ),
        ],
    )
    def test_a_setting_keeps_its_long_values_out_of_the_headline(self, board, action, payload, headline):
        board.show(act(action=action, payload=payload, role="csms"))
        prompt = seen(board)["prompt"]
        assert (prompt["headline"], prompt["pictogram"]) == (headline, action)
        assert json.loads(prompt["payload"]) == payload

    def test_a_payload_that_is_too_long_is_not_for_copying(self, board):
        board.show(act(action="data_transfer", payload={"data": "x" * 50_000}, role="csms"))
        prompt = seen(board)["prompt"]
        assert prompt["is_cut"]
        assert len(prompt["payload"]) < 30_000

    @pytest.mark.parametrize("role", ["cs", "csms"])
    def test_every_action_has_a_pictogram(self, board, role):
        from ocpp_tck.console.page import FILES

        page = FILES["index.html"][1].decode()
        for version in actions.CSMS_REQUESTS:
            for name in actions.actions(role, version):
                request = Request(action=name, payload={}, station="S", version=version, role=role)
                board.show(Prompt(number=1, text="x: y", request=request))
                assert f'<symbol id="p-{seen(board)["prompt"]["pictogram"]}"' in page, name
