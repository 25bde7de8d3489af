"""What the vendor declared in `[pics]` beside what the frames show: both ways, with the frame that shows it.

A declaration that the product itself contradicts is a warning of the run: cases were left out, or were run, on wrong
grounds. Only what the product says or does counts; that it was never asked shows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocpp_tck.report.model import Case, Declaration, FrameRow, Observed

_REFUSALS = {"NotSupported", "NotImplemented"}
"""Error codes that say that an action is not there (OCPP-J 1.6 4.2.3)."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How a feature of 1.6 shows.

    Attributes:
        profile: name in SupportedFeatureProfiles (1.6 9.1.22).
        actions: requests of the central system that belong to it, with the status of an answer that shows that it is
            there; empty when no answer does.
        key: configuration key that is there, or has the value, only with the feature.
        value: see `key`; empty = the key's presence shows it.
    """

    profile: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    value: str = ""


_DONE = "Accepted"

FEATURES_16: Mapping[str, _Evidence] = {
    "authorization_cache": _Evidence(key="AuthorizationCacheEnabled"),
    "firmware_management": _Evidence("FirmwareManagement", {"UpdateFirmware": "", "GetDiagnostics": ""}),
    "local_auth_list": _Evidence("LocalAuthListManagement", {"SendLocalList": _DONE}),
    "remote_trigger": _Evidence("RemoteTrigger", {"TriggerMessage": _DONE}),
    "reservation": _Evidence("Reservation", {"ReserveNow": _DONE, "CancelReservation": _DONE}),
    "reserve_connector_zero": _Evidence(key="ReserveConnectorZeroSupported", value="true"),
    "smart_charging": _Evidence(
        "SmartCharging",
        {"SetChargingProfile": _DONE, "ClearChargingProfile": _DONE, "GetCompositeSchedule": _DONE},
    ),
}
"""Features of a charge point that its messages show, by feature id of `[pics]`."""


def observations(version: str, role: str, cases: Sequence[Case]) -> tuple[Observed, ...]:
    """Read off all frames which features are there and which are not: the first sight of each, by feature.

    A feature that shows both ways is given twice. Only 1.6 has features that a message shows outright.

    Args:
        version: OCPP version of the product.
        role: `cs` or `csms`.
        cases: the run.
    """
    if version != "1.6":
        return ()
    found: dict[tuple[str, bool], Observed] = {}
    for case in cases:
        for feature, is_there, text, frame in _Watching(role).observe(case.frames):
            one = Observed(feature=feature, there=is_there, shown=text, key=case.key, case=case.id, frame=frame)
            found.setdefault((feature, is_there), one)
    return tuple(found[key] for key in sorted(found))


def mismatches(pics: Mapping[str, bool], observed: Sequence[Observed]) -> tuple[Declaration, ...]:
    """Compare the answers of `[pics]` with what was observed; gives each contradiction."""
    return tuple(
        Declaration(
            feature=one.feature,
            declared=pics[one.feature],
            shown=one.shown,
            key=one.key,
            case=one.case,
            frame=one.frame,
        )
        for one in observed
        if pics.get(one.feature, one.there) is not one.there
    )


_Observation = tuple[str, bool, str, int]
"""Feature, whether it is there, what shows it, frame."""


class _Watching:
    """Reads the frames of one case."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._calls: dict[tuple[str, str], FrameRow] = {}

    def observe(self, frames: Sequence[FrameRow]) -> Iterator[_Observation]:
        """Give what each frame shows."""
        for frame in frames:
            if frame.malformed:
                continue
            if frame.type == "CALL":
                self._calls[frame.connection, frame.message_id] = frame
                if frame.sender == "product" and self._role == "csms":
                    yield from self._ordered(frame)
            elif frame.sender == "product" and self._role == "cs":
                call = self._calls.get((frame.connection, frame.message_id))
                if call is not None and call.sender == "kit":
                    yield from self._answered(call, frame)

    def _ordered(self, frame: FrameRow) -> Iterator[_Observation]:
        for feature, evidence in FEATURES_16.items():
            if frame.action in evidence.actions:
                yield feature, True, f"it sends {frame.action}", frame.n

    def _answered(self, call: FrameRow, frame: FrameRow) -> Iterator[_Observation]:
        message = _message(frame.raw)
        if frame.type == "CALLERROR":
            code = str(message[2]) if len(message) > 2 else ""  # noqa: PLR2004 - the error code's place
            if code in _REFUSALS:
                yield from self._refused(call.action, f"it answers {call.action} with {code}", frame.n)
            return
        payload = message[2] if len(message) == 3 and isinstance(message[2], Mapping) else {}  # noqa: PLR2004
        if call.action == "GetConfiguration":
            yield from _configured(payload, frame.n)
        status = payload.get("status")
        if status == "NotSupported" and call.action in {"SendLocalList", "SetChargingProfile"}:
            yield from self._refused(call.action, f"it answers {call.action} with NotSupported", frame.n)
        for feature, evidence in FEATURES_16.items():
            done = evidence.actions.get(call.action)
            if done and status == done:
                yield feature, True, f"it carries out {call.action}", frame.n

    def _refused(self, action: str, text: str, frame: int) -> Iterator[_Observation]:
        for feature, evidence in FEATURES_16.items():
            if action in evidence.actions:
                yield feature, False, text, frame


def _configured(payload: Mapping[str, Any], frame: int) -> Iterator[_Observation]:
    """Read what the configuration keys say."""
    entries = payload.get("configurationKey")
    known = {
        str(entry.get("key", "")).casefold(): str(entry.get("value", ""))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping)
    }
    unknown = payload.get("unknownKey")
    absent = {str(key).casefold() for key in (unknown if isinstance(unknown, list) else ())}
    listed = known.get("supportedfeatureprofiles")
    profiles = {name.strip().casefold() for name in listed.split(",")} if listed is not None else None
    for feature, evidence in FEATURES_16.items():
        if evidence.profile and profiles is not None:
            has = evidence.profile.casefold() in profiles
            text = f"SupportedFeatureProfiles {'names' if has else 'does not name'} {evidence.profile}"
            yield feature, has, text, frame
        key = evidence.key.casefold()
        if key and key in known:
            has = known[key].strip().casefold() == evidence.value if evidence.value else True
            yield feature, has, f"it has {evidence.key}" + (f" = {known[key]}" if evidence.value else ""), frame
        elif key and key in absent:
            yield feature, False, f"it does not know {evidence.key}", frame


def _message(raw: str) -> list[Any]:
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    return message if isinstance(message, list) else []
