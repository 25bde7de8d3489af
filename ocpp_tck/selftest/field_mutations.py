"""Mutants of the payload of one frame: each field at every depth, each element of each array.

An array may be long (40 configuration keys). Of its elements of one shape (the same keys) the first two and the last
two are mutated fully; in those between only single values are dropped or become another value.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import Do, Remove, Set, put, take
from ocpp_tck.selftest.change import Change
from ocpp_tck.selftest.legality import V16, Node, against_schema, against_types, is_time
from ocpp_tck.selftest.legality_fields import against_text, has_text
from ocpp_tck.selftest.mutation import Nature

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEND = 6
_PLACES = {2: 3, 3: 2, _SEND: 3}
"""Where the payload stands, by message type."""

_FULL = 2
_LONG = 40_000
_HOURS = timedelta(hours=3)
_ELSEWHERE = timezone(timedelta(hours=1))
_UNKNOWN = "TckUnknown"
_EXTRA = "tckExtra"
_VENDOR = "org.ocpp-tck.selftest"
_OF_ITS_MOMENT = frozenset(
    f"time.{what}" for what in ("other_zone", "no_fraction", "millis", "micros", "hours_late", "hours_early")
)
_OTHERS: dict[str, Any] = {
    "string": "text",
    "number": 5,
    "boolean": True,
    "object": {},
    "array": [],
    "null": None,
}


@dataclass(frozen=True, slots=True)
class _Site:
    """One value of the payload.

    Attributes:
        node: its place in the schema; None when the schema does not say.
        path: where it is.
        name: how a person calls it.
        value: what it is.
        is_required: the schema requires it.
        is_element: it is an element of an array.
        is_thin: it lies within an element of a long array that is not mutated fully.
        room: how many elements the array that it is in has more than it must have.
    """

    node: Node | None
    path: str
    name: str
    value: Any
    is_required: bool = False
    is_element: bool = False
    is_thin: bool = False
    room: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A change before it is known what the documents say.

    Attributes:
        operator, text: as for a mutation.
        value: the new value; with `is_drop` there is none.
        node: what the new value is held against.
        allowed: the clause that allows it, when it is legal by itself.
        broken: the clause that it breaks, when that is known.
        path: where, when it is not at the site itself.
    """

    operator: str
    text: str
    value: Any = None
    node: Node | None = None
    allowed: str = ""
    broken: str = ""
    path: str = ""
    is_drop: bool = False


def changes(frame: list[Any], root: Node, sender: str) -> Iterator[Change]:
    """Give the mutants of a payload.

    Args:
        frame: the whole frame, parsed: a CALL, a CALLRESULT or a SEND.
        root: the message in its schema.
        sender: "cs" or "csms".
    """
    place = _PLACES[frame[0]]
    prefix = f"$[{place}]." if frame[0] == _SEND else ""  # the notation finds the other payloads by itself
    for site in _sites(_Site(root, "", "the payload", frame[place])):
        for candidate in _candidates(site):
            path = prefix + candidate.path
            do: Do = Remove((path,)) if candidate.is_drop else Set({path: candidate.value})
            broken = _broken(candidate, frame, do, root, sender)
            nature = Nature.ILLEGAL if broken else Nature.LEGAL if candidate.allowed else Nature.JUDGED
            by = broken or candidate.allowed
            live = not _is_of_the_record(candidate)
            yield Change(candidate.operator, candidate.path, candidate.text, do, nature, by, live)


def _is_of_the_record(candidate: _Candidate) -> bool:
    """Whether the new value is made of one that is another in each run: a time, or a transaction id in words."""
    changing = candidate.operator.startswith("string.") and candidate.path.endswith("transactionId")
    return candidate.operator in _OF_ITS_MOMENT or changing


