"""The conformance statement: what a vendor hands over. A page of what counts, then the details.

A pure function of the report model and, where the run has been signed, of the signature. `statement_html.py` and
`statement_pdf.py` lay it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.report.blocks import Cell, Section, Table
from ocpp_tck.report.certification import certification
from ocpp_tck.report.chapters import chapters
from ocpp_tck.report.model import LABELS, ORDER
from ocpp_tck.report.profiles import Claim, ProfileResult, Status, overall, profile_results
from ocpp_tck.report.text import moment, seconds
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.report.signature import Signature

NO_CERTIFICATE = (
    "This is not an OCA certificate. The Open Charge Alliance has neither made nor examined it. It says what ocpp-tck, "
    "an independent open test kit, saw the product do in the runs and with the configuration that are named here."
)

TONES = {
    Status.COMPLETE: Verdict.PASS,
    Status.WARNED: Verdict.WARN,
    Status.INCOMPLETE: Verdict.INCONCLUSIVE,
    Status.FAILED: Verdict.FAIL,
    Status.NOT_CLAIMED: Verdict.NOT_APPLICABLE,
    Status.UNTOUCHED: Verdict.NOT_RUN,
}
"""The verdict whose colour a status has."""

_SENTENCES = {
    Status.COMPLETE: "Every claimed profile is complete: each case that applies was decided, and none failed.",
    Status.WARNED: "Every claimed profile is complete, with warnings: only recommendations were broken.",
    Status.INCOMPLETE: "No case failed, but not everything that the claimed profiles ask for was decided.",
    Status.FAILED: "The product broke something mandatory.",
    Status.UNTOUCHED: "Nothing was decided: this run says nothing of the product.",
}
UNSIGNED = "unsigned, unless attestation.json lies beside this file; see Evidence"
ROLES = {"cs": "charging station", "csms": "CSMS"}
_UNTRIED = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.NONE)
_PROBLEMS = 2
"""Problems of the evidence that the first page names."""
_LISTED = 6
"""Ids that the first page names of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A whole statement.

    Attributes:
        product: its name.
        subject: role and OCPP version.
        status: of the product as a whole.
        sentence: the same in words.
        counts: number of cases by verdict.
        facts: names and values of the first page: identity, run, evidence.
        profiles: the table of the profiles.
        figures: the measured times of the first page.
        limits_of_this: what the statement does not cover, in sentences.
        sections: the details.
    """

    product: str
    subject: str
    status: Status
    sentence: str
    counts: tuple[Cell, ...]
    facts: Table
    profiles: Table
    figures: Table
    limits_of_this: tuple[str, ...]
    sections: tuple[Section, ...]


def make_statement(model: ReportModel, signature: Signature | None = None) -> Statement:
    """Make the statement of a run."""
    results = profile_results(model)
    status = overall(results, model)
    totals = model.totals
    return Statement(
        product=model.name,
        subject=f"{ROLES.get(model.sut.get('role', ''), 'product')}, OCPP {model.sut.get('version', '')}",
        status=status,
        sentence=_sentence(status, results),
        counts=tuple(Cell(f"{totals[verdict]} {LABELS[verdict]}", verdict) for verdict in ORDER if totals[verdict]),
        facts=_facts(model, signature),
        profiles=profile_table(results),
        figures=_figures(model),
        limits_of_this=tuple(_excluded(model, results)),
        sections=chapters(model, results, signature),
    )


def _sentence(status: Status, results: tuple[ProfileResult, ...]) -> str:
    failed = [one for result in results for one in result.failed]
    known = {one for result in results for one in result.known}
    if status is Status.FAILED and failed and known.issuperset(failed):
        return f"{_SENTENCES[status]} All of it is known and has a reason, see Known deviations."
    return _SENTENCES[status]


def _facts(model: ReportModel, signature: Signature | None) -> Table:
    run, sut = model.run, model.sut
    named = " ".join(filter(None, (sut.get("vendor", ""), sut.get("model", "")))) or "nothing"
    declared = named + (f", firmware {sut['firmware']}" if sut.get("firmware") else "")
    rows: list[tuple[Cell | str, ...]] = [("Declared", declared), ("Seen on the wire", "; ".join(_seen(model)))]
    rows += [("Certificate", f"{one.subject}, SHA-256 {one.sha256}") for one in model.certificates[-1:]]
    rows += [
        ("Judged by", run.specification[0] if run.specification else f"OCPP {sut.get('version', '')}"),
        ("Run", f"{moment(run.start)}, {seconds(run.duration)}, ocpp-tck {run.kit_version}, seed {run.seed}"),
        ("Security profile", _security_profiles(model)),
        ("Kind of run", certification(model).text),
        ("Evidence", _evidence(model)),
        ("Signature", signature.line if signature else UNSIGNED),
    ]
    return Table((), (22, 78), tuple(rows))


def _security_profiles(model: ReportModel) -> str:
    """Write which security profiles the cases that were tried ran with."""
    tried = [case.security_profile for case in model.cases if case.verdict not in _UNTRIED] or [
        model.run.security_profile
    ]
    found = sorted(set(tried))
    return f"{found[0]}" if len(found) == 1 else f"{', '.join(map(str, found))}; each case with its own, see Cases"


def _seen(model: ReportModel) -> list[str]:
    """Write what the product said of itself at the end, and that it said otherwise before."""
    if not model.identities:
        return ["no BootNotification" if model.sut.get("role") == "cs" else "a CSMS does not name itself in OCPP"]
    last = {one.station: one for one in model.identities}
    told = [
        ", ".join(
            f"{name} {one.fields[name]}" for name in ("vendor", "model", "firmware", "serial") if name in one.fields
        )
        + (f" (station {one.station})" if len(last) > 1 else "")
        for one in list(last.values())[:2]
    ]
    more = len(last) - len(told)
    others = len(model.identities) - len(last)
    if more:
        told.append(f"and {more} more stations")
    return [*told, *((f"otherwise earlier in the run ({others}), see Identity",) if others else ())]


def _evidence(model: ReportModel) -> str:
    journals = model.run.evidence
    if len(journals) == 1:
        return f"{journals[0].file}, {journals[0].records} records, SHA-256 {journals[0].sha256}"
    return f"{len(journals)} journals, {sum(one.records for one in journals)} records, digests under Evidence"


def profile_table(results: tuple[ProfileResult, ...]) -> Table:
    """Write the profiles, one a row."""
    rows = tuple(
        (
            Cell(one.name, "strong"),
            one.claim,
            Cell(one.status.capitalize(), TONES[one.status]),
            str(len(one.passed) + len(one.warned)),
            str(len(one.failed)),
            str(one.open) if one.status is not Status.NOT_CLAIMED else "",
            str(len(one.left_out)),
        )
        for one in results
    )
    head = ("Profile", "Claim", "Verdict", "Passed", "Failed", "Open", "Not applicable")
    return Table(head, (27, 22, 17, 8, 8, 7, 11), rows, frozenset({3, 4, 5, 6}))


def _figures(model: ReportModel) -> Table:
    """Write the times of the first page: boots and reconnections, and the slowest of the answers."""
    rows: list[tuple[Cell | str, ...]] = [
        (one.name, str(one.count), seconds(one.median), seconds(one.p95), seconds(one.longest))
        for one in model.measures
    ]
    answered = sorted((one for one in model.answers if one.count), key=lambda one: (-one.p95, one.action))
    rows += [
        (f"Answer to {one.action}", str(one.count), seconds(one.median), seconds(one.p95), seconds(one.longest))
        for one in answered[:3]
    ]
    return Table(
        ("Measured (slowest answers)", "Count", "Median", "95th percentile", "Worst"),
        (40, 12, 16, 16, 16),
        tuple(rows),
        frozenset({1, 2, 3, 4}),
    )


def _excluded(model: ReportModel, results: tuple[ProfileResult, ...]) -> Iterator[str]:
    """Say what the statement leaves open, most important first."""
    yield from (f"Against the evidence: {problem}" for problem in model.problems[:_PROBLEMS])
    if len(model.problems) > _PROBLEMS:
        yield f"{len(model.problems) - _PROBLEMS} more objections stand under Evidence."
    yield from _named("failed", {one: None for result in results for one in result.failed})
    reasons: dict[str, dict[str, None]] = {}
    for result in results:
        if result.status not in {Status.NOT_CLAIMED, Status.UNTOUCHED}:
            for reason, ids in result.missing.items():
                reasons.setdefault(reason, {}).update(dict.fromkeys(ids))
    for reason, names in reasons.items():
        yield from _named(f"open ({reason})", names)
    yield from _deviating(model)
    for status, words in ((Status.NOT_CLAIMED, "Not claimed"), (Status.UNTOUCHED, "Not examined")):
        left = [one.name for one in results if one.status is status]
        if left:
            yield f"{words}: {', '.join(left)}."
    unasked = [one.name for one in results if one.claim is Claim.UNASKED and one.status is not Status.UNTOUCHED]
    if unasked:
        yield f"No answer of [pics] claims {', '.join(unasked)}: only failures count for the whole."


def _deviating(model: ReportModel) -> Iterator[str]:
    known = sum(bool(case.known) for case in model.cases)
    if known:
        yield f"Deviations that are known, with reasons: {known}, see Known deviations."
    if model.deviations:
        yield f"Known failures that did not come as listed: {len(model.deviations)}, see Known deviations."
    if model.run.selection:
        yield f"The run was limited to: {model.run.selection}."
    if model.declarations:
        names = ", ".join(one.feature for one in model.declarations[:_LISTED])
        yield f"The product contradicts {len(model.declarations)} of its declarations: {names}; see PICS."


def _named(what: str, names: dict[str, None]) -> Iterator[str]:
    if names:
        some = ", ".join(list(names)[:_LISTED])
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        yield f"{len(names)} {'case' if len(names) == 1 else 'cases'} {what}: {some}{more}."
