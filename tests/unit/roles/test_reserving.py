"""What the kit keeps of reservations: their ids in both roles, and the times in them."""

import math
from types import SimpleNamespace

import pytest
from stage import START, stage

from ocpp_tck.protocol.types import Side
from ocpp_tck.roles.csms import Csms
from ocpp_tck.roles.csms_answers import iso, seconds
from ocpp_tck.roles.observed import Observed
from ocpp_tck.settings import Hardware


@pytest.fixture
def csms(tmp_path):
    on = stage(tmp_path, Side.CSMS)
    role = Csms(
        on.conversation,
        on.limits,
        on.data,
        on.watcher,
        hardware=Hardware(),
        endpoint=SimpleNamespace(),
        certificates=SimpleNamespace(),
    )
    return on, role


def test_a_reservation_of_the_kit_has_an_id_of_its_own():
    observed = Observed()
    assert [observed.reserve(), observed.reserve(9), observed.reserve(2), observed.reserve()] == [1, 9, 2, 10]
    assert observed.reservations == {1, 2, 9, 10}


def test_a_reservation_that_an_operator_orders_has_an_id_that_no_earlier_run_gave(csms):
    on, role = csms
    assert [role.new_reservation(), role.new_reservation()] == [int(START), int(START) + 1]
    on.clock.time = 60.0
    assert role.new_reservation() == int(START) + 60


def test_a_transaction_names_the_reservation_that_it_ends(csms):
    on, role = csms
    on.clock.later(0.1, lambda: on.answers({"transactionId": 3, "idTagInfo": {"status": "Accepted"}}))
    assert role.start_transaction("A", reservation=5).transactionId == 3
    assert on.sent()[-1][3]["reservationId"] == 5


def test_times_are_read_as_they_are_written():
    assert seconds(iso(START)) == START
    assert math.isnan(seconds("tomorrow"))
