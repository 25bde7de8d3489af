"""What a case asks for, without pytest."""

import sys
from importlib import import_module

import pytest

from ocpp_tck import given
from ocpp_tck.case import CaseError, find_function
from ocpp_tck.given import Given

ABOVE = """
def word(ocpp_run):
    return f"word of {ocpp_run}"

def common():
    return "above"
"""
BELOW = """
DONE = []

def common():
    return "below"

def product(ocpp_run, word):
    DONE.append(f"made with {word}")
    yield word.upper()
    DONE.append("tidied up")

def _helper():
    return "hidden"
"""
CASES = """
def all_of_it(product, word, common, ocpp_run):
    pass

def nothing(nothing):
    pass

def hidden(_helper):
    pass
"""


@pytest.fixture
def cases(tmp_path, monkeypatch):
    """A package of cases below another one, each with a `given.py`."""
    below = tmp_path / "tck_above" / "below"
    below.mkdir(parents=True)
    for path, text in (
        (below.parent / "given.py", ABOVE),
        (below / "given.py", BELOW),
        (below / "test_cases.py", CASES),
        (below.parent / "__init__.py", ""),
        (below / "__init__.py", ""),
    ):
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("tck_above.below.test_cases")
    for name in [name for name in sys.modules if name.split(".")[0] == "tck_above"]:
        del sys.modules[name]
    given._makers.cache_clear()


def test_each_thing_is_made_once_and_tidied_up(cases):
    things = Given("the run", cases.all_of_it)
    done = import_module("tck_above.below.given").DONE
    assert things.arguments() == {
        "product": "WORD OF THE RUN",
        "word": "word of the run",
        "common": "below",
        "ocpp_run": "the run",
    }
    assert done == ["made with word of the run"]
    things.close()
    assert done[1:] == ["tidied up"]


@pytest.mark.parametrize(("name", "asked"), [("nothing", "nothing"), ("hidden", "_helper")])
def test_an_unknown_name_is_told(cases, name, asked):
    with pytest.raises(CaseError, match=f"{name} asks for {asked}, which no given.py there knows"):
        Given("the run", getattr(cases, name)).arguments()


def test_a_case_is_found_by_id_and_version():
    found, path = find_function("TC_B_01_CS", "2.1")
    assert (found.__name__.startswith("test_"), path.parent.name) == (True, "cs")
    with pytest.raises(CaseError, match=r"no case TC_B_01_CS for OCPP 1\.6"):
        find_function("TC_B_01_CS", "1.6")
