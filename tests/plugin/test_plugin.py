"""The pytest plugin and the command: exit codes, categories, options, reports."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path

import pytest
from inside import case, config
from wicked import Csms

from ocpp_tck.demo import SHORT, product

GOOD = case("901", "csms", 'with step("1", "The CSMS tells the time"):\n    assert csms.call("Heartbeat").currentTime')
BAD = case(
    "902",
    "csms",
    'with step("2a", "It refuses"):\n    assert csms.call("Authorize", idTag="X").idTagInfo.status == "Blocked"',
)
STUCK = case("903", "csms", 'csms.expect("Reset")\nwith step("1", "It goes on"):\n    pass')
BROKEN = case("904", "csms", 'with step("1", "The kit divides"):\n    csms.call("Heartbeat")\n    1 / 0')
SHOULD = case(
    "905",
    "csms",
    'with step("1", "It should refuse", level="should", requirement="R1"):\n'
    '    assert csms.call("Authorize", idTag="X").idTagInfo.status == "Blocked"',
)
NEEDS = case("906", "csms", 'operator.order("ClearCache")\nwith step("1", "It sends"):\n    csms.expect("ClearCache")')
NO_STEP = case("907", "csms", 'csms.call("Heartbeat")')
PLAIN = "def test_plain():\n    assert True\n\n"


@pytest.fixture
def server():
    with Csms() as running:
        yield running


@pytest.mark.parametrize(
    ("cases", "options", "code", "verdicts"),
    [
        ([GOOD], [], 0, {"901": "pass"}),
        ([GOOD, BAD], [], 1, {"901": "pass", "902": "fail"}),
        ([GOOD, STUCK], [], 1, {"901": "pass", "903": "inconclusive"}),
        ([GOOD, BAD, BROKEN], [], 2, {"901": "pass", "902": "fail", "904": "error"}),
        ([GOOD, SHOULD], [], 0, {"901": "pass", "905": "warn"}),
        ([GOOD, SHOULD], ["--ocpp-strict"], 1, {"901": "pass", "905": "warn"}),
        ([NEEDS], [], 5, {"906": "not run"}),
        ([GOOD, NEEDS], [], 0, {"901": "pass", "906": "not run"}),
        ([NO_STEP], [], 1, {"907": "inconclusive"}),
        ([GOOD], ["--ocpp-case=TC_999_CSMS"], 5, {}),
    ],
)
def test_exit_codes_come_from_the_verdicts(kit, server, cases, options, code, verdicts):
    ran = kit(config("csms", server.url), *cases, options=options)
    assert (ran.code, ran.verdicts) == (code, verdicts), ran.text


def test_each_verdict_has_a_category_of_its_own(kit, server):
    ran = kit(config("csms", server.url), GOOD, BAD, STUCK, BROKEN, SHOULD, NEEDS)
    last = ran.text.strip().splitlines()[-1]
    for words in ("1 failed", "1 passed", "1 warned", "1 inconclusive", "1 kit error", "1 not run"):
        assert words in last, ran.text
    for word in ("PASS", "FAIL", "INCONCLUSIVE", "KIT ERROR", "WARN", "NOT RUN"):
        assert word in ran.text
    assert "ZeroDivisionError" in json.dumps(ran.cases["TC_904_CSMS"]["cause"])


def test_a_fail_says_step_expected_received_and_frame(kit, server):
    ran = kit(config("csms", server.url), BAD)
    cause = ran.cases["TC_902_CSMS"]["cause"]
    assert cause["where"] == "step 2a"
    assert "'Blocked'" in cause["expected"]
    assert "'Accepted'" in cause["received"]
    assert cause["frames"] == [2]
    assert "step 2a" in ran.text


def test_a_cause_is_told_once_and_with_its_place(kit, server):
    ran = kit(config("csms", server.url), GOOD, BAD)
    assert ran.text.count('"Accepted", expected "Blocked"') + ran.text.count("'Accepted' instead of") == 1, ran.text
    assert ran.text.count("== 'Blocked'") <= 2, ran.text  # the assertion and its right side, in one line
    assert f"report: {ran.folder}/report.html#TC_902_CSMS/f4" in ran.text
    assert "FAILURES" not in ran.text
    assert "short test summary" not in ran.text
    assert "1 failed, 1 passed" in ran.text.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "sections"),
    [
        ("-v", ("= FAILURES =", "short test summary", "::test_902")),
        ("-rA", ("= FAILURES =", "short test summary", "::test_902")),
        ("--tb=short", ("= FAILURES =", "short test summary", "::test_902")),
        ("-q", ()),
    ],
)
def test_who_asks_pytest_for_its_sections_gets_them(kit, server, option, sections):
    ran = kit(config("csms", server.url), BAD, options=[option])
    assert [words in ran.text for words in ("= FAILURES =", "short test summary", "::test_902")] == [bool(sections)] * 3
    assert ran.text.count(f"report: {ran.folder}/report.html#TC_902_CSMS") == 1


def test_what_is_no_case_is_told_by_pytest_as_ever(kit, server):
    ran = kit(config("csms", server.url), BAD, PLAIN.replace("True", "'this' == 'that'"))
    assert "= FAILURES =" in ran.text
    assert "AssertionError" in ran.text
    assert "::test_plain" in ran.text
    assert "::test_902" not in ran.text
    assert "2 failed" in ran.text.strip().splitlines()[-1]


def test_a_fail_in_setup_is_inconclusive_unless_a_rule_was_broken(kit):
    state = case(
        "908",
        "csms",
        'assert csms.call("Authorize", idTag="X").idTagInfo.status == "Blocked"\nwith step("1", "It goes on"):\n    pass',
    )
    with Csms(
        {"Authorize": lambda connection, i: connection.send(f'[3,"{i}",{{"idTagInfo":{{"status":"Nope"}}}}]')}
    ) as wrong:
        ran = kit(config("csms", wrong.url), state)
    assert ran.verdicts == {"908": "fail"}, ran.text
    assert "Nope" in json.dumps(ran.cases["TC_908_CSMS"]["cause"])


def test_a_state_that_is_not_reached_is_inconclusive(kit, server):
    state = case(
        "908",
        "csms",
        'assert csms.call("Authorize", idTag="X").idTagInfo.status == "Blocked"\nwith step("1", "It goes on"):\n    pass',
    )
    ran = kit(config("csms", server.url), state)
    assert ran.verdicts == {"908": "inconclusive"}, ran.text
    assert ran.cases["TC_908_CSMS"]["cause"]["text"].startswith("required state not reached")


def test_nothing_happens_while_the_kit_is_off(kit):
    ran = kit("", PLAIN, GOOD, kit=False)
    assert ran.code == 0
    assert "1 passed, 1 skipped" in ran.text
    assert "ocpp-tck:" not in ran.text
    assert not ran.folder.exists()
    assert not Path("reports").exists()


def test_ordinary_tests_run_beside_the_cases(kit, server):
    ran = kit(config("csms", server.url), PLAIN, GOOD)
    assert ran.code == 0
    assert "2 passed" in ran.text


@pytest.mark.parametrize("chosen", ["TC_901_CSMS", "TC_OLD_CSMS"])
def test_a_case_is_chosen_by_id_or_alias(kit, server, chosen):
    good = GOOD.replace('requirements="1.6 4.2"', 'requirements="1.6 4.2", aliases=("TC_OLD_CSMS",)')
    ran = kit(config("csms", server.url), good, BAD, options=[f"--ocpp-case={chosen}"])
    assert (ran.code, ran.verdicts) == (0, {"901": "pass"}), ran.text
    assert "1 deselected" in ran.text


def test_other_roles_versions_and_profiles_are_left_out(kit, server):
    later = case("910", "csms", "pass", versions=("2.0.1",))
    station = case("911", "cs", "pass")
    ran = kit(config("csms", server.url), GOOD, later, station)
    assert ran.verdicts == {"901": "pass"}
    assert "2 deselected" in ran.text


def test_a_profile_that_no_case_has_decides_nothing(kit, server):
    ran = kit(config("csms", server.url), GOOD, options=["--ocpp-profile=Smart Charging"])
    assert (ran.code, ran.report) == (5, None)


def test_a_run_without_cases_does_not_speak_for_an_earlier_one(kit, server):
    assert kit(config("csms", server.url), GOOD).code == 0
    assert kit(config("csms", server.url), GOOD, options=["--ocpp-profile=Smart Charging"]).code == 5


def test_what_can_not_be_undone_runs_last(kit, server):
    body = 'with step("1", "It lives"):\n    csms.call("Heartbeat")'
    first, second = case("899", "csms", body, changes="security_profile"), case("900", "csms", body, changes="password")
    ran = kit(config("csms", server.url), first, second, GOOD)
    assert [one["id"] for one in ran.report["cases"]] == ["TC_901_CSMS", "TC_900_CSMS", "TC_899_CSMS"]


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        ("", "not run", 5),
        ("vendor_data_transfer = false\n", "not applicable", 5),
        ("vendor_data_transfer = true\n", "pass", 0),
    ],
)
def test_what_the_pics_say(kit, server, answer, verdict, code):
    asked = GOOD.replace('requirements="1.6 4.2"', 'requirements="1.6 4.2", applies_if="vendor_data_transfer"')
    text = config("csms", server.url)
    ran = kit(text + (f"[pics]\n{answer}" if answer else ""), asked)
    assert (ran.code, ran.verdicts) == (code, {"901": verdict}), ran.text
    if verdict != "pass":
        assert "vendor_data_transfer" in ran.cases["TC_901_CSMS"]["cause"]["text"]


def test_an_unknown_condition_is_a_usage_error(kit, server):
    asked = GOOD.replace('requirements="1.6 4.2"', 'requirements="1.6 4.2", applies_if="no_such_feature"')
    ran = kit(config("csms", server.url), asked)
    assert ran.code == 4
    assert "no_such_feature" in ran.text
    assert "Traceback" not in ran.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense =", "kit.toml: not valid TOML"),
        ('[sut]\nrole = "csms"\nversion = "1.6"\ncolour = "red"\n[connection]\nurl = "ws://h/"\n', "colour"),
        ('[sut]\nrole = "csms"\nversion = "1.6"\n', "connection.url"),
        ('[sut]\nrole = "csms"\nversion = 1.6\n[connection]\nurl = "ws://h/"\n', 'in quotes, "1.6"'),
    ],
)
def test_a_configuration_error_is_a_usage_error(kit, text, words):
    ran = kit(text, GOOD)
    assert ran.code == 4, ran.text
    assert "kit.toml" in ran.text
    assert words in ran.text.replace("[connection] url", "connection.url")
    assert "Traceback" not in ran.text


def test_a_missing_configuration_is_a_usage_error(kit):
    ran = kit("", GOOD, kit=False, options=["--ocpp-config=none.toml"])
    assert ran.code == 4
    assert "none.toml: no such file" in ran.text
    assert "Traceback" not in ran.text


def test_an_earlier_run_is_not_overwritten(kit, server):
    assert kit(config("csms", server.url), GOOD).code == 0
    again = kit(config("csms", server.url), GOOD)
    assert again.code != 0
    assert "a journal of an earlier run is there" in again.text
    assert "Traceback" not in again.text
    assert "INTERNALERROR" not in again.text


def test_junit_carries_the_facts(kit, server):
    ran = kit(config("csms", server.url), GOOD, BAD, options=["--junitxml=own.xml"])
    for path in (ran.folder / "junit.xml", Path("own.xml")):
        found = {}
        for element in ET.parse(path).getroot().iter("testcase"):  # noqa: S314 - our own file
            values = {one.get("name"): one.get("value") for one in element.iter("property")}
            found[values["ocpp.id"]] = values["ocpp.version"]
        assert found == {"TC_901_CSMS": "1.6", "TC_902_CSMS": "1.6"}


def test_known_failures_are_strict_both_ways(kit, server):
    known = '[[known]]\ncase = "{}"\nverdict = "fail"\nreason = "vendor knows"\n'
    Path("known.toml").write_text(known.format("TC_902_CSMS"), encoding="utf-8")
    assert kit(config("csms", server.url), GOOD, BAD, options=["--ocpp-known-failures=known.toml"]).code == 0


def test_an_unexpected_pass_fails_the_run(kit, server):
    text = '[[known]]\ncase = "TC_901_CSMS"\nverdict = "fail"\nreason = "vendor knows"\n'
    Path("known.toml").write_text(text, encoding="utf-8")
    ran = kit(config("csms", server.url), GOOD, options=["--ocpp-known-failures=known.toml"])
    assert ran.code == 1
    assert ran.report["deviations"]


def test_a_fault_of_the_kit_on_the_network_thread_is_a_kit_error(kit, server, monkeypatch):
    from ocpp_tck.evidence.journal import Journal, JournalError

    write, failed = Journal.write, []

    def failing(self, record):
        if record.kind == "frame" and record.sender == "product" and not failed:
            failed.append(True)
            raise JournalError("the disk is on fire")
        write(self, record)

    monkeypatch.setattr(Journal, "write", failing)
    ran = kit(
        config("csms", server.url), case("900", "csms", GOOD.partition("\n    ")[2].replace("\n    ", "\n")), GOOD
    )
    assert (ran.code, ran.verdicts) == (2, {"900": "error", "901": "pass"}), ran.text
    assert "the disk is on fire" in ran.cases["TC_900_CSMS"]["cause"]["text"]


def test_the_command_and_pytest_give_the_same_verdicts(tmp_path):
    chosen = ["TC_023_1_CSMS", "TC_023_2_CSMS", "TC_003_CSMS"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    root = Path(__file__).parents[2]
    with ExitStack() as stack:
        started = []
        for number in (1, 2):
            where = stack.enter_context(product("csms", "--version", "1.6"))
            text = config("csms", where["ocpp"], limits=SHORT.partition("[limits]\n")[2])
            driver = f'[driver]\norder = ["http"]\n[driver.http]\nurl = "{where["control"]}/{{action_kebab}}?station={{station}}"\n'
            path = tmp_path / f"{number}.toml"
            path.write_text(text + driver, encoding="utf-8")
            if number == 1:
                command = ["-c", "from ocpp_tck.cli import main; main()"]
                command += [
                    "run",
                    f"--config={path}",
                    f"--report-dir={tmp_path / '1'}",
                    *(f"--case={one}" for one in chosen),
                ]
            else:
                command = ["-m", "pytest", "testcases", "-p", "no:cacheprovider", f"--ocpp-config={path}"]
                command += [f"--ocpp-report-dir={tmp_path / '2'}", *(f"--ocpp-case={one}" for one in chosen)]
            started.append(
                subprocess.Popen(
                    [sys.executable, *command],
                    cwd=root,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )
        told = [process.communicate(timeout=120)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    reports = [json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8")) for name in ("1", "2")]
    found = [{one["id"]: one["verdict"] for one in report["cases"]} for report in reports]
    assert found[0] == found[1] == dict.fromkeys(chosen, "pass")


def test_more_workers_than_stations_are_refused(kit):
    result = kit(config("csms", "ws://127.0.0.1:9/ocpp"), case(900, "csms", "pass"), options=("-n", "2"), process=True)
    assert result.code == 4
    assert "2 workers need as many [[connection.stations]]; the configuration has 1" in result.text
