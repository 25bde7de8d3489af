"""One case while it runs: its steps, and the verdict from its steps and the frames.

Nothing here knows pytest.
"""

from __future__ import annotations

import ast
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocpp_tck.evidence.records import BEFORE_NEXT_RUN, CaseEnded, StepEnded, StepStarted
from ocpp_tck.protocol.types import Level
from ocpp_tck.roles.events import PRODUCT
from ocpp_tck.verdict import Failed, Inconclusive, Signal, Unanswered, Verdict, whole, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.case import Case, PlannedStep
    from ocpp_tck.roles.events import Found
    from ocpp_tck.run import Run


_DONE = (Verdict.PASS, Verdict.WARN)
_KEPT = {
    "password": "[connection.basic_auth] password has to be what [test_data] authorization_key is now",
    "security_profile": "[connection] security_profile has to be {profile} now",
}
"""What a case that can't be undone leaves behind, by its `changes`, as far as the configuration has to follow."""


class CaseRun:
    """One case while it runs: its steps and what becomes of them.

    Attributes:
        verdict: the verdict when the case has ended.
        cause: the signal that decided it, None for a pass.
        steps: number and verdict of each step that has ended.
    """

    def __init__(self, run: Run, case: Case, version: str, node: str, plan: tuple[PlannedStep, ...]) -> None:
        self.case = case
        self.version = version
        self.node = node
        self.plan = plan
        self.verdict = Verdict.NONE
        self.cause: Signal | None = None
        self.detail = ""
        self.comparison: tuple[str, object, object] | None = None
        self._run = run
        self.steps: list[tuple[str, Verdict]] = []
        self._depth = 0
        self._index = 0
        self._judged = 0
        self._taken: list[tuple[int, str]] = []
        self._started = run.clock.monotonic()

    @contextmanager
    def step(
        self,
        n: str,
        text: str,
        *,
        requirement: str = "",
        when: str = "",
        optional: bool = False,
        level: str = "must",
        oca: str = "",
    ) -> Iterator[None]:
        """Run one step of the OCA document; see `case.PlannedStep` for the arguments.

        A failure inside is the product's; of a step with level should it is a warning and the case goes on.
        """
        del when, optional, oca  # facts for the plan and the report
        self._index += 1
        index = self._index
        run = self._run
        run.journal.write(StepStarted(time=run.clock.now(), index=index, n=n, text=text))
        outer, self._taken = self._taken, []
        self._depth += 1
        self.comparison = None
        signal: Signal | None = None
        try:
            yield
        except Signal as error:
            signal = error
        except AssertionError as error:
            signal = self._assertion(error)
        finally:
            self._depth -= 1
            taken, self._taken = self._taken, outer
        verdict = Verdict.PASS if signal is None else signal.verdict
        if verdict is Verdict.FAIL and level == "should":
            verdict = Verdict.WARN
        self.steps.append((n, verdict))
        run.journal.write(
            StepEnded(
                time=run.clock.now(),
                index=index,
                n=n,
                text=text,
                verdict=verdict,
                cause=signal.message if signal else "",
                requirement=(signal.requirement if signal else "") or requirement,
                expected=signal.expected if signal else "",
                received=signal.received if signal else "",
                frames=tuple(dict.fromkeys((*[frame for frame, _ in taken], *(signal.frames if signal else ())))),
                absence=signal.absence if signal else False,
            )
        )
        if signal is not None and verdict is not Verdict.WARN:
            signal.requirement = signal.requirement or requirement
            if not hasattr(signal, "step"):
                signal.step = n  # type: ignore[attr-defined]
            raise signal

    def took(self, frame: int, received: str) -> None:
        """Note a message that the case took, as evidence of the current step."""
        self._taken.append((frame, received))

    def compared(self, operator: str, left: object, right: object) -> None:
        """Note a comparison that an assertion of the case found wanting; the evidence of its failure."""
        self.comparison = (operator, left, right)

    def _assertion(self, error: AssertionError) -> Failed:
        line = traceback.extract_tb(error.__traceback__)[-1].line or ""
        told = str(error).strip().splitlines()
        message, tested = told[0] if told else line, _tested(line)
        expected, received = tested, ""
        if self.comparison is not None:
            operator, left, right = self.comparison
            expected, received = f"{tested}: {operator} {right!r}", repr(left)
            if message.startswith("assert "):  # pytest's explanation, which is Python
                words = {"==": "instead of", "!=": "is no other than", "in": "is none of", "not in": "is one of"}
                message = f"{left!r} {words.get(operator, f'is not {operator}')} {right!r}"
        frames = "; ".join(text for _, text in self._taken)
        return Failed(
            message,
            expected=expected,
            received=" | ".join(part for part in (received, frames) if part),
            frames=tuple(frame for frame, _ in self._taken),
        )

    def end(self, error: BaseException | None, phase: str) -> None:
        """Decide the case from what ended it, its steps and the rules broken meanwhile."""
        if self.verdict is not Verdict.NONE:
            return
        run = self._run
        run.conversation.catch_up()
        error = error or self._settled()
        self.cause = self._signal(error)
        self._judged = len(run.conversation.found)
        broken = [found for found in run.conversation.found if found.sender == PRODUCT]
        illegal = any(found.violation.level is Level.MUST for found in broken)
        if illegal and error is not None and not isinstance(error, (Signal, AssertionError)):
            self.cause = _first_cause(broken)  # the case stumbled over an illegal payload
        own = self.cause.verdict if self.cause else worst(verdict for _, verdict in self.steps)
        if self.cause is None and own is Verdict.NONE:
            self.cause = Inconclusive("the case came to no step")
            own = Verdict.INCONCLUSIVE
        verdicts = [own]
        if illegal:
            verdicts.append(Verdict.FAIL)
        elif broken:
            verdicts.append(Verdict.WARN)
        if run.conversation.faults:
            verdicts.append(Verdict.ERROR)
            self.cause = self._fault()
        self.verdict = whole(own, verdicts)
        self.cause = self._decisive(broken)
        run.drivers.close_prompt()
        if own in _DONE and self.has_to_follow():
            run.remark(BEFORE_NEXT_RUN + _KEPT[self.case.changes].format(profile=run.security_profile))
        self._write_end(phase)

    def has_to_follow(self) -> bool:
        """Whether the configuration says something else than the case has left behind."""
        if self.case.changes == "security_profile":
            return self._run.security_profile != self._run.settings.connection.security_profile
        return self.case.changes == "password" and self._run.identity.password != self._run.data.authorization_key

    def _settled(self) -> Exception | None:
        try:
            self._run.conversation.settle()
        except Exception as fault:  # noqa: BLE001 - a fault of the kit ends as a kit error
            return fault
        overrun = self._run.conversation.overrun
        return Inconclusive(overrun) if overrun else None

    def _fault(self) -> Signal:
        fault = self._run.conversation.faults[0]
        self.detail = "".join(traceback.format_exception(fault))
        self._run.conversation.faults.clear()
        return Signal(f"the kit itself failed: {type(fault).__name__}: {fault}")

    def torn_down(self, error: BaseException) -> bool:
        """Note what went wrong after the case was decided; True when that made its verdict worse.

        An answer that the product owed is its fail, a fault of the kit a kit error. What else was not reached is a
        matter of the next case's setup and only a remark.
        """
        if isinstance(error, (Signal, AssertionError)) and not isinstance(error, Unanswered):
            self._run.remark(f"after the case: {error}")
            return False
        signal = self._signal(error) or Signal(str(error))
        if worst((self.verdict, signal.verdict)) is not signal.verdict or self.verdict is signal.verdict:
            return False
        self.verdict, self.cause = signal.verdict, signal
        self._write_end("teardown")
        return True

    def worsened(self) -> bool:
        """Whether the product broke a must-rule after the case was decided; what comes between cases belongs to it."""
        late = [found for found in self._run.conversation.found[self._judged :] if found.sender == PRODUCT]
        cause = _first_cause(late)
        is_illegal = any(found.violation.level is Level.MUST for found in late)
        if cause is None or not is_illegal or worst((self.verdict, Verdict.FAIL)) is self.verdict:
            return False
        self.verdict, self.cause = Verdict.FAIL, cause
        self._write_end("teardown")
        return True

    def _decisive(self, broken: list[Found]) -> Signal | None:
        """Give the first cause of the verdict: what ended the case, or a rule that was broken before."""
        cause, failed = self.cause, self.verdict is Verdict.FAIL
        if cause is None or (failed and cause.verdict is not Verdict.FAIL):
            return _first_cause(broken) or cause
        return (_first_cause(_earlier(broken, cause)) if failed else None) or cause

    def _write_end(self, phase: str) -> None:
        run, cause = self._run, self.cause
        run.journal.write(
            CaseEnded(
                time=run.clock.now(),
                case=self.case.id,
                verdict=self.verdict,
                phase=phase,
                cause=cause.message if cause else "",
                requirement=cause.requirement if cause else "",
                expected=cause.expected if cause else "",
                received=cause.received if cause else "",
                frames=cause.frames if cause else (),
                absence=cause.absence if cause else False,
                detail=self.detail,
                duration=run.clock.monotonic() - self._started,
            )
        )

    def _signal(self, error: BaseException | None) -> Signal | None:
        if error is None:
            return None
        if isinstance(error, AssertionError) and not isinstance(error, Signal):
            error = self._assertion(error)
        if isinstance(error, Failed) and not isinstance(error, Unanswered) and not hasattr(error, "step"):
            # A state that is not reached before the first step says nothing about what the case tests.
            return Inconclusive(
                f"required state not reached: {error.message}",
                requirement=error.requirement,
                expected=error.expected,
                received=error.received,
                frames=error.frames,
                absence=error.absence,
            )
        if isinstance(error, Signal):
            return error
        self.detail = "".join(traceback.format_exception(error))
        return Signal(f"the kit itself failed: {type(error).__name__}: {error}")


def _tested(line: str) -> str:
    """Give the condition of an assertion, without the words that it fails with."""
    try:
        statement = ast.parse(line).body[0]
    except (SyntaxError, IndexError):  # an assertion over several lines, of which this is the first
        return line.removeprefix("assert ")
    return ast.unparse(statement.test) if isinstance(statement, ast.Assert) else line


def _earlier(broken: list[Found], cause: Signal) -> list[Found]:
    """Give the must-rules that were broken by a frame no later than those on which the failure of a step rests."""
    musts = [found for found in broken if found.frame and found.violation.level is Level.MUST]
    if cause.absence or not cause.frames:
        return musts
    return [found for found in musts if found.frame <= max(cause.frames)]


def _first_cause(broken: list[Found]) -> Failed | None:
    musts = [found for found in broken if found.violation.level is Level.MUST]
    for found in musts or broken:
        violation = found.violation
        return Failed(
            f"{violation.rule}: {violation.message}",
            requirement=violation.clause,
            frames=(found.frame,) if found.frame else (),
        )
    return None
