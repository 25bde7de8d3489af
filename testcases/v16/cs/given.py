"""The charge point under test, idle at the start of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import security_states, states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.roles.operator import Operator
    from ocpp_tck.roles.station import Station
    from ocpp_tck.run import Run


def station(ocpp_run: Run, transport: None, operator: Operator) -> Iterator[Station]:
    """The charge point, idle as the document's general preconditions want it (1.3)."""
    product = ocpp_run.station
    assert product is not None
    states.idle(product, operator)
    states.report_at_once(product)
    product.pass_over()
    yield product
    product.go_online()
    product.conversation.answers.clear()
    if product.conversation.is_connected:
        states.cancel_reservations(product)
        states.leave_operative(product)
        states.clear_profiles(product)
        security_states.delete_installed(product)
        for text in product.restore_configuration():
            ocpp_run.remark(text)
