"""A few hostile products on each run of the tests; `tox -e hostile` runs them all."""

from __future__ import annotations

import json
import os

import pytest

from tests.hostile import arena, browser
from tests.hostile.acts import CONTROL, Hostility, named


@pytest.fixture(scope="module")
def trap():
    with browser.Trap() as trap:
        yield trap


@pytest.fixture(scope="module")
def chromium():
    if lacking := browser.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)
    with browser.chromium() as driver:
        yield driver


@pytest.mark.parametrize("role", ["csms", "cs"])
def test_nothing_that_a_product_says_acts(role, trap, chromium, tmp_path):
    ran = arena.run(role, named("escape sequences", trap.port), folder=tmp_path / "run")
    assert ran.wrong == []
    page = tmp_path / "run" / "report.html"
    assert "alert(1)" in page.read_text()  # it is there, as text
    assert browser.open_report(chromium, page, trap) == []


def test_the_kit_stays_small_and_every_case_runs_amid_a_crowd(trap):
    assert arena.run("cs", named("2,000 connections, kept", trap.port)).wrong == []


HARM = (
    "<script>document.title='owned'</script>",
    "<img src=http://127.0.0.1:{port}/image>",
    "<p onmouseover=\"document.title='owned'\">",
    "<a href=\"javascript:document.title='owned'\">",
    "<meta http-equiv=refresh content='9;url=http://127.0.0.1:{port}/'>",
)


@pytest.mark.parametrize("policy", [True, False])
def test_the_browser_check_finds_what_was_let_through(policy, trap, chromium, tmp_path):
    from ocpp_tck.report.fold import fold
    from ocpp_tck.report.html import render_html

    page, clean = tmp_path / "report.html", render_html(fold([]))
    clean = clean if policy else clean.replace("Content-Security-Policy", "Nothing")
    for harm in HARM:
        page.write_text(clean.replace("<main>", "<main>" + harm.format(port=trap.port)))
        assert browser.open_report(chromium, page, trap), harm
    page.write_text(clean)
    assert [text for text in browser.open_report(chromium, page, trap) if "http-equiv" not in text] == []


def judged(tmp_path, *, code=1, peak=50, text="all is well\n", verdicts=("fail", "pass", "pass"), words="rule x"):
    ran = arena.Ran(seconds=1.0, peak_mb=peak, text=text)
    hostility = Hostility("any", None, frozenset({"fail"}), words=words)
    cases = [{"id": f"TC_{n}", "verdict": one, "cause": {"text": "rule x"}} for n, one in enumerate(verdicts)]
    for name in ("report.html", "junit.xml", "summary.md"):
        (tmp_path / name).write_text("x")
    (tmp_path / "report.json").write_text(json.dumps({"cases": cases, "problems": []}))
    arena._judge(ran, code, tmp_path, hostility)
    return ran.wrong


@pytest.mark.parametrize(
    "changed",
    [
        {"code": 2},
        {"code": -9},
        {"peak": arena.MEMORY_MB + 1},
        {"text": CONTROL},
        {"text": "a\rb"},
        {"text": "a\u202eb"},
        {"text": "Traceback (most recent call last)"},
        {"verdicts": ("pass", "pass", "pass")},
        {"verdicts": ("fail", "fail", "pass")},
        {"verdicts": ("fail", "pass")},
        {"words": "rule y"},
    ],
    ids=str,
)
def test_the_arena_sees_what_goes_wrong(changed, tmp_path):
    assert judged(tmp_path) == []
    assert len(judged(tmp_path, **changed)) == 1


def test_the_arena_sees_files_that_were_left(tmp_path):
    report = tmp_path / "report"
    report.mkdir()
    before = arena._files(tmp_path, report)
    (report / "report.json").write_text("x")
    assert arena._files(tmp_path, report) == before
    (tmp_path / "x").write_text("x")
    assert arena._files(tmp_path, report) != before
