"""The operator's console in a real browser, phone size, while the test acts at the embedded charge point."""

import os
from contextlib import contextmanager

import pytest
from stand import case, run, until

from tests.hostile.browser import chromium, missing

pytestmark = pytest.mark.skipif(bool(missing()) and not os.environ.get("CI"), reason=missing())

PREPARING = (
    'with step("1", "It reports Preparing"):',
    '    station.expect("StatusNotification", where={"status": "Preparing"})',
)
AVAILABLE = (
    'with step("1", "It reports Available"):',
    '    station.expect("StatusNotification", where={"status": "Available"})',
)
HOSTILE = "<b onclick=x>'\"&\u202e"
QUESTION = f"Is {HOSTILE} lit?"


class Page:
    """The page in one browser."""

    def __init__(self, driver):
        self.driver = driver
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
        )

    def text(self, name):
        return self.driver.execute_script("return document.getElementById(arguments[0]).textContent.trim()", name)

    def is_shown(self, name):
        return self.driver.execute_script(
            "const one = document.getElementById(arguments[0]); return !one.disabled && one.checkVisibility();", name
        )

    def prompt(self, text, button="done"):
        """Wait for a prompt that can be answered."""
        until(
            lambda: text in self.text("headline") and self.is_shown(button),
            f"the prompt {text!r}, in {self.text('headline')!r}",
        )

    def press(self, *buttons):
        """Press one button after the other with a finger: scrolled to, and hit where it is."""
        for name in buttons:
            self.driver.find_element("id", name).click()

    def closed(self, text):
        until(lambda: text in self.text("last"), f"the end {text!r}")

    def seconds(self):
        minutes, _, seconds = self.text("clock-text").partition(":")
        return int(minutes) * 60 + int(seconds)

    def complaints(self):
        """What the browser found wrong: a blocked script, a failed request, an exception."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def browser():
    with chromium() as driver:
        yield Page(driver)


def arrives(phone, stand):
    """What a prompt looks like on a phone; it closes when the event arrives, before any press."""
    phone.prompt("Plug the cable into the car at connector 1")
    assert "/#" not in phone.driver.current_url
    assert phone.text("facts") == "Connector1"
    assert (
        phone.driver.execute_script("return document.querySelector('#picture use').getAttribute('href')") == "#p-plug"
    )
    assert phone.seconds() <= 60
    phone.driver.refresh()
    phone.prompt("Plug the cable")
    widths = phone.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    small = phone.driver.execute_script(
        "return [...document.querySelectorAll('button')].filter(one => one.checkVisibility()"
        " && one.getBoundingClientRect().height < 44).map(one => one.id)"
    )
    assert not small
    stand.act("plug", connector=1)
    phone.closed("closed by itself")


def shares(phone, used):
    """Another browser gets in with a link of its own only, and the first answer of the two counts."""
    with browser() as second:
        second.driver.get(used)
        until(lambda: "used already" in second.text("outside-text"), "the refusal of the used link")
        phone.prompt("Drive a car into the parking bay")
        phone.press("invite")
        link = until(lambda: phone.text("invitation-link"), "the invitation")
        phone.press("invitation-close")
        second.driver.get("about:blank")
        assert all("403" in one or "401" in one for one in second.complaints())
        second.driver.get(link)
        second.prompt("Drive a car into the parking bay")
        second.press("cannot")
        assert "inconclusive" in second.text("cannot")
        assert phone.is_shown("done")
        second.press("cannot")
        second.closed("be done or told")
        phone.closed("be done or told")
        assert not second.complaints()


def judges(phone):
    """Questions, of which one has words that would act on a page."""
    phone.prompt("Is <b onclick=x>", "yes")
    assert not phone.driver.find_elements("css selector", "main b, main img")
    assert "\u202e" not in phone.driver.page_source
    phone.press("yes")
    phone.prompt("Is it locked?", "no")
    phone.press("no", "no")
    phone.prompt("Is it warm?", "unsure")
    phone.press("unsure", "unsure")


def looks(phone):
    """What the page says of the run so far."""
    phone.prompt("Plug the cable")
    assert "TC_904_CS" in phone.text("history")
    assert "Case 8 of 8" in phone.text("progress-text")
    assert "4 pass" in phone.text("tally")
    assert HOSTILE.partition("&")[0] in phone.text("product")
    assert not phone.complaints()


def test_a_run_is_done_from_the_phone(tmp_path):
    cases = (
        case("901", "operator.plug()", *PREPARING),
        case("902", "operator.unplug()", *AVAILABLE),
        case("903", f"operator.present({HOSTILE!r})", 'with step("1", "It asks"):', '    station.expect("Authorize")'),
        case("904", "operator.park()", 'with step("1", "It tells"):', '    station.expect("Heartbeat")'),
        case("905", f'with step("1", "A person looks"):\n        operator.attest({QUESTION!r})'),
        case("906", 'with step("1", "A person looks"):\n        operator.attest("Is it locked?")'),
        case("907", 'with step("1", "A person looks"):\n        operator.attest("Is it warm?")'),
        case("908", "operator.plug()", *PREPARING),
    )
    with run(tmp_path / "run", *cases, vendor=HOSTILE) as stand, browser() as phone:
        first = until(stand.links, "the link")[0]
        phone.driver.get(first)

        arrives(phone, stand)
        phone.prompt("Unplug the cable")
        phone.press("done")
        phone.closed("you said that it is done")
        stand.act("unplug", connector=1)

        phone.prompt("Present the token")
        assert "<b onclick=x>" in phone.text("headline")
        stand.act("present", idTag=HOSTILE, connector=1)

        shares(phone, first)
        judges(phone)
        looks(phone)
        phone.driver.get("about:blank")
        stand.act("plug", connector=1)
        ended = stand.end()
    assert ended.verdicts == {
        "901": "pass",
        "902": "pass",
        "903": "pass",
        "904": "inconclusive",
        "905": "pass",
        "906": "fail",
        "907": "not run",
        "908": "pass",
    }, stand.text
    assert ended.code == 1
    assert "says no: Is it locked?" in str(ended.cases["906"]["cause"])


def test_time_that_begins_anew_and_runs_out_and_what_came_out(tmp_path):
    with browser() as phone, run(tmp_path / "run", case("911", "operator.plug()", *PREPARING), operator=8.0) as stand:
        phone.driver.get(until(stand.links, "the link")[0])
        phone.prompt("Plug the cable", "again")
        until(lambda: phone.seconds() <= 5, "the time to pass")
        phone.press("again")
        until(lambda: phone.seconds() > 5, "the time anew")
        phone.closed("the time is over")
        until(lambda: phone.text("kind") == "The run is over", "the end")
        assert "report.html" in phone.text("wait")
        assert not phone.is_shown("case")
        assert "1 inconclusive" in phone.text("headline")
        assert not phone.is_shown("done")
        ended = stand.end()
    assert (ended.code, ended.verdicts) == (1, {"911": "inconclusive"}), stand.text


def test_a_killed_run_is_told_and_goes_on_in_another_console(tmp_path):
    cases = (
        case("921", 'with step("1", "It lives"):', '    station.expect("Heartbeat", within="boot")'),
        case("922", "operator.plug()", *PREPARING),
    )
    folder = tmp_path / "run"
    config = "[test_data]\nheartbeat_interval = 1\n"
    with browser() as phone:
        with run(folder, *cases, config=config) as stand:
            phone.driver.get(until(stand.links, "the link")[0])
            phone.prompt("Plug the cable")
            stand.process.kill()
            until(lambda: "lost" in phone.text("link-state"), "the loss")
            assert not phone.is_shown("done")
        given = (f"--ocpp-resume={folder}/out", "--ocpp-console=127.0.0.1:0")
        with run(folder, *cases, config=config, options=given, port=stand.port) as stand:
            phone.driver.get(until(stand.links, "the link")[0])
            phone.prompt("Plug the cable")
            assert "TC_921_CS" in phone.text("history")
            assert "1 decided before" in phone.text("progress-text")
            stand.act("plug", connector=1)
            ended = stand.end()
    assert ended.verdicts == {"921": "pass", "922": "pass"}, stand.text
    assert ended.code == 0
