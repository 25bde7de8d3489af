"""The `command`, `python` and `prompt` drivers, the chain and the table of actions."""

import json
import os
import pty
import queue
import stat
import subprocess
import sys
import threading
import time

import pytest
from drivers_support import built, request

from ocpp_tck.roles.drivers import DriverError, Outcome, Result
from ocpp_tck.roles.drivers.actions import CSMS_REQUESTS, actions, camel, sentence, snake
from ocpp_tck.roles.drivers.chain import DriverChain
from ocpp_tck.roles.drivers.command import CommandDriver
from ocpp_tck.roles.drivers.prompt import AGAIN, CANNOT, DONE, MOST_AGAIN, NO, NOBODY, YES, Ending, Prompt, PromptDriver
from ocpp_tck.roles.drivers.python import PythonDriver
from ocpp_tck.settings import DriverSettings


class TestCommand:
    def script(self, folder, text):
        file = folder / "act"
        file.write_text(f"#!{sys.executable}\nimport json, sys, os, time\n{text}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def driver(self, folder, table):
        made, problems = built(CommandDriver, table, folder)
        assert problems == []
        return made

    @pytest.mark.parametrize(
        "run", [["./act", "{action}", "{station}", "{payload.a}"], "./act {action} {station} '{payload.a}'"]
    )
    def test_arguments_and_stdin_without_a_shell(self, tmp_path, run):
        self.script(tmp_path, "json.dump([sys.argv[1:], json.load(sys.stdin), os.getcwd()], open('seen', 'w'))")
        payload = {"a": "x; touch hacked $(id) 'q'", "b": 1}
        assert self.driver(tmp_path, {"run": run}).act(request("reset", payload)) == Result(Outcome.DONE)
        arguments, stdin, folder = json.loads((tmp_path / "seen").read_text())
        assert arguments == ["reset", "CP 1/ä", payload["a"]]
        assert stdin == payload
        assert folder == os.path.realpath(tmp_path)
        assert not (tmp_path / "hacked").exists()

    @pytest.mark.parametrize(
        ("status", "outcome"), [(0, Outcome.DONE), (3, Outcome.UNSUPPORTED), (1, Outcome.FAILED), (4, Outcome.FAILED)]
    )
    def test_what_an_exit_status_means(self, tmp_path, status, outcome):
        self.script(tmp_path, f"print('first\\nthe reason', file=sys.stderr); sys.exit({status})")
        result = self.driver(tmp_path, {"run": ["./act"]}).act(request())
        assert result.outcome is outcome
        if status:
            assert f"exit status {status}: the reason" in result.detail

    def test_a_program_that_does_not_end_is_ended_with_its_children(self, tmp_path):
        self.script(
            tmp_path,
            "import subprocess\nsubprocess.Popen(['sh', '-c', 'touch started; sleep 2; touch late'])\ntime.sleep(30)",
        )
        began = time.monotonic()
        result = self.driver(tmp_path, {"run": ["./act"], "timeout": 1.0}).act(request())
        assert (result.outcome, result.detail) == (Outcome.FAILED, "./act: not finished within 1 s, ended")
        assert (tmp_path / "started").exists()
        time.sleep(max(0.0, began + 3.5 - time.monotonic()))
        assert not (tmp_path / "late").exists()

    def test_actions_of_their_own(self, tmp_path):
        self.script(tmp_path, "open('seen', 'w').write(sys.argv[1])")
        made = self.driver(
            tmp_path, {"actions": {"reset": {"run": ["./act", "own"]}, "clear_cache": {"supported": False}}}
        )
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert (tmp_path / "seen").read_text() == "own"
        assert made.act(request("clear_cache")).outcome is Outcome.UNSUPPORTED
        assert made.act(request("get_configuration")).outcome is Outcome.UNSUPPORTED

    def test_a_program_that_went_away(self, tmp_path):
        self.script(tmp_path, "")
        made = self.driver(tmp_path, {"run": ["./act"]})
        (tmp_path / "act").unlink()
        result = made.act(request())
        assert result.outcome is Outcome.FAILED
        assert "can't be run" in result.detail

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ({}, "[driver.command] run: missing"),
            ({"run": "'x"}, "matching quotes"),
            ({"run": ["/no/such/program"]}, "was not found"),
            ({"run": ["true", "{acton}"]}, "unknown placeholder {acton}"),
            ({"run": "true", "actions": {"rset": {"run": "true"}}}, "did you mean 'reset'?"),
            ({"run": 3}, "a list of texts"),
        ],
    )
    def test_a_wrong_table_is_told(self, tmp_path, table, told):
        _, problems = built(CommandDriver, table, tmp_path)
        assert any(told in problem for problem in problems), problems


