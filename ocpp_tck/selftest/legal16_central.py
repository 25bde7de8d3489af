"""Legal changes of what a central system of OCPP 1.6 says. Clauses are of the specification, edition 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import Inject, Mutant
from ocpp_tck.selftest.legal import (
    DELAYS,
    IDS,
    LETTERS,
    ONE_OUTSTANDING,
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
    without_fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from ocpp_tck.selftest.legal import Maker, Scene

CSMS = "csms"
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
