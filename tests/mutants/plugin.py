"""A pytest plugin that runs each OCA case against mutants of the embedded product.

Every selected case runs once as it is (the control: it must not fail) and once per mutant. The link is armed when the
product is reset to its factory state, before the case's fixtures run, and disarmed when the case has ended. What was
decided is read from the kit's journal.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocpp_tck.case import case_of
from ocpp_tck.selftest.bench import Bench, bench
from tests.mutants.catalogue import HERE, Catalogue, CatalogueError, Mutant, load

if TYPE_CHECKING:
    from collections.abc import Iterator

ARGUMENT = "ocpp_mutant"
CONTROL = "none: the product as it is"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mutants", "mutants of the embedded products")
    group.addoption("--mutants-sut", choices=("cs", "csms"), help="role whose mutants run; switches the plugin on")
    group.addoption("--mutants-version", default="1.6")
    group.addoption("--mutants-option", action="append", default=[], help="of the embedded product; only its cases")
    group.addoption("--mutants-case", action="append", default=[], help="only this case; repeatable")
    group.addoption("--mutants-shard", default="0/1", help="K/N: every Nth case, from the Kth on")
    group.addoption("--mutants-sample", type=int, default=0, help="only so many mutants, drawn by the seed")
    group.addoption("--mutants-seed", type=int, default=0)
    group.addoption("--mutants-folder", type=Path, default=HERE, help="where the mutants are")
    group.addoption("--mutants-out", type=Path, help="JSON file for the results")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Bring up the bench and point the kit at it, before the kit reads its configuration."""
    sut = config.getoption("--mutants-sut")
    if not sut:
        return
    try:
        runner = Runner(config, sut)
    except CatalogueError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(runner, "mutants-runner")


