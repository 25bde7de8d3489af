"""How variations are drawn and judged, and a sample of them; all of them run by `ocpp-tck selftest`."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from ocpp_tck import pics
from ocpp_tck.reference.mutant import Inject, Match, Mutant, Rework, Set
from ocpp_tck.selftest import legal, variations
from ocpp_tck.selftest.cases import VERSIONS, cases_of
from ocpp_tck.selftest.lab import Outcome
from ocpp_tck.selftest.variants import VARIANTS, used_features, variants
from ocpp_tck.selftest.variations import CHANGES, TURN, draw, judged, run

SEED = 1
SAMPLE = {"cs": [3, 7, 20, 31], "csms": [2, 3, 9, 13]}
"""Numbers that run on each test of the kit; short ones."""
ONLY_16 = {"times with microseconds", "times with +0000", "empty payloads as null"}


def dice():
    return random.Random(3)  # noqa: S311 - reproducible, not secret


def same(one, other):
    return (one.case, one.changes, one.variant, one.data, one.connector, one.whole) == (
        other.case,
        other.changes,
        other.variant,
        other.data,
        other.connector,
        other.whole,
    )


@pytest.mark.parametrize("sut", ["cs", "csms"])
def test_a_seed_gives_the_same_variations_again_and_another_seed_others(sut):
    first = [draw(sut, SEED, number) for number in range(30)]
    assert all(same(one, draw(sut, SEED, one.number)) for one in first)
    assert not all(same(one, draw(sut, SEED + 1, one.number)) for one in first)


@pytest.mark.parametrize("sut", ["cs", "csms"])
def test_500_variations_meet_every_case_several_times(sut):
    met = [draw(sut, SEED, number) for number in range(500)]
    for version in VERSIONS:
        counts = dict.fromkeys(cases_of(sut, version), 0)
        for one in met:
            if one.variant.version == version:
                counts[one.case.id] += 1
        assert min(counts.values()) >= 3, counts
    assert {one.variant.connectors for one in met} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("sut", ["cs", "csms"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_feature_is_on_in_some_products_and_off_in_others(sut, version):
    products = variants(sut, version, SEED)
    assert len(products) == VARIANTS
    for feature in used_features(sut, version):
        assert {one.answers[feature] for one in products} == {True, False}, feature
    for facts, _ in cases_of(sut, version).values():
        assert any(one.applies(facts.applies_if) for one in products), facts.id


def test_features_are_those_of_the_conditions():
    assert {"local_auth_list", "vendor_data_transfer"} <= set(used_features("csms", "1.6"))
    assert "fixed_cable" in used_features("cs", "1.6")
    assert set(used_features("cs", "2.1")) <= pics.known_ids("cs", "2.1")


@pytest.mark.parametrize(("sut", "is_16"), CHANGES)
def test_every_change_can_be_drawn_in_some_version(sut, is_16):
    scenes = [
        legal.Scene(sut=sut, version=version, case=case, connectors=3, connector=2, response=1.0)
        for version in (["1.6"] if is_16 else ["2.0.1", "2.1"])
        for case in cases_of(sut, version)
    ]
    for one in CHANGES[sut, is_16]:
        made = [mutant for scene in scenes for mutant in one.make(dice(), scene)]
        assert made or one.name in ONLY_16, one.name


def reworked(mutants, frame):
    do = next(one.do for one in mutants if isinstance(one.do, Rework))
    made = do.change(frame)
    return json.loads(made) if isinstance(made, str) else made


def change(sut, version, name):
    scene = legal.Scene(sut=sut, version=version, case="TC_003_CS", connectors=3, connector=2, response=1.0)
    found = next(one for one in CHANGES[sut, version == "1.6"] if one.name == name)
    return found.make(dice(), scene)


STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": "2026-03-20T12:00:00.250Z"}


@pytest.mark.parametrize(
    ("name", "frame", "made"),
    [
        ("times without fractions", [2, "1", "A", STATUS], STATUS | {"timestamp": "2026-03-20T12:00:00Z"}),
        ("times in a zone east", [2, "1", "A", STATUS], STATUS | {"timestamp": "2026-03-20T17:30:00.250+05:30"}),
        ("times with microseconds", [2, "1", "A", STATUS], STATUS | {"timestamp": "2026-03-20T12:00:00.250000Z"}),
        ("empty payloads as null", [2, "1", "Heartbeat", {}], None),
        ("JSON with escapes", [2, "1", "A", {"info": "ü/"}], {"info": "ü/"}),
        ("no reason where it is Local", [2, "1", "A", {"reason": "Local", "meterStop": 1}], {"meterStop": 1}),
    ],
)
def test_what_some_changes_make(name, frame, made):
    assert reworked(change("cs", "1.6", name), frame)[-1] == made


def test_what_has_nothing_to_change_stays():
    mutants = change("cs", "1.6", "no reason where it is Local")
    assert mutants[0].do.change([2, "1", "StopTransaction", {"reason": "Remote"}]) is None


def test_fractions_of_2x_have_three_digits_at_most():
    assert change("cs", "2.1", "times with microseconds") == []


def test_further_messages_of_2x_go_in_turn():
    for sut, version in (("cs", "2.1"), ("csms", "2.0.1")):
        for one in CHANGES[sut, False]:
            scene = legal.Scene(sut=sut, version=version, case="x", connectors=1, connector=1, response=1.0)
            for made in one.make(dice(), scene):
                assert not isinstance(made.do, Inject) or made.do.in_turn, one.name


def outcome(verdict, where="", cause="", rules=()):
    return Outcome(
        case="TC_X_CS",
        verdict=verdict,
        where=where,
        cause=cause,
        rules=tuple(rules),
        hits={},
        frames=(),
        journal=Path("none"),
    )


@pytest.mark.parametrize(
    ("came", "wrong"),
    [
        (outcome("pass"), ""),
        (outcome("warn", "rule time.utc", "not in UTC", ["time.utc"]), ""),
        (outcome("warn", "rule time.clock", "off", ["time.clock"]), "warn at rule time.clock: off; rules: time.clock"),
        (outcome("warn", "step 2", "should", ["time.utc"]), "warn at step 2: should; rules: time.utc"),
        (outcome("warn", "step 2", "should"), "warn at step 2: should"),
        (outcome("not applicable", "setup", "the configuration key Hidden is absent"), ""),
        (outcome("not applicable", "setup", "just so"), "not applicable at setup: just so"),
        (outcome("fail", "step 1", "x"), "fail at step 1: x"),
        (outcome("inconclusive", "setup", "x"), "inconclusive at setup: x"),
    ],
)
def test_what_is_right_and_what_is_wrong(came, wrong):
    from dataclasses import replace

    drawn = draw("cs", SEED, 0)
    variation = replace(drawn, warns=frozenset({"time.utc"}), variant=replace(drawn.variant, excused=("Hidden",)))
    assert judged(variation, came) == wrong


@pytest.mark.parametrize("sut", ["cs", "csms"])
def test_a_sample_gets_no_false_verdict(sut, tmp_path):
    found = list(variations.carry_out(SAMPLE[sut], sut=sut, seed=SEED, jobs=4, keep=tmp_path))
    assert [one.wrong for one in found] == [""] * len(SAMPLE[sut])
    assert {one.variation.variant.version for one in found} == {TURN[number % 10] for number in SAMPLE[sut]}
    assert sum(one.changed for one in found) > len(found) / 2


def test_a_wrong_product_is_told_with_its_number(monkeypatch, tmp_path):
    number = next(number for number in range(400) if draw("csms", SEED, number).case.id == "TC_023_1_CSMS")
    answer = Match(sender="csms", type="result", action="Authorize", nth=0)
    accepted = Mutant(answer, Set({"idTagInfo.status": "Accepted"}), "defect")
    wicked = legal.Change("accepts every token", lambda _dice, _scene: [accepted])
    monkeypatch.setitem(variations.CHANGES, ("csms", True), (wicked,) * 4)
    told = []
    part = run(sut="csms", seed=SEED, jobs=1, only=number, keep=tmp_path, tell=told.append)
    assert not part.holds
    assert told[0].startswith(f"--sut csms --seed {SEED} --number {number}: fail at step 2: ")
    assert part.rows[0].wrong == tuple(told)
    assert (tmp_path / f"csms-{number}.jsonl").is_file()
