"""Legal changes of a charging station and of a CSMS of OCPP 2.0.1 and 2.1. Clauses are of Part 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import Inject, Mutant, Rework
from ocpp_tck.selftest.legal import (
    CALL,
    DELAYS,
    IDS,
    LETTERS,
    PAST,
    SPELLING,
    TEXT,
    TIMES,
    VENDOR,
    Change,
    between,
    effect_first,
    on,
    reworked,
    with_fields,
    without_fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from ocpp_tck.selftest.legal import Maker, Scene

CS, CSMS = "cs", "csms"
CUSTOM = {"vendorId": VENDOR, "anything": [1, {"is": TEXT}], "allowed": None}


def _custom(dice: Random, scene: Scene) -> list[Mutant]:
    """2.1.3: customData may stand in every class, with any fields beside vendorId."""
    deep = dice.random() < 0.5  # noqa: PLR2004 - a coin

    def added(value: Any) -> Any:
        if isinstance(value, dict):
            inner = {key: added(item) for key, item in value.items()} if deep else value
            return {**inner, "customData": CUSTOM}
        return [added(item) for item in value] if isinstance(value, list) else value

    def change(payload: dict[str, Any]) -> dict[str, Any]:
        return dict(added(payload))

    return [on(scene.sut, "any", "", reworked(change), "customData")]


_WITH_INFO = {
    "ChangeAvailability",
    "ClearCache",
    "DataTransfer",
    "RequestStartTransaction",
    "RequestStopTransaction",
    "Reset",
    "TriggerMessage",
    "UnlockConnector",
    "BootNotification",
}


def _status_info(_dice: Random, scene: Scene) -> list[Mutant]:
    """StatusInfoType: a reason of 20 characters, and text."""
    length = 512 if scene.version == "2.0.1" else 1024
    info = {"reasonCode": "NoError", "additionalInfo": (TEXT * 50)[:length]}
    return [
        on(scene.sut, "result", action, with_fields(statusInfo=info), f"info {action}") for action in sorted(_WITH_INFO)
    ]


# -- the charging station ---------------------------------------------------------------------------------------------


def _unasked(scene: Scene) -> list[tuple[str, Mapping[str, Any]]]:
    """What a charging station may send at any moment after it was accepted."""
    measured = [{"timestamp": PAST, "sampledValue": [{"value": 230.123456, "measurand": "Voltage", "phase": "L1-N"}]}]
    event = {
        "eventId": 2**31 - 1,
        "timestamp": PAST,
        "trigger": "Periodic",
        "actualValue": TEXT,
        "eventNotificationType": "CustomMonitor",
        "variableMonitoringId": 0,
        "component": {"name": "Fan", "instance": "upper"},
        "variable": {"name": "Speed"},
        "techInfo": TEXT,
    }
    return [
        ("Heartbeat", {}),
        ("DataTransfer", {"vendorId": VENDOR, "messageId": "m" * 50, "data": {"any": [TEXT, 1.5, None]}}),
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("LogStatusNotification", {"status": "Idle"}),
        ("SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": PAST, "techInfo": TEXT}),
        ("MeterValues", {"evseId": scene.connectors, "meterValue": measured}),
        ("NotifyEvent", {"generatedAt": PAST, "seqNo": 0, "eventData": [event]}),
    ]


def _full_boot(_dice: Random, _scene: Scene) -> list[Mutant]:
    """BootNotificationRequest: every field of ChargingStationType as long as it may be."""
    station = {
        "vendorName": "Ladesäulen GmbH & Co. Süd " + "v" * 24,
        "model": "Größe L 充電機",
        "serialNumber": "s" * 25,
        "firmwareVersion": "f" * 50,
        "modem": {"iccid": "8" * 20, "imsi": "2" * 20},
    }
    return [on(CS, "call", "BootNotification", with_fields(chargingStation=station), "full boot")]


def _bare_boot(_dice: Random, _scene: Scene) -> list[Mutant]:
    def bare(payload: dict[str, Any]) -> dict[str, Any]:
        station = payload["chargingStation"]
        return {**payload, "chargingStation": {name: station[name] for name in ("vendorName", "model")}}

    return [on(CS, "call", "BootNotification", reworked(bare), "bare boot")]


def _other_report(_dice: Random, scene: Scene) -> list[Mutant]:
    """A connector's state by NotifyEvent where the product has StatusNotification, and the other way (G01, N07)."""

    def to_event(frame: Any) -> Any:
        if frame[0] != CALL:
            return None
        told = frame[3]
        evse = {"id": told["evseId"], "connectorId": told["connectorId"]}
        event = {
            "eventId": 1,
            "timestamp": told["timestamp"],
            "trigger": "Delta",
            "actualValue": told["connectorStatus"],
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": evse},
            "variable": {"name": "AvailabilityState"},
        }
        return [CALL, frame[1], "NotifyEvent", {"generatedAt": told["timestamp"], "seqNo": 0, "eventData": [event]}]

    def to_status(frame: Any) -> Any:
        event = frame[3]["eventData"][0] if frame[0] == CALL else {}
        if event.get("component", {}).get("name") != "Connector":
            return None
        evse = event["component"]["evse"]
        told = {
            "timestamp": event["timestamp"],
            "connectorStatus": event["actualValue"],
            "evseId": evse["id"],
            "connectorId": evse["connectorId"],
        }
        return [CALL, frame[1], "StatusNotification", told]

    action, change = ("StatusNotification", to_event) if scene.version == "2.0.1" else ("NotifyEvent", to_status)
    return [on(CS, "call", action, Rework(change), "other report")]


