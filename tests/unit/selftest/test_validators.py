"""The fuzz of the validators, the parser, the judge and the masking finds what it is there for."""

import json
import sys
import tracemalloc
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp_tck.evidence.redaction import Redactor
from ocpp_tck.protocol import frames, schema
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.protocol.types import Level, ParsedFrame, Side, Version, Violation
from ocpp_tck.selftest import validators
from ocpp_tck.selftest.command import PARTS, Options
from ocpp_tck.selftest.inputs import FIELD_SECRET, SECRET, conversations, secret_frames
from ocpp_tck.selftest.payloads import Number, payloads, written
from ocpp_tck.selftest.result import Part, ResultError
from ocpp_tck.selftest.validators import (
    _compared,
    _drive,
    _examples,
    _judged,
    _masked,
    _messages,
    _parsed,
    run,
)

LEAP = '{"currentTime":"2016-12-31T23:59:60Z"}'


def compared(text, version=Version.V201, action="Heartbeat", kind="response"):
    return list(_compared(version, action, kind, text, Counter()))


def drawn(strategy, examples, seed=1):
    found = []
    _drive(strategy, examples, seed, found.append)
    return found


def test_a_short_run_finds_nothing():
    part = run(examples=5, seed=3, share=9)
    assert part.holds, part
    assert (part.sampled, part.seed) == (True, 3)
    assert [row.what for row in part.rows[:3]] == [
        "payloads, 1.6 (9 schemas)",
        "payloads, 2.0.1 (14 schemas)",
        "payloads, 2.1 (20 schemas)",
    ]
    assert part.rows[0].count > 30


@pytest.mark.parametrize(("version", "count"), [(Version.V16, 78), (Version.V201, 128), (Version.V21, 181)])
def test_every_schema_can_be_drawn_from(version, count):
    messages = list(_messages(version))
    assert len(messages) == count
    for action, kind in messages:
        payloads(schema.schema(version, action, kind))


def test_the_seed_decides_what_is_drawn():
    beats = payloads(schema.schema(Version.V16, "BootNotification", "request"))
    assert drawn(beats, 20) == drawn(beats, 20)
    assert drawn(beats, 20) != drawn(beats, 20, seed=2)


