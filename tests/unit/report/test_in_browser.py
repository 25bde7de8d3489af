"""What the page does when somebody uses it, in a real browser: open, search, link, keys, print, axe-core."""

import json
import os
from importlib.resources import files

import pytest
from synthetic import HOSTILE, Synthetic

from ocpp_tck.report.write import write_reports
from tests.hostile import browser

TEXT = "return document.querySelector(arguments[0]).textContent"
SHOWN = "return [...document.querySelectorAll('details.case:not([hidden])')].map(one => one.id)"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A small report with a fail of each kind, a warning, and what a hostile product would send."""
    run = Synthetic(tmp_path_factory.mktemp("page")).begin()
    for number, status in enumerate(("Available", "Available")):
        run.case(f"TC_00{number}_CS", f"A status {HOSTILE}", profile="Core")
        raw = '[2, "m","StatusNotification",{"connectorId":1.0,"status":"%s","info":[{"a":[]},"\\u00e9\\"}"],"vendorId":"%s"}]'
        bad = run.frame(
            action="StatusNotification", raw=raw % (status, HOSTILE.replace("\x00", "").replace("\x1b", ""))
        )
        told = {
            "cause": f"'{status}' instead of 'Preparing'",
            "requirement": "1.6 4.9; errata 3.22",
            "expected": "status.status == 'Preparing': == 'Preparing'",
            "received": f"'{status}' | StatusNotification request",
            "frames": (bad,),
        }
        run.step("1", "one", "fail", **told)
        run.end_case("fail", case=f"TC_00{number}_CS", **told)
    run.case("TC_010_CS", "A rule", profile="SmartCharging")
    broken = run.frame(raw='[2,"x","Heartbeat",{"a":{}}')
    run.violate(broken, rule="json.syntax", message=f"no JSON {HOSTILE}")
    run.violate(run.frame(raw='[2,"y","Heartbeat",{"list":[{"a":1},{"a":2}]}]'), path="list[1].a", message="too large")
    run.end_case(case="TC_010_CS")
    run.case("TC_011_CS", "A warning", profile="Core")
    run.violate(run.frame(), "should", rule="time.clock", message="late")
    run.end_case(case="TC_011_CS")
    run.case("TC_012_CS", "A pass", profile="Core")
    for n in ("1", "2", "3"):
        run.step(n, n)
    run.end_case(case="TC_012_CS")
    run.case("TC_013_CS", "Not run", profile="Core")
    run.end_case("not run", "TC_013_CS", phase="setup", cause="unanswered")
    write_reports(run.done())
    return run.folder / "report.html"


@pytest.fixture(scope="module")
def chromium():
    if lacking := browser.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)
    with browser.chromium() as driver:
        yield driver


@pytest.fixture
def at(chromium, page):
    """Opens the page anew at a place of it; gives a function that runs a script there."""

    def open_at(place="", *, theme="light", width=1200, media=""):
        chromium.get("about:blank")
        features = [{"name": "prefers-color-scheme", "value": theme}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features, "media": media})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        chromium.get(page.as_uri() + place)
        return chromium.execute_script

    yield open_at
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [], "media": ""})
    chromium.get(page.as_uri())
    chromium.execute_script("localStorage.clear()")
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


def press(chromium, keys):
    from selenium.webdriver import ActionChains

    ActionChains(chromium).send_keys(keys).perform()


AXE = """
const done = arguments[arguments.length - 1];
const told = found => found.map(one => [one.id, one.nodes.map(node => node.html + " " + node.failureSummary)]);
axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })
  .then(found => done([told(found.violations), found.passes.map(one => one.id)]), problem => done([String(problem), []]));
