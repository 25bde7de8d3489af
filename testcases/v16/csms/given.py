"""The central system under test, with the kit as an idle charge point at the start of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.run import Run


def unconnected(ocpp_run: Run, transport: None) -> Iterator[Csms]:
    """The central system before the charge point connects; for cases that test the boot itself."""
    product = ocpp_run.csms
    assert product is not None
    product.disconnect()
    yield product
    product.conversation.answers.clear()
    remark = product.leave()
    if remark:
        ocpp_run.remark(remark)


def csms(unconnected: Csms) -> Csms:
    """The central system with a booted, available charge point (1.3, state Booted)."""
    unconnected.connect()
    states.booted(unconnected)
    states.free(unconnected)
    return unconnected
