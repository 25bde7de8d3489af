"""Rules about a frame by itself, and about the connection it comes on."""

from __future__ import annotations

import json

from ocpp_tck.protocol.rule import NOW, call, cs, csms, ex16, ex21, ex201, part2, part4, result, rule, v16
from ocpp_tck.protocol.types import Side, Version

_HEARTBEAT = cs(call("1", "Heartbeat"))
_ANSWER = csms(result("1", currentTime=NOW))
_STREAM = {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}
_GOOD = (ex16(_HEARTBEAT, _ANSWER), ex201(_HEARTBEAT, _ANSWER), ex21(_HEARTBEAT, _ANSWER))


def _error(code: object = "InternalError", description: object = "", details: object = None, kind: int = 4) -> str:
    return json.dumps([kind, "1", code, description, {} if details is None else details])


_REFUSED = (
    ex16(_HEARTBEAT, csms(_error("SecurityError")), product=Side.CSMS),
    ex16(_HEARTBEAT, csms(_error("SecurityError", "x" * 255, {"a": 1})), product=Side.CSMS),
    ex201(_HEARTBEAT, csms(_error("SecurityError")), product=Side.CSMS),
)

RULES = (
    rule(
        "frame.text",
        "A message is a WebSocket text message",
        must=part4("4.1.2"),
        passing=_GOOD,
        failing=(ex16(cs(b'[2,"1","Heartbeat",{}]')), ex21(cs(b"\x00"))),
    ),
    rule(
        "frame.utf8",
        "All text is valid UTF-8",
        must=part4("4.1.2", "4.1.2; RFC 6455 8.1"),
        passing=(ex16(cs(call("1", "DataTransfer", vendorId="é\u20ac\U0001f600"))),),
        failing=(ex16(cs('[2,"1","DataTransfer",{"vendorId":"\\ud83d"}]')),),
    ),
    rule(
        "frame.json",
        "A message is valid JSON: no NaN, no Infinity, no key twice in one object",
        must=part4("4.1.2"),
        passing=_GOOD,
        failing=(
            ex16(cs('[2,"1","Heartbeat",{}')),
            ex16(cs('[2,"1","Heartbeat",{},]')),
            ex201(cs('[2,"1","MeterValues",{"evseId":1,"evseId":1}]')),
            ex21(cs('[2,"1","DataTransfer",{"vendorId":"v","data":NaN}]')),
            ex21(cs("")),
        ),
    ),
    rule(
        "frame.array",
        "A message is a JSON array that is not empty",
        must=part4("4.2"),
        passing=_GOOD,
        failing=(ex16(cs('{"type":2}')), ex201(cs("[]")), ex21(cs("2"))),
    ),
    rule(
        "frame.message_type",
        "The message type is one that the version knows",
        must=part4("4.1.3"),
        passing=(
            *_GOOD,
            ex21(cs(json.dumps([6, "1", "NotifyPeriodicEventStream", _STREAM]))),
        ),
        failing=(
            ex16(cs('[5,"1","InternalError","",{}]')),
            ex201(cs('[6,"1","NotifyPeriodicEventStream",{}]')),
            ex21(cs('[7,"1","Heartbeat",{}]')),
            ex21(cs('["2","1","Heartbeat",{}]')),
        ),
    ),
    rule(
        "frame.elements",
        "A message has the number of elements of its type",
        must=part4("4.2"),
        passing=_GOOD,
        failing=(
            ex16(cs('[2,"1","Heartbeat",{},{}]')),
            ex16(cs('[2,"1","Heartbeat"]')),
            ex201(cs('[4,"1","InternalError"]')),
        ),
    ),
    rule(
        "frame.message_id",
        "The message id is a string of 1 to 36 characters",
        must=part4("4.1.4"),
        passing=(ex16(cs(call("x" * 36, "Heartbeat"))),),
        failing=(
            ex16(cs(call("x" * 64, "Heartbeat"))),
            ex201(cs(call(1, "Heartbeat"))),
            ex21(cs(call("", "Heartbeat"))),
        ),
    ),
    rule(
        "frame.action",
        "The action is a string",
        must=part4("4.2.1"),
        passing=_GOOD,
        failing=(ex16(cs(call("1", 1))), ex201(cs(call("1", None)))),
    ),
    rule(
        "frame.payload",
        "The payload is a JSON object",
        must=part4("4.1.5", "4.2.1, 4.2.2"),
        passing=(*_GOOD, ex16(cs('[2,"1","Heartbeat",null]'))),
        failing=(
            ex16(cs('[2,"1","Heartbeat",[]]')),
            ex201(cs('[2,"1","Heartbeat","{}"]')),
            ex21(cs('[2,"1","Heartbeat",1]')),
        ),
    ),
    rule(
        "frame.null_payload",
        "An empty payload is written as an empty object, not as null",
        should={
            Version.V201: "OCPP 2.0.1 Part 4 4.1.5",
            Version.V21: "OCPP 2.1 Part 4 4.1.5",
        },
        passing=_GOOD,
        failing=(ex201(cs('[2,"1","Heartbeat",null]')),),
    ),
    rule(
        "frame.error_code",
        "The error code is one that the version lists",
        must=part4("4.3", "4.2.3; errata J 5.1, 5.2"),
        passing=_REFUSED,
        failing=(
            ex16(_HEARTBEAT, csms(_error("FormatViolation")), product=Side.CSMS),
            ex201(_HEARTBEAT, csms(_error("FormationViolation")), product=Side.CSMS),
            ex21(_HEARTBEAT, csms(_error(1)), product=Side.CSMS),
        ),
    ),
    rule(
        "frame.error_description",
        "The error description is a string, from 2.0.1 on of at most 255 characters",
        must=part4("4.2.3"),
        passing=(*_REFUSED, ex16(_HEARTBEAT, csms(_error("SecurityError", "x" * 300)), product=Side.CSMS)),
        failing=(
            ex16(_HEARTBEAT, csms(_error("SecurityError", 1)), product=Side.CSMS),
            ex201(_HEARTBEAT, csms(_error("SecurityError", "x" * 256)), product=Side.CSMS),
        ),
    ),
    rule(
        "frame.error_details",
        "The error details are a JSON object",
        must=part4("4.2.3"),
        passing=_REFUSED,
        failing=(ex16(_HEARTBEAT, csms(_error("SecurityError", "", "none")), product=Side.CSMS),),
    ),
    rule(
        "handshake.subprotocol",
        "Both sides agree on the subprotocol of the version",
        must=part4("3.1.2, 3.2"),
    ),
    rule(
        "handshake.basic_auth",
        "The right credentials are sent, and wrong ones are refused",
        must={
            **v16("security whitepaper A00.FR.202 to A00.FR.204"),
            **part2("A00.FR.202 to A00.FR.204, A00.FR.207"),
        },
    ),
    rule(
        "handshake.client_certificate",
        "A client certificate of an authority that the CSMS does not know is refused",
        must={
            **v16("security whitepaper A00.FR.403, A00.FR.407"),
            **part2("A00.FR.403, A00.FR.407"),
        },
    ),
    rule(
        "handshake.tls_version",
        "TLS 1.2 or newer is used",
        must={
            **v16("security whitepaper A00.FR.312, A00.FR.416"),
            **part2("A00.FR.313, A00.FR.416"),
        },
    ),
    rule(
        "handshake.tls_suite",
        "No cipher suite is used whose primitives are unsuitable even for legacy use",
        must={
            **v16("security whitepaper A00.FR.319, A00.FR.423"),
            **part2("A00.FR.320, A00.FR.423"),
        },
    ),
    rule(
        "handshake.tls_compression",
        "TLS compression is not used",
        must={
            **v16("security whitepaper A00.FR.320, A00.FR.424"),
            **part2("A00.FR.321, A00.FR.424"),
        },
    ),
)
