"""A person in a replay: what is asked again is answered as it was recorded."""

import pytest

from ocpp_tck.evidence.records import CaseStarted, OperatorActed, OperatorAsked, PromptEnded, PromptRenewed
from ocpp_tck.replay.recording import unheard
from ocpp_tck.replay.world import ReplayedDrivers
from ocpp_tck.roles.drivers.base import Outcome, Request, Result

ASKED = {"question": "Is it lit?"}
PLUG = Request(action="plug", payload={}, station="CP001", version="1.6", role="cs")


class Director:
    """Knows one act of the recording, and whether it has how the prompt of it ended."""

    def __init__(self, outcome, *, ends=True, ending=""):
        self.outcome, self.ends, self.ending, self.heard_out = outcome, ends, ending, []

    def hear_out(self, acted):
        self.heard_out.append(acted.action)
        return self.ending

    def has_end(self, _acted):
        return self.ends

    def acts(self, action, payload):
        if self.outcome is None:
            return None
        return OperatorActed(
            time=0.0, action=action, payload=payload, driver="prompt", outcome=self.outcome, detail="d"
        )


def ended(ending, detail="", action="plug"):
    return PromptEnded(time=1.0, action=action, payload={}, ending=ending, by="terminal", detail=detail)


@pytest.mark.parametrize("outcome", ["done", "failed", "expired", "unsupported"])
def test_the_recorded_answer_is_given_when_its_time_has_come(outcome):
    director = Director(outcome)
    assert ReplayedDrivers(director).ask("Is it lit?", 1.0) == (Result(Outcome(outcome), "d"), "prompt")
    assert director.heard_out == ["attest"]


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("yes", "done"), ("no", "failed"), ("cannot", "unsupported"), ("gone", "expired"), ("expired", "expired")],
)
def test_what_was_said_counts_before_what_was_made_of_it(ending, outcome):
    for noted in ("done", "failed"):
        director = Director(noted, ending=ending)
        assert ReplayedDrivers(director).ask("Is it lit?", 1.0)[0].outcome == outcome


def test_an_ending_that_is_no_answer_leaves_what_was_noted():
    for ending in ("dropped", "whatever"):
        assert ReplayedDrivers(Director("failed", ending=ending)).ask("Is it lit?", 1.0)[0].outcome == "failed"


def test_what_was_not_asked_then_is_not_answered_now():
    result, driver = ReplayedDrivers(Director(None)).ask("Is it lit?", 1.0)
    assert (result.outcome, driver) == (Outcome.UNSUPPORTED, "")


@pytest.mark.parametrize(
    ("record", "done", "refusal", "again"),
    [
        (ended("said"), True, "", False),
        (ended("cannot", "no cable"), False, "no cable", False),
        (ended("gone", "closed"), False, "closed", False),
        (ended("came"), False, "", False),
        (ended("expired"), False, "", False),
        (PromptRenewed(time=1.0, action="plug", payload={}, by="console"), False, "", True),
    ],
)
def test_an_open_prompt_hears_what_was_said(record, done, refusal, again):
    director = Director("prompted")
    drivers = ReplayedDrivers(director)
    assert drivers.act(PLUG)[0].outcome is Outcome.PROMPTED
    assert drivers.prompt_is_open
    director.told(record)
    assert (drivers.prompt_is_done, drivers.prompt_refusal) == (done, refusal)
    assert [drivers.take_again(), drivers.take_again()] == [again, False]
    drivers.close_prompt()
    assert (drivers.prompt_is_open, drivers.prompt_is_done, drivers.prompt_refusal) == (False, False, "")
    director.told(record)
    assert (drivers.prompt_is_done, drivers.prompt_refusal, drivers.take_again()) == (False, "", False)


def test_a_prompt_of_which_nothing_more_is_recorded_counts_as_done():
    drivers = ReplayedDrivers(Director("prompted", ends=False))
    assert drivers.act(PLUG)[0].outcome is Outcome.DONE
    assert not drivers.prompt_is_open


def asked(action):
    return OperatorAsked(time=0.0, action=action, payload={})


def acted(action, outcome, driver="prompt"):
    return OperatorActed(time=0.0, action=action, payload={}, driver=driver, outcome=outcome)


BEGUN = CaseStarted(
    time=0.0, case="TC_1", title="", version="1.6", sut="cs", profile="", requirements="", node="", station=""
)


@pytest.mark.parametrize(
    ("records", "lacks"),
    [
        ([BEGUN], False),
        ([asked("plug"), acted("plug", "done", "http")], False),
        ([asked("plug"), acted("plug", "prompted")], True),
        ([asked("plug"), acted("plug", "prompted"), ended("came")], False),
        ([asked("plug"), acted("plug", "prompted"), asked("park"), acted("park", "prompted"), ended("came")], True),
        ([asked("plug"), acted("plug", "prompted"), ended("came"), asked("park"), acted("park", "prompted")], True),
        ([asked("attest"), acted("attest", "done")], True),
        ([asked("attest"), ended("yes", action="attest"), acted("attest", "done")], False),
        ([asked("attest"), acted("attest", "unsupported")], False),
        ([asked("attest"), acted("attest", "unsupported", "")], False),
    ],
)
def test_whether_the_records_have_what_a_person_said(records, lacks):
    assert unheard(records) is lacks
