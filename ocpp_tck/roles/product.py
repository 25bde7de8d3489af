"""What a case holds of the product, whichever its role: expectations, answers, CALLs of the kit.

Select, then check: `where` picks a message, assertions judge it. An expectation takes the first message not yet
taken since the mark. The case's start, operator actions, CALLs of the kit and connection changes move the mark; a
taken message moves it too, except inside `unordered()`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from ocpp_tck.protocol.types import Side
from ocpp_tck.roles.answers import Refusal, Silence
from ocpp_tck.roles.events import Event, Outgoing
from ocpp_tck.roles.payload import Fields, lookup, matches
from ocpp_tck.verdict import Failed, Inconclusive, Unanswered

if TYPE_CHECKING:
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.settings import Limits, TestData

Where = Mapping[str, Any]
SHOWN = 20
"""Messages that a failed expectation shows of those that did not fit."""
BESIDE = frozenset({"DataTransfer", "Heartbeat", "MeterValues"})
"""Requests that a product sends whatever else goes on."""
TURNS = 6
"""So often the limit of one wait begins, at most."""
RUNNING_OUT = frozenset({"absence"})
"""Limits of waits that are meant to run out."""
RETURNING = frozenset({"boot", "install", "reboot", "reconnect"})
"""Limits of waits for a product that has to come back: that it does not is its failure, not a lost connection."""


class Watcher(Protocol):
    """Is told what a case waits for and what it took; the run's progress line and step evidence."""

    def waiting(self, text: str, seconds: float) -> None:
        """The case begins to wait."""

    def waited(self) -> None:
        """The wait is over."""

    def came(self, text: str, waited: float, limit: float, within: str) -> None:
        """What the case waited for came; `waited` and `limit` are seconds, of which a dwell is taken off."""

    def took(self, frame: int, received: str) -> None:
        """The case took a message."""

    def prompt_limit(self) -> float | None:
        """Seconds that a person may still need, None when no prompt is open."""

    def prompt_answered(self, *, in_time: bool | None) -> None:
        """What the open prompt asked for has happened, or its time is over; None: the wait for it was broken off."""

    def prompt_again(self) -> bool:
        """Whether the person wants the time of the open prompt to begin anew; each wish is told once."""

    def prompt_done(self) -> bool:
        """Whether the person has said that what the open prompt asks is done."""

    def prompt_refused(self) -> str:
        """Why the operator can't do what was asked, empty while that is open."""


class Received(Fields):
    """A message of the product: its payload by attribute, and the frame that carried it.

    Attributes:
        event: the message as an event; its `frame`, `time`, `action` and `reply` are evidence.
    """

    __slots__ = ("event",)

    def __init__(self, event: Event, name: str) -> None:
        payload = event.payload if isinstance(event.payload, Mapping) else {}
        super().__init__(payload, name, event.frame)
        self.event = event

    def __repr__(self) -> str:
        return f"{self._where} {shown(self.event.payload)}"


def shown(payload: Any) -> str:
    """Write a payload in full, as it was on the wire."""
    return json.dumps(payload, ensure_ascii=False)


class Pending:
    """A CALL of the kit whose answer may be a step of its own."""

    def __init__(self, product: Product, outgoing: Outgoing) -> None:
        self._product = product
        self._outgoing = outgoing

    @property
    def frame(self) -> int:
        """Number of the frame that carried the CALL, 0 before it went out."""
        return self._outgoing.frame

    def answer(self, *, within: str = "response") -> Received:
        """Wait for the answer, a result or an error.

        Raises:
            Unanswered: no answer came within the limit, or the connection was lost while it was owed.
            Inconclusive: the connection was lost before the CALL went out.
        """
        outgoing = self._outgoing
        event = self._product.wait_for(
            lambda: outgoing.answer or (False if outgoing.lost else None),
            within,
            f"the answer to {outgoing.action}",
        )
        frames = (outgoing.frame,) if outgoing.frame else ()
        expected = f"an answer to {outgoing.action}"
        if event is False and not outgoing.frame:
            raise Inconclusive(f"the connection was lost before {outgoing.action} could be sent")
        if event is False:
            raise Unanswered(
                f"the connection was lost while the answer to {outgoing.action} was owed",
                expected=expected,
                received="connection closed",
                frames=frames,
                absence=True,
            )
        if event is None:
            limit = self._product.limit(within)
            raise Unanswered(
                f"{outgoing.action} was not answered within {limit:g} s (limit {within})",
                expected=expected,
                received="nothing",
                frames=frames,
                absence=True,
            )
        event.taken = True
        received = Received(event, f"{outgoing.action} answer")
        self._product.watcher.took(event.frame, repr(received))
        return received

    def response(self, *, within: str = "response") -> Received:
        """Wait for the answer and demand that it is a CALLRESULT.

        Raises:
            Failed: as `answer`, or the product answered with a CALLERROR.
        """
        received = self.answer(within=within)
        if received.event.error:
            raise Failed(
                f"{self._outgoing.action} was answered with CALLERROR {received.event.error}",
                expected=f"a CALLRESULT to {self._outgoing.action}",
                received=f"CALLERROR {received.event.error}",
                frames=(self._outgoing.frame, received.event.frame),
            )
        return received


