"""The reference of report.json, from its JSON Schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from generator.markdown import code, generated, plain, prose, table

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]


def source() -> str:
    """Give the JSON Schema as it stands in the kit."""
    return (files("ocpp_tck.report") / "report.schema.json").read_text(encoding="utf-8")


def page() -> str:
    """Give the page."""
    schema: Schema = json.loads(source())
    defined: dict[str, Schema] = schema.get("$defs", {})
    parts = [
        "# report.json\n",
        generated("`report.schema.json`"),
        (
            f"{prose(schema.get('description', ''))} For programs: [the JSON Schema](report.schema.json). The "
            "file is a "
            "pure function of the journals: the same journals give the same bytes. A field marked \\* is always "
            "there.\n"
        ),
        "## The whole\n",
        _table(schema),
    ]
    for name, one in defined.items():
        about = f"{prose(one['description'])}\n\n" if "description" in one else ""
        body = _table(one) or f"{_kind(one)}\n"
        parts.append(f"## {name} {{#def-{name.lower()}}}\n\n{about}{body}")
    return "\n".join(parts)


def _table(schema: Schema) -> str:
    return table(("field", "type", "meaning"), _rows(schema, ""))


def _rows(schema: Schema, before: str) -> Iterator[tuple[str, str, str]]:
    needed = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        path = f"{before}{name}"
        star = "*" if name in needed else ""
        yield f"{code(path)}{plain(star)}", _kind(one), prose(one.get("description", ""))
        inner = one.get("items", one) if isinstance(one.get("items", one), dict) else one
        yield from _rows(inner, f"{path}[]." if inner is not one else f"{path}.")


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#def-{name.lower()})"
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(json.dumps(one)) for one in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_kind(one) for one in schema[word])
    kind = schema.get("type", "any")
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"array of {_kind(schema['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
