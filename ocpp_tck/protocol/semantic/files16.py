"""Signed firmware updates and logs of OCPP 1.6.

Source: OCPP 1.6 security whitepaper edition 3, L01, N01, 6.8, 6.19. The status Idle of the messages that 1.6 itself has
is judged by `triggers16`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation

IDLE = "Idle"
_SIGNED, _LOG = "SignedFirmwareStatusNotification", "LogStatusNotification"
_STARTED_BY = {_SIGNED: "SignedUpdateFirmware", _LOG: "GetLog"}
"""What each status that names its request was started by."""
_TRIGGERS = {"FirmwareStatusNotification": _SIGNED, "LogStatusNotification": _LOG}
"""What an ExtendedTriggerMessage asks for (6.16)."""
_ENDS = frozenset(
    {"DownloadFailed", "InstallationFailed", "Installed", "InstallVerificationFailed", "InvalidSignature"}
)
"""The end states of a signed update (6.8)."""


class Files16:
    """What the central system has ordered and triggered, and how each signed update has ended."""

    def __init__(self) -> None:
        self._triggered: Counter[str] = Counter()
        self._ordered: dict[str, set[int]] = {action: set() for action in _STARTED_BY.values()}
        self._ended: dict[int, str] = {}

    def called(self, action: str, payload: Json) -> list[Violation]:
        """Judge a legal request of either side."""
        told = _TRIGGERS.get(payload.get("requestedMessage"))
        if told is not None and action == "ExtendedTriggerMessage":
            self._triggered[told] += 1
        if action in self._ordered:
            self._ordered[action].add(payload["requestId"])
        if action == _STARTED_BY[_SIGNED]:
            self._ended.pop(payload["requestId"], None)
        return self._status(action, payload) if action in _STARTED_BY else []

    def _status(self, action: str, payload: Json) -> list[Violation]:
        status, request = payload["status"], payload.get("requestId")
        was_triggered = self._triggered[action] > 0
        self._triggered[action] -= was_triggered
        if status == IDLE:
            return [] if was_triggered else [_wrong("files.idle", f"{action} with {IDLE} was not triggered", "status")]
        if request is None and was_triggered:
            return []  # it may tell how the last one ended (N01.FR.12, 5.19)
        if request is None:
            return [_wrong("files.request_id", f"{action} with {status} names no request", "requestId")]
        known = self._ordered[_STARTED_BY[action]]
        if known and request not in known:
            text = f"{action} names the request {request}, which no {_STARTED_BY[action]} has"
            return [_wrong("files.request_id", text, "requestId")]
        return self._after_the_end(request, status) if action == _SIGNED else []

    def _after_the_end(self, request: int, status: str) -> list[Violation]:
        before = self._ended.get(request, status)
        if before != status:
            return [_wrong("firmware.ended", f"{status} was sent after the update had ended with {before}", "status")]
        if status in _ENDS:
            self._ended[request] = status
        return []


def _wrong(rule: str, text: str, path: str) -> Violation:
    return broken(rule, Version.V16, text, path)
