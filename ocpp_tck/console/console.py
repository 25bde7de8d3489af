"""The console of one run, on a thread of its own: shows the run what it is told, hands answers to the prompt driver.

Whatever goes wrong in it is its own business: it is said once, and the run goes on without.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
import time
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

import segno

from ocpp_tck.console.board import Board
from ocpp_tck.console.door import Door
from ocpp_tck.console.server import FAREWELL, ConsoleServer
from ocpp_tck.net import BackgroundLoop
from ocpp_tck.roles.drivers.prompt import AGAIN, CANNOT, DONE, NO, YES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocpp_tck.console.place import Place
    from ocpp_tck.evidence.records import Record
    from ocpp_tck.roles.drivers.prompt import Ending, Prompt, PromptDriver

WORDS = {"done": DONE, "cannot": CANNOT, "again": AGAIN, "yes": YES, "no": NO}
"""What the page says, as the prompt driver has it."""
_OPENING = 10.0
P = ParamSpec("P")


def _harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Let nothing that goes wrong in the console reach the run."""

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        console = args[0]
        assert isinstance(console, Console)  # noqa: S101 - a method of it
        if console.problem:
            return
        try:
            method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run does not depend on it
            console.broke(error)

    return guarded


class Console:
    """Looks on at one run, and lets people in to do the same and to answer.

    Args:
        place: where to serve.
        tell: prints a line where the user of the run reads it.

    Attributes:
        problem: why nothing is shown any more; empty while all is well.
    """

    def __init__(self, place: Place, tell: Callable[[str], None] = lambda _text: None) -> None:
        self.problem = ""
        self._tell = tell
        self._board = Board(time.monotonic)
        self._driver: PromptDriver | None = None
        self._questions: set[int] = set()
        self._server = ConsoleServer(self._board, Door(time.monotonic), place, self._answer, self._entered)
        self._background: BackgroundLoop | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._is_rung = False

    def open(self) -> None:
        """Begin to serve.

        Raises:
            OSError: the address can't be used.
        """
        self._background = BackgroundLoop()
        try:
            self._background.run(self._open(), seconds=_OPENING)
        except BaseException:
            self._background.close()
            raise

    async def _open(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.open()

    @property
    def link(self) -> str:
        """The URL that lets the first browser in."""
        return self._server.link

    def invitation(self, *, with_code: bool = True) -> list[str]:
        """Give the lines that say where the console is: the link, its QR code, and what to beware of."""
        told = [f"Operator's console (the link works once): {self.link}"]
        if with_code:
            code = io.StringIO()
            segno.make_qr(self.link).terminal(out=code, border=2, compact=True)
            told += code.getvalue().rstrip("\n").split("\n")
        if not self._server.place.is_loopback:
            told.append(
                "Warning: the console has no TLS, so whoever listens on this network can read what it shows and take "
                "its session over. Use a network of your own."
            )
        return told

    # -- what the run shows ----------------------------------------------------------------------------------------

    @_harmless
    def note(self, record: Record) -> None:
        """See a record, as masked in the journal."""
        self._board.note(record)
        self._ring()

    @_harmless
    def recall(self, records: Iterable[Record], over: int) -> None:
        """See what a resumed run had decided; `over` cases are not run again."""
        self._board.recall(records, over)

    @_harmless
    def expect(self, total: int) -> None:
        """Learn how many cases are to run."""
        self._board.expect(total)
        self._ring()

    @_harmless
    def waiting(self, text: str, seconds: float) -> None:
        """The case waits."""
        self._board.waiting(text, seconds)
        self._ring()

    @_harmless
    def waited(self) -> None:
        """The wait is over."""
        self._board.waited()
        self._ring()

    @_harmless
    def watch(self, prompt: PromptDriver) -> None:
        """See the prompts of a driver, and answer them."""
        self._driver, prompt.panel = prompt, self

    @_harmless
    def show(self, prompt: Prompt) -> None:
        """A person is asked."""
        if prompt.request is None:
            self._questions.add(prompt.number)
        self._board.show(prompt)
        self._ring()

    @_harmless
    def close(self, number: int, ending: Ending) -> None:
        """A prompt is closed."""
        self._board.close(number, ending)
        self._ring()

    def end(self, summary: str, details: str = "") -> None:
        """Say what came out, to everybody who looks, and stop to serve."""
        self._board.end(summary, details)
        background, self._background = self._background, None
        if background is None:
            return
        try:
            background.run(self._server.close(), seconds=FAREWELL + _OPENING)
        except Exception as error:  # noqa: BLE001 - as `_harmless`
            self.broke(error)
        finally:
            background.close()

    def broke(self, error: Exception) -> None:
        """Note that the console does not work any more, and say so once."""
        if not self.problem:
            self.problem = f"the operator's console has failed, the run goes on without it: {error!r}"
            if self._driver is not None:
                self._driver.panel = None
            with contextlib.suppress(OSError, ValueError):  # a terminal that is gone is no reason to stop either
                self._tell(self.problem)

    # -- what people say -------------------------------------------------------------------------------------------

    def _answer(self, number: int, word: str) -> bool:
        known = WORDS.get(word)
        if known is None or self._driver is None or (word in {"yes", "no", "done"} and not self._fits(number, word)):
            return False
        return self._driver.say(number, known)

    def _fits(self, number: int, word: str) -> bool:
        return (number in self._questions) is (word in {"yes", "no"})

    def _entered(self, peer: str, link: str) -> None:
        self._tell(f"console: a browser has come in from {peer}; link for one more: {link}")

    def _ring(self) -> None:
        """Wake the streams, once for all that happens until they look."""
        with self._lock:
            if self._is_rung or self._loop is None or self._background is None:
                return
            self._is_rung = True
        self._loop.call_soon_threadsafe(self._rung)

    def _rung(self) -> None:
        with self._lock:
            self._is_rung = False
        self._server.ring()
