"""junit.xml for CI systems: fail becomes failure, inconclusive and kit error error, the rest skipped or passed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ocpp_tck.report.attempts import history_line
from ocpp_tck.report.certification import certification
from ocpp_tck.report.model import LABELS, Cause
from ocpp_tck.report.text import iso, visible
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from ocpp_tck.report.model import Case, ReportModel

_NO_CAUSE = Cause(text="", where="")
_ERRORS = {Verdict.INCONCLUSIVE: "inconclusive", Verdict.ERROR: "kit error"}


def render_junit(model: ReportModel) -> str:
    """Write the report as JUnit XML, valid whatever the product sent."""
    suite = ET.Element("testsuite", name=visible(f"ocpp-tck {model.name}", one_line=True))
    _properties(
        suite,
        {
            "ocpp.kit": model.run.kit_version,
            "ocpp.seed": str(model.run.seed),
            "ocpp.sut": model.sut.get("role", ""),
            "ocpp.version": model.sut.get("version", ""),
            "ocpp.verdict": str(model.verdict),
            "ocpp.certification": certification(model).text,
            **({"ocpp.deviations": " ".join(model.deviations)} if model.deviations else {}),
        },
    )
    kinds = [_case(suite, case, model) for case in model.cases if not case.superseded]
    counts = {kind: str(kinds.count(kind)) for kind in ("failure", "error", "skipped")}
    suite.set("tests", str(len(kinds)))
    suite.set("failures", counts["failure"])
    suite.set("errors", counts["error"])
    suite.set("skipped", counts["skipped"])
    suite.set("time", f"{model.run.duration:.3f}")
    suite.set("timestamp", iso(model.run.start))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, case: Case, model: ReportModel) -> str:
    attempts = model.attempts(case)
    element = ET.SubElement(
        suite,
        "testcase",
        classname=visible(f"ocpp.{case.version}.{case.sut}.{case.profile or 'case'}", one_line=True),
        name=visible(f"{case.id} {case.title}", one_line=True),
        time=f"{case.duration:.3f}",
    )
    _properties(
        element,
        {
            "ocpp.id": case.id,
            "ocpp.version": case.version,
            "ocpp.sut": case.sut,
            "ocpp.profile": case.profile,
            "ocpp.requirements": case.requirements,
            "ocpp.verdict": str(case.verdict),
            "ocpp.status": case.status,
            "ocpp.attempt": str(case.attempt),
            "ocpp.attempts": str(len(attempts)),
            "ocpp.flaky": "true" if case.flaky else "false",
            "ocpp.seed": str(model.seed_of(case)),
            "ocpp.journal": case.journal,
        },
    )
    kind, label = _kind(case)
    if kind:
        message = case.cause.text if case.cause else LABELS[case.verdict]
        result = ET.SubElement(element, kind, message=visible(f"{label}{message}", one_line=True, limit=1000))
        if kind != "skipped":
            result.set("type", _ERRORS.get(case.verdict, "fail"))
        result.text = visible(_evidence(case))
    told = [f"{LABELS[case.verdict]}: {_evidence(case)}"] if case.cause and not kind else []
    told += [f"History: {history_line(one)}" for one in attempts if len(attempts) > 1]
    if told:
        ET.SubElement(element, "system-out").text = visible("\n".join(told))
    return kind


def _kind(case: Case) -> tuple[str, str]:
    """Give the JUnit element for a case, empty for a pass, and what stands before its message."""
    if case.verdict in {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.NONE}:
        return "skipped", f"{LABELS[case.verdict]}: "
    if case.verdict in {Verdict.PASS, Verdict.WARN}:
        return "", ""
    if case.known:
        return "skipped", f"Known deviation ({case.known}): {LABELS[case.verdict]}: "
    if not case.counts:
        return "skipped", f"Does not count ({case.status}): {LABELS[case.verdict]}: "
    return ("failure" if case.verdict is Verdict.FAIL else "error"), ""


def _evidence(case: Case) -> str:
    cause = case.cause or _NO_CAUSE
    rows = [
        cause.text,
        f"where: {cause.where}" if cause.where else "",
        f"requirement: {cause.requirement}" if cause.requirement else "",
        f"expected: {cause.expected}" if cause.expected else "",
        f"received: {cause.received}" if cause.received else "",
        f"frames: {', '.join(map(str, cause.frames))} of {case.journal}" if cause.frames else "",
        cause.detail,
    ]
    return "\n".join(filter(None, rows))


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=visible(value, one_line=True))
