"""Periodic meter values as the cases about them look at them (1.6 3.16, 6.31, 7.43)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.product import Received
    from ocpp_tck.roles.station import Station

PERIODIC, ALIGNED = "Sample.Periodic", "Sample.Clock"
REGISTER = "Energy.Active.Import.Register"
OF_VEHICLE = frozenset({"soc"})
"""Measurands that only a vehicle can tell: without one there is no measurement that could be given."""
UNASKED = {"Transaction.Begin", "Interruption.Begin", "Interruption.End"}
"""Contexts of readings that a charge point may send besides the periodic ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One MeterValue: when it was taken, and what its sampled values say.

    Attributes:
        moment: time of the reading.
        contexts: contexts of its sampled values; an absent one is Sample.Periodic (7.43).
        measurands: measurands with and without the phase, in small letters; an absent one is the energy register.
        transaction: transactionId of its message, None without one.
    """

    moment: datetime
    contexts: frozenset[str]
    measurands: frozenset[str]
    transaction: Any


def samples(received: Received) -> list[Sample]:
    """Give the readings of a MeterValues.req; those that no interval asked for are left out."""
    found = []
    for value in received.meterValue:
        contexts, measurands = set(), set()
        for sampled in value.sampledValue:
            contexts.add(sampled.get("context", PERIODIC))
            name = sampled.get("measurand", REGISTER)
            measurands |= {name.casefold(), f"{name}.{sampled.get('phase', '')}".casefold()}
        if contexts - UNASKED:
            transaction = received.get("transactionId")
            found.append(Sample(moment(value.timestamp), frozenset(contexts), frozenset(measurands), transaction))
    return found


def moment(text: str) -> datetime:
    """Read a time; one without a zone, which is a rule's own failure, counts as UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise AssertionError(f"{text!r} is no time") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def take(station: Station, count: int, where: Mapping[str, Any], within: str) -> list[Sample]:
    """Take as many readings of one connector as that, in the order in which they came.

    `within` limits the wait for each message.
    """
    found: list[Sample] = []
    while len(found) < count:
        received = station.expect("MeterValues", where=where, within=within)
        where = {"connectorId": received.connectorId}
        for sample in samples(received):
            if not found or sample.moment != found[-1].moment:  # a retry, or more of the same reading
                found.append(sample)
    return found


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


def complete(found: list[Sample], configured: str, *, but: frozenset[str] = frozenset()) -> None:
    """Demand every configured measurand in every reading; an empty list means the energy register (9.1.15, 9.1.17).

    Letter case does not matter: a charge point may keep the list as the central system has written it. `but` gives
    measurands, in small letters, that need not be there.
    """
    wanted = [name.strip() for name in configured.split(",") if name.strip()] or [REGISTER]
    for sample in found:
        missing = [name for name in wanted if name.casefold() not in sample.measurands | but]
        assert not missing, f"the reading of {sample.moment.isoformat()} lacks {', '.join(missing)}"
