"""Stability: the whole suites again and again on the embedded products, and every verdict compared with the first.

Loops with the products kept running, restarts of everything, the cases in random order, four xdist workers, both cores
loaded, and a product whose messages come at 80 % of each limit. A case is unstable when its verdict changes, and also
when something that it waited for came after more than 80 % of its limit, except where the product is slowed.

`python -m ocpp_tck.selftest.stability --seed 1`
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck import demo, pics
from ocpp_tck.case import steps_of
from ocpp_tck.config import load
from ocpp_tck.evidence.journal import read_journal
from ocpp_tck.reference.mutant import Lag, Match, Mutant
from ocpp_tck.report.fold import fold
from ocpp_tck.run import NEAR, Run
from ocpp_tck.selftest.bench import bench
from ocpp_tck.selftest.cases import VERSIONS, cases_of
from ocpp_tck.selftest.result import Part, Row, told, write_part
from ocpp_tck.selftest.workers import end_with_parent
from ocpp_tck.verdict import Verdict
from ocpp_tck.world import LiveWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocpp_tck.case import Case
    from ocpp_tck.selftest.bench import Bench
    from ocpp_tck.settings import Settings

SUTS = ("csms", "cs")
PROFILE = "security_profile="
"""Option of an embedded product, and what follows is the security profile of its connection."""
LOOPS, RESTARTS, ORDERS, LOADED, WORKERS = 10, 5, 3, 2, 4
SCENARIOS = ("loops", "restarts", "random order", "-n 4", "load", "slowed")
GOOD = {str(Verdict.PASS), str(Verdict.WARN), str(Verdict.NOT_APPLICABLE)}
SLOW_LIMITS = {"clock": 300.0, "response": 5.0, "transaction": 5.0, "boot": 12.0, "reboot": 12.0, "reconnect": 12.0}
SLOW_LIMITS |= {"transfer": 25.0, "install": 25.0}
"""Limits against the slowed product, seconds: short enough to wait for 80 % of them at every message; the clock's is
wide, because the times in a message are as old as the message, and those of files are for several messages."""
LAG = NEAR * SLOW_LIMITS["response"]
SLOW_OPTIONS = (
    f"reboot-seconds={NEAR * SLOW_LIMITS['reboot'] - LAG:.1f}",
    f"reconnect-seconds={NEAR * SLOW_LIMITS['reconnect'] - LAG:.1f}",
)
"""With the lag of the BootNotification on top, booting and connecting take 80 % of their limits too."""
SLOW_DATA = {"connection_timeout": 10, "meter_value_interval": 6, "clock_aligned_interval": 6}
"""Dwells longer than what one message takes."""
BEATING = {"TC_001_CS", "TC_002_CS"}
"""Cases about heartbeats."""
QUIET, BEAT = 600, 15
"""Heartbeat intervals against the slowed product: one CALL at a time takes so long that each heartbeat would put off
what comes after it."""
_COMMAND = "import sys; from ocpp_tck.cli import main; sys.exit(main())"
_ONE_RUN = 900
"""Seconds that one run of a suite by the command may take."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one role and version on one embedded product; `variant` are options of the product."""

    sut: str
    version: str
    variant: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.sut} {self.version}{' with ' + ' and '.join(self.variant) if self.variant else ''}"

    @property
    def profile(self) -> int:
        """Security profile of the connection."""
        found = [int(one.removeprefix(PROFILE)) for one in self.variant if one.startswith(PROFILE)]
        return found[0] if found else 0

    def cases(self) -> list[tuple[Case, Callable[..., None]]]:
        """Give its cases, those that change what can't be undone last; each product runs what the demo has it run."""
        known = cases_of(self.sut, self.version).values()
        chosen = [pair for pair in known if self._has(pair[0])]
        return sorted(chosen, key=lambda pair: pair[0].turn)

    def _has(self, case: Case) -> bool:
        if self.profile:
            return self.profile in case.security_profiles
        if self.variant:
            return demo.of_variant(self.sut, self.version, case.applies_if)
        return not case.security_profiles or 0 in case.security_profiles


def suites(sut: str | None, version: str | None) -> list[Suite]:
    """Give every suite, or those of a role or version."""
    found = [Suite(role, name) for role in SUTS for name in VERSIONS]
    found.append(Suite("cs", "1.6", demo.VARIANT))
    found += [Suite(role, "1.6", (f"{PROFILE}{number}",)) for role in SUTS for number in (1, 2, 3)]
    return [one for one in found if sut in {None, one.sut} and version in {None, one.version}]


