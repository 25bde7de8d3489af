"""Expected beside received: which fields differ, where the offending frame has them, and which words differ.

What a case found wanting is recorded in words (`roles/product.py`, `case_run.py`). They are read back here, and a field
counts as the offending one only if the frame really has at that place what the words say was received.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocpp_tck.report.model import Case, Cause, FrameRow

_ASSERTED = re.compile(r"(?P<tested>.+): (?P<operator>==|!=|in|not in|<=|>=|<|>|is|is not) (?P<value>.+)", re.DOTALL)
_WANTED = re.compile(r"(?P<path>[A-Za-z_][\w.\[\]]*) (?P<values>.+)", re.DOTALL)
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_BARE = re.compile(r"(.{1,200}?) (?:instead of|is no other than|is none of|is one of|is not) .+", re.DOTALL)
_LISTED = re.compile(r"frame \d+ [A-Za-z]+ ")
_LONGEST = 4_000
_ALIKE = 0.5
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field whose value is not the expected one.

    Attributes:
        path: where the payload has it, such as `idTagInfo.status` or `key[0].value`.
        frame: number of the frame.
        expected: in words; `received`: as JSON.
        is_nearest: the awaited message did not come at all, and this is the last of its kind that came: it may be
            quite right in itself.
    """

    path: str
    frame: int
    expected: str
    received: str
    is_nearest: bool = False


Words = tuple[tuple[str, bool], ...]
"""A text in pieces; True for those that the other text does not have."""


def payload_of(frame: FrameRow) -> Any:
    """Give what a frame carries, None if that cannot be read."""
    try:
        message = json.loads(frame.raw)
    except (ValueError, RecursionError):
        return None
    at = {"CALL": 3, "SEND": 3, "CALLRESULT": 2}.get(frame.type, -1)
    return message[at] if isinstance(message, list) and 0 <= at < len(message) else None


def different_fields(case: Case) -> tuple[Field, ...]:
    """Find the fields of the frames behind the first cause that are not as expected; empty where nobody can tell."""
    cause = case.cause
    if cause is None or not cause.expected or len(cause.expected) > _LONGEST:
        return ()
    frames = [frame for frame in case.frames if frame.n in cause.frames and frame.sender == "product"]
    payloads = [(frame.n, payload) for frame in frames if isinstance(payload := payload_of(frame), dict)]
    if not payloads:
        return ()
    asserted = _ASSERTED.fullmatch(cause.expected)
    if asserted:
        return tuple(_asserted(asserted, cause.received, payloads))
    found = tuple(_wanted(cause.expected, payloads[-1]))
    return tuple(replace(field, is_nearest=True) for field in found) if is_wait(cause) else found


def is_wait(cause: Cause) -> bool:
    """Whether a message was awaited in vain, so that the frames of the cause are only what came instead."""
    return _LISTED.match(cause.received) is not None


def headline(case: Case) -> str:
    """Give the first cause in one sentence; where its own is bare values, with the message and field they are of."""
    cause = case.cause
    if cause is None:
        return ""
    fields = different_fields(case) if is_bare(cause.text) else ()
    if not fields:
        return cause.text
    action = next((frame.action for frame in case.frames if frame.n == fields[0].frame), "")
    return f"{action}: " + ", ".join(f"{one.path} is {one.received}, expected {one.expected}" for one in fields)


def is_bare(text: str) -> bool:
    """Whether a cause tells of two values and not what they are of: `2 instead of 1`."""
    found = _BARE.fullmatch(text)
    return found is not None and _literal(found[1]) is not _MISSING


def differing_words(expected: str, received: str) -> tuple[Words, Words]:
    """Cut two texts where they differ, word by word; nothing is marked when they have little in common."""
    left, right = _WORD.findall(expected), _WORD.findall(received)
    whole: tuple[Words, Words] = (((expected, False),), ((received, False),))
    if not expected or not received or max(len(expected), len(received)) > _LONGEST or expected == received:
        return whole
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return whole
    first, second = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        first.append(("".join(left[a:b]), kind != "equal"))
        second.append(("".join(right[c:d]), kind != "equal"))
    return tuple(one for one in first if one[0]), tuple(one for one in second if one[0])


def _asserted(found: re.Match[str], received: str, payloads: list[tuple[int, Any]]) -> Iterator[Field]:
    """Read `tested: == value` and `value | messages`, of one value or of tuples of them."""
    tested = _expression(found["tested"])
    left = tested.left if isinstance(tested, ast.Compare) else tested
    wanted, got = _literal(found["value"]), _literal(received.partition(" | ")[0])
    if left is None or got is _MISSING:
        return
    pairs: Iterable[tuple[ast.expr, Any, Any]] = [(left, wanted, got)]
    if isinstance(left, ast.Tuple):
        if not (isinstance(wanted, tuple) and isinstance(got, tuple) and len(left.elts) == len(wanted) == len(got)):
            return
        pairs = zip(left.elts, wanted, got, strict=True)
    for expression, value, actual in pairs:
        place = _place(list(_names(expression)), actual, payloads)
        if place and not (isinstance(left, ast.Tuple) and value == actual):
            expected = found["value"] if value is _MISSING else _shown(value)
            told = expected if found["operator"] == "==" else f"{_OPERATORS[found['operator']]} {expected}"
            yield Field(path=place[1], frame=place[0], expected=told, received=_shown(actual))


_OPERATORS = {
    "!=": "not", "in": "one of", "not in": "none of", "<": "less than", ">": "more than",
    "<=": "at most", ">=": "at least", "is": "exactly", "is not": "not",
}  # fmt: skip


def _wanted(expected: str, last: tuple[int, Any]) -> Iterator[Field]:
    """Read `Action with field value or value, field value`, and give the fields that the frame has otherwise."""
    frame, payload = last
    _, found, fields = expected.partition(" with ")
    parts = [_WANTED.fullmatch(part) for part in re.split(", | and ", fields)] if found else []
    for part in filter(None, parts):
        values = part["values"].partition(" after ")[0].split(" or ")
        actual = _at(payload, part["path"])
        if actual is not _MISSING and not isinstance(actual, (dict, list)) and str(actual) not in values:
            yield Field(path=part["path"], frame=frame, expected=" or ".join(values), received=_shown(actual))


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return _MISSING


def _names(expression: ast.expr) -> Iterator[str]:
    """Give the names of `a.b[0].get('c')` from the left: `a`, `b`, `[0]`, `c`; of a call of ours, nothing."""
    match expression:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=inner, attr=name):
            yield from _names(inner)
            yield name
        case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
            yield from _names(inner)
            yield f"[{key}]" if isinstance(key, int) else str(key)
        case ast.Call(func=ast.Attribute(value=inner, attr="get"), args=[ast.Constant(value=str(key)), *_]):
            yield from _names(inner)
            yield key


def _place(names: list[str], actual: Any, payloads: list[tuple[int, Any]]) -> tuple[int, str] | None:
    """Find the longest tail of the names that leads to that value in a frame, the last frame first."""
    for start in range(len(names)):
        path = "".join(name if name.startswith("[") else f".{name}" for name in names[start:]).lstrip(".")
        for frame, payload in reversed(payloads):
            found = _at(payload, path)
            if found is not _MISSING and type(found) is type(actual) and found == actual:
                return frame, path
    return None


def _at(payload: Any, path: str) -> Any:
    value = payload
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", path):
        if part.startswith("["):
            index = int(part[1:-1])
            if not isinstance(value, list) or index >= len(value):
                return _MISSING
            value = value[index]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _MISSING
    return value


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)
