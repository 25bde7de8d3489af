"""Lint of the test cases: what a reviewer would otherwise have to look for in each of them."""

import ast
import re
from collections import Counter

import catalogue
import pytest

from ocpp_tck.case import cases_root

ROOT = cases_root()
FILES = sorted(ROOT.rglob("*.py"))
CASES = catalogue.cases()
ROWS = {row["id"]: row for row in catalogue.rows()}
FOLDER = {"1.6": "v16", "2.0.1": "v20", "2.1": "v20"}
WORDS_OF_TIME = {"seconds", "timeout", "duration", "delay"}


def shown(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def trees():
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]


def by_id():
    return pytest.mark.parametrize("case", CASES, ids=[case.facts["id"] for case in CASES])


def test_there_are_cases_of_each_kind():
    assert {(case.path.parent.parent.name, case.path.parent.name) for case in CASES} == {
        ("v16", "cs"),
        ("v16", "csms"),
        ("v20", "cs"),
        ("v20", "csms"),
    }


def test_ids_are_unique_in_each_version():
    counted = Counter((case.facts["id"], version) for case in CASES for version in case.facts.get("versions", ("1.6",)))
    assert [pair for pair, count in counted.items() if count > 1] == []


def test_an_alias_is_no_case_of_its_own():
    ids = {case.facts["id"] for case in CASES}
    assert [alias for case in CASES for alias in case.facts.get("aliases", ()) if alias in ids] == []


@by_id()
def test_the_catalogue_knows_the_case_with_its_role_and_versions(case):
    row = ROWS.get(case.facts["id"])
    assert row is not None, f"{case.path}:{case.line}: {case.facts['id']} is not in catalogue.csv"
    assert row["sut"] == case.facts["id"].rsplit("_", 1)[-1].lower()
    assert set(case.facts.get("versions", ("1.6",))) <= set(row["versions"].split(";"))


@by_id()
def test_the_catalogue_knows_the_aliases(case):
    assert [alias for alias in case.facts.get("aliases", ()) if alias not in ROWS] == []


@by_id()
def test_the_case_lies_in_the_folder_of_its_role_and_version(case):
    role = case.facts["id"].rsplit("_", 1)[-1].lower()
    assert case.path.parent.name == role
    assert {FOLDER[version] for version in case.facts.get("versions", ("1.6",))} == {case.path.parent.parent.name}


@by_id()
def test_the_title_is_in_own_words(case):
    def plain(text):
        return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()

    assert plain(case.facts["title"]) != plain(ROWS[case.facts["id"]]["title"])
    assert case.facts["title"][-1] not in ".!"


@by_id()
def test_the_case_says_what_it_does_and_by_which_text(case):
    assert case.doc, f"{case.path}:{case.line}: no docstring"
    assert case.facts["requirements"]
    assert case.facts["profile"]


@by_id()
def test_the_case_has_literal_numbered_steps(case):
    assert case.steps, f"{case.path}:{case.line}: no step"
    for step in case.steps:
        assert re.fullmatch(r"(\d+(\.\d+)?[a-z]?([-,/ ]+\d+[a-z]?)*|pre|post)( .*)?", step.n), step.n
        assert isinstance(step.text, str)
        assert len(step.text.split()) > 2
        assert step.level in {"must", "should"}
        assert step.level == "must" or step.requirement, f"step {step.n}: a should of ours names its requirement"


def test_catalogue_and_code_agree():
    table = catalogue.rows()
    fresh = catalogue.refreshed(table, CASES)
    wrong = [(old["id"], old["status"], new["status"]) for old, new in zip(table, fresh, strict=True) if old != new]
    assert not wrong, f"run `python -m tests.suite.catalogue`: {wrong}"


def test_catalogue_rows_are_well_formed():
    table = catalogue.rows()
    assert len({row["id"] for row in table}) == len(table)
    assert {row["status"] for row in table} <= set(catalogue.STATUSES)
    assert [row["id"] for row in table if row["status"] in {"draft", "disputed"} and not row["reason"]] == []
    assert [row["id"] for row in table if not row["id"].endswith("_" + row["sut"].upper())] == []


def test_the_catalogue_is_refreshed_from_the_code():
    row = {"id": "TC_Y_CS", "versions": "1.6", "sut": "cs", "title": "t", "profile": "Core", "reason": ""}
    case = CASES[0]
    stale = [
        {**row, "status": "implemented"},
        {**row, "id": case.facts["id"], "status": "pending", "versions": "1.6"},
        {**row, "id": "TC_Z_CS", "status": "disputed", "reason": "why"},
    ]
    fresh = catalogue.refreshed(stale, CASES)
    assert [(one["status"], one["reason"]) for one in fresh] == [
        ("pending", ""),
        ("implemented", ""),
        ("disputed", "why"),
    ]


def test_nothing_sleeps():
    wrong = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.Attribute, ast.Name)):
                name = node.attr if isinstance(node, ast.Attribute) else node.id
                if name == "sleep":
                    wrong.append(shown(path, node))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {getattr(node, "module", "")} | {alias.name for alias in node.names}
                wrong += [shown(path, node) for name in names if name in {"time", "threading", "asyncio", "socket"}]
    assert not wrong


def test_no_time_limit_is_a_number():
    """`within=` names a limit; a call never gets a number of seconds."""
    wrong = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                literal = isinstance(keyword.value, ast.Constant)
                number = literal and isinstance(keyword.value.value, (int, float))
                if keyword.arg == "within" and literal and not isinstance(keyword.value.value, str):
                    wrong.append(shown(path, node))
                if keyword.arg in WORDS_OF_TIME and number:
                    wrong.append(shown(path, node))
    assert not wrong


def test_every_limit_named_exists():
    from ocpp_tck.settings import Limits, TestData

    known = set(Limits.__slots__) | set(TestData.__slots__)
    wrong = [
        f"{shown(path, node)}: {keyword.value.value}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "within" and isinstance(keyword.value, ast.Constant) and keyword.value.value not in known
    ]
    assert not wrong


def is_step(node):
    return isinstance(node, ast.With) and any(
        isinstance(item.context_expr, ast.Call) and getattr(item.context_expr.func, "id", "") == "step"
        for item in node.items
    )


def loose_asserts(node):
    """Give the assertions below a node that stand in no step."""
    for child in ast.iter_child_nodes(node):
        if is_step(child):
            continue
        if isinstance(child, ast.Assert):
            yield child
        yield from loose_asserts(child)


def test_every_assertion_of_a_case_stands_in_a_step():
    """An assertion outside is no check of the product: the report could not say which step it belongs to.

    Helpers of a file (no case) are called inside steps; states and fixtures live in files of their own.
    """
    wrong = [
        shown(path, node)
        for path, tree in trees()
        if path.name.startswith("test_")
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_")
        for node in loose_asserts(function)
    ]
    assert not wrong


def test_every_test_function_is_a_case():
    known = {(case.path, case.function) for case in CASES}
    wrong = [
        shown(path, node)
        for path, tree in trees()
        if path.name.startswith("test_")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and (path, node.name) not in known
    ]
    assert not wrong


def test_files_stay_readable():
    assert [path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 650] == []
