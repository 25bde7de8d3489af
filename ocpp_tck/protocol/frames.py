"""OCPP-J frames: text to message and back.

Source: OCPP-J 1.6 chapter 4 and errata, OCPP 2.0.1 Part 4 chapter 4 and errata, OCPP 2.1 Part 4 chapter 4.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Message, MessageType, ParsedFrame, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ID = 36
MAX_DESCRIPTION = 255
MAX_DEPTH = 200
"""JSON nested deeper than this is not read (RFC 8259 9 lets a reader set a limit)."""
_LENGTHS = {
    MessageType.CALL: 4,
    MessageType.CALLRESULT: 3,
    MessageType.CALLERROR: 5,
    MessageType.CALLRESULTERROR: 5,
    MessageType.SEND: 4,
}
_TYPES = {
    Version.V16: {kind.value: kind for kind in (MessageType.CALL, MessageType.CALLRESULT, MessageType.CALLERROR)},
    Version.V201: {kind.value: kind for kind in (MessageType.CALL, MessageType.CALLRESULT, MessageType.CALLERROR)},
    Version.V21: {kind.value: kind for kind in MessageType},
}
_CODES_20 = frozenset(
    {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    }
)
_CODES_16 = _CODES_20 - {"FormatViolation", "MessageTypeNotSupported", "RpcFrameworkError"} | {
    "FormationViolation",
    "OccurenceConstraintViolation",
}
ERROR_CODES = {Version.V16: _CODES_16, Version.V201: _CODES_20, Version.V21: _CODES_20}
"""Legal error codes. 1.6 has its own misspelt ones; its printed table also shows `OccurrenceConstraintViolation`."""


_LONG = 400
"""An integer longer than Python converts is cut to so many digits: still one that no field can mean."""


class _NotJson(ValueError):
    """The text is JSON to Python but not to RFC 8259."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _NotJson(f"the key {twice[:60]!r} stands twice in one object")
    return result


def _constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    return int(digits[:_LONG])


def _real(text: str) -> float:
    """Read a number beyond the range of a double as the largest one (RFC 8259 6 lets a reader limit the range)."""
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))


