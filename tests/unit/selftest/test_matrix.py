"""What is made of the mutants: their fates, the list of equivalents, the rows of the table."""

from dataclasses import replace

import pytest

from ocpp_tck.evidence import records as r
from ocpp_tck.selftest import equivalents, matrix, verdicts
from ocpp_tck.selftest.equivalents import EquivalentsError, Spot
from ocpp_tck.selftest.verdicts import Fate, Judged, fate_of, is_right

ONE = Judged(
    case="TC_003_CS",
    version="1.6",
    message="StatusNotification request",
    path="info",
    operator="field.drop_optional",
    place="step",
    step="5",
    frame=7,
    nature="judged",
    text="info is dropped",
    clause="",
    fate=str(Fate.SURVIVED),
    by="",
    cause="",
)
ENTRY = """
[[equivalent]]
message = "StatusNotification request"
path = "{path}"
operators = ["field.*"]
place = "{place}"
reason = "info is optional (1.6 6.47)"
"""


@pytest.mark.parametrize(
    ("came", "fate"),
    [
        (("error", (), (), "", "sent"), (Fate.ERROR, "")),
        (("fail", ("schema.type",), (), "5", ""), (Fate.KILLED_BY_RULE, "schema.type")),
        (("fail", (), (), "5", ""), (Fate.KILLED_BY_STEP, "5")),
        (("fail", (), (), "5", "sent Reset"), (Fate.OPEN, "")),
        (("inconclusive", (), (), "", ""), (Fate.UNDECIDED, "")),
        (("warn", (), ("time.utc",), "", ""), (Fate.WARNED, "time.utc")),
        (("warn", (), (), "3", ""), (Fate.WARNED, "")),
        (("pass", (), (), "", ""), (Fate.SURVIVED, "")),
    ],
)
def test_a_verdict_means_a_fate(came, fate):
    assert fate_of(*came) == fate


@pytest.mark.parametrize(
    ("nature", "fate", "right"),
    [
        ("illegal", Fate.KILLED_BY_RULE, True),
        ("illegal", Fate.KILLED_BY_STEP, True),
        ("illegal", Fate.WARNED, False),
        ("illegal", Fate.UNDECIDED, False),
        ("illegal", Fate.SURVIVED, False),
        ("legal", Fate.SURVIVED, True),
        ("legal", Fate.WARNED, True),
        ("legal", Fate.KILLED_BY_STEP, False),
        ("legal", Fate.UNDECIDED, False),
        ("judged", Fate.KILLED_BY_STEP, True),
        ("judged", Fate.UNDECIDED, True),
        ("judged", Fate.SURVIVED, None),
        ("judged", Fate.OPEN, None),
        ("judged", Fate.ERROR, False),
        ("legal", Fate.ERROR, False),
    ],
)
def test_what_the_kit_had_to_do(nature, fate, right):
    assert is_right(replace(ONE, nature=nature, fate=str(fate))) is right


def written(folder, text):
    (folder / "list.toml").write_text(text, encoding="utf-8")
    return equivalents.load(folder)


def test_a_survivor_needs_an_entry_that_covers_it(tmp_path):
    found = matrix.Found(judged=[ONE, replace(ONE, fate=str(Fate.KILLED_BY_STEP))])
    (bare,) = matrix.summary(found, (), stale=True)
    assert (bare.count, bare.good, bare.wrong) == (2, 1, (ONE.line,))
    known = written(tmp_path, ENTRY.format(path="info", place="step"))
    (row,) = matrix.summary(found, known, stale=True)
    assert (row.count, row.good, row.wrong) == (2, 2, ())
    assert "1 equivalent (survived)" in row.note


def test_an_illegal_survivor_is_excused_by_nothing(tmp_path):
    found = matrix.Found(judged=[replace(ONE, nature="illegal")])
    rows = matrix.summary(found, written(tmp_path, ENTRY.format(path="*", place="any")), stale=False)
    assert (rows[0].good, len(rows[0].wrong)) == (0, 1)


def test_an_entry_that_covers_nothing_is_told(tmp_path):
    rows = matrix.summary(matrix.Found(), written(tmp_path, ENTRY.format(path="info", place="any")), stale=True)
    assert "list.toml: entry 1" in rows[0].wrong[0]


def test_what_could_not_be_tried_is_no_success():
    rows = matrix.summary(matrix.Found(problems=["TC_1_CS: lost"]), (), stale=False)
    assert rows[0].wrong == ("TC_1_CS: lost",)


@pytest.mark.parametrize(
    ("entry", "spot", "covers"),
    [
        ({"path": "info"}, {}, True),
        ({"path": "vendorId"}, {}, False),
        ({"place": "aside"}, {}, False),
        ({"cases": ("TC_003_CS",), "steps": ("5",)}, {}, True),
        ({"steps": ("6",)}, {}, False),
        ({"versions": ("2.1",)}, {}, False),
        ({"message": "*"}, {}, True),
        ({"message": "Heartbeat request"}, {}, False),
        ({"operators": ("enum.*",)}, {}, False),
        ({"path": "a[*].b"}, {"path": "a[3].b"}, True),
        ({"path": "a[*].b"}, {"path": "a[3].c"}, False),
        ({"path": "a[*].b"}, {"path": "ax.b"}, False),
    ],
)
def test_what_an_entry_covers(entry, spot, covers):
    made = equivalents.Equivalent(
        **{"source": "x", "message": "StatusNotification request", "operators": ("field.*",), "reason": "r", **entry}
    )
    assert made.covers(Spot(**{**{name: getattr(ONE.spot, name) for name in Spot.__slots__}, **spot})) is covers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[equivalents]]", "unknown table"),
        ("[[equivalent]]\nmessage = 'x'", "lacks operators, reason"),
        (ENTRY.format(path="x", place="nowhere"), "place 'nowhere' is none of"),
        (ENTRY.format(path="x", place="any") + "why = 'x'", "unknown why"),
        (ENTRY.format(path="x", place="any").replace("info is optional (1.6 6.47)", " "), "give the reason"),
        ("[[", "list.toml"),
    ],
)
def test_a_wrong_list_is_told(text, message, tmp_path):
    with pytest.raises(EquivalentsError, match=message):
        written(tmp_path, text)


def test_the_list_of_the_kit_is_sound():
    assert all(one.reason for one in equivalents.load())


def test_where_a_frame_stands():
    def frame(n):
        return r.Frame(time=0.0, n=n, connection="c", station="s", sender="product", raw="[]")

    ended = r.StepEnded(time=0.0, index=1, n="3", text="t", verdict="pass", frames=(3,))
    started = r.StepStarted(time=0.0, index=1, n="3", text="t")
    found = verdicts.places([frame(1), started, frame(2), frame(3), ended])
    assert [found.of(number) for number in (1, 2, 3)] == [("setup", ""), ("aside", ""), ("step", "3")]


def test_cases_are_shared_out():
    work = matrix.plan("cs", "1.6", (), 2)
    assert len([job for job in work if not job.variant]) == 2
    assert {"TC_017_2_CS"} <= {case for job in work if job.variant for case in job.cases}
    (one,) = matrix.plan("csms", "1.6", ("TC_003_CSMS",), 2)
    assert one.cases == ("TC_003_CSMS",)
