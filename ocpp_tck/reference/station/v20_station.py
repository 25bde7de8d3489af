"""The 2.x charging station itself: EVSEs, driver and car, tokens, statuses and events.

What it sends goes into the outbox; `v20` connects it to a CSMS and `v20_requests` answers the CSMS.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

from ocpp_tck.reference.launch import StationOptions
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.v20_model import DeviceModel, Variable
from ocpp_tck.reference.station.v20_outbox import Kind, Message, Outbox
from ocpp_tck.reference.station.v20_rpc import Payload
from ocpp_tck.reference.station.v20_session import (
    CONNECTOR,
    EV_CONNECTED,
    IDLE,
    Evse,
    Session,
    Surroundings,
    Transaction,
)
from ocpp_tck.reference.station.v20_tokens import NO_AUTHORIZATION, IdToken, TokenCache, allows, group_of
from ocpp_tck.reference.station.v20_variables import build, now

ACCEPTED = "Accepted"
_POLL_SECONDS = 1
_STOPPED_REASONS = frozenset({"EmergencyStop", "GroundFault", "OvercurrentFault", "PowerQuality"})


class Station:
    """Everything but the connection. `registration` is the last status of BootNotification, if any."""

    def __init__(self, options: StationOptions, variable_changed: Callable[[Variable], None]) -> None:
        self.options = options
        self.evses = {number: Evse(number) for number in range(1, options.connectors + 1)}
        self.model = part(DeviceModel, options)(self._variables(), variable_changed)
        self.outbox = part(Outbox, options)(self._retry)
        self.cache = TokenCache(lambda: self.model.number("AuthCacheCtrlr", "LifeTime"))
        self.operative = True
        self.reset_pending = False
        self.scheduled: dict[object, Callable[[], bool]] = {}
        self.registration: str | None = None
        self.online = False
        self.powered = True
        self.tasks: set[asyncio.Task[None]] = set()
        self.reset_due: Callable[[], None] = lambda: None
        self._session = part(Session, options)
        self._around = Surroundings(self.model, self.report_statuses, self._deliver, self._settled)
        self.sessions = {evse: self._session(self._around, evse=self.evses[evse]) for evse in self.evses}
        self.floating: Session | None = None
        self.reported: dict[int, str] = {}
        self._timers: dict[Session, asyncio.TimerHandle] = {}
        self._samplers: dict[Transaction, list[asyncio.Task[None]]] = {}
        self._events = 0

    def _variables(self) -> list[Variable]:
        def state(evse: Evse) -> Callable[[], str]:
            return lambda: self.status(evse)

        def power(evse: Evse) -> Callable[[], str]:
            return lambda: str(evse.meter.power)

        def lock(evse: Evse) -> Callable[[], str]:
            return lambda: str(evse.lock_problem).lower()

        evses = [(evse.id, state(evse), power(evse), lock(evse)) for evse in self.evses.values()]
        return build(self.options, self._station_state, evses)

    def _station_state(self) -> str:
        if all(evse.faulted for evse in self.evses.values()):
            return "Faulted"
        return "Available" if self.operative else "Unavailable"

    def _retry(self) -> tuple[int, int]:
        return (
            self.model.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
            self.model.number("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"),
        )

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside; it ends with the station."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def send(self, action: str, payload: Payload, *, instructed: bool = False) -> None:
        """Queue a message that is lost when the station is offline."""
        if self.online:
            self.outbox.put(Message(action, payload, instructed=instructed))

    # Statuses

    def status(self, evse: Evse) -> str:
        """The ConnectorStatusEnumType of the EVSE's connector, which is the EVSE's too."""
        if evse.faulted:
            return "Faulted"
        idle = self.sessions[evse.id].transaction is None
        waiting = evse.waits_for_station or (idle and (self.reset_pending or evse.reset_pending))
        if waiting or not (self.operative and evse.operative and evse.connector_operative):
            return "Unavailable"
        return "Occupied" if self.sessions[evse.id].plugged else "Available"

    def usable(self, evse: Evse) -> bool:
        """Tell whether a session may begin at the EVSE."""
        return self.status(evse) not in ("Faulted", "Unavailable")

    def report_statuses(self, *, all_of_them: bool = False) -> None:
        """Report the connectors whose status changed, or all (B01.FR.05, B04, G01, G03.FR.04)."""
        if not self.online or self.registration != ACCEPTED:
            return
        for evse in self.evses.values():
            if all_of_them or self.reported.get(evse.id) != self.status(evse):
                self.reported[evse.id] = self.status(evse)
                if self.options.version == "2.1":
                    # 2.1 B01.FR.05, E02.FR.05: NotifyEvent; StatusNotification is deprecated.
                    self.notify_event("Connector", "AvailabilityState", evse, self.status(evse))
                else:
                    self.send("StatusNotification", self.status_notification(evse))

    def status_notification(self, evse: Evse) -> Payload:
        """Build a StatusNotificationRequest with the present status."""
        return {
            "timestamp": now(),
            "connectorStatus": self.status(evse),
            "evseId": evse.id,
            "connectorId": CONNECTOR,
        }

    def notify_event(self, component: str, variable: str, evse: Evse, value: str) -> None:
        """Send a NotifyEvent about a variable of a connector."""
        self._events += 1
        event: Payload = {
            "eventId": self._events,
            "timestamp": now(),
            "trigger": "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": component, "evse": evse.wire},
            "variable": {"name": variable},
        }
        self.send("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "tbc": False, "eventData": [event]})

    def security_event(self, kind: str) -> None:
        """Queue a critical security event (A04.FR.01, FR.02)."""
        payload: Payload = {"type": kind, "timestamp": now()}
        self.outbox.put(Message("SecurityEventNotification", payload, Kind.SECURITY))

    # The car

    def plug(self, evse: Evse) -> None:
        """Connect the cable; a token presented before goes with the first EVSE that is plugged in."""
        session = self.sessions[evse.id]
        if session.plugged:
            return
        usable = self.usable(evse)
        if usable and self.floating is not None and not session.authorized:
            floating, self.floating = self.floating, None
            floating.evse, floating.parked = evse, floating.parked or session.parked
            session = self.sessions[evse.id] = floating
        if not usable:
            session.plugged, session.state = True, EV_CONNECTED
            self.report_statuses()
            return
        evse.lock_problem = evse.lock_broken and session.authorized
        self._stop_timer(session)
        session.plug()
        self._check_lock(evse)
        if not self.model.flag("AuthCtrlr", "Enabled") and not session.authorized:
            self.authorize(session, IdToken("", NO_AUTHORIZATION), None)

    def unplug(self, evse: Evse) -> None:
        """Disconnect the cable."""
        session = self.sessions[evse.id]
        if not session.plugged:
            return
        if evse.lock_problem:
            evse.lock_problem = False
            self.notify_event("ConnectorPlugRetentionLock", "Problem", evse, "false")
        session.unplug()
        self.report_statuses()
        if session.authorized:
            self._start_timer(session)

    def park(self, evse: Evse) -> None:
        """A car enters the bay."""
        if self.usable(evse) and not self.sessions[evse.id].parked:
            self.sessions[evse.id].park()

    def leave(self, evse: Evse) -> None:
        """The car leaves the bay."""
        if self.sessions[evse.id].parked:
            self.sessions[evse.id].leave()

    def ev_draws(self, evse: Evse, *, energy: bool) -> None:
        """The car begins or ceases to draw energy."""
        evse.ev_ready = energy
        self.sessions[evse.id].ev_draws(energy=energy)

    def fault(self, evse: Evse, code: str | None) -> None:
        """Something breaks; a transaction ends with it (E06.FR.16)."""
        evse.faulted = True
        reason = code if code in _STOPPED_REASONS else "Other"
        self.sessions[evse.id].end("AbnormalCondition", reason)
        self.report_statuses()

    def clear_fault(self, evse: Evse) -> None:
        """The fault is mended."""
        evse.faulted = False
        self.report_statuses()

    def _check_lock(self, evse: Evse) -> None:
        session = self.sessions[evse.id]
        if evse.lock_broken and session.plugged and session.authorized:
            # G05.FR.01, FR.02: no charging with a lock that does not hold.
            evse.lock_problem = True
            self.notify_event("ConnectorPlugRetentionLock", "Problem", evse, "true")

    # The driver

    def present(self, token: IdToken, evse: Evse | None) -> None:
        """A token is shown to the reader, of one EVSE or of the whole station."""
        session = self._session_for(token, evse)
        if session is None:
            return
        if session.authorized:
            if token.same(session.token) or token.same(session.starter):
                session.stop_locally(token)
            else:
                self.spawn(self._stop_as_group(session, token))
        elif session.transaction is None or session.starter is None or token.same(session.starter):
            # C01.FR.23: a transaction that was authorized once takes no other token.
            self.spawn(self._authorize_locally(session, token, anywhere=evse is None))

    def _session_for(self, token: IdToken, evse: Evse | None) -> Session | None:
        if evse is not None:
            session = self.sessions[evse.id]
            return session if session.transaction or self.usable(evse) else None
        everyone = [*self.sessions.values(), *([self.floating] if self.floating else [])]
        choices: tuple[Callable[[Session], object], ...] = (
            lambda one: one.authorized and (token.same(one.token) or token.same(one.starter)),
            lambda one: one.transaction and not one.authorized,
            lambda one: one.plugged and not one.authorized and one.evse and self.usable(one.evse),
            lambda one: one.parked and not one.authorized and one.evse and self.usable(one.evse),
        )
        for choice in choices:
            for session in everyone:
                if choice(session):
                    return session
        running = [session for session in everyone if session.authorized]
        if running and self._group_matches(running[0], token):
            return running[0]
        free = [one for one in self.sessions.values() if one.idle and one.evse and self.usable(one.evse)]
        if len(free) > 1 and self.floating is None:
            # Which EVSE the driver will plug in is not known yet.
            return self._session(self._around)
        if free and self.floating is None:
            return free[0]
        return running[0] if running else None

    def _group_matches(self, session: Session, token: IdToken) -> bool:
        """Tell whether the cache knows the token as one of the session's group (C01.FR.03)."""
        info = self._cached(token)
        group = group_of(info) if info else None
        return group is not None and group.same(session.group)

    def _cached(self, token: IdToken) -> Payload | None:
        return self.cache.find(token) if self.model.flag("AuthCacheCtrlr", "Enabled") else None

    async def _authorize_locally(self, session: Session, token: IdToken, *, anywhere: bool) -> None:
        info = await self.check(token)
        group = group_of(info) if info else None
        if info is None or session.authorized or not allows(info, session.evse.id if session.evse else None):
            return
        if anywhere and group is not None and not session.plugged:
            # C09.FR.03: at a reader for all EVSEs, with no other cable in, it is meant to stop.
            for other in self.running():
                if other.authorized and group.same(other.group):
                    other.stop_locally(token)
                    return
        self.authorize(session, token, group)

    async def _stop_as_group(self, session: Session, token: IdToken) -> None:
        info = await self.check(token)
        group = group_of(info) if info else None
        if info and group and allows(info, None) and group.same(session.group) and session.authorized:
            session.stop_locally(token)

    async def check(self, token: IdToken) -> Payload | None:
        """Find the IdTokenInfoType that decides about a token; None when nothing is known.

        C01.FR.02, C12, C15; LocalPreAuthorize and LocalAuthorizeOffline decide about the cache.
        """
        if token.needs_no_authorization or not self.model.flag("AuthCtrlr", "Enabled"):
            return {"status": ACCEPTED}
        cached = self._cached(token)
        online = self.online and self.registration == ACCEPTED
        if cached is None and not online and self.model.flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled"):
            return {"status": ACCEPTED}
        if not online or self.model.flag("AuthCtrlr", "DisableRemoteAuthorization"):
            permitted = online or self.model.flag("AuthCtrlr", "LocalAuthorizeOffline")
            return cached if permitted else None
        if cached is not None and cached["status"] == ACCEPTED and self.model.flag("AuthCtrlr", "LocalPreAuthorize"):
            return cached
        answered: asyncio.Future[Payload | None] = asyncio.get_running_loop().create_future()
        message = Message("Authorize", {"idToken": token.write()}, answered=_resolve(answered))
        self.outbox.put(message)
        response = await answered
        if response is not None:
            self._keep(token, response["idTokenInfo"])
        return response["idTokenInfo"] if response else None

    def authorize(
        self, session: Session, token: IdToken, group: IdToken | None, remote_start_id: int | None = None
    ) -> None:
        """Take over an accepted token; without a cable the driver has EVConnectionTimeOut to plug in."""
        if session.evse is None:
            self.floating = session
        elif session.evse.lock_broken and session.plugged:
            session.evse.lock_problem = True
        session.authorize(token, group, remote_start_id)
        if session.evse is not None:
            self._check_lock(session.evse)
        if not session.plugged:
            self._start_timer(session)

    def _start_timer(self, session: Session) -> None:
        self._stop_timer(session)
        seconds = self.model.number("TxCtrlr", "EVConnectionTimeOut")
        self._timers[session] = asyncio.get_running_loop().call_later(seconds, self._connection_timeout, session)

    def _stop_timer(self, session: Session) -> None:
        timer = self._timers.pop(session, None)
        if timer is not None:
            timer.cancel()

    def _connection_timeout(self, session: Session) -> None:
        self._timers.pop(session, None)
        if session.authorized and not session.plugged:
            session.connection_timeout()
        if session is self.floating:
            self.floating = None

    # Transactions

    def running(self) -> Iterator[Session]:
        """The sessions that have a transaction."""
        for session in [*self.sessions.values(), *([self.floating] if self.floating else [])]:
            if session.transaction is not None:
                yield session

    def _deliver(self, session: Session, transaction: Transaction, payload: Payload) -> None:
        if not self.online or self.registration != ACCEPTED:
            payload["offline"] = True
        token = IdToken.read(payload["idToken"]) if "idToken" in payload else None

        def answered(response: Payload | None) -> None:
            info = response.get("idTokenInfo") if response else None
            if info is None or token is None:
                return
            self._keep(token, info)
            if session.transaction is transaction and session.authorized:
                if info["status"] != ACCEPTED:
                    session.deauthorize()
                elif token.same(session.token):
                    session.group = group_of(info) or session.group

        self.outbox.put(Message("TransactionEvent", payload, Kind.TRANSACTION, answered=answered))

    def _keep(self, token: IdToken, info: Payload) -> None:
        if self.model.flag("AuthCacheCtrlr", "Enabled"):
            self.cache.keep(token, info)

    def _settled(self, session: Session) -> None:
        if session.transaction is not None:
            self._samplers[session.transaction] = [
                self.spawn(self._sample_periodically(session, session.transaction)),
                self.spawn(self._sample_for_the_end(session, session.transaction, "SampledDataCtrlr")),
                self.spawn(self._sample_for_the_end(session, session.transaction, "AlignedDataCtrlr")),
            ]
            return
        current = {other.transaction for other in self.running()}
        for transaction in [known for known in self._samplers if known not in current]:
            for task in self._samplers.pop(transaction):
                task.cancel()
        self._stop_timer(session)
        if session is self.floating:
            self.floating = None
        self.scheduled = {target: change for target, change in self.scheduled.items() if not change()}
        self.report_statuses()
        self.reset_due()

    async def _sample_periodically(self, session: Session, transaction: Transaction) -> None:
        while session.transaction is transaction:
            seconds = self.model.number("SampledDataCtrlr", "TxUpdatedInterval")
            await asyncio.sleep(seconds or _POLL_SECONDS)
            values = session.sample("SampledDataCtrlr", "TxUpdatedMeasurands", "Sample.Periodic")
            if seconds and values and session.transaction is transaction:
                session.report("MeterValuePeriodic", meterValue=values)

    async def _sample_for_the_end(self, session: Session, transaction: Transaction, controller: str) -> None:
        aligned = controller == "AlignedDataCtrlr"
        while session.transaction is transaction:
            seconds = self.model.number(controller, "TxEndedInterval")
            await asyncio.sleep(_until_aligned(seconds) if aligned and seconds else seconds or _POLL_SECONDS)
            if seconds:
                context = "Sample.Clock" if aligned else "Sample.Periodic"
                transaction.samples += session.sample(controller, "TxEndedMeasurands", context)

    async def sample_by_the_clock(self) -> None:
        """Send clock-aligned meter values for ever (J01, AlignedDataCtrlr)."""
        while True:
            seconds = self.model.number("AlignedDataCtrlr", "Interval")
            await asyncio.sleep(_until_aligned(seconds) if seconds else _POLL_SECONDS)
            if not seconds or (self.model.flag("AlignedDataCtrlr", "SendDuringIdle") and any(self.running())):
                continue
            for session in self.sessions.values():
                values = session.sample("AlignedDataCtrlr", "Measurands", "Sample.Clock")
                if values and session.transaction is not None:
                    session.report("MeterValueClock", meterValue=values)
                elif values and session.evse is not None and self.registration == ACCEPTED:
                    self.send("MeterValues", {"evseId": session.evse.id, "meterValue": values})

    # Power

    def lose_power(self) -> None:
        """End what was running (it is reported after power has returned) and forget the drivers."""
        for session in list(self.running()):
            session.end("AbnormalCondition", "PowerLoss")
        self.forget_sessions()

    def forget_sessions(self) -> None:
        """Begin anew with the cars and cables as they are, as after a reboot."""
        for session in list(self._timers):
            self._stop_timer(session)
        self.floating = None
        for number, old in self.sessions.items():
            fresh = self._session(self._around, evse=self.evses[number], parked=old.parked, plugged=old.plugged)
            fresh.state = EV_CONNECTED if old.plugged else IDLE
            self.sessions[number] = fresh
            self.evses[number].lock_problem = False

    def end_tasks(self) -> None:
        """Stop everything that runs beside."""
        for session in list(self._timers):
            self._stop_timer(session)
        for task in list(self.tasks):
            task.cancel()


def _resolve(answered: "asyncio.Future[Payload | None]") -> Callable[[Payload | None], None]:
    def resolve(response: Payload | None) -> None:
        if not answered.done():
            answered.set_result(response)

    return resolve


def _until_aligned(seconds: int) -> float:
    moment = datetime.now(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return seconds - (moment - midnight).total_seconds() % seconds
