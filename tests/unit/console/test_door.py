"""Who may come in."""

import pytest

from ocpp_tck.console import door as doors
from ocpp_tck.console.door import Door, Refused


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(clock):
    return Door(clock)


def refused(door, link, peer="10.0.0.1"):
    with pytest.raises(Refused) as told:
        door.enter(link, peer)
    return told.value.status, str(told.value)


def test_the_link_opens_one_session_and_is_then_another(door):
    link = door.link
    session = door.enter(link, "10.0.0.1")
    assert door.session(session.key) is session
    assert door.link != link
    assert refused(door, link)[0] == 403
    assert "used already" in refused(door, link)[1]
    assert door.enter(door.link, "10.0.0.2").key != session.key


@pytest.mark.parametrize("key", ["", "x", "ä", "\ud800", "a" * 5000])
def test_a_made_up_session_is_none(door, key):
    door.enter(door.link, "10.0.0.1")
    assert door.session(key) is None


def test_no_session_without_a_link(door):
    assert door.session("") is None


def test_wrong_links_shut_the_door_for_their_address_and_for_a_while(door, clock):
    for _ in range(doors.TRIES):
        assert refused(door, "wrong\udfff")[0] == 403
    assert refused(door, door.link)[0] == 429
    door.enter(door.link, "10.0.0.2")
    clock.now += doors.WINDOW + 1
    door.enter(door.link, "10.0.0.1")


def test_wrong_links_of_many_addresses_shut_it_for_all(door, clock):
    for number in range(doors.ALL_TRIES):
        assert refused(door, "ä", f"10.0.1.{number}")[0] == 403
    assert refused(door, door.link, "10.0.2.1")[0] == 429
    clock.now += doors.WINDOW + 1
    door.enter(door.link, "10.0.2.1")


def test_what_is_kept_of_wrong_addresses_is_bounded(door, clock):
    for number in range(2000):
        clock.now += 10
        refused(door, "wrong", f"10.0.{number // 256}.{number % 256}")
    assert len(door._wrong) <= 256


def test_only_so_many_may_come_in(door):
    for _ in range(doors.MOST_SESSIONS):
        door.enter(door.link, "10.0.0.1")
    link = door.link
    assert refused(door, link)[0] == 503
    assert door.link == link


def test_links_can_be_typed_and_not_guessed():
    links = {Door(Clock()).link for _ in range(50)}
    assert len(links) == 50
    assert all(len(link) == doors.LENGTH and set(link) <= set(doors.LETTERS) for link in links)
    assert len(doors.LETTERS) ** doors.LENGTH > 2**90
