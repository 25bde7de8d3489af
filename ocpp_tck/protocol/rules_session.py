"""Rules about CALLs and their answers on one connection and over all connections of one station."""

from __future__ import annotations

import json

from ocpp_tck.protocol.rule import NOW, Sent, call, cs, csms, ex16, ex21, ex201, part2, part4, result, rule
from ocpp_tck.protocol.types import Side, Version

_BEAT = cs(call("1", "Heartbeat"))
_BEATEN = csms(result("1", currentTime=NOW))
_CLEAR = csms(call("k1", "ClearCache"))
_CLEARED = cs(result("k1", status="Accepted"))
_EXCHANGE = (ex16(_BEAT, _BEATEN, _CLEAR, _CLEARED), ex201(_BEAT, _BEATEN, _CLEAR, _CLEARED))
_STREAM = {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}


def _error(identifier: str, code: str, kind: int = 4) -> str:
    return json.dumps([kind, identifier, code, "", {}])


def _send(identifier: str, action: str, payload: object) -> str:
    return json.dumps([6, identifier, action, payload])


RULES = (
    rule(
        "rpc.action",
        "The action is one that the version knows, letter case included",
        must=part4("4.1.6", "4.2.1"),
        passing=_EXCHANGE,
        failing=(
            ex16(cs(call("1", "heartbeat"))),
            ex16(cs(call("1", "TransactionEvent"))),
            ex201(cs(call("1", "HeartbeatRequest"))),
        ),
    ),
    rule(
        "rpc.direction",
        "An action is requested by a side that may request it",
        must={
            Version.V16: "OCPP 1.6 chapters 4 and 5",
            Version.V201: "OCPP 2.0.1 Part 2 chapter Messages",
            Version.V21: "OCPP 2.1 Part 2 chapter Messages",
        },
        passing=(*_EXCHANGE, ex16(csms(call("k", "DataTransfer", vendorId="v")))),
        failing=(
            ex16(cs(call("1", "ClearCache"))),
            ex201(csms(call("1", "Heartbeat")), product=Side.CSMS),
        ),
    ),
    rule(
        "rpc.send",
        "Unconfirmed messages go out as SEND, requests as CALL",
        must={Version.V21: "OCPP 2.1 Part 4 4.1.3, 4.2.4"},
        passing=(ex21(cs(_send("1", "NotifyPeriodicEventStream", _STREAM))),),
        failing=(
            ex21(cs(call("1", "NotifyPeriodicEventStream", **_STREAM))),
            ex21(cs(_send("1", "Heartbeat", {}))),
        ),
    ),
    rule(
        "rpc.id_reused",
        "A message id is used for one CALL only; the retry of a message may repeat its id",
        must={
            Version.V16: "OCPP-J 1.6 4.1.4; errata J 3.1",
            Version.V201: "OCPP 2.0.1 Part 4 4.1.4; errata 4.6",
            Version.V21: "OCPP 2.1 Part 4 4.1.4",
        },
        passing=(
            *_EXCHANGE,
            ex16(_BEAT, csms(_error("1", "SecurityError")), _BEAT, _BEATEN),
        ),
        failing=(
            ex16(_BEAT, _BEATEN, cs(call("1", "Authorize", idTag="A"))),
            ex16(_BEAT, _BEATEN, cs(call("1", "Heartbeat"))),
            ex201(_BEAT, _BEATEN, cs(call("1", "ClearedChargingLimit", chargingLimitSource="EMS"))),
            ex21(
                cs(_send("1", "NotifyPeriodicEventStream", _STREAM)),
                cs(call("1", "Heartbeat")),
            ),
        ),
    ),
    rule(
        "rpc.one_outstanding",
        "A CALL waits until the one before it is answered or has timed out",
        must={version: clause for version, clause in part4("4.1.1").items() if version is not Version.V16},
        should={Version.V16: "OCPP-J 1.6 4.1.1; errata J 3.5"},
        passing=_EXCHANGE,
        failing=(ex16(_BEAT, cs(call("2", "Authorize", idTag="A"))), ex201(_BEAT, cs(call("2", "Heartbeat")))),
    ),
    rule(
        "rpc.unsolicited",
        "An answer carries the message id of a CALL that awaits one",
        must=part4("4.1.4"),
        passing=_EXCHANGE,
        failing=(
            ex16(_CLEAR, cs(result("k2", status="Accepted"))),
            ex201(cs(_error("x", "InternalError"))),
            ex21(
                cs(_send("1", "NotifyPeriodicEventStream", _STREAM)),
                csms(result("1")),
                product=Side.CSMS,
            ),
        ),
    ),
    rule(
        "rpc.answered_twice",
        "A CALL is answered once",
        must=part4("4.1.1, 4.1.4"),
        passing=_EXCHANGE,
        failing=(
            ex16(_CLEAR, _CLEARED, _CLEARED),
            ex201(_CLEAR, _CLEARED, cs(_error("k1", "InternalError"))),
        ),
    ),
    rule(
        "rpc.swapped",
        "An answer answers the CALL whose message id it carries, not another one",
        must=part4("4.1.4"),
        passing=_EXCHANGE,
        failing=(
            ex16(
                Sent(Side.CSMS, call("k1", "GetConfiguration")),
                Sent(Side.CSMS, call("k2", "GetLocalListVersion"), malformed=True),
                cs(result("k1", listVersion=1)),
            ),
            ex16(
                Sent(Side.CSMS, call("k1", "GetLocalListVersion")),
                Sent(Side.CSMS, call("k2", "ClearCache"), malformed=True),
                cs(result("k1", status="Accepted")),
            ),
        ),
    ),
    rule(
        "rpc.unanswered",
        "Every CALL is answered",
        must={
            Version.V16: "OCPP 1.6 chapters 4 and 5; OCPP-J 1.6 4.2.2, 4.2.3; errata J 3.3",
            **part2("chapter 3 FR.02, FR.03"),
        },
        passing=(ex16(_CLEAR, _CLEARED, wait=60), ex201(_CLEAR, wait=10)),
        failing=(ex16(_CLEAR, wait=60), ex201(_BEAT, product=Side.CSMS, wait=60)),
    ),
    rule(
        "rpc.error_unfounded",
        "A legal CALL is not refused as malformed",
        must={**part4("4.2.3"), **part2("chapter 3 FR.02")},
        passing=(
            *_EXCHANGE,
            ex16(csms(call("k1", "GetLocalListVersion")), cs(_error("k1", "NotSupported"))),
            ex16(
                Sent(Side.CSMS, call("k1", "ClearCache", x=1), malformed=True), cs(_error("k1", "FormationViolation"))
            ),
        ),
        failing=(
            ex16(_CLEAR, cs(_error("k1", "FormationViolation"))),
            ex201(_CLEAR, cs(_error("k1", "TypeConstraintViolation"))),
        ),
    ),
    rule(
        "rpc.error_internal",
        "A legal CALL is processed without an internal error",
        should={**part4("4.2.2, 4.2.3"), **part2("chapter 3 FR.02")},
        passing=_EXCHANGE,
        failing=(ex16(_CLEAR, cs(_error("k1", "InternalError"))), ex201(_CLEAR, cs(_error("k1", "GenericError")))),
    ),
    rule(
        "rpc.core_refused",
        "A message of the Core profile is not refused as not implemented or not supported",
        must={Version.V16: "OCPP 1.6 3.3; errata 3.3; OCPP-J 1.6 4.2.3; errata J 3.9"},
        passing=(
            *_EXCHANGE,
            ex16(csms(call("k1", "GetLocalListVersion")), cs(_error("k1", "NotImplemented"))),
            ex16(Sent(Side.CSMS, call("k1", "ClearCache", x=1), malformed=True), cs(_error("k1", "NotSupported"))),
        ),
        failing=(
            ex16(_CLEAR, cs(_error("k1", "NotSupported"))),
            ex16(_BEAT, csms(_error("1", "NotImplemented")), product=Side.CSMS),
        ),
    ),
    rule(
        "rpc.result_refused",
        "A CALLRESULTERROR is sent for a faulty answer only",
        should={Version.V21: "OCPP 2.1 Part 4 4.2.3"},
        passing=(ex21(_BEAT, Sent(Side.CSMS, result("1"), malformed=True), cs(_error("1", "FormatViolation", 5))),),
        failing=(ex21(_BEAT, _BEATEN, cs(_error("1", "FormatViolation", 5))),),
    ),
)
