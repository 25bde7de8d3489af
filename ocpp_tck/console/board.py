"""What there is to see of a run right now, folded from its records, waits and prompts. No socket, an injected clock.

Everything on it is bounded, and every text that may come from the product is made harmless.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ocpp_tck.console.shown import LONGEST, ShownPrompt, plain, shown
from ocpp_tck.evidence import records as r
from ocpp_tck.report.operator import told
from ocpp_tck.report.text import iso
from ocpp_tck.verdict import Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ocpp_tck.roles.drivers.prompt import Ending, Prompt

MOST_EVENTS = 80
"""Frames and other events that are kept."""
MOST_HISTORY = 40
"""Cases that are kept after their end."""
MOST_STEPS = 200
LONGEST_FRAME = 1500
_ENOUGH = 3
"""Cases from whose durations the time that is left can be guessed."""
_UNJUDGED = {Verdict.NOT_RUN, Verdict.NOT_APPLICABLE}


class Board:
    """Shows one run. Safe to use from several threads.

    Args:
        monotonic: gives seconds that never step.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._run: dict[str, Any] = {}
        self._case: dict[str, Any] | None = None
        self._history: deque[dict[str, Any]] = deque(maxlen=MOST_HISTORY)
        self._tally: Counter[str] = Counter()
        self._total = 0
        self._earlier = 0
        self._began = monotonic()
        self._prompt: ShownPrompt | None = None
        self._limit = 0.0
        self._deadline: float | None = None
        self._last: dict[str, Any] | None = None
        self._asked: Mapping[str, Any] = {}
        self._wait: tuple[str, float, float] | None = None
        self._events: deque[tuple[int, dict[str, Any]]] = deque(maxlen=MOST_EVENTS)
        self._count = itertools.count(1)
        self._end: dict[str, Any] | None = None

    # -- what happens --------------------------------------------------------------------------------------------

    def recall(self, records: Iterable[r.Record], over: int) -> None:
        """Show what a resumed run had decided before.

        Args:
            records: those of the run until then.
            over: cases that are not run again.
        """
        for record in records:
            if isinstance(record, (r.RunStarted, r.CaseStarted, r.CaseEnded)):
                self.note(record)
        with self._lock:
            self._earlier, self._case = over, None
            self._tally.clear()

    def expect(self, total: int) -> None:
        """Learn how many cases are to run."""
        with self._lock:
            self._total = total

    def note(self, record: r.Record) -> None:
        """Take the next record, as masked in the journal."""
        with self._lock:
            match record:
                case r.RunStarted():
                    self._run = {name: plain(str(value)) for name, value in record.sut.items()}
                    self._run["station"] = plain(", ".join(record.stations))
                    self._run["resumed"] = record.resumed
                case r.CaseStarted():
                    counted = self._case["counted"] if self._case and record.attempt > 1 else ""
                    self._case = {**_begun(record), "counted": counted}
                case r.CaseEnded():
                    self._ended(record)
                case r.StepStarted() | r.StepEnded() if self._case is not None:
                    _step(self._case["steps"], record)
                case r.OperatorAsked():
                    self._asked = record.payload
                case _:
                    event = _event(record)
                    if event is not None:
                        self._events.append((next(self._count), event))

    def waiting(self, text: str, seconds: float) -> None:
        """The case waits, `seconds` at most; while a prompt is open, for the person."""
        with self._lock:
            deadline = self._monotonic() + seconds
            self._wait = (plain(text), seconds, deadline)
            if self._prompt is not None:
                self._limit, self._deadline = seconds, deadline

    def waited(self) -> None:
        """The wait is over."""
        with self._lock:
            self._wait = None

    def show(self, prompt: Prompt) -> None:
        """A person is asked; the same prompt again begins its time anew."""
        with self._lock:
            self._prompt = shown(prompt, self._asked)
            self._limit = prompt.seconds
            self._deadline = self._monotonic() + prompt.seconds if prompt.seconds else None

    def close(self, number: int, ending: Ending) -> None:
        """A prompt is closed."""
        with self._lock:
            if self._prompt is not None and self._prompt.number == number:
                self._last = {"number": number, "headline": self._prompt.headline, "ending": str(ending)}
                self._prompt = self._deadline = None

    def end(self, summary: str, details: str = "") -> None:
        """The run is over; `summary` says in one line what came out, `details` where the evidence is."""
        with self._lock:
            self._prompt = self._wait = self._deadline = None
            self._end = {"summary": plain(summary), "details": plain(details)}

    # -- what is shown -------------------------------------------------------------------------------------------

    def view(self, seen: int = 0) -> tuple[dict[str, Any], int]:
        """Give what there is to see as plain JSON values, and the number of its last event.

        Args:
            seen: number of the last event that need not be given again.
        """
        with self._lock:
            now = self._monotonic()
            events = [{"seq": seq, **event} for seq, event in self._events if seq > seen]
            view = {
                "run": dict(self._run),
                "prompt": self._shown_prompt(now),
                "last": self._last,
                "wait": self._shown_wait(now),
                "case": _copied(self._case),
                "progress": self._progress(now),
                "history": list(self._history)[::-1],
                "events": events,
                "end": self._end,
            }
            return view, events[-1]["seq"] if events else seen

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        with self._lock:
            return self._end is not None

    def _shown_prompt(self, now: float) -> dict[str, Any] | None:
        if self._prompt is None:
            return None
        left = None if self._deadline is None else round(max(self._deadline - now, 0.0), 2)
        return {**asdict(self._prompt), "limit": self._limit, "left": left}

    def _shown_wait(self, now: float) -> dict[str, Any] | None:
        if self._wait is None:
            return None
        text, limit, deadline = self._wait
        return {"text": text, "limit": limit, "left": round(max(deadline - now, 0.0), 2)}

    def _progress(self, now: float) -> dict[str, Any]:
        done = sum(self._tally.values())
        elapsed = now - self._began
        left = elapsed / done * max(self._total - done, 0) if done >= _ENOUGH and self._total else None
        verdicts = [Verdict(name) for name in self._tally]
        return {
            "done": done,
            "total": self._total,
            "earlier": self._earlier,
            "tally": dict(self._tally),
            "verdict": str(worst(verdicts)),
            "elapsed": round(elapsed, 1),
            "left": None if left is None else round(left),
        }

    def _ended(self, record: r.CaseEnded) -> None:
        """Note a verdict; a second one of the same case, made worse by what came after, takes its place."""
        case = self._case or {}
        verdict = record.verdict if record.verdict in set(Verdict) else str(Verdict.ERROR)
        if case.get("verdict"):
            self._history.pop()
        before = case.get("counted", "")
        if before:  # the worst attempt at a case, or its worse end, counts
            self._tally[before] -= 1
            self._tally += Counter()
        joined = worst((Verdict(before or Verdict.NONE), Verdict(verdict)))
        case["verdict"], case["counted"] = verdict, verdict if joined is Verdict.NONE else str(joined)
        self._tally[case["counted"]] += 1
        self._history.append(
            {
                "id": plain(record.case),
                "title": case.get("title", ""),
                "verdict": verdict,
                "cause": plain(record.cause),
                "is_judged": Verdict(verdict) not in _UNJUDGED,
            }
        )


