"""Musts of the text about single fields of a message, that no schema carries.

Source: OCPP 1.6 edition 2 chapters 4 to 7 and its errata; OCPP 2.0.1 and 2.1 Part 2, chapters Messages and Datatypes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.selftest.legality import REQUEST, RESPONSE, V16

if TYPE_CHECKING:
    from collections.abc import Callable

_LOWEST_CONNECTOR = {
    "ChangeAvailability": (0, "6.7"),
    "MeterValues": (0, "6.31"),
    "RemoteStartTransaction": (1, "6.33"),
    "ReserveNow": (0, "6.37"),
    "StartTransaction": (1, "6.45"),
    "StatusNotification": (0, "6.47"),
    "TriggerMessage": (0, "6.51"),  # its table says > 0, 5.17 speaks of connector 0
    "UnlockConnector": (1, "6.53"),
}


def against_text(version: str, action: str, kind: str, payload: Any) -> str:
    """Give the clause that a payload breaks whose single values are legal; empty for none."""
    rules = _RULES_16 if version == V16 else {}
    check = rules.get((action, kind))
    try:
        return check(payload) if check is not None else ""
    except (AttributeError, IndexError, KeyError, TypeError):
        return ""  # a required part is missing: the schema says so


def has_text(version: str, action: str, kind: str) -> bool:
    """Whether `against_text` has anything to say about a message."""
    return version == V16 and (action, kind) in _RULES_16


def _connector(action: str) -> Callable[[Any], str]:
    lowest, clause = _LOWEST_CONNECTOR[action]

    def check(payload: Any) -> str:
        return f"OCPP 1.6 {clause} connectorId" if payload.get("connectorId", lowest) < lowest else ""

    return check


def _status(payload: Any) -> str:
    status = payload["status"]
    if payload["connectorId"] == 0 and status not in {"Available", "Unavailable", "Faulted"}:
        return "OCPP 1.6 7.7"
    with_ev = {"Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing"}
    if payload["errorCode"] == "EVCommunicationError" and status not in with_ev:
        return "OCPP 1.6 4.9"
    return _connector("StatusNotification")(payload)


def _data_transfer(payload: Any) -> str:
    return "OCPP 1.6 4.3" if payload["status"] == "UnknownVendorId" and "data" in payload else ""


def _local_list(payload: Any) -> str:
    if payload["listVersion"] in {0, -1}:
        return "OCPP 1.6 errata 3.52"
    entries = payload.get("localAuthorizationList", [])
    tags = [entry["idTag"].lower() for entry in entries]
    if len(tags) != len(set(tags)):
        return "OCPP 1.6 6.41"
    whole = payload["updateType"] == "Full"
    return "OCPP 1.6 7.1" if whole and any("idTagInfo" not in entry for entry in entries) else ""


def _profile(profile: Any) -> str:
    if profile["stackLevel"] < 0:
        return "OCPP 1.6 7.8 stackLevel"
    if "recurrencyKind" in profile and profile["chargingProfileKind"] != "Recurring":
        return "OCPP 1.6 errata 3.56"
    return _schedule(profile["chargingSchedule"])


def _schedule(schedule: Any) -> str:
    if not schedule["chargingSchedulePeriod"]:
        return "OCPP 1.6 7.13 chargingSchedulePeriod 1..*"
    return "OCPP 1.6 7.13" if schedule["chargingSchedulePeriod"][0]["startPeriod"] != 0 else ""


def _set_profile(payload: Any) -> str:
    return _profile(payload["csChargingProfiles"]) or _placed(payload)


def _placed(payload: Any) -> str:
    profile, connector = payload["csChargingProfiles"], payload["connectorId"]
    purpose = profile["chargingProfilePurpose"]
    if (purpose == "ChargePointMaxProfile" and connector != 0) or (purpose == "TxProfile" and connector <= 0):
        return "OCPP 1.6 3.13.1"
    return "OCPP 1.6 7.8 transactionId" if purpose != "TxProfile" and "transactionId" in profile else ""


def _remote_start(payload: Any) -> str:
    profile = payload.get("chargingProfile")
    if profile is None:
        return _connector("RemoteStartTransaction")(payload)
    if profile["chargingProfilePurpose"] != "TxProfile" or "transactionId" in profile:
        return "OCPP 1.6 5.11, 6.33; errata 3.41"
    return _profile(profile) or _connector("RemoteStartTransaction")(payload)


def _composite(payload: Any) -> str:
    if "chargingSchedule" not in payload:
        return ""
    if "startSchedule" in payload["chargingSchedule"]:
        return "OCPP 1.6 7.13; errata 3.57"
    return _schedule(payload["chargingSchedule"])


_RULES_16: dict[tuple[str, str], Callable[[Any], str]] = {
    **{(action, REQUEST): _connector(action) for action in _LOWEST_CONNECTOR},
    ("StatusNotification", REQUEST): _status,
    ("DataTransfer", RESPONSE): _data_transfer,
    ("SendLocalList", REQUEST): _local_list,
    ("SetChargingProfile", REQUEST): _set_profile,
    ("RemoteStartTransaction", REQUEST): _remote_start,
    ("GetCompositeSchedule", RESPONSE): _composite,
}