class Product:
    """The product under test as a case sees it.

    Args:
        conversation: the dialogue with the leased identity.
        limits: named time limits.
        data: the OCA's configured values.
        watcher: told of waits and of messages taken.
    """

    def __init__(self, conversation: Conversation, limits: Limits, data: TestData, watcher: Watcher) -> None:
        self.conversation = conversation
        self.limits = limits
        self.data = data
        self.watcher = watcher
        self._mark = 0
        self._floor: int | None = None

    @property
    def version(self) -> str:
        """OCPP version of this run of the case."""
        return self.conversation.version.value

    @property
    def noun(self) -> str:
        """How messages name the product."""
        if self.conversation.product is Side.CSMS:
            return "central system" if self.version == "1.6" else "CSMS"
        return "charge point" if self.version == "1.6" else "charging station"

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        return 0

    @property
    def hardware_connector(self) -> int:
        """Connector that an operator's action means when it names none."""
        return 1

    # -- answers of the kit --------------------------------------------------------------------------------------

    def answer(
        self, action: str, *, then: Mapping[str, Any] | list[Mapping[str, Any]], where: Where | None = None
    ) -> None:
        """Answer requests of the product so: each entry merges into the polite answer; the last one stays."""
        self.conversation.answers.register(action, list(then) if isinstance(then, list) else [then], where)

    def refuse(self, action: str, code: str = "InternalError", *, where: Where | None = None) -> None:
        """Answer requests of the product with a CALLERROR."""
        self.conversation.answers.register(action, [Refusal(code)], where)

    def stay_silent(self, action: str, *, where: Where | None = None) -> None:
        """Do not answer requests of the product."""
        self.conversation.answers.register(action, [Silence()], where)

    # -- CALLs of the kit ----------------------------------------------------------------------------------------

    def send(self, action: str, payload: Mapping[str, Any] | None = None, /, **fields: Any) -> Pending:
        """Send a CALL; its answer is read from the pending call.

        Raises:
            Inconclusive: there is no connection to the product.
        """
        if not self.conversation.is_connected:
            raise Inconclusive(f"{action} could not be sent: there is no connection to the {self.noun}")
        self.move_mark()
        return Pending(self, self.conversation.call(action, {**(payload or {}), **fields}))

    def call(self, action: str, payload: Mapping[str, Any] | None = None, /, **fields: Any) -> Received:
        """Send a CALL and wait for its CALLRESULT."""
        return self.send(action, payload, **fields).response()

    def provoke(self, action: str, payload: Mapping[str, Any] | None = None, /, **fields: Any) -> Pending:
        """Send a CALL that breaks a rule on purpose; it is not judged as the kit's fault.

        Raises:
            Inconclusive: as `send`.
        """
        if not self.conversation.is_connected:
            raise Inconclusive(f"{action} could not be sent: there is no connection to the {self.noun}")
        self.move_mark()
        return Pending(self, self.conversation.call(action, {**(payload or {}), **fields}, malformed=True))

    # -- expectations --------------------------------------------------------------------------------------------

    def move_mark(self) -> None:
        """Let later expectations look only at what comes from now on; a person who is asked to act goes first."""
        self.finish_prompt()
        self.conversation.clock.catch_up()
        self._mark = len(self.conversation.events)
        if self._floor is not None:
            self._floor = self._mark

    def pass_over(self) -> None:
        """Take everything that has come so far: it was part of reaching the state in which the case begins."""
        with self.conversation.condition:
            for event in self.conversation.events:
                event.taken = True

    @contextmanager
    def unordered(self) -> Iterator[None]:
        """Let the messages expected inside come in any order."""
        outer, self._floor = self._floor, self._mark
        try:
            yield
        finally:
            self._floor = outer

    def expect(
        self,
        action: str | Iterable[str],
        *,
        where: Where | None = None,
        reaching: Where | None = None,
        passing: Where | None = None,
        within: str = "response",
    ) -> Received:
        """Wait for a request of the product and take it.

        Args:
            action: its action, or several of which the first to come is taken.
            where: values that pick the message (any of a set; None = absent); others are left alone.
            reaching: values that the picked message must arrive at; those of `passing` may come before.
            passing: legal intermediate values; any other value fails at once, but for a state told once more.
            within: name of the limit.

        Raises:
            Failed: it did not come in time, or a value outside `reaching` and `passing` came.
            Inconclusive: the connection was lost while nothing was owed, and the product need not come back.
        """
        actions = (action,) if isinstance(action, str) else tuple(action)
        while True:
            event = self._await(actions, where or {}, within, reaching)
            received = self._take(event)
            if reaching is None or matches(event.payload, reaching):
                return received
            if not event.repeats and (passing is None or not matches(event.payload, passing)):
                values = {path: lookup(event.payload, path) for path in reaching}
                allowed = f" after {_wanted(passing)}" if passing else ""
                raise Failed(
                    f"the {self.noun} sent {event.action} with {shown(values)}",
                    expected=f"{event.action} with {_wanted(reaching)}{allowed}",
                    received=repr(received),
                    frames=(event.frame,),
                )

    def expect_optional(
        self, action: str, *, before: str | Iterable[str], where: Where | None = None, within: str = "response"
    ) -> Received | None:
        """Take a message that may come before another one; None when the other one (`before`) came first."""
        until = (before,) if isinstance(before, str) else tuple(before)

        def ready() -> Event | bool | None:
            for event in self._candidates():
                if event.action == action and matches(event.payload, where or {}):
                    return event
                if event.action in until:
                    return False
            return None

        found = self.wait_for(ready, within, f"{action} or {' or '.join(until)}")
        return self._take(found) if isinstance(found, Event) else None

    def expect_none(
        self, *actions: str, where: Where | None = None, within: str = "absence", fence: bool = True
    ) -> None:
        """Prove that no such request comes: wait the absence window, then ask for a sign of life.

        Raises:
            Failed: one came, or the sign of life stayed out.
        """
        found = self.wait_for(
            lambda: self._first(actions, where or {}), within, f"no {' and no '.join(actions)} from the {self.noun}"
        )
        if found is not None:
            received = self._take(found)
            raise Failed(
                f"the {self.noun} sent {found.action}, which it must not here",
                expected=f"no {' and no '.join(actions)}" + (f" with {_wanted(where)}" if where else ""),
                received=repr(received),
                frames=(found.frame,),
            )
        if fence:
            self.fence()

    def fence(self) -> None:
        """Ask the product something harmless that it must answer: a dead product can't pass by silence."""
        raise NotImplementedError

    def seen(self, action: str, *, where: Where | None = None) -> list[Received]:
        """Give every request of that action since the case began, taken or not."""
        with self.conversation.condition:
            return [
                Received(event, f"{event.action} request")
                for event in self.conversation.events
                if event.kind == "call" and event.action == action and matches(event.payload, where or {})
            ]

    def has_come(self, action: str) -> bool:
        """Whether a request with that action has come since the mark and is not taken yet; does not wait."""
        with self.conversation.condition:
            return self._first((action,), {}) is not None

    # -- waiting -------------------------------------------------------------------------------------------------

    def limit(self, name: str) -> float:
        """Seconds of a named limit or, by name, of a dwell in the test data."""
        if hasattr(self.limits, name):
            return float(getattr(self.limits, name))
        return float(getattr(self.data, name)) + self.limits.interval

    def wait_for(self, ready: Any, within: str, text: str) -> Any:
        """Wait for `ready` to give something, within a named limit.

        While a prompt is open the limit has not begun: it counts from when the person says that it is done.

        Raises:
            Inconclusive: the person can't do what the prompt asks, the prompt expired, or the product sent more than
                the kit can judge.
        """
        if self.watcher.prompt_limit() is not None:
            result = self._prompted(ready, text)
            if result is not None:
                return result
        seconds, clock = self.limit(within), self.conversation.clock
        self.watcher.waiting(f"{text} (limit {within} {seconds:g} s)", seconds)
        began = clock.monotonic()
        try:
            result = self.conversation.wait(ready, seconds)
        finally:
            self.watcher.waited()
        if not result and self.conversation.overrun:
            raise Inconclusive(self.conversation.overrun)
        if result is not None and result is not False and within not in RUNNING_OUT:
            dwell = 0.0 if hasattr(self.limits, within) else float(getattr(self.data, within))
            self.watcher.came(text, clock.monotonic() - began - dwell, seconds - dwell, within)
        return result

    def wait_in_turn(self, ready: Any, within: str, text: str) -> Any:
        """Wait as `wait_for` does; inside `unordered()` the limit begins anew after other messages of the product.

        It sends one CALL at a time (OCPP-J 1.6 4.1.1): what comes first in a block without order puts off the rest.

        Raises:
            Inconclusive: as `wait_for`.
        """
        for _ in range(TURNS):
            said = self._said()
            found = self.wait_for(ready, within, text)
            if found is not None or self._floor is None or self._said() == said:
                break
        return found

    def _said(self) -> int:
        """Count the requests of the product but those that it sends at any time."""
        with self.conversation.condition:
            return sum(event.kind == "call" and event.action not in BESIDE for event in self.conversation.events)

    def finish_prompt(self) -> None:
        """Wait until the person has done what an open prompt asks, before the case goes on.

        Raises:
            Inconclusive: as `wait_for`.
        """
        if self.watcher.prompt_limit() is not None:
            self._prompted(lambda: None, "it was done")

    def _prompted(self, ready: Any, text: str) -> Any:
        """Give what `ready` gives while a prompt is open; None as soon as the person says that it is done."""
        seconds = self.watcher.prompt_limit() or 0.0
        spoken, again = object(), object()
        result: Any = again

        def heard() -> Any:
            found = ready()
            if found is None and (self.watcher.prompt_refused() or self.watcher.prompt_done()):
                return spoken
            return again if found is None and self.watcher.prompt_again() else found

        try:
            while result is again:
                self.watcher.waiting(f"the operator, until {text} (limit operator {seconds:g} s)", seconds)
                result = self.conversation.wait(heard, seconds)
            refused = self.watcher.prompt_refused() if result is spoken else ""
        finally:
            self.watcher.waited()
            is_cut = result is again or (result is None and bool(self.conversation.overrun))
            self.watcher.prompt_answered(in_time=None if is_cut else result is not None)
        if refused:
            raise Inconclusive(f"the operator could not do what was asked: {refused}")
        if is_cut:
            raise Inconclusive(self.conversation.overrun)
        if result is None:
            raise Inconclusive(f"the operator's prompt expired before {text} (limit operator)")
        return None if result is spoken else result

    def _candidates(self, *, taken: bool = False) -> Iterator[Event]:
        floor = self._mark if self._floor is None else self._floor
        events = islice(self.conversation.events, floor, None)
        return (event for event in events if event.kind == "call" and (taken or not event.taken))

    def _first(self, actions: tuple[str, ...], where: Where) -> Event | None:
        for event in self._candidates():
            if event.action in actions and matches(event.payload, where):
                return event
        return None

    def _await(self, actions: tuple[str, ...], where: Where, within: str, reaching: Where | None) -> Event:
        wanted = " or ".join(actions) + (f" with {_wanted(where)}" if where else "")
        if reaching:
            wanted += f"{' and' if where else ' with'} {_wanted(reaching)}"

        def ready() -> Event | None:
            return self._first(actions, where)

        event: Event | None = self.wait_in_turn(ready, within, wanted)
        if event is not None:
            return event
        limit = self.limit(within)
        if not self.conversation.is_connected and within not in RETURNING:
            raise Inconclusive(
                f"the connection was lost and {wanted} did not come within {limit:g} s (limit {within})",
                expected=wanted,
                received="no connection",
            )
        others = self._others(actions)
        raise Failed(
            f"{wanted} did not come within {limit:g} s (limit {within})",
            expected=wanted,
            received="; ".join(text for _, text in others) or f"no {' or '.join(actions)}",
            frames=tuple(number for number, _ in others),
            absence=True,
        )

    def _others(self, actions: tuple[str, ...]) -> list[tuple[int, str]]:
        floor = self._mark if self._floor is None else self._floor
        found: list[tuple[int, str]] = []
        for index, event in enumerate(self.conversation.events):
            if event.kind != "call" or event.action not in actions or (index < floor and event.taken):
                continue
            if len(found) == SHOWN:
                found.append((event.frame, "… and more"))
                break
            note = " (already taken)" if event.taken else " (before its turn)" if index < floor else ""
            found.append((event.frame, f"frame {event.frame} {event.action} {shown(event.payload)}{note}"))
        return found

    def _take(self, event: Event) -> Received:
        event.taken = True
        self._mark = max(self._mark, self.conversation.events.index(event) + 1)
        received = Received(event, f"{event.action} request")
        self.watcher.took(event.frame, repr(received))
        return received


def _wanted(where: Where | None) -> str:
    """Write wanted values for a person: `status Charging or Finishing, connectorId 1`."""
    parts = []
    for path, value in (where or {}).items():
        if isinstance(value, (set, frozenset, list, tuple)):
            options = (
                sorted(str(option) for option in value) if isinstance(value, (set, frozenset)) else map(str, value)
            )
            parts.append(f"{path} {' or '.join(options)}")
        elif value is None:
            parts.append(f"no {path}")
        else:
            parts.append(f"{path} {value}")
    return ", ".join(parts)
