"""The embedded OCPP 1.6 CSMS (central system): Core, security, and the orders of every other profile.

It acts by itself in nothing: it answers stations, and sends what its operator orders.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from websockets.asyncio.server import ServerConnection

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown
from ocpp_tck.reference.csms import payloads, tokens
from ocpp_tck.reference.csms.endpoint import Endpoint
from ocpp_tck.reference.csms.security16 import CannotSign, CertificateAuthority, CertificateOwners, server_context
from ocpp_tck.reference.csms.session import Dialect, Payload, Refused, Session
from ocpp_tck.reference.csms.transactions import Transactions
from ocpp_tck.reference.launch import CsmsOptions
from ocpp_tck.reference.parts import part

VERSION = "1.6"
ACCEPTED, PENDING, REJECTED = REGISTRATION = ("Accepted", "Pending", "Rejected")
SERVICE_RESTART = 1012

Reply = Callable[[str, Payload], Payload]
"""Answers a request: (station id, payload) to the payload of the CALLRESULT."""
Action = Callable[[str | None, Payload], None]
"""Carries out an action of the operator: (station id or None, payload)."""

ORDERS = frozenset(
    {
        "CancelReservation",
        "ChangeAvailability",
        "ChangeConfiguration",
        "CertificateSigned",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetDiagnostics",
        "GetInstalledCertificateIds",
        "GetLocalListVersion",
        "GetLog",
        "InstallCertificate",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "SignedUpdateFirmware",
        "TriggerMessage",
        "UnlockConnector",
        "UpdateFirmware",
    }
)
"""Requests of the central system's side (1.6 chapter 5; security whitepaper chapter 5)."""


@dataclass(slots=True)
class Station:
    """What the CSMS remembers of a station, whether it is connected or not.

    `registration` is the status of the last BootNotification.conf, None before the first;
    `boots` are the answers that the operator wants for the next ones; `triggered` are the requests
    that a pending station was told to send (1.6 section 4.2).
    """

    session: Session | None = None
    registration: str | None = None
    boots: deque[Payload] = field(default_factory=deque)
    triggered: set[str] = field(default_factory=set)

    def may_send(self, action: str) -> bool:
        """Tell whether a request is due now: see errata J 3.10 for one that is not."""
        if action == "BootNotification" or self.registration == ACCEPTED:
            return True
        return self.registration == PENDING and action in self.triggered


