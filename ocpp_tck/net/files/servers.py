"""The file servers of a run, each started when the first place needs its protocol."""

from __future__ import annotations

import ssl
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ocpp_tck.net.files.store import Fault, Place, Store, Transfer
from ocpp_tck.net.pki import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocpp_tck.net.files.ftp import FtpFiles
    from ocpp_tck.net.files.http import HttpFiles
    from ocpp_tck.net.loop import BackgroundLoop
    from ocpp_tck.settings import Files

SECURE = frozenset({"FTPS", "HTTPS"})
_SECONDS = 10.0
_LISTENING = 4
"""Ports of a configured range that are for the servers themselves, one per protocol; the others are for FTP data."""


class FilesUnavailable(Exception):
    """The file servers can't do what is asked; the message names the key of the configuration and the mend."""


class FileServers:
    """Serves places over the protocols that are asked for, until `close`.

    Args:
        settings: where, and with which certificate.
        loop: where HTTP runs.
        told: hears of each attempt of the product that has ended, on the thread of a server.
    """

    def __init__(self, settings: Files, loop: BackgroundLoop, told: Callable[[Transfer], None]) -> None:
        self._settings = settings
        self._loop = loop
        self._folder = tempfile.TemporaryDirectory(prefix="ocpp-tck-files-")
        root = Path(self._folder.name).resolve()
        (root / "served").mkdir()
        self._root = root
        self._store = Store(root / "served", told)
        self._http: dict[str, tuple[HttpFiles, int]] = {}
        self._ftp: dict[str, tuple[FtpFiles, int]] = {}
        self._pem: Path | None = None

    def download(
        self,
        protocol: str,
        number: int,
        name: str,
        content: bytes,
        fault: Fault = Fault.NONE,
        attempts: int | None = None,
    ) -> str:
        """Offer a file over a protocol; gives its URL.

        Args:
            protocol: HTTP, HTTPS, FTP or FTPS.
            number: of the place, unique in the run.
            name: of the file.
            content: what it holds.
            fault: what goes wrong on purpose.
            attempts: how often that goes wrong; None for each time.

        Raises:
            FilesUnavailable: the server can't be started.
        """
        return self._url(protocol, self._store.download(number, name, content, fault, attempts))

    def upload(self, protocol: str, number: int, fault: Fault = Fault.NONE, attempts: int | None = None) -> str:
        """Make room for files that are sent over a protocol; gives the URL of the folder; as `download` otherwise."""
        return self._url(protocol, self._store.upload(number, fault, attempts))

    def close(self) -> None:
        """Stop all servers; what was sent to them is gone with them."""
        for http, _ in self._http.values():
            with suppress(TimeoutError):
                self._loop.run(http.close(), seconds=_SECONDS)
        for ftp, _ in self._ftp.values():
            ftp.close()
        self._folder.cleanup()

    def _url(self, protocol: str, place: Place) -> str:
        port = self._port(protocol)
        host = self._settings.host or self._settings.address
        if ":" in host:
            host = f"[{host.strip('[]')}]"
        login = f"{self._settings.user}:{self._settings.password}@" if protocol.startswith("FTP") else ""
        return f"{protocol.lower()}://{login}{host}:{port}{quote(place.path)}"

    def _port(self, protocol: str) -> int:
        running: dict[str, tuple[HttpFiles, int]] | dict[str, tuple[FtpFiles, int]]
        running = self._ftp if protocol.startswith("FTP") else self._http
        if protocol not in running:
            self._start(protocol)
        return running[protocol][1]

    def _start(self, protocol: str) -> None:
        problem = ""
        for port in self._ports():
            try:
                self._listen(protocol, port)
            except OSError as error:
                problem = error.strerror or str(error)
            else:
                return
        settings = self._settings
        ports = f", ports {settings.ports[0]} to {settings.ports[1]}" if settings.ports else ""
        raise FilesUnavailable(
            f"the {protocol} server of the kit can't listen at {settings.address}{ports}: {problem}; "
            "mend [files] address or ports"
        )

    def _ports(self) -> Iterator[int]:
        if self._settings.ports is None:
            yield 0
        else:
            first, last = self._settings.ports
            yield from range(first, min(first + _LISTENING, last + 1))

    def _listen(self, protocol: str, port: int) -> None:
        address = self._settings.address.strip("[]")
        if protocol.startswith("FTP"):
            ftp = self._new_ftp(protocol)
            self._ftp[protocol] = (ftp, ftp.open(address, port))
        else:
            from ocpp_tck.net.files.http import HttpFiles  # noqa: PLC0415 - aiohttp takes its time to load

            http = HttpFiles(self._store, self._context() if protocol in SECURE else None)
            self._http[protocol] = (http, self._loop.run(http.open(address, port), seconds=_SECONDS))

    def _new_ftp(self, protocol: str) -> FtpFiles:
        from ocpp_tck.net.files.ftp import FtpFiles  # noqa: PLC0415 - as with HTTP

        settings = self._settings
        passive = range(settings.ports[0] + _LISTENING, settings.ports[1] + 1) if settings.ports else ()
        certificate = self._certificate() if protocol in SECURE else None
        is_address = settings.host.replace(".", "").isdigit()  # passive mode names an IPv4 address
        return FtpFiles(
            self._store,
            settings.user,
            settings.password,
            certificate=certificate,
            passive=passive,
            host=settings.host if is_address else None,
        )

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._certificate())
        return context

    def _certificate(self) -> Path:
        """Give a file with certificate, chain and key: the configured ones, or throw-away ones."""
        if self._pem is None:
            settings, path = self._settings, self._root / "server.pem"
            if settings.certificate is not None and settings.key is not None:
                text = settings.certificate.read_text(encoding="ascii") + settings.key.read_text(encoding="ascii")
            else:
                made = Authority.root("ocpp-tck files").server(settings.host or settings.address)
                text = made.chain_pem + made.key_pem()
            path.touch(mode=0o600)
            path.write_text(text, encoding="ascii")
            self._pem = path
        return self._pem
