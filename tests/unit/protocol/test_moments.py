"""Date-times of RFC 3339 and ISO 8601."""

from datetime import UTC, datetime, timedelta

import pytest

from ocpp_tck.protocol.moments import quick, read

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-20T12:00:00Z", 0),
        ("2026-03-20t12:00:00z", 0),
        ("2026-03-20 12:00:00Z", 0),
        ("2026-03-20T12:00:00.25Z", 0.25),
        ("2026-03-20T12:00:00,25Z", 0.25),
        ("2026-03-20T12:00:00.1234567890123Z", 0.123456),
        ("2026-03-20T12:00.5Z", 30),
        ("2026-03-20T12.5Z", 1800),
        ("2026-03-20T12:01Z", 60),
        ("20260320T120001Z", 1),
        ("2026-079T12:00:00Z", 0),
        ("2026079T12Z", 0),
        ("2026-W12-5T12:00:00Z", 0),
        ("2026W125T12Z", 0),
        ("2026-03-19T24:00:00Z", -43200),
        ("2026-03-19T24:00:00.0Z", -43200),
        ("2026-03-20T23:59:60Z", 43200),
        ("2026-03-20T12:00:00+01", -3600),
        ("2026-03-20T12:00:00-05:30", 19800),
        ("2026-03-20T12:00:00+0130", -5400),
        ("2026-03-20T12:00:00-23:59", 86340),
        ("2026-365T12:00:00Z", 286 * 86400),
    ],
)
def test_every_form_of_a_date_time(text, seconds):
    assert read(text) == NOON + timedelta(seconds=seconds)
    assert quick(text) == read(text)


@pytest.mark.parametrize("text", ["2026-03-20T12:00:00", "2026-03-20T12"])
def test_a_time_without_zone_has_none(text):
    assert read(text) == datetime(2026, 3, 20, 12)  # noqa: DTZ001 - that is the point
    assert read(text).tzinfo is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "now",
            "2026-03-20",
            "12:00:00Z",
            "2026-03-20X12:00:00Z",
            "2026-03-20T12:00:00Z\n",
            " 2026-03-20T12:00:00Z",
        ),
        *("2026-02-29T12:00Z", "2026-13-01T12Z", "2026-00-01T12Z", "2026-366T12Z", "2026-000T12Z", "2026-W54-1T12Z"),
        *(
            "0000-01-01T12:00:00Z",
            "2026-W12-8T12Z",
            "2026-03-20T25:00:00Z",
            "2026-03-20T24:00:01Z",
            "2026-03-20T24:01Z",
        ),
        *("2026-03-20T12:60:00Z", "2026-03-20T12:00:61Z", "2026-03-20T12:00:00+24:00", "2026-03-20T12:00:00+01:60"),
        *("2026-03-20T12:00:00+01:00:30", "2026-03-20T12:00:00.Z", "9999-12-31T24:00:00Z", "2026-03-20T12:0\u0663:00Z"),
        *("2026-0320T12:00:00Z", "26-03-20T12:00:00Z", "+2026-03-20T12:00:00Z", "2026-03-20T24.1Z"),
    ],
)
def test_what_is_no_date_time(text):
    assert read(text) is None


def test_the_quick_reader_knows_what_python_does_not():
    assert quick("2026-03-20T12:00:00Z") == NOON
    assert quick("0000-01-01T12:00:00Z") is None
