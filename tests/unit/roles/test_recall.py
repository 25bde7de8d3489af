"""What a resumed run knows of its product: learned from the journals, as if the kit had never been away."""

import json
from types import SimpleNamespace

import pytest
from stage import stage

from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.earlier import Stretch
from ocpp_tck.protocol.types import Side, Version
from ocpp_tck.recall import next_transaction, recall
from ocpp_tck.roles.csms import Csms
from ocpp_tck.settings import Hardware

STARTED = r.RunStarted(
    time=0.0,
    kit_version="1",
    worker="main",
    seed=1,
    sut={},
    limits={},
    test_data={},
    pics={},
    stations=("CP1",),
    catalogue_sha256="",
    environment={},
)
BEGIN = r.CaseStarted(time=1.0, case="A", title="", version="1.6", sut="cs", profile="", requirements="", node="")
OPENED = r.ConnectionOpened(time=1.0, connection="c1", station="CP1")


def call(sender, action, payload, identifier="1"):
    return _frame(sender, [2, identifier, action, payload], "CALL", action)


def result(sender, action, payload, identifier="1"):
    return _frame(sender, [3, identifier, payload], "CALLRESULT", action)


def _frame(sender, message, kind, action):
    return r.Frame(
        time=2.0,
        n=1,
        connection="c1",
        station="CP1",
        sender=sender,
        raw=json.dumps(message),
        type=kind,
        action=action,
        message_id=message[1],
    )


def asked(action, **payload):
    return r.OperatorAsked(time=1.0, action=action, payload=payload)


def acted(action, **payload):
    return r.OperatorActed(time=1.0, action=action, payload=payload, driver="http", outcome="done")


def stretch(*records):
    return Stretch("journal-main.jsonl", STARTED, (OPENED, *records))


@pytest.fixture
def run(tmp_path):
    on = stage(tmp_path)
    operator = SimpleNamespace(plugged=set(), faulted=set(), failing_locks=set(), powered=True)
    return _run(on, operator=operator, station=on.station, csms=None)


def _run(on, **more):
    return SimpleNamespace(conversation=on.conversation, observed=on.observed, data=on.data, on=on, **more)


@pytest.fixture(params=["1.6", "2.0.1"])
def csms(tmp_path, request):
    version = Version(request.param)
    on = stage(tmp_path, Side.CSMS, version=version)
    role = Csms(
        on.conversation,
        on.limits,
        on.data,
        on.watcher,
        hardware=Hardware(),
        endpoint=SimpleNamespace(),
        certificates=None,
    )
    return _run(on, csms=role, station=None, version=request.param)


# -- the station under test --------------------------------------------------------------------------------------------


def test_a_transaction_that_runs_is_known(run):
    start = {"connectorId": 1, "idTag": "<token:valid>", "meterStart": 0, "timestamp": "2026-11-25T10:00:00Z"}
    recall(
        [
            stretch(
                call("product", "StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}),
                result("kit", "StatusNotification", {}),
                call("product", "StartTransaction", start, "2"),
                result("kit", "StartTransaction", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}, "2"),
            )
        ],
        run,
    )
    assert run.observed.status(1) == "Charging"
    assert {number: one.token for number, one in run.observed.transactions.items()} == {7: run.data.valid_token}
    assert run.station.away


def test_what_the_kit_has_reserved_may_still_stand(run):
    fields = {"connectorId": 1, "idTag": "A", "expiryDate": "2099-01-01T00:00:00Z"}
    recall(
        [
            stretch(
                call("kit", "ReserveNow", {**fields, "reservationId": 4}),
                result("product", "ReserveNow", {"status": "Accepted"}),
                call("kit", "ReserveNow", fields, "2"),
            )
        ],
        run,
    )
    assert run.observed.reservations == {4}
    assert run.observed.reserve() == 5


