"""The operator: what a driver says becomes of the case."""

import pytest
from stage import stage

from ocpp_tck.roles.drivers.base import Outcome, Result
from ocpp_tck.roles.operator import Operator
from ocpp_tck.verdict import Failed, Inconclusive, NotRun


class Recorder:
    """Drivers that note what they were asked."""

    def __init__(self):
        self.requests = []
        self.result = Result(Outcome.DONE)

    def act(self, request):
        self.requests.append(request)
        return self.result, "fake"

    def ask(self, question, seconds):
        self.requests.append((question, seconds))
        return self.result, "fake"


@pytest.fixture
def on(tmp_path):
    on = stage(tmp_path)
    on.drivers = Recorder()
    on.operator = Operator(on.drivers, on.station, "cs", on.journal, on.clock)
    return on


@pytest.mark.parametrize(
    ("act", "action", "payload"),
    [
        (lambda it: it.plug(), "plug", {"connector": 1}),
        (lambda it: it.plug(2), "plug", {"connector": 2}),
        (lambda it: it.unplug(1, evse=2), "unplug", {"connector": 1, "evse": 2}),
        (lambda it: it.unplug_ev_side(), "unplug", {"connector": 1}),
        (lambda it: it.present("A"), "present", {"idTag": "A", "connector": 1}),
        (lambda it: it.power_off(), "power_off", {}),
        (lambda it: it.power_on(), "power_on", {}),
        (lambda it: it.fault(0), "fault", {"connector": 0, "errorCode": "GroundFailure"}),
        (lambda it: it.clear_fault(), "clear_fault", {"connector": 1}),
        (lambda it: it.lock_failure(), "lock_failure", {"connector": 1, "active": True}),
        (lambda it: it.local_list_failure(), "local_list_failure", {"active": True}),
        (lambda it: it.suspend_ev(), "ev_suspend", {"connector": 1}),
        (lambda it: it.ready_ev(), "ev_ready", {"connector": 1}),
        (lambda it: it.park(), "park", {}),
        (lambda it: it.leave(evse=1), "leave", {"evse": 1}),
        (lambda it: it.set_token("A", "Blocked"), "set_token", {"idTag": "A", "status": "Blocked"}),
        (lambda it: it.order("RemoteStartTransaction", idTag="A"), "remote_start_transaction", {"idTag": "A"}),
    ],
)
def test_each_action_is_one_request(on, act, action, payload):
    act(on.operator)
    (request,) = on.drivers.requests
    assert (request.action, request.payload, request.station, request.version, request.role) == (
        action,
        payload,
        "CP1",
        "1.6",
        "cs",
    )


def test_an_action_moves_the_mark(on):
    on.status("Preparing")
    on.operator.plug()
    with pytest.raises(Failed):
        on.station.expect("StatusNotification")


def test_what_was_done_is_evidence(on):
    on.operator.plug()
    acted = on.records()[-1]
    assert (acted.kind, acted.action, acted.driver, acted.outcome) == ("operator", "plug", "fake", "done")


@pytest.mark.parametrize(
    ("outcome", "signal", "words"),
    [
        (Outcome.FAILED, Inconclusive, "the driver fake could not do plug: why"),
        (Outcome.EXPIRED, Inconclusive, "the driver fake could not do plug: why"),
        (Outcome.UNSUPPORTED, NotRun, "no driver can do plug: why"),
    ],
)
def test_what_could_not_be_done(on, outcome, signal, words):
    on.drivers.result = Result(outcome, "why")
    with pytest.raises(signal, match=words):
        on.operator.plug()
    assert on.operator.plugged == set()
    assert on.records()[-1].outcome == outcome


def test_what_stands_is_remembered_for_the_idle_check(on):
    it = on.operator
    it.plug()
    it.fault(0)
    it.lock_failure(2)
    it.power_off()
    assert (it.plugged, it.faulted, it.failing_locks, it.powered) == ({(0, 1)}, {(0, 0)}, {(0, 2)}, False)
    it.unplug()
    it.clear_fault(0)
    it.lock_failure(2, active=False)
    it.power_cycle()
    assert (it.plugged, it.faulted, it.failing_locks, it.powered) == (set(), set(), set(), True)


def test_an_order_that_came_over_the_wire_counts_whatever_the_driver_says(on):
    class Late(Recorder):
        def act(self, request):
            on.calls("Heartbeat", {})
            return super().act(request)

    drivers = Late()
    drivers.result = Result(Outcome.FAILED, "refused by the station")
    operator = Operator(drivers, on.station, "csms", on.journal, on.clock)
    operator.order("Heartbeat")
    with pytest.raises(Inconclusive):
        operator.order("ClearCache")


def test_what_a_person_attests_is_evidence(on):
    on.operator.attest("Is the cable locked?")
    assert on.drivers.requests == [("Is the cable locked?", on.station.limits.operator)]
    asked, acted = on.records()[-2:]
    assert (asked.kind, asked.action, asked.payload) == (
        "operator-asked",
        "attest",
        {"question": "Is the cable locked?"},
    )
    assert (acted.kind, acted.action, acted.driver, acted.outcome) == ("operator", "attest", "fake", "done")


def test_nothing_is_asked_before_the_person_has_done_what_was_asked_last(on):
    on.watcher.prompt, on.watcher.done = 5.0, True
    on.operator.attest("Is the cable locked?")
    assert on.watcher.answered == 1
    on.watcher.prompt, on.watcher.refused = 5.0, "the operator can't"
    with pytest.raises(Inconclusive):
        on.operator.attest("Is the cable locked?")
    assert len(on.drivers.requests) == 1


@pytest.mark.parametrize(
    ("outcome", "signal"),
    [(Outcome.FAILED, Failed), (Outcome.EXPIRED, Inconclusive), (Outcome.UNSUPPORTED, NotRun)],
)
def test_what_a_person_does_not_attest_is_no_pass(on, outcome, signal):
    on.drivers.result = Result(outcome, "why")
    with pytest.raises(signal, match="why") as told:
        on.operator.attest("Is the cable locked?")
    assert type(told.value) is signal
    assert on.records()[-1].outcome == outcome
