"""Payloads against the official JSON Schemas, formats on. The only module that imports a validator.

`jsonschema-rs` checks every payload; before the product is failed `jsonschema` must agree.
"""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal

import jsonschema
import jsonschema_rs

from ocpp_tck.protocol.types import Json, Level, Version, Violation

Kind = Literal["request", "response"]
_PACKAGES = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}


class ValidatorsDisagree(Exception):
    """The two validators differ about a payload: a fault of the kit, never of the product."""


def _name(version: Version, action: str, kind: Kind) -> str:
    request = "" if version is Version.V16 else "Request"
    return f"{action}{request if kind == 'request' else 'Response'}.json"


@cache
def known_actions(version: Version) -> frozenset[str]:
    """Give the actions that have a schema in that version."""
    folder = resources.files("ocpp") / _PACKAGES[version] / "schemas"
    names = {entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith("Response.json")}
    return frozenset(name.removesuffix("Response") for name in names)


@cache
def schema(version: Version, action: str, kind: Kind) -> dict[str, Any]:
    """Give the schema of one message, corrected to the official file where the `ocpp` package differs."""
    path = resources.files("ocpp") / _PACKAGES[version] / "schemas" / _name(version, action, kind)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    if version is Version.V16 and action in {"MeterValues", "StopTransaction"} and kind == "request":
        document = copy.deepcopy(document)
        _correct_16(document)
    return document


def _correct_16(node: Json) -> None:
    """OCPP-J 1.6 errata 2.1: both spellings of Celsius; `Hertz` and minItems are additions of the package."""
    if isinstance(node, list):
        for item in node:
            _correct_16(item)
    elif isinstance(node, dict):
        if isinstance(node.get("enum"), list) and "Wh" in node["enum"]:
            node["enum"] = [unit for unit in node["enum"] if unit not in {"Hertz", "Celsius"}] + ["Celsius"]
        if node.get("type") == "array":
            node.pop("minItems", None)
        for item in node.values():
            _correct_16(item)


@cache
def _fast(version: Version, action: str, kind: Kind) -> Any:
    make = jsonschema_rs.Draft4Validator if version is Version.V16 else jsonschema_rs.Draft6Validator
    return make(schema(version, action, kind), validate_formats=True)


@cache
def _second(version: Version, action: str, kind: Kind) -> Any:
    make = jsonschema.Draft4Validator if version is Version.V16 else jsonschema.Draft6Validator
    return make(_decimal(schema(version, action, kind)), format_checker=make.FORMAT_CHECKER)


def _decimal(value: Json) -> Json:
    return json.loads(json.dumps(value), parse_float=Decimal)


def violations(version: Version, action: str, kind: Kind, payload: Json) -> tuple[Violation, ...]:
    """Give what is wrong with a payload; empty for an action without a schema.

    Raises:
        ValidatorsDisagree: the second validator accepts what the first one refuses.
    """
    if action not in known_actions(version):
        return ()
    validator = _fast(version, action, kind)
    if validator.is_valid(payload):
        return ()
    if _second(version, action, kind).is_valid(_decimal(payload)):
        raise ValidatorsDisagree(f"jsonschema accepts {action} {kind}, jsonschema-rs refuses: {json.dumps(payload)}")
    clause = f"{action} JSON schema, OCPP {version}"
    found = []
    for error in validator.iter_errors(payload):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path).lstrip(".")
        text = f"{action} {kind}{f' at {path}' if path else ''}: {error.message}"
        found.append(Violation(f"schema.{kind}", Level.MUST, text, clause, path))
    return tuple(found)
