"""What stands against a certification run, over the real catalogue."""

from dataclasses import replace

import pytest

from ocpp_tck.case import Case
from ocpp_tck.certify import by_node, objections
from ocpp_tck.plan import entries
from ocpp_tck.settings import Connection, Limits, Settings, Sut, TestData


def settings(role="csms", version="1.6", **values):
    return Settings(sut=Sut(role=role, version=version), connection=Connection(), **values)


def whole(role="csms", version="1.6"):
    return [
        Case(id=entry.id, title="", versions=(version,), sut=role, profile="Core")
        for entry in entries(role, version)
        if entry.source is not None
    ]


def against(cases=None, told=None, **values):
    return objections(
        told or settings(), whole() if cases is None else cases, **{"narrowed": (), "others": 0, **values}
    )


@pytest.mark.parametrize("role", ["cs", "csms"])
def test_nothing_stands_against_a_whole_run(role):
    assert against(whole(role), settings(role)) == ()


def test_options_and_other_tests_are_named():
    assert against(narrowed=["--case X", "-k y"], others=2) == (
        "--case X is given",
        "-k y is given",
        "tests that are no OCA cases would run: 2",
    )


def test_missing_and_foreign_cases_are_named():
    cases = whole()
    found = against([*cases[1:], replace(cases[0], id="TC_999_CSMS")])
    assert found == (
        f"1 of the {len(cases)} cases of OCPP 1.6 csms would not run: {cases[0].id}",
        "not of the catalogue: TC_999_CSMS",
    )
    assert against(cases[1:], over={cases[0].id}) == ()
    assert "and 2 more" in against(cases[12:])[0]


def test_a_version_that_the_kit_does_not_cover_can_not_be_certified():
    (found,) = against(whole("cs", "2.1"), settings("cs", "2.1"))
    assert found.startswith("this kit does not cover OCPP 2.1 cs whole: ")


def test_open_questions_are_named():
    asking = [replace(case, applies_if="reservation and vendor_data_transfer") for case in whole()]
    assert against(asking, settings(pics={"reservation": False})) == ("[pics] does not answer vendor_data_transfer",)
    assert against(asking, settings(pics={"reservation": True, "vendor_data_transfer": True})) == ()


@pytest.mark.parametrize("name", [name for name in Limits.__slots__ if name != "operator"])
def test_every_limit_is_looser_in_one_direction(name):
    usual = getattr(Limits(), name)
    found = [against(told=settings(limits=Limits(**{name: usual * factor}))) for factor in (0.5, 2)]
    looser, stricter = found if name == "absence" else reversed(found)
    assert stricter == ()
    assert looser[0].startswith(f"[limits] {name} = ")


def test_patience_with_a_person_loosens_nothing():
    assert against(told=settings(limits=Limits(operator=9999))) == ()


def test_a_looser_tolerance_is_named():
    assert against(told=settings(test_data=TestData(limit_tolerance=2))) == (
        "[test_data] limit_tolerance = 2 % is looser than the default of 1 %",
    )


def test_node_ids_of_a_worker_stand_for_their_cases():
    asking = [entry for entry in entries("csms", "1.6") if entry.source and entry.source.facts.get("applies_if")]
    source = asking[0].source
    nodes = [f"v16/csms/{source.path.name}::{source.function}", "v16/csms/test_own.py::test_own", source.function]
    (found,) = by_node(nodes, "csms", "1.6")
    assert (found.id, found.applies_if) == (asking[0].id, source.facts["applies_if"])
