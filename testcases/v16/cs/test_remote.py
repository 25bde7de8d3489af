"""Remote start and stop (2.5, 2.11). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


AUTHORIZES = "AuthorizeRemoteTxRequests"
UNKNOWN = 1_000_000
"""How far an unknown transactionId lies from the one in use."""


@testcase(
    "TC_010_CS",
    "A remote start with the cable plugged in first",
    profile="Core",
    requirements="1.6 4.1, 4.8, 4.9, 5.8, 5.11, 9.1.3; errata 3.32",
)
def test_remote_start_cable_first(station: Station, operator: Operator, step: Any) -> None:
    """The steps are those of the reusable state Charging."""
    connector, token = station.hardware.connector, station.data.valid_token
    configuration = station.send("GetConfiguration", key=[AUTHORIZES])
    with step("2", "The charge point gives AuthorizeRemoteTxRequests"):
        found = configuration.response().get("configurationKey")
        assert found, f"the charge point lacks {AUTHORIZES}"
        entry = found[0]
        assert entry.key == AUTHORIZES

    operator.plug()
    with step("3", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
    with step("6", "The charge point accepts the remote start"):
        assert remote_start.response().status == "Accepted"

    if states.is_true(entry):
        with step("9", "The charge point asks to authorize the token", when="AuthorizeRemoteTxRequests is true"):
            assert station.expect("Authorize").idTag == token

    with station.unordered():
        with step("11", "A transaction starts on that connector with that token"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
            states.not_asked(station, entry)
        with step("13", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_011_1_CS",
    "A remote start before the cable is plugged in",
    profile="Core",
    requirements="1.6 4.1, 4.8, 4.9, 5.8, 5.11, 9.1.3; errata 3.32",
)
def test_remote_start_first(station: Station, operator: Operator, step: Any) -> None:
    """The transaction starts as soon as the cable is there."""
    connector, token = station.hardware.connector, station.data.valid_token
    configuration = station.send("GetConfiguration", key=[AUTHORIZES])
    with step("2", "The charge point gives AuthorizeRemoteTxRequests"):
        found = configuration.response().get("configurationKey")
        assert found, f"the charge point lacks {AUTHORIZES}"
        entry = found[0]
        assert entry.key == AUTHORIZES

    remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
    with step("4", "The charge point accepts the remote start"):
        assert remote_start.response().status == "Accepted"

    with station.unordered():
        if states.is_true(entry):
            with step("5", "The charge point asks to authorize the token", when="AuthorizeRemoteTxRequests is true"):
                assert station.expect("Authorize").idTag == token
        with step("7", "The charge point reports Preparing"):
            station.expect_status("Preparing")

    operator.plug()
    with station.unordered():
        with step("9", "A transaction starts on that connector with that token"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
            states.not_asked(station, entry)
        with step("11", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_011_2_CS",
    "A remote start without a cable times out",
    profile="Core",
    requirements="1.6 4.9, 5.8, 5.11, 9.1.3, 9.1.6; errata 3.21, 3.32, 3.77, 3.89",
)
def test_remote_start_time_out(station: Station, step: Any) -> None:
    """Nobody plugs in within ConnectionTimeOut: the connector is available again."""
    timeout = station.data.connection_timeout
    station.configure("ConnectionTimeOut", str(timeout))
    connector, token = station.hardware.connector, station.data.valid_token
    configuration = station.send("GetConfiguration", key=[AUTHORIZES])
    with step("2", "The charge point gives AuthorizeRemoteTxRequests"):
        found = configuration.response().get("configurationKey")
        assert found, f"the charge point lacks {AUTHORIZES}"
        entry = found[0]
        assert entry.key == AUTHORIZES

    remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
    with step("4", "The charge point accepts the remote start"):
        assert remote_start.response().status == "Accepted"

    with station.unordered():
        if states.is_true(entry):
            with step("5", "The charge point asks to authorize the token", when="AuthorizeRemoteTxRequests is true"):
                assert station.expect("Authorize").idTag == token
        with step("7", "The charge point reports Preparing"):
            preparing = station.expect_status("Preparing")

    with step("9", "The charge point reports Available after ConnectionTimeOut"):
        available = station.expect_status("Available", within="connection_timeout")
        states.not_early(station, preparing, available, timeout)
        states.not_asked(station, entry)


@testcase(
    "TC_012_CS",
    "A remote stop",
    profile="Core",
    requirements="1.6 4.9, 4.10, 5.12, 7.36; errata 3.19, 3.33",
)
def test_remote_stop(station: Station, operator: Operator, step: Any) -> None:
    """The charge point stops the transaction that the central system names."""
    transaction = states.charging(station, operator)

    remote_stop = station.send("RemoteStopTransaction", transactionId=transaction)
    with step("2", "The charge point accepts to stop the transaction"):
        assert remote_stop.response().status == "Accepted"

    with station.unordered():
        with step("3", "The charge point stops the transaction because of Remote"):
            stop = station.expect("StopTransaction", within="transaction")
            assert (stop.transactionId, stop.reason) == (transaction, "Remote")
        with step("5", "The charge point reports Finishing"):
            station.expect_status("Finishing", passing=states.ENERGY, within="transaction")


@testcase(
    "TC_026_CS",
    "A remote start at a connector that charges already",
    profile="Core",
    requirements="1.6 4.8, 5.11; errata 3.32",
)
def test_remote_start_rejected(station: Station, operator: Operator, step: Any) -> None:
    """A connector has one transaction at a time."""
    station.configure("LocalPreAuthorize", "false", if_implemented=True)
    states.charging(station, operator)

    remote_start = station.send(
        "RemoteStartTransaction", connectorId=station.hardware.connector, idTag=station.data.valid_token
    )
    with step("2", "The charge point rejects the remote start"):
        assert remote_start.response().status == "Rejected"


@testcase(
    "TC_027_CS",
    "A remote start at connector 0",
    profile="Core",
    requirements="1.6 3.8, 5.11, 6.33",
)
def test_remote_start_at_connector_0(station: Station, step: Any) -> None:
    """Connector 0 is the charge point as a whole: nothing can start there."""
    remote_start = station.provoke("RemoteStartTransaction", connectorId=0, idTag=station.data.valid_token)
    with step("2", "The charge point rejects the remote start or answers with a CALLERROR"):
        answer = remote_start.answer()
        assert answer.event.error or answer.status == "Rejected"


@testcase(
    "TC_028_CS",
    "A remote stop of an unknown transaction",
    profile="Core",
    requirements="1.6 5.12; errata 3.33",
)
def test_remote_stop_rejected(station: Station, operator: Operator, step: Any) -> None:
    """Only a transaction that exists can be stopped."""
    transaction = states.charging(station, operator)

    remote_stop = station.send("RemoteStopTransaction", transactionId=int(transaction) + UNKNOWN)
    with step("2", "The charge point rejects the remote stop"):
        assert remote_stop.response().status == "Rejected"
