"""How the kit answers as a charging station when a case says nothing else: polite and complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocpp_tck.settings import Hardware, TestData


class StationAnswers:
    """The default answers to a CSMS.

    Attributes:
        keys: the configuration keys that the kit has as a 1.6 station: value and read-only flag.
        profiled: whether a charging profile was set (1.6).
        variables: the variables that it has as a 2.x station, by (component, variable).
        list_version: version of the local authorization list that it has as a 1.6 station, while that has tokens.
        listed: the tokens in it.
    """

    def __init__(self, version: str, data: TestData, hardware: Hardware) -> None:
        self._version = version
        self.keys: dict[str, tuple[str, bool]] = _keys(data, hardware)
        self.profiled = False
        self.variables: dict[tuple[str, str], str] = _variables(data)
        self.list_version = 0
        self.listed: set[str] = set()

    def __call__(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the answer to one request, None for an action that this station does not implement."""
        own = _V16 if self._version == "1.6" else _V20
        maker = own.get(action)
        return None if maker is None else maker(self, payload)

    def accepted(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Requests that are simply accepted."""
        return {"status": "Accepted"}

    def rejected(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Requests that the kit can't follow up by itself."""
        return {"status": "Rejected"}

    def unlocked(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """UnlockConnector."""
        return {"status": "Unlocked"}

    def data_transfer(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """DataTransfer: the kit implements no vendor extension."""
        return {"status": "UnknownVendorId"}

    def get_configuration(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """GetConfiguration of 1.6: the keys asked for, all without a list (1.6 5.8)."""
        wanted = payload.get("key") or list(self.keys)
        names = {name.casefold(): name for name in self.keys}
        known = [names[key.casefold()] for key in wanted if str(key).casefold() in names]
        unknown = [key for key in wanted if str(key).casefold() not in names]
        entries = [{"key": name, "readonly": self.keys[name][1], "value": self.keys[name][0]} for name in known]
        return {"configurationKey": entries, **({"unknownKey": unknown} if unknown else {})}

    def change_configuration(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """ChangeConfiguration of 1.6 (5.3)."""
        names = {name.casefold(): name for name in self.keys}
        name = names.get(str(payload.get("key")).casefold())
        if name is None:
            return {"status": "NotSupported"}
        present, readonly = self.keys[name]
        value = str(payload.get("value"))
        if readonly or not _is_like(value, present):
            return {"status": "Rejected"}
        self.keys[name] = (value, False)
        return {"status": "Accepted"}

    def local_list_version(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """GetLocalListVersion of 1.6: 0 for an empty list (5.10)."""
        return {"listVersion": self.list_version if self.listed else 0}

    def store_local_list(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """SendLocalList of 1.6: any update is stored (5.15); an entry without idTagInfo takes a token out (7.1)."""
        if payload.get("updateType") == "Full":
            self.listed.clear()
        for entry in payload.get("localAuthorizationList") or ():
            change = self.listed.add if entry.get("idTagInfo") else self.listed.discard
            change(str(entry.get("idTag")).casefold())
        self.list_version = payload.get("listVersion", 0)
        return {"status": "Accepted"}

    def clear_profiles(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """ClearChargingProfile: Unknown when there is none (1.6 7.21)."""
        found, self.profiled = self.profiled, False
        return {"status": "Accepted" if found else "Unknown"}

    def set_profile(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """SetChargingProfile: the kit takes every profile, and forgets them all together."""
        self.profiled = True
        return {"status": "Accepted"}

    def not_supported(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Requests of profiles that the kit does not claim and whose answer can say so."""
        return {"status": "NotSupported"}

    def not_found(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Requests about certificates: the kit has none installed (1.6 security whitepaper M03.FR.02, M04.FR.04)."""
        return {"status": "NotFound"}

    def no_diagnostics(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """GetDiagnostics: no fileName, there is nothing to upload (1.6 6.26)."""
        return {}

    def get_variables(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """GetVariables of 2.x (B06)."""
        return {"getVariableResult": [self._get(entry) for entry in payload.get("getVariableData") or []]}

    def set_variables(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """SetVariables of 2.x (B05)."""
        return {"setVariableResult": [self._set(entry) for entry in payload.get("setVariableData") or []]}

    def _get(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        status, place = self._find(entry)
        if status == "Accepted" and entry.get("attributeType", "Actual") != "Actual":
            status = "NotSupportedAttributeType"
        value = {"attributeValue": self.variables[place]} if status == "Accepted" else {}
        return {**_named(entry), "attributeStatus": status, **value}

    def _set(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        status, place = self._find(entry)
        if status == "Accepted":
            self.variables[place] = str(entry.get("attributeValue"))
        return {**_named(entry), "attributeStatus": status}

    def _find(self, entry: Mapping[str, Any]) -> tuple[str, tuple[str, str]]:
        component = str(entry["component"].get("name")).casefold()
        variable = str(entry["variable"].get("name")).casefold()
        for place in self.variables:
            if (place[0].casefold(), place[1].casefold()) == (component, variable):
                return "Accepted", place
        known = any(place[0].casefold() == component for place in self.variables)
        return ("UnknownVariable" if known else "UnknownComponent"), ("", "")


def _named(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Say which variable a result is about; Actual when none was named (B05.FR.12, B06.FR.11)."""
    kind = entry.get("attributeType", "Actual")
    return {"component": entry["component"], "variable": entry["variable"], "attributeType": kind}


def _is_like(value: str, present: str) -> bool:
    """Whether a value has the form of the present one: a number of 0 or more, a boolean, or any text (1.6 9.1)."""
    if present.isdigit():
        return value.isdigit()
    if present in {"true", "false"}:
        return value.casefold() in {"true", "false"}
    return True


def _keys(data: TestData, hardware: Hardware) -> dict[str, tuple[str, bool]]:
    """The mandatory configuration keys of 1.6 (9.1, 9.2) for the profiles of the kit, and what it has of others."""
    return {
        "AuthorizeRemoteTxRequests": ("true", False),
        "ChargeProfileMaxStackLevel": ("100", True),
        "ChargingScheduleAllowedChargingRateUnit": ("Current,Power", True),
        "ChargingScheduleMaxPeriods": ("100", True),
        "ClockAlignedDataInterval": (str(data.clock_aligned_interval), False),
        "ConnectionTimeOut": (str(data.connection_timeout), False),
        "ConnectorPhaseRotation": ("0.RST", False),
        "GetConfigurationMaxKeys": ("50", True),
        "HeartbeatInterval": (str(data.heartbeat_interval), False),
        "LocalAuthListEnabled": ("true", False),
        "LocalAuthListMaxLength": ("100", True),
        "LocalAuthorizeOffline": ("true", False),
        "LocalPreAuthorize": ("false", False),
        "MaxChargingProfilesInstalled": ("100", True),
        "MeterValuesAlignedData": ("Energy.Active.Import.Register", False),
        "MeterValuesSampledData": ("Energy.Active.Import.Register", False),
        "MeterValueSampleInterval": (str(data.meter_value_interval), False),
        "NumberOfConnectors": (str(hardware.connectors), True),
        "ReserveConnectorZeroSupported": ("true", True),
        "ResetRetries": ("1", False),
        "StopTransactionOnEVSideDisconnect": ("true", False),
        "StopTransactionOnInvalidId": ("true", False),
        "StopTxnAlignedData": ("", False),
        "StopTxnSampledData": ("", False),
        "SendLocalListMaxLength": ("100", True),
        "SupportedFeatureProfiles": ("Core,LocalAuthListManagement,RemoteTrigger,Reservation,SmartCharging", True),
        "TransactionMessageAttempts": ("3", False),
        "TransactionMessageRetryInterval": ("10", False),
        "UnlockConnectorOnEVSideDisconnect": ("true", False),
        "WebSocketPingInterval": ("0", False),
    }


def _variables(data: TestData) -> dict[tuple[str, str], str]:
    """A few variables that every 2.x station has (2.0.1 Part 2 appendices, chapter 3)."""
    return {
        ("OCPPCommCtrlr", "HeartbeatInterval"): str(data.heartbeat_interval),
        ("OCPPCommCtrlr", "OfflineThreshold"): "60",
        ("AuthCtrlr", "AuthorizeRemoteStart"): "true",
        ("AuthCtrlr", "Enabled"): "true",
        ("TxCtrlr", "EVConnectionTimeOut"): str(data.connection_timeout),
        ("TxCtrlr", "TxStartPoint"): "PowerPathClosed",
        ("TxCtrlr", "TxStopPoint"): "EVConnected",
    }


_V16: dict[str, Callable[[StationAnswers, Mapping[str, Any]], dict[str, Any]]] = {
    "CancelReservation": StationAnswers.rejected,
    "ChangeAvailability": StationAnswers.accepted,
    "ChangeConfiguration": StationAnswers.change_configuration,
    "ClearCache": StationAnswers.accepted,
    "ClearChargingProfile": StationAnswers.clear_profiles,
    "CertificateSigned": StationAnswers.rejected,
    "DataTransfer": StationAnswers.data_transfer,
    "DeleteCertificate": StationAnswers.not_found,
    "ExtendedTriggerMessage": StationAnswers.rejected,
    "GetInstalledCertificateIds": StationAnswers.not_found,
    "InstallCertificate": StationAnswers.rejected,
    "GetCompositeSchedule": StationAnswers.rejected,
    "GetConfiguration": StationAnswers.get_configuration,
    "GetDiagnostics": StationAnswers.no_diagnostics,
    "GetLocalListVersion": StationAnswers.local_list_version,
    "RemoteStartTransaction": StationAnswers.accepted,
    "RemoteStopTransaction": StationAnswers.accepted,
    "ReserveNow": StationAnswers.rejected,
    "Reset": StationAnswers.accepted,
    "SendLocalList": StationAnswers.store_local_list,
    "SetChargingProfile": StationAnswers.set_profile,
    "TriggerMessage": StationAnswers.rejected,
    "UnlockConnector": StationAnswers.unlocked,
}
_V20: dict[str, Callable[[StationAnswers, Mapping[str, Any]], dict[str, Any]]] = {
    "ChangeAvailability": StationAnswers.accepted,
    "ClearCache": StationAnswers.accepted,
    "DataTransfer": StationAnswers.data_transfer,
    "GetBaseReport": StationAnswers.rejected,
    "GetReport": StationAnswers.rejected,
    "GetVariables": StationAnswers.get_variables,
    "RequestStartTransaction": StationAnswers.accepted,
    "RequestStopTransaction": StationAnswers.accepted,
    "Reset": StationAnswers.accepted,
    "SetVariables": StationAnswers.set_variables,
    "TriggerMessage": StationAnswers.rejected,
    "UnlockConnector": StationAnswers.unlocked,
}
