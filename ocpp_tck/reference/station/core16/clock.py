"""The charge point's clock, set by the Central System (1.6 §4.2, §4.6)."""

import time
from datetime import UTC, datetime, timedelta

_TOLERANCE = 2.0


class Clock:
    """Wall-clock time in UTC, with the correction learnt from the Central System."""

    def __init__(self) -> None:
        self._correction = timedelta()

    def now(self) -> datetime:
        """Return the charge point's time."""
        return datetime.fromtimestamp(time.time(), UTC) + self._correction

    def synchronise(self, current_time: str) -> None:
        """Follow the Central System's `currentTime` when it deviates.

        A deviation of two seconds or less is left alone: the Central System may cut fractions off,
        and samples of one transaction should stay evenly spaced. A time that cannot be read is
        ignored.
        """
        told = read_time(current_time)
        if told is None:
            return
        deviation = told - self.now()
        if abs(deviation.total_seconds()) > _TOLERANCE:
            self._correction += deviation


def read_time(text: str | None) -> datetime | None:
    """Read a dateTime; one without zone counts as UTC, one that cannot be read as absent."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """Write a time as OCPP wants it (1.6 §3.15), in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
