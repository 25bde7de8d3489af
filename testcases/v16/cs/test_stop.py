"""End of a charging session (2.3). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station


STOP_ON_DISCONNECT = "StopTransactionOnEVSideDisconnect"
UNLOCK_ON_DISCONNECT = "UnlockConnectorOnEVSideDisconnect"
DISCONNECTED = "EV side disconnected"


def disconnected(status: Received) -> None:
    """Demand what a StatusNotification says when the cable was pulled at the EV."""
    assert status.get("info", "").casefold() == DISCONNECTED.casefold()
    assert status.errorCode == "NoError"


def ended(station: Station) -> set[str]:
    """Give the statuses of a connector whose transaction was stopped while its cable is out at the EV."""
    return {"Finishing", "Available"} if station.declared.get("fixed_cable", True) else {"Finishing"}


@testcase(
    "TC_068_CS",
    "The token that started a transaction stops it, another one does not",
    profile="Core",
    requirements="1.6 3.10, 4.10, 6.49; OCPP-J errata 2.6",
    applies_if="local_stop",
)
def test_stop_with_the_same_token(station: Station, operator: Operator, step: Any) -> None:
    """A token that shares no group with the transaction leaves it alone."""
    for action in ("Authorize", "StartTransaction"):
        station.answer(action, then={"idTagInfo": {"parentIdTag": None}})
    states.others_occupied(station)
    transaction = states.charging(station, operator)

    operator.present(station.data.other_token)
    with step("1", "The charge point does not stop the transaction for the other token"):
        station.expect_none("StopTransaction")
    # The document wants no Authorize at all; 4.1 wants one for a token that the charge point does not know.
    with step("1", "The charge point does not ask to authorize the other token", requirement="1.6 4.1", level="should"):
        asked = station.seen("Authorize", where={"idTag": station.data.other_token})
        assert not asked, "the charge point asked to authorize the other token"

    operator.present(station.data.valid_token)
    with station.unordered():
        with step("3", "The charge point stops the transaction for the token that started it"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.idTag) == (transaction, station.data.valid_token)
        with step("5", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing=states.ENERGY)
    with step("3", "The charge point gives the reason Local, or none", level="should", requirement="1.6 7.36"):
        assert stop.get("reason", "Local") == "Local"


@testcase(
    "TC_069_CS",
    "Another token of the same group stops a transaction",
    profile="Core",
    requirements="1.6 3.10, 4.1, 4.10, 6.49",
    applies_if="local_stop",
)
def test_stop_with_the_same_group(station: Station, operator: Operator, step: Any) -> None:
    """The charge point learns from the central system that both tokens have the same parent."""
    states.others_occupied(station)
    transaction = states.charging(station, operator)

    operator.present(station.data.same_group_token)
    with step("1", "The charge point asks to authorize the other token"):
        assert station.expect("Authorize").idTag == station.data.same_group_token

    with station.unordered():
        with step("3", "The charge point stops the transaction for the other token"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.idTag) == (transaction, station.data.same_group_token)
        with step("5", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing=states.ENERGY)
    with step("3", "The charge point gives the reason Local, or none", level="should", requirement="1.6 7.36"):
        assert stop.get("reason", "Local") == "Local"


@testcase(
    "TC_005_1_CS",
    "Unplugging at the EV stops the transaction and unlocks the connector",
    profile="Core",
    requirements="1.6 4.9, 4.10, 7.36; errata 3.80, 3.84",
    applies_if="not fixed_cable",
    needs="StopTransactionOnEVSideDisconnect and UnlockConnectorOnEVSideDisconnect can be true",
)
def test_ev_side_disconnected(station: Station, operator: Operator, step: Any) -> None:
    """StopTransactionOnEVSideDisconnect and UnlockConnectorOnEVSideDisconnect are true."""
    station.configure("MinimumStatusDuration", "0", if_implemented=True)
    states.require_key(station, STOP_ON_DISCONNECT, "true")
    states.require_key(station, UNLOCK_ON_DISCONNECT, "true")
    transaction = states.charging(station, operator)

    operator.unplug_ev_side()
    with station.unordered():
        with step("1", "The charge point stops the transaction because of EVDisconnected"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.reason) == (transaction, "EVDisconnected")
        with step("3", "The charge point reports Finishing"):
            finishing = station.expect_status("Finishing", passing=states.ENERGY, within="transaction")
    with step("3", "The charge point reports no error", level="should", requirement="1.6 4.9"):
        assert finishing.errorCode == "NoError"


@testcase(
    "TC_005_2_CS",
    "Unplugging at the EV stops the transaction and leaves the connector locked",
    profile="Core",
    requirements="1.6 4.9, 4.10, 5.18, 7.36; errata 3.80, 3.84",
    needs="StopTransactionOnEVSideDisconnect can be true, UnlockConnectorOnEVSideDisconnect can be false",
)
def test_ev_side_disconnected_locked(station: Station, operator: Operator, step: Any) -> None:
    """StopTransactionOnEVSideDisconnect is true, UnlockConnectorOnEVSideDisconnect is false."""
    station.configure("MinimumStatusDuration", "0", if_implemented=True)
    states.require_key(station, STOP_ON_DISCONNECT, "true")
    states.require_key(station, UNLOCK_ON_DISCONNECT, "false")
    transaction = states.charging(station, operator)

    operator.unplug_ev_side()
    with station.unordered():
        with step("1", "The charge point stops the transaction because of EVDisconnected"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.reason) == (transaction, "EVDisconnected")
        with step("3", "The charge point reports Finishing or Available"):
            status = station.expect_status({"Finishing", "Available"}, passing=states.ENERGY, within="transaction")
    with step("3", "The charge point reports no error", level="should", requirement="1.6 4.9"):
        assert status.errorCode == "NoError"

    unlock = station.send("UnlockConnector", connectorId=station.hardware.connector)
    with step("6", "The charge point unlocks the connector, or says that it has no lock"):
        assert unlock.response().status in {"Unlocked", "NotSupported"}


@testcase(
    "TC_005_3_CS",
    "Unplugging at the EV only suspends the transaction",
    profile="Core",
    requirements="1.6 4.9, 4.10, 5.12, 7.36; errata 3.55, 3.64, 3.80, 3.84",
    needs="StopTransactionOnEVSideDisconnect and UnlockConnectorOnEVSideDisconnect can be false",
)
def test_ev_side_disconnected_suspended(station: Station, operator: Operator, step: Any) -> None:
    """StopTransactionOnEVSideDisconnect and UnlockConnectorOnEVSideDisconnect are false."""
    station.configure("MinimumStatusDuration", "0", if_implemented=True)
    states.require_key(station, STOP_ON_DISCONNECT, "false")
    states.require_key(station, UNLOCK_ON_DISCONNECT, "false")
    transaction = states.charging(station, operator)

    operator.unplug_ev_side()
    with step("1", "The charge point reports SuspendedEV or SuspendedEVSE"):
        suspended = station.expect_status(states.ENERGY)
    with step("1", "The charge point names the reason in info, and no error", level="should", requirement="1.6 4.9"):
        disconnected(suspended)

    remote_stop = station.send("RemoteStopTransaction", transactionId=transaction)
    with step("4", "The charge point accepts to stop the transaction, which still runs"):
        assert remote_stop.response().status == "Accepted"

    with station.unordered():
        with step("5", "The charge point reports Finishing, or Available with a fixed cable"):
            station.expect_status(ended(station), passing=states.ENERGY, within="transaction")
        with step("7", "The charge point stops the transaction because of Remote"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.reason) == (transaction, "Remote")