class TestPython:
    SOURCE = """
from ocpp_tck.roles.drivers import Outcome, Result
from pathlib import Path
import time
class Driver:
    def __init__(self, port=0): self.port, self.closed = port, False
    def reset(self, request): Path(request.payload["file"]).write_text(f"{request.station} {self.port}")
    def plug(self, request): return Result(Outcome.UNSUPPORTED, "no robot")
    def unplug(self, request): return Outcome.FAILED
    def fault(self, request): raise ValueError("two\\nlines")
    def clear_fault(self, request): raise NotImplementedError
    def present(self, request): return 5
    async def park(self, request): pass
    def leave(self, request): time.sleep(30)
class Broken:
    def __init__(self): raise RuntimeError("no robot")
class Whole:
    def act(self, request): return None if request.action == "reset" else Outcome.UNSUPPORTED
"""

    def driver(self, folder, name="Driver", **table):
        (folder / "mine.py").write_text(self.SOURCE)
        made, problems = built(PythonDriver, {"path": f"mine.py:{name}", **table}, folder)
        assert problems == []
        return made

    def test_a_method_per_action(self, tmp_path):
        made = self.driver(tmp_path, options={"port": 7})
        assert made.act(request("reset", {"file": str(tmp_path / "seen")})) == Result(Outcome.DONE)
        assert (tmp_path / "seen").read_text() == "CP 1/ä 7"

    @pytest.mark.parametrize(
        ("action", "outcome", "told"),
        [
            ("plug", Outcome.UNSUPPORTED, "no robot"),
            ("unplug", Outcome.FAILED, ""),
            ("fault", Outcome.FAILED, "ValueError: two lines"),
            ("clear_fault", Outcome.UNSUPPORTED, "NotImplementedError"),
            ("present", Outcome.FAILED, "Driver.present returned int"),
            ("park", Outcome.FAILED, "is async"),
            ("clear_cache", Outcome.UNSUPPORTED, "neither clear_cache() nor act()"),
        ],
    )
    def test_what_a_method_can_say(self, tmp_path, action, outcome, told):
        result = self.driver(tmp_path).act(request(action))
        assert result.outcome is outcome
        assert told in result.detail
        assert "\n" not in result.detail

    def test_one_act_for_all(self, tmp_path):
        made = self.driver(tmp_path, "Whole")
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert made.act(request("plug")).outcome is Outcome.UNSUPPORTED

    def test_a_method_that_does_not_return(self, tmp_path):
        result = self.driver(tmp_path, timeout=0.1).act(request("leave"))
        assert result == Result(Outcome.FAILED, "leave: the method did not return within 0.1 s")

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("mine.py:Absent", "mine.py has no class Absent"),
            ("mine.py:Broken", "RuntimeError: no robot"),
            ("no_such_module_here:Driver", "can't be imported: ModuleNotFoundError"),
        ],
    )
    def test_a_class_that_cannot_be_had_is_a_failure_with_one_line(self, tmp_path, path, told):
        (tmp_path / "mine.py").write_text(self.SOURCE)
        made, _ = built(PythonDriver, {"path": path}, tmp_path)
        result = made.act(request())
        assert result.outcome is Outcome.FAILED
        assert told in result.detail

    def test_a_module_beside_the_configuration_is_found(self, tmp_path):
        (tmp_path / "beside_it.py").write_text(self.SOURCE)
        made, _ = built(PythonDriver, {"path": "beside_it:Whole"}, tmp_path)
        assert made.act(request("reset")).outcome is Outcome.DONE
        sys.modules.pop("beside_it")


class FakeTerminal:
    def __init__(self):
        self.shown = ""
        self.lines = queue.SimpleQueue()
        self.closed = False

    def write(self, text):
        self.shown += text

    def read_line(self):
        return self.lines.get()

    def close(self):
        self.closed = True


def eventually(condition):
    limit = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.005)


