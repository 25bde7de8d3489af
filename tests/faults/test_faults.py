"""A sample of `python -m tests.faults`: one fault of each kind, with a few cases."""

import random
from dataclasses import replace

import pytest

from tests.faults import kills, world
from tests.faults.kit import bench
from tests.faults.normal import differences

CASES = ("007", "061", "021", "023_1", "037_1", "039", "003", "004_1", "005_1", "018_1")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with bench("csms", tmp_path_factory.mktemp("bench")) as whole:
        yield replace(whole, cases=tuple(f"TC_{number}_CSMS" for number in CASES))


@pytest.fixture(scope="module")
def reference(place, tmp_path_factory):
    found = kills.uninterrupted(place, tmp_path_factory.mktemp("reference") / "run", 0)
    assert {case["verdict"] for case in found.report["cases"].values()} == {"pass", "fail", "not run"}
    return found


def drawn(seed):
    return random.Random(seed)  # noqa: S311 - reproducible


def holds(row):
    assert row.wrong == ()
    assert row.good == row.count > 0


def test_kills(place, reference, tmp_path):
    found = kills.Found()
    for number in range(9):
        kills.one_run(place, tmp_path / str(number), 2, drawn(number), (0,), reference, found)
        if sum(found.kills.values()):
            break
    holds(kills.as_row(found, "sample"))


def test_no_room(place, reference, tmp_path):
    holds(world.file_limit(place, tmp_path, reference, [0.4]))


def test_a_clock_that_is_set(place, reference, tmp_path):
    holds(world.clock_set(place, tmp_path, reference, [(-world.HOUR, 0.5)]))


def test_a_signal(place, reference, tmp_path):
    holds(world.interrupted(place, tmp_path, reference, drawn(1), [("SIGTERM", 0, "command")]))


def test_the_comparison_sees_what_it_must():
    """A verdict, a step, a cause or a count that differs is a difference; what varies by nature is not."""
    one = {"totals": {"pass": 1}, "cases": {"A": {"verdict": "pass", "steps": [{"n": "1", "verdict": "pass"}]}}}
    other = {"totals": {"pass": 1}, "cases": {"A": {"verdict": "pass", "steps": [{"n": "1", "verdict": "fail"}]}}}
    assert differences(one, one) == []
    assert len(differences(one, other)) == 1
    assert len(differences(one, {"totals": {"pass": 1}, "cases": {}})) == 1
    assert len(differences(one, {**one, "cases": {**one["cases"], "B": {}}})) == 1
