"""Rules about transactions over a trace."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Sent, call, cs, csms, ex16, ex201, part2, result, rule, v16
from ocpp_tck.protocol.types import Side, Version


def _start(identifier: str = "1", **values: Any) -> Sent:
    payload = {"connectorId": 1, "idTag": "A", "meterStart": 100, "timestamp": NOW} | values
    return cs(call(identifier, "StartTransaction", **payload))


def _started(identifier: str = "1", transaction: int = 7, status: str = "Accepted") -> Sent:
    return csms(result(identifier, transactionId=transaction, idTagInfo={"status": status}))


def _stop(identifier: str = "2", dt: float = 0, **values: Any) -> Sent:
    payload = {"transactionId": 7, "meterStop": 200, "timestamp": NOW} | values
    return cs(call(identifier, "StopTransaction", **payload), dt)


def _meter(identifier: str, value: str, at: str = NOW, dt: float = 0, **values: Any) -> Sent:
    sample = {"value": value} | values
    meter = [{"timestamp": at, "sampledValue": [sample]}]
    return cs(call(identifier, "MeterValues", connectorId=1, transactionId=7, meterValue=meter), dt)


def _remote(status: str = "Accepted", **values: Any) -> tuple[Sent, Sent]:
    return csms(call("r", "RemoteStartTransaction", idTag="A", **values)), cs(result("r", status=status))


def _lone(timestamp: str = NOW, connectorId: int = 1, **sample: Any) -> Sent:  # noqa: N803 - the name on the wire
    named = {"transactionId": sample.pop("transactionId")} if "transactionId" in sample else {}
    meter = [{"timestamp": timestamp, "sampledValue": [{"value": "150"} | sample]}]
    return cs(call("m", "MeterValues", connectorId=connectorId, meterValue=meter, **named))


def _empty(identifier: str) -> Sent:
    return csms(result(identifier))


_EARLY = "2026-03-20T09:00:00Z"
_SOON = "2026-03-20T12:00:03Z"
_LATER = "2026-03-20T12:01:00Z"
_SESSION = ex16(_start(), _started(), _meter("m", "150"), _empty("m"), _stop(), _empty("2"))


_TOKEN = {"idToken": "A", "type": "Central"}


def _reading(**values: Any) -> list[dict[str, Any]]:
    return [{"timestamp": NOW, "sampledValue": [{"value": 1.0} | values]}]


def _event(
    seq: int, kind: str, transaction: str = "tx", *, info: dict[str, str] | None = None, **values: Any
) -> tuple[Sent, Sent]:
    identifier = f"{transaction}{seq}{kind}"
    payload = {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": seq,
        "transactionInfo": {"transactionId": transaction},
    } | values
    answer = {"idTokenInfo": info} if info else {}
    return cs(call(identifier, "TransactionEvent", **payload)), csms(result(identifier, **answer))


_EVENTS = ex201(*_event(0, "Started"), *_event(1, "Updated"), *_event(2, "Ended"))
_LATE = ex201(*_event(0, "Started"), *_event(2, "Ended", offline=True), *_event(1, "Updated", offline=True))

RULES = (
    rule(
        "transaction.connector_busy",
        "A connector has one transaction at a time",
        should=v16("3.6, 4.8"),
        passing=(_SESSION, ex16(_start(), _started(), _start("2", connectorId=2), _started("2", 8))),
        failing=(ex16(_start(), _started(), _start("2", idTag="B")),),
    ),
    rule(
        "transaction.id_unique",
        "The CSMS gives every transaction an id of its own",
        should=v16("6.46; errata 3.54"),
        passing=(_SESSION,),
        failing=(ex16(_start(), _started(), _start("2", connectorId=2), _started("2"), product=Side.CSMS),),
    ),
    rule(
        "transaction.unknown",
        "A transaction id is one that the CSMS gave, or -1 when it gave none",
        should=v16("6.49, 4.7; errata 3.18"),
        passing=(
            _SESSION,
            ex16(_stop(transactionId=-1)),
            ex16(_stop()),
            ex16(_start(), _started(), _stop(transactionId=-1)),
        ),
        failing=(
            ex16(_start(), _started(), _stop(transactionId=99)),
            ex16(
                _start(),
                _started(),
                cs(
                    call(
                        "m",
                        "MeterValues",
                        connectorId=1,
                        transactionId=99,
                        meterValue=[{"timestamp": NOW, "sampledValue": [{"value": "1"}]}],
                    )
                ),
            ),
        ),
    ),
    rule(
        "transaction.stopped_twice",
        "A transaction is stopped once",
        should=v16("4.10"),
        passing=(_SESSION, ex16(_start(), _started(), _stop(), csms('[4,"2","SecurityError","",{}]'), _stop("3", 60))),
        failing=(ex16(_start(), _started(), _stop(), _empty("2"), _stop("3", 5)),),
    ),
    rule(
        "transaction.order",
        "A transaction does not end before it starts",
        should=v16("3.7, 4.10"),
        passing=(_SESSION, ex16(_start(timestamp="2026-03-20T12:00:00.900Z"), _started(), _stop())),
        failing=(ex16(_start(), _started(), _stop(timestamp="2026-03-20T11:00:00Z")),),
    ),
    rule(
        "transaction.metered_after_stop",
        "No meter value of a transaction is taken after its end",
        should=v16("3.16.1, 4.7"),
        passing=(_SESSION, ex16(_start(), _started(), _stop(), _empty("2"), _meter("m", "150"), _empty("m"))),
        failing=(ex16(_start(), _started(), _stop(), _empty("2"), _meter("m", "250", at=_LATER, dt=60)),),
    ),
    rule(
        "transaction.before_request",
        "A transaction that was asked for remotely does not begin before it was asked for",
        should=v16("4.2, 6.45; errata 3.74"),
        passing=(
            ex16(*_remote(), _start()),
            ex16(*_remote(), _start(timestamp="2026-03-20T11:59:57Z")),
            ex16(*_remote(status="Rejected"), _start(timestamp=_EARLY)),
            ex16(*_remote(), _start(idTag="B", timestamp=_EARLY)),
            ex16(*_remote(connectorId=2), _start(timestamp=_EARLY)),
        ),
        failing=(
            ex16(*_remote(), _start(timestamp=_EARLY)),
            ex16(*_remote(connectorId=1), _start(idTag="a", timestamp=_EARLY)),
        ),
    ),
    rule(
        "meter.falling",
        "A meter register does not fall within a transaction",
        should=v16("7.31; errata 3.78"),
        passing=(
            _SESSION,
            ex16(
                _start(),
                _started(),
                _meter("m", "5", measurand="Power.Active.Import"),
                _empty("m"),
                _meter("n", "4", measurand="Power.Active.Import"),
            ),
        ),
        failing=(
            ex16(_start(), _started(), _stop(meterStop=99)),
            ex16(_start(), _started(), _meter("m", "150"), _empty("m"), _meter("n", "149")),
            ex16(_start(), _started(), _meter("m", "150"), _empty("m"), _stop(meterStop=120)),
            ex16(_start(), _started(), _meter("m", "0.05", unit="kWh")),
        ),
    ),
    rule(
        "meter.rebased",
        "A transaction does not begin with less on the meter than the one before it ended with",
        should=v16("7.31; errata 3.9"),
        passing=(
            ex16(_start(), _started(), _stop(), _empty("2"), _start("3", meterStart=200)),
            ex16(_start(), _started(), _stop(), _empty("2"), _start("3", connectorId=2)),
        ),
        failing=(ex16(_start(), _started(), _stop(), _empty("2"), _start("3", meterStart=0)),),
    ),
    rule(
        "meter.transaction",
        "Values measured at a connector during its transaction name the transaction",
        must=v16("4.7; errata 3.16"),
        passing=(
            _SESSION,
            ex16(_start(), _started(), _lone()),
            ex16(_start(), _started(), _lone(_SOON, connectorId=0)),
            ex16(_start(), _started(), _lone(_SOON, connectorId=2)),
            ex16(_start(), _started(), _lone(_SOON, location="Inlet")),
            ex16(_start(), _started(), _lone(_SOON, measurand="Temperature")),
            ex16(_start(), _started(), _stop(), _empty("2"), _lone(_SOON)),
        ),
        failing=(
            ex16(_start(), _started(), _lone(_SOON)),
            ex16(_start(), _started(), _lone(_SOON, measurand="Current.Import", unit="A")),
            ex16(_start(timestamp="2026-03-20T12:00:00.400Z"), _started(), _lone("2026-03-20T12:00:00.500Z")),
        ),
    ),
    rule(
        "meter.main",
        "Values of the main meter, which is connector 0, name no transaction",
        should=v16("4.7; errata 3.16"),
        passing=(_SESSION, ex16(_start(), _started(), _lone(_SOON, connectorId=0))),
        failing=(ex16(_start(), _started(), _lone(_SOON, connectorId=0, transactionId=7)),),
    ),
    rule(
        "transaction.reason",
        "The reason of a stop is one that the trace shows, where it would show it",
        should=v16("4.10, 7.36"),
        passing=(
            _SESSION,
            ex16(_start(), _started(), csms(call("k", "Reset", type="Hard")), _stop(reason="HardReset")),
            ex16(
                _start(), _started(), csms(call("k", "UnlockConnector", connectorId=1)), _stop(reason="UnlockCommand")
            ),
            ex16(_start(), _started("1", status="Invalid"), _stop(reason="DeAuthorized")),
            ex16(_stop(reason="Remote")),
        ),
        failing=(
            ex16(_start(), _started(), csms(call("k", "Reset", type="Soft")), _stop(reason="HardReset")),
            ex16(_start(), _started(), _stop(reason="Remote")),
            ex16(_start(), _started(), _stop(reason="DeAuthorized")),
        ),
    ),
    rule(
        "transaction.seq_repeated",
        "Two events of a transaction have different sequence numbers",
        must=part2("E 1.3.2.1, E01.FR.07"),
        passing=(_EVENTS, _LATE),
        failing=(
            ex201(*_event(0, "Started"), *_event(0, "Updated")),
            ex201(*_event(0, "Started"), *_event(0, "Updated", "TX")),
        ),
    ),
    rule(
        "transaction.seq_gap",
        "The sequence numbers of a transaction follow one another",
        should=part2("E 1.3.2.1, E01.FR.07"),
        passing=(_EVENTS, _LATE),
        failing=(ex201(*_event(0, "Started"), *_event(3, "Updated")),),
    ),
    rule(
        "transaction.started_first",
        "The first event of a transaction, and no other, is Started",
        must=part2("TransactionEventRequest.eventType"),
        passing=(_EVENTS, ex201(*_event(5, "Updated"))),
        failing=(
            ex201(*_event(0, "Started"), *_event(1, "Started")),
            ex201(*_event(5, "Updated"), *_event(6, "Started")),
            ex201(*_event(5, "Started"), *_event(4, "Updated")),
        ),
    ),
    rule(
        "transaction.ended_last",
        "The last event of a transaction, and no other, is Ended",
        must=part2("TransactionEventRequest.eventType"),
        passing=(_EVENTS, _LATE),
        failing=(
            ex201(*_event(0, "Started"), *_event(1, "Ended"), *_event(2, "Updated")),
            ex201(*_event(0, "Started"), *_event(2, "Updated", offline=True), *_event(1, "Ended", offline=True)),
        ),
    ),
    rule(
        "transaction.token_info",
        "The answer to an event with an idToken says whether the token is accepted",
        must=part2("E01.FR.12, TransactionEventResponse.idTokenInfo"),
        passing=(_EVENTS, ex201(*_event(1, "Updated", idToken=_TOKEN, info={"status": "Accepted"}), product=Side.CSMS)),
        failing=(ex201(*_event(1, "Updated", idToken=_TOKEN), product=Side.CSMS),),
    ),
    rule(
        "meter.begin",
        "The meter values of the event Started have the context Transaction.Begin",
        must=part2("E01.FR.09, J02.FR.04"),
        passing=(
            ex201(*_event(0, "Started", meterValue=_reading(context="Transaction.Begin"))),
            ex201(*_event(1, "Updated", meterValue=_reading())),
        ),
        failing=(
            ex201(*_event(0, "Started", meterValue=_reading())),
            ex201(*_event(0, "Started", meterValue=_reading(context="Transaction.End"))),
        ),
    ),
    rule(
        "meter.standard_unit",
        "A meter value is given in a standardized unit of its measurand",
        must=part2("UnitOfMeasureType.unit, MeasurandEnumType; appendix Standardized Units of Measure"),
        passing=(
            ex201(*_event(1, "Updated", meterValue=_reading())),
            ex201(*_event(1, "Updated", meterValue=_reading(measurand="SoC", unitOfMeasure={"unit": "Percent"}))),
            ex201(*_event(1, "Updated", meterValue=_reading(measurand="Power.Factor", unitOfMeasure={"unit": "PF"}))),
        ),
        failing=(
            ex201(*_event(1, "Updated", meterValue=_reading(unitOfMeasure={"unit": "wh"}))),
            ex201(*_event(1, "Updated", meterValue=_reading(measurand="Voltage", unitOfMeasure={"unit": "Wh"}))),
            ex201(cs(call("1", "MeterValues", evseId=1, meterValue=_reading(unitOfMeasure={"unit": "A"})))),
        ),
    ),
    rule(
        "transaction.seq_negative",
        "The sequence number of an event is a count, not negative",
        must={Version.V201: "OCPP 2.0.1 Part 2 E 1.3.2.1, E01.FR.07"},
        passing=(_EVENTS,),
        failing=(ex201(*_event(-1, "Started")),),
    ),
)
