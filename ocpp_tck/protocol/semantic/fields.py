"""Limits of single fields that the 1.6 schemas do not carry.

Source: OCPP 1.6 edition 2, chapters 4 to 7, and its errata; cited per rule in `rules_payload.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocpp_tck.protocol.types import Violation

_LOWEST_CONNECTOR = {
    "ChangeAvailability": 0,
    "MeterValues": 0,
    "RemoteStartTransaction": 1,
    "ReserveNow": 0,
    "StartTransaction": 1,
    "StatusNotification": 0,
    "TriggerMessage": 0,
    "UnlockConnector": 1,
}
_ZERO_STATES = frozenset({"Available", "Unavailable", "Faulted"})
_EV_STATES = frozenset({"Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing"})
_DECIMAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_UNITS = {
    "Energy.Active.": frozenset({"Wh", "kWh"}),
    "Energy.Reactive.": frozenset({"varh", "kvarh"}),
    "Power.Active.": frozenset({"W", "kW"}),
    "Power.Reactive.": frozenset({"var", "kvar"}),
    "Current.": frozenset({"A"}),
    "Voltage": frozenset({"V"}),
    "Temperature": frozenset({"Celsius", "Celcius", "Fahrenheit", "K"}),
    "SoC": frozenset({"Percent"}),
}
"""Units that 7.31 and 7.45 give a measurand, by the beginning of its name; the others are given none."""


def fields(version: Version, action: str, kind: str, payload: Json) -> Iterator[Violation]:
    """Judge the fields of a payload that the schema accepts."""
    if version is not Version.V16:
        return
    if kind == "request" and action in _LOWEST_CONNECTOR:
        connector = payload.get("connectorId")
        lowest = _LOWEST_CONNECTOR[action]
        if connector is not None and connector < lowest:
            text = f"connectorId {connector} of {action} is less than {lowest}"
            yield broken("range.connector", version, text, "connectorId")
            return
    check = _CHECKS.get((action, kind))
    if check is not None:
        yield from check(payload)


def _status(payload: Json) -> Iterator[Violation]:
    status = payload["status"]
    if payload["connectorId"] == 0 and status not in _ZERO_STATES:
        yield broken("status.connector_zero", Version.V16, f"connector 0 is {status}", "status")
    if payload["errorCode"] == "EVCommunicationError" and status not in _EV_STATES:
        yield broken("status.ev_communication", Version.V16, f"EVCommunicationError with status {status}", "errorCode")
    if payload["errorCode"] == "LocalListConflict" and payload["connectorId"] != 0:
        text = f"LocalListConflict is reported for connector {payload['connectorId']}"
        yield broken("status.local_list_conflict", Version.V16, text, "connectorId")
    if status == "Faulted" and payload["errorCode"] == "NoError":
        yield broken("status.faulted", Version.V16, "the status is Faulted, the errorCode NoError", "errorCode")


def _data_transfer(payload: Json) -> Iterator[Violation]:
    if payload["status"] == "UnknownVendorId" and "data" in payload:
        yield broken("data_transfer.unknown_vendor", Version.V16, "UnknownVendorId comes with data", "data")


def _set_profile(payload: Json) -> Iterator[Violation]:
    yield from _profile(payload["csChargingProfiles"], "csChargingProfiles")


def _remote_start(payload: Json) -> Iterator[Violation]:
    profile = payload.get("chargingProfile")
    if profile is None:
        return
    purpose = profile["chargingProfilePurpose"]
    if purpose != "TxProfile" or "transactionId" in profile:
        text = f"the profile is a {purpose}{' with transactionId' if 'transactionId' in profile else ''}"
        yield broken("charging_profile.remote_start", Version.V16, text, "chargingProfile")
    yield from _profile(profile, "chargingProfile")


def _profile(profile: Json, path: str) -> Iterator[Violation]:
    if profile["stackLevel"] < 0:
        text = f"stackLevel is {profile['stackLevel']}"
        yield broken("charging_profile.stack_level", Version.V16, text, f"{path}.stackLevel")
    if "recurrencyKind" in profile and profile["chargingProfileKind"] != "Recurring":
        text = f"recurrencyKind with chargingProfileKind {profile['chargingProfileKind']}"
        yield broken("charging_profile.recurrency", Version.V16, text, f"{path}.recurrencyKind")
    yield from _schedule(profile["chargingSchedule"], f"{path}.chargingSchedule")


def _composite(payload: Json) -> Iterator[Violation]:
    if "chargingSchedule" in payload:
        yield from _schedule(payload["chargingSchedule"], "chargingSchedule")


def _schedule(schedule: Json, path: str) -> Iterator[Violation]:
    periods = schedule["chargingSchedulePeriod"]
    if periods and periods[0]["startPeriod"] != 0:
        text = f"the first period starts at {periods[0]['startPeriod']}"
        place = f"{path}.chargingSchedulePeriod[0].startPeriod"
        yield broken("charging_profile.first_period", Version.V16, text, place)


def _meter_values(payload: Json) -> Iterator[Violation]:
    if not payload["meterValue"]:
        yield broken("meter.empty", Version.V16, "meterValue is empty", "meterValue")
    yield from _values(payload["meterValue"], "meterValue")


def _transaction_data(payload: Json) -> Iterator[Violation]:
    yield from _values(payload.get("transactionData", ()), "transactionData")


def _values(values: Json, path: str) -> Iterator[Violation]:
    for index, value in enumerate(values):
        samples = value["sampledValue"]
        if not samples:
            yield broken("meter.empty", Version.V16, "sampledValue is empty", f"{path}[{index}].sampledValue")
        for number, sample in enumerate(samples):
            yield from _sample(sample, f"{path}[{index}].sampledValue[{number}]")


def _sample(sample: Json, path: str) -> Iterator[Violation]:
    unit, measurand = sample.get("unit"), sample.get("measurand", "Energy.Active.Import.Register")
    units = next((units for name, units in _UNITS.items() if measurand.startswith(name)), None)
    if unit == "Hertz":
        yield broken("meter.hertz", Version.V16, "the unit is Hertz", f"{path}.unit")
    elif unit is not None and units is not None and unit not in units:
        yield broken("meter.unit", Version.V16, f"{measurand} is given in {unit}", f"{path}.unit")
    if sample.get("format") != "SignedData" and not _DECIMAL.fullmatch(sample["value"]):
        yield broken("meter.value", Version.V16, f"the value {sample['value'][:60]!r} is no number", f"{path}.value")


_CHECKS: dict[tuple[str, str], Callable[[Json], Iterator[Violation]]] = {
    ("StatusNotification", "request"): _status,
    ("DataTransfer", "response"): _data_transfer,
    ("SetChargingProfile", "request"): _set_profile,
    ("RemoteStartTransaction", "request"): _remote_start,
    ("GetCompositeSchedule", "response"): _composite,
    ("MeterValues", "request"): _meter_values,
    ("StopTransaction", "request"): _transaction_data,
}
