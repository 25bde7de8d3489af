"""Rules about the meaning of a payload that no schema carries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol.types import Json, Level, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAUSES = {
    "time.utc": ("1.6 3.12", "2.0.1 Part 2 B general; 2.1 the same"),
    "time.clock": ("1.6 4.6, 6.29", "2.0.1 G02.FR.06"),
    "boot.interval": ("1.6 6.4", "2.0.1 B01.FR.02"),
}
_NOW = frozenset({"currentTime"})
_TIMES = frozenset({"timestamp", "currentTime"})


def _broken(rule: str, level: Level, version: Version, text: str, path: str = "") -> Violation:
    old, new = _CLAUSES[rule]
    return Violation(rule, level, text, old if version is Version.V16 else new, path)


def times(version: Version, action: str, kind: str, payload: Json, now: float, tolerance: float) -> Iterator[Violation]:
    """Judge zones, clocks and intervals of a payload that the schema accepts.

    UTC and a right clock are recommended, not required; `now` is the kit's time in seconds since the epoch.
    """
    for path, name, text in _walk(payload, ""):
        if name not in _TIMES:
            continue
        try:
            moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        except ValueError:
            continue
        if moment.utcoffset() != UTC.utcoffset(None):
            yield _broken("time.utc", Level.SHOULD, version, f"{path} {text} is not in UTC", path)
        elif name in _NOW and abs(moment.timestamp() - now) > tolerance:
            off = moment.timestamp() - now
            yield _broken(
                "time.clock", Level.SHOULD, version, f"{path} {text} is {off:+.0f} s off the kit's clock", path
            )
        elif moment.timestamp() - now > tolerance:
            off = moment.timestamp() - now
            yield _broken("time.clock", Level.SHOULD, version, f"{path} {text} lies {off:.0f} s in the future", path)
    if action == "BootNotification" and kind == "response" and payload["interval"] < 0:
        yield _broken("boot.interval", Level.MUST, version, f"interval {payload['interval']} is negative", "interval")


def _walk(value: Json, path: str, name: str = "") -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}".lstrip("."), key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]", name)
    elif isinstance(value, str):
        yield path, name, value
