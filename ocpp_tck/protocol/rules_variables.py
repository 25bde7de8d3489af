"""Rules about the device model of 2.x: variables and events."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import NOW, Example, Sent, call, cs, csms, ex21, ex201, part2, result, rule
from ocpp_tck.protocol.types import Side

_HEART = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
_LIMIT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
_WS = {"component": {"name": "ocppcommctrlr"}, "variable": {"name": "heartbeatinterval"}}
_REMOTE = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "AuthorizeRemoteStart"}}
_ITEMS = {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage", "instance": "GetReport"}}


def _got(entry: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"attributeStatus": "Accepted", "attributeType": "Actual", "attributeValue": "1", **entry, **values}


def _get(asked: list[dict[str, Any]], *results: dict[str, Any]) -> Example:
    return ex201(csms(call("1", "GetVariables", getVariableData=asked)), cs(result("1", getVariableResult=results)))


def _set(asked: list[dict[str, Any]], *results: dict[str, Any]) -> Example:
    return ex21(csms(call("1", "SetVariables", setVariableData=asked)), cs(result("1", setVariableResult=results)))


def _order(*asked: dict[str, Any]) -> Example:
    data = [entry | {"attributeValue": "1"} for entry in asked]
    return ex201(csms(call("1", "SetVariables", setVariableData=data)), product=Side.CSMS)


def _without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


_NEW = {"attributeValue": "1"}
_DONE = {"attributeStatus": "Accepted", "attributeType": "Actual"}
_BOTH = _get([_HEART, _LIMIT], _got(_LIMIT), _got(_WS))
_BOOT = (
    cs(call("b", "BootNotification", reason="PowerUp", chargingStation={"vendorName": "Vendor", "model": "Model"})),
    csms(result("b", status="Accepted", currentTime=NOW, interval=60)),
)


def _event(identifier: str, number: int, *, more: bool = False, **values: Any) -> tuple[Sent, Sent]:
    data = {
        "eventId": 1,
        "timestamp": NOW,
        "trigger": "Delta",
        "actualValue": "Available",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
        **values,
    }
    told = call(identifier, "NotifyEvent", generatedAt=NOW, seqNo=number, tbc=more, eventData=[data])
    return cs(told), csms(result(identifier))


def _status(**values: int) -> tuple[Sent, Sent]:
    place = {"evseId": 1, "connectorId": 1} | values
    told = call("s", "StatusNotification", timestamp=NOW, connectorStatus="Available", **place)
    return cs(told), csms(result("s"))


def _security(kind: str) -> Example:
    return ex201(cs(call("1", "SecurityEventNotification", timestamp=NOW, type=kind)))


def _place(**evse: int) -> dict[str, Any]:
    return {"name": "Connector", "evse": evse}


RULES = (
    rule(
        "variables.result",
        "An answer to GetVariables or SetVariables has one result for each variable asked for, and no other",
        must=part2("B05.FR.01, B05.FR.02, B06.FR.01, B06.FR.02, B06.FR.14"),
        passing=(_BOTH, _get([_ITEMS], _got(_ITEMS)), _set([_HEART | _NEW], _DONE | _HEART)),
        failing=(
            _get([_HEART], _got(_LIMIT)),
            _get([_HEART], _got(_HEART), _got(_HEART)),
            _get([_HEART, _LIMIT], _got(_HEART)),
            _get([_HEART, _LIMIT], _got(_HEART), _got(_HEART)),
            _get([_ITEMS], _got(_ITEMS | {"variable": {"name": "ItemsPerMessage"}})),
            _set([_HEART | _NEW], _DONE | _LIMIT),
        ),
    ),
    rule(
        "variables.attribute_type",
        "A result names the attribute type that was asked for, Actual when none was",
        must=part2("B05.FR.03, B05.FR.12, B06.FR.03, B06.FR.11"),
        passing=(
            _BOTH,
            _get([_HEART, _HEART | {"attributeType": "MaxSet"}], _got(_HEART, attributeType="MaxSet"), _got(_HEART)),
        ),
        failing=(
            _get([_HEART], _got(_HEART, attributeType="Target")),
            _get([_HEART], _without(_got(_HEART), "attributeType")),
            _get([_HEART | {"attributeType": "MaxSet"}], _got(_HEART)),
            _set([_HEART | _NEW], _HEART | {"attributeStatus": "Accepted"}),
        ),
    ),
    rule(
        "variables.value",
        "A variable has a value when it was read, and none when it or its attribute type is unknown",
        must=part2("B06.FR.06 to B06.FR.08, B06.FR.10, B06.FR.13"),
        passing=(
            _BOTH,
            _get([_HEART], _got(_HEART, attributeValue="")),
            _get([_HEART], _without(_got(_HEART, attributeStatus="UnknownVariable"), "attributeValue")),
            _get([_HEART], _without(_got(_HEART, attributeStatus="Rejected"), "attributeValue")),
        ),
        failing=(
            _get([_HEART], _without(_got(_HEART), "attributeValue")),
            _get([_HEART], _got(_HEART, attributeStatus="UnknownComponent")),
            _get([_HEART], _got(_HEART, attributeStatus="NotSupportedAttributeType")),
        ),
    ),
    rule(
        "variables.type",
        "The value of a standard variable has its data type",
        must=part2("chapter Referenced Components and Variables, dataType; 2.1.4"),
        passing=(
            _get([_HEART], _got(_HEART, attributeValue="-1")),
            _get([_REMOTE], _got(_REMOTE, attributeValue="TRUE")),
            _get([_REMOTE], _got(_REMOTE, attributeValue="")),
        ),
        failing=(
            _get([_HEART], _got(_HEART, attributeValue="60 s")),
            _get([_WS], _got(_WS, attributeValue="1.5")),
            _get([_REMOTE], _got(_REMOTE, attributeValue="yes")),
        ),
    ),
    rule(
        "variables.set_twice",
        "A SetVariables sets an attribute once",
        must=part2("B05.FR.13"),
        passing=(_order(_HEART, _LIMIT, _HEART | {"attributeType": "MaxSet"}),),
        failing=(_order(_HEART, _WS), _order(_HEART, _HEART | {"attributeType": "Actual"})),
    ),
    rule(
        "range.evse",
        "An EVSE has a number from 1 on, and so has the connector whose status is reported",
        must=part2("EVSEType.id, StatusNotificationRequest; Part 6 state Booted"),
        passing=(ex201(*_status()), ex21(*_event("1", 0))),
        failing=(
            ex201(*_status(evseId=0)),
            ex201(*_status(connectorId=-1)),
            ex21(*_event("1", 0, component=_place(id=0, connectorId=1))),
            ex201(
                csms(call("1", "ChangeAvailability", operationalStatus="Operative", evse={"id": 0})), product=Side.CSMS
            ),
        ),
    ),
    rule(
        "event.sequence",
        "The first message about an event has the sequence number 0, each further one the next",
        must=part2("N07.FR.07, N08.FR.04, NotifyEventRequest.seqNo"),
        passing=(
            ex201(*_event("1", 5), *_event("2", 0)),
            ex21(*_BOOT, *_event("1", 0, more=True), *_event("2", 1, more=True), *_event("3", 2)),
            ex21(*_BOOT, *_event("1", 0, more=True), *_event("2", 1), *_event("3", 1)),
        ),
        failing=(
            ex21(*_BOOT, *_event("1", 1)),
            ex201(*_event("1", 0), *_event("2", 1)),
            ex201(*_event("1", 0), *_event("2", -1)),
            ex201(*_event("1", 0, more=True), *_event("2", 2)),
        ),
    ),
    rule(
        "event.continued",
        "A report of events that is to be continued is continued before another one begins",
        should=part2("NotifyEventRequest.tbc"),
        passing=(ex201(*_event("1", 0, more=True), *_BOOT, *_event("2", 0)),),
        failing=(ex201(*_event("1", 0, more=True), *_event("2", 0)),),
    ),
    rule(
        "event.monitor",
        "An event of a monitor names the monitor",
        must=part2("N07.FR.06"),
        passing=(
            ex201(*_event("1", 0)),
            ex21(*_event("1", 0, eventNotificationType="CustomMonitor", variableMonitoringId=7)),
        ),
        failing=(
            ex201(*_event("1", 0, eventNotificationType="CustomMonitor")),
            ex21(*_event("1", 0, eventNotificationType="HardWiredMonitor")),
        ),
    ),
    rule(
        "event.availability",
        "An event about the state of a connector says which connector, and has one of the states",
        must=part2("G01.FR.01, G01.FR.03, ComponentType.evse"),
        passing=(
            ex201(*_event("1", 0, actualValue="Faulted")),
            ex201(*_event("1", 0, component={"name": "EVSE", "evse": {"id": 1}})),
        ),
        failing=(
            ex201(*_event("1", 0, actualValue="")),
            ex21(*_event("1", 0, actualValue="available")),
            ex21(*_event("1", 0, component={"name": "Connector"})),
            ex21(*_event("1", 0, component=_place(id=1))),
            ex201(*_event("1", 0, component=_place(id=1, connectorId=0))),
        ),
    ),
    rule(
        "event.security_type",
        "A security event has a type of the list of security events",
        should=part2("SecurityEventNotificationRequest.type"),
        passing=(_security("StartupOfTheDevice"),),
        failing=(_security("startupOfTheDevice"), _security("")),
    ),
)
