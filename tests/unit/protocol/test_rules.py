import ast
from pathlib import Path

import pytest
from traces import replay

from ocpp_tck.protocol import rules
from ocpp_tck.protocol.rules import RULES, broken
from ocpp_tck.protocol.types import Level, Version

EXAMPLES = [(rule, index) for rule in RULES.values() for index in range(len(rule.failing))]
PASSING = [(rule, index) for rule in RULES.values() for index in range(len(rule.passing))]
CONNECTION_RULES = {identifier for identifier in RULES if identifier.startswith("handshake.")}


def test_ids_are_unique():
    ids = [rule.id for rule in rules._ALL]
    assert len(ids) == len(set(ids)) == len(RULES)


@pytest.mark.parametrize("length", [1, rules.MAX_MESSAGE, rules.MAX_MESSAGE + 1])
def test_only_a_text_that_is_too_long_is_cut(length):
    message = broken("rpc.action", Version.V16, "x" * length).message
    assert (message == "x" * length) is (length <= rules.MAX_MESSAGE)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_says_what_and_where(rule):
    assert rule.title
    assert not rule.title.endswith(".")
    assert set(rule.levels) == set(rule.clauses)
    assert rule.levels
    for version, clause in rule.clauses.items():
        assert clause.startswith(("OCPP", "RFC"))
        assert clause.startswith(("OCPP 1.6", "OCPP-J 1.6")) is (version is Version.V16)
    if rule.id not in CONNECTION_RULES:
        assert rule.failing, "a rule without a failing example can never be seen to work"


@pytest.mark.parametrize(("rule", "index"), EXAMPLES, ids=[f"{rule.id}-{index}" for rule, index in EXAMPLES])
def test_failing_example(rule, index):
    example = rule.failing[index]
    found = replay(example)
    assert [violation.rule for violation in found] == [rule.id] * len(found)
    assert found
    assert found[0].level is rule.levels[example.version]
    assert found[0].clause.startswith(rule.clauses[example.version])
    assert found[0].message


@pytest.mark.parametrize(("rule", "index"), PASSING, ids=[f"{rule.id}-{index}" for rule, index in PASSING])
def test_passing_example(rule, index):
    assert replay(rule.passing[index]) == []


def test_broken_names_level_clause_and_detail():
    violation = broken("schema.required", Version.V16, "m", "a.b", "schema X.json")
    assert (violation.level, violation.path) == (Level.MUST, "a.b")
    assert violation.clause.endswith(", schema X.json")
    with pytest.raises(KeyError):
        broken("time.fraction", Version.V16, "1.6 has no such rule")


@pytest.mark.parametrize("path", sorted(Path(rules.__file__).parent.rglob("*.py")), ids=str)
def test_the_protocol_stands_alone(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            assert not module.startswith("ocpp_tck") or module.startswith("ocpp_tck.protocol")
            assert module.split(".")[0] not in {"asyncio", "pytest", "socket", "time", "websockets"}
