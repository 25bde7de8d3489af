"""What a power cut leaves in place: connectors, cables, meters and non-volatile memory."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.launch import FEATURES, StationOptions
from ocpp_tck.reference.parts import part
from ocpp_tck.reference.station.core16.authorization import AuthorizationCache, IdTagInfo
from ocpp_tck.reference.station.core16.clock import Clock
from ocpp_tck.reference.station.core16.configuration import Configuration, adapted, core_keys, security_keys
from ocpp_tck.reference.station.core16.local_list import UNSUPPORTED, LocalList
from ocpp_tck.reference.station.core16.log import Log
from ocpp_tck.reference.station.core16.meter import Meter
from ocpp_tck.reference.station.core16.reservation import Reservations
from ocpp_tck.reference.station.core16.smart_charging.keys import with_smart_charging
from ocpp_tck.reference.station.core16.smart_charging.shelf import Shelf
from ocpp_tck.reference.station.core16.vault import Vault

if TYPE_CHECKING:
    from ocpp_tck.reference.station.core16.update import Update

UNKNOWN_TRANSACTION = -1
"""The transactionId of a transaction whose StartTransaction was never answered (errata 3.18)."""

EV_SIDE_DISCONNECTED = "EV side disconnected"


@dataclass(slots=True)
class Transaction:
    """A transaction, from the start of energy supply until it is stopped."""

    connector_id: int
    id_tag: str
    parent: str | None
    started: datetime
    meter_start: int
    id: int | None = None
    data: list[dict[str, Any]] = field(default_factory=list)
    """MeterValues for the transactionData of StopTransaction."""
    marks: dict[str, int] = field(default_factory=dict)
    """The register in Wh at the last sample, per configuration key that asked for it."""
    suspended: bool = False
    """The charge point offers no energy, because the idTag proved invalid."""


@dataclass(slots=True)
class TransactionMessage:
    """A transaction-related message waiting for delivery (1.6 §3.7).

    `payload` has snake_case keys; the transactionId is filled in on sending, when it is known.
    """

    action: str
    payload: dict[str, Any]
    transaction: Transaction
    attempts: int = 0


@dataclass(slots=True)
class Claim:
    """A driver authorized to charge who has not started yet."""

    id_tag: str
    parent: str | None
    floating: bool
    """No connector was named: plugging in at another one moves the claim there."""


@dataclass(slots=True)
class Lockholder:
    """Whose token unlocks a cable that stayed locked after its transaction."""

    id_tag: str
    parent: str | None


@dataclass(slots=True)
class Connector:
    """A connector with its socket, lock, meter, EV and what the charge point remembers of it."""

    number: int
    fixed_cable: bool
    meter: Meter
    cable: bool = False
    """A cable is in the charge point's socket (always, when it is fixed)."""
    ev: bool = False
    """An EV is connected at the other end."""
    ev_draws: bool = True
    """The EV takes energy when it is offered."""
    locked: bool = False
    lock_broken: bool = False
    fault: str | None = None
    operative: bool = True
    scheduled: bool | None = None
    """The availability that takes effect when the transaction has finished."""
    transaction: Transaction | None = None
    finished: bool = False
    """A charging session ended, or timed out, and the cable is still there."""
    lockholder: Lockholder | None = None
    claim: Claim | None = None
    authorizing: str | None = None
    """An idTag whose authorization for this connector is under way."""
    reserved: bool = False
    """Others than those whom a reservation is for are kept from it."""
    held: bool = False
    """Nobody may begin to use it: firmware is about to be installed."""

    @property
    def connected(self) -> bool:
        """Whether an EV is connected to the charge point."""
        return self.cable and self.ev

    @property
    def status(self) -> str:
        """The ChargePointStatus that follows from the state (1.6 §4.9, §7.7)."""
        if self.fault is not None:
            return "Faulted"
        if self.transaction is not None:
            return self._transaction_status(self.transaction)
        if self.finished:
            return "Finishing"
        if not self.operative:
            return "Unavailable"
        if self.reserved and self.claim is None:
            # A cable alone does not say who came: G2 of §4.9 wants the reservation's identity.
            return "Reserved"
        return self._unused_status()

    @property
    def unused(self) -> bool:
        """Whether it works and nobody has begun to use it, apart from a car that may stand there."""
        broken = self.fault is not None or not self.operative
        return not broken and self.transaction is None and self.claim is None and not self.finished

    @property
    def info(self) -> str | None:
        """What a StatusNotification adds in `info`."""
        disconnected = self.transaction is not None and not self.connected
        return EV_SIDE_DISCONNECTED if disconnected and self.fault is None else None

    def _unused_status(self) -> str:
        if self.connected or self.claim is not None:
            return "Preparing"
        return "Unavailable" if self.held else "Available"

    def _transaction_status(self, transaction: Transaction) -> str:
        if transaction.suspended or not self.meter.offers:
            return "SuspendedEVSE"
        return "Charging" if self.connected and self.ev_draws else "SuspendedEV"


