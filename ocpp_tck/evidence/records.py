"""The frozen records of a run, in the order in which they happen.

Times are seconds since the Unix epoch (UTC) by the kit's one clock; durations are seconds. A record holds plain JSON
values only. The journal adds sequence number and hash (`journal.py`); reports are pure functions of these records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Anything the journal holds. `kind` names the record in the file."""

    kind: ClassVar[str] = ""
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Record):
    """First record of a journal, and the first of each resumption.

    Attributes:
        kit_version: version of ocpp-tck.
        worker: name of the xdist worker, `main` without xdist.
        seed: the run's seed.
        sut: role, version, vendor, model as declared.
        limits: the named limits used, seconds.
        test_data: the configured values used, masked.
        token_check: check value of the tokens of `[test_data]`, which are masked: other tokens have another one,
            but for one time in 65,536. Empty when its kit did not record it, and in an anonymised journal.
        pics: answers by feature id.
        hardware: EVSEs and connectors that exist.
        stations: ids of the stations of this run.
        catalogue_sha256: hash of the catalogue that the cases come from.
        environment: python, platform, versions of the libraries that judge.
        selection: how the user selected cases; empty when all were asked for.
        resumed: which resumption of the run writes this; 0 for its first start.
        security_profile: security profile of the connection at the start.
        anonymised: last hash of the journal of which this one was made by `ocpp-tck anonymise`; empty when this is the
            journal as the run wrote it.
        asked: ids of the cases that it was begun with, after every selection, in their order.
        follows: the run whose cases were chosen from by their verdicts: `run` (its folder's name), `only` (the kinds of
            verdicts) and `journals` (last hash of each, by file name); empty for a run of its own.
        retries: how often a case that failed or was inconclusive is run again.
        certify: whether it was asked for as a certification run.
        objections: what stood against its being one, in words.
        specification: the documents by which it is judged, with edition and errata.
        scope: ids of the catalogue's cases for this role and version, by profile and status.
    """

    kind: ClassVar[str] = "run-started"
    kit_version: str
    worker: str
    seed: int
    sut: Mapping[str, str]
    limits: Mapping[str, float]
    test_data: Mapping[str, Any]
    pics: Mapping[str, bool]
    stations: tuple[str, ...]
    catalogue_sha256: str
    environment: Mapping[str, str]
    selection: str = ""
    hardware: Mapping[str, Any] = field(default_factory=dict)
    resumed: int = 0
    security_profile: int = 0
    anonymised: str = ""
    asked: tuple[str, ...] = ()
    follows: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    certify: bool = False
    objections: tuple[str, ...] = ()
    specification: tuple[str, ...] = ()
    scope: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    token_check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Record):
    """Last record of a journal; its absence means that the run was killed.

    `reason`: why it ended before all its cases had run; empty when it came to its end.
    """

    kind: ClassVar[str] = "run-ended"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStarted(Record):
    """A case begins; every record up to the next one belongs to it.

    Attributes:
        case: OCA id.
        title: the case's title, own words.
        version: OCPP version of this run of the case.
        sut: `cs` or `csms`.
        profile: certification / feature profile.
        requirements: requirement ids or clauses, as written in the case.
        node: pytest node id.
        station: identity in use.
        attempt: 1 for the first.
        plan: the planned steps: n, text, oca, requirement, optional.
        status: catalogue status: implemented, draft or disputed.
        security_profile: in use when it began; None in the journals of kits that did not record it.
    """

    kind: ClassVar[str] = "case-started"
    case: str
    title: str
    version: str
    sut: str
    profile: str
    requirements: str
    node: str
    station: str = ""
    attempt: int = 1
    plan: tuple[Mapping[str, Any], ...] = ()
    status: str = "implemented"
    security_profile: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnded(Record):
    """The verdict of a case's own steps and setup; violations worsen it when the report is made.

    Attributes:
        phase: setup, call or teardown: where it was decided.
        cause: first cause in one sentence; empty for a pass.
        expected, received, requirement, frames: evidence of the cause.
        absence: the cause is that something did not come.
        detail: traceback of a kit error; never shown as the product's fault.
    """

    kind: ClassVar[str] = "case-ended"
    case: str
    verdict: str
    phase: str = "call"
    cause: str = ""
    requirement: str = ""
    expected: str = ""
    received: str = ""
    frames: tuple[int, ...] = ()
    absence: bool = False
    detail: str = ""
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Record):
    """A step begins. `n` is the OCA document's number, a string; `index` orders steps, 1-based."""

    kind: ClassVar[str] = "step-started"
    index: int
    n: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(Record):
    """A step ends with a verdict; `not taken` steps have the reason as cause.

    `absence`: the cause is that something did not come.
    """

    kind: ClassVar[str] = "step-ended"
    index: int
    n: str
    text: str
    verdict: str
    cause: str = ""
    requirement: str = ""
    expected: str = ""
    received: str = ""
    frames: tuple[int, ...] = ()
    absence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOpened(Record):
    """A WebSocket connection stands.

    Attributes:
        connection: id of the connection, unique in the run.
        station: identity (last part of the URL path).
        path: request path as received or sent.
        offered: subprotocols offered by the client.
        subprotocol: the one agreed, empty if none.
        headers: request headers, masked.
        tls: negotiated version, cipher, suite, bits, compression, peer certificate (PEM); empty over a plain socket.
        peer: address of the other end.
        auth: what the Authorization header says and is no secret: scheme, user, length of the password in bytes.
    """

    kind: ClassVar[str] = "connection-opened"
    connection: str
    station: str
    path: str = ""
    offered: tuple[str, ...] = ()
    subprotocol: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""
    auth: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefused(Record):
    """A connection did not come about.

    `by` is kit or product, `status` the HTTP status if there was one, `cause` one word of `net.Refusal`.
    """

    kind: ClassVar[str] = "connection-refused"
    station: str
    by: str
    reason: str
    cause: str = ""
    status: int = 0
    path: str = ""
    offered: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionClosed(Record):
    """A connection ended; `by` is kit, product or network. `code` is the WebSocket close code (1006 = none came)."""

    kind: ClassVar[str] = "connection-closed"
    connection: str
    station: str
    by: str
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningAgain(Record):
    """The kit, as a CSMS, is back after an absence: from here on the station can reconnect."""

    kind: ClassVar[str] = "listening-again"
    station: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Record):
    """One WebSocket message, recorded before anything else happens to it.

    Attributes:
        n: number of the frame in this journal, 1-based.
        connection: id of the connection.
        station: identity.
        sender: `product` or `kit`.
        raw: the text as on the wire (tokens as pseudonyms, secrets masked); hex for a binary frame. A long one is
            recorded by its two ends, its length and its SHA-256 (`journal.RECORDED`).
        encoding: text or binary.
        type: CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND, or empty when it could not be parsed.
        message_id: message id, empty when unknown.
        action: action; for a response that of its CALL.
        malformed: True when the kit broke the frame on purpose.
    """

    kind: ClassVar[str] = "frame"
    n: int
    connection: str
    station: str
    sender: str
    raw: str
    encoding: str = "text"
    type: str = ""
    message_id: str = ""
    action: str = ""
    malformed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationFound(Record):
    """A rule broken by a frame of the product (or of the kit: then a kit error).

    Attributes:
        frame: number of the frame; 0 when the absence of a frame is the violation.
        sender: `product` or `kit`.
        rule, level, message, clause, path: see `protocol.types.Violation`.
        recomputable: False when the decision rests on a value that is masked in the journal.
    """

    kind: ClassVar[str] = "violation"
    frame: int
    sender: str
    rule: str
    level: str
    message: str
    clause: str
    path: str = ""
    recomputable: bool = True