def _broken(candidate: _Candidate, frame: list[Any], do: Do, root: Node, sender: str) -> str:
    """Give the clause that a candidate breaks; empty for none."""
    broken, node = candidate.broken, candidate.node
    if not broken and node is not None:
        keyword = against_schema(node, candidate.value)
        broken = f"{node.clause}, {keyword}" if keyword else against_types(node, candidate.value, sender)
    if broken or not has_text(root.version, root.action, root.kind):
        return broken
    changed = copy.deepcopy(frame)
    if isinstance(do, Set):
        for path, value in do.values.items():
            put(changed, path, value)
    elif isinstance(do, Remove):
        take(changed, do.paths[0])
    return against_text(root.version, root.action, root.kind, changed[_PLACES[frame[0]]])


# -- which values there are ------------------------------------------------------------------------------------------


def _sites(site: _Site) -> Iterator[_Site]:
    """Give a value and all within it, from the outside in."""
    yield site
    if isinstance(site.value, dict):
        required = site.node.schema.get("required", ()) if site.node else ()
        for name, value in site.value.items():
            if not name or set(name) & set(".[]$"):
                continue  # the notation has no path for it
            node = site.node.named(name) if site.node else None
            path = f"{site.path}.{name}" if site.path else name
            yield from _sites(_Site(node, path, path, value, name in required, is_thin=site.is_thin))
    elif isinstance(site.value, list):
        node = site.node.item() if site.node else None
        room = len(site.value) - (site.node.schema.get("minItems", 0) if site.node else 0)
        full = _full(site.value)
        for index, value in enumerate(site.value):
            path = f"{site.path}[{index}]"
            thin = site.is_thin or index not in full
            yield from _sites(_Site(node, path, path, value, is_element=True, is_thin=thin, room=room))


def _full(elements: list[Any]) -> set[int]:
    shapes = defaultdict(list)
    for index, element in enumerate(elements):
        shapes[frozenset(element) if isinstance(element, dict) else type(element).__name__].append(index)
    return {index for alike in shapes.values() for index in (*alike[:_FULL], *alike[-_FULL:])}


# -- what is done to each --------------------------------------------------------------------------------------------


def _candidates(site: _Site) -> Iterator[_Candidate]:
    if site.path:
        yield _dropped(site)
        if not site.is_thin:
            yield from _retyped(site)
    if isinstance(site.value, dict):
        if not site.is_thin:
            yield from _object(site)
    elif isinstance(site.value, list):
        if not site.is_thin:
            yield from _array(site)
    elif site.is_thin:
        yield from _other(site)
    else:
        yield from _scalar(site)


def _dropped(site: _Site) -> _Candidate:
    broken = ""
    if site.is_element:
        if site.room <= 0 and site.node:
            broken = f"{site.node.clause}, minItems"
        return _Candidate(
            "array.element_dropped", f"{site.name} is dropped", broken=broken, path=site.path, is_drop=True
        )
    if site.is_required and site.node:
        broken = f"{site.node.clause}, required"
    operator = "field.drop_required" if site.is_required else "field.drop_optional"
    return _Candidate(operator, f"{site.name} is dropped", broken=broken, path=site.path, is_drop=True)


def _retyped(site: _Site) -> Iterator[_Candidate]:
    own = _json_type(site.value)
    for wanted, plain in _OTHERS.items():
        value = plain
        if wanted == own:
            continue
        if wanted == "string" and own in {"number", "boolean"}:
            value = str(site.value).lower()
        elif wanted == "number" and own == "string":
            value = _as_number(site.value)
        elif wanted == "array":
            value = [copy.deepcopy(site.value)]
        yield _value(site, f"type.{wanted}", f"{site.name} is {_article(wanted)}", value)


