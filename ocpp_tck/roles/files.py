"""The kit's file servers as a case uses them: places to fetch firmware from or to send logs to, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ocpp_tck.evidence.records import FileOffered
from ocpp_tck.net.files import DOWNLOAD, UPLOAD, Fault, FileServers, FilesUnavailable, Transfer
from ocpp_tck.verdict import Failed, NotRun

if TYPE_CHECKING:
    from ocpp_tck.net import BackgroundLoop
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.product import Product
    from ocpp_tck.settings import Files

INVALID = b"This is no firmware of any charging station.\n"
NAME = "firmware.bin"
What = Literal["firmware", "signed_firmware", "unfit", "missing", "inbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a place is to be.

    Attributes:
        what: firmware or signed_firmware, the configured ones; unfit, a file that nobody can install; missing, where no
            file is; inbox, room for what the product sends.
        supported: the product's SupportedFileTransferProtocols; empty when it does not tell.
        fault: what goes wrong there on purpose.
    """

    what: What
    supported: str
    fault: Fault = Fault.NONE


class Serving(Protocol):
    """Makes places; what comes of them is told to the conversation."""

    def serve(self, wanted: Wanted) -> FileOffered:
        """Make a place.

        Raises:
            NotRun: there is no such file, no protocol that both sides have, or the servers can't be started.
        """


class ServedFiles:
    """Real servers.

    Args:
        settings: section `[files]`.
        loop: where HTTP runs.
        conversation: hears of each attempt of the product.
    """

    def __init__(self, settings: Files, loop: BackgroundLoop, conversation: Conversation) -> None:
        self._settings = settings
        self._loop = loop
        self._conversation = conversation
        self._servers: FileServers | None = None
        self._last = 0

    def serve(self, wanted: Wanted) -> FileOffered:
        """Make a place.

        Raises:
            NotRun: there is no such file, no protocol that both sides have, or the servers can't be started.
        """
        name, content = self._file(wanted.what)
        protocol = self._protocol(wanted.supported)
        fault = Fault.MISSING if wanted.what == "missing" else wanted.fault
        if self._servers is None:
            self._servers = FileServers(self._settings, self._loop, self._conversation.transferred)
        now = self._conversation.clock.now()
        self._last = max(self._last + 1, int(now))  # no run before gave it to the product
        try:
            if name:
                url = self._servers.download(protocol, self._last, name, content, fault)
            else:
                url = self._servers.upload(protocol, self._last, fault)
        except FilesUnavailable as error:
            raise NotRun(str(error)) from None
        offered = FileOffered(
            time=now,
            number=self._last,
            url=url,
            direction=DOWNLOAD if name else UPLOAD,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest() if content else "",
            fault=fault,
        )
        self._conversation.journal.write(offered)
        return offered

    def close(self) -> None:
        """Stop the servers."""
        if self._servers is not None:
            self._servers.close()

    def _file(self, what: What) -> tuple[str, bytes]:
        """Give name and content of the file to fetch; no name for a place that takes files."""
        if what == "inbox":
            return "", b""
        if what == "missing":
            return NAME, b""
        paths = {"firmware": self._settings.firmware, "signed_firmware": self._settings.signed_firmware}
        path = paths.get(what, self._settings.invalid_firmware)
        if path is None and what in paths:
            raise NotRun(f"[files] {what} names no file: the charge point needs one that it can install")
        return (path.name, path.read_bytes()) if path is not None else (NAME, INVALID)

    def _protocol(self, supported: str) -> str:
        """Choose the first configured protocol that the product names (SupportedFileTransferProtocols, errata 3.90)."""
        theirs = {name.strip().upper() for name in supported.split(",") if name.strip()}
        ours = [name for name in self._settings.protocols if not theirs or name in theirs]
        if not ours:
            raise NotRun(
                f"the charge point supports {supported}; [files] protocols has {', '.join(self._settings.protocols)}"
            )
        return ours[0]


class FileDesk:
    """What a case asks of the file servers.

    Args:
        serving: makes the places.
        product: the station under test.
    """

    def __init__(self, serving: Serving, product: Product) -> None:
        self._serving = serving
        self._product = product

    def place(self, what: What, supported: str, fault: str = "") -> FileOffered:
        """Make a place; see `Wanted`.

        Raises:
            NotRun: there is no such file, no protocol that both sides have, or the servers can't be started.
        """
        return self._serving.serve(Wanted(what=what, supported=supported, fault=Fault(fault)))

    def expect(self, place: FileOffered, *, within: str = "transfer") -> Transfer:
        """Wait until a file was fetched or sent whole, whenever that was.

        Raises:
            Failed: it was not, in time.
        """

        def came() -> Transfer | None:
            return next((one for one in self._attempts(place) if one.complete), None)

        verb = "fetch the file" if place.direction == DOWNLOAD else "send a file"
        found: Transfer | None = self._product.wait_for(came, within, f"the {self._product.noun} to {verb}")
        if found is not None:
            return found
        tried = "; ".join(f"{one.protocol} {one.path}: {one.detail}" for one in self._attempts(place))
        raise Failed(
            f"the {self._product.noun} did not {verb} within {self._product.limit(within):g} s (limit {within})",
            expected=f"a whole {place.direction} at {place.url}",
            received=tried or "no attempt",
            absence=True,
        )

    def _attempts(self, place: FileOffered) -> list[Transfer]:
        with self._product.conversation.condition:
            events: list[Any] = [event.transfer for event in self._product.conversation.events if event.kind == "file"]
        return [one for one in events if one.number == place.number]
