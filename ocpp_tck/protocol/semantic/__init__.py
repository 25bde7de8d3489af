"""Rules about what messages mean in a trace, by topic. Only frames that broke no MUST come here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.semantic.boot import Boot
from ocpp_tck.protocol.semantic.charging16 import charging_answered, charging_called
from ocpp_tck.protocol.semantic.configuration16 import Configuration16
from ocpp_tck.protocol.semantic.events20 import Events20
from ocpp_tck.protocol.semantic.fields import fields
from ocpp_tck.protocol.semantic.files16 import Files16
from ocpp_tck.protocol.semantic.lists16 import Lists16
from ocpp_tck.protocol.semantic.meters20 import meters
from ocpp_tck.protocol.semantic.primitives import ids, primitives
from ocpp_tck.protocol.semantic.remote_starts16 import RemoteStarts16
from ocpp_tck.protocol.semantic.reservations16 import Reservations16
from ocpp_tck.protocol.semantic.times import Times
from ocpp_tck.protocol.semantic.transactions16 import Transactions16
from ocpp_tck.protocol.semantic.transactions20 import Transactions20
from ocpp_tck.protocol.semantic.triggers16 import Triggers16
from ocpp_tck.protocol.semantic.variables import asked_twice, variables
from ocpp_tck.protocol.types import MessageType, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Json, Message, Side, Violation


class Semantics:
    """What is known about one station from its trace.

    A trace may begin in the middle: what was not seen is unknown, and the unknown is not judged.

    Args:
        version: OCPP version.
        clock_tolerance: seconds by which two clocks may differ.
    """

    def __init__(self, version: Version, clock_tolerance: float) -> None:
        self._version = version
        self._times = Times(version, clock_tolerance)
        self._boot = Boot(version)
        self._events = Events20(version)
        self._remote_starts = RemoteStarts16(clock_tolerance)
        self._lists = Lists16()
        self._triggers = Triggers16()
        self._reservations = Reservations16(clock_tolerance)
        self._files = Files16()
        self._configuration = Configuration16(clock_tolerance)
        self._transactions = Transactions16(version) if version is Version.V16 else Transactions20(version)

    def opened(self, connection: str) -> None:
        """Begin a connection."""
        self._boot.opened(connection)

    def clock_set(self, by: float) -> None:
        """Note that the clock of the kit's machine was set; see `Times`."""
        self._times.clock_set(by)

    def called(self, connection: str, sender: Side, message: Message, time: float) -> list[Violation]:
        """Judge a legal CALL or SEND."""
        action = message.action or ""
        payload = message.payload
        return [
            *self._times.judge(action, "request", payload, sender, time),
            *primitives(self._version, action, "request", payload, sender),
            *ids(self._version, action, "request", payload),
            *meters(self._version, action, payload),
            *fields(self._version, action, "request", payload),
            *self._boot.called(connection, sender, action, payload, time),
            *asked_twice(self._version, action, payload),
            *self._transactions.called(connection, action, payload),
            *self._remote_starts.called(action, payload, time),
            *(
                self._called_16(action, payload)
                if self._version is Version.V16
                else self._events.called(action, payload)
            ),
        ]

    def answered(self, connection: str, sender: Side, message: Message, call: Message, time: float) -> list[Violation]:
        """Judge a legal answer."""
        action = call.action or ""
        if self._version is Version.V16:
            self._triggers.answered(action, call.payload)
        if message.type is not MessageType.CALLRESULT:
            self._lists.refused(action)
            return []
        payload = message.payload
        self._remote_starts.answered(action, call.payload, payload)
        return [
            *self._times.judge(action, "response", payload, sender, time),
            *primitives(self._version, action, "response", payload, sender),
            *ids(self._version, action, "response", payload),
            *fields(self._version, action, "response", payload),
            *self._boot.answered(connection, action, payload, time),
            *self._transactions.answered(connection, action, call.payload, payload),
            *variables(self._version, action, call.payload, payload),
            *(self._answered_16(action, call.payload, payload, time) if self._version is Version.V16 else ()),
        ]

    def _called_16(self, action: str, payload: Json) -> list[Violation]:
        return [
            *self._lists.called(action, payload),
            *self._triggers.called(action, payload),
            *self._reservations.called(action, payload),
            *self._files.called(action, payload),
            *self._configuration.called(action, payload),
            *charging_called(action, payload),
        ]

    def _answered_16(self, action: str, request: Json, payload: Json, time: float) -> list[Violation]:
        return [
            *self._configuration.answered(action, request, payload, time),
            *self._lists.answered(action, request, payload),
            *self._reservations.answered(action, request, payload, time),
            *charging_answered(action, request, payload),
        ]

    def unclear(self, action: str | None) -> None:
        """Forget what a broken message leaves in doubt."""
        if action == "BootNotification":
            self._boot.unclear()
