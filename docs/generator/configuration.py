"""The references of ocpp-tck.toml: its keys, the questions of [pics], and the actions of the drivers."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING

from generator.markdown import block, code, generated, plain, prose, table
from ocpp_tck import config_overlay, pics, settings
from ocpp_tck.config import VERSIONS, template
from ocpp_tck.roles.drivers.actions import STATION, actions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = ("csms", "cs")
_TABLE = re.compile(r"^(?:# )?(\[\[?[\w.]+\]\]?)\s*(?:#\s*(.*))?$")
_KEY = re.compile(r"^(?:# )?([\w\"-]+) = (.*?)(?:\s+#\s+(.*))?$")
_TABLES = {
    "": settings.Settings,
    "sut": settings.Sut,
    "connection": settings.Connection,
    "connection.tls": settings.Tls,
    "connection.stations": settings.Identity,
    "station": settings.Hardware,
    "station.evses": settings.Evse,
    "test_data": settings.TestData,
    "limits": settings.Limits,
    "files": settings.Files,
}
_DRIVERS = {
    "order": "the drivers that are asked, the first one first",
    "url": "where the request goes, with placeholders",
    "method": "GET, POST, PUT, PATCH or DELETE",
    "body": "what is sent, with placeholders; escaped as the Content-Type header asks",
    "headers": "a table of headers, with placeholders; Content-Type is application/json without one",
    "timeout": "seconds until the action has failed",
    "supported": "false: this driver leaves the action to the next one",
    "run": "the program and its arguments, with placeholders",
    "path": "the class: file.py:Class or module:Class",
    "options": "arguments of the class",
}
"""What the keys of the drivers' tables mean; the templates say it of the tables as a whole."""
_OTHERS = {
    "sut.model": "likewise",
    "station.evses.id": "its number; the EVSEs are numbered from 1 without gaps",
    "station.evses.connectors": "how many connectors it has",
}


@dataclass(slots=True)
class Key:
    """One key of a table, as the template of a configuration shows it.

    Attributes:
        example: its value there, which is the default where the line is commented out.
        meaning: what is said beside it.
        where: the kinds of product, such as `cs 1.6`, in whose template it stands.
    """

    example: str
    meaning: str
    where: list[str]


@cache
def tables() -> dict[str, dict[str, Key]]:
    """Give the keys of each table of the configuration, [pics] apart, from the four templates."""
    found: dict[str, dict[str, Key]] = {}
    for role in ROLES:
        for version in ("1.6", "2.0.1"):
            for name, key, example, meaning in _lines(template(role, version)):
                one = found.setdefault(name, {}).setdefault(key, Key(example, meaning, []))
                one.meaning = one.meaning or meaning
                one.where.append(f"{role} {version}")
    return found


def _lines(text: str) -> Iterator[tuple[str, str, str, str]]:
    name = ""
    for line in text.splitlines():
        if heading := _TABLE.match(line):
            name = heading[1].strip("[]")
        elif (key := _KEY.match(line)) and name != "pics":
            yield name, key[1].strip('"'), key[2].strip(), key[3] or ""


def documented(kind: type) -> dict[str, str]:
    """Give what a class says of its attributes in its docstring."""
    text = inspect.getdoc(kind) or ""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.partition("Attributes:\n")[2].splitlines():
        if start := re.match(r"^    (\w[\w, ]*): (.*)$", line):
            names = [name.strip() for name in start[1].split(",")]
            found |= dict.fromkeys(names, start[2])
        elif line.startswith("        "):
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def page() -> str:
    """Give the page of all keys."""
    parts = [
        "# Configuration\n",
        generated("the template that `ocpp-tck init` writes and from the classes that receive the values"),
        (
            "A key comes from an option of the command, else from the environment, else from the file, else it has its "
            "default. Unknown keys and wrong values are all reported at once, with their place. Relative paths "
            "count from "
            "the file's folder.\n"
        ),
        *(_section(name) for name in tables()),
        "## [pics]\n\nThe questions about the product: [Questions of \\[pics\\]](pics.md).\n",
        "## Whole files\n",
    ]
    for role in ROLES:
        title = "CSMS" if role == "csms" else "charging station"
        parts.append(f"### A {title} of 1.6\n\n{block(template(role, '1.6'), 'toml')}")
    return "\n".join(parts)


