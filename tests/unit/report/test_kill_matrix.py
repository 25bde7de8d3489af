import json

import pytest

from ocpp_tck.report.kill_matrix import KillMatrixError, load_mutants, make_matrix, write_kill_matrix


def entry(step="1", killed_by="1", verdict="fail", case="TC_1", mutant="drop <b>"):
    return {
        "case": case,
        "version": "1.6",
        "step": step,
        "mutant": mutant,
        "killed_by": killed_by,
        "verdict": verdict,
        "seconds": 0.5,
    }


@pytest.fixture
def loaded(tmp_path):
    def load(value):
        path = tmp_path / "mutants.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return load_mutants(path)

    return load


def test_the_matrix_tells_what_survives(loaded, tmp_path):
    results = [
        entry("10", "schema.request"),
        entry("2", "1"),
        entry("1"),
        entry("post", "", "pass"),
        entry(case="TC_2", verdict="error"),
    ]
    matrix = make_matrix(loaded(results))
    assert [mutant.step for mutant in matrix.mutants] == ["post", "1", "2", "10", "1"]
    assert matrix.counts == {"killed at its step": 1, "killed by a rule": 1, "killed elsewhere": 1, "survived": 2}
    assert matrix.unkilled_cases == ("TC_2 1.6",)
    assert matrix.unkilled_steps == ("TC_1 1.6 step post", "TC_1 1.6 step 2", "TC_2 1.6 step 1")
    written = write_kill_matrix(matrix, tmp_path / "reports")
    assert [path.name for path in written] == ["kill-matrix.json", "kill-matrix.md", "kill-matrix.html"]
    assert json.loads(written[0].read_text())["mutants"][1]["outcome"] == "killed at its step"
    assert "drop \\<b\\>" in written[1].read_text()
    assert "drop &lt;b&gt;" in written[2].read_text()


def test_steps_without_any_mutant_are_told(loaded):
    matrix = make_matrix(loaded([entry()]), {("TC_1", "1.6"): ["1", "3"], ("TC_7", "1.6"): ["1"]})
    assert matrix.unkilled_cases == ("TC_7 1.6",)
    assert matrix.unkilled_steps == ("TC_1 1.6 step 3", "TC_7 1.6 step 1")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "not JSON"),
        ("{}", "must be a list"),
        ([1], "entry 1: must have exactly the fields"),
        ([entry() | {"x": 1}], "must have exactly the fields"),
        ([entry() | {"seconds": True}], "seconds must be a number"),
        ([entry() | {"step": 1}], "step must be a string"),
    ],
)
def test_wrong_input_is_told(loaded, value, message):
    with pytest.raises(KillMatrixError, match=message):
        loaded(value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(KillMatrixError, match="No such file"):
        load_mutants(tmp_path / "no.json")
