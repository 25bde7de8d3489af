"""Legal changes of a charge point and of a central system of OCPP 1.6. Clauses are of the specification, edition 2."""

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
    SPELLING,
    TEXT,
    TIMES,
    Change,
    Scene,
    between,
    call,
    effect_first,
    on,
    reworked,
    with_fields,
    without_fields,
)
from ocpp_tck.settings import TestData

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    Maker = Callable[[Random, Scene], Sequence[Mutant]]

CS, CSMS = "cs", "csms"
REGISTER = "Energy.Active.Import.Register"
VENDOR = "com.example." + "v" * 243
PAST = "2026-01-01T00:00:00Z"

# -- the charge point -------------------------------------------------------------------------------------------------


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

# -- the central system -----------------------------------------------------------------------------------------------


_ORDERS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("GetConfiguration", {}),
    ("GetConfiguration", {"key": []}),
    ("GetConfiguration", {"key": ["Nobody" * 8, "HeartbeatInterval", "heartbeatinterval"]}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
    ("ChangeConfiguration", {"key": "VendorKey", "value": TEXT * 10}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"listVersion": 7, "updateType": "Full", "localAuthorizationList": []}),
    ("ClearCache", {}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("DataTransfer", {"vendorId": VENDOR, "messageId": "m" * 50, "data": TEXT * 1000}),
    ("ClearChargingProfile", {}),
    ("GetCompositeSchedule", {"connectorId": 0, "duration": 60}),
    ("GetDiagnostics", {"location": "ftp://example.com/diagnostics"}),
    ("CancelReservation", {"reservationId": 1}),
)
"""What a central system may send to a charge point that it has accepted."""


def _orders(scene: Scene) -> list[tuple[str, Mapping[str, Any]]]:
    """All but those of the case itself."""
    return [(action, payload) for action, payload in _ORDERS if f'"{action}"' not in scene.steps]


_GROUPED = {"TC_053_CSMS"}
"""Cases that hold the parentIdTag of an Authorize.conf against another one."""


def _tag_info(**values: Any) -> Maker:
    """7.27: what an IdTagInfo may say besides the status."""

    def make(_dice: Random, scene: Scene) -> list[Mutant]:
        held = {"Authorize"} if scene.case in _GROUPED and "parentIdTag" in values else set()

        def full(payload: dict[str, Any]) -> dict[str, Any] | None:
            info = payload.get("idTagInfo")
            if info is None or info["status"] == "Expired":
                return None
            info.update({name: value for name, value in values.items() if value is not None})
            return {
                **payload,
                "idTagInfo": {key: item for key, item in info.items() if values.get(key, "") is not None},
            }

        return [
            on(CSMS, "result", action, reworked(full), action)
            for action in ("Authorize", "StartTransaction", "StopTransaction")
            if action not in held
        ]

    return make


