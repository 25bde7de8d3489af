"""The embedded CSMS of OCPP 2.0.1 and 2.1: Core, and the orders of every other functional block.

It acts by itself in nothing: it answers stations, and sends what its operator orders.
"""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ocpp.messages import MessageType
from websockets.asyncio.server import ServerConnection

from ocpp_tck.reference.control import ActionUnknown, PayloadRefused, StationUnknown
from ocpp_tck.reference.csms import payloads
from ocpp_tck.reference.csms.endpoint import Endpoint
from ocpp_tck.reference.csms.session import Dialect, Payload, Refused, Session, call_error, read
from ocpp_tck.reference.csms.v20_orders import GENERATED_IDS, order_of
from ocpp_tck.reference.csms.v20_tokens import Tokens
from ocpp_tck.reference.launch import CsmsOptions
from ocpp_tck.reference.parts import part

ACCEPTED, PENDING, REJECTED = REGISTRATION = ("Accepted", "Pending", "Rejected")
SERVICE_RESTART = 1012
NO_MESSAGE_ID = "-1"
_CALL_RESULT_ERROR = 5
_SEND = 6
_REPORTS = frozenset({"GetBaseReport", "GetReport"})

Reply = Callable[[str, Payload], Payload]
"""Answers a request: (station id, payload) to the payload of the CALLRESULT."""
Action = Callable[[str | None, Payload], None]
"""Carries out an action of the operator: (station id or None, payload)."""

_NOTED = (
    "FirmwareStatusNotification",
    "LogStatusNotification",
    "MeterValues",
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyReport",
    "ReportChargingProfiles",
    "ReservationStatusUpdate",
    "SecurityEventNotification",
    "StatusNotification",
)
"""Requests of a station that are answered with an empty payload."""


@dataclass(slots=True)
class Station:
    """What the CSMS remembers of a station, whether it is connected or not.

    `registration` is the status of the last BootNotificationResponse, None before the first;
    `boots` are the answers that the operator wants for the next ones; `triggered` are the requests
    that a pending station was told to send (B02.FR.02).
    """

    session: "Rpc | None" = None
    registration: str | None = None
    boots: deque[Payload] = field(default_factory=deque)
    triggered: set[str] = field(default_factory=set)

    def may_send(self, action: str) -> bool:
        """Tell whether a request is due now (B01.FR.10); a station known from before may reconnect."""
        if action == "BootNotification" or self.registration in (None, ACCEPTED):
            return True
        return self.registration == PENDING and action in self.triggered


class Rpc(Session):
    """A session in the dialect of 2.x: it answers message types that it does not know (Part 4, 4.4)."""

    def _react(self, frame: str | bytes) -> list[Any] | None:
        message = read(frame)
        known: tuple[int, ...] = (MessageType.Call, MessageType.CallResult, MessageType.CallError)
        if self._dialect.version == "2.1":
            known = (*known, _CALL_RESULT_ERROR, _SEND)
        if message is None or message[0] in known:
            return super()._react(frame)
        message_id = message[1] if len(message) > 1 and isinstance(message[1], str) else NO_MESSAGE_ID
        return call_error(message_id, "MessageTypeNotSupported", f"unknown message type {json.dumps(message[0])}")