def test_without_hypothesis_the_user_is_told_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name in {"ocpp_tck.selftest.inputs", "ocpp_tck.selftest.payloads"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("ocpp_tck.selftest.inputs", None, raising=False)
    monkeypatch.delattr("ocpp_tck.selftest.inputs")
    monkeypatch.delattr("ocpp_tck.selftest.payloads", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ResultError, match=r"pip install 'ocpp-tck\[selftest\]'"):
        run(examples=1)


@pytest.mark.parametrize(("sample", "examples"), [(1.0, validators.FULL), (0.1, validators.FULL // 10), (0.0001, 1)])
def test_the_command_draws_its_share(monkeypatch, sample, examples):
    part = Part(name="validators", title="T.", rows=(), seconds=1.0)
    asked = []
    monkeypatch.setattr(validators, "run", lambda **values: asked.append(values) or part)
    assert list(PARTS["validators"](Options(sample=sample, seed=7))) == [part]
    assert asked == [{"examples": examples, "seed": 7}]


def test_a_difference_needs_an_entry(monkeypatch):
    assert compared(LEAP) == []
    monkeypatch.setattr(validators, "KNOWN_DIFFERENCES", ())
    (fault, *_) = compared(LEAP)
    assert "only jsonschema-rs accepts '2016-12-31T23:59:60Z' at ('currentTime',) (format)" in fault


def test_an_entry_that_does_not_occur_is_stale(monkeypatch):
    entry = replace(validators.KNOWN_DIFFERENCES[0], name="noon", example=validators._beat("2016-12-31T12:00:00Z"))
    assert _examples().wrong == ()
    monkeypatch.setattr(validators, "KNOWN_DIFFERENCES", (entry,))
    (fault,) = _examples().wrong
    assert fault.startswith("noon (RFC 3339 5.6")
    assert "does not occur any more" in fault


def test_an_entry_explains_its_own_direction_and_keyword_only():
    entry = validators.KNOWN_DIFFERENCES[0]
    one = schema.Objection(("currentTime",), "format", "2016-12-31T23:59:60Z")
    assert entry.explains(one, "jsonschema-rs")
    assert not entry.explains(one, "jsonschema")
    assert not entry.explains(replace(one, keyword="enum"), "jsonschema-rs")
    assert not entry.explains(replace(one, value="2016-12-31T23:59:59Z"), "jsonschema-rs")
    assert not entry.explains(replace(one, value=5), "jsonschema-rs")


@pytest.mark.parametrize("forget", ["_is_time", "_is_uri"])
def test_a_weaker_checker_is_found(monkeypatch, forget):
    """The checkers of jsonschema as they come let a trailing newline pass, and leading zeros."""
    name = forget.removeprefix("_is_").replace("time", "date-time")
    monkeypatch.setattr(schema, forget, schema._CHECKERS[name][0])
    schema._second.cache_clear()
    action, kind, text = {
        "_is_time": ("Heartbeat", "response", '{"currentTime":"2016-12-31T12:00:00Z\\n"}'),
        "_is_uri": ("GetDiagnostics", "request", '{"location":"http://[::01.2.3.4]/"}'),
    }[forget]
    try:
        first, second = schema.objections(Version.V16, action, kind, json.loads(text))
        with pytest.raises(schema.ValidatorsDisagree):
            compared(text, Version.V16, action, kind)
    finally:
        monkeypatch.undo()
        schema._second.cache_clear()
    assert (len(first), len(second)) == (1, 0)
    assert compared(text, Version.V16, action, kind) == []


def test_a_verdict_of_the_kit_that_is_none_of_the_validators_is_found(monkeypatch):
    monkeypatch.setattr(schema, "violations", lambda *_: ())
    (fault,) = compared("{}")
    assert fault.startswith("the kit finds [], the right validator")


def test_a_payload_that_never_reaches_the_validators_is_found():
    assert compared("[]")[0].startswith("the frame itself is refused")


def test_what_raises_is_a_fault(monkeypatch):
    tally = validators._Tally()
    tally.check("a", (one for one in ()))
    tally.check("b", (1 / 0 for _ in "x"))
    assert (tally.count, tally.wrong) == (2, ["b: raises ZeroDivisionError: division by zero"])
    assert tally.row("x").good == 1


def test_a_violation_out_of_the_table_is_found(monkeypatch):
    stray = Violation("frame.odd", Level.MUST, "x", "")
    soft = Violation("frame.json", Level.SHOULD, "x", "")
    silent = Violation("frame.json", Level.MUST, "", "")
    good = Violation("frame.json", Level.MUST, "x", RULES["frame.json"].clauses[Version.V16])
    for wrong in (stray, soft, silent):
        monkeypatch.setattr(frames, "parse", lambda *_, wrong=wrong: ParsedFrame(None, (good, wrong)))
        assert len(list(_parsed("", Counter()))) == 3
    monkeypatch.setattr(frames, "parse", lambda *_: ParsedFrame(None, ()))
    assert next(_parsed("", Counter())) == "no message and no reason for that in 1.6"


def test_a_parser_that_reads_another_id_is_found(monkeypatch):
    real = frames.parse

    def shifted(raw, version):
        parsed = real(raw, version)
        return replace(parsed, message=replace(parsed.message, id="other"))

    monkeypatch.setattr(frames, "parse", shifted)
    assert "reads another message id" in next(_parsed('[2,"1","Heartbeat",{}]', Counter()))


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(Version).flatmap(lambda version: st.tuples(st.just(version), conversations(version))))
def test_the_judge_survives_any_conversation(both):
    assert list(_judged(*both, Counter())) == []


def test_conversations_reach_the_rules_of_the_trace():
    seen = Counter()
    for version in Version:
        for events in drawn(conversations(version), 30):
            assert list(_judged(version, events, seen)) == []
    topics = {rule.partition(".")[0] for rule in seen}
    assert topics >= {"frame", "rpc", "schema", "time", "boot"}
    assert "rpc.one_outstanding" in seen
    assert len(seen) > 20


def test_a_masking_that_forgets_is_found(monkeypatch):
    raw = json.dumps([2, "1", "X", {"a": f"<{SECRET}>"}])
    assert list(_masked(raw)) == []
    monkeypatch.setattr(Redactor, "frame", lambda _, text: text)
    assert " survives: '" in next(_masked(raw))
    monkeypatch.setattr(Redactor, "frame", lambda *_: '"***"')
    assert "JSON became something else" in next(_masked(raw))


@settings(deadline=None, max_examples=30)
@given(secret_frames())
def test_no_frame_shows_a_secret(raw):
    assert list(_masked(raw)) == []


def test_both_kinds_of_secrets_are_drawn():
    raws = drawn(secret_frames(), 100)
    assert any(SECRET in raw for raw in raws)
    assert any(FIELD_SECRET in raw for raw in raws)


def test_the_odd_forms_are_drawn():
    texts = "\n".join(drawn(payloads(schema.schema(Version.V16, "GetDiagnostics", "request")), 1_500))
    forms = [
        "23:59:60Z",
        '":1.0',
        '"x":"x"',
        "{}\n",
        'Z\\n"',
    ]
    assert [form for form in forms if form not in texts] == []


def test_a_keyword_that_nobody_fuzzes_is_refused():
    with pytest.raises(ValueError, match=r"nobody fuzzes: \['pattern'\]"):
        payloads({"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}})


def test_values_are_written_as_json():
    assert written({"a": [Number("1.0"), None], "é": '"'}) == '{"a":[1.0,null],"\\u00e9":"\\""}'


def test_the_judge_keeps_no_payloads():
    """A session may last for days: what stays of an exchange is its message id."""
    judge = Judge(Version.V201, Side.STATION)
    judge.opened("c", 0.0)
    now = 1_774_008_000.0
    readings = [{"timestamp": "2026-03-20T12:00:00Z", "sampledValue": [{"value": number} for number in range(50)]}]

    def exchange(number):
        raw = json.dumps([2, f"id-{number}", "MeterValues", {"evseId": 1, "meterValue": readings}])
        assert judge.frame("c", Side.STATION, raw, now).violations == ()
        assert judge.frame("c", Side.CSMS, f'[3,"id-{number}",{{}}]', now).violations == ()

    for number in range(50):
        exchange(number)
    tracemalloc.start()
    try:
        for number in range(50, 550):
            exchange(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept / 500 < 1_000