def _no_stop_info(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.50: idTagInfo of a StopTransaction.conf is optional."""
    return [on(CSMS, "result", "StopTransaction", without_fields("idTagInfo"), "no info")]


def _stop_info(_dice: Random, _scene: Scene) -> list[Mutant]:
    info = reworked(lambda payload: {"idTagInfo": {"status": "Accepted"}, **payload})
    return [on(CSMS, "result", "StopTransaction", info, "info")]


def _boot_interval(dice: Random, _scene: Scene) -> list[Mutant]:
    """6.4: 0 leaves the interval to the charge point."""
    seconds = dice.choice([0, 1, 14400, 2**31 - 1])
    return [on(CSMS, "result", "BootNotification", with_fields(interval=seconds), "interval")]


def _transaction_id(dice: Random, _scene: Scene) -> list[Mutant]:
    """Errata 3.54: unique positive numbers are recommended, others possible."""
    number = dice.choice([0, 1, -5, 2**31 - 1, -(2**31)])
    return [on(CSMS, "result", "StartTransaction", with_fields(transactionId=number), "id", nth=1)]


def _remote_start(dice: Random, _scene: Scene) -> list[Mutant]:
    """5.11, 6.33: without a connector, or with a TxProfile."""
    if dice.random() < 0.5:  # noqa: PLR2004 - a coin
        return [on(CSMS, "call", "RemoteStartTransaction", without_fields("connectorId"), "no connector")]
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
        },
    }
    return [on(CSMS, "call", "RemoteStartTransaction", with_fields(chargingProfile=profile), "profile")]


def _reservation_id(dice: Random, _scene: Scene) -> list[Mutant]:
    """6.37: any integer that is unique; the central system may number its reservations itself."""
    number = dice.choice([0, -1, 2**31 - 1, -(2**31)])
    return [on(CSMS, "call", "ReserveNow", with_fields(reservationId=number), "id")]


def _reserved_group(_dice: Random, _scene: Scene) -> list[Mutant]:
    """6.37: parentIdTag is optional."""
    group = reworked(lambda payload: {"parentIdTag": "P" * 20, **payload})
    return [on(CSMS, "call", "ReserveNow", group, "group")]


def _no_keys(_dice: Random, _scene: Scene) -> list[Mutant]:
    """5.8: an empty list means all keys, as an absent one."""
    return [on(CSMS, "call", "GetConfiguration", reworked(lambda payload: {"key": [], **payload}), "empty list")]


def _full_entries(dice: Random, _scene: Scene) -> list[Mutant]:
    """7.1, 7.27: all that may be said of a listed idTag, and further idTags."""
    more = [
        {"idTag": f"{number:020}", "idTagInfo": {"status": status}}
        for number, status in enumerate(("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"))
    ]

    def full(payload: dict[str, Any]) -> dict[str, Any] | None:
        entries = payload.get("localAuthorizationList")
        if not entries:
            return None
        for entry in entries:
            info = {"parentIdTag": "P" * 20, "expiryDate": "2099-12-31T23:59:59.999Z"}
            entry["idTagInfo"] = {**info, **entry["idTagInfo"]}
        return {**payload, "localAuthorizationList": dice.choice([entries, [*entries, *more], [*more, *entries]])}

    return [on(CSMS, "call", "SendLocalList", reworked(full), "full entries")]


def _own_versions(dice: Random, _scene: Scene) -> list[Mutant]:
    """6.41, errata 3.52: any version but 0 and -1."""
    number = dice.choice([3, 77, 2**31 - 1, -2])
    return [on(CSMS, "call", "SendLocalList", with_fields(listVersion=number), "own version")]


def _list_beforehand(dice: Random, scene: Scene) -> list[Mutant]:
    """5.15: the version may be asked for, and the full list sent, before a change of it."""
    if scene.case != "TC_043_5_CSMS":
        return []
    full = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": []}
    before = dice.choice([("GetLocalListVersion", {}), ("SendLocalList", full)])
    first = Inject(call(*before), before=True, in_turn=True)
    return [on(CSMS, "call", "SendLocalList", first, f"{before[0]} first", nth=1)]


def _data_refused(dice: Random, _scene: Scene) -> list[Mutant]:
    """4.3: further statuses, of which only UnknownVendorId has no data."""
    status = dice.choice(["Rejected", "UnknownMessageId"])
    return [on(CSMS, "result", "DataTransfer", with_fields(status=status, data=TEXT * 1000), "refused")]


CENTRAL = (
    *TIMES,
    *SPELLING,
    *IDS,
    *LETTERS,
    *DELAYS,
    Change(
        "further requests", lambda dice, scene: between(dice, scene, _orders(scene), in_turn=False), ONE_OUTSTANDING
    ),
    Change("further requests in turn", lambda dice, scene: between(dice, scene, _orders(scene), in_turn=True)),
    Change("longest parentIdTag", _tag_info(parentIdTag="P" * 20)),
    Change("expiryDate far off", _tag_info(expiryDate="2099-12-31T23:59:59.999Z")),
    Change("no parentIdTag", _tag_info(parentIdTag=None)),
    Change("no idTagInfo at the stop", _no_stop_info),
    Change("idTagInfo at the stop", _stop_info),
    Change("other boot intervals", _boot_interval, early=True),
    Change("other transaction ids", _transaction_id),
    Change("remote start without connector or with profile", _remote_start),
    Change("other reservation ids", _reservation_id),
    Change("a reservation for a group", _reserved_group),
    Change("all keys by an empty list", _no_keys),
    Change("DataTransfer refused otherwise", _data_refused),
    Change("full entries of a local list", _full_entries),
    Change("own versions of a local list", _own_versions),
    Change("before a change of a local list", _list_beforehand),
    Change("the answer after the next message", effect_first("StatusNotification", "Heartbeat", "MeterValues")),
)
