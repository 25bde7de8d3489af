"""Payloads drawn from a schema with hypothesis: valid ones, and ones with one or two defects, as JSON texts.

Texts, because a number such as `1.0`, `-0` or `1e400` is more than the value Python makes of it. Only the keywords that
the OCPP schemas use are known; an unknown one is an error, so that a new schema cannot slip through unfuzzed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

Path = tuple[str, ...]
ITEM = "[]"
_KNOWN = frozenset(
    {
        *("$id", "$ref", "$schema", "additionalItems", "additionalProperties", "comment", "default", "definitions"),
        *("description", "enum", "format", "items", "javaType", "maxItems", "maxLength", "maximum", "minItems"),
        *("minimum", "multipleOf", "properties", "required", "title", "type"),
    }
)
_OF_VALUES = frozenset({"enum", "format", "maxItems", "maxLength", "maximum", "minItems", "minimum", "type"})


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Count:
    """A number of items of an array."""

    items: int


OBJECT = object()
"""Drawn for an object: its members are drawn then."""


def _numbers(*texts: str) -> tuple[Number, ...]:
    return tuple(Number(text) for text in texts)


OTHER_TYPES: tuple[Any, ...] = (None, True, False, Number("0"), Number("1"), "", "1", [], [[]], {}, {"a": None})
INTEGERS = _numbers(
    *("0", "1", "-1", "-0", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807"),
    *("9223372036854775808", "18446744073709551616", "1" + "0" * 399, "-1" + "0" * 500, "9" * 5000),
)
NOT_QUITE_INTEGERS = _numbers(
    *("1.0", "-1.0", "0.0", "-0.0", "1e0", "1E2", "10e-1", "0.5", "1.5e1", "1e22", "1e400", "-1e400", "1e-400"),
    *("1.0000000000000001", "9007199254740993.0", "123456789012345678901234567890.0", "1" * 400 + ".0"),
)
DECIMALS = _numbers(
    *("0.1", "0.3", "0.7", "16.1", "6.25", "0.05", "0.15", "32.00", "1e-1", "5e-2", "0.30000000000000004"),
    *("0.1000000000000000055511151231257827", "1e308", "1.7976931348623157e308", "5e-324", "100.1", "99.99"),
    *("-0.1", "-1e-1", "1e22", "123456789.1", "123456789.12", "1234567890123456.1", "1e15", "1.1e16"),
)
CHARACTERS = (
    "x",
    "é",
    "\U0001f600",
    "e\u0301",
    "\U0001f468\u200d\U0001f469",
    "\x00",
    "\u2028",
    '"',
    "\\",
    "\ufeff",
    "ß",
)

GOOD_TIMES = ("2026-03-20T12:00:00Z", "2026-03-20T12:00:00.123+01:00")
GOOD_URIS = ("ftp://host/path", "https://[::1]:8080/a?b#c")
DATES = (
    *("2026-03-20", "2024-02-29", "2025-02-29", "2000-02-29", "1900-02-29", "0000-01-01", "0000-02-29", "0001-01-01"),
    *("9999-12-31", "10000-01-01", "+2026-03-20", "-2026-03-20", "26-03-20", "2026-3-20", "2026-00-01", "2026-13-01"),
    *(
        "2026-04-31",
        "2026-03-00",
        "20260320",
        "2026-079",
        "2026-W12-5",
        "\uff12\uff10\uff12\uff16-03-20",
        "\u0662\u0660\u0662\u0666-03-20",
        "2016-12-31",
        "",
    ),
)
SEPARATORS = ("T", "t", " ", "", "X", "TT", "\t", "\n", "\ufb05")
CLOCKS = (
    *("12:00:00", "23:59:59", "00:00:00", "23:59:60", "12:00:60", "00:59:60", "22:59:60", "23:59:61", "24:00:00"),
    *(
        "24:00:01",
        "25:00:00",
        "12:60:00",
        "12:00",
        "12",
        "120000",
        "1:2:3",
        "12:00:00:00",
        "\uff112:00:00",
        "-1:00:00",
        "",
    ),
)
FRACTIONS = (
    "",
    ".",
    ".5",
    ".123",
    ".1234",
    ",5",
    ".5.5",
    ".x",
    ".\uff11",
    *(f".{'123456789012'[:n]}" for n in range(5, 13)),
)
ZONES = (
    *("Z", "z", "+00:00", "-00:00", "+01:00", "-01:00", "-05:30", "+14:00", "+23:59", "+24:00", "-24:00", "+23:60"),
    *(
        "+0100",
        "+01",
        "+1:00",
        "",
        "ZZ",
        " Z",
        "Z ",
        "Z\n",
        "Z\x00",
        "Z[UTC]",
        "\u221201:00",
        "UTC",
        "+01:00:00",
        "\n",
        "\uff0b01:00",
    ),
)

SCHEMES = ("http", "https", "ftp", "FTP", "h+t-t.p", "urn", "mailto", "file", "x1", "c", "1a", "", "hé", "h_p", " http")
AUTHORITIES = (
    *("host", "HOST", "h:80", "h:", ":80", "", "u@h", "u:p@h", "u:p@h:1", "@h", "u@:p@h", "a@b@c", "h:8a", "h:99999"),
    *(
        "1.2.3.4",
        "256.1.1.1",
        "01.2.3.4",
        "[::1]",
        "[::]",
        "[::1]:80",
        "[::1",
        "::1]",
        "[]",
        "[:]",
        "[1::2::3]",
        "[::1]a",
    ),
    *("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8:9]", "[12345::]", "[G::]"),
    *("[::1.2.3.4]", "[::01.2.3.4]", "[::1.2.3.256]", "[1:2:3:4:5:6:1.2.3.4]", "[::ffff:1.2.3.4]", "[1.2.3.4::]"),
    *(
        "[v1.a]",
        "[V1.a]",
        "[v.a]",
        "[vG.a]",
        "[v1.]",
        "[v1.a:b]",
        "[fe80::1%25en0]",
        "[fe80::1%en0]",
        "é",
        "%41",
        "%4",
        "a b",
    ),
)
PATHS = (
    *(
        "",
        "/",
        "/a",
        "/a/../b",
        "//",
        "/a;b=c",
        "/%41",
        "/%zz",
        "/%2",
        "/%",
        "/é",
        "/a b",
        "/{x}",
        "/|",
        "/<>",
        "/^",
        "/`",
    ),
    *(
        "/\\",
        '/"',
        "/'",
        "/[x]",
        "/:@",
        "a",
        ":",
        "/\n",
        "\n",
        "/\x00",
        "/\x7f",
        "/\u202e",
        "/~!$&()*+,;=",
        "?a=b",
        "?[",
        "?",
    ),
    *("??", "?#", "#", "#a", "##", "#[", "#é", "\r", "\r\n", "\t", " ", "/" + "x" * 2000),
)


@dataclass(frozen=True, slots=True)
class Node:
    """One place of a schema, its references resolved.

    Attributes:
        good: values that are legal there; a number of items for an array, unused for an object.
        odd: values on and beyond the limits, likewise.
        members: of an object.
        required: of an object.
        some: draws a few names of optional members.
        extra: draws names that are none of its members'.
        items: of an array.
    """

    good: SearchStrategy[Any]
    odd: SearchStrategy[Any]
    members: Mapping[str, Node]
    required: tuple[str, ...]
    some: SearchStrategy[list[str]]
    extra: SearchStrategy[list[str]]
    items: Node | None


def payloads(document: Mapping[str, Any], *, defects: int = 2) -> SearchStrategy[str]:
    """Give the strategy of the payloads of one schema: JSON texts of objects with so many defects at most.

    Raises:
        ValueError: the schema has a keyword that this module does not know.
    """
    root = _read(document, document)
    wrong = st.lists(st.sampled_from(tuple(_places(root, ()))), max_size=defects, unique=True)
    return _drawn(root, wrong).map(written)


def written(value: Any) -> str:
    """Write a drawn value as JSON."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _read(root: Mapping[str, Any], node: Mapping[str, Any]) -> Node:
    if "$ref" in node:
        node = root["definitions"][node["$ref"].rpartition("/")[2]]
    if not node.keys() <= _KNOWN:
        raise ValueError(f"keywords that nobody fuzzes: {sorted(node.keys() - _KNOWN)}")
    members = {name: _read(root, child) for name, child in node.get("properties", {}).items()}
    required = tuple(name for name in node.get("required", ()) if name in members)
    optional = [name for name in members if name not in required]
    good, odd = _values(json.dumps({name: node[name] for name in node.keys() & _OF_VALUES}, sort_keys=True))
    return Node(
        good=good,
        odd=odd,
        members=members,
        required=required,
        some=st.lists(st.sampled_from(optional), max_size=3, unique=True) if optional else st.just([]),
        extra=st.lists(_names(node.get("properties", {})), max_size=2),
        items=_read(root, node["items"]) if "items" in node else None,
    )


