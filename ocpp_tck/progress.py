"""How far a run is: a line for each case that is over, for people at a terminal and for the log of a CI job alike.

And for people at a terminal alone what the case waits for.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.terminal import line
from ocpp_tck.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocpp_tck.run import Console

LETTERS = {
    Verdict.PASS: ("passed", "PASS", {"green": True}),
    Verdict.WARN: ("warned", "WARN", {"yellow": True}),
    Verdict.FAIL: ("failed", "FAIL", {"red": True}),
    Verdict.INCONCLUSIVE: ("inconclusive", "INCONCLUSIVE", {"yellow": True, "bold": True}),
    Verdict.ERROR: ("kit error", "KIT ERROR", {"red": True, "bold": True}),
    Verdict.NOT_APPLICABLE: ("not applicable", "N/A", {"light": True}),
    Verdict.NOT_RUN: ("not run", "NOT RUN", {"light": True}),
    Verdict.NONE: ("error", "ERROR", {"red": True}),
}
"""Category, word and colours of each verdict at a terminal."""
_ENOUGH = 3
"""Cases after which the time that is left can be told at all."""


@dataclass(slots=True)
class Progress:
    """Counts the cases that are over.

    Attributes:
        total: number of cases, 0 while it is not known.
        clock: gives seconds.
    """

    total: int = 0
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _began: float = field(init=False)
    _first: float = 0.0
    _spent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def spent(self, node: str, seconds: float) -> None:
        """Note time that went into a case."""
        self._spent[node] = self._spent.get(node, 0.0) + seconds

    def left(self) -> float | None:
        """Estimate the seconds that are left, from the cases since the first was over; None while that says little."""
        if self.done < _ENOUGH or self.total <= self.done:
            return None
        return (self.clock() - self._first) / (self.done - 1) * (self.total - self.done)

    def over(
        self, node: str, case: str, title: str, verdict: Verdict, *, again: bool = False
    ) -> list[tuple[str, dict[str, Any]]]:
        """Give the line of a case that is over, as texts with their colours.

        Args:
            node: the node id for which the time was noted.
            case: its OCA id.
            title: its title.
            verdict: what came out.
            again: whether it is run again, so that this does not count as a case.
        """
        if not again:
            self.done += 1
            self._first = self._first or self.clock()
        elapsed, left = self.clock() - self._began, self.left()
        number = f"[{self.done:>3}/{self.total or '?'}]"
        place = " " * len(number) if again else number
        rest = "" if again else f" ~{_short(left)} left" if left is not None else ""
        _, word, colours = LETTERS[verdict]
        note = f"{title} (run again)" if again else title
        return [
            (f"{place} {elapsed:6.1f} s{rest:<13}  {case:<16} ", {}),
            (f"{word:<13}", colours),
            (f"{self._spent.pop(node, 0.0):6.2f} s  {note}", {}),
        ]


class Waits:
    """Shows what the case waits for: on a terminal, in a line that goes away again, and to the operator.

    Args:
        console: the operator's; None for none.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console

    def waiting(self, text: str, seconds: float) -> None:
        """Show what the case waits for."""
        if self._console is not None:
            self._console.waiting(text, seconds)
        if _is_watched():
            sys.stderr.write(f"\r\x1b[K  waiting for {line(text)}")
            sys.stderr.flush()

    def waited(self) -> None:
        """Take that line away."""
        if self._console is not None:
            self._console.waited()
        if _is_watched():
            sys.stderr.write("\r\x1b[K")


def _is_watched() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI")


def _short(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004 - an hour
