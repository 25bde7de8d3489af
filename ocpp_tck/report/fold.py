"""Folds the journals of a run into a report model. A pure function of the records."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.earlier import Stretch, stretches
from ocpp_tck.report.attempts import settle
from ocpp_tck.report.declared import mismatches, observations
from ocpp_tck.report.identity import certificates, identities
from ocpp_tck.report.measured import answer_times, measures
from ocpp_tck.report.model import (
    ANONYMISED,
    NOT_REACHED,
    NOT_TAKEN,
    Case,
    Cause,
    Event,
    Evidence,
    FrameRow,
    ReportModel,
    Run,
)
from ocpp_tck.report.model import Step as StepRow
from ocpp_tck.report.model import Violation as ViolationRow
from ocpp_tck.report.operator import told
from ocpp_tck.verdict import Verdict, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocpp_tck.evidence.journal import JournalFile

INTERRUPTED = "The run was interrupted before the case ended."
_OUTSIDE = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)


def fold(journals: Iterable[JournalFile]) -> ReportModel:
    """Make the report model of a run from its journals; a run killed early has fewer cases, or none."""
    files = list(journals)
    cases: list[_Placed] = []
    problems: list[str] = []
    parts = stretches(files)
    for stretch in parts:
        folding = _Folding(stretch)
        for record in stretch.records:
            folding.take(record)
        cases += folding.finish()
        problems += folding.problems
    problems += [
        f"{journal.path.name}: the last record is incomplete: the run was killed while writing it."
        for journal in files
        if journal.torn
    ]
    problems += _unfinished(parts) if parts else [f"{journal.path.name}: it has no records." for journal in files]
    starts = [stretch.started for stretch in parts]
    run, sut = _run(parts, files), dict(starts[0].sut) if starts else {}
    ordered = tuple(settle([case for _, case in sorted(cases, key=lambda placed: placed[0])]))
    told = identities(parts)
    observed = observations(sut.get("version", ""), sut.get("role", ""), ordered)
    return ReportModel(
        run=run,
        sut=sut,
        seen=told[-1].fields if told else {},
        cases=ordered,
        observed=observed,
        declarations=mismatches(run.pics, observed),
        answers=answer_times(parts),
        measures=measures(parts),
        identities=told,
        certificates=certificates(parts),
        problems=(*((ANONYMISED,) if run.anonymised else ()), *_mixed(starts), *problems),
    )


_Placed = tuple[tuple[int, float, str, int], Case]
"""A case with its place in the run: resumption, time, journal, order in the journal."""


def _unfinished(parts: list[Stretch]) -> list[str]:
    """Say which journals of the last start or resumption end before their time."""
    last = max(stretch.started.resumed for stretch in parts)
    return [
        f"{stretch.journal}: the run was {stretch.reason} before its end; the cases after that are missing."
        for stretch in parts
        if stretch.started.resumed == last and stretch.reason
    ]


def _run(parts: list[Stretch], files: list[JournalFile]) -> Run:
    starts = [stretch.started for stretch in parts]
    first = starts[0] if starts else None
    spans: dict[int, tuple[float, float]] = {}
    for stretch in parts:
        times = [record.time for record in (stretch.started, *stretch.records)]
        begin, end = spans.get(stretch.started.resumed, (times[0], times[0]))
        spans[stretch.started.resumed] = (min(begin, *times), max(end, *times))
    numbers = sorted(spans)
    return Run(
        kit_version=first.kit_version if first else "",
        seed=first.seed if first else 0,
        start=spans[numbers[0]][0] if spans else 0.0,
        end=spans[numbers[-1]][1] if spans else 0.0,
        duration=sum(end - begin for begin, end in spans.values()),
        resumed=numbers[-1] if spans else 0,
        limits=first.limits if first else {},
        test_data=first.test_data if first else {},
        pics=first.pics if first else {},
        stations=tuple(sorted({station for start in starts for station in start.stations})),
        catalogue_sha256=first.catalogue_sha256 if first else "",
        environment=first.environment if first else {},
        selection=first.selection if first else "",
        workers=tuple(sorted({start.worker for start in starts})),
        journals=tuple(journal.path.name for journal in files),
        anonymised=any(start.anonymised for start in starts),
        asked=tuple(dict.fromkeys(case for start in starts for case in start.asked)),
        follows=first.follows if first else {},
        retries=first.retries if first else 0,
        certify=bool(starts) and all(start.certify for start in starts),
        objections=tuple(dict.fromkeys(text for start in starts for text in start.objections)),
        evidence=tuple(Evidence(one.path.name, len(one.records), one.head, one.sha256) for one in files),
        specification=first.specification if first else (),
        scope=first.scope if first else {},
        security_profile=first.security_profile if first else 0,
        hardware=first.hardware if first else {},
        token_check=first.token_check if first else "",
    )


def _mixed(starts: list[r.RunStarted]) -> list[str]:
    """Say when the journals are not of one run."""
    mixed = []
    for name in ("kit_version", "seed", "sut", "catalogue_sha256", "limits", "pics", "hardware"):
        values = {json.dumps(getattr(start, name), sort_keys=True, default=dict) for start in starts}
        if len(values) > 1:
            mixed.append(f"The journals do not agree on {name}: {', '.join(sorted(values))}.")
    return mixed


@dataclass(slots=True)
class _Finding:
    """A possible first cause: `order` is the last frame it rests on, then the order of the records."""

    verdict: Verdict
    order: tuple[int, int]
    cause: Cause


@dataclass(slots=True)
class _Open:
    """A case while its records come in."""

    started: r.CaseStarted
    start: float
    ended: r.CaseEnded | None = None
    last_time: float = 0.0
    steps: list[StepRow] = field(default_factory=list)
    running: list[StepRow] = field(default_factory=list)
    frames: list[FrameRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    violations: list[ViolationRow] = field(default_factory=list)
    findings: list[_Finding] = field(default_factory=list)
    interrupted: bool = True


class _Folding:
    """Folds one stretch of a journal, record by record."""

    def __init__(self, stretch: Stretch) -> None:
        self._journal = stretch.journal
        self._profile = stretch.started.security_profile
        self._resumed = stretch.started.resumed
        self._cases: list[_Open] = []
        self._current: _Open | None = None
        self._before: list[r.Record] = []
        self._count = 0
        self._last_frame = 0
        self.problems: list[str] = []

    def take(self, record: r.Record) -> None:
        """Add the next record. Records before the first case belong to the first case."""
        self._count += 1
        if isinstance(record, r.Frame):
            self._last_frame = record.n
        if isinstance(record, r.CaseStarted):
            self._begin(record)
        elif isinstance(record, r.RunEnded):
            self._over(well=not record.reason)
        elif isinstance(record, r.OperatorAsked):
            return
        elif self._current is None:
            self._before.append(record)
        else:
            self._add(self._current, record)

    def finish(self) -> list[_Placed]:
        """Give the cases of the stretch, each with its place in the run."""
        if any(isinstance(record, r.ViolationFound) for record in self._before):
            self.problems.append(f"{self._journal}: rules were broken, but no case ran that could carry the verdict.")
        placed: list[_Placed] = []
        time = -math.inf
        for number, case in enumerate(self._cases):
            time = max(time, case.start)  # the order holds whatever the clock did
            placed.append(((self._resumed, time, self._journal, number), _close(case, self._journal, self._profile)))
        return placed

    def _over(self, *, well: bool) -> None:
        """The last case that began has ended, its teardown too."""
        if self._cases and well:
            self._cases[-1].interrupted = self._cases[-1].ended is None

    def _begin(self, record: r.CaseStarted) -> None:
        self._over(well=True)
        case = _Open(record, record.time, last_time=record.time)
        self._cases.append(case)
        self._current = case
        early, self._before = self._before, []
        for before in early:
            self._add(case, before)

    def _add(self, case: _Open, record: r.Record) -> None:
        case.last_time = max(case.last_time, record.time)
        match record:
            case r.CaseEnded():
                self._end(case, record)
            case r.StepStarted():
                step = StepRow(index=record.index, n=record.n, text=record.text, verdict="", start=record.time)
                case.running.append(step)
                case.events.append(_event(case, record, "step", f"{record.n}  {record.text}"))
            case r.StepEnded():
                self._end_step(case, record)
            case r.Frame():
                case.frames.append(_frame_row(case, record))
            case r.ViolationFound():
                self._violation(case, record)
            case _:
                case.events.append(_described(case, record))

    def _end(self, case: _Open, record: r.CaseEnded) -> None:
        case.ended = record
        verdict = _verdict(record.verdict)
        if verdict in _OUTSIDE and not case.frames and len(self._cases) > 1:
            # nothing was exchanged for it: what follows is still the tail of the case before
            self._current = next((one for one in reversed(self._cases[:-1]) if not _is_outside(one)), case)
        where = record.phase if record.phase != "call" else "case"
        self._finding(case, verdict, record, where, record.detail)

    def _end_step(self, case: _Open, record: r.StepEnded) -> None:
        begun = next((step for step in reversed(case.running) if step.index == record.index), None)
        if begun is not None:
            case.running.remove(begun)
        start = begun.start if begun else record.time
        verdict = NOT_TAKEN if record.verdict in {NOT_TAKEN, str(Verdict.NONE)} else record.verdict
        case.steps.append(
            StepRow(
                index=record.index,
                n=record.n,
                text=record.text,
                verdict=verdict,
                cause=record.cause,
                requirement=record.requirement,
                expected=record.expected,
                received=record.received,
                frames=record.frames,
                start=start,
                duration=max(0.0, record.time - start),
            ),
        )
        self._finding(case, _verdict(record.verdict), record, f"step {record.n}")

    def _finding(
        self,
        case: _Open,
        verdict: Verdict,
        record: r.StepEnded | r.CaseEnded,
        where: str,
        detail: str = "",
    ) -> None:
        if verdict in {Verdict.PASS, Verdict.NONE}:
            return
        cause = Cause(
            text=record.cause or f"{where[:1].upper()}{where[1:]} ended with the verdict {verdict}.",
            where=where,
            requirement=record.requirement,
            expected=record.expected,
            received=record.received,
            frames=record.frames,
            detail=detail,
        )
        rests_on = self._last_frame if record.absence else max(record.frames, default=self._last_frame)
        case.findings.append(_Finding(verdict, (rests_on, self._count), cause))

    def _violation(self, case: _Open, record: r.ViolationFound) -> None:
        violation = ViolationRow(
            rule=record.rule,
            level=record.level,
            frame=record.frame,
            message=record.message,
            spec=record.clause,
            path=record.path,
            sender=record.sender,
            recomputable=record.recomputable,
            time=record.time,
        )
        case.violations.append(violation)
        frame = next((row for row in reversed(case.frames) if row.n == record.frame), None)
        cause = Cause(
            text=record.message,
            where=f"rule {record.rule}",
            requirement=record.clause,
            received=frame.raw if frame else "",
            frames=(record.frame,) if record.frame else (),
        )
        order = (record.frame or self._last_frame, self._count)
        case.findings.append(_Finding(violation.verdict, order, cause))


def _is_outside(case: _Open) -> bool:
    return case.ended is not None and _verdict(case.ended.verdict) in _OUTSIDE and not case.frames


def _verdict(text: str) -> Verdict:
    """Read a verdict; one that this kit does not know is a kit error."""
    try:
        return Verdict(text)
    except ValueError:
        return Verdict.NONE if text == NOT_TAKEN else Verdict.ERROR


def _event(case: _Open, record: r.Record, kind: str, text: str, *, detail: str = "", tone: str = "plain") -> Event:
    return Event(kind=kind, time=record.time, offset=record.time - case.start, text=text, detail=detail, tone=tone)


def _described(case: _Open, record: r.Record) -> Event:
    match record:
        case r.OperatorActed() | r.PromptRenewed() | r.PromptEnded():
            kind, text, detail, tone = told(record)
            return _event(case, record, kind, text, detail=detail, tone=tone)
        case r.ConnectionOpened():
            detail = " · ".join(filter(None, (record.subprotocol, *_agreed(record), record.path)))
            return _event(case, record, "connection", f"{record.station} connected", detail=detail, tone="ok")
        case r.ConnectionRefused():
            text = f"{record.station} refused by {record.by}"
            detail = " · ".join(filter(None, (str(record.status or ""), record.reason)))
            return _event(case, record, "connection", text, detail=detail, tone="bad")
        case r.ConnectionClosed():
            text = f"{record.station} closed by {record.by}"
            return _event(case, record, "connection", text, detail=f"{record.code} {record.reason}".strip())
        case r.FileOffered() | r.FileTransferred():
            return _file_event(case, record)
    return _event(case, record, "remark", _remark(record))


def _remark(record: r.Record) -> str:
    if isinstance(record, r.ClockSet):
        return f"the machine's clock was set, or it slept: it is {record.by:+.0f} s off the kit's own, steady one"
    if isinstance(record, r.ListeningAgain):
        return f"the kit listens again for {record.station}"
    return record.text if isinstance(record, r.Remark) else record.kind


def _file_event(case: _Open, record: r.FileOffered | r.FileTransferred) -> Event:
    """Tell of a place on the kit's file servers, or of what the product did there."""
    size = f"{record.size} bytes" if record.size else ""
    if isinstance(record, r.FileOffered):
        text = f"a place for a {record.direction}: {record.url}"
        return _event(case, record, "file", text, detail=" · ".join(filter(None, (size, record.fault))))
    text = f"{record.direction} of {record.path} over {record.protocol}"
    digest = f"SHA-256 {record.sha256}" if record.sha256 else ""
    detail = " · ".join(filter(None, (size, digest, record.detail, record.peer)))
    return _event(case, record, "file", text, detail=detail, tone="ok" if record.complete else "bad")


