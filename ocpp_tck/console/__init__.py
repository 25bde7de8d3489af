"""The operator's console: a small web page beside the product that says what to do now, and takes the answers.

It looks on: records, waits and prompts are shown to it, and nothing in a case or a verdict depends on it. `board` is
what there is to see, `door` who may see it; neither knows a socket. `server` is the network, `console` ties them to a
run.
"""

from ocpp_tck.console.console import Console
from ocpp_tck.console.place import Place, PlaceError, read_place

__all__ = ["Console", "Place", "PlaceError", "read_place"]
