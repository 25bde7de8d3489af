"""Reservations (2.20). Product under test: charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station

UNKNOWN = 1_000_000
"""How far an unknown reservationId lies from the one in use."""

NOT_SUPPORTED = {"NotImplemented", "NotSupported"}
"""Error codes for a request of a profile that the charge point does not have (OCPP-J 1.6 4.2.3)."""


def rejected(reservation: states.Reservation) -> None:
    """Demand that a charge point without the profile does not make a reservation (1.6 5.13; OCPP-J 1.6 4.2.3)."""
    answer = reservation.asked.answer()
    error = answer.event.error
    assert error in NOT_SUPPORTED if error else answer.status == "Rejected"


@testcase(
    "TC_046_1_CS",
    "A reserved connector serves the token that it is reserved for",
    profile="Reservation",
    requirements="1.6 4.1, 4.8, 4.9, 5.13, 6.45",
    applies_if="reservation",
)
def test_reserved_connector(station: Station, operator: Operator, step: Any) -> None:
    """Another token comes first: it starts nothing."""
    states.others_occupied(station)
    connector, token = station.hardware.connector, station.data.valid_token
    reservation = states.reserve(station)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    operator.present(station.data.other_token)
    with step("4", "The charge point does not prepare for the other token"):
        station.expect_none("StatusNotification", where={"connectorId": connector, "status": "Preparing"})

    operator.present(token)
    with station.unordered():
        with step("5", "The charge point asks to authorize the reserved token", optional=True):
            asked = station.expect_optional("Authorize", before=("StatusNotification", "StartTransaction"))
            assert asked is None or asked.idTag == token
        with step("7", "The charge point reports Preparing"):
            station.expect_status("Preparing", passing={"Reserved"})

    operator.plug()
    with station.unordered():
        with step("9", "A transaction starts with that token and names the reservation"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
            assert start.reservationId == reservation.id
        with step("11", "The charge point reports Charging"):
            station.expect_status("Charging", passing=states.BEFORE_CHARGING, within="transaction")


@testcase(
    "TC_046_2_CS",
    "A reserved connector serves a remote start with its token",
    profile="Reservation",
    requirements="1.6 4.8, 4.9, 5.11, 5.13, 6.45",
    applies_if="reservation",
)
def test_reserved_connector_remotely(station: Station, operator: Operator, step: Any) -> None:
    """The last step is the reusable state Charging; an Authorize may come in it."""
    reservation = states.reserve(station)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    with step("5", "A remote start charges with that token and names the reservation (state Charging)"):
        states.charging_as_reserved(station, operator, reservation)


@testcase(
    "TC_047_CS",
    "A reservation that nobody uses expires",
    profile="Reservation",
    requirements="1.6 4.8, 4.9, 5.13",
    applies_if="reservation",
)
def test_expiry(station: Station, operator: Operator, step: Any) -> None:
    """Afterwards another token can charge."""
    states.others_occupied(station)
    lasting = station.data.reservation_expiry
    reservation = states.reserve(station, lasting=lasting)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    station.wait_status("Available", connector=station.hardware.connector, within="reservation_expiry")
    with step("5", "The charge point reports Available after the expiryDate"):
        available = station.expect_status("Available", passing={"Reserved"})
        states.not_before(station, available, reservation.expires, lasting)

    with step("7", "Another token charges at that connector (state Charging)"):
        states.charging(station, operator, station.data.other_token)


@testcase(
    "TC_048_1_CS",
    "A faulted connector can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation",
)
def test_faulted_connector(station: Station, operator: Operator, step: Any) -> None:
    """The connector is in a fault."""
    states.faulted(station, operator)
    reservation = states.reserve(station)
    with step("2", "The charge point answers Faulted"):
        assert reservation.asked.response().status == "Faulted"


@testcase(
    "TC_048_2_CS",
    "An occupied connector can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation",
)
def test_occupied_connector(station: Station, operator: Operator, step: Any) -> None:
    """A cable is plugged in."""
    states.occupied(station, operator)
    reservation = states.reserve(station)
    with step("2", "The charge point answers Occupied"):
        assert reservation.asked.response().status == "Occupied"


@testcase(
    "TC_048_3_CS",
    "An unavailable connector can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation",
)
def test_unavailable_connector(station: Station, step: Any) -> None:
    """The connector was put out of use."""
    states.unavailable(station)
    reservation = states.reserve(station)
    with step("2", "The charge point answers Unavailable"):
        assert reservation.asked.response().status == "Unavailable"


@testcase(
    "TC_048_4_CS",
    "A charge point without reservations rejects one of a connector",
    profile="Reservation",
    requirements="1.6 5.13, 7.40; OCPP-J 1.6 4.2.3",
    applies_if="not reservation",
)
def test_rejected(station: Station, step: Any) -> None:
    """The document wants Rejected; OCPP-J has error codes for a request that is not known or not supported."""
    reservation = states.reserve(station)
    with step("2", "The charge point rejects the reservation or says that it does not support it"):
        rejected(reservation)


@testcase(
    "TC_049_CS",
    "A reservation of any connector is used",
    profile="Reservation",
    requirements="1.6 4.8, 4.9, 5.11, 5.13, 6.45",
    applies_if="reservation and reserve_connector_zero",
)
def test_any_connector(station: Station, operator: Operator, step: Any) -> None:
    """Only the configured connector can be used: it is the one that is kept free, and reported as such (7.7)."""
    states.others_occupied(station)
    reservation = states.reserve(station, 0)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    with step("5", "A remote start charges with that token and names the reservation (state Charging)"):
        states.charging_as_reserved(station, operator, reservation)


@testcase(
    "TC_050_1_CS",
    "A faulted charge point can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation and reserve_connector_zero",
)
def test_faulted_charge_point(station: Station, operator: Operator, step: Any) -> None:
    """The whole charge point is in a fault."""
    states.charge_point_faulted(station, operator)
    reservation = states.reserve(station, 0)
    with step("2", "The charge point answers Faulted"):
        assert reservation.asked.response().status == "Faulted"


@testcase(
    "TC_050_2_CS",
    "An occupied charge point can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation and reserve_connector_zero",
)
def test_occupied_charge_point(station: Station, operator: Operator, step: Any) -> None:
    """A cable is plugged in at every connector."""
    for connector in range(1, station.hardware.connectors + 1):
        states.occupied(station, operator, connector)
    reservation = states.reserve(station, 0)
    with step("2", "The charge point answers Occupied"):
        assert reservation.asked.response().status == "Occupied"


@testcase(
    "TC_050_3_CS",
    "An unavailable charge point can't be reserved",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation and reserve_connector_zero",
)
def test_unavailable_charge_point(station: Station, step: Any) -> None:
    """The whole charge point was put out of use."""
    states.charge_point_unavailable(station)
    reservation = states.reserve(station, 0)
    with step("2", "The charge point answers Unavailable"):
        assert reservation.asked.response().status == "Unavailable"


@testcase(
    "TC_050_4_CS",
    "A charge point without reservations rejects one of any connector",
    profile="Reservation",
    requirements="1.6 5.13, 7.40; OCPP-J 1.6 4.2.3",
    applies_if="not reservation",
)
def test_any_rejected(station: Station, step: Any) -> None:
    """The document wants Rejected; OCPP-J has error codes for a request that is not known or not supported."""
    reservation = states.reserve(station, 0)
    with step("2", "The charge point rejects the reservation or says that it does not support it"):
        rejected(reservation)


@testcase(
    "TC_051_CS",
    "A reservation is cancelled",
    profile="Reservation",
    requirements="1.6 4.8, 4.9, 5.1, 6.45",
    applies_if="reservation",
)
def test_cancel(station: Station, operator: Operator, step: Any) -> None:
    """Afterwards another token can charge."""
    reservation = states.reserved(station)
    cancel = station.send("CancelReservation", reservationId=reservation.id)
    with step("2", "The charge point accepts to cancel the reservation"):
        assert cancel.response().status == "Accepted"

    with step("3", "The charge point reports Available"):
        station.expect_status("Available", passing={"Reserved"})

    with step("5", "Another token charges, and the transaction names no reservation (state Charging)"):
        states.charging(station, operator, station.data.other_token)
        named = station.seen("StartTransaction", where={"reservationId": reservation.id})
        assert not named, "StartTransaction names a reservation that was cancelled"


@testcase(
    "TC_052_CS",
    "An unknown reservation can't be cancelled",
    profile="Reservation",
    requirements="1.6 5.1, 7.5",
    applies_if="reservation",
)
def test_cancel_rejected(station: Station, step: Any) -> None:
    """The reservation that there is stays."""
    reservation = states.reserved(station)
    cancel = station.send("CancelReservation", reservationId=reservation.id + UNKNOWN)
    with step("2", "The charge point rejects to cancel the reservation"):
        assert cancel.response().status == "Rejected"

    with step("post", "The charge point does not make the connector available"):
        where = {"connectorId": station.hardware.connector, "status": "Available"}
        station.expect_none("StatusNotification", where=where)


@testcase(
    "TC_053_1_CS",
    "A reserved connector serves another token of the group",
    profile="Reservation",
    requirements="1.6 4.1, 4.8, 4.9, 5.13, 6.45; errata 4.12",
    applies_if="reservation",
    aliases=("TC_053_CS",),
)
def test_group(station: Station, operator: Operator, step: Any) -> None:
    """The charge point learns the group of the token that comes from the central system."""
    states.others_occupied(station)
    connector, token = station.hardware.connector, station.data.same_group_token
    reservation = states.reserve(station, parent=station.data.group_token)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    with step("5", "The charge point authorizes the other token and reports Preparing (state Authorized)"):
        states.authorized(station, operator, token)

    operator.plug()
    with station.unordered():
        with step("7", "A transaction starts with that token and names the reservation", oca="5"):
            start = station.expect("StartTransaction", within="transaction")
            assert (start.connectorId, start.idTag) == (connector, token)
            assert start.reservationId == reservation.id
        with step("9", "The charge point reports that it charges"):
            station.expect_status({"Charging", *states.ENERGY}, passing={"Preparing"}, within="transaction")


@testcase(
    "TC_053_2_CS",
    "A reserved connector serves a remote start with another token of the group",
    profile="Reservation",
    requirements="1.6 4.8, 4.9, 5.11, 5.13, 6.45, 9.1.3; errata 4.12",
    applies_if="reservation",
    needs="AuthorizeRemoteTxRequests can be true",
    aliases=("TC_053_CS",),
)
def test_group_remotely(station: Station, operator: Operator, step: Any) -> None:
    """The charge point asks for the group, as it does at any remote start that it authorizes."""
    states.require_key(station, "AuthorizeRemoteTxRequests", "true")
    reservation = states.reserve(station, parent=station.data.group_token)
    with step("2", "The charge point accepts the reservation"):
        assert reservation.asked.response().status == "Accepted"

    with step("3", "The charge point reports Reserved"):
        station.expect_status("Reserved")

    with step("5", "A remote start charges with the other token and names the reservation (state Charging)"):
        states.charging_as_reserved(station, operator, reservation, station.data.same_group_token)
