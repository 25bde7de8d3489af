"""Rules about the local authorization list and about triggered messages of OCPP 1.6."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Example, Sent, call, cs, csms, ex16, result, rule, v16
from ocpp_tck.protocol.types import Side

_INFO = {"status": "Accepted"}
_A, _B = {"idTag": "A", "idTagInfo": _INFO}, {"idTag": "B", "idTagInfo": _INFO}


def _sends(*entries: dict[str, Any], version: int = 1, kind: str = "Full") -> Sent:
    payload = {"listVersion": version, "updateType": kind, "localAuthorizationList": list(entries)}
    return csms(call(f"s{version}", "SendLocalList", **payload))


def _sent(*entries: dict[str, Any], version: int = 1, kind: str = "Full") -> Example:
    return ex16(_sends(*entries, version=version, kind=kind), product=Side.CSMS)


def _update(
    *entries: dict[str, Any], version: int = 1, kind: str = "Full", status: str = "Accepted"
) -> tuple[Sent, Sent]:
    return _sends(*entries, version=version, kind=kind), cs(result(f"s{version}", status=status))


def _told(version: int) -> tuple[Sent, Sent]:
    return csms(call("g", "GetLocalListVersion")), cs(result("g", listVersion=version))


_FILLED = _update(_A, version=2)
_MORE: dict[str, Any] = {"version": 5, "kind": "Differential"}
_BOOT = (
    cs(call("b", "BootNotification", chargePointVendor="Vendor", chargePointModel="Model")),
    csms(result("b", status="Accepted", currentTime=NOW, interval=60)),
)
_IDLE = cs(call("i", "FirmwareStatusNotification", status="Idle"))
_ASKED = csms(call("t", "TriggerMessage", requestedMessage="FirmwareStatusNotification"))
_ACCEPTED = cs(result("t", status="Accepted"))
_ASKED_METER = csms(call("m", "TriggerMessage", requestedMessage="MeterValues", connectorId=1))


def _meter(context: str) -> Sent:
    samples = [{"value": "1", "context": context}]
    return cs(call("v", "MeterValues", connectorId=1, meterValue=[{"timestamp": NOW, "sampledValue": samples}]))


RULES = (
    rule(
        "local_list.version",
        "A local list is sent with a version that is neither 0 nor -1",
        must=v16("6.41; errata 3.52"),
        passing=(_sent(_A), _sent(_A, version=-2)),
        failing=(_sent(_A, version=0), _sent(_A, version=-1)),
    ),
    rule(
        "local_list.unique",
        "An idTag stands once in an update of the local list, whatever the case of its letters",
        must=v16("6.41; errata 3.74"),
        passing=(_sent(_A, _B), _sent()),
        failing=(_sent(_A, _A), _sent(_A, {"idTag": "a"}, kind="Differential")),
    ),
    rule(
        "local_list.info",
        "Every idTag of a full local list has an idTagInfo; in a change its absence takes the idTag out",
        must=v16("7.1"),
        passing=(_sent(_A), _sent({"idTag": "A"}, kind="Differential")),
        failing=(_sent({"idTag": "A"}), _sent(_A, {"idTag": "B"})),
    ),
    rule(
        "local_list.mismatch",
        "VersionMismatch answers a change of the local list whose version is not newer than that of the list",
        must=v16("7.47"),
        passing=(
            ex16(*_FILLED, *_update(_B, version=1, kind="Differential", status="VersionMismatch")),
            ex16(*_update(_B, **_MORE, status="VersionMismatch")),
            ex16(*_update(_A, status="Failed")),
        ),
        failing=(
            ex16(*_update(_A, status="VersionMismatch")),
            ex16(*_FILLED, *_update(_B, **_MORE, status="VersionMismatch")),
        ),
    ),
    rule(
        "local_list.told",
        "The version told of the local list is that of its last update, or 0 for an empty list",
        must=v16("5.10, 5.15"),
        passing=(
            ex16(*_told(7)),
            ex16(*_FILLED, *_told(2)),
            ex16(*_FILLED, *_told(-1)),
            ex16(*_FILLED, *_update(_B, **_MORE), *_told(5)),
            ex16(*_FILLED, *_update({"idTag": "a"}, **_MORE), *_told(0)),
            ex16(*_FILLED, *_BOOT, *_told(0)),
            ex16(*_update(), *_told(0)),
        ),
        failing=(
            ex16(*_FILLED, *_told(1)),
            ex16(*_FILLED, *_update(_B, **_MORE), *_told(2)),
            ex16(*_FILLED, *_update({"idTag": "a"}, **_MORE), *_told(5)),
            ex16(*_update(), *_told(1)),
        ),
    ),
    rule(
        "trigger.idle",
        "The status Idle of diagnostics or firmware is told only when a TriggerMessage has asked for it",
        must=v16("4.4, 4.5, 7.24, 7.25"),
        passing=(ex16(*_BOOT, _ASKED, _ACCEPTED, _IDLE), ex16(_IDLE)),
        failing=(
            ex16(*_BOOT, _IDLE),
            ex16(*_BOOT, cs(call("i", "DiagnosticsStatusNotification", status="Idle"))),
        ),
    ),
    rule(
        "trigger.answer_first",
        "A message that a TriggerMessage has asked for comes after the answer to it",
        must=v16("5.17"),
        passing=(
            ex16(*_BOOT, _ASKED, _ACCEPTED, _IDLE),
            ex16(*_BOOT, _ASKED_METER, _meter("Sample.Clock")),
            ex16(*_BOOT, _meter("Trigger")),
        ),
        failing=(ex16(*_BOOT, _ASKED, _IDLE), ex16(*_BOOT, _ASKED_METER, _meter("Trigger"))),
    ),
)
