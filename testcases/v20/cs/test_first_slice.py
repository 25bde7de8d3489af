"""One case of each of the blocks B, C, E, F and G. Product under test: charging station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_B_01_CS",
    "A charging station boots and is accepted",
    profile="Core",
    requirements="B01.FR.01, B01.FR.05, B01.FR.09",
    versions=("2.0.1", "2.1"),
)
def test_boot(station: Station, step: Any) -> None:
    """After a reset the station boots and reports every connector and the start-up."""
    with step("1", "The charging station boots, reports its connectors and its start-up"):
        states.booted(station)


@testcase(
    "TC_B_06_CS",
    "One variable is read",
    profile="Core",
    requirements="B06.FR.01, B06.FR.02, B06.FR.03, B06.FR.04, B06.FR.10, B06.FR.11",
    versions=("2.0.1", "2.1"),
)
def test_get_variable(station: Station, step: Any) -> None:
    """The station gives the value that OfflineThreshold was set to, and says which variable it is."""
    station.set_variable("OCPPCommCtrlr", "OfflineThreshold", "300")
    wanted = {
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "OfflineThreshold"},
        "attributeType": "Actual",
    }
    with step("2", "The charging station gives the value of that variable", requirement="B06.FR.01, B06.FR.02"):
        results = station.call("GetVariables", getVariableData=[wanted]).getVariableResult
        assert len(results) == 1
        result = results[0]
        assert result.attributeStatus == "Accepted"
        assert result.attributeType == "Actual"
        assert result.attributeValue == "300"
        assert (result.component.name, result.variable.name) == ("OCPPCommCtrlr", "OfflineThreshold")
        if "attributeStatusInfo" in result:
            assert result.attributeStatusInfo.reasonCode == "NoError"


@testcase(
    "TC_C_02_CS",
    "An invalid token does not start a transaction",
    profile="Core",
    requirements="C01.FR.02, C06.FR.02",
    versions=("2.0.1", "2.1"),
    applies_if="(C-30 or C-31 or C-32) and not AQ-2",
)
def test_invalid_token(station: Station, operator: Operator, step: Any) -> None:
    """The station asks the CSMS about the token."""
    states.authorization_enabled(station)
    states.ev_connected(station, operator)
    data = station.data
    before = len(station.seen("TransactionEvent"))
    operator.present(data.invalid_token, evse=station.hardware.evse)
    with step("1", "The charging station asks the CSMS to authorize the token"):
        request = station.expect("Authorize")
        assert (request.idToken.idToken, request.idToken.type) == (data.invalid_token, data.valid_token_type)
    with step("post", "The charging station neither charges nor starts or authorizes a transaction"):
        charging = {"transactionInfo.chargingState": "Charging"}
        station.expect_none("TransactionEvent", where=charging)
        events = [known.event.frame for known in station.seen("TransactionEvent")[before:]]
        for where in (charging, {"triggerReason": "Authorized"}, {"eventType": "Started"}):
            found = [known for known in station.seen("TransactionEvent", where=where) if known.event.frame in events]
            assert not found, f"a TransactionEvent came: {found[0]}"


@testcase(
    "TC_E_03_CS",
    "A session starts with the cable first",
    profile="Core",
    requirements="E02.FR.01, E02.FR.05, E02.FR.06, E02.FR.07, E02.FR.13, E02.FR.15, E02.FR.16, E02.FR.17, E01.FR.16",
    versions=("2.0.1", "2.1"),
    applies_if="not AQ-2 and (C-30 or C-31 or C-32)",
)
def test_cable_first(station: Station, operator: Operator, step: Any) -> None:
    """Plug in, then identify: the station authorizes and charges."""
    states.authorization_enabled(station)
    states.ev_connected(station, operator)
    with step("1", "The charging station authorizes the token and says so in the transaction"):
        authorized = states.authorized_locally(station, operator)
    with step("2", "The charging station charges"):
        states.energy_transfer_started(station, authorized)


@testcase(
    "TC_F_01_CS",
    "A remote start with the cable plugged in",
    profile="Core",
    requirements="F01.FR.03, F01.FR.04, F01.FR.05, F01.FR.13, F01.FR.17, F01.FR.19, F02.FR.01",
    versions=("2.0.1", "2.1"),
    applies_if="not AQ-2 and (C-36 or C-37 or C-38 or C-39)",
)
def test_remote_start(station: Station, operator: Operator, step: Any) -> None:
    """Plug in, then the CSMS requests a start: the station accepts and charges."""
    states.authorization_enabled(station)
    states.ev_connected(station, operator)
    with step("1", "The charging station accepts the request and ties it to the transaction"):
        authorized = states.authorized_remotely(station, operator)
    with step("2", "The charging station charges"):
        states.energy_transfer_started(station, authorized)


@testcase(
    "TC_G_03_CS",
    "An EVSE becomes inoperative",
    profile="Core",
    requirements="G03.FR.01, G03.FR.02, G03.FR.04, G03.FR.06",
    versions=("2.0.1", "2.1"),
)
def test_inoperative_evse(station: Station, step: Any) -> None:
    """The station accepts and reports every connector of that EVSE unavailable."""
    with step("1", "The charging station makes the EVSE unavailable and reports its connectors"):
        states.unavailable(station, station.hardware.evse)