"""


def axe(chromium):
    """Give what axe-core objects to; its rule about contrast must have been decided (it can give up on a style)."""
    chromium.set_script_timeout(120)
    chromium.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    violations, passes = chromium.execute_async_script(AXE)
    assert "color-contrast" in [*passes, *(one[0] for one in violations)]
    return violations


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(at, chromium, theme):
    run = at("#TC_000_CS", theme=theme)
    run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    run("document.querySelectorAll('button[aria-expanded=false]').forEach(one => one.click())")
    assert axe(chromium) == []
    run("document.querySelectorAll('.only')[0].click(); document.querySelector('#ask').click()")
    assert axe(chromium) == []


def test_axe_would_find_something(at, chromium):
    run = at()
    run(
        "document.querySelector('#search').removeAttribute('aria-label'); document.querySelector('#search').placeholder = ''"
    )
    run("document.querySelector('.said').style.color = '#bbb'")
    assert {one[0] for one in axe(chromium)} == {"label", "color-contrast"}


def test_a_case_is_built_when_it_is_opened_and_once(at):
    run = at()
    assert run("return document.querySelectorAll('.late > *, .wire, li.frame').length") == 0
    opened = "document.querySelector('#TC_000_CS summary').click()"
    run(opened)
    assert run("return new Promise(done => setTimeout(() => done(document.querySelectorAll('li.frame').length)))") == 1
    run(opened)
    run(opened)
    assert run("return new Promise(done => setTimeout(() => done(document.querySelectorAll('li.frame').length)))") == 1


def test_frames_are_laid_out_and_stay_as_they_were(at):
    run = at("#TC_000_CS")
    data = json.loads(run(TEXT, "#data-TC_000_CS"))
    raw = next(row[6] for row in data["flow"] if row[0] == "frame")
    lines = run(TEXT, ".evidence pre").rstrip("\n").split("\n")
    assert lines[0] == '[2, "m", "StatusNotification", {'
    assert lines[1] == '  "connectorId": 1.0,'
    assert lines[2] == '  "status": "Available",  ◀ expected "Preparing"'
    assert lines[3:7] == ['  "info": [', "    {", '      "a": []', "    },"]
    assert lines[-1] == "}]"
    joined = "".join(line.partition("  ◀")[0] for line in lines)
    assert joined.replace(" ", "") == raw.replace(" ", "")
    assert run("return document.querySelectorAll('.hit').length") == 1


def test_what_is_not_json_is_shown_as_it_came_with_what_is_wrong(at):
    run = at("#TC_010_CS/f3")
    assert run(TEXT, "li.target pre") == '[2,"x","Heartbeat",{"a":{}}'
    assert run(TEXT, "li.target .mark").startswith("no JSON </script>")


def test_the_place_in_a_list_is_marked(at):
    run = at("#TC_010_CS/f4")
    assert run(TEXT, "li.target .hit") == '      "a": 2  ◀ too large'


def test_a_link_opens_its_case_and_frame_and_survives(at, chromium):
    run = at("#TC_001_CS/f2")
    told = "const one = document.querySelector('li.target'); return [one.id, one.closest('details').open, one.contains(document.activeElement)]"
    assert run(told) == ["TC_001_CS/f2", True, True]
    chromium.refresh()
    assert run(told) == ["TC_001_CS/f2", True, True]
    run("document.querySelector('#TC_012_CS summary').click()")
    assert run("return new Promise(done => setTimeout(() => done(location.hash)))") == "#TC_012_CS"


@pytest.mark.parametrize("place", ["#nothing", "#search", "#TC_000_CS/f999", "#%E0%A4%A", "#TC_000_CS/f1/f2", "#help"])
def test_links_that_lead_nowhere_do_no_harm(at, place):
    assert len(at(place)(SHOWN)) == 6


def test_filters_need_no_server(at):
    run = at()
    change = "const one = document.querySelector(arguments[0]); one.value = arguments[1]; one.dispatchEvent(new Event('input', { bubbles: true }))"
    assert len(run(SHOWN)) == 6
    run("document.querySelector('.chip input[value=fail]').click()")
    assert run(SHOWN) == ["TC_000_CS", "TC_001_CS", "TC_010_CS"]
    run(change, "#profile", "Core")
    assert run(SHOWN) == ["TC_000_CS", "TC_001_CS"]
    run("document.querySelector('#clear').click()")
    run(change, "#rule", "time.clock")
    assert run(SHOWN) == ["TC_011_CS"]
    run("document.querySelector('#clear').click()")
    run(change, "#search", "heartbeat json")
    assert run(SHOWN) == ["TC_010_CS"]
    run(change, "#search", "no such thing")
    assert run(SHOWN) == []
    assert run("return document.querySelector('#none').hidden") is False
    run("document.querySelector('#clear').click()")
    run("document.querySelector('.only').click()")
    assert run(SHOWN) == ["TC_000_CS", "TC_001_CS"]


def test_a_link_shows_a_case_that_the_filters_hide(at):
    run = at()
    run("document.querySelector('.chip input[value=pass]').click()")
    run("location.hash = '#TC_010_CS'")
    assert (
        run("return new Promise(done => setTimeout(() => done(document.querySelector('#TC_010_CS').hidden), 50))")
        is False
    )


def test_cases_can_be_put_in_order(at):
    run = at()
    assert run(SHOWN)[0] == "TC_000_CS"
    run("const one = document.querySelector('#sort'); one.value = 'id'; one.dispatchEvent(new Event('change'))")
    assert run(SHOWN) == ["TC_000_CS", "TC_001_CS", "TC_010_CS", "TC_011_CS", "TC_012_CS", "TC_013_CS"]


def test_keys(at, chromium):
    run = at()
    focused = "return document.activeElement.closest('details.case')?.id ?? document.activeElement.id"
    press(chromium, "j")
    assert run(focused) == "TC_000_CS"
    press(chromium, "j")
    press(chromium, "\ue015")  # arrow down
    assert run(focused) == "TC_010_CS"
    press(chromium, "k")
    assert run(focused) == "TC_001_CS"
    press(chromium, "\ue007n")  # Enter opens, then the next fault
    assert run("return document.querySelector('li.target').id") == "TC_001_CS/f2"
    press(chromium, "f")
    assert len(run(SHOWN)) == 3
    press(chromium, "/jk")
    assert (run(focused), run("return document.activeElement.value")) == ("search", "jk")
    press(chromium, "\ue00c")  # Escape
    assert len(run(SHOWN)) == 6
    press(chromium, "?")
    assert run("return document.querySelector('#help').open") is True
    press(chromium, "\ue00c")
    assert run("return document.querySelector('#help').open") is False


def test_the_switch_wins_over_the_system_and_is_kept(at, chromium):
    run = at(theme="dark")
    background = "return getComputedStyle(document.body).backgroundColor"
    dark = run(background)
    press(chromium, "t")
    assert run(background) != dark
    chromium.refresh()
    assert run(background) != dark
    press(chromium, "tt")
    assert run(background) == dark


@pytest.mark.parametrize("place", ["", "#TC_000_CS/f1", "#TC_010_CS/f3"])
def test_a_phone_need_not_scroll_sideways(at, place):
    assert at(place, width=390)("return document.documentElement.scrollWidth") <= 390


def test_print_leaves_out_what_paper_cannot_do(at):
    run = at("#TC_000_CS", media="print")
    seen = "return [...arguments[0].map(one => document.querySelector(one).checkVisibility())]"
    assert run(
        seen, ["#filters", "#tools", ".verdict", "#TC_000_CS .flow", "#TC_012_CS summary", "#TC_012_CS .late"]
    ) == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_without_its_script_the_page_still_says_how_it_went(at, chromium):
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        at()
        told = chromium.find_element("css selector", "main").text
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "3 of 6 cases failed, for 2 causes." in told
    assert "Without JavaScript" in told
    for name in ("TC_000_CS", "TC_010_CS", "TC_012_CS", "TC_013_CS"):
        assert name in told
