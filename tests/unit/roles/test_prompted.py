"""Waiting while a person is asked to act: limits and absence windows begin when the person has acted."""

import threading
import time
from types import SimpleNamespace

import pytest

from ocpp_tck.protocol.types import Side, Version
from ocpp_tck.roles.clock import SystemClock
from ocpp_tck.roles.events import Event
from ocpp_tck.roles.product import Product
from ocpp_tck.settings import Limits, TestData
from ocpp_tck.verdict import Failed, Inconclusive

LIMITS = Limits(response=0.1, absence=0.1, operator=0.4)


class Dialogue:
    """Events, and a wait that ends with them."""

    product, version, is_connected, overrun = Side.STATION, Version.V16, True, ""

    def __init__(self):
        self.condition = threading.Condition(threading.RLock())
        self.events = []
        self.clock = SystemClock()

    def wait(self, ready, seconds):
        deadline = time.monotonic() + seconds
        with self.condition:
            while (found := ready()) is None and (left := deadline - time.monotonic()) > 0:
                self.condition.wait(left)
        return found


class Person:
    """The watcher of a case whose prompt is open."""

    def __init__(self, *, done_after=None, refusal="", again=0):
        self.wishes, self.again_after, self.in_time = again, time.monotonic() + 0.2, None
        self.open = True
        self.refusal = refusal
        self.done_at = None if done_after is None else time.monotonic() + done_after

    def waiting(self, text, seconds):
        pass

    def waited(self):
        pass

    def came(self, text, waited, limit, within):
        pass

    def took(self, frame, received):
        pass

    def prompt_limit(self):
        return LIMITS.operator if self.open else None

    def prompt_answered(self, *, in_time):
        self.open, self.in_time = False, in_time

    def prompt_done(self):
        return self.done_at is not None and time.monotonic() >= self.done_at

    def prompt_again(self):
        if self.wishes and time.monotonic() >= self.again_after:
            self.wishes -= 1
            return True
        return False

    def prompt_refused(self):
        return self.refusal


def station(person, *later):
    """A product that sends each of `later`, (seconds, action)."""
    dialogue = Dialogue()
    for seconds, action in [*later, *([(person.done_at - time.monotonic(), "")] if person.done_at else [])]:

        def tell(action=action):
            with dialogue.condition:
                if action:
                    dialogue.events.append(Event("call", 0.0, action=action, payload={}, frame=1))
                dialogue.condition.notify_all()

        threading.Timer(seconds, tell).start()
    return SimpleNamespace(product=Product(dialogue, LIMITS, TestData(), person), person=person)


def test_an_event_closes_the_prompt():
    made = station(Person(), (0.2, "Authorize"))
    assert made.product.expect("Authorize").event.action == "Authorize"
    assert not made.person.open


def test_silence_after_it_was_done_is_the_products_failure():
    with pytest.raises(Failed, match="Authorize did not come"):
        station(Person(done_after=0.05)).product.expect("Authorize")


def test_nobody_acts():
    with pytest.raises(Inconclusive, match="expired"):
        station(Person()).product.expect("Authorize")


def test_whether_it_came_in_time_is_told():
    made = station(Person(), (0.2, "Authorize"))
    made.product.expect("Authorize")
    assert made.person.in_time is True
    made = station(Person())
    with pytest.raises(Inconclusive):
        made.product.expect("Authorize")
    assert made.person.in_time is False


def test_a_wait_that_is_broken_off_has_not_expired():
    made = station(Person())

    def interrupted(_ready, _seconds):
        raise KeyboardInterrupt

    made.product.conversation.wait = interrupted
    with pytest.raises(KeyboardInterrupt):
        made.product.expect("Authorize")
    assert (made.person.open, made.person.in_time) == (False, None)


def test_more_than_the_kit_can_judge_is_no_matter_of_the_persons_time():
    made = station(Person())
    made.product.conversation.wait = lambda _ready, _seconds: None
    made.product.conversation.overrun = "too fast"
    with pytest.raises(Inconclusive, match=r"^too fast$"):
        made.product.expect("Authorize")
    assert (made.person.open, made.person.in_time) == (False, None)


def test_the_time_begins_anew_when_the_person_wants_it():
    made = station(Person(again=1), (0.25, ""), (0.5, "Authorize"))
    assert made.product.expect("Authorize").event.action == "Authorize"
    began = time.monotonic()
    with pytest.raises(Inconclusive, match="expired"):
        station(Person(again=1), (0.25, "")).product.expect("Authorize")
    assert time.monotonic() - began >= 0.25 + LIMITS.operator - 0.05


def test_the_person_cannot():
    with pytest.raises(Inconclusive, match="the wall is in the way"):
        station(Person(refusal="the wall is in the way")).product.expect("Authorize")


def test_absence_is_not_proven_before_the_person_has_acted():
    with pytest.raises(Inconclusive, match="expired"):
        station(Person()).product.expect_none("StartTransaction", fence=False)


def test_absence_counts_from_when_it_was_done():
    station(Person(done_after=0.15)).product.expect_none("StartTransaction", fence=False)
    with pytest.raises(Failed, match="which it must not"):
        station(Person(done_after=0.15), (0.2, "StartTransaction")).product.expect_none("StartTransaction", fence=False)


def test_a_case_goes_on_when_the_person_has_acted():
    began = time.monotonic()
    made = station(Person(done_after=0.1))
    made.product.move_mark()
    assert time.monotonic() - began >= 0.09
    assert not made.person.open
