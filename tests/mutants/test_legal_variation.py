"""A product that is right in unexpected ways gets no fail, over real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ocpp_tck.reference.mutant import Delay, Drop, Inject, Match, Mutant, Set
from ocpp_tck.selftest.bench import STATION
from ocpp_tck.selftest.lab import Lab, Outcome, lab
from testcases.v16.cs import test_certificates as cs_certificates
from testcases.v16.cs import test_configuration as cs_configuration
from testcases.v16.cs import test_remote as cs_remote
from testcases.v16.cs import test_start as cs_start
from testcases.v16.csms import test_invalid as csms_invalid
from testcases.v16.csms import test_remote as csms_remote
from testcases.v16.csms import test_session as csms_session
from tests.mutants.injections import at, call, on

if TYPE_CHECKING:
    from collections.abc import Iterator

CS, CSMS = "cs", "csms"
CASES = {
    CS: [cs_start.test_cable_first, cs_start.test_identification_first, cs_configuration.test_retrieve_configuration],
    CSMS: [csms_session.test_cable_first, csms_remote.test_remote_start_cable_first, csms_invalid.test_invalid_token],
}
METER = [{"timestamp": at(), "sampledValue": [{"value": "1000"}]}]
UNKNOWN_VENDOR = call("DataTransfer", vendorId="com.example.nobody-knows", messageId="m", data="{}")
LONG = {
    "vendorId": "v" * 255,
    "messageId": "m" * 50,
    "data": "d" * 60_000,
}
CONNECTORS = 3
INSIDE = 0.7  # seconds; the limit for a response is 1 s here


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(CS, tmp_path_factory.mktemp("cs"), f"connectors={CONNECTORS}") as place:
        place.settings = place.with_connectors(CONNECTORS)
        yield place


@pytest.fixture(scope="module")
def csms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(CSMS, tmp_path_factory.mktemp("csms")) as place:
        yield place


def no_fail(outcome: Outcome) -> None:
    """A frame that the link puts in may overlap with one of the product: that alone is a warning in 1.6."""
    assert outcome.verdict in {"pass", "warn"}, outcome
    assert set(outcome.rules) <= {"rpc.one_outstanding"}, outcome
    assert any(outcome.hits.values()), "nothing was varied"


def also(sender: str, frame: Any) -> list[Mutant]:
    """Let `sender` send a further frame whenever it has answered or has been answered."""
    asked = Mutant(Match(sender=sender, type="result", nth=0), Inject(frame), "after its answer")
    peer = CSMS if sender == CS else CS
    told = Mutant(Match(sender=peer, type="result", nth=0), Inject(frame, sender=sender), "after an answer to it")
    return [asked, told]


def every(sender: str, kind: str, action: str, do: Any) -> list[Mutant]:
    """Vary each frame of this kind."""
    return [on(sender, kind, action, do, nth=0)]


def first(sender: str, kind: str, action: str, do: Any) -> list[Mutant]:
    """Vary the first frame of this kind."""
    return [on(sender, kind, action, do)]


OF_STATION = {
    "MeterValues in between": also(CS, call("MeterValues", connectorId=1, meterValue=METER)),
    "DataTransfer at any moment": also(CS, UNKNOWN_VENDOR),
    "long DataTransfer": also(CS, call("DataTransfer", **LONG)),
    "Heartbeat at any moment": also(CS, call("Heartbeat")),
    "firmware status in between": also(CS, call("FirmwareStatusNotification", status="Installed")),
    "another connector changes its status": also(
        CS, call("StatusNotification", connectorId=CONNECTORS, status="Reserved", errorCode="NoError")
    ),
    "everything just inside the limit": [
        Mutant(Match(sender=CS, type="result", nth=0), Delay(INSIDE), "answers"),
        *(
            Mutant(Match(sender=CS, action=action, nth=0), Delay(INSIDE), action)
            for action in ("Authorize", "StartTransaction", "StatusNotification")
        ),
    ],
    "long strings and an unknown vendor in the status": every(
        CS,
        "call",
        "StatusNotification",
        Set({"info": "i" * 50, "vendorId": "com.example." + "v" * 243, "vendorErrorCode": "e" * 50}),
    ),
    "times with milliseconds, status without time": first(
        CS, "call", "StartTransaction", Set({"timestamp": at()[:-1] + ".123Z"})
    ),
}
NOT_IN = {
    # TC_019 makes no station speak of itself
    "long strings and an unknown vendor in the status": {"test_retrieve_configuration"},
    "times with milliseconds, status without time": {"test_retrieve_configuration"},
}


def cases(which: str, variations: dict[str, list[Mutant]]) -> Any:
    return pytest.mark.parametrize(
        ("name", "case"),
        [
            pytest.param(name, case, id=f"{name}-{case.__name__.removeprefix('test_')}")
            for name in variations
            for case in CASES[which]
            if case.__name__ not in NOT_IN.get(name, ())
        ],
    )


@cases(CS, OF_STATION)
def test_station(station: Lab, name: str, case: Any) -> None:
    varied = OF_STATION[name]
    no_fail(station.run(case, varied))


REFUSED = on(CS, "result", "InstallCertificate", Set({"status": "Rejected"}), nth=0)
ROOM_FOR_ONE = Mutant(
    Match(
        sender=CS,
        type="result",
        action="GetConfiguration",
        nth=0,
        where={"configurationKey[0].key": "CertificateStoreMaxLength"},
    ),
    Set({"configurationKey[0].value": "1"}),
    "no room",
)


@pytest.mark.parametrize(
    "case", [cs_certificates.test_install_manufacturer_root, cs_certificates.test_delete_certificate]
)
def test_no_room_for_a_certificate(station: Lab, case: Any) -> None:
    outcome = station.run(case, [REFUSED, ROOM_FOR_ONE])
    assert outcome.verdict == "not applicable", outcome
    assert all(outcome.hits.values()), outcome


def test_a_refusal_without_need(station: Lab) -> None:
    outcome = station.run(cs_certificates.test_install_manufacturer_root, [REFUSED])
    assert (outcome.verdict, outcome.where) == ("fail", "step 2"), outcome


def order(outcome: Outcome) -> list[str]:
    """Give what the station told of the start of the transaction, in its order."""
    calls = [json.loads(raw) for raw in outcome.frames]
    told = [frame for frame in calls if frame[0] == 2]
    return [frame[2] for frame in told if frame[2] == "StartTransaction" or frame[3].get("status") == "Charging"]


def test_transaction_told_before_the_status(station: Lab) -> None:
    outcome = station.run(cs_start.test_cable_first)
    assert outcome.verdict == "pass", outcome
    assert order(outcome) == ["StartTransaction", "StatusNotification"]


def test_status_told_before_the_transaction(station: Lab) -> None:
    status = call("StatusNotification", connectorId=1, status="Charging", errorCode="NoError")
    outcome = station.run(
        cs_start.test_cable_first,
        [
            Mutant(Match(sender=CS, action="StartTransaction"), Inject(status, before=True), "status first"),
            Mutant(Match(sender=CS, action="StatusNotification", where={"status": "Charging"}), Drop(), "not again"),
        ],
    )
    assert order(outcome) == ["StatusNotification", "StartTransaction"]
    no_fail(outcome)


def test_station_with_the_longest_token(station: Lab) -> None:
    settings = station.with_data(valid_token="TCK-VALID-0123456789"[:20])
    assert station.run(cs_start.test_cable_first, settings=settings).verdict == "pass"


@pytest.mark.parametrize("connector", [1, CONNECTORS])
def test_station_with_three_connectors(station: Lab, connector: int) -> None:
    settings = station.with_connectors(CONNECTORS, connector)
    outcome = station.run(cs_start.test_cable_first, settings=settings)
    assert outcome.verdict == "pass", outcome
    outcome = station.run(cs_remote.test_remote_start_cable_first, settings=settings)
    assert outcome.verdict == "pass", outcome


OF_CSMS = {
    "GetConfiguration after connect": first(CSMS, "result", "BootNotification", Inject(call("GetConfiguration"))),
    "GetConfiguration of unknown keys": first(
        CSMS, "result", "BootNotification", Inject(call("GetConfiguration", key=["Nobody" * 8, "HeartbeatInterval"]))
    ),
    "ChangeConfiguration after connect": first(
        CSMS, "result", "BootNotification", Inject(call("ChangeConfiguration", key="HeartbeatInterval", value="300"))
    ),
    "GetConfiguration at any moment": also(CSMS, call("GetConfiguration")),
    "TriggerMessage at any moment": also(CSMS, call("TriggerMessage", requestedMessage="Heartbeat")),
    "DataTransfer at any moment": also(CSMS, UNKNOWN_VENDOR),
    "long DataTransfer": also(CSMS, call("DataTransfer", **LONG)),
    "everything just inside the limit": every(CSMS, "any", "", Delay(INSIDE)),
    "longest parent": first(CSMS, "result", "Authorize", Set({"idTagInfo.parentIdTag": "P" * 20})),
    "expiry in the far future": first(
        CSMS, "result", "Authorize", Set({"idTagInfo.expiryDate": "2099-12-31T23:59:59Z"})
    ),
    "negative transaction id": first(CSMS, "result", "StartTransaction", Set({"transactionId": -5})),
}
NOT_IN["negative transaction id"] = {"test_invalid_token"}  # it starts no transaction


@cases(CSMS, OF_CSMS)
def test_csms(csms: Lab, name: str, case: Any) -> None:
    varied = OF_CSMS[name]
    no_fail(csms.run(case, varied, whole=varied[0].match.action == "BootNotification"))


@pytest.mark.parametrize("case", CASES[CSMS], ids=lambda case: case.__name__)
def test_csms_of_a_station_with_three_connectors(csms: Lab, case: Any) -> None:
    outcome = csms.run(case, settings=csms.with_connectors(CONNECTORS, CONNECTORS))
    assert outcome.verdict == "pass", outcome


def test_csms_that_tells_microseconds(csms: Lab) -> None:
    now = Set({"currentTime": at()[:-1] + ".123456Z"})
    no_fail(csms.run(csms_session.test_cable_first, [on(CSMS, "result", "BootNotification", now)], whole=True))


def test_csms_that_is_told_the_longest_names(csms: Lab) -> None:
    settings = csms.with_data(charge_point_vendor="v" * 20, charge_point_model="m" * 20)
    outcome = csms.run(csms_session.test_cable_first, settings=settings)
    assert outcome.verdict == "pass", outcome


def test_csms_that_refuses_wrong_passwords(tmp_path: Any) -> None:
    with lab(CSMS, tmp_path, f"password={STATION}=right-password-123") as place:
        outcome = place.run(csms_session.test_cable_first, settings=place.with_password("right-password-123"))
    assert outcome.verdict == "pass", outcome
