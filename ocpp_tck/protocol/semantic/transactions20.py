"""Transactions of OCPP 2.0.1 and 2.1 over a trace.

Source: Part 2 block E 1.3.2 (sequence numbers), E01, TransactionEventRequest and TransactionEventResponse. Events may
come out of order when a delivery failed, so they are judged by their sequence numbers, not by their order on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Json, Version, Violation

_SAME = ("eventType", "timestamp", "triggerReason")
REMEMBERED = 1000
"""Transactions that are known; beyond that the oldest is unknown, and the unknown is not judged."""
REMEMBERED_EVENTS = 10_000
"""Events of one transaction that are known; beyond that the oldest is forgotten."""


@dataclass(slots=True)
class _Transaction:
    events: dict[int, tuple[Json, ...]] = field(default_factory=dict)
    first: int | None = None
    last: int | None = None
    started: int | None = None
    ended: int | None = None
    connection: str = ""

    def note(self, number: int, same: tuple[Json, ...]) -> None:
        """Remember an event by its sequence number."""
        self.events[number] = same
        self.first = number if self.first is None else min(self.first, number)
        self.last = number if self.last is None else max(self.last, number)
        if len(self.events) > REMEMBERED_EVENTS:
            del self.events[next(iter(self.events))]


class Transactions20:
    """The transactions of one station."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._known: dict[str, _Transaction] = {}

    def called(self, connection: str, action: str, payload: Json) -> list[Violation]:
        """Judge a request: only TransactionEvent matters."""
        if action != "TransactionEvent":
            return []
        identifier, number, kind = payload["transactionInfo"]["transactionId"], payload["seqNo"], payload["eventType"]
        if number < 0:  # 2.1 has it in the schema
            return [broken("transaction.seq_negative", self._version, f"seqNo is {number}", "seqNo")]
        transaction = self._known.setdefault(identifier.casefold(), _Transaction())  # an identifierString
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        same = tuple(payload[name] for name in _SAME)
        earlier = transaction.events.get(number)
        if earlier is not None:
            if earlier == same:
                return []  # a retry
            text = f"transaction {identifier}: seqNo {number} was used for another event"
            return [broken("transaction.seq_repeated", self._version, text, "seqNo")]
        found = self._order(transaction, identifier, number, kind)
        if kind == "Started":
            found += self._readings(payload)
        last = transaction.last
        online = transaction.connection == connection and not payload.get("offline")
        if not found and online and last is not None and number > last + 1:
            text = f"transaction {identifier}: seqNo {number} follows {last}"
            found.append(broken("transaction.seq_gap", self._version, text, "seqNo"))
        transaction.note(number, same)
        transaction.connection = connection
        if kind == "Started":
            transaction.started = number
        elif kind == "Ended":
            transaction.ended = number
        return found

    def _order(self, transaction: _Transaction, identifier: str, number: int, kind: str) -> list[Violation]:
        if kind == "Started" and (
            transaction.started is not None or (transaction.first is not None and transaction.first < number)
        ):
            text = f"transaction {identifier}: Started with seqNo {number} is not its first event"
            return [broken("transaction.started_first", self._version, text, "eventType")]
        if transaction.started is not None and number < transaction.started:
            text = f"transaction {identifier}: {kind} with seqNo {number} before Started with {transaction.started}"
            return [broken("transaction.started_first", self._version, text, "seqNo")]
        if transaction.ended is not None and (kind == "Ended" or number > transaction.ended):
            text = f"transaction {identifier}: {kind} with seqNo {number} after Ended with {transaction.ended}"
            return [broken("transaction.ended_last", self._version, text, "eventType")]
        if kind == "Ended" and transaction.last is not None and transaction.last > number:
            text = f"transaction {identifier}: Ended with seqNo {number} is not its last event"
            return [broken("transaction.ended_last", self._version, text, "eventType")]
        return []

    def _readings(self, payload: Json) -> list[Violation]:
        for index, value in enumerate(payload.get("meterValue", ())):
            for place, sample in enumerate(value["sampledValue"]):
                context = sample.get("context", "Sample.Periodic")
                if context != "Transaction.Begin":
                    path = f"meterValue[{index}].sampledValue[{place}].context"
                    text = f"a value of the event Started has the context {context}"
                    return [broken("meter.begin", self._version, text, path)]
        return []

    def answered(self, connection: str, action: str, request: Json, payload: Json) -> list[Violation]:
        """Judge a CALLRESULT; `request` may be illegal."""
        del connection
        asked = action == "TransactionEvent" and isinstance(request, dict) and "idToken" in request
        if asked and "idTokenInfo" not in payload:
            text = "the event had an idToken, the answer has no idTokenInfo"
            return [broken("transaction.token_info", self._version, text, "idTokenInfo")]
        return []
