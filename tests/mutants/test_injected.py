"""Injected into the frames of an embedded product, over real sockets: verdict and first cause are the right ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ocpp_tck.reference.mutant import (
    AnswerError,
    Drop,
    Duplicate,
    Handshake,
    Inject,
    Match,
    Mutant,
    Remove,
    Replace,
    Rewrite,
    Set,
)
from ocpp_tck.selftest.lab import Lab, lab
from testcases.v16.cs import test_cache as cs_cache
from testcases.v16.cs import test_configuration as cs_configuration
from testcases.v16.cs import test_invalid as cs_invalid
from testcases.v16.cs import test_start as cs_start
from testcases.v16.csms import test_invalid as csms_invalid
from testcases.v16.csms import test_remote as csms_remote
from testcases.v16.csms import test_session as csms_session
from tests.mutants.injections import HOUR, at, call, on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CS, CSMS = "cs", "csms"
START = {CS: cs_start.test_cable_first, CSMS: csms_session.test_cable_first}
KEYS = cs_configuration.test_retrieve_configuration
CACHE = cs_cache.test_clear_cache
REFUSED = {CS: cs_invalid.test_local_start_invalid, CSMS: csms_invalid.test_invalid_token}
REMOTE = csms_remote.test_remote_start_cable_first


@dataclass(frozen=True)
class Injection:
    """One defect in one case.

    Attributes:
        name: what is wrong.
        case: function of the case.
        mutant: how it is made so.
        where: where the report must place the first cause.
        cause: words that its sentence has.
        verdict: of the case.
        whole: the defect is there from the handshake on, not for the case alone.
        connects: whether the product can be expected to connect.
    """

    name: str
    case: Callable[..., None]
    mutant: Mutant
    where: str
    cause: str = ""
    verdict: str = "fail"
    whole: bool = False
    connects: bool = True


def calls(action: str, do: Any, **match: Any) -> Mutant:
    return on(CS, "call", action, do, **match)


def results(action: str, do: Any, **match: Any) -> Mutant:
    return on(CS, "result", action, do, **match)


def injections_of_station() -> Iterator[Injection]:
    start = START[CS]

    def rule(name: str, identifier: str, mutant: Mutant, case: Any = start, **more: Any) -> Injection:
        return Injection(name, case, mutant, f"rule {identifier}", **more)

    yield rule("missing field", "schema.required", calls("Authorize", Remove(["idTag"])))
    nested = "configurationKey[0]"
    yield rule(
        "missing nested field", "schema.required", results("GetConfiguration", Remove([f"{nested}.readonly"])), KEYS
    )
    yield rule("wrong enum", "schema.enum", calls("StatusNotification", Set({"status": "Occupied"})))
    yield rule("letter case", "schema.enum", calls("StatusNotification", Set({"status": "preparing"})))
    yield rule("wrong type", "schema.type", calls("StartTransaction", Set({"connectorId": "1"})))
    yield rule(
        "wrong type in an answer", "schema.type", results("GetConfiguration", Set({f"{nested}.readonly": "no"})), KEYS
    )
    yield rule("extra property", "schema.additional", calls("Authorize", Set({"evil": 1})))
    yield rule(
        "extra nested property", "schema.additional", results("GetConfiguration", Set({f"{nested}.evil": 1})), KEYS
    )
    yield rule("over-long string", "schema.length", calls("Authorize", Set({"idTag": "X" * 21})))
    yield rule("malformed time", "time.format", calls("StartTransaction", Set({"timestamp": "yesterday"})))
    yield rule("time without zone", "time.zone", calls("StartTransaction", Set({"timestamp": at(zone="")})))
    yield rule("wrong message id", "rpc.unsolicited", results("ClearCache", Set({"$[1]": "another"})), CACHE)
    yield rule("id of 64 characters", "frame.message_id", calls("Authorize", Set({"$[1]": "x" * 64})))
    yield rule("id is a number", "frame.message_id", calls("Authorize", Set({"$[1]": 7})))
    reuse = Inject([2, "$matchedId", "Heartbeat", {}], sender=CS)
    yield rule("id reused", "rpc.id_reused", on(CSMS, "result", "Authorize", reuse))
    yield rule("answered twice", "rpc.answered_twice", results("ClearCache", Duplicate()), CACHE)
    yield rule(
        "answer to another CALL",
        "schema.additional",
        results("ClearCache", Rewrite('{"status":"Accepted"}', '{"listVersion":1}')),
        CACHE,
    )
    yield rule("unsolicited answer", "rpc.unsolicited", calls("Authorize", Inject([3, "nobody", {}])))
    yield Injection("no answer", CACHE, results("ClearCache", Drop()), "step 6", "ClearCache was not answered within")
    yield Injection(
        "answer is an error", CACHE, results("ClearCache", AnswerError("InternalError")), "step 6", "InternalError"
    )
    yield rule(
        "unfounded error", "rpc.error_unfounded", results("ClearCache", AnswerError("FormationViolation")), CACHE
    )
    yield rule("unknown error code", "frame.error_code", results("ClearCache", AnswerError("Broken")), CACHE)
    yield rule("extra element", "frame.elements", calls("Authorize", Set({"$[4]": {}})))
    yield rule("extra element in an answer", "frame.elements", results("ClearCache", Set({"$[3]": {}})), CACHE)
    yield rule("invalid JSON", "frame.json", calls("Authorize", Rewrite("{", "{,")))
    yield rule("invalid JSON in an answer", "frame.json", results("ClearCache", Rewrite("{", "{,")), CACHE)
    yield rule("binary frame", "frame.text", calls("Authorize", Replace(b'[2,"b1","Authorize",{"idTag":"TCK-VALID"}]')))
    yield rule("unknown message type", "frame.message_type", calls("Authorize", Set({"$[0]": 9})))
    for name, offer in (("wrong subprotocol", ["ocpp2.0.1"]), ("no subprotocol", [])):
        handshake = Mutant(Match(sender=CS, type="handshake", nth=0), Handshake(offer=offer), "defect")
        yield rule(name, "handshake.subprotocol", handshake, whole=True, connects=False)
    charges = Inject(call("StartTransaction", connectorId=1, idTag="TCK-INVALID", meterStart=0, timestamp=at()))
    yield Injection("unknown token charges", REFUSED[CS], calls("StatusNotification", charges), "step 5")


def warnings_of_station() -> Iterator[Injection]:
    start = START[CS]
    late = calls("StatusNotification", Set({"timestamp": at(3 * HOUR)}))
    yield Injection("clock hours ahead", start, late, "rule time.clock", verdict="warn")
    zone = calls("StatusNotification", Set({"timestamp": at(zone="+02:00")}))
    yield Injection("zone other than UTC", start, zone, "rule time.utc", verdict="warn")
    second = calls("Authorize", Inject(call("Heartbeat")))
    yield Injection("second CALL", start, second, "rule rpc.one_outstanding", verdict="warn")


def answers(action: str, do: Any, **match: Any) -> Mutant:
    return on(CSMS, "result", action, do, **match)


def requests(action: str, do: Any, **match: Any) -> Mutant:
    return on(CSMS, "call", action, do, **match)


def injections_of_csms() -> Iterator[Injection]:
    start = START[CSMS]
    remote = "RemoteStartTransaction"

    def rule(name: str, identifier: str, mutant: Mutant, case: Any = start, **more: Any) -> Injection:
        return Injection(name, case, mutant, f"rule {identifier}", **more)

    yield rule("missing field", "schema.required", answers("Authorize", Remove(["idTagInfo"])))
    yield rule("missing nested field", "schema.required", answers("Authorize", Remove(["idTagInfo.status"])))
    yield rule("missing field in a CALL", "schema.required", requests(remote, Remove(["idTag"])), REMOTE)
    yield rule("wrong enum", "schema.enum", answers("Authorize", Set({"idTagInfo.status": "Fine"})))
    yield rule("letter case", "schema.enum", answers("Authorize", Set({"idTagInfo.status": "accepted"})))
    yield rule("wrong type", "schema.type", answers("StartTransaction", Set({"transactionId": "7"})))
    yield rule("wrong type in a CALL", "schema.type", requests(remote, Set({"connectorId": "1"})), REMOTE)
    yield rule("extra property", "schema.additional", answers("Authorize", Set({"evil": 1})))
    yield rule("extra nested property", "schema.additional", answers("Authorize", Set({"idTagInfo.evil": 1})))
    yield rule("over-long string", "schema.length", answers("Authorize", Set({"idTagInfo.parentIdTag": "X" * 21})))
    expiry = "idTagInfo.expiryDate"
    yield rule("malformed time", "time.format", answers("Authorize", Set({expiry: "tomorrow"})))
    yield rule("time without zone", "time.zone", answers("Authorize", Set({expiry: at(HOUR, "")})))
    boot = answers("BootNotification", Set({"interval": -1}))
    yield rule("negative interval", "boot.interval", boot, whole=True)
    yield rule("wrong message id", "rpc.unsolicited", answers("Authorize", Set({"$[1]": "another"})))
    yield rule("id of 64 characters", "frame.message_id", requests(remote, Set({"$[1]": "x" * 64})), REMOTE)
    yield rule("id is a number", "frame.message_id", requests(remote, Set({"$[1]": 7})), REMOTE)
    reuse = Inject([2, "$matchedId", "ClearCache", {}], sender=CSMS)
    yield rule("id reused", "rpc.id_reused", on(CS, "result", remote, reuse), REMOTE)
    yield rule("answered twice", "rpc.answered_twice", answers("Authorize", Duplicate()))
    wrong = answers("StatusNotification", Set({"": {"currentTime": at()}}))
    yield rule("answer to another CALL", "schema.additional", wrong)
    yield rule("unsolicited answer", "rpc.unsolicited", answers("Authorize", Inject([3, "nobody", {}])))
    yield Injection("no answer", start, answers("Authorize", Drop()), "step 4", "Authorize was not answered within")
    yield Injection(
        "answer is an error", start, answers("Authorize", AnswerError("InternalError")), "step 4", "InternalError"
    )
    yield rule("unfounded error", "rpc.error_unfounded", answers("Authorize", AnswerError("FormationViolation")))
    yield rule("unknown error code", "frame.error_code", answers("Authorize", AnswerError("Broken")))
    yield rule("extra element", "frame.elements", answers("Authorize", Set({"$[3]": {}})))
    yield rule("extra element in a CALL", "frame.elements", requests(remote, Set({"$[4]": {}})), REMOTE)
    yield rule("invalid JSON", "frame.json", answers("Authorize", Rewrite("{", "{,")))
    yield rule("binary frame", "frame.text", answers("Authorize", Replace(b"[3]")))
    yield rule("unknown message type", "frame.message_type", answers("Authorize", Set({"$[0]": 9})))
    for name, answer in (("wrong subprotocol", "ocpp2.0.1"), ("no subprotocol", "")):
        handshake = Mutant(Match(sender=CSMS, type="handshake", nth=0), Handshake(answer=answer), "defect")
        yield rule(name, "handshake.subprotocol", handshake, whole=True)
    accepted = answers("Authorize", Set({"idTagInfo.status": "Accepted"}))
    yield Injection("unknown token accepted", REFUSED[CSMS], accepted, "step 2")


def warnings_of_csms() -> Iterator[Injection]:
    start = START[CSMS]
    late = answers("BootNotification", Set({"currentTime": at(-3 * HOUR)}))
    yield Injection("clock hours off", start, late, "rule time.clock", verdict="warn", whole=True)
    zone = answers("BootNotification", Set({"currentTime": at(zone="+02:00")}))
    yield Injection("zone other than UTC", start, zone, "rule time.utc", verdict="warn", whole=True)
    second = requests("RemoteStartTransaction", Inject(call("ClearCache")))
    yield Injection("second CALL", REMOTE, second, "rule rpc.one_outstanding", verdict="warn")


LISTS = {
    "station": injections_of_station,
    "csms": injections_of_csms,
    "risky station": warnings_of_station,
    "risky csms": warnings_of_csms,
}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(CS, tmp_path_factory.mktemp("cs")) as place:
        yield place


@pytest.fixture(scope="module")
def csms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(CSMS, tmp_path_factory.mktemp("csms")) as place:
        yield place


def named(which: str) -> Any:
    return pytest.mark.parametrize(("which", "name"), [(which, one.name) for one in LISTS[which]()])


def check(place: Lab, which: str, name: str) -> None:
    injection = next(one for one in LISTS[which]() if one.name == name)  # made now: some hold the time of day
    outcome = place.run(injection.case, [injection.mutant], whole=injection.whole, connects=injection.connects)
    assert outcome.hits["defect"], "the frame to be altered never came"
    assert (outcome.verdict, outcome.where) == (injection.verdict, injection.where), outcome
    assert injection.cause in outcome.cause


@named("station")
def test_station_with_a_defect(station: Lab, which: str, name: str) -> None:
    check(station, which, name)


@named("csms")
def test_csms_with_a_defect(csms: Lab, which: str, name: str) -> None:
    check(csms, which, name)


@named("risky station")
def test_station_that_is_risky_but_legal(station: Lab, which: str, name: str) -> None:
    check(station, which, name)


@named("risky csms")
def test_csms_that_is_risky_but_legal(csms: Lab, which: str, name: str) -> None:
    check(csms, which, name)


def test_csms_that_accepts_any_password(csms: Lab) -> None:
    outcome = csms.run(START[CSMS], settings=csms.with_password("right-password-123"))
    assert (outcome.verdict, outcome.where) == ("fail", "rule handshake.basic_auth"), outcome
    assert outcome.cause == "the CSMS accepted a connection with a wrong password"
    assert outcome.rules == ("handshake.basic_auth",), "the case itself goes on with the right password"


def test_station_that_sends_no_password(station: Lab) -> None:
    outcome = station.run(START[CS], settings=station.with_password("right-password-123"), connects=False)
    assert (outcome.verdict, outcome.where) == ("fail", "rule handshake.basic_auth"), outcome


def test_station_whose_clock_runs_hours_behind(station: Lab) -> None:
    """It takes the time from its boot; two events some time apart show that it is not a queue that is late."""
    wrong = on(CSMS, "result", "BootNotification", Set({"currentTime": at(-3 * HOUR)}), nth=0)
    settings = station.with_data(heartbeat_interval=300, connection_timeout=2)
    outcome = station.run(cs_start.test_connection_time_out, [wrong], whole=True, settings=settings)
    assert (outcome.verdict, outcome.where) == ("warn", "rule time.clock"), outcome
