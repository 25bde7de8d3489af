"""Journals of a run that never was: every verdict, and text that a hostile product would send."""

from pathlib import Path

from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.index import write_index
from ocpp_tck.evidence.journal import Journal

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> "
    "\x1b[31mred \u202e desrever \x00 \ud800 ]]> | `x` &amp;"
)
T0 = 1_795_426_872.0
VERDICTS = (
    "pass",
    "pass",
    "pass",
    "pass",
    "fail",
    "warn",
    "pass",
    "inconclusive",
    "error",
    "not applicable",
    "not run",
)
TITLES = (
    "Cold boot of the charge point",
    "A session starts with the cable first",
    "A session starts with the identification first",
    "The cable is unplugged at the charge point's side and the transaction goes on",
    "Remote start with an idTag that is not accepted",
    "Hard reset while a transaction is running",
)
ACTIONS = ("BootNotification", "StatusNotification", "Authorize", "StartTransaction", "MeterValues", "StopTransaction")


class Synthetic:
    """Writes a journal by turns; the clock ticks with every record."""

    def __init__(self, folder, worker="main", start=T0):
        name = "journal.jsonl" if worker == "main" else f"journal-{worker}.jsonl"
        self.folder = Path(folder)
        self.journal = Journal(self.folder / name)
        self.worker = worker
        self.now = start
        self.index = 0

    def write(self, form, **values):
        self.now += 0.021
        self.journal.write(form(time=round(self.now, 3), **values))

    def begin(self, role="cs", **changed):
        values = {
            "kit_version": "0.1.0",
            "worker": self.worker,
            "seed": 4711,
            "sut": {"role": role, "version": "1.6", "vendor": "Acme", "model": "Wallbox <7>"},
            "limits": {"response": 5.0, "boot": 60.0, "absence": 2.0},
            "test_data": {"valid_token": "<token:valid>"},
            "pics": {"C-03": True, "C-17": False},
            "stations": ("CP001",),
            "catalogue_sha256": "ab" * 32,
            "environment": {"python": "3.11.7", "websockets": "17.4", "jsonschema-rs": "0.60.3"},
        }
        self.write(r.RunStarted, **(values | changed))
        return self

    def case(self, name="TC_001_CS", title="Cold boot", plan=(("1", "one"), ("2", "two"), ("3", "three")), **changed):
        self.index = 0
        values = {
            "case": name,
            "title": title,
            "version": "1.6",
            "sut": "cs",
            "profile": "Core",
            "requirements": "1.6 §4.2",
            "node": f"testcases/v16/cs/test_core.py::{name}",
            "station": "CP001",
            "plan": tuple({"n": n, "text": text} for n, text in plan),
        }
        self.write(r.CaseStarted, **(values | changed))

    def step(self, n, text="", verdict="pass", *, ended=True, **values):
        self.index += 1
        self.write(r.StepStarted, index=self.index, n=n, text=text)
        if ended:
            self.write(r.StepEnded, index=self.index, n=n, text=text, verdict=verdict, **values)

    def frame(self, sender="product", kind="CALL", action="Heartbeat", raw=None, **values):
        n = self.journal.next_frame()
        body = {"CALL": f'[2,"m{n}","{action}",{{}}]', "CALLRESULT": f'[3,"m{n}",{{}}]'}.get(kind, "x")
        values = {"message_id": f"m{n}", **values}
        self.write(
            r.Frame,
            n=n,
            connection="c1",
            station="CP001",
            sender=sender,
            raw=body if raw is None else raw,
            type=kind,
            action=action,
            **values,
        )
        return n

    def exchange(self, action, payload="{}", sender="product"):
        n = self.journal.next_frame()
        other = "kit" if sender == "product" else "product"
        common = {"connection": "c1", "station": "CP001", "message_id": f"m{n}", "action": action}
        self.write(r.Frame, n=n, sender=sender, raw=f'[2,"m{n}","{action}",{payload}]', type="CALL", **common)
        answer = '{"status":"Accepted","currentTime":"2026-11-23T09:41:12Z","interval":300}'
        after = self.journal.next_frame()
        self.write(r.Frame, n=after, sender=other, raw=f'[3,"m{n}",{answer}]', type="CALLRESULT", **common)
        return n

    def violate(self, frame, level="must", rule="schema.request", message="wrong", sender="product", **values):
        self.write(
            r.ViolationFound,
            frame=frame,
            sender=sender,
            rule=rule,
            level=level,
            message=message,
            clause="1.6 §7",
            **values,
        )

    def end_case(self, verdict="pass", case="TC_001_CS", **values):
        self.write(r.CaseEnded, case=case, verdict=verdict, **values)

    def done(self, *, ended=True):
        if ended:
            self.write(r.RunEnded)
        self.journal.close()
        return self.folder


