"""The table of actions: everything that a case may ask a driver to make the product do.

Station actions stand for a car, a driver, an installer or the mains. CSMS actions are the OCPP requests of the CSMS
(1.6 section 5, the security whitepaper section 3; 2.0.1 and 2.1 Part 2, messages), and a few settings of the CSMS
itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.tables import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Action:
    """One row: what an action is called, what it carries and what it asks of a person.

    Attributes:
        name: in snake_case.
        role: role of the product that it is for.
        fields: payload fields; one ending in `?` may be absent. Empty for an OCPP request, whose payload is its own.
        meaning: what happens to the product, for the documentation of drivers.
        prompt: what a person is asked to do; `{field}` stands for a value of the payload.
        request: the OCPP name of the request, for CSMS requests only.
    """

    name: str
    role: str
    fields: tuple[str, ...]
    meaning: str
    prompt: str
    request: str = ""


_AT = ("connector", "evse?")

STATION = (
    Action("plug", "cs", _AT, "A car is connected with its cable.", "Plug the cable into the car at {where}."),
    Action("unplug", "cs", _AT, "The car is disconnected.", "Unplug the cable from the car at {where}."),
    Action(
        "present",
        "cs",
        ("idTag?", "idToken?", "type?", "connector?", "evse?"),
        "A token is presented at the reader (idTag in 1.6; idToken and type from 2.0.1 on).",
        "Present the token {token} at the reader{for_where}.",
    ),
    Action("power_off", "cs", (), "The mains fail.", "Switch the charging station's power off."),
    Action("power_on", "cs", (), "The mains come back.", "Switch the charging station's power on again."),
    Action(
        "fault",
        "cs",
        ("connector", "evse?", "errorCode?"),
        "Something breaks at the connector (0 = the whole station).",
        "Cause a fault{error} at {where}, for example with the emergency stop or the fault simulation.",
    ),
    Action("clear_fault", "cs", _AT, "What was broken works again.", "Remove the fault at {where}."),
    Action(
        "lock_failure",
        "cs",
        ("connector", "active", "evse?"),
        "The cable lock can neither lock nor unlock, until `active` is false.",
        "{make} the cable lock of {where} {fail}.",
    ),
    Action(
        "local_list_failure",
        "cs",
        ("active",),
        "The charge point can't store a local authorization list, until `active` is false (1.6).",
        "{make} storing a local authorization list {fail_plainly}.",
    ),
    Action("park", "cs", ("evse?",), "A car enters the parking bay.", "Drive a car into the parking bay{for_where}."),
    Action("leave", "cs", ("evse?",), "The car leaves the bay.", "Drive the car out of the parking bay{for_where}."),
    Action("ev_ready", "cs", _AT, "The car takes energy.", "Let the car at {where} take energy."),
    Action("ev_suspend", "cs", _AT, "The car stops taking energy.", "Let the car at {where} stop taking energy."),
    Action(
        "ev_authorization",
        "cs",
        ("connector?", "evse?", "idToken?", "type?"),
        "The car identifies itself over ISO 15118.",
        "Let the car{for_where} identify itself (plug and charge){with_token}.",
    ),
    Action(
        "configure",
        "cs",
        ("key", "value"),
        "The installer sets a local value, one that OCPP can't change included.",
        "Set {key} to {value} in the charging station's own settings.",
    ),
    Action(
        "factory_reset",
        "cs",
        (),
        "The station becomes as newly delivered, and boots.",
        "Set the charging station back to its factory settings and let it boot.",
    ),
)

_SETTINGS = (
    Action(
        "set_token",
        "csms",
        ("idTag?", "idToken?", "type?", "status", "expiryDate?", "parentIdTag?", "groupIdToken?"),
        "The CSMS knows this token with this status.",
        "Enter the token {token} in the CSMS with status {status}{more}.",
    ),
    Action(
        "set_password",
        "csms",
        ("password",),
        "The CSMS changes the station's Basic authentication password.",
        "Set the Basic authentication password of station {station} in the CSMS to {password}.",
    ),
    Action(
        "boot_policy",
        "csms",
        ("then",),
        "What the CSMS answers to the next BootNotifications, in order; afterwards Accepted.",
        "Let the CSMS answer the next BootNotification of station {station} with {then}.",
    ),
    Action(
        "set_local_list",
        "csms",
        ("listVersion?", "updateType?", "localAuthorizationList?"),
        "The CSMS prepares the Local Authorization List of the station.",
        "Enter this Local Authorization List for station {station} in the CSMS: {payload}.",
    ),
    Action(
        "factory_reset",
        "csms",
        (),
        "The CSMS forgets what earlier cases taught it.",
        "Set the CSMS back to the state in which the run began.",
    ),
)

_CSMS_16 = """
CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache ClearChargingProfile DataTransfer
DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule GetConfiguration GetDiagnostics
GetInstalledCertificateIds GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction RemoteStopTransaction
ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware
"""
_CSMS_201 = """
CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile ClearDisplayMessage
ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer DeleteCertificate GetBaseReport
GetChargingProfiles GetCompositeSchedule GetDisplayMessages GetInstalledCertificateIds GetLocalListVersion GetLog
GetMonitoringReport GetReport GetTransactionStatus GetVariables InstallCertificate PublishFirmware
RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SetDisplayMessage
SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables TriggerMessage
UnlockConnector UnpublishFirmware UpdateFirmware
"""
_CSMS_21 = """
AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs GetDERControl
GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer NotifyWebPaymentStarted RequestBatterySwap
SetDERControl SetDefaultTariff UpdateDynamicSchedule UsePriorityCharging
"""

CSMS_REQUESTS: Mapping[str, tuple[str, ...]] = {
    "1.6": tuple(_CSMS_16.split()),
    "2.0.1": tuple(_CSMS_201.split()),
    "2.1": tuple(sorted(_CSMS_201.split() + _CSMS_21.split())),
}
"""The OCPP requests that the CSMS of a version may send, by their OCPP name."""

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z0-9]*|[A-Z]+|[0-9]+")


def snake(request: str) -> str:
    """Give the action of an OCPP request: `set_der_control` for `SetDERControl`."""
    return "_".join(_WORDS.findall(request)).lower()


_CAMEL = {snake(name): name for names in CSMS_REQUESTS.values() for name in names}


def camel(action: str) -> str:
    """Give the OCPP spelling of an action: `SetDERControl`; `PowerOff` for what is no OCPP request."""
    return _CAMEL.get(action) or "".join(part.capitalize() for part in action.split("_"))


def actions(role: str, version: str) -> dict[str, Action]:
    """Give every action for a product of that role and version, by name.

    Raises:
        KeyError: no such version.
    """
    requests = CSMS_REQUESTS[version]
    if role == "cs":
        return {action.name: action for action in STATION}
    sent = {
        snake(name): Action(
            snake(name),
            "csms",
            (),
            f"The CSMS sends a {name} request with this payload to the station.",
            f"Let the CSMS send {name} to station {{station}} with: {{payload}}.",
            request=name,
        )
        for name in requests
    }
    return sent | {action.name: action for action in _SETTINGS}


def names() -> set[str]:
    """Give the name of every action of any role and version."""
    return {name for version in CSMS_REQUESTS for role in ("cs", "csms") for name in actions(role, version)}


def unknown(name: str) -> str | None:
    """Say what is wrong with an action's name: nothing, or that it is not in the table and which one is nearest."""
    known = names()
    return None if name in known else f"unknown action {name!r}{nearest(name, known)}"


