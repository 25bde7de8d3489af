"""How the 2.x charging station answers the requests of the CSMS."""

from collections.abc import Callable

from ocpp.exceptions import OccurrenceConstraintViolationError, SecurityError

from ocpp_tck.reference.station.v20_rpc import Answer, Payload
from ocpp_tck.reference.station.v20_session import CONNECTOR, Evse, Session
from ocpp_tck.reference.station.v20_station import ACCEPTED, Station
from ocpp_tck.reference.station.v20_tokens import IdToken, allows, group_of
from ocpp_tck.reference.station.v20_variables import ITEMS_PER_MESSAGE, now

REPORT_PART = 20
"""ReportDataType elements per NotifyReport."""

_REJECTED = Answer({"status": "Rejected"})
_NOT_IMPLEMENTED = Answer({"status": "NotImplemented"})


class Requests:
    """Dispatches a request to the method that answers it.

    `reboot` gets the boot reason; `boot_again` makes the station send BootNotification at once;
    `password_changed` is called after the answer to a SetVariables that changed it.
    """

    def __init__(
        self,
        station: Station,
        reboot: Callable[[str], None],
        boot_again: Callable[[], None],
        password_changed: Callable[[], None],
    ) -> None:
        self._station = station
        self._reboot = reboot
        self._boot_again = boot_again
        self._password_changed = password_changed
        self._handlers: dict[str, Callable[[Payload], Answer]] = {
            "ChangeAvailability": self._change_availability,
            "ClearCache": self._clear_cache,
            "DataTransfer": self._data_transfer,
            "GetBaseReport": self._get_base_report,
            "GetTransactionStatus": self._get_transaction_status,
            "GetVariables": self._get_variables,
            "RequestStartTransaction": self._request_start,
            "RequestStopTransaction": self._request_stop,
            "Reset": self._reset,
            "SetVariables": self._set_variables,
            "TriggerMessage": self._trigger_message,
            "UnlockConnector": self._unlock_connector,
        }
        station.reset_due = self._reset_when_idle

    @property
    def actions(self) -> frozenset[str]:
        """The actions that the station supports."""
        return frozenset(self._handlers)

    def handle(self, action: str, payload: Payload) -> Answer:
        """Answer one request. Raises `OCPPError`."""
        if self._station.registration == "Rejected":
            raise SecurityError("the station was rejected by the CSMS (B03.FR.08)")
        return self._handlers[action](payload)

    # B05, B06, B07

    def _get_variables(self, payload: Payload) -> Answer:
        entries = _limited(payload["getVariableData"])
        return Answer({"getVariableResult": [self._station.model.get(entry) for entry in entries]})

    def _set_variables(self, payload: Payload) -> Answer:
        entries = _limited(payload["setVariableData"])
        before = self._station.model.text("SecurityCtrlr", "BasicAuthPassword")
        results = [self._station.model.set(entry) for entry in entries]
        changed = self._station.model.text("SecurityCtrlr", "BasicAuthPassword") != before
        return Answer({"setVariableResult": results}, self._password_changed if changed else None)

    def _get_base_report(self, payload: Payload) -> Answer:
        data = self._station.model.base_report(payload["reportBase"])
        parts = [data[start : start + REPORT_PART] for start in range(0, len(data), REPORT_PART)]

        def send() -> None:
            for number, part in enumerate(parts):
                report = {
                    "requestId": payload["requestId"],
                    "generatedAt": now(),
                    "seqNo": number,
                    "tbc": number + 1 < len(parts),
                    "reportData": part,
                }
                self._station.send("NotifyReport", report, instructed=True)

        return Answer({"status": "Accepted"}, send)

    # B11, B12

    def _reset(self, payload: Payload) -> Answer:
        station = self._station
        if payload["type"] not in ("Immediate", "OnIdle"):
            return _REJECTED
        immediate = payload["type"] == "Immediate"
        if "evseId" in payload:
            evse = station.evses.get(payload["evseId"])
            return _REJECTED if evse is None else self._reset_evse(evse, immediate=immediate)
        if immediate:
            return Answer({"status": "Accepted"}, self._reset_now)
        if any(station.running()):

            def wait() -> None:
                station.reset_pending = True
                station.report_statuses()

            return Answer({"status": "Scheduled"}, wait)
        return Answer({"status": "Accepted"}, lambda: self._reboot("RemoteReset"))

    def _reset_now(self) -> None:
        for session in list(self._station.running()):
            session.end("ResetCommand", "ImmediateReset")
        self._reboot("RemoteReset")

    def _reset_evse(self, evse: Evse, *, immediate: bool) -> Answer:
        session = self._station.sessions[evse.id]
        if immediate:
            return Answer({"status": "Accepted"}, lambda: session.end("ResetCommand", "ImmediateReset"))
        if session.transaction is None:
            return Answer({"status": "Accepted"})
        evse.reset_pending = True
        return Answer({"status": "Scheduled"}, self._station.report_statuses)

    def _reset_when_idle(self) -> None:
        station = self._station
        for evse in station.evses.values():
            if evse.reset_pending and station.sessions[evse.id].transaction is None:
                evse.reset_pending = False
                station.report_statuses()
        if station.reset_pending and not any(station.running()):
            station.reset_pending = False
            self._reboot("ScheduledReset")

    # G03, G04

    def _change_availability(self, payload: Payload) -> Answer:
        station = self._station
        operative = payload["operationalStatus"] == "Operative"
        if "evse" not in payload:
            return self._change_station(operative=operative)
        evse = station.evses.get(payload["evse"]["id"])
        connector = payload["evse"].get("connectorId")
        if evse is None or connector not in (None, CONNECTOR):
            return _REJECTED
        name = "operative" if connector is None else "connector_operative"
        station.scheduled.pop((evse, name), None)

        def change() -> bool:
            if station.sessions[evse.id].transaction is not None:
                return False
            setattr(evse, name, operative)
            return True

        if getattr(evse, name) != operative and not change():
            station.scheduled[evse, name] = change
            return Answer({"status": "Scheduled"})
        return Answer({"status": "Accepted"}, station.report_statuses)

    def _change_station(self, *, operative: bool) -> Answer:
        station = self._station
        station.scheduled.pop(station, None)

        def change() -> bool:
            # G04.FR.06, FR.07: an EVSE becomes Unavailable as soon as it has no transaction.
            done = operative or not any(station.running())
            for evse in station.evses.values():
                evse.waits_for_station = not done and station.sessions[evse.id].transaction is None
            if done:
                station.operative = operative
            return done

        if station.operative != operative and not change():
            station.scheduled[station] = change
            return Answer({"status": "Scheduled"}, station.report_statuses)
        for evse in station.evses.values():
            evse.waits_for_station = False
        return Answer({"status": "Accepted"}, station.report_statuses)

    # E14, F01 to F06, C11, P01

    def _get_transaction_status(self, payload: Payload) -> Answer:
        wanted = payload.get("transactionId")
        answer: Payload = {"messagesInQueue": self._station.outbox.holds_transaction(wanted)}
        if wanted is not None:
            answer["ongoingIndicator"] = self._running(wanted) is not None
        return Answer(answer)

    def _running(self, transaction_id: str) -> Session | None:
        for session in self._station.running():
            if session.transaction is not None and session.transaction.id == transaction_id:
                return session
        return None

    def _request_start(self, payload: Payload) -> Answer:
        station = self._station
        evse = self._evse_to_start(payload.get("evseId"))
        if station.registration != ACCEPTED or evse is None:
            return _REJECTED
        session = station.sessions[evse.id]
        token, number = IdToken.read(payload["idToken"]), payload["remoteStartId"]
        group = IdToken.read(payload["groupIdToken"]) if "groupIdToken" in payload else None
        answer: Payload = {"status": "Accepted"}
        if session.transaction is not None:
            answer["transactionId"] = session.transaction.id

        def start() -> None:
            if not station.model.flag("AuthCtrlr", "AuthorizeRemoteStart"):
                station.authorize(session, token, group, number)
            else:
                station.spawn(self._start_if_authorized(session, token, group, number))

        return Answer(answer, start)

    async def _start_if_authorized(
        self, session: Session, token: IdToken, group: IdToken | None, remote_start_id: int
    ) -> None:
        info = await self._station.check(token)
        evse = session.evse.id if session.evse else None
        if info is not None and allows(info, evse) and not session.authorized:
            self._station.authorize(session, token, group_of(info) or group, remote_start_id)

    def _evse_to_start(self, number: int | None) -> Evse | None:
        station = self._station
        numbers = station.evses if number is None else (number,)
        free = [
            session
            for session in map(station.sessions.get, numbers)
            if session is not None
            and session.evse is not None
            and station.usable(session.evse)
            and not session.authorized
            and (session.transaction is None or session.starter is None)
        ]
        free.sort(key=lambda session: not session.plugged)
        return free[0].evse if free else None

    def _request_stop(self, payload: Payload) -> Answer:
        session = self._running(payload["transactionId"])
        if self._station.registration != ACCEPTED or session is None:
            return _REJECTED
        return Answer({"status": "Accepted"}, session.stop_remotely)

    def _unlock_connector(self, payload: Payload) -> Answer:
        evse = self._station.evses.get(payload["evseId"])
        if evse is None or payload["connectorId"] != CONNECTOR:
            return Answer({"status": "UnknownConnector"})
        session = self._station.sessions[evse.id]
        if session.transaction is not None and session.authorized:
            return Answer({"status": "OngoingAuthorizedTransaction"})
        if evse.lock_broken or self._station.options.fixed_cable:
            return Answer({"status": "UnlockFailed"})
        return Answer({"status": "Unlocked"}, lambda: session.report("UnlockCommand"))

    def _clear_cache(self, _payload: Payload) -> Answer:
        if not self._station.model.flag("AuthCacheCtrlr", "Enabled"):
            return _REJECTED
        self._station.cache.clear()
        return Answer({"status": "Accepted"})

    def _data_transfer(self, _payload: Payload) -> Answer:
        return Answer({"status": "UnknownVendorId"})

    def _trigger_message(self, payload: Payload) -> Answer:
        station, wanted = self._station, payload["requestedMessage"]
        evse: Payload = payload.get("evse", {})
        evses = list(station.evses.values())
        if "id" in evse:
            evses = [one for one in evses if one.id == evse["id"] and evse.get("connectorId", CONNECTOR) == CONNECTOR]
        if wanted == "BootNotification":
            accepted = station.registration == ACCEPTED
            return _REJECTED if accepted else Answer({"status": "Accepted"}, self._boot_again)
        messages: dict[str, Callable[[], list[tuple[str, Payload]]]] = {
            "Heartbeat": lambda: [("Heartbeat", {})],
            "LogStatusNotification": lambda: [("LogStatusNotification", {"status": "Idle"})],
            "FirmwareStatusNotification": lambda: [("FirmwareStatusNotification", {"status": "Idle"})],
            "MeterValues": lambda: list(map(self._meter_values, evses)) if self._has_measurands() else [],
            "StatusNotification": lambda: [
                ("StatusNotification", station.status_notification(one)) for one in evses if "connectorId" in evse
            ],
        }
        if wanted == "TransactionEvent":
            sessions = [one for one in station.running() if "id" not in evse or one.evse in evses]
            return Answer({"status": "Accepted"}, lambda: _report(sessions)) if sessions else _REJECTED
        if wanted not in messages:
            return _NOT_IMPLEMENTED
        triggered = messages[wanted]
        if not triggered():
            return _REJECTED

        def send() -> None:
            for action, message in triggered():
                station.send(action, message, instructed=True)

        return Answer({"status": "Accepted"}, send)

    def _has_measurands(self) -> bool:
        return bool(self._station.model.members("AlignedDataCtrlr", "Measurands"))

    def _meter_values(self, evse: Evse) -> tuple[str, Payload]:
        measurands = self._station.model.members("AlignedDataCtrlr", "Measurands")
        return "MeterValues", {"evseId": evse.id, "meterValue": [evse.meter.sample(measurands, "Trigger")]}


def _report(sessions: list[Session]) -> None:
    for session in sessions:
        session.report("Trigger", meterValue=session.sample("SampledDataCtrlr", "TxUpdatedMeasurands", "Trigger"))


def _limited(entries: list[Payload]) -> list[Payload]:
    if len(entries) > ITEMS_PER_MESSAGE:
        raise OccurrenceConstraintViolationError(f"at most {ITEMS_PER_MESSAGE} elements (B06.FR.16)")
    return entries
