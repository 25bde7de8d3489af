"""The RPC of OCPP-J 2.x as a charging station speaks it over one connection.

Part 4 of 2.0.1 and 2.1, chapter 4: CALL, CALLRESULT, CALLERROR, and in 2.1 CALLRESULTERROR and
SEND. One CALL is outstanding at a time; a request of the CSMS is answered before the next frame
is read.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.messages import MessageType
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ocpp_tck.reference.csms import payloads

Payload = dict[str, Any]

CALL_RESULT_ERROR = 5
SEND = 6
MESSAGE_ID_LIMIT = 36
NO_MESSAGE_ID = "-1"
_CALL_LENGTH = 4
_RESULT_LENGTH = 3

_log = logging.getLogger("ocpp_tck.reference.station.v20")
_log.addHandler(logging.NullHandler())


class CallRefused(Exception):
    """The CSMS answered a CALL with a CALLERROR, or with a CALLRESULT that breaks its schema."""


class LinkDown(Exception):
    """The connection ended before the CALL was answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The payload of a CALLRESULT, and what the station starts once it has been sent."""

    payload: Payload
    then: Callable[[], None] | None = None


Handle = Callable[[str, Payload], Answer]
"""Processes a request of the CSMS: (action, payload) to its answer. Raises `OCPPError`."""

Answered = Callable[[Payload], None]
"""Takes the payload of a CALLRESULT, before the next frame of the CSMS is read."""


@dataclass(frozen=True, slots=True)
class _Outstanding:
    action: str
    message_id: str
    answered: Answered
    settled: asyncio.Future[None]


class Link:
    """One connection to the CSMS."""

    def __init__(
        self, connection: ClientConnection, version: str, handled: frozenset[str], handle: Handle, timeout: float
    ) -> None:
        self._connection = connection
        self._version = version
        self._handled = handled
        self._handle = handle
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._outstanding: _Outstanding | None = None
        self._down = False

    async def serve(self) -> None:
        """Answer the CSMS and settle own CALLs until the connection ends."""
        try:
            async for frame in self._connection:
                await self._react(frame)
        except ConnectionClosed:
            _log.info("connection lost")
        finally:
            self._down = True
            if self._outstanding is not None and not self._outstanding.settled.done():
                self._outstanding.settled.set_exception(LinkDown())

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def call(self, action: str, payload: Payload, answered: Answered) -> None:
        """Send a CALL and wait until `answered` has got the payload of its CALLRESULT.

        Raises `CallRefused`, `LinkDown`, and `TimeoutError` when no answer comes in time.
        """
        defect = payloads.request_defect(action, payload, self._version)
        if defect is not None:
            raise ValueError(f"{action} of this station breaks its schema: {defect}")
        async with self._turn:
            if self._down:
                raise LinkDown
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            call = self._outstanding = _Outstanding(action, str(uuid.uuid4()), answered, settled)
            try:
                await self._send([MessageType.Call, call.message_id, action, payload])
                await asyncio.wait_for(settled, self._timeout)
            except ConnectionClosed as error:
                raise LinkDown from error
            finally:
                self._outstanding = None

    async def _send(self, message: list[Any]) -> None:
        await self._connection.send(json.dumps(message, separators=(",", ":"), ensure_ascii=False))

    async def _try_send(self, message: list[Any]) -> None:
        try:
            await self._send(message)
        except ConnectionClosed:
            _log.info("connection lost before an answer could be sent")

    async def _react(self, frame: str | bytes) -> None:
        message = _parse(frame)
        if message is None:
            await self._try_send(_error(NO_MESSAGE_ID, "RpcFrameworkError", "not a JSON array with a message type"))
        elif message[0] in (MessageType.CallResult, MessageType.CallError):
            await self._settle(message)
        elif message[0] == MessageType.Call:
            await self._answer(message)
        elif self._version == "2.1" and message[0] in (CALL_RESULT_ERROR, SEND):
            _log.warning("ignored: %.200r", message)
        else:
            message_id = _message_id(message) or NO_MESSAGE_ID
            await self._try_send(_error(message_id, "MessageTypeNotSupported", f"message type {message[0]}"))

    async def _settle(self, message: list[Any]) -> None:
        call = self._outstanding
        if call is None or len(message) < _RESULT_LENGTH or message[1] != call.message_id or call.settled.done():
            _log.warning("answer to no outstanding CALL: %.200r", message)
            return
        if message[0] == MessageType.CallError:
            call.settled.set_exception(CallRefused(f"{call.action}: {message[2:]}"))
            return
        defect = payloads.response_defect(call.action, message[2], self._version)
        if len(message) == _RESULT_LENGTH and defect is None:
            call.settled.set_result(None)
            call.answered(message[2])
            return
        text = str(defect or "a CALLRESULT has exactly three elements")
        call.settled.set_exception(CallRefused(f"{call.action}: {text}"))
        if self._version == "2.1":
            await self._try_send([CALL_RESULT_ERROR, call.message_id, _code(defect), text, {}])

    async def _answer(self, message: list[Any]) -> None:
        message_id = _message_id(message)
        if message_id is None:
            await self._try_send(_error(NO_MESSAGE_ID, "RpcFrameworkError", "the CALL has no readable message id"))
            return
        try:
            answer = self._process(message)
        except OCPPError as error:
            await self._try_send(_error(message_id, error.code, error.description))
            return
        except _Malformed as error:
            await self._try_send(_error(message_id, error.code, str(error)))
            return
        except Exception:  # noqa: BLE001 - a defect here must not cost the connection
            _log.exception("%.200r", message)
            await self._try_send(_error(message_id, "InternalError", "the request could not be processed"))
            return
        await self._try_send([MessageType.CallResult, message_id, answer.payload])
        if answer.then is not None:
            answer.then()

    def _process(self, message: list[Any]) -> Answer:
        if len(message) != _CALL_LENGTH or not isinstance(message[2], str) or not isinstance(message[3], dict):
            raise _Malformed("RpcFrameworkError", "a CALL is [2, messageId, action, payload]")
        action, payload = message[2:]
        if action not in self._handled:
            if payloads.known(action, self._version):
                raise _Malformed("NotSupported", f"this station does not support {action}")
            raise _Malformed("NotImplemented", f"OCPP {self._version} has no such action")
        defect = payloads.request_defect(action, payload, self._version)
        if defect is not None:
            raise _Malformed(_code(defect), str(defect))
        answer = self._handle(action, payload)
        defect = payloads.response_defect(action, answer.payload, self._version)
        if defect is not None:
            raise ValueError(f"answer to {action} breaks its schema: {defect}")
        return answer


class _Malformed(Exception):
    """A CALL can't be processed; ends as a CALLERROR with this code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


def _code(defect: payloads.Defect | None) -> str:
    if defect is None:
        return "FormatViolation"
    return payloads.CODES_2.get(defect.keyword, payloads.INVALID_VALUE)


def _error(message_id: str, code: str, description: str) -> list[Any]:
    return [MessageType.CallError, message_id, code, description[: payloads.DESCRIPTION_LIMIT], {}]


def _message_id(message: list[Any]) -> str | None:
    message_id = message[1] if len(message) > 1 else None
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MESSAGE_ID_LIMIT:
        return None
    return message_id


def _parse(frame: str | bytes) -> list[Any] | None:
    if isinstance(frame, bytes):
        return None
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, list) or not message or type(message[0]) is not int:
        return None
    return message
