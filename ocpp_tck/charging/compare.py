"""A reported schedule against the one that the profiles come to.

Two descriptions are equal when they allow the same at each moment: periods may be split or joined, limits rounded,
moments a little off, and the unit is the product's choice if none was asked for.

Source: OCPP 1.6 5.7, 7.12 to 7.14; errata 3.34.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ocpp_tck.charging.composite import Cap, Curve, Span
from ocpp_tck.charging.profile import AMPERES, MOST_PHASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.charging.profile import Period, Schedule

_LAST_DIGIT = 0.05
"""Half of the last digit that a limit may have (7.14)."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a reported schedule may be off.

    Attributes:
        seconds: of the moment at which a limit changes.
        percent: of a limit.
        voltage: line voltage by which limits in the other unit are converted (7.12), V.
    """

    seconds: float
    percent: float = 0.0
    voltage: float = 230.0


@dataclass(frozen=True, slots=True)
class _Told:
    """A reported period in absolute time."""

    begin: float
    end: float
    period: Period


def differences(
    expected: Curve, reported: Schedule, start: float, seconds: float, tolerance: Tolerance, local: float | None = None
) -> list[str]:
    """Say where a reported schedule allows something else than expected; empty when it is right.

    Args:
        expected: what the profiles come to; it must cover the reported window and the tolerance on both sides of it.
        reported: the schedule of the product; its periods count from `start`.
        start: scheduleStart.
        seconds: length of the window that is compared.
        tolerance: what is let pass.
        local: the charge point's own limit, in the reported unit; None when it is not known. A time without a
            limit of a profile is not compared.
    """
    curve = _limited(expected, reported.unit, local)
    starts = [period.start for period in reported.periods]
    if starts != sorted(set(starts)):
        return [f"its periods do not follow each other: they start at {', '.join(f'{one:g}' for one in starts)}"]
    told = list(_told(reported, start, seconds))
    if not told:
        return ["it has no period"]
    return list(_off(curve, told, reported.unit, tolerance))


def below(reported: Schedule, start: float, seconds: float, least: float, percent: float = 0.0) -> list[str]:
    """Say where a reported schedule allows less than that, in its own unit."""
    floor = least - _slack(least, percent)
    return [
        f"{one.period.limit:g} {reported.unit} from second {one.begin - start:.0f} on is less than {least:g}"
        for one in _told(reported, start, seconds)
        if one.period.limit < floor
    ]


def _limited(expected: Curve, unit: str, local: float | None) -> Curve:
    if local is None:
        return expected
    return Curve(
        tuple(
            span if span.cap.is_free else Span(span.begin, span.end, span.cap.with_limit(unit, local))
            for span in expected.spans
        )
    )


def _told(reported: Schedule, start: float, seconds: float) -> Iterator[_Told]:
    ends = [period.start for period in reported.periods[1:]]
    for period, end in zip(reported.periods, [*ends, seconds], strict=False):
        last = min(end, seconds)
        if period.start < last:
            yield _Told(start + period.start, start + last, period)


def _off(curve: Curve, told: list[_Told], unit: str, tolerance: Tolerance) -> Iterator[str]:
    """Give reported limits that are not expected anywhere near their time."""
    around = [edge + off for edge in curve.bounds for off in (-tolerance.seconds, tolerance.seconds)]
    for one in told:
        edges = sorted({one.begin, one.end, *(edge for edge in around if one.begin < edge < one.end)})
        for first, last in pairwise(edges):
            middle = (first + last) / 2
            caps = curve.between(middle - tolerance.seconds, middle + tolerance.seconds)
            if not any(_fits(cap, one.period, unit, tolerance) for cap in caps):
                wanted = " or ".join(_shown(cap, unit) for cap in caps)
                yield f"{_offset(told, first)}: {_limit(one.period, unit)} instead of {wanted}"
                break


def _fits(cap: Cap, period: Period, unit: str, tolerance: Tolerance) -> bool:
    phases = MOST_PHASES if period.phases is None else period.phases
    if cap.is_free:
        return phases >= 0
    if period.phases is not None and not 0 <= phases <= cap.phases:
        return False
    used = range(1, cap.phases + 1) if period.phases is None else (max(1, period.phases),)
    values = {cap.value(unit, tolerance.voltage, phases) for phases in used}
    return any(value is not None and abs(period.limit - value) <= _slack(value, tolerance.percent) for value in values)


def _slack(value: float, percent: float) -> float:
    return value * percent / 100 + _LAST_DIGIT


def _offset(told: list[_Told], moment: float) -> str:
    return f"from second {max(0.0, moment - told[0].begin):.0f} on"


def _limit(period: Period, unit: str) -> str:
    return f"{period.limit:g} {unit}" + (f" on {period.phases} phases" if period.phases is not None else "")


def _shown(cap: Cap, unit: str) -> str:
    """Write a cap in the unit that it has; the converted value depends on the phases."""
    own = cap.amperes if unit == AMPERES else cap.watts
    other = "W" if unit == AMPERES else "A"
    if cap.is_free:
        return "no limit"
    value = f"{own:g} {unit}" if own is not None else f"{cap.watts if unit == AMPERES else cap.amperes:g} {other}"
    return value if cap.phases == Cap().phases else f"{value} on {cap.phases} phases"
