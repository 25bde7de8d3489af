"""A driver of one's own: a method for each action that it can carry out."""

import json
import urllib.error
import urllib.request

from ocpp_tck.roles.drivers.base import Outcome, Result


class Rig:
    """Acts through the HTTP control of a test rig; `address` comes from `[driver.python] options`."""

    def __init__(self, address):
        self.address = address

    def plug(self, request):
        """Connect the car. Returning nothing means: done."""
        self._post("plug", request)

    def unplug(self, request):
        """Disconnect the car."""
        self._post("unplug", request)

    def present(self, request):
        """Hold a card before the reader; say what went wrong when the rig is out of reach."""
        try:
            self._post("present", request)
        except urllib.error.URLError as error:
            return Result(Outcome.FAILED, f"the card robot does not answer: {error.reason}")
        return Result(Outcome.DONE)

    def _post(self, path, request):
        url = f"http://{self.address}/{path}?station={request.station}"
        body = json.dumps(dict(request.payload)).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=10):
            pass
