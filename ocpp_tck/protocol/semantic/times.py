"""Zones, fractions and clocks.

Source: OCPP 1.6 3.14, 3.15, 4.2, 4.6; OCPP 2.0.1 and 2.1 Part 2 2.1.4, 3.1, G02.FR.03, G02.FR.06.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol import moments, schema
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Side, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_NOW = frozenset({"currentTime"})
_PAST = frozenset({"timestamp", "generatedAt"})
_MAX_DECIMALS = 3
_SAME_OFFSET = 1.0
_APART = 1.0
_ZERO = timedelta(0)


class Times:
    """The times in payloads against the kit's clock.

    An event may be old (it was queued), so a past time alone proves nothing. Two messages that come a while apart and
    lie equally far in the past do: a queue is delivered at once, a wrong clock runs on.

    A clock of the kit's machine that was set during the run says nothing about the product: a time that agrees with
    any of its settings is right.

    Args:
        version: OCPP version.
        tolerance: seconds by which two clocks may differ.
    """

    def __init__(self, version: Version, tolerance: float) -> None:
        self._version = version
        self._tolerance = tolerance
        self._last: dict[Side, tuple[float, float]] = {}
        self._settings = [0.0]

    def clock_set(self, by: float) -> None:
        """Note that the machine's clock is now `by` seconds ahead of the times given here."""
        self._settings.append(by)

    def judge(self, action: str, kind: schema.Kind, payload: Json, sender: Side, time: float) -> Iterator[Violation]:
        """Judge all date-times of a payload that the schema accepts."""
        for path in schema.times(self._version, action, kind):
            for place, text in values_at(payload, path):
                yield from self._one(path[-1], place, text, sender, time)

    def _one(self, name: str, place: str, text: str, sender: Side, time: float) -> Iterator[Violation]:
        moment = moments.quick(text)
        if moment is None:  # the year 0000
            return
        if self._version is not Version.V16 and _decimals(text) > _MAX_DECIMALS:
            yield broken("time.fraction", self._version, f"{text} has more than 3 decimal places", place)
        if moment.utcoffset() != _ZERO:
            yield broken("time.utc", self._version, f"{text} is not in UTC", place)
        off = min((moment.timestamp() - time - by for by in self._settings), key=abs)
        if name in _NOW:
            wrong = abs(off) > self._tolerance
        elif name in _PAST:
            wrong = off > self._tolerance or self._lags(sender, off, time)
        else:
            return
        if wrong:
            yield broken("time.clock", self._version, f"{text} is {off:+.0f} s off the kit's clock", place)

    def _lags(self, sender: Side, off: float, time: float) -> bool:
        before, self._last[sender] = self._last.get(sender), (time, off)
        if off >= -self._tolerance or before is None:
            return False
        return time - before[0] >= _APART and abs(before[1] - off) < _SAME_OFFSET


def _decimals(text: str) -> int:
    tail = text.partition(".")[2]
    return len(tail) - len(tail.lstrip("0123456789"))


def values_at(node: Json, path: tuple[str, ...], place: str = "") -> Iterator[tuple[str, Any]]:
    """Give where a payload has values at a path of its schema, and the values."""
    for index, name in enumerate(path):
        if name == "[]":
            for number, item in enumerate(node):
                yield from values_at(item, path[index + 1 :], f"{place}[{number}]")
            return
        if name not in node:
            return
        node = node[name]
        place = f"{place}.{name}" if place else name
    yield place, node
