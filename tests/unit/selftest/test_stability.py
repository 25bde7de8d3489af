"""How verdicts of many runs are compared, and one short round; all of it runs by `ocpp-tck selftest`."""

from __future__ import annotations

import time

import pytest

from ocpp_tck.demo import VARIANT
from ocpp_tck.selftest import stability
from ocpp_tck.selftest.stability import BEATING, Ledger, Suite, load_on_every_core, run, shares, suites

SUITE = Suite("cs", "1.6")


def test_every_case_belongs_to_a_suite():
    assert len(suites(None, None)) == 13
    assert suites("csms", "2.1") == [Suite("csms", "2.1")]
    variant = {case.id for case, _ in Suite("cs", "1.6", VARIANT).cases()}
    assert variant == {
        "TC_017_2_CS",
        "TC_018_2_CS",
        "TC_032_1_CS",
        "TC_043_1_CS",
        "TC_048_4_CS",
        "TC_050_4_CS",
        "TC_079_CS",
        "TC_080_CS",
        "TC_081_CS",
    }
    assert variant < {case.id for case, _ in SUITE.cases()}


def test_a_slowed_suite_is_divided_without_loss():
    parts = shares(SUITE)
    divided = [case.id for part in parts for case, _ in part]
    assert sorted(divided) == sorted(case.id for case, _ in SUITE.cases())
    assert [part[0][0].id for part in parts if len(part) == 1] == sorted(BEATING)


@pytest.mark.parametrize(
    ("verdicts", "late", "wrong"),
    [
        (["pass", "pass"], "", []),
        (["warn", "warn"], "", []),
        (["pass", "warn"], "", ["cs 1.6 TC_1_CS: warn (because), first it was pass"]),
        (["fail", "fail"], "", ["cs 1.6 TC_1_CS: fail: because"] * 2),
        (["pass", "inconclusive"], "", ["cs 1.6 TC_1_CS: inconclusive: because"]),
        (["pass", "pass"], "x came after 9 s of 10 s", ["cs 1.6 TC_1_CS: x came after 9 s of 10 s"] * 2),
    ],
)
def test_a_verdict_that_changes_is_unstable(verdicts, late, wrong):
    ledger = Ledger()
    for verdict in verdicts:
        ledger.note("loops", SUITE, "TC_1_CS", verdict, "because", late)
    assert ledger.tallies["loops"].tried == 2
    assert ledger.tallies["loops"].wrong == wrong


def test_the_largest_share_of_a_limit_is_kept():
    ledger = Ledger()
    for share in (0.2, 0.7, 0.1):
        ledger.waited("loops", share, f"took {share}")
    assert ledger.tallies["loops"].slowest == "took 0.7"


def test_a_bench_that_does_not_start_is_told(monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("no output")

    monkeypatch.setattr(stability, "bench", broken)
    part = run(sut="csms", version="2.1", scenarios=["loops"], scale=0.1)
    assert part.rows[0].wrong == ("the bench failed: RuntimeError: no output",)
    assert not part.holds


def test_the_cores_are_loaded_and_let_go():
    began = time.monotonic()
    with load_on_every_core(60):
        pass
    assert time.monotonic() - began < 30


def test_one_round_of_a_short_suite():
    part = run(sut="csms", version="2.1", scenarios=["loops", "random order"], scale=0.1)
    assert part.holds, part.rows
    assert [(row.what, row.count) for row in part.rows] == [("loops", 6), ("random order", 6)]
    assert "largest share of a limit 0." in part.rows[0].note


def test_what_comes_late_is_unstable(monkeypatch):
    monkeypatch.setattr("ocpp_tck.run.NEAR", 0.0)
    part = run(sut="csms", version="2.1", scenarios=["loops"], scale=0.1)
    assert not part.holds
    assert "came after" in part.rows[0].wrong[0]