def _repeat_status(dice: Random, scene: Scene) -> list[Mutant]:
    """G01 tells when a state is reported, not that it is reported once."""
    if scene.version != "2.0.1":
        return []
    again = Inject([CALL, "$id", "StatusNotification", "$payload"], sender=CS, in_turn=True)
    return [on(CS, "call", "StatusNotification", again, "status again", nth=dice.choice([0, 1, 2, 3]))]


def _more_events(_dice: Random, scene: Scene) -> list[Mutant]:
    """NotifyEventRequest: several events in one report, of which one is the connector's state."""
    if scene.version != "2.1":
        return []

    def more(payload: dict[str, Any]) -> dict[str, Any]:
        first = payload["eventData"][0]
        other = {
            **first,
            "eventId": first["eventId"] + 1000,
            "component": {"name": "Fan"},
            "variable": {"name": "Speed"},
        }
        return {**payload, "eventData": [other, first]}

    return [on(CS, "call", "NotifyEvent", reworked(more), "more events")]


def _full_event(dice: Random, _scene: Scene) -> list[Mutant]:
    """TransactionEventRequest: optional fields, and what an absent `offline` means."""
    extra: dict[str, Any] = {"offline": False, **dice.choice([{}, {"cableMaxCurrent": 32}])}

    def full(payload: dict[str, Any]) -> dict[str, Any]:
        if "transactionInfo" in payload:
            payload["transactionInfo"].setdefault("timeSpentCharging", 0)
        return {**extra, **payload}

    return [on(CS, "call", "TransactionEvent", reworked(full), "full event")]


def _bare_event(_dice: Random, _scene: Scene) -> list[Mutant]:
    """Meter values hang on the configured measurands, numberOfPhasesUsed on the station's knowledge (E02.FR.09)."""
    bare = without_fields("meterValue", "numberOfPhasesUsed", "offline")
    return [on(CS, "call", "TransactionEvent", bare, "bare event")]


def _additional(_dice: Random, _scene: Scene) -> list[Mutant]:
    """IdTokenType.additionalInfo: further ids, which do not make it another token (C01.FR.25)."""
    more = [{"additionalIdToken": "a" * 36, "type": "vehicle"}]

    def added(payload: dict[str, Any]) -> dict[str, Any] | None:
        if "idToken" not in payload:
            return None
        return {**payload, "idToken": {**payload["idToken"], "additionalInfo": more}}

    return [on(CS, "call", action, reworked(added), action) for action in ("Authorize", "TransactionEvent")]


def _variable_result(_dice: Random, _scene: Scene) -> list[Mutant]:
    """GetVariableResultType: further info; names in any case."""

    def other(payload: dict[str, Any]) -> dict[str, Any]:
        for entry in payload["getVariableResult"]:
            if entry["attributeStatus"] == "Accepted":
                entry["attributeStatusInfo"] = {"reasonCode": "NoError", "additionalInfo": TEXT}
            for part in ("component", "variable"):
                entry[part]["name"] = entry[part]["name"].upper()
        return payload

    return [on(CS, "result", "GetVariables", reworked(other), "results")]


STATION = (
    *TIMES,
    *SPELLING,
    *IDS,
    *LETTERS,
    *DELAYS,
    Change("customData", _custom),
    Change("statusInfo", _status_info),
    Change("further messages in turn", lambda dice, scene: between(dice, scene, _unasked(scene), in_turn=True)),
    Change("full BootNotification", _full_boot, early=True),
    Change("bare BootNotification", _bare_boot, early=True),
    Change("the state by the other message", _other_report, early=True, group="report"),
    Change("several events in one report", _more_events, group="report"),
    Change("a status repeated", _repeat_status, group="report"),
    Change("full TransactionEvent", _full_event),
    Change("bare TransactionEvent", _bare_event),
    Change("additionalInfo", _additional),
    Change("other results of variables", _variable_result),
    Change(
        "the effect before the answer",
        effect_first("RequestStartTransaction", "RequestStopTransaction", "ChangeAvailability", "UnlockConnector"),
    ),
)

# -- the CSMS ---------------------------------------------------------------------------------------------------------

