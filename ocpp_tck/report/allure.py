"""allure-results: written from the evidence, so that Allure shows the same verdicts with steps and frames attached."""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING

from allure_commons import model2
from attr import asdict

from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.model import LABELS, NOT_REACHED, NOT_TAKEN
from ocpp_tck.report.text import visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from ocpp_tck.report.model import Case, Cause, FrameRow, ReportModel, Step

_NAMESPACE = uuid.UUID("6f0c7c3e-56ab-5d2b-9c55-0d6d1f1f2b61")
_STATUS = {
    Verdict.PASS: model2.Status.PASSED,
    Verdict.WARN: model2.Status.PASSED,
    Verdict.FAIL: model2.Status.FAILED,
    Verdict.INCONCLUSIVE: model2.Status.BROKEN,
    Verdict.ERROR: model2.Status.BROKEN,
}


def write_allure(model: ReportModel, folder: Path) -> None:
    """Write one result per case with its frames as attachment; the folder is made anew beside, then exchanged."""
    fresh, old = folder.with_name(f".{folder.name}.part"), folder.with_name(f".{folder.name}.old")
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        _write_all(model, fresh)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _write_all(model: ReportModel, folder: Path) -> None:
    for position, case in enumerate(model.cases):
        if not case.superseded:
            _write_case(case, f"{model.run.seed}/{model.run.start}/{position}/{case.key}", model, folder)
    environment = {
        "sut": model.name,
        "role": model.sut.get("role", ""),
        "ocpp": model.sut.get("version", ""),
        "ocpp-tck": model.run.kit_version,
        "seed": str(model.run.seed),
    }
    lines = [f"{name}={visible(value, one_line=True)}\n" for name, value in environment.items()]
    (folder / "environment.properties").write_text("".join(lines), encoding="utf-8")


def _write_case(case: Case, name: str, model: ReportModel, folder: Path) -> None:
    identity = uuid.uuid5(_NAMESPACE, name)
    source = model2.ATTACHMENT_PATTERN.format(prefix=identity, ext="txt")
    (folder / source).write_text("".join(map(_frame_line, case.frames)), encoding="utf-8")
    history = str(uuid.uuid5(_NAMESPACE, f"{case.id}/{case.version}/{case.sut}"))
    result = model2.TestResult(
        uuid=str(identity),
        historyId=history,
        testCaseId=history,
        name=_line(f"{case.id} {case.title}"),
        fullName=_line(case.node),
        status=_STATUS.get(case.verdict, model2.Status.SKIPPED),
        statusDetails=_details(case, model),
        stage="finished",
        description=_line(case.requirements),
        steps=[_step(step) for step in case.steps],
        attachments=[model2.Attachment(name=f"{len(case.frames)} frames", source=source, type="text/plain")],
        parameters=[
            model2.Parameter(name="version", value=_line(case.version)),
            model2.Parameter(name="sut", value=_line(case.sut)),
        ],
        labels=[model2.Label(name=key, value=_line(value)) for key, value in _labels(case)],
        start=_milliseconds(case.start),
        stop=_milliseconds(case.start + case.duration),
    )
    data = asdict(result, filter=lambda _, value: bool(value) or value is False)
    target = folder / model2.TEST_CASE_PATTERN.format(prefix=identity)
    target.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _labels(case: Case) -> list[tuple[str, str]]:
    return [
        ("framework", "ocpp-tck"),
        ("epic", f"OCPP {case.version}"),
        ("feature", case.profile or "case"),
        ("story", case.id),
        ("tag", str(case.verdict)),
        ("tag", case.status),
    ]


def _details(case: Case, model: ReportModel) -> model2.StatusDetails | None:
    """Give the cause, and the history of a case with several attempts: Allure itself would take the last for it."""
    attempts = model.attempts(case)
    history = "\n".join(map(history_line, attempts)) if len(attempts) > 1 else ""
    if case.cause is None and not history:
        return None
    text = f"{LABELS[case.verdict]}, {case.cause.where}: {case.cause.text}" if case.cause else LABELS[case.verdict]
    trace = "\n".join(filter(None, (_trace(case.cause) if case.cause else "", history)))
    return model2.StatusDetails(known=bool(case.known), flaky=case.flaky, message=visible(text), trace=visible(trace))


def _trace(cause: Cause | Step) -> str:
    rows = [
        f"requirement: {cause.requirement}" if cause.requirement else "",
        f"expected: {cause.expected}" if cause.expected else "",
        f"received: {cause.received}" if cause.received else "",
        f"frames: {', '.join(map(str, cause.frames))}" if cause.frames else "",
        getattr(cause, "detail", ""),
    ]
    return "\n".join(filter(None, rows))


def _step(step: Step) -> model2.TestStepResult:
    skipped = step.verdict in {NOT_REACHED, NOT_TAKEN}
    status = model2.Status.SKIPPED if skipped else _STATUS.get(Verdict(step.verdict), model2.Status.SKIPPED)
    message = step.cause or (step.verdict if skipped else "")
    return model2.TestStepResult(
        name=_line(f"{step.n}  {step.text}"),
        status=status,
        statusDetails=model2.StatusDetails(message=visible(message), trace=visible(_trace(step))) if message else None,
        stage="finished",
        start=_milliseconds(step.start),
        stop=_milliseconds(step.start + step.duration),
    )


def _frame_line(frame: FrameRow) -> str:
    arrow = "->" if frame.sender == "kit" else "<-"
    rules = "".join(f"      ! {one.rule} ({one.level}): {visible(one.message)}\n" for one in frame.violations)
    return f"{frame.n:>5} {frame.offset:9.3f} s  kit {arrow} product  {visible(frame.raw, one_line=True)}\n{rules}"


def _line(text: str) -> str:
    return visible(text, one_line=True)


def _milliseconds(time: float) -> int:
    return int(time * 1000)
