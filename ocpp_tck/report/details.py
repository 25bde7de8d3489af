"""What an opened case shows, as JSON that lies inert in the page until somebody opens the case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ocpp_tck.report.sequence import blamed_frames, flow
from ocpp_tck.report.text import seconds, visible

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, Step, Violation

_LONGEST = 4_000


def details_json(case: Case) -> Markup:
    """Write the details of a case as JSON that is safe inside a script element.

    `steps` and `rules` are lists of objects, `flow` the rows of `sequence.flow`, `blamed` the frames of the first
    cause, `product` the name of the product's lifeline. No `<` is in the text, so nothing in it ends the element.
    """
    value = {
        "steps": [_step(case, step) for step in case.steps],
        "rules": [_rule(violation) for violation in case.violations],
        "flow": flow(case),
        "blamed": sorted(blamed_frames(case)),
        "product": {"cs": "Station", "csms": "CSMS"}.get(case.sut, "Product"),
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - JSON without < is text of a script element


def _step(case: Case, step: Step) -> dict[str, Any]:
    told = (step.cause, step.requirement, step.expected, step.received)
    of_case = case.cause
    is_first = of_case is not None and step.cause == of_case.text and of_case.where == f"step {step.n}"
    cause, requirement, expected, received = (visible(text, limit=_LONGEST) for text in told)
    value = {
        "n": visible(step.n, one_line=True),
        "oca": visible(step.oca, one_line=True),
        "text": visible(step.text, one_line=True),
        "optional": step.optional,
        "verdict": visible(str(step.verdict), one_line=True),
        "cause": cause,
        "requirement": requirement,
        "expected": "" if is_first else expected,
        "received": "" if is_first else received,
        "frames": list(step.frames),
        "time": seconds(step.duration) if step.start else "",
    }
    return {name: one for name, one in value.items() if one}


def _rule(violation: Violation) -> dict[str, Any]:
    value = {
        "level": visible(violation.level, one_line=True),
        "verdict": str(violation.verdict),
        "rule": visible(violation.rule, one_line=True),
        "message": visible(violation.message, limit=_LONGEST),
        "spec": visible(violation.spec, one_line=True),
        "path": visible(violation.path, one_line=True),
        "frame": violation.frame,
        "note": " · ".join(_remarks(violation)),
    }
    return {name: one for name, one in value.items() if one}


def _remarks(violation: Violation) -> list[str]:
    told = ["by the kit itself"] if violation.sender != "product" else []
    return told if violation.recomputable else [*told, "rests on a masked value"]