def _frame_row(case: _Open, record: r.Frame) -> FrameRow:
    return FrameRow(
        n=record.n,
        time=record.time,
        offset=record.time - case.start,
        connection=record.connection,
        station=record.station,
        sender=record.sender,
        raw=record.raw,
        encoding=record.encoding,
        type=record.type,
        message_id=record.message_id,
        action=record.action,
        malformed=record.malformed,
        step=case.running[-1].index if case.running else 0,
    )


def _close(case: _Open, journal: str, security_profile: int) -> Case:
    started = case.started
    findings = list(case.findings)
    if case.ended is None:
        interrupted = _Finding(Verdict.INCONCLUSIVE, (10**12, 0), Cause(text=INTERRUPTED, where="run"))
        findings.append(interrupted)
        own = Verdict.INCONCLUSIVE
    else:
        own = _verdict(case.ended.verdict)
    verdict = whole(own, [finding.verdict for finding in findings])
    deciding = sorted((one for one in findings if one.verdict is verdict), key=lambda one: one.order)
    by_frame: dict[int, list[ViolationRow]] = {}
    for violation in case.violations:
        by_frame.setdefault(violation.frame, []).append(violation)
    duration = case.ended.duration if case.ended else 0.0
    return Case(
        id=started.case,
        title=started.title,
        version=started.version,
        sut=started.sut,
        profile=started.profile,
        requirements=started.requirements,
        node=started.node,
        station=started.station,
        attempt=started.attempt,
        status=started.status,
        journal=journal,
        verdict=verdict,
        start=case.start,
        duration=duration or max(0.0, (case.ended.time if case.ended else case.last_time) - case.start),
        cause=_whole_cause(deciding) if deciding else None,
        steps=_steps(case, own),
        frames=tuple(replace(row, violations=tuple(by_frame.get(row.n, ()))) for row in case.frames),
        events=tuple(case.events),
        violations=tuple(case.violations),
        interrupted=case.interrupted,
        security_profile=security_profile if started.security_profile is None else started.security_profile,
    )


