"""What a run shows of each profile: nothing that was not decided makes one complete."""

import json

import pytest
from synthetic import Synthetic

from ocpp_tck.report.known import Known
from ocpp_tck.report.profiles import Claim, Status, overall, profile_results
from ocpp_tck.report.write import load_model
from ocpp_tck.verdict import Verdict

CORE = ["TC_001_CS", "TC_002_CS", "TC_003_CS"]


class Run:
    """A run over a small catalogue."""

    def __init__(self, folder, scope=None, pics=None, version="1.6", **values):
        scope = {"Core": {"implemented": CORE}} if scope is None else scope
        sut = {"role": "cs", "version": version, "vendor": "Acme", "model": "W"}
        self.journal = Synthetic(folder / "run").begin(scope=scope, pics=pics or {}, sut=sut, **values)

    def case(self, name, verdict="pass", *, cause="because", **values):
        self.journal.case(name, **values)
        self.journal.end_case(verdict, name, **({} if verdict == "pass" else {"cause": cause}))

    def model(self, known=(), *, ended=True):
        return load_model(self.journal.done(ended=ended), known)

    def results(self, known=(), *, ended=True):
        model = self.model(known, ended=ended)
        results = profile_results(model)
        return {one.name: one for one in results}, overall(results, model)


def core(run, **values):
    results, whole = run.results(**values)
    return results["Core"], whole


def test_all_passed_is_complete(tmp_path):
    run = Run(tmp_path)
    for name in CORE:
        run.case(name)
    result, whole = core(run)
    assert (result.status, result.claim, whole) == (Status.COMPLETE, Claim.REQUIRED, Status.COMPLETE)
    assert (result.passed, result.decided, result.open, result.notes) == (tuple(CORE), 3, 0, ())


def test_a_warning_is_told(tmp_path):
    run = Run(tmp_path)
    for name, verdict in zip(CORE, ("pass", "warn", "pass"), strict=True):
        run.case(name, verdict)
    result, whole = core(run)
    assert (result.status, whole, result.warned) == (Status.WARNED, Status.WARNED, ("TC_002_CS",))


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [("inconclusive", "inconclusive"), ("error", "ended by an error of the kit"), ("not run", "not run")],
)
def test_what_could_not_be_decided_keeps_it_from_being_complete(tmp_path, verdict, reason):
    run = Run(tmp_path)
    for name, one in zip(CORE, ("pass", verdict, "pass"), strict=True):
        run.case(name, one)
    result, whole = core(run)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.INCOMPLETE)
    assert result.missing == {reason: ("TC_002_CS",)}


def test_what_does_not_apply_is_left_out(tmp_path):
    run = Run(tmp_path)
    for name, one in zip(CORE, ("pass", "not applicable", "pass"), strict=True):
        run.case(name, one, cause="applies if a; declared: a = false")
    result, whole = core(run)
    assert (result.status, whole, result.left_out) == (Status.COMPLETE, Status.COMPLETE, ("TC_002_CS",))


def test_a_profile_of_which_nothing_applied_is_not_complete(tmp_path):
    run = Run(tmp_path)
    for name in CORE:
        run.case(name, "not applicable")
    result, whole = core(run)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.UNTOUCHED)


@pytest.mark.parametrize("others", ["pass", "inconclusive", "error", "not run"])
def test_a_failure_outweighs_everything(tmp_path, others):
    run = Run(tmp_path)
    for name, one in zip(CORE, (others, "fail", others), strict=True):
        run.case(name, one)
    result, whole = core(run)
    assert (result.status, whole, result.failed) == (Status.FAILED, Status.FAILED, ("TC_002_CS",))


def test_a_known_failure_stays_a_failure(tmp_path):
    run = Run(tmp_path)
    for name, one in zip(CORE, ("pass", "fail", "pass"), strict=True):
        run.case(name, one)
    known = [Known(case="TC_002_CS", verdict=Verdict.FAIL, reason="ticket 17")]
    result, whole = core(run, known=known)
    assert (result.status, whole, result.known) == (Status.FAILED, Status.FAILED, ("TC_002_CS",))


def test_a_case_that_was_not_selected_or_is_not_written_is_missing(tmp_path):
    scope = {"Core": {"implemented": CORE, "pending": ["TC_900_CS"], "draft": ["TC_901_CS"]}}
    run = Run(tmp_path, scope, selection="case TC_001_CS")
    run.case("TC_001_CS")
    result, whole = core(run)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.INCOMPLETE)
    assert result.missing == {
        "not selected for this run": ("TC_002_CS", "TC_003_CS"),
        "not in this version of the kit": ("TC_900_CS",),
        "draft, not in this version of the kit": ("TC_901_CS",),
    }


def test_a_killed_run_is_not_complete(tmp_path):
    run = Run(tmp_path)
    for name in CORE:
        run.case(name)
    result, whole = core(run, ended=False)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.INCOMPLETE)
    assert "Something stands against the evidence, see Evidence." in result.notes


def test_an_interrupted_run_misses_the_rest(tmp_path):
    run = Run(tmp_path)
    run.case("TC_001_CS")
    result, _ = core(run)
    assert result.missing == {"not reached by this run": ("TC_002_CS", "TC_003_CS")}


@pytest.mark.parametrize("status", ["draft", "disputed"])
def test_what_does_not_count_decides_nothing(tmp_path, status):
    run = Run(tmp_path)
    run.case("TC_001_CS")
    run.case("TC_002_CS", "fail", status=status)
    run.case("TC_003_CS", status=status)
    result, whole = core(run)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.INCOMPLETE)
    assert result.missing == {f"{status}, does not count": ("TC_002_CS", "TC_003_CS")}


