"""What the report will say: the findings of every failing example, word for word.

`messages.json` is written by `python tests/unit/protocol/test_messages.py`; read the difference before committing it.
"""

import json
from pathlib import Path

import pytest
from traces import replay

from ocpp_tck.protocol.rules import RULES

EXPECTED = Path(__file__).with_name("messages.json")


def words(message):
    """Python's own words about broken JSON differ from version to version."""
    return message.partition(": ")[0] if " line 1 column " in message else message


def told(rule):
    findings = [[replay(example), example.version] for example in rule.failing]
    return [
        [f"{version} {one.level.upper()} at {one.path or '-'}: {words(one.message)} [{one.clause}]" for one in found]
        for found, version in findings
    ]


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.failing], ids=lambda rule: rule.id)
def test_messages(rule):
    assert told(rule) == json.loads(EXPECTED.read_text(encoding="utf-8"))[rule.id]


def test_no_rule_is_forgotten():
    assert json.loads(EXPECTED.read_text(encoding="utf-8")).keys() == {
        rule.id for rule in RULES.values() if rule.failing
    }


if __name__ == "__main__":
    every = {rule.id: told(rule) for rule in RULES.values() if rule.failing}
    EXPECTED.write_text(json.dumps(every, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