_VARIABLE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
_ORDERS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("GetVariables", {"getVariableData": [_VARIABLE, {**_VARIABLE, "attributeType": "Target"}]}),
    ("SetVariables", {"setVariableData": [{**_VARIABLE, "attributeValue": "300"}]}),
    ("SetVariables", {"setVariableData": [{**_VARIABLE, "component": {"name": "Nobody"}, "attributeValue": TEXT}]}),
    ("GetBaseReport", {"requestId": 2**31 - 1, "reportBase": "FullInventory"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"versionNumber": 7, "updateType": "Full"}),
    ("ClearCache", {}),
    ("GetTransactionStatus", {}),
    ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"chargingProfilePurpose": "TxProfile"}}),
    ("GetInstalledCertificateIds", {}),
    ("SetMonitoringLevel", {"severity": 9}),
    ("DataTransfer", {"vendorId": VENDOR, "messageId": "m" * 50, "data": {"any": [TEXT, 1.5, None]}}),
    ("GetLog", {"requestId": 1, "logType": "SecurityLog", "log": {"remoteLocation": "https://example.com/log"}}),
    ("CustomerInformation", {"requestId": 1, "report": True, "clear": False, "customerIdentifier": TEXT}),
)
"""What a CSMS may send to a station that it has accepted."""


def _orders(scene: Scene) -> list[tuple[str, Mapping[str, Any]]]:
    """All but those of the case itself."""
    return [(action, payload) for action, payload in _ORDERS if f'"{action}"' not in scene.steps]


def _token_info(**values: Any) -> Maker:
    """IdTokenInfoType: what may stand beside the status."""

    def make(_dice: Random, _scene: Scene) -> list[Mutant]:
        def full(payload: dict[str, Any]) -> dict[str, Any] | None:
            info = payload.get("idTokenInfo")
            return None if info is None else {**payload, "idTokenInfo": {**info, **values}}

        return [on(CSMS, "result", action, reworked(full), action) for action in ("Authorize", "TransactionEvent")]

    return make


def _costs(_dice: Random, _scene: Scene) -> list[Mutant]:
    """TransactionEventResponse: cost, priority and a message for the driver."""
    message = {"format": "UTF8", "language": "de", "content": TEXT}
    return [
        on(
            CSMS,
            "result",
            "TransactionEvent",
            with_fields(totalCost=12.345678, chargingPriority=-9, updatedPersonalMessage=message),
            "costs",
        )
    ]


def _boot_interval(dice: Random, _scene: Scene) -> list[Mutant]:
    """BootNotificationResponse: 0 leaves the interval to the station."""
    return [on(CSMS, "result", "BootNotification", with_fields(interval=dice.choice([0, 1, 2**31 - 1])), "interval")]


def _remote_start(dice: Random, scene: Scene) -> list[Mutant]:
    """RequestStartTransactionRequest: evseId and a TxProfile are optional."""
    kind = dice.choice(["no evse", "profile", "group"])
    if kind == "no evse":
        return [on(CSMS, "call", "RequestStartTransaction", without_fields("evseId"), "no evse")]
    if kind == "group":
        group = {"idToken": "g" * 36, "type": "Central"}
        return [on(CSMS, "call", "RequestStartTransaction", with_fields(groupIdToken=group), "group")]
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
    }
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    del scene
    return [on(CSMS, "call", "RequestStartTransaction", with_fields(chargingProfile=profile), "profile")]


def _more_variables(_dice: Random, _scene: Scene) -> list[Mutant]:
    """B06: a request may ask for several variables, with the attribute type or without."""

    def more(payload: dict[str, Any]) -> dict[str, Any]:
        wanted = [{**entry, "attributeType": "Actual"} for entry in payload["getVariableData"]]
        return {**payload, "getVariableData": [_VARIABLE, *wanted]}

    return [on(CSMS, "call", "GetVariables", reworked(more), "more variables")]


MESSAGE = {"format": "UTF8", "language": "de", "content": TEXT}
CENTRAL = (
    *TIMES,
    *SPELLING,
    *IDS,
    *LETTERS,
    *DELAYS,
    Change("customData", _custom),
    Change("statusInfo", _status_info),
    Change("further requests in turn", lambda dice, scene: between(dice, scene, _orders(scene), in_turn=True)),
    Change("cacheExpiryDateTime", _token_info(cacheExpiryDateTime="2099-12-31T23:59:59.999Z")),
    Change("priority and languages", _token_info(chargingPriority=9, language1="de", language2="zh-Hant")),
    Change("a personal message", _token_info(personalMessage=MESSAGE)),
    Change("costs", _costs),
    Change("other boot intervals", _boot_interval, early=True),
    Change("remote start with other fields", _remote_start),
    Change("more variables asked for", _more_variables),
    Change("the answer after the next message", effect_first("StatusNotification", "TransactionEvent")),
)
