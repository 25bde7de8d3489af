"""Defects of the CSMS of 2.0.1 and 2.1."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.messages import MessageType
from websockets.asyncio.server import ServerConnection

from ocpp_tck.reference.csms.session import Payload
from ocpp_tck.reference.csms.v20 import Product, Rpc
from ocpp_tck.reference.csms.v20_tokens import Tokens
from ocpp_tck.reference.defects.table import Table

table = Table("csms", "2.0.1", "2.1")


@table.defect("never-accepts", "B01.FR.02")
class NeverAccepts(Product):
    """Answers every BootNotification with Pending."""

    def _boot(self, station: str, payload: Payload) -> Payload:
        answer = super()._boot(station, payload)
        self._station(station).registration = "Pending"
        return answer | {"status": "Pending"}


@table.defect("tells-a-wrong-time", "B01, G02.FR.06")
class TellsWrongTime(Product):
    """Its clock is an hour late."""

    def _answer(self, station: str, action: str, payload: Payload) -> Payload:
        answer = super()._answer(station, action, payload)
        if "currentTime" in answer:
            late = datetime.now(UTC) - timedelta(hours=1)
            answer["currentTime"] = late.isoformat(timespec="seconds").replace("+00:00", "Z")
        return answer


@table.defect("accepts-any-token", "C01.FR.07")
class AcceptsAnyToken(Tokens):
    """Accepts tokens that it does not know."""

    def info(self, token: Payload) -> Payload:
        return super().info(token) | {"status": "Accepted"}


@table.defect("judges-tokens-only-in-authorize", "E01.FR.11, C01.FR.07")
class JudgesOnlyInAuthorize(Product):
    """Says nothing about the token of a TransactionEvent."""

    def _transaction_event(self, station: str, payload: Payload) -> Payload:
        super()._transaction_event(station, payload)
        return {}


@table.defect("forgets-registration-at-reconnect", "B01; Part 4 5.3")
class ForgetsRegistration(Product):
    """Wants a BootNotification on every connection."""

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        self._station(station).registration = "Rejected"
        await super()._serve(station, connection)


@table.defect("orders-without-effect", "F01.FR.01, G03.FR.01")
class OrdersWithoutEffect(Rpc):
    """Tells its operator that an order was carried out and sends nothing."""

    def order(self, action: str, payload: Payload, accepted: Any = None) -> None:
        pass


@table.defect("orders-at-another-evse", "F01.FR.01, G03.FR.01")
class OrdersElsewhere(Product):
    """Sends orders with the next EVSE."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if "evseId" in payload:
            payload = payload | {"evseId": payload["evseId"] + 1}
        if "evse" in payload:
            payload = payload | {"evse": payload["evse"] | {"id": payload["evse"]["id"] + 1}}
        super()._order(name, station, payload)


@table.defect("orders-one-connector-for-an-evse", "G03.FR.01")
class OrdersOneConnector(Product):
    """Orders the availability of the first connector where its operator meant the whole EVSE."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if name == "ChangeAvailability" and "evse" in payload:
            payload = payload | {"evse": payload["evse"] | {"connectorId": 1}}
        super()._order(name, station, payload)


@table.defect("starts-with-a-token-of-its-own", "F01.FR.01")
class StartsOwnToken(Product):
    """Sends RequestStartTransaction with a token of its own instead of the operator's."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if name == "RequestStartTransaction":
            payload = payload | {"idToken": {"idToken": "OPERATOR", "type": "Central"}}
        super()._order(name, station, payload)


@table.defect("reads-targets", "B06.FR.01, B06.FR.10")
class ReadsTargets(Product):
    """Asks for the target of a variable instead of its actual value."""

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        if name == "GetVariables":
            asked = [entry | {"attributeType": "Target"} for entry in payload["getVariableData"]]
            payload = payload | {"getVariableData": asked}
        super()._order(name, station, payload)


@table.defect("does-not-wait-for-answers", "Part 4 4.1.1")
class DoesNotWait(Rpc):
    """Sends the next request before the one before was answered."""

    async def _deliver(self) -> None:
        while True:
            order = self._outstanding = await self._orders.get()
            await self._send([MessageType.Call, order.message_id, order.action, order.payload])


@table.also("does-not-wait-for-answers")
class AsksMuchAtBoot(Product):
    """Asks a station that boots for several things."""

    def _boot(self, station: str, payload: Payload) -> Payload:
        session = self._station(station).session
        for variable in ("HeartbeatInterval", "OfflineThreshold") * 5:
            place = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": variable}}
            if session is not None:
                session.order("GetVariables", {"getVariableData": [place]})
        return super()._boot(station, payload)


@table.defect("drops-connection-at-transaction", "E01")
class DropsAtTransaction(Rpc):
    """Closes the connection instead of answering a TransactionEvent."""

    def _reply(self, message: list[Any]) -> list[Any] | None:
        if message[2:3] != ["TransactionEvent"]:
            return super()._reply(message)
        self._closing = asyncio.ensure_future(self.close())
        return None
