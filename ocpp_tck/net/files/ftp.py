"""The FTP and FTPS server (explicit TLS), on a thread of its own."""

from __future__ import annotations

import logging
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.net.files.store import DOWNLOAD, UPLOAD, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.net.files.store import Place, Store

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it names asyncore, which left the standard library with 3.12
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.exceptions import _RetryError
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

_log = logging.getLogger("pyftpdlib")
_log.addHandler(logging.NullHandler())
_log.propagate = False

READS = "elr"
WRITES = "elrwma"
"""What pyftpdlib lets somebody do: enter, list, retrieve; and to store, make folders and append besides."""
BREAKS = frozenset({Fault.CUT, Fault.STALLED})
_TURN = 0.05
"""Seconds after which the thread of the server looks whether it shall end."""


class FtpFiles:
    """Serves a store over FTP, or FTPS with a certificate.

    Args:
        store: what is served.
        user, password: who may log in.
        certificate: a PEM file with certificate and key; None for FTP.
        passive: ports for data connections; empty for any.
        host: address that passive mode names, where it is another one than that of the server.
    """

    def __init__(
        self,
        store: Store,
        user: str,
        password: str,
        *,
        certificate: Path | None = None,
        passive: Sequence[int] = (),
        host: str | None = None,
    ) -> None:
        self.protocol = "FTP" if certificate is None else "FTPS"
        authorizer = DummyAuthorizer()
        authorizer.add_user(user, password, str(store.root), perm=WRITES)
        options: dict[str, Any] = {
            "authorizer": authorizer,
            "store": store,
            "protocol": self.protocol,
            "banner": "ocpp-tck",
            "passive_ports": list(passive) or None,
            "masquerade_address": host,
            "use_sendfile": False,
            "permit_foreign_addresses": True,
        }
        kind: Any = _Control
        if certificate is not None:
            kind, options = _SecureControl, {**options, "certfile": str(certificate)}
        self._handler = type("Handler", (kind,), options)
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def open(self, host: str, port: int) -> int:
        """Begin to serve; gives the port.

        Raises:
            OSError: the address can't be used.
        """
        self._server = FTPServer((host, port), self._handler, ioloop=IOLoop())
        self._thread = threading.Thread(target=self._run, name=f"ocpp-tck-{self.protocol.lower()}", daemon=True)
        self._thread.start()
        found: int = self._server.address[1]
        return found

    def close(self) -> None:
        """End what still runs and stop to serve."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._server.serve_forever(timeout=_TURN, blocking=False, handle_exit=False)
        self._server.close_all()


class _Faulty:
    """What a data connection does wrong on purpose: it ends, or stops, in the middle of the file."""

    def send(self: Any, data: bytes) -> int:
        """Send, of a file that is to break off only its first half."""
        control = self.cmd_channel
        if control.fault in BREAKS:
            left = Path(self.file_obj.name).stat().st_size // 2 - self.tot_bytes_sent
            if left <= 0:
                self._break_off(control.fault)
                return 0
            data = data[:left]
        sent: int = super().send(data)  # type: ignore[misc]
        control.moved += sent
        return sent

    def recv(self: Any, size: int) -> bytes:
        """Receive, of a file that is to break off only the first part that comes."""
        if self.cmd_channel.fault in BREAKS and self.tot_bytes_received:
            self._break_off(self.cmd_channel.fault)
            raise _RetryError
        received: bytes = super().recv(size)  # type: ignore[misc]
        return received

    def _break_off(self: Any, fault: Fault) -> None:
        if fault is Fault.CUT:
            self._resp = ("426 Connection closed; transfer aborted.", _log.debug)
            self.close()
        else:
            self.del_channel()  # neither read nor written any more, until the control connection ends


class _Watched:
    """Lets every attempt to fetch or store a file be known."""

    store: Store
    protocol: str
    fault = Fault.NONE
    started = moved = 0

    def _place(self: Any, file: str) -> tuple[Place | None, str]:
        path = "/" + str(Path(file).relative_to(self.store.root)) if file.startswith(str(self.store.root)) else file
        return self.store.find(path)[0], path

    def _tell(self: Any, file: str, *, complete: bool, size: int = 0, detail: str = "") -> None:
        place, path = self._place(file)
        if place is not None:
            content = Path(file) if complete else None
            peer = self.remote_ip or ""
            self.store.tell(
                place, self.protocol, path, complete=complete, size=size, content=content, detail=detail, peer=peer
            )

    def _begins(self: Any, file: str, direction: str) -> str:
        """Count an attempt; gives why it is refused, empty when it is not."""
        place, _ = self._place(file)
        self.started, self.moved = self._restart_position, 0
        if place is None or place.direction != direction:
            return "No such file or directory."
        self.fault = place.next_fault()
        if self.fault is Fault.DENIED:
            return "Not enough privileges."
        gone = direction == DOWNLOAD and not Path(file).is_file()
        return "No such file or directory." if self.fault is Fault.MISSING or gone else ""

    def ftp_RETR(self: Any, file: str) -> Any:  # noqa: N802 - pyftpdlib calls it so
        """Fetch a file."""
        return self._attempt(file, DOWNLOAD, lambda: super(_Watched, self).ftp_RETR(file))  # type: ignore[misc]

    def ftp_STOR(self: Any, file: str, mode: str = "w") -> Any:  # noqa: N802
        """Store a file."""
        return self._attempt(file, UPLOAD, lambda: super(_Watched, self).ftp_STOR(file, mode))  # type: ignore[misc]

    def _attempt(self: Any, file: str, direction: str, carry_out: Any) -> Any:
        reason = self._begins(file, direction)
        if reason:
            self.respond(f"550 {reason}")
            self._tell(file, complete=False, detail=f"answered with FTP 550 {reason}")
            return None
        return carry_out()

    def on_file_sent(self: Any, file: str) -> None:
        """A file, from where it was asked for, is over."""
        place, _ = self._place(file)
        end = Path(file).stat().st_size
        complete = place is not None and place.fetched(self.started, end)
        self._tell(file, complete=complete, size=end - self.started)

    def on_file_received(self: Any, file: str) -> None:
        """A file has come."""
        self._tell(file, complete=True, size=Path(file).stat().st_size)

    def on_incomplete_file_sent(self: Any, file: str) -> None:
        """A download has broken off; what has gone out need not be fetched again."""
        place, _ = self._place(file)
        if place is not None:
            place.fetched(self.started, self.started + self.moved)
        self._tell(file, complete=False, size=self.moved, detail=self._broken())

    def on_incomplete_file_received(self: Any, file: str) -> None:
        """An upload has broken off."""
        self._tell(file, complete=False, detail=self._broken())

    def _broken(self: Any) -> str:
        return f"{self.fault} on purpose" if self.fault else "the other end left"


class _Data(_Faulty, DTPHandler):  # type: ignore[misc]
    """A data connection."""


class _SecureData(_Faulty, TLS_DTPHandler):  # type: ignore[misc]
    """A data connection under TLS."""


class _Control(_Watched, FTPHandler):  # type: ignore[misc]
    """A control connection."""

    dtp_handler = _Data


class _SecureControl(_Watched, TLS_FTPHandler):  # type: ignore[misc]
    """A control connection under TLS."""

    dtp_handler = _SecureData