def _begun(record: r.CaseStarted) -> dict[str, Any]:
    return {
        "id": plain(record.case),
        "title": plain(record.title),
        "profile": plain(record.profile),
        "requirements": plain(record.requirements),
        "status": plain(record.status),
        "verdict": "",
        "steps": [
            {"n": plain(str(step.get("n", ""))), "text": plain(str(step.get("text", ""))), "verdict": "", "cause": ""}
            for step in record.plan[:MOST_STEPS]
        ],
    }


def _step(steps: list[dict[str, Any]], record: r.StepStarted | r.StepEnded) -> None:
    """Put a step into its row; a repeated one, or one that the plan does not have, gets a row of its own."""
    n, text = plain(record.n), plain(record.text)
    is_start = isinstance(record, r.StepStarted)
    wanted = "" if is_start else "running"
    row = next((one for one in steps if one["n"] == n and one["verdict"] == wanted), None)
    if row is None:
        if len(steps) >= MOST_STEPS:
            return
        row = {"n": n, "text": text, "verdict": "", "cause": ""}
        steps.append(row)
    row["text"] = text
    row["verdict"] = "running" if isinstance(record, r.StepStarted) else plain(record.verdict)
    row["cause"] = "" if isinstance(record, r.StepStarted) else plain(record.cause)


def _copied(case: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if case is None else {**case, "steps": [dict(step) for step in case["steps"]]}


def _event(record: r.Record) -> dict[str, Any] | None:
    """Give what the page shows of a record beside cases and steps; None for nothing."""
    kind, by, limit = "line", "", LONGEST
    match record:
        case r.Frame():
            kind, by, limit = "frame", record.sender, LONGEST_FRAME
            head = f"{record.n}  {record.type or 'no OCPP message'} {record.action}".rstrip()
            text = record.raw
        case r.ViolationFound():
            kind, by = "rule", record.sender
            head, text = f"{record.level} {record.rule}", f"{record.message} ({record.clause})"
        case r.ConnectionOpened():
            head, text = "connected", f"{record.station} {record.path}"
        case r.ConnectionClosed():
            head, text = "closed", f"{record.station}, by {record.by}, code {record.code} {record.reason}"
        case r.ConnectionRefused():
            head, text = "refused", f"{record.station}, by {record.by}: {record.reason}"
        case r.OperatorActed():
            kind, head = "act", record.action
            text = " · ".join(filter(None, (record.driver, record.outcome, record.detail)))
        case r.PromptEnded() | r.PromptRenewed():
            kind = "act"
            _, head, text, _ = told(record)
        case r.Remark():
            kind, head, text = "remark", "remark", record.text
        case _:
            return None
    at = iso(record.time)[11:23]
    return {"at": at, "kind": kind, "by": plain(by), "head": plain(head), "text": plain(text, limit)}