class Product:
    """The CSMS as a product: an OCPP endpoint (`url`) and the actions of its operator."""

    def __init__(self, options: CsmsOptions) -> None:
        self._options = options
        self._answers: dict[str, Reply] = dict.fromkeys(_NOTED, _noted) | {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": _data_transfer,
            "Heartbeat": _heartbeat,
            "TransactionEvent": self._transaction_event,
        }
        self._actions: dict[str, Action] = {
            "boot_policy": self._boot_policy,
            "set_password": self._set_password,
            "set_token": lambda _station, payload: self._tokens.set(payload),
        }
        self._dialect = Dialect(
            options.version, frozenset(self._answers), payloads.CODES_2, "RpcFrameworkError", NO_MESSAGE_ID
        )
        subprotocol = f"ocpp{options.version}"
        self._endpoint = Endpoint(options.listen, subprotocol, options.stations, options.passwords, self._serve)
        self._tokens = part(Tokens, options)(options.tokens, options.version)
        self._stations: dict[str, Station] = {}
        self._boots: deque[Payload] = deque()
        self._ids = itertools.count(1)

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
        if action == "factory_reset":
            await self._factory_reset(station)
        elif action in self._actions:
            self._actions[action](station, payload)
        elif (name := order_of(action, self._options.version)) is not None:
            self._order(name, station, payload)
        else:
            raise ActionUnknown(f"this OCPP {self._options.version} CSMS has no action {action!r}")

    # What stations send

    async def _serve(self, station: str, connection: ServerConnection) -> None:
        memory = self._station(station)
        before = memory.session
        session = memory.session = part(Rpc, self._options)(
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
            raise Refused("SecurityError", "this charging station has not been accepted: send a BootNotification")
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
        answer: Payload = {"idTokenInfo": self._tokens.info(payload["idToken"])}
        if "certificate" in payload or "iso15118CertificateHashData" in payload:
            # It cannot check contract certificates (C07), and what is not checked is not accepted.
            answer["certificateStatus"] = "NoCertificateAvailable"
        return answer

    def _transaction_event(self, _station: str, payload: Payload) -> Payload:
        # E01.FR.11, FR.12: every idToken is verified anew.
        return {"idTokenInfo": self._tokens.info(payload["idToken"])} if "idToken" in payload else {}

    # What the operator orders

    def _order(self, name: str, station: str | None, payload: Payload) -> None:
        memory, session = self._connected(station)
        payload = dict(payload)
        if name in GENERATED_IDS:
            payload.setdefault(GENERATED_IDS[name], next(self._ids))
        defect = payloads.request_defect(name, payload, self._options.version)
        if defect is not None:
            raise PayloadRefused(f"{name}: {defect}")
        reason = _forbidden(name, memory.registration)
        if reason is not None:
            raise PayloadRefused(f"{name} is not allowed now: {reason}")
        if name == "TriggerMessage":
            memory.triggered.add(payload["requestedMessage"])
        elif name in _REPORTS:
            memory.triggered.add("NotifyReport")
        elif name == "RequestStartTransaction":
            self._tokens.issue(payload["idToken"])
        session.order(name, payload, lambda response: self._ordered(str(session.station), name, payload, response))

    def _ordered(self, station: str, name: str, payload: Payload, response: Payload) -> None:
        if name != "SetVariables":
            return
        # A01.FR.03: from now on the former password is wrong.
        for entry, result in zip(payload["setVariableData"], response["setVariableResult"], strict=False):
            variable = (entry["component"]["name"].casefold(), entry["variable"]["name"].casefold())
            if variable == ("securityctrlr", "basicauthpassword") and result["attributeStatus"] == ACCEPTED:
                self._endpoint.passwords[station] = entry["attributeValue"]

    def _connected(self, station: str | None) -> "tuple[Station, Rpc]":
        memory = self._known(station)
        if memory.session is None:
            raise StationUnknown(f"station {station!r} is not connected")
        return memory, memory.session

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
        if station is None:
            self._tokens = part(Tokens, self._options)(self._options.tokens, self._options.version)
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


def _data_transfer(_station: str, _payload: Payload) -> Payload:
    # P02.FR.06: it has no implementation for any vendor.
    return {"status": "UnknownVendorId"}


def _noted(_station: str, _payload: Payload) -> Payload:
    return {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _forbidden(name: str, registration: str | None) -> str | None:
    """Say why an order may not be sent to a station of this registration status; None: it may."""
    if registration == REJECTED:
        return "the station was Rejected (B03.FR.03)"
    if registration == PENDING and name in ("RequestStartTransaction", "RequestStopTransaction"):
        return "the station is Pending (B02.FR.05)"
    return None


def _check_boot(place: str, answer: Any) -> None:
    if not isinstance(answer, dict) or set(answer) - {"status", "interval"}:
        raise PayloadRefused(f"{place}: give an object with status and interval")
    if answer.get("status") not in REGISTRATION:
        raise PayloadRefused(f"{place}.status: {answer.get('status')!r} is none of {', '.join(REGISTRATION)}")
    interval = answer.get("interval", 0)
    if type(interval) is not int or interval < 0:
        raise PayloadRefused(f"{place}.interval: {interval!r} is not a number of seconds, 0 or more")
