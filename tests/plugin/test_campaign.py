"""Runs that follow one another: retries, what failed again, several runs as one, certification, and the exit codes."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner
from inside import case, config
from wicked import Csms, result

from ocpp_tck.cli import main
from ocpp_tck.evidence.index import verify_run
from ocpp_tck.evidence.journal import read_journal
from ocpp_tck.evidence.merged import verify_merged
from ocpp_tck.reference.mutant import parse
from ocpp_tck.selftest.bench import bench
from ocpp_tck.verdict import EXIT_CODES

GOOD = case("901", "csms", 'with step("1", "The CSMS tells the time"):\n    assert csms.call("Heartbeat").currentTime')
TOKEN = case(
    "902",
    "csms",
    'with step("1", "It accepts the token"):\n'
    '    assert csms.call("Authorize", idTag="X").idTagInfo.status == "Accepted"',
)
STATE = case(
    "903",
    "csms",
    'assert csms.call("Authorize", idTag="X").idTagInfo.status == "Accepted"\nwith step("1", "It goes on"):\n    pass',
)
BROKEN = case("904", "csms", 'with step("1", "The kit divides"):\n    csms.call("Heartbeat")\n    1 / 0')
NEEDS = case("906", "csms", 'operator.order("ClearCache")\nwith step("1", "It sends"):\n    csms.expect("ClearCache")')


def authorize(*statuses):
    """Answer Authorize with one status after the other, the last one for ever."""
    left = list(statuses)

    def answer(connection, identifier):
        status = left.pop(0) if len(left) > 1 else left[0]
        connection.send(result(identifier, {"idTagInfo": {"status": status}}))

    return Csms({"Authorize": answer})


def attempts(ran, number):
    return [
        (one["attempt"], one["verdict"], one["counts"], one["flaky"])
        for one in ran.report["cases"]
        if one["id"].split("_")[1] == number
    ]


def command(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def kept(ran, name):
    return ran.folder.rename(ran.folder.with_name(name))


def test_a_case_that_passes_the_second_time_is_flaky_and_fails(kit):
    with authorize("Blocked", "Accepted") as product:
        ran = kit(config("csms", product.url), GOOD, TOKEN, options=["--ocpp-retry=2", "--junitxml=own.xml"])
    assert ran.code == 1, ran.text
    assert attempts(ran, "901") == [(1, "pass", True, False)]
    assert attempts(ran, "902") == [(1, "fail", True, True), (2, "pass", False, True)]
    assert ran.report["run"]["retries"] == 2
    assert "FAIL" in ran.text
    assert "(run again)" in ran.text
    assert "Case 902 [flaky]" in ran.text
    assert "attempt 2 · " in ran.text
    last = ran.text.strip().splitlines()[-1]
    assert "1 failed" in last
    assert "1 run again" in last
    ctrf = json.loads((ran.folder / "ctrf.json").read_text(encoding="utf-8"))["results"]
    (test,) = [one for one in ctrf["tests"] if one["labels"]["ocpp.id"] == "TC_902_CSMS"]
    assert (test["status"], test["flaky"], test["retries"]) == ("failed", True, 1)
    assert [one["status"] for one in test["retryAttempts"]] == ["failed", "passed"]
    for path in (ran.folder / "junit.xml", Path("own.xml")):
        (suite,) = ET.parse(path).getroot()  # noqa: S314 - our own file
        assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0"), path
    assert "flaky" in (ran.folder / "report.html").read_text(encoding="utf-8")
    assert "attempt 2" in (ran.folder / "summary.md").read_text(encoding="utf-8")
    assert verify_run(ran.folder) == []


@pytest.mark.parametrize(
    ("cases", "statuses", "found"),
    [
        ([TOKEN], ["Blocked"], [(1, "fail", True, False), (2, "fail", False, False), (3, "fail", False, False)]),
        ([TOKEN], ["Accepted"], [(1, "pass", True, False)]),
        ([STATE], ["Blocked", "Accepted"], [(1, "inconclusive", True, True), (2, "pass", False, True)]),
        ([BROKEN], ["Accepted"], [(1, "error", True, False)]),
    ],
)
def test_what_is_run_again_and_what_then_counts(kit, cases, statuses, found):
    with authorize(*statuses) as product:
        ran = kit(config("csms", product.url), *cases, options=["--ocpp-retry=2"])
    number = ran.report["cases"][0]["id"].split("_")[1]
    assert attempts(ran, number) == found
    assert ran.code == {"pass": 0, "error": 2}.get(found[0][1], 1)
    records = read_journal(ran.folder / "journal-main.jsonl").records
    assert [one.attempt for one in records if one.kind == "case-started"] == [one for one, *_ in found]


BOOT = 'csms.call("BootNotification", chargePointVendor="v", chargePointModel="m")\n'
BOOTS = case("901", "csms", BOOT + 'with step("1", "The CSMS tells the time"):\n    csms.call("Heartbeat")')
BOOTS_TOKEN = case(
    "902",
    "csms",
    BOOT + 'with step("1", "It accepts the token"):\n'
    '    assert csms.call("Authorize", idTag=csms.data.valid_token).idTagInfo.status == "Accepted"',
)
CACHE = case(
    "902",
    "cs",
    'with step("1", "It clears its cache"):\n    assert station.call("ClearCache").status == "Accepted"',
)
LIVES = case("901", "cs", 'with step("1", "It answers"):\n    station.call("ClearCache")')


@pytest.mark.parametrize(
    ("role", "cases", "first"),
    [
        ("csms", [BOOTS, BOOTS_TOKEN], ("Authorize", "idTagInfo.status", "Blocked")),
        ("cs", [CACHE, LIVES], ("ClearCache", "status", "Rejected")),
    ],
)
def test_an_embedded_product_that_fails_the_first_time_is_flaky(kit, role, cases, first):
    action, path, value = first
    wrong = {"match": {"sender": role, "type": "result", "action": action, "nth": 1}, "do": {"set": {path: value}}}
    with bench(role, "1.6") as product:
        product.link.arm([parse(wrong)])
        ran = kit(product.config, *cases, options=["--ocpp-retry=1"])
    assert ran.code == 1, ran.text
    assert attempts(ran, "902") == [(1, "fail", True, True), (2, "pass", False, True)]
    assert attempts(ran, "901") == [(1, "pass", True, False)]


def test_a_worker_runs_again_too(kit):
    with authorize("Blocked", "Blocked", "Accepted") as product:
        kept(kit(config("csms", product.url), GOOD, TOKEN), "first")
        options = ["--ocpp-only=failed", "--ocpp-from=first", "--ocpp-retry=1", "-n1"]
        ran = kit(config("csms", product.url), GOOD, TOKEN, options=options, process=True)
    assert ran.code == 1, ran.text
    assert ran.verdicts.keys() == {"902"}
    assert attempts(ran, "902") == [(1, "fail", True, True), (2, "pass", False, True)]
    assert "(run again)" in ran.text


def test_what_failed_is_run_again_in_a_run_of_its_own(kit):
    with authorize("Blocked", "Accepted") as product:
        first = kept(kit(config("csms", product.url), GOOD, TOKEN, NEEDS), "first")
        again = kit(
            config("csms", product.url), GOOD, TOKEN, NEEDS, options=["--ocpp-only=failed", "--ocpp-from=first"]
        )
        assert (again.code, again.verdicts) == (0, {"902": "pass"}), again.text
        assert "only failed of first: 1 cases" in again.text
        follows = again.report["run"]["follows"]
        head = read_journal(first / "journal-main.jsonl").head
        assert follows == {"run": "first", "only": ["failed"], "journals": {"journal-main.jsonl": head}}
        assert again.report["run"]["asked"] == ["TC_902_CSMS"]
        kept(again, "second")
        rest = kit(
            config("csms", product.url), GOOD, TOKEN, NEEDS, options=["--ocpp-only=undecided", "--ocpp-from=first"]
        )
    assert (rest.code, rest.verdicts) == (5, {"906": "not run"}), rest.text


def test_a_case_that_never_began_is_undecided(kit):
    with Csms() as product:
        ran = kit(config("csms", product.url), GOOD, TOKEN)
        path = ran.folder / "journal-main.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        begun = [number for number, line in enumerate(lines) if b'"case-started"' in line]
        path.write_bytes(b"".join(lines[: begun[1]]))
        (ran.folder / "journal-index.json").unlink()
        kept(ran, "first")
        again = kit(config("csms", product.url), GOOD, TOKEN, options=["--ocpp-only=undecided", "--ocpp-from=first"])
    assert again.verdicts == {"901": "pass", "902": "pass"}, again.text  # the first one's teardown was cut off


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ocpp-only=failed"], "--only and --from belong together"),
        (["--ocpp-from=first"], "--only and --from belong together"),
        (["--ocpp-only=failed", "--ocpp-from=nowhere"], "nowhere: no journal*.jsonl here"),
        (
            ["--ocpp-only=failed", "--ocpp-from=first", "--ocpp-version=2.0.1"],
            "that run had version 1.6, this one has 2.0.1",
        ),
    ],
)
def test_what_can_not_be_run_again_is_told(kit, options, words):
    with Csms() as product:
        kept(kit(config("csms", product.url), GOOD), "first")
        ran = kit(config("csms", product.url), GOOD, options=options)
    assert ran.code == 4
    assert words in ran.text
    assert "Traceback" not in ran.text


def test_two_runs_with_the_same_software_make_a_flaky_case(kit):
    with authorize("Blocked", "Accepted") as product:
        text = config("csms", product.url).replace('role = "csms"', 'role = "csms"\nfirmware = "1.0"')
        kept(kit(text, GOOD, TOKEN), "first")
        kept(kit(text, GOOD, TOKEN, options=["--ocpp-only=failed", "--ocpp-from=first"]), "second")
    ran = command("merge", "second", "first", "-o", "both")
    assert ran.exit_code == 1, ran.output
    assert "Flaky, with the same product: TC_902_CSMS. The worst attempt decides." in ran.output
    assert verify_merged(Path("both")) == []


def test_the_newest_software_decides_and_the_report_can_be_made_again(kit):
    with authorize("Blocked", "Accepted") as product:
        text = config("csms", product.url).replace('role = "csms"', 'role = "csms"\nfirmware = "1.0"')
        kept(kit(text, GOOD, TOKEN), "first")
        text = text.replace('"1.0"', '"1.1"')
        kept(kit(text, GOOD, TOKEN, options=["--ocpp-only=failed", "--ocpp-from=first"]), "second")
    ran = command("merge", "first", "second", "-o", "both")
    assert ran.exit_code == 0, ran.output
    assert "Judged with software version 1.0 and not with 1.1, the one met last: TC_901_CSMS." in ran.output
    report = Path("both/report.json")
    before = report.read_bytes()
    found = [
        (one["id"], one["run"], one["firmware"], one["verdict"], one["counts"]) for one in json.loads(before)["cases"]
    ]
    assert found == [
        ("TC_901_CSMS", "01-first", "1.0", "pass", True),
        ("TC_902_CSMS", "01-first", "1.0", "fail", False),
        ("TC_902_CSMS", "02-second", "1.1", "pass", True),
    ]
    report.unlink()
    assert command("report", "both").exit_code == 0
    assert report.read_bytes() == before
    ran = command("diff", "first", "both")
    assert ran.exit_code == 0
    assert "Fixed (1)" in ran.output
    assert command("diff", "both", "first").exit_code == 1


def test_a_certification_run_is_refused_with_all_that_stands_against_it(kit):
    asked = GOOD.replace('requirements="1.6 4.2"', 'requirements="1.6 4.2", applies_if="vendor_data_transfer"')
    Path("known.toml").write_text("", encoding="utf-8")
    options = [
        "--ocpp-certify",
        "--ocpp-case=TC_901_CSMS",
        "--ocpp-retry=1",
        "--ocpp-known-failures=known.toml",
        "-kx or 901",
    ]
    with Csms() as product:
        text = config("csms", product.url, limits="response = 31.0\nabsence = 0.1\noperator = 900.0\n")
        ran = kit(
            text + "[test_data]\nlimit_tolerance = 5\n", asked, "def test_901_plain():\n    pass\n", options=options
        )
        assert product.connections == 0
    assert ran.code == 4, ran.text
    assert not ran.folder.exists()
    assert ran.text.count("\n  - ") == 11, ran.text
    for words in (
        "--case TC_901_CSMS is given",
        "--retry 1 is given",
        "--known-failures known.toml is given",
        "-k x or 901 is given",
        "cases of OCPP 1.6 csms would not run",
        "not of the catalogue: TC_901_CSMS",
        "tests that are no OCA cases would run: 1",
        "[pics] does not answer vendor_data_transfer",
        "[limits] response = 31 s is looser than the default of 30 s",
        "[limits] absence = 0.1 s is looser than the default of 5 s",
        "[test_data] limit_tolerance = 5 % is looser",
    ):
        assert words in ran.text
    assert "operator" not in ran.text.partition("Against it stands")[2]


def test_a_worker_refuses_a_certification_run_too(kit):
    with Csms() as product:
        ran = kit(config("csms", product.url), GOOD, options=["--ocpp-certify", "-n1"], process=True)
        assert product.connections == 0
    assert ran.code == 4, ran.text
    assert "[limits] absence = 0.1 s is looser than the default of 5 s" in ran.text
    assert "Traceback" not in ran.text


def test_a_certification_run_says_so_and_any_other_why_not(kit, monkeypatch):
    from ocpp_tck.plan import Entry

    entry = Entry("TC_901_CSMS", ("1.6",), "csms", "x", "Core", "implemented", "", source=True)
    monkeypatch.setattr("ocpp_tck.certify.entries", lambda *_: [entry])
    with Csms() as product:
        ran = kit(config("csms", product.url, limits=""), GOOD, options=["--ocpp-certify"])
        assert ran.code == 0, ran.text
        assert ran.report["certification"] == {"asked": True, "holds": True, "objections": []}
        assert "Certification run: whole" in ran.text
        kept(ran, "first")
        ran = kit(config("csms", product.url), GOOD)
    assert ran.report["certification"] == {
        "asked": False,
        "holds": False,
        "objections": [
            "it was not asked for (--certify)",
            "[limits] absence = 0.1 s is looser than the default of 5 s",
        ],
    }
    assert "Not a certification run: it was not asked for (--certify); report.html gives 1 more reason." in ran.text


def test_a_certification_run_is_resumed_as_one_only(kit):
    with Csms() as product:
        kit(config("csms", product.url), GOOD)
        given = ["--ocpp-config=kit.toml", "--ocpp-resume=out", "--ocpp-certify"]
        ran = kit(config("csms", product.url), GOOD, options=given, kit=False)
    assert ran.code == 4
    assert "--certify was false, is now true" in ran.text


EXITS = {
    0: [GOOD],
    1: [TOKEN],
    2: [BROKEN],
    3: [GOOD],
    4: [GOOD],
    5: [NEEDS],
}


def test_every_exit_code_is_tried():
    assert EXITS.keys() == EXIT_CODES.keys()


@pytest.mark.parametrize("code", EXITS)
def test_the_exit_code_of_a_real_run(kit, pytester, code):
    options = ["--ocpp-only=failed"] if code == 4 else []
    if code == 3:
        pytester.makepyfile(crashing="def pytest_runtestloop(session):\n    raise RuntimeError('a plugin is broken')\n")
        options = ["-p", "crashing"]
    with authorize("Blocked") as product:
        ran = kit(config("csms", product.url), *EXITS[code], options=options, process=code == 3)
    assert ran.code == code, ran.text


def test_the_command_refuses_a_wrong_option_with_the_code_of_refusals_and_tells_all_codes():
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    start = [sys.executable, "-c", "from ocpp_tck.cli import main; main()", "run"]
    ran = subprocess.run([*start, "--colour"], capture_output=True, text=True, env=environment, check=False)
    assert (ran.returncode, "No such option" in ran.stderr) == (4, True)
    told = " ".join(command("run", "--help").output.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in told