def _object(site: _Site) -> Iterator[_Candidate]:
    schema = site.node.schema if site.node else {}
    closed = schema.get("additionalProperties") is False
    inside = f"{site.path}." if site.path else ""
    if closed and site.node:
        text = f"{site.name} has a property {_EXTRA}"
        yield _Candidate("extra.property", text, 1, broken=site.node.extra_clause, path=f"{inside}{_EXTRA}")
    elif site.node and site.path.endswith("customData"):
        text = f"{site.name} has a further property"
        allowed = f"OCPP {site.node.version} Part 4 chapter 9"
        yield _Candidate("extra.in_custom_data", text, 1, allowed=allowed, path=f"{inside}{_EXTRA}")
    if site.node and "customData" in schema.get("properties", {}) and "customData" not in site.value:
        allowed = f"OCPP {site.node.version} Part 4 chapter 9"
        path = f"{inside}customData"
        value = {"vendorId": _VENDOR, _EXTRA: [1]}
        yield _Candidate("extra.custom_data", f"{site.name} has customData", value, allowed=allowed, path=path)
        broken = f"{site.node.clause}, required"
        text = f"{site.name} has customData without vendorId"
        yield _Candidate("extra.custom_data_anonymous", text, {_EXTRA: 1}, broken=broken, path=path)


def _array(site: _Site) -> Iterator[_Candidate]:
    if not site.value:
        return
    yield _value(site, "array.emptied", f"{site.name} is empty", [])
    longer = [*site.value, site.value[-1]]
    broken = ""
    if site.node and (keyword := against_schema(site.node, longer)):
        broken = f"{site.node.clause}, {keyword}"
    path = f"{site.path}[{len(site.value)}]"
    value = copy.deepcopy(site.value[-1])
    yield _Candidate("array.element_doubled", f"the last of {site.name} stands twice", value, broken=broken, path=path)


def _scalar(site: _Site) -> Iterator[_Candidate]:
    value = site.value
    schema = site.node.schema if site.node else {}
    if isinstance(value, bool):
        yield from _other(site)
    elif isinstance(value, str):
        if "enum" in schema:
            yield from _enum(site, schema["enum"])
        elif is_time(value) and schema.get("format") == "date-time":
            yield from _time(site)
        else:
            yield from _string(site, schema)
    elif isinstance(value, (int, float)):
        yield from _number(site)


def _other(site: _Site) -> Iterator[_Candidate]:
    """Give another legal value, one only."""
    value = site.value
    schema = site.node.schema if site.node else {}
    if isinstance(value, bool):
        yield _value(site, "boolean.flipped", f"{site.name} is {str(not value).lower()}", not value)
    elif isinstance(value, (int, float)):
        yield _value(site, "number.plus_one", f"{site.name} is one more", value + 1)
    elif isinstance(value, str) and "enum" in schema:
        yield from list(_enum(site, schema["enum"]))[:1]
    elif isinstance(value, str) and schema.get("format") == "date-time" and is_time(value):
        yield from (one for one in _time(site) if one.operator == "time.hours_late")
    elif isinstance(value, str):
        yield _value(site, "string.other", f"{site.name} is another text", _another(value))


def _enum(site: _Site, allowed: list[str]) -> Iterator[_Candidate]:
    value = site.value
    for other in allowed:
        if other != value:
            yield _value(site, f"enum.other.{other}", f"{site.name} is {other}", other)
    yield _value(site, "enum.illegal", f"{site.name} is no value of its enumeration", _UNKNOWN)
    yield _value(site, "enum.empty", f"{site.name} is empty", "")
    for other in (value.lower(), value.upper()):
        if other not in allowed:
            yield _value(site, "enum.case", f"{site.name} has another letter case", other)
            return


def _string(site: _Site, schema: dict[str, Any]) -> Iterator[_Candidate]:
    value, longest = site.value, schema.get("maxLength", 0)
    yield _value(site, "string.other", f"{site.name} is another text", _another(value))
    if value:
        yield _value(site, "string.empty", f"{site.name} is empty", "")
    if value.isascii() and value.swapcase() != value:
        allowed = site.node.case_clause if site.node else ""
        yield _value(site, "string.case", f"{site.name} has another letter case", value.swapcase(), allowed)
    yield _value(
        site, "string.blank", f"{site.name} ends with a blank", f"{value[: longest - 1 if longest else None]} "
    )
    if 0 < longest < _LONG:
        if len(value) < longest:
            text = f"{site.name} has {longest} characters"
            yield _value(site, "string.longest", text, value.ljust(longest, "x"))
        text = f"{site.name} has {longest + 1} characters"
        yield _value(site, "string.too_long", text, value.ljust(longest + 1, "x"))