@dataclass
class Tally:
    """What one scenario came to.

    Attributes:
        tried: cases times runs.
        wrong: a line for each that was not as it must.
        share: the largest part of a limit that anything took that came in time.
        slowest: what that was.
    """

    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    share: float = 0.0
    slowest: str = ""


class Ledger:
    """The verdicts of all runs: what a case came to first, it must come to always."""

    def __init__(self) -> None:
        self._first: dict[tuple[Suite, str], str] = {}
        self._lock = threading.Lock()
        self.tallies: dict[str, Tally] = defaultdict(Tally)

    def note(self, scenario: str, suite: Suite, case: str, verdict: str, cause: str = "", late: str = "") -> None:
        """Compare one verdict; `late` is what came shortly before its limit."""
        with self._lock:
            tally = self.tallies[scenario]
            tally.tried += 1
            first = self._first.setdefault((suite, case), verdict)
            if verdict not in GOOD:
                tally.wrong.append(f"{suite.name} {case}: {verdict}: {cause}")
            elif verdict != first:
                tally.wrong.append(f"{suite.name} {case}: {verdict} ({cause}), first it was {first}")
            elif late:
                tally.wrong.append(f"{suite.name} {case}: {late}")

    def waited(self, scenario: str, share: float, text: str) -> None:
        """Note which part of its limit something took."""
        with self._lock:
            tally = self.tallies[scenario]
            if share > tally.share:
                tally.share, tally.slowest = share, text


class _MeasuringRun(Run):
    """A run that also tells which part of a limit each wait took."""

    def __init__(self, settings: Settings, folder: Path, measured: Callable[[float, str], None]) -> None:
        identity = settings.connection.stations[0]
        super().__init__(settings, identity, LiveWorld(settings, identity, folder))
        self._measured = measured

    def came(self, text: str, waited: float, limit: float, within: str) -> None:
        """Measure, then remark as every run does."""
        if limit > 0:
            case = self.current.case.id if self.current else ""
            self._measured(waited / limit, f"{case}: {text} ({waited:.2f} s of {limit:g} s, limit {within})")
        super().came(text, waited, limit, within)


# -- running a suite in this process ----------------------------------------------------------------------------------


