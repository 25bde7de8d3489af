"""Reads date-times: the profile RFC 3339 and everything else that ISO 8601 allows, which OCPP 1.6 asks for (3.15).

Python's own reader takes forms that are neither and refuses some that are: ordinal dates, 24:00, leap seconds, `z`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

_FORM = re.compile(
    r"""
    (?P<year>\d{4})(?P<dash>-?)
    (?:(?P<month>\d\d)(?P=dash)(?P<day>\d\d)|(?P<ordinal>\d{3})|W(?P<week>\d\d)(?P=dash)(?P<weekday>\d))
    [Tt\ ]
    (?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?:[.,](?P<fraction>\d+))?
    (?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?)?
    """,
    re.VERBOSE | re.ASCII,
)
_MINUTES = 60
_DAY = 24
_COLON = len("2026-03-20T12:00")
_MICROSECONDS = 6


def read(text: str) -> datetime | None:
    """Give the moment of an ISO 8601 date-time, without zone when it says none; None when it is none.

    A leap second is the second after it. A space may stand for the `T` (RFC 3339 5.6, note).
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.combine(_date(found), time(), _zone(found)) + _since_midnight(found)
    except (ValueError, OverflowError):
        return None


def quick(text: str) -> datetime | None:
    """Give the moment of a text that is known to be a date-time: mostly one that Python reads, 40 times as fast."""
    if text[_COLON : _COLON + 1] != ":":  # Python takes the fraction of a minute for one of a second
        return read(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return read(text)


def seconds(text: object) -> float:
    """Give a moment in seconds since the epoch, not a number (which compares with nothing) for what is none."""
    moment = quick(str(text))
    return math.nan if moment is None else moment.timestamp()


def _date(found: re.Match[str]) -> date:
    year = int(found["year"])
    if found["ordinal"]:
        day = date(year, 1, 1) + timedelta(days=int(found["ordinal"]) - 1)
        if day.year != year:
            raise ValueError(found["ordinal"])
        return day
    if found["week"]:
        return date.fromisocalendar(year, int(found["week"]), int(found["weekday"]))
    return date(year, int(found["month"]), int(found["day"]))


def _zone(found: re.Match[str]) -> timezone | None:
    if found["utc"]:
        return UTC
    if not found["sign"]:
        return None
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if minutes >= _MINUTES:
        raise ValueError(found["minutes"])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if found["sign"] == "-" else offset)


def _since_midnight(found: re.Match[str]) -> timedelta:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if minute >= _MINUTES or second > _MINUTES:
        raise ValueError(found.group())
    unit = next(timedelta(**{f"{name}s": 1}) for name in ("second", "minute", "hour") if found[name])
    passed = timedelta(hours=hour, minutes=minute, seconds=second) + unit * float(
        f"0.{(found['fraction'] or '0')[:_MICROSECONDS]}"
    )
    if hour > _DAY or (hour == _DAY and passed > timedelta(days=1)):
        raise ValueError(found["hour"])
    return passed
