"""The logs that a charge point keeps: diagnostics and security events (security whitepaper A04.FR.04)."""

from collections import deque
from datetime import datetime

from ocpp_tck.reference.station.core16.clock import read_time, stamp

LONGEST = 1000
"""Entries that are kept, the latest ones."""


class Log:
    """Two rolling logs, `diagnostics` and `security`."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._entries: dict[str, deque[tuple[datetime, str]]] = {
            kind: deque(maxlen=LONGEST) for kind in ("diagnostics", "security")
        }

    def note(self, kind: str, moment: datetime, text: str) -> None:
        """Append an entry."""
        self._entries[kind].append((moment, text))

    def text(self, kind: str, oldest: str | None = None, latest: str | None = None) -> bytes:
        """Return the entries between two times as a file."""
        first, last = read_time(oldest), read_time(latest)
        lines = [
            f"{stamp(moment)} {text}"
            for moment, text in self._entries[kind]
            if (first is None or moment >= first) and (last is None or moment <= last)
        ]
        return "\n".join([f"{kind} log of {self._title}", *lines, ""]).encode()
