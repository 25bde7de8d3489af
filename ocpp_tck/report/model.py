"""What the reports show, as frozen values. `fold.py` makes it from journals; the writers only read it.

Times are seconds since the Unix epoch, durations are seconds, both from the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import Any

from ocpp_tck.report.causes import grouped
from ocpp_tck.report.identity import Identity, PeerCertificate  # noqa: TC001 - read at run time by dataclasses
from ocpp_tck.report.measured import AnswerTime, Measure  # noqa: TC001 - as above
from ocpp_tck.verdict import Verdict, worst

ANONYMISED = "This evidence was anonymised after the run: ids, tokens, serial numbers and addresses are pseudonyms."
"""Stands among the problems of such a run, and is none that could hide anything."""
NOT_REACHED = "not reached"
"""A planned step that the case ended before."""
NOT_TAKEN = "not taken"
"""A planned step that did not apply in this run of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule broken in this case; see `evidence.records.ViolationFound`. `spec` is the clause."""

    rule: str
    level: str
    frame: int
    message: str
    spec: str
    path: str
    sender: str
    recomputable: bool
    time: float

    @property
    def verdict(self) -> Verdict:
        """What it does to its case: a must fails it, a should warns; what the kit itself broke is a kit error."""
        if self.sender != "product":
            return Verdict.ERROR
        return Verdict.FAIL if self.level == "must" else Verdict.WARN


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a row of the report.

    Attributes:
        verdict: a verdict, `not reached` or `not taken`.
        oca: the step's number in the OCA document where the document misnumbers it.
        start: time of its begin, 0 when it did not begin.
    """

    index: int
    n: str
    text: str
    verdict: str
    cause: str = ""
    requirement: str = ""
    expected: str = ""
    received: str = ""
    frames: tuple[int, ...] = ()
    oca: str = ""
    optional: bool = False
    start: float = 0.0
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRow:
    """One frame.

    Attributes:
        offset: seconds since the start of the case.
        step: index of the step that ran when the frame passed, 0 outside steps.
    """

    n: int
    time: float
    offset: float
    connection: str
    station: str
    sender: str
    raw: str
    encoding: str
    type: str
    message_id: str
    action: str
    malformed: bool
    step: int
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something beside the frames: `kind` is operator, connection, file, remark or step; `tone` is ok, bad or plain."""

    kind: str
    time: float
    offset: float
    text: str
    detail: str = ""
    tone: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The first cause of a verdict.

    Attributes:
        text: one sentence.
        where: `step 3`, `rule schema.request`, `setup`, `teardown`, `case` or `run`.
        frames: the frames that show it.
        detail: traceback of a kit error.
    """

    text: str
    where: str
    requirement: str = ""
    expected: str = ""
    received: str = ""
    frames: tuple[int, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attempt at one case, with its final verdict.

    Attributes:
        journal: file name of the journal that holds it; frame numbers count within a journal.
        cause: first cause, the earliest in frame order; None for a pass.
        status: catalogue status: implemented, draft or disputed.
        interrupted: the run was killed, or ended early, before the teardown of this attempt was over.
        superseded: another attempt at the case decides, see `attempts.py`.
        flaky: attempts that judged the same product came to different verdicts; the worst decides.
        run: name of the run in a report of several runs; empty in the report of one.
        firmware: software version of the product when this attempt began; empty when nothing told it, and where the
            report is of one run.
        known: reason from the file of known failures; empty when none applies.
        security_profile: in use when this attempt began.
    """

    id: str
    title: str
    version: str
    sut: str
    profile: str
    requirements: str
    node: str
    station: str
    attempt: int
    status: str
    journal: str
    verdict: Verdict
    start: float
    duration: float
    cause: Cause | None
    steps: tuple[Step, ...]
    frames: tuple[FrameRow, ...]
    events: tuple[Event, ...]
    violations: tuple[Violation, ...]
    interrupted: bool = False
    superseded: bool = False
    flaky: bool = False
    run: str = ""
    firmware: str = ""
    known: str = ""
    security_profile: int = 0

    @property
    def key(self) -> str:
        """Unique within a report; fit for anchors and file names after escaping."""
        return f"{self.id}-{self.version}-{self.sut}-{self.attempt}"

    @property
    def same(self) -> tuple[str, str, str]:
        """Give what all attempts at the case have in common: OCA id, OCPP version, role."""
        return self.id, self.version, self.sut

    @property
    def counts(self) -> bool:
        """Whether the verdict counts: draft and disputed cases do not, nor does an attempt where another decides.

        A kit error always counts.
        """
        if self.superseded:
            return False
        return self.status not in {"draft", "disputed"} or self.verdict is Verdict.ERROR


@dataclass(frozen=True, slots=True)
class Evidence:
    """One journal: file name, number of records, last hash of its chain, SHA-256 of the file."""

    file: str
    records: int
    head: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the runs of which a report of several is made.

    Attributes:
        name: its folder below `runs/`, unique there.
        source: name of the folder that it came from.
        firmware: software versions of the product in the order in which they were seen.
        journals: SHA-256 of each journal by file name.
        security_profile: when it began.
    """

    name: str
    source: str
    start: float
    end: float
    seed: int
    kit_version: str
    selection: str
    firmware: tuple[str, ...]
    totals: Mapping[str, int]
    journals: Mapping[str, str]
    security_profile: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run itself; see `evidence.records.RunStarted`.

    Attributes:
        end: when it ended, at last if it was resumed.
        duration: seconds that it ran, without the pauses before it was resumed.
        resumed: how often it was resumed.
        workers: one name per journal.
        anonymised: whether the journals were anonymised after the run.
        asked: ids of the cases that it was begun with; empty when its kit did not record them.
        follows: the run that its cases were chosen from; empty for a run of its own.
        retries: how often a case that failed or was inconclusive was run again at most.
        certify: whether it was asked for as a certification run.
        objections: what stood against that when it began.
        parts: the runs of a report of several, the earliest first; empty for the report of one.
        security_profile: when it began.
        hardware: EVSEs and connectors that exist, `[station]`.
        token_check: check value of the tokens of `[test_data]`; empty when it is not known.
    """

    kit_version: str
    seed: int
    start: float
    end: float
    duration: float
    limits: Mapping[str, float]
    test_data: Mapping[str, Any]
    pics: Mapping[str, bool]
    stations: tuple[str, ...]
    catalogue_sha256: str
    environment: Mapping[str, str]
    selection: str
    workers: tuple[str, ...]
    journals: tuple[str, ...]
    resumed: int = 0
    anonymised: bool = False
    asked: tuple[str, ...] = ()
    follows: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    certify: bool = False
    objections: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    specification: tuple[str, ...] = ()
    scope: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    security_profile: int = 0
    hardware: Mapping[str, Any] = field(default_factory=dict)
    token_check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A feature that the product shows to be there, or not to be; the other fields as of `Declaration`."""

    feature: str
    there: bool
    shown: str
    key: str
    case: str
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """An answer of `[pics]` that the product contradicts.

    Attributes:
        feature: its id in `[pics]`.
        declared: the answer.
        shown: what contradicts it, in words; the product is "it".
        key: the case that holds the frame, see `Case.key`; `case` is its OCA id.
        frame: the frame that shows it.
    """

    feature: str
    declared: bool
    shown: str
    key: str
    case: str
    frame: int

    @property
    def text(self) -> str:
        """One sentence with the mend."""
        said = "declared" if self.declared else "declared as missing"
        return (
            f"[pics] {self.feature} is {said}, but {self.shown} ({self.case}, frame {self.frame}): "
            "correct the declaration, or the product."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModel:
    """A whole run.

    Attributes:
        sut: role, version, vendor, model as declared.
        seen: what the product said of itself: the fields of its last BootNotification.
        cases: in the order in which they began.
        answers: by action, in alphabetical order.
        problems: what is wrong with the evidence, in words.
        deviations: known failures that did not come as listed; each fails the run.
        declarations: what the product contradicts of `[pics]`; each is a warning of the run.
        observed: what the frames show of the features of `[pics]`, by feature.
        measures: boots and reconnections.
        identities: what the product said of itself, each different answer once, the last one last.
        certificates: those that the product showed over TLS, each once.
    """

    run: Run
    sut: Mapping[str, str]
    seen: Mapping[str, str]
    cases: tuple[Case, ...]
    answers: tuple[AnswerTime, ...]
    problems: tuple[str, ...]
    deviations: tuple[str, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    observed: tuple[Observed, ...] = ()
    measures: tuple[Measure, ...] = ()
    identities: tuple[Identity, ...] = ()
    certificates: tuple[PeerCertificate, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Worst verdict of the cases that count and of the declarations; `none` when nothing was judged."""
        found = worst(case.verdict for case in self.cases if case.counts)
        return worst((found, Verdict.WARN)) if self.declarations and found.is_decided else found

    @property
    def totals(self) -> dict[str, int]:
        """Number of cases by verdict, worst first, of those that count; and `cases`, their sum; and `uncounted`."""
        counted = [case for case in self.cases if case.counts]
        totals = {"cases": len(counted)}
        totals |= {str(verdict): sum(case.verdict is verdict for case in counted) for verdict in ORDER}
        return totals | {"uncounted": len(self.cases) - len(counted)}

    def attempts(self, case: Case) -> tuple[Case, ...]:
        """Give all attempts at a case, in their order."""
        return tuple(one for one in self.cases if one.same == case.same)

    def seed_of(self, case: Case) -> int:
        """Give the seed of the run in which an attempt was made."""
        return next((part.seed for part in self.run.parts if part.name == case.run), self.run.seed)

    @property
    def name(self) -> str:
        """The product in words: vendor and model as declared, else as seen, else its role."""
        declared = " ".join(filter(None, (self.sut.get("vendor", ""), self.sut.get("model", ""))))
        seen = " ".join(filter(None, (self.seen.get("vendor", ""), self.seen.get("model", ""))))
        return declared or seen or ("CSMS under test" if self.sut.get("role") == "csms" else "Station under test")

    def first_to_fix(self) -> list[tuple[Case, list[Case]]]:
        """Group the cases that need attention by what is wrong; the cause that costs most cases comes first.

        Each group is its earliest case and all its cases; see `causes.grouped`.
        """
        return grouped(self.cases)


ORDER = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.WARN,
    Verdict.PASS,
    Verdict.NOT_RUN,
    Verdict.NOT_APPLICABLE,
    Verdict.NONE,
)
"""Verdicts as reports list them."""

LABELS = {
    Verdict.ERROR: "Kit error",
    Verdict.FAIL: "Fail",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.WARN: "Warning",
    Verdict.PASS: "Pass",
    Verdict.NOT_RUN: "Not run",
    Verdict.NOT_APPLICABLE: "Not applicable",
    Verdict.NONE: "Nothing decided",
}
"""Verdicts in words."""
