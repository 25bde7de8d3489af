"""What the file servers serve: places, each with a file to fetch or room for files that are sent."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOWNLOAD, UPLOAD = "download", "upload"
MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one file that is sent to the kit; a longer one is refused."""


class Fault(StrEnum):
    """What goes wrong at a place on purpose."""

    NONE = ""
    MISSING = "missing"
    """There is nothing: HTTP 404, FTP 550."""
    DENIED = "denied"
    """Nobody may: HTTP 403, FTP 550."""
    CUT = "cut"
    """The connection ends in the middle of the file."""
    STALLED = "stalled"
    """The file stops in the middle; the connection stays until the other end gives up, or the servers end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One attempt that has ended.

    Attributes:
        number: number of the place.
        direction: download or upload, as seen by the product.
        protocol: HTTP, HTTPS, FTP or FTPS.
        path: what was asked for.
        complete: whether the whole file is over, perhaps together with earlier attempts.
        size, sha256: bytes that this attempt has moved; the hash of a complete file.
        detail: why it failed.
        peer: address of the other end.
    """

    number: int
    direction: str
    protocol: str
    path: str
    complete: bool
    size: int = 0
    sha256: str = ""
    detail: str = ""
    peer: str = ""


@dataclass(eq=False, slots=True)
class Place:
    """A folder of the servers that belongs to one order of a case.

    Attributes:
        number: its number, unique in the run.
        direction: what it is for.
        folder: where it is on this machine.
        name: the file to fetch; empty for a place that takes files.
        fault: what goes wrong, `attempts` times; None: each time.
    """

    number: int
    direction: str
    folder: Path
    name: str = ""
    fault: Fault = Fault.NONE
    attempts: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tried: int = 0
    _sent: list[tuple[int, int]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The first part of its path on every server."""
        return f"{self.direction}-{self.number}"

    @property
    def path(self) -> str:
        """Its path on every server: that of the file to fetch, or the folder for what is sent."""
        return f"/{self.key}/{self.name}"

    def next_fault(self) -> Fault:
        """Count an attempt; gives what goes wrong with it."""
        with self._lock:
            self._tried += 1
            within = self.attempts is None or self._tried <= self.attempts
            return self.fault if within else Fault.NONE

    def fetched(self, start: int, end: int) -> bool:
        """Note that the bytes from `start` to before `end` went out; True when all of the file has by now.

        Not all of an attempt that broke off need have arrived: the next one begins where the product has come to.
        """
        with self._lock:
            self._sent.append((start, end))
            reached = 0
            for begin, until in sorted(self._sent):
                if begin > reached:
                    return False
                reached = max(reached, until)
        return reached >= (self.folder / self.name).stat().st_size


class Store:
    """The places of one run, in a folder of this machine.

    Args:
        root: the folder; it exists.
        told: hears of each attempt that has ended, on the thread of its server.
    """

    def __init__(self, root: Path, told: Callable[[Transfer], None]) -> None:
        self.root = root
        self._told = told
        self._places: dict[str, Place] = {}

    def download(
        self, number: int, name: str, content: bytes, fault: Fault = Fault.NONE, attempts: int | None = None
    ) -> Place:
        """Offer a file."""
        place = self._add(Place(number, DOWNLOAD, self.root, name, fault, attempts))
        if fault is not Fault.MISSING or attempts is not None:
            (place.folder / name).write_bytes(content)
        return place

    def upload(self, number: int, fault: Fault = Fault.NONE, attempts: int | None = None) -> Place:
        """Make room for files that are sent."""
        return self._add(Place(number, UPLOAD, self.root, "", fault, attempts))

    def _add(self, place: Place) -> Place:
        place.folder = self.root / place.key
        place.folder.mkdir()
        self._places[place.key] = place
        return place

    def find(self, path: str) -> tuple[Place | None, str]:
        """Give the place of a path, and what of the path lies within it; None for a path that is nobody's."""
        key, _, rest = path.strip("/").partition("/")
        return self._places.get(key), rest

    def tell(
        self,
        place: Place,
        protocol: str,
        path: str,
        *,
        complete: bool,
        size: int = 0,
        content: Path | None = None,
        detail: str = "",
        peer: str = "",
    ) -> None:
        """Tell of an attempt that has ended; `content` is the whole file where it is complete."""
        self._told(
            Transfer(
                number=place.number,
                direction=place.direction,
                protocol=protocol,
                path=path,
                complete=complete,
                size=size,
                sha256=hashlib.sha256(content.read_bytes()).hexdigest() if complete and content is not None else "",
                detail=detail,
                peer=peer,
            )
        )