def away(run, play):
    """Let the station come back with connector 1 as it was last seen: Charging."""
    charging = {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    recall([stretch(call("product", "StatusNotification", charging), result("kit", "StatusNotification", {}))], run)
    run.on.clock.later(1.5, lambda: play(run.on))  # after the window for what it tells by itself
    run.station.wait_reported()
    return run.observed.status(1)


def test_a_status_that_was_lost_with_the_kit_is_asked_for(run):
    def play(on):
        assert on.sent()[-1][2:] == ["TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}]
        on.answers({"status": "Accepted"})
        on.status("Available")

    assert away(run, play) == "Available"
    assert not run.station.away


@pytest.mark.parametrize(
    "play",
    [
        lambda on: on.answers({"status": "Rejected"}),
        lambda on: on.answers({"status": "Accepted"}),  # and then nothing comes
        lambda on: on.refuses("NotImplemented"),
    ],
    ids=["rejected", "silent", "not implemented"],
)
def test_what_a_station_does_not_tell_stays_as_it_was(run, play):
    assert away(run, play) == "Charging"


def test_a_message_that_the_kit_did_not_answer_any_more_is_known(run):
    boot = {"chargePointVendor": "v", "chargePointModel": "m"}
    recall([stretch(call("product", "BootNotification", boot))], run)
    assert not run.observed.accepted


def test_a_message_id_of_before_is_still_used_up(run):
    """Reused after the kill is as wrong as before it."""
    beat = [2, "same", "Heartbeat", {}]
    recall([stretch(call("product", "Heartbeat", {}, "same"), result("kit", "Heartbeat", _now(), "same"))], run)
    run.on.receives(["x"], beat)
    assert ("rpc.id_reused", "product") not in run.on.rules()  # a retry: the answer may have been lost
    run.on.receives([2, "same", "Authorize", {"idTag": "A"}])
    assert ("rpc.id_reused", "product") in run.on.rules()


def _now():
    return {"currentTime": "2026-11-25T10:00:00Z"}


def test_a_clock_that_was_set_is_still_set(run):
    recall([stretch(r.ClockSet(time=1.0, by=3600.0))], run)
    ahead = run.on.clock.now() + 3600
    from ocpp_tck.roles.csms_answers import iso

    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": iso(ahead)}
    run.on.calls("StartTransaction", start)
    assert run.on.rules() == []


@pytest.mark.parametrize(
    ("records", "plugged", "powered"),
    [
        ([asked("plug", connector=1)], {(0, 1)}, True),
        ([asked("plug", connector=1), acted("plug", connector=1), asked("unplug", connector=1)], {(0, 1)}, True),
        ([acted("plug", connector=2, evse=2)], {(2, 2)}, True),
        ([acted("plug", connector=1), acted("unplug", connector=1), BEGIN], set(), True),
        ([acted("plug", connector=1), BEGIN], {(0, 1)}, True),
        ([acted("plug", connector=1), acted("unplug", connector=1), acted("plug", connector=1), BEGIN], {(0, 1)}, True),
        ([asked("power_off")], set(), False),
        ([acted("power_off"), asked("power_on")], set(), False),
        ([acted("power_off"), acted("power_on")], set(), True),
        ([asked("present", idTag="A", connector=1)], set(), True),
    ],
)
def test_cables_and_power(run, records, plugged, powered):
    recall([stretch(*records)], run)
    assert (run.operator.plugged, run.operator.powered) == (plugged, powered)


def test_faults_and_locks(run):
    recall(
        [
            stretch(
                acted("fault", connector=1),
                acted("fault", connector=2),
                acted("clear_fault", connector=2),
                acted("lock_failure", connector=1, active=True),
            )
        ],
        run,
    )
    assert (run.operator.faulted, run.operator.failing_locks) == ({(0, 1)}, {(0, 1)})


def test_a_lock_that_works_again(run):
    mended = (acted("lock_failure", connector=1, active=True), acted("lock_failure", connector=1, active=False), BEGIN)
    recall([stretch(*mended)], run)
    assert run.operator.failing_locks == set()


def changed(value, key="X", status="Accepted", number="3"):
    return (
        call("kit", "ChangeConfiguration", {"key": key, "value": value}, number),
        result("product", "ChangeConfiguration", {"status": status}, number),
    )


READ = (
    call("kit", "GetConfiguration", {"key": ["X"]}),
    result("product", "GetConfiguration", {"configurationKey": [{"key": "X", "readonly": False, "value": "60"}]}),
)


@pytest.mark.parametrize(
    ("records", "left"),
    [
        ((*READ, *changed("5")), {"X": "60"}),
        ((*READ, *changed("5"), *changed("60", number="4")), {}),
        ((*READ, *changed("5"), BEGIN), {}),
        ((*READ, *changed("5", status="Rejected")), {}),
        (changed("5"), {}),
        ((*READ, *changed("***")), {}),
        ((*READ, *changed("5"), *changed("6", number="4")), {"X": "60"}),
    ],
)
def test_configuration_that_the_last_case_changed_is_given_back(run, records, left):
    recall([stretch(*records)], run)
    assert run.station._changed == left


def test_variables_that_the_last_case_changed_are_given_back(tmp_path):
    on = stage(tmp_path, version=Version.V201)
    operator = SimpleNamespace(plugged=set(), faulted=set(), failing_locks=set(), powered=True)
    run = _run(on, operator=operator, station=on.station, csms=None)
    place = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "Enabled"}}
    found = {"attributeStatus": "Accepted", "attributeValue": "false", **place}
    unknown = {"attributeStatus": "UnknownVariable", **place}
    recall(
        [
            stretch(
                call("kit", "GetVariables", {"getVariableData": [place, place]}),
                result("product", "GetVariables", {"getVariableResult": [found, unknown]}),
                call("kit", "SetVariables", {"setVariableData": [{"attributeValue": "true", **place}]}, "2"),
                result(
                    "product", "SetVariables", {"setVariableResult": [{"attributeStatus": "Accepted", **place}]}, "2"
                ),
            )
        ],
        run,
    )
    assert run.station._changed == {"AuthCtrlr.Enabled": "false"}


