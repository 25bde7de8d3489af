"""The kit's one clock. Cases and roles take time from here, so that a journal can be replayed under virtual time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait, with the condition held, until it is notified or `seconds` have passed."""

    def catch_up(self) -> None:
        """Let everything be heard that has happened by now, before the kit acts."""

    def set_by(self) -> float:
        """Seconds by which the machine's clock was set since this clock was made; about 0 when nobody has set it."""


class SystemClock:
    """The clock of this machine as it was at the start, going on steadily.

    When somebody sets the machine's clock during a run, limits, intervals and the order of the evidence stay true.
    """

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC; never goes back."""
        return self._ahead + time.monotonic()

    def set_by(self) -> float:
        """Seconds by which the machine's clock was set since."""
        return time.time() - self.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait for the condition, `seconds` at most."""
        condition.wait(seconds)

    def catch_up(self) -> None:
        """Nothing to do: what has arrived was heard."""
