"""What a case declares, and what can be read of it without running it."""

import textwrap

import pytest

from ocpp_tck.case import CaseError, PlannedStep, case_of, cases_root, read_cases, steps_of, testcase

SOURCE = '''
from ocpp_tck.case import testcase

@testcase("TC_X_1_CS", "Something happens", profile="Core", requirements="1.6 4.2", aliases=("TC_X_CS",))
def test_something(station, step):
    """What it does."""
    with step("1", "The charge point does X"):
        assert True
    if station:
        with step("2a", "It does Y", when="it can", optional=True, level="should", oca="3", requirement="R1"):
            with station.unordered(), step("2b", "It does Z"):
                pass
    with open("x"):
        pass

def helper():
    pass

X = 1
'''


def written(tmp_path, text):
    path = tmp_path / "test_x.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def test_a_function_carries_its_facts():
    @testcase("TC_X_CSMS", "A title", profile="Core", requirements="1.6 4.2", versions=("2.0.1", "2.1"))
    def test_it():
        pass

    case = case_of(test_it)
    assert (case.id, case.sut, case.versions, case.status) == ("TC_X_CSMS", "csms", ("2.0.1", "2.1"), "implemented")


def test_an_ordinary_function_has_none():
    assert case_of(test_an_ordinary_function_has_none) is None
    assert case_of(None) is None


def test_the_role_comes_from_the_id():
    with pytest.raises(CaseError, match="TC_X: an id ends in _CS or _CSMS"):
        testcase("TC_X", "t", profile="Core", requirements="r")


def test_the_status_is_one_of_three():
    with pytest.raises(CaseError, match="'done' is none of implemented, draft, disputed"):
        testcase("TC_X_CS", "t", profile="Core", requirements="r", status="done")


def test_facts_and_steps_are_read_without_importing(tmp_path):
    (case,) = read_cases(written(tmp_path, SOURCE))
    assert case.facts["id"] == "TC_X_1_CS"
    assert case.facts["title"] == "Something happens"
    assert case.facts["aliases"] == ("TC_X_CS",)
    assert (case.function, case.doc, case.line) == ("test_something", "What it does.", 5)
    assert [step.n for step in case.steps] == ["1", "2a", "2b"]
    assert case.steps[1] == PlannedStep(
        n="2a", text="It does Y", when="it can", optional=True, level="should", oca="3", requirement="R1"
    )


def test_a_step_shows_only_what_is_set():
    assert PlannedStep(n="1", text="X").as_json() == {"n": "1", "text": "X", "level": "must"}
    assert PlannedStep(n="", text="", optional=True).as_json() == {
        "n": "",
        "text": "",
        "optional": True,
        "level": "must",
    }


def test_steps_are_found_by_function(tmp_path):
    path = written(tmp_path, SOURCE)
    assert len(steps_of(path, "test_something")) == 3
    assert steps_of(path, "helper") == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('with step("1", f"X {station}"): pass', r"test_x.py:4: facts and steps of a case are literals.*found f"),
        ('with step("1", "X", colour="red"): pass', r"test_x.py:4: step\(\): .*colour"),
        ('with step("1"): pass', r"test_x.py:4: step\(\): .*text"),
    ],
)
def test_a_plan_that_would_be_incomplete_is_refused(tmp_path, line, message):
    source = f'@testcase("TC_X_CS", "t", profile="Core", requirements="r")\ndef test_x(station, step):\n    """D."""\n    {line}\n'
    with pytest.raises(CaseError, match=message):
        read_cases(written(tmp_path, source))


def test_a_fact_is_a_literal_too(tmp_path):
    source = '@testcase("TC_X_CS", "t", profile=CORE, requirements="r")\ndef test_x():\n    pass\n'
    with pytest.raises(CaseError, match="found CORE"):
        read_cases(written(tmp_path, source))


def test_the_cases_are_found_beside_the_package():
    assert (cases_root() / "catalogue.csv").is_file()
