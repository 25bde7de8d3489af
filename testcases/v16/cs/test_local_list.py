"""The local authorization list (2.17). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station

UNSUPPORTED = -1
"""listVersion of a charge point without local lists (1.6 5.10)."""
EMPTY = 0
"""listVersion of an empty list (1.6 5.10)."""
REFUSALS = {"NotSupported", "NotImplemented"}
"""Error codes for what a charge point knows and does not support, and for what it does not know (OCPP-J 1.6 4.2.3)."""


@testcase(
    "TC_042_1_CS",
    "The version of a local list that there is not",
    profile="Local Auth List Management",
    requirements="1.6 3.5.2, 5.10, 9.2.1; OCPP-J 4.2.3, errata J 3.9",
)
def test_version_not_supported(station: Station, step: Any) -> None:
    """The charge point has no local list, or none that is in use."""
    if station.read_key("LocalAuthListEnabled") is not None:
        states.require_key(station, "LocalAuthListEnabled", "false")

    version = station.send("GetLocalListVersion")
    with step("2", "The charge point gives version -1 or says that it does not support local lists"):
        answer = version.answer()
        assert answer.event.error in REFUSALS or answer.listVersion == UNSUPPORTED


@testcase(
    "TC_042_2_CS",
    "The version of an empty local list",
    profile="Local Auth List Management",
    requirements="1.6 5.10, 5.15, 6.41, 7.47, 9.2.1",
    applies_if="local_auth_list",
)
def test_version_of_empty_list(station: Station, step: Any) -> None:
    """A full update without entries leaves the list empty."""
    station.configure("LocalAuthListEnabled", "true")

    station.observed.listed = True
    update = station.send("SendLocalList", listVersion=1, updateType="Full")
    with step("2", "The charge point accepts the list"):
        assert update.response().status == "Accepted"

    version = station.send("GetLocalListVersion")
    with step("4", "The charge point gives version 0, for an empty list"):
        assert version.response().listVersion == EMPTY


@testcase(
    "TC_043_CS",
    "A local list is sent, and then a change of it",
    profile="Local Auth List Management",
    requirements="1.6 3.5.2, 5.15, 6.42, 7.47, 7.48, 9.2.1",
    applies_if="local_auth_list",
)
def test_send_list(station: Station, step: Any) -> None:
    """The change adds a second token."""
    station.configure("LocalAuthListEnabled", "true")

    full = states.send_list(station, 1, "Full", station.data.valid_token)
    with step("2", "The charge point accepts the full list"):
        assert full.response().status == "Accepted"

    change = states.send_list(station, 2, "Differential", station.data.same_group_token)
    with step("4", "The charge point accepts the change"):
        assert change.response().status == "Accepted"


@testcase(
    "TC_043_1_CS",
    "A local list is sent to a charge point that has none",
    profile="Local Auth List Management",
    requirements="1.6 3.5.2, 5.15, 7.47; OCPP-J 4.2.3, errata J 3.9",
    applies_if="not local_auth_list",
)
def test_send_list_not_supported(station: Station, step: Any) -> None:
    """The charge point says so in its answer, or refuses the request."""
    update = states.send_list(station, 1, "Full", station.data.valid_token)
    with step("2", "The charge point does not support local lists"):
        answer = update.answer()
        assert answer.event.error in REFUSALS or answer.status == "NotSupported"


@testcase(
    "TC_043_2_CS",
    "A change of the local list with an old version",
    profile="Local Auth List Management",
    requirements="1.6 5.10, 5.15, 6.41, 7.47, 9.2.1",
    applies_if="local_auth_list",
)
def test_old_version(station: Station, step: Any) -> None:
    """After the versions 2 and 5 comes a change with version 4."""
    data = station.data
    station.configure("LocalAuthListEnabled", "true")

    full = states.send_list(station, 2, "Full", data.valid_token)
    with step("2", "The charge point accepts the full list"):
        assert full.response().status == "Accepted"

    version = station.send("GetLocalListVersion")
    with step("4", "The charge point gives version 2"):
        assert version.response().listVersion == 2

    change = states.send_list(station, 5, "Differential", data.same_group_token)
    with step("6", "The charge point accepts the change"):
        assert change.response().status == "Accepted"

    version = station.send("GetLocalListVersion")
    with step("8", "The charge point gives version 5"):
        assert version.response().listVersion == 5

    late = states.send_list(station, 4, "Differential", data.other_token)
    with step("10", "The charge point refuses the change for its version"):
        assert late.response().status == "VersionMismatch"

    version = station.send("GetLocalListVersion")
    with step("12", "The charge point still gives version 5"):
        assert version.response().listVersion == 5


@testcase(
    "TC_043_3_CS",
    "A local list that the charge point can't store",
    profile="Local Auth List Management",
    requirements="1.6 5.15, 6.42, 7.47, 9.2.1",
    applies_if="local_auth_list and local_list_failure",
)
def test_list_fails(station: Station, operator: Operator, step: Any) -> None:
    """Before the list is sent it is brought about that it can't be stored."""
    station.configure("LocalAuthListEnabled", "true")
    operator.local_list_failure()

    update = states.send_list(station, 2, "Full", station.data.valid_token)
    with step("2", "The charge point fails to update its list"):
        assert update.response().status == "Failed"


