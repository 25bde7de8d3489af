"""Puts the verdict of a case on the reports of its test: the plugin's words for what the kit has decided."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.terminal import describe, line, lines
from ocpp_tck.report.text import often
from ocpp_tck.verdict import Failed, Inconclusive, NotRun, Signal, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.case_run import CaseRun

_REPORTCHARS = "fE"
"""What pytest lists in its short summary when nobody has asked for anything else."""
AGAIN = (Verdict.FAIL, Verdict.INCONCLUSIVE)
"""What is run again."""


def raised(current: CaseRun) -> Signal:
    """Give what a case that did not pass raises."""
    cause = current.cause
    if cause is None:
        return Failed(str(current.verdict))
    if isinstance(cause, (Failed, Inconclusive, NotRun)) or cause.verdict is current.verdict:
        return cause
    return Signal(cause.message)


def dress(report: Any, current: CaseRun, *, final: bool = False) -> None:
    """Put verdict and cause on a report; the final one, after the tidying up, has a text only if it got worse."""
    report.ocpp_verdict = str(current.verdict)
    report.ocpp_case = current.case.id
    report.ocpp_title = current.case.title
    report.ocpp_final = final
    report.ocpp_again = False
    cause = current.cause
    if final and report.outcome == "passed":
        return
    if current.verdict in {Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE}:
        report.outcome = "failed"
        report.when = "call" if current.verdict is Verdict.FAIL and not final else report.when
        report.longrepr = (describe(cause) if cause else str(current.verdict)) + (
            f"\n{lines(current.detail)}" if current.verdict is Verdict.ERROR else ""
        )
    elif current.verdict in {Verdict.NOT_RUN, Verdict.NOT_APPLICABLE}:
        report.outcome = "skipped"
        report.longrepr = (report.nodeid, 0, line(cause.message) if cause else "")


@contextmanager
def told_once(reporter: Any) -> Iterator[None]:
    """Let pytest leave out what the kit's own summary tells of failing cases; its count of them stays.

    Whoever asks pytest for its sections (`-v`, `-r`, `--tb`) gets them. What is no case is always told.
    """
    option, failed = reporter.config.option, reporter.stats.get("failed", [])
    asked = option.verbose > 0 or option.reportchars != _REPORTCHARS or option.tbstyle != "auto"
    others = [one for one in failed if asked or not hasattr(one, "ocpp_verdict")]
    if len(others) < len(failed):
        reporter.stats["failed"] = others
    try:
        yield
    finally:
        if len(others) < len(failed):
            reporter.stats["failed"] = failed


def retried(reports: Sequence[Any]) -> Any:
    """Make one report of an attempt after which the case is run again; it neither passes nor fails anything."""
    last = reports[-1]
    last.duration = sum(report.duration for report in reports)
    last.outcome, last.when, last.longrepr, last.ocpp_again = "retried", "retried", None, True
    return last


def settle(reports: Sequence[Any], attempts: Sequence[CaseRun]) -> None:
    """Let the worst attempt decide the reports of the last one."""
    verdict = worst(attempt.verdict for attempt in attempts)
    if verdict in {attempts[-1].verdict, Verdict.NONE}:
        return
    number, deciding = next((at, one) for at, one in enumerate(attempts, start=1) if one.verdict is verdict)
    for report in reports:
        if not hasattr(report, "ocpp_verdict"):
            continue
        report.ocpp_verdict = str(verdict)
        if not report.ocpp_final:
            dress(report, deciding)
            text = f"flaky: tried {often(len(attempts))}, attempt {number} decides"
            report.longrepr = f"{text}\n{report.longrepr}"
