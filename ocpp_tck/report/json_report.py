"""report.json: the run for machines. Its JSON Schema is `report.schema.json` beside this file."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.certification import certification
from ocpp_tck.report.profiles import profile_results
from ocpp_tck.report.text import iso

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, Cause, ReportModel, Step, Violation
    from ocpp_tck.report.profiles import ProfileResult

FORMAT = 1
"""Version of the format; it grows when a field changes its meaning or goes away."""


def schema() -> dict[str, Any]:
    """Give the published JSON Schema of report.json."""
    text = files("ocpp_tck.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def render_json(model: ReportModel) -> str:
    """Write the report as JSON text in plain ASCII."""
    return json.dumps(as_json(model), indent=1, default=dict) + "\n"


def as_json(model: ReportModel) -> dict[str, Any]:
    """Give the report as plain JSON values."""
    run, certified = model.run, certification(model)
    return {
        "format": FORMAT,
        "verdict": str(model.verdict),
        "sut": {**model.sut, "seen": dict(model.seen)},
        "run": {
            "kit_version": run.kit_version,
            "seed": run.seed,
            "started": iso(run.start),
            "ended": iso(run.end),
            "duration_s": _seconds(run.duration),
            "limits": dict(run.limits),
            "test_data": run.test_data,
            **({"token_check": run.token_check} if run.token_check else {}),
            "pics": dict(run.pics),
            "stations": list(run.stations),
            "workers": list(run.workers),
            "journals": list(run.journals),
            "resumed": run.resumed,
            "selection": run.selection,
            "evidence": [
                {"file": one.file, "records": one.records, "head": one.head, "sha256": one.sha256}
                for one in run.evidence
            ],
            "catalogue_sha256": run.catalogue_sha256,
            "specification": list(run.specification),
            "scope": {profile: dict(statuses) for profile, statuses in run.scope.items()},
            "security_profile": run.security_profile,
            "station": dict(run.hardware),
            "environment": dict(run.environment),
            "asked": list(run.asked),
            "follows": dict(run.follows),
            "retries": run.retries,
            "parts": [
                {
                    "name": part.name,
                    "source": part.source,
                    "started": iso(part.start),
                    "ended": iso(part.end),
                    "seed": part.seed,
                    "kit_version": part.kit_version,
                    "selection": part.selection,
                    "firmware": list(part.firmware),
                    "totals": dict(part.totals),
                    "journals": dict(part.journals),
                    "security_profile": part.security_profile,
                }
                for part in run.parts
            ],
        },
        "certification": {
            "asked": certified.was_asked,
            "holds": certified.holds,
            "objections": list(certified.objections),
        },
        "totals": model.totals,
        "problems": list(model.problems),
        "deviations": list(model.deviations),
        "declarations": [
            {
                "feature": one.feature,
                "declared": one.declared,
                "shown": one.shown,
                "case": one.case,
                "frame": one.frame,
            }
            for one in model.declarations
        ],
        "profiles": [_profile(one) for one in profile_results(model)],
        "cases": [_case(case) for case in model.cases],
        "answer_times": [
            {
                "action": answer.action,
                "count": answer.count,
                "unanswered": answer.unanswered,
                "median_s": _seconds(answer.median),
                "p95_s": _seconds(answer.p95),
                "longest_s": _seconds(answer.longest),
            }
            for answer in model.answers
        ],
        "measures": [
            {
                "name": one.name,
                "from": one.start,
                "to": one.end,
                "count": one.count,
                "median_s": _seconds(one.median),
                "p95_s": _seconds(one.p95),
                "longest_s": _seconds(one.longest),
            }
            for one in model.measures
        ],
    }


def _profile(result: ProfileResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "claim": str(result.claim),
        "status": str(result.status),
        "passed": list(result.passed),
        "warned": list(result.warned),
        "failed": list(result.failed),
        "known": list(result.known),
        "not_applicable": list(result.left_out),
        "open": {reason: list(ids) for reason, ids in result.missing.items()},
        "notes": list(result.notes),
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "title": case.title,
        "version": case.version,
        "sut": case.sut,
        "profile": case.profile,
        "requirements": case.requirements,
        "verdict": str(case.verdict),
        "counts": case.counts,
        "status": case.status,
        "attempt": case.attempt,
        "superseded": case.superseded,
        "interrupted": case.interrupted,
        "flaky": case.flaky,
        "run": case.run,
        "firmware": case.firmware,
        "security_profile": case.security_profile,
        "known": case.known,
        "started": iso(case.start),
        "duration_s": _seconds(case.duration),
        "station": case.station,
        "node": case.node,
        "journal": case.journal,
        "cause": _cause(case.cause) if case.cause else None,
        "steps": [_step(step) for step in case.steps],
        "violations": [_violation(violation) for violation in case.violations],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "where": cause.where,
        "text": cause.text,
        "requirement": cause.requirement,
        "expected": cause.expected,
        "received": cause.received,
        "frames": list(cause.frames),
        "detail": cause.detail,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "n": step.n,
        "text": step.text,
        "verdict": step.verdict,
        "cause": step.cause,
        "requirement": step.requirement,
        "expected": step.expected,
        "received": step.received,
        "frames": list(step.frames),
        "duration_s": _seconds(step.duration),
    }


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "rule": violation.rule,
        "level": violation.level,
        "frame": violation.frame,
        "message": violation.message,
        "spec": violation.spec,
        "path": violation.path,
        "sender": violation.sender,
        "recomputable": violation.recomputable,
    }


def _seconds(value: float) -> float:
    return round(value, 6)
