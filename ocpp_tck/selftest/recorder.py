"""Records cases on an embedded product, each with a run, a journal and a freshly reset product to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.evidence.journal import read_records
from ocpp_tck.replay import Recording, read_recording, replay

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
        recording = read_recording(read_records(place.alone(case, version).journal))
        if recording.verdict not in {"pass", "warn"}:
            problem = f"the embedded product came to {recording.verdict}"
            continue
        again = replay(recording)
        if (again.verdict, again.diverged) == (recording.verdict, ""):
            return recording
        problem = f"the replay came to {again.verdict} instead of {recording.verdict}: {again.cause} {again.diverged}"
    raise RecordingError(f"{case} {version}: {problem}")
