"""The charging station under test, as the kit's CSMS sees it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ocpp_tck.protocol.moments import quick
from ocpp_tck.roles.files import FileDesk
from ocpp_tck.roles.observed import availabilities
from ocpp_tck.roles.product import Product, Received, Watcher
from ocpp_tck.verdict import Failed, Inconclusive, NotRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocpp_tck.net import Handshake
    from ocpp_tck.roles.certificates import Certificates
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.endpoint import Listening
    from ocpp_tck.roles.events import Event
    from ocpp_tck.roles.files import Serving
    from ocpp_tck.roles.observed import Observed
    from ocpp_tck.settings import Hardware, Limits, TestData

WRITTEN = {"Accepted", "RebootRequired"}
LONGEST_KEY_VALUE = 500
"""Characters that ChangeConfiguration can give a key (1.6 6.7)."""
LONGEST_VALUE = {"2.0.1": 1000, "2.1": 2500}
"""Characters that SetVariables can give a variable; GetVariables may show more."""
_STATUS = {"StatusNotification", "NotifyEvent"}
_QUEUED = {"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"}


def _is_owed(event: Event, boot: float) -> bool:
    """Whether a message tells a status, or something of before the boot (1.6 3.7; 2.0.1 E04)."""
    payload = event.payload if isinstance(event.payload, dict) else {}
    if event.kind != "call":
        return False
    if event.action in _STATUS:
        return event.action == "StatusNotification" or bool(availabilities(event.action, payload))
    values = payload.get("meterValue") if event.action == "MeterValues" else None
    first = values[0] if isinstance(values, list) and values else payload
    moment = quick(str(first.get("timestamp"))) if isinstance(first, dict) else None
    return event.action in _QUEUED and moment is not None and moment.timestamp() < boot


class Station(Product):
    """The station under test. It is an identity that outlives its connections.

    Attributes:
        hardware: EVSEs and connectors that exist.
        observed: what the kit has learned from its messages.
        certificates: makes those that a case sends.
        installed: root certificates (PEM) that a case has installed and that go again after it.
        declared: the answers of `[pics]`; an id that is absent is unanswered.
        away: whether the kit was away since then (its run was killed): the station may have booted or changed.
    """

    def __init__(
        self,
        conversation: Conversation,
        limits: Limits,
        data: TestData,
        watcher: Watcher,
        *,
        hardware: Hardware,
        observed: Observed,
        endpoint: Listening,
        certificates: Certificates,
        declared: Mapping[str, bool] | None = None,
        files: Serving | None = None,
    ) -> None:
        super().__init__(conversation, limits, data, watcher)
        self.hardware = hardware
        self.declared: Mapping[str, bool] = declared or {}
        self.observed = observed
        self.certificates = certificates
        self.installed: list[str] = []
        self._endpoint = endpoint
        self._serving = files
        self.away = False
        self._asks = True
        self._changed: dict[str, str] = {}
        self._placed: set[tuple[int, int, int]] = set()  # frame, EVSE, connector: one NotifyEvent may report several

    @property
    def hardware_connector(self) -> int:
        """The configured connector of 1.6; in 2.x connector 1 of an EVSE."""
        return self.hardware.connector if self.version == "1.6" else 1

    @property
    def files(self) -> FileDesk:
        """The kit's file servers.

        Raises:
            NotRun: this run has none.
        """
        if self._serving is None:
            raise NotRun("this run has no file servers")
        return FileDesk(self._serving, self)

    # -- connections ---------------------------------------------------------------------------------------------

    def expect_connection(self, *, within: str = "reconnect") -> Handshake:
        """Wait until the station has connected since the mark; gives what was agreed.

        Raises:
            Failed: it did not connect in time.
        """

        def ready() -> Event | None:
            for event in self.conversation.events[self._mark :]:
                if event.kind == "opened" and not event.taken:
                    return event
            return None

        event = self.wait_for(ready, within, f"a connection of the {self.noun}")
        if event is None:
            raise Failed(
                f"the {self.noun} did not connect within {self.limit(within):g} s (limit {within})",
                expected="a connection",
                received="; ".join(refusal.reason for refusal in self.conversation.refusals) or "no attempt",
            )
        event.taken = True
        handshake: Handshake = event.handshake
        return handshake

    def wait_connected(self, *, within: str = "reconnect") -> None:
        """Wait until a connection stands, whenever it was opened.

        Raises:
            Inconclusive: none came in time.
        """
        connected = self.wait_for(
            lambda: True if self.conversation.is_connected else None, within, f"the {self.noun} to connect"
        )
        if connected is None:
            refusals = "; ".join(dict.fromkeys(refusal.reason for refusal in self.conversation.refusals))
            raise Inconclusive(
                f"the {self.noun} {self.conversation.station} is not connected to {self._endpoint.address} after "
                f"{self.limit(within):g} s (limit {within})" + (f"; {refusals}" if refusals else ""),
            )

    def wait_reported(self) -> None:
        """Wait until a station that has just connected has said what it has to say.

        One that boots reports every connector afterwards; one that merely reconnects need not say anything
        (OCPP-J 1.6 5.4), so nothing within the absence window is fine too.
        """
        observed = self.observed

        def reported() -> bool | None:
            if self.version == "1.6":
                return None if self.unreported else True
            return True if set(self._places) <= set(observed.connectors) else None

        if self.away:
            self.away = False
            self._catch_up()
        if not observed.booted and not reported():
            self.wait_for(lambda: bool(observed.booted) or reported() or None, "absence", "a boot or a status")
            self._ask_unknown()
        while observed.booted and observed.accepted and not reported():
            known = self._reporting  # one after the other, each within the limit, after what was queued
            text = "the status of every connector after the boot"
            self.wait_for(lambda before=known: reported() or self._reporting > before or None, "response", text)
            if self._reporting == known:
                break

    @property
    def _reporting(self) -> int:
        """How many messages have come that a station owes after its boot: statuses, and what it had queued."""
        with self.conversation.condition:
            events = self.conversation.events
        boots = [number for number, event in enumerate(events) if event.action == "BootNotification"]
        since = events[boots[-1]].time if boots else 0.0
        return sum(_is_owed(event, since) for event in events[boots[-1] if boots else 0 :])

    def _catch_up(self) -> None:
        """Learn what has changed while the kit was away: a status may have been lost with the kit of before."""
        news = {"BootNotification", "StatusNotification", "NotifyEvent"}
        told = lambda: True if any(event.action in news for event in self.conversation.events) else None  # noqa: E731
        self.wait_for(told, "absence", "a boot or a status")
        for place in self._places if self.observed.accepted else ():
            known = self.observed.connectors.pop(place, "")
            if not self._reports(*place) and known:
                self.observed.connectors.setdefault(place, known)

    def _ask_unknown(self) -> None:
        """Ask once for what a station that only connected again did not say: a cable may be in since another run."""
        observed, asks = self.observed, self._asks and self.declared.get("remote_trigger") is not False
        self._asks = False
        for evse, connector in self._places if asks and observed.accepted and not observed.booted else ():
            if not observed.status(connector, evse) and not self._reports(evse, connector):
                return

    @property
    def _places(self) -> list[tuple[int, int]]:
        """EVSE (0 in 1.6) and connector of each connector."""
        if self.version == "1.6":
            return [(0, number) for number in range(1, self.hardware.connectors + 1)]
        return [(evse.id, number) for evse in self.hardware.evses for number in range(1, evse.connectors + 1)]

    def _reports(self, evse: int, connector: int) -> bool:
        """Ask for a connector's status (1.6 5.17; 2.0.1 F06); a station need not be able to."""
        place = {"evse": {"id": evse, "connectorId": connector}} if evse else {"connectorId": connector}
        answer = self.send("TriggerMessage", {"requestedMessage": "StatusNotification", **place}).answer()
        if answer.event.error or answer.get("status") != "Accepted":
            return False
        reported = lambda: True if self.observed.status(connector, evse) else None  # noqa: E731
        return bool(self.wait_for(reported, "response", f"the status of connector {connector}"))

    @property
    def unreported(self) -> list[int]:
        """Connectors of 1.6 without a known status; after a boot the charge point reports connector 0 as well."""
        first = 0 if self.observed.booted else 1
        return [number for number in range(first, self.hardware.connectors + 1) if not self.observed.status(number)]

    def wait_status(self, status: str, *, connector: int, evse: int = 0, within: str = "response") -> bool:
        """Wait until a connector's last reported status is this one, whenever it was reported; False when it is not."""

        def reached() -> bool | None:
            return True if self.observed.status(connector, evse) == status else None

        return self.wait_for(reached, within, f"connector {connector} to be {status}") is not None

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Take the CSMS away: close connection and listener, and come back at the same address afterwards."""
        self.go_offline()
        try:
            yield
        finally:
            self.go_online()

    def go_offline(self) -> None:
        """Close connection and listener."""
        self.move_mark()
        self._endpoint.close()

    def go_online(self) -> None:
        """Listen again at the same address."""
        if not self._endpoint.is_open:
            self.move_mark()
            self.conversation.listens_again()
            self._endpoint.open()

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        return self._endpoint.security_profile

    @property
    def algorithms(self) -> frozenset[str]:
        """For which algorithms the kit can show a server certificate: `rsa`, `ecdsa`."""
        return self._endpoint.algorithms

    def connects_with(self, suite: str) -> Handshake | None:
        """Come back with one cipher suite alone, as in `net.tls.SUITES`; gives the handshake with it.

        None when the station breaks the TLS handshake off, is refused, or does not connect within the limit reconnect.
        Any good suite will do again from the next `go_online` on.
        """
        self.go_offline()
        self._endpoint.secure(suites=(suite,))
        refused = len(self.conversation.refusals)
        self.go_online()
        self._endpoint.secure()

        def tried() -> Event | bool | None:
            events = self.conversation.events[self._mark :]
            opened = next((event for event in events if event.kind == "opened"), None)
            causes = {refusal.cause for refusal in self.conversation.refusals[refused:]}
            return opened or (True if causes & {"tls", "tls-version"} else None)

        found = self.wait_for(tried, "reconnect", f"the {self.noun} to connect with {suite}")
        return found.handshake if found is not None and found is not True else None

    def use_password(self, password: str | bytes) -> str | bytes:
        """Expect this password from the next connection on, also in the cases that follow; gives the former one.

        The connection that stands stays; who comes with the old password is refused.
        """
        former = self._endpoint.password
        self._endpoint.secure(password=password)
        return former or ""

    def begin_anew(self) -> None:
        """Return to the security profile and password of the configuration: the product has done so too."""
        self._endpoint.begin_anew()
        self.installed.clear()

    def comes_back(self) -> bool:
        """Wait until the station has left the connection that stood at the mark and come back, limit reconnect."""

        def returned() -> bool | None:
            return True if any(event.kind == "opened" for event in self.conversation.events[self._mark :]) else None

        return bool(self.wait_for(returned, "reconnect", f"the {self.noun} to reconnect by itself"))

    def settle(self) -> None:
        """Let a station that may reconnect now do so: one that has not begun within the limit absence stays.

        Raises:
            Inconclusive: it left and did not come back.
        """
        left = lambda: True if any(one.kind == "closed" for one in self.conversation.events[self._mark :]) else None  # noqa: E731
        self.wait_for(left, "absence", f"the {self.noun} to reconnect, if it does")
        self.wait_connected()

    def connected_with(self) -> Handshake:
        """Give what was agreed when the connection that stands was opened.

        Raises:
            Failed: there is none.
        """
        transport = self.conversation.transport
        if transport is None:
            raise Failed(f"the {self.noun} is not connected", expected="a connection", received="none")
        return transport.handshake

    def use_profile(self, profile: int) -> None:
        """Expect the station with this security profile from the next connection on, also in the cases that follow."""
        self._endpoint.secure(profile=profile)

    def stay_offline(self, dwell: str) -> None:
        """Stay away for a dwell of the test data that the OCA prescribes.

        Raises:
            Inconclusive: the station got through although the kit is offline.
        """
        self._dwell(dwell, lambda: True if self.conversation.is_connected else None)

    def _dwell(self, dwell: str, ended: Any) -> None:
        self.finish_prompt()
        seconds = float(getattr(self.data, dwell))
        self.watcher.waiting(f"the dwell {dwell} ({seconds:g} s)", seconds)
        try:
            if self.conversation.wait(ended, seconds) is not None:
                raise Inconclusive(f"the connection stands during the dwell {dwell}")
        finally:
            self.watcher.waited()

    def go_on_for(self, dwell: str) -> None:
        """Let the product go on undisturbed for a dwell of the test data that the OCA prescribes.

        Raises:
            Inconclusive: the connection was lost meanwhile.
        """
        self.finish_prompt()
        seconds = float(getattr(self.data, dwell))
        self.watcher.waiting(f"the dwell {dwell} ({seconds:g} s)", seconds)
        try:
            lost = self.conversation.wait(lambda: None if self.conversation.is_connected else True, seconds)
        finally:
            self.watcher.waited()
        if lost:
            raise Inconclusive(f"the connection was lost during the dwell {dwell}")

    def fence(self) -> None:
        """Ask for something every station must answer: GetConfiguration in 1.6, GetVariables in 2.x."""
        if not self.conversation.is_connected:
            raise Inconclusive(f"the connection to the {self.noun} was lost")
        mark, floor = self._mark, self._floor
        if self.version == "1.6":
            self.send("GetConfiguration", key=["HeartbeatInterval"]).answer()
        else:
            variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
            self.call("GetVariables", getVariableData=[variable])  # no reason to refuse that (2.0.1 B06.FR.01)
        self._mark, self._floor = mark, floor

    # -- configuration -------------------------------------------------------------------------------------------

    def read_key(self, key: str) -> Mapping[str, Any] | None:
        """Read one configuration key (1.6 5.8); None when the station does not know it."""
        conf = self.call("GetConfiguration", key=[key])
        for entry in conf.get("configurationKey") or []:
            if entry.key == key:
                return dict(entry)
        return None

    def configure(self, key: str, value: str, *, if_implemented: bool = False) -> bool:
        """Give a configuration key a value for this case (1.6 5.3); the value found is restored afterwards.

        Reboots when the station answers RebootRequired. A read-only key that has the value already is fine.

        Args:
            key: configuration key.
            value: its value as a string.
            if_implemented: a station without this key is fine too; gives False then.

        Raises:
            Inconclusive: the key can't be given that value.
        """
        entry = self.read_key(key)
        if entry is None:
            if if_implemented:
                return False
            raise Inconclusive(f"the configuration key {key} is not implemented; this case needs it as {value}")
        found = str(entry.get("value", ""))
        if found.strip().casefold() == value.casefold():
            return True
        if entry.get("readonly") is True:
            if if_implemented:
                return False
            raise Inconclusive(f"the configuration key {key} is read-only with {found}; this case needs {value}")
        if len(found) > LONGEST_KEY_VALUE:
            raise Inconclusive(
                f"the value of the configuration key {key} is too long ({len(found)} characters) to be set back"
            )
        status = self.call("ChangeConfiguration", key=key, value=value).status
        if status not in WRITTEN:
            raise Inconclusive(f"the configuration key {key} could not be set to {value}: {status}")
        self._changed.setdefault(key, found)
        if status == "RebootRequired":
            self.reboot()
        return True

    def restore_afterwards(self, key: str, value: str) -> None:
        """Note the value that a key had before a step of the case itself changed it; it is restored with the others."""
        self._changed.setdefault(key, value)

    # -- boot ----------------------------------------------------------------------------------------------------

    def expect_boot(self, *, within: str = "reboot") -> Received:
        """Wait for the BootNotification of a station that was restarted since the mark: its first request.

        What it said on the connection before the restart is left alone, and so is one that kept its connection.

        Raises:
            Failed: another request came before it on the new connection (1.6 4.2; 2.0.1 B02.FR.02), or it did not come.
        """
        since = self._mark if self._floor is None else self._floor
        boot = self.expect("BootNotification", within=within)
        with self.conversation.condition:
            events = self.conversation.events[since : self.conversation.events.index(boot.event)]
        opened = [number for number, event in enumerate(events) if event.kind == "opened"]
        for early in events[opened[-1] :] if opened else ():
            if early.kind == "call":
                raise Failed(
                    f"the {self.noun} sent {early.action} before its BootNotification",
                    requirement="1.6 4.2" if self.version == "1.6" else "B02.FR.02",
                    expected="BootNotification as the first request after the restart",
                    received=repr(Received(early, f"{early.action} request")),
                    frames=(early.frame, boot.event.frame),
                )
        return boot

    # -- device model (2.x) --------------------------------------------------------------------------------------

    def read_variable(self, component: str, variable: str) -> str | None:
        """Read the actual value of a variable (2.0.1 B06); None when the station does not have it."""
        wanted = {"component": {"name": component}, "variable": {"name": variable}}
        result = self.call("GetVariables", getVariableData=[wanted]).getVariableResult[0]
        return str(result.attributeValue) if result.attributeStatus == "Accepted" else None

    def set_variable(self, component: str, variable: str, value: str, *, if_implemented: bool = False) -> bool:
        """Give a variable a value for this case (2.0.1 B05); the value found is restored afterwards.

        Raises:
            Inconclusive: it can't be given that value; a station without it is fine with `if_implemented`.
        """
        found = self.read_variable(component, variable)
        if found is not None and found.casefold() == value.casefold():
            return True
        if found is None and if_implemented:
            return False
        if found is not None and len(found) > LONGEST_VALUE[self.version]:
            raise Inconclusive(
                f"the value of {component}.{variable} is too long ({len(found)} characters) to be set back"
            )
        status = self._write_variable(component, variable, value) if found is not None else "UnknownVariable"
        if status not in WRITTEN:
            if if_implemented and status == "Rejected":
                return False
            raise Inconclusive(f"{component}.{variable} could not be set to {value}: {status}")
        self._changed.setdefault(f"{component}.{variable}", found or "")
        if status == "RebootRequired":
            self.reboot()
        return True

    def _write_variable(self, component: str, variable: str, value: str) -> str:
        place = {"component": {"name": component}, "variable": {"name": variable}}
        conf = self.call("SetVariables", setVariableData=[{"attributeValue": value, **place}])
        return str(conf.setVariableResult[0].attributeStatus)

    def expect_availability(
        self, state: str, *, evse: int | None = None, connector: int = 1, within: str = "response"
    ) -> Received:
        """Wait for a connector's availability state, by StatusNotification or NotifyEvent (2.0.1 G01, N07).

        Raises:
            Failed: another state was reported for that connector, or none in time.
        """
        evse = self.hardware.evse if evse is None else evse

        def ready() -> tuple[Event, str] | None:
            for event in self._candidates(taken=True):
                for place, value in availabilities(event.action, event.payload):
                    told_again = event.repeats and value != state
                    if place == (evse, connector) and (event.frame, *place) not in self._placed and not told_again:
                        return event, value
            return None

        wanted = f"AvailabilityState {state} of EVSE {evse} connector {connector}"
        found = self.wait_in_turn(ready, within, wanted)
        if found is None and not self.conversation.is_connected:
            raise Inconclusive(f"the connection was lost and {wanted} did not come", expected=wanted)
        if found is None:
            raise Failed(
                f"{wanted} was not reported within {self.limit(within):g} s (limit {within})",
                expected=f"StatusNotification or NotifyEvent with {wanted}",
                received="neither for that connector",
                absence=True,
            )
        event, value = found
        self._placed.add((event.frame, evse, connector))
        received = self._take(event)
        if value != state:
            raise Failed(
                f"EVSE {evse} connector {connector} is reported {value}",
                expected=wanted,
                received=repr(received),
                frames=(event.frame,),
            )
        return received

    def remember_key(self, key: str) -> None:
        """Let the value that a configuration key has now be restored after the case, whatever the case does to it."""
        entry = self.read_key(key)
        if entry is not None and "value" in entry:
            self._changed.setdefault(key, str(entry["value"]))

    def reboot(self) -> None:
        """Reset the station and wait until it is connected and accepted again."""
        self.call("Reset", type="Soft") if self.version == "1.6" else self.call("Reset", type="OnIdle")
        self.expect("BootNotification", within="reboot")
        self.wait_reported()

    def restore_configuration(self) -> list[str]:
        """Give changed keys their old values, with a reboot where one needs it; gives a remark for what failed."""
        remarks, statuses = [], set()
        changed, self._changed = dict(self._changed), {}
        for key, value in changed.items():
            if self.version == "1.6":
                answer = self.send("ChangeConfiguration", key=key, value=value).answer()
                status = "an error" if answer.event.error else str(answer.get("status"))
            else:
                component, _, variable = key.partition(".")
                status = self._write_variable(component, variable, value)
            statuses.add(status)
            if status not in WRITTEN:
                remarks.append(f"{key} could not be set back to {value!r}: {status}")
        if "RebootRequired" in statuses:
            self.reboot()
        return remarks

    # -- shorthand -----------------------------------------------------------------------------------------------

    def transaction(self, connector: int | None = None) -> int | str:
        """Id of the open transaction, of that connector when given.

        Raises:
            Inconclusive: there is none.
        """
        for known in reversed(self.observed.transactions.values()):
            if connector is None or known.connector == connector:
                return known.id
        raise Inconclusive(f"the {self.noun} has no open transaction")

    def expect_status(
        self,
        status: str | set[str],
        *,
        connector: int | None = None,
        passing: set[str] | None = None,
        within: str = "response",
    ) -> Received:
        """Wait for a StatusNotification of 1.6 with that status; `passing` statuses may come before it.

        Args:
            status: the status, or any of several.
            connector: connectorId; the configured connector when absent.
            passing: legal statuses on the way.
            within: name of the limit.
        """
        return self.expect(
            "StatusNotification",
            where={"connectorId": self.hardware.connector if connector is None else connector},
            reaching={"status": status},
            passing={"status": passing} if passing else None,
            within=within,
        )
