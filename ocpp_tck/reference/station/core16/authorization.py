"""IdTagInfo and the authorization cache (1.6 §3.5.1)."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from ocpp_tck.reference.station.core16.clock import read_time

CAPACITY = 100


@dataclass(frozen=True, slots=True)
class IdTagInfo:
    """What the Central System said about an idTag (1.6 §7.27)."""

    status: str
    parent: str | None = None
    expiry: datetime | None = None

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Self:
        """Read the `idTagInfo` of an answer (keys in snake_case)."""
        return cls(payload["status"], payload.get("parent_id_tag"), read_time(payload.get("expiry_date")))

    @property
    def accepted(self) -> bool:
        """Whether charging is allowed."""
        return self.status == "Accepted"

    @property
    def valid(self) -> bool:
        """Whether the idTag itself is valid: accepted, or refused only because it is in use elsewhere (1.6 §3.5.2)."""
        return self.status in {"Accepted", "ConcurrentTx"}

    def at(self, moment: datetime) -> "IdTagInfo":
        """Give it as it is at a moment: what was accepted becomes Expired when its time has passed."""
        over = self.accepted and self.expiry is not None and self.expiry <= moment
        return replace(self, status="Expired") if over else self


def same_tag(one: str | None, other: str | None) -> bool:
    """Compare two idTags, which are case-insensitive (1.6 §7.28); None equals nothing."""
    return one is not None and other is not None and one.casefold() == other.casefold()


class AuthorizationCache:
    """The last idTags the Central System has judged, valid or not; it survives a power cut."""

    def __init__(self, now: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        """Take the clock to judge expiry by, and the number of entries to keep."""
        self._now = now
        self._capacity = capacity
        self._entries: OrderedDict[str, IdTagInfo] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, id_tag: str) -> IdTagInfo | None:
        """Return what is known; an entry whose time has passed becomes Expired."""
        key = id_tag.casefold()
        info = self._entries.get(key)
        if info is not None:
            info = self._entries[key] = info.at(self._now())
        return info

    def put(self, id_tag: str, info: IdTagInfo) -> None:
        """Keep what an answer said; when full, entries not valid go first, then the oldest."""
        key = id_tag.casefold()
        if key not in self._entries and len(self._entries) >= self._capacity:
            self._make_room()
        self._entries[key] = info
        self._entries.move_to_end(key)

    def clear(self) -> None:
        """Forget everything (ClearCache)."""
        self._entries.clear()

    def _make_room(self) -> None:
        for key in [key for key in self._entries if not self._valid(key)]:
            del self._entries[key]
        while len(self._entries) >= self._capacity:
            self._entries.popitem(last=False)

    def _valid(self, key: str) -> bool:
        info = self.get(key)
        return info is not None and info.accepted
