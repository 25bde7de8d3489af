"""How verdicts combine, and the signals that carry one out of a test case.

A verdict only worsens: none < pass < warn < inconclusive < fail < error. "Not applicable" and "not run" stand
apart: they say that nothing was judged.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_KIT_ERROR = 2
EXIT_CRASHED = 3
EXIT_REFUSED = 4
EXIT_NOTHING_DECIDED = 5
EXIT_CODES: Mapping[int, str] = {
    EXIT_OK: "every case that was decided passed, or came as the known failures say",
    EXIT_FAILED: "a case failed, was inconclusive, or did not come as the known failures say; with --strict: a warning",
    EXIT_KIT_ERROR: "the kit failed, the run was interrupted, or the evidence could not be recorded",
    EXIT_CRASHED: "pytest itself, or another plugin of it, failed",
    EXIT_REFUSED: "refused before anything was sent: wrong option or configuration, or --certify with objections",
    EXIT_NOTHING_DECIDED: "nothing was decided: no case was chosen, or none could be run",
}
"""What the exit code of a run means: `ocpp-tck run`, `demo` and `merge`, and pytest with the kit."""


class Verdict(StrEnum):
    """What is known about one step, one case or one run."""

    NONE = "none"
    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"

    @property
    def is_decided(self) -> bool:
        """Whether the product was judged: pass, warn or fail."""
        return self in {Verdict.PASS, Verdict.WARN, Verdict.FAIL}


_ORDER = (Verdict.NONE, Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Combine verdicts of parts into the verdict of the whole; `none` for no parts.

    "Not applicable" and "not run" do not combine: a whole that has such parts is judged by its other parts.
    """
    ranked = [verdict for verdict in verdicts if verdict in _ORDER]
    return max(ranked, key=_ORDER.index, default=Verdict.NONE)


def whole(own: Verdict, parts: Iterable[Verdict]) -> Verdict:
    """Combine a case's own end with the verdicts of its parts.

    A case that was not run or does not apply stays so unless something worse than a warning was found: what was not
    exercised never counts as judged.
    """
    found = worst((own, *parts))
    outside = own in {Verdict.NOT_RUN, Verdict.NOT_APPLICABLE}
    return own if outside and found in {Verdict.NONE, Verdict.PASS, Verdict.WARN} else found


def exit_code(verdicts: Iterable[Verdict], *, strict: bool = False) -> int:
    """Give the exit code of a run from the verdicts of its cases.

    2 for a kit error, 1 for a fail or an inconclusive case (with `strict` for a warning too), 5 when nothing was
    decided, else 0.
    """
    seen = set(verdicts)
    if Verdict.ERROR in seen:
        return EXIT_KIT_ERROR
    failing = {Verdict.FAIL, Verdict.INCONCLUSIVE} | ({Verdict.WARN} if strict else set())
    if seen & failing:
        return EXIT_FAILED
    if not any(verdict.is_decided for verdict in seen):
        return EXIT_NOTHING_DECIDED
    return EXIT_OK


class Signal(Exception):
    """Ends a case with a verdict. Not an error of the kit.

    Args:
        message: one sentence: what was wrong or what is missing.
        requirement: requirement id or clause that the product broke, when one applies.
        expected: what the step awaited, in full.
        received: what came instead, in full.
        frames: numbers of the frames that show it.
        absence: something did not come: what came until then may be the reason, whatever the frames named here.
    """

    verdict = Verdict.ERROR

    def __init__(
        self,
        message: str,
        *,
        requirement: str = "",
        expected: str = "",
        received: str = "",
        frames: tuple[int, ...] = (),
        absence: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.requirement = requirement
        self.expected = expected
        self.received = received
        self.frames = frames
        self.absence = absence


class Failed(Signal, AssertionError):
    """The product broke a MUST step or rule."""

    verdict = Verdict.FAIL


class Unanswered(Failed):
    """The product owed the answer to a CALL; a fail wherever it happens, also before the first step."""


class Inconclusive(Signal):
    """The required state was not reached, or the connection was lost while nothing was owed."""

    verdict = Verdict.INCONCLUSIVE


class NotRun(Signal):
    """Something the case needs is absent: an operator, a driver, a transport, an answer in the PICS."""

    verdict = Verdict.NOT_RUN


class NotApplicable(Signal):
    """The product does not have what the case tests; the message is the reason."""

    verdict = Verdict.NOT_APPLICABLE
