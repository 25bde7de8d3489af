"""Answers to GetConfiguration of OCPP 1.6 against what was asked and set, and what keys ask of other messages.

Source: OCPP 1.6 3.16.5, 5.8, 6.24, 7.29, chapter 9; errata 3.13, 3.83, 3.91, 4.28; OCPP-J 1.6 6.2.2, errata J 3.12.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ocpp_tck.protocol import moments
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.semantic.transactions16 import remember
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
_STOP_DATA = frozenset({"stoptxnaligneddata", "stoptxnsampleddata"})
_KEY = "authorizationkey"
_KEY_FORM = re.compile(r"[0-9A-Fa-f]{32,40}")
_TYPES = {name.casefold(): "boolean" for name in _BOOLEANS} | {name.casefold(): "integer" for name in _INTEGERS}


class Configuration16:
    """The configuration of one charge point, as far as the trace shows it.

    A boot may bring other values along, and so may a change until it is answered: they are unknown then.

    Args:
        tolerance: seconds by which two clocks may differ.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._values: dict[str, str] = {}
        self._bare_since = math.inf
        self._begun: dict[int, float] = {}
        self._password = ""

    def called(self, action: str, payload: Json) -> Iterator[Violation]:
        """Judge a legal request of either side."""
        if action == "BootNotification":
            self._values.clear()
            self._bare_since = math.inf
        elif action == "ChangeConfiguration" and payload["key"].casefold() in _STOP_DATA:
            self._values.pop(payload["key"].casefold(), None)
            self._bare_since = math.inf
        elif action == "StopTransaction" and any(one["sampledValue"] for one in payload.get("transactionData", ())):
            begun = self._begun.get(payload["transactionId"], -math.inf)
            if begun > self._bare_since + self._tolerance:
                text = "there are meter values, and StopTxnAlignedData and StopTxnSampledData are empty"
                yield broken("configuration.stop_data", Version.V16, text, "transactionData")

    def answered(self, action: str, request: Json, payload: Json, time: float) -> Iterator[Violation]:
        """Judge a legal answer beside its CALL, which may be illegal, and learn from both."""
        if not isinstance(request, dict):
            return
        if action == "StartTransaction":
            # It began by now, whatever the clock of the charge point says; not a number stays one.
            begun = min(moments.seconds(request.get("timestamp")), time)
            remember(self._begun, payload["transactionId"], begun)
        elif action == "ChangeConfiguration":
            self._changed(str(request.get("key")).casefold(), str(request.get("value")), payload["status"], time)
        elif action == "GetConfiguration":
            asked = request.get("key") or []
            if asked and isinstance(asked, list):
                yield from _complete([str(key) for key in asked], payload)
            for index, entry in enumerate(payload.get("configurationKey", ())):
                if "value" in entry:
                    yield from self._told(entry["key"], entry["value"], f"configurationKey[{index}].value", time)

    def _changed(self, key: str, value: str, status: str, time: float) -> None:
        if key == _KEY and status in {"Accepted", "RebootRequired"} and _KEY_FORM.fullmatch(value):
            self._password = value.casefold()
        if status == "Accepted":
            self._learn(key, value, time)

    def _told(self, name: str, value: str, path: str, time: float) -> Iterator[Violation]:
        key = name.casefold()
        self._learn(key, value, time)
        if key == _KEY and self._password and value.strip().casefold() == self._password:
            yield broken("configuration.password", Version.V16, f"{name} is given back as it was set", path)
        plain, wanted = value.strip().casefold(), _TYPES.get(key)
        is_right = plain in _BOOLEAN if wanted == "boolean" else bool(_INTEGER.fullmatch(plain))
        if wanted and plain and not is_right:
            yield broken("configuration.type", Version.V16, f"{name} is {value!r}, its type is {wanted}", path)

    def _learn(self, key: str, value: str, time: float) -> None:
        if key not in _STOP_DATA:
            return
        self._values[key] = value.strip()
        bare = self._values.keys() == _STOP_DATA and not any(self._values.values())
        self._bare_since = min(self._bare_since, time) if bare else math.inf


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