def whole_run(folder, cases=90, workers=("gw0", "gw1"), frames=6):
    """Write a run with every verdict and hostile text, spread over workers; give its folder."""
    writers = [Synthetic(folder, worker).begin() for worker in workers]
    for number in range(cases):
        _case(writers[number % len(writers)], number, frames)
    for writer in writers:
        writer.done()
    write_index(folder)
    return Path(folder)


def _case(run, number, frames):
    name, title = f"TC_{number + 1:03}_CS", TITLES[number % len(TITLES)] + (f" {HOSTILE}" if number == 4 else "")
    verdict = VERDICTS[number % len(VERDICTS)]
    plan = [
        ("1", "The charge point reports Preparing"),
        ("3", "The charge point asks to authorize the token"),
        ("5", "A transaction starts on that connector"),
        ("7", "The charge point reports Charging"),
    ]
    run.case(name, title, plan, status="disputed" if number == 15 else "implemented")
    if verdict in {"not applicable", "not run"}:
        run.end_case(verdict, name, phase="setup", cause="the PICS says: not C-17")
        return
    run.write(r.ConnectionOpened, connection="c1", station="CP001", subprotocol="ocpp1.6", path="/ocpp/CP001")
    boot = '{"chargePointVendor":"Acme","chargePointModel":"Wallbox","firmwareVersion":"1.2.3"}'
    run.exchange("BootNotification", boot)
    run.write(r.OperatorActed, action="plug", payload={"connector": 1}, driver="http", outcome="done")
    run.index += 1
    at = run.index
    run.write(r.StepStarted, index=at, n="1", text=plan[0][1])
    for turn in range(frames):
        run.exchange(ACTIONS[turn % len(ACTIONS)], '{"connectorId":1,"status":"Preparing","errorCode":"NoError"}')
    run.write(r.StepEnded, index=at, n="1", text=plan[0][1], verdict="pass")
    run.exchange("GetConfiguration", '{"key":[]}', sender="kit")
    if verdict == "pass":
        for n, text in plan[1:]:
            run.step(n, text)
        run.end_case("pass", name)
    elif verdict == "warn":
        late = run.exchange("MeterValues")
        run.violate(late, "should", "clock.deviation", "the time is 3600 s away from the kit's clock", path="timestamp")
        for n, text in plan[1:]:
            run.step(n, text)
        run.end_case("warn", name)
    elif verdict == "fail":
        bad = run.frame(action="Authorize", raw='[2,"m","Authorize",{"idTag":"' + HOSTILE.replace('"', "'") + '"}]')
        if number % 2:
            run.violate(bad, message=f"idTag: longer than 20 characters: {HOSTILE}", path="idTag")
            run.end_case("pass", name)
        else:
            told = {
                "cause": "no StartTransaction within the limit 'transaction' (30 s)",
                "requirement": "1.6 §4.8",
                "expected": "StartTransaction with connectorId 1",
                "received": f"Authorize {HOSTILE}",
                "frames": (bad,),
            }
            run.step("3", plan[1][1], "fail", **told)
            run.end_case("fail", name, **told)
    elif verdict == "inconclusive":
        run.write(
            r.OperatorActed,
            action="present",
            payload={"idTag": "x"},
            driver="http",
            outcome="failed",
            detail="HTTP 500",
        )
        run.write(r.ConnectionClosed, connection="c1", station="CP001", by="product", code=1006)
        run.end_case(verdict, name, phase="setup", cause="the state Charging was not reached: the driver answered 500")
    else:
        run.end_case(
            "error", name, cause="KeyError: 'x'", detail="Traceback (most recent call last):\n  …\nKeyError: 'x'"
        )
