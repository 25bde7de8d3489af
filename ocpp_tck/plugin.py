"""The pytest adapter. The only module that imports pytest; it does nothing in a run without `--ocpp-config`."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from ocpp_tck import outcome, pics
from ocpp_tck.campaign import Campaign
from ocpp_tck.case import Case, CaseError, case_of, cases_root, steps_of
from ocpp_tck.evidence.earlier import Earlier
from ocpp_tck.interrupts import Interrupts
from ocpp_tck.options import add_options, narrowed
from ocpp_tck.progress import LETTERS, Progress
from ocpp_tck.verdict import EXIT_KIT_ERROR, NotApplicable, NotRun, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ocpp_tck.case_run import CaseRun
    from ocpp_tck.console import Console
    from ocpp_tck.report.known import Known
    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.run import Run
    from ocpp_tck.selection import Selection
    from ocpp_tck.settings import Identity, Settings

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
        from ocpp_tck.config import ConfigError, load  # noqa: PLC0415 - nothing is loaded while the kit is off

        self.config = config
        overrides = {
            name: str(value)
            for name, option in (("sut.role", "--ocpp-sut"), ("sut.version", "--ocpp-version"))
            if (value := config.getoption(option))
        }
        try:
            self.settings: Settings = load(Path(config.getoption("--ocpp-config")), overrides=overrides)
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from None
        self.settings = self._signing()
        self.input: dict[str, Any] = getattr(config, "workerinput", {})
        self.worker: str = self.input.get("workerid", "main")
        workers, stations = config.getoption("numprocesses", None) or 0, len(self.settings.connection.stations)
        if self.worker == "main" and workers > stations:
            raise pytest.UsageError(
                f"{workers} workers need as many [[connection.stations]]; the configuration has {stations}"
            )
        self.catalogue_sha256 = hashlib.sha256((cases_root() / "catalogue.csv").read_bytes()).hexdigest()
        self.folder = self._folder()
        given = self.input.get("ocpp_seed", config.getoption("--ocpp-seed"))
        self.seed: int = given if given is not None else self.settings.seed or random.SystemRandom().randrange(2**31)
        self.selection = self._selection()
        self.campaign = Campaign(
            selection=self.selection.text,
            follows=self.selection.follows,
            retries=max(0, config.getoption("--ocpp-retry")),
            certify=config.getoption("--ocpp-certify"),
        )
        self.earlier = self._resumed(chosen=given is not None) if config.getoption("--ocpp-resume") else None
        self.interrupts = Interrupts()
        self.run: Run | None = None
        self.progress = Progress()
        self.reporter: Any = None
        self.model: ReportModel | None = None
        self.problem = ""
        self.known = self._known()
        self.console: Console | None = self._console()

    def _console(self) -> Console | None:
        """Open the operator's console, before anything else begins."""
        text = self.config.getoption("--ocpp-console")
        if not text or self.worker != "main":
            return None
        from ocpp_tck.console import Console, PlaceError, read_place  # noqa: PLC0415

        if self.controls:
            raise pytest.UsageError("--ocpp-console: it shows one case at a time; leave -n out")
        try:
            console = Console(read_place(text), self._tell)
            console.open()
        except PlaceError as error:
            raise pytest.UsageError(f"--ocpp-console: {error}") from None
        except OSError as error:
            reason = f"{error.strerror or error}; choose another address or port; port 0 is any free one"
            raise pytest.UsageError(f"--ocpp-console {text}: {reason}") from None
        if self.earlier is not None:
            records = (record for stretch in self.earlier.stretches for record in stretch.records)
            console.recall(records, len(self.earlier.over))
        return console

    def _tell(self, text: str) -> None:
        """Print a line of the console where the user reads it; called on its thread."""
        from ocpp_tck.report.terminal import line  # noqa: PLC0415

        if self.reporter is not None:
            self.reporter.write_line(line(text))
            self.reporter.flush()

    def _resumed(self, *, chosen: bool) -> Earlier:
        """Take over the run that is resumed, with its seed unless one was chosen."""
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
        from ocpp_tck.resume import ResumeError, find_run, take_over  # noqa: PLC0415

        try:
            earlier = find_run(self.folder)
            if self.worker != "main":
                return earlier.before(self.input["ocpp_resumed"])
            if earlier.stretches and not chosen:
                self.seed = earlier.stretches[0].started.seed
            told = replace(self.settings, seed=self.seed)
            return take_over(self.folder, told, self.catalogue_sha256, self.campaign)
        except ResumeError as error:
            raise pytest.UsageError(f"--ocpp-resume: {error}") from None
        except JournalError as error:
            pytest.exit(f"--ocpp-resume: {error}", EXIT_KIT_ERROR)

    def _signing(self) -> Settings:
        """Give the settings with the key of the option over that of the file."""
        from ocpp_tck.evidence.dsse import KeyProblem, load_private  # noqa: PLC0415

        chosen = self.config.getoption("--ocpp-sign-key")
        if not chosen:
            return self.settings
        try:
            load_private(Path(chosen))
        except KeyProblem as problem:
            raise pytest.UsageError(f"--ocpp-sign-key: {problem}") from None
        return replace(self.settings, evidence=replace(self.settings.evidence, signing_key=Path(chosen)))

    def _selection(self) -> Selection:
        """Put together which cases were asked for."""
        from ocpp_tck.selection import SelectionError, select  # noqa: PLC0415

        option, sut = self.config.getoption, self.settings.sut
        earlier = Path(option("--ocpp-from")) if option("--ocpp-from") else None
        chosen = option("--ocpp-case"), option("--ocpp-profile"), option("--ocpp-only")
        try:
            return select(*chosen, earlier, role=sut.role, version=sut.version)
        except SelectionError as error:
            raise pytest.UsageError(str(error)) from None

    def _known(self) -> tuple[Known, ...]:
        """Read the known failures once: an edit during the run changes nothing."""
        from ocpp_tck.report.known import KnownFailuresError, parse_known, read_known  # noqa: PLC0415

        path = self.config.getoption("--ocpp-known-failures")
        try:
            self.known_text = read_known(path) if path else ""
            return parse_known(self.known_text, path) if path else ()
        except KnownFailuresError as error:
            raise pytest.UsageError(str(error)) from None

    def _folder(self) -> Path:
        resumed, chosen = self.config.getoption("--ocpp-resume"), self.config.getoption("--ocpp-report-dir")
        if resumed and chosen:
            raise pytest.UsageError("--ocpp-resume: the reports go where the run is; leave --ocpp-report-dir out")
        given = self.input.get("ocpp_folder") or resumed or chosen
        if given:
            return Path(given)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        return Path("reports") / f"{stamp}-{self.settings.sut.role}-{self.settings.sut.version}"

    @property
    def controls(self) -> bool:
        """Whether this process only hands out the cases (the xdist controller)."""
        return self.worker == "main" and bool(self.config.getoption("numprocesses", None))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where the evidence of this run goes."""
        node.workerinput["ocpp_folder"] = str(self.folder.resolve())
        node.workerinput["ocpp_seed"] = self.seed
        node.workerinput["ocpp_resumed"] = self.earlier.resumed if self.earlier is not None else 0

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
        cases = by_node(ids, self.settings.sut.role, self.settings.sut.version)
        self._begin_campaign(cases, others=len(ids) - len(cases))

    # -- collection ----------------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the cases of this role, version and selection; what can't be undone runs last."""
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            case = case_of(getattr(item, "obj", None))
            (kept if case is None or self._selected(case) else dropped).append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        kept.sort(key=lambda item: (case_of(getattr(item, "obj", None)) or _PLAIN).turn)
        items[:] = kept
        self.progress.total = len(kept)
        if self.console is not None:
            self.console.expect(self.progress.total)
        for item in kept:
            if (case := case_of(getattr(item, "obj", None))) is not None:
                item.user_properties += [("ocpp.id", case.id), ("ocpp.version", self.settings.sut.version)]

        self._check_conditions(kept)

    def _check_conditions(self, items: list[pytest.Item]) -> None:
        for item in items:
            case = case_of(getattr(item, "obj", None))
            if case is not None and case.applies_if:
                try:
                    pics.check(case.applies_if, case.sut, self.settings.sut.version)
                except pics.PicsError as error:
                    raise pytest.UsageError(f"{item.nodeid}: applies_if: {error}") from None

    def _selected(self, case: Case) -> bool:
        sut = self.settings.sut
        return (
            case.sut == sut.role
            and sut.version in case.versions
            and self.selection.takes(case, sut.version)
            and (self.earlier is None or (case.id, sut.version, case.sut) not in self.earlier.over)
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what will run, and refuse a certification run that would not be one."""
        if not self.controls:
            cases = [case for item in session.items if (case := case_of(getattr(item, "obj", None))) is not None]
            self._begin_campaign(cases, others=len(session.items) - len(cases))

    def _begin_campaign(self, cases: list[Case], others: int) -> None:
        from ocpp_tck.certify import objections  # noqa: PLC0415

        over = {case for case, _, _ in self.earlier.over} if self.earlier is not None else set()
        against = objections(self.settings, cases, narrowed=narrowed(self.config.getoption), others=others, over=over)
        self.campaign = replace(self.campaign, asked=tuple(case.id for case in cases), objections=against)
        if self.campaign.certify and against and self.worker == "main":
            listed = "".join(f"\n  - {one}" for one in against)
            raise pytest.UsageError(
                f"--certify: this would be no certification run; nothing was sent. Against it stands:{listed}"
            )

    # -- the run -------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find the terminal, and listen for the signals that end a run."""
        if self.worker == "main":
            self.interrupts.watch()
        self.session = session
        self.reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if self.reporter is not None:
            self.reporter.showfspath = False
        if self.console is not None and self.reporter is not None:
            for one in self.console.invitation(with_code=bool(self.reporter.isatty)):
                self.reporter.write_line(one)
            if "prompt" not in self.settings.driver.order:
                self.reporter.write_line("prompt is not in driver.order: the console shows, and asks nothing")
            self.reporter.flush()

    def pytest_report_header(self) -> str:
        """Say what is tested."""
        from ocpp_tck.report.terminal import line  # noqa: PLC0415

        sut = self.settings.sut
        text = f"ocpp-tck: {sut.vendor} {sut.model} as {sut.role}, OCPP {sut.version}, seed {self.seed}, {self.folder}"
        if self.selection.chosen is not None:
            text += f", {self.selection.text}: {len(self.selection.chosen)} cases"
        return line(text if self.earlier is None else f"{text}, resumed with {len(self.earlier.over)} cases decided")

    def halt(self, problem: str) -> NoReturn:
        """End the run: nothing can be decided any more, because of the kit's surroundings and not of the product."""
        self.problem = self.problem or problem
        self.session.shouldstop = "the run cannot go on"
        pytest.exit("the run cannot go on", EXIT_KIT_ERROR if self.worker == "main" else _WORKER_HALTED)

    def started(self) -> Run:
        """Give the run, opened when the first case needs it."""
        from ocpp_tck.evidence.journal import JournalError  # noqa: PLC0415
        from ocpp_tck.plan import scope  # noqa: PLC0415
        from ocpp_tck.recall import next_transaction, recall  # noqa: PLC0415
        from ocpp_tck.run import Run  # noqa: PLC0415
        from ocpp_tck.world import LiveWorld  # noqa: PLC0415

        if self.run is None:
            settings = replace(self.settings, seed=self.seed)
            identity = self._lease(settings)
            earlier = self.earlier or Earlier(())
            number, of_station = earlier.resumed, earlier.of_station(identity.id)
            first = next_transaction(earlier.stretches) if number else None
            try:
                world = LiveWorld(
                    settings,
                    identity,
                    self.folder,
                    self.worker,
                    resumed=number,
                    transaction=first,
                    onlooker=self.console,
                )
                self.run = Run(
                    settings,
                    identity,
                    world,
                    worker=self.worker,
                    console=self,
                    catalogue_sha256=self.catalogue_sha256,
                    campaign=self.campaign,
                    resumed=number,
                    scope=scope(settings.sut.role, settings.sut.version),
                )
                recall(of_station, self.run)
            except JournalError as error:
                self.halt(f"--ocpp-report-dir: {error}")
            try:
                self.run.open()
            except OSError as error:
                self.halt(f"connection.listen {settings.connection.listen}: {error.strerror or error}")
        return self.run

    def _lease(self, settings: Settings) -> Identity:
        stations = settings.connection.stations
        number = int(self.worker.removeprefix("gw")) if self.worker.startswith("gw") else 0
        if number >= len(stations):
            self.halt(
                f"{number + 1} workers need as many [[connection.stations]]; the configuration has {len(stations)}"
            )
        return stations[number]

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
            applies, reason = pics.decide(case.applies_if, self.settings.pics)
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
        if verdict is None or not report.ocpp_final or self.worker != "main" or self.reporter is None:
            return
        shown = report.nodeid, report.ocpp_case, report.ocpp_title, Verdict(verdict)
        for text, colours in self.progress.over(*shown, again=report.ocpp_again):
            self.reporter.write(text, **colours)
        self.reporter.write_line("")
        self.reporter.flush()

    def waiting(self, text: str, seconds: float) -> None:
        """Show, on a terminal, what the case waits for."""
        from ocpp_tck.report.terminal import line  # noqa: PLC0415

        if self.console is not None:
            self.console.waiting(text, seconds)
        if sys.stderr.isatty() and not os.environ.get("CI"):
            sys.stderr.write(f"\r\x1b[K  waiting for {line(text)}")
            sys.stderr.flush()

    def waited(self) -> None:
        """Take that line away."""
        if self.console is not None:
            self.console.waited()
        if sys.stderr.isatty() and not os.environ.get("CI"):
            sys.stderr.write("\r\x1b[K")

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
            told = summary_lines(self.model, self.folder)[-2:] if self.model is not None else ["no case has run"]
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
        if self.worker != "main":
            self.config.workeroutput["ocpp_problem"] = self.problem  # type: ignore[attr-defined]
            return
        if self.run is None and not self.controls and self.earlier is None:
            return
        if is_cut and self.controls:
            with suppress(JournalError):  # said again, and told, when the reports are made
                end_early(self.folder, "interrupted")
        self._report()
        finished = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
        if self.problem:
            session.exitstatus = EXIT_KIT_ERROR
        elif is_cut:
            self.problem = f"the run was interrupted; `ocpp-tck run --resume {self.folder}` runs the rest"
        elif session.exitstatus in finished and self.model is not None:
            strict = self.config.getoption("--ocpp-strict")
            session.exitstatus = run_exit_code(self.model, self.known, strict=strict)

    def _report(self) -> None:
        """Write reports and seal; what goes wrong becomes the problem, unless there is an earlier one."""
        from ocpp_tck.bundle.conclude import conclude  # noqa: PLC0415

        self.model, problem = conclude(self.folder, self.settings, self.known, self.known_text)
        self.problem = self.problem or problem

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say in numbers what came out, and where the evidence is."""
        from ocpp_tck.report.terminal import lines, summary_lines  # noqa: PLC0415

        if self.problem:
            terminalreporter.write_line(lines(f"ocpp-tck: {self.problem}"), red=True)
        if self.model is not None:
            for one in summary_lines(self.model, self.folder):
                terminalreporter.write_line(one)


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
