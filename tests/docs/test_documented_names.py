"""What the documentation names exists, and what exists is documented."""

import csv
import re
import tomllib

import pytest
import written
from generator import cases, cli, configuration, pages, rules

from ocpp_tck import config_overlay, pics, verdict
from ocpp_tck.case import cases_root
from ocpp_tck.cli import main
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.roles.drivers import actions, chain

BY_HAND = written.by_hand()
COMING = tomllib.loads((written.ROOT / "tests/docs/coming.toml").read_text(encoding="utf-8"))
GENERATED = pages()
KEYS = config_overlay.keys()


def options_of(command):
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts) if name[0] == "-"}


def wrong_in(words):
    """Say what is wrong with a command line of the documentation; None when nothing is."""
    name, given = words[0], {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
    if name in {"--version", "--help", "-h"} or name in COMING["commands"]:
        return None
    if name not in main.commands:
        return f"no command {name}"
    known = options_of(main.commands[name]) | {"-h", "--help"}
    if name == "reference":
        known |= set(cli.embedded_options())
    if name == "run":
        known |= set(COMING["run"])
    return f"{name} has no {', '.join(sorted(given - known))}" if given - known else None


@pytest.mark.parametrize("page", sorted(BY_HAND))
def test_commands_and_options_exist(page):
    assert [wrong for words in written.commands(BY_HAND[page]) if (wrong := wrong_in(words))] == []


def test_a_wrong_name_would_be_seen():
    assert wrong_in(["runn"]) == "no command runn"
    assert wrong_in(["run", "--sutt=cs"]) == "run has no --sutt"
    assert list(written.commands("```\nocpp-tck run --case X   # one\n```\n`ocpp-tck plan`")) == [
        ["run", "--case", "X"],
        ["plan"],
    ]


def test_what_has_come_is_no_longer_announced():
    come = [name for name in COMING["commands"] if name in main.commands]
    come += [name for name in COMING["run"] if name in options_of(main.commands["run"])]
    assert come == [], "remove these from tests/docs/coming.toml"


def test_options_that_stand_alone_exist():
    known = {name for command in main.commands.values() for name in options_of(command)} | set(COMING["run"])
    known |= {name for name, _ in cli.plugin_options()} | set(cli.embedded_options()) | {"--help"}
    foreign = {"--user", "--api-key"}  # of docker, and of an example of a driver
    named = {span.split()[0] for text in BY_HAND.values() for span in written.spans(text) if span.startswith("--")}
    assert sorted(name for name in named if name.strip(",") not in known | foreign and not name.endswith("-")) == []


def test_every_command_is_told_of_by_hand():
    told = {words[0] for text in BY_HAND.values() for words in written.commands(text)}
    assert sorted(set(main.commands) - told - {"reference"}) == []


def test_every_command_and_option_is_in_the_reference():
    page = GENERATED["reference/cli.md"]
    missing = [name for name in main.commands if f"## ocpp-tck {name}\n" not in page]
    missing += [
        f"{command.name} {name}"
        for command in main.commands.values()
        for name in options_of(command)
        if name not in page
    ]
    missing += [name for name, _ in cli.plugin_options() if name not in page]
    assert missing == []


def test_every_option_says_what_it_means():
    rows = [line for line in GENERATED["reference/cli.md"].splitlines() if line.startswith("| `-")]
    assert len(rows) > 30
    assert [row for row in rows if re.search(r"\|  \|", row.removesuffix(" |  |"))] == []


def test_every_key_is_in_the_reference():
    assert configuration.without_a_place() == []
    assert (
        sorted(
            config_overlay.variable(key)
            for key in KEYS
            if not key.startswith("pics.")
            and config_overlay.variable(key) not in GENERATED["reference/configuration.md"]
        )
        == []
    )


def test_every_key_says_what_it_means():
    silent = {
        f"{name}.{key}"
        for name, keys in configuration.tables().items()
        for key, one in keys.items()
        if not configuration.meaning(name, key, one)
    }
    assert sorted(silent) == []


def keys_of(table, place=""):
    for key, value in table.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from keys_of(one, f"{place}{key}.")
            else:
                yield f"{place}{key}"


@pytest.mark.parametrize("page", sorted(BY_HAND))
def test_keys_of_the_examples_exist(page):
    known = {f"{name}.{key}".removeprefix(".") for name, keys in configuration.tables().items() for key in keys}
    known |= {f"pics.{name}" for name in pics.all_names()} | {
        f"known.{key}" for key in ("case", "verdict", "reason", "version", "cause")
    }
    own = re.compile(
        r"driver\.(http|command)\.actions\.(\w+)\.(url|method|body|headers\.\w+|supported|run)$|driver\.(http\.headers|python\.options)\.\w+$"
    )
    wrong = []
    for table in written.tables(BY_HAND[page]):
        for key in set(keys_of(table)) - known:
            match = own.match(key)
            if match is None or (match[2] and actions.unknown(match[2])):
                wrong.append(key)
    assert wrong == []


@pytest.mark.parametrize("page", sorted(BY_HAND))
def test_tables_rules_and_variables_in_the_text_exist(page):
    tables = (
        {f"[{name}]" for name in configuration.tables()}
        | {f"[[{name}]]" for name in configuration.tables()}
        | {"[pics]", "[[known]]"}
    )
    variables = {config_overlay.variable(key) for key in KEYS}
    wrong = []
    for span in written.spans(BY_HAND[page]):
        if re.fullmatch(r"\[\[?[a-z_.]+\]\]?", span) and span not in tables:
            wrong.append(span)
        if re.fullmatch(r"OCPP_TCK_[A-Z_]+", span) and span not in variables:
            wrong.append(span)
        if (
            re.fullmatch(r"(boot|handshake|frame|rpc|payload|json)\.[a-z_]+", span)
            and span not in RULES
            and span not in {"frame.json", "report.json"}
        ):
            wrong.append(span)
        if re.fullmatch(r"`?\{[a-z_.A-Z]+\}`?", span) and not re.match(
            r"\{(action|station|version|role|payload|env\.)", span
        ):
            wrong.append(span)
    assert wrong == []


def test_the_exit_codes_are_those_of_the_kit():
    page = BY_HAND["docs/exit-codes.md"]
    told = {int(number) for number in re.findall(r"^\| (\d) \|", page, re.MULTILINE)}
    known = {value for name, value in vars(verdict).items() if name.startswith("EXIT_") and isinstance(value, int)}
    assert known | {int(pytest.ExitCode.INTERNAL_ERROR), int(pytest.ExitCode.USAGE_ERROR)} == told
    assert {int(number) for text in BY_HAND.values() for number in re.findall(r"[Ee]xit code (\d)", text)} <= told


def test_the_verdicts_are_those_of_the_kit():
    told = set(re.findall(r"^\| ([a-z ]+) \|", BY_HAND["docs/verdicts.md"], re.MULTILINE)) - {"verdict"}
    known = {"kit error" if one is verdict.Verdict.ERROR else str(one) for one in verdict.Verdict} - {"none"}
    assert told == known


def test_the_drivers_are_those_of_the_kit():
    told = re.findall(r"^## (\w+)$", BY_HAND["docs/drivers.md"], re.MULTILINE)
    assert told == list(chain.KINDS)


def test_every_rule_is_on_its_page_with_its_examples():
    page = rules.page()
    for one in RULES.values():
        _, found, rest = page.partition(f"{{#{rules.anchor(one.id)}}}")
        assert found, one.id
        section = rest.partition("\n### ")[0]
        assert section.count("; the product is ") == len(one.failing) + len(one.passing), one.id


def test_every_case_of_the_catalogue_is_on_a_page():
    with (cases_root() / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text = "\n".join(text for path, text in cases.pages() if path != "cases/index.md")
    assert len(rows) > 1000
    assert [row["id"] for row in rows if f"`{row['id']}`" not in text and f"### {row['id']} " not in text] == []


def test_every_question_of_pics_is_documented():
    assert [name for name in pics.all_names() if f"`{name}`" not in GENERATED["reference/pics.md"]] == []


def test_no_generated_page_is_checked_in():
    assert [path for path in GENERATED if (written.DOCS / path).exists()] == []
