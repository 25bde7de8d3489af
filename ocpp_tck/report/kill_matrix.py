"""The kill matrix: which mutant of a product fails which step of which case. Shows that the checks can fail.

The input is JSON, a list of objects: `case` and `version` (strings), `step` (number of the step that the mutant is
made for), `mutant` (its name), `killed_by` (number of the step or id of the rule that found it, empty when nothing
did), `verdict` (of the case on that mutant; a warn kills where the step checks a SHOULD) and `seconds`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ocpp_tck.report.markdown import plain
from ocpp_tck.report.text import seconds, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

AT_STEP, BY_RULE, ELSEWHERE, SURVIVED = "killed at its step", "killed by a rule", "killed elsewhere", "survived"
OUTCOMES = (AT_STEP, BY_RULE, ELSEWHERE, SURVIVED)


class KillMatrixError(Exception):
    """The input is wrong; the message names the place and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One run of one case against one mutant."""

    case: str
    version: str
    step: str
    mutant: str
    killed_by: str
    verdict: str
    seconds: float

    @property
    def outcome(self) -> str:
        """What became of it: killed where it should be, by a frame rule, at another step, or not at all."""
        if self.verdict not in {"fail", "warn"} or not self.killed_by:
            return SURVIVED
        if self.killed_by == self.step:
            return AT_STEP
        return BY_RULE if "." in self.killed_by else ELSEWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class KillMatrix:
    """All mutants, and what the suite has that no mutant kills.

    Attributes:
        mutants: in order of case, version, step, name.
        unkilled_cases: `case version` of cases without a killed mutant.
        unkilled_steps: `case version step` of steps without a mutant that is killed at that step or by a rule.
    """

    mutants: tuple[Mutant, ...]
    unkilled_cases: tuple[str, ...]
    unkilled_steps: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of mutants by outcome."""
        seen = Counter(mutant.outcome for mutant in self.mutants)
        return {outcome: seen[outcome] for outcome in OUTCOMES}


def load_mutants(path: Path | str) -> list[Mutant]:
    """Read the results of mutants.

    Raises:
        KillMatrixError: the file is missing, is no JSON, or an entry is wrong.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise KillMatrixError(f"{path}: cannot read it: {problem.strerror}") from problem
    except ValueError as problem:
        raise KillMatrixError(f"{path}: not JSON: {problem}") from problem
    if not isinstance(entries, list):
        raise KillMatrixError(f"{path}: must be a list of mutants")
    return [_mutant(entry, f"{path}: entry {number}") for number, entry in enumerate(entries, start=1)]


def _mutant(entry: Any, place: str) -> Mutant:
    names = {item.name for item in fields(Mutant)}
    if not isinstance(entry, dict) or entry.keys() != names:
        raise KillMatrixError(f"{place}: must have exactly the fields {', '.join(sorted(names))}")
    for name, value in entry.items():
        expected = (int, float) if name == "seconds" else str
        if not isinstance(value, expected) or isinstance(value, bool):
            raise KillMatrixError(f"{place}: {name} must be a {'number' if name == 'seconds' else 'string'}")
    return Mutant(**entry)


def make_matrix(mutants: Iterable[Mutant], steps: Mapping[tuple[str, str], Sequence[str]] | None = None) -> KillMatrix:
    """Join the mutants with the steps that the suite checks.

    Args:
        mutants: results, in any order.
        steps: the checked steps of every implemented case by (case, version); None = those that have mutants.
    """
    ordered = sorted(mutants, key=lambda one: (one.case, one.version, _natural(one.step), one.mutant))
    expected: dict[tuple[str, str], list[str]] = {key: list(value) for key, value in (steps or {}).items()}
    if steps is None:
        for one in ordered:
            expected.setdefault((one.case, one.version), []).append(one.step)
    killed = {(one.case, one.version) for one in ordered if one.outcome != SURVIVED}
    reached = {(one.case, one.version, one.step) for one in ordered if one.outcome in {AT_STEP, BY_RULE}}
    return KillMatrix(
        mutants=tuple(ordered),
        unkilled_cases=tuple(" ".join(key) for key in sorted(expected) if key not in killed),
        unkilled_steps=tuple(
            f"{case} {version} step {step}"
            for (case, version), numbers in sorted(expected.items())
            for step in dict.fromkeys(numbers)
            if (case, version, step) not in reached
        ),
    )


def _natural(step: str) -> tuple[int, str]:
    digits = "".join(character for character in step.partition("-")[0] if character in "0123456789")
    return (int(digits) if digits else 0, step)


def write_kill_matrix(matrix: KillMatrix, folder: Path | str) -> list[Path]:
    """Write kill-matrix.json, kill-matrix.md and kill-matrix.html into a folder; give their paths."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    texts = {
        "kill-matrix.json": render_matrix_json(matrix),
        "kill-matrix.md": render_matrix_markdown(matrix),
        "kill-matrix.html": render_matrix_html(matrix),
    }
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    return [target / name for name in texts]


def render_matrix_json(matrix: KillMatrix) -> str:
    """Write the matrix as JSON."""
    value = {
        "counts": matrix.counts,
        "unkilled_cases": matrix.unkilled_cases,
        "unkilled_steps": matrix.unkilled_steps,
        "mutants": [{**asdict(mutant), "outcome": mutant.outcome} for mutant in matrix.mutants],
    }
    return json.dumps(value, indent=1) + "\n"


def render_matrix_markdown(matrix: KillMatrix) -> str:
    """Write the matrix as Markdown."""
    return "\n".join(_markdown(matrix)) + "\n"


def _markdown(matrix: KillMatrix) -> Iterator[str]:
    total = sum(mutant.seconds for mutant in matrix.mutants)
    yield "# Kill matrix"
    yield ""
    counts = ", ".join(f"{count} {outcome}" for outcome, count in matrix.counts.items())
    yield f"{len(matrix.mutants)} mutants: {counts}; {seconds(total)} in all."
    yield ""
    for title, names in (("Cases", matrix.unkilled_cases), ("Steps", matrix.unkilled_steps)):
        yield f"{title} that no mutant kills: {', '.join(map(plain, names)) or 'none'}."
        yield ""
    yield "| Case | Version | Step | Mutant | Killed by | Outcome | Time |"
    yield "| --- | --- | --- | --- | --- | --- | ---: |"
    for one in matrix.mutants:
        cells = [plain(text) for text in (one.case, one.version, one.step, one.mutant, one.killed_by or "nothing")]
        yield f"| {' | '.join(cells)} | {one.outcome} | {seconds(one.seconds)} |"


def render_matrix_html(matrix: KillMatrix) -> str:
    """Write the matrix as one HTML page without network."""
    environment = Environment(
        loader=PackageLoader("ocpp_tck.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    css = {AT_STEP: "pass", BY_RULE: "pass", ELSEWHERE: "warn", SURVIVED: "fail"}
    return environment.get_template("kill-matrix.html.j2").render(matrix=matrix, css=css, seconds=seconds)
