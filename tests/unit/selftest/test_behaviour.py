"""Defects of behaviour: the file that says what must show them, and a sample of the proof."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocpp_tck.reference.defects import every
from ocpp_tck.selftest import behaviour
from ocpp_tck.selftest.behaviour import Found
from ocpp_tck.selftest.behaviours import Behaviour, BehaviourError, load
from ocpp_tck.selftest.lab import Outcome
from ocpp_tck.selftest.result import read_parts

RESETS = Behaviour(role="csms", version="1.6", defect="resets-softly", shown={"TC_013_CSMS": ("step 1",)})
FAILED = Outcome(
    case="TC_013_CSMS",
    verdict="fail",
    where="step 1",
    cause="another type",
    rules=(),
    hits={},
    frames=(),
    journal=Path("journal"),
)
ENTRY = '[[behaviour]]\ndefect = "resets-softly"\nrole = "csms"\n'


def test_every_defect_of_every_version_stands_there():
    found = {(one.role, one.version, one.defect) for one in load()}
    assert found == {(one.role, version, one.name) for one in every() for version in one.versions}
    assert all(bool(one.shown) != bool(one.reason) for one in load())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[", "behaviours.toml"),
        ("[[defect]]", "neither"),
        ('[[behaviour]]\ndefect = "x"', "behaviour 1: lacks role"),
        (ENTRY + 'shown = {TC_013_CSMS = ["step 1"]}\nwhy = ""', "unknown why"),
        (ENTRY.replace("resets-softly", "x") + "shown = {}", "csms has no defect x"),
        (ENTRY + 'shown = {}\nversions = ["2.1"]', "resets-softly has no version 2.1"),
        (ENTRY + 'shown = {}\nexpect = "pass"', "expect 'pass' is none of"),
        (ENTRY + 'shown = {TC_999_CSMS = ["step 1"]}', "no implemented case TC_999_CSMS"),
        (ENTRY + 'shown = {TC_013_CSMS = ["step 99"]}', "TC_013_CSMS has no step 99"),
        (ENTRY + 'shown = {TC_013_CSMS = ["rule no.such"]}', "TC_013_CSMS has no rule no.such"),
        (ENTRY + "shown = {TC_013_CSMS = []}", "TC_013_CSMS names no step and no rule"),
        (
            2 * (ENTRY + 'shown = {TC_013_CSMS = ["step 1"]}\n'),
            "behaviour 2: csms resets-softly 1.6 stands there already",
        ),
        (ENTRY + 'shown = {TC_013_CSMS = ["step 1"]}', "no entry for cs accept|no entry for"),
    ],
)
def test_a_wrong_entry_is_named(text, message, tmp_path):
    path = tmp_path / "behaviours.toml"
    path.write_text(text)
    with pytest.raises(BehaviourError, match=message):
        load(path)


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys):
    assert behaviour.main(["--sut", "csms", "--version", "1.6", "--only", "no-such"]) == 2
    assert "no defect no-such; there are accepts-a-station-only-once" in capsys.readouterr().err


def test_a_wrong_product_is_found_out(tmp_path, capsys):
    product = ["--sut", "csms", "--version", "2.0.1", "--only", "reads-targets", "--jobs", "1"]
    assert behaviour.main([*product, "--report-dir", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "1 of 1       right product beside them, 2.0.1 csms  (7 cases passed)" in told
    assert "1 of 1       defects of behaviour, 2.0.1 csms  (of the 6 cases of the suite 1 to 1 do not pass" in told
    assert "1 of 1       whole suite on a wrong product without a kit error, 2.0.1 csms" in told
    assert "| TC_B_06_CSMS step 1 | 1 of 6 |" in (tmp_path / "behaviour.md").read_text()
    part = read_parts(tmp_path)[0]
    assert (part.name, part.sampled, part.holds) == ("behaviour", True, True)


def test_a_defect_that_its_case_does_not_show_is_wrong():
    survivor = replace(RESETS, shown={"TC_014_CSMS": ("step 1",)})
    stops = next(one for one in load() if one.defect == "remote-stop-without-effect")
    shown = replace(stops, shown={"TC_012_CS": ("step 3",)})
    rights, wrongs, _ = behaviour.measure([survivor, shown], 2, suites=False)
    assert not any(one.wrong for one in rights)
    assert wrongs[0].wrong == ("csms 1.6 resets-softly: TC_014_CSMS was to fail at step 1, came to pass",)
    assert wrongs[0].before == wrongs[0].wrong
    assert not wrongs[1].wrong
    rows = behaviour.part(rights, wrongs, 1.0).rows
    assert [(row.good, row.count) for row in rows] == [(1, 1), (1, 1), (1, 1), (0, 1)]


def test_a_defect_that_is_shown_although_the_list_denies_it_is_wrong():
    denied = replace(RESETS, shown={}, reason="nothing is about it")
    found = Found(name="csms 1.6 resets-softly", behaviour=denied, suite=(FAILED,))
    line = "csms 1.6 resets-softly: TC_013_CSMS shows it (step 1): another type; list it"
    assert behaviour.not_shown(found) == [line]
    assert behaviour.not_shown(replace(found, suite=())) == []


@pytest.mark.parametrize("change", [{"verdict": "inconclusive"}, {"where": "step 6"}, {"verdict": "warn"}])
def test_only_the_listed_verdict_at_the_listed_place_counts(change):
    found = Found(name="it", behaviour=RESETS, cases=(FAILED,))
    assert behaviour.not_shown(found) == []
    assert behaviour.not_shown(replace(found, cases=(replace(FAILED, **change),)))
    assert behaviour.not_shown(replace(found, cases=())) == ["it: TC_013_CSMS does not apply to this product"]


def test_a_kit_error_is_wrong_whatever_the_defect():
    found = Found(name="it", behaviour=RESETS, cases=(FAILED,), suite=(replace(FAILED, verdict="error"),))
    row = behaviour.part([], [found], 1.0).rows[-1]
    assert (row.good, row.count, row.wrong) == (0, 1, ("it: TC_013_CSMS: another type",))


def test_a_sample_is_drawn_by_its_seed():
    drawn = behaviour.choose(None, None, (), sample=0.1, seed=3)
    assert drawn == behaviour.choose(None, None, (), 0.1, 3) != behaviour.choose(None, None, (), 0.1, 4)
    assert 10 < len(drawn) < 20
    assert all(one.shown for one in drawn)
