"""How the kit answers as a CSMS when a case says nothing else: polite and complete."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol import moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.settings import TestData


def iso(seconds: float) -> str:
    """Write a time as OCPP wants it: UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: object) -> float:
    """Read a time as OCPP writes it; not a number, which compares with nothing, when it is none."""
    return moments.seconds(text)


class CsmsAnswers:
    """The default answers to a station.

    Args:
        version: OCPP version.
        data: tokens and intervals.
        clock: for currentTime.
        transaction_ids: ids for the transactions of 1.6.
    """

    def __init__(self, version: str, data: TestData, clock: Clock, transaction_ids: Iterator[int]) -> None:
        self._transaction_ids = transaction_ids
        self._started: dict[str, int] = {}
        self._version = version
        self._data = data
        self._clock = clock

    def __call__(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the answer to one request, None for an action that a CSMS does not know."""
        own = _V16 if self._version == "1.6" else _V20
        maker = own.get(action) or _COMMON.get(action)
        return None if maker is None else maker(self, payload)

    def boot(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """BootNotification: Accepted, with the heartbeat interval of the test data."""
        return {
            "status": "Accepted",
            "currentTime": iso(self._clock.now()),
            "interval": self._data.heartbeat_interval,
        }

    def heartbeat(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Heartbeat: the time."""
        return {"currentTime": iso(self._clock.now())}

    def nothing(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """Messages whose answer has no fields."""
        return {}

    def unable(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """SignCertificate: the kit signs only what a case asks for (1.6 security whitepaper A02.FR.12)."""
        return {"status": "Rejected"}

    def data_transfer(self, _payload: Mapping[str, Any]) -> dict[str, Any]:
        """DataTransfer: the kit implements no vendor extension."""
        return {"status": "UnknownVendorId"}

    def authorize16(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Authorize of 1.6."""
        return {"idTagInfo": self.tag_info(payload.get("idTag"))}

    def start16(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """StartTransaction of 1.6: an id that no other transaction of the run has; a retry gets that of the first.

        Once that transaction is stopped, the same words tell of another one: times may be of whole seconds.
        """
        told = json.dumps(payload, sort_keys=True)
        if told not in self._started:
            self._started[told] = next(self._transaction_ids)
        return {"transactionId": self._started[told], "idTagInfo": self.tag_info(payload.get("idTag"))}

    def stop16(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """StopTransaction of 1.6: idTagInfo only when an idTag was given."""
        stopped = payload.get("transactionId")
        self._started = {told: number for told, number in self._started.items() if number != stopped}
        return {"idTagInfo": self.tag_info(payload["idTag"])} if "idTag" in payload else {}

    def tag_info(self, token: Any) -> dict[str, Any]:
        """What the test data say about an idTag."""
        status = self.token_status(token)
        info = {"status": status}
        if status == "Accepted" and self._in_group(token):
            info["parentIdTag"] = self._data.group_token
        return info

    def authorize20(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Authorize of 2.x."""
        return {"idTokenInfo": self.token_info(payload.get("idToken"))}

    def transaction20(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """TransactionEvent: idTokenInfo when an idToken was given (2.0.1 C01.FR.07, E05.FR.01)."""
        return {"idTokenInfo": self.token_info(payload["idToken"])} if "idToken" in payload else {}

    def token_info(self, token: Any) -> dict[str, Any]:
        """What the test data say about an idToken."""
        value = token.get("idToken") if isinstance(token, dict) else None
        if isinstance(token, dict) and token.get("type") == "NoAuthorization":
            return {"status": "Accepted"}
        status = self.token_status(value)
        info: dict[str, Any] = {"status": status}
        if status == "Accepted" and self._in_group(value):
            info["groupIdToken"] = {"idToken": self._data.group_token, "type": "Central"}
        return info

    def token_status(self, token: Any) -> str:
        """Status of a token; unknown ones are Invalid."""
        data = self._data
        table = {
            data.valid_token: "Accepted",
            data.same_group_token: "Accepted",
            data.other_token: "Accepted",
            data.expired_token: "Expired",
            data.blocked_token: "Blocked",
        }
        presented = str(token).casefold()
        return next((status for known, status in table.items() if known and known.casefold() == presented), "Invalid")

    def _in_group(self, token: Any) -> bool:
        group = {self._data.valid_token.casefold(), self._data.same_group_token.casefold()}
        return str(token).casefold() in group


_COMMON: dict[str, Callable[[CsmsAnswers, Mapping[str, Any]], dict[str, Any]]] = {
    "BootNotification": CsmsAnswers.boot,
    "Heartbeat": CsmsAnswers.heartbeat,
    "StatusNotification": CsmsAnswers.nothing,
    "MeterValues": CsmsAnswers.nothing,
    "FirmwareStatusNotification": CsmsAnswers.nothing,
    "LogStatusNotification": CsmsAnswers.nothing,
    "SecurityEventNotification": CsmsAnswers.nothing,
    "DataTransfer": CsmsAnswers.data_transfer,
}
_V16: dict[str, Callable[[CsmsAnswers, Mapping[str, Any]], dict[str, Any]]] = {
    "Authorize": CsmsAnswers.authorize16,
    "StartTransaction": CsmsAnswers.start16,
    "StopTransaction": CsmsAnswers.stop16,
    "DiagnosticsStatusNotification": CsmsAnswers.nothing,
    "SignCertificate": CsmsAnswers.unable,
    "SignedFirmwareStatusNotification": CsmsAnswers.nothing,
}
_V20: dict[str, Callable[[CsmsAnswers, Mapping[str, Any]], dict[str, Any]]] = {
    "Authorize": CsmsAnswers.authorize20,
    "TransactionEvent": CsmsAnswers.transaction20,
    "NotifyReport": CsmsAnswers.nothing,
    "NotifyEvent": CsmsAnswers.nothing,
    "NotifyMonitoringReport": CsmsAnswers.nothing,
    "NotifyCustomerInformation": CsmsAnswers.nothing,
    "NotifyChargingLimit": CsmsAnswers.nothing,
    "NotifyDisplayMessages": CsmsAnswers.nothing,
    "ReservationStatusUpdate": CsmsAnswers.nothing,
    "ReportChargingProfiles": CsmsAnswers.nothing,
    "ClearedChargingLimit": CsmsAnswers.nothing,
}