def _unheard() -> None:
    """Before the charge point has power nobody hears of anything."""


class Device:
    """The charge point as hardware and memory."""

    def __init__(self, options: StationOptions) -> None:
        """Build a charge point as it leaves the factory. Raises ValueError for a bad override."""
        self.options = options
        self.clock = part(Clock, options)()
        self.vault = part(Vault, options)(options)
        self.cache = part(AuthorizationCache, options)(self.clock.now)
        self.configuration = part(Configuration, options)(
            adapted(
                with_smart_charging(
                    (
                        *core_keys(
                            options.connectors,
                            fixed_cable=options.fixed_cable,
                            message_timeout=max(1, round(options.response_seconds)),
                        ),
                        *(security_keys(options) if self.has("security") else ()),
                    ),
                    options,
                ),
                options,
            ),
            options.configuration,
        )
        self.local_list = part(LocalList, options)(self.clock.now, self.configuration)
        self.list_conflict = _unheard
        """Called when the Central System says otherwise of an idTag than the local list."""
        self.connectors = {
            number: Connector(
                number, options.fixed_cable, part(Meter, options)(1000.0 * number), cable=options.fixed_cable
            )
            for number in range(1, options.connectors + 1)
        }
        self.shelf = part(Shelf, options)()
        self.queue: deque[TransactionMessage] = deque()
        self.operative = True
        self.scheduled: bool | None = None
        self.fault: str | None = None
        self.accepted_before = False
        self.reservations = part(Reservations, options)(self)
        self.log = Log(options.station_id)
        self.firmware_version = options.firmware_version
        self.update: Update | None = None
        self.security_events: list[dict[str, Any]] = []
        self.stirred = asyncio.Event()

    @property
    def status(self) -> str:
        """The status of the main controller, connector 0: Available, Unavailable or Faulted."""
        if self.fault is not None:
            return "Faulted"
        return "Available" if self.operative else "Unavailable"

    @property
    def transactions(self) -> list[Connector]:
        """The connectors with a transaction under way."""
        return [connector for connector in self.connectors.values() if connector.transaction]

    def remember(self, id_tag: str, info: IdTagInfo) -> None:
        """Update the enabled authorization cache from an answer; the local list only the Central System changes.

        What the list knows is not cached (1.6 §3.5.3), and an answer that contradicts it is told (§3.5.2).
        """
        listed = self.local_list.get(id_tag) if self.lists else None
        if listed is None and self._caches:
            self.cache.put(id_tag, info)
        elif listed is not None and listed.valid != info.valid:
            self.list_conflict()

    def known(self, id_tag: str) -> IdTagInfo | None:
        """Look an idTag up in the local list and then in the authorization cache (1.6 §3.5.3), where enabled."""
        listed = self.local_list.get(id_tag) if self.lists else None
        return listed or (self.cache.get(id_tag) if self._caches else None)

    def has(self, feature: str) -> bool:
        """Whether the charge point has one of the features that it may lack, or may have besides."""
        return feature not in self.options.without if feature in FEATURES else feature in self.options.extras

    @property
    def lists(self) -> bool:
        """Whether there is a local authorization list in use."""
        return self.has("local_auth_list") and self.configuration.flag("LocalAuthListEnabled")

    @property
    def list_version(self) -> int:
        """The version of the local list to tell; -1 without one (1.6 §5.10)."""
        return self.local_list.version if self.lists else UNSUPPORTED

    @property
    def _caches(self) -> bool:
        return self.has("authorization_cache") and self.configuration.flag("AuthorizationCacheEnabled")
