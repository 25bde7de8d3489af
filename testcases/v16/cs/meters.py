"""Periodic meter values as the cases about them look at them (1.6 3.16, 6.31, 7.43)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

PERIODIC, ALIGNED = "Sample.Periodic", "Sample.Clock"
REGISTER = "Energy.Active.Import.Register"
_PASSING = re.compile(r"soc|energy\.(re)?active\.(im|ex)port\.interval(\..+)?")
"""Measurands of a vehicle, or of an interval (7.31), in small letters: in an idle charge point there may be none."""
UNASKED = {"Transaction.Begin", "Interruption.Begin", "Interruption.End"}
"""Contexts of readings that a charge point may send besides the periodic ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One MeterValue: when it was taken, and what its sampled values say.

    Attributes:
        moment: time of the reading.
        contexts: contexts of its sampled values; an absent one is Sample.Periodic (7.43).
        measurands: measurands with and without the phase, in small letters; an absent one is the energy register. One
            from a phase to neutral stands for that of the phase too (9.1.17 has "Voltage.L1").
        transaction: transactionId of its message, None without one.
    """

    moment: datetime
    contexts: frozenset[str]
    measurands: frozenset[str]
    transaction: Any


def samples(received: Received) -> list[Sample]:
    """Give the readings of a MeterValues.req, of each moment one; those that no interval asked for are left out."""
    found: list[Sample] = []
    for value in received.meterValue:
        contexts = frozenset(sampled.get("context", PERIODIC) for sampled in value.sampledValue)
        if contexts - UNASKED:
            measurands = frozenset(name for sampled in value.sampledValue for name in _names(sampled))
            _add(found, Sample(moment(value.timestamp), contexts, measurands, received.get("transactionId")))
    return found


def _names(sampled: Received) -> set[str]:
    name, phase = sampled.get("measurand", REGISTER), sampled.get("phase", "")
    return {part.casefold() for part in (name, f"{name}.{phase}", f"{name}.{phase.removesuffix('-N')}")}


def joined(every: Iterable[Sample]) -> list[Sample]:
    """Give readings in their order, those of one moment that follow each other as one."""
    found: list[Sample] = []
    for sample in every:
        _add(found, sample)
    return found


def _add(found: list[Sample], sample: Sample) -> None:
    """Add a reading, or what more there is of the last one (a retry too)."""
    if found and found[-1].moment == sample.moment:
        last = found[-1]
        contexts, measurands = last.contexts | sample.contexts, last.measurands | sample.measurands
        found[-1] = replace(last, contexts=contexts, measurands=measurands)
    else:
        found.append(sample)


def moment(text: str) -> datetime:
    """Read a time; one without a zone, which is a rule's own failure, counts as UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise AssertionError(f"{text!r} is no time") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def take(
    station: Station, count: int, where: Mapping[str, Any], within: str, configured: str | None = None
) -> list[Sample]:
    """Take as many readings of one connector as that, in the order in which they came.

    `within` limits the wait for each message. The last reading has come whole when it has every configured measurand,
    and at the latest when the next one begins; with None its first part is enough.
    """
    found: list[Sample] = []
    while len(found) < count or (len(found) == count and _may_go_on(found, configured)):
        received = station.expect("MeterValues", where=where, within=within)
        where = {"connectorId": received.connectorId}
        for sample in samples(received):
            _add(found, sample)
    return found[:count]


def _may_go_on(found: list[Sample], configured: str | None) -> bool:
    """Whether the last reading lacks what those before have, so that more of it may come in another message."""
    if configured is None:
        return False
    *before, last = (bool(_missing(sample.measurands, configured)) for sample in found)
    return last and not any(before)


def tolerance(station: Station, interval: float) -> float:
    """Seconds by which two readings may be apart from the interval; a missing reading must always show."""
    return min(station.limits.interval, interval / 2)


def evenly_spaced(station: Station, found: list[Sample], interval: float) -> None:
    """Demand that the readings came in the order of their times, one interval apart.

    A time in whole seconds may stand for any moment of that second (3.15).
    """
    allowed = tolerance(station, interval)
    for earlier, later in pairwise(found):
        apart = (later.moment - earlier.moment).total_seconds()
        least, most = apart - _cut_off(earlier), apart + _cut_off(later)
        assert least <= interval + allowed and most >= interval - allowed, (  # noqa: PT018 - one demand
            f"readings of {earlier.moment.isoformat()} and {later.moment.isoformat()} follow each other, "
            f"{apart:g} s apart instead of {interval:g} s"
        )


def _cut_off(sample: Sample) -> float:
    """Seconds of which the time of a reading may be short."""
    return 0.0 if sample.moment.microsecond else 1.0


def clock_aligned(found: list[Sample], interval: float) -> None:
    """Demand that the readings were taken at multiples of the interval since midnight (3.16.2)."""
    for sample in found:
        midnight = sample.moment.replace(hour=0, minute=0, second=0, microsecond=0)
        off = (sample.moment - midnight) % timedelta(seconds=interval)
        beside = min(off.total_seconds(), interval - off.total_seconds())
        assert beside <= min(1.0, interval / 4), f"{sample.moment.isoformat()} is not aligned to {interval:g} s"


def in_context(found: list[Sample], context: str) -> None:
    """Demand that every reading has that context."""
    for sample in found:
        others = sample.contexts - UNASKED - {context}
        assert not others, f"the reading of {sample.moment.isoformat()} has context {', '.join(sorted(others))}"


def of_transaction(found: list[Sample], transaction: int | str) -> None:
    """Demand that every reading names the transaction that ran when it was taken (4.7)."""
    for sample in found:
        assert sample.transaction == transaction, (
            f"the reading of {sample.moment.isoformat()} names transaction {sample.transaction}, not {transaction}"
        )


def complete(found: list[Sample], configured: str) -> None:
    """Demand every configured measurand in every reading; an empty list means the energy register (9.1.15, 9.1.17)."""
    for sample in found:
        _complete(sample.measurands, configured, f"the reading of {sample.moment.isoformat()}")


def most_recent(received: Received, configured: str) -> None:
    """Demand every configured measurand somewhere in a message that was triggered (5.17; errata 3.46).

    The measurements may be of several moments. What only a vehicle or an interval gives is not asked for: there may be
    none. A message that a multiple of ClockAlignedDataInterval has brought in between may stand for the one that was
    triggered (5.17), and has other measurands.
    """
    every = [one for value in received.meterValue for one in value.sampledValue]
    if every and all(one.get("context") == ALIGNED for one in every):
        return
    given = frozenset(name for one in every for name in _names(one))
    lasting = ",".join(name for name in _items(configured) if not _PASSING.fullmatch(name.casefold()))
    if lasting or not _items(configured):
        _complete(given, lasting, "the message")


def _complete(given: frozenset[str], configured: str, what: str) -> None:
    missing = _missing(given, configured)
    assert not missing, f"{what} lacks {', '.join(missing)}"


def _missing(given: frozenset[str], configured: str) -> list[str]:
    """Letter case does not matter: a charge point may keep the list as the central system has written it."""
    return [name for name in _items(configured) or [REGISTER] if name.casefold() not in given]


def _items(configured: str) -> list[str]:
    return [name.strip() for name in configured.split(",") if name.strip()]