def _whole_cause(deciding: Sequence[_Finding]) -> Cause:
    """Give the first cause, with the traceback that only the end of the case carries."""
    first = deciding[0].cause
    if first.detail:
        return first
    return replace(first, detail=next((one.cause.detail for one in deciding if one.cause.detail), ""))


def _steps(case: _Open, own: Verdict) -> tuple[StepRow, ...]:
    """Join the planned steps with those that ran, in the order of the plan; a step that ran twice has two rows.

    Several planned steps may have the number of one step of the document: their texts tell them apart.
    """
    ran = sorted([*case.steps, *(_interrupted(step) for step in case.running)], key=lambda step: step.index)
    rows: list[StepRow] = []
    position = 0
    plan = {(str(planned.get("n", "")), str(planned.get("text", ""))) for planned in case.started.plan}

    def meant(row: StepRow, n: str, text: str) -> bool:
        return row.n == n and (row.text == text or (row.n, row.text) not in plan)

    for planned in case.started.plan:
        n, text = str(planned.get("n", "")), str(planned.get("text", ""))
        found = next((at for at in range(position, len(ran)) if meant(ran[at], n, text)), None)
        extra = {"oca": str(planned.get("oca") or ""), "optional": bool(planned.get("optional"))}
        if found is None:
            requirement = str(planned.get("requirement") or "")
            rows.append(StepRow(index=0, n=n, text=text, verdict="", requirement=requirement, **extra))  # type: ignore[arg-type]
            continue
        rows += ran[position:found]
        position = found + 1
        rows.append(replace(ran[found], **extra))  # type: ignore[arg-type]
        while position < len(ran) and meant(ran[position], n, text):
            rows.append(replace(ran[position], **extra))  # type: ignore[arg-type]
            position += 1
    rows += ran[position:]
    last = max((at for at, row in enumerate(rows) if row.verdict), default=-1)
    ended_well = own in {Verdict.PASS, Verdict.WARN}
    return tuple(
        row if row.verdict else replace(row, verdict=NOT_TAKEN if at < last or ended_well else NOT_REACHED)
        for at, row in enumerate(rows)
    )


def _interrupted(step: StepRow) -> StepRow:
    return replace(step, verdict=str(Verdict.INCONCLUSIVE), cause=INTERRUPTED)


def _agreed(record: r.ConnectionOpened) -> tuple[str, ...]:
    """Say what TLS agreed on: version, cipher suite, and whether the other end showed a certificate."""
    shown = "peer certificate" if record.tls.get("certificate") else ""
    return record.tls.get("version", ""), record.tls.get("suite", ""), shown
