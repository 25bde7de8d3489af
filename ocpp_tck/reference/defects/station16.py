"""Defects of the charge point of 1.6: boot, settings, orders, authorization, connectors. See `station16_sessions`."""

from contextlib import suppress
from datetime import datetime, timedelta

from ocpp_tck.reference.defects.table import Table
from ocpp_tck.reference.station.core16.authorization import AuthorizationCache, IdTagInfo
from ocpp_tck.reference.station.core16.clock import Clock
from ocpp_tck.reference.station.core16.commands import CentralSystemCommands
from ocpp_tck.reference.station.core16.configuration import Configuration
from ocpp_tck.reference.station.core16.device import Connector
from ocpp_tck.reference.station.core16.driver import Driver
from ocpp_tck.reference.station.core16.firmware import Firmware
from ocpp_tck.reference.station.core16.link import Outcome
from ocpp_tck.reference.station.core16.registration import Registration, State
from ocpp_tck.reference.station.core16.sender import Answer, Failed, Offline
from ocpp_tck.reference.station.core16.status import MAIN_CONTROLLER, Report, StatusReporter

table = Table("cs", "1.6")

# -- boot, heartbeat, clock ------------------------------------------------------------------------------------------


@table.defect("talks-before-boot", "1.6 4.2")
class TalksBeforeBoot(Registration):
    """Reports its main controller before it sends its BootNotification."""

    async def run(self) -> None:
        await self._connected.wait()
        status = {"connector_id": MAIN_CONTROLLER, "status": "Available", "error_code": "NoError"}
        with suppress(Offline, Failed):
            await self._sender.request("StatusNotification", status, unregistered=True)
        await super().run()


@table.defect("takes-rejected-for-accepted", "1.6 4.2")
class TakesRejectedForAccepted(Registration):
    """Goes on as if it had been accepted when its boot is Rejected."""

    async def _registered(self, answer: Answer) -> None:
        status = "Accepted" if answer["status"] == "Rejected" else answer["status"]
        await super()._registered({**answer, "status": status})


@table.defect("takes-pending-for-accepted", "1.6 4.2")
class TakesPendingForAccepted(Registration):
    """Goes on as if it had been accepted when its boot is Pending."""

    async def _registered(self, answer: Answer) -> None:
        status = "Accepted" if answer["status"] == "Pending" else answer["status"]
        await super()._registered({**answer, "status": status})


@table.defect("boots-only-once", "1.6 4.2")
class BootsOnlyOnce(Registration):
    """Waits for ever when its boot was not accepted."""

    async def _wait(self, seconds: float) -> None:
        await super()._wait(seconds * 3600)


@table.defect("own-retry-interval", "1.6 4.2")
class OwnRetryInterval(Registration):
    """Boots again twice a second, whatever interval it was told."""

    async def _wait(self, seconds: float) -> None:
        await super()._wait(min(seconds, 0.5))


@table.defect("own-heartbeat-interval", "1.6 4.2, 4.6")
class OwnHeartbeatInterval(Registration):
    """Keeps its own heartbeat interval, whatever the answer to its boot says."""

    async def _registered(self, answer: Answer) -> None:
        interval = 0 if answer["status"] == "Accepted" else answer["interval"]
        await super()._registered({**answer, "interval": interval})


