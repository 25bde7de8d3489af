"""What becomes of the mutants of the kit's own code, and that their explanations are held to it."""

import json

import pytest

from tests.code_mutants.__main__ import SURVIVORS, Broken, Explanation, Mutant, judge, read_explanations, read_mutants

SOURCE = """
class Journal:
    def xǁJournalǁwrite__mutmut_orig(self, n):
        if n > 1:
            return "a"

    def xǁJournalǁwrite__mutmut_1(self, n):
        if n >= 1:
            return "a"

    def xǁJournalǁwrite__mutmut_2(self, n):
        if n > 1:
            return "XXaXX"

    mutants_write["_mutmut_orig"] = xǁJournalǁwrite__mutmut_orig
    @_mutmut_mutated(mutants_write)
    def write(self, n):
        return n

def x_read__mutmut_orig():
    return 1

def x_read__mutmut_1():
    return 2
"""


@pytest.fixture
def folder(tmp_path):
    module = tmp_path / "ocpp_tck" / "evidence" / "journal.py"
    module.parent.mkdir(parents=True)
    module.write_text(SOURCE, encoding="utf-8")
    outcomes = {"xǁJournalǁwrite__mutmut_1": 0, "xǁJournalǁwrite__mutmut_2": 0, "x_read__mutmut_1": 36}
    named = {f"ocpp_tck.evidence.journal.{name}": outcome for name, outcome in outcomes.items()}
    module.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": named}), encoding="utf-8")
    return tmp_path


def test_a_survivor_without_explanation_is_wrong(folder):
    part = judge(list(read_mutants(folder)), [], 1.0)
    assert not part.holds
    assert part.rows[0].wrong == (
        "evidence.journal.Journal.write survives: if n >= 1:",
        'evidence.journal.Journal.write survives: return "XXaXX"',
    )
    assert (part.rows[0].count, part.rows[0].good) == (3, 1)


def test_an_explained_survivor_is_right(folder):
    why = [Explanation("evidence.journal.*", "no n is 1", change=change) for change in (">= 1", "XXaXX")]
    part = judge(list(read_mutants(folder)), why, 1.0)
    assert part.holds
    assert part.rows[0].note == "1 killed (1 by time), 2 explained"


@pytest.mark.parametrize("change", [">= 2", "return 2"])
def test_an_explanation_without_survivor_is_stale(folder, change):
    fitting = Explanation("evidence.journal.*", "no n is 1")
    part = judge(list(read_mutants(folder)), [fitting, Explanation("evidence.*", "?", change=change)], 1.0)
    assert part.rows[-1].wrong == (f"evidence.* ({change}): no such survivor",)
    assert not part.holds


def test_a_mutant_that_no_test_ran_is_a_survivor():
    part = judge([Mutant("m", "verdict.worst", None), Mutant("n", "verdict.worst", 33)], [], 1.0)
    assert part.rows[0].wrong == ("verdict.worst not run: m", "verdict.worst survives: n")


def test_without_mutants_the_user_is_told(tmp_path):
    with pytest.raises(Broken, match="no mutants here"):
        list(read_mutants(tmp_path))


@pytest.mark.parametrize("text", ["[[survivor]]\nplace='x'", "[[survivor]]\nplace='x'\nwhy='y'\nwho='z'", "["])
def test_a_file_of_survivors_that_is_none_is_told(tmp_path, text):
    (tmp_path / "survivors.toml").write_text(text)
    with pytest.raises(Broken, match=r"survivors\.toml: .*each \[\[survivor\]\] has place, why and maybe change"):
        read_explanations(tmp_path / "survivors.toml")


def test_every_explanation_says_why():
    assert all(one.place and one.why for one in read_explanations(SURVIVORS))
