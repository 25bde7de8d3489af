"""TLS of security profiles 2 and 3: contexts with the cipher suites of OCPP, and what a handshake agreed on."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ocpp_tck.net.pki import Files

SUITES: Mapping[str, str] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
}
"""The suites that OCPP wants (1.6 security whitepaper A00.FR.317, A00.FR.318), with OpenSSL's names for them."""

_OTHERS = (
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Suites of today that a product may prefer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What one end of a TLS connection shows, and whom it believes.

    Attributes:
        own: certificates with their keys, at most one RSA and one ECDSA.
        trusted: PEM file of the roots; None = those of the operating system.
    """

    own: tuple[Files, ...] = ()
    trusted: Path | None = None


class TlsError(OSError):
    """A certificate or key can't be used; the message names the file and the mend."""


def server_context(
    credentials: Credentials,
    *,
    mutual: bool = False,
    suites: Sequence[str] = (),
    told: Callable[[ssl.SSLError], None] | None = None,
) -> ssl.SSLContext:
    """Make the context of a TLS server.

    Args:
        credentials: what it shows, and whom it believes.
        mutual: whether the client has to show a certificate (security profile 3).
        suites: the only suites that are agreed to, names as in `SUITES`; empty = TLS 1.2 or newer with any good one.
        told: is called with the error of each handshake that fails, on the loop's thread.

    Raises:
        TlsError: a file can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _tune(context, credentials, suites)
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        _trust(context, credentials)
    if told is not None:
        context.sslobject_class = _watched(told)
    return context


def client_context(credentials: Credentials, *, suites: Sequence[str] = ()) -> ssl.SSLContext:
    """Make the context of a TLS client.

    The name in the server's certificate is a case's business: a kit that would not connect could not judge it.

    Raises:
        TlsError: a file can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    _tune(context, credentials, suites)
    _trust(context, credentials)
    return context


def _tune(context: ssl.SSLContext, credentials: Credentials, suites: Sequence[str]) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if suites:
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # TLS 1.3 has suites of its own
    context.set_ciphers(":".join([SUITES[name] for name in suites] or [*SUITES.values(), *_OTHERS]))
    for files in credentials.own:
        try:
            context.load_cert_chain(files.certificate, files.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise TlsError(f"{files.certificate}, {files.key}: no certificate with its key: {error}") from None


def _no_password() -> str:
    raise ValueError("the private key has a password; write it without one")


def _trust(context: ssl.SSLContext, credentials: Credentials) -> None:
    if credentials.trusted is None:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(credentials.trusted)
    except OSError as error:
        raise TlsError(f"{credentials.trusted}: no certificates to trust: {error}") from None
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what the user names is trusted, a root or not


def _watched(told: Callable[[ssl.SSLError], None]) -> type[ssl.SSLObject]:
    """Make the class of handshakes that tell of their failure: asyncio closes those without a word."""

    class Watched(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                told(error)
                raise

    return Watched


def agreed(connection: ssl.SSLObject | None, host: str = "") -> dict[str, str]:
    """Say what a handshake agreed on, as evidence: version, cipher, suite, bits, compression, peer certificate (PEM).

    Args:
        connection: the TLS object of the transport; None over a plain socket, of which there is nothing to say.
        host: name or address at which the server was met, for a client.
    """
    if connection is None:
        return {}
    name, _, bits = connection.cipher() or ("", "", 0)
    peer = connection.getpeercert(binary_form=True)
    return {
        "version": connection.version() or "",
        "cipher": name,
        "suite": next((suite for suite, openssl in SUITES.items() if openssl == name), name),
        "bits": str(bits),
        "compression": connection.compression() or "",
        "certificate": ssl.DER_cert_to_PEM_cert(peer) if peer else "",
        **({"host": host} if host else {}),
    }


def is_by_peer(error: ssl.SSLError) -> bool:
    """Whether it was the other end that broke off the handshake, with an alert."""
    return "ALERT" in (error.reason or "")


def reason_of(error: ssl.SSLError) -> str:
    """Say in words why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    words = (error.reason or str(error)).replace("_", " ").lower()
    known = {
        "no shared cipher": "none of its cipher suites is agreed to here",
        "http request": "it speaks without TLS",
        "wrong version number": "it speaks without TLS",
        "unsupported protocol": "it offers no TLS 1.2 or newer",
        "peer did not return a certificate": "it shows no certificate",
    }
    return known.get(words, words)


def is_old(error: ssl.SSLError) -> bool:
    """Whether the other end offers no TLS version that is allowed."""
    return error.reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}
