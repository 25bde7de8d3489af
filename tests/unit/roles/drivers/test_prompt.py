"""The driver that asks a person, at the terminal and on a panel beside it."""

import os
import pty
import queue
import subprocess
import sys
import threading
import time

import pytest
from drivers_support import FakePanel, request

from ocpp_tck.roles.drivers import Outcome, Result
from ocpp_tck.roles.drivers.prompt import AGAIN, CANNOT, DONE, MOST_AGAIN, NO, NOBODY, YES, Ending, Prompt, PromptDriver


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