def _number(site: _Site) -> Iterator[_Candidate]:
    value, name = site.value, site.name
    made: list[tuple[str, str, Any]] = [
        ("zero", "zero", 0),
        ("negated", "negated", -value),
        ("plus_one", "one more", value + 1),
        ("minus_one", "one less", value - 1),
        ("largest", "2147483647", 2147483647),
        ("huge", "2147483648", 2147483648),
    ]
    if site.node and site.node.schema.get("type") == "integer":
        made.append(("fraction", "not whole", value + 0.5))
    else:
        made.append(("hundredth", "a hundredth more", round(value + 0.01, 6)))
        made.append(("seven_decimals", "given to seven decimals", int(value) + 0.1234567))
    seen = [value]
    for what, text, other in made:
        if other not in seen:
            seen.append(other)
            yield _value(site, f"number.{what}", f"{name} is {text}", other)


def _time(site: _Site) -> Iterator[_Candidate]:
    value, name = site.value, site.name
    version = site.node.version if site.node else ""
    moment = datetime.fromisoformat(value)
    zone = "OCPP 1.6 3.14" if version == V16 else f"OCPP {version} Part 2 3.1"
    notation = "OCPP 1.6 3.15" if version == V16 else f"OCPP {version} Part 2 2.1.4, 3.1"
    plain = moment.replace(microsecond=0, tzinfo=None).isoformat()
    offset = "Z" if value.endswith("Z") else value[-6:]
    yield _value(site, "time.malformed", f"{name} is no time", "yesterday")
    yield _value(site, "time.impossible", f"{name} is in month 13", f"{plain[:5]}13{plain[7:]}{offset}")
    yield _value(site, "time.date_only", f"{name} is a date", plain[:10])
    yield _value(site, "time.no_zone", f"{name} has no zone", plain)
    yield _value(site, "string.empty", f"{name} is empty", "")
    elsewhere = moment.astimezone(_ELSEWHERE if moment.utcoffset() == timedelta(0) else UTC)
    yield _value(site, "time.other_zone", f"{name} is given in another zone", _written(elsewhere), zone)
    if moment.microsecond or "." in value:
        yield _value(site, "time.no_fraction", f"{name} has no fraction of a second", f"{plain}{offset}", notation)
    if f"{plain}.000{offset}" != value:
        yield _value(site, "time.millis", f"{name} has milliseconds", f"{plain}.000{offset}", notation)
    yield _value(site, "time.micros", f"{name} has microseconds", f"{plain}.000000{offset}", notation)
    yield _value(site, "time.hours_late", f"{name} is three hours late", _written(moment + _HOURS))
    yield _value(site, "time.hours_early", f"{name} is three hours early", _written(moment - _HOURS))


# -- small things ----------------------------------------------------------------------------------------------------


def _value(site: _Site, operator: str, text: str, value: Any, allowed: str = "") -> _Candidate:
    return _Candidate(operator, text, value, node=site.node, allowed=allowed, path=site.path)


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _another(value: str) -> str:
    """Give a text as long as the value, of the same kind of characters; only the last one differs."""
    if not value:
        return "x"
    last = value[-1]
    other = "1" if last == "0" else "0" if last.isdigit() else "a" if last in "xX" else "x"
    return value[:-1] + other


def _as_number(value: str) -> Any:
    try:
        return int(value)
    except ValueError:
        return _OTHERS["number"]


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _article(wanted: str) -> str:
    return {"null": "null", "array": "an array", "object": "an object"}.get(wanted, f"a {wanted}")
