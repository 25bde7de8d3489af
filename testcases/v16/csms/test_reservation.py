"""Reservations (3.17). Product under test: central system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.case import testcase
from ocpp_tck.roles.csms_answers import iso, seconds

from . import states

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.product import Received

UNKNOWN = 1_000_000
"""How far an unknown reservationId lies from the one in use."""


def order_reservation(
    csms: Csms,
    operator: Operator,
    status: str,
    *,
    connector: int | None = None,
    parent: str = "",
    lasting: int | None = None,
) -> float:
    """Have the operator reserve a connector for the valid token, and answer with `status`; gives the expiry ordered.

    A central system may number its reservations itself: what it sends counts.
    """
    csms.answer("ReserveNow", then={"status": status})
    expires = csms.conversation.clock.now() + (csms.data.reservation_duration if lasting is None else lasting)
    operator.order(
        "ReserveNow",
        connectorId=csms.hardware.connector if connector is None else connector,
        expiryDate=iso(expires),
        idTag=csms.data.valid_token,
        reservationId=csms.new_reservation(),
        **({"parentIdTag": parent} if parent else {}),
    )
    return expires


def expect_reservation(csms: Csms) -> Received:
    """Take the ReserveNow of the configured connector for the valid token."""
    request = csms.expect("ReserveNow")
    assert (request.connectorId, request.idTag) == (csms.hardware.connector, csms.data.valid_token)
    return request


@testcase(
    "TC_046_CSMS",
    "A reserved connector is used",
    profile="Reservation",
    requirements="1.6 4.8, 5.13, 6.37",
    applies_if="reservation",
)
def test_reserved_connector(csms: Csms, operator: Operator, step: Any) -> None:
    """The transaction names the reservation by the id that the central system has given it."""
    order_reservation(csms, operator, "Accepted")
    with step("1", "The central system asks to reserve that connector for that idTag"):
        request = expect_reservation(csms)

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")

    with step("5", "The central system accepts idTag and transaction and takes the statuses (state Charging)"):
        states.charging(csms, reservation=request.reservationId)


@testcase(
    "TC_047_CSMS",
    "A reservation expires",
    profile="Reservation",
    requirements="1.6 5.13, 6.37",
    applies_if="reservation",
)
def test_expiry(csms: Csms, operator: Operator, step: Any) -> None:
    """Nobody comes before the expiryDate, which is what the operator ordered or as far ahead when it was sent."""
    lasting, tolerance = csms.data.reservation_expiry, csms.limits.clock
    ordered = order_reservation(csms, operator, "Accepted", lasting=lasting)
    with step("1", "The central system asks to reserve that connector for that idTag until that time"):
        request = expect_reservation(csms)
        expires = seconds(request.expiryDate)
        latest = max(ordered, request.event.time + lasting)
        assert ordered - tolerance <= expires <= latest + tolerance, "another expiryDate than the operator ordered"

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")

    csms.go_on_for("reservation_expiry", at_most=expires - csms.conversation.clock.now())
    with step("6", "The central system takes the status Available"):
        csms.report_status("Available")


def refused(csms: Csms, operator: Operator, status: str) -> None:
    """Have the operator reserve the connector, and refuse; take the request."""
    order_reservation(csms, operator, status)
    expect_reservation(csms)


@testcase(
    "TC_048_1_CSMS",
    "A reservation is refused: Faulted",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation",
)
def test_faulted(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point says that the connector is in a fault."""
    with step("1", "The central system asks to reserve that connector for that idTag"):
        refused(csms, operator, "Faulted")

    with step("2", "The central system takes the answer Faulted and goes on"):
        csms.fence()


@testcase(
    "TC_048_2_CSMS",
    "A reservation is refused: Occupied",
    profile="Reservation",
    requirements="1.6 4.9, 5.13, 7.40",
    applies_if="reservation",
)
def test_occupied(csms: Csms, operator: Operator, step: Any) -> None:
    """A cable is plugged in first."""
    with step("2", "The central system takes the status Preparing"):
        csms.report_status("Preparing")

    with step("3", "The central system asks to reserve that connector for that idTag"):
        refused(csms, operator, "Occupied")

    with step("4", "The central system takes the answer Occupied and goes on"):
        csms.fence()


