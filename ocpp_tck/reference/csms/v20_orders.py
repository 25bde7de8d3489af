"""The requests that a CSMS of OCPP 2.0.1 and 2.1 may send (Part 2, chapter Messages)."""

from collections.abc import Mapping

_ORDERS_2_0_1 = (
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ClearCache",
    "ClearChargingProfile",
    "ClearDisplayMessage",
    "ClearVariableMonitoring",
    "CostUpdated",
    "CustomerInformation",
    "DataTransfer",
    "DeleteCertificate",
    "GetBaseReport",
    "GetChargingProfiles",
    "GetCompositeSchedule",
    "GetDisplayMessages",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "GetMonitoringReport",
    "GetReport",
    "GetTransactionStatus",
    "GetVariables",
    "InstallCertificate",
    "PublishFirmware",
    "RequestStartTransaction",
    "RequestStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SetDisplayMessage",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetNetworkProfile",
    "SetVariableMonitoring",
    "SetVariables",
    "TriggerMessage",
    "UnlockConnector",
    "UnpublishFirmware",
    "UpdateFirmware",
)

_ADDED_IN_2_1 = (
    "AFRRSignal",
    "AdjustPeriodicEventStream",
    "ChangeTransactionTariff",
    "ClearDERControl",
    "ClearTariffs",
    "GetDERControl",
    "GetPeriodicEventStream",
    "GetTariffs",
    "NotifyAllowedEnergyTransfer",
    "NotifyWebPaymentStarted",
    "RequestBatterySwap",
    "SetDERControl",
    "SetDefaultTariff",
    "UpdateDynamicSchedule",
    "UsePriorityCharging",
)

GENERATED_IDS: Mapping[str, str] = {
    "RequestStartTransaction": "remoteStartId",
    **dict.fromkeys(
        (
            "CustomerInformation",
            "GetBaseReport",
            "GetChargingProfiles",
            "GetDisplayMessages",
            "GetLog",
            "GetMonitoringReport",
            "GetReport",
            "PublishFirmware",
            "UpdateFirmware",
            "GetDERControl",
            "RequestBatterySwap",
        ),
        "requestId",
    ),
}
"""Requests with an id that the CSMS makes up when its operator gives none: action to field."""


def order_of(action: str, version: str) -> str | None:
    """Find the request that a control action in snake_case names; None when there is none."""
    names = _ORDERS_2_0_1 + (_ADDED_IN_2_1 if version == "2.1" else ())
    # Without underscores, because abbreviations such as DER have no one snake_case form.
    wanted = action.replace("_", "").lower()
    return next((name for name in names if name.lower() == wanted), None)
