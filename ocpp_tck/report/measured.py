"""How fast the product was, from the times of the records: answers, boots, reconnections. Durations are seconds."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from ocpp_tck.evidence import records as r

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.evidence.earlier import Stretch

_P95 = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTime:
    """How long the product took to answer CALLs of one action, seconds; `unanswered` CALLs have no time.

    `p95` is by nearest rank: the smallest of the measured times that at least 95 % of them do not exceed.
    """

    action: str
    count: int
    unanswered: int
    median: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How long something took that the product did, seconds; `p95` as of `AnswerTime`.

    `start` and `end` name the records from which and to which it is measured.
    """

    name: str
    start: str
    end: str
    count: int
    median: float
    p95: float
    longest: float


_MEASURES = {
    "reset": (
        "Reboot after Reset",
        "the station's answer Accepted to Reset, received",
        "its next BootNotification, received",
    ),
    "power": (
        "Boot after power on",
        "the driver's answer that it has switched the power on",
        "the station's next BootNotification, received",
    ),
    "reconnect": (
        "Reconnection",
        "the kit's return after an absence, as it begins to listen",
        "the station's next WebSocket connection, opened",
    ),
}


def percentile(times: Sequence[float], part: float) -> float:
    """Give the percentile by nearest rank; 0 for no times."""
    ordered = sorted(times)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


def answer_times(parts: Sequence[Stretch]) -> tuple[AnswerTime, ...]:
    """Measure how long the product took for each CALL of the kit; one that a kill cut off is not counted."""
    times: dict[str, list[float]] = {}
    unanswered: dict[str, int] = {}
    for stretch in parts:
        open_calls: dict[tuple[str, str], r.Frame] = {}
        last: r.Frame | None = None
        for record in stretch.records:
            if not isinstance(record, r.Frame):
                continue
            key = (record.connection, record.message_id)
            if record.sender == "kit" and record.type == "CALL":
                open_calls[key] = last = record
                unanswered[record.action] = unanswered.get(record.action, 0) + 1
            elif record.sender == "product" and record.type in {"CALLRESULT", "CALLERROR"} and key in open_calls:
                call = open_calls.pop(key)
                times.setdefault(call.action, []).append(max(0.0, record.time - call.time))
                unanswered[call.action] -= 1
        if stretch.reason and last is not None and last in open_calls.values():
            unanswered[last.action] -= 1
    return tuple(
        AnswerTime(
            action=action,
            count=len(times.get(action, ())),
            unanswered=unanswered[action],
            median=median(times.get(action, (0.0,))),
            p95=percentile(times.get(action, ()), _P95),
            longest=max(times.get(action, (0.0,))),
        )
        for action in sorted(unanswered)
    )


def measures(parts: Sequence[Stretch]) -> tuple[Measure, ...]:
    """Measure boots and reconnections of a station; none for a CSMS, and none of what did not happen."""
    times: dict[str, list[float]] = {}
    for stretch in parts:
        if stretch.started.sut.get("role") != "cs":
            continue
        watching = _Watching()
        for record in stretch.records:
            for kind, took in watching.take(record):
                times.setdefault(kind, []).append(took)
    return tuple(
        Measure(
            name=name,
            start=start,
            end=end,
            count=len(times[kind]),
            median=median(times[kind]),
            p95=percentile(times[kind], _P95),
            longest=max(times[kind]),
        )
        for kind, (name, start, end) in _MEASURES.items()
        if kind in times
    )


@dataclass(slots=True)
class _Watching:
    """Reads the records of one station in order; what began ends with what it is measured to, or with the case."""

    _began: dict[str, float] = field(default_factory=dict)
    _has_booted: bool = False
    _is_whole: bool = True
    """Whether the last Reset is of the whole station: that of an EVSE boots nothing."""

    def take(self, record: r.Record) -> Iterator[tuple[str, float]]:
        """Give what has ended with this record: which of the measures, and how long it took."""
        match record:
            case r.CaseStarted() | r.ConnectionRefused():
                self._began.clear()
            case r.ListeningAgain():
                self._began["reconnect"] = record.time
            case r.ConnectionOpened():
                yield from self._end("reconnect", record.time)
            case r.OperatorAsked() if record.action in {"power_off", "power_on"}:
                self._began.pop("reset", None)
                self._began.pop("power", None)
                self._has_booted = False
            case r.OperatorActed() if (record.action, record.outcome) == ("power_on", "done"):
                if record.driver != "prompt" and not self._has_booted:  # nobody knows when a person did it
                    self._began["power"] = record.time
            case r.Frame() if record.sender == "product":
                yield from self._spoken(record)
            case r.Frame() if (record.action, record.type) == ("Reset", "CALL"):
                self._is_whole = '"evseId"' not in record.raw

    def _spoken(self, frame: r.Frame) -> Iterator[tuple[str, float]]:
        if (frame.action, frame.type) == ("Reset", "CALLRESULT"):
            if self._is_whole and _status(frame.raw) == "Accepted":
                self._began["reset"] = frame.time
        elif (frame.action, frame.type) == ("BootNotification", "CALL"):
            self._has_booted = True
            yield from self._end("reset", frame.time)
            yield from self._end("power", frame.time)

    def _end(self, kind: str, time: float) -> Iterator[tuple[str, float]]:
        if kind in self._began:
            yield kind, max(0.0, time - self._began.pop(kind))


def _status(raw: str) -> str:
    """Read the status of an answer."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    payload = message[-1] if isinstance(message, list) and message else None
    status = payload.get("status") if isinstance(payload, dict) else None
    return status if isinstance(status, str) else ""