def _places(node: Node, path: Path) -> Iterator[Path]:
    yield path
    for name, child in node.members.items():
        yield from _places(child, (*path, name))
    if node.items is not None:
        yield from _places(node.items, (*path, ITEM))


@st.composite
def _drawn(draw: DrawFn, root: Node, wrong: SearchStrategy[list[Path]]) -> Any:
    return _object(draw, root, (), draw(wrong))


def _build(draw: DrawFn, node: Node, path: Path, wrong: list[Path]) -> Any:
    drawn = draw(node.odd if path in wrong else node.good)
    if drawn is OBJECT:
        return _object(draw, node, path, wrong)
    if isinstance(drawn, Count) and node.items is not None:
        return [_build(draw, node.items, (*path, ITEM), wrong)] * drawn.items if drawn.items else []
    return drawn


def _object(draw: DrawFn, node: Node, path: Path, wrong: list[Path]) -> Any:
    depth = len(path)
    chosen = {*draw(node.some), *(place[depth] for place in wrong if len(place) > depth and place[:depth] == path)}
    names = [name for name in node.members if name in node.required or name in chosen]
    if path in wrong and names and draw(st.booleans()):
        names.remove(draw(st.sampled_from(names)))
    drawn = {name: _build(draw, node.members[name], (*path, name), wrong) for name in names}
    if path in wrong:
        drawn |= dict.fromkeys(draw(node.extra), "x")
    return drawn


