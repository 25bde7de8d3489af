"""Events that a station of 2.x notifies.

Source: OCPP 2.0.1 and 2.1 Part 2 G01, N07, N08, NotifyEventRequest, EventDataType, ComponentType.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.protocol.rules import broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.protocol.types import Json, Version, Violation

_STATES = frozenset({"Available", "Occupied", "Reserved", "Unavailable", "Faulted"})
_SECURITY_EVENTS = frozenset(
    {
        *("FirmwareUpdated", "FailedToAuthenticateAtCsms", "CsmsFailedToAuthenticate", "SettingSystemTime"),
        *("StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared", "ReconfigurationOfSecurityParameters"),
        *("MemoryExhaustion", "InvalidMessages", "AttemptedReplayAttacks", "TamperDetectionActivated"),
        *("InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate", "InvalidCsmsCertificate"),
        *("InvalidChargingStationCertificate", "DiscardedRenewedClientCertificate", "InvalidTLSVersion"),
        *("InvalidTLSCipherSuite", "MaintenanceLoginAccepted", "MaintenanceLoginFailed"),
    }
)


class Events20:
    """The events of one station.

    Several reports may be under way at once, each with sequence numbers of its own: a message with number 0 begins
    one, any other number continues one that was to be continued. A trace may begin within a report.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._last: Json = None
        self._awaited: set[int] | None = None

    def called(self, action: str, payload: Json) -> list[Violation]:
        """Judge a request of the station."""
        if action == "BootNotification":
            self._last, self._awaited = None, set()
        if action == "SecurityEventNotification" and payload["type"] not in _SECURITY_EVENTS:
            text = f"{payload['type']!r} is not in the list of security events"
            return [broken("event.security_type", self._version, text, "type")]
        if action != "NotifyEvent":
            return []
        found = self._sequence(payload)
        for index, entry in enumerate(payload["eventData"]):
            found += self._one(entry, f"eventData[{index}]")
        return found

    def _sequence(self, payload: Json) -> list[Violation]:
        if payload == self._last:
            return []  # a retry
        number, awaited = payload["seqNo"], self._awaited
        self._last = payload
        self._awaited = set(awaited or ())
        found = []
        if number != 0:
            if awaited is not None and number not in awaited:
                text = f"seqNo {number} continues no report"
                found.append(broken("event.sequence", self._version, text, "seqNo"))
            self._awaited.discard(number)
        elif awaited:
            text = f"another report begins while one is to be continued with seqNo {min(awaited)}"
            found.append(broken("event.continued", self._version, text, "seqNo"))
        if payload.get("tbc"):
            self._awaited.add(number + 1)
        return found

    def _one(self, entry: Json, path: str) -> Iterator[Violation]:
        kind = entry["eventNotificationType"]
        if kind.endswith("Monitor") and "variableMonitoringId" not in entry:
            text = f"the event of a {kind} names no monitor"
            yield broken("event.monitor", self._version, text, f"{path}.variableMonitoringId")
        component, variable = entry["component"], entry["variable"]
        if (component["name"].casefold(), variable["name"].casefold()) != ("connector", "availabilitystate"):
            return
        evse = component.get("evse", {})
        if evse.get("connectorId", 0) < 1:
            text = f"a connector's state is reported without its EVSE and number: {evse or 'none'}"
            yield broken("event.availability", self._version, text, f"{path}.component.evse")
        elif entry["actualValue"] not in _STATES:
            text = f"the connector is {entry['actualValue']!r}"
            yield broken("event.availability", self._version, text, f"{path}.actualValue")
