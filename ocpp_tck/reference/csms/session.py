"""The RPC of OCPP-J over one connection of an embedded CSMS, for every version.

A frame of the station is answered before the next one is read; CALLs of the CSMS wait in a queue
of their own, one outstanding at a time (OCPP-J 1.6 section 4.1.1).
"""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.messages import MessageType
from websockets.asyncio.server import ServerConnection

from ocpp_tck.reference.csms import payloads

MESSAGE_ID_LIMIT = 36
CALL_LENGTH = 4
CALL_RESULT_LENGTH = 3
CALL_ERROR_LENGTH = 5

Payload = dict[str, Any]
Answer = Callable[[str, Payload], Payload]
"""Answers a request: (action, payload) to the payload of the CALLRESULT. Raises `OCPPError`."""

_log = logging.getLogger("ocpp_tck.reference.csms.session")
_log.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between versions of OCPP-J.

    `answered` are the actions that the CSMS implements. `nameless` is the message id of the answer
    to a frame whose id can't be read, None where the version has no such answer.
    """

    version: str
    answered: frozenset[str]
    codes: Mapping[str, str]
    malformed: str
    nameless: str | None = None


class Refused(Exception):
    """A CALL can't be processed; ends as a CALLERROR with this code and description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(slots=True)
class _Order:
    action: str
    payload: Payload
    accepted: Callable[[Payload], None]
    message_id: str
    settled: asyncio.Event


class Session:
    """Serves one connection of one station until it ends."""

    def __init__(
        self, station: str, connection: ServerConnection, dialect: Dialect, answer: Answer, response_seconds: float
    ) -> None:
        self.station = station
        self._connection = connection
        self._dialect = dialect
        self._answer = answer
        self._response_seconds = response_seconds
        self._orders: asyncio.Queue[_Order] = asyncio.Queue()
        self._outstanding: _Order | None = None

    async def serve(self) -> None:
        """Answer the station and deliver orders, until the connection closes."""
        delivery = asyncio.create_task(self._deliver())
        try:
            async for frame in self._connection:
                reply = self._react(frame)
                if reply is not None:
                    await self._send(reply)
        finally:
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection with a WebSocket close code."""
        await self._connection.close(code, reason)

    def order(
        self, action: str, payload: Payload, accepted: Callable[[Payload], None] = lambda _response: None
    ) -> None:
        """Queue a CALL; `accepted` gets the payload of its CALLRESULT, if a valid one comes."""
        self._orders.put_nowait(_Order(action, payload, accepted, str(uuid.uuid4()), asyncio.Event()))

    async def _deliver(self) -> None:
        while True:
            order = self._outstanding = await self._orders.get()
            await self._send([MessageType.Call, order.message_id, order.action, order.payload])
            try:
                async with asyncio.timeout(self._response_seconds):
                    await order.settled.wait()
            except TimeoutError:
                _log.warning("%s: no answer to %s %s", self.station, order.action, order.message_id)
            self._outstanding = None

    async def _send(self, message: list[Any]) -> None:
        await self._connection.send(json.dumps(message, separators=(",", ":")))

    def _react(self, frame: str | bytes) -> list[Any] | None:
        message = read(frame)
        if message is None:
            _log.warning("%s: not an OCPP-J message: %.200r", self.station, frame)
            return self._nameless("the message is not a JSON array that starts with a message type")
        if message[0] in (MessageType.CallResult, MessageType.CallError):
            self._settle(message)
            return None
        if message[0] != MessageType.Call:
            _log.warning("%s: unknown message type %r ignored", self.station, message[0])
            return None
        return self._reply(message)

    def _reply(self, message: list[Any]) -> list[Any] | None:
        message_id = message[1] if len(message) > 1 else None
        if not isinstance(message_id, str):
            return self._nameless("the CALL has no message id that is a string")
        try:
            action, payload = self._request(message)
            response = self._answer(action, payload)
        except Refused as refusal:
            return call_error(message_id, refusal.code, str(refusal))
        except OCPPError as error:
            return call_error(message_id, error.code, error.description)
        except Exception:  # noqa: BLE001 - a defect here must not cost the station its connection
            _log.exception("%s: %r", self.station, message)
            return call_error(message_id, "InternalError", "the CSMS failed to process the request")
        return [MessageType.CallResult, message_id, response]

    def _request(self, message: list[Any]) -> tuple[str, Payload]:
        malformed = self._dialect.malformed
        if len(message[1]) > MESSAGE_ID_LIMIT:
            raise Refused(malformed, f"the message id is longer than {MESSAGE_ID_LIMIT} characters")
        if len(message) < CALL_LENGTH:
            raise Refused("ProtocolError", "a CALL has an action and a payload")
        if len(message) > CALL_LENGTH:
            raise Refused(malformed, "a CALL has exactly four elements")
        action, payload = message[2:]
        if not isinstance(action, str):
            raise Refused(malformed, "the action is not a string")
        version = self._dialect.version
        if action not in self._dialect.answered:
            if payloads.known(action, version):
                raise Refused("NotSupported", f"this CSMS does not support {action}")
            raise Refused("NotImplemented", f"OCPP {version} has no such action")
        # OCPP-J 1.6 section 4.2.1 allows null for a request without fields.
        payload = {} if payload is None else payload
        if not isinstance(payload, dict):
            raise Refused(malformed, "the payload is not a JSON object")
        defect = payloads.request_defect(action, payload, version)
        if defect is not None:
            raise Refused(self._dialect.codes.get(defect.keyword, payloads.INVALID_VALUE), str(defect))
        return action, payload

    def _settle(self, message: list[Any]) -> None:
        order = self._outstanding
        if order is None or len(message) < CALL_RESULT_LENGTH or message[1] != order.message_id:
            _log.warning("%s: answer to no outstanding CALL ignored: %.200r", self.station, message)
            return
        order.settled.set()
        if message[0] == MessageType.CallError:
            _log.warning("%s: %s refused: %.200r", self.station, order.action, message[2:])
            return
        response = {} if message[2] is None else message[2]
        defect = payloads.response_defect(order.action, response, self._dialect.version)
        if len(message) > CALL_RESULT_LENGTH or defect is not None:
            _log.warning("%s: malformed answer to %s: %s", self.station, order.action, defect)
            return
        order.accepted(response)

    def _nameless(self, description: str) -> list[Any] | None:
        if self._dialect.nameless is None:
            return None
        return call_error(self._dialect.nameless, "RpcFrameworkError", description)


def call_error(message_id: str, code: str, description: str) -> list[Any]:
    """Build a CALLERROR without details."""
    return [MessageType.CallError, message_id, code, description, {}]


def read(frame: str | bytes) -> list[Any] | None:
    """Parse a frame to an array that starts with a message type number; None when it is none."""
    if isinstance(frame, bytes):
        return None
    try:
        message = json.loads(frame, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, list) or not message or type(message[0]) is not int:
        return None
    return message


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
