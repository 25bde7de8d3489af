"""What profiles come to together, by the examples of the specification and of the test document."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_tck.charging import Cap, Installed, Period, Profile, Schedule, Span, composite

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC).timestamp()
DAY = 86_400
MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"


def profile(purpose, *limits, level=0, number=None, kind="Absolute", start=NOW, unit="A", duration=None, **more):
    schedule = Schedule(unit, tuple(Period(*one) for one in limits), duration, start)
    return Profile(number or hash((purpose, level)) % 10_000, purpose, kind, level, schedule, **more)


def installed(*profiles, connector=1):
    found = Installed()
    for one in profiles:
        found = found.put(0 if one.purpose == MAX else connector, one)
    return found


def amperes(curve, begin=NOW):
    return [(span.begin - begin, span.cap.amperes) for span in curve.spans]


class TestExamplesOfTheDocuments:
    def test_three_purposes(self):
        """OCTT 2.22.2: the TxProfile overrules the TxDefaultProfile also after its schedule has ended."""
        found = installed(
            profile(MAX, (0, 10), duration=DAY),
            profile(DEFAULT, (0, 6), (60, 10), (120, 8), (180, 15), (260, 8), duration=300, valid_to=NOW + 401),
            profile(TX, (0, 8), (50, 11), (140, 16), (200, 6), (240, 12), duration=260, valid_to=NOW + 401),
        )
        assert amperes(composite(found, 1, NOW, 400)) == [(0, 8), (50, 10), (200, 6), (240, 10)]

    def test_stack(self):
        """OCTT 2.22.4: the lower profile counts again when the schedule of the higher one has ended."""
        found = installed(
            profile(DEFAULT, (0, 6), (100, 8), (200, 10), duration=400),
            profile(DEFAULT, (0, 7), (100, 9), level=1, duration=150),
        )
        assert amperes(composite(found, 1, NOW, 350)) == [(0, 7), (100, 9), (150, 8), (200, 10)]

    def test_clearing(self):
        """OCTT 2.22.3."""
        found = installed(
            profile(DEFAULT, (0, 6), (60, 8), (200, 10), level=1, number=1, duration=400),
            profile(DEFAULT, (0, 7), (100, 9), number=2, duration=400),
            profile(MAX, (0, 11), (200, 12), number=3, duration=DAY),
        )
        found = found.clear(id=1)
        assert amperes(composite(found, 1, NOW + 5, 350), NOW) == [(5, 7), (100, 9)]
        found = found.clear(purpose=DEFAULT, level=0)
        assert amperes(composite(found, 1, NOW + 5, 350), NOW) == [(5, 11), (200, 12)]
        assert composite(found.clear(), 1, NOW, 350).spans == (Span(NOW, NOW + 350, Cap()),)

    def test_daily_profile(self):
        """3.13.7: 6 kW from 8 to 20 o'clock, 11 kW otherwise, for ever."""
        start = datetime(2013, 1, 1, tzinfo=UTC).timestamp()
        limits = ((0, 11_000, 3), (28_800, 6_000, 3), (72_000, 11_000, 3))
        daily = profile(DEFAULT, *limits, kind="Recurring", recurrency="Daily", start=start, unit="W", duration=DAY)
        midnight = datetime(2026, 3, 20, tzinfo=UTC).timestamp()
        spans = composite(installed(daily), 1, midnight, 2 * DAY).spans
        assert [((span.begin - midnight) / 3600, span.cap.watts) for span in spans] == [
            (0, 11_000),
            (8, 6_000),
            (20, 11_000),
            (32, 6_000),
            (44, 11_000),
        ]


