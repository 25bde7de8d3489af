"""A run whose prompts a person answers at a terminal: what he said is evidence, and its frames and words give it again."""

import json
import os
import pty
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ocpp_tck.bundle.reseal import write_again
from ocpp_tck.bundle.verify import verify
from ocpp_tck.case import case_of
from ocpp_tck.demo import free_port, product
from ocpp_tck.evidence.index import read_journals, write_index
from ocpp_tck.evidence.journal import Journal
from ocpp_tck.evidence.records import CaseEnded, OperatorActed, PromptEnded, PromptRenewed, StepEnded
from ocpp_tck.replay import stretch

RESPONSE, OPERATOR = 1.0, 3.5
GIVEN = """
from ocpp_tck.run import Run

def step(ocpp_run):
    return ocpp_run.current.step

def operator(ocpp_run):
    return ocpp_run.operator

def station(ocpp_run):
    ocpp_run.station.wait_connected(within="boot")
    return ocpp_run.station
"""
CONFTEST = "import pytest\nfrom said import given\n\n" + "".join(
    f"{name} = pytest.fixture(given.{name})\n" for name in ("step", "operator", "station")
)
REPORTS = 'with step("1", "It reports {0}"):\n        station.expect("StatusNotification", where={{"status": "{0}"}})'
CASES = (
    f"operator.plug()\n    {REPORTS.format('Preparing')}",  # 901: the person can't
    f"operator.plug()\n    {REPORTS.format('Preparing')}",  # 902: says done, and it was not
    f"operator.plug()\n    {REPORTS.format('Preparing')}",  # 903: does it, later than a product may answer
    f'with step("a", "A person looks"):\n        operator.attest("Is it lit?")\n    {REPORTS.format("Available")}',
    'with step("1", "A person looks"):\n        operator.attest("Is it locked?")',
    f"operator.plug()\n    {REPORTS.format('Preparing')}",  # 906: wants the time anew, and needs it
    f"operator.unplug()\n    {REPORTS.format('Available')}",  # 907: nobody is there
    'with step("1", "A person looks"):\n        operator.attest("Is it warm?")',
)
VERDICTS = {
    "TC_901_CS": "inconclusive",
    "TC_902_CS": "fail",
    "TC_903_CS": "pass",
    "TC_904_CS": "pass",
    "TC_905_CS": "fail",
    "TC_906_CS": "pass",
    "TC_907_CS": "inconclusive",
    "TC_908_CS": "not run",
}
ENDINGS = [
    ("plug", "cannot", "terminal"),
    ("plug", "said", "terminal"),
    ("plug", "came", "product"),
    ("attest", "yes", "terminal"),
    ("attest", "no", "terminal"),
    ("plug", "came", "product"),
    ("unplug", "expired", "time"),
    ("attest", "cannot", "terminal"),
]
LATE = RESPONSE * 1.5


def written(folder):
    """Write the cases as a package, and the configuration."""
    package = folder / "said"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "given.py").write_text(GIVEN)
    (package / "conftest.py").write_text(CONFTEST)
    facts = 'profile="Core", requirements="1.6 4.2"'
    (package / "test_said.py").write_text(
        "from ocpp_tck.case import testcase\n"
        + "".join(
            f'\n\n@testcase("TC_{number}_CS", "Case {number}", {facts})\n'
            f"def test_{number}(station, operator, step):\n    {body}\n"
            for number, body in enumerate(CASES, 901)
        )
    )
    listen = f"127.0.0.1:{free_port()}"
    (folder / "kit.toml").write_text(
        f'[sut]\nrole = "cs"\nversion = "1.6"\n[connection]\nlisten = "{listen}"\n[[connection.stations]]\nid = "CP001"\n'
        f'[driver]\norder = ["prompt"]\n[limits]\nresponse = {RESPONSE}\noperator = {OPERATOR}\nboot = 60.0\n'
    )
    return listen


class Person:
    """Reads the terminal, and answers each prompt in turn after a while.

    Args:
        answers: of each prompt, pairs of seconds after it came and what is done then.
    """

    def __init__(self, terminal, answers):
        self.terminal, self.seen, self._answers = terminal, "", list(answers)

    def read(self):
        """Read until the run has left the terminal."""
        asked = 0
        while True:
            try:
                chunk = os.read(self.terminal, 4096)
            except OSError:
                return
            if not chunk:
                return
            self.seen += chunk.decode(errors="replace")
            while self.seen.count("\n>>> ") > asked:
                for seconds, act in self._answers[asked] if asked < len(self._answers) else ():
                    timer = threading.Timer(seconds, act)
                    timer.daemon = True
                    timer.start()
                asked += 1

    def types(self, text):
        return lambda: os.write(self.terminal, text.encode())


