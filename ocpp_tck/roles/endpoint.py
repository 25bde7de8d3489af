"""The kit's end of the wire as the roles use it: synchronous, and unaware of asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ocpp_tck.net import HandshakeRefused, Listener, connect

if TYPE_CHECKING:
    from ocpp_tck.net import BackgroundLoop, Refusal
    from ocpp_tck.roles.conversation import Conversation, Line
    from ocpp_tck.settings import Settings

MARGIN = 5.0


class Listening(Protocol):
    """Where the kit waits for one station (role cs)."""

    @property
    def is_open(self) -> bool:
        """Whether the kit can be reached."""

    @property
    def address(self) -> str:
        """`host:port` at which the kit waits."""

    def open(self) -> None:
        """Begin to listen."""

    def close(self) -> None:
        """Close listener and connection; the port is kept."""


class Connecting(Protocol):
    """From where the kit connects as one station (role csms)."""

    @property
    def password(self) -> str | None:
        """The station's password, None without Basic authentication."""

    def connect(
        self, *, station: str | None = None, subprotocols: tuple[str, ...] | None = None, password: str | None = None
    ) -> Line | Refusal:
        """Connect; gives the refusal when the CSMS did not agree."""


class ListeningEndpoint:
    """The kit waits for one station (role cs)."""

    def __init__(self, loop: BackgroundLoop, listener: Listener) -> None:
        self._loop = loop
        self._listener = listener
        self.is_open = False

    @property
    def address(self) -> str:
        """`host:port` at which the kit waits."""
        return self._listener.address

    def open(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address can't be used.
        """
        if not self.is_open:
            self._loop.run(self._listener.open(), seconds=MARGIN)
            self.is_open = True

    def close(self) -> None:
        """Close listener and connection; the port is kept."""
        if self.is_open:
            self._loop.run(self._listener.close(), seconds=2 * MARGIN)
            self.is_open = False


class ConnectingEndpoint:
    """The kit connects to the CSMS as one station (role csms)."""

    def __init__(
        self, loop: BackgroundLoop, settings: Settings, password: str | None, conversation: Conversation
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._conversation = conversation
        self.password = password

    def connect(
        self, *, station: str | None = None, subprotocols: tuple[str, ...] | None = None, password: str | None = None
    ) -> Line | Refusal:
        """Connect; gives the refusal when the CSMS did not agree."""
        settings = self._settings
        if subprotocols is None:
            subprotocols = (self._conversation.version.subprotocol,)
        work = connect(
            url=settings.connection.url,
            station=station or self._conversation.station,
            subprotocols=subprotocols,
            sink=self._conversation,
            password=password if password is not None else self.password,
            max_bytes=settings.max_frame_bytes,
            seconds=settings.limits.handshake,
        )
        try:
            return self._loop.run(work, seconds=settings.limits.handshake + MARGIN)
        except HandshakeRefused as refused:
            return refused.refusal