def use_list(station: Station) -> None:
    """Configuration of the cases that start with a listed token: the list is used online too, and it alone."""
    station.configure("LocalPreAuthorize", "true")
    station.configure("AuthorizationCacheEnabled", "false", if_implemented=True)
    station.configure("LocalAuthListEnabled", "true")
    states.refuse_authorize(station)


@testcase(
    "TC_008_1_CS",
    "A listed token starts a transaction at the charge point",
    profile="Local Auth List Management",
    requirements="1.6 3.5.2, 4.1, 4.8, 5.15, 9.1.13, 9.2.1",
    applies_if="local_auth_list",
    aliases=("TC_008_CS",),
)
def test_listed_token(station: Station, operator: Operator, step: Any) -> None:
    """With LocalPreAuthorize the charge point starts by its local list, without waiting for the central system."""
    use_list(station)
    token = station.data.valid_token

    update = states.send_list(station, 1, "Full", token)
    with step("2", "The charge point accepts the list"):
        assert update.response().status == "Accepted"

    operator.present(token)
    with step("4", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    operator.plug()
    with station.unordered():
        with step("6", "A transaction starts with that token, whatever the central system would have said of it"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (station.hardware.connector, token)
        with step("7", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_008_2_CS",
    "A listed token starts a transaction remotely",
    profile="Local Auth List Management",
    requirements="1.6 3.5.2, 4.8, 5.10, 5.11, 5.15, 9.1.3, 9.1.13, 9.2.1; errata 3.80",
    applies_if="local_auth_list",
    aliases=("TC_008_CS",),
)
def test_listed_token_remotely(station: Station, operator: Operator, step: Any) -> None:
    """A remote start is authorized like a local one: from the local list."""
    states.require_key(station, "AuthorizeRemoteTxRequests", "true")
    use_list(station)
    connector, token = station.hardware.connector, station.data.valid_token

    version = station.send("GetLocalListVersion")
    with step("2", "The charge point gives the version of its list"):
        assert version.response().listVersion >= EMPTY

    update = states.send_list(station, 1, "Full", token)
    with step("4", "The charge point accepts the list"):
        assert update.response().status == "Accepted"

    operator.plug()
    with step("5", "The charge point reports Preparing"):
        station.expect_status("Preparing")

    remote_start = station.send("RemoteStartTransaction", connectorId=connector, idTag=token)
    with step("8", "The charge point accepts the remote start"):
        assert remote_start.response().status == "Accepted"

    with station.unordered():
        with step("9", "A transaction starts with that token, whatever the central system would have said of it"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
        with step("11", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")
