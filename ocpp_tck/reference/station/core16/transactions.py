"""Transactions: their start and stop messages, their meter values, and an idTag found invalid."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.authorization import IdTagInfo
from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.clock import stamp
from ocpp_tck.reference.station.core16.device import (
    Connector,
    Device,
    Lockholder,
    Transaction,
    TransactionMessage,
)
from ocpp_tck.reference.station.core16.meter import POWER, REGISTER, meter_value
from ocpp_tck.reference.station.core16.sender import Answer, Sender

_DAY = 86400


class Transactions:
    """Starts, samples and stops transactions."""

    def __init__(self, device: Device, background: Background, changed: Callable[[], None]) -> None:
        """`changed` is called when a connector's state has changed."""
        self._device = device
        self._background = background
        self._changed = changed
        self._sender = part(Sender, device.options)(device, self._answered)
        self._intervals = asyncio.Event()

    @property
    def sender(self) -> Sender:
        """The sender that delivers the transaction-related messages."""
        return self._sender

    def start(self, connector: Connector, id_tag: str, parent: str | None) -> None:
        """Begin a transaction on a connector that is ready: StartTransaction (1.6 §4.8)."""
        now = self._device.clock.now()
        transaction = Transaction(connector.number, id_tag, parent, now, connector.meter.register)
        connector.transaction = transaction
        reservation = self._device.reservations.use(connector, id_tag, parent)
        connector.claim = None
        connector.finished = False
        connector.lockholder = None
        self._collect(connector, self._stop_measurands(), "Transaction.Begin", now)
        payload = {
            "connector_id": connector.number,
            "id_tag": id_tag,
            "meter_start": transaction.meter_start,
            "reservation_id": reservation.id if reservation else None,
            "timestamp": stamp(now),
        }
        self._sender.queue(TransactionMessage("StartTransaction", payload, transaction))
        self._background.spawn(self._sample(connector, transaction))

    def resume(self, connector: Connector) -> None:
        """Go on with the connector's transaction after a power cut, if there is one."""
        if connector.transaction is not None:
            self._background.spawn(self._sample(connector, connector.transaction))

    def stop(self, connector: Connector, reason: str, id_tag: str | None = None, *, keep_locked: bool = False) -> None:
        """End the connector's transaction, if there is one: StopTransaction (1.6 §4.10)."""
        transaction = connector.transaction
        if transaction is None:
            return
        connector.meter.switch(flowing=False)
        now = self._device.clock.now()
        self._collect(connector, self._stop_measurands(), "Transaction.End", now)
        payload = {
            "meter_stop": connector.meter.register,
            "timestamp": stamp(now),
            "reason": reason,
            "id_tag": id_tag,
            "transaction_data": self._limited(transaction) or None,
        }
        self._sender.queue(TransactionMessage("StopTransaction", payload, transaction))
        connector.transaction = None
        connector.finished = connector.ev if connector.fixed_cable else connector.cable
        if keep_locked and connector.locked:
            connector.lockholder = Lockholder(transaction.id_tag, transaction.parent)
        else:
            unlock(connector)
        self._settle_availability(connector)

    def intervals_changed(self) -> None:
        """Begin the sampling intervals anew: their configuration has changed."""
        self._intervals.set()
        self._intervals = asyncio.Event()

    def report(self, connector: Connector, context: str, moment: datetime, *, unregistered: bool = False) -> None:
        """Send what MeterValuesSampledData lists as it is now, outside the intervals (TriggerMessage)."""
        transaction = connector.transaction
        since = transaction.meter_start if transaction else connector.meter.register
        value = meter_value(connector.meter, self._measurands("MeterValuesSampledData"), context, moment, since)
        payload = {"connector_id": connector.number, "meter_value": [value]}
        if transaction is None or transaction.id is None:
            self._sender.notify("MeterValues", payload, unregistered=unregistered)
        else:
            self._sender.queue(TransactionMessage("MeterValues", payload, transaction))

    async def align(self) -> None:
        """Take clock-aligned meter values of all transactions for ever (1.6 §3.16.2)."""
        while True:
            interval = self._device.configuration.number("ClockAlignedDataInterval")
            if not interval:
                await self._intervals.wait()
                continue
            now = self._device.clock.now()
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            passed = int((now - midnight).total_seconds() // interval) + 1
            moment = midnight + timedelta(seconds=min(passed * interval, _DAY))
            if await self._pause((moment - now).total_seconds()):
                continue
            for connector in self._device.transactions:
                self._take(connector, "MeterValuesAlignedData", "StopTxnAlignedData", "Sample.Clock", moment)

    def _answered(self, message: TransactionMessage, answer: Answer | None) -> None:
        if message.action != "StartTransaction" or answer is None:
            return
        transaction = message.transaction
        info = IdTagInfo.read(answer["id_tag_info"])
        transaction.parent = info.parent or transaction.parent
        connector = self._device.connectors[transaction.connector_id]
        if info.accepted or connector.transaction is not transaction:
            return
        allowed = self._device.configuration.number("MaxEnergyOnInvalidId")
        if allowed:
            seconds = allowed * 3600 / POWER
            self._background.after(seconds, transaction.started, lambda: self._invalid(connector, transaction))
        else:
            self._invalid(connector, transaction)

    def _invalid(self, connector: Connector, transaction: Transaction) -> None:
        """Stop the transaction, or only its energy, for an idTag that is not valid (errata 3.17)."""
        if connector.transaction is not transaction:
            return
        if self._device.configuration.flag("StopTransactionOnInvalidId"):
            self.stop(connector, "DeAuthorized", keep_locked=True)
        else:
            transaction.suspended = True
        self._changed()

    async def _sample(self, connector: Connector, transaction: Transaction) -> None:
        loop = asyncio.get_running_loop()
        begun, moment = loop.time(), transaction.started
        taken = 0
        while connector.transaction is transaction:
            interval = self._device.configuration.number("MeterValueSampleInterval")
            if not interval:
                await self._intervals.wait()
                changed = True
            else:
                changed = await self._pause(begun + (taken + 1) * interval - loop.time())
            if changed:
                begun, moment, taken = loop.time(), self._device.clock.now(), 0
                continue
            taken += 1
            if connector.transaction is transaction:
                at = moment + timedelta(seconds=taken * interval)
                self._take(connector, "MeterValuesSampledData", "StopTxnSampledData", "Sample.Periodic", at)

    async def _pause(self, seconds: float) -> bool:
        """Wait; returns True as soon as the intervals change."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._intervals.wait()
        except TimeoutError:
            return False
        return True

    def _take(self, connector: Connector, sent: str, kept: str, context: str, moment: datetime) -> None:
        transaction = connector.transaction
        if transaction is None:
            return
        since = transaction.marks.get(sent, transaction.meter_start)
        value = meter_value(connector.meter, self._measurands(sent), context, moment, since)
        payload = {"connector_id": connector.number, "meter_value": [value]}
        self._sender.queue(TransactionMessage("MeterValues", payload, transaction))
        self._collect(connector, self._device.configuration.items(kept), context, moment)
        transaction.marks[sent] = connector.meter.register

    def _measurands(self, key: str) -> list[str]:
        """Read a list of measurands; empty means the energy register (1.6 §9.1.17)."""
        return self._device.configuration.items(key) or [REGISTER]

    def _stop_measurands(self) -> list[str]:
        configuration = self._device.configuration
        names = configuration.items("StopTxnSampledData") + configuration.items("StopTxnAlignedData")
        return list(dict.fromkeys(names))

    def _collect(self, connector: Connector, measurands: list[str], context: str, moment: datetime) -> None:
        transaction = connector.transaction
        if transaction is not None and measurands:
            since = transaction.meter_start
            transaction.data.append(meter_value(connector.meter, measurands, context, moment, since))

    def _limited(self, transaction: Transaction) -> list[dict[str, object]]:
        """Drop intermediate values beyond the maximum, never the first and the last (errata 3.91)."""
        limit = self._device.configuration.number("StopTransactionMaxMeterValues")
        data = transaction.data
        return data if len(data) <= limit else [*data[: limit - 1], data[-1]]

    def _settle_availability(self, connector: Connector) -> None:
        if connector.scheduled is not None:
            connector.operative, connector.scheduled = connector.scheduled, None
        device = self._device
        if device.scheduled is not None and not device.transactions:
            device.operative, device.scheduled = device.scheduled, None


def unlock(connector: Connector) -> bool:
    """Try to release the cable; returns whether it is free."""
    if connector.lock_broken:
        return False
    connector.locked = False
    connector.lockholder = None
    return True
