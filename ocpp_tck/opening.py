"""Begins the run of one process: its identity, its world, the roles over it, and what was decided before.

Nothing here knows pytest; `plugin.py` calls it when the first case needs the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.evidence.earlier import Earlier
from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.invocation import too_many_workers
from ocpp_tck.plan import scope
from ocpp_tck.recall import next_transaction, recall
from ocpp_tck.run import Run
from ocpp_tck.world import LiveWorld

if TYPE_CHECKING:
    from ocpp_tck.campaign import Campaign
    from ocpp_tck.invocation import Invocation
    from ocpp_tck.run import Console
    from ocpp_tck.settings import Identity
    from ocpp_tck.world import Onlooker


class OpeningError(Exception):
    """The run can't begin, because of the kit's surroundings; the message names the option or the setting."""


def make_run(told: Invocation, campaign: Campaign, console: Console, onlooker: Onlooker | None) -> Run:
    """Make the run of this process; it listens after `begin` only.

    Args:
        told: what the run was told.
        campaign: what it is meant to be, with the cases that were collected.
        console: shows waits.
        onlooker: sees every record and prompt; None for none.

    Raises:
        OpeningError: there is no identity left for this worker, or the evidence can't be written.
    """
    sut, identity = told.settings.sut, _lease(told)
    earlier = told.earlier or Earlier(())
    try:
        world = LiveWorld(
            told.settings,
            identity,
            told.folder,
            told.worker,
            resumed=earlier.resumed,
            transaction=next_transaction(earlier.stretches) if earlier.resumed else None,
            onlooker=onlooker,
        )
        return Run(
            told.settings,
            identity,
            world,
            worker=told.worker,
            console=console,
            catalogue_sha256=told.catalogue_sha256,
            campaign=campaign,
            resumed=earlier.resumed,
            scope=scope(sut.role, sut.version),
        )
    except JournalError as error:
        raise OpeningError(f"--ocpp-report-dir: {error}") from None


def begin(run: Run, told: Invocation) -> None:
    """Let a run know what was decided before, and listen.

    Raises:
        OpeningError: the evidence can't be written, or the address can't be used.
    """
    try:
        recall((told.earlier or Earlier(())).of_station(run.identity.id), run)
    except JournalError as error:
        raise OpeningError(f"--ocpp-report-dir: {error}") from None
    try:
        run.open()
    except OSError as error:
        raise OpeningError(f"connection.listen {told.settings.connection.listen}: {error.strerror or error}") from None


def _lease(told: Invocation) -> Identity:
    """Give the station that this process meets or is."""
    stations = told.settings.connection.stations
    number = int(told.worker.removeprefix("gw")) if told.worker.startswith("gw") else 0
    if number >= len(stations):
        raise OpeningError(too_many_workers(number + 1, len(stations)))
    return stations[number]
