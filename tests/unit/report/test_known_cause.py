"""A proposed known failure excuses its own cause in every run, and no other one at the same step."""

import json

import pytest
from synthetic import Synthetic

from ocpp_tck.report.known import parse_known, run_exit_code
from ocpp_tck.report.known_cause import narrowest, steady
from ocpp_tck.report.known_proposal import propose
from ocpp_tck.report.write import load_model

STATUS = "station.expect('StatusNotification').status == 'Preparing': == 'Preparing'"
LIMIT = "StatusNotification with status Preparing did not come within 5 s (limit response)"


def told(status, connector=1, at="2026-11-23T10:00:00.000Z"):
    return json.dumps({"connectorId": connector, "errorCode": "NoError", "status": status, "timestamp": at})


def came(folder, *, text, step="3", expected="", received="", before=0, frame=None, rule=""):
    """One run in which TC_1 failed so; `before` frames came first, so that the numbers are others."""
    run = Synthetic(folder).begin()
    run.case("TC_1")
    for _ in range(before):
        run.exchange("Heartbeat", "{}")
    number = 0
    if frame is not None:
        number = run.frame(action="StatusNotification", raw=f'[2,"m{before}","StatusNotification",{frame}]')
    received = received.replace("NUMBER", str(number))
    frames = (number,) if number else ()
    if rule:
        run.violate(number, "must", rule, text, path="timestamp")
        run.end_case("fail", "TC_1", cause=f"{rule}: {text}", frames=frames)
    else:
        run.step(step, "It reports Preparing", "fail", cause=text, expected=expected, received=received, frames=frames)
        run.end_case("fail", "TC_1", cause=text, expected=expected, received=received, frames=frames)
    return load_model(run.done())


def excused(known_from, other):
    """Whether what was proposed from one run takes the other out."""
    entries = parse_known(propose(known_from).replace('reason = ""', 'reason = "ticket"'), "known.toml")
    return run_exit_code(other, entries) == 0


VALUE = {"text": "'Faulted' instead of 'Preparing'", "expected": STATUS, "frame": told("Faulted")}
VALUE["received"] = "'Faulted' | StatusNotification request " + told("Faulted")
NOTHING = {"text": LIMIT, "expected": "StatusNotification with status Preparing", "received": "no StatusNotification"}
INSTEAD = {**NOTHING, "frame": told("Faulted"), "received": "frame NUMBER StatusNotification " + told("Faulted")}
RULE = {"text": "StatusNotification at timestamp: '2026-11-23 10:00' is no time", "rule": "format.time", "frame": "{}"}
COUNTER = {"text": "1007 instead of 1002", "expected": "stop.transactionId == started: == 1002", "received": "1007 | x"}
ANOTHER = {
    "value": {**VALUE, "text": "'Finishing' instead of 'Preparing'", "frame": told("Finishing")},
    "field": {**VALUE, "expected": STATUS.replace(".status", ".errorCode")},
    "nothing": NOTHING,
    "instead": INSTEAD,
    "other instead": {
        **INSTEAD,
        "frame": told("Finishing"),
        "received": "frame NUMBER StatusNotification " + told("Finishing"),
    },
    "rule": RULE,
    "other rule": {**RULE, "rule": "schema.format"},
    "other place": {**RULE, "text": RULE["text"].replace("timestamp", "meterValue[0].timestamp")},
    "counter": COUNTER,
    "missing": {**COUNTER, "text": "None instead of 1002", "received": "None | x"},
}
LATER = {"before": 7}
SAME_LATER = {
    "value": {**VALUE, **LATER},
    "nothing": {**NOTHING, **LATER, "text": LIMIT.replace("5 s", "8 s")},
    "instead": {
        **INSTEAD,
        **LATER,
        "frame": told("Faulted", at="2027-01-01T00:00:00Z"),
        "received": "frame NUMBER StatusNotification " + told("Faulted", at="2027-01-01T00:00:00Z"),
    },
    "rule": {**RULE, **LATER, "text": RULE["text"].replace("2026-11-23 10:00", "2027-01-02 23:17")},
    "counter": {
        **COUNTER,
        **LATER,
        "text": "2044 instead of 2041",
        "expected": "stop.transactionId == started: == 2041",
        "received": "2044 | x",
    },
}


@pytest.mark.parametrize("kind", SAME_LATER)
def test_the_same_cause_is_excused_in_a_later_run(tmp_path, kind):
    first = came(tmp_path / "a", **({"value": VALUE} | ANOTHER | {"value": VALUE})[kind])
    assert excused(first, first)
    assert excused(first, came(tmp_path / "b", **SAME_LATER[kind]))