@table.defect("hasty-heartbeats", "1.6 4.6")
class HastyHeartbeats(Registration):
    """Beats twice as often as it was told."""

    async def _registered(self, answer: Answer) -> None:
        interval = answer["interval"]
        await super()._registered(
            {**answer, "interval": max(1, interval // 2) if answer["status"] == "Accepted" else interval}
        )


@table.defect("deaf-while-pending", "1.6 4.2")
class DeafWhilePending(CentralSystemCommands):
    """Answers no request while its registration is Pending."""

    @property
    def listening(self) -> bool:
        return super().listening and self._registration.state is not State.PENDING


@table.defect("silent-about-idle-connectors", "1.6 4.9; errata 3.22")
class SilentAboutIdleConnectors(StatusReporter):
    """Reports after a boot only what is not available."""

    def went_online(self, *, booted: bool) -> None:
        self._delivered = dict.fromkeys(self.numbers, Report("Available"))
        super().went_online(booted=False if booted else booted)


@table.defect("clock-never-set", "1.6 4.2, 4.6")
class ClockNeverSet(Clock):
    """Begins an hour late and does not follow the time that it is told."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)

    def synchronise(self, current_time: str) -> None:
        pass


# -- settings --------------------------------------------------------------------------------------------------------


@table.defect("change-configuration-without-effect", "1.6 5.3")
class ChangesNothing(Configuration):
    """Answers ChangeConfiguration with Accepted and keeps the old value."""

    def change(self, name: str, value: str) -> str:
        setting = self._settings.get(name.casefold())
        if setting is None:
            return super().change(name, value)
        before = setting.stored, setting.effective
        status = super().change(name, value)
        setting.stored, setting.effective = before
        return status


@table.defect("changed-settings-not-in-force", "1.6 5.3")
class ChangesOnPaper(Configuration):
    """Keeps and shows the new value of a setting but goes by the old one."""

    def change(self, name: str, value: str) -> str:
        setting = self._settings.get(name.casefold())
        if setting is None:
            return super().change(name, value)
        before = setting.effective
        status = super().change(name, value)
        setting.effective = before
        return status

    def adopt(self) -> None:
        pass


@table.defect("settings-lost-over-reboot", "1.6 5.3")
class SettingsLost(Configuration):
    """Boots with the settings of the factory."""

    def adopt(self) -> None:
        for setting in self._settings.values():
            setting.stored = setting.effective = setting.key.default


def _ignores(key: str, value: str, breaks: str, what: str, name: str = "") -> None:
    """Enter a defect: the charge point goes by one value of a setting, whatever it is set to."""

    def text(self: Configuration, asked: str) -> str:
        return value if asked == key else Configuration.text(self, asked)

    table.enter(name or f"ignores-{key}", breaks, what, type(key, (Configuration,), {"text": text}))


_ignores("MeterValueSampleInterval", "60", "1.6 3.16.1, 9.1.18", "Samples every 60 s, whatever is set.")
_ignores("ClockAlignedDataInterval", "0", "1.6 3.16.2, 9.1.5", "Takes no clock-aligned meter values.")
_ignores("ConnectionTimeOut", "60", "1.6 9.1.6", "Waits 60 s for the cable, whatever is set.")
_ignores("MinimumStatusDuration", "0", "1.6 4.9, 9.1.20", "Reports every change of a status at once.")
_ignores("MeterValuesSampledData", "", "1.6 9.1.17", "Samples the energy register alone, whatever is set.")
_ignores("LocalPreAuthorize", "false", "1.6 3.5, 9.1.13", "Asks about every token, whatever its cache knows.")
_ignores("LocalAuthorizeOffline", "true", "1.6 3.5, 9.1.12", "Goes by its cache while offline though it may not.")
_ignores(
    "AuthorizeRemoteTxRequests",
    "false",
    "1.6 5.11, 9.1.3",
    "Starts remotely without asking about the token.",
)
_ignores(
    "AuthorizeRemoteTxRequests",
    "true",
    "1.6 5.11, 9.1.3",
    "Asks about the token of a remote start though it must not.",
    name="authorizes-every-remote-start",
)
_ignores(
    "LocalPreAuthorize",
    "true",
    "1.6 3.5, 9.1.13",
    "Starts what its cache knows without asking though it is online.",
    name="always-trusts-its-cache",
)
_ignores(
    "StopTransactionOnInvalidId",
    "false",
    "1.6 4.8, 9.1.26; errata 3.17",
    "Goes on with a transaction whose token is invalid.",
    name="never-stops-invalid-tokens",
)
_ignores(
    "StopTransactionOnInvalidId",
    "true",
    "1.6 4.8, 9.1.26; errata 3.17",
    "Stops a transaction whose token is invalid though it must not.",
    name="always-stops-invalid-tokens",
)
_ignores(
    "StopTransactionOnEVSideDisconnect",
    "false",
    "1.6 4.10, 9.1.25",
    "Goes on with the transaction when the EV leaves.",
    name="goes-on-without-ev",
)
_ignores(
    "StopTransactionOnEVSideDisconnect",
    "true",
    "1.6 4.10, 9.1.25",
    "Stops the transaction when the EV leaves though it must not.",
    name="always-stops-without-ev",
)

# -- orders of the central system ------------------------------------------------------------------------------------


@table.defect("reset-without-effect", "1.6 5.14")
class ResetWithoutEffect(CentralSystemCommands):
    """Answers Reset with Accepted and goes on."""

    def reset(self, kind: str) -> Outcome:
        return "Accepted", None


@table.defect("soft-reset-without-effect", "1.6 5.14; errata 3.36")
class SoftResetWithoutEffect(CentralSystemCommands):
    """Answers a soft Reset with Accepted and goes on."""

    def reset(self, kind: str) -> Outcome:
        return ("Accepted", None) if kind == "Soft" else super().reset(kind)


@table.defect("reset-cuts-transactions-off", "1.6 5.14; errata 3.36")
class ResetCutsOff(Firmware):
    """Resets at once; what charged is reported as cut off by a power loss."""

    async def _reset(self, reason: str) -> None:
        self._reboot()


@table.defect("reset-forgets-transactions", "1.6 4.10, 5.14; errata 3.36")
class ResetForgets(Firmware):
    """Resets at once and knows nothing of what charged before."""

    async def _reset(self, reason: str) -> None:
        for connector in self._device.transactions:
            connector.transaction = None
        self._reboot()


@table.defect("unlock-without-effect", "1.6 5.18")
class UnlockWithoutEffect(CentralSystemCommands):
    """Answers UnlockConnector with Unlocked and goes on with the transaction."""

    def unlock_connector(self, connector_id: int) -> Outcome:
        return super().unlock_connector(connector_id)[0], None


@table.defect("availability-without-effect", "1.6 5.2")
class AvailabilityWithoutEffect(CentralSystemCommands):
    """Answers ChangeAvailability with Accepted and changes nothing."""

    def change_availability(self, connector_id: int, kind: str) -> Outcome:
        return super().change_availability(connector_id, kind)[0], None


@table.defect("availability-of-connector-0-alone", "1.6 5.2")
class AvailabilityOfZeroAlone(CentralSystemCommands):
    """Takes ChangeAvailability of the whole charge point for one of connector 0."""

    def change_availability(self, connector_id: int, kind: str) -> Outcome:
        if connector_id != MAIN_CONTROLLER:
            return super().change_availability(connector_id, kind)

        def act() -> None:
            self._set_whole(operative=kind == "Operative", later=False)
            self._driver.changed()

        return "Accepted", act


@table.defect("availability-lost-over-reboot", "1.6 5.2")
class AvailabilityLost(Firmware):
    """Boots with every connector operative."""

    def start(self) -> None:
        self._device.operative = True
        for connector in self._device.connectors.values():
            connector.operative = True
        super().start()


@table.defect("clear-cache-without-effect", "1.6 5.4")
class ClearCacheWithoutEffect(AuthorizationCache):
    """Answers ClearCache with Accepted and keeps its cache."""

    def clear(self) -> None:
        pass


@table.defect("remote-start-without-effect", "1.6 5.11")
class RemoteStartWithoutEffect(Driver):
    """Answers RemoteStartTransaction with Accepted and does nothing."""

    def remote_start(self, id_tag: str, connector: Connector, *, authorize: bool) -> None:
        pass


@table.defect("remote-start-at-another-connector", "1.6 5.11")
class RemoteStartElsewhere(Driver):
    """Starts remotely at the last connector, whichever was named."""

    def remote_target(self, connector_id: int | None, id_tag: str) -> Connector | None:
        last = max(self._device.connectors)
        return super().remote_target(last if connector_id in self._device.connectors else connector_id, id_tag)


@table.defect("remote-stop-without-effect", "1.6 5.12")
class RemoteStopWithoutEffect(CentralSystemCommands):
    """Answers RemoteStopTransaction with Accepted and goes on charging."""

    def remote_stop(self, transaction_id: int) -> Outcome:
        return super().remote_stop(transaction_id)[0], None


@table.defect("trigger-without-effect", "1.6 5.17")
class TriggerWithoutEffect(CentralSystemCommands):
    """Answers TriggerMessage with Accepted and sends nothing."""

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        return super().trigger(message, connector_id)[0], None


# -- authorization ---------------------------------------------------------------------------------------------------


@table.defect("starts-any-token", "1.6 4.1")
class StartsAnyToken(Driver):
    """Asks about no token: whatever is presented charges."""

    async def _authorize(self, id_tag: str) -> IdTagInfo | None:
        return IdTagInfo("Accepted")


@table.defect("starts-refused-tokens", "1.6 4.1")
class StartsRefusedTokens(Driver):
    """Asks about a token and charges whatever the answer."""

    async def _authorize(self, id_tag: str) -> IdTagInfo | None:
        return await super()._authorize(id_tag) or IdTagInfo("Accepted")


@table.defect("trusts-cached-refusals", "1.6 3.5.1")
class TrustsCachedRefusals(AuthorizationCache):
    """Takes every token in its cache for accepted, an expired or blocked one too."""

    def get(self, id_tag: str) -> IdTagInfo | None:
        info = super().get(id_tag)
        return info and IdTagInfo("Accepted", info.parent)


@table.defect("caches-nothing", "1.6 3.5.1")
class CachesNothing(AuthorizationCache):
    """Never learns a token from an answer."""

    def put(self, id_tag: str, info: IdTagInfo) -> None:
        pass


@table.defect("any-token-stops", "1.6 4.10")
class AnyTokenStops(Driver):
    """Stops a transaction for whatever token is presented."""

    def _stop_with(self, id_tag: str, at: list[Connector]) -> bool:
        running = [connector for connector in at if connector.transaction]
        for connector in running[:1]:
            self._transactions.stop(connector, "Local", id_tag)
            self.changed()
        return bool(running)


@table.defect("any-accepted-token-stops", "1.6 3.10, 4.10")
class AnyAcceptedTokenStops(Driver):
    """Stops a transaction for every token that the central system accepts."""

    def _join_group(self, id_tag: str, info: IdTagInfo, at: list[Connector]) -> bool:
        running = [connector for connector in at if connector.transaction]
        for connector in running[:1]:
            self._transactions.stop(connector, "Local", id_tag)
            self.changed()
        return bool(running)

    def present(self, id_tag: str, connector: Connector | None) -> None:
        at = [connector] if connector else list(self._device.connectors.values())
        if self.service.open and any(each.transaction for each in at) and not self._stop_with(id_tag, at):
            self._background.spawn(self._identify(id_tag, at, None, floating=False))
        else:
            super().present(id_tag, connector)


@table.defect("own-token-does-not-stop", "1.6 4.10")
class OwnTokenDoesNotStop(Driver):
    """Does not know the token again that started a transaction."""

    def _stop_with(self, id_tag: str, at: list[Connector]) -> bool:
        return False


@table.defect("knows-no-groups", "1.6 3.10")
class KnowsNoGroups(Driver):
    """Ignores parentIdTag."""

    def _join_group(self, id_tag: str, info: IdTagInfo, at: list[Connector]) -> bool:
        return False


# -- connectors ------------------------------------------------------------------------------------------------------


@table.defect("status-of-another-connector", "1.6 4.9")
class StatusOfAnotherConnector(StatusReporter):
    """Reports the first two connectors under each other's number."""

    def current(self, number: int) -> Report:
        return super().current({1: 2, 2: 1}.get(number, number))


@table.defect("charges-while-faulted", "1.6 4.9, 7.7")
class ChargesWhileFaulted(Driver):
    """Starts a transaction at a faulted connector."""

    def _pick(
        self, among: list[Connector], id_tag: str, info: IdTagInfo | None = None, *, explicit: bool
    ) -> Connector | None:
        found = super()._pick(among, id_tag, info, explicit=explicit)
        return found or next((each for each in among if each.fault), None)

    def _begin(self, connector: Connector) -> None:
        fault, connector.fault = connector.fault, None
        super()._begin(connector)
        connector.fault = connector.fault or fault


@table.defect("charges-while-unavailable", "1.6 4.9, 5.2")
class ChargesWhileUnavailable(Driver):
    """Starts a transaction at a connector that is out of use."""

    def _pick(
        self, among: list[Connector], id_tag: str, info: IdTagInfo | None = None, *, explicit: bool
    ) -> Connector | None:
        found = super()._pick(among, id_tag, info, explicit=explicit)
        return found or next((each for each in among if not each.operative), None)

    def _begin(self, connector: Connector) -> None:
        operative, connector.operative = connector.operative, True
        super()._begin(connector)
        connector.operative = operative


@table.defect("charges-unlocked", "1.6 4.9, 7.6")
class ChargesUnlocked(Driver):
    """Charges although the lock of the connector has failed."""

    def _begin(self, connector: Connector) -> None:
        broken, connector.lock_broken = connector.lock_broken, False
        super()._begin(connector)
        connector.lock_broken = broken


@table.defect("never-available-again", "1.6 4.9")
class NeverAvailableAgain(StatusReporter):
    """Stays Finishing when the cable has been taken out."""

    def current(self, number: int) -> Report:
        report, before = super().current(number), self._seen.get(number)
        return before if before and (before.status, report.status) == ("Finishing", "Available") else report