def _section(name: str) -> str:
    environment = config_overlay.keys()
    rows = []
    for key, one in tables()[name].items():
        dotted = f"{name}.{key}" if name else key
        variable = code(config_overlay.variable(dotted)) if dotted in environment else ""
        rows.append((f"{code(key)}{_only(one.where)}", code(one.example), prose(meaning(name, key, one)), variable))
    double = name in {"connection.stations", "station.evses"}
    title = f"[[{name}]]" if double else f"[{name}]" if name else "Before the first table"
    title = title.replace(".actions.reset", ".actions.<action>")
    more = " Any key of the table above; what is absent is as there." if ".actions." in name else ""
    heads = ("key", "default or example", "meaning", "environment")
    return f"## {plain(title)}\n\n{more.strip()}\n\n{table(heads, rows)}"


def meaning(name: str, key: str, one: Key) -> str:
    """Give what a key means: what its class says of it, else what the template does."""
    if name.startswith("driver"):
        return _DRIVERS.get(key, "") or one.meaning
    said = documented(_TABLES[name]) if name in _TABLES else {}
    return said.get(key, "") or one.meaning or _OTHERS.get(f"{name}.{key}", "")


def _only(where: list[str]) -> str:
    """Say of which products a key is, when not of all."""
    if len(where) == len(ROLES) * 2:
        return ""
    roles, versions = {one.split()[0] for one in where}, {one.split()[1] for one in where}
    words = sorted(roles) if len(roles) == 1 else []
    words += ["1.6" if versions == {"1.6"} else "2.x"] if len(versions) == 1 else []
    return f" ({' '.join(words)})" if words else ""


def without_a_place() -> list[str]:
    """Give the keys that the kit reads and that the page does not have."""
    have = {f"{name}.{key}" if name else key for name, keys in tables().items() for key in keys}
    every = config_overlay.keys()
    known = {key for key in every if not key.startswith("pics.")}
    for name, kind in _TABLES.items():
        if is_dataclass(kind) and name not in {"", "connection", "connection.stations"}:
            known |= {f"{name}.{field.name}" for field in fields(kind)}
    return sorted(known - have - {"station.evses"})


def pics_page() -> str:
    """Give the page of the questions that [pics] answers."""
    parts = [
        "# Questions of [pics]\n",
        generated("the table of features"),
        (
            "`true` or `false` each. A case that hangs on a question that is not answered is *not run*. See "
            "[PICS and profiles](../pics.md).\n"
        ),
    ]
    for role in ROLES:
        for version in VERSIONS:
            asked = pics.features(version, role).values()
            rows = [(code(one.id), plain(one.question)) for one in asked]
            title = f"{'CSMS' if role == 'csms' else 'Charging station'} {version}"
            parts.append(f"## {title}\n\n{table(('id', 'question'), rows) or 'No questions.'}")
    return "\n".join(parts)


def actions_page() -> str:
    """Give the page of the actions that a driver may be asked for."""
    parts = [
        "# Actions of the drivers\n",
        generated("the table of actions"),
        (
            "What a case may ask a [driver](../drivers.md) to make the product do. A field that ends in `?` may "
            "be absent. "
            "In a URL template `{action}` is the name as here, `{action_kebab}` has hyphens, `{action_camel}` is "
            "the OCPP "
            "spelling.\n"
        ),
        "## A charging station is made to\n",
        table(
            ("action", "payload", "what happens"),
            ((code(one.name), code(", ".join(one.fields)), plain(one.meaning)) for one in STATION),
        ),
        "## A CSMS is made to send\n\nThe payload is that of the OCPP request.\n",
    ]
    sent: dict[str, list[str]] = {}
    for version in VERSIONS:
        for one in actions("csms", version).values():
            if one.request:
                sent.setdefault(one.name, []).append(version)
    names = {one.name: one.request for version in VERSIONS for one in actions("csms", version).values()}
    rows = ((code(name), names[name], ", ".join(versions)) for name, versions in sorted(sent.items()))
    parts.append(table(("action", "request", "versions"), rows))
    parts.append("## A CSMS is set up by\n")
    heads = ("action", "payload", "what happens")
    settings_rows = (
        (code(one.name), code(", ".join(one.fields)), plain(one.meaning))
        for one in actions("csms", "2.1").values()
        if not one.request
    )
    parts.append(table(heads, settings_rows))
    return "\n".join(parts)


__all__ = ["actions_page", "page", "pics_page", "tables", "without_a_place"]
