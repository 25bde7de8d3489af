"""Which reported schedules are taken for the expected one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_tck.charging import Cap, Curve, Period, Schedule, Span, Tolerance, below, differences

START, LENGTH, BESIDE = 1000.0, 400, 10
EXACT, LENIENT = Tolerance(0.5), Tolerance(5.0, 1.0)


def curve(*caps):
    """Give a curve of (begin in seconds after START, cap), which covers the window and a little on both sides."""
    begins = [START - BESIDE, *(START + begin for begin, _ in caps[1:])]
    ends = [*begins[1:], START + LENGTH + BESIDE]
    return Curve(tuple(Span(*span) for span in zip(begins, ends, [cap for _, cap in caps], strict=True)))


EXPECTED = curve((0, Cap(8)), (50, Cap(10)), (200, Cap(6)), (240, Cap(10)))


def schedule(*periods, unit="A"):
    return Schedule(unit, tuple(Period(*one) for one in periods), LENGTH)


def off(reported, expected=EXPECTED, tolerance=LENIENT, **more):
    return differences(expected, reported, START, LENGTH, tolerance, **more)


@pytest.mark.parametrize(
    "periods",
    [
        [(0, 8), (50, 10), (200, 6), (240, 10)],
        [(0, 8), (20, 8), (50, 10), (140, 10), (200, 6), (240, 10), (399, 10)],  # split
        [(0, 8), (46, 10), (204, 6), (237, 10)],  # clocks
        [(0, 8.05), (50, 10.1), (200, 6.1), (240, 9.9)],  # rounding
        [(0, 8, 1), (50, 10, 3), (200, 6), (240, 10, 0)],  # phases that are used
        [(0, 8), (50, 10), (200, 6), (240, 10), (400, 1), (500, 99)],  # after the window
    ],
)
def test_what_says_the_same(periods):
    assert off(schedule(*periods)) == []


@pytest.mark.parametrize(
    ("periods", "text"),
    [
        ([(0, 8)], "from second 55 on: 8 A instead of 10 A"),
        ([(0, 6), (50, 10), (200, 6), (240, 10)], "from second 0 on: 6 A instead of 8 A"),
        ([(0, 8), (50, 11), (200, 6), (240, 10)], "from second 50 on: 11 A instead of 8 A or 10 A"),
        ([(0, 8), (50, 10), (240, 10)], "from second 205 on: 10 A instead of 6 A"),
        ([(0, 8), (40, 10), (200, 6), (240, 10)], "from second 40 on: 10 A instead of 8 A"),
        ([(0, 8), (60, 10), (200, 6), (240, 10)], "from second 55 on: 8 A instead of 10 A"),
        ([(0, 8, 4), (50, 10), (200, 6), (240, 10)], "from second 0 on: 8 A on 4 phases instead of 8 A"),
        ([(0, 8, -1), (50, 10), (200, 6), (240, 10)], "from second 0 on: 8 A on -1 phases instead of 8 A"),
        ([], "it has no period"),
        ([(0, 8), (200, 6), (50, 10)], "its periods do not follow each other: they start at 0, 200, 50"),
        ([(0, 8), (0, 10)], "its periods do not follow each other: they start at 0, 0"),
    ],
)
def test_what_says_something_else(periods, text):
    assert off(schedule(*periods))[0] == text


def test_other_unit():
    expected = curve((0, Cap(6)), (100, Cap(None, 6900)))
    assert off(schedule((0, 6), (100, 10)), expected) == []
    assert off(schedule((0, 4140, 3), (100, 6900, 3), unit="W"), expected) == []
    assert off(schedule((0, 1380, 1), (100, 6900), unit="W"), expected) == []
    assert off(schedule((0, 1380), unit="W"), curve((0, Cap(6, phases=1)))) == []
    assert off(schedule((0, 4140), unit="W"), curve((0, Cap(6, phases=1)))) == [
        "from second 0 on: 4140 W instead of 6 A on 1 phases"
    ]
    assert off(schedule((0, 9)), curve((0, Cap(None, 6900)))) == ["from second 0 on: 9 A instead of 6900 W"]


def test_a_time_without_a_limit_is_not_compared():
    free = curve((0, Cap(8)), (100, Cap()))
    assert off(schedule((0, 8), (100, 32)), free) == []
    assert off(schedule((0, 8), (100, 32)), free, local=16) == []
    assert off(schedule((0, 8), (100, 32, -3)), free) == [
        "from second 100 on: 32 A on -3 phases instead of 8 A or no limit"
    ]


def test_own_limit():
    lower = schedule((0, 8), (50, 9), (200, 6), (240, 9))
    assert off(lower, local=9) == []
    assert off(lower) != []
    assert off(schedule((0, 8), (50, 10), (200, 6), (240, 10)), local=9) != []


def test_below():
    assert below(schedule((0, 12), (100, 16)), START, LENGTH, 12) == []
    assert below(schedule((0, 16), (100, 11)), START, LENGTH, 12) == ["11 A from second 100 on is less than 12"]
    assert below(schedule((0, 11.9)), START, LENGTH, 12, percent=1.0) == []


steps = st.lists(st.tuples(st.integers(20, 80), st.integers(6, 32)), min_size=1, max_size=5)


def told(parts):
    """Give expected curve and exact description of limits that each hold for some seconds."""
    begin, caps, periods = 0, [], []
    for length, limit in parts:
        if not periods or periods[-1][1] != limit:
            caps.append((begin, Cap(limit)))
            periods.append((begin, limit))
        begin += length
    return curve(*caps), periods


@given(steps, st.integers(-5, 5), st.sets(st.integers(1, 399), max_size=5))
def test_any_equal_description_is_right(parts, shift, cuts):
    expected, periods = told(parts)
    moved = [(max(0, begin + shift) if begin else 0, limit) for begin, limit in periods]
    starts = dict(moved)
    for cut in cuts - starts.keys():
        starts[cut] = next(limit for begin, limit in reversed(moved) if begin <= cut)
    assert off(schedule(*sorted(starts.items())), expected) == []


@given(steps, st.integers(1, 10), st.data())
def test_any_wrong_limit_is_seen(parts, more, data):
    expected, periods = told(parts)
    at = data.draw(st.integers(0, len(periods) - 1))
    begin, limit = periods[at]
    wrong = limit + more
    near = {one for place, (_, one) in enumerate(periods) if abs(place - at) == 1}
    if any(abs(wrong - one) <= 0.05 + one / 100 for one in near):
        return  # it may be the neighbour's
    assert off(schedule(*periods[:at], (begin, wrong), *periods[at + 1 :]), expected) != []