class Runner:
    """One role's mutants in one pytest session."""

    def __init__(self, config: pytest.Config, sut: str) -> None:
        self.config = config
        self.version: str = config.getoption("--mutants-version")
        self.catalogue: Catalogue = load(sut, self.version, config.getoption("--mutants-folder"))
        self.chosen = self._choose()
        self.results: list[dict[str, Any]] = []
        self.controls: dict[str, str] = {}
        self._left = 0
        self._hits: int | None = None
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ocpp-tck-mutants-")))
        variant = tuple(config.getoption("--mutants-option"))
        self.bench: Bench = self._stack.enter_context(bench(sut, self.version, variant))
        path = self._folder / "ocpp-tck.toml"
        path.write_text(self.bench.config, encoding="utf-8")
        config.option.ocpp_config = str(path)
        config.option.ocpp_report_dir = str(self._folder / "run")

    def _choose(self) -> dict[str, list[Mutant]]:
        variant = tuple(self.config.getoption("--mutants-option"))
        wanted = self.config.getoption("--mutants-case")
        if unknown := [case for case in wanted if case not in self.catalogue.steps]:
            raise CatalogueError(f"--mutants-case {unknown[0]}: no such case of this role and version")
        cases = [
            case
            for case in self.catalogue.steps
            if self.catalogue.options[case] == variant and (not wanted or case in wanted)
        ]
        part, parts = map(int, self.config.getoption("--mutants-shard").split("/"))
        cases = cases[part::parts]
        mutants = [one for one in self.catalogue.mutants if one.case in cases]
        count = self.config.getoption("--mutants-sample")
        if count:
            mutants = self._draw(mutants, count)
            cases = {one.case for one in mutants}
        return {case: [one for one in mutants if one.case == case] for case in sorted(cases)}

    def _draw(self, mutants: list[Mutant], count: int) -> list[Mutant]:
        dice = random.Random(self.config.getoption("--mutants-seed"))  # noqa: S311 - which mutants is no secret
        return dice.sample(mutants, min(count, len(mutants)))

    # -- the items -----------------------------------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Multiply a case by its mutants, the control first."""
        case = case_of(metafunc.function)
        if case is None:
            return
        mutants = [None, *self.chosen.get(case.id, [])]
        names = ["control", *(f"{number}-step-{one.step}" for number, one in enumerate(mutants[1:], start=1))]
        metafunc.fixturenames.append(ARGUMENT)
        metafunc.parametrize(ARGUMENT, mutants, ids=names)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the chosen cases."""
        kept = [item for item in items if (case := case_of(getattr(item, "obj", None))) and case.id in self.chosen]
        dropped = [item for item in items if item not in kept]
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
        self._left = len(kept)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Run one item, judge it from the journal, and reset the product."""
        mutant: Mutant | None = item.callspec.params[ARGUMENT]
        case = case_of(item.obj)
        assert case is not None
        began = time.monotonic()
        kit = self.config.pluginmanager.getplugin("ocpp-tck-kit")
        journal = kit.started().journal.path
        self.bench.link.arm([mutant.defect] if mutant else [])
        self.bench.reset(kit.run)
        self._hits = None
        offset = journal.stat().st_size
        result = yield
        self._disarm()
        with journal.open("rb") as lines:
            lines.seek(offset)
            records = [json.loads(line) for line in lines]
        self._judge(case.id, mutant, records, time.monotonic() - began)
        self._left -= 1
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self) -> Iterator[Any]:
        """Let the product be right again before the fixtures tidy up."""
        try:
            return (yield)
        finally:
            self._disarm()

    def _disarm(self) -> None:
        if self._hits is None:
            self._hits = sum(self.bench.link.hits.values())
            self.bench.link.arm([])

    # -- the verdicts --------------------------------------------------------------------------------------------

    def _judge(self, case: str, mutant: Mutant | None, records: list[dict[str, Any]], seconds: float) -> None:
        ended = next((one for one in records if one["kind"] == "case-ended"), {"verdict": "none", "cause": ""})
        verdict = str(ended["verdict"])
        if mutant is None:
            if verdict not in {"pass", "warn"}:
                self.controls[case] = f"{verdict}: {ended['cause']}"
            self._tell(case, CONTROL, verdict, seconds, ended["cause"] if case in self.controls else "")
            return
        killed_by = killer(mutant, verdict, records) if self._hits else ""
        self.results.append(
            {
                "case": case,
                "version": self.version,
                "step": mutant.key,
                "mutant": mutant.name,
                "killed_by": killed_by,
                "verdict": verdict,
                "seconds": round(seconds, 3),
            }
        )
        note = "" if killed_by == mutant.key else f"{ended['cause']}" if self._hits else "no frame was altered"
        self._tell(case, f"step {mutant.key}: {mutant.name}", f"killed by {killed_by or 'nothing'}", seconds, note)

    @staticmethod
    def _tell(case: str, what: str, outcome: str, seconds: float, note: str) -> None:
        extra = f"  ({note})" if note else ""
        sys.stderr.write(f"{case:<16} {what:<64} {outcome}{extra}  {seconds:.1f} s\n")

    def pytest_sessionfinish(self) -> None:
        """Write the results of a run that came to its end."""
        out = self.config.getoption("--mutants-out")
        if out is not None and not self._left:
            steps = {case: self.catalogue.due(case) for case in self.chosen}
            if self.config.getoption("--mutants-sample"):
                steps = {case: sorted({one.key for one in mutants}) for case, mutants in self.chosen.items()}
            excused = [
                f"{one.case} step {one.step}: {one.reason}" for one in self.catalogue.excused if one.case in steps
            ]
            found = {"mutants": self.results, "steps": steps, "controls": self.controls, "excused": excused}
            out.write_text(json.dumps(found), encoding="utf-8")

    def pytest_unconfigure(self) -> None:
        """Take the bench down."""
        self._stack.close()


def killer(mutant: Mutant, verdict: str, records: list[dict[str, Any]]) -> str:
    """Say which step or rule found a mutant: its own step, else a rule, else another step; empty when none did."""
    if verdict != mutant.expect:
        return ""
    failed = [str(one["n"]) for one in records if one["kind"] == "step-ended" and one["verdict"] == mutant.expect]
    if mutant.step in failed:
        return mutant.key
    level = "must" if mutant.expect == "fail" else "should"
    rules = [
        str(one["rule"])
        for one in records
        if one["kind"] == "violation" and one["sender"] == "product" and one["level"] == level
    ]
    return next(iter([*rules, *failed]), "")