@contextmanager
def found_in(folder, monkeypatch):
    """Let a replay find the cases of that folder instead of the OCA's."""
    monkeypatch.syspath_prepend(str(folder))
    from said import test_said

    by_id = {one.id: name for name in vars(test_said) if (one := case_of(getattr(test_said, name))) is not None}
    path = folder / "said" / "test_said.py"
    monkeypatch.setattr(stretch, "find_function", lambda case, _version: (getattr(test_said, by_id[case]), path))
    stretch._found.cache_clear()
    yield
    stretch._found.cache_clear()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The folder of the run, and what the terminal showed."""
    folder = tmp_path_factory.mktemp("prompts")
    listen = written(folder)
    place = ("--url", f"ws://{listen}/ocpp", "--station-id", "CP001", "--control", "127.0.0.1:0")
    off = [part for name in ("cacheprovider", "randomly", "hypothesispytest") for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", str(folder), "--rootdir", str(folder), "-o", "addopts=", *off]
    command += [f"--ocpp-config={folder}/kit.toml", f"--ocpp-report-dir={folder}/run"]
    with product("cs", "--version", "1.6", *place) as addresses:
        control = addresses["control"]

        def does(action):
            return lambda: _post(f"{control}/{action}?station=CP001")

        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.executable, command)  # noqa: S606 - the kit under test
        person = Person(terminal, [])
        person._answers = [
            [(0.1, person.types("c\n"))],
            [(LATE, person.types("\n"))],
            [(LATE, does("plug"))],
            [(0.2, does("unplug")), (LATE, person.types("y\n"))],
            [(0.1, person.types("n\n"))],
            [(OPERATOR * 0.6, person.types("r\n")), (OPERATOR * 1.2, does("plug"))],
            [],
            [(0.1, person.types("c\n"))],
        ]
        reader = threading.Thread(target=person.read, daemon=True)
        reader.start()
        reader.join(120)
        if reader.is_alive():
            os.kill(child, 9)
        os.waitpid(child, 0)
        reader.join(10)
        os.close(terminal)
    return SimpleNamespace(folder=folder, run=folder / "run", seen=person.seen)


def _post(url):
    import urllib.request

    sent = urllib.request.Request(url, b'{"connector": 1}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(sent, timeout=20) as answer:
        answer.read()


def changed(told, tmp_path, change):
    """Copy the run with other records, and everything else consistent with them."""
    shutil.copytree(told.run, tmp_path / "run")
    (journal,) = read_journals(tmp_path / "run")
    journal.path.unlink()
    copy = Journal(journal.path)
    for record in journal.records:
        if (kept := change(record)) is not None:
            copy.write(kept)
    copy.close()
    write_index(tmp_path / "run")
    write_again(tmp_path / "run")
    return tmp_path / "run"


def test_what_a_person_said_is_recorded_where_it_was_heard(told):
    (journal,) = read_journals(told.run)
    verdicts = {one["id"]: one["verdict"] for one in json.loads((told.run / "report.json").read_text())["cases"]}
    assert verdicts == VERDICTS, told.seen
    ended = [one for one in journal.records if isinstance(one, PromptEnded)]
    assert [(one.action, one.ending, one.by) for one in ended] == ENDINGS
    assert [one.by for one in journal.records if isinstance(one, PromptRenewed)] == ["terminal"]
    asked = [one for one in journal.records if isinstance(one, OperatorActed) and one.outcome == "prompted"]
    assert [one.action for one in asked] == ["plug", "plug", "plug", "plug", "unplug"]
    assert ended[1].time - asked[1].time >= LATE * 0.9
    times = [one.time for one in journal.records]
    assert times == sorted(times)


def test_the_report_shows_it_in_the_sequence(told):
    page = (told.run / "report.html").read_text(encoding="utf-8")
    for words in ("the operator: can't", "the operator: done", "the product shows it", "the operator: yes"):
        assert words in page


def test_every_verdict_is_recomputed(told, monkeypatch):
    with found_in(told.folder, monkeypatch):
        found = verify(told.run)
    assert found.problems == ()
    assert (found.agreed, found.open) == (len(CASES), ())


def test_a_word_that_was_changed_is_found_out(told, monkeypatch, tmp_path):
    def change(record):
        if isinstance(record, PromptEnded) and record.ending == "said":
            return PromptEnded(
                time=record.time, action="plug", payload=record.payload, ending="cannot", by="terminal", detail="x"
            )
        return record

    with found_in(told.folder, monkeypatch):
        found = verify(changed(told, tmp_path, change))
    assert [(one.case, "its frames give inconclusive" in one.difference) for one in found.cases if one.difference] == [
        ("TC_902_CS", True)
    ]
    assert not found.is_whole


def test_a_no_that_was_made_a_yes_is_found_out(told, monkeypatch, tmp_path):
    def change(record):
        match record:
            case OperatorActed(outcome="failed"):
                return replace(record, outcome="done")
            case StepEnded(verdict="fail", text="A person looks"):
                return replace(record, verdict="pass", cause="", expected="", received="")
            case CaseEnded(verdict="fail") if "locked" in record.cause:
                return replace(record, verdict="pass", cause="", expected="", received="")
        return record

    with found_in(told.folder, monkeypatch):
        found = verify(changed(told, tmp_path, change))
    assert [(one.case, "its frames give fail" in one.difference) for one in found.cases if one.difference] == [
        ("TC_905_CS", True)
    ]


def test_a_journal_of_an_earlier_kit_is_read_and_never_called_wrong(told, monkeypatch, tmp_path):
    folder = changed(told, tmp_path, lambda one: None if isinstance(one, (PromptEnded, PromptRenewed)) else one)
    with found_in(told.folder, monkeypatch):
        found = verify(folder)
    assert found.problems == ()
    assert {"TC_901_CS", "TC_907_CS"} <= {one.case for one in found.open}
    assert all("a person was asked" in one.open for one in found.open)