def test_frames_that_say_nothing_are_passed_over(run):
    binary = r.Frame(time=1.0, n=1, connection="c1", station="CP1", sender="product", raw="zz", encoding="binary")
    garbage = r.Frame(time=1.0, n=2, connection="c1", station="CP1", sender="product", raw="[")
    stray = result("product", "GetConfiguration", {"configurationKey": []}, "stray")
    closed = r.ConnectionClosed(time=2.0, connection="c1", station="CP1", by="product", code=1000)
    recall([stretch(binary, garbage, stray, closed)], run)
    assert run.observed.transactions == {}


def test_nothing_is_recalled_of_a_station_that_took_no_part(run):
    recall([], run)
    assert not run.station.away


# -- the CSMS under test -----------------------------------------------------------------------------------------------


def test_what_the_kit_has_begun_as_a_station_is_known(csms):
    if csms.version == "1.6":
        start = {"connectorId": 2, "idTag": "A", "meterStart": 1500, "timestamp": "2026-11-25T10:00:00Z"}
        stop = {"transactionId": 8, "meterStop": 1600, "timestamp": "2026-11-25T10:00:00Z"}
        given = {"idTagInfo": {"status": "Accepted"}}
        records = [
            *(
                call("kit", "StartTransaction", start),
                result("product", "StartTransaction", {"transactionId": 7, **given}),
            ),
            call("kit", "StartTransaction", {**start, "connectorId": 1}, "2"),
            result("product", "StartTransaction", {"transactionId": 8, **given}, "2"),
            *(call("kit", "StopTransaction", stop, "3"), result("product", "StopTransaction", {}, "3")),
            call("kit", "StartTransaction", {**start, "connectorId": 1}, "4"),  # killed before its answer
        ]
        recall([stretch(*records)], csms)
        assert csms.csms.transactions == {7: 2, -1: 1}
        assert csms.csms.meter == 1700
    else:
        recall(
            [
                stretch(
                    *(_event("Started", 0, "t1"), result("product", "TransactionEvent", {}, "t1-0")),
                    *(_event("Started", 0, "t2"), result("product", "TransactionEvent", {}, "t2-0")),
                    *(_event("Ended", 1, "t2"), result("product", "TransactionEvent", {}, "t2-1")),
                    _event("Updated", 1, "t1"),
                )
            ],
            csms,
        )
        assert csms.csms.sessions == {"t1": 2}


def _event(kind, number, transaction):
    payload = {
        "eventType": kind,
        "timestamp": "2026-11-25T10:00:00Z",
        "triggerReason": "CablePluggedIn",
        "seqNo": number,
        "transactionInfo": {"transactionId": transaction},
    }
    return call("kit", "TransactionEvent", payload, f"{transaction}-{number}")


@pytest.mark.parametrize(("more", "tried"), [((), False), ((BEGIN,), True)])
def test_a_wrong_password_is_tried_once_in_a_run(csms, more, tried):
    decided = r.CaseEnded(time=2.0, case="A", verdict="pass")
    recall([stretch(BEGIN, decided, *more)], csms)
    assert csms.csms.tried_wrong_password is tried


def test_transaction_ids_go_on_where_they_were():
    given = [result("kit", "StartTransaction", {"transactionId": number}) for number in (3, 1)]
    odd = r.Frame(time=1.0, n=1, connection="c1", station="CP1", sender="kit", raw="[", action="StartTransaction")
    assert next_transaction([stretch(*given), stretch(odd)]) == 4
    assert next_transaction([]) == 1
