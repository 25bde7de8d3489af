"""Messages of OCPP 1.6 that show by themselves that a TriggerMessage has asked for them.

Those are the status Idle of diagnostics and firmware, and meter values with the context Trigger.

Source: OCPP 1.6 4.4, 4.5, 5.17, 7.24, 7.25, 7.35. What was triggered before the boot is unknown in a trace that begins
later, and not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
_IDLE = frozenset({"DiagnosticsStatusNotification", "FirmwareStatusNotification"})


class Triggers16:
    """What one charge point was told to send since its boot."""

    def __init__(self) -> None:
        self._booted = False
        self._asked: set[str] = set()
        self._answered: set[str] = set()

    def called(self, action: str, payload: Json) -> Iterator[Violation]:
        """Judge a legal request of either side."""
        if action == "BootNotification":
            self._booted = True
        elif action in _TRIGGERS:
            self._asked.add(payload["requestedMessage"])
        elif self._booted and action not in self._answered and _is_triggered(action, payload):
            if action in self._asked:
                text = f"{action} came before the answer to the request that triggers it"
                yield broken("trigger.answer_first", Version.V16, text)
            elif action in _IDLE:
                text = f"{action} says Idle and no request has triggered it"
                yield broken("trigger.idle", Version.V16, text, "status")

    def answered(self, action: str, request: Json) -> None:
        """Note an answer of any kind; `request` may be illegal."""
        if action in _TRIGGERS and isinstance(request, dict):
            self._answered.add(str(request.get("requestedMessage")))


def _is_triggered(action: str, payload: Json) -> bool:
    """Whether a message says that it was triggered."""
    if action in _IDLE:
        return bool(payload["status"] == "Idle")
    if action != "MeterValues":
        return False
    return any(
        sample.get("context") == "Trigger" for value in payload["meterValue"] for sample in value["sampledValue"]
    )
