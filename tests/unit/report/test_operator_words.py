"""What an operator did and said, in words; on the page it stays text."""

import pytest
from synthetic import Synthetic

from ocpp_tck.evidence import records as r
from ocpp_tck.report.operator import told
from ocpp_tck.report.sequence import flow
from ocpp_tck.report.write import load_model, write_reports
from ocpp_tck.roles.drivers.prompt import Ending

PLUG = {"action": "plug", "payload": {"connector": 1}}
HOSTILE = "Is <img src=x onerror=y>\x1b[2J lit?"


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_of_the_driver_has_words(ending):
    kind, text, detail, tone = told(r.PromptEnded(time=0.0, **PLUG, ending=ending, by="time"))
    assert kind == "remark"  # no person has said that
    assert "ended:" not in text
    assert detail == 'plug {"connector": 1}'
    assert tone in {"ok", "bad", "plain"}


def test_who_said_it_is_told_where_he_said_it():
    assert told(r.PromptEnded(time=0.0, **PLUG, ending="cannot", by="console")) == (
        "operator",
        "the operator: can't",
        'plug {"connector": 1} · at the console',
        "bad",
    )
    assert told(r.PromptRenewed(time=0.0, **PLUG, by="terminal"))[:2] == ("operator", "the operator: the time anew")
    assert told(r.PromptEnded(time=0.0, **PLUG, ending="gone", by="terminal"))[0] == "remark"
    assert told(r.PromptEnded(time=0.0, **PLUG, ending="later", by="x"))[1] == "the prompt ended: later"


def test_the_sequence_has_it_in_order_and_harmless(tmp_path):
    run = Synthetic(tmp_path / "run").begin()
    run.case("TC_1")
    question = {"action": r.ATTEST, "payload": {"question": HOSTILE}}
    run.write(r.OperatorAsked, **question)
    run.write(r.PromptEnded, **question, ending="no", by="console")
    run.write(r.OperatorActed, **question, driver="prompt", outcome="failed", detail="the operator says no")
    run.end_case("fail", "TC_1", cause="no")
    model = load_model(run.done())
    rows = [row for row in flow(model.cases[0]) if row[0] == "event" and row[1] == "operator"]
    assert [row[3].partition(":")[0] for row in rows] == ["the operator", "attested"]
    assert rows[0][4].endswith("· at the console")
    assert rows[0][5] == "bad"
    write_reports(tmp_path / "run")
    assert "\x1b" not in (page := (tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert "<img src=x" not in page
