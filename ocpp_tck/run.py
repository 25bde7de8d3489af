"""One run of the kit: the roles over one world, and the cases one after the other.

Nothing here knows pytest; `plugin.py` and other adapters drive it.
"""

from __future__ import annotations

import contextlib
import platform
import sys
from dataclasses import asdict
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ocpp_tck import __version__
from ocpp_tck.campaign import Campaign
from ocpp_tck.case_run import CaseRun
from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.evidence.records import CaseStarted, Remark, RunEnded, RunStarted
from ocpp_tck.given import Given
from ocpp_tck.protocol.editions import EDITIONS
from ocpp_tck.protocol.judge import Judge
from ocpp_tck.protocol.types import Side, Version
from ocpp_tck.roles.answers import Answers
from ocpp_tck.roles.conversation import Conversation
from ocpp_tck.roles.csms import Csms
from ocpp_tck.roles.csms_answers import CsmsAnswers
from ocpp_tck.roles.drivers.prompt import Ending
from ocpp_tck.roles.intake import Intake
from ocpp_tck.roles.observed import Observed
from ocpp_tck.roles.operator import Operator
from ocpp_tck.roles.station import Station
from ocpp_tck.roles.station_answers import StationAnswers
from ocpp_tck.world import test_data, token_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ocpp_tck.case import Case, PlannedStep
    from ocpp_tck.settings import Identity, Settings
    from ocpp_tck.world import World


Scope: TypeAlias = "Mapping[str, Mapping[str, Sequence[str]]]"
"""Case ids by profile and status, see `RunStarted`."""
_ENDINGS = {True: Ending.CAME, False: Ending.EXPIRED, None: Ending.DROPPED}
NEAR = 0.8
"""Part of a limit after which what was waited for came late."""


class Console(Protocol):
    """Where a run shows what it does while it does it."""

    def waiting(self, text: str, seconds: float) -> None:
        """The case waits for something."""

    def waited(self) -> None:
        """The wait is over."""


class SilentConsole:
    """Shows nothing."""

    def waiting(self, text: str, seconds: float) -> None:
        """Ignore."""

    def waited(self) -> None:
        """Ignore."""


