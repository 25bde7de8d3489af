"""One case of each of the blocks B, C, E, F and G. Product under test: CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator


@testcase(
    "TC_B_01_CSMS",
    "A charging station boots and is accepted",
    profile="Core",
    requirements="B01.FR.02",
    versions=("2.0.1", "2.1"),
)
def test_boot(unconnected: Csms, step: Any) -> None:
    """The CSMS accepts the station and takes the status of its connectors."""
    unconnected.connect()
    with step("1", "The CSMS accepts the station and answers its reports"):
        states.booted(unconnected)


@testcase(
    "TC_B_06_CSMS",
    "One variable is read",
    profile="Core",
    requirements="B06.FR.01, B06.FR.02, B06.FR.03, B06.FR.04, B06.FR.10, B06.FR.11",
    versions=("2.0.1", "2.1"),
)
def test_get_variable(csms: Csms, operator: Operator, step: Any) -> None:
    """The CSMS asks for OfflineThreshold."""
    place = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
    operator.order("GetVariables", getVariableData=[place])
    with step("1", "The CSMS asks for the actual value of that variable"):
        request = csms.expect("GetVariables")
        asked = [
            entry
            for entry in request.getVariableData
            if entry.component.name == "OCPPCommCtrlr" and entry.variable.name == "OfflineThreshold"
        ]
        assert any(entry.get("attributeType", "Actual") == "Actual" for entry in asked)


@testcase(
    "TC_C_02_CSMS",
    "An invalid token is refused",
    profile="Core",
    requirements="C01.FR.07, C04.FR.01, C06.FR.04",
    versions=("2.0.1", "2.1"),
)
def test_invalid_token(csms: Csms, step: Any) -> None:
    """The CSMS does not know the token."""
    token = {"idToken": csms.data.invalid_token, "type": csms.data.valid_token_type}
    with step("2", "The CSMS answers Invalid or Unknown"):
        assert csms.call("Authorize", idToken=token).idTokenInfo.status in {"Invalid", "Unknown"}


@testcase(
    "TC_E_03_CSMS",
    "A session starts with the cable first",
    profile="Core",
    requirements="E02.FR.02",
    versions=("2.0.1", "2.1"),
)
def test_cable_first(csms: Csms, session: states.Session, step: Any) -> None:
    """Plug in, then identify: the CSMS accepts the token twice and takes every event."""
    del csms
    session.plug_in()
    with step("1", "The CSMS accepts the token, asked for and in the transaction"):
        session.authorize()
    with step("2", "The CSMS takes the start of charging"):
        session.charge()


@testcase(
    "TC_F_01_CSMS",
    "A remote start with the cable plugged in",
    profile="Core",
    requirements="F01.FR.01",
    versions=("2.0.1", "2.1"),
)
def test_remote_start(csms: Csms, session: states.Session, operator: Operator, step: Any) -> None:
    """The CSMS requests a start; the station ties it to its running transaction."""
    session.plug_in()
    csms.answer("RequestStartTransaction", then={"status": "Accepted", "transactionId": session.id})
    token = states.valid_token(csms)
    operator.order("RequestStartTransaction", idToken=token, evseId=csms.hardware.evse)
    with step("1", "The CSMS requests a start with that token"):
        request = csms.expect("RequestStartTransaction")
        assert (request.idToken.idToken, request.idToken.type) == (token["idToken"], token["type"])
        assert request.get("evseId", csms.hardware.evse) == csms.hardware.evse
    with step("4", "The CSMS takes the event that names the remote start", requirement="E01.FR.12, F01.FR.03"):
        info = {"chargingState": "EVConnected", "remoteStartId": request.remoteStartId}
        event = session.event("Updated", states.REMOTE_START, info, idToken=token)
        assert event.idTokenInfo.status == "Accepted"
    with step("5", "The CSMS takes the start of charging"):
        session.charge()


@testcase(
    "TC_G_03_CSMS",
    "An EVSE becomes inoperative",
    profile="Core",
    requirements="G03.FR.01",
    versions=("2.0.1", "2.1"),
)
def test_inoperative_evse(csms: Csms, operator: Operator, step: Any) -> None:
    """The CSMS makes one EVSE inoperative and takes the status that follows."""
    evse = csms.hardware.evse
    operator.order("ChangeAvailability", operationalStatus="Inoperative", evse={"id": evse})
    with step("1", "The CSMS makes that EVSE inoperative"):
        request = csms.expect("ChangeAvailability")
        assert (request.operationalStatus, request.evse.id) == ("Inoperative", evse)
        assert "connectorId" not in request.evse
    with step("4", "The CSMS takes the status of the EVSE's connector"):
        states.availability(csms, "Unavailable")
    operator.order("ChangeAvailability", operationalStatus="Operative", evse={"id": evse})
    csms.wait_for(lambda: csms.has_come("ChangeAvailability") or None, "response", "the EVSE to be operative again")
