"""Ctrl-C and SIGTERM: both end the case that runs, and the reports are written all the same."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SAME = 1.0
"""Seconds within which two signals are one: a terminal tells every process of the command, which tells the next."""


class Interrupts:
    """Turns both signals into one KeyboardInterrupt on the main thread.

    Attributes:
        is_closing: the evidence is being closed, which takes a moment and is not interrupted.
    """

    def __init__(self) -> None:
        self.is_closing = False
        self._last = -_SAME
        self._before: dict[signal.Signals, Any] = {}

    def watch(self) -> None:
        """Begin; does nothing outside the main thread, where Python takes no signals."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._came) for number in _SIGNALS}

    def release(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _came(self, _number: int, _frame: FrameType | None) -> None:
        before, self._last = self._last, time.monotonic()
        if not self.is_closing and self._last - before >= _SAME:
            raise KeyboardInterrupt
