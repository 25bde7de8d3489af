"""The errata of OCPP 1.6, one by one, from `testcases/errata16.toml`."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.markdown import code, generated, prose, table
from generator.rules import anchor
from ocpp_tck.case import cases_root

if TYPE_CHECKING:
    from pathlib import Path

EFFECTS = {
    "case": "it changes what is right on the wire, and cases hold products to it",
    "rule": "the same, and rules of frames do, in every case",
    "schema": "the same, and the JSON schema has it",
    "editorial": "it changes nothing on the wire",
    "not checkable": "it does, or might, and nothing in the kit can show it; the sentence tells why",
}
SHEETS = {
    "specification": ("Errata of OCPP 1.6 edition 2", ""),
    "ocpp_j": ("Errata of OCPP-J 1.6", "j-"),
}
"""Heading and start of the anchors of each sheet."""


@dataclass(frozen=True, slots=True)
class Erratum:
    """One erratum and what the kit makes of it.

    Attributes:
        sheet: key of `SHEETS`.
        number: its number in the sheet.
        section: what it is about, as edition 2 or OCPP-J 1.6 numbers it.
        effect: key of `EFFECTS`.
        says: what it asks for, or why it is not looked at, in our words.
        cases: ids of the cases that rest on it.
        rules: ids of the rules that rest on it.
        uncited: why one of these does not cite it; empty when all do.
    """

    sheet: str
    number: str
    section: str
    effect: str
    says: str
    cases: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    uncited: str = ""


def read(path: Path | None = None) -> tuple[dict[str, list[str]], list[Erratum]]:
    """Give the numbers of each sheet, and the errata in the order of the file.

    Raises:
        TypeError: an entry lacks a key or has an unknown one.
    """
    content = tomllib.loads((path or cases_root() / "errata16.toml").read_text(encoding="utf-8"))
    lists = ("cases", "rules")
    entries = [one | {name: tuple(one.get(name, ())) for name in lists} for one in content["erratum"]]
    return content["numbers"], [Erratum(**one) for one in entries]


def page() -> str:
    """Give the page."""
    _, every = read()
    counts = Counter(one.effect for one in every)
    parts = [
        "# Errata of OCPP 1.6\n",
        generated("`testcases/errata16.toml`"),
        (
            f"Each of the {len(every)} errata of both sheets (release 2025-04), what it asks of a product, and which "
            "[cases](../cases/index.md) and [rules](rules.md) hold products to it. Below each number is the section "
            "that it is on. The sentences are the kit's own: "
            "lay the sheets beside the page. You read one of them otherwise? [Appeal](../appeal.md).\n"
        ),
        table(
            ("effect", "errata", "meaning"),
            ((name, str(counts[name]), meaning) for name, meaning in EFFECTS.items()),
        ),
    ]
    for sheet, (title, _) in SHEETS.items():
        parts.append(f"## {title}\n")
        parts.append(
            table(
                ("erratum", "what it comes to", "effect"),
                (_row(one) for one in every if one.sheet == sheet),
            )
        )
    return "\n".join(parts)


def _row(one: Erratum) -> tuple[str, ...]:
    place = SHEETS[one.sheet][1] + one.number.replace(".", "-")
    where = [*(_case(name) for name in one.cases), *(f"[{code(name)}](rules.md#{anchor(name)})" for name in one.rules)]
    uncited = f" Not cited there: {prose(one.uncited)}." if one.uncited else ""
    number = f'<strong id="{place}">{one.number}</strong><br>on {prose(one.section)}'
    return number, prose(one.says) + uncited, "<br>".join((f"**{one.effect}**", *where))


def _case(identifier: str) -> str:
    sut = identifier.rpartition("_")[2].lower()
    return f"[{identifier}](../cases/16-{sut}.md#{identifier.lower().replace('_', '-')})"
