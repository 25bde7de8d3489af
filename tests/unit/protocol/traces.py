"""Replays small traces through the judge."""

import json

from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.rule import EXAMPLE_START, NOW
from ocpp_tck.protocol.types import Side, Version

START = EXAMPLE_START
BOOT = {"chargePointVendor": "v", "chargePointModel": "m"}
BOOT_20 = {"reason": "PowerUp", "chargingStation": {"vendorName": "v", "model": "m"}}


def replay(example):
    """Give all findings of an example, in order."""
    judge = Judge(example.version, example.product)
    judge.opened("c", START)
    time = START
    found = []
    for sent in example.trace:
        time += sent.dt
        found += judge.frame("c", sent.sender, sent.raw, time, malformed=sent.malformed).violations
    if example.wait:
        found += judge.overdue(time + example.wait)
    return found


class Line:
    """A connection with its own time, for tests that need more than a list of frames."""

    def __init__(self, version=Version.V16, product=Side.STATION, **options):
        self.judge = Judge(version, product, **options)
        self.time = START
        self.connection = "c"
        self.judge.opened("c", self.time)

    def reconnect(self, name="d"):
        self.connection = name
        self.judge.opened(name, self.time)

    def send(self, sender, raw, dt=0.0, *, malformed=False):
        self.time += dt
        return self.judge.frame(self.connection, sender, raw, self.time, malformed=malformed)

    def cs(self, *elements, dt=0.0, malformed=False):
        return self.rules(self.send(Side.STATION, json.dumps(elements), dt, malformed=malformed))

    def csms(self, *elements, dt=0.0, malformed=False):
        return self.rules(self.send(Side.CSMS, json.dumps(elements), dt, malformed=malformed))

    @staticmethod
    def rules(judgement):
        return [violation.rule for violation in judgement.violations]

    def overdue(self, dt):
        self.time += dt
        return [violation.rule for violation in self.judge.overdue(self.time)]


def boot(line, status, identifier="b", interval=60):
    payload = BOOT if line.judge._version is Version.V16 else BOOT_20
    return [
        *line.cs(2, identifier, "BootNotification", payload),
        *line.csms(3, identifier, {"status": status, "interval": interval, "currentTime": NOW}),
    ]


__all__ = ["BOOT", "NOW", "START", "Line", "boot", "replay"]
