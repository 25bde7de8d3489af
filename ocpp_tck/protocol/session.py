"""RPC rules: message ids, outstanding CALLs, and answers, for one station over all its connections.

Source: OCPP-J 1.6 4.1 and errata J 3.1, 3.5; OCPP 2.0.1 Part 4 4.1 and errata 4.6; OCPP 2.1 Part 4 4.1, 4.2.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.directions import UNCONFIRMED
from ocpp_tck.protocol.frames import MAX_ID
from ocpp_tck.protocol.rules import broken
from ocpp_tck.protocol.types import Level, Message, MessageType, Side, Version

if TYPE_CHECKING:
    from ocpp_tck.protocol.types import Violation

_SYNTAX_CODES = frozenset(
    {
        "FormatViolation",
        "FormationViolation",
        "MessageTypeNotSupported",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "TypeConstraintViolation",
    }
)
_INTERNAL_CODES = frozenset({"GenericError", "InternalError"})
REMEMBERED = 50_000
"""Message ids of one side that are known; beyond that the oldest is forgotten. A run of every case has about 20,000."""
_UNSUPPORTED_CODES = frozenset({"NotImplemented", "NotSupported"})
_CORE_16 = frozenset(
    {
        *("Authorize", "BootNotification", "ChangeAvailability", "ChangeConfiguration", "ClearCache", "DataTransfer"),
        *("GetConfiguration", "Heartbeat", "MeterValues", "RemoteStartTransaction", "RemoteStopTransaction", "Reset"),
        *("StartTransaction", "StatusNotification", "StopTransaction", "UnlockConnector"),
    }
)
"""Messages of the profile that every product of 1.6 implements (1.6 3.3)."""
REMEMBERED_ALIKE = 16
"""CALLs with one message id whose answers are told apart, at most."""
UNREADABLE_ID = "-1"
"""Message id of an error answer to a CALL whose own id could not be read (2.0.1 and 2.1 Part 4 4.2.3)."""


@dataclass(slots=True)
class Call:
    """One CALL (or SEND) and what became of it.

    Attributes:
        message: the CALL.
        connection: where it was sent.
        time: when, seconds since the epoch.
        legal: nothing was wrong with it.
        awaited: its answer is judged: neither did the kit break the CALL nor withhold the answer.
        answer: type of the answer that came.
        answer_legal: nothing was wrong with that answer.
        copies: how many times it was sent before any of them was answered; each gets an answer.
        before: other CALLs with its message id, which is wrong, that wait for their answers; the earliest first.
    """

    message: Message
    connection: str
    time: float
    legal: bool = True
    awaited: bool = True
    answer: MessageType | None = None
    answer_legal: bool = True
    copies: int = 1
    before: tuple[Call, ...] = ()
    _mark: bytes = b""

    def repeats(self, other: Message) -> bool:
        """Whether `other` is the same message again."""
        if self.message.action != other.action:
            return False
        return self._mark == digest(other.payload) if self._mark else self.message.payload == other.payload

    def forget_payload(self) -> None:
        """Keep only what tells whether a later message is the same: message ids are remembered for long."""
        if not self._mark:
            self._mark = digest(self.message.payload)
            self.message = replace(self.message, payload=None)


@dataclass(slots=True)
class _Connection:
    """What is open on one connection, by the side that called; `garbled` counts unreadable frames by their sender."""

    open: dict[Side, dict[str, Call]] = field(default_factory=lambda: {side: {} for side in Side})
    garbled: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))


class Session:
    """The CALLs and answers of one station identity.

    Args:
        version: OCPP version.
        product: side under test.
        response_limit: seconds after which a CALL of the kit counts as unanswered.
    """

    def __init__(self, version: Version, product: Side, response_limit: float) -> None:
        self._version = version
        self._product = product
        self._limit = response_limit
        self._connections: dict[str, _Connection] = {}
        self._used: dict[Side, dict[str, Call]] = {side: {} for side in Side}

    def opened(self, connection: str) -> None:
        """Begin a connection."""
        self._connections[connection] = _Connection()

    def called(
        self, connection: str, sender: Side, message: Message, time: float, *, malformed: bool
    ) -> tuple[Call, list[Violation]]:
        """Note a CALL or SEND; gives what RPC rules it breaks."""
        found: list[Violation] = []
        here = self._here(connection)
        current = Call(message, connection, time, awaited=not malformed)
        earlier = self._used[sender].get(message.id)
        if earlier is not None and not _may_repeat(earlier, current):
            text = f"the message id {message.id[:60]!r} was used before, by {_name(earlier.message)}"
            found.append(broken("rpc.id_reused", self._version, text))
        self._remember(sender, current)
        if message.type is MessageType.SEND:
            current.forget_payload()
        else:
            waiting = next(
                (call for call in here.open[sender].values() if call.awaited and time - call.time < self._limit), None
            )
            if waiting is not None and not found:
                text = f"{_name(message)} was sent while {_name(waiting.message)} was not answered yet"
                found.append(broken("rpc.one_outstanding", self._version, text))
            again = here.open[sender].get(message.id)
            if again is not None and again.repeats(message):
                current.copies += again.copies
                current.before = again.before
            elif again is not None:
                current.before = (*again.before, again)[-REMEMBERED_ALIKE:]
            here.open[sender][message.id] = current
        if message.action is not None and all(one.level is Level.SHOULD for one in found):
            found += self._addressed(sender, message, message.action)
        return current, found

    def _remember(self, sender: Side, call: Call) -> None:
        """Note that a message id was used; one that is too long is wrong anyway."""
        known = self._used[sender]
        known.pop(call.message.id, None)
        if len(call.message.id) <= MAX_ID:
            known[call.message.id] = call
        if len(known) > REMEMBERED:
            del known[next(iter(known))]

    def _addressed(self, sender: Side, message: Message, action: str) -> list[Violation]:
        allowed = schema.direction(self._version, action)
        if not allowed:
            text = f"the action {action[:60]!r} is unknown in OCPP {self._version}"
            return [broken("rpc.action", self._version, text)]
        if sender not in allowed:
            text = f"{action} is requested by the {'CSMS' if sender is Side.STATION else 'station'} only"
            return [broken("rpc.direction", self._version, text)]
        if (action in UNCONFIRMED) is not (message.type is MessageType.SEND):
            wanted = "SEND" if action in UNCONFIRMED else "CALL"
            return [broken("rpc.send", self._version, f"{action} is a {wanted}, this is a {message.type.name}")]
        return []

    def answered(
        self, connection: str, sender: Side, message: Message, *, malformed: bool
    ) -> tuple[Call | None, list[Violation]]:
        """Note a CALLRESULT or CALLERROR; gives the CALL it answers and what RPC rules it breaks."""
        here = self._here(connection)
        call = _due(here.open[sender.peer], message.id)
        if call is None:
            late = self._used[sender.peer].get(message.id)
            if late is not None and late.answer is None and late.message.type is MessageType.CALL:
                call = late  # the connection on which it was asked is gone
        if call is None:
            return None, [] if malformed else self._unmatched(here, sender, message)
        call.answer = message.type
        call.answer_legal = not malformed
        if malformed or message.type is MessageType.CALLRESULT or not (call.legal and call.awaited):
            return call, []
        return call, self._refused(call, message)

    def done(self, connection: str, sender: Side, call: Call) -> None:
        """Note that the answer to a CALL was judged; its payload is kept only while another one may come."""
        if call.message.id not in self._here(connection).open[sender.peer]:
            call.forget_payload()

    def _unmatched(self, here: _Connection, sender: Side, message: Message) -> list[Violation]:
        peers_open = here.open[sender.peer]
        if message.type is MessageType.CALLERROR:
            if here.garbled[sender.peer]:
                here.garbled[sender.peer] -= 1
                return []
            provoked = next((call for call in peers_open.values() if not call.awaited or not call.legal), None)
            if provoked is not None and message.id == UNREADABLE_ID:
                del peers_open[provoked.message.id]
                provoked.answer = message.type
                return []
        earlier = self._used[sender.peer].get(message.id)
        if earlier is not None and earlier.message.type is MessageType.CALL:
            if not earlier.awaited or not earlier.legal:
                return []
            text = f"{_name(earlier.message)} was answered before"
            return [broken("rpc.answered_twice", self._version, text)]
        for call in peers_open.values():
            call.awaited = False  # the wrong id is the first cause, not the missing answer as well
        text = f"no CALL with the message id {message.id[:60]!r} awaits an answer"
        return [broken("rpc.unsolicited", self._version, text)]

    def _refused(self, call: Call, message: Message) -> list[Violation]:
        """Judge an error answer to a legal CALL.

        SecurityError, PropertyConstraintViolation, and NotImplemented and NotSupported outside the Core profile of 1.6
        may be right: what else the product has to support, and in which state, only the case knows.
        """
        text = f"the legal {_name(call.message)} was refused with {message.error_code}: {message.error_description}"
        if message.error_code in _SYNTAX_CODES:
            return [broken("rpc.error_unfounded", self._version, text)]
        if message.error_code in _INTERNAL_CODES:
            return [broken("rpc.error_internal", self._version, text)]
        core = self._version is Version.V16 and call.message.action in _CORE_16
        if core and message.error_code in _UNSUPPORTED_CODES:
            return [broken("rpc.core_refused", self._version, text)]
        return []

    def result_refused(self, connection: str, sender: Side, message: Message) -> tuple[Call | None, list[Violation]]:
        """Note a CALLRESULTERROR (2.1); gives the CALL of its sender whose result it refuses."""
        call = self._used[sender].get(message.id)
        if call is None or call.answer is not MessageType.CALLRESULT:
            if self._here(connection).garbled[sender.peer]:
                return None, []
            text = f"no CALLRESULT with the message id {message.id[:60]!r} was received"
            return None, [broken("rpc.unsolicited", self._version, text)]
        if not (call.legal and call.answer_legal):
            return call, []
        text = f"the legal answer to {_name(call.message)} was refused with {message.error_code}"
        return call, [broken("rpc.result_refused", self._version, text)]

    def swapped(self, call: Call, sender: Side, payload: object) -> str:
        """Name the other CALL that a wrong answer fits; empty when there is none.

        Only CALLs that still wait on the same connection are compared.
        """
        for other in self._here(call.connection).open[sender.peer].values():
            action = other.message.action
            if action is None or action == call.message.action:
                continue
            if not schema.violations(self._version, action, "response", payload):
                return _name(other.message)
        return ""

    def garbled(self, connection: str, sender: Side, raw: str | bytes) -> None:
        """Note a frame beyond parsing: an error answer may follow, and the answer it was meant to be is not missed."""
        here = self._here(connection)
        here.garbled[sender] += 1
        for identifier, call in here.open[sender.peer].items():
            if isinstance(raw, bytes) or identifier in raw:
                call.awaited = False

    def withheld(self, connection: str, message_id: str) -> None:
        """Note that the kit leaves a CALL of the product unanswered, or answers it late on purpose."""
        call = self._here(connection).open[self._product].get(message_id)
        if call is not None:
            call.awaited = False

    def overdue(self, time: float) -> list[Violation]:
        """Give the CALLs of the kit that were not answered in time, each once."""
        return [violation for connection in self._connections.values() for violation in self._late(connection, time)]

    def _late(self, connection: _Connection, time: float) -> list[Violation]:
        found = []
        for call in connection.open[self._product.peer].values():
            if call.awaited and call.legal and time - call.time >= self._limit:
                call.awaited = False
                text = f"{_name(call.message)} was not answered within {self._limit:g} s"
                found.append(broken("rpc.unanswered", self._version, text))
        return found

    def closed(self, connection: str, time: float) -> list[Violation]:
        """End a connection: an answer that was still in time may have been lost with it and is not judged."""
        ended = self._connections.pop(connection, None)
        if ended is None:
            return []
        for call in ended.open[self._product].values():
            call.forget_payload()  # the kit answers on the connection on which it was asked
        return self._late(ended, time)

    def _here(self, connection: str) -> _Connection:
        here = self._connections.get(connection)
        if here is None:
            here = self._connections[connection] = _Connection()
        return here


def _due(waiting: dict[str, Call], identifier: str) -> Call | None:
    """Take the CALL that an answer is for; of several with one message id the earliest."""
    last = waiting.get(identifier)
    if last is None:
        return None
    call = last.before[0] if last.before else last
    if call.copies > 1:
        call.copies -= 1
    elif last.before:
        last.before = last.before[1:]
    else:
        del waiting[identifier]
    return call


def digest(payload: object) -> bytes:
    """Give what stands for a payload that need not be kept: equal payloads have equal digests."""
    return blake2b(json.dumps(payload, sort_keys=True).encode(), digest_size=16).digest()


def _may_repeat(earlier: Call, current: Call) -> bool:
    """Whether this may be a retry: the same message, and its sender may not know that the first got through."""
    if not earlier.repeats(current.message):
        return False
    lost = earlier.connection != current.connection or not earlier.awaited
    return lost or not earlier.answer_legal or earlier.answer is not MessageType.CALLRESULT


def _name(message: Message) -> str:
    return f"{message.action or 'a CALL'} (message id {message.id[:60]})"