class Run:
    """Endpoints, journal and roles of one worker.

    Args:
        settings: what the run was told.
        identity: the station that this worker meets or is.
        world: clock, journal, wire and drivers.
        worker: name of the worker in the evidence.
        console: shows waits.
        catalogue_sha256: hash of the catalogue, for the evidence.
        campaign: what the run is meant to be.
        resumed: which resumption of the run this is; 0 for its first start.
        scope: the catalogue's cases for this role and version, see `RunStarted`.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        world: World,
        *,
        worker: str = "main",
        console: Console | None = None,
        catalogue_sha256: str = "",
        campaign: Campaign | None = None,
        resumed: int = 0,
        scope: Scope | None = None,
    ) -> None:
        self.settings = settings
        self.identity = identity
        self.world = world
        self.clock = world.clock
        self.journal = world.journal
        self.drivers = world.drivers
        self.console: Console = console or SilentConsole()
        self.current: CaseRun | None = None
        self.data = test_data(settings, identity)
        self.journal.write(
            describe_run(
                settings,
                identity,
                time=self.clock.now(),
                worker=worker,
                catalogue_sha256=catalogue_sha256,
                campaign=campaign,
                resumed=resumed,
                scope=scope or {},
            )
        )
        version = Version(settings.sut.version)
        product = Side(settings.sut.role)
        default: CsmsAnswers | StationAnswers
        if product is Side.STATION:
            default = CsmsAnswers(version, self.data, self.clock, world.transaction_ids)
        else:
            default = StationAnswers(version, self.data, settings.station)
        self.observed = Observed()
        self.conversation = Conversation(
            version=version,
            product=product,
            station=identity.id,
            judge=Judge(
                version,
                product,
                clock_tolerance=settings.limits.clock,
                response_limit=settings.limits.response,
            ),
            journal=self.journal,
            clock=self.clock,
            answers=Answers(default),
            intake=Intake(self.clock, settings.max_case_messages, settings.max_case_bytes),
            message_ids=world.message_ids,
            response_limit=settings.limits.response,
            on_event=self.observed.notice,
        )
        self.drivers.tell_when_spoken(self.conversation.wake)
        self.station: Station | None = None
        self.csms: Csms | None = None
        if product is Side.STATION:
            self._listening = world.listening(self.conversation)
            self.station = Station(
                self.conversation,
                settings.limits,
                self.data,
                self,
                hardware=settings.station,
                observed=self.observed,
                endpoint=self._listening,
                certificates=world.certificates,
                declared=settings.pics,
                files=world.files(self.conversation),
            )
        else:
            self.csms = Csms(
                self.conversation,
                settings.limits,
                self.data,
                self,
                hardware=settings.station,
                endpoint=world.connecting(self.conversation),
                certificates=world.certificates,
            )
        self.product = self.station or self.csms
        assert self.product is not None  # noqa: S101 - one of the two roles
        self.operator = Operator(self.drivers, self.product, settings.sut.role, self.journal, self.clock)
        self.drivers.tell_when_turned(self.operator.turned)

    # -- life ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to listen, in the role of a CSMS.

        Raises:
            OSError: the address can't be used.
        """
        if self.station is not None:
            self._listening.open()

    def close(self, reason: str = "") -> None:
        """End the run: connections, drivers, loop and journal.

        Args:
            reason: why it ends before its time; empty when it has come to its end.

        Raises:
            JournalError: that could not be recorded; everything is closed all the same.
        """
        with contextlib.suppress(Exception):
            if self.station is not None:
                self._listening.close()
            elif self.csms is not None:
                self.csms.disconnect()
        with contextlib.suppress(JournalError):  # told again below
            self.drivers.close_prompt()
        self.drivers.close()
        self.world.close()
        try:
            self.conversation.collect_overdue()
            self.journal.write(RunEnded(time=self.clock.now(), reason=reason))
        finally:
            self.journal.close()

    def start_case(self, case: Case, node: str, plan: tuple[PlannedStep, ...], attempt: int = 1) -> CaseRun:
        """Begin an attempt at a case: earlier events and registered answers are forgotten."""
        self.conversation.collect_overdue()
        self.drivers.close_prompt()
        self.journal.write(
            CaseStarted(
                time=self.clock.now(),
                case=case.id,
                title=case.title,
                version=self.settings.sut.version,
                sut=case.sut,
                profile=case.profile,
                requirements=case.requirements,
                node=node,
                station=self.identity.id,
                plan=tuple(step.as_json() for step in plan),
                status=case.status,
                attempt=attempt,
                security_profile=self.security_profile,
            )
        )
        self.conversation.begin()
        assert self.product is not None  # noqa: S101
        self.product.move_mark()
        self.current = CaseRun(self, case, self.settings.sut.version, node, plan)
        return self.current

    def carry_out(
        self,
        function: Callable[..., None],
        case: Case,
        plan: tuple[PlannedStep, ...],
        *,
        ready: Callable[[], None] = lambda: None,
        tidy: bool = True,
    ) -> CaseRun:
        """Run one case without pytest: listen, make what it asks for, the case itself, and the tidying up after it.

        Args:
            function: the case.
            case: its facts.
            plan: its planned steps.
            ready: called when everything that the case asks for is there, before the case itself.
            tidy: whether to tidy up afterwards.
        """
        current = self.start_case(case, function.__name__, plan)
        given = Given(self, function)
        phase = "setup"
        try:
            self.open()
            arguments = given.arguments()
            ready()
            phase = "call"
            function(**arguments)
        except Exception as error:  # noqa: BLE001 - whatever ends a case is its verdict's business
            current.end(error, phase)
        else:
            current.end(None, phase)
        if tidy:
            try:
                given.close()
            except Exception as error:  # noqa: BLE001
                current.torn_down(error)
            current.worsened()
        self.current = None
        return current

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        assert self.product is not None  # noqa: S101 - one of the two roles
        return self.product.security_profile

    def remark(self, text: str) -> None:
        """Write something into the evidence that is worth reading."""
        self.journal.write(Remark(time=self.clock.now(), text=text))

    # -- Watcher -------------------------------------------------------------------------------------------------

    def waiting(self, text: str, seconds: float) -> None:
        """Show what the case waits for."""
        self.console.waiting(text, seconds)

    def waited(self) -> None:
        """Clear that."""
        self.console.waited()

    def came(self, text: str, waited: float, limit: float, within: str) -> None:
        """Remark on what came shortly before its limit: on another day it may come too late."""
        if waited > NEAR * limit:
            self.remark(f"{text} came after {waited:.1f} s of {limit:g} s (limit {within})")

    def took(self, frame: int, received: str) -> None:
        """Note a taken message in the current case."""
        if self.current is not None:
            self.current.took(frame, received)

    def prompt_limit(self) -> float | None:
        """Seconds that the operator has when a prompt is open."""
        return self.settings.limits.operator if self.drivers.prompt_is_open else None

    def prompt_answered(self, *, in_time: bool | None) -> None:
        """Close the prompt: what it asked for has happened, its time is over, or nobody waits for it any more."""
        self.drivers.close_prompt(_ENDINGS[in_time])

    def prompt_again(self) -> bool:
        """Whether the person wants the time to begin anew."""
        return self.drivers.take_again()

    def prompt_done(self) -> bool:
        """Whether the person has said that it is done."""
        return self.drivers.prompt_is_done

    def prompt_refused(self) -> str:
        """Why the operator can't, empty while that is open."""
        return self.drivers.prompt_refusal


@cache
def _environment() -> dict[str, str]:
    libraries = ("ocpp", "websockets", "jsonschema", "jsonschema-rs", "pytest")
    return {
        "python": platform.python_version(),
        "platform": sys.platform,
        **{name: metadata.version(name) for name in libraries},
    }


def describe_run(
    settings: Settings,
    identity: Identity,
    *,
    time: float,
    worker: str,
    catalogue_sha256: str,
    campaign: Campaign | None = None,
    resumed: int = 0,
    scope: Scope | None = None,
) -> RunStarted:
    """Write down what a run was told and with what it judges."""
    data = test_data(settings, identity)
    meant = campaign or Campaign()
    return RunStarted(
        time=time,
        kit_version=__version__,
        worker=worker,
        seed=settings.seed,
        sut={
            "role": settings.sut.role,
            "version": settings.sut.version,
            "vendor": settings.sut.vendor,
            "model": settings.sut.model,
            **({"firmware": settings.sut.firmware} if settings.sut.firmware else {}),
        },
        limits={name: getattr(settings.limits, name) for name in settings.limits.__slots__},
        test_data={name: getattr(data, name) for name in data.__slots__},
        pics=dict(settings.pics),
        hardware=asdict(settings.station),
        stations=(identity.id,),
        catalogue_sha256=catalogue_sha256,
        environment=_environment(),
        selection=meant.selection,
        asked=meant.asked,
        follows=meant.follows,
        retries=meant.retries,
        certify=meant.certify,
        objections=meant.objections,
        resumed=resumed,
        security_profile=settings.connection.security_profile,
        specification=EDITIONS[Version(settings.sut.version)],
        scope=scope or {},
        token_check=token_check(settings.test_data),
    )


__all__ = ["CaseRun", "Console", "Run", "SilentConsole", "describe_run"]
