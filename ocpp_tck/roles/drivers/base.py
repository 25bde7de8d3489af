"""What every driver is: something that makes the product act, and says at once what came of it.

A driver never judges the product: verdicts come from the wire alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from ocpp_tck.roles.drivers.actions import camel

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(StrEnum):
    """What came of one request to act.

    DONE: the product was told; if it then stays silent that is its failure.
    FAILED: the driver tried and could not (inconclusive).
    EXPIRED: a person was asked and did not act in time (inconclusive).
    UNSUPPORTED: this driver can't do that action; the next driver is asked (not run when none can).
    PROMPTED: a person was asked, and the question stands until `close_prompt()`.
    """

    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"
    PROMPTED = "prompted"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one request, and in one line why when it is not DONE."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing that the product shall be made to do.

    Attributes:
        action: its name in snake_case, a row of `actions`.
        payload: JSON values; for a request of the CSMS the OCPP payload.
        station: id of the charging station that it is about.
        version: OCPP version of the run.
        role: role of the product under test, "cs" or "csms".
    """

    action: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    station: str
    version: str
    role: str

    @property
    def action_kebab(self) -> str:
        """The action as `remote-start-transaction`."""
        return self.action.replace("_", "-")

    @property
    def action_camel(self) -> str:
        """The action as `RemoteStartTransaction`, the OCPP spelling of a request."""
        return camel(self.action)


class Driver(Protocol):
    """One way to make the product act."""

    name: str

    def act(self, request: Request) -> Result:
        """Start the action and return; never raises for what the product or a person does."""
        ...  # a protocol has no body

    def close(self) -> None:
        """Free what the driver holds. Calling it twice is harmless."""
        ...


class DriverError(Exception):
    """A driver is configured wrongly; the message names table, key and mend."""
