"""What a conversation stands on: a connection to the product, and a place for its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocpp_tck.evidence.records import Record
    from ocpp_tck.net.transport import Handshake


class Line(Protocol):
    """One open connection as the conversation uses it; `net.Transport` is the real one."""

    @property
    def id(self) -> str:
        """Id of the connection, unique in the run."""

    @property
    def handshake(self) -> Handshake:
        """What was agreed when it was opened."""

    def send(self, text: str | bytes) -> None:
        """Send one message."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it once everything sent so far has gone out."""

    def soon(self, work: Callable[[], None]) -> None:
        """Do something after the messages that have arrived already were handed over."""


class Evidence(Protocol):
    """Where records go; `evidence.journal.Journal` is the real one."""

    @property
    def failure(self) -> str:
        """Why no more can be written; empty while all is well."""

    def write(self, record: Record) -> None:
        """Append a record."""

    def next_frame(self) -> int:
        """Give the number for the next frame, from 1 on."""
