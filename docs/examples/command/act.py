"""Makes a charge point act: `act.py ACTION STATION`, the payload as JSON on stdin.

Here the acts go to the embedded charge point's control; in a lab they would switch relays.
Exit status 0: done. 3: can't, ask the next driver. Anything else: it went wrong, last line of stderr says how.
"""

import os
import sys
import urllib.request

CAN = {"plug", "unplug", "present", "ev_ready", "ev_suspend"}


def main():
    """Carry one action out."""
    action, station = sys.argv[1:]
    if action not in CAN:
        return 3
    url = f"http://{os.environ['RIG']}/{action.replace('_', '-')}?station={station}"
    request = urllib.request.Request(url, data=sys.stdin.buffer.read(), method="POST")
    with urllib.request.urlopen(request, timeout=10):
        return 0


if __name__ == "__main__":
    sys.exit(main())
