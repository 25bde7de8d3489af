"""The operator: whoever makes the product act. A case never knows which driver is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ocpp_tck.evidence.records import ATTEST, OperatorActed, OperatorAsked, PromptEnded, PromptRenewed
from ocpp_tck.roles.drivers.actions import snake
from ocpp_tck.roles.drivers.base import Outcome, Request
from ocpp_tck.verdict import Failed, Inconclusive, NotRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.drivers.base import Result
    from ocpp_tck.roles.drivers.prompt import Turn
    from ocpp_tck.roles.ports import Evidence
    from ocpp_tck.roles.product import Product


class Driving(Protocol):
    """The drivers in the configured order, as one."""

    def act(self, request: Request) -> tuple[Result, str]:
        """Start an action; gives the outcome and the name of the driver that took it."""

    def ask(self, question: str, seconds: float) -> tuple[Result, str]:
        """Ask a person a yes/no question; gives the outcome and the name of the driver that asked."""


class Operator:
    """Makes the product under test act and notes what came of it.

    Args:
        drivers: the configured drivers.
        product: the product; its mark moves with each action.
        role: role of the product, cs or csms.
    """

    def __init__(self, drivers: Driving, product: Product, role: str, journal: Evidence, clock: Clock) -> None:
        self._drivers = drivers
        self._product = product
        self._role = role
        self._journal = journal
        self._clock = clock
        self.plugged: set[tuple[int, int]] = set()
        self.faulted: set[tuple[int, int]] = set()
        self.failing_locks: set[tuple[int, int]] = set()
        self.failing_list = False
        self.powered = True

    # -- the charging station and its surroundings ---------------------------------------------------------------

    def plug(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Plug the cable in, station and EV side."""
        place = self._place(connector, evse)
        self._act("plug", place)
        self.plugged.add((evse, place["connector"]))

    def unplug(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Unplug the cable at the EV side, and at the station where that is possible."""
        place = self._place(connector, evse)
        self._act("unplug", place)
        self.plugged.discard((evse, place["connector"]))

    def unplug_ev_side(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Unplug the cable at the EV side only; a cable that is not fixed stays in the station's socket."""
        self._act("unplug", self._place(connector, evse))

    def present(self, token: str, *, connector: int | None = None, evse: int = 0) -> None:
        """Present a token (identification of any form) at the station or at one connector's reader."""
        place = self._place(connector, evse)
        if self._product.version == "1.6":
            self._act("present", {"idTag": token, **place})
        else:
            self._act("present", {"idToken": token, "type": self._product.data.valid_token_type, **place})

    def power_off(self) -> None:
        """Take the station's power away."""
        self._act("power_off", {})
        self.powered = False

    def power_on(self) -> None:
        """Give the power back."""
        self._act("power_on", {})
        self.powered = True

    def power_cycle(self) -> None:
        """Take the power away and give it back."""
        self.power_off()
        self.power_on()

    def fault(self, connector: int | None = None, *, error_code: str = "GroundFailure", evse: int = 0) -> None:
        """Put a connector (0: the whole station) into a fault."""
        place = self._place(connector, evse)
        self._act("fault", {**place, "errorCode": error_code})
        self.faulted.add((evse, place["connector"]))

    def clear_fault(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Take the fault away."""
        place = self._place(connector, evse)
        self._act("clear_fault", place)
        self.faulted.discard((evse, place["connector"]))

    def lock_failure(self, connector: int | None = None, *, active: bool = True, evse: int = 0) -> None:
        """Make the connector's lock fail, or work again."""
        place = self._place(connector, evse)
        self._act("lock_failure", {**place, "active": active})
        (self.failing_locks.add if active else self.failing_locks.discard)((evse, place["connector"]))

    def local_list_failure(self, *, active: bool = True) -> None:
        """Let the station fail to store a local authorization list, or be able to again."""
        self._act("local_list_failure", {"active": active})
        self.failing_list = active

    def suspend_ev(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Let the EV stop drawing energy."""
        self._act("ev_suspend", self._place(connector, evse))

    def ready_ev(self, connector: int | None = None, *, evse: int = 0) -> None:
        """Let the EV be ready to draw energy."""
        self._act("ev_ready", self._place(connector, evse))

    def park(self, *, evse: int = 0) -> None:
        """Let an EV occupy the parking bay."""
        self._act("park", {"evse": evse} if evse else {})

    def leave(self, *, evse: int = 0) -> None:
        """Let the EV leave the parking bay."""
        self._act("leave", {"evse": evse} if evse else {})

    # -- the CSMS ------------------------------------------------------------------------------------------------

    def order(self, action: str, payload: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        """Have the CSMS send a request; `action` as OCPP spells it, the fields are its payload.

        A CSMS whose API calls it a failure that the station refused has sent the request all the same: what came
        over the wire counts.
        """
        try:
            self._act(snake(action), {**(payload or {}), **fields})
        except Inconclusive:
            if not self._product.has_come(action):
                raise

    def set_token(self, token: str, status: str, **fields: Any) -> None:
        """Have the CSMS know a token with that status."""
        name = "idTag" if self._product.version == "1.6" else "idToken"
        self._act("set_token", {name: token, "status": status, **fields})

    # -- both ----------------------------------------------------------------------------------------------------

    def attest(self, question: str) -> None:
        """Let a person judge what the OCA leaves to a person; the evidence names the question and the answer.

        Args:
            question: in one sentence, worded so that yes is what the requirement asks for.

        Raises:
            Failed: the person says no.
            Inconclusive: no answer came within the limit `operator`.
            NotRun: the person can't tell, or there is nobody to ask.
        """
        self._product.finish_prompt()
        payload = {"question": question}
        self._journal.write(OperatorAsked(time=self._clock.now(), action=ATTEST, payload=payload))
        result, driver = self._drivers.ask(question, self._product.limit("operator"))
        self._note(ATTEST, payload, driver, result)
        if result.outcome is Outcome.UNSUPPORTED:
            raise NotRun(f"not attested: {result.detail}")
        if result.outcome is Outcome.EXPIRED:
            raise Inconclusive(f"not attested: {result.detail} (limit operator)")
        if result.outcome is not Outcome.DONE:
            raise Failed(result.detail, expected=f"the operator attests: {question}", received="no")

    def turned(self, turn: Turn) -> None:
        """Note what became of a prompt."""
        asked = turn.prompt.request
        action, payload = (asked.action, asked.payload) if asked else (ATTEST, {"question": turn.prompt.text})
        now = self._clock.now()
        if turn.ending is None:
            self._journal.write(PromptRenewed(time=now, action=action, payload=payload, by=turn.by))
        else:
            self._journal.write(
                PromptEnded(
                    time=now, action=action, payload=payload, ending=turn.ending, by=turn.by, detail=turn.detail
                )
            )

    def _place(self, connector: int | None, evse: int) -> dict[str, Any]:
        place: dict[str, Any] = {"connector": self._product.hardware_connector if connector is None else connector}
        if evse:
            place["evse"] = evse
        return place

    def _act(self, action: str, payload: dict[str, Any]) -> None:
        self._product.move_mark()
        request = Request(
            action=action,
            payload=payload,
            station=self._product.conversation.station,
            version=self._product.version,
            role=self._role,
        )
        self._journal.write(OperatorAsked(time=self._clock.now(), action=action, payload=payload))
        result, driver = self._drivers.act(request)
        self._note(action, payload, driver, result)
        if result.outcome is Outcome.UNSUPPORTED:
            raise NotRun(f"no driver can do {action}: {result.detail or 'add one to driver.order'}")
        if result.outcome in {Outcome.FAILED, Outcome.EXPIRED}:
            raise Inconclusive(f"the driver {driver} could not do {action}: {result.detail}")

    def _note(self, action: str, payload: Mapping[str, Any], driver: str, result: Result) -> None:
        self._journal.write(
            OperatorActed(
                time=self._clock.now(),
                action=action,
                payload=payload,
                driver=driver,
                outcome=result.outcome,
                detail=result.detail,
            )
        )
