"""How much of a product the kit takes in; what becomes of a case is in `test_hostile_traffic.py`."""

from stage import StagedClock

from ocpp_tck.roles import intake
from ocpp_tck.roles.intake import MOMENT, Intake


def test_each_case_may_have_as_much():
    counted = Intake(StagedClock(), max_messages=2, max_bytes=10)
    assert [counted.count(5), counted.count(5)] == ["", ""]
    assert "more than 2 messages" in counted.count(0)
    counted.begin()
    assert [counted.count(0), counted.count(10)] == ["", ""]
    counted.begin()
    assert "more than 10 bytes" in counted.count(11)


def test_a_flood_is_over_when_nothing_more_comes(monkeypatch):
    monkeypatch.setattr(intake, "FLOOD", 2)
    clock = StagedClock()
    counted = Intake(clock)
    for _ in range(2):
        counted.count(1)
    assert not counted.is_flooded()
    counted.count(1)
    assert counted.is_flooded()
    clock.time += MOMENT
    assert not counted.is_flooded()
