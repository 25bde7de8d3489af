"""PICS expressions and the table of features."""

import csv
import itertools

import pytest

from ocpp_tck import pics

T, F, U = True, False, None


def answers(**given):
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize("a", [T, F, U])
@pytest.mark.parametrize("b", [T, F, U])
def test_three_values(a, b):
    given = answers(a=a, b=b)
    assert pics.parse("a and b").value(given) is (F if F in {a, b} else U if U in {a, b} else T)
    assert pics.parse("a or b").value(given) is (T if T in {a, b} else U if U in {a, b} else F)
    assert pics.parse("not a").value(given) is (U if a is U else not a)


def test_not_binds_before_and_before_or():
    for a, b, c in itertools.product([T, F], repeat=3):
        given = answers(a=a, b=b, c=c)
        assert pics.parse("a or b and not c").value(given) is (a or (b and not c))
        assert pics.parse("(a or b) and not c").value(given) is ((a or b) and not c)
        assert pics.parse("not not (a)").value(given) is a


def test_ids_have_letters_digits_and_marks():
    node = pics.parse('(C-30 or C-09.1) and not AQ-2 and fixed_cable and profile("Core") or subtype("Mode 1/2-only")')
    assert node.ids() == {"C-30", "C-09.1", "AQ-2", "fixed_cable"}


def test_profiles_and_subtypes():
    node = pics.parse('profile("Core") and not subtype("Wireless")')
    assert node.value({}, frozenset({"Core"})) is True
    assert node.value({}, frozenset({"Core", "Wireless"})) is False
    assert node.value({}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a b",
        "a and",
        "and a",
        "a or or b",
        "not",
        "(a",
        "a)",
        "()",
        "a & b",
        "profile(Core)",
        'profile("Core"',
        "a,b",
    ],
)
def test_what_is_not_of_the_grammar_is_refused(expression):
    with pytest.raises(pics.PicsError) as refused:
        pics.parse(expression)
    assert repr(expression) in str(refused.value)


def test_an_unknown_feature_is_refused_for_that_role_and_version():
    pics.check("C-30 and not AQ-2", "cs", "2.0.1")
    pics.check("fixed_cable", "cs", "1.6")
    for expression, sut, version in (
        ("C-30", "cs", "1.6"),
        ("fixed_cable", "cs", "2.1"),
        ("fixed_cable", "csms", "1.6"),
    ):
        with pytest.raises(pics.PicsError, match=expression):
            pics.check(expression, sut, version)


def test_the_decision_names_its_reason():
    assert pics.decide("", {}) == (True, "")
    assert pics.decide("fixed_cable", {"fixed_cable": True})[0] is True
    applies, reason = pics.decide("not fixed_cable", {"fixed_cable": True})
    assert applies is False
    assert "fixed_cable = true" in reason
    applies, reason = pics.decide("a and b", {"b": True})
    assert applies is None
    assert "does not answer a " in reason


class TestFeatures:
    def rows(self):
        with pics.FEATURES.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    def test_each_row_is_whole_and_single(self):
        seen = set()
        for row in self.rows():
            assert row["sut"] in {"cs", "csms"}
            assert row["question"].endswith("?")
            assert row["default"] in {"true", "false", ""}
            for version in row["versions"].split(";"):
                assert version in {"1.6", "2.0.1", "2.1"}
                key = (row["id"], row["sut"], version)
                assert key not in seen
                seen.add(key)

    def test_1_6_has_an_answer_for_every_question(self):
        assert all(row["default"] for row in self.rows() if row["versions"] == "1.6")

    def test_every_id_can_stand_in_an_expression(self):
        for row in self.rows():
            assert pics.parse(row["id"]).ids() == {row["id"]}

    def test_the_counts_are_those_of_the_catalogue(self):
        counts = {(v, s): len(pics.features(v, s)) for v in ("2.0.1", "2.1") for s in ("cs", "csms")}
        assert counts == {("2.0.1", "cs"): 114, ("2.0.1", "csms"): 37, ("2.1", "cs"): 163, ("2.1", "csms"): 56}

    def test_the_environment_can_tell_them_apart(self):
        from ocpp_tck.config_overlay import keys, variable

        variables = [variable(key) for key in keys()]
        assert len(variables) == len(set(variables))
