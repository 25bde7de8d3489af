"""The two validators against each other, and the parser, the judge and the masking against anything at all.

Every payload goes the way of a real one: as text through the frame parser. What jsonschema-rs and jsonschema find must
be the same, place by place, or stand in `KNOWN_DIFFERENCES`; and the kit must then decide as the one that is right.

Needs hypothesis: `pip install 'ocpp-tck[selftest]'`.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ocpp_tck.evidence.redaction import Redactor
from ocpp_tck.protocol import frames, schema
from ocpp_tck.protocol.directions import UNCONFIRMED
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.rule import EXAMPLE_START
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.protocol.types import Level, Side, Version, Violation
from ocpp_tck.selftest.result import Part, ResultError, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hypothesis.strategies import SearchStrategy

    from ocpp_tck.protocol.schema import Kind, Objection
    from ocpp_tck.selftest.inputs import Event

Lenient = Literal["jsonschema-rs", "jsonschema"]
FULL = 400
"""So many payloads of each schema are the whole proof; fewer are a sample."""
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class KnownDifference:
    """Values about which the validators differ, and why that is right.

    Attributes:
        name: what kind of value.
        accepts: the validator that lets it pass; it is the one that is right.
        keyword: of the schema.
        pattern: the values.
        why: the text that decides.
        kit: what the kit does.
        example: version, action, kind and payload that show it; tried in every run, so that no entry goes stale.
    """

    name: str
    accepts: Lenient
    keyword: str
    pattern: re.Pattern[str]
    why: str
    kit: str
    example: tuple[Version, str, Kind, str]

    def explains(self, objection: Objection, accepts: Lenient) -> bool:
        """Whether an objection that only one validator has is this one."""
        if (objection.keyword, accepts) != (self.keyword, self.accepts):
            return False
        return isinstance(objection.value, str) and self.pattern.fullmatch(objection.value) is not None


def _beat(time_text: str) -> tuple[Version, str, Kind, str]:
    return Version.V201, "Heartbeat", "response", f'{{"currentTime":"{time_text}"}}'


KNOWN_DIFFERENCES = (
    KnownDifference(
        "leap second",
        "jsonschema-rs",
        "format",
        re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:60(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
        "RFC 3339 5.6 and 5.7: a second may be 60 where UTC has a leap second, at 23:59:60Z",
        "accepts it; days on which no leap second was announced pass too, for the list of them is not in the kit",
        _beat("2016-12-31T23:59:60Z"),
    ),
    KnownDifference(
        "year 0000",
        "jsonschema-rs",
        "format",
        re.compile(r"0000-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
        "RFC 3339 1 and 5.6: years go from 0000 to 9999",
        "accepts it as a date-time; no clock is compared with it",
        _beat("0000-02-29T12:00:00Z"),
    ),
    KnownDifference(
        "address of a future version with a capital V",
        "jsonschema-rs",
        "format",
        re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#@]*@)?\[V[0-9A-Fa-f]+\.[^\]]+\].*", re.DOTALL),
        "RFC 3986 3.2.2 and 6.2.2.1: `v` is a literal of ABNF, which stands for both cases",
        "accepts it",
        (Version.V16, "GetDiagnostics", "request", '{"location":"http://[V1.a]/"}'),
    ),
)


@dataclass(slots=True)
class _Tally:
    """What one row has seen."""

    count: int = 0
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def check(self, what: str, faults: Iterable[str]) -> None:
        """Count one try; an exception is a fault as any other."""
        self.count += 1
        try:
            found = list(faults)
        except Exception as problem:  # noqa: BLE001 - finding them is the purpose
            found = [f"raises {type(problem).__name__}: {problem}"[:_SHOWN]]
        if found:
            self.wrong.append(f"{what[:_SHOWN]}: {'; '.join(found)}")

    def row(self, what: str, note: str = "") -> Row:
        return Row(what=what, count=self.count, good=self.count - len(self.wrong), wrong=tuple(self.wrong), note=note)


def run(*, examples: int = FULL, seed: int = 1, share: int = 1) -> Part:
    """Fuzz everything: `examples` payloads of each schema, and frames and conversations in proportion.

    With `share` only every so manieth schema is tried, another set for each seed.

    Raises:
        ResultError: hypothesis is not installed.
    """
    begin = time.monotonic()
    try:
        from ocpp_tck.selftest import inputs, payloads  # noqa: PLC0415 - hypothesis is an extra
    except ModuleNotFoundError as missing:
        if missing.name != "hypothesis":
            raise
        text = (
            "the selftest of the validators draws with hypothesis, which is missing: pip install 'ocpp-tck[selftest]'"
        )
        raise ResultError(text) from None
    rows = []
    for version in Version:
        tally, messages = _Tally(), list(_messages(version))[seed % share :: share]
        for action, kind in messages:
            drawn = payloads.payloads(schema.schema(version, action, kind))
            _drive(drawn, examples, seed, _payload_check(tally, version, action, kind))
        known = ", ".join(f"{name} {count}" for name, count in sorted(tally.seen.items()))
        rows.append(tally.row(f"payloads, {version} ({len(messages)} schemas)", f"explained: {known or 'none'}"))
    rows.append(_examples())
    parser = _Tally()
    _drive(inputs.frames(), 40 * examples, seed, lambda raw: parser.check(repr(raw), _parsed(raw, parser.seen)))
    rows.append(parser.row("frames, parser", _rules(parser.seen)))
    masks = _Tally()
    _drive(inputs.secret_frames(), 20 * examples, seed, lambda raw: masks.check(repr(raw), _masked(raw)))
    rows.append(masks.row("frames, masking"))
    for version in Version:
        judged = _Tally()
        _drive(inputs.conversations(version), 5 * examples, seed, _conversation_check(judged, version))
        rows.append(judged.row(f"conversations, judge {version}", _rules(judged.seen)))
    return Part(
        name="validators",
        title="Two validators agree on every payload or the difference is explained; nothing makes the kit raise.",
        rows=tuple(rows),
        seconds=time.monotonic() - begin,
        seed=seed,
        sampled=examples < FULL or share > 1,
    )


def _rules(seen: Counter[str]) -> str:
    return f"{len(seen)} rules broken, {sum(seen.values())} times"


def _messages(version: Version) -> Iterator[tuple[str, Kind]]:
    for action in sorted(schema.known_actions(version)):
        yield action, "request"
        if action not in UNCONFIRMED:
            yield action, "response"


def _drive(strategy: SearchStrategy[Any], examples: int, seed: int, check: Callable[[Any], object]) -> None:
    import hypothesis  # noqa: PLC0415 - an extra

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def every(drawn: Any) -> None:
        check(drawn)

    every()


def _payload_check(tally: _Tally, version: Version, action: str, kind: Kind) -> Callable[[str], None]:
    def check(text: str) -> None:
        tally.check(f"{version} {action} {kind} {text}", _compared(version, action, kind, text, tally.seen))

    return check


def _conversation_check(tally: _Tally, version: Version) -> Callable[[list[Event]], None]:
    def check(events: list[Event]) -> None:
        tally.check(repr(events), _judged(version, events, tally.seen))

    return check


def _compared(version: Version, action: str, kind: Kind, text: str, seen: Counter[str]) -> Iterator[str]:
    """Give what the validators differ about without a reason, and where the kit decides as neither."""
    raw = f'[2,"1","{action}",{text}]' if kind == "request" else f'[3,"1",{text}]'
    parsed = frames.parse(raw, version)
    if parsed.message is None or parsed.violations:
        yield f"the frame itself is refused: {parsed.violations}"
        return
    payload = parsed.message.payload
    fast, slow = schema.objections(version, action, kind, payload)
    found = schema.violations(version, action, kind, payload)
    sides: tuple[tuple[Lenient, frozenset[Objection]], ...] = (
        ("jsonschema", fast - slow),
        ("jsonschema-rs", slow - fast),
    )
    right = set(fast | slow)
    for accepts, objections in sides:
        for objection in objections:
            known = [entry for entry in KNOWN_DIFFERENCES if entry.explains(objection, accepts)]
            if known:
                right.discard(objection)
                seen[known[0].name] += 1
            else:
                yield f"only {accepts} accepts {objection.value!r} at {objection.place} ({objection.keyword})"
    if bool(found) != bool(right):
        yield f"the kit finds {[violation.rule for violation in found]}, the right validator {sorted(map(str, right))}"
    yield from _unruly(found, version, Counter())


def _examples() -> Row:
    """Try the example of every known difference: one that does not occur any more is stale."""
    tally = _Tally()
    for entry in KNOWN_DIFFERENCES:
        version, action, kind, text = entry.example
        seen: Counter[str] = Counter()
        faults = list(_compared(version, action, kind, text, seen))
        stale = [] if seen == {entry.name: 1} else ["this difference does not occur any more; remove the entry"]
        tally.check(f"{entry.name} ({entry.why}; the kit {entry.kit})", faults + stale)
    return tally.row("known differences, each occurs", "; ".join(entry.name for entry in KNOWN_DIFFERENCES))


def _unruly(found: Iterable[Violation], version: Version, seen: Counter[str]) -> Iterator[str]:
    """Give the violations that are not of the table, or not at its level."""
    for violation in found:
        seen[violation.rule] += 1
        rule = RULES.get(violation.rule)
        if rule is None or rule.levels.get(version) is not violation.level or not violation.message:
            yield f"{violation} is not of the table of rules of {version}"


def _parsed(raw: str | bytes, seen: Counter[str]) -> Iterator[str]:
    """Parse one frame in every version; gives what is wrong with the outcome."""
    for version in Version:
        parsed = frames.parse(raw, version)
        yield from _unruly(parsed.violations, version, seen)
        if parsed.message is None:
            if not any(violation.level is Level.MUST for violation in parsed.violations):
                yield f"no message and no reason for that in {version}"
            continue
        if not parsed.violations and json.loads(raw, parse_int=str, parse_float=str)[1] != parsed.message.id:
            yield f"{version} reads another message id than Python: {parsed.message.id!r}"


_RESPONSE_LIMIT = 30.0


def _judged(version: Version, events: list[Event], seen: Counter[str]) -> Iterator[str]:
    """Tell a judge of each role what happened; gives what it should not have said."""
    for product in Side:
        judge = Judge(version, product, response_limit=_RESPONSE_LIMIT)
        now = EXAMPLE_START
        for event in events:
            now += event.passed
            yield from _unruly(_told(judge, event, now), version, seen)


def _told(judge: Judge, event: Event, now: float) -> tuple[Violation, ...]:
    if event.step == "frame":
        judgement = judge.frame(event.connection, event.sender, event.raw, now, malformed=event.malformed)
        return judgement.violations
    if event.step == "overdue":
        return judge.overdue(now)
    if event.step == "close":
        return judge.closed(event.connection, now)
    if event.step == "open":
        judge.opened(event.connection, now)
    else:
        judge.withheld(event.connection, str(event.raw))
    return ()


def _masked(raw: str) -> Iterator[str]:
    """Mask one frame of `inputs.secret_frames`; gives what survives that must not, and what does not that must."""
    from ocpp_tck.selftest.inputs import FIELD_SECRET, SECRET, TOKEN  # noqa: PLC0415 - hypothesis is an extra

    masked = Redactor({TOKEN: "valid"}, [SECRET]).frame(raw)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if value is not None and type(json.loads(masked)) is not type(value):
        yield f"JSON became something else: {masked!r}"
    shown = masked if value is None else "\n".join(_texts(json.loads(masked)))
    forms = (SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], SECRET.encode().hex())
    for form in (*forms, FIELD_SECRET):
        if form in shown:
            yield f"the secret {form} survives: {masked!r}"


def _texts(value: object) -> Iterator[str]:
    """Give every string of a JSON value, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
