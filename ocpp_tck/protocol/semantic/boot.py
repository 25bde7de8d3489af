"""What may be sent before a station is accepted.

Source: OCPP 1.6 4.2, 5.17, errata 3.40; OCPP 2.0.1 and 2.1 Part 2 B01 to B03.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Json, Side, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation

BOOT = "BootNotification"
CUSTOM = "CustomTrigger"
"""A trigger of 2.1 whose message only the vendor knows."""
_REMOTE = frozenset(
    {"RemoteStartTransaction", "RemoteStopTransaction", "RequestStartTransaction", "RequestStopTransaction"}
)
_RESULTS = {
    "CustomerInformation": "NotifyCustomerInformation",
    "GetBaseReport": "NotifyReport",
    "GetChargingProfiles": "ReportChargingProfiles",
    "GetDiagnostics": "DiagnosticsStatusNotification",
    "GetDisplayMessages": "NotifyDisplayMessages",
    "GetLog": "LogStatusNotification",
    "GetMonitoringReport": "NotifyMonitoringReport",
    "GetReport": "NotifyReport",
    "PublishFirmware": "PublishFirmwareStatusNotification",
    "SignedUpdateFirmware": "SignedFirmwareStatusNotification",
    "UpdateFirmware": "FirmwareStatusNotification",
}
_TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
_MAX_EARLY = 1.0
_EARLY_SHARE = 0.1


class State(Enum):
    """What the trace says about the registration of the station."""

    UNKNOWN = auto()
    UNANSWERED = auto()
    ACCEPTED = auto()
    PENDING = auto()
    REJECTED = auto()


_STATES = {"Accepted": State.ACCEPTED, "Pending": State.PENDING, "Rejected": State.REJECTED}


class Boot:
    """The registration of one station.

    A reconnect is no boot (OCPP-J 1.6 5.4): only a BootNotification that is the first CALL of its connection, or that
    repeats one not accepted, shows a station that has not been accepted since it booted.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._state = State.UNKNOWN
        self._connection = ""
        self._answered_at = 0.0
        self._interval = 0
        self._asked_for: set[str] = set()
        self._silent: set[str] = set()

    def opened(self, connection: str) -> None:
        """Begin a connection: nothing was sent on it yet."""
        self._silent.add(connection)

    def unclear(self) -> None:
        """Forget the state: a boot or its answer was broken."""
        self._state = State.UNKNOWN

    def called(self, connection: str, sender: Side, action: str, payload: Json, time: float) -> list[Violation]:
        """Judge a request of either side."""
        if sender is Side.CSMS:
            return self._from_csms(action, payload)
        is_first = connection in self._silent
        self._silent.discard(connection)
        if action == BOOT:
            return self._boots(connection, time, is_first=is_first)
        if action in self._asked_for or CUSTOM in self._asked_for:
            return []
        rule = _FORBIDDEN.get(self._state)
        if rule is None:
            return []
        return [broken(rule, self._version, f"{action} was sent {_WHEN[self._state]}")]

    def _boots(self, connection: str, time: float, *, is_first: bool) -> list[Violation]:
        found = []
        is_asked_for = BOOT in self._asked_for
        waiting = self._state in {State.PENDING, State.REJECTED}
        if waiting and not is_asked_for and connection == self._connection:
            passed = time - self._answered_at
            if passed < self._interval - min(_MAX_EARLY, _EARLY_SHARE * self._interval):
                rule = "boot.retry_pending" if self._state is State.PENDING else "boot.retry_rejected"
                text = f"BootNotification was repeated after {passed:.1f} s of {self._interval} s"
                found.append(broken(rule, self._version, text))
        boots = waiting or self._state is State.UNANSWERED or (is_first and not is_asked_for)
        self._state = State.UNANSWERED if boots else State.UNKNOWN
        self._asked_for.discard(BOOT)
        return found

    def _from_csms(self, action: str, payload: Json) -> list[Violation]:
        wanted = payload["requestedMessage"] if action in _TRIGGERS else _RESULTS.get(action)
        if wanted is not None:
            self._asked_for.add(
                "SignCertificate" if wanted.startswith("Sign") and wanted.endswith("Certificate") else wanted
            )
        if self._state is State.PENDING and action in _REMOTE:
            return [broken("boot.remote_while_pending", self._version, f"{action} was sent to a Pending station")]
        if self._state is State.REJECTED:
            return [broken("boot.request_while_rejected", self._version, f"{action} was sent to a Rejected station")]
        if self._state is State.ACCEPTED and wanted == BOOT and self._version is Version.V16:
            text = "a BootNotification was triggered at an accepted station"
            return [broken("boot.triggered_after_acceptance", self._version, text)]
        return []

    def answered(self, connection: str, action: str, payload: Json, time: float) -> list[Violation]:
        """Judge a CALLRESULT: only that of a BootNotification matters."""
        if action != BOOT:
            return []
        self._state = _STATES[payload["status"]]
        self._connection, self._answered_at, self._interval = connection, time, payload["interval"]
        self._asked_for.clear()
        if self._interval < 0:
            text = f"the interval {self._interval} is negative"
            return [broken("boot.interval", self._version, text, "interval")]
        return []


_FORBIDDEN = {
    State.UNANSWERED: "boot.unanswered",
    State.PENDING: "boot.pending",
    State.REJECTED: "boot.rejected",
}
_WHEN = {
    State.UNANSWERED: "while a BootNotification was not answered",
    State.PENDING: "while Pending",
    State.REJECTED: "while Rejected",
}
