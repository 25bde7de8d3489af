"""The pytest adapter. The only module that imports pytest; it does nothing in a run without `--ocpp-config`."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from ocpp_tck import outcome, pics
from ocpp_tck.case import Case, CaseError, case_of, steps_of
from ocpp_tck.interrupts import Interrupts
from ocpp_tck.options import add_options, narrowed
from ocpp_tck.progress import LETTERS, Progress, Waits
from ocpp_tck.verdict import EXIT_KIT_ERROR, NotApplicable, NotRun, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ocpp_tck.case_run import CaseRun
    from ocpp_tck.console import Console
    from ocpp_tck.invocation import Invocation
    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.run import Run

INTERRUPTIONS = (KeyboardInterrupt, pytest.exit.Exception)
"""What ends a run in the middle of a case, which then has no verdict and is run again."""
_WORKER_HALTED = 3
"""Exit code of a worker that can't go on; xdist would replace one that ends with 2."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the kit's options."""
    add_options(parser.getgroup("ocpp", "OCPP conformance").addoption)


def pytest_configure(config: pytest.Config) -> None:
    """Switch the kit on when a configuration is given."""
    config.addinivalue_line("markers", "ocpp_case: an OCA test case of ocpp-tck")
    if config.getoption("--ocpp-config"):
        config.pluginmanager.register(Kit(config), "ocpp-tck-kit")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip OCA cases when the kit is off."""
    if case_of(getattr(item, "obj", None)) is not None and not item.config.getoption("--ocpp-config"):
        pytest.skip("an OCA case needs --ocpp-config FILE")