_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""Strings, the one that never ends included (or each quote in it would be tried as a beginning), and brackets."""
_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant, parse_float=_real)
_LENIENT = json.JSONDecoder(parse_int=_integer, parse_float=_real)
_LONG_NUMBERS = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_real
)


def parse(raw: str | bytes, version: Version) -> ParsedFrame:
    """Parse one WebSocket message; never raises, whatever it is.

    The message is given whenever it can be made out, with what is wrong beside it.
    """
    if isinstance(raw, bytes):
        text = f"a binary frame of {len(raw)} bytes; OCPP-J messages are text frames"
        return ParsedFrame(None, (broken("frame.text", version, text),))
    if _depth(raw) > MAX_DEPTH:
        text = f"the JSON is nested more than {MAX_DEPTH} levels deep"
        return ParsedFrame(None, (broken("frame.json", version, text),))
    flaw = None
    try:
        value = _decode(raw)
    except ValueError as error:
        flaw = broken("frame.json", version, f"not valid JSON: {error}")
        if not isinstance(error, _NotJson):
            return ParsedFrame(None, (flaw,))
        try:
            value = _LENIENT.decode(raw)
        except ValueError:
            return ParsedFrame(None, (flaw,))
    if flaw is None and not _is_utf8(raw, value):
        flaw = broken("frame.utf8", version, "a string holds half of a surrogate pair, which UTF-8 cannot carry")
    parsed = _frame(value, version)
    return parsed if flaw is None else ParsedFrame(parsed.message, (flaw, *parsed.violations))


def _depth(raw: str) -> int:
    """Give an upper bound of the nesting; 0 when there are too few brackets for the limit."""
    if raw.count("[") + raw.count("{") <= MAX_DEPTH:
        return 0
    deepest = depth = 0
    for bracket in _STRUCTURE.findall(raw):
        if bracket in {"[", "{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in {"]", "}"}:
            depth -= 1
    return deepest


def _decode(raw: str) -> Json:
    try:
        return _STRICT.decode(raw)
    except (json.JSONDecodeError, _NotJson):
        raise
    except ValueError:  # Python limits the digits of an int, JSON does not
        return _LONG_NUMBERS.decode(raw)


def _is_utf8(raw: str, value: Json) -> bool:
    try:
        raw.encode()
        if "\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _frame(value: Json, version: Version) -> ParsedFrame:
    if not isinstance(value, list) or not value:
        return ParsedFrame(None, (broken("frame.array", version, "a message is a JSON array that is not empty"),))
    number = value[0]
    kind = _TYPES[version].get(number) if type(number) in {int, float} else None
    if kind is None:
        text = f"the message type {_short(number)} is unknown in OCPP {version}"
        return ParsedFrame(None, (broken("frame.message_type", version, text),))
    found: list[Violation] = []
    wanted = _LENGTHS[kind]
    if len(value) != wanted:
        text = f"a {kind.name} has {wanted} elements, this one {len(value)}"
        found.append(broken("frame.elements", version, text))
        value = value + [None] * wanted
    identifier = value[1]
    if not isinstance(identifier, str):
        text = f"the message id {_short(identifier)} is not a string"
        found.append(broken("frame.message_id", version, text))
        identifier = _short(identifier)
    elif not 1 <= len(identifier) <= MAX_ID:
        text = f"the message id has {len(identifier)} characters; 1 to {MAX_ID} are legal"
        found.append(broken("frame.message_id", version, text))
    if wanted == _LENGTHS[MessageType.CALLERROR]:
        return _error(kind, identifier, value, version, found)
    return _ordinary(kind, identifier, value, version, found)


def _ordinary(
    kind: MessageType, identifier: str, value: list[Json], version: Version, found: list[Violation]
) -> ParsedFrame:
    action, payload = None, value[2]
    counted = not found or found[0].rule != "frame.elements"
    if kind is not MessageType.CALLRESULT:
        action, payload = value[2], value[3]
        if not isinstance(action, str):
            if counted:
                found.append(broken("frame.action", version, f"the action {_short(action)} is not a string"))
            action = None
    if payload is None and counted:
        payload = {}
        if version is not Version.V16:
            found.append(broken("frame.null_payload", version, "the payload is null; an empty object is good practice"))
    if counted and not isinstance(payload, dict):
        found.append(broken("frame.payload", version, f"the payload {_short(payload)} is not an object"))
    return ParsedFrame(Message(kind, identifier, action, payload), tuple(found))


def _error(
    kind: MessageType, identifier: str, value: list[Json], version: Version, found: list[Violation]
) -> ParsedFrame:
    code, description, details = value[2:5]
    limit = None if version is Version.V16 else MAX_DESCRIPTION
    if found and found[0].rule == "frame.elements":
        pass  # what is missing or shifted is not judged as well
    elif code not in ERROR_CODES[version] if isinstance(code, str) else True:
        text = f"the error code {_short(code)} is unknown in OCPP {version}"
        found.append(broken("frame.error_code", version, text))
    elif not isinstance(description, str):
        text = f"the error description {_short(description)} is not a string"
        found.append(broken("frame.error_description", version, text))
    elif limit is not None and len(description) > limit:
        text = f"the error description has {len(description)} characters; at most {limit} are legal"
        found.append(broken("frame.error_description", version, text))
    elif not isinstance(details, dict):
        found.append(broken("frame.error_details", version, f"the error details {_short(details)} are not an object"))
    message = Message(
        kind,
        identifier,
        error_code=code if isinstance(code, str) else None,
        error_description=description if isinstance(description, str) else None,
        error_details=details,
    )
    return ParsedFrame(message, tuple(found))


def _short(value: Json) -> str:
    if isinstance(value, (list, dict)):
        return "an array" if isinstance(value, list) else "an object"
    return json.dumps(value)[:60]


def _encode(*elements: Json) -> str:
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":"))


def encode_call(identifier: str, action: str, payload: Mapping[str, Any]) -> str:
    """Write a CALL."""
    return _encode(MessageType.CALL, identifier, action, payload)


def encode_result(identifier: str, payload: Mapping[str, Any]) -> str:
    """Write a CALLRESULT."""
    return _encode(MessageType.CALLRESULT, identifier, payload)


def encode_error(
    identifier: str,
    code: str,
    description: str = "",
    details: Mapping[str, Any] | None = None,
    *,
    kind: MessageType = MessageType.CALLERROR,
) -> str:
    """Write a CALLERROR, or a CALLRESULTERROR of 2.1."""
    return _encode(kind, identifier, code, description, details or {})


def encode_send(identifier: str, action: str, payload: Mapping[str, Any]) -> str:
    """Write a SEND of 2.1."""
    return _encode(MessageType.SEND, identifier, action, payload)