def test_the_worst_of_several_attempts_counts(tmp_path):
    run = Run(tmp_path)
    run.case("TC_001_CS", "fail")
    for name in CORE:
        run.case(name, attempt=2)
    result, whole = core(run)
    assert (result.failed, result.passed, whole) == (("TC_001_CS",), ("TC_002_CS", "TC_003_CS"), Status.FAILED)


def test_without_the_catalogue_nothing_is_complete(tmp_path):
    run = Run(tmp_path, scope={})
    for name in CORE:
        run.case(name)
    result, whole = core(run)
    assert (result.status, whole) == (Status.INCOMPLETE, Status.INCOMPLETE)
    assert "does not hold the catalogue" in result.notes[0]


TWO = {"Core": {"implemented": ["TC_001_CS"]}, "Reservation": {"implemented": ["TC_046_CS"]}}


@pytest.mark.parametrize(
    ("pics", "claim"),
    [({"reservation": True}, Claim.YES), ({"reservation": False}, Claim.NO), ({}, Claim.OPEN)],
)
def test_the_declaration_claims_a_profile(tmp_path, pics, claim):
    run = Run(tmp_path, TWO, pics)
    run.case("TC_001_CS")
    results, whole = run.results()
    assert results["Reservation"].claim is claim
    denied = claim is Claim.NO
    assert results["Reservation"].status is (Status.NOT_CLAIMED if denied else Status.INCOMPLETE)
    assert whole is (Status.COMPLETE if denied else Status.INCOMPLETE)


def test_a_failure_in_a_profile_that_is_denied_is_a_failure(tmp_path):
    run = Run(tmp_path, TWO, {"reservation": False})
    run.case("TC_001_CS")
    run.case("TC_046_CS", "fail", profile="Reservation")
    results, whole = run.results()
    assert (results["Reservation"].status, whole) == (Status.FAILED, Status.FAILED)


def test_security_is_claimed_by_any_of_its_profiles(tmp_path):
    scope = {"Core": {"implemented": ["TC_001_CS"]}, "Security": {"implemented": ["TC_073_CS"]}}
    run = Run(tmp_path, scope, {"security_profile_1": False, "security_profile_2": True})
    run.case("TC_001_CS")
    run.case("TC_073_CS", "not run", profile="Security", cause="a plain socket")
    results, whole = run.results()
    assert (results["Security"].claim, results["Security"].status) == (Claim.YES, Status.INCOMPLETE)
    assert whole is Status.INCOMPLETE


def test_what_was_left_out_on_a_wrong_declaration_is_missing(tmp_path):
    run = Run(tmp_path, pics={"authorization_cache": False, "local_stop": False})
    run.journal.case("TC_001_CS")
    n = run.journal.frame(sender="kit", action="GetConfiguration")
    keys = {"configurationKey": [{"key": "AuthorizationCacheEnabled", "readonly": False, "value": "true"}]}
    raw = json.dumps([3, f"m{n}", keys])
    run.journal.frame(kind="CALLRESULT", action="GetConfiguration", raw=raw, message_id=f"m{n}")
    run.journal.end_case("pass", "TC_001_CS")
    left_out = "applies if {0}; declared: {0} = false"
    run.case("TC_002_CS", "not applicable", cause=left_out.format("authorization_cache"))
    run.case("TC_003_CS", "not applicable", cause=left_out.format("local_stop"))
    result, whole = core(run)
    assert result.missing == {"left out on a declaration that the product contradicts": ("TC_002_CS",)}
    assert (result.left_out, result.status, whole) == (("TC_003_CS",), Status.INCOMPLETE, Status.INCOMPLETE)


def test_profiles_that_no_question_asks_for(tmp_path):
    scope = {
        "Core": {"implemented": ["TC_B_01_CS"]},
        "Smart Charging;ISO 15118 Support": {},
        "Smart Charging": {"pending": ["TC_K_01_CS"]},
        "DER Control": {"implemented": ["TC_R_01_CS"]},
        "Core (Payment)": {"pending": ["TC_P_01_CS"]},
        "": {"pending": ["TC_X_01_CS"]},
    }
    run = Run(tmp_path, scope, {"P-0": False}, version="2.1")
    run.case("TC_B_01_CS", version="2.1")
    run.case("TC_R_01_CS", "inconclusive", version="2.1", profile="DER Control")
    results, whole = run.results()
    assert results["Smart Charging"].status is Status.UNTOUCHED
    assert results["DER Control"].status is Status.INCOMPLETE
    assert (results["Payment"].claim, results["Payment"].status) == (Claim.NO, Status.NOT_CLAIMED)
    assert next(iter(results)) == "Core"
    assert list(results)[-1] == "Outside the certification profiles"
    assert whole is Status.INCOMPLETE  # a case that was begun is not decided


def test_a_case_outside_all_profiles_that_fails_fails_the_whole(tmp_path):
    scope = {"Core": {"implemented": ["TC_001_CS"]}, "": {"implemented": ["TC_990_CS"]}}
    run = Run(tmp_path, scope)
    run.case("TC_001_CS")
    run.case("TC_990_CS", "fail", profile="")
    assert run.results()[1] is Status.FAILED


def test_a_case_of_the_users_own_stands_under_its_profile(tmp_path):
    run = Run(tmp_path, TWO, {"reservation": True})
    for name, profile in (("TC_001_CS", "Core"), ("TC_046_CS", "Reservation"), ("OWN_1_CS", "Reservation")):
        run.case(name, profile=profile)
    results, whole = run.results()
    assert (results["Reservation"].passed, whole) == (("TC_046_CS", "OWN_1_CS"), Status.COMPLETE)


def test_no_case_at_all(tmp_path):
    results, whole = Run(tmp_path).results()
    assert (results["Core"].status, whole) == (Status.INCOMPLETE, Status.UNTOUCHED)
