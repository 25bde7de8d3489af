"""The local authorization list (1.6 §3.5.2, §5.10, §5.15)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ocpp_tck.reference.station.core16.authorization import IdTagInfo
from ocpp_tck.reference.station.core16.configuration import Configuration

EMPTY = 0
"""The version of a list without entries (1.6 §5.10)."""
UNSUPPORTED = -1
"""The version where there are no local lists (1.6 §5.10)."""


class LocalList:
    """The idTags that the Central System has sent, with what it says of each; it survives a power cut."""

    def __init__(self, now: Callable[[], datetime], configuration: Configuration) -> None:
        """Take the clock to judge expiry by, and the keys that limit the list."""
        self._now = now
        self._configuration = configuration
        self._entries: dict[str, IdTagInfo] = {}
        self._version = EMPTY
        self.failing = False
        """Its memory can't be written."""

    @property
    def version(self) -> int:
        """The version to tell: that of the last update, or 0 for an empty list (1.6 §5.10)."""
        return self._version if self._entries else EMPTY

    def get(self, id_tag: str) -> IdTagInfo | None:
        """Return what the list says of an idTag; an entry whose time has passed is Expired."""
        info = self._entries.get(id_tag.casefold())
        return info and info.at(self._now())

    def update(self, version: int, kind: str, entries: list[Mapping[str, Any]]) -> str:
        """Apply a SendLocalList wholly or not at all; returns its UpdateStatus (1.6 §7.47).

        `entries` are AuthorizationData with keys in snake_case.
        """
        if kind == "Differential" and version <= self.version:
            return "VersionMismatch"
        tags = [entry["id_tag"].casefold() for entry in entries]
        new = self._changed(entries) if kind == "Differential" else self._replaced(entries)
        sendable = len(entries) <= self._configuration.number("SendLocalListMaxLength")
        if self.failing or new is None or not sendable or len(set(tags)) < len(tags) or version in {EMPTY, UNSUPPORTED}:
            return "Failed"
        if len(new) > self._configuration.number("LocalAuthListMaxLength"):
            return "Failed"
        self._entries, self._version = new, version
        return "Accepted"

    def _changed(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, IdTagInfo] | None:
        """Give the list with entries added and replaced, and those without idTagInfo taken out (1.6 §7.1)."""
        new = dict(self._entries)
        for entry in entries:
            if entry.get("id_tag_info") is None:
                new.pop(entry["id_tag"].casefold(), None)
            else:
                new[entry["id_tag"].casefold()] = IdTagInfo.read(entry["id_tag_info"])
        return new

    def _replaced(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, IdTagInfo] | None:
        """Give a new list; None when an entry lacks its idTagInfo, which a full list must have (1.6 §7.1)."""
        infos = {entry["id_tag"].casefold(): entry.get("id_tag_info") for entry in entries}
        if None in infos.values():
            return None
        return {tag: IdTagInfo.read(info) for tag, info in infos.items() if info is not None}
