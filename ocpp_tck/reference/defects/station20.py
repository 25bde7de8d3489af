"""Defects of the charging station of 2.0.1 and 2.1."""

from contextlib import suppress
from typing import Any

from ocpp_tck.reference.defects.table import Table
from ocpp_tck.reference.station.v20 import Machine
from ocpp_tck.reference.station.v20_model import READ_ONLY, DeviceModel
from ocpp_tck.reference.station.v20_requests import Requests
from ocpp_tck.reference.station.v20_rpc import Answer, CallRefused, Link, Payload
from ocpp_tck.reference.station.v20_session import Evse, Session
from ocpp_tck.reference.station.v20_station import ACCEPTED, Station
from ocpp_tck.reference.station.v20_tokens import IdToken

table = Table("cs", "2.0.1", "2.1")

# -- boot and settings -----------------------------------------------------------------------------------------------


@table.defect("talks-before-boot", "B01.FR.09, B02.FR.02")
class TalksBeforeBoot(Machine):
    """Sends a Heartbeat before it sends its BootNotification."""

    async def _boot(self, link: Link) -> None:
        with suppress(CallRefused, TimeoutError):
            await link.call("Heartbeat", {}, lambda _response: None)
        await super()._boot(link)


@table.defect("silent-after-boot", "B01.FR.05")
class SilentAfterBoot(Machine):
    """Reports no connector after its boot was accepted."""

    def _registered(self, response: Payload) -> None:
        station = self._station
        if response["status"] == ACCEPTED:
            station.reported = {number: station.status(evse) for number, evse in station.evses.items()}
            self._link, link = None, self._link
            station.online = False
            super()._registered(response)
            station.online, self._link = True, link
            station.reported = {number: station.status(evse) for number, evse in station.evses.items()}
        else:
            super()._registered(response)


@table.defect("reset-without-effect", "B12.FR.01, B12.FR.03")
class ResetWithoutEffect(Requests):
    """Answers Reset with Accepted and goes on."""

    def _reset(self, payload: Payload) -> Answer:
        return Answer(super()._reset(payload).payload)


@table.defect("set-variables-without-effect", "B05.FR.01, B05.FR.10")
class SetsNothing(DeviceModel):
    """Answers SetVariables with Accepted and keeps the old value."""

    def set(self, data: Payload) -> Payload:
        variable, _ = self._find(data)
        before = variable.value if variable else ""
        result = super().set(data)
        if variable is not None and variable.mutability != READ_ONLY:
            variable.value = before
        return result


@table.defect("settings-lost-over-reboot", "B05; Part 1 4.1.4 persistent")
class SettingsLost(Machine):
    """Boots with the settings of the factory."""

    def _go_down(self, reason: str) -> None:
        fresh = {(one.component, one.name, one.instance, one.evse): one.value for one in self._station._variables()}  # noqa: SLF001 - the defect looks inside
        for variable in self._station.model:
            if variable.mutability != READ_ONLY:
                place = (variable.component, variable.name, variable.instance, variable.evse)
                variable.value = fresh[place]
        super()._go_down(reason)


# -- availability ----------------------------------------------------------------------------------------------------


@table.defect("availability-without-effect", "G03.FR.01, G03.FR.04")
class AvailabilityWithoutEffect(Requests):
    """Answers ChangeAvailability with Accepted and changes nothing."""

    def _change_availability(self, payload: Payload) -> Answer:
        return Answer({"status": "Accepted"})


@table.defect("availability-of-the-whole-station", "G03.FR.01")
class AvailabilityOfAll(Requests):
    """Takes ChangeAvailability of one EVSE for one of the whole station."""

    def _change_availability(self, payload: Payload) -> Answer:
        return super()._change_availability({"operationalStatus": payload["operationalStatus"]})


@table.defect("status-of-another-evse", "B01.FR.05, G03.FR.04")
class StatusOfAnother(Station):
    """Reports the first two EVSEs under each other's number."""

    def status(self, evse: Evse) -> str:
        return super().status(self.evses[{1: 2, 2: 1}.get(evse.id, evse.id)])


# -- transactions ----------------------------------------------------------------------------------------------------


@table.defect("request-start-without-effect", "F01.FR.03, F02.FR.01")
class RequestStartWithoutEffect(Requests):
    """Answers RequestStartTransaction with Accepted and does nothing."""

    def _request_start(self, payload: Payload) -> Answer:
        return Answer(super()._request_start(payload).payload)


@table.defect("request-start-at-another-evse", "F01.FR.03")
class RequestStartElsewhere(Requests):
    """Starts at the last EVSE, whichever was named."""

    def _request_start(self, payload: Payload) -> Answer:
        return super()._request_start(payload | {"evseId": max(self._station.evses)})


@table.defect("request-stop-without-effect", "F03.FR.02")
class RequestStopWithoutEffect(Requests):
    """Answers RequestStopTransaction with Accepted and goes on charging."""

    def _request_stop(self, payload: Payload) -> Answer:
        return Answer(super()._request_stop(payload).payload)


@table.defect("forgets-remote-start-id", "F01.FR.25, F02.FR.05")
class ForgetsRemoteStartId(Session):
    """Does not tie a transaction to the request that started it."""

    def authorize(self, token: IdToken, group: IdToken | None, remote_start_id: int | None = None) -> None:
        super().authorize(token, group)


@table.defect("starts-any-token", "C01.FR.02")
class StartsAnyToken(Station):
    """Asks about no token: whatever is presented charges."""

    async def check(self, token: IdToken) -> Payload | None:
        return {"status": ACCEPTED}


@table.defect("starts-refused-tokens", "C01.FR.02, C06.FR.02")
class StartsRefusedTokens(Station):
    """Asks about a token and charges whatever the answer."""

    async def check(self, token: IdToken) -> Payload | None:
        await super().check(token)
        return {"status": ACCEPTED}


@table.defect("starts-before-the-answer", "C01.FR.02, C06.FR.02")
class StartsBeforeTheAnswer(Station):
    """Begins to charge while it asks about the token, and stops when that is refused."""

    async def _authorize_locally(self, session: Session, token: IdToken, *, anywhere: bool) -> None:
        self.authorize(session, token, None)
        info = await self.check(token)
        if info is None or info["status"] != ACCEPTED:
            session.deauthorize()


@table.defect("new-transaction-id-for-each-event", "E01.FR.08, TransactionType.transactionId")
class NewIdForEachEvent(Session):
    """Makes up a transactionId for every TransactionEvent."""

    def _emit(self, event: str, trigger: str, reason: str | None, **more: Any) -> None:
        if self.transaction is not None and event != "Started":
            self.transaction.id = f"{self.transaction.id[:30]}-{self.transaction.sequence}"
        super()._emit(event, trigger, reason, **more)


@table.defect("counts-no-events", "E 1.3.2.1, E01.FR.07")
class CountsNoEvents(Session):
    """Gives every TransactionEvent the sequence number 0."""

    def _emit(self, event: str, trigger: str, reason: str | None, **more: Any) -> None:
        if self.transaction is not None:
            self.transaction.sequence = 0
        super()._emit(event, trigger, reason, **more)


@table.defect("starts-a-transaction-for-each-token", "E01, E02.FR.13")
class StartsAnew(Session):
    """Begins a transaction of its own when the driver is authorized, beside the one that the cable began."""

    def authorize(self, token: IdToken, group: IdToken | None, remote_start_id: int | None = None) -> None:
        self.transaction = None
        super().authorize(token, group, remote_start_id)
