"""Mutants of a whole frame: its text, elements, message id and answer, its moment, and what is sent beside it.

Source: OCPP-J 1.6 chapter 4 and errata J 3.1, 5.1, 5.2; OCPP 2.0.1 Part 4 chapter 4 and errata 4.6; OCPP 2.1 Part 4
chapter 4; for what may be sent before a boot is accepted OCPP 1.6 4.2 and OCPP 2.0.1 and 2.1 Part 2 B01 to B03.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import (
    AnswerError,
    Delay,
    Do,
    Drop,
    Duplicate,
    Inject,
    Remove,
    Reorder,
    Replace,
    Rewrite,
    Set,
)
from ocpp_tck.selftest.change import Change
from ocpp_tck.selftest.legality import V16, V21
from ocpp_tck.selftest.mutation import Nature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.selftest.surroundings import Surroundings

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6
_NAMES = {CALL: "CALL", RESULT: "CALLRESULT", ERROR: "CALLERROR", RESULT_ERROR: "CALLRESULTERROR", SEND: "SEND"}
_SIZES = {CALL: 4, RESULT: 3, ERROR: 5, RESULT_ERROR: 5, SEND: 4}
_LONGEST_ID = 36
_LONGEST_DESCRIPTION = 255
_FOREIGN_ACTION = {"cs": "Reset", "csms": "StatusNotification"}
_FOREIGN_PAYLOAD = {
    ("cs", V16): {"type": "Soft"},
    ("cs", ""): {"type": "Immediate"},
    ("csms", V16): {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
    ("csms", ""): {
        "timestamp": "2026-03-20T12:00:00Z",
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
    },
}
_VENDOR = {"vendorId": "org.ocpp-tck.selftest"}
_REFUSALS = (
    "GenericError",
    "InternalError",
    "NotImplemented",
    "NotSupported",
    "PropertyConstraintViolation",
    "SecurityError",
)
"""Codes that may be right for a legal CALL, depending on the product and its state."""
_COMPLAINTS = ("OccurrenceConstraintViolation", "ProtocolError", "TypeConstraintViolation")
"""Codes that say the CALL itself was wrong; each version has one more with a name of its own."""
_OWN = {True: "FormationViolation", False: "FormatViolation"}
_UNKNOWN = "TckUnknown"


def changes(frame: list[Any], raw: str, around: Surroundings, limit: float) -> Iterator[Change]:
    """Give the mutants of a frame.

    Args:
        frame: the frame, parsed; a legal one.
        raw: its text.
        around: what stands before and after it.
        limit: seconds by which a delayed frame is surely late.
    """
    yield from _moment(around, limit)
    yield from _text(raw, around)
    yield from _elements(frame, around)
    yield from _identity(frame, around)
    if frame[0] in {CALL, SEND}:
        yield from _action(frame, around)
    if frame[0] == RESULT:
        yield from _refused(around)
    if frame[0] in {ERROR, RESULT_ERROR}:
        yield from _error(frame, around)
    yield from _beside(frame, around)


def part4(version: str, section: str, j16: str = "") -> str:
    """Give a clause of OCPP-J; `j16` where 1.6 numbers it differently."""
    return f"OCPP-J 1.6 {j16 or section}" if version == V16 else f"OCPP {version} Part 4 {section}"


def _change(operator: str, text: str, do: Do, by: str = "", path: str = "", *, live: bool = True) -> Change:
    return Change(operator, path, text, do, Nature.ILLEGAL if by else Nature.JUDGED, by, live)


def _legal(operator: str, text: str, do: Do, by: str, path: str = "") -> Change:
    return Change(operator, path, text, do, Nature.LEGAL, by)


# -- when it comes, and how often ------------------------------------------------------------------------------------


def _moment(around: Surroundings, limit: float) -> Iterator[Change]:
    version, owed = around.version, around.is_owed
    answered = "OCPP 1.6 chapters 4 and 5" if version == V16 else f"OCPP {version} Part 2 chapter 3 FR.02, FR.03"
    yield _change("frame.dropped", "the frame is lost", Drop(), answered if owed else "")
    yield _change("frame.doubled", "the frame comes twice", Duplicate(), _doubled(around))
    yield _change("frame.delayed", f"the frame comes {limit:g} s late", Delay(limit))
    if around.is_followed:
        yield _change("frame.swapped", "the frame comes after the next one", Reorder())


def _doubled(around: Surroundings) -> str:
    if around.is_owed:
        return part4(around.version, "4.1.1, 4.1.4")
    if around.type == "CALL" and around.is_answered and around.version != V16:
        return part4(around.version, "4.1.1")
    return ""


# -- its text --------------------------------------------------------------------------------------------------------


def _text(raw: str, around: Surroundings) -> Iterator[Change]:
    json_clause = part4(around.version, "4.1.2")
    array_clause = part4(around.version, "4.2")
    yield _change("text.bracket", "the JSON begins with a brace", Rewrite("[", "{"), json_clause)
    yield _change("text.truncated", "the last character is missing", Replace(raw[:-1]), json_clause)
    yield _change("text.trailing", "a second array follows", Replace(f"{raw}[]"), json_clause)
    yield _change("text.empty", "the frame is empty", Replace(""), json_clause)
    yield _change("text.binary", "the frame is binary", Replace(raw.encode()), json_clause)
    yield _change("text.object", "the frame is an object", Replace("{}"), array_clause)
    yield _change("text.empty_array", "the frame is an empty array", Replace("[]"), array_clause)
    yield _legal("text.blanks", "there are blanks around the array", Rewrite("[", " [ "), f"{json_clause}; RFC 8259 2")
    if found := re.search(r'\{\s*("[^"\\]+"\s*:)', raw):
        twice = found[0].replace(found[1], f"{found[1]}null,{found[1]}", 1)
        yield _change("text.key_twice", f"{found[1].rstrip(': ')} stands twice", Rewrite(found[0], twice), json_clause)
    if found := re.search(r":\s*-?\d+(?:\.\d+)?(?=\s*[,}])", raw):
        yield _change("text.nan", "a number is NaN", Rewrite(found[0], ":NaN"), json_clause)
        yield _change("text.leading_zero", "a number begins with 0", Rewrite(found[0], ":007"), json_clause)
    if found := re.search(r'":\s*"', raw):
        half = f"{found[0]}\\ud83d"
        yield _change("text.surrogate", "a text holds half a character", Rewrite(found[0], half), json_clause)


# -- its elements ----------------------------------------------------------------------------------------------------


def _elements(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    version, kind, size = around.version, frame[0], len(frame)
    four = part4(version, "4.2")
    yield _change("elements.extra", "there is one element more", Set({f"$[{size}]": {}}), four, f"$[{size}]")
    last = f"$[{size - 1}]"
    yield _change("elements.missing", "the last element is missing", Remove((last,)), four, last)
    types = part4(version, "4.1.3")
    for other in (CALL, RESULT, ERROR, RESULT_ERROR, SEND, 9):
        if other != kind:
            text = f"the message type is {other}"
            yield _change(f"message_type.{other}", text, Set({"$[0]": other}), types, "$[0]")
    yield _change("message_type.text", "the message type is a text", Set({"$[0]": str(kind)}), types, "$[0]")
    if kind in {CALL, RESULT, SEND}:
        yield from _payload(frame, around)


def _payload(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    version, place = around.version, len(frame) - 1
    path = f"$[{place}]"
    clause = part4(version, "4.1.5", "4.2.1, 4.2.2")
    for name, value in (("array", []), ("text", "{}"), ("number", 1), ("boolean", True)):
        yield _change(f"payload.{name}", f"the payload is {value!r}", Set({path: value}), clause, path)
    if frame[place] == {}:
        yield _legal("payload.null", "the empty payload is null", Set({path: None}), clause, path)
    elif frame[place] and around.has_required:
        yield _change("payload.null", "the payload is null", Set({path: None}), clause, path)
        yield _change("payload.empty", "the payload is empty", Set({path: {}}), around.schema_clause, path)


# -- its message id --------------------------------------------------------------------------------------------------


def _identity(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    path = "$[1]"
    clause = part4(around.version, "4.1.4")
    stray = around.may_stray and frame[0] == ERROR

    def broken(operator: str, text: str, value: Any, *, live: bool = True) -> Change:
        return _change(operator, text, Set({path: value}), "" if stray else clause, path, live=live)

    yield broken("id.empty", "the message id is empty", "")
    yield broken("id.number", "the message id is a number", 4711)
    yield broken("id.null", "the message id is null", None)
    yield broken("id.too_long", "the message id has 37 characters", "x" * (_LONGEST_ID + 1))
    if frame[0] in {CALL, SEND}:
        if around.earlier_id:
            by = clause if around.is_earlier_other else ""
            text = "the message id is that of an earlier CALL"
            yield _change("id.reused", text, Set({path: around.earlier_id}), by, path, live=False)
        return
    yield broken("id.unknown", "the message id is that of no CALL", "tck-unknown")
    if frame[1].swapcase() != frame[1]:
        yield broken("id.case", "the message id has another letter case", frame[1].swapcase(), live=False)
    if around.earlier_peer_id and not around.is_reused:
        yield broken("id.other_call", "the message id is that of an earlier CALL", around.earlier_peer_id)


# -- the action of a CALL --------------------------------------------------------------------------------------------


def _action(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    version, action, path = around.version, frame[2], "$[2]"
    clause = part4(version, "4.1.6", "4.2.1")
    suffix = ".req" if version == V16 else "Request"
    for operator, text, value in (
        ("misspelt", "the action lacks its last letter", action[:-1]),
        ("case", "the action begins with a small letter", action[0].lower() + action[1:]),
        ("suffix", f"the action ends with {suffix}", action + suffix),
        ("empty", "the action is empty", ""),
        ("number", "the action is a number", 1),
        ("null", "the action is null", None),
    ):
        yield _change(f"action.{operator}", text, Set({path: value}), clause, path)
    other = _FOREIGN_ACTION[around.product]
    text = f"the action is {other}, which only the peer sends"
    yield _change("action.other_direction", text, Set({path: other}), _direction(version), path)


def _direction(version: str) -> str:
    return "OCPP 1.6 chapters 4 and 5" if version == V16 else f"OCPP {version} Part 2 chapter Messages"


# -- errors ----------------------------------------------------------------------------------------------------------


def _refused(around: Surroundings) -> Iterator[Change]:
    clause = part4(around.version, "4.2.3")
    own, foreign = _OWN[around.version == V16], _OWN[around.version != V16]
    for code in _REFUSALS:
        yield _change(f"answer.error.{code}", f"the CALL is refused with {code}", AnswerError(code))
    for code in (own, *_COMPLAINTS):
        by = clause if around.is_owed else ""
        yield _change(f"answer.error.{code}", f"the legal CALL is refused with {code}", AnswerError(code), by)
    unknown = part4(around.version, "4.3", "4.2.3; errata J 5.1, 5.2")
    for code in (foreign, _UNKNOWN):
        text = f"the CALL is refused with the unknown code {code}"
        yield _change(f"answer.error.{code}", text, AnswerError(code), unknown)


def _error(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    version = around.version
    codes = part4(version, "4.3", "4.2.3; errata J 5.1, 5.2")
    clause = part4(version, "4.2.3")
    own, foreign = _OWN[version == V16], _OWN[version != V16]
    for code in (*_REFUSALS, own, *_COMPLAINTS):
        if code != frame[2]:
            yield _change(f"error.code.{code}", f"the error code is {code}", Set({"$[2]": code}), path="$[2]")
    for code in (foreign, _UNKNOWN):
        text = f"the error code is the unknown {code}"
        yield _change(f"error.code.{code}", text, Set({"$[2]": code}), codes, "$[2]")
    for name, value in (("number", 1), ("null", None)):
        yield _change(f"error.code.{name}", f"the error code is {name}", Set({"$[2]": value}), codes, "$[2]")
        text = f"the error description is {name}"
        yield _change(f"error.description.{name}", text, Set({"$[3]": value}), clause, "$[3]")
    yield _legal("error.description.other", "the error description is another", Set({"$[3]": "tck"}), clause, "$[3]")
    long = Set({"$[3]": "x" * (_LONGEST_DESCRIPTION + 1)})
    text = f"the error description has {_LONGEST_DESCRIPTION + 1} characters"
    if version == V16:
        yield _legal("error.description.long", text, long, clause, "$[3]")
    else:
        yield _change("error.description.long", text, long, clause, "$[3]")
    details: tuple[tuple[str, Any], ...] = (("null", None), ("array", []), ("text", "none"))
    for name, value in details:
        text = f"the error details are {name}"
        yield _change(f"error.details.{name}", text, Set({"$[4]": value}), clause, "$[4]")
    yield _legal("error.details.other", "there are further error details", Set({"$[4].tck": 1}), clause, "$[4].tck")


# -- frames beside it ------------------------------------------------------------------------------------------------


def _beside(frame: list[Any], around: Surroundings) -> Iterator[Change]:
    version = around.version
    ids = part4(version, "4.1.4")
    stray = "" if around.may_stray else ids
    result, error = [RESULT, "$id", {}], [ERROR, "$id", "InternalError", "", {}]
    yield _change("inject.unsolicited_result", "a CALLRESULT to no CALL follows", Inject(result), ids)
    yield _change("inject.unsolicited_error", "a CALLERROR to no CALL follows", Inject(error), stray)
    if version == V21:
        wrong = [RESULT_ERROR, "$id", "InternalError", "", {}]
        yield _change("inject.unsolicited_result_error", "a CALLRESULTERROR to no answer follows", Inject(wrong), stray)
    unknown = Inject([CALL, "$id", _UNKNOWN, {}])
    yield _change(
        "inject.unknown_action", "a CALL of an unknown action follows", unknown, part4(version, "4.1.6", "4.2.1")
    )
    action = _FOREIGN_ACTION[around.product]
    payload = _FOREIGN_PAYLOAD[around.product, V16 if version == V16 else ""]
    foreign = Inject([CALL, "$id", action, payload])
    yield _change(
        "inject.wrong_direction", f"a {action} follows, which only the peer sends", foreign, _direction(version)
    )
    legal = Inject([CALL, "$id", "DataTransfer", _VENDOR])
    if frame[0] == CALL:
        same = Inject([CALL, "$matchedId", "DataTransfer", _VENDOR])
        yield _change("inject.same_id", "a DataTransfer with the same message id follows", same, ids)
        yield _second(around, legal)
    else:
        yield from _lone(around, legal)


def _second(around: Surroundings, legal: Inject) -> Change:
    text = "a DataTransfer follows before the answer"
    if not around.is_answered or not around.is_registered:
        return _change("inject.second_call", text, legal)
    clause = part4(around.version, "4.1.1")
    return (
        _legal("inject.second_call", text, legal, clause)
        if around.version == V16
        else _change("inject.second_call", text, legal, clause)
    )


def _lone(around: Surroundings, legal: Inject) -> Iterator[Change]:
    """Give a legal CALL beside something that is no CALL."""
    if around.is_calling and around.version != V16:
        return  # then it is a second open CALL, of which `_second` is the mutant
    free = around.is_registered
    transfer = "OCPP 1.6 4.3" if around.version == V16 else f"OCPP {around.version} Part 2 P02"
    yield _beside_legal("inject.data_transfer", "a DataTransfer follows", legal, transfer if free else "")
    if around.product == "cs":
        beat = Inject([CALL, "$id", "Heartbeat", {}])
        clause = "OCPP 1.6 4.6" if around.version == V16 else f"OCPP {around.version} Part 2 G02"
        yield _beside_legal(
            "inject.heartbeat", "a Heartbeat follows", beat, clause if free and not around.has_beats else ""
        )
    elif around.version == V16:
        ask = Inject([CALL, "$id", "GetConfiguration", {"key": ["HeartbeatInterval"]}])
        yield _beside_legal(
            "inject.get_configuration", "a GetConfiguration follows", ask, "OCPP 1.6 5.8" if free else ""
        )


def _beside_legal(operator: str, text: str, do: Inject, by: str) -> Change:
    return _legal(operator, text, do, by) if by else _change(operator, text, do)