def _names(members: Mapping[str, Any]) -> SearchStrategy[str]:
    """Names that are none of the schema's, as close to them as can be."""
    near = [twist for name in members for twist in (name.upper(), f"{name} ", f"{name}\u200b", name[:-1])]
    return st.sampled_from(sorted({"", "x", "é", "\x00", "__proto__", *near} - members.keys()))


@cache
def _values(text: str) -> tuple[SearchStrategy[Any], SearchStrategy[Any]]:
    """Give the strategies of values, once for all places that say the same about them."""
    node = json.loads(text)
    odd = _odd(node)
    return _good(node), st.sampled_from(OTHER_TYPES) | odd | odd | odd


def _good(node: Mapping[str, Any]) -> SearchStrategy[Any]:
    most = min(node.get("maxItems", 2), 2)
    low, high = int(node.get("minimum", -5)), int(node.get("maximum", 2**31 - 1))
    small = st.integers(max(low, 0), max(low, min(high, 3))) if high >= max(low, 0) else st.just(high)
    whole = (small | st.integers(min(low, high), high)).map(lambda value: Number(str(value)))
    by_type: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "object": lambda: st.just(OBJECT),
        "array": lambda: st.sampled_from(sorted({1, most})).map(Count),
        "boolean": st.booleans,
        "integer": lambda: whole,
        "number": lambda: whole,
        "string": lambda: st.sampled_from(_good_texts(node)),
        "any": lambda: st.sampled_from(OTHER_TYPES),
    }
    return by_type[node.get("type", "any")]()


