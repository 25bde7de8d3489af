"""What the kit shows at the wire in one run: the security profile in use, its password and its certificates."""

from __future__ import annotations

import socket
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ocpp_tck.net.pki import Authority, Certified, Files, named, new_key, signing_request
from ocpp_tck.net.tls import Credentials, TlsError, client_context, server_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from ocpp_tck.net.pki import Algorithm, Key
    from ocpp_tck.settings import Connection

PROFILE_TLS, PROFILE_MUTUAL = 2, 3
_EVERYWHERE = {"0.0.0.0", "::", "[::]", ""}  # noqa: S104 - recognized, not bound


class Security:
    """The kit's side of the security profiles (1.6 security whitepaper 2; 2.0.1 Part 2 A00).

    Args:
        connection: section `[connection]`.
        station: identity of the station that the kit meets or is.
        password: its password, None without.
        organization: of the certificates that the kit makes.

    Attributes:
        profile: in use now; a case may raise it.
        password: in use now, as text or, of an AuthorizationKey, as bytes.
    """

    def __init__(self, connection: Connection, station: str, password: str | None, organization: str) -> None:
        self.profile = connection.security_profile
        self.password: str | bytes | None = password
        self.organization = organization
        self._configured_password = password
        self._station = station
        self._connection = connection
        self._renewed: Files | None = None
        self._requested: Key | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def begin_anew(self) -> None:
        """Return to profile, password and certificate of the configuration."""
        self.profile = self._connection.security_profile
        self.password = self._configured_password
        self._renewed = None

    def check(self, role: str) -> None:
        """Try the files of the profile in use.

        Raises:
            TlsError: one can't be used; nothing is left behind.
        """
        try:
            self.server() if role == "cs" else self.client()
        except TlsError:
            self.close()
            raise

    def close(self) -> None:
        """Remove the private keys that were made."""
        if self._folder is not None:
            self._folder.cleanup()

    @cached_property
    def authority(self) -> Authority | None:
        """The authority of `[connection.tls]`, None without one.

        Raises:
            TlsError: its files can't be used.
        """
        tls = self._connection.tls
        if tls.authority is None or tls.authority_key is None:
            return None
        try:
            return Authority.read(tls.authority.read_bytes(), tls.authority_key.read_bytes())
        except (OSError, ValueError) as error:
            raise TlsError(f"connection.tls authority {tls.authority}: {error}") from None

    @property
    def is_encrypted(self) -> bool:
        """Whether the profile in use has TLS."""
        return self.profile >= PROFILE_TLS

    @property
    def shown_password(self) -> str | bytes | None:
        """The password of the profile in use: profile 3 has none."""
        return None if self.profile == PROFILE_MUTUAL else self.password

    @property
    def algorithms(self) -> frozenset[str]:
        """For which algorithms the kit has a certificate as a server: `rsa`, `ecdsa`."""
        return frozenset(_algorithm(files) for files in self._server_files)

    def server(
        self, suites: Sequence[str] = (), told: Callable[[ssl.SSLError], None] | None = None
    ) -> ssl.SSLContext | None:
        """Give the context for the profile in use as a server, None without TLS.

        Raises:
            TlsError: a file can't be used.
        """
        if not self.is_encrypted:
            return None
        credentials = Credentials(own=self._server_files, trusted=self._trusted)
        return server_context(credentials, mutual=self.profile == PROFILE_MUTUAL, suites=suites, told=told)

    def client(self, suites: Sequence[str] = (), *, own: Files | None = None) -> ssl.SSLContext | None:
        """Give the context for the profile in use as a client, None without TLS.

        Args:
            suites: the only ones that are offered; empty for any good one.
            own: another certificate to show than the kit's.

        Raises:
            TlsError: a file can't be used.
        """
        if not self.is_encrypted:
            return None
        shown = (own or self._renewed or self._client_files,) if self.profile == PROFILE_MUTUAL else ()
        return client_context(Credentials(own=shown, trusted=self._trusted), suites=suites)

    def request(self, serial: str) -> str:
        """Make a new key, and give the request for a certificate with it (PKCS#10, PEM)."""
        self._requested = new_key("ecdsa")
        return signing_request(self._requested, named(serial, self.organization))

    def renew(self, chain: str) -> None:
        """Show the certificate of this chain (PEM), the answer to the last `request`, from now on.

        Raises:
            ValueError: it is no certificate.
        """
        made = Certified(x509.load_pem_x509_certificate(chain.encode()), self._requested)
        self._renewed = self.written(made, "renewed", chain)

    def written(self, made: Certified, name: str, chain: str = "") -> Files:
        """Write a certificate and its key where only the run finds them."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ocpp-tck-keys-")
        files = made.write(Path(self._folder.name), name)
        if chain:
            files.certificate.write_text(chain, encoding="ascii")
        return files

    @property
    def _trusted(self) -> Path | None:
        return self._connection.tls.ca or self._connection.tls.authority

    @property
    def _given(self) -> tuple[Files, ...]:
        tls = self._connection.tls
        return (Files(tls.certificate, tls.key),) if tls.certificate is not None and tls.key is not None else ()

    @cached_property
    def _server_files(self) -> tuple[Files, ...]:
        given, authority = self._given, self.authority
        if authority is None:
            return given
        there = {_algorithm(files) for files in given}
        missing: list[Algorithm] = [name for name in ("ecdsa", "rsa") if name not in there]
        hosts, owner = self._hosts, self.organization
        made = [
            self.written(authority.server(*hosts, organization=owner, algorithm=name), f"server-{name}")
            for name in missing
        ]
        return (*given, *made)

    @property
    def _hosts(self) -> list[str]:
        listen = next((one.listen for one in self._connection.stations if one.id == self._station), "")
        host = (listen or self._connection.listen).rpartition(":")[0].strip("[]")
        every = ["127.0.0.1", "localhost", socket.gethostname(), socket.getfqdn()]
        return list(dict.fromkeys(every if host in _EVERYWHERE else [host, *every]))

    @cached_property
    def _client_files(self) -> Files:
        if self._given or self.authority is None:
            return self._given[0]
        return self.written(self.authority.client(self._station, self.organization), "client")


def _algorithm(files: Files) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise TlsError(f"{files.certificate}: {error}") from None
    return "ecdsa" if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) else "rsa"