class TestTime:
    def test_weekly_profile_falls_back_after_its_duration(self):
        """Errata 3.43, 3.79."""
        weekly = profile(DEFAULT, (0, 6), kind="Recurring", recurrency="Weekly", duration=3600, level=1)
        below = profile(DEFAULT, (0, 9), level=0, start=NOW - 10 * DAY)
        curve = composite(installed(weekly, below), 1, NOW + 7 * DAY - 60, 4000)
        assert amperes(curve, NOW + 7 * DAY) == [(-60, 9), (0, 6), (3600, 9)]

    def test_what_is_longer_than_its_cycle_is_cut(self):
        """5.16.4."""
        daily = profile(DEFAULT, (0, 6), (DAY + 60, 9), kind="Recurring", recurrency="Daily", duration=2 * DAY)
        assert amperes(composite(installed(daily), 1, NOW, 2 * DAY)) == [(0, 6)]

    def test_recurring_profile_does_not_run_before_its_start(self):
        daily = profile(DEFAULT, (0, 6), kind="Recurring", recurrency="Daily", duration=DAY)
        assert amperes(composite(installed(daily), 1, NOW - 100, 200)) == [(-100, None), (0, 6)]

    def test_periods_after_the_duration_are_not_executed(self):
        assert amperes(composite(installed(profile(DEFAULT, (0, 6), (60, 9), duration=60)), 1, NOW, 100)) == [
            (0, 6),
            (60, None),
        ]

    def test_relative_profile_counts_from_the_charging(self):
        own = profile(TX, (0, 6), (60, 9), kind="Relative", start=None)
        assert amperes(composite(installed(own), 1, NOW, 100, charging_since=NOW - 30)) == [(0, 6), (30, 9)]
        assert amperes(composite(installed(own), 1, NOW, 100)) == [(0, 6), (60, 9)]

    def test_validity(self):
        """3.13.2: until validFrom the profile below counts, after validTo again."""
        high = profile(DEFAULT, (0, 6), level=1, valid_from=NOW + 10, valid_to=NOW + 20)
        found = installed(high, profile(DEFAULT, (0, 9)))
        assert amperes(composite(found, 1, NOW, 30)) == [(0, 9), (10, 6), (20, 9)]

    def test_transaction_profile_that_is_not_valid_yet_overrules_nothing(self):
        own = profile(TX, (0, 6), valid_from=NOW + 10)
        assert amperes(composite(installed(own, profile(DEFAULT, (0, 9))), 1, NOW, 30)) == [(0, 9), (10, 6)]

    def test_moment_outside(self):
        curve = composite(Installed(), 1, NOW, 10)
        assert curve.at(NOW) == Cap()
        with pytest.raises(ValueError, match="outside"):
            curve.at(NOW + 10)


class TestInstalled:
    def test_same_id_replaces(self):
        found = installed(profile(DEFAULT, (0, 6), number=5), profile(DEFAULT, (0, 9), number=5, level=3))
        assert [one.level for _, one in found.profiles] == [3]

    def test_same_purpose_and_level_replaces_at_its_connector(self):
        """3.13.1: a default profile of one connector leaves that of all connectors in place for the others."""
        found = Installed().put(0, profile(DEFAULT, (0, 9), number=1)).put(2, profile(DEFAULT, (0, 6), number=2))
        assert amperes(composite(found, 2, NOW, 10)) == [(0, 6)]
        assert amperes(composite(found, 1, NOW, 10)) == [(0, 9)]
        assert len(found.put(2, profile(DEFAULT, (0, 7), number=3)).profiles) == 2

    @pytest.mark.parametrize(
        ("criteria", "left"),
        [
            ({}, []),
            ({"id": 1}, [2, 3]),
            ({"id": 1, "connector": 2, "purpose": MAX, "level": 9}, [2, 3]),
            ({"id": 9, "purpose": DEFAULT}, [1, 2, 3]),
            ({"purpose": DEFAULT}, [3]),
            ({"purpose": DEFAULT, "level": 1}, [1, 3]),
            ({"connector": 0}, [1, 2]),
            ({"connector": 0, "purpose": DEFAULT}, [1, 2, 3]),
        ],
    )
    def test_clear_matches_every_criterion(self, criteria, left):
        """Errata 3.25; an id decides alone (errata 3.26)."""
        found = installed(
            profile(DEFAULT, (0, 6), number=1),
            profile(DEFAULT, (0, 6), number=2, level=1),
            profile(MAX, (0, 9), number=3),
        )
        assert [one.id for _, one in found.clear(**criteria).profiles] == left

    def test_transaction_profiles_end_with_the_transaction(self):
        found = installed(profile(TX, (0, 6)), profile(DEFAULT, (0, 9)))
        assert amperes(composite(found.end_transaction(2), 1, NOW, 10)) == [(0, 6)]
        assert amperes(composite(found.end_transaction(1), 1, NOW, 10)) == [(0, 9)]

    def test_connector_0_has_the_limit_of_the_charge_point(self):
        found = installed(profile(MAX, (0, 20)), profile(DEFAULT, (0, 6)))
        assert amperes(composite(found, 0, NOW, 10)) == [(0, 20)]


