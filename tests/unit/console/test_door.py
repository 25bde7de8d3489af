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


def test_wrong_links_of_any_number_of_addresses_keep_nobody_else_out(door):
    for number in range(2 * doors.PEERS):
        for _ in range(doors.TRIES):
            assert refused(door, "ä", f"10.0.{number // 256}.{number % 256}")[0] == 403
        assert refused(door, door.link, f"10.0.{number // 256}.{number % 256}")[0] == 429
    assert door.session(door.enter(door.link, "10.1.0.1").key) is not None


def test_of_too_many_wrong_addresses_the_one_that_was_wrong_longest_ago_is_forgotten(door, clock):
    def wrong_once(number):
        clock.now += 0.01
        assert refused(door, "wrong", f"10.0.{number // 256}.{number % 256}")[0] == 403

    for _ in range(doors.TRIES - 1):
        for number in range(doors.PEERS):
            wrong_once(number)
    wrong_once(0)
    wrong_once(doors.PEERS)  # the one that is forgotten for it is 10.0.0.1
    assert len(door._wrong) == doors.PEERS
    assert refused(door, door.link, "10.0.0.0")[0] == 429
    for _ in range(doors.TRIES):
        wrong_once(1)
    assert refused(door, door.link, "10.0.0.1")[0] == 429


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
