"""What happens between a driver, a car and an EVSE of the 2.x station, and its transaction.

A transaction starts when one of the facts named in TxStartPoint becomes true, and ends when one
named in TxStopPoint becomes false (E01, E06, Part 2 2.6.6). Every step is one event: its facts
change, and the TransactionEvent that follows from them is handed over.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ocpp_tck.reference.station.v20_meter import Meter
from ocpp_tck.reference.station.v20_model import DeviceModel
from ocpp_tck.reference.station.v20_rpc import Payload
from ocpp_tck.reference.station.v20_tokens import IdToken
from ocpp_tck.reference.station.v20_variables import now

IDLE = "Idle"
EV_CONNECTED = "EVConnected"
CHARGING = "Charging"
SUSPENDED_EV = "SuspendedEV"
SUSPENDED_EVSE = "SuspendedEVSE"
_ENERGY_OFFERED = frozenset({CHARGING, SUSPENDED_EV, SUSPENDED_EVSE})
_ENDS_WITH_AUTHORIZATION = frozenset({"Authorized", "PowerPathClosed"})
PHASES_USED = 3
CONNECTOR = 1


@dataclass(eq=False, slots=True)
class Evse:
    """One EVSE with its only connector.

    `operative` and `connector_operative` are what ChangeAvailability set; both persist over a
    reboot (G03.FR.08). `waits_for_station`: the whole station is about to become inoperative and
    this EVSE already is. `reset_pending`: it is reset when its transaction ends.
    """

    id: int
    meter: Meter = field(default_factory=Meter)
    operative: bool = True
    waits_for_station: bool = False
    connector_operative: bool = True
    faulted: bool = False
    lock_broken: bool = False
    lock_problem: bool = False
    ev_ready: bool = True
    reset_pending: bool = False

    @property
    def wire(self) -> Payload:
        """The EVSEType of the connector."""
        return {"id": self.id, "connectorId": CONNECTOR}


@dataclass(eq=False, slots=True)
class Transaction:
    """A transaction: its id, the next seqNo, and the samples for its Ended event."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0
    begin_reported: bool = False
    phases_reported: bool = False
    samples: list[Payload] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs from its station.

    `plugged_in` is called when the cable is in, before the event is reported; `deliver` gets each
    TransactionEvent with the session and transaction it belongs to; `settled` is called after a
    transaction has started or ended.
    """

    model: DeviceModel
    plugged_in: Callable[[], None]
    deliver: Callable[["Session", Transaction, Payload], None]
    settled: Callable[["Session"], None]


@dataclass(eq=False, slots=True)
class Session:
    """The course of one charging session; `evse` is None until a token presented first is plugged in.

    `token` is what authorizes now, `starter` what authorized the running transaction first (it may
    stop it, C01.FR.03), `group` its group. `blocked`: the EVSE may not offer energy (E05.FR.02).
    """

    around: Surroundings
    evse: Evse | None = None
    parked: bool = False
    plugged: bool = False
    token: IdToken | None = None
    group: IdToken | None = None
    starter: IdToken | None = None
    state: str = IDLE
    blocked: bool = False
    transaction: Transaction | None = None
    _reason: str | None = None
    _owed: Payload = field(default_factory=dict)
    _owed_remote: int | None = None

    @property
    def authorized(self) -> bool:
        """Tell whether the driver is authorized."""
        return self.token is not None

    @property
    def idle(self) -> bool:
        """Tell whether nothing of the session is left."""
        return not (self.parked or self.plugged or self.authorized or self.transaction)

    def facts(self) -> frozenset[str]:
        """Name the TxStartPoint values that hold."""
        held = {
            "ParkingBayOccupancy": self.parked,
            "EVConnected": self.plugged,
            "Authorized": self.authorized,
            "PowerPathClosed": self.plugged and self.authorized,
            "EnergyTransfer": self.state == CHARGING,
        }
        return frozenset(name for name, true in held.items() if true)

    def park(self) -> None:
        """A car enters the parking bay."""
        self._step("EVDetected", parked=True)

    def leave(self) -> None:
        """The car leaves the parking bay."""
        self._step("EVDeparted", reason="Local", parked=False)

    def plug(self) -> None:
        """Connect car and EVSE."""
        assert self.evse is not None  # noqa: S101 - the station attaches the EVSE before
        self._owed["evse"] = self.evse.wire
        self._step("CablePluggedIn", plugged=True, state=EV_CONNECTED)
        self.offer_energy()

    def unplug(self) -> None:
        """Disconnect car and EVSE (E09, E10; without a transaction the authorization ends too)."""
        changes: dict[str, Any] = {"plugged": False, "state": IDLE}
        if self.transaction is None or self.around.model.flag("TxCtrlr", "StopTxOnEVSideDisconnect"):
            changes["token"] = None
        self._step("EVCommunicationLost", reason="EVDisconnected", **changes)
        self.blocked = False
        self._owed.pop("evse", None)

    def authorize(self, token: IdToken, group: IdToken | None, remote_start_id: int | None = None) -> None:
        """The driver is authorized, here or by RequestStartTransaction (E02.FR.01, F02.FR.21)."""
        self._owed["idToken"] = token.write()
        self._owed_remote = remote_start_id
        self.group, self.starter = group, self.starter or token
        self._step("Authorized" if remote_start_id is None else "RemoteStart", token=token)
        self.offer_energy()

    def offer_energy(self) -> None:
        """Begin the transfer of energy if everything is ready for it."""
        ready = self.plugged and self.authorized and not self.blocked and self.state == EV_CONNECTED
        if ready and self.evse is not None and not self.evse.lock_problem and not self.evse.faulted:
            self._step("ChargingStateChanged", state=CHARGING if self.evse.ev_ready else SUSPENDED_EV)

    def ev_draws(self, *, energy: bool) -> None:
        """The car starts or stops to draw energy from an EVSE that offers it."""
        if energy and self.state == SUSPENDED_EV:
            self._step("ChargingStateChanged", state=CHARGING)
        elif not energy and self.state == CHARGING:
            self._step("ChargingStateChanged", reason="StoppedByEV", state=SUSPENDED_EV)

    def stop_locally(self, token: IdToken) -> None:
        """The driver ends the authorization (E07, in the form that reports StopAuthorized first)."""
        self._owed["idToken"] = token.write()
        self._reason = "Local"
        if self.state in _ENERGY_OFFERED:
            self._step("StopAuthorized")
            self._step("ChargingStateChanged", token=None, state=EV_CONNECTED)
        else:
            self._step("StopAuthorized", token=None)

    def stop_remotely(self) -> None:
        """The CSMS stops the transaction (F03.FR.02, FR.03)."""
        self._reason = "Remote"
        offered = self.state in _ENERGY_OFFERED
        if offered and not self._ends_now():
            self._step("RemoteStop", token=None)
            self._step("ChargingStateChanged", state=EV_CONNECTED)
        else:
            self._step("RemoteStop", token=None, state=EV_CONNECTED if offered else self.state)

    def deauthorize(self) -> None:
        """The CSMS did not accept the token of the running transaction (E05.FR.02, FR.09, FR.10)."""
        offered = self.state in _ENERGY_OFFERED
        if self.around.model.flag("TxCtrlr", "StopTxOnInvalidId"):
            self._step("Deauthorized", reason="DeAuthorized", token=None, state=EV_CONNECTED if offered else self.state)
            return
        self.blocked = True
        if self.state in (CHARGING, SUSPENDED_EV, EV_CONNECTED):
            self._step("ChargingStateChanged", reason="DeAuthorized", state=SUSPENDED_EVSE)

    def connection_timeout(self) -> None:
        """The cable did not come in time (C01.FR.26, E03.FR.05, FR.15)."""
        if self.transaction and "ParkingBayOccupancy" not in self.around.model.members("TxCtrlr", "TxStopPoint"):
            self.end("EVConnectTimeout", "Timeout")
        else:
            self._step("EVConnectTimeout", reason="Timeout", token=None)
        self._forget_driver()

    def end(self, trigger: str, reason: str) -> None:
        """End the transaction for another cause than TxStopPoint: a reset, a fault, loss of power."""
        if self.transaction is None:
            return
        self._set_state(EV_CONNECTED if self.plugged else IDLE)
        self._emit("Ended", trigger, reason)

    def report(self, trigger: str, **more: Any) -> None:
        """Send an event that changes nothing: a meter value, a trigger, an unlock command."""
        if self.transaction is not None:
            self._emit("Updated", trigger, None, **more)

    def _ends_now(self) -> bool:
        ends = _ENDS_WITH_AUTHORIZATION | ({"EnergyTransfer"} if self.state == CHARGING else set())
        return bool(ends & self.around.model.members("TxCtrlr", "TxStopPoint"))

    def _step(self, trigger: str, *, reason: str | None = None, **changes: Any) -> None:
        before = self.facts()
        for name, value in changes.items():
            if name == "state":
                self._set_state(value)
            else:
                setattr(self, name, value)
        if changes.get("plugged"):
            self.around.plugged_in()
        after = self.facts()
        if self.transaction is None:
            if (after - before) & self.around.model.members("TxCtrlr", "TxStartPoint"):
                self._start(trigger)
        elif (before - after) & self.around.model.members("TxCtrlr", "TxStopPoint"):
            self._emit("Ended", trigger, reason)
        else:
            self._emit("Updated", trigger, None)
        if self.transaction is None and not self.authorized:
            self._forget_driver()

    def _set_state(self, state: str) -> None:
        self.state = state
        if self.evse is not None:
            self.evse.meter.flow(on=state == CHARGING)

    def _start(self, trigger: str) -> None:
        self.transaction = Transaction()
        if self.evse is not None and "evse" not in self._owed:
            self._owed["evse"] = self.evse.wire if self.plugged else {"id": self.evse.id}
        self._emit("Started", trigger, None)
        self.around.settled(self)

    def _emit(self, event: str, trigger: str, reason: str | None, **more: Any) -> None:
        transaction = self.transaction
        if transaction is None:
            return
        info: Payload = {"transactionId": transaction.id, "chargingState": self.state}
        if self._owed_remote is not None:
            # F01.FR.19, F02.FR.21: the first event after the request is the RemoteStart.
            info["remoteStartId"], self._owed_remote, trigger = self._owed_remote, None, "RemoteStart"
        if event == "Ended":
            info["stoppedReason"] = self._reason or reason or "Other"
        payload: Payload = {
            "eventType": event,
            "timestamp": now(),
            "triggerReason": trigger,
            "seqNo": transaction.sequence,
            "transactionInfo": info,
            **self._owed,
            **more,
        }
        transaction.sequence += 1
        self._owed = {}
        if self.state == CHARGING and not transaction.phases_reported:
            payload["numberOfPhasesUsed"] = PHASES_USED
            transaction.phases_reported = True
        self._add_meter_values(transaction, event, payload)
        self.around.deliver(self, transaction, payload)
        if event == "Ended":
            self._ended()

    def _ended(self) -> None:
        self.transaction = None
        self.token = None
        self._forget_driver()
        if self.state in _ENERGY_OFFERED:
            self._set_state(EV_CONNECTED)
        self.around.settled(self)

    def _forget_driver(self) -> None:
        self.token = self.group = self.starter = self._reason = self._owed_remote = None
        self.blocked = False
        self._owed.pop("idToken", None)

    def _add_meter_values(self, transaction: Transaction, event: str, payload: Payload) -> None:
        if self.evse is None:
            return
        values = list(payload.get("meterValue", ()))
        # E01.FR.09, FR.17: with the Started event, or when charging starts if the EVSE came later.
        if not transaction.begin_reported and (event == "Started" or self.state == CHARGING):
            transaction.begin_reported = True
            values += self.sample("SampledDataCtrlr", "TxStartedMeasurands", "Transaction.Begin")
            transaction.samples += self.sample("SampledDataCtrlr", "TxEndedMeasurands", "Transaction.Begin")
        if event == "Ended":
            values += transaction.samples
            values += self.sample("SampledDataCtrlr", "TxEndedMeasurands", "Transaction.End")
        if values:
            payload["meterValue"] = values

    def sample(self, controller: str, variable: str, context: str) -> list[Payload]:
        """Read the meter: no MeterValueType or one, of the measurands that a variable names."""
        if self.evse is None or not self.around.model.flag(controller, "Enabled"):
            return []
        value = self.evse.meter.sample(self.around.model.members(controller, variable), context)
        return [value] if value else []
