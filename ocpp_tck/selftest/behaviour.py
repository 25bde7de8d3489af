"""`python -m ocpp_tck.selftest.behaviour`: embedded products with a defect of behaviour, each before the cases.

Each defect is tried twice: the cases that must show it, each on a freshly reset product; and the whole suite as a user
runs it, case after case without a reset. The right product stands the same cases as control. A defect that no
implemented case is said to show must indeed pass the whole suite, so that the list stays honest.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.case import case_of, find_function
from ocpp_tck.pics import decide
from ocpp_tck.reference.defects import known
from ocpp_tck.selftest.behaviours import Behaviour, BehaviourError, load, planned
from ocpp_tck.selftest.lab import Lab, Outcome, lab
from ocpp_tck.selftest.result import Part, Row, told, write_part
from ocpp_tck.selftest.workers import workers

if TYPE_CHECKING:
    from ocpp_tck.settings import Settings

VERSIONS = ("1.6", "2.0.1", "2.1")
GOOD = frozenset({"pass", "warn"})
OUTSIDE = frozenset({"not applicable", "not run"})
TITLE = "Products that behave wrongly over time fail the cases about it, at the step about it."
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one defect, or of the right product as its control.

    Attributes:
        name: role, version and defect.
        behaviour: what was tried.
        cases: outcomes of the cases that must show it.
        suite: outcomes of the whole suite, empty when that did not run.
        wrong: a line for all that did not come as it must.
        before: what did not come as it must in a first attempt.
    """

    name: str
    behaviour: Behaviour
    cases: tuple[Outcome, ...] = ()
    suite: tuple[Outcome, ...] = ()
    wrong: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def failing(self) -> tuple[Outcome, ...]:
        """The cases of the suite that did not pass."""
        return tuple(one for one in self.suite if one.verdict not in GOOD | OUTSIDE)

    @property
    def kit_errors(self) -> tuple[str, ...]:
        """The cases that ended as a kit error, and why."""
        return tuple(f"{self.name}: {one.case}: {one.cause}" for one in self.suite if one.verdict == "error")


def run(
    *,
    sut: str | None = None,
    version: str | None = None,
    jobs: int = 2,
    seed: int = 0,
    only: Sequence[str] = (),
    sample: float = 1.0,
    suites: bool = True,
) -> Part:
    """Try the defects; see the module.

    Args:
        sut: only this role.
        version: only this version.
        jobs: products at a time; they mostly wait.
        seed: for the sample.
        only: names of defects.
        sample: part of them that is tried, 0 to 1, drawn from those that a case shows.
        suites: whether each product stands the whole suite too.

    Raises:
        BehaviourError: `behaviours.toml` is wrong, or a name is unknown.
    """
    found = measure(choose(sut, version, only, sample, seed), jobs, suites=suites)
    return part(*found, seed=seed, sampled=bool(only) or sample < 1)


def choose(
    sut: str | None, version: str | None, only: Sequence[str], sample: float = 1.0, seed: int = 0
) -> list[Behaviour]:
    """Give the behaviours of a role and version, of these names, or a sample of those that a case shows.

    Raises:
        BehaviourError: there is no defect of a name.
    """
    every = [one for one in load() if sut in {None, one.role} and version in {None, one.version}]
    if unknown := set(only) - {one.defect for one in every}:
        raise BehaviourError(f"no defect {min(unknown)}; there are {', '.join(sorted({one.defect for one in every}))}")
    chosen = [one for one in every if not only or one.defect in only]
    if sample >= 1:
        return chosen
    shown = [one for one in chosen if one.shown]
    return random.Random(seed).sample(shown, min(len(shown), max(1, round(len(shown) * sample))))  # noqa: S311 - which ones is no secret


def measure(
    chosen: Sequence[Behaviour], jobs: int, progress: Progress = lambda _line: None, *, suites: bool
) -> tuple[list[Found], list[Found], float]:
    """Try the right products and the wrong ones; gives both and the seconds that it took."""
    began = time.monotonic()
    rights = _controls(chosen)
    everything = [*((one, True) for one in rights), *((one, False) for one in chosen)]
    found = []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocpp-tck-behaviour-")))
        folders = (scratch / str(number) for number in range(len(everything)))
        tasks = [(one, folder, right, suites) for (one, right), folder in zip(everything, folders, strict=False)]
        # Processes: Python 3.11 can't compile in several threads at a time, which `ast` does for each failed assertion.
        spread = map if jobs == 1 else stack.enter_context(workers(jobs)).map
        for one in spread(_attempt, tasks):
            progress(_line(one))
            found.append(one)
    return found[: len(rights)], found[len(rights) :], time.monotonic() - began


