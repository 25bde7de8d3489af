"""ctrf.json: the Common Test Report Format (https://ctrf.io), version 1.0.0.

What was not decided is neither passed nor failed: inconclusive cases and kit errors are `other`, with the verdict of
the kit as `rawStatus`. A flaky case has the status of its worst attempt.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.model import LABELS
from ocpp_tck.report.text import iso, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, ReportModel

SPECIFICATION = "1.0.0"
_NAMESPACE = uuid.UUID("3c6ad6a2-54a5-5c3f-9d5b-6f1d0f0f7a11")
_STATUS = {
    Verdict.PASS: "passed",
    Verdict.WARN: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "other",
    Verdict.ERROR: "other",
}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")


def render_ctrf(model: ReportModel) -> str:
    """Write the report as CTRF, in plain ASCII; the same journals give the same bytes."""
    return json.dumps(as_ctrf(model), indent=1) + "\n"


def as_ctrf(model: ReportModel) -> dict[str, Any]:
    """Give the report as CTRF in plain JSON values."""
    run = model.run
    name = f"{run.seed}/{run.start}/{run.journals}"
    deciding = [case for case in model.cases if not case.superseded]
    tests = [_test(case, model) for case in deciding]
    summary: dict[str, Any] = {status: sum(one["status"] == status for one in tests) for status in _STATUSES}
    return {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "reportId": str(uuid.uuid5(_NAMESPACE, name)),
        "runId": str(uuid.uuid5(_NAMESPACE, f"run/{name}")),
        **({"timestamp": iso(run.end)} if iso(run.end) else {}),
        "generatedBy": "ocpp-tck",
        "results": {
            "tool": {"name": "ocpp-tck", "version": run.kit_version},
            "summary": {
                "tests": len(tests),
                **summary,
                "flaky": sum(case.flaky for case in deciding),
                "start": _milliseconds(run.start),
                "stop": _milliseconds(run.end),
                "duration": _milliseconds(run.duration),
                "extra": {
                    "verdict": str(model.verdict),
                    **model.totals,
                    "deviations": [visible(one, one_line=True) for one in model.deviations],
                },
            },
            "tests": tests,
            "environment": {
                "appName": visible(model.name, one_line=True),
                **({"appVersion": visible(version, one_line=True)} if (version := _software(model)) else {}),
                "extra": {
                    "role": model.sut.get("role", ""),
                    "ocpp": model.sut.get("version", ""),
                    "seed": run.seed,
                    "selection": visible(run.selection, one_line=True),
                },
            },
        },
    }


def _software(model: ReportModel) -> str:
    return model.seen.get("firmware", "") or model.sut.get("firmware", "")


def _test(case: Case, model: ReportModel) -> dict[str, Any]:
    attempts = model.attempts(case)
    test: dict[str, Any] = {
        "name": visible(f"{case.id} {case.title}", one_line=True),
        "testId": f"{case.id}/{case.version}/{case.sut}",
        "status": _status(case),
        "rawStatus": raw_status(case),
        "duration": _milliseconds(case.duration),
        "start": _milliseconds(case.start),
        "stop": _milliseconds(case.start + case.duration),
        "suite": [f"OCPP {case.version}", case.sut, visible(case.profile or "case", one_line=True)],
        "type": "conformance",
        "filePath": visible(case.node.partition("::")[0], one_line=True),
        "flaky": case.flaky,
        "labels": {
            "ocpp.id": case.id,
            "ocpp.profile": visible(case.profile, one_line=True),
            "ocpp.requirements": visible(case.requirements, one_line=True),
            "ocpp.verdict": str(case.verdict),
            "ocpp.counts": case.counts,
            "ocpp.seed": model.seed_of(case),
        },
        **_evidence(case),
    }
    if len(attempts) > 1:
        test["retries"] = len(attempts) - 1
        test["retryAttempts"] = [_attempt(one) for one in attempts]
    return test


def _attempt(case: Case) -> dict[str, Any]:
    return {
        "attempt": case.attempt,
        "status": _status(case),
        "duration": _milliseconds(case.duration),
        "start": _milliseconds(case.start),
        "stop": _milliseconds(case.start + case.duration),
        **_evidence(case),
        "extra": {
            "verdict": str(case.verdict),
            "run": case.run,
            "firmware": visible(case.firmware, one_line=True),
            "security_profile": case.security_profile,
        },
    }


def _status(case: Case) -> str:
    if case.known or (case.status in {"draft", "disputed"} and not case.counts and not case.superseded):
        return "skipped"
    return _STATUS.get(case.verdict, "skipped")


def raw_status(case: Case) -> str:
    """Give the verdict with what takes its force away, in words."""
    notes = (("known", case.known), ("flaky", case.flaky), (case.status, case.status != "implemented"))
    return ", ".join((str(case.verdict), *(note for note, holds in notes if holds)))


def _evidence(case: Case) -> dict[str, str]:
    cause = case.cause
    if cause is None:
        return {}
    rows = {
        "where": cause.where,
        "requirement": cause.requirement,
        "expected": cause.expected,
        "received": cause.received,
        "frames": ", ".join(map(str, cause.frames)),
        "detail": cause.detail,
    }
    return {
        "message": visible(f"{LABELS[case.verdict]}: {cause.text}"),
        "trace": visible("\n".join(f"{name}: {value}" for name, value in rows.items() if value)),
    }


def _milliseconds(time: float) -> int:
    return int(time * 1000)
