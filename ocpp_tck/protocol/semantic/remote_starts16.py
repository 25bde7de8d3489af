"""The time of a transaction of OCPP 1.6 against that of the request that started it.

Source: OCPP 1.6 4.2, 5.11, 6.45. A start that was queued may be old; one that was asked for just now is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation


class RemoteStarts16:
    """The RemoteStartTransaction requests whose transactions have not been told yet.

    Args:
        tolerance: seconds by which two clocks may differ.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._asked: dict[tuple[str, int | None], float] = {}

    def called(self, action: str, payload: Json, time: float) -> list[Violation]:
        """Judge a legal request of either side."""
        if action == "RemoteStartTransaction":
            self._asked[_key(payload)] = time
        if action != "StartTransaction":
            return []
        token, connector = _key(payload)
        asked = self._asked.pop((token, connector), None) or self._asked.pop((token, None), None)
        try:
            began = datetime.fromisoformat(payload["timestamp"]).timestamp()
        except ValueError:  # a form that the rules of times have named
            return []
        if asked is None or began >= asked - self._tolerance:
            return []
        text = f"the transaction began at {payload['timestamp']}, {asked - began:.0f} s before it was asked for"
        return [broken("transaction.before_request", Version.V16, text, "timestamp")]

    def answered(self, action: str, request: Json, payload: Json) -> None:
        """Forget a request that was not accepted; `request` may be illegal."""
        if action == "RemoteStartTransaction" and payload["status"] != "Accepted" and isinstance(request, dict):
            self._asked.pop(_key(request), None)


def _key(payload: Json) -> tuple[str, int | None]:
    return str(payload.get("idTag")).casefold(), payload.get("connectorId")
