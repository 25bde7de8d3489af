"""The local authorization list of OCPP 1.6 over a trace: what is sent, what is answered, which version is told.

Source: OCPP 1.6 3.5.2, 5.10, 5.15, 6.41, 7.1, 7.47; errata 3.52. A list need not outlive a reboot (3.5.2 recommends
it), and a charge point whose list is switched off may say that it has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_FULL = "Full"
_UNSUPPORTED = -1
_EMPTY = 0
_RESERVED = frozenset({_EMPTY, _UNSUPPORTED})
REMEMBERED = 10_000
"""Tokens of a list that are followed; whether a longer one becomes empty again is unknown, and not judged."""


class Lists16:
    """The local list of one charge point."""

    def __init__(self) -> None:
        self._pending = 0
        self._forget()

    def _forget(self) -> None:
        """Begin with a list of which nothing is known."""
        self._version: int | None = None
        self._tokens: set[str] | None = None
        self._filled: bool | None = None

    def called(self, action: str, payload: Json) -> Iterator[Violation]:
        """Judge a legal request of either side."""
        if action == "BootNotification" or (
            action == "ChangeConfiguration" and payload["key"].casefold() == "localauthlistenabled"
        ):
            self._forget()
        if action == "SendLocalList":
            self._pending += 1
            yield from _sent(payload)

    def refused(self, action: str) -> None:
        """Note a CALLERROR: what became of the list is unknown."""
        if action == "SendLocalList":
            self._settled()
            self._forget()

    def answered(self, action: str, request: Json, payload: Json) -> Iterator[Violation]:
        """Judge a legal answer; `request` may be illegal."""
        if action == "GetLocalListVersion":
            yield from self._told(payload["listVersion"])
        if action != "SendLocalList":
            return
        self._settled()
        if not isinstance(request, dict):
            self._forget()
            return
        if payload["status"] == "VersionMismatch":
            yield from self._mismatch(request)
        elif payload["status"] == "Accepted":
            self._store(request)
        elif payload["status"] == "Failed":
            self._forget()

    def _settled(self) -> None:
        self._pending = max(0, self._pending - 1)

    def _mismatch(self, request: Json) -> Iterator[Violation]:
        version, known = request.get("listVersion"), self._known()
        if request.get("updateType") == _FULL:
            text = "VersionMismatch answers a full update, which may have any version"
            yield broken("local_list.mismatch", Version.V16, text, "status")
        elif isinstance(version, int) and known is not None and version > known:
            text = f"VersionMismatch answers version {version}; the list has version {known}"
            yield broken("local_list.mismatch", Version.V16, text, "status")

    def _told(self, version: int) -> Iterator[Violation]:
        known = self._known()
        if known is not None and version not in {known, _UNSUPPORTED}:
            text = f"listVersion is {version}, the list has version {known}"
            yield broken("local_list.told", Version.V16, text, "listVersion")

    def _known(self) -> int | None:
        """Give the version that the charge point has to tell, None when it is unknown."""
        if self._pending or self._filled is None:
            return None
        return self._version if self._filled else _EMPTY

    def _store(self, request: Json) -> None:
        """Follow an accepted update."""
        try:
            changes = {
                entry["idTag"].casefold(): "idTagInfo" in entry for entry in request.get("localAuthorizationList", ())
            }
        except (AttributeError, KeyError, TypeError):  # the request was illegal
            self._forget()
            return
        if request.get("updateType") == _FULL:
            self._tokens, self._filled = set(changes), bool(changes)
        elif not changes:  # such an update has no effect on the list (6.41): which version it has then is said nowhere
            self._forget()
            return
        elif self._tokens is None:
            self._filled = True if any(changes.values()) else None
        else:
            self._tokens -= changes.keys()
            self._tokens |= {token for token, kept in changes.items() if kept}
            self._filled = bool(self._tokens)
        if self._tokens is not None and len(self._tokens) > REMEMBERED:
            self._tokens = None
        self._version = request.get("listVersion")


def _sent(payload: Json) -> Iterator[Violation]:
    """Judge an update by itself."""
    number = payload["listVersion"]
    if number in _RESERVED:
        yield broken("local_list.version", Version.V16, f"listVersion is {number}", "listVersion")
    seen: set[str] = set()
    for index, entry in enumerate(payload.get("localAuthorizationList", ())):
        place = f"localAuthorizationList[{index}]"
        token = entry["idTag"].casefold()
        if token in seen:
            text = f"the idTag {entry['idTag']} comes a second time"
            yield broken("local_list.unique", Version.V16, text, f"{place}.idTag")
            return
        seen.add(token)
        if payload["updateType"] == _FULL and "idTagInfo" not in entry:
            text = f"the idTag {entry['idTag']} of a full update has no idTagInfo"
            yield broken("local_list.info", Version.V16, text, place)
            return
