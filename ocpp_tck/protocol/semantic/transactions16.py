"""Transactions of OCPP 1.6 over a trace.

Source: OCPP 1.6 3.7, 4.7, 4.8, 4.10, errata 3.18, 3.54, 3.78. Stations queue transaction messages while offline and
retry them, transactions outlive connections and reboots, and a trace may begin in the middle: nearly all rules here
only recommend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ocpp_tck.protocol import moments
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.session import digest

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Json, Version, Violation

T = TypeVar("T")
NO_ID = -1
"""transactionId of messages about a transaction that never got an id (errata 3.18)."""
REMEMBERED = 1000
"""Transactions of each state that are known; beyond that the oldest is unknown, and the unknown is not judged."""
_REGISTERS = 200
"""Registers of one transaction that are followed: 4 phases by 3 locations by the measurands are fewer."""
_SHOWN = 10
_REGISTER = "Energy.Active.Import.Register"
_WHOLE_SECONDS = 1.0
"""What two times may lose between them where a station writes whole seconds."""


@dataclass(slots=True)
class _Transaction:
    start: Json
    survives: bool = True
    registers: dict[tuple[str, ...], tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stop:
    """The StopTransaction that ended a transaction: where it came, what it said, and the time in it."""

    connection: str
    said: bytes
    at: str


class Transactions16:
    """The transactions of one station.

    What a reboot (errata 3.36: queued data may be lost) leaves of a running transaction is unknown.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._running: dict[int, _Transaction] = {}
        self._stopped: dict[int, _Stop] = {}

    def called(self, connection: str, action: str, payload: Json) -> list[Violation]:
        """Judge a request."""
        if action == "StartTransaction":
            return self._starts(payload)
        if action == "BootNotification":
            for transaction in self._running.values():
                transaction.survives = False
        if action == "StopTransaction":
            return self._stops(connection, payload)
        if action == "MeterValues" and "transactionId" in payload:
            return self._measures(payload)
        return []

    def answered(self, connection: str, action: str, request: Json, payload: Json) -> list[Violation]:
        """Judge a CALLRESULT; `request` may be illegal."""
        if action == "StartTransaction" and isinstance(request, dict):
            number = payload["transactionId"]
            other = self._running.get(number)
            _remember(self._running, number, _Transaction(request))
            if (other is not None and other.start != request) or number in self._stopped:
                text = f"the transaction id {number} was given before"
                return [broken("transaction.id_unique", self._version, text, "transactionId")]
        if action == "StopTransaction" and isinstance(request, dict):
            number = request.get("transactionId")
            if isinstance(number, int) and self._running.pop(number, None) is not None:
                _remember(self._stopped, number, _Stop(connection, digest(request), str(request.get("timestamp"))))
        return []

    def _starts(self, payload: Json) -> list[Violation]:
        connector = payload["connectorId"]
        for number, other in self._running.items():
            if other.survives and other.start.get("connectorId") == connector and other.start != payload:
                text = f"connector {connector} has transaction {number}, which was not stopped"
                return [broken("transaction.connector_busy", self._version, text, "connectorId")]
        return []

    def _stops(self, connection: str, payload: Json) -> list[Violation]:
        number = payload["transactionId"]
        if number in self._stopped and number not in self._running:
            earlier = self._stopped[number]
            if earlier.connection != connection and earlier.said == digest(payload):
                return []  # the first answer may have been lost with its connection
            text = f"transaction {number} was stopped before"
            return [broken("transaction.stopped_twice", self._version, text, "transactionId")]
        transaction = self._running.get(number)
        if transaction is None:
            return self._unknown(number)
        found = []
        begin = transaction.start.get("meterStart")
        if isinstance(begin, int) and payload["meterStop"] < begin:
            text = f"meterStop {payload['meterStop']} is less than meterStart {begin}"
            found.append(broken("meter.falling", self._version, text, "meterStop"))
        if _time(payload["timestamp"]) < _time(transaction.start.get("timestamp")):
            text = f"transaction {number} ends at {payload['timestamp']}, it began at {transaction.start['timestamp']}"
            found.append(broken("transaction.order", self._version, text, "timestamp"))
        return found

    def _unknown(self, number: int) -> list[Violation]:
        """An id of an earlier trace is as good as any, unless a known transaction waits for its messages."""
        if number == NO_ID or not self._running:
            return []
        known = ", ".join(map(str, sorted(self._running)[:_SHOWN])) + (" …" if len(self._running) > _SHOWN else "")
        text = f"the transaction id {number} was not given here; running: [{known}]"
        return [broken("transaction.unknown", self._version, text, "transactionId")]

    def _measures(self, payload: Json) -> list[Violation]:
        number = payload["transactionId"]
        transaction = self._running.get(number)
        if transaction is None:
            return self._after_the_end(payload) if number in self._stopped else self._unknown(number)
        found = []
        for index, value in enumerate(payload["meterValue"]):
            moment = _time(value["timestamp"])
            for place, sample in enumerate(value["sampledValue"]):
                path = f"meterValue[{index}].sampledValue[{place}].value"
                found += self._sample(transaction, sample, moment, path)
        return found

    def _after_the_end(self, payload: Json) -> list[Violation]:
        """A value that was queued may come late; one that was taken later than the end may not be the transaction's."""
        number = payload["transactionId"]
        end = self._stopped[number].at
        for index, value in enumerate(payload["meterValue"]):
            if _time(value["timestamp"]) - _time(end) > _WHOLE_SECONDS:
                text = f"a value of {value['timestamp']} for transaction {number}, which ended at {end}"
                path = f"meterValue[{index}].timestamp"
                return [broken("transaction.metered_after_stop", self._version, text, path)]
        return []

    def _sample(self, transaction: _Transaction, sample: Json, moment: float, path: str) -> list[Violation]:
        measurand = sample.get("measurand", _REGISTER)
        if not measurand.endswith(".Register") or sample.get("format") == "SignedData":
            return []
        try:
            reading = float(sample["value"])
        except ValueError:
            return []
        key = (measurand, *(sample.get(name, "") for name in ("phase", "location", "unit")))
        last_moment, last = transaction.registers.get(key, (-math.inf, -math.inf))
        if moment < last_moment or math.isnan(moment):
            return []
        if key in transaction.registers or len(transaction.registers) < _REGISTERS:
            transaction.registers[key] = (moment, reading)
        if reading < last:
            text = f"{measurand} fell from {last:g} to {reading:g}"
            return [broken("meter.falling", self._version, text, path)]
        return []


def _remember(known: dict[int, T], number: int, value: T) -> None:
    known[number] = value
    if len(known) > REMEMBERED:
        del known[next(iter(known))]


def _time(text: object) -> float:
    """Give a time in seconds, not a number (which compares with nothing) when it cannot be read."""
    moment = moments.quick(str(text))
    return math.nan if moment is None else moment.timestamp()