def run_suite(
    place: Bench,
    suite: Suite,
    scenario: str,
    ledger: Ledger,
    *,
    order: int | None = None,
    cases: Sequence[tuple[Case, Callable[..., None]]] | None = None,
    limits: Mapping[str, float] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Run the cases of a suite in one run of the kit, without resetting the product between them.

    Args:
        place: the product.
        suite: which cases.
        scenario: for the ledger.
        ledger: gets the verdicts.
        order: seed of a random order; None: the order of the files.
        cases: only these.
        limits: limits that differ from those of the demo.
        data: test data that differ.
    """
    cases = list(suite.cases() if cases is None else cases)
    if order is not None:
        random.Random(f"{order} {suite.name}").shuffle(cases)  # noqa: S311 - reproducible, not secret
        cases.sort(key=lambda pair: pair[0].turn)
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-stability-") as scratch:
        config = Path(scratch) / "ocpp-tck.toml"
        config.write_text(place.config, encoding="utf-8")
        settings = load(config, environ={})
        settings = replace(
            settings,
            limits=replace(settings.limits, **(limits or {})),
            test_data=replace(settings.test_data, **(data or {})),
            seed=order or 0,
        )
        run = _MeasuringRun(settings, Path(scratch), lambda share, text: ledger.waited(scenario, share, text))
        try:
            run.open()
            for case, function in cases:
                applies, reason = pics.decide(case.applies_if, settings.pics)
                if applies:
                    run.carry_out(function, case, steps_of(Path(function.__code__.co_filename), function.__name__))
                else:
                    verdict = Verdict.NOT_APPLICABLE if applies is False else Verdict.NOT_RUN
                    ledger.note(scenario, suite, case.id, str(verdict), reason)
        finally:
            run.close()
        _read(Path(scratch) / "journal-main.jsonl", suite, scenario, ledger)


_LATE = re.compile(r" came after [\d.]+ s of [\d.]+ s \(limit \w+\)")


def _read(journal: Path, suite: Suite, scenario: str, ledger: Ledger) -> None:
    for case in fold([read_journal(journal)]).cases:
        remarks = [event.text for event in case.events if event.kind == "remark"]
        late = [text for text in remarks if _LATE.search(text)] if scenario != "slowed" else []
        cause = case.cause.text if case.cause else ""
        ledger.note(scenario, suite, case.id, str(case.verdict), cause, "; ".join(late))


@contextlib.contextmanager
def product(suite: Suite, *options: str) -> Iterator[Bench]:
    """Start the product of a suite, with the limits and dwells of the demo."""
    with bench(suite.sut, suite.version, (*suite.variant, *options), short=demo.SHORT) as place:
        yield place


# -- scenarios --------------------------------------------------------------------------------------------------------


def loops(suite: Suite, ledger: Ledger, count: int) -> None:
    """Run the suite again and again on one product."""
    _again(suite, "loops", ledger, [None] * count)


def restarts(suite: Suite, ledger: Ledger, count: int) -> None:
    """Run the suite on a new product each time."""
    for _ in range(count):
        with product(suite) as place:
            run_suite(place, suite, "restarts", ledger)


def orders(suite: Suite, ledger: Ledger, count: int, seed: int) -> None:
    """Run the suite in random orders on one product."""
    _again(suite, "random order", ledger, [seed + number for number in range(count)])


def loaded(suite: Suite, ledger: Ledger, count: int) -> None:
    """Run the suite while the machine is busy."""
    _again(suite, "load", ledger, [None] * count)


def _again(suite: Suite, scenario: str, ledger: Ledger, given: Sequence[int | None]) -> None:
    """Run the suite once for each order; a product that has other credentials afterwards is started anew each time."""
    each = [[order] for order in given] if suite.profile else [list(given)]
    for part in each:
        with product(suite) as place:
            for order in part:
                run_suite(place, suite, scenario, ledger, order=order)


def shares(suite: Suite) -> list[list[tuple[Case, Callable[..., None]]]]:
    """Divide a suite among several products; the cases about heartbeats go alone."""
    cases = suite.cases()
    alone = [[pair] for pair in cases if pair[0].id in BEATING]
    others = [pair for pair in cases if pair[0].id not in BEATING]
    return alone + [part for part in (others[number::WORKERS] for number in range(WORKERS)) if part]


def slowed(suite: Suite, ledger: Ledger, cases: list[tuple[Case, Callable[..., None]]]) -> None:
    """Run cases on a product whose messages come at 80 % of each limit."""
    options = SLOW_OPTIONS if suite.sut == "cs" else ()
    with product(suite, *options) as place:
        place.link.arm([Mutant(Match(sender=suite.sut, type="any", nth=0), Lag(LAG), "slow")])
        interval = BEAT if cases[0][0].id in BEATING else QUIET
        data = {"heartbeat_interval": interval, **SLOW_DATA} if suite.sut == "cs" else {}
        run_suite(place, suite, "slowed", ledger, cases=cases, limits=SLOW_LIMITS, data=data)


def with_workers(suite: Suite, ledger: Ledger) -> None:
    """Run the suite by the command on several products at a time."""
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-stability-") as scratch:
        command = [sys.executable, "-c", _COMMAND, "demo", "--sut", suite.sut, "--version", suite.version]
        command += ["-n", str(WORKERS), "--report-dir", scratch]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(  # noqa: S603 - our own module
            command, env=environment, capture_output=True, text=True, timeout=_ONE_RUN, check=False
        )
        found = 0
        for folder in sorted(Path(scratch).iterdir()):
            _, _, kind = folder.name.partition(f"-demo-{suite.sut}-{suite.version}")
            variant = {"": (), "-variant": demo.VARIANT}.get(kind, (f"{PROFILE}{kind[-1:]}",))
            of = Suite(suite.sut, suite.version, variant)
            wanted = {case.id for case, _ in of.cases()}
            journals = [read_journal(path) for path in sorted(folder.glob("journal-*.jsonl"))]
            for case in fold(journals).cases:
                if case.id in wanted:
                    found += 1
                    cause = case.cause.text if case.cause else ""
                    ledger.note("-n 4", of, case.id, str(case.verdict), cause)
        if not found:
            ledger.note("-n 4", suite, "all cases", "none", f"exit {done.returncode}: {done.stderr[-300:]}")


def _spin(ended: float) -> None:
    end_with_parent()
    while time.monotonic() < ended:
        sum(range(10_000))


@contextlib.contextmanager
def load_on_every_core(seconds: float) -> Iterator[None]:
    """Keep every core busy; bounded, and ended by the processes' own handles."""
    context = multiprocessing.get_context("spawn")
    busy = [
        context.Process(target=_spin, args=(time.monotonic() + seconds,), daemon=True)
        for _ in range(os.cpu_count() or 1)
    ]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.terminate()
            process.join(10)
            process.close()


# -- the part ---------------------------------------------------------------------------------------------------------


def run(
    *,
    sut: str | None = None,
    version: str | None = None,
    seed: int = 1,
    jobs: int = 7,
    scenarios: Sequence[str] = SCENARIOS,
    scale: float = 1.0,
    tell: Callable[[str], None] = lambda _text: None,
) -> Part:
    """Run the scenarios: the part `stability`.

    Args:
        sut: only this role.
        version: only this version.
        seed: of the random orders.
        jobs: suites at a time; they mostly wait.
        scenarios: which of `SCENARIOS`.
        scale: part of the runs of each scenario, one at least.
        tell: is told of each scenario when it ends.
    """
    began = time.monotonic()
    chosen, ledger = suites(sut, version), Ledger()

    def times(count: int) -> int:
        return max(1, round(count * scale))

    work: dict[str, list[Callable[[], None]]] = {
        "loops": [partial(loops, one, ledger, times(LOOPS)) for one in chosen],
        "restarts": [partial(restarts, one, ledger, times(RESTARTS)) for one in chosen],
        "random order": [partial(orders, one, ledger, times(ORDERS), seed) for one in chosen],
        "-n 4": [partial(with_workers, one, ledger) for one in chosen if not one.variant],
        "load": [partial(loaded, one, ledger, times(LOADED)) for one in chosen],
        "slowed": [partial(slowed, one, ledger, cases) for one in chosen for cases in shares(one)],
    }
    for scenario in scenarios:
        _carry_out(scenario, work[scenario], ledger, jobs)
        tally = ledger.tallies[scenario]
        tell(f"{scenario}: {tally.tried} cases, {len(tally.wrong)} wrong, {time.monotonic() - began:.0f} s so far")
        for line in tally.wrong:
            tell(f"  {line}")
    return Part(
        name="stability",
        title="The verdicts of the whole suites on the embedded products never change.",
        rows=tuple(_row(name, ledger.tallies[name]) for name in scenarios),
        seconds=time.monotonic() - began,
        seed=seed,
        sampled=scale < 1 or len(scenarios) < len(SCENARIOS) or bool(sut or version),
    )


def _carry_out(scenario: str, work: list[Callable[[], None]], ledger: Ledger, jobs: int) -> None:
    busy = load_on_every_core(_ONE_RUN) if scenario == "load" else contextlib.nullcontext()
    most = {"-n 4": 2, "slowed": 4 * jobs}.get(scenario, jobs)
    with busy, ThreadPoolExecutor(max_workers=most) as pool:
        for done in [pool.submit(one) for one in work]:
            problem = done.exception()
            if problem is not None:
                ledger.tallies[scenario].tried += 1
                ledger.tallies[scenario].wrong.append(f"the bench failed: {type(problem).__name__}: {problem}")


def _row(scenario: str, tally: Tally) -> Row:
    note = f"largest share of a limit {tally.share:.2f}: {tally.slowest}" if tally.slowest else ""
    return Row(
        what=scenario,
        count=tally.tried,
        good=tally.tried - len(tally.wrong),
        wrong=tuple(tally.wrong),
        note=note,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit code 1 when a verdict changed."""
    parser = argparse.ArgumentParser(prog="python -m ocpp_tck.selftest.stability", description=__doc__)
    parser.add_argument("--sut", choices=SUTS, help="only this role")
    parser.add_argument("--version", choices=VERSIONS, help="only this version")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the random orders")
    parser.add_argument("--jobs", type=int, default=7, metavar="N", help="suites at a time; they mostly wait")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", default=[], help="only this; repeatable")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the runs of each scenario")
    parser.add_argument("--report-dir", type=Path, metavar="DIR", help="write stability.json here")
    given = parser.parse_args(arguments)
    part = run(
        sut=given.sut,
        version=given.version,
        seed=given.seed,
        jobs=given.jobs,
        scenarios=given.scenario or SCENARIOS,
        scale=given.scale,
        tell=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201 - a command's own voice
    )
    if given.report_dir is not None:
        write_part(part, given.report_dir)
    sys.stdout.write("\n".join(told(part)) + "\n")
    return 0 if part.holds else 1


if __name__ == "__main__":
    sys.exit(main())
