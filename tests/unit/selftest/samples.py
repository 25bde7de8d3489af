"""Frames of every message of every version, made from the schemas, and what a mutation makes of them."""

import json

from ocpp_tck.evidence.records import Frame
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.rule import EXAMPLE_START, NOW
from ocpp_tck.protocol.schema import direction
from ocpp_tck.protocol.types import Level, Side, Version
from ocpp_tck.replay.recording import Kind, Moment
from ocpp_tck.selftest import legality
from ocpp_tck.selftest.alter import altered

LIMIT = 30.0
DEEP = 6
_FITTING = {
    "chargingProfileKind": "Recurring",
    "chargingProfilePurpose": "TxProfile",
    "startPeriod": 0,
    "eventType": "Updated",
}
_MEASURED = {"unit": "A"}
"""Of the measurand Current.Export, the first of 2.x."""
_RESULTS = {"GetVariables": ("getVariableResult", {"attributeType": "Actual", "attributeValue": "1"})}
_RESULTS["SetVariables"] = ("setVariableResult", {"attributeType": "Actual"})
"""What a result has although its schema does not ask for it (2.0.1 B05.FR.12, B06.FR.10, B06.FR.11)."""
_NAMES_ITS_REQUEST = {("1.6", "LogStatusNotification"), ("1.6", "SignedFirmwareStatusNotification")}
"""Statuses other than Idle, whose requestId the security whitepaper demands (L01.FR.10, N01.FR.07)."""
_TYPES = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR", 5: "CALLRESULTERROR", 6: "SEND"}


def payload(node, *, full, depth=0):
    """Give a legal value for a place in a schema: with all fields, or with the required ones only."""
    schema = node.schema
    kind = schema.get("type")
    if kind == "object":
        return _object(node, full=full, depth=depth)
    if kind == "array":
        return [payload(node.item(), full=full, depth=depth + 1) for _ in range(schema.get("minItems", 1) or 1)]
    if "enum" in schema:
        fitting = _FITTING.get(node.field)
        return fitting if fitting in schema["enum"] else schema["enum"][0]
    if kind == "string":
        text = _MEASURED.get(node.field) or {"date-time": NOW, "uri": "ftp://host/path"}.get(
            schema.get("format"), "Abc1"
        )
        return text[: schema.get("maxLength", len(text))]
    if kind in {"integer", "number"}:
        return _FITTING.get(node.field, min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1)))
    return True


def _object(node, *, full, depth):
    required, made = node.schema.get("required", ()), {}
    for name in node.schema.get("properties", {}):
        if name in required or (full and depth < DEEP and name != "customData"):
            made[name] = payload(node.named(name), full=full, depth=depth + 1)
    if node.version == "1.6" and "measurand" in node.schema.get("properties", {}):
        made["value"] = "1"
    if (node.version, node.action) == ("1.6", "RemoteStartTransaction") and node.field == "chargingProfile":
        made.pop("transactionId", None)
    if (node.version, node.action) in _NAMES_ITS_REQUEST and node.kind == legality.REQUEST:
        made["requestId"] = 1
    if (node.version, node.action, node.kind) == ("1.6", "GetCompositeSchedule", legality.RESPONSE):
        made.pop("startSchedule", None)
    return made


def frame(number, sender, message, action, *, malformed=False):
    """Give the record of a frame."""
    return Frame(
        time=EXAMPLE_START,
        n=number,
        connection="c",
        station="CP1",
        sender=sender,
        raw=json.dumps(message),
        type=_TYPES[message[0]],
        message_id=message[1],
        action=action,
        malformed=malformed,
    )


def sender_of(version, action, kind):
    """Give who sends a message: the first side that may, by the kit's table."""
    caller = min(direction(Version(version), action))
    return caller if kind == legality.REQUEST else caller.peer


def samples(version):
    """Give (action, kind, product, frames) for every message: minimal and with all fields."""
    for action in legality.actions(version):
        for kind in (legality.REQUEST, legality.RESPONSE):
            node = legality.message(version, action, kind)
            if node is None:
                continue
            product = sender_of(version, action, kind).value
            request = legality.message(version, action, legality.REQUEST)
            for full in (False, True):
                made = payload(node, full=full)
                if kind == legality.RESPONSE and action in _RESULTS:
                    name, more = _RESULTS[action]
                    made[name] = [more | one for one in made[name]]
                if kind == legality.REQUEST:
                    number = 6 if action == "NotifyPeriodicEventStream" else 2
                    frames = [frame(1, "product", [number, "p1", action, made], action)]
                else:
                    asked = [2, "k1", action, payload(request, full=full)]
                    frames = [frame(1, "kit", asked, action), frame(2, "product", [3, "k1", made], action)]
                yield action, kind, product, frames


def sent(frames, mutation=None):
    """Give the frames as moments, one of them changed; None when the change did nothing."""
    kinds = {"product": Kind.FRAME, "kit": Kind.CALL}
    moments = [Moment(kinds[one.sender], EXAMPLE_START, one, one.connection, one.raw) for one in frames]
    return moments if mutation is None else altered(moments, mutation.frame, mutation.do)


def judged(frames, version, product, mutation=None):
    """Replay frames, one of them changed, and give what the judge finds at what the product sends.

    Returns None when the change did nothing.
    """
    moments = sent(frames, mutation)
    if moments is None:
        return None
    side = Side(product)
    judge = Judge(Version(version), side)
    judge.opened("c", EXAMPLE_START)
    found = []
    for one in moments:
        record = one.record
        sender = side if record.sender == "product" else side.peer
        more = judge.frame(one.of_connection, sender, one.raw, EXAMPLE_START, malformed=record.malformed).violations
        found += more if record.sender == "product" else ()
    return [*found, *judge.overdue(EXAMPLE_START + 60)]


def musts(found):
    """Give the rules that are binding."""
    return [one.rule for one in found if one.level is Level.MUST]
