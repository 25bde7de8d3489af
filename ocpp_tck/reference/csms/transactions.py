"""The transactions that stations report to an embedded 1.6 CSMS."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

from ocpp_tck.reference.csms import tokens

UNNUMBERED = -1
"""The transactionId of a station that never got one (errata 3.18)."""


@dataclass(slots=True)
class Transaction:
    """A transaction as its StartTransaction.req told it, and what the CSMS answered.

    `referred` tells whether the station has used `id` since: it then got the answer.
    """

    id: int
    station: str
    request: dict[str, Any]
    response: dict[str, Any]
    referred: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the idTag was accepted: only then is it involved in a transaction."""
        return bool(self.response["idTagInfo"]["status"] == "Accepted")

    def of(self, id_tag: str) -> bool:
        """Tell whether this idTag started the transaction."""
        return tokens.key(self.request["idTag"]) == tokens.key(id_tag)


class Transactions:
    """The ongoing transactions of all stations; ids are unique and positive (errata 3.54)."""

    def __init__(self) -> None:
        # From the clock, so that a CSMS that was restarted does not give out the ids of its former run:
        # true up to a transaction per second on average, and positive 32-bit numbers until 2038.
        self._ids = itertools.count(int(time.time()))
        self._ongoing: dict[int, Transaction] = {}

    def start(self, station: str, request: dict[str, Any], id_tag_info: dict[str, Any]) -> dict[str, Any]:
        """Take a StartTransaction.req; gives the payload of its .conf (1.6 section 4.8).

        A retry of the same request is answered as it was. An accepted idTag that is in another
        transaction gets ConcurrentTx (1.6 section 7.2).
        """
        for transaction in self._of(station):
            if transaction.request == request:
                return transaction.response
        # A connector has one transaction at a time: an earlier one ended and its end got lost.
        for transaction in self._of(station):
            if transaction.request["connectorId"] == request["connectorId"]:
                del self._ongoing[transaction.id]
        if id_tag_info["status"] == "Accepted" and self._busy(request["idTag"]):
            id_tag_info = {"status": "ConcurrentTx"}
        number = next(self._ids)
        response = {"transactionId": number, "idTagInfo": id_tag_info}
        self._ongoing[number] = Transaction(number, station, request, response)
        return response

    def refer(self, station: str, number: int | None) -> None:
        """Note that the station uses a transactionId, so it knows it."""
        transaction = self._ongoing.get(number) if number is not None else None
        if transaction is not None and transaction.station == station:
            transaction.referred = True

    def stop(self, station: str, number: int, id_tag: str | None) -> None:
        """End a transaction of the station; unknown and ended ones are no error (1.6 section 4.10).

        Without a number (-1) it is the last one whose number the station never used, of the idTag
        if one is given.
        """
        if number == UNNUMBERED:
            lost = [one for one in self._of(station) if not one.referred and (id_tag is None or one.of(id_tag))]
            number = lost[-1].id if lost else UNNUMBERED
        transaction = self._ongoing.get(number)
        if transaction is not None and transaction.station == station:
            del self._ongoing[number]

    def forget(self, station: str | None) -> None:
        """Drop the transactions of a station, or of all (None)."""
        for transaction in list(self._ongoing.values()):
            if station in (None, transaction.station):
                del self._ongoing[transaction.id]

    def _of(self, station: str) -> list[Transaction]:
        return [one for one in self._ongoing.values() if one.station == station]

    def _busy(self, id_tag: str) -> bool:
        return any(one.accepted and one.of(id_tag) for one in self._ongoing.values())
