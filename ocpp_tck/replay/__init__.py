"""Replays a recorded case: the case runs anew, against the frames of a journal instead of a product, in virtual time.

The same code judges as in a live run; only the world is another one. A recording of a passing case gives the same
verdict again; with one of its frames changed it says what the kit makes of a product that sends that frame.
"""

from ocpp_tck.replay.recording import Recording, ReplayError, read_recording
from ocpp_tck.replay.replayed import Replayed, replay

__all__ = ["Recording", "ReplayError", "Replayed", "read_recording", "replay"]
