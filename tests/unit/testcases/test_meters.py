"""Readings of a meter as the cases of 1.6 look at them: in parts, of one message or of several."""

import pytest

from ocpp_tck.roles.events import Event
from ocpp_tck.roles.product import Received
from testcases.v16.cs import meters

VOLTAGE = "Energy.Active.Import.Register,Voltage"


def message(second, *samples, context=None):
    values = [{"value": "1", "measurand": one} | ({"context": context} if context else {}) for one in samples]
    reading = {"timestamp": f"2026-03-20T12:00:{second:02}Z", "sampledValue": values}
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [reading]}
    return Received(Event("call", 0.0, action="MeterValues", payload=payload, frame=1), "MeterValues request")


class Station:
    """Sends what it was given, and nothing more."""

    def __init__(self, *messages):
        self.left = list(messages)

    def expect(self, _action, **_more):
        assert self.left, "MeterValues did not come"
        return self.left.pop(0)


def taken(*messages, configured=VOLTAGE):
    station = Station(*messages)
    return meters.take(station, 2, {}, within="meter_value_interval", configured=configured), station.left


ENERGY = meters.REGISTER


def test_a_reading_may_come_in_a_message_for_each_measurand():
    parts = [message(second, one) for second in (10, 20) for one in (ENERGY, "Voltage")]
    found, left = taken(*parts)
    assert ([sample.moment.second for sample in found], left) == ([10, 20], [])
    meters.complete(found, VOLTAGE)


def test_what_the_last_reading_lacks_is_waited_for_until_the_next_one():
    whole = [message(second, ENERGY, "Voltage") for second in (10, 30)]
    found, left = taken(whole[0], message(20, ENERGY), whole[1])
    assert ([sample.moment.second for sample in found], left) == ([10, 20], [])
    with pytest.raises(AssertionError, match="lacks Voltage"):
        meters.complete(found, VOLTAGE)


@pytest.mark.parametrize("configured", [VOLTAGE, None])
def test_nothing_is_waited_for_that_would_not_mend_it(configured):
    found, left = taken(message(10, ENERGY), message(20, ENERGY), message(30, ENERGY), configured=configured)
    assert (len(found), len(left)) == (2, 1)


def test_a_reading_that_is_sent_again_is_one():
    first = meters.samples(message(10, ENERGY))
    assert len(meters.joined([*first, *first, *meters.samples(message(20, ENERGY))])) == 2


@pytest.mark.parametrize(
    ("configured", "sent", "context"),
    [
        (VOLTAGE, (ENERGY, "Voltage"), "Trigger"),
        ("", (ENERGY,), None),
        (VOLTAGE + ",SoC", (ENERGY, "Voltage"), "Trigger"),
        ("SoC", (ENERGY,), "Trigger"),
        (ENERGY + ",energy.active.import.interval.L1", (ENERGY,), "Trigger"),
        (VOLTAGE, (ENERGY,), meters.ALIGNED),
    ],
)
def test_a_triggered_message_has_what_an_idle_charge_point_can_know(configured, sent, context):
    meters.most_recent(message(10, *sent, context=context), configured)


@pytest.mark.parametrize(
    ("configured", "sent", "lacking"),
    [
        (VOLTAGE + ",SoC", (ENERGY,), "Voltage"),
        ("", ("Voltage",), ENERGY),
        ("Energy.Active.Import.Intervals", (ENERGY,), "Energy.Active.Import.Intervals"),
        (ENERGY + ",SoC", ("SoC",), ENERGY),
        (ENERGY, (), ENERGY),
    ],
)
def test_a_triggered_message_that_lacks_a_measurand_fails(configured, sent, lacking):
    with pytest.raises(AssertionError, match=rf"the message lacks {lacking}(\n|$)"):
        meters.most_recent(message(10, *sent, context="Trigger"), configured)
