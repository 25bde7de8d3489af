"""Payloads against the official JSON Schemas, formats on. The only module that imports a validator.

`jsonschema-rs` checks every payload. Before a payload is refused, `jsonschema` with decimals and format checkers must
agree: floats make it refuse legal limits (`multipleOf: 0.1`), so it never decides alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from functools import cache
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import jsonschema
import jsonschema_rs

from ocpp_tck.protocol import moments
from ocpp_tck.protocol.directions import BOTH, FROM_STATION, UNCONFIRMED
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Side, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["request", "response"]
MAX_FINDINGS = 5
"""So many findings of one payload are reported; the rest repeats the first causes."""
LARGE = 100_000
"""Characters of a payload from which on only its first error is looked for: a megabyte can hold 300,000 errors."""

_PACKAGES = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
_RULES = {
    "required": "schema.required",
    "additionalProperties": "schema.additional",
    "type": "schema.type",
    "enum": "schema.enum",
    "maxLength": "schema.length",
    "minItems": "schema.items",
    "maxItems": "schema.items",
    "minimum": "schema.range",
    "maximum": "schema.range",
    "multipleOf": "schema.multiple",
}
_EXACT = Context(prec=5_000, Emin=-10_000, Emax=10_000)
"""Digits enough to divide the longest number of a frame without rounding."""
_FIELD_LENGTH: dict[Version, frozenset[tuple[str, str]]] = {
    Version.V16: frozenset(),
    Version.V201: frozenset({("Get15118EVCertificate", "exiResponse")}),
    Version.V21: frozenset(
        {
            ("Get15118EVCertificate", "exiRequest"),
            ("Get15118EVCertificate", "exiResponse"),
            ("GetCertificateStatus", "ocspResult"),
            ("", "content"),
        }
    ),
}
"""Fields whose length the station may announce (OCPPCommCtrlr.FieldLength), by action; an empty one stands for any."""


class ValidatorsDisagree(Exception):
    """The two validators differ about a payload: a fault of the kit, never of the product.

    Attributes:
        payload: the payload.
        first: what jsonschema-rs found.
        second: what jsonschema found: nothing, or it would not be a disagreement.
    """

    def __init__(self, what: str, payload: Json, first: list[str]) -> None:
        super().__init__(f"jsonschema accepts this {what}, jsonschema-rs refuses it ({'; '.join(first)}): {payload!r}")
        self.payload = payload
        self.first = first
        self.second: list[str] = []


def _name(version: Version, action: str, kind: Kind) -> str:
    if kind == "response":
        return f"{action}Response.json"
    plain = version is Version.V16 or action in UNCONFIRMED
    return f"{action}.json" if plain else f"{action}Request.json"


@cache
def known_actions(version: Version) -> frozenset[str]:
    """Give the actions that have a schema in that version, unconfirmed ones (2.1) included."""
    folder = resources.files("ocpp") / _PACKAGES[version] / "schemas"
    names = {entry.name.removesuffix("Response.json") for entry in folder.iterdir()}
    confirmed = {name for name in names if not name.endswith(".json")}
    return frozenset(confirmed | UNCONFIRMED if version is Version.V21 else confirmed)


def direction(version: Version, action: str) -> frozenset[Side]:
    """Give the sides that may send the CALL (or SEND) of an action; empty for an unknown action."""
    if action in BOTH:
        return frozenset(Side)
    if action in FROM_STATION[version]:
        return frozenset({Side.STATION})
    return frozenset({Side.CSMS} if action in known_actions(version) else ())


@cache
def schema(version: Version, action: str, kind: Kind) -> dict[str, Any]:
    """Give the schema of one message, corrected where the `ocpp` package differs from the official file or its errata.

    Raises:
        FileNotFoundError: that version has no such message.
    """
    if action not in known_actions(version):  # the action is the product's: it must not name a file
        raise FileNotFoundError(action)
    path = resources.files("ocpp") / _PACKAGES[version] / "schemas" / _name(version, action, kind)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    if version is Version.V16 and kind == "request" and action in {"MeterValues", "StopTransaction"}:
        _correct_meter_values(document)
    if version is Version.V201 and kind == "response" and action == "Get15118EVCertificate":
        document["properties"]["exiResponse"]["maxLength"] = 5600
    return document


def _correct_meter_values(node: Json) -> None:
    """1.6: no `minItems` in the official files; both spellings of Celsius (errata J 2.1).

    `Hertz` stays: errata 3.86 names it as the unit of Frequency, so the rule `meter.hertz` only recommends.
    """
    if isinstance(node, dict):
        node.pop("minItems", None)
        units = node.get("enum", [])
        if "Wh" in units:
            node["enum"] = sorted({*units, "Celsius", "Celcius", "Hertz"})
        for item in node.values():
            _correct_meter_values(item)


@cache
def _fast(version: Version, action: str, kind: Kind) -> Any:
    document = schema(version, action, kind)
    is_4 = "draft-04" in document["$schema"]
    make = jsonschema_rs.Draft4Validator if is_4 else jsonschema_rs.Draft6Validator
    return make(document, validate_formats=True)


@cache
def _second(version: Version, action: str, kind: Kind) -> Any:
    document = schema(version, action, kind)
    make = _Second4 if "draft-04" in document["$schema"] else _Second6
    formats = jsonschema.FormatChecker(formats=())
    formats.checkers = {"date-time": (_is_time, ()), "uri": (_is_uri, ValueError)}
    return make(_decimal(document), format_checker=formats)


def _is_whole(checker: Any, value: object) -> bool:
    """Whether a number is an integer to drafts 6 and later, which know `3.0` as one."""
    del checker
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


_Second4: Any = jsonschema.Draft4Validator
_Second6: Any = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft6Validator, type_checker=jsonschema.Draft6Validator.TYPE_CHECKER.redefine("integer", _is_whole)
)
_CHECKERS = jsonschema.Draft6Validator.FORMAT_CHECKER.checkers


def _is_time(value: object) -> bool:
    """As the checker of jsonschema, which lets a trailing newline pass."""
    check, _ = _CHECKERS["date-time"]
    return bool(check(value)) and not (isinstance(value, str) and value.endswith("\n"))


def _is_uri(value: object) -> bool:
    """As the checker of jsonschema, which lets a trailing newline and leading zeros of an IPv4 address pass.

    Raises:
        ValueError: it is none.
    """
    check, _ = _CHECKERS["uri"]
    check(value)
    if isinstance(value, str):
        urlsplit(value)  # refuses an address in brackets that is none
    return not (isinstance(value, str) and value.endswith("\n"))


def _decimal(value: Json) -> Json:
    return json.loads(json.dumps(value), parse_float=Decimal)


def violations(version: Version, action: str, kind: Kind, payload: Json) -> tuple[Violation, ...]:
    """Give what is wrong with a payload, first cause first; empty for an action without a schema.

    Raises:
        ValidatorsDisagree: the second validator accepts what the first one refuses.
    """
    try:
        validator = _fast(version, action, kind)
    except FileNotFoundError:
        return ()
    if validator.is_valid(payload):
        return ()
    first = _errors(validator, payload)
    if _second_accepts(version, action, kind, payload):
        raise ValidatorsDisagree(f"{action} {kind}", payload, [error.message for error in first])
    found = [_violation(version, action, kind, payload, error) for error in first]
    mistyped = {violation.path for violation in found if violation.rule == "schema.type"}
    first_causes = [one for one in found if one.rule == "schema.type" or one.path not in mistyped]
    return tuple(sorted(first_causes, key=lambda violation: violation.level.value))


def _errors(validator: Any, payload: Json) -> list[Any]:
    """Give the first errors; only one of a large payload, since the validator makes all of them at once."""
    if len(repr(payload)) < LARGE:
        return list(islice(validator.iter_errors(payload), MAX_FINDINGS))
    found: list[Any] = []
    try:
        validator.validate(payload)
    except jsonschema_rs.ValidationError as error:
        found.append(error)
    return found


def _second_accepts(version: Version, action: str, kind: Kind, payload: Json) -> bool:
    with localcontext(_EXACT):
        return bool(_second(version, action, kind).is_valid(_decimal(payload)))


@dataclass(frozen=True, slots=True)
class Objection:
    """One fault that a validator finds: where, against which keyword, and the value there."""

    place: tuple[str | int, ...]
    keyword: str
    value: Json = field(compare=False)


def objections(
    version: Version, action: str, kind: Kind, payload: Json
) -> tuple[frozenset[Objection], frozenset[Objection]]:
    """Give what jsonschema-rs and what jsonschema find wrong, each asked by itself."""
    fast = frozenset(_objection(payload, error) for error in _fast(version, action, kind).iter_errors(payload))
    with localcontext(_EXACT):
        errors = _second(version, action, kind).iter_errors(_decimal(payload))
        return fast, frozenset(_objection(payload, error) for error in errors)


def _objection(payload: Json, error: Any) -> Objection:
    path = error.absolute_path if isinstance(error, jsonschema.ValidationError) else error.instance_path
    return Objection(tuple(path), str(error.schema_path[-1]), _at(payload, path))


def _at(payload: Json, place: Iterable[str | int]) -> Json:
    for part in place:
        payload = payload[part]
    return payload


def _violation(version: Version, action: str, kind: Kind, payload: Json, error: Any) -> Violation:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    path = "".join(parts).removeprefix(".")
    text = f"{action} {kind}{f' at {path}' if path else ''}: {error.message}"
    keyword = error.schema_path[-1]
    detail = f"schema {_name(version, action, kind)}"
    if keyword == "format":
        value = _at(payload, error.instance_path)
        return broken(_format_rule(version, value, error.message), version, text, path, detail)
    rule = _RULES[keyword]
    if rule == "schema.length" and {(name, error.instance_path[-1]) for name in (action, "")} & _FIELD_LENGTH[version]:
        rule = "schema.field_length"
    return broken(rule, version, text, path, detail)


def _format_rule(version: Version, value: str, message: str) -> str:
    if not message.endswith('"date-time"'):
        return "schema.uri"
    moment = moments.read(value)
    if moment is None:
        return "time.format"
    if moment.tzinfo is None:
        return "time.zone"
    return "time.iso8601" if version is Version.V16 else "time.format"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value that a message may hold.

    Attributes:
        path: where; `[]` stands for every item of a list.
        owner: data type or message (`…Request`, `…Response`) that the field belongs to.
        type: `date-time`, or the JSON type; empty for any.
    """

    path: tuple[str, ...]
    owner: str
    type: str


@cache
def leaves(version: Version, action: str, kind: Kind) -> tuple[Leaf, ...]:
    """Give all single values that a message may hold; none for an action without a schema."""
    try:
        document = schema(version, action, kind)
    except FileNotFoundError:
        return ()
    return tuple(_leaves(document, document, (), f"{action}{kind.capitalize()}"))


@cache
def times(version: Version, action: str, kind: Kind) -> tuple[tuple[str, ...], ...]:
    """Give the paths of all date-times of a message."""
    return tuple(leaf.path for leaf in leaves(version, action, kind) if leaf.type == "date-time")


def _leaves(root: dict[str, Any], node: dict[str, Any], path: tuple[str, ...], owner: str) -> list[Leaf]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = root["definitions"][name]
        owner = name if "properties" in node else owner
    found = []
    for name, child in node.get("properties", {}).items():
        found += _leaves(root, child, (*path, name), owner)
    if "items" in node:
        found += _leaves(root, node["items"], (*path, "[]"), owner)
    elif "properties" not in node:
        found.append(Leaf(path, owner, node.get("format", node.get("type", ""))))
    return found
