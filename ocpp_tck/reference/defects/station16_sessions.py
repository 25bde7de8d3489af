"""Defects of the charge point of 1.6 in transactions: their end, their messages, their ids, their meter."""

from typing import Any

from ocpp_tck.reference.defects.station16 import table
from ocpp_tck.reference.station.core16.clock import stamp
from ocpp_tck.reference.station.core16.device import Connector, Transaction, TransactionMessage
from ocpp_tck.reference.station.core16.firmware import Firmware
from ocpp_tck.reference.station.core16.meter import REGISTER, Meter, meter_value
from ocpp_tck.reference.station.core16.sender import Answer, Connection, Sender
from ocpp_tck.reference.station.core16.transactions import Transactions

__all__ = ["table"]

# -- the end of a transaction ----------------------------------------------------------------------------------------


@table.defect("keeps-charging-after-stop", "1.6 4.9, 4.10")
class KeepsCharging(Transactions):
    """Sends StopTransaction and goes on charging."""

    def stop(self, connector: Connector, reason: str, id_tag: str | None = None, *, keep_locked: bool = False) -> None:
        transaction = connector.transaction
        super().stop(connector, reason, id_tag, keep_locked=keep_locked)
        connector.transaction = transaction


@table.defect("keeps-metering-after-stop", "1.6 3.16, 4.7")
class KeepsMetering(Transactions):
    """Goes on with the meter values of a transaction that it has stopped."""

    def stop(self, connector: Connector, reason: str, id_tag: str | None = None, *, keep_locked: bool = False) -> None:
        transaction = connector.transaction
        super().stop(connector, reason, id_tag, keep_locked=keep_locked)
        if transaction is not None:
            self._background.spawn(self._go_on(connector, transaction))

    async def _go_on(self, connector: Connector, transaction: Transaction) -> None:
        while interval := self._device.configuration.number("MeterValueSampleInterval"):
            await self._pause(interval)
            moment = self._device.clock.now()
            value = meter_value(connector.meter, [REGISTER], "Sample.Periodic", moment, transaction.meter_start)
            payload = {"connector_id": connector.number, "meter_value": [value]}
            self._sender.queue(TransactionMessage("MeterValues", payload, transaction))


@table.defect("never-tells-the-end", "1.6 4.10")
class NeverTellsTheEnd(Sender):
    """Stops transactions without a StopTransaction."""

    def queue(self, message: TransactionMessage) -> None:
        if message.action != "StopTransaction":
            super().queue(message)


# -- power and connection --------------------------------------------------------------------------------------------


@table.defect("forgets-transaction-over-power-loss", "1.6 4.10, 7.36")
class ForgetsTransaction(Firmware):
    """Knows nothing after a power cut of the transaction that ran."""

    def start(self) -> None:
        for connector in self._device.transactions:
            connector.transaction = None
        super().start()


@table.defect("forgets-queue-over-power-loss", "1.6 3.7")
class ForgetsQueue(Firmware):
    """Keeps its queue of transaction messages in volatile memory."""

    def start(self) -> None:
        self._device.queue.clear()
        self._sender._queued.clear()  # noqa: SLF001 - the defect sits inside the sender
        super().start()


@table.defect("loses-power-without-a-word", "1.6 4.10, 7.36")
class LosesPowerSilently(Firmware):
    """Has back-up power and stops nothing while that lasts."""

    async def end_transactions(self, reason: str) -> None:
        if reason != "PowerLoss":
            await super().end_transactions(reason)


@table.defect("forgets-transaction-while-offline", "1.6 3.7")
class ForgetsWhileOffline(Sender):
    """Ends a transaction without a word when the connection is lost."""

    def lost(self) -> None:
        super().lost()
        for connector in self._device.transactions:
            connector.transaction = None


@table.defect("queues-nothing", "1.6 3.7")
class QueuesNothing(Sender):
    """Drops transaction messages that arise while it is offline."""

    def queue(self, message: TransactionMessage) -> None:
        if self.connected:
            super().queue(message)


@table.defect("queues-no-meter-values", "1.6 3.7")
class QueuesNoMeterValues(Sender):
    """Drops meter values that arise while it is offline."""

    def queue(self, message: TransactionMessage) -> None:
        if self.connected or message.action != "MeterValues":
            super().queue(message)


@table.defect("sends-queue-twice", "1.6 3.7.1")
class SendsQueueTwice(Sender):
    """Sends each transaction message that it had to queue once more when it was answered."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waited: list[TransactionMessage] = []

    def queue(self, message: TransactionMessage) -> None:
        super().queue(message)
        if not self.connected:
            self._waited.append(message)

    def _settled(self, message: TransactionMessage, answer: Answer | None) -> None:
        again = [one for one in self._waited if one is message]
        self._waited = [one for one in self._waited if one is not message]
        if again:
            self._learn(message, answer)
            self._answered(message, answer)
        else:
            super()._settled(message, answer)


@table.defect("sends-queue-backwards", "1.6 3.7")
class SendsQueueBackwards(Sender):
    """Sends the last message of its queue first."""

    def opened(self, connection: Connection) -> None:
        self._device.queue.reverse()
        super().opened(connection)


@table.defect("stamps-when-sent", "1.6 3.7, 6.45, 6.49, 7.33")
class StampsWhenSent(Sender):
    """Puts the time of sending into transaction messages, not that of the event."""

    async def _deliver(self, message: TransactionMessage) -> None:
        now = stamp(self._device.clock.now())
        if message.action == "MeterValues":
            message.payload["meter_value"] = [{**one, "timestamp": now} for one in message.payload["meter_value"]]
        else:
            message.payload["timestamp"] = now
        await super()._deliver(message)


# -- ids and meter ---------------------------------------------------------------------------------------------------


@table.defect("makes-up-transaction-ids", "1.6 4.8, 6.46")
class MakesUpIds(Sender):
    """Uses a transactionId of its own."""

    def _learn(self, message: TransactionMessage, answer: Answer | None) -> None:
        super()._learn(message, answer)
        if message.action == "StartTransaction" and message.transaction.id is not None:
            message.transaction.id += 4711


@table.defect("keeps-the-first-transaction-id", "1.6 4.8, 6.46")
class KeepsFirstId(Sender):
    """Uses the transactionId of the first transaction for every later one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._first: int | None = None

    def _learn(self, message: TransactionMessage, answer: Answer | None) -> None:
        super()._learn(message, answer)
        if message.action == "StartTransaction":
            self._first = self._first or message.transaction.id
            message.transaction.id = self._first


@table.defect("meter-starts-anew", "1.6 7.31; errata 3.78")
class MeterStartsAnew(Meter):
    """Sets its energy register to zero when the energy stops."""

    def switch(self, *, flowing: bool) -> None:
        stops = self.flowing and not flowing
        super().switch(flowing=flowing)
        if stops:
            self._register = 0.0


@table.defect("samples-without-transaction-id", "1.6 3.16.1, 4.7")
class SamplesWithoutId(Sender):
    """Does not say to which transaction its periodic meter values belong."""

    async def _call(self, action: str, payload: dict[str, Any]) -> Answer:
        if action == "MeterValues":
            payload = {name: value for name, value in payload.items() if name != "transaction_id"}
        return await super()._call(action, payload)
