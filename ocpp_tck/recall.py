"""What the kit knew of the product when its run was killed, learned again from the journals.

The judge hears every frame once more, so that what is unique in a run stays unique and what was open stays open. The
roles learn what a case has left behind: transactions, plugged cables, changed configuration. The next case finds the
product as if the kit had never been away.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.records import (
    CaseStarted,
    ClockSet,
    ConnectionClosed,
    ConnectionOpened,
    Frame,
    OperatorActed,
    OperatorAsked,
)
from ocpp_tck.evidence.redaction import MASK
from ocpp_tck.protocol.types import MessageType
from ocpp_tck.roles.events import PRODUCT, Event
from ocpp_tck.roles.payload import lookup
from ocpp_tck.roles.station import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocpp_tck.evidence.earlier import Stretch
    from ocpp_tck.evidence.records import Record
    from ocpp_tck.protocol.types import Message
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.run import Run

NO_ID = -1
"""transactionId of a transaction whose StartTransaction got no answer (1.6 errata 3.18)."""
METER_STEP = 100

Fields = Mapping[str, Any]
Exchange = tuple[str, "Message", Any]
"""Who called (`product` or `kit`), the CALL, and the payload of its result; None when there was none."""


def next_transaction(stretches: Iterable[Stretch]) -> int:
    """Give an id that the kit has not given to a transaction of 1.6 yet."""
    given = 0
    for stretch in stretches:
        for record in stretch.records:
            if isinstance(record, Frame) and (record.sender, record.action) == ("kit", "StartTransaction"):
                number = _payload(record.raw).get("transactionId")
                given = max(given, number if isinstance(number, int) else 0)
    return given + 1


def _payload(raw: str) -> Mapping[str, Any]:
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    last = message[-1] if isinstance(message, list) and message else None
    return last if isinstance(last, dict) else {}


def recall(stretches: Sequence[Stretch], run: Run) -> None:
    """Teach a resumed run what is known of its station.

    Args:
        stretches: those in which the station took part, in order.
        run: the run before its first case.
    """
    listener = _Listener(run)
    for number, stretch in enumerate(stretches):
        for caller, call, result in listener.hear(stretch, f"{number}:"):
            if caller == PRODUCT:
                action, fields = call.action or "", call.payload if isinstance(call.payload, dict) else {}
                reply = result if isinstance(result, dict) else {}
                run.observed.notice(Event("call", 0.0, action=action, payload=fields, reply=reply))
            elif run.csms is not None:
                _as_station(run.csms, call, result)
            elif call.action == "ReserveNow" and isinstance(lookup(call.payload, "reservationId"), int):
                run.observed.reserve(lookup(call.payload, "reservationId"))
        if run.csms is not None:
            run.csms.tried_wrong_password = run.csms.tried_wrong_password or any(stretch.over())
    if stretches and run.station is not None:
        run.station.away = True
        for key, value in listener.configuration.changed.items():
            run.station.restore_afterwards(key, value)
        listener.surroundings.tell(run.operator)


def recall_surroundings(records: Iterable[Record], operator: Operator) -> None:
    """Teach an operator what was done at the station, as the records of a run have it."""
    surroundings = _Surroundings()
    for record in records:
        if isinstance(record, CaseStarted):
            surroundings.begin()
        elif isinstance(record, (OperatorAsked, OperatorActed)):
            surroundings.note(record)
    for placed in (operator.plugged, operator.faulted, operator.failing_locks):
        placed.clear()
    surroundings.tell(operator)


class _Listener:
    """Lets the judge hear what was said, and notes CALLs with their results."""

    def __init__(self, run: Run) -> None:
        self._judge = run.conversation.judge
        self._product = run.conversation.product
        self._names = _names(run)
        self.surroundings = _Surroundings()
        self.configuration = _Configuration()

    def hear(self, stretch: Stretch, prefix: str) -> list[Exchange]:
        """Hear a stretch; connections get the prefix, since each process counts its own from 1.

        Gives the CALLs in the order of their results, those without a result last.
        """
        calls: list[Exchange] = []
        waiting: dict[tuple[str, str], Exchange] = {}
        opened: set[str] = set()
        for record in stretch.records:
            match record:
                case CaseStarted():
                    self.configuration.begin()
                    self.surroundings.begin()
                case OperatorAsked() | OperatorActed():
                    self.surroundings.note(record)
                case ClockSet():
                    self._judge.clock_set(record.by)
                case ConnectionOpened():
                    opened.add(prefix + record.connection)
                    self._judge.opened(prefix + record.connection, record.time)
                case ConnectionClosed():
                    self._judge.closed(prefix + record.connection, record.time)
                case Frame():
                    with contextlib.suppress(Exception):  # what a masked frame says is not worth a fault
                        calls += self._frame(record, prefix + record.connection, waiting)
        for connection in opened:
            self._judge.closed(connection, stretch.records[-1].time)
        return [*calls, *waiting.values()]

    def _frame(self, record: Frame, connection: str, waiting: dict[tuple[str, str], Exchange]) -> Iterator[Exchange]:
        """Hear a frame; gives the exchange that it completes."""
        raw = _named(record.raw, self._names) if record.encoding == "text" else bytes.fromhex(record.raw)
        side = self._product if record.sender == PRODUCT else self._product.peer
        heard = self._judge.frame(connection, side, raw, record.time, malformed=record.malformed)
        message = heard.message
        if message is None or not isinstance(message.id, str):
            return
        if message.type is MessageType.CALL:
            waiting[record.sender, message.id] = (record.sender, message, None)
        elif heard.answers is not None and message.type is MessageType.CALLRESULT:
            caller, call, _ = waiting.pop((_other(record.sender), message.id))
            if caller != PRODUCT:
                self.configuration.note(call, message.payload)
            yield caller, call, message.payload


def _other(sender: str) -> str:
    return "kit" if sender == PRODUCT else PRODUCT


def _names(run: Run) -> dict[str, str]:
    """Give the tokens that stand behind the pseudonyms of the journal."""
    data = run.data
    names = [name for name in data.__slots__ if name.endswith("_token")]
    return {f"<token:{name.removesuffix('_token')}>": json.dumps(str(getattr(data, name)))[1:-1] for name in names}


def _named(raw: str, named: Mapping[str, str]) -> str:
    for pseudonym, value in named.items():
        raw = raw.replace(pseudonym, value)
    return raw


def _as_station(csms: Csms, call: Message, result: Any) -> None:
    """Learn what the kit, as a station, has begun and not ended."""
    fields = call.payload if isinstance(call.payload, dict) else {}
    if call.action == "StartTransaction":
        number = result.get("transactionId") if isinstance(result, dict) else NO_ID
        if isinstance(number, int):
            csms.transactions[number] = int(fields.get("connectorId", 1))
    elif call.action == "StopTransaction" and result is not None:
        csms.transactions.pop(fields.get("transactionId", NO_ID), None)
    elif call.action == "TransactionEvent":
        identifier, number = str(lookup(fields, "transactionInfo.transactionId")), fields.get("seqNo", 0)
        if fields.get("eventType") == "Ended" and result is not None:
            csms.sessions.pop(identifier, None)
        else:
            csms.sessions[identifier] = max(csms.sessions.get(identifier, 0), int(number) + 1)
    for name in ("meterStart", "meterStop"):
        if isinstance(fields.get(name), int):
            csms.meter = max(csms.meter, fields[name] + METER_STEP)


class _Surroundings:
    """What an operator has done at a station: cables, faults, locks, power.

    What was asked for and not reported as done may have been done all the same. Undoing twice does no harm.
    """

    def __init__(self) -> None:
        self._placed: dict[str, set[tuple[int, int]]] = {"plug": set(), "fault": set(), "lock_failure": set()}
        self._undone: dict[str, set[tuple[int, int]]] = {name: set() for name in self._placed}
        self._powered = True

    def begin(self) -> None:
        """A case begins: what was undone before it is undone."""
        for name, undone in self._undone.items():
            self._placed[name] -= undone
            undone.clear()

    def note(self, record: OperatorAsked | OperatorActed) -> None:
        """Note an action, asked for or done."""
        action, payload, is_done = record.action, record.payload, isinstance(record, OperatorActed)
        place = (int(payload.get("evse", 0)), int(payload.get("connector", 1)))
        undoes = {"unplug": "plug", "clear_fault": "fault"}.get(action)
        if action == "lock_failure" and payload.get("active") is False:
            undoes = action
        if undoes is not None:
            if is_done:
                self._undone[undoes].add(place)
        elif action in self._placed:
            self._placed[action].add(place)
            self._undone[action].discard(place)
        elif action == "power_off":
            self._powered = False
        elif action == "power_on" and is_done:
            self._powered = True

    def tell(self, operator: Operator) -> None:
        """Let the operator know."""
        operator.plugged |= self._placed["plug"]
        operator.faulted |= self._placed["fault"] - self._undone["fault"]
        operator.failing_locks |= self._placed["lock_failure"]
        operator.powered = self._powered


class _Configuration:
    """The configuration that the last case has changed, by key (1.6) or component.variable (2.x), with the old value.

    Each case restores its changes at its end, so only those of the last one matter.
    """

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self.changed: dict[str, str] = {}

    def begin(self) -> None:
        """A case begins."""
        self.changed.clear()

    def note(self, call: Message, result: Any) -> None:
        """Note a CALL of the kit and its result."""
        learn = getattr(self, f"_{call.action}", None)
        if learn is not None and isinstance(result, dict) and isinstance(call.payload, dict):
            learn(call.payload, result)

    def _GetConfiguration(self, _payload: Fields, result: Fields) -> None:  # noqa: N802
        for entry in result.get("configurationKey", ()):
            self._found[str(entry.get("key"))] = str(entry.get("value", ""))

    def _ChangeConfiguration(self, payload: Fields, result: Fields) -> None:  # noqa: N802
        if result.get("status") in WRITTEN:
            self._write(str(payload.get("key")), str(payload.get("value")))

    def _GetVariables(self, _payload: Fields, result: Fields) -> None:  # noqa: N802
        for entry in result.get("getVariableResult", ()):
            if entry.get("attributeStatus") == "Accepted":
                self._found[_variable(entry)] = str(entry.get("attributeValue", ""))

    def _SetVariables(self, payload: Fields, result: Fields) -> None:  # noqa: N802
        asked, came = payload.get("setVariableData", ()), result.get("setVariableResult", ())
        for one, entry in zip(asked, came, strict=False):
            if entry.get("attributeStatus") in WRITTEN:
                self._write(_variable(entry), str(one.get("attributeValue")))

    def _write(self, key: str, value: str) -> None:
        before = self._found.get(key)
        self._found[key] = value
        if before is None or MASK in {before, value}:
            return
        if self.changed.setdefault(key, before) == value:
            del self.changed[key]


def _variable(entry: Fields) -> str:
    return f"{lookup(entry, 'component.name')}.{lookup(entry, 'variable.name')}"
