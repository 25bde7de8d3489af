"""Legal changes of what a charge point of OCPP 1.6 says. Clauses are of the specification, edition 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import AnswerError, Inject, Mutant, Set
from ocpp_tck.selftest import legal16_boot, legal16_charging
from ocpp_tck.selftest.legal import (
    CALL,
    DELAYS,
    IDS,
    LETTERS,
    ONE_OUTSTANDING,
    PAST,
    SPELLING,
    TEXT,
    TIMES,
    VENDOR,
    Change,
    between,
    call,
    effect_first,
    on,
    reworked,
    with_fields,
)
from ocpp_tck.settings import TestData

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from ocpp_tck.selftest.legal import Maker, Scene

CS = "cs"
REGISTER = "Energy.Active.Import.Register"


def _meter(connector: int) -> dict[str, Any]:
    """Readings outside every interval (4.7): signed, of other measurands and places."""
    samples = [
        {"value": "230.1", "context": "Other", "measurand": "Voltage", "phase": "L1-N", "unit": "V"},
        {"value": "c2lnbmVk" * 100, "context": "Other", "format": "SignedData", "location": "Body"},
    ]
    return {"connectorId": connector, "meterValue": [{"timestamp": PAST, "sampledValue": samples}]}


def _unasked(scene: Scene) -> list[tuple[str, Mapping[str, Any]]]:
    """What a charge point may send at any moment after it was accepted."""
    return [
        ("Heartbeat", {}),
        ("DataTransfer", {"vendorId": VENDOR, "messageId": "m" * 50, "data": TEXT * 1000}),
        ("DataTransfer", {"vendorId": "x"}),
        ("FirmwareStatusNotification", {"status": "Installed"}),
        ("DiagnosticsStatusNotification", {"status": "UploadFailed"}),
        ("SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": PAST, "techInfo": TEXT}),
        ("MeterValues", _meter(scene.connectors)),
    ]


def _repeat_status(dice: Random, scene: Scene) -> list[Mutant]:
    """4.9 tells when a status is reported, not that it is reported once."""
    del scene
    again = Inject([CALL, "$id", "StatusNotification", "$payload"], sender=CS, in_turn=True)
    return [on(CS, "call", "StatusNotification", again, "status again", nth=dice.choice([0, 1, 2, 3]))]


_PROGRESS = {
    "FirmwareStatusNotification": ("Downloading", "Downloaded", "Installing"),
    "SignedFirmwareStatusNotification": ("Downloading", "Downloaded", "SignatureVerified", "Installing"),
    "DiagnosticsStatusNotification": ("Uploading",),
    "LogStatusNotification": ("Uploading",),
}


def _repeat_progress(_dice: Random, _scene: Scene) -> list[Mutant]:
    """4.4, 4.5, whitepaper L01.FR.01, N01.FR.08: the central system is kept updated, no text says how often."""
    told = [(action, status) for action, statuses in _PROGRESS.items() for status in statuses]
    again = {action: Inject([CALL, "$id", action, "$payload"], in_turn=True) for action in _PROGRESS}
    return [
        on(CS, "call", action, again[action], f"{action} {status}", where={"status": status}) for action, status in told
    ]


_MAY_LACK = {"TC_044_2_CS": "Downloading", "TC_044_3_CS": "Installing"}
"""Statuses that the document calls optional: what fails at once was not begun."""


def _lacking_progress(_dice: Random, scene: Scene) -> list[Mutant]:
    status = _MAY_LACK.get(scene.case)
    if status is None:
        return []
    where = {"status": status}
    lost = AnswerError("GenericError")
    return [on(CS, "call", "FirmwareStatusNotification", lost, f"no {status}", where=where)]


def _long_file_names(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.26, whitepaper 5.10: 255 characters."""
    return [
        on(CS, "result", "GetDiagnostics", with_fields(fileName="Ä" * 255), "diagnostics name"),
        on(CS, "result", "GetLog", with_fields(filename="f" * 255), "log name"),
    ]


def _status(connector: int, status: str) -> list[Any]:
    return call("StatusNotification", {"connectorId": connector, "status": status, "errorCode": "NoError"})


def _suspended_before_charging(dice: Random, scene: Scene) -> list[Mutant]:
    """B4, B5 of 4.9: from Preparing the EV or the EVSE may still wait before energy flows."""
    waiting = Inject(_status(scene.connector, dice.choice(["SuspendedEV", "SuspendedEVSE"])), before=True, in_turn=True)
    where = {"status": "Charging", "connectorId": scene.connector}
    return [on(CS, "call", "StatusNotification", waiting, "suspended first", nth=1, where=where)]


