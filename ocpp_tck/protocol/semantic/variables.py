"""GetVariables and SetVariables: what the CSMS asks, and what the station answers to that.

Source: OCPP 2.0.1 and 2.1 Part 2 B05 and B06, and chapter Referenced Components and Variables. The results may come in
any order. Names and instances are identifierStrings: their letter case does not matter; an empty instance is none
(B06.FR.15).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_LISTS = {
    "GetVariables": ("getVariableData", "getVariableResult"),
    "SetVariables": ("setVariableData", "setVariableResult"),
}
_ACTUAL = "Actual"
_SHOWN = 50
_WITHOUT_VALUE = frozenset({"UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"})

_BOOLEANS = {
    "AlignedDataCtrlr": "Available Enabled SendDuringIdle SignReadings",
    "AuthCacheCtrlr": "Available DisablePostAuthorize Enabled",
    "AuthCtrlr": "AuthorizeRemoteStart DisableRemoteAuthorization Enabled LocalAuthorizeOffline LocalPreAuthorize "
    "OfflineTxForUnknownIdEnabled",
    "DisplayMessageCtrlr": "Available Enabled",
    "LocalAuthListCtrlr": "Available DisablePostAuthorize Enabled",
    "MonitoringCtrlr": "Available Enabled",
    "OCPPCommCtrlr": "QueueAllMessages UnlockOnEVSideDisconnect",
    "ReservationCtrlr": "Available Enabled NonEvseSpecific",
    "SampledDataCtrlr": "Available Enabled RegisterValuesWithoutPhases SignReadings",
    "SecurityCtrlr": "AdditionalRootCertificateCheck",
    "SmartChargingCtrlr": "ACPhaseSwitchingSupported Available Enabled ExternalControlSignalsEnabled "
    "NotifyChargingLimitWithSchedules Phases3to1",
    "TariffCostCtrlr": "Available Enabled",
    "TxCtrlr": "StopTxOnEVSideDisconnect StopTxOnInvalidId TxBeforeAcceptedEnabled",
}
_INTEGERS = {
    "AlignedDataCtrlr": "Interval TxEndedInterval",
    "AuthCacheCtrlr": "LifeTime Storage",
    "AuthCtrlr": "AdditionalInfoItemsPerMessage",
    "ClockCtrlr": "TimeAdjustmentReportingThreshold",
    "DeviceDataCtrlr": "BytesPerMessage ConfigurationValueSize ItemsPerMessage ReportingValueSize ValueSize",
    "DisplayMessageCtrlr": "DisplayMessages",
    "LocalAuthListCtrlr": "BytesPerMessage Entries ItemsPerMessage Storage",
    "MonitoringCtrlr": "ActiveMonitoringLevel BytesPerMessage ItemsPerMessage MonitoringLevel OfflineQueuingSeverity",
    "OCPPCommCtrlr": "FieldLength HeartbeatInterval MessageAttemptInterval MessageAttempts MessageTimeout "
    "NetworkProfileConnectionAttempts OfflineThreshold ResetRetries RetryBackOffRandomRange RetryBackOffRepeatTimes "
    "RetryBackOffWaitMinimum WebSocketPingInterval",
    "SampledDataCtrlr": "TxEndedInterval TxUpdatedInterval",
    "SecurityCtrlr": "CertSigningRepeatTimes CertSigningWaitMinimum CertificateEntries MaxCertificateChainSize "
    "SecurityProfile",
    "SmartChargingCtrlr": "Entries PeriodsPerSchedule ProfileStackLevel",
    "TxCtrlr": "EVConnectionTimeOut MaxEnergyOnInvalidId",
}
_TYPES = {
    (component.casefold(), name.casefold()): kind
    for kind, table in (("boolean", _BOOLEANS), ("integer", _INTEGERS))
    for component, names in table.items()
    for name in names.split()
}
"""Data types of variables that have the same one in both versions (Part 2, Referenced Components and Variables)."""

_FORMS = {"boolean": re.compile("true|false", re.IGNORECASE), "integer": re.compile(r"-?\d+")}

_Place = tuple[object, ...]


def asked_twice(version: Version, action: str, payload: Json) -> Iterator[Violation]:
    """Judge a request of the CSMS that sets variables."""
    if version is Version.V16 or action != "SetVariables":
        return
    places = Counter((_place(entry), entry.get("attributeType", _ACTUAL)) for entry in payload["setVariableData"])
    if max(places.values()) > 1:
        yield broken("variables.set_twice", version, "the same attribute is set twice", "setVariableData")


def variables(version: Version, action: str, request: Json, payload: Json) -> Iterator[Violation]:
    """Judge the answer to a request, which may be illegal; one defect is named once."""
    if version is Version.V16 or action not in _LISTS or schema.violations(version, action, "request", request):
        return
    asked, given = _LISTS[action]
    wanted, found = request[asked], payload[given]
    yield from _named(version, wanted, found, given) or _typed(version, wanted, found, given)
    if action == "GetVariables":
        for index, result in enumerate(found):
            yield from _valued(version, result, f"{given}[{index}]")


def _named(version: Version, wanted: Json, found: Json, given: str) -> list[Violation]:
    places = Counter(map(_place, wanted))
    for index, result in enumerate(found):
        if _place(result) not in places:
            text = f"{_told(result)} was not asked for"
            return [broken("variables.result", version, text, f"{given}[{index}]")]
    if Counter(map(_place, found)) != places:
        text = f"{len(wanted)} variables were asked for; the answer has {', '.join(map(_told, found))}"
        return [broken("variables.result", version, text, given)]
    return []


def _typed(version: Version, wanted: Json, found: Json, given: str) -> list[Violation]:
    places = {(_place(entry), entry.get("attributeType", _ACTUAL)) for entry in wanted}
    for index, result in enumerate(found):
        kind = result.get("attributeType")
        if (_place(result), kind) not in places:
            text = f"the result for {_told(result)} has the attribute type {kind or 'none'}"
            return [broken("variables.attribute_type", version, text, f"{given}[{index}].attributeType")]
    return []


def _valued(version: Version, result: Json, path: str) -> Iterator[Violation]:
    status, has_value = result["attributeStatus"], "attributeValue" in result
    if (status == "Accepted" and not has_value) or (status in _WITHOUT_VALUE and has_value):
        text = f"the result for {_told(result)} is {status} {'with' if has_value else 'without'} a value"
        yield broken("variables.value", version, text, f"{path}.attributeValue")
    kind = _TYPES.get((result["component"]["name"].casefold(), result["variable"]["name"].casefold()))
    value = result.get("attributeValue")
    if value and kind and not _FORMS[kind].fullmatch(value):
        text = f"{_told(result)} is {value[:_SHOWN]!r}, no {kind}"
        yield broken("variables.type", version, text, f"{path}.attributeValue")


def _place(entry: Json) -> _Place:
    component, variable = entry["component"], entry["variable"]
    evse = component.get("evse", {})
    return (
        component["name"].casefold(),
        component.get("instance", "").casefold(),
        evse.get("id"),
        evse.get("connectorId"),
        variable["name"].casefold(),
        variable.get("instance", "").casefold(),
    )


def _told(entry: Json) -> str:
    return f"{entry['component']['name']}.{entry['variable']['name']}"
