"""The CSMS under test, with the kit as an idle charging station at the start of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.run import Run


def unconnected(ocpp_run: Run) -> Iterator[Csms]:
    """The CSMS before the charging station connects; for cases that test the boot itself."""
    product = ocpp_run.csms
    assert product is not None
    product.disconnect()
    yield product
    product.conversation.answers.clear()
    product.disconnect()


def csms(unconnected: Csms) -> Csms:
    """The CSMS with a booted, available charging station (Part 6 3.1, state Booted)."""
    unconnected.connect()
    states.booted(unconnected)
    states.free(unconnected)
    return unconnected


def session(csms: Csms) -> Iterator[states.Session]:
    """A charging session of the kit, ended after the case when the case left it open."""
    opened = states.Session(csms)
    yield opened
    if opened.is_open and csms.conversation.is_connected:
        opened.end()
