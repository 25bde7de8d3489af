"""The `prompt` driver: tells a person what to do, at the terminal and on a panel beside it, and does not wait.

The prompt closes when the awaited event arrives (`close_prompt`). Where no event tells that it was done, a person
says so with Enter; one who can't do it types `c` and Enter, one who needs the time anew `r` and Enter. A panel gives
the same words (`PromptDriver.say`); the first word that ends the prompt counts, wherever it came from.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ocpp_tck.roles.drivers import actions
from ocpp_tck.roles.drivers.base import Outcome, Request, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ocpp_tck.tables import Table

NOBODY = "no terminal, so no person to ask; with --console one is asked on a page"
DONE = ""
CANNOT = "c"
AGAIN = "r"
YES = "y"
NO = "n"
MOST_AGAIN = 10
"""How often the time of one prompt can begin anew: nobody holds a run up for ever."""
_CHUNK = 1024
_WORDS = {"yes": YES, "no": NO}


class Ending(StrEnum):
    """How a prompt ended.

    CAME: what it asked for has happened, as the product shows. SAID: the person said that it is done. CANNOT: the
    person can't do or tell it. YES, NO: the answer to a question. GONE: the terminal went away, so nobody can say.
    EXPIRED: its time is over. DROPPED: nobody needs it any more.
    """

    CAME = "came"
    SAID = "said"
    CANNOT = "cannot"
    YES = "yes"
    NO = "no"
    GONE = "gone"
    EXPIRED = "expired"
    DROPPED = "dropped"


TERMINAL, CONSOLE, PRODUCT, TIME, KIT = "terminal", "console", "product", "time", "kit"
"""Who ends a prompt: a person at the terminal or on a panel, or none."""
ANSWERED: Mapping[str, Outcome] = {
    Ending.YES: Outcome.DONE,
    Ending.NO: Outcome.FAILED,
    Ending.CANNOT: Outcome.UNSUPPORTED,
    Ending.GONE: Outcome.EXPIRED,
    Ending.EXPIRED: Outcome.EXPIRED,
}
"""What the ending of a question makes of it."""
_ENDED_BY = {Ending.CAME: PRODUCT, Ending.EXPIRED: TIME, Ending.DROPPED: KIT}
_TOLD = {
    Ending.CAME: "done",
    Ending.SAID: "done",
    Ending.CANNOT: "closed: can't",
    Ending.GONE: "closed: the terminal is gone",
    Ending.EXPIRED: "closed: its time is over",
    Ending.DROPPED: "closed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a person is asked.

    Attributes:
        number: counts the prompts of a run; an answer names the prompt that it is for.
        text: what to do, or the question, in one sentence.
        request: what to do, as a row of the table of actions; None for a question.
        seconds: how long a question waits for its answer; 0 for what is to be done, where the case decides.
    """

    number: int
    text: str
    request: Request | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of a prompt.

    Attributes:
        prompt: the prompt.
        ending: how it ended; None when its time begins anew instead.
        by: who did that, such as `TERMINAL`.
        detail: in words, where `ending` does not say all.
    """

    prompt: Prompt
    ending: Ending | None
    by: str
    detail: str = ""


class Panel(Protocol):
    """A second place, beside the terminal, where a person reads; it must neither wait nor raise."""

    def show(self, prompt: Prompt) -> None:
        """Show a prompt; the same question once more when its time begins anew."""
        ...

    def close(self, number: int, ending: Ending) -> None:
        """Take a prompt away."""
        ...


class Terminal(Protocol):
    """Where a person reads and types."""

    def write(self, text: str) -> None:
        """Show a text at once."""
        ...

    def read_line(self) -> str | None:
        """Wait for one line, without its end; None when the terminal is gone."""
        ...

    def close(self) -> None:
        """Give the terminal back."""
        ...


class PromptDriver:
    """Asks a person. One prompt is open at a time; a new one closes the one before.

    Args:
        open_terminal: gives the terminal, or None where there is none; called at the first prompt.

    Attributes:
        on_line: told, on a thread of its own, that the person has said something.
        on_turn: told, on the thread that has heard it, what became of a prompt; once for its end.
        panel: shows the prompts too; None for none.
    """

    name = "prompt"

    def __init__(self, open_terminal: Callable[[], Terminal | None] | None = None) -> None:
        self._open_terminal = open_terminal or controlling_terminal
        self._terminal: Terminal | None = None
        self._lines: queue.SimpleQueue[tuple[str | None, str]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._number = 0
        self._prompt: Prompt | None = None
        self._is_asking = False
        self._is_answered = False
        self._open: str | None = None
        self._refusal = ""
        self._heard: Ending | None = None
        self._again = 0
        self._wants_again = False
        self.on_line: Callable[[], None] = lambda: None
        self.on_turn: Callable[[Turn], None] = lambda _turn: None
        self.panel: Panel | None = None

    @classmethod
    def from_table(cls, table: Table, _base: Path) -> PromptDriver:
        """Read `[driver.prompt]`, which has no keys: the time a person has is `limits.operator`."""
        table.finish()
        return cls()

    def act(self, request: Request) -> Result:
        """Show what to do and return `PROMPTED`; `UNSUPPORTED` with neither terminal nor panel."""
        action = actions.actions(request.role, request.version).get(request.action)
        if action is None:
            return Result(Outcome.UNSUPPORTED, f"{request.action} is no action for a person")
        self.close_prompt()
        told = actions.sentence(action, request.payload, request.station)
        keys = f"done: Enter; can't: {CANNOT} and Enter; the time anew: {AGAIN} and Enter"
        if not self._show(f"\n>>> {told}  ({keys})\n", told, request=request):
            return Result(Outcome.UNSUPPORTED, NOBODY)
        self._open = told
        return Result(Outcome.PROMPTED, told)

    @property
    def is_open(self) -> bool:
        """Whether a prompt is waiting for the person."""
        return self._open is not None

    @property
    def refusal(self) -> str:
        """Why the person can't do what the open prompt asks, without waiting; empty while nothing was said."""
        self._listen()
        return self._refusal

    @property
    def is_done(self) -> bool:
        """Whether the person has said that the open prompt is done, without waiting."""
        self._listen()
        return self._heard is Ending.SAID

    def take_again(self) -> bool:
        """Whether the person wants the time of the open prompt to begin anew; each wish is told once."""
        self._listen()
        wanted, self._wants_again = self._wants_again, False
        return wanted

    def say(self, number: int, word: str) -> bool:
        """Hear a word from a panel, on any thread; False when that prompt is closed or was answered already.

        Args:
            number: of the prompt that it is for.
            word: `DONE`, `CANNOT` or `AGAIN`; `YES`, `NO` or `CANNOT` to a question.
        """
        with self._lock:
            if not self._is_asking or self._is_answered or number != self._number:
                return False
            if word == AGAIN and self._again >= MOST_AGAIN:
                return False
            self._is_answered = word != AGAIN
            self._lines.put((word, CONSOLE))
        self.on_line()
        return True

    def _listen(self) -> None:
        while self._open is not None and self._heard is None:
            try:
                line, by = self._lines.get_nowait()
            except queue.Empty:
                break
            word = None if line is None else line.strip().lower()
            if word is None:
                if self.panel is None:
                    self._hear(Ending.GONE, by, "the terminal was closed before it was done")
            elif word == CANNOT:
                self._hear(Ending.CANNOT, by, f"the operator can't: {self._open}")
            elif word == AGAIN:
                self._wants_again = self._may_begin_anew(by) or self._wants_again
            elif word == DONE:
                self._hear(Ending.SAID, by)

    def _hear(self, ending: Ending, by: str, refusal: str = "") -> None:
        """Take what the person has said for the end of the open prompt, which then only has to be closed."""
        self._heard, self._refusal = ending, refusal
        self._turn(ending, by, refusal)

    def _may_begin_anew(self, by: str) -> bool:
        """Count a wish for the time to begin anew; False from when there were too many."""
        with self._lock:
            self._again += 1
            if self._again > MOST_AGAIN:
                return False
        self._turn(None, by)
        return True

    def _turn(self, ending: Ending | None, by: str, detail: str = "") -> None:
        if self._prompt is not None:
            self.on_turn(Turn(self._prompt, ending, by, detail))

    def close_prompt(self, ending: Ending = Ending.DROPPED) -> None:
        """Close the open prompt; nothing when none is open.

        Args:
            ending: why; what the person has said goes before it.
        """
        is_open, heard = self._open is not None, self._heard
        self._open, self._refusal, self._heard = None, "", None
        self._drop_lines()
        if is_open:
            self._write(f"    {_TOLD[heard or ending]}\n")
            self._ended(heard or ending)
            if heard is None:
                self._turn(ending, _ENDED_BY[ending])

    def ask(self, question: str, seconds: float) -> Result:
        """Ask a yes/no question and wait at most `seconds` for it: yes is DONE, no is FAILED.

        No answer in time is EXPIRED; "can't tell" and neither terminal nor panel are UNSUPPORTED.
        """
        self.close_prompt()
        prompt = f"\n>>> {question}  (y = yes, n = no, {CANNOT} = can't tell; then Enter)\n"
        if not self._show(prompt, question, seconds=seconds):
            return Result(Outcome.UNSUPPORTED, NOBODY)
        result, ending, by = Result(Outcome.EXPIRED), Ending.DROPPED, KIT
        try:
            result, ending, by = self._answer(question, seconds)
        finally:
            self._write(f"    {_TOLD.get(ending, ending)}\n")
            self._ended(ending)
            self._turn(ending, by)
        return result

    def _answer(self, question: str, seconds: float) -> tuple[Result, Ending, str]:
        """Wait for the answer to a question; gives the result, how it ended and who ended it."""
        deadline = time.monotonic() + seconds
        meanings = {YES: Ending.YES, NO: Ending.NO}
        try:
            while True:
                line, by = self._lines.get(timeout=max(deadline - time.monotonic(), 0.0))
                if line is None:
                    if self.panel is not None:
                        continue
                    return (
                        Result(Outcome.EXPIRED, f"the terminal was closed before an answer: {question}"),
                        Ending.GONE,
                        by,
                    )
                word = _WORDS.get(line.strip().lower(), line.strip().lower())
                if word == CANNOT:
                    return Result(Outcome.UNSUPPORTED, f"the operator can't tell: {question}"), Ending.CANNOT, by
                if word == AGAIN:
                    if self._may_begin_anew(by):
                        deadline = time.monotonic() + seconds
                        self._show_on_panel()
                elif word in meanings:
                    said = meanings[word]
                    return Result(ANSWERED[said], f"the operator says {said}: {question}"), said, by
                else:
                    self._write(f"    please type {YES}, {NO} or {CANNOT}\n")
        except queue.Empty:
            return Result(Outcome.EXPIRED, f"not answered within {seconds:g} s: {question}"), Ending.EXPIRED, TIME

    def close(self) -> None:
        """Close the prompt and give the terminal back."""
        self.close_prompt()
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            terminal.close()

    def _show(self, text: str, told: str, *, request: Request | None = None, seconds: float = 0.0) -> bool:
        """Show a prompt wherever a person may be; False when that is nowhere."""
        if self._terminal is None:
            self._terminal = self._open_terminal()
            if self._terminal is not None:
                threading.Thread(target=self._read, args=(self._terminal,), name="prompt", daemon=True).start()
        self._drop_lines()
        is_written = self._write(text)
        if self.panel is None and not is_written:
            return False
        with self._lock:
            self._number += 1
            self._is_asking, self._is_answered, self._again, self._wants_again = True, False, 0, False
        self._prompt = Prompt(number=self._number, text=told, request=request, seconds=seconds)
        self._show_on_panel()
        return True

    def _show_on_panel(self) -> None:
        """Show the prompt there, also to tell that its time begins anew."""
        if self.panel is not None and self._prompt is not None:
            self.panel.show(self._prompt)

    def _ended(self, ending: Ending) -> None:
        with self._lock:
            self._is_asking = False
        if self.panel is not None:
            self.panel.close(self._number, ending)

    def _write(self, text: str) -> bool:
        if self._terminal is None:
            return False
        try:
            self._terminal.write(text)
        except OSError:
            return False
        return True

    def _read(self, terminal: Terminal) -> None:
        line: str | None = ""
        while line is not None:
            line = terminal.read_line()
            self._lines.put((line, TERMINAL))
            self.on_line()

    def _drop_lines(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._lines.get_nowait()


class _ConsoleTerminal:
    """The controlling terminal itself: pytest captures stdin and stdout, so they are of no use here."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""

    def write(self, text: str) -> None:
        os.write(self._writer, text.encode(errors="replace"))

    def read_line(self) -> str | None:
        # os.read: a daemon thread that holds a buffered reader's lock would abort the interpreter at exit.
        while b"\n" not in self._rest:
            try:
                chunk = os.read(self._reader, _CHUNK)
            except OSError:
                return None
            if not chunk:
                return None
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode(errors="replace").strip("\r")

    def close(self) -> None:
        """Keep the handles: the reading thread may still wait on them, and the process ends soon."""


def controlling_terminal() -> Terminal | None:
    """Open the terminal of this process; None without one, or when another process group holds it."""
    try:
        if sys.platform == "win32":
            return _ConsoleTerminal(os.open("CONIN$", os.O_RDWR), os.open("CONOUT$", os.O_RDWR))
        handle = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        if os.tcgetpgrp(handle) != os.getpgrp():
            os.close(handle)
            return None
    except OSError:
        return None
    return _ConsoleTerminal(handle, handle)