def _good_texts(node: Mapping[str, Any]) -> tuple[str, ...]:
    if "format" in node:
        return GOOD_TIMES if node["format"] == "date-time" else GOOD_URIS
    return tuple(node.get("enum", ("a", "", "é\U0001f600")))


def _odd(node: Mapping[str, Any]) -> SearchStrategy[Any]:
    least, most = node.get("minItems", 0), node.get("maxItems", 3)
    by_type: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "object": lambda: st.just(OBJECT),
        "array": lambda: st.sampled_from(sorted({0, max(least - 1, 0), least, most, most + 1})).map(Count),
        "integer": lambda: _odd_numbers(node),
        "number": lambda: _odd_numbers(node),
        "string": lambda: _odd_strings(node),
    }
    return by_type.get(node.get("type", "any"), lambda: st.sampled_from(OTHER_TYPES))()


def _odd_strings(node: Mapping[str, Any]) -> SearchStrategy[str]:
    if "enum" in node:
        return _odd_words(node["enum"])
    if "format" in node:
        return _TIMES if node["format"] == "date-time" else _URIS
    return _odd_texts(node.get("maxLength", 50))


def _odd_numbers(node: Mapping[str, Any]) -> SearchStrategy[Number]:
    limits = [int(node[name]) for name in ("minimum", "maximum") if name in node]
    near = _numbers(
        *(f"{limit + by:.{places}f}" for limit in limits for by in (-1, -0.1, 0, 0.1, 1) for places in (0, 1))
    )
    tenths = st.integers(-10, 10_000).map(lambda value: Number(f"{value / 10}"))
    hundredths = st.integers(-10, 10_000).map(lambda value: Number(f"{value / 100:.2f}"))
    any_float = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Number(repr(value)))
    return st.sampled_from((*near, *INTEGERS, *NOT_QUITE_INTEGERS, *DECIMALS)) | tenths | hundredths | any_float


def _odd_words(words: list[str]) -> SearchStrategy[str]:
    def twist(word: str) -> SearchStrategy[str]:
        return st.sampled_from(
            (word, word.lower(), word.upper(), f"{word} ", f" {word}", f"{word}\n", word[:-1], f"{word}\x00")
        )

    return st.sampled_from(words).flatmap(twist)


def _odd_texts(limit: int) -> SearchStrategy[str]:
    lengths = st.sampled_from((0, 1, limit // 2, limit - 1, limit, limit + 1))
    return st.builds(lambda piece, length: (piece * length)[:length], st.sampled_from(CHARACTERS), lengths) | st.text()


def _mostly(usual: str, others: tuple[str, ...]) -> SearchStrategy[str]:
    """Draw the usual piece half of the time: two odd pieces hide each other."""
    return st.booleans().flatmap(lambda odd: st.sampled_from(others) if odd else st.just(usual))


_TIMES = st.builds(
    "{}{}{}{}{}".format,
    *(_mostly("2016-12-31", DATES), _mostly("T", SEPARATORS), _mostly("23:59:60", CLOCKS)),
    *(_mostly("", FRACTIONS), _mostly("Z", ZONES)),
) | st.builds(
    "{}{}{}{}{}".format,
    *(_mostly("2026-03-20", DATES), _mostly("T", SEPARATORS), _mostly("12:00:00", CLOCKS)),
    *(_mostly("", FRACTIONS), _mostly("Z", ZONES)),
)
_URIS = st.builds(
    "{}{}{}{}".format,
    *(_mostly("http", SCHEMES), _mostly("://", (":", "", "//", ":/"))),
    *(_mostly("host", AUTHORITIES), _mostly("/path", PATHS)),
)
