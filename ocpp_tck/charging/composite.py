"""The composite schedule: what all installed profiles together allow a connector, over time.

Source: OCPP 1.6 3.13.1 to 3.13.3, 5.7, 5.16.4, 7.12; errata 3.8, 3.28, 3.30, 3.34, 3.43.

A limit in amperes is one for each phase, a limit in watts one for all phases together, whatever numberPhases says
(errata 3.34): they stand side by side until somebody asks for one unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ocpp_tck.charging.profile import AMPERES, MOST_PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocpp_tck.charging.installed import Installed
    from ocpp_tck.charging.profile import Period, Profile


@dataclass(frozen=True, slots=True)
class Cap:
    """What may flow at a moment; None where there is no limit of that unit.

    Attributes:
        amperes: per phase.
        watts: of all phases together.
        phases: number of phases that may be used.
    """

    amperes: float | None = None
    watts: float | None = None
    phases: int = MOST_PHASES

    @classmethod
    def of(cls, period: Period, unit: str) -> Cap:
        """Give the cap of one schedule period."""
        phases = MOST_PHASES if period.phases is None else period.phases
        return cls(period.limit, None, phases) if unit == AMPERES else cls(None, period.limit, phases)

    def with_limit(self, unit: str, limit: float | None) -> Cap:
        """Give it with one more limit, None for none."""
        if limit is None:
            return self
        return self.under(Cap(limit) if unit == AMPERES else Cap(None, limit))

    def under(self, other: Cap) -> Cap:
        """Give what both allow: the lower of each (3.13.3)."""
        return Cap(_lower(self.amperes, other.amperes), _lower(self.watts, other.watts), min(self.phases, other.phases))

    @property
    def is_free(self) -> bool:
        """Whether there is no limit."""
        return self.amperes is None and self.watts is None

    def value(self, unit: str, voltage: float, phases: int) -> float | None:
        """Give the limit in one unit, when so many phases of that voltage are used; None without a limit (7.12)."""
        if unit == AMPERES:
            return _lower(self.amperes, None if self.watts is None else self.watts / (voltage * phases))
        return _lower(self.watts, None if self.amperes is None else self.amperes * voltage * phases)


FREE = Cap()


def _lower(one: float | None, other: float | None) -> float | None:
    given = [value for value in (one, other) if value is not None]
    return min(given) if given else None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with one cap."""

    begin: float
    end: float
    cap: Cap


@dataclass(frozen=True, slots=True)
class Curve:
    """Caps over a window without gaps; no two neighbours are equal."""

    spans: tuple[Span, ...]

    def at(self, moment: float) -> Cap:
        """Give the cap at a moment of the window.

        Raises:
            ValueError: the moment lies outside.
        """
        for span in self.spans:
            if span.begin <= moment < span.end:
                return span.cap
        raise ValueError(f"{moment} lies outside the window")

    def between(self, begin: float, end: float) -> list[Cap]:
        """Give every cap that holds somewhere from begin to end."""
        return [span.cap for span in self.spans if span.begin <= end and begin < span.end]

    @property
    def bounds(self) -> list[float]:
        """The moments at which it changes."""
        return [span.begin for span in self.spans[1:]]


def composite(
    installed: Installed, connector: int, begin: float, seconds: float, *, charging_since: float | None = None
) -> Curve:
    """Give what the profiles allow a connector, or (0) the charge point as a whole, from `begin` on.

    Args:
        installed: the profiles that the charge point has.
        connector: which connector.
        begin: first moment of the window.
        seconds: length of the window, more than 0.
        charging_since: when the charging began, from which relative schedules count; now, if it has not.
    """
    end, since = begin + seconds, begin if charging_since is None else charging_since
    whole = _stacked(installed.of_charge_point(), begin, end, since)
    if connector == 0:
        return _curve(whole, begin, end)
    own = installed.of_transaction(connector)
    defaults = _stacked(installed.defaults(connector), begin, end, since)
    return _merged(whole, _overruled(defaults, own, begin, end, since), begin, end)


_Layer = list[Span]
"""Spans that do not overlap, in order; a gap is a time without a limit."""


def _stacked(profiles: Iterable[Profile], begin: float, end: float, since: float) -> _Layer:
    """Give the prevailing limits of one purpose: the highest level that has one at each moment (3.13.2)."""
    layer: _Layer = []
    for profile in sorted(profiles, key=lambda profile: profile.level):
        for first, last, period in profile.limits(begin, end, since):
            layer = _painted(layer, Span(first, last, Cap.of(period, profile.schedule.unit)))
    return layer


def _overruled(defaults: _Layer, own: Sequence[Profile], begin: float, end: float, since: float) -> _Layer:
    """Give the limits of a transaction: while a TxProfile is valid, no TxDefaultProfile counts (3.13.1).

    So a TxProfile whose schedule has ended leaves the transaction without a limit of its own.
    """
    layer = defaults
    for profile in own:
        first, last = profile.validity(begin, end)
        if first < last:
            layer = _without(layer, first, last)
    return sorted([*layer, *_stacked(own, begin, end, since)], key=lambda span: span.begin)


def _painted(layer: _Layer, new: Span) -> _Layer:
    return sorted([*_without(layer, new.begin, new.end), new], key=lambda span: span.begin)


def _without(layer: _Layer, begin: float, end: float) -> _Layer:
    kept = []
    for span in layer:
        if span.begin < min(span.end, begin):
            kept.append(Span(span.begin, min(span.end, begin), span.cap))
        if max(span.begin, end) < span.end:
            kept.append(Span(max(span.begin, end), span.end, span.cap))
    return kept


def _merged(one: _Layer, other: _Layer, begin: float, end: float) -> Curve:
    """Give the lower of two layers at each moment (3.13.3)."""
    bounds = sorted({begin, end, *(edge for span in (*one, *other) for edge in (span.begin, span.end))})
    spans = [Span(first, last, _at(one, first).under(_at(other, first))) for first, last in pairwise(bounds)]
    return _joined(spans)


def _curve(layer: _Layer, begin: float, end: float) -> Curve:
    return _merged(layer, [], begin, end)


def _at(layer: _Layer, moment: float) -> Cap:
    return next((span.cap for span in layer if span.begin <= moment < span.end), FREE)


def _joined(spans: list[Span]) -> Curve:
    joined = spans[:1]
    for span in spans[1:]:
        if span.cap == joined[-1].cap:
            joined[-1] = Span(joined[-1].begin, span.end, span.cap)
        else:
            joined.append(span)
    return Curve(tuple(joined))