def _status_first(action: str, status: str) -> Maker:
    """Tell the status ahead of the transaction message: the OCA document lets both orders stand.

    The product's own status ends at the link with a CALLERROR, which is an answer to it as any.
    """

    def make(_dice: Random, scene: Scene) -> list[Mutant]:
        told = Inject(_status(scene.connector, status), before=True, in_turn=True)
        where = {"status": status, "connectorId": scene.connector}
        return [
            on(CS, "call", action, told, f"{status} first", nth=1),
            on(
                CS, "call", "StatusNotification", AnswerError("GenericError"), f"{status} not again", nth=1, where=where
            ),
        ]

    return make


def _full_status(dice: Random, _scene: Scene) -> list[Mutant]:
    """6.47: every optional field, as long as it may be."""
    extra = {"info": TEXT[:50], "vendorId": VENDOR, "vendorErrorCode": dice.choice(["e" * 50, "Fehler Nr. 7 ✓"])}
    fields = reworked(lambda payload: {**extra, **payload})
    return [on(CS, "call", "StatusNotification", fields, "full status")]


_UNWARNED = {"TC_005_1_CS", "TC_005_2_CS", "TC_005_3_CS"}
"""Cases that recommend NoError."""


def _warned_status(dice: Random, scene: Scene) -> list[Mutant]:
    """4.9: an error beside a status other than Faulted is a warning."""
    if scene.case in _UNWARNED:
        return []
    code = dice.choice(["WeakSignal", "ReaderFailure", "HighTemperature", "OtherError"])

    def warned(payload: dict[str, Any]) -> dict[str, Any] | None:
        return None if payload["status"] == "Faulted" else {**payload, "errorCode": code}

    return [on(CS, "call", "StatusNotification", reworked(warned), "warning")]


def _bare_status(_dice: Random, _scene: Scene) -> list[Mutant]:
    def bare(payload: dict[str, Any]) -> dict[str, Any]:
        keep = {"connectorId", "status", "errorCode"} | (
            {"info"} if payload["status"].startswith("Suspended") else set()
        )
        return {name: value for name, value in payload.items() if name in keep}

    return [on(CS, "call", "StatusNotification", reworked(bare), "bare status")]


def _full_boot(dice: Random, _scene: Scene) -> list[Mutant]:
    """6.3: every field as long as it may be."""
    long = {
        "chargePointVendor": dice.choice(["v" * 20, "Ladesäulen Süd 充電機"]),
        "chargePointModel": dice.choice(["m" * 20, "Größe L ⚡"]),
        "chargePointSerialNumber": "s" * 25,
        "chargeBoxSerialNumber": "b" * 25,
        "firmwareVersion": "f" * 50,
        "iccid": "8" * 20,
        "imsi": "2" * 20,
        "meterType": "t" * 25,
        "meterSerialNumber": "n" * 25,
    }
    return [on(CS, "call", "BootNotification", with_fields(**long), "full boot")]


def _bare_boot(_dice: Random, _scene: Scene) -> list[Mutant]:
    names = {"chargePointVendor", "chargePointModel"}
    bare = reworked(lambda payload: {name: value for name, value in payload.items() if name in names})
    return [on(CS, "call", "BootNotification", bare, "bare boot")]


