"""Answers to GetConfiguration of OCPP 1.6 against what was asked, and the values of standard keys.

Source: OCPP 1.6 5.8, 6.24, 7.29, chapter 9; errata 3.83, 3.91.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Violation

_BOOLEAN = frozenset({"true", "false", "1", "0"})
_INTEGER = re.compile(r"[+-]?\d+")
_BOOLEANS = (
    *("AllowOfflineTxForUnknownId", "AuthorizationCacheEnabled", "AuthorizeRemoteTxRequests"),
    *("ConnectorSwitch3to1PhaseSupported", "LocalAuthListEnabled", "LocalAuthorizeOffline", "LocalPreAuthorize"),
    *("ReserveConnectorZeroSupported", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId"),
    "UnlockConnectorOnEVSideDisconnect",
)
_INTEGERS = (
    *("BlinkRepeat", "ChargeProfileMaxStackLevel", "ChargingScheduleMaxPeriods", "ClockAlignedDataInterval"),
    *("ConnectionTimeOut", "ConnectorPhaseRotationMaxLength", "GetConfigurationMaxKeys", "HeartbeatInterval"),
    *("LightIntensity", "LocalAuthListMaxLength", "MaxChargingProfilesInstalled", "MaxEnergyOnInvalidId"),
    *("MessageTimeout", "MeterValueSampleInterval", "MeterValuesAlignedDataMaxLength"),
    *("MeterValuesSampledDataMaxLength", "MinimumStatusDuration", "NumberOfConnectors", "ResetRetries"),
    *("SendLocalListMaxLength", "StopTransactionMaxMeterValues", "StopTxnAlignedDataMaxLength"),
    *("StopTxnSampledDataMaxLength", "SupportedFeatureProfilesMaxLength", "TransactionMessageAttempts"),
    *("TransactionMessageRetryInterval", "WebSocketPingInterval"),
)
_TYPES = {name.casefold(): "boolean" for name in _BOOLEANS} | {name.casefold(): "integer" for name in _INTEGERS}


def configuration(action: str, request: Json, payload: Json) -> Iterator[Violation]:
    """Judge a legal answer beside its CALL, which may be illegal."""
    if action != "GetConfiguration" or not isinstance(request, dict):
        return
    asked = request.get("key") or []
    if asked and isinstance(asked, list):
        yield from _complete([str(key) for key in asked], payload)
    for index, entry in enumerate(payload.get("configurationKey", ())):
        value = entry.get("value", "").strip().casefold()
        wanted = _TYPES.get(entry["key"].casefold())
        is_right = value in _BOOLEAN if wanted == "boolean" else bool(_INTEGER.fullmatch(value))
        if wanted and value and not is_right:
            text = f"{entry['key']} is {entry['value']!r}, its type is {wanted}"
            yield broken("configuration.type", Version.V16, text, f"configurationKey[{index}].value")


def _complete(asked: list[str], payload: Json) -> Iterator[Violation]:
    known = [entry["key"] for entry in payload.get("configurationKey", ())]
    given = {key.casefold() for key in (*known, *payload.get("unknownKey", ()))}
    missing = [key for key in asked if key.casefold() not in given]
    if missing:
        text = f"{', '.join(missing)} was asked for and is neither among the keys nor among the unknown ones"
        yield broken("configuration.keys", Version.V16, text)
        return
    unasked = sorted(given - {key.casefold() for key in asked})
    if unasked:
        yield broken("configuration.keys", Version.V16, f"{', '.join(unasked)} was not asked for")
