"""Which cases were asked for: the folds of earlier runs are synthetic."""

from pathlib import Path

import pytest
from synthetic import Synthetic

from ocpp_tck.case import Case
from ocpp_tck.selection import SelectionError, select

CASE = Case(id="TC_1_CS", title="", versions=("1.6",), sut="cs", profile="Core", aliases=("OLD",))
VERDICTS = ("pass", "warn", "fail", "inconclusive", "error", "not run", "not applicable")


@pytest.fixture
def earlier(tmp_path):
    run = Synthetic(tmp_path / "earlier").begin(asked=(*(f"TC_{one}" for one in VERDICTS), "TC_cut", "TC_never"))
    for verdict in VERDICTS:
        run.case(f"TC_{verdict}")
        run.end_case(verdict, f"TC_{verdict}")
    run.case("TC_cut")
    run.end_case("pass", "TC_cut")
    return run.done(ended=False)


def choose(*only, source=None, ids=(), profiles=(), role="cs", version="1.6"):
    return select(ids, profiles, only, source, role=role, version=version)


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        (["failed"], {"fail"}),
        (["inconclusive"], {"inconclusive"}),
        (["undecided"], {"inconclusive", "error", "not run", "cut", "never"}),
        (["undecided", "failed"], {"fail", "inconclusive", "error", "not run", "cut", "never"}),
    ],
)
def test_the_verdicts_of_an_earlier_run_choose(earlier, kinds, names):
    found = choose(*kinds, source=earlier)
    assert {case for case, _, _ in found.chosen} == {f"TC_{name}" for name in names}
    assert {(version, sut) for _, version, sut in found.chosen} == {("1.6", "cs")}
    assert found.text == f"only {' and '.join(sorted(kinds))} of earlier"


def test_the_attempt_that_decides_chooses(tmp_path):
    run = Synthetic(tmp_path).begin()
    for verdict in ("fail", "pass"):
        run.case("TC_1")
        run.end_case(verdict, "TC_1")
    assert choose("failed", source=run.done()).chosen == {("TC_1", "1.6", "cs")}


def test_selections_narrow_each_other(earlier):
    found = choose("failed", source=earlier, ids=["TC_1_CS", "TC_fail"], profiles=["Core"])
    assert not found.takes(CASE, "1.6")
    failed = Case(id="TC_fail", title="", versions=("1.6",), sut="cs", profile="Core")
    assert found.takes(failed, "1.6")
    assert not found.takes(failed, "2.0.1")
    assert found.text == "case TC_1_CS, case TC_fail, profile Core, only failed of earlier"


def test_ids_aliases_and_profiles_select():
    assert choose().takes(CASE, "1.6")
    assert choose().text == ""
    assert choose(ids=["OLD"]).takes(CASE, "1.6")
    assert not choose(ids=["TC_2_CS"]).takes(CASE, "1.6")
    assert not choose(profiles=["Reservation"]).takes(CASE, "1.6")


@pytest.mark.parametrize("given", [{"only": ("failed",)}, {"source": Path()}])
def test_only_and_from_belong_together(given):
    with pytest.raises(SelectionError, match="--only and --from belong together"):
        choose(*given.get("only", ()), source=given.get("source"))


def test_a_run_of_another_product_is_refused(earlier):
    with pytest.raises(SelectionError, match="that run had role cs, this one has csms"):
        choose("failed", source=earlier, role="csms")
