"""`ocpp-tck plan`: the catalogue with the steps."""

import json

import pytest
from click.testing import CliRunner

from ocpp_tck.cli import main
from ocpp_tck.plan import entries, scope, told


def plan(*options):
    result = CliRunner().invoke(main, ["plan", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_case_with_profile_status_condition_and_steps():
    lines = plan("--sut", "cs", "--version", "1.6").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("TC_003_CS "))
    assert lines[at].endswith("[Core; implemented]")
    assert lines[at + 1].split(maxsplit=1) == ["1", "The charge point reports Preparing"]
    assert any(line.startswith("TC_007_1_CS ") and line.endswith("if authorization_cache") for line in lines)


def test_a_row_that_is_run_under_other_ids_says_so():
    (row,) = [line for line in plan("--sut", "cs", "--version", "1.6").splitlines() if line.startswith("TC_061_CS ")]
    assert row.endswith("[Core; run as TC_061_1_CS and TC_061_2_CS]")


def test_the_last_line_counts():
    chosen = entries("csms", "2.0.1")
    *_, last = told(chosen)
    written = sum(entry.source is not None for entry in chosen)
    assert written > 0
    assert last.startswith(f"{len(chosen)} cases: {written} implemented")


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("sut", ["cs", "csms"])
def test_json_holds_every_row_of_the_catalogue(sut, version):
    found = json.loads(plan("--sut", sut, "--version", version, "--json"))
    assert {entry["sut"] for entry in found} == {sut}
    assert all(version in entry["versions"] for entry in found)
    assert len({entry["id"] for entry in found}) == len(found) > 50
    assert all(bool(entry["steps"]) is ("function" in entry) for entry in found)


def test_the_scope_holds_every_case_of_a_role_and_version_once_per_profile():
    of_16 = scope("cs", "1.6")
    core = of_16["Core"]["implemented"]
    assert {"TC_001_CS", "TC_061_1_CS", "TC_061_2_CS"} <= set(core)
    assert "TC_061_CS" not in core  # run under the ids above
    assert len(core) == len(set(core)) == len(cases_of("1.6", "cs", "Core"))
    of_201 = scope("cs", "2.0.1")
    shared = set(of_201["Smart Charging"]["pending"]) & set(of_201["ISO 15118 Support"]["pending"])
    assert shared
    assert not set(of_201) & {"Smart Charging;ISO 15118 Support", "Bidirectional Power Transfer"}
    assert "TC_001_CS" not in of_201["Core"]["implemented"]


def cases_of(version, sut, profile):
    return [one for one in entries(sut, version) if one.source is not None and one.profile == profile]