def _controls(chosen: Sequence[Behaviour]) -> list[Behaviour]:
    """Give one behaviour for each product and its options, with the cases of all of that product."""
    merged: dict[str, Behaviour] = {}
    for one in chosen:
        key = f"{one.role} {one.version} {one.options} {one.data}"
        before = merged.get(key)
        cases = {**(before.shown if before else {}), **one.shown}
        first = dict.fromkeys((*(before.first if before else ()), *one.first))
        merged[key] = Behaviour(
            role=one.role,
            version=one.version,
            defect=one.defect,
            shown=cases,
            options=one.options,
            data=one.data,
            first=tuple(first),
        )
    return list(merged.values())


def _attempt(task: tuple[Behaviour, Path, bool, bool]) -> Found:
    """Try one product; once more when it did not come as it must, because a busy machine can starve it."""
    behaviour, folder, right, suite = task
    varied = " ".join((*behaviour.options, *(f"{name}={value}" for name, value in behaviour.data.items())))
    name = f"{behaviour.role} {behaviour.version} {f'right {varied}'.strip() if right else behaviour.defect}"
    found = _once(name, behaviour, folder / "1", right=right, suite=suite)
    if not found.wrong:
        return found
    return replace(_once(name, behaviour, folder / "2", right=right, suite=suite), before=found.wrong)


def _once(name: str, behaviour: Behaviour, folder: Path, *, right: bool, suite: bool) -> Found:
    folder.mkdir(parents=True)
    role, version = behaviour.role, behaviour.version
    defects = () if right else (behaviour.defect,)
    try:
        with lab(role, folder, *behaviour.options, version=version, defects=defects) as place:
            settings = place.with_data(**behaviour.data)
            cases = _run(place, settings, behaviour, fresh=True, cases=(*behaviour.first, *behaviour.shown))
            whole = _run(place, settings, behaviour, fresh=False, cases=tuple(planned(role, version))) if suite else []
    except (OSError, RuntimeError) as error:
        return Found(name=name, behaviour=behaviour, wrong=(f"{name}: {type(error).__name__}: {error}",))
    found = Found(name=name, behaviour=behaviour, cases=tuple(cases), suite=tuple(whole))
    return replace(found, wrong=tuple(_not_passed(found) if right else not_shown(found)))


def _run(place: Lab, settings: Settings, behaviour: Behaviour, cases: Sequence[str], *, fresh: bool) -> list[Outcome]:
    functions = [find_function(case, behaviour.version)[0] for case in cases]
    facts = [case_of(function) for function in functions]
    applying = [
        function
        for function, fact in zip(functions, facts, strict=True)
        if fact is not None and decide(fact.applies_if, settings.pics)[0]
    ]
    outcomes = place.run_all(applying, settings, fresh=fresh) if applying else []
    return [replace(one, frames=()) for one in outcomes]


def _not_passed(found: Found) -> list[str]:
    return [
        f"{found.name}: {one.case} came to {one.verdict} ({one.where}): {one.cause}"
        for one in (*found.cases, *found.suite)
        if one.verdict not in {"pass", *OUTSIDE}
    ]


def not_shown(found: Found) -> list[str]:
    """Give a line for each listed case that did not show a defect as listed, and for each that shows a denied one."""
    behaviour = found.behaviour
    wrong = []
    outcomes = {one.case: one for one in found.cases}
    for case, where in behaviour.shown.items():
        one = outcomes.get(case)
        if one is None:
            wrong.append(f"{found.name}: {case} does not apply to this product")
        elif one.verdict != behaviour.expect or one.where not in where:
            came = f"{one.verdict} ({one.where}): {one.cause}" if one.where else one.verdict
            wrong.append(f"{found.name}: {case} was to {behaviour.expect} at {' or '.join(where)}, came to {came}")
    if behaviour.reason:
        wrong += [f"{found.name}: {one.case} shows it ({one.where}): {one.cause}; list it" for one in found.failing]
    return wrong


def part(
    rights: Sequence[Found], wrongs: Sequence[Found], seconds: float, *, seed: int = 0, sampled: bool = False
) -> Part:
    """Make the rows of the detection table."""
    rows: list[Row] = []
    for role in ("cs", "csms"):
        for version in VERSIONS:
            own = [one for one in wrongs if (one.behaviour.role, one.behaviour.version) == (role, version)]
            if own:
                controls = [one for one in rights if (one.behaviour.role, one.behaviour.version) == (role, version)]
                rows += _rows(f"{version} {role}", controls, own)
    return Part(name="behaviour", title=TITLE, rows=tuple(rows), seconds=seconds, seed=seed, sampled=sampled)