ATTEST = "attest"
"""The action of a question that a person answers; its payload is the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAsked(Record):
    """The product is about to be made to act; without `OperatorActed` after it nobody knows whether it was.

    Attributes: as of `OperatorActed`.
    """

    kind: ClassVar[str] = "operator-asked"
    action: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorActed(Record):
    """The product was made to act.

    Attributes:
        action: name from the table of actions.
        payload: what was asked, masked.
        driver: http, command, python or prompt; empty when none took it.
        outcome: done, failed, expired, unsupported or prompted.
        detail: answer of the driver, one line.
    """

    kind: ClassVar[str] = "operator"
    action: str
    payload: Mapping[str, Any]
    driver: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRenewed(Record):
    """A person who was asked has the time for it begin anew.

    Attributes: as of `PromptEnded`.
    """

    kind: ClassVar[str] = "prompt-renewed"
    action: str
    payload: Mapping[str, Any]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnded(Record):
    """A person who was asked has answered, or need not any more; journals of earlier kits lack it.

    It stands where the kit has heard it, between the frames before and after that. Of a question it comes before
    `OperatorActed`, of an action after it.

    Attributes:
        action: as of `OperatorActed`; `ATTEST` of a question.
        payload: as of `OperatorActed`.
        ending: came (the product shows it), said (that it is done), cannot (do or tell it), yes, no, gone (the
            terminal went away), expired, or dropped (nobody needs it any more).
        by: terminal or console for what a person said there; product, time or kit for the rest.
        detail: in words what became of it, where that is not all in the others.
    """

    kind: ClassVar[str] = "prompt-ended"
    action: str
    payload: Mapping[str, Any]
    ending: str
    by: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOffered(Record):
    """The kit has made a place on its file servers: to fetch a file from, or to send one to.

    Attributes:
        number: number of the place, unique in the run; requests that carry a requestId carry this one.
        url: where the place is.
        direction: download or upload, as seen by the product.
        size, sha256: of the file that waits there; 0 and empty when the product is to send one, or finds none.
        fault: what goes wrong there on purpose; empty when nothing does.
    """

    kind: ClassVar[str] = "file-offered"
    number: int
    url: str
    direction: str
    size: int = 0
    sha256: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTransferred(Record):
    """An attempt of the product to fetch a file from the kit's file servers, or to send one, has ended.

    Attributes:
        number: number of the place.
        direction: download or upload, as seen by the product.
        protocol: HTTP, HTTPS, FTP or FTPS.
        path: what the product asked for.
        complete: whether the whole file is over; a download that was interrupted may be completed by a later attempt.
        size, sha256: bytes that this attempt has moved; of a complete file its hash.
        detail: why it failed, one sentence.
        peer: address of the other end.
    """

    kind: ClassVar[str] = "file-transferred"
    number: int
    direction: str
    protocol: str
    path: str
    complete: bool
    size: int = 0
    sha256: str = ""
    detail: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Record):
    """Something worth reading in the evidence: a state that was looked for, a recovery, a wait that began."""

    kind: ClassVar[str] = "remark"
    text: str


BEFORE_NEXT_RUN = "before the next run: "
"""So begins a remark that says what to change in the configuration, for a case changed the product for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet(Record):
    """The clock of the kit's machine was set during the run; the kit's own goes on as if it had not been.

    `by`: seconds that the machine's clock is ahead of the kit's from here on; a product time that agrees with either
    is right.
    """

    kind: ClassVar[str] = "clock-set"
    by: float


RECORDS: Mapping[str, type[Record]] = {
    record.kind: record
    for record in (
        RunStarted,
        RunEnded,
        CaseStarted,
        CaseEnded,
        StepStarted,
        StepEnded,
        ConnectionOpened,
        ConnectionRefused,
        ConnectionClosed,
        ListeningAgain,
        Frame,
        ViolationFound,
        OperatorAsked,
        OperatorActed,
        PromptRenewed,
        PromptEnded,
        FileOffered,
        FileTransferred,
        Remark,
        ClockSet,
    )
}
