"""The chapters of the conformance statement behind its first page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.blocks import Cell, Section, Table
from ocpp_tck.report.model import LABELS
from ocpp_tck.report.profiles import Status
from ocpp_tck.report.text import moment, seconds
from ocpp_tck.settings import Limits, TestData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocpp_tck.report.model import Case, ReportModel
    from ocpp_tck.report.profiles import ProfileResult
    from ocpp_tck.report.signature import Signature

MOST = 2000
"""Cases that are listed; the rest stands in report.json."""
_IDS = 60
"""Ids of one row."""
_NAMED = (30, 70)

_MEANING = (
    ("Pass", "every mandatory step of the case and every mandatory rule for its frames held"),
    ("Warning", "the same, but a recommendation was broken"),
    ("Fail", "the product broke a mandatory step or rule, or lost the connection while it owed an answer"),
    ("Inconclusive", "the state to be tested was not reached: neither for nor against the product"),
    ("Not run", "something was missing that the case needs: an answer of [pics], a driver, a transport"),
    ("Not applicable", "the product does not have, by its declaration, what the case tests"),
    ("Kit error", "the kit failed; it says nothing of the product"),
)


def chapters(
    model: ReportModel, results: tuple[ProfileResult, ...], signature: Signature | None
) -> tuple[Section, ...]:
    """Give the chapters in their order."""
    return (
        _profiles(results),
        _cases(model),
        _known(model),
        _declared(model),
        _performance(model),
        _limits(model),
        _identity(model),
        _run(model),
        _evidence(model, signature),
        Section("meaning", "How to read this", _READING, (Table((), (20, 80), _MEANING),)),
    )


_READING = (
    (
        "A profile is complete when every case of it that applies was decided and none failed. A case is open, and "
        "keeps its profile from being complete, when the kit does not have it yet, it was not selected, it could not "
        "be decided, it counts as draft or disputed, or it was left out on a declaration that the product contradicts. "
        "A known failure stays a failure here."
    ),
    (
        "A pass means that the product did, in this run and with this configuration, what the steps of the case and "
        "the frame rules check. It does not mean that the product is certified, nor that it is right where nothing was "
        "checked."
    ),
)


def _profiles(results: tuple[ProfileResult, ...]) -> Section:
    rows: list[tuple[Cell | str, ...]] = []
    for one in results:
        name = Cell(one.name, "strong")
        said = [("failed", one.failed), ("passed with a warning", one.warned), ("not applicable", one.left_out)]
        said += [
            (f"open, {reason}", ids) for reason, ids in one.missing.items() if one.status is not Status.NOT_CLAIMED
        ]
        found = [(what, ids) for what, ids in said if ids]
        for what, ids in found:
            shown = [f"{each} (known)" if each in one.known and what == "failed" else each for each in ids]
            for start in range(0, len(shown), _IDS):
                told = f"{len(ids)} {what}" if not start else ""
                rows.append((name, told, Cell(", ".join(shown[start : start + _IDS]), "list")))
                name = Cell("")
        for note in one.notes:
            rows.append((name, "note", note))
            name = Cell("")
        if name.text:
            rows.append((name, one.status.capitalize(), f"all {len(one.passed)} cases passed" if one.passed else ""))
    table = Table(("Profile", "What", "Cases"), (22, 26, 52), tuple(rows))
    return Section("profiles", "Profiles in detail", (), (table,) if rows else ())


def _cases(model: ReportModel) -> Section:
    profiles = {case.security_profile for case in model.cases}
    rows = tuple(_case(case, differing=len(profiles) > 1) for case in model.cases[:MOST])
    text = [f"With security profile {profile}." for profile in profiles] if len(profiles) == 1 else []
    if len(model.cases) > MOST:
        text.append(f"The first {MOST} of {len(model.cases)} cases; the rest stands in report.json.")
    table = Table(("Case", "Verdict", "Title and first cause"), (19, 14, 67), rows)
    return Section("cases", "Cases", tuple(text) if rows else ("No case was run.",), (table,) if rows else ())


def _case(case: Case, *, differing: bool) -> tuple[Cell | str, ...]:
    told = [case.title]
    if case.cause:
        where = f" ({case.cause.requirement})" if case.cause.requirement else ""
        told.append(f"{case.cause.where}: {case.cause.text}{where}")
    marks = [f"with security profile {case.security_profile}"] if differing else []
    marks += [case.status + ", does not count"] if case.status != "implemented" else []
    marks += ["made again, does not count"] if case.superseded else []
    marks += ["known deviation"] if case.known else []
    marks += [f"attempt {case.attempt}"] if case.attempt > 1 else []
    return Cell(case.id, "code"), Cell(LABELS[case.verdict], case.verdict), "\n".join([*told, *marks])


def _known(model: ReportModel) -> Section:
    rows = tuple(
        (Cell(case.id, "code"), Cell(LABELS[case.verdict], case.verdict), case.known)
        for case in model.cases
        if case.known
    )
    text = (*(() if rows else ("None was given.",)), *model.deviations)
    return Section(
        "known", "Known deviations", text, (Table(("Case", "Verdict", "Reason"), (19, 14, 67), rows),) if rows else ()
    )


def _declared(model: ReportModel) -> Section:
    seen: dict[str, list[str]] = {}
    for one in model.observed:
        seen.setdefault(one.feature, []).append(
            f"{'yes' if one.there else 'no'}: {one.shown} ({one.case}, frame {one.frame})"
        )
    against = {one.feature for one in model.declarations}
    rows = tuple(
        (
            Cell(feature, "code"),
            {True: "yes", False: "no", None: "not answered"}[model.run.pics.get(feature)],
            Cell("\n".join(seen.get(feature, ["not observed"])), "warn" if feature in against else ""),
        )
        for feature in sorted(model.run.pics.keys() | seen.keys())
    )
    table = Table(("Feature of [pics]", "Declared", "Observed"), (30, 14, 56), rows)
    text = "What the vendor declared, and what the product's own messages showed; 'not observed' is neither yes nor no."
    if model.sut.get("version") != "1.6":
        text += " Features are read off the messages of OCPP 1.6 only."
    return Section(
        "pics",
        "Declared and observed (PICS)",
        (text,) if rows else ("Nothing was declared.",),
        (table,) if rows else (),
    )


def _performance(model: ReportModel) -> Section:
    answers = tuple(
        (
            Cell(one.action, "code"),
            str(one.count),
            str(one.unanswered or ""),
            *((seconds(one.median), seconds(one.p95), seconds(one.longest)) if one.count else ("", "", "")),
        )
        for one in model.answers
    )
    spans = tuple(
        (
            f"{one.name}: from {one.start}, to {one.end}",
            str(one.count),
            "",
            seconds(one.median),
            seconds(one.p95),
            seconds(one.longest),
        )
        for one in model.measures
    )
    head = ("Count", "Unanswered", "Median", "95th percentile", "Worst")
    widths, numbers = (40, 9, 13, 12, 14, 12), frozenset({1, 2, 3, 4, 5})
    tables = [Table(("From and to", *head), widths, spans, numbers)] if spans else []
    tables += [Table(("Answer to", *head), widths, answers, numbers)] if answers else []
    text = (
        "Times by the clock of the kit, network included. An answer is measured from the kit's CALL, sent, to the "
        "product's CALLRESULT or CALLERROR, received. The 95th percentile is by nearest rank."
    )
    return Section(
        "performance", "Measured performance", (text,) if tables else ("Nothing was measured.",), tuple(tables)
    )


def _limits(model: ReportModel) -> Section:
    limits = _with_defaults(model.run.limits, Limits(), " s")
    data = _with_defaults(model.run.test_data, TestData(), "")
    tables = tuple(
        Table((name, "Used", "Default of the kit"), (40, 30, 30), rows)
        for name, rows in (("Time limit", limits), ("Test data", data))
        if rows
    )
    return Section("limits", "Limits and test data", ("What differs from the kit's default is marked.",), tables)


def _with_defaults(values: Mapping[str, Any], default: object, unit: str) -> tuple[tuple[Cell | str, ...], ...]:
    rows: list[tuple[Cell | str, ...]] = []
    for name, value in values.items():
        usual = getattr(default, name, None)
        masked = isinstance(value, str) and (value.startswith("<token:") or "***" in value)
        is_usual = value == usual or masked
        used = _plain(value) + unit
        rows.append(
            (
                Cell(name, "code"),
                Cell(used, "" if is_usual else "warn"),
                "" if masked or usual is None else _plain(usual) + unit,
            )
        )
    return tuple(rows)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, default=dict, ensure_ascii=False)


def _identity(model: ReportModel) -> Section:
    tables = [_pairs({"vendor, declared": model.sut.get("vendor", ""), "model, declared": model.sut.get("model", "")})]
    boots = tuple(
        (
            one.station,
            *(one.fields.get(name, "") for name in ("vendor", "model", "firmware", "serial")),
            moment(one.time),
        )
        for one in model.identities[-MOST:]
    )
    if boots:
        head = ("Station", "Vendor", "Model", "Firmware", "Serial", "Last told")
        tables.append(Table(head, (16, 17, 17, 17, 15, 18), boots))
    certificates = tuple(
        (
            "\n".join(filter(None, (one.subject, f"issued by {one.issuer}", f"until {one.until}"))),
            one.tls,
            Cell(one.sha256, "code"),
        )
        for one in model.certificates[:MOST]
    )
    if certificates:
        tables.append(Table(("Certificate shown", "TLS", "SHA-256 fingerprint"), (40, 22, 38), certificates))
    text = [] if boots else ["The product sent no BootNotification that could be read."]
    if model.sut.get("role") == "csms":
        text = ["A CSMS does not tell its name, version or serial number in OCPP."]
    if not certificates:
        text.append("No certificate of the product was seen.")
    return Section("identity", "Identity", tuple(text), tuple(tables))


def _run(model: ReportModel) -> Section:
    run = model.run
    facts = {
        "kit": f"ocpp-tck {run.kit_version}",
        "seed": str(run.seed),
        "begun": moment(run.start),
        "ended": moment(run.end),
        "ran for": seconds(run.duration),
        "resumed": str(run.resumed) if run.resumed else "",
        "selection": run.selection or "all cases",
        "stations": ", ".join(run.stations),
        "security profile at the start": "\n".join(f"{one.security_profile} in {one.name}" for one in run.parts)
        or str(run.security_profile),
        "catalogue, SHA-256": run.catalogue_sha256,
        "judged by": "\n".join(run.specification),
        **run.environment,
    }
    return Section("run", "Run and environment", (), (_pairs(facts),))


def _evidence(model: ReportModel, signature: Signature | None) -> Section:
    rows = tuple(
        (one.file, str(one.records), Cell(f"file {one.sha256}\nchain {one.head}", "code")) for one in model.run.evidence
    )
    tables = (Table(("Journal", "Records", "SHA-256 of the file, and last hash of its chain"), (22, 10, 68), rows),)
    text = list(model.problems)
    if signature is None:
        text.append(
            "This file carries no signature of its own. Where attestation.json lies beside it, that covers it too."
        )
    else:
        text.append(f"Signature: {signature.line}.")
    text.append("The command ocpp-tck verify checks digests, chain and signature.")
    return Section("evidence", "Evidence", tuple(text), tables)


def _pairs(values: Mapping[str, str]) -> Table:
    return Table((), _NAMED, tuple((Cell(name, "quiet"), value) for name, value in values.items() if value))