class Product:
    """The CSMS as a product: an OCPP endpoint (`url`) and the actions of its operator."""

    def __init__(self, options: CsmsOptions) -> None:
        self._options = options
        self._answers: dict[str, Reply] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": self._data_transfer,
            "DiagnosticsStatusNotification": _noted,
            "FirmwareStatusNotification": _noted,
            "Heartbeat": _heartbeat,
            "LogStatusNotification": _noted,
            "MeterValues": self._meter_values,
            "SecurityEventNotification": _noted,
            "SignCertificate": self._sign,
            "SignedFirmwareStatusNotification": _noted,
            "StartTransaction": self._start,
            "StatusNotification": _noted,
            "StopTransaction": self._stop,
        }
        self._actions: dict[str, Action] = {
            "boot_policy": self._boot_policy,
            "set_password": self._set_password,
            "set_token": self._set_token,
        }
        self._dialect = Dialect(VERSION, frozenset(self._answers), payloads.CODES_1_6, "FormationViolation")
        self._endpoint = part(Endpoint, options)(
            options.listen,
            "ocpp1.6",
            options.stations,
            options.passwords,
            self._serve,
            self._tls(options),
            part(CertificateOwners, options)(options).objection,
        )
        self._authority = part(CertificateAuthority, options)(options.authority)
        self._tokens = part(tokens.Tokens, options)(options.tokens)
        self._transactions = part(Transactions, options)()
        self._stations: dict[str, Station] = {}
        self._boots: deque[Payload] = deque()

    def _tls(self, options: CsmsOptions) -> ssl.SSLContext | None:
        """Make the TLS context, None without. Raises `CannotStart`."""
        return server_context(options)

    @property
    def url(self) -> str:
        """The endpoint, to which a station appends its id; known once started."""
        return self._endpoint.url

    async def start(self) -> None:
        """Listen for stations. Raises `CannotStart`."""
        await self._endpoint.start()

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        await self._endpoint.stop()

    async def act(self, action: str, station: str | None, payload: Payload) -> None:
        """Start an action of the operator: an OCPP request by its name, or one of the CSMS itself.

        Raises `ActionUnknown`, `StationUnknown` or `PayloadRefused`.
        """
        name = "".join(word.capitalize() for word in action.split("_"))
        if action == "factory_reset":
            await self._factory_reset(station)
        elif action in self._actions:
            self._actions[action](station, payload)
        elif name in ORDERS:
            self._order(name, station, payload)
        else:
            raise ActionUnknown(f"this OCPP {VERSION} CSMS has no action {action!r}")

    # What stations send

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        memory = self._station(station)
        before = memory.session
        session = memory.session = part(Session, self._options)(
            station,
            connection,
            self._dialect,
            lambda action, payload: self._answer(station, action, payload),
            self._options.response_seconds,
        )
        # A station has one connection: the one before is half open, and closing it takes its time.
        closing = [] if before is None else [before.close(reason="the station has connected anew")]
        try:
            await asyncio.gather(session.serve(), *closing)
        finally:
            if memory.session is session:
                memory.session = None

    def _answer(self, station: str, action: str, payload: Payload) -> Payload:
        if not self._station(station).may_send(action):
            raise Refused("SecurityError", "this charge point has not been accepted: send a BootNotification")
        return self._answers[action](station, payload)

    def _boot(self, station: str, _payload: Payload) -> Payload:
        memory = self._station(station)
        boots = memory.boots or self._boots
        wanted = boots.popleft() if boots else {"status": ACCEPTED}
        memory.registration = wanted["status"]
        memory.triggered.clear()
        return {
            "status": wanted["status"],
            "currentTime": _now(),
            "interval": wanted.get("interval", self._options.heartbeat_interval),
        }

    def _authorize(self, _station: str, payload: Payload) -> Payload:
        return {"idTagInfo": self._tokens.info(payload["idTag"])}

    def _data_transfer(self, _station: str, payload: Payload) -> Payload:
        # Section 4.3: without an implementation of that vendor no data may be given.
        known = self._options.vendor_id
        return {
            "status": ACCEPTED if known and tokens.key(payload["vendorId"]) == tokens.key(known) else "UnknownVendorId"
        }

    def _start(self, station: str, payload: Payload) -> Payload:
        return self._transactions.start(station, payload, self._tokens.info(payload["idTag"]))

    def _stop(self, station: str, payload: Payload) -> Payload:
        id_tag = payload.get("idTag")
        self._transactions.stop(station, payload["transactionId"], id_tag)
        return {} if id_tag is None else {"idTagInfo": self._tokens.info(id_tag)}

    def _sign(self, station: str, payload: Payload) -> Payload:
        try:
            chain = self._authority.sign(payload["csr"])
        except CannotSign:
            return {"status": REJECTED}
        session = self._station(station).session
        if session is not None:
            order = partial(session.order, "CertificateSigned", {"certificateChain": chain})
            asyncio.get_running_loop().call_soon(order)  # behind this answer
        return {"status": ACCEPTED}

    def _meter_values(self, station: str, payload: Payload) -> Payload:
        self._transactions.refer(station, payload.get("transactionId"))
        return {}

    # What the operator orders

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        memory = self._known(station)
        if memory.session is None:
            raise StationUnknown(f"station {station!r} is not connected")
        defect = payloads.request_defect(name, payload, VERSION)
        if defect is not None:
            raise PayloadRefused(f"{name}: {defect}")
        reason = _forbidden(name, payload, memory.registration)
        if reason is not None:
            raise PayloadRefused(f"{name} is not allowed now: {reason}")
        if name in {"TriggerMessage", "ExtendedTriggerMessage"}:
            memory.triggered.add(payload["requestedMessage"])
        if (name, payload.get("key")) == ("ChangeConfiguration", "AuthorizationKey"):
            memory.session.order(name, payload, lambda conf: self._key_changed(str(station), payload, conf))
        else:
            memory.session.order(name, payload)

    def _key_changed(self, station: str, order: Payload, response: Payload) -> None:
        # OCPP-J 1.6 section 6.2.2: from now on the former credentials are wrong.
        if response["status"] == ACCEPTED:
            self._endpoint.passwords[station] = order["value"]

    def _set_token(self, _station: str | None, payload: Payload) -> None:
        self._tokens.put(tokens.token_from(payload))

    def _set_password(self, station: str | None, payload: Payload) -> None:
        password = payload.get("password")
        if station is None or not self._endpoint.knows(station):
            raise StationUnknown(f"set_password needs ?station=<id> of a known station, not {station!r}")
        if password is None:
            self._endpoint.passwords.pop(station, None)
        elif isinstance(password, str):
            self._endpoint.passwords[station] = password
        else:
            raise PayloadRefused("password: give a string, or null for a station without one")

    def _boot_policy(self, station: str | None, payload: Payload) -> None:
        then = payload.get("then")
        if not isinstance(then, list):
            raise PayloadRefused('then: give a list such as [{"status": "Pending", "interval": 5}]')
        for place, answer in enumerate(then):
            _check_boot(f"then.{place}", answer)
        boots = self._boots if station is None else self._station(station).boots
        boots.clear()
        boots.extend(then)

    async def _factory_reset(self, station: str | None) -> None:
        """Return to the state of a fresh start, for one station or (None) altogether."""
        forgotten = dict(self._stations) if station is None else {station: self._known(station)}
        for name in forgotten:
            del self._stations[name]
        self._transactions.forget(station)
        if station is None:
            self._tokens = part(tokens.Tokens, self._options)(self._options.tokens)
            self._boots.clear()
            self._endpoint.passwords = dict(self._options.passwords)
        else:
            self._endpoint.passwords.pop(station, None)
            if station in self._options.passwords:
                self._endpoint.passwords[station] = self._options.passwords[station]
        sessions = [memory.session for memory in forgotten.values() if memory.session is not None]
        await asyncio.gather(*(session.close(SERVICE_RESTART, "the CSMS was reset") for session in sessions))

    def _station(self, station: str) -> Station:
        return self._stations.setdefault(station, Station())

    def _known(self, station: str | None) -> Station:
        if station is None:
            raise StationUnknown("name the station: ?station=<id>")
        if station not in self._stations:
            raise StationUnknown(f"no station {station!r} has connected")
        return self._stations[station]