@testcase(
    "TC_048_3_CSMS",
    "A reservation is refused: Unavailable",
    profile="Reservation",
    requirements="1.6 5.2, 5.13, 7.40",
    applies_if="reservation",
)
def test_unavailable(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator puts the connector out of use first."""
    connector = csms.hardware.connector
    csms.answer("ChangeAvailability", then={"status": "Accepted"})
    operator.order("ChangeAvailability", connectorId=connector, type="Inoperative")
    with step("1", "The central system asks to put that connector out of use"):
        change = csms.expect("ChangeAvailability")
        assert (change.connectorId, change.type) == (connector, "Inoperative")

    with step("4", "The central system takes the status Unavailable"):
        csms.report_status("Unavailable")

    with step("5", "The central system asks to reserve that connector for that idTag"):
        refused(csms, operator, "Unavailable")

    with step("6", "The central system takes the answer Unavailable and goes on"):
        csms.fence()


@testcase(
    "TC_048_4_CSMS",
    "A reservation is refused: Rejected",
    profile="Reservation",
    requirements="1.6 5.13, 7.40",
    applies_if="reservation",
)
def test_rejected(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point takes no reservations."""
    with step("1", "The central system asks to reserve that connector for that idTag"):
        refused(csms, operator, "Rejected")

    with step("2", "The central system takes the answer Rejected and goes on"):
        csms.fence()


@testcase(
    "TC_049_CSMS",
    "Any connector is reserved",
    profile="Reservation",
    requirements="1.6 5.13, 6.37",
    applies_if="reservation",
)
def test_any_connector(csms: Csms, operator: Operator, step: Any) -> None:
    """The charge point reports the connector that it keeps free."""
    order_reservation(csms, operator, "Accepted", connector=0)
    with step("1", "The central system asks to reserve connector 0"):
        assert csms.expect("ReserveNow").connectorId == 0

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")


@testcase(
    "TC_051_CSMS",
    "A reservation is cancelled",
    profile="Reservation",
    requirements="1.6 5.1, 5.13",
    applies_if="reservation",
)
def test_cancel(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator cancels the reservation by the id that the central system has given it."""
    order_reservation(csms, operator, "Accepted")
    with step("1", "The central system asks to reserve a certain connector"):
        request = csms.expect("ReserveNow")
        assert request.connectorId != 0, "the reservation is for any connector"

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")

    csms.answer("CancelReservation", then=[{"status": "Accepted"}, {"status": "Rejected"}])
    operator.order("CancelReservation", reservationId=request.reservationId)
    with step("5", "The central system cancels that reservation"):
        assert csms.expect("CancelReservation").reservationId == request.reservationId

    with step("8", "The central system takes the status Available"):
        csms.report_status("Available")


@testcase(
    "TC_052_CSMS",
    "Cancelling an unknown reservation is refused",
    profile="Reservation",
    requirements="1.6 5.1, 7.5",
    applies_if="reservation",
)
def test_cancel_rejected(csms: Csms, operator: Operator, step: Any) -> None:
    """The operator cancels a reservation that the charge point does not have."""
    order_reservation(csms, operator, "Accepted")
    with step("1", "The central system asks for a reservation"):
        request = csms.expect("ReserveNow")

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")

    csms.answer("CancelReservation", then={"status": "Rejected"})
    operator.order("CancelReservation", reservationId=request.reservationId + UNKNOWN)
    with step("5", "The central system cancels another reservation"):
        assert csms.expect("CancelReservation").reservationId != request.reservationId

    with step("6", "The central system takes the answer Rejected and goes on"):
        csms.fence()


@testcase(
    "TC_053_CSMS",
    "A reserved connector is used by a group",
    profile="Reservation",
    requirements="1.6 3.9, 4.1, 4.8, 4.10, 5.13, 7.27",
    applies_if="reservation",
)
def test_group(csms: Csms, operator: Operator, step: Any) -> None:
    """One idTag of the group starts the transaction, another one stops it."""
    order_reservation(csms, operator, "Accepted", parent=csms.data.group_token)
    with step("1", "The central system asks to reserve a certain connector for that idTag and its group"):
        request = expect_reservation(csms)
        parent = request.parentIdTag

    with step("4", "The central system takes the status Reserved"):
        csms.report_status("Reserved")

    with step("5", "The central system accepts idTag and transaction and takes the statuses (state Charging)"):
        transaction = states.charging(csms, reservation=request.reservationId)

    token = csms.data.same_group_token
    with step("7", "The central system accepts another idTag of that group and names the group"):
        info = csms.call("Authorize", idTag=token).idTagInfo
        assert (info.status, info.parentIdTag) == ("Accepted", parent)

    with step("9", "The central system takes the end of the transaction"):
        csms.stop_transaction(transaction, reason="Local", token=token)

    with step("11", "The central system takes the status Finishing"):
        csms.report_status("Finishing")
