"""Where a requirement stands in the documents: `1.6 4.8; errata 3.32` as document, section, requirement.

Cases and rules carry their requirements as the documents number them. The titles of sections and use cases are in
`places.json`; a number that is not there is shown without one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WHITEPAPER = "OCPP 1.6 security whitepaper edition 3"
_NAMED = (
    (re.compile(r"(?:OCPP )?(?:1\.6 )?security whitepaper ?"), _WHITEPAPER),
    (re.compile(r"OCPP-J(?: 1\.6)? errata |errata J "), "OCPP-J 1.6 errata"),
    (re.compile(r"OCPP-J(?: 1\.6)? "), "OCPP-J 1.6"),
    (re.compile(r"(?:OCPP )?1\.6 "), "OCPP 1.6 edition 2"),
    (re.compile(r"(?:OCPP )?(2\.0\.1|2\.1) (?:Part (\d) )?"), ""),
    (re.compile(r"Part (\d) "), ""),
    (re.compile(r"errata "), "errata"),
)
_REQUIREMENT = re.compile(r"([A-R]\d\d)\.FR\.\d+")
_USE_CASE = re.compile(r"[A-R]\d\d")
_SECTION = re.compile(r"(?:§ ?)?(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a document.

    Attributes:
        document: its name with the version.
        section: number of the section, or id of the use case; empty when only words are known.
        title: of that section or use case; empty when unknown.
        requirements: ids within it, or the words themselves.
    """

    document: str
    section: str
    title: str
    requirements: tuple[str, ...] = ()


def places(text: str, version: str) -> tuple[Place, ...]:
    """Read the requirements of a case, step or rule of one OCPP version; equal places are one."""
    found: dict[tuple[str, str], Place] = {}
    document = ""
    for part in text.split(";"):
        document, items = _document(part.strip(), version, document)
        for said in filter(None, (one.strip() for one in items.split(","))):
            place = _place(*_document(said, version, document), version)
            key = place.document, place.section
            known = found.get(key)
            found[key] = place if known is None else _joined(known, place)
    return tuple(found.values())


def _joined(first: Place, second: Place) -> Place:
    more = tuple(one for one in second.requirements if one not in first.requirements)
    return Place(first.document, first.section, first.title, (*first.requirements, *more))


def _document(text: str, version: str, before: str) -> tuple[str, str]:
    """Take the document off the front of a text; without one it is that before, or the version's own."""
    for pattern, name in _NAMED:
        found = pattern.match(text)
        if found is not None:
            return _named(name, found, version), text[found.end() :]
    return before or ("OCPP 1.6 edition 2" if version == "1.6" else f"OCPP {version} Part 2"), text


def _named(name: str, found: re.Match[str], version: str) -> str:
    if name == "errata":
        return f"OCPP {version} errata"
    if name:
        return name
    said = found.groups()
    of, number = said if len(said) > 1 else (version, said[0])
    return f"OCPP {of} Part {number or 2}"


def _place(document: str, item: str, version: str) -> Place:
    requirement = _REQUIREMENT.match(item)
    use_case = _USE_CASE.fullmatch(item)
    if requirement or use_case:
        named = _WHITEPAPER if version == "1.6" else document
        section = requirement[1] if requirement else item
        return Place(named, section, _titles(named).get(section, ""), (item,) if requirement else ())
    section = _SECTION.fullmatch(item)
    if section:
        return Place(document, section[1], _titles(document).get(section[1], ""))
    return Place(document, "", "", (item,))


def _titles(document: str) -> dict[str, str]:
    return _known().get(document, {})


@cache
def _known() -> dict[str, dict[str, str]]:
    text = files("ocpp_tck.report").joinpath("places.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, str]] = json.loads(text)
    return known
