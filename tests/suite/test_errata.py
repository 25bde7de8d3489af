"""`testcases/errata16.toml` against the sheets' numbers, the cases, the rules and what the code cites."""

import re
import sys
from pathlib import Path

import catalogue
import pytest

import ocpp_tck
from ocpp_tck.case import cases_root
from ocpp_tck.protocol.editions import EDITIONS
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.protocol.types import Version
from ocpp_tck.report.places import places

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
from generator import errata

NUMBERS, ERRATA = errata.read()
CASES = {case.facts["id"]: case for case in catalogue.cases() if "1.6" in case.facts.get("versions", ("1.6",))}
SHEETS = {"OCPP 1.6 errata": "specification", "OCPP-J 1.6 errata": "ocpp_j"}
FIRST_AND_LAST = {
    "specification": {"3": (1, 91), "4": (1, 29)},
    "ocpp_j": {"2": (1, 6), "3": (1, 12), "5": (1, 2)},
}
"""First and last number of each chapter of the sheets of release 2025-04; the other chapters say that there is none."""
CITATION = re.compile(r"(?P<j>OCPP-J(?: 1\.6)? )?errata (?P<j2>J )?(?P<numbers>\d+\.\d+(?:(?:, | and )\d+\.\d+)*)")
OTHER_VERSION = re.compile(r"2\.[01](\.1)?\b[^;\"]*;? ?(and )?$")


def cited(text):
    """Give the errata that a requirement or clause names."""
    found = places(text, "1.6")
    return {(SHEETS[place.document], place.section) for place in found if place.document in SHEETS}


def by_case(case):
    texts = [case.facts["requirements"], *(step.requirement for step in case.steps if step.requirement)]
    return set().union(*map(cited, texts))


CITING = {identifier: by_case(case) for identifier, case in CASES.items()}
CITING |= {one.id: cited(one.clauses[Version.V16]) for one in RULES.values() if Version.V16 in one.clauses}


def mentioned(text):
    """Give the errata of 1.6 that a text names, wherever in it."""
    found = set()
    for line in text.splitlines():
        for one in CITATION.finditer(line):
            if not OTHER_VERSION.search(line[: one.start()]):
                sheet = "ocpp_j" if one["j"] or one["j2"] else "specification"
                found |= {(sheet, number) for number in re.findall(r"\d+\.\d+", one["numbers"])}
    return found


def sources():
    for root in (Path(ocpp_tck.__file__).parent, cases_root()):
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".toml"} and "v20" not in path.parts:
                yield path


def missing(errata_, citing):
    """Say what an erratum names that does not cite it, or has a reason for nothing."""
    for one in errata_:
        silent = [name for name in (*one.cases, *one.rules) if (one.sheet, one.number) not in citing.get(name, ())]
        if bool(silent) is not bool(one.uncited):
            what = f"{', '.join(silent)} must cite it, or `uncited` says why not" if silent else "all cite it"
            yield f"{one.sheet} {one.number}: {what}"


def test_the_numbers_are_those_of_the_sheets():
    assert {
        sheet: [f"{chapter}.{n}" for chapter, (first, last) in parts.items() for n in range(first, last + 1)]
        for sheet, parts in FIRST_AND_LAST.items()
    } == NUMBERS


def test_each_number_has_one_entry_in_their_order():
    assert [(one.sheet, one.number) for one in ERRATA] == [(sheet, n) for sheet in NUMBERS for n in NUMBERS[sheet]]


@pytest.mark.parametrize("one", ERRATA, ids=lambda one: f"{one.sheet}-{one.number}")
def test_an_entry_names_what_is_there_and_what_its_effect_asks_for(one):
    assert one.effect in errata.EFFECTS
    assert one.section
    assert one.says.endswith(".")
    assert [name for name in one.cases if name not in CASES] == []
    assert [name for name in one.rules if Version.V16 not in RULES[name].levels] == []
    assert len(set(one.cases)) == len(one.cases)
    needs = {"case": bool(one.cases), "rule": bool(one.rules), "schema": bool(one.rules)}
    assert needs.get(one.effect, not (one.cases or one.rules))


def test_what_is_named_cites_the_erratum_or_the_file_says_why_not():
    assert list(missing(ERRATA, CITING)) == []


def test_a_citation_that_is_missing_is_seen():
    entry = errata.Erratum("specification", "3.19", "4.9", "case", "Something.", ("TC_003_CS",))
    excused = errata.Erratum("specification", "3.19", "4.9", "case", "Something.", ("TC_003_CS",), uncited="because")
    cites = {"TC_003_CS": {("specification", "3.19")}}
    assert list(missing([entry, excused], {})) == [
        "specification 3.19: TC_003_CS must cite it, or `uncited` says why not"
    ]
    assert list(missing([entry, excused], cites)) == ["specification 3.19: all cite it"]
    assert list(missing([entry], {"TC_003_CS": {("ocpp_j", "3.19")}})) != []


def test_each_case_and_rule_that_cites_an_erratum_is_named_by_it():
    named = {(one.sheet, one.number): {*one.cases, *one.rules} for one in ERRATA}
    wrong = [
        f"{name} cites {sheet} {number}, which does not name it"
        for name, every in CITING.items()
        for sheet, number in sorted(every)
        if name not in named.get((sheet, number), ())
    ]
    assert wrong == []


def test_each_citation_in_the_code_has_its_entry():
    known = {(one.sheet, one.number) for one in ERRATA}
    found = {path: mentioned(path.read_text(encoding="utf-8")) for path in sources()}
    assert len(set().union(*found.values())) > len(ERRATA) / 3, "the citations of the code are not found"
    assert {path: unknown for path, every in found.items() if (unknown := every - known)} == {}


def test_citations_are_read():
    assert mentioned("1.6 4.8; errata 3.32, 3.9 and 4.1") == {("specification", n) for n in ("3.32", "3.9", "4.1")}
    assert mentioned('"OCPP-J 1.6 4.1; errata J 3.1, 5.2"') == {("ocpp_j", "3.1"), ("ocpp_j", "5.2")}
    assert mentioned("OCPP-J 1.6 errata 3.8") == mentioned("OCPP-J errata 3.8") == {("ocpp_j", "3.8")}
    assert mentioned('"OCPP 2.0.1 Part 4 4.1.4; errata 4.6"') == set()
    assert mentioned("OCPP-J 1.6 4.1 and errata J 3.5; OCPP 2.0.1 Part 4 4.1 and errata 4.6") == {("ocpp_j", "3.5")}


def test_the_editions_are_those_that_the_kit_judges_by():
    head = (cases_root() / "errata16.toml").read_text(encoding="utf-8").partition("[numbers]")[0]
    (release,) = re.findall(r"release (\d{4}-\d\d)", head)
    named = [text for text in EDITIONS[Version.V16] if "errata" in text]
    assert len(named) == len(NUMBERS)
    assert all(text.endswith(f"errata sheet {release}") for text in named)