def _heartbeat(_station: str, _payload: Payload) -> Payload:
    return {"currentTime": _now()}


def _noted(_station: str, _payload: Payload) -> Payload:
    return {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _forbidden(name: str, payload: Payload, registration: str | None) -> str | None:
    """Say why an order may not be sent to a station of this registration status; None: it may."""
    if registration == REJECTED:
        return "the station was Rejected (1.6 section 4.2)"
    if registration == PENDING and name in ("RemoteStartTransaction", "RemoteStopTransaction"):
        return "the station is Pending (1.6 section 4.2)"
    if registration == ACCEPTED and payload.get("requestedMessage") == "BootNotification":
        return "the station was Accepted (1.6 errata 3.40)"
    return None


def _check_boot(place: str, answer: Any) -> None:
    if not isinstance(answer, dict) or set(answer) - {"status", "interval"}:
        raise PayloadRefused(f"{place}: give an object with status and interval")
    if answer.get("status") not in REGISTRATION:
        raise PayloadRefused(f"{place}.status: {answer.get('status')!r} is none of {', '.join(REGISTRATION)}")
    interval = answer.get("interval", 0)
    if type(interval) is not int or interval < 0:
        raise PayloadRefused(f"{place}.interval: {interval!r} is not a number of seconds, 0 or more")
