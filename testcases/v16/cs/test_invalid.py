"""A session that must not start (2.10). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station

INVALID = {"idTagInfo": {"status": "Invalid", "parentIdTag": None}}


def nothing_starts(station: Station) -> None:
    """Prove that no transaction starts, and that none has started since the case began."""
    station.expect_none("StartTransaction")
    assert not station.seen("StartTransaction"), "a transaction was started"


def expect_preparing(station: Station) -> None:
    """Wait for Preparing, unless the connector was Preparing since the identification (4.9, A2)."""
    if station.observed.status(station.hardware.connector) != "Preparing":
        station.expect_status("Preparing", passing={"Available"})


@testcase(
    "TC_023_4_CS",
    "An invalid token starts nothing at the charge point",
    profile="Core",
    requirements="1.6 4.1",
    aliases=("TC_023_CS",),
)
def test_local_start_invalid(station: Station, operator: Operator, step: Any) -> None:
    """Identify with an unknown token, then plug in."""
    token = station.data.invalid_token
    station.configure("LocalPreAuthorize", "true", if_implemented=True)
    station.answer("Authorize", then=INVALID)
    operator.present(token)
    with step("2", "The charge point asks to authorize the token"):
        assert station.expect("Authorize").idTag == token

    operator.plug()
    with step("4", "The charge point reports Preparing"):
        expect_preparing(station)

    with step("5", "The charge point starts no transaction"):
        nothing_starts(station)


@testcase(
    "TC_023_5_CS",
    "An invalid token starts nothing from afar",
    profile="Core",
    requirements="1.6 4.1, 5.11, 9.1.2",
    aliases=("TC_023_CS",),
)
def test_remote_start_invalid(station: Station, operator: Operator, step: Any) -> None:
    """Start remotely with an unknown token, then plug in."""
    token = station.data.invalid_token
    states.require_key(station, "AuthorizeRemoteTxRequests", "true")
    station.answer("Authorize", then=INVALID)
    with step("2", "The charge point accepts the remote start"):
        conf = station.call("RemoteStartTransaction", connectorId=station.hardware.connector, idTag=token)
        assert conf.status == "Accepted"

    operator.plug()
    with step("4", "The charge point reports Preparing"):
        expect_preparing(station)

    with step("post", "The charge point asks to authorize the token and starts no transaction"):
        nothing_starts(station)
        assert station.seen("Authorize", where={"idTag": token}), f"no Authorize with idTag {token}"


@testcase(
    "TC_024_CS",
    "A lock that fails is reported and nothing starts",
    profile="Core",
    requirements="1.6 4.9, 5.11, 7.6",
    applies_if="not fixed_cable and lock_failure",
)
def test_lock_failure(station: Station, operator: Operator, step: Any) -> None:
    """Start remotely, then plug in only half-way."""
    token, connector = station.data.valid_token, station.hardware.connector
    with step("2", "The charge point gives AuthorizeRemoteTxRequests"):
        entry = station.call("GetConfiguration", key=["AuthorizeRemoteTxRequests"]).configurationKey[0]
        assert entry.key == "AuthorizeRemoteTxRequests"

    with step("4", "The charge point accepts the remote start"):
        assert station.call("RemoteStartTransaction", connectorId=connector, idTag=token).status == "Accepted"

    with station.unordered():
        if states.is_true(entry):
            with step("5", "The charge point asks to authorize the token", when="AuthorizeRemoteTxRequests is true"):
                assert station.expect("Authorize").idTag == token
        with step("7", "The charge point reports Preparing"):
            station.expect_status("Preparing")

    operator.lock_failure()
    operator.plug()
    with step("9", "The charge point reports the lock failure"):
        status = station.expect_status("Faulted", passing={"Preparing"})
        assert status.errorCode == "ConnectorLockFailure"

    with step("post", "The charge point starts no transaction"):
        nothing_starts(station)
        states.not_asked(station, entry)
