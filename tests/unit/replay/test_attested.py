"""A question to a person in a replay: the answer is the recorded one."""

import pytest

from ocpp_tck.evidence.records import OperatorActed
from ocpp_tck.replay.world import ReplayedDrivers
from ocpp_tck.roles.drivers.base import Outcome, Result

ASKED = {"question": "Is it lit?"}


class Director:
    """Knows one act of the recording."""

    def __init__(self, outcome):
        self.outcome = outcome

    def acts(self, action, payload):
        assert (action, payload) == ("attest", ASKED)
        if self.outcome is None:
            return None
        return OperatorActed(
            time=0.0, action=action, payload=payload, driver="prompt", outcome=self.outcome, detail="d"
        )


@pytest.mark.parametrize("outcome", ["done", "failed", "expired", "unsupported"])
def test_the_recorded_answer_is_given(outcome):
    assert ReplayedDrivers(Director(outcome)).ask("Is it lit?", 1.0) == (Result(Outcome(outcome), "d"), "prompt")


def test_what_was_not_asked_then_is_not_answered_now():
    result, driver = ReplayedDrivers(Director(None)).ask("Is it lit?", 1.0)
    assert (result.outcome, driver) == (Outcome.UNSUPPORTED, "")
