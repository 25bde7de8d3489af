"""Rules about reservations over a trace."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Sent, call, cs, csms, ex16, result, rule, v16

_LATER = "2026-03-20T13:00:00Z"
_EARLIER = "2026-03-20T11:00:00Z"
_PAST_EXPIRY = "2026-03-20T13:01:00Z"


def _reserve(number: int = 7, status: str = "Accepted", **values: Any) -> tuple[Sent, Sent]:
    payload = {"connectorId": 1, "expiryDate": _LATER, "idTag": "A", "reservationId": number} | values
    name = f"reserve {number} {status} {values}"[:36]
    return csms(call(name, "ReserveNow", **payload)), cs(result(name, status=status))


def _cancel(status: str = "Accepted", name: str = "cancel", dt: float = 0) -> tuple[Sent, Sent]:
    return csms(call(name, "CancelReservation", reservationId=7), dt), cs(result(name, status=status))


def _start(name: str = "start", dt: float = 0, **values: Any) -> Sent:
    payload = {"connectorId": 1, "idTag": "A", "meterStart": 100, "timestamp": NOW} | values
    return cs(call(name, "StartTransaction", **payload), dt)


def _session(transaction: int = 1, **values: Any) -> tuple[Sent, ...]:
    """A transaction from start to stop."""
    begun, ended = f"start {transaction}", f"stop {transaction}"
    stop = {"transactionId": transaction, "meterStop": 100, "timestamp": values.get("timestamp", NOW)}
    return (
        _start(begun, **values),
        csms(result(begun, transactionId=transaction, idTagInfo={"status": "Accepted"})),
        cs(call(ended, "StopTransaction", **stop)),
        csms(result(ended)),
    )


def _status(status: str, connector: int = 1, code: str = "NoError") -> tuple[Sent, Sent]:
    name = f"status {status} {connector}"
    payload = {"connectorId": connector, "status": status, "errorCode": code}
    return cs(call(name, "StatusNotification", **payload)), csms(result(name))


def _authorize(token: str, parent: str) -> tuple[Sent, Sent]:
    info = {"status": "Accepted", "parentIdTag": parent}
    return cs(call("asks", "Authorize", idTag=token)), csms(result("asks", idTagInfo=info))


def _boot() -> tuple[Sent, Sent]:
    return (
        cs(call("boot", "BootNotification", chargePointVendor="v", chargePointModel="m")),
        csms(result("boot", status="Accepted", currentTime=NOW, interval=300)),
    )


def _out_of_use(connector: int = 1) -> tuple[Sent, Sent]:
    change = call("change", "ChangeAvailability", connectorId=connector, type="Inoperative")
    return csms(change), cs(result("change", status="Accepted"))


RULES = (
    rule(
        "reservation.named",
        "A transaction that ends a reservation names it",
        must=v16("4.8, 5.13"),
        passing=(
            ex16(*_reserve(), _start(reservationId=7)),
            ex16(*_reserve(connectorId=0), _start(reservationId=7)),
            ex16(*_reserve(parentIdTag="G"), *_authorize("B", "g"), _start(idTag="B", reservationId=7)),
            ex16(*_reserve(connectorId=0, parentIdTag="G"), *_authorize("B", "G"), _start(idTag="B")),
            ex16(*_reserve(), _start(idTag="B")),
            ex16(*_reserve(), _start(connectorId=2)),
            ex16(*_reserve(status="Occupied"), _start()),
            ex16(*_reserve(), *_reserve(status="Rejected"), _start()),
            ex16(*_reserve(), *_cancel(), _start()),
            ex16(*_reserve(), *_boot(), _start()),
            ex16(*_reserve(), *_status("Available"), _start()),
            ex16(*_reserve(connectorId=0), *_status("Faulted", 0, "GroundFailure"), _start()),
            ex16(*_reserve(), *_out_of_use(), _start()),
            ex16(*_reserve(), *_out_of_use(0), _start()),
            ex16(*_reserve(), _start(timestamp=_EARLIER)),
            ex16(*_reserve(expiryDate=NOW), _start()),
            ex16(*_reserve(), *_session(reservationId=7), _start()),
        ),
        failing=(
            ex16(*_reserve(), _start(idTag="a")),
            ex16(*_reserve(connectorId=0), _start(connectorId=2)),
            ex16(*_reserve(parentIdTag="G"), *_authorize("B", "g"), _start(idTag="B")),
            ex16(*_reserve(), *_cancel("Rejected"), *_status("Available", 2), *_status("Available", 0), _start()),
            ex16(*_reserve(), *_reserve(idTag="B"), _start(idTag="B")),
        ),
    ),
    rule(
        "reservation.unknown",
        "The reservation that a transaction names is one that it ends",
        should=v16("5.13, 6.45"),
        passing=(
            ex16(*_reserve(), _start(reservationId=7)),
            ex16(_start(reservationId=7)),
            ex16(
                *_reserve(),
                _start(reservationId=7),
                csms('[4,"start","SecurityError","",{}]'),
                _start("2", 60, reservationId=7),
            ),
            ex16(*_reserve(), *_session(reservationId=7), *_reserve(idTag="B"), _start(idTag="B", reservationId=7)),
        ),
        failing=(
            ex16(*_reserve(), *_cancel(), _start(reservationId=7)),
            ex16(*_reserve(connectorId=2), _start(reservationId=7)),
            ex16(*_reserve(), _start(dt=3660, timestamp=_PAST_EXPIRY, reservationId=7)),
            ex16(*_reserve(), *_session(reservationId=7), _start(reservationId=7, meterStart=200)),
        ),
    ),
    rule(
        "reservation.cancelled",
        "A reservation that was used, has expired or was cancelled can't be cancelled",
        must=v16("5.1, 5.13"),
        passing=(
            ex16(*_reserve(), *_cancel(), *_cancel("Rejected", "again")),
            ex16(*_cancel()),
            ex16(*_reserve(expiryDate=_EARLIER), *_cancel()),
            ex16(*_reserve(), *_cancel(dt=3600)),
            ex16(*_reserve(), *_session(reservationId=7), *_cancel("Rejected")),
            ex16(*_reserve(), *_cancel(), *_reserve(idTag="B"), *_cancel(name="again")),
        ),
        failing=(
            ex16(*_reserve(), *_cancel(), *_cancel(name="again")),
            ex16(*_reserve(), *_session(reservationId=7), *_cancel()),
            ex16(*_reserve(), *_cancel(dt=3700)),
        ),
    ),
)
