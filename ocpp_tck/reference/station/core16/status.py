"""StatusNotification: what to report, and when (1.6 §4.9)."""

from dataclasses import dataclass
from typing import Any

from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.clock import stamp
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.sender import Sender

MAIN_CONTROLLER = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The status of a connector, or of the main controller (0)."""

    status: str
    error_code: str = "NoError"
    info: str | None = None


class StatusReporter:
    """Reports each change once it has been stable for MinimumStatusDuration."""

    def __init__(self, device: Device, sender: Sender, background: Background) -> None:
        self._device = device
        self._sender = sender
        self._background = background
        self._online = False
        self._seen: dict[int, Report] = {}
        self._since: dict[int, str] = {}
        self._sent: dict[int, Report] = {}
        self._delivered: dict[int, Report] = {}
        for number in self.numbers:
            self._note(number)

    @property
    def numbers(self) -> list[int]:
        """The connector ids that are reported, the main controller first."""
        return [MAIN_CONTROLLER, *self._device.connectors]

    def current(self, number: int) -> Report:
        """Return the status now. A fault of the main controller is a fault of every connector."""
        device = self._device
        if device.fault is not None:
            return Report("Faulted", device.fault)
        if number == MAIN_CONTROLLER:
            return Report(device.status)
        connector = device.connectors[number]
        return Report(connector.status, connector.fault or "NoError", connector.info)

    def refresh(self) -> None:
        """Notice what has changed."""
        for number in self.numbers:
            if self._note(number):
                self._changed(number)

    def went_online(self, *, booted: bool) -> None:
        """Report every status after a boot (errata 3.22), what changed after having been offline."""
        self._online = True
        if booted:
            self._delivered.clear()
        self._sent = dict(self._delivered)
        for number in self.numbers:
            self._report(number)

    def went_offline(self) -> None:
        """Stop reporting; only the status at the end of the outage matters."""
        self._online = False
        for number in self.numbers:
            self._background.forget(("status", number))

    def send(self, number: int, *, unregistered: bool = False) -> None:
        """Report the status now, changed or not."""
        report = self.current(number)
        self._sent[number] = report
        payload: dict[str, Any] = {
            "connector_id": number,
            "status": report.status,
            "error_code": report.error_code,
            "info": report.info,
            "timestamp": self._since[number],
        }

        def delivered() -> None:
            self._delivered[number] = report

        self._sender.notify("StatusNotification", payload, delivered, unregistered=unregistered)

    def list_conflict(self) -> None:
        """Tell that the Central System contradicts the local authorization list (1.6 §3.5.2)."""
        payload = {
            "connector_id": MAIN_CONTROLLER,
            "status": self.current(MAIN_CONTROLLER).status,
            "error_code": "LocalListConflict",
            "timestamp": stamp(self._device.clock.now()),
        }
        self._sender.notify("StatusNotification", payload)

    def _note(self, number: int) -> bool:
        report = self.current(number)
        if self._seen.get(number) == report:
            return False
        self._seen[number] = report
        self._since[number] = stamp(self._device.clock.now())
        return True

    def _changed(self, number: int) -> None:
        if not self._online:
            return
        stable = self._device.configuration.number("MinimumStatusDuration")
        if stable:
            self._background.after(stable, ("status", number), lambda: self._report(number))
        else:
            self._background.forget(("status", number))
            self._report(number)

    def _report(self, number: int) -> None:
        if self._online and self._sent.get(number) != self.current(number):
            self.send(number)