def _rows(product: str, controls: Sequence[Found], own: Sequence[Found]) -> list[Row]:
    shown, unshown = [one for one in own if one.behaviour.shown], [one for one in own if one.behaviour.reason]
    rows = [_row(f"right product beside them, {product}", controls, _outcomes(controls))]
    if shown:
        rows.append(_row(f"defects of behaviour, {product}", shown, _reach(shown)))
    if unshown:
        note = "pass the whole suite" if any(one.suite for one in unshown) else "not tried"
        rows.append(_row(f"defects that no implemented case is about, {product}", unshown, note))
    if any(one.suite for one in own):
        errors = tuple(text for one in own for text in one.kit_errors)
        bad = sum(bool(one.kit_errors) for one in own)
        what = f"whole suite on a wrong product without a kit error, {product}"
        rows.append(Row(what=what, count=len(own), good=len(own) - bad, wrong=errors))
    return rows


def _row(what: str, found: Sequence[Found], note: str) -> Row:
    wrong = tuple(text for one in found for text in one.wrong)
    again = sum(bool(one.before) for one in found)
    note = "; ".join(filter(None, (note, f"{again} tried twice" if again else "")))
    return Row(what=what, count=len(found), good=sum(not one.wrong for one in found), wrong=wrong, note=note)


def _outcomes(found: Sequence[Found]) -> str:
    return f"{sum(len(one.cases) + len(one.suite) for one in found)} cases passed" if found else ""


def _reach(found: Sequence[Found]) -> str:
    """Say how much of the whole suite a defect costs."""
    tried = [one for one in found if one.suite]
    if not tried:
        return ""
    counts = [len(one.failing) for one in tried]
    hidden = sum(not count for count in counts)
    text = f"of the {len(tried[0].suite)} cases of the suite {min(counts)} to {max(counts)} do not pass"
    return f"{text}, median {statistics.median(counts):g}" + (f"; {hidden} cost only warnings" if hidden else "")


def _line(found: Found) -> str:
    state = "WRONG" if found.wrong or found.kit_errors else "ok"
    whole = f"{len(found.failing)} of {len(found.suite)} cases of the suite do not pass" if found.suite else ""
    before = (f"at first: {text}" for text in found.before)
    return "\n  ".join((f"{state:<6}{found.name:<64} {whole}".rstrip(), *before, *found.wrong, *found.kit_errors))


def listing(found: Sequence[Found]) -> str:
    """Write one row for each defect in Markdown: what it does, what it breaks, what showed it."""
    lines = ["| product | defect | it | breaks | shown by | suite |", "| --- | --- | --- | --- | --- | --- |"]
    for one in found:
        behaviour = one.behaviour
        defect = next(each for each in known(behaviour.role, behaviour.version) if each.name == behaviour.defect)
        by = "; ".join(f"{case} {' or '.join(where)}" for case, where in behaviour.shown.items())
        suite = f"{len(one.failing)} of {len(one.suite)}" if one.suite else ""
        cells = (
            f"{behaviour.role} {behaviour.version}",
            defect.name,
            defect.what,
            defect.breaks,
            by or f"nothing: {behaviour.reason}",
            suite,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Try, tell, write; gives 0 when all came as it must, 1 when not, 2 for a wrong file or name."""
    parser = argparse.ArgumentParser(prog="python -m ocpp_tck.selftest.behaviour", description=__doc__)
    parser.add_argument("--sut", choices=("cs", "csms"), help="only this role")
    parser.add_argument("--version", choices=VERSIONS, help="only this version")
    parser.add_argument("--only", action="append", default=[], metavar="DEFECT", help="only this defect; repeatable")
    parser.add_argument("--sample", type=float, default=1.0, metavar="P", help="part of the defects, 0 to 1")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which ones")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="products at a time; they mostly wait")
    parser.add_argument("--no-suites", action="store_true", help="only the cases that must show each defect")
    parser.add_argument("--report-dir", type=Path, help="where behaviour.json and behaviour.md go")
    options = parser.parse_args(arguments)

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        chosen = choose(options.sut, options.version, options.only, options.sample, options.seed)
    except BehaviourError as error:
        tell(f"behaviour: {error}")
        return 2
    rights, wrongs, seconds = measure(chosen, options.jobs, tell, suites=not options.no_suites)
    result = part(rights, wrongs, seconds, seed=options.seed, sampled=bool(options.only) or options.sample < 1)
    sys.stdout.write("\n".join(told(result)) + "\n")
    if options.report_dir is not None:
        write_part(result, options.report_dir)
        (options.report_dir / "behaviour.md").write_text(listing(wrongs), encoding="utf-8")
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
