"""How much of a product the kit takes in during one case: a product may send without end, the kit must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_tck.roles.clock import Clock

FLOOD = 1000
"""Messages of the product in one case from which on the next one is awaited for a moment before a limit counts."""
MOMENT = 0.1
"""Seconds in which the next message of a flood comes."""


@dataclass(slots=True)
class Intake:
    """Counts what the product sends in a case.

    Attributes:
        max_messages, max_bytes: what it may send in one case before the kit stops reading.
    """

    clock: Clock
    max_messages: int = 20_000
    max_bytes: int = 8_388_608
    _messages: int = 0
    _bytes: int = 0
    _last_message: float = 0.0

    def begin(self) -> None:
        """Start a case."""
        self._messages = self._bytes = 0

    def count(self, size: int) -> str:
        """Count a message, or a new connection.

        Args:
            size: its length, 0 for a connection.

        Returns:
            Why it is more than the kit reads in one case, one sentence; empty as long as it is not.
        """
        self._messages += 1
        self._last_message = self.clock.monotonic()
        self._bytes += size
        if self._messages > self.max_messages:
            return f"the product sent more than {self.max_messages} messages in one case (max_case_messages)"
        if self._bytes > self.max_bytes:
            return f"the product sent more than {self.max_bytes} bytes in one case (max_case_bytes)"
        return ""

    def is_flooded(self) -> bool:
        """Whether the next message is bound to come, since a flood goes on."""
        return self._messages > FLOOD and self.clock.monotonic() - self._last_message < MOMENT