class TestPrompt:
    def test_it_asks_and_closes(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        result = driver.act(request("reset", {"type": "Hard"}))
        assert result.outcome is Outcome.PROMPTED
        assert 'Let the CSMS send Reset to station CP 1/ä with: {"type": "Hard"}.' in terminal.shown
        assert driver.is_open
        assert driver.refusal == ""
        driver.close_prompt(Ending.CAME)
        assert not driver.is_open
        assert terminal.shown.endswith("done\n")
        driver.close()
        assert terminal.closed

    def test_a_person_who_cannot_types_c(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.act(request("plug", {"connector": 1}, role="cs"))
        terminal.lines.put("what?")
        terminal.lines.put(" C ")
        eventually(lambda: driver.refusal)
        assert "the operator can't: Plug the cable into the car at connector 1" in driver.refusal
        driver.close_prompt()
        assert driver.refusal == ""

    def test_a_person_says_with_enter_that_it_is_done(self):
        terminal, told = FakeTerminal(), []
        driver = PromptDriver(lambda: terminal)
        driver.on_line = lambda: told.append("a line")
        driver.act(request("plug", {"connector": 1}, role="cs"))
        assert not driver.is_done
        terminal.lines.put("")
        eventually(lambda: driver.is_done)
        assert (driver.refusal, told) == ("", ["a line"])
        driver.close_prompt()
        assert not driver.is_done

    def test_what_was_typed_before_a_prompt_does_not_count(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.act(request("plug", {}, role="cs"))
        driver.close_prompt()
        terminal.lines.put("c")
        eventually(lambda: not driver._lines.empty())
        driver.act(request("unplug", {}, role="cs"))
        time.sleep(0.02)
        assert driver.refusal == ""

    def test_a_terminal_that_goes_away_is_told(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.act(request("plug", {}, role="cs"))
        terminal.lines.put(None)
        eventually(lambda: driver.refusal)
        assert "terminal was closed" in driver.refusal

    def test_without_a_terminal_it_is_unsupported(self):
        driver = PromptDriver(lambda: None)
        assert driver.act(request("plug", {}, role="cs")) == Result(Outcome.UNSUPPORTED, NOBODY)
        assert driver.ask("Is it lit?", 1).outcome is Outcome.UNSUPPORTED
        driver.close()

    @pytest.mark.parametrize(
        ("typed", "outcome"),
        [(["y"], Outcome.DONE), (["huh", "NO"], Outcome.FAILED), (["c"], Outcome.UNSUPPORTED), ([], Outcome.EXPIRED)],
    )
    def test_a_question(self, typed, outcome):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        shown = terminal.write

        def write(text):
            shown(text)
            if text.startswith("\n>>>"):
                for line in typed:
                    terminal.lines.put(line)

        terminal.write = write
        assert driver.ask("Is it lit?", 0.3).outcome is outcome

    @pytest.mark.parametrize(
        ("ending", "words"),
        [(Ending.CAME, "done"), (Ending.EXPIRED, "closed: its time is over"), (Ending.DROPPED, "closed")],
    )
    def test_how_it_ended_is_told(self, ending, words):
        terminal, panel = FakeTerminal(), FakePanel()
        driver = PromptDriver(lambda: terminal)
        driver.panel = panel
        driver.act(request("plug", {}, role="cs"))
        driver.close_prompt(ending)
        assert terminal.shown.endswith(f"    {words}\n")
        assert panel.closed == [(1, ending)]

    def test_the_time_begins_anew_at_a_wish_and_each_wish_is_told_once(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.act(request("plug", {}, role="cs"))
        assert not driver.take_again()
        terminal.lines.put("R")
        eventually(driver.take_again)
        assert not driver.take_again()
        assert (driver.is_done, driver.refusal) == (False, "")

    @pytest.mark.parametrize(
        ("typed", "ending", "expected"),
        [
            ("", Ending.CAME, (Ending.SAID, "terminal", "")),
            ("c", Ending.EXPIRED, (Ending.CANNOT, "terminal", "the operator can't: Plug the cable")),
            (None, Ending.CAME, (Ending.GONE, "terminal", "the terminal was closed")),
            ("what?", Ending.CAME, (Ending.CAME, "product", "")),
            ("what?", Ending.EXPIRED, (Ending.EXPIRED, "time", "")),
            ("what?", Ending.DROPPED, (Ending.DROPPED, "kit", "")),
        ],
    )
    def test_the_end_is_told_once_and_what_was_said_at_once(self, typed, ending, expected):
        terminal, turns = FakeTerminal(), []
        driver = PromptDriver(lambda: terminal)
        driver.on_turn = turns.append
        asked = request("plug", {"connector": 1}, role="cs")
        driver.act(asked)
        terminal.lines.put(typed)
        eventually(lambda: not driver._lines.empty())
        said = bool(driver.refusal) or driver.is_done
        assert len(turns) == int(said)
        driver.close_prompt(ending)
        driver.close_prompt()
        (turn,) = turns
        assert (turn.prompt.request, turn.ending, turn.by) == (asked, *expected[:2])
        assert turn.detail.startswith(expected[2])

    def test_a_question_that_is_broken_off_is_closed_and_told(self):
        panel, turns = FakePanel(), []
        driver = PromptDriver(lambda: None)
        driver.panel, driver.on_turn = panel, turns.append

        def interrupted(_prompt):
            raise KeyboardInterrupt

        driver._answer = lambda question, _seconds: interrupted(question)
        with pytest.raises(KeyboardInterrupt):
            driver.ask("Is it lit?", 1.0)
        assert panel.closed == [(1, Ending.DROPPED)]
        assert [(one.prompt.text, one.ending, one.by) for one in turns] == [("Is it lit?", Ending.DROPPED, "kit")]

    def test_a_question_is_gone_with_the_terminal(self):
        terminal, turns = FakeTerminal(), []
        driver = PromptDriver(lambda: terminal)
        driver.on_turn = turns.append
        shown = terminal.write

        def write(text):
            shown(text)
            if text.startswith("\n>>>"):
                terminal.lines.put(None)

        terminal.write = write
        assert driver.ask("Is it lit?", 5.0).outcome is Outcome.EXPIRED
        assert [(one.ending, one.by) for one in turns] == [(Ending.GONE, "terminal")]

    def test_a_real_terminal(self):
        program = (
            "from ocpp_tck.roles.drivers.prompt import PromptDriver\n"
            "from ocpp_tck.roles.drivers import Request\nimport time\n"
            "d = PromptDriver()\n"
            "d.act(Request(action='plug', payload={'connector': 2}, station='S', version='1.6', role='cs'))\n"
            "end = time.monotonic() + 10\n"
            "while not d.refusal and time.monotonic() < end: time.sleep(0.01)\n"
            "print('REFUSED' if d.refusal else 'nothing')\n"
        )
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - the test's own program
        shown = b""
        try:
            while b">>>" not in shown:
                shown += os.read(terminal, 4096)
            os.write(terminal, b"c\n")
            while b"REFUSED" not in shown and b"nothing" not in shown:
                shown += os.read(terminal, 4096)
        finally:
            _, status = os.waitpid(child, 0)
            os.close(terminal)
        assert b"Plug the cable into the car at connector 2" in shown
        assert b"REFUSED" in shown
        assert os.waitstatus_to_exitcode(status) == 0

    def test_a_process_without_a_terminal(self):
        program = "from ocpp_tck.roles.drivers.prompt import controlling_terminal; print(controlling_terminal())"
        said = subprocess.run([sys.executable, "-c", program], start_new_session=True, capture_output=True, check=True)
        assert said.stdout.strip() == b"None"


class Says:
    def __init__(self, name, outcome):
        self.name = name
        self.outcome = outcome
        self.asked = 0
        self.closed = False

    def act(self, _request):
        self.asked += 1
        return Result(self.outcome, f"{self.name} says")

    def close(self):
        self.closed = True


class FakePanel:
    """Notes what it is shown; answers a question at once when told to."""

    def __init__(self, *words):
        self.prompts, self.closed, self.words, self.driver = [], [], list(words), None

    def show(self, prompt):
        self.prompts.append(prompt)
        if self.words:
            assert self.driver.say(prompt.number, self.words.pop(0))

    def close(self, number, ending):
        self.closed.append((number, ending))


class TestPanel:
    @pytest.fixture
    def driver(self):
        driver = PromptDriver(lambda: None)
        driver.panel = FakePanel()
        driver.panel.driver = driver
        return driver

    def test_it_takes_the_place_of_a_terminal(self, driver):
        asked = request("plug", {"connector": 1}, role="cs")
        assert driver.act(asked).outcome is Outcome.PROMPTED
        assert driver.panel.prompts == [
            Prompt(number=1, text="Plug the cable into the car at connector 1.", request=asked)
        ]
        assert driver.say(1, DONE)
        assert driver.is_done
        driver.close_prompt(Ending.CAME)
        assert driver.panel.closed == [(1, Ending.SAID)]

    def test_the_first_word_counts_and_the_second_is_told_so(self, driver):
        driver.act(request("plug", {}, role="cs"))
        assert driver.say(1, CANNOT)
        assert not driver.say(1, DONE)
        assert driver.refusal
        assert not driver.is_done
        driver.close_prompt()
        assert driver.panel.closed == [(1, Ending.CANNOT)]

    def test_a_word_for_another_prompt_is_not_heard(self, driver):
        assert not driver.say(0, DONE)
        driver.act(request("plug", {}, role="cs"))
        driver.act(request("unplug", {}, role="cs"))
        assert driver.panel.closed == [(1, Ending.DROPPED)]
        assert not driver.say(1, DONE)
        assert not driver.is_done
        driver.close_prompt()
        assert not driver.say(2, DONE)

    def test_the_terminal_wins_when_it_is_first(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.panel = FakePanel()
        driver.act(request("plug", {}, role="cs"))
        terminal.lines.put("c")
        eventually(lambda: driver.refusal)
        driver.say(1, DONE)
        assert not driver.is_done
        assert driver.refusal

    def test_a_terminal_that_goes_away_refuses_nothing_while_there_is_a_panel(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.panel = FakePanel()
        driver.act(request("plug", {}, role="cs"))
        terminal.lines.put(None)
        eventually(lambda: not driver._lines.empty())
        assert not driver.refusal
        assert driver.say(1, DONE)
        assert driver.is_done

    def test_nobody_holds_a_run_up_for_ever(self, driver):
        driver.act(request("plug", {}, role="cs"))
        for _ in range(MOST_AGAIN):
            assert driver.say(1, AGAIN)
            assert driver.take_again()
        assert not driver.say(1, AGAIN)
        assert not driver.take_again()
        assert driver.say(1, DONE)

    def test_nor_does_somebody_at_the_terminal(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        driver.act(request("plug", {}, role="cs"))
        for _ in range(MOST_AGAIN):
            terminal.lines.put("r")
            eventually(driver.take_again)
        terminal.lines.put("r")
        eventually(lambda: not driver._lines.empty())
        assert not driver.take_again()

    @pytest.mark.parametrize(
        ("words", "outcome", "ending"),
        [
            ([YES], Outcome.DONE, Ending.YES),
            ([NO], Outcome.FAILED, Ending.NO),
            ([CANNOT], Outcome.UNSUPPORTED, Ending.CANNOT),
            ([AGAIN, YES], Outcome.DONE, Ending.YES),
            ([], Outcome.EXPIRED, Ending.EXPIRED),
        ],
    )
    def test_a_question_is_answered_there(self, driver, words, outcome, ending):
        driver.panel.words, words_given, turns = words, list(words), []
        driver.on_turn = turns.append
        assert driver.ask("Is it lit?", 0.2).outcome is outcome
        assert driver.panel.closed == [(1, ending)]
        again = [(None, "console")] * words_given.count(AGAIN)
        assert [(one.ending, one.by) for one in turns] == [*again, (ending, "console" if words_given else "time")]
        assert {prompt.text for prompt in driver.panel.prompts} == {"Is it lit?"}

    def test_the_time_of_a_question_does_not_begin_anew_with_every_word(self):
        terminal = FakeTerminal()
        driver = PromptDriver(lambda: terminal)
        ends = threading.Event()

        def babble():
            while not ends.wait(0.05):
                terminal.lines.put("what?")

        threading.Thread(target=babble).start()
        began = time.monotonic()
        try:
            assert driver.ask("Is it lit?", 0.3).outcome is Outcome.EXPIRED
        finally:
            ends.set()
        assert time.monotonic() - began < 10


class TestChain:
    def test_a_question_needs_a_person(self):
        chain = DriverChain(DriverSettings(), [Says("a", Outcome.DONE)])
        result, name = chain.ask("Is it lit?", 1.0)
        assert (result.outcome, name) == (Outcome.UNSUPPORTED, "")
        assert "driver.order" in result.detail
        assert not chain.take_again()

    def test_a_question_goes_to_the_person(self):
        driver = PromptDriver(lambda: None)
        driver.panel = FakePanel(YES)
        driver.panel.driver = driver
        assert DriverChain(DriverSettings(), [driver]).ask("Is it lit?", 1.0)[1] == "prompt"

    def test_unsupported_goes_to_the_next_and_nothing_else_does(self):
        for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.EXPIRED, Outcome.PROMPTED):
            first, second, third = Says("a", Outcome.UNSUPPORTED), Says("b", outcome), Says("c", Outcome.DONE)
            chain = DriverChain(DriverSettings(), [first, second, third])
            assert chain.act(request()) == (Result(outcome, "b says"), "b")
            assert (first.asked, second.asked, third.asked) == (1, 1, 0)
            chain.close()
            assert all(one.closed for one in (first, second, third))

    def test_when_none_can_every_reason_is_given(self):
        chain = DriverChain(DriverSettings(), [Says("a", Outcome.UNSUPPORTED), Says("b", Outcome.UNSUPPORTED)])
        assert chain.act(request()) == (Result(Outcome.UNSUPPORTED, "a: a says; b: b says"), "")
        assert DriverChain(DriverSettings(), []).act(request())[0].detail == "no driver is configured"

    def test_it_is_built_of_the_settings(self, tmp_path):
        tables = {"command": {"run": ["false"]}, "http": {"url": "http://127.0.0.1:1"}}
        chain = DriverChain(DriverSettings(order=("command", "http", "prompt"), tables=tables, folder=tmp_path))
        assert chain.names == ("command", "http", "prompt")
        assert not chain.prompt_is_open
        assert chain.prompt_refusal == ""
        chain.close_prompt()
        result, name = chain.act(request())
        assert (result.outcome, name) == (Outcome.FAILED, "command")

    def test_a_wrong_setting_is_a_driver_error(self):
        with pytest.raises(DriverError, match="unknown driver 'x'"):
            DriverChain(DriverSettings(order=("x",)))
        with pytest.raises(DriverError, match=r"\[driver.http\] url: missing"):
            DriverChain(DriverSettings(order=("http",)))


class TestActions:
    def test_every_request_of_the_csms_has_a_schema_and_its_own_action(self):
        from pathlib import Path

        import ocpp

        folders = {"1.6": ("v16", ""), "2.0.1": ("v201", "Request"), "2.1": ("v21", "Request")}
        for version, names in CSMS_REQUESTS.items():
            folder, ending = folders[version]
            schemas = Path(ocpp.__file__).parent / folder / "schemas"
            assert len(set(names)) == len(names)
            for name in names:
                assert (schemas / f"{name}{ending}.json").is_file(), name
                assert camel(snake(name)) == name
                assert actions("csms", version)[snake(name)].request == name

    def test_names_read_well(self):
        pairs = {
            "RemoteStartTransaction": "remote_start_transaction",
            "SetDERControl": "set_der_control",
            "AFRRSignal": "afrr_signal",
            "GetLocalListVersion": "get_local_list_version",
        }
        assert {name: snake(name) for name in pairs} == pairs
        assert camel("power_off") == "PowerOff"

    @pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
    @pytest.mark.parametrize("role", ["cs", "csms"])
    def test_every_action_can_be_told_to_a_person(self, role, version):
        for action in actions(role, version).values():
            told = sentence(action, {}, "S")
            assert told.endswith((".", "}"))
            assert "{" not in told.replace(json.dumps({}), "")
            assert action.meaning

    def test_sentences(self):
        known = actions("cs", "1.6")
        assert (
            sentence(known["present"], {"idTag": "T", "connector": 2}, "S")
            == "Present the token T at the reader for connector 2."
        )
        assert sentence(known["fault"], {"connector": 0, "errorCode": "E"}, "S").startswith(
            "Cause a fault (E) at the whole charging station"
        )
        assert (
            sentence(known["lock_failure"], {"connector": 1, "active": False}, "S")
            == "Let the cable lock of connector 1 work again."
        )
        told = [sentence(known["local_list_failure"], {"active": active}, "S") for active in (True, False)]
        assert told == [
            "Make storing a local authorization list fail.",
            "Let storing a local authorization list work again.",
        ]
        assert sentence(actions("cs", "2.0.1")["plug"], {"evse": 1, "connector": 2}, "S").endswith(
            "at EVSE 1, connector 2."
        )
