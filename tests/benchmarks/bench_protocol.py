"""Microseconds per frame: `json.loads`, parse, schema, rules, and the `ocpp` library's own validation, in one run.

Run: python tests/benchmarks/bench_protocol.py [repetitions]

Every column is the best of several rounds, so that other load on the machine counts little. "rules" is the whole judge
(session and semantic rules included) less parse and schema. The `ocpp` library validates with jsonschema (formats off),
and for three actions of 1.6 with decimals.
"""

import json
import sys
import time
from importlib.metadata import version as installed

from ocpp import messages as library

from ocpp_tck.protocol import schema
from ocpp_tck.protocol.frames import encode_error, parse
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.types import Side, Version

NOW = "2026-03-20T12:00:00Z"
SECONDS = 1_774_008_000.0
ROUNDS = 5
COLUMNS = ("json.loads", "parse", "schema", "rules", "judge", "ocpp validate")

SAMPLES = [{"value": str(number), "unit": "Wh", "context": "Sample.Periodic"} for number in range(6)]
FRAMES = {
    ("1.6", "Heartbeat"): {},
    ("1.6", "StatusNotification"): {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": NOW},
    ("1.6", "StartTransaction"): {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOW},
    ("1.6", "MeterValues"): {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": SAMPLES}] * 4},
    ("1.6", "SetChargingProfile"): {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": n * 60, "limit": 6 + n / 10} for n in range(10)],
            },
        },
    },
    ("2.0.1", "TransactionEvent"): {
        "eventType": "Updated",
        "timestamp": NOW,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 1,
        "transactionInfo": {"transactionId": "t"},
        "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": number} for number in range(6)]}],
    },
    ("2.1", "NotifyReport"): {
        "requestId": 1,
        "generatedAt": NOW,
        "seqNo": 0,
        "reportData": [
            {
                "component": {"name": "AuthCtrlr"},
                "variable": {"name": f"Variable{number}"},
                "variableAttribute": [{"value": "true"}],
            }
            for number in range(10)
        ],
    },
}


def best(function, repetitions):
    """Give the microseconds of one call: the best round of several."""
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(repetitions):
            function()
        rounds.append(time.perf_counter() - begin)
    return min(rounds) / repetitions * 1e6


def judged(version, sender, action, payload, repetitions):
    """Give the microseconds of one frame through the whole judge; every frame has a message id of its own."""
    rounds = []
    for _ in range(ROUNDS):
        judge = Judge(version, Side.STATION)
        judge.opened("c", SECONDS)
        raws = [json.dumps([2, str(number), action, payload]) for number in range(repetitions)]
        spent = 0.0
        for number, raw in enumerate(raws):
            begin = time.perf_counter()
            judge.frame("c", sender, raw, SECONDS)
            spent += time.perf_counter() - begin
            judge.frame("c", sender.peer, encode_error(str(number), "SecurityError"), SECONDS)
        rounds.append(spent)
    return min(rounds) / repetitions * 1e6


def measure(version, action, payload, repetitions):
    """Give one row: name, bytes, and microseconds per column."""
    raw = json.dumps([2, "1", action, payload])
    sender = Side.STATION if Side.STATION in schema.direction(version, action) else Side.CSMS
    assert not schema.violations(version, action, "request", payload), action
    loads = best(lambda: json.loads(raw), repetitions)
    parsing = best(lambda: parse(raw, version), repetitions)
    checking = best(lambda: schema.violations(version, action, "request", payload), repetitions)
    whole = judged(version, sender, action, payload, repetitions)
    theirs = best(lambda: validate_by_library(version, action, payload), max(1, repetitions // 20))
    return f"{version} {action}", len(raw), loads, parsing, checking, whole - parsing - checking, whole, theirs


def validate_by_library(version, action, payload):
    """Run the library's own `validate_payload` to its end, without a thread and without an event loop."""
    running = library.validate_payload(library.Call("1", action, payload), str(version))
    try:
        running.send(None)
    except StopIteration:
        return
    raise AssertionError("validate_payload did not finish")


def main():
    """Print the table."""
    library.ASYNC_VALIDATION = False
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    libraries = ", ".join(f"{name} {installed(name)}" for name in ("ocpp", "jsonschema", "jsonschema-rs"))
    python = sys.version.split()[0]
    lines = [
        f"microseconds per frame, best of {ROUNDS} rounds of {repetitions}; {libraries}, Python {python}",
        f"{'frame':26}{'bytes':>7}" + "".join(f"{name:>15}" for name in COLUMNS),
    ]
    for (version, action), payload in FRAMES.items():
        name, size, *columns = measure(Version(version), action, payload, repetitions)
        lines.append(f"{name:26}{size:>7}" + "".join(f"{column:>15.1f}" for column in columns))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
