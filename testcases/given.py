"""What every case may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.verdict import NotRun

if TYPE_CHECKING:
    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.run import Run


def step(ocpp_run: Run) -> Any:
    """The context manager that marks a step of the OCA document."""
    assert ocpp_run.current is not None
    return ocpp_run.current.step


def transport(ocpp_run: Run) -> None:
    """The connection that a case needs: a case about TLS shows nothing over a plain socket.

    Raises:
        NotRun: the run has another one.
    """
    assert ocpp_run.current is not None
    wanted, found = ocpp_run.current.case.security_profiles, ocpp_run.security_profile
    if wanted and found not in wanted:
        one_of = " or ".join(map(str, wanted))
        raise NotRun(f"the connection has security profile {found}; [connection] security_profile = {one_of} is needed")


def operator(ocpp_run: Run) -> Operator:
    """Whoever makes the product act."""
    return ocpp_run.operator
