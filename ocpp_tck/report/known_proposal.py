"""`ocpp-tck known`: a file of known failures, proposed from a run.

The reasons are left empty, and the kit does not read a file without them: only a person can say why. The cause of an
entry is as narrow as can be the same in every run, so that it excuses no other one at the same step.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ocpp_tck.report.known_cause import narrowest
from ocpp_tck.report.text import visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.report.model import Case, ReportModel

_PROPOSED = (Verdict.FAIL, Verdict.INCONCLUSIVE)
_LONGEST = 200


def propose(model: ReportModel, *, strict: bool = False) -> str:
    """Write the file, TOML.

    Args:
        model: the run.
        strict: also for warnings, which fail a run that is strict.
    """
    return "\n".join(_lines(model, (*_PROPOSED, Verdict.WARN) if strict else _PROPOSED)) + "\n"


def proposed(model: ReportModel, *, strict: bool = False) -> int:
    """Give how many entries there are."""
    verdicts = (*_PROPOSED, Verdict.WARN) if strict else _PROPOSED
    return sum(_is_proposed(case, verdicts) for case in model.cases)


def _is_proposed(case: Case, verdicts: tuple[Verdict, ...]) -> bool:
    return case.counts and case.verdict in verdicts and not case.interrupted


def _lines(model: ReportModel, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    yield f"# Known failures of {_comment(model.name)}, OCPP {_comment(model.sut.get('version', ''))}."
    yield "# Write a reason into each entry, or remove the entry: what is not listed fails the run."
    for case in model.cases:
        if case.counts and (case.verdict is Verdict.ERROR or case.interrupted):
            why = "a kit error says nothing of the product" if case.verdict is Verdict.ERROR else "it was interrupted"
            yield ""
            yield f"# {_comment(case.id)} is left out: {why}; run it again."
        elif _is_proposed(case, verdicts):
            yield ""
            yield from _entry(case)


def _entry(case: Case) -> Iterator[str]:
    cause = case.cause
    yield f"# {_comment(case.title)}" + (f": {_comment(cause.text)}" if cause else "")
    yield "[[known]]"
    yield f"case = {_text(case.id)}"
    yield f"version = {_text(case.version)}"
    yield f"verdict = {_text(case.verdict)}"
    if parts := narrowest(case):
        yield "cause = ["
        yield from (f"  {_text(part)}," for part in parts)
        yield "]"
    if case.flaky:
        yield "flaky = true"
    yield "# expires = 2099-12-31"
    yield 'reason = ""'


def _comment(text: str) -> str:
    return visible(text, one_line=True, limit=_LONGEST)


def _text(text: str) -> str:
    return json.dumps(visible(str(text), one_line=True), ensure_ascii=False)
