"""The `prompt` driver: tells a person at the terminal what to do, and does not wait.

The prompt closes when the awaited event arrives (`close_prompt`). Where no event tells that it was done, a person
says so with Enter; one who can't do it types `c` and Enter.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from ocpp_tck.roles.drivers import actions
from ocpp_tck.roles.drivers.base import Outcome, Request, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocpp_tck.tables import Table

CANNOT = "c"
_CHUNK = 1024


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
        on_line: told, on a thread of its own, that the person has typed a line.
    """

    name = "prompt"

    def __init__(self, open_terminal: Callable[[], Terminal | None] | None = None) -> None:
        self._open_terminal = open_terminal or controlling_terminal
        self._terminal: Terminal | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._open: str | None = None
        self._refusal = ""
        self._done = False
        self.on_line: Callable[[], None] = lambda: None

    @classmethod
    def from_table(cls, table: Table, _base: Path) -> PromptDriver:
        """Read `[driver.prompt]`, which has no keys: the time a person has is `limits.operator`."""
        table.finish()
        return cls()

    def act(self, request: Request) -> Result:
        """Print what to do and return `PROMPTED`; `UNSUPPORTED` without a terminal."""
        action = actions.actions(request.role, request.version).get(request.action)
        if action is None:
            return Result(Outcome.UNSUPPORTED, f"{request.action} is no action for a person")
        self.close_prompt()
        told = actions.sentence(action, request.payload, request.station)
        if not self._show(f"\n>>> {told}  (done: Enter; can't: {CANNOT} and Enter)\n"):
            return Result(Outcome.UNSUPPORTED, "no terminal, so no person to ask")
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
        return self._done

    def _listen(self) -> None:
        while self._open is not None and not self._refusal and not self._done:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                break
            if line is None:
                self._refusal = "the terminal was closed before it was done"
            elif line.strip().lower() == CANNOT:
                self._refusal = f"the operator can't: {self._open}"
            else:
                self._done = not line.strip()

    def close_prompt(self) -> None:
        """Close the open prompt, because the awaited event has arrived; nothing when none is open."""
        if self._open is not None:
            self._write("    closed\n" if self._refusal else "    done\n")
        self._open, self._refusal, self._done = None, "", False
        self._drop_lines()

    def ask(self, question: str, seconds: float) -> Result:
        """Ask a yes/no question and wait at most `seconds` for it: yes is DONE, no is FAILED.

        No answer in time is EXPIRED; "can't tell" and no terminal are UNSUPPORTED.
        """
        self.close_prompt()
        prompt = f"\n>>> {question}  (y = yes, n = no, {CANNOT} = can't tell; then Enter)\n"
        if not self._show(prompt):
            return Result(Outcome.UNSUPPORTED, "no terminal, so no person to ask")
        meanings = {"y": Outcome.DONE, "yes": Outcome.DONE, "n": Outcome.FAILED, "no": Outcome.FAILED}
        try:
            while (line := self._lines.get(timeout=seconds)) is not None:
                word = line.strip().lower()
                if word == CANNOT:
                    return Result(Outcome.UNSUPPORTED, f"the operator can't tell: {question}")
                if word in meanings:
                    return Result(meanings[word], f"the operator says {word}: {question}")
                self._write("    please type y, n or c\n")
        except queue.Empty:
            return Result(Outcome.EXPIRED, f"not answered within {seconds:g} s: {question}")
        return Result(Outcome.EXPIRED, f"the terminal was closed before an answer: {question}")

    def close(self) -> None:
        """Close the prompt and give the terminal back."""
        self.close_prompt()
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            terminal.close()

    def _show(self, text: str) -> bool:
        if self._terminal is None:
            self._terminal = self._open_terminal()
            if self._terminal is None:
                return False
            threading.Thread(target=self._read, args=(self._terminal,), name="prompt", daemon=True).start()
        self._drop_lines()
        return self._write(text)

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
            self._lines.put(line)
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