class TestUnits:
    def test_both_units_stand_side_by_side(self):
        found = installed(profile(MAX, (0, 4140), unit="W"), profile(TX, (0, 16, 1)))
        (span,) = composite(found, 1, NOW, 10).spans
        assert span.cap == Cap(16, 4140, 1)
        assert span.cap.value("A", 230, 1) == 16
        assert span.cap.value("W", 230, 1) == 3680
        assert Cap(16, 4140, 3).value("A", 230, 3) == 6
        assert Cap().value("W", 230, 3) is None

    def test_own_limit(self):
        assert Cap(6).with_limit("A", None) == Cap(6)
        assert Cap(6).with_limit("A", 5) == Cap(5)
        assert Cap(6).with_limit("W", 5000) == Cap(6, 5000)


def test_payload_is_read():
    payload = {
        "chargingProfileId": 100,
        "stackLevel": 0,
        "chargingProfilePurpose": DEFAULT,
        "chargingProfileKind": "Recurring",
        "recurrencyKind": "Daily",
        "validFrom": "2026-03-20T12:00:00",
        "validTo": "2026-03-20T13:00:00+01:00",
        "chargingSchedule": {
            "duration": DAY,
            "startSchedule": "2026-03-20T12:00:00.500Z",
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000, "numberPhases": 3}],
        },
    }
    schedule = Schedule("W", (Period(0, 11000, 3),), DAY, NOW + 0.5)
    assert Profile.read(payload) == Profile(100, DEFAULT, "Recurring", 0, schedule, "Daily", NOW, NOW)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        Profile.read(payload | {"validTo": "soon"})


# -- against a second reading, moment by moment ------------------------------------------------------------------------

limits = st.lists(st.integers(1, 32), min_size=1, max_size=4)


@st.composite
def profiles(draw):
    values = draw(limits)
    starts = sorted(draw(st.sets(st.integers(1, 300), min_size=len(values) - 1, max_size=len(values) - 1)))
    return profile(
        draw(st.sampled_from([MAX, DEFAULT, TX])),
        *zip([0, *starts], values, strict=True),
        level=draw(st.integers(0, 3)),
        number=draw(st.integers(1, 99)),
        start=NOW + draw(st.integers(-200, 200)),
        duration=draw(st.none() | st.integers(1, 400)),
        valid_from=draw(st.none() | st.integers(-100, 300).map(lambda off: NOW + off)),
        valid_to=draw(st.none() | st.integers(-100, 300).map(lambda off: NOW + off)),
    )


def is_valid(one, moment):
    return (one.valid_from is None or one.valid_from <= moment) and (one.valid_to is None or moment < one.valid_to)


def says(one, moment):
    passed = moment - one.schedule.start
    if (
        not is_valid(one, moment)
        or passed < 0
        or (one.schedule.duration is not None and passed >= one.schedule.duration)
    ):
        return None
    return [period.limit for period in one.schedule.periods if period.start <= passed][-1]


def prevailing(among, moment):
    ranked = [(one.level, says(one, moment)) for one in among if says(one, moment) is not None]
    return max(ranked)[1] if ranked else None


def allowed(every, moment):
    own = [one for one in every if one.purpose == TX and is_valid(one, moment)]
    rest = own or [one for one in every if one.purpose == DEFAULT]
    both = [prevailing(rest, moment), prevailing([one for one in every if one.purpose == MAX], moment)]
    return min((value for value in both if value is not None), default=None)


@given(st.lists(profiles(), max_size=6), st.integers(0, 299))
def test_each_moment_is_as_a_second_reading_has_it(found, second):
    every = installed(*found)
    curve = composite(every, 1, NOW, 300)
    assert curve.at(NOW + second).amperes == allowed([one for _, one in every.profiles], NOW + second)


@given(st.lists(profiles(), max_size=6))
def test_a_curve_has_no_gap_and_no_needless_bound(found):
    spans = composite(installed(*found), 1, NOW, 300).spans
    assert (spans[0].begin, spans[-1].end) == (NOW, NOW + 300)
    assert all(one.end == other.begin and one.cap != other.cap for one, other in pairwise(spans))
