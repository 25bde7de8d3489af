"""What every case may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.run import Run


def step(ocpp_run: Run) -> Any:
    """The context manager that marks a step of the OCA document."""
    assert ocpp_run.current is not None
    return ocpp_run.current.step


def operator(ocpp_run: Run) -> Operator:
    """Whoever makes the product act."""
    return ocpp_run.operator