@pytest.mark.parametrize("other", ANOTHER)
@pytest.mark.parametrize("kind", SAME_LATER)
def test_another_cause_at_the_same_step_is_not_excused(tmp_path, kind, other):
    if kind == other and kind != "value":
        other_facts = {**ANOTHER[kind], "step": "4", "rule": "another.rule" if kind == "rule" else ""}
    else:
        other_facts = ANOTHER[other]
    first = came(tmp_path / "a", **(VALUE if kind == "value" else ANOTHER[kind]))
    assert not excused(first, came(tmp_path / "b", **other_facts))


@pytest.mark.parametrize(
    ("known", "other"),
    [
        ("the reading lacks SoC", "the reading lacks SoC, Voltage"),
        ("SoC is missing", "Voltage, SoC is missing"),
        ("\u202e 1000", "1000 instead of 2000"),
        (f"it lacks {'Voltage.L1, ' * 40}SoC", f"it lacks {'Voltage.L1, ' * 40}Current.Import"),
    ],
)
def test_a_cause_that_says_more_is_not_excused(tmp_path, known, other):
    first = came(tmp_path / "a", text=known)
    assert excused(first, first)
    assert not excused(first, came(tmp_path / "b", text=other))


def test_a_whole_text_can_be_written_by_hand_with_and_without_its_place(tmp_path):
    entry = '[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "t"\ncause = "exactly: {}"\n'
    seen = came(tmp_path / "a", text="it lacks SoC")
    for cause, code in (("step 3: it lacks SoC", 0), ("it lacks SoC", 0), ("lacks SoC", 1), ("it lacks", 1), ("", 1)):
        assert run_exit_code(seen, parse_known(entry.format(cause), "known.toml")) == code


def test_a_step_whose_number_begins_alike_is_not_excused(tmp_path):
    first = came(tmp_path / "a", **VALUE, step="1")
    assert not excused(first, came(tmp_path / "b", **VALUE, step="11"))


def test_the_parts_are_the_place_the_text_and_what_was_expected(tmp_path):
    (case,) = came(tmp_path / "a", **VALUE).cases
    assert narrowest(case) == (
        'exactly: step 3: StatusNotification: status is "Faulted", expected "Preparing"',
        "exactly: 'Faulted' instead of 'Preparing'",
        f"expected: {STATUS}",
    )
    (case,) = came(tmp_path / "b", **INSTEAD).cases
    assert narrowest(case) == (
        "exactly: step 3: StatusNotification with status Preparing did not come within … s (limit response)",
        "expected: StatusNotification with status Preparing",
        "received: frame",
        'received: "status": "Faulted"',
    )


@pytest.mark.parametrize(
    ("text", "counted", "written"),
    [
        ("connectorId is 2, expected 1", False, "connectorId is 2, expected 1"),
        ("connectorId is 2, expected 1", True, "connectorId is …, expected …"),
        ("2 instead of 12345", False, "2 instead of …"),
        ("came after 3.27 s", False, "came after … s"),
        ("answered twice, frame 12", False, "answered twice, frame …"),
        ("frames 12, 14, 160", False, "frames …"),
        ("at 2026-11-23T10:00:00.000Z", False, "at …"),
        ("id 9b2f6c1e-7d52-4a4e-9d58-0c6a4b1e8a11", False, "id …"),
        ("message 'a81f77c2e0'", False, "message '…'"),
        ("SHA256 of CP001 by ISO15118", False, "SHA256 of CP001 by ISO15118"),
        ("", False, ""),
    ],
)
def test_what_another_run_has_otherwise_is_left_open(text, counted, written):
    assert steady(text, counted=counted) == written
    assert steady(written, counted=counted) == written


def test_a_hostile_cause_is_proposed_harmless_and_holds(tmp_path):
    evil = "\x1b[2J'\"\n[[known]]\ncase = \u202e" + "x 1" * 5000
    first = came(tmp_path / "a", text=evil, expected=evil, received=evil)
    assert "\x1b" not in propose(first)
    assert len(parse_known(propose(first).replace('reason = ""', 'reason = "t"'), "k")) == 1
    assert excused(first, came(tmp_path / "b", text=evil, expected=evil, received=evil, before=2))


def test_a_cause_in_the_middle_of_a_number_is_none(tmp_path):
    entry = '[[known]]\ncase = "TC_1"\nverdict = "fail"\nreason = "t"\ncause = "{}"\n'
    seen = came(tmp_path / "a", text="12 instead of 34")
    for cause, code in (("12 instead of 34", 0), ("2 instead of 34", 1), ("12 instead of 3", 1)):
        assert run_exit_code(seen, parse_known(entry.format(cause), "known.toml")) == code
