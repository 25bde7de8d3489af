import json
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest
from synthetic import HOSTILE, Synthetic, whole_run

from ocpp_tck.report.html import SYMBOLS, anchors, render_html
from ocpp_tck.report.model import ORDER
from ocpp_tck.report.write import load_model, write_reports

RAW = ("\x1b", "\x00", "\u202e", "\ud800")


class Page(HTMLParser):
    """Tags, ids, links and inert data of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.links, self.scripts, self.data = [], set(), [], [], [], {}
        self._at = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.attributes |= values.keys()
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"][1:]] if tag == "a" else []
        if tag == "script":
            self.scripts.append(values)
            self._at = values.get("id")

    def handle_endtag(self, tag):
        self._at = None

    def handle_data(self, text):
        if self._at:
            self.data[self._at.removeprefix("data-")] = json.loads(text)


@pytest.fixture(scope="module")
def text(whole):
    return (whole / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def written(run):
    return Page(render_html(load_model(run.done())))


def frames(data):
    return [row for row in data["flow"] if row[0] == "frame"]


def test_the_page_holds_product_text_as_text(text, page):
    runs = [one for one in page.scripts if one.get("type") != "application/json"]
    assert runs == [{}]
    assert "img" not in page.tags
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
    assert not [character for character in RAW if character in text]
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert "\\u003c/script>\\u003cscript>alert(1)" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_what_a_product_says_does_not_end_its_data(text, page):
    assert text.count("<script") == len(page.data) + 1
    raw = next(row[6] for row in frames(page.data["TC_005_CS"]) if "alert" in row[6])
    assert "</script><script>alert(1)</script>" in raw
    assert "\\u202e" in raw


def test_every_link_of_the_page_leads_to_a_case_or_a_frame_of_it(page):
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    for link in page.links:
        anchor, _, frame = link.partition("/f")
        assert anchor in page.ids
        assert not frame or int(frame) in [row[1] for row in frames(page.data[anchor])]


def test_the_frame_that_shows_it_is_marked_where_it_is_wrong(run):
    run.case()
    good = run.frame(raw='[2,"m1","Heartbeat",{}]')
    bad = run.frame(action="StatusNotification", raw='[2,"m2","StatusNotification",{"connectorId":"1"}]')
    run.violate(bad, message="StatusNotification request at connectorId: '1' is no integer", path="connectorId")
    run.end_case()
    data = written(run).data["TC_001_CS"]
    assert [(row[1], row[7], row[8]) for row in frames(data)] == [
        (good, "", []),
        (bad, "bad", [["connectorId", "'1' is no integer"]]),
    ]
    assert data["blamed"] == [bad]


def test_an_assertion_that_failed_marks_its_field(run):
    run.case()
    bad = run.frame(action="StatusNotification", raw='[2,"m","StatusNotification",{"status":"Available"}]')
    told = {
        "cause": "'Available' instead of 'Preparing'",
        "expected": "status.status == 'Preparing': == 'Preparing'",
        "received": "'Available' | StatusNotification request …",
        "frames": (bad,),
    }
    run.step("1", "one", "fail", **told)
    run.end_case("fail", **told)
    page = render_html(load_model(run.done()))
    assert frames(Page(page).data["TC_001_CS"])[0][7:9] == ["bad", [["status", 'expected "Preparing"']]]
    assert escape('StatusNotification: status is "Available", expected "Preparing"', quote=False) in page.replace(
        "&#34;", '"'
    )


def test_the_page_says_everything_that_counts_without_its_script(text, page):
    plain = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    for number in range(1, 91):
        assert f"TC_{number:03}_CS" in plain
    assert "The kit itself failed in 8 of 89 cases" in plain
    assert "7 of 89 cases failed, for 2 causes." in plain
    assert "no StartTransaction within the limit" in plain
    assert "StartTransaction with connectorId 1" in plain
    assert "§4.8</b> Start Transaction" in plain
    assert "noscript" in page.tags


def test_policy_and_page_agree(text):
    import base64
    import hashlib

    for kind in ("script", "style"):
        inner = text.rsplit(f"<{kind}>", 1)[1].split(f"</{kind}>")[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in text
    assert "unsafe-inline" not in text


def test_a_link_to_a_case_is_the_same_in_every_report(tmp_path):
    names = []
    for cases in (("TC_001_CS", "TC_002_CS"), ("TC_009_CS", "TC_002_CS", "TC_001_CS")):
        run = Synthetic(tmp_path / str(len(cases))).begin()
        for case in cases:
            run.case(case)
            run.end_case(case=case)
        names.append(anchors(load_model(run.done()).cases))
    assert names == [["TC_001_CS", "TC_002_CS"], ["TC_009_CS", "TC_002_CS", "TC_001_CS"]]


def test_links_are_unique_and_harmless_whatever_a_case_is_called(run):
    for name in ("TC_1", "TC_1", "search", "a b<i>/", "a_b_i__", ""):
        run.case(name)
        run.end_case(case=name)
    made = anchors(load_model(run.done()).cases)
    assert made == ["TC_1-1.6-1", "TC_1-1.6-2", "case-search", "case-a_b_i__", "case-a_b_i__-2", "case-"]


def test_cases_are_listed_worst_first(text):
    verdicts = re.findall(r'<details class="case [^>]*data-verdict="([^"]*)"', text)
    assert len(verdicts) == 90
    assert verdicts == sorted(verdicts, key=[str(one) for one in ORDER].index)


def test_a_flood_keeps_its_ends_and_what_broke_a_rule(run):
    run.case()
    first = run.frame(raw='[2,"first","Heartbeat",{}]')
    for number in range(3000):
        last = run.frame(raw=f'[2,"m{number}","Heartbeat",{{}}]')
        if number == 1500:
            run.violate(last, "should", message="in the middle")
            middle = last
    run.end_case()
    run.done()
    write_reports(run.folder)
    data = Page((run.folder / "report.html").read_text()).data["TC_001_CS"]
    shown = [row[1] for row in frames(data)]
    assert len(shown) == 1001
    assert {first, middle, last} <= set(shown)
    assert [row[1] for row in data["flow"] if row[0] == "gap"] == [1001, 999]


def test_a_flood_of_faults_has_an_end(run):
    run.case()
    for _ in range(4000):
        run.violate(run.frame(), "should", message="again")
    run.end_case()
    assert len(frames(written(run).data["TC_001_CS"])) == 2000


def test_long_frames_stay_readable(run):
    run.case()
    run.frame(raw="x" * 1_000_000)
    run.violate(run.frame(raw="y" * 50_000), "must", message="wrong")
    run.end_case()
    run.done()
    write_reports(run.folder)
    journal = next(run.folder.glob("journal*.jsonl")).read_text()
    assert "934464 of 1000000 characters are not recorded, SHA-256 " in journal
    assert len(journal) < 1_000_000
    one, two = frames(Page((run.folder / "report.html").read_text()).data["TC_001_CS"])
    assert one[6].startswith("xxx")
    assert len(one[6]) < 4100
    assert len(two[6]) > 20_000  # what shows the fault has more room
    assert "more characters)" in two[6]


def test_events_and_steps_stand_between_the_frames(page):
    kinds = [row[0] if row[0] != "event" else row[1] for row in page.data["TC_001_CS"]["flow"]]
    assert kinds[:6] == ["connection", "frame", "frame", "operator", "step", "frame"]
    step = next(row for row in page.data["TC_001_CS"]["flow"] if row[0] == "step")
    assert step == ["step", "1  The charge point reports Preparing", "pass"]


def test_the_steps_of_a_case_are_rows(page):
    steps = page.data["TC_005_CS"]["steps"]
    assert [(one["n"], one["verdict"]) for one in steps] == [
        ("1", "pass"),
        ("3", "fail"),
        ("5", "not reached"),
        ("7", "not reached"),
    ]
    assert "expected" not in steps[1]  # it stands under "first cause"
    assert steps[1]["cause"].startswith("no StartTransaction")


def test_every_verdict_has_a_sign_of_its_own():
    assert len({SYMBOLS[verdict] for verdict in ORDER}) == len(ORDER)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["pass"], "No case failed."),
        (["pass", "warn"], "No case failed. 1 passed with a warning: the product broke a recommendation."),
        (["fail", "fail", "pass"], "2 of 3 cases failed, for 1 cause."),
        (["fail"], "1 of 1 case failed, for 1 cause."),
        (["inconclusive"], "1 could not be decided, which is neither a pass nor a fail."),
        (["not run", "pass"], "No case failed. Incomplete: 1 could not be run."),
        (["error"], "The kit itself failed in 1 of 1 case; that says nothing about the product."),
        ([], "No case was run."),
    ],
)
def test_the_first_sentence_says_how_it_went(run, verdicts, said):
    for number, verdict in enumerate(verdicts):
        run.case(f"TC_{number}")
        run.end_case(verdict, f"TC_{number}", cause="the cause" if verdict != "pass" else "")
    page = render_html(load_model(run.done()))
    assert f'<p class="said">{said}</p>' in page


def test_fails_that_are_all_known_are_no_causes(run):
    run.case()
    run.end_case("fail", cause="as listed")
    model = load_model(run.done())
    page = render_html(replace(model, cases=tuple(replace(case, known="a reason") for case in model.cases)))
    assert "1 of 1 case failed, all of them known." in page
    assert "What to fix first" not in page


def test_the_first_cause_that_costs_most_is_told(run):
    for number, cause in enumerate(["rare", "often", "often"]):
        run.case(f"TC_{number}")
        run.end_case("fail", f"TC_{number}", cause=cause)
    page = render_html(load_model(run.done()))
    assert "3 of 3 cases failed, for 2 causes. The first cause alone costs 2." in page
    assert page.index("often") < page.index("rare")


def test_the_same_model_gives_the_same_page(whole):
    model = load_model(whole)
    assert render_html(model) == render_html(model)


def test_a_thousand_causes_are_not_all_laid_out(run):
    for number in range(210):
        run.case(f"TC_{number}")
        run.end_case("fail", f"TC_{number}", cause="cause " + "x" * (number + 1))
    page = render_html(load_model(run.done()))
    assert page.count('<p class="fix-head">') == 200
    assert "10 further causes" in page


def test_a_large_run_stays_usable(tmp_path):
    folder = whole_run(tmp_path, cases=200, workers=("gw0",), frames=20)
    page = render_html(load_model(folder))
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert len(markup) / 200 < 4_500  # what a browser lays out at once, per case
    assert HOSTILE not in page