class Kit:
    """One kit run inside one pytest session (one per xdist worker)."""

    def __init__(self, config: pytest.Config) -> None:
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415 - nothing is loaded while the kit is off
        from ocpp_tck.invocation import InvocationError, read_invocation  # noqa: PLC0415

        self.config = config
        try:
            self.told: Invocation = read_invocation(config.getoption, getattr(config, "workerinput", {}))
        except InvocationError as error:
            raise pytest.UsageError(str(error)) from None
        except JournalError as error:
            pytest.exit(f"--ocpp-resume: {error}", EXIT_KIT_ERROR)
        self.campaign = self.told.campaign
        self.interrupts = Interrupts()
        self.run: Run | None = None
        self.progress = Progress()
        self.reporter: Any = None
        self.model: ReportModel | None = None
        self.problem = ""
        self.console: Console | None = self._console()
        self.waits = Waits(self.console)

    def _console(self) -> Console | None:
        """Open the operator's console, before anything else begins."""
        text = self.config.getoption("--ocpp-console")
        if not text or not self.told.is_main:
            return None
        from ocpp_tck.console import Console, PlaceError, read_place  # noqa: PLC0415

        if self.told.controls:
            raise pytest.UsageError("--ocpp-console: it shows one case at a time; leave -n out")
        try:
            console = Console(read_place(text), self._tell)
            console.open()
        except PlaceError as error:
            raise pytest.UsageError(f"--ocpp-console: {error}") from None
        except OSError as error:
            reason = f"{error.strerror or error}; choose another address or port; port 0 is any free one"
            raise pytest.UsageError(f"--ocpp-console {text}: {reason}") from None
        if self.told.earlier is not None:
            records = (record for stretch in self.told.earlier.stretches for record in stretch.records)
            console.recall(records, len(self.told.earlier.over))
        return console

    def _tell(self, text: str) -> None:
        """Print a line of the console where the user reads it; called on its thread."""
        from ocpp_tck.report.terminal import line  # noqa: PLC0415

        if self.reporter is not None:
            self.reporter.write_line(line(text))
            self.reporter.flush()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where the evidence of this run goes."""
        node.workerinput.update(self.told.for_worker())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Learn from a worker why it could not go on."""
        del error
        self.problem = self.problem or getattr(node, "workeroutput", {}).get("ocpp_problem", "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn from a worker how many cases there are."""
        from ocpp_tck.certify import by_node  # noqa: PLC0415

        del node
        self.progress.total = len(ids)
        cases = by_node(ids, self.told.settings.sut.role, self.told.settings.sut.version)
        self._begin_campaign(cases, others=len(ids) - len(cases))

    # -- collection ----------------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the cases of this role, version and selection; what can't be undone runs last."""
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            case = case_of(getattr(item, "obj", None))
            (kept if case is None or self.told.takes(case) else dropped).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        kept.sort(key=lambda item: (case_of(getattr(item, "obj", None)) or _PLAIN).turn)
        items[:] = kept
        self.progress.total = len(kept)
        if self.console is not None:
            self.console.expect(self.progress.total)
        for item in kept:
            if (case := case_of(getattr(item, "obj", None))) is not None:
                item.user_properties += [("ocpp.id", case.id), ("ocpp.version", self.told.settings.sut.version)]

        self._check_conditions(kept)

    def _check_conditions(self, items: list[pytest.Item]) -> None:
        for item in items:
            case = case_of(getattr(item, "obj", None))
            if case is not None and case.applies_if:
                try:
                    pics.check(case.applies_if, case.sut, self.told.settings.sut.version)
                except pics.PicsError as error:
                    raise pytest.UsageError(f"{item.nodeid}: applies_if: {error}") from None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what will run, and refuse a certification run that would not be one."""
        if not self.told.controls:
            cases = [case for item in session.items if (case := case_of(getattr(item, "obj", None))) is not None]
            self._begin_campaign(cases, others=len(session.items) - len(cases))

    def _begin_campaign(self, cases: list[Case], others: int) -> None:
        from ocpp_tck.certify import objections  # noqa: PLC0415

        over = {case for case, _, _ in self.told.earlier.over} if self.told.earlier is not None else set()
        against = objections(
            self.told.settings, cases, narrowed=narrowed(self.config.getoption), others=others, over=over
        )
        self.campaign = replace(self.campaign, asked=tuple(case.id for case in cases), objections=against)
        if self.campaign.certify and against and self.told.is_main:
            listed = "".join(f"\n  - {one}" for one in against)
            raise pytest.UsageError(
                f"--certify: this would be no certification run; nothing was sent. Against it stands:{listed}"
            )

    # -- the run -------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find the terminal, and listen for the signals that end a run."""
        if self.told.is_main:
            self.interrupts.watch()
        self.session = session
        self.reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if self.reporter is not None:
            self.reporter.showfspath = False
        if self.console is not None and self.reporter is not None:
            for one in self.console.invitation(with_code=bool(self.reporter.isatty)):
                self.reporter.write_line(one)
            if "prompt" not in self.told.settings.driver.order:
                self.reporter.write_line("prompt is not in driver.order: the console shows, and asks nothing")
            self.reporter.flush()

    def pytest_report_header(self) -> str:
        """Say what is tested."""
        from ocpp_tck.report.terminal import line  # noqa: PLC0415

        return line(self.told.header())

    def halt(self, problem: str) -> NoReturn:
        """End the run: nothing can be decided any more, because of the kit's surroundings and not of the product."""
        self.problem = self.problem or problem
        self.session.shouldstop = "the run cannot go on"
        pytest.exit("the run cannot go on", EXIT_KIT_ERROR if self.told.is_main else _WORKER_HALTED)

    def started(self) -> Run:
        """Give the run, opened when the first case needs it."""
        from ocpp_tck.opening import OpeningError, begin, make_run  # noqa: PLC0415

        if self.run is None:
            try:
                self.run = make_run(self.told, self.campaign, self.waits, self.console)
                begin(self.run, self.told)
            except OpeningError as error:
                self.halt(str(error))
        return self.run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a case, and again where that was asked for and it did not pass; the worst attempt decides."""
        case = case_of(getattr(item, "obj", None))
        if case is None:
            return None
        retries = self.campaign.retries
        attempts: list[CaseRun] = []
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        while True:
            reports = self._attempt(item, nextitem, case, len(attempts) + 1)
            attempts.append(item.stash[CASE])
            is_stopping = self.session.shouldstop or self.session.shouldfail
            if len(attempts) > retries or attempts[-1].verdict not in outcome.AGAIN or is_stopping:
                break
            item.ihook.pytest_runtest_logreport(report=outcome.retried(reports))
        if retries:
            outcome.settle(reports, attempts)
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _attempt(
        self, item: pytest.Item, nextitem: pytest.Item | None, case: Case, number: int
    ) -> list[pytest.TestReport]:
        """Begin and end the case around setup, call and teardown."""
        run = self.started()
        plan = steps_of(Path(item.path), getattr(item, "originalname", item.name))
        with self._recorded():
            item.stash[CASE] = run.start_case(case, item.nodeid, plan, number)
        try:
            reports = runtestprotocol(item, log=not self.campaign.retries, nextitem=nextitem)
            if run.current is not None:
                with self._recorded():
                    run.current.end(None, "teardown")
            return reports
        finally:
            run.current = None

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """End the run when something could not be recorded."""
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415

        try:
            yield
        except JournalError as error:
            self.halt(str(error))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what does not apply, or what nobody has answered, with the reason."""
        case = case_of(getattr(item, "obj", None))
        if case is not None:
            applies, reason = pics.decide(case.applies_if, self.told.settings.pics)
            if applies is None:
                raise NotRun(reason)
            if not applies:
                raise NotApplicable(reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """Decide the case as soon as its function ends, so that a broken rule fails it."""
        current = pyfuncitem.stash.get(CASE, None)
        try:
            result = yield
        except BaseException as error:
            if current is None or isinstance(error, INTERRUPTIONS):
                raise
            current.end(error, "call")
        else:
            if current is None:
                return result
            current.end(None, "call")
        if current.verdict not in {Verdict.PASS, Verdict.WARN}:
            raise outcome.raised(current)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, pytest.TestReport]:
        """Put the verdict on the report; the text is the kit's own, in full."""
        report: pytest.TestReport = yield
        current = item.stash.get(CASE, None)
        if current is None:
            return report
        if self.run is not None and self.run.journal.failure:
            self.halt(self.run.journal.failure)
        with self._recorded():
            if call.excinfo is not None and current.verdict is Verdict.NONE:
                current.end(call.excinfo.value, call.when or "setup")
            elif call.excinfo is not None and call.when == "teardown" and not current.torn_down(call.excinfo.value):
                report.outcome, report.longrepr = "passed", None
            if call.when == "teardown" and current.worsened():
                report.outcome = "failed"
        if call.when == "teardown":
            outcome.dress(report, current, final=True)
        elif call.when == "call" or call.excinfo is not None:
            outcome.dress(report, current)
        return report

    # -- the terminal --------------------------------------------------------------------------------------------

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Give the category of a verdict; the line itself is written by `pytest_runtest_logreport`."""
        verdict = getattr(report, "ocpp_verdict", None)
        if verdict is None or (report.ocpp_final and report.outcome == "passed"):
            return None
        category, _, _ = LETTERS[Verdict(verdict)]
        return "run again" if report.ocpp_again else category, "", ""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write the line of a case when it is over, tidying up included: n of N, elapsed, verdict, duration, title."""
        verdict = getattr(report, "ocpp_verdict", None)
        self.progress.spent(report.nodeid, report.duration)
        if verdict is None or not report.ocpp_final or not self.told.is_main or self.reporter is None:
            return
        shown = report.nodeid, report.ocpp_case, report.ocpp_title, Verdict(verdict)
        for text, colours in self.progress.over(*shown, again=report.ocpp_again):
            self.reporter.write(text, **colours)
        self.reporter.write_line("")
        self.reporter.flush()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Close the run when all else has ended, write the reports and set the exit code from the verdicts."""
        try:
            yield
        except Exception as error:
            if self.run is None:
                raise
            self._remark(f"after the run was interrupted: {error}")  # a case could not tidy up behind it
        finally:
            self.interrupts.is_closing = True
            self._finish(session)
            self._close_console()
            self.interrupts.release()

    def _close_console(self) -> None:
        """Say on the operator's console what came out; it is opened in every run and closed in every run."""
        from ocpp_tck.report.terminal import summary_lines  # noqa: PLC0415

        if self.console is not None:
            told = summary_lines(self.model, self.told.folder)[-2:] if self.model is not None else ["no case has run"]
            self.console.end(told[0], self.problem or told[-1])

    def _remark(self, text: str) -> None:
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415

        with suppress(JournalError):
            if self.run is not None:
                self.run.remark(text)

    def _finish(self, session: pytest.Session) -> None:
        from ocpp_tck.evidence.earlier import end_early  # noqa: PLC0415
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
        from ocpp_tck.report.known import run_exit_code  # noqa: PLC0415

        is_cut = session.exitstatus == pytest.ExitCode.INTERRUPTED
        if self.run is not None:
            try:
                self.run.close("interrupted" if is_cut else "")
            except JournalError as error:
                self.problem = self.problem or str(error)
        if not self.told.is_main:
            self.config.workeroutput["ocpp_problem"] = self.problem  # type: ignore[attr-defined]
            return
        if self.run is None and not self.told.controls and self.told.earlier is None:
            return
        if is_cut and self.told.controls:
            with suppress(JournalError):  # said again, and told, when the reports are made
                end_early(self.told.folder, "interrupted")
        self._report()
        finished = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
        if self.problem:
            session.exitstatus = EXIT_KIT_ERROR
        elif is_cut:
            self.problem = f"the run was interrupted; `ocpp-tck run --resume {self.told.folder}` runs the rest"
        elif session.exitstatus in finished and self.model is not None:
            strict = self.config.getoption("--ocpp-strict")
            session.exitstatus = run_exit_code(self.model, self.told.known, strict=strict)

    def _report(self) -> None:
        """Write reports and seal; what goes wrong becomes the problem, unless there is an earlier one."""
        from ocpp_tck.bundle.conclude import conclude  # noqa: PLC0415

        self.model, problem = conclude(self.told.folder, self.told.settings, self.told.known, self.told.known_text)
        self.problem = self.problem or problem

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Iterator[None]:
        """Say what came out, each cause once, and where the evidence is."""
        from ocpp_tck.report.terminal import lines, summary_lines  # noqa: PLC0415

        if self.model is None:
            result = yield
        else:
            with outcome.told_once(terminalreporter):
                result = yield
        if self.problem:
            terminalreporter.write_line(lines(f"ocpp-tck: {self.problem}"), red=True)
        for one in summary_lines(self.model, self.told.folder) if self.model is not None else ():
            terminalreporter.write_line(one)
        return result


CASE: pytest.StashKey[CaseRun] = pytest.StashKey()
_PLAIN = Case(id="", title="", versions=(), sut="", profile="")


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keep both sides of a failing comparison in full, as evidence."""
    kit = config.pluginmanager.getplugin("ocpp-tck-kit")
    if kit is not None and kit.run is not None and kit.run.current is not None:
        kit.run.current.compared(op, left, right)


@pytest.fixture
def ocpp_run(request: pytest.FixtureRequest) -> Run:
    """The kit's run: endpoints, journal, roles."""
    kit = request.config.pluginmanager.getplugin("ocpp-tck-kit")
    if kit is None:
        raise CaseError("the kit is off: give --ocpp-config FILE")
    run: Run = kit.started()
    return run