def _no_local_reason(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.49: the reason may be left out when it is Local."""

    def bare(payload: dict[str, Any]) -> dict[str, Any] | None:
        if payload.get("reason") != "Local":
            return None
        return {name: value for name, value in payload.items() if name != "reason"}

    return [on(CS, "call", "StopTransaction", reworked(bare), "no reason")]


def _with_data(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.49: transactionData, here with readings of begin and end."""

    def full(payload: dict[str, Any]) -> dict[str, Any]:
        samples = [{"value": str(payload["meterStop"]), "context": "Transaction.End", "unit": "Wh"}]
        return {**payload, "transactionData": [{"timestamp": payload["timestamp"], "sampledValue": samples}]}

    return [on(CS, "call", "StopTransaction", reworked(full), "transaction data")]


_DEFAULTS = {
    "context": "Sample.Periodic",
    "measurand": REGISTER,
    "location": "Outlet",
    "format": "Raw",
}
"""7.43: what an absent field of a sampled value means; the unit is Wh for an energy register alone."""


def _each_sample(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    def rework(payload: dict[str, Any]) -> dict[str, Any]:
        for value in payload["meterValue"]:
            value["sampledValue"] = [change(sample) for sample in value["sampledValue"]]
        return payload

    return reworked(rework)


def _bare_samples(_dice: Random, _scene: Scene) -> list[Mutant]:
    def bare(sample: dict[str, Any]) -> dict[str, Any]:
        wh = {"unit": "Wh"} if sample.get("measurand", REGISTER) == REGISTER else {}
        absent = {**_DEFAULTS, **wh}
        return {name: value for name, value in sample.items() if absent.get(name) != value}

    return [on(CS, "call", "MeterValues", _each_sample(bare), "bare samples")]


def _full_samples(_dice: Random, _scene: Scene) -> list[Mutant]:
    return [on(CS, "call", "MeterValues", _each_sample(lambda sample: {**_DEFAULTS, **sample}), "full samples")]


def _more_samples(_dice: Random, _scene: Scene) -> list[Mutant]:
    """7.33: a reading may have more sampled values than asked for."""

    def more(payload: dict[str, Any]) -> dict[str, Any]:
        for value in payload["meterValue"]:
            context = value["sampledValue"][0].get("context", "Sample.Periodic")
            value["sampledValue"] = [
                {
                    "value": "21.5",
                    "context": context,
                    "measurand": "Temperature",
                    "unit": "Celsius",
                    "location": "Body",
                },
                *value["sampledValue"],
                {
                    "value": "-0.5",
                    "context": context,
                    "measurand": "Power.Reactive.Import",
                    "phase": "N",
                    "unit": "var",
                },
            ]
        return payload

    return [on(CS, "call", "MeterValues", reworked(more), "more samples")]


def _parted_readings(_dice: Random, _scene: Scene) -> list[Mutant]:
    """7.33: nothing asks for all sampled values of a moment in one MeterValue."""

    def parted(payload: dict[str, Any]) -> dict[str, Any]:
        values = payload["meterValue"]
        parts = [{**value, "sampledValue": [one]} for value in values for one in value["sampledValue"]]
        return {**payload, "meterValue": parts}

    return [on(CS, "call", "MeterValues", reworked(parted), "readings in parts")]


def _high_register(dice: Random, _scene: Scene) -> list[Mutant]:
    """The register of an old meter, as integers (6.45, 6.49) and as decimals (7.43)."""
    base = dice.choice([1_000_000_000, 2_000_000_000])

    def raised(payload: dict[str, Any]) -> dict[str, Any]:
        for name in ("meterStart", "meterStop"):
            if name in payload:
                payload[name] += base
        for value in (*payload.get("meterValue", ()), *payload.get("transactionData", ())):
            for sample in value["sampledValue"]:
                if sample.get("measurand", REGISTER) == REGISTER and sample.get("format", "Raw") == "Raw":
                    sample["value"] = f"{float(sample['value']) + base:.3f}"
        return payload

    return [
        on(CS, "call", action, reworked(raised), action)
        for action in ("StartTransaction", "StopTransaction", "MeterValues")
    ]


def _vendor_keys(dice: Random, _scene: Scene) -> list[Mutant]:
    """5.8, 7.29: keys of the vendor's own, with the longest values or none, in any order."""
    own = [
        {"key": "VendorKey" + "K" * 41, "readonly": False, "value": "w" * 500},
        {"key": "VendorText", "readonly": True, "value": TEXT},
        {"key": "VendorUnset", "readonly": False},
    ]
    reverse = dice.random() < 0.5  # noqa: PLR2004 - a coin

    def more(payload: dict[str, Any]) -> dict[str, Any] | None:
        known, unknown = payload.get("configurationKey") or [], payload.pop("unknownKey", [])
        asked = [entry for entry in own if entry["key"] in unknown]
        if len(known) > 1 and not asked:  # all keys
            known = [*own, *known]
        left = [name for name in unknown if name not in {entry["key"] for entry in asked}]
        entries = [*known, *asked]
        payload["configurationKey"] = entries[::-1] if reverse and len(entries) > len(asked) + 1 else entries
        return {**payload, "unknownKey": left} if left else payload

    whole = on(CS, "result", "GetConfiguration", reworked(more), "own keys")
    return [whole]


def _key_letters(dice: Random, _scene: Scene) -> list[Mutant]:
    """7.29: a key is a CiString50."""
    turn = dice.choice([str.upper, str.lower])

    def lettered(payload: dict[str, Any]) -> dict[str, Any]:
        for entry in payload.get("configurationKey") or []:
            entry["key"] = turn(entry["key"])
        return payload

    return [on(CS, "result", "GetConfiguration", reworked(lettered), "keys")]


def _empty_lists(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.27: both lists have cardinality 0..*."""
    both = reworked(lambda payload: {"configurationKey": [], "unknownKey": [], **payload})
    return [on(CS, "result", "GetConfiguration", both, "empty lists")]


def _padded_values(_dice: Random, _scene: Scene) -> list[Mutant]:
    """9: a comma separated list and the case of a boolean's letters."""

    def spelt(payload: dict[str, Any]) -> dict[str, Any]:
        for entry in payload.get("configurationKey") or []:
            value = entry.get("value")
            if value in {"true", "false"}:
                entry["value"] = value.capitalize()
            elif value is not None and "," in value:
                entry["value"] = value.replace(",", ", ")
        return payload

    return [on(CS, "result", "GetConfiguration", reworked(spelt), "values")]


def _validated_reservation(_dice: Random, _scene: Scene) -> list[Mutant]:
    """5.13: it is recommended to validate the idTag of a reservation after its request.

    It is that of the kit's test data, unless the variation has drawn others.
    """
    asks = Inject(call("Authorize", {"idTag": TestData().valid_token}), sender=CS, in_turn=True)
    return [on(CS, "result", "ReserveNow", asks, "idTag validated", where={"status": "Accepted"})]


_REFUSED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "TC_027_CS": (("RemoteStartTransaction",), ("PropertyConstraintViolation", "GenericError", "NotSupported")),
    "TC_042_1_CS": (("GetLocalListVersion",), ("NotSupported", "NotImplemented")),
    "TC_043_1_CS": (("SendLocalList",), ("NotSupported", "NotImplemented")),
    "TC_048_4_CS": (("ReserveNow",), ("NotSupported", "NotImplemented")),
    "TC_050_4_CS": (("ReserveNow",), ("NotSupported", "NotImplemented")),
    "TC_055_CS": (("TriggerMessage",), ("PropertyConstraintViolation", "NotSupported", "SecurityError")),
}
"""Requests that the document, or the specification, lets a charge point refuse with one of these error codes."""


def _refusals(dice: Random, scene: Scene) -> list[Mutant]:
    """Where the document lets a CALLERROR or several statuses stand."""
    if scene.case in _REFUSED:
        actions, codes = _REFUSED[scene.case]
        code = dice.choice(codes)
        return [on(CS, "result", action, AnswerError(code, TEXT), f"{action} refused", nth=0) for action in actions]
    if scene.case == "TC_040_2_CS":
        wrong = {"value": "-1"}
        return [
            on(CS, "result", "ChangeConfiguration", AnswerError("PropertyConstraintViolation"), "refused", call=wrong)
        ]
    if scene.case == "TC_062_CS":
        status = dice.choice(["Rejected", "UnknownMessageId"])
        return [on(CS, "result", "DataTransfer", Set({"status": status, "data": TEXT * 100}), "refused")]
    return []


STATION = (
    *TIMES,
    *SPELLING,
    *IDS,
    *LETTERS,
    *DELAYS,
    Change(
        "further messages",
        lambda dice, scene: between(dice, scene, _unasked(scene), in_turn=False),
        ONE_OUTSTANDING,
    ),
    Change("further messages in turn", lambda dice, scene: between(dice, scene, _unasked(scene), in_turn=True)),
    Change("a status repeated", _repeat_status),
    Change("the status of an update or upload repeated", _repeat_progress),
    Change("a first status left out where nothing began", _lacking_progress),
    Change("long file names", _long_file_names),
    Change("Suspended before Charging", _suspended_before_charging),
    Change("Charging told first", _status_first("StartTransaction", "Charging")),
    Change("Finishing told first", _status_first("StopTransaction", "Finishing")),
    Change(
        "the effect before the answer",
        effect_first(
            "RemoteStartTransaction",
            "RemoteStopTransaction",
            "ChangeAvailability",
            "UnlockConnector",
            "ReserveNow",
            "CancelReservation",
        ),
    ),
    Change("full StatusNotification", _full_status),
    Change("StatusNotification with a warning", _warned_status),
    Change("bare StatusNotification", _bare_status),
    Change("full BootNotification", _full_boot, early=True),
    Change("bare BootNotification", _bare_boot, early=True),
    Change("no reason where it is Local", _no_local_reason),
    Change("transactionData", _with_data),
    Change("bare sampled values", _bare_samples),
    Change("full sampled values", _full_samples),
    Change("more sampled values", _more_samples),
    Change("readings in parts", _parted_readings),
    Change("a high register", _high_register),
    Change("vendor's keys", _vendor_keys),
    Change("keys in other letter case", _key_letters),
    Change("empty lists of keys", _empty_lists),
    Change("values spelt otherwise", _padded_values),
    Change("the idTag of a reservation validated", _validated_reservation),
    Change("other refusals", _refusals),
    *legal16_boot.STATION,
    *legal16_charging.STATION,
)
