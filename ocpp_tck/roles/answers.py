"""What the kit answers to a CALL of the product: a polite, complete peer, plus what a case registered before.

An answer of a case merges into the default one and ends with the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocpp_tck.roles.payload import matches

Payload = Mapping[str, Any]
Default = Callable[[str, Payload], "dict[str, Any] | None"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A CALLERROR instead of an answer."""

    code: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer at all: the product's time-out is the test."""


Reply = Mapping[str, Any] | Refusal | Silence


@dataclass(slots=True)
class _Registered:
    action: str
    replies: list[Reply]
    where: Mapping[str, Any]
    used: int = 0

    def next(self) -> Reply:
        reply = self.replies[min(self.used, len(self.replies) - 1)]
        self.used += 1
        return reply


class Answers:
    """Chooses the answer to a CALL.

    Args:
        default: gives the polite answer for an action and payload, None for an action it does not know.
    """

    def __init__(self, default: Default) -> None:
        self._default = default
        self._registered: list[_Registered] = []

    def register(self, action: str, replies: list[Reply], where: Mapping[str, Any] | None = None) -> None:
        """Answer `action` with `replies` in turn, the last one from then on; `where` picks the requests meant.

        Raises:
            ValueError: no reply was given.
        """
        if not replies:
            raise ValueError(f"an answer to {action} needs at least one reply")
        self._registered.insert(0, _Registered(action, replies, dict(where or {})))

    def clear(self) -> None:
        """Forget what a case registered."""
        self._registered.clear()

    def choose(self, action: str, payload: Payload) -> Reply:
        """Give the reply to one CALL of the product."""
        registered = next(
            (entry for entry in self._registered if entry.action == action and matches(payload, entry.where)), None
        )
        reply = registered.next() if registered is not None else {}
        if isinstance(reply, (Refusal, Silence)):
            return reply
        default = self._default(action, payload)
        if default is None and registered is None:
            return Refusal("NotImplemented", "the kit knows no such action")
        return merged(default or {}, reply)


def merged(base: Payload, changes: Payload) -> dict[str, Any]:
    """Merge nested objects; a value None removes the field."""
    result = dict(base)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = merged(result[name], value)
        else:
            result[name] = dict(value) if isinstance(value, Mapping) else value
    return result
