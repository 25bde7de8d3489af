"""Transactions of OCPP 1.6 over a trace.

Source: OCPP 1.6 3.7, 4.7, 4.8, 4.10, 7.31, 7.36, errata 3.16, 3.18, 3.54, 3.78. Stations queue transaction messages
while offline and retry them, transactions outlive connections and reboots, and a trace may begin in the middle: nearly
all rules here only recommend.
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

K = TypeVar("K")
T = TypeVar("T")
NO_ID = -1
"""transactionId of messages about a transaction that never got an id (errata 3.18)."""
REMEMBERED = 1000
"""Transactions of each state that are known; beyond that the oldest is unknown, and the unknown is not judged."""
_REGISTERS = 200
"""Registers of one transaction that are followed: 4 phases by 3 locations by the measurands are fewer."""
_SHOWN = 10
_REGISTER = "Energy.Active.Import.Register"
_OUTLET = "Outlet"
_WATT_HOURS = {"Wh": 1.0, "kWh": 1000.0}
_ROUNDING = 1.0
"""Watt-hours by which meterStart and meterStop, which are whole, may differ from the register."""
_FRACTION = 1.0
"""Seconds by which a time given without fraction may lie before another one (3.15)."""
_UNMETERED = (math.inf, 0)
"""When and where the meter of a connector stood at the end of its last transaction, as long as there was none."""
_OF_THE_CONNECTOR = ("Current.", "Energy.", "Power.")
_COMMANDS = {"RemoteStopTransaction": "Remote", "UnlockConnector": "UnlockCommand"}
_COMMANDED = frozenset({"HardReset", "SoftReset", *_COMMANDS.values()})
"""Reasons for a stop that are requests of the central system."""


@dataclass(slots=True)
class _Transaction:
    """A transaction that was not stopped.

    Attributes:
        start: its StartTransaction.req.
        accepted: whether the answer called its idTag Accepted.
        survives: whether it surely runs: neither was the station booted since, nor a stop seen.
        meter_start: its meterStart.
        energy: last reading of the connector's register in Wh, -inf before the first one.
        registers: last moment and reading of each register.
    """

    start: Json
    accepted: bool
    meter_start: float
    survives: bool = True
    energy: float = -math.inf
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
        self._meters: dict[int, tuple[float, int]] = {}
        self._commanded: set[str] = set()

    def called(self, connection: str, action: str, payload: Json) -> list[Violation]:
        """Judge a request."""
        if action == "StartTransaction":
            return self._starts(payload)
        if action == "BootNotification":
            self._meters.clear()  # it may have been exchanged
            for transaction in self._running.values():
                transaction.survives = False
        if action == "StopTransaction":
            return self._stops(connection, payload)
        if action == "MeterValues":
            if "transactionId" not in payload:
                return self._unrelated(payload)
            return [*self._of_main_meter(payload), *self._measures(payload)]
        self._commanded.add(f"{payload['type']}Reset" if action == "Reset" else _COMMANDS.get(action, ""))
        return []

    def answered(self, connection: str, action: str, request: Json, payload: Json) -> list[Violation]:
        """Judge a CALLRESULT; `request` may be illegal."""
        if action == "StartTransaction" and isinstance(request, dict):
            number = payload["transactionId"]
            other = self._running.get(number)
            begin = request.get("meterStart")
            begun = _Transaction(
                request,
                accepted=payload["idTagInfo"]["status"] == "Accepted",
                meter_start=begin if isinstance(begin, int) else -math.inf,
            )
            remember(self._running, number, begun)
            if (other is not None and other.start != request) or number in self._stopped:
                text = f"the transaction id {number} was given before"
                return [broken("transaction.id_unique", self._version, text, "transactionId")]
        if action == "StopTransaction" and isinstance(request, dict):
            number = request.get("transactionId")
            if isinstance(number, int) and self._running.pop(number, None) is not None:
                remember(self._stopped, number, _Stop(connection, digest(request), str(request.get("timestamp"))))
        return []

    def _starts(self, payload: Json) -> list[Violation]:
        connector = payload["connectorId"]
        for number, other in self._running.items():
            if other.survives and other.start.get("connectorId") == connector and other.start != payload:
                text = f"connector {connector} has transaction {number}, which was not stopped"
                return [broken("transaction.connector_busy", self._version, text, "connectorId")]
        moment, ended = self._meters.get(connector, _UNMETERED)
        if payload["meterStart"] < ended and moments.seconds(payload["timestamp"]) >= moment:
            text = (
                f"meterStart {payload['meterStart']} is less than {ended}, the last meterStop of connector {connector}"
            )
            return [broken("meter.rebased", self._version, text, "meterStart")]
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
        transaction.survives = False
        connector, reading = transaction.start.get("connectorId"), payload["meterStop"]
        moment = moments.seconds(payload["timestamp"])
        if isinstance(connector, int):
            remember(self._meters, connector, (moment, reading))
        found = [*self._reason(transaction, payload.get("reason"))]
        reached = max(transaction.meter_start, transaction.energy - _ROUNDING)
        if reading < reached:
            text = f"meterStop {reading} is less than {reached:g}, which the meter had reached"
            found.append(broken("meter.falling", self._version, text, "meterStop"))
        if moment + _FRACTION <= moments.seconds(transaction.start.get("timestamp")):
            text = f"transaction {number} ends at {payload['timestamp']}, it began at {transaction.start['timestamp']}"
            found.append(broken("transaction.order", self._version, text, "timestamp"))
        return found

    def _reason(self, transaction: _Transaction, reason: str | None) -> list[Violation]:
        """Hold a reason that names a cause which a trace shows against the trace."""
        if reason == "DeAuthorized" and transaction.accepted:
            text = "the reason is DeAuthorized, StartTransaction.conf said Accepted"
        elif reason in _COMMANDED and reason not in self._commanded:
            text = f"the reason is {reason}, which the central system did not ask for"
        else:
            return []
        return [broken("transaction.reason", self._version, text, "reason")]

    def _unknown(self, number: int) -> list[Violation]:
        """An id of an earlier trace is as good as any, unless a known transaction waits for its messages."""
        if number == NO_ID or not self._running:
            return []
        known = ", ".join(map(str, sorted(self._running)[:_SHOWN])) + (" …" if len(self._running) > _SHOWN else "")
        text = f"the transaction id {number} was not given here; running: [{known}]"
        return [broken("transaction.unknown", self._version, text, "transactionId")]

    def _of_main_meter(self, payload: Json) -> list[Violation]:
        if payload["connectorId"] != 0:
            return []
        text = f"the values of connector 0 name transaction {payload['transactionId']}"
        return [broken("meter.main", self._version, text, "transactionId")]

    def _measures(self, payload: Json) -> list[Violation]:
        number = payload["transactionId"]
        transaction = self._running.get(number)
        if transaction is None:
            return self._after_the_end(payload) if number in self._stopped else self._unknown(number)
        found = []
        for index, value in enumerate(payload["meterValue"]):
            moment = moments.seconds(value["timestamp"])
            for place, sample in enumerate(value["sampledValue"]):
                path = f"meterValue[{index}].sampledValue[{place}].value"
                found += self._sample(transaction, sample, moment, path)
        return found

    def _after_the_end(self, payload: Json) -> list[Violation]:
        """A value that was queued may come late; one that was taken later than the end may not be the transaction's."""
        number = payload["transactionId"]
        end = self._stopped[number].at
        for index, value in enumerate(payload["meterValue"]):
            if moments.seconds(value["timestamp"]) - moments.seconds(end) > _FRACTION:
                text = f"a value of {value['timestamp']} for transaction {number}, which ended at {end}"
                path = f"meterValue[{index}].timestamp"
                return [broken("transaction.metered_after_stop", self._version, text, path)]
        return []

    def _unrelated(self, payload: Json) -> list[Violation]:
        """Judge meter values without transactionId."""
        connector = payload["connectorId"]
        running = [
            (number, _surely_after(moments.seconds(transaction.start.get("timestamp"))))
            for number, transaction in self._running.items()
            if transaction.survives and transaction.start.get("connectorId") == connector
        ]
        for index, value in enumerate(payload["meterValue"]):
            if not any(map(_is_of_the_connector, value["sampledValue"])):
                continue
            moment = moments.seconds(value["timestamp"])
            for number, began in running:
                if moment >= began:
                    text = f"the values of {value['timestamp']} lack the id of transaction {number}, which runs there"
                    return [broken("meter.transaction", self._version, text, f"meterValue[{index}]")]
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
        energy = _energy(sample, reading) if measurand == _REGISTER else math.nan
        transaction.energy = max(transaction.energy, energy)
        if energy < transaction.meter_start - _ROUNDING:
            text = f"{measurand} is {energy:g} Wh, meterStart was {transaction.meter_start:g}"
            return [broken("meter.falling", self._version, text, path)]
        if reading < last:
            text = f"{measurand} fell from {last:g} to {reading:g}"
            return [broken("meter.falling", self._version, text, path)]
        return []


def remember(known: dict[K, T], key: K, value: T) -> None:
    """Note a value, and forget the oldest one when there are too many."""
    known[key] = value
    if len(known) > REMEMBERED:
        del known[next(iter(known))]


def _surely_after(moment: float) -> float:
    """Give the first time that lies surely after one, which may be one of whole seconds."""
    return moment + _FRACTION if moment % 1 == 0 else math.nextafter(moment, math.inf)


def _energy(sample: Json, reading: float) -> float:
    """Give a reading of the register that meterStart and meterStop are readings of, in Wh; not a number for others."""
    other = "phase" in sample or sample.get("location", _OUTLET) != _OUTLET
    return math.nan if other else reading * _WATT_HOURS.get(sample.get("unit", "Wh"), math.nan)


def _is_of_the_connector(sample: Json) -> bool:
    """Whether a value was measured where the transaction takes its energy."""
    at_the_grid = sample.get("location") in {"Inlet", "Body"}
    return not at_the_grid and sample.get("measurand", _REGISTER).startswith(_OF_THE_CONNECTOR)
