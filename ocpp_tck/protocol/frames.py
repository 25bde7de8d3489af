"""OCPP-J frames: text to message and back.

Source: OCPP-J 1.6 chapter 4, OCPP 2.0.1 Part 4 chapter 4, OCPP 2.1 Part 4 chapter 4.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from ocpp_tck.protocol.types import Json, Level, Message, MessageType, ParsedFrame, Version, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ID = 36
MAX_DESCRIPTION = 255
_LENGTHS = {
    MessageType.CALL: 4,
    MessageType.CALLRESULT: 3,
    MessageType.CALLERROR: 5,
    MessageType.CALLRESULTERROR: 5,
    MessageType.SEND: 4,
}
_TYPES = {
    Version.V16: frozenset({2, 3, 4}),
    Version.V201: frozenset({2, 3, 4}),
    Version.V21: frozenset({2, 3, 4, 5, 6}),
}
_CODES_16 = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
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
ERROR_CODES = {Version.V16: _CODES_16, Version.V201: _CODES_20, Version.V21: _CODES_20}
"""Legal error codes; 1.6 has the spellings of OCPP-J 4.2.3 and of its errata."""

CLAUSES = {
    "frame.text": ("OCPP-J 1.6 4.1.2", "Part 4 4.1.2"),
    "frame.json": ("OCPP-J 1.6 4.1.2, 4.2", "Part 4 4.1.2, 4.2"),
    "frame.array": ("OCPP-J 1.6 4.2", "Part 4 4.2"),
    "frame.message_type": ("OCPP-J 1.6 4.1.3", "Part 4 4.1.3"),
    "frame.elements": ("OCPP-J 1.6 4.2", "Part 4 4.2"),
    "frame.message_id": ("OCPP-J 1.6 4.1.4", "Part 4 4.1.4"),
    "frame.action": ("OCPP-J 1.6 4.2.1", "Part 4 4.1.6"),
    "frame.payload": ("OCPP-J 1.6 4.2.1, 4.2.2", "Part 4 4.1.5"),
    "frame.error_code": ("OCPP-J 1.6 4.2.3", "Part 4 4.3"),
    "frame.error_description": ("OCPP-J 1.6 4.2.3", "Part 4 4.2.3"),
    "frame.error_details": ("OCPP-J 1.6 4.2.3", "Part 4 4.2.3"),
}


class _NotJson(ValueError):
    """The text is JSON to Python but not to RFC 8259."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotJson(f"the key {twice!r} stands twice in one object")
    return result


def _constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def _broken(rule: str, version: Version, message: str) -> Violation:
    old, new = CLAUSES[rule]
    clause = old if version is Version.V16 else f"{version} {new}"
    return Violation(rule, Level.MUST, message, clause)


def parse(raw: str | bytes, version: Version) -> ParsedFrame:
    """Parse one WebSocket message; never raises, whatever the text.

    The message is given whenever it can be made out, with what is wrong beside it.
    """
    if isinstance(raw, bytes):
        text = f"a binary frame of {len(raw)} bytes; OCPP-J messages are text frames"
        return ParsedFrame(None, (_broken("frame.text", version, text),))
    try:
        value = _DECODER.decode(raw)
        raw.encode()
    except RecursionError:
        return ParsedFrame(None, (_broken("frame.json", version, "the JSON is nested too deeply to be read"),))
    except ValueError as error:
        return ParsedFrame(None, (_broken("frame.json", version, f"not valid JSON: {error}"),))
    if not isinstance(value, list) or not value:
        return ParsedFrame(None, (_broken("frame.array", version, "a message is a JSON array that is not empty"),))
    kind = value[0]
    if type(kind) is not int or kind not in _TYPES[version]:
        text = f"message type {json.dumps(kind)[:60]} is unknown in OCPP {version}"
        return ParsedFrame(None, (_broken("frame.message_type", version, text),))
    return _message(MessageType(kind), value, version)


def _message(kind: MessageType, value: list[Json], version: Version) -> ParsedFrame:
    broken: list[Violation] = []
    wanted = _LENGTHS[kind]
    if len(value) != wanted:
        text = f"a {kind.name} has {wanted} elements, this one {len(value)}"
        broken.append(_broken("frame.elements", version, text))
    padded = value + [None] * (wanted - len(value))
    identifier = padded[1]
    if not isinstance(identifier, str):
        text = f"the message id {json.dumps(identifier)[:60]} is not a string"
        broken.append(_broken("frame.message_id", version, text))
        identifier = json.dumps(identifier)
    elif not 1 <= len(identifier) <= MAX_ID:
        text = f"the message id has {len(identifier)} characters; 1 to {MAX_ID} are legal"
        broken.append(_broken("frame.message_id", version, text))
    if kind in {MessageType.CALLERROR, MessageType.CALLRESULTERROR}:
        return _error(kind, identifier, padded, version, broken)
    action = None
    payload = padded[2]
    if kind in {MessageType.CALL, MessageType.SEND}:
        action, payload = padded[2], padded[3]
        if not isinstance(action, str):
            broken.append(_broken("frame.action", version, f"the action {json.dumps(action)[:60]} is not a string"))
            action = None
    if payload is None and version is Version.V16 and len(value) >= wanted:
        payload = {}
    if not isinstance(payload, dict) and len(value) >= wanted:
        broken.append(_broken("frame.payload", version, f"the payload {json.dumps(payload)[:60]} is not an object"))
    return ParsedFrame(Message(kind, identifier, action, payload), tuple(broken))


def _error(
    kind: MessageType, identifier: str, value: list[Json], version: Version, broken: list[Violation]
) -> ParsedFrame:
    code, description, details = value[2:5]
    if broken and broken[0].rule == "frame.elements":
        pass
    elif not isinstance(code, str) or code not in ERROR_CODES[version]:
        text = f"the error code {json.dumps(code)[:60]} is unknown in OCPP {version}"
        broken.append(_broken("frame.error_code", version, text))
    elif not isinstance(description, str) or len(description) > MAX_DESCRIPTION:
        text = f"the error description is not a string of at most {MAX_DESCRIPTION} characters"
        broken.append(_broken("frame.error_description", version, text))
    elif not isinstance(details, dict):
        broken.append(_broken("frame.error_details", version, "the error details are not an object"))
    message = Message(
        kind,
        identifier,
        error_code=code if isinstance(code, str) else None,
        error_description=description if isinstance(description, str) else None,
        error_details=details,
    )
    return ParsedFrame(message, tuple(broken))


def _encode(*elements: Json) -> str:
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":"))


def encode_call(identifier: str, action: str, payload: Mapping[str, Any]) -> str:
    """Write a CALL."""
    return _encode(MessageType.CALL, identifier, action, payload)


def encode_result(identifier: str, payload: Mapping[str, Any]) -> str:
    """Write a CALLRESULT."""
    return _encode(MessageType.CALLRESULT, identifier, payload)


def encode_error(identifier: str, code: str, description: str = "", details: Mapping[str, Any] | None = None) -> str:
    """Write a CALLERROR."""
    return _encode(MessageType.CALLERROR, identifier, code, description, details or {})


def encode_send(identifier: str, action: str, payload: Mapping[str, Any]) -> str:
    """Write a SEND of 2.1."""
    return _encode(MessageType.SEND, identifier, action, payload)
