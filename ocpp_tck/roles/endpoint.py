"""The kit's end of the wire as the roles use it: synchronous, and unaware of asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from ocpp_tck.net import HandshakeRefused, connect
from ocpp_tck.net.auth import key_bytes
from ocpp_tck.net.pki import Authority

if TYPE_CHECKING:
    from ocpp_tck.net import BackgroundLoop, Listener, Refusal
    from ocpp_tck.net.security import Security
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.ports import Line
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

    @property
    def security_profile(self) -> int:
        """The security profile in use."""

    @property
    def password(self) -> str | bytes | None:
        """The station's password, None without Basic authentication."""

    @property
    def algorithms(self) -> frozenset[str]:
        """For which algorithms the kit has a server certificate: `rsa`, `ecdsa`."""

    def open(self) -> None:
        """Begin to listen."""

    def close(self) -> None:
        """Close listener and connection; the port is kept."""

    def secure(
        self, *, profile: int | None = None, password: str | bytes | None = None, suites: tuple[str, ...] = ()
    ) -> None:
        """Change what comes next is met with; the connection that stands stays.

        Args:
            profile: security profile from now on; None leaves it.
            password: password of the station from now on; None leaves it.
            suites: the only cipher suites that the next `open` allows; empty for any good one.
        """

    def begin_anew(self) -> None:
        """Return to what the configuration says."""


class Connecting(Protocol):
    """From where the kit connects as one station (role csms)."""

    @property
    def password(self) -> str | bytes | None:
        """The station's password, None without Basic authentication."""

    @property
    def security_profile(self) -> int:
        """The security profile in use."""

    @property
    def host(self) -> str:
        """Host name, or address, of the CSMS."""

    def connect(
        self,
        *,
        station: str | None = None,
        subprotocols: tuple[str, ...] | None = None,
        password: str | None = None,
        suites: tuple[str, ...] = (),
        stranger: bool = False,
    ) -> Line | Refusal:
        """Connect; gives the refusal when the CSMS did not agree.

        Args:
            station: another identity.
            subprotocols: others than that of the version.
            password: another one.
            suites: the only cipher suites that are offered; empty for any good one.
            stranger: show a client certificate of an authority that nobody knows (security profile 3).
        """

    def use_password(self, password: str | bytes) -> None:
        """Show this password from now on."""

    def use_certificate(self, chain: str) -> None:
        """Show this certificate (PEM), the answer to the last signing request, from now on."""

    def begin_anew(self) -> None:
        """Return to what the configuration says."""


class ListeningEndpoint:
    """The kit waits for one station (role cs)."""

    def __init__(self, loop: BackgroundLoop, listener: Listener, security: Security) -> None:
        self._loop = loop
        self._listener = listener
        self._security = security
        self._suites: tuple[str, ...] = ()
        self.is_open = False

    @property
    def address(self) -> str:
        """`host:port` at which the kit waits."""
        return self._listener.address

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        return self._security.profile

    @property
    def password(self) -> str | bytes | None:
        """The station's password, None without Basic authentication."""
        return self._security.shown_password

    @property
    def algorithms(self) -> frozenset[str]:
        """For which algorithms the kit has a server certificate: `rsa`, `ecdsa`."""
        return self._security.algorithms

    def open(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address can't be used.
            TlsError: a certificate or key can't be used.
        """
        if not self.is_open:
            self._listener.password = self._security.shown_password
            self._listener.tls = self._security.server(self._suites, self._listener.broke_off)
            self._loop.run(self._listener.open(), seconds=MARGIN)
            self.is_open = True

    def close(self) -> None:
        """Close listener and connection; the port is kept."""
        if self.is_open:
            self._loop.run(self._listener.close(), seconds=2 * MARGIN)
            self.is_open = False

    def secure(
        self, *, profile: int | None = None, password: str | bytes | None = None, suites: tuple[str, ...] = ()
    ) -> None:
        """Change what comes next is met with; the connection that stands stays."""
        is_other = profile is not None and profile != self._security.profile
        self._security.profile = self._security.profile if profile is None else profile
        self._security.password = self._security.password if password is None else password
        self._suites = suites
        self._listener.password = self._security.shown_password
        if is_other:
            self._renew()

    def begin_anew(self) -> None:
        """Return to what the configuration says."""
        before = self._security.profile
        self._security.begin_anew()
        self._suites = ()
        self._listener.password = self._security.shown_password
        if self._security.profile != before:
            self._renew()

    def _renew(self) -> None:
        if self.is_open:
            self._listener.tls = self._security.server((), self._listener.broke_off)
            self._loop.run(self._listener.renew(), seconds=MARGIN)


class ConnectingEndpoint:
    """The kit connects to the CSMS as one station (role csms)."""

    def __init__(
        self, loop: BackgroundLoop, settings: Settings, security: Security, conversation: Conversation
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._conversation = conversation
        self._security = security

    @property
    def password(self) -> str | bytes | None:
        """The station's password, None without Basic authentication."""
        return self._security.shown_password

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        return self._security.profile

    @property
    def host(self) -> str:
        """Host name, or address, of the CSMS."""
        return urlsplit(self._settings.connection.url).hostname or ""

    def connect(
        self,
        *,
        station: str | None = None,
        subprotocols: tuple[str, ...] | None = None,
        password: str | None = None,
        suites: tuple[str, ...] = (),
        stranger: bool = False,
    ) -> Line | Refusal:
        """Connect; gives the refusal when the CSMS did not agree.

        Raises:
            TlsError: a certificate or key can't be used.
        """
        settings, security = self._settings, self._security
        if subprotocols is None:
            subprotocols = (self._conversation.version.subprotocol,)
        own = None
        if stranger:
            unknown = Authority.root("unknown").client(self._conversation.station, security.organization)
            own = security.written(unknown, "stranger")
        shown = password if password is not None else self.password
        work = connect(
            url=settings.connection.url,
            station=station or self._conversation.station,
            subprotocols=subprotocols,
            sink=self._conversation,
            password=key_bytes(shown) or shown if isinstance(shown, str) else shown,
            max_bytes=settings.max_frame_bytes,
            seconds=settings.limits.handshake,
            tls=security.client(suites, own=own),
        )
        try:
            return self._loop.run(work, seconds=settings.limits.handshake + MARGIN)
        except HandshakeRefused as refused:
            return refused.refusal

    def use_password(self, password: str | bytes) -> None:
        """Show this password from now on."""
        self._security.password = password

    def use_certificate(self, chain: str) -> None:
        """Show this certificate (PEM), the answer to the last signing request, from now on."""
        self._security.renew(chain)

    def begin_anew(self) -> None:
        """Return to what the configuration says."""
        self._security.begin_anew()
