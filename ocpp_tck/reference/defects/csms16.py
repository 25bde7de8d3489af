"""Defects of the CSMS of 1.6."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.messages import MessageType
from websockets.asyncio.server import ServerConnection

from ocpp_tck.reference.csms.session import Payload, Refused, Session
from ocpp_tck.reference.csms.tokens import Tokens
from ocpp_tck.reference.csms.transactions import UNNUMBERED, Transactions
from ocpp_tck.reference.csms.v16 import ACCEPTED, REJECTED, Product
from ocpp_tck.reference.defects.table import Table

table = Table("csms", "1.6")
ANOTHER = 1
"""How far a wrong connector or transaction lies from the right one."""

# -- registration ----------------------------------------------------------------------------------------------------


@table.defect("never-accepts", "1.6 4.2")
class NeverAccepts(Product):
    """Answers every BootNotification with Pending."""

    def _boot(self, station: str, payload: Payload) -> Payload:
        answer = super()._boot(station, payload)
        self._station(station).registration = "Pending"
        return answer | {"status": "Pending"}


@table.defect("accepts-a-station-only-once", "1.6 4.2")
class AcceptsOnlyOnce(Product):
    """Rejects the BootNotification of a station that it has accepted before."""

    def _boot(self, station: str, payload: Payload) -> Payload:
        again = self._station(station).registration == ACCEPTED
        answer = super()._boot(station, payload)
        if again:
            answer["status"] = self._station(station).registration = REJECTED
        return answer


@table.defect("forgets-registration-at-reconnect", "1.6 4.2; OCPP-J 5.4")
class ForgetsRegistration(Product):
    """Wants a BootNotification on every connection."""

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        self._station(station).registration = None
        await super()._serve(station, connection)


@table.defect("tells-a-wrong-time", "1.6 4.2, 4.6")
class TellsWrongTime(Product):
    """Its clock is an hour late."""

    def _answer(self, station: str, action: str, payload: Payload) -> Payload:
        answer = super()._answer(station, action, payload)
        if "currentTime" in answer:
            late = datetime.now(UTC) - timedelta(hours=1)
            answer["currentTime"] = late.isoformat(timespec="seconds").replace("+00:00", "Z")
        return answer


# -- tokens and transactions -----------------------------------------------------------------------------------------


def _takes(refused: str, tokens: type[Tokens]) -> type[Tokens]:
    """Give tokens of which those with a status are accepted all the same."""

    def info(self: Tokens, token: Any) -> Payload:
        found = tokens.info(self, token)
        return {"status": "Accepted"} if found["status"] == refused else found

    return type(f"Takes{refused}", (tokens,), {"info": info})


table.enter("accepts-any-token", "1.6 4.1, 7.2", "Accepts tokens that it does not know.", _takes("Invalid", Tokens))
table.enter("accepts-expired-tokens", "1.6 4.1, 7.2", "Accepts expired tokens.", _takes("Expired", Tokens))
table.enter("accepts-blocked-tokens", "1.6 4.1, 7.2", "Accepts blocked tokens.", _takes("Blocked", Tokens))


@table.defect("judges-tokens-only-in-authorize", "1.6 4.8")
class JudgesOnlyInAuthorize(Product):
    """Accepts every token in StartTransaction."""

    def _start(self, station: str, payload: Payload) -> Payload:
        return super()._start(station, payload) | {"idTagInfo": {"status": "Accepted"}}


@table.defect("starts-only-what-it-was-asked", "1.6 3.5, 4.8")
class StartsOnlyWhatItWasAsked(Product):
    """Refuses the StartTransaction of a token that no Authorize named before."""

    _asked = ""

    def _authorize(self, station: str, payload: Payload) -> Payload:
        self._asked = payload["idTag"]
        return super()._authorize(station, payload)

    def _start(self, station: str, payload: Payload) -> Payload:
        answer = super()._start(station, payload)
        asked, self._asked = self._asked == payload["idTag"], ""
        return answer if asked else answer | {"idTagInfo": {"status": "Invalid"}}


@table.defect("ignores-concurrent-transactions", "1.6 7.2")
class IgnoresConcurrent(Transactions):
    """Accepts a token that is in another transaction."""

    def _busy(self, id_tag: str) -> bool:
        return False


@table.defect("gives-one-transaction-id", "1.6 6.46; errata 3.54")
class GivesOneId(Product):
    """Gives every transaction the same id."""

    def _start(self, station: str, payload: Payload) -> Payload:
        return super()._start(station, payload) | {"transactionId": 1}


@table.defect("forgets-transactions-at-reconnect", "1.6 4.10; OCPP-J 5.4")
class ForgetsTransactions(Product):
    """Knows no transaction from before the connection, and refuses the end of one that it does not know."""

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        self._transactions.forget(station)
        await super()._serve(station, connection)

    def _stop(self, station: str, payload: Payload) -> Payload:
        known = {one.id for one in self._transactions._of(station)}  # noqa: SLF001 - the defect looks inside
        if payload["transactionId"] not in known | {UNNUMBERED}:
            raise Refused("PropertyConstraintViolation", "no such transaction")
        return super()._stop(station, payload)


@table.defect("refuses-queued-messages", "1.6 3.7")
class RefusesQueued(Product):
    """Refuses transaction messages about what happened before the connection was opened."""

    _since: datetime | None = None

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        self._since = datetime.now(UTC)
        await super()._serve(station, connection)

    def _answer(self, station: str, action: str, payload: Payload) -> Payload:
        late = "Transaction" in action and self._since and datetime.fromisoformat(payload["timestamp"]) < self._since
        if late:
            raise Refused("PropertyConstraintViolation", "too late")
        return super()._answer(station, action, payload)


@table.defect("refuses-faults", "1.6 4.9")
class RefusesFaults(Product):
    """Refuses a StatusNotification with an error code."""

    def _answer(self, station: str, action: str, payload: Payload) -> Payload:
        if payload.get("errorCode", "NoError") != "NoError":
            raise Refused("InternalError", "the status could not be stored")
        return super()._answer(station, action, payload)


# -- orders ----------------------------------------------------------------------------------------------------------


@table.defect("orders-without-effect", "1.6 5")
class OrdersWithoutEffect(Session):
    """Tells its operator that an order was carried out and sends nothing."""

    def order(self, action: str, payload: Payload, accepted: Any = None) -> None:
        pass


@table.defect("orders-at-another-connector", "1.6 5.11, 5.18")
class OrdersElsewhere(Product):
    """Sends orders with the next connector."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if "connectorId" in payload:
            payload = payload | {"connectorId": payload["connectorId"] + ANOTHER}
        super()._order(name, station, payload)


