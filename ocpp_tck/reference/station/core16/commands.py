"""What the Central System asks of the charge point (1.6 §5): decide, answer, then act."""

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.exceptions import NotSupportedError, OccurenceConstraintViolationError

from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.configuration import MAX_KEYS
from ocpp_tck.reference.station.core16.device import Connector, Device
from ocpp_tck.reference.station.core16.driver import Driver
from ocpp_tck.reference.station.core16.link import Outcome
from ocpp_tck.reference.station.core16.maintenance import Maintenance
from ocpp_tck.reference.station.core16.registration import Registration, State
from ocpp_tck.reference.station.core16.reservation import Reservation
from ocpp_tck.reference.station.core16.security import SecurityCommands
from ocpp_tck.reference.station.core16.status import MAIN_CONTROLLER, StatusReporter
from ocpp_tck.reference.station.core16.transactions import Transactions, unlock
from ocpp_tck.reference.station.core16.update import FIRMWARE

_SAMPLING_KEYS = {"MeterValueSampleInterval", "ClockAlignedDataInterval"}
_STATUS_TRIGGERS = {"DiagnosticsStatusNotification", "FirmwareStatusNotification"}


class CentralSystemCommands:
    """Answers the Central System's requests."""

    def __init__(
        self,
        device: Device,
        *,
        registration: Registration,
        driver: Driver,
        transactions: Transactions,
        reporter: StatusReporter,
        background: Background,
        maintenance: Maintenance,
        reset: Callable[[str], None],
        reconnect: Callable[[], None],
    ) -> None:
        """`reset` stops the transactions with a reason and reboots; `reconnect` closes the connection for a new one."""
        self._device = device
        self._registration = registration
        self._driver = driver
        self._transactions = transactions
        self._reporter = reporter
        self._background = background
        self.maintenance = maintenance
        self._reset = reset
        self.resetting = False
        self.security = part(SecurityCommands, device.options)(
            device, transactions.sender, maintenance, background, trigger=self.trigger, reconnect=reconnect
        )

    @property
    def listening(self) -> bool:
        """Whether requests are answered: not while the registration is Rejected (1.6 §4.2)."""
        return self._registration.state is not State.REJECTED

    def change_availability(self, connector_id: int, kind: str) -> Outcome:
        """Handle ChangeAvailability (1.6 §5.2)."""
        if connector_id not in self._reporter.numbers:
            return "Rejected", None
        operative = kind == "Operative"
        whole = connector_id == MAIN_CONTROLLER
        affected = list(self._device.connectors.values()) if whole else [self._device.connectors[connector_id]]
        busy = [connector for connector in affected if connector.transaction and connector.operative != operative]

        def act() -> None:
            if whole:
                self._set_whole(operative=operative, later=bool(busy))
            for connector in affected:
                self._set_connector(connector, operative=operative)
            self._driver.changed()

        return ("Scheduled" if busy else "Accepted"), act

    def change_configuration(self, key: str, value: str) -> Outcome:
        """Handle ChangeConfiguration (1.6 §5.3)."""
        special = self.security.change(key, value)
        if special is not None:
            return special
        status = self._device.configuration.change(key, value)
        if status == "Accepted":
            self.configuration_changed(self._device.configuration.name(key))
        return status, None

    def configuration_changed(self, name: str | None) -> None:
        """Let a new value take effect at once."""
        if name == "HeartbeatInterval":
            self._registration.interval_changed()
        elif name in _SAMPLING_KEYS:
            self._transactions.intervals_changed()

    def cancel_reservation(self, reservation_id: int) -> Outcome:
        """Handle CancelReservation (1.6 §5.1)."""
        if not self._device.reservations.knows(reservation_id):
            return "Rejected", None

        def act() -> None:
            self._device.reservations.cancel(reservation_id)
            self._driver.changed()

        return "Accepted", act

    def clear_cache(self) -> Outcome:
        """Handle ClearCache (1.6 §5.4): Rejected where there is no cache."""
        if not self._device.has("authorization_cache"):
            return "Rejected", None
        self._device.cache.clear()
        return "Accepted", None

    def data_transfer(self, vendor_id: str) -> Outcome:
        """Handle DataTransfer (1.6 §5.6): of one vendor at most."""
        known = self._device.options.vendor_id
        return ("Accepted" if known and vendor_id.casefold() == known.casefold() else "UnknownVendorId"), None

    def get_configuration(self, keys: list[str]) -> tuple[list[dict[str, object]], list[str]]:
        """Handle GetConfiguration (1.6 §5.8); more keys than GetConfigurationMaxKeys are refused."""
        if len(keys) > MAX_KEYS:
            raise OccurenceConstraintViolationError(description=f"at most {MAX_KEYS} keys may be asked for")
        return self._device.configuration.report(keys)

    def get_local_list_version(self) -> int:
        """Handle GetLocalListVersion (1.6 §5.10)."""
        return self._device.list_version

    def send_local_list(self, version: int, kind: str, entries: list[Mapping[str, Any]]) -> Outcome:
        """Handle SendLocalList (1.6 §5.15)."""
        if not self._device.lists:
            return "NotSupported", None
        return self._device.local_list.update(version, kind, entries), None

    def remote_start(self, id_tag: str, connector_id: int | None, profile: dict[str, Any] | None = None) -> Outcome:
        """Handle RemoteStartTransaction (1.6 §5.11), with its charging profile."""
        target = self._driver.remote_target(connector_id, id_tag) if self._driver.service.open else None
        if target is None or self._busy or not self._driver.regulator.startable(target, profile):
            return "Rejected", None
        authorize = self._device.configuration.flag("AuthorizeRemoteTxRequests")

        def act() -> None:
            self._driver.regulator.plan(target, profile)
            self._driver.remote_start(id_tag, target, authorize=authorize)

        return "Accepted", act

    def remote_stop(self, transaction_id: int) -> Outcome:
        """Handle RemoteStopTransaction (1.6 §5.12)."""
        running = [
            connector
            for connector in self._device.transactions
            if connector.transaction and connector.transaction.id == transaction_id
        ]
        if not running or self._busy:
            return "Rejected", None
        return "Accepted", lambda: self._stop(running[0], "Remote")

    def reserve_now(self, wanted: Reservation) -> Outcome:
        """Handle ReserveNow (1.6 §5.13)."""
        status = "Rejected" if self.resetting else self._device.reservations.status_for(wanted)
        if status != "Accepted":
            return status, None

        def act() -> None:
            self._device.reservations.keep(wanted)
            self._driver.changed()

        return status, act

    def reset(self, kind: str) -> Outcome:
        """Handle Reset (1.6 §5.14)."""
        self.resetting = True
        return "Accepted", lambda: self._reset(f"{kind}Reset")

    def set_charging_profile(self, connector_id: int, profile: dict[str, Any]) -> Outcome:
        """Handle SetChargingProfile (1.6 §5.16)."""
        return self._driver.regulator.set_profile(connector_id, profile), self._driver.changed

    def clear_charging_profile(self, criteria: dict[str, Any]) -> Outcome:
        """Handle ClearChargingProfile (1.6 §5.5)."""
        return self._driver.regulator.clear_profiles(criteria), self._driver.changed

    def composite_schedule(self, connector_id: int, duration: int, unit: str | None) -> dict[str, Any]:
        """Handle GetCompositeSchedule (1.6 §5.7)."""
        return self._driver.regulator.composite(connector_id, duration, unit)

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        """Handle TriggerMessage (1.6 §5.17); refused where the charge point lacks the profile."""
        if not self._device.has("remote_trigger"):
            raise NotSupportedError(description="TriggerMessage is not supported")
        if message == "BootNotification":
            if self._registration.state is State.ACCEPTED:
                return "Rejected", None
            return "Accepted", self._registration.hurry
        if message == "Heartbeat":
            return "Accepted", self._spawn_heartbeat
        if message in _STATUS_TRIGGERS:
            if not self._device.has("firmware_management"):
                return "NotImplemented", None
            of = self.maintenance.firmware_status if message == FIRMWARE else self.maintenance.upload_status
            return "Accepted", lambda: self._notify(message, of(message))
        return self._trigger_for_connectors(message, connector_id)

    def unlock_connector(self, connector_id: int) -> Outcome:
        """Handle UnlockConnector (1.6 §5.18); an unknown connector is NotSupported (errata 3.87)."""
        connector = self._device.connectors.get(connector_id)
        if connector is None or connector.fixed_cable:
            return "NotSupported", None

        def act() -> None:
            self._stop(connector, "UnlockCommand")
            unlock(connector)

        return ("UnlockFailed" if connector.lock_broken else "Unlocked"), act

    def _trigger_for_connectors(self, message: str, connector_id: int | None) -> Outcome:
        about_status = message == "StatusNotification"
        known = self._reporter.numbers if about_status else list(self._device.connectors)
        if connector_id is not None and connector_id not in known:
            return "Rejected", None
        numbers = known if connector_id is None else [connector_id]
        report = self._report_status if about_status else self._report_meter_values
        return "Accepted", lambda: report(numbers)

    @property
    def _busy(self) -> bool:
        return self.resetting or self._registration.state is not State.ACCEPTED

    def _stop(self, connector: Connector, reason: str) -> None:
        self._transactions.stop(connector, reason)
        self._driver.changed()

    def _set_whole(self, *, operative: bool, later: bool) -> None:
        if later:
            self._device.scheduled = operative
        else:
            self._device.operative, self._device.scheduled = operative, None

    def _set_connector(self, connector: Connector, *, operative: bool) -> None:
        if connector.transaction is not None:
            connector.scheduled = None if connector.operative == operative else operative
            return
        if not operative and connector.status == "Preparing":
            # Preparing does not lead to Unavailable (1.6 §4.9): the intended usage ends first.
            self._driver.withdraw_claim(connector)
        connector.finished = connector.finished and operative
        connector.operative = operative

    def _spawn_heartbeat(self) -> None:
        self._background.spawn(self._registration.heartbeat(unregistered=True))

    def _notify(self, action: str, payload: dict[str, Any]) -> None:
        self._transactions.sender.notify(action, payload, unregistered=True)

    def _report_status(self, numbers: list[int]) -> None:
        for number in numbers:
            self._reporter.send(number, unregistered=True)

    def _report_meter_values(self, numbers: list[int]) -> None:
        for number in numbers:
            moment = self._device.clock.now()
            self._transactions.report(self._device.connectors[number], "Trigger", moment, unregistered=True)
