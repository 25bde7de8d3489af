import io
import sys

import pytest

from ocpp_tck.progress import Progress, Waits
from ocpp_tck.verdict import Verdict


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def line(progress, clock, seconds, verdict=Verdict.PASS, **more):
    clock.now += seconds
    progress.spent("n", seconds)
    return "".join(text for text, _ in progress.over("n", "TC_1_CS", "A title", verdict, **more))


def test_each_case_has_its_line():
    clock = Clock()
    progress = Progress(2, clock)
    assert (
        line(progress, clock, 1.5) == "[  1/2]    1.5 s               TC_1_CS          PASS           1.50 s  A title"
    )
    assert line(progress, clock, 2.0, Verdict.NOT_APPLICABLE).split()[:5] == ["[", "2/2]", "3.5", "s", "TC_1_CS"]


@pytest.mark.parametrize(
    ("total", "each", "told"),
    [(10, 1.0, "~7 s left"), (103, 6.0, "~10 min left"), (1003, 30.0, "~8 h 20 min left")],
)
def test_the_time_that_is_left_is_told_after_a_few_cases(total, each, told):
    clock = Clock()
    progress = Progress(total, clock)
    lines = [line(progress, clock, each) for _ in range(3)]
    assert ["left" in one for one in lines] == [False, False, True]
    assert told in lines[-1]


def test_an_attempt_that_is_made_again_is_no_case():
    clock = Clock()
    progress = Progress(1, clock)
    told = line(progress, clock, 1.0, Verdict.FAIL, again=True)
    assert told.startswith("       ")
    assert told.endswith("A title (run again)")
    assert line(progress, clock, 1.0).startswith("[  1/1]")


def test_nothing_is_left_at_the_end_and_nothing_is_known_without_a_total():
    clock = Clock()
    for total in (0, 3):
        progress = Progress(total, clock)
        lines = [line(progress, clock, 1.0) for _ in range(3)]
        assert not any("left" in one for one in lines)
    assert "/?]" in line(Progress(0, clock), clock, 1.0)


def test_the_time_that_the_start_took_is_not_left_again():
    clock = Clock()
    progress = Progress(13, clock)
    assert "~10 s left" in [line(progress, clock, seconds) for seconds in (60.0, 1.0, 1.0)][-1]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Told:
    def __init__(self):
        self.waits = []

    def waiting(self, text, seconds):
        self.waits.append((text, seconds))

    def waited(self):
        self.waits.append(None)


@pytest.mark.parametrize(
    ("stream", "ci", "is_shown"), [(Terminal, "", True), (Terminal, "1", False), (io.StringIO, "", False)]
)
def test_what_is_awaited_is_shown_to_whoever_looks(monkeypatch, stream, ci, is_shown):
    monkeypatch.setattr("sys.stderr", stream())
    monkeypatch.setenv("CI", ci)
    operator = Told()
    waits = Waits(operator)
    waits.waiting("a \x1b[31mred\n station", 3.0)
    waits.waited()
    text = sys.stderr.getvalue()
    assert operator.waits == [("a \x1b[31mred\n station", 3.0), None]
    assert ("waiting for a" in text) is is_shown
    assert "\x1b[31m" not in text
    assert not is_shown or text.endswith("\r\x1b[K")
    Waits().waiting("nobody looks on", 1.0)