@table.defect("stops-another-transaction", "1.6 5.12")
class StopsAnother(Product):
    """Sends RemoteStopTransaction with the id of another transaction."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if "transactionId" in payload:
            payload = payload | {"transactionId": payload["transactionId"] + ANOTHER}
        super()._order(name, station, payload)


@table.defect("cancels-another-reservation", "1.6 5.1")
class CancelsAnother(Product):
    """Sends CancelReservation with an id that it has not given."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if name == "CancelReservation" and "reservationId" in payload:
            payload = payload | {"reservationId": payload["reservationId"] + ANOTHER}
        super()._order(name, station, payload)


@table.defect("takes-no-reserved-transactions", "1.6 4.8, 5.13")
class TakesNoReserved(Product):
    """Refuses the transaction that ends a reservation."""

    def _start(self, station: str, payload: Payload) -> Payload:
        answer = super()._start(station, payload)
        return answer | {"idTagInfo": {"status": "Invalid"}} if "reservationId" in payload else answer


@table.defect("resets-softly", "1.6 5.14")
class ResetsSoftly(Product):
    """Sends every Reset as a soft one."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        super()._order(name, station, payload | {"type": "Soft"} if name == "Reset" else payload)


@table.defect("starts-with-a-token-of-its-own", "1.6 5.11")
class StartsOwnToken(Product):
    """Sends RemoteStartTransaction with a token of its own instead of the operator's."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        super()._order(name, station, payload | {"idTag": "OPERATOR"} if "idTag" in payload else payload)


@table.defect("asks-for-one-key-at-a-time", "1.6 5.8")
class AsksForFirstKey(Product):
    """Always names the keys that it asks for: without any from its operator, HeartbeatInterval."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        super()._order(name, station, {"key": ["HeartbeatInterval"]} if name == "GetConfiguration" else payload)


@table.defect("orders-twice", "1.6 5")
class OrdersTwice(Session):
    """Sends every order twice, one after the other."""

    def order(self, action: str, payload: Payload, accepted: Any = lambda _response: None) -> None:
        for _ in range(2):
            super().order(action, payload, accepted)


@table.defect("sends-every-list-as-full", "1.6 5.15, 7.48")
class SendsFullLists(Product):
    """Sends changes of a local list as full lists."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        super()._order(name, station, payload | {"updateType": "Full"} if name == "SendLocalList" else payload)


@table.defect("sends-lists-without-statuses", "1.6 7.1")
class SendsBareLists(Product):
    """Sends local lists of tokens without idTagInfo."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if name == "SendLocalList":
            bare = [{"idTag": entry["idTag"]} for entry in payload.get("localAuthorizationList", ())]
            payload = payload | {"localAuthorizationList": bare}
        super()._order(name, station, payload)


@table.defect("does-not-wait-for-answers", "OCPP-J 1.6 4.1.1")
class DoesNotWait(Session):
    """Sends the next request before the one before was answered."""

    async def _deliver(self) -> None:
        while True:
            order = self._outstanding = await self._orders.get()
            await self._send([MessageType.Call, order.message_id, order.action, order.payload])


@table.also("does-not-wait-for-answers")
class AsksMuchAtBoot(Product):
    """Asks a charge point that boots for several things."""

    def _boot(self, station: str, payload: Payload) -> Payload:
        session = self._station(station).session
        for key in ("HeartbeatInterval", "NumberOfConnectors") * 5:
            if session is not None:
                session.order("GetConfiguration", {"key": [key]})
        return super()._boot(station, payload)


# -- the connection --------------------------------------------------------------------------------------------------


@table.defect("drops-connection-at-heartbeat", "1.6 4.6")
class DropsAtHeartbeat(Session):
    """Closes the connection instead of answering a Heartbeat."""

    def _reply(self, message: list[Any]) -> list[Any] | None:
        if message[2:3] != ["Heartbeat"]:
            return super()._reply(message)
        self._closing = asyncio.ensure_future(self.close())
        return None


_REFUSALS = frozenset({"Rejected", "NotSupported", "UnlockFailed", "Faulted", "Occupied", "Unavailable"})


@table.defect("falls-over-refusals", "1.6 5")
class FallsOverRefusals(Session):
    """Takes no request any more once a station has refused one of its own."""

    _fallen = False

    def _settle(self, message: list[Any]) -> None:
        super()._settle(message)
        status = message[2].get("status") if isinstance(message[2], dict) else None
        self._fallen = self._fallen or status in _REFUSALS

    def _reply(self, message: list[Any]) -> list[Any] | None:
        return None if self._fallen else super()._reply(message)
