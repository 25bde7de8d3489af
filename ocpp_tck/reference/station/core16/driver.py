"""What a driver does at the charge point: cable, token, car; and what starts a transaction."""

from dataclasses import dataclass

from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.authorization import IdTagInfo, same_tag
from ocpp_tck.reference.station.core16.background import Background
from ocpp_tck.reference.station.core16.device import Claim, Connector, Device
from ocpp_tck.reference.station.core16.sender import Failed, Offline, Sender
from ocpp_tck.reference.station.core16.smart_charging.regulator import Regulator
from ocpp_tck.reference.station.core16.status import StatusReporter
from ocpp_tck.reference.station.core16.transactions import Transactions, unlock

LOCK_FAILURE = "ConnectorLockFailure"
_LAST = 10
_SETTLE_SECONDS = 0.05
"""The soonest that a reservation is looked at again whose timer rang before its time."""


@dataclass(frozen=True, slots=True)
class Service:
    """Whether the charge point serves drivers, and whether it can ask the Central System."""

    open: bool
    online: bool


class Driver:
    """Carries out what drivers do, and remote starts, which act like drivers (1.6 §4.1, §5.11)."""

    def __init__(
        self,
        device: Device,
        sender: Sender,
        transactions: Transactions,
        reporter: StatusReporter,
        background: Background,
    ) -> None:
        self._device = device
        self._sender = sender
        self._transactions = transactions
        self._reporter = reporter
        self._background = background
        self._preparing: set[int] = set()
        self.service = Service(open=False, online=False)
        self.regulator = part(Regulator, device.options)(device, background, self.changed)

    def plug(self, connector: Connector) -> None:
        """Connect an EV."""
        if connector.connected:
            return
        connector.cable = connector.ev = connector.ev_draws = True
        if connector.transaction is None:
            connector.finished = False
            self._move_claim(connector)
            self.changed()
            self._begin(connector)
        self.changed()

    def unplug(self, connector: Connector) -> bool:
        """Take the cable out, or only off the EV while the socket holds it; False when it will not move.

        With a transaction under way StopTransactionOnEVSideDisconnect decides (1.6 §4.10).
        """
        if not connector.ev and (connector.locked or not connector.cable or connector.fixed_cable):
            return not connector.cable or connector.fixed_cable
        was_locked = connector.locked
        connector.ev = False
        if not was_locked and not connector.fixed_cable:
            connector.cable = False
        if connector.transaction is not None:
            self._ev_side_disconnected(connector)
        elif not connector.cable or connector.fixed_cable:
            connector.finished = False
        self.changed()
        return True

    def present(self, id_tag: str, connector: Connector | None) -> None:
        """Present a token, at the reader of a connector or at the one they share (None)."""
        if not self.service.open:
            return
        at = [connector] if connector else list(self._device.connectors.values())
        if self._stop_with(id_tag, at) or self._withdraw(id_tag, at) or self._release(id_tag, at):
            return
        target = self._pick(at, id_tag, explicit=len(at) == 1)
        groups = [each for each in at if self._group(each) is not None]
        if target is None and not groups:
            # Nothing that this token could start or stop: the Central System need not be asked.
            return
        self._background.spawn(self._identify(id_tag, at, target, floating=len(at) > 1))

    def remote_target(self, connector_id: int | None, id_tag: str) -> Connector | None:
        """Choose the connector of a RemoteStartTransaction; None when there is none that may start."""
        if connector_id is None:
            return self._pick(list(self._device.connectors.values()), id_tag, explicit=False)
        connector = self._device.connectors.get(connector_id)
        return self._pick([connector], id_tag, explicit=True) if connector else None

    def remote_start(self, id_tag: str, connector: Connector, *, authorize: bool) -> None:
        """Start as a driver would, with or without asking the Central System first.

        It is asked for the parentIdTag all the same when that decides about a reservation (1.6 §5.13).
        """
        if authorize or self._device.reservations.wants_parent(connector, id_tag):
            connector.authorizing = id_tag
            self._background.spawn(self._identify(id_tag, [], connector, floating=False))
        else:
            self._claim(connector, id_tag, None, floating=False)

    def lock_failure(self, connector: Connector, *, active: bool) -> None:
        """Break or mend the cable lock of a connector."""
        connector.lock_broken = active
        if not active and connector.fault == LOCK_FAILURE:
            connector.fault = None
        self.changed()

    def withdraw_claim(self, connector: Connector) -> None:
        """End the intended usage of a connector before a transaction (B1, B6 of 1.6 §4.9)."""
        connector.claim = None
        if connector.transaction is None and connector.connected:
            connector.finished = True
        self.changed()

    def changed(self) -> None:
        """Bring reservations, timers, the meters and the reports in line with the connectors' state."""
        self._settle_reservations()
        self.regulator.settle()
        for connector in self._device.connectors.values():
            status = self._reporter.current(connector.number).status
            connector.meter.switch(flowing=status == "Charging")
            self._watch_preparing(connector, preparing=status == "Preparing")
        self._reporter.refresh()
        self._device.stirred.set()

    def _settle_reservations(self) -> None:
        reservations = self._device.reservations
        reservations.settle()
        for one in reservations.all:
            if not self._background.running(one):
                left = one.expiry - self._device.clock.now()
                self._background.after(max(_SETTLE_SECONDS, left.total_seconds()), one, self.changed)

    def _watch_preparing(self, connector: Connector, *, preparing: bool) -> None:
        name = ("preparing", connector.number)
        if not preparing:
            self._preparing.discard(connector.number)
            self._background.forget(name)
        elif connector.number not in self._preparing:
            self._preparing.add(connector.number)
            limit = self._device.configuration.number("ConnectionTimeOut")
            self._background.after(limit, name, lambda: self.withdraw_claim(connector))

    def _pick(
        self, among: list[Connector], id_tag: str, info: IdTagInfo | None = None, *, explicit: bool
    ) -> Connector | None:
        """Choose where to start: what is reserved for the idTag first, then a connected EV, then a free connector.

        Without `info` the parentIdTag is unknown: what may be reserved for its group is the last choice.

        A connector that is Finishing is chosen only when the driver addresses it (F2 of 1.6 §4.9):
        at a shared reader the next driver would start charging on the last one's cable.
        """
        wanted = {"Reserved": 0, "Preparing": 1, "Available": 2} | ({"Finishing": 3} if explicit else {})
        ranked = [
            (wanted[status] + rank, connector.number, connector)
            for connector in among
            if connector.claim is None
            and not connector.held
            and connector.authorizing is None
            and (status := self._reporter.current(connector.number).status) in wanted
            and (status != "Finishing" or connector.connected)
            and (rank := self._reserved_rank(connector, id_tag, info)) is not None
        ]
        return min(ranked)[2] if ranked else None

    def _reserved_rank(self, connector: Connector, id_tag: str, info: IdTagInfo | None) -> int | None:
        """Say how far a reservation puts a connector back for an idTag; None keeps it away."""
        reservation = self._device.reservations.at(connector)
        if reservation is None or reservation.is_for(id_tag, info.parent if info else None):
            return 0
        return _LAST if info is None and reservation.may_be_for(id_tag) else None

    def _stop_with(self, id_tag: str, at: list[Connector]) -> bool:
        for connector in at if self._device.has("local_stop") else ():
            if connector.transaction and same_tag(connector.transaction.id_tag, id_tag):
                self._transactions.stop(connector, "Local", id_tag)
                self.changed()
                return True
        return False

    def _withdraw(self, id_tag: str, at: list[Connector]) -> bool:
        for connector in at:
            if connector.claim and same_tag(connector.claim.id_tag, id_tag):
                self.withdraw_claim(connector)
                return True
        return False

    def _release(self, id_tag: str, at: list[Connector]) -> bool:
        """Unlock a cable kept locked after its transaction, for the token that started it (errata 3.5)."""
        for connector in at:
            if connector.lockholder and same_tag(connector.lockholder.id_tag, id_tag):
                unlock(connector)
                return True
        return False

    async def _identify(self, id_tag: str, at: list[Connector], target: Connector | None, *, floating: bool) -> None:
        if target is not None:
            target.authorizing = id_tag
        try:
            info = await self._authorize(id_tag)
        finally:
            if target is not None:
                target.authorizing = None
        if info is None or self._join_group(id_tag, info, at):
            return
        target = self._chosen(id_tag, info, at, target)
        if target is not None:
            self._claim(target, id_tag, info.parent, floating=floating)

    def _chosen(self, id_tag: str, info: IdTagInfo, at: list[Connector], target: Connector | None) -> Connector | None:
        """Choose again, now that the parentIdTag is known: what is reserved for it goes before what was chosen."""
        if target is None:
            return None
        reservations = self._device.reservations
        reserved = [each for each in at if reservations.at(each)]
        instead = [] if reservations.admits(target, id_tag, info.parent) else at
        for among in (reserved, [target], instead):
            found = self._pick(among, id_tag, info, explicit=len(among) == 1)
            if found is not None:
                return found
        return None

    def _join_group(self, id_tag: str, info: IdTagInfo, at: list[Connector]) -> bool:
        """Stop a transaction, or release a cable, of the same group (1.6 §3.10)."""
        for connector in at:
            if not same_tag(self._group(connector), info.parent):
                continue
            if connector.transaction:
                self._transactions.stop(connector, "Local", id_tag)
                self.changed()
            else:
                unlock(connector)
            return True
        return False

    async def _authorize(self, id_tag: str) -> IdTagInfo | None:
        """Authorize an idTag (1.6 §3.5, §4.1); returns None when it may not charge."""
        configuration = self._device.configuration
        known = self._device.known(id_tag)
        if not self.service.online and not self._device.has("offline_transactions"):
            return None
        if self.service.online:
            if known and known.accepted and configuration.flag("LocalPreAuthorize"):
                return known
            try:
                answer = await self._sender.request("Authorize", {"id_tag": id_tag})
            except Failed:
                return None
            except Offline:
                known = self._device.known(id_tag)
            else:
                info = IdTagInfo.read(answer["id_tag_info"])
                self._device.remember(id_tag, info)
                return info if info.accepted else None
        if known is not None:
            return known if known.accepted and configuration.flag("LocalAuthorizeOffline") else None
        return IdTagInfo("Accepted") if configuration.flag("AllowOfflineTxForUnknownId") else None

    def _claim(self, connector: Connector, id_tag: str, parent: str | None, *, floating: bool) -> None:
        connector.claim = Claim(id_tag, parent, floating)
        connector.finished = False
        self.changed()
        self._begin(connector)
        self.changed()

    def _move_claim(self, connector: Connector) -> None:
        open_to_claims = {"Available", "Preparing", "Reserved"}
        if connector.claim or self._reporter.current(connector.number).status not in open_to_claims:
            return
        for other in self._device.connectors.values():
            if other.claim and other.claim.floating and not other.connected:
                if not self._device.reservations.admits(connector, other.claim.id_tag, other.claim.parent):
                    continue
                connector.claim, other.claim = other.claim, None
                return

    def _begin(self, connector: Connector) -> None:
        """Start the transaction once all its conditions are met; a lock that fails aborts it."""
        claim = connector.claim
        if claim is None or not connector.connected or self._reporter.current(connector.number).status != "Preparing":
            return
        if not connector.fixed_cable:
            if connector.lock_broken:
                connector.claim = None
                connector.fault = LOCK_FAILURE
                return
            connector.locked = True
        self._transactions.start(connector, claim.id_tag, claim.parent)

    def _ev_side_disconnected(self, connector: Connector) -> None:
        configuration = self._device.configuration
        if configuration.flag("StopTransactionOnEVSideDisconnect"):
            keep_locked = not configuration.flag("UnlockConnectorOnEVSideDisconnect")
            self._transactions.stop(connector, "EVDisconnected", keep_locked=keep_locked)

    def _group(self, connector: Connector) -> str | None:
        """Return the parentIdTag that may stop a connector's transaction or release its cable."""
        stoppable = connector.transaction if self._device.has("local_stop") else None
        holder = stoppable or connector.lockholder
        return holder.parent if holder else None