def sentence(action: Action, payload: Mapping[str, Any], station: str) -> str:
    """Tell a person in one sentence what to do."""
    token = payload.get("idTag", payload.get("idToken"))
    if isinstance(token, dict):
        token = token.get("idToken")
    kind = f" ({payload['type']})" if "type" in payload else ""
    where = _where(payload)
    active = payload.get("active", True)
    more = [f"{name} {payload[name]}" for name in ("expiryDate", "parentIdTag", "groupIdToken") if name in payload]
    words = {
        "station": station,
        "payload": json.dumps(payload, ensure_ascii=False) if payload else "no further values",
        "token": f"{token}{kind}" if token else "that the test data names",
        "with_token": f" as {token}{kind}" if token else "",
        "where": where or "the charging station",
        "for_where": f" for {where}" if where else "",
        "error": f" ({payload['errorCode']})" if "errorCode" in payload else "",
        "make": "Make" if active else "Let",
        "fail": "fail, so that it can neither lock nor unlock" if active else "work again",
        "fail_plainly": "fail" if active else "work again",
        "more": f" ({', '.join(more)})" if more else "",
        "then": json.dumps(payload.get("then", []), ensure_ascii=False),
    }
    given = {name: str(value) for name, value in payload.items() if name not in words}
    missing = {name.rstrip("?"): f"({name.rstrip('?')} not given)" for name in action.fields}
    return action.prompt.format_map(missing | words | given)


def _where(payload: Mapping[str, Any]) -> str:
    if payload.get("connector") == 0:
        return "the whole charging station"
    parts = [
        f"{name.upper() if name == 'evse' else name} {payload[name]}"
        for name in ("evse", "connector")
        if name in payload
    ]
    return ", ".join(parts)
