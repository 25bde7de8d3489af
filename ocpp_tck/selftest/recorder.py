"""Records cases on an embedded product, each with a run, a journal and a freshly reset product to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.case import case_of, find_function, steps_of
from ocpp_tck.evidence.journal import read_records
from ocpp_tck.replay import Recording, read_recording, replay
from ocpp_tck.run import Run
from ocpp_tck.world import LiveWorld

if TYPE_CHECKING:
    from ocpp_tck.selftest.lab import Lab

ATTEMPTS = 3
"""A frame that crosses one of the kit's on the wire is recorded in an order that no replay can keep: once more."""


class RecordingError(Exception):
    """A case can't be recorded; the message says why."""


def record(place: Lab, case: str, version: str) -> Recording:
    """Record one case, from before the product connects to the verdict, and check that its replay agrees.

    Raises:
        RecordingError: the product does not pass, or the replay comes to something else.
    """
    problem = ""
    for _ in range(ATTEMPTS):
        recording = _record(place, case, version)
        if recording.verdict not in {"pass", "warn"}:
            problem = f"the embedded product came to {recording.verdict}"
            continue
        again = replay(recording)
        if (again.verdict, again.diverged) == (recording.verdict, ""):
            return recording
        problem = f"the replay came to {again.verdict} instead of {recording.verdict}: {again.cause} {again.diverged}"
    raise RecordingError(f"{case} {version}: {problem}")


def _record(place: Lab, case: str, version: str) -> Recording:
    function, path = find_function(case, version)
    facts = case_of(function)
    assert facts is not None  # noqa: S101 - found as a case
    place.count += 1
    folder = place.folder / str(place.count)
    settings = place.settings
    identity = settings.connection.stations[0]
    place.bench.order("factory-reset")
    kit = Run(settings, identity, LiveWorld(settings, identity, folder, masked=False))
    try:
        kit.carry_out(function, facts, steps_of(path, function.__name__))
    finally:
        kit.close()
    return read_recording(read_records(folder / "journal-main.jsonl"))
