"""The authorization cache (2.4). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station


@testcase(
    "TC_007_1_CS",
    "A cached token starts a transaction at the charge point",
    profile="Core",
    requirements="1.6 3.5.1, 4.1, 4.8, 9.1.2, 9.1.13",
    applies_if="authorization_cache",
    aliases=("TC_007_CS",),
)
def test_cached_token(station: Station, operator: Operator, step: Any) -> None:
    """With LocalPreAuthorize the charge point starts by its cache, without waiting for the central system."""
    states.use_cache(station)
    states.cached(station, operator)

    states.refuse_authorize(station)
    operator.present(station.data.valid_token)
    with step("2", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    operator.plug()
    with station.unordered():
        with step("4", "A transaction starts with that token, whatever the central system would have said of it"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (station.hardware.connector, station.data.valid_token)
        with step("5", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_007_2_CS",
    "A cached token starts a transaction remotely",
    profile="Core",
    requirements="1.6 3.5.1, 4.8, 5.11, 9.1.2, 9.1.3, 9.1.13",
    applies_if="authorization_cache",
    aliases=("TC_007_CS",),
)
def test_cached_token_remotely(station: Station, operator: Operator, step: Any) -> None:
    """A remote start is authorized like a local one: from the cache."""
    states.use_cache(station)
    station.configure("AuthorizeRemoteTxRequests", "true", if_implemented=True)
    states.cached(station, operator)

    states.refuse_authorize(station)
    operator.plug()
    with step("1", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    connector, token = station.hardware.connector, station.data.valid_token
    remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
    with step("4", "The charge point accepts the remote start"):
        assert remote_start.response().status == "Accepted"

    with station.unordered():
        with step("5", "A transaction starts with that token, whatever the central system would have said of it"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
        with step("7", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_061_1_CS",
    "A token that was cleared from the cache is authorized anew at the charge point",
    profile="Core",
    requirements="1.6 3.5.1, 4.1, 5.4, 9.1.2, 9.1.13; errata 3.23",
    applies_if="authorization_cache",
    aliases=("TC_061_CS",),
)
def test_clear_cache(station: Station, operator: Operator, step: Any) -> None:
    """The authorization is taken back first, by the same token or by ConnectionTimeOut."""
    states.use_cache(station)
    station.configure("ConnectionTimeOut", str(station.data.connection_timeout))
    token = station.data.valid_token
    with step("1", "The charge point authorizes the token and reports Preparing"):
        states.authorized(station, operator)

    operator.present(token)
    with step("3", "The charge point reports Available"):
        station.expect_status("Available", passing={"Preparing"}, within="connection_timeout")

    clear = station.send("ClearCache")
    with step("6", "The charge point accepts to clear its cache"):
        assert clear.response().status == "Accepted"

    operator.present(token)
    with step("7", "The charge point asks to authorize the token"):
        assert station.expect("Authorize").idTag == token


@testcase(
    "TC_061_2_CS",
    "A token that was cleared from the cache is authorized anew at a remote start",
    profile="Core",
    requirements="1.6 3.5.1, 5.4, 5.11, 9.1.3; errata 3.23",
    applies_if="authorization_cache",
    aliases=("TC_061_CS",),
)
def test_clear_cache_remotely(station: Station, operator: Operator, step: Any) -> None:
    """The effect is shown where the charge point authorizes remote starts."""
    states.use_cache(station)
    station.configure("ConnectionTimeOut", str(station.data.connection_timeout))
    authorizes = station.configure("AuthorizeRemoteTxRequests", "true", if_implemented=True)
    states.cached(station, operator)

    clear = station.send("ClearCache")
    with step("2", "The charge point accepts to clear its cache"):
        assert clear.response().status == "Accepted"

    if authorizes:
        connector, token = station.hardware.connector, station.data.valid_token
        remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
        with step(
            "post",
            "The charge point accepts a remote start and asks to authorize the token",
            when="AuthorizeRemoteTxRequests is true",
        ):
            assert remote_start.response().status == "Accepted"
            assert station.expect("Authorize").idTag == token
