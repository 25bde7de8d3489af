"""What a run was told: the options over the configuration, read and checked before anything begins.

Nothing here knows pytest; `plugin.py` hands over its options.
"""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.campaign import Campaign
from ocpp_tck.case import cases_root
from ocpp_tck.config import ConfigError, load
from ocpp_tck.evidence.dsse import KeyProblem, load_private
from ocpp_tck.report.known import Known, KnownFailuresError, parse_known, read_known
from ocpp_tck.resume import ResumeError, find_run, take_over
from ocpp_tck.selection import Selection, SelectionError, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocpp_tck.case import Case
    from ocpp_tck.evidence.earlier import Earlier
    from ocpp_tck.settings import Settings

MAIN = "main"
"""Name of the process that the user started; the workers of xdist have names of their own."""
_OVER_THE_FILE = (("sut.role", "--ocpp-sut"), ("sut.version", "--ocpp-version"))


class InvocationError(Exception):
    """A run can't be begun like this; the message names the option, or the place in its file, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a run was told, checked.

    Attributes:
        settings: the configuration with the options over it, and the seed of the run.
        worker: name of this process, `main` or that of an xdist worker.
        workers: number of the xdist workers, 0 without xdist and in a worker itself.
        folder: where the evidence goes.
        catalogue_sha256: hash of the catalogue.
        selection: which cases were asked for.
        campaign: what the run is meant to be, before the cases are collected.
        earlier: what the interrupted run has behind it that is resumed; None for a run of its own.
        known_text: text of the file of known failures; empty for none.
        known: what it says. It is read once: an edit during the run changes nothing.
    """

    settings: Settings
    worker: str
    workers: int
    folder: Path
    catalogue_sha256: str
    selection: Selection
    campaign: Campaign
    earlier: Earlier | None
    known_text: str
    known: tuple[Known, ...]

    @property
    def is_main(self) -> bool:
        """Whether this is the process that the user started."""
        return self.worker == MAIN

    @property
    def controls(self) -> bool:
        """Whether this process only hands out the cases (the xdist controller)."""
        return self.is_main and bool(self.workers)

    def takes(self, case: Case) -> bool:
        """Whether a case is of this role and version, was asked for, and is not over in the run that is resumed."""
        sut = self.settings.sut
        return (
            case.sut == sut.role
            and sut.version in case.versions
            and self.selection.takes(case, sut.version)
            and (self.earlier is None or (case.id, sut.version, case.sut) not in self.earlier.over)
        )

    def header(self) -> str:
        """Say in one line what is tested; vendor and model stand there unescaped."""
        sut = self.settings.sut
        text = f"ocpp-tck: {sut.vendor} {sut.model} as {sut.role}, OCPP {sut.version}"
        text += f", seed {self.settings.seed}, {self.folder}"
        if self.selection.chosen is not None:
            text += f", {self.selection.text}: {len(self.selection.chosen)} cases"
        return text if self.earlier is None else f"{text}, resumed with {len(self.earlier.over)} cases decided"

    def for_worker(self) -> dict[str, Any]:
        """Give what a worker of xdist must be told, see `read_invocation`."""
        return {
            "ocpp_folder": str(self.folder.resolve()),
            "ocpp_seed": self.settings.seed,
            "ocpp_resumed": self.earlier.resumed if self.earlier is not None else 0,
        }


def read_invocation(option: Callable[..., Any], told: Mapping[str, Any]) -> Invocation:
    """Read and check everything that a run was told.

    Args:
        option: `getoption` of pytest's configuration.
        told: in a worker of xdist its `workerinput`, with what `Invocation.for_worker` gave; else empty.

    Raises:
        InvocationError: something can't be used.
        JournalError: a journal of the run that is resumed is damaged, can't be written, or is still being written.
    """
    settings = _settings(option)
    worker: str = told.get("workerid", MAIN)
    workers: int = (option("numprocesses", None) or 0) if worker == MAIN else 0
    stations = len(settings.connection.stations)
    if workers > stations:
        raise InvocationError(too_many_workers(workers, stations))
    catalogue_sha256 = hashlib.sha256((cases_root() / "catalogue.csv").read_bytes()).hexdigest()
    folder = _folder(option, told, settings)
    given = told.get("ocpp_seed", option("--ocpp-seed"))
    seed: int = given if given is not None else settings.seed or random.SystemRandom().randrange(2**31)
    settings = replace(settings, seed=seed)
    selection = _selection(option, settings)
    campaign = Campaign(
        selection=selection.text,
        follows=selection.follows,
        retries=max(0, option("--ocpp-retry")),
        certify=option("--ocpp-certify"),
    )
    earlier = None
    if option("--ocpp-resume") and worker != MAIN:
        earlier = _look_back(folder).before(told["ocpp_resumed"])
    elif option("--ocpp-resume"):
        settings = settings if given is not None else _with_seed_of(folder, settings)
        earlier = _take_over(folder, settings, catalogue_sha256, campaign)
    known_text, known = _known(option)
    return Invocation(
        settings=settings,
        worker=worker,
        workers=workers,
        folder=folder,
        catalogue_sha256=catalogue_sha256,
        selection=selection,
        campaign=campaign,
        earlier=earlier,
        known_text=known_text,
        known=known,
    )


def too_many_workers(workers: int, stations: int) -> str:
    """Say that there are more workers than identities."""
    return f"{workers} workers need as many [[connection.stations]]; the configuration has {stations}"


def _settings(option: Callable[..., Any]) -> Settings:
    """Read the configuration, with the options over it."""
    overrides = {name: str(value) for name, asked in _OVER_THE_FILE if (value := option(asked))}
    try:
        settings = load(Path(option("--ocpp-config")), overrides=overrides)
    except ConfigError as error:
        raise InvocationError(str(error)) from None
    key = option("--ocpp-sign-key")
    if not key:
        return settings
    try:
        load_private(Path(key))
    except KeyProblem as problem:
        raise InvocationError(f"--ocpp-sign-key: {problem}") from None
    return replace(settings, evidence=replace(settings.evidence, signing_key=Path(key)))


def _folder(option: Callable[..., Any], told: Mapping[str, Any], settings: Settings) -> Path:
    resumed, chosen = option("--ocpp-resume"), option("--ocpp-report-dir")
    if resumed and chosen:
        raise InvocationError("--ocpp-resume: the reports go where the run is; leave --ocpp-report-dir out")
    given = told.get("ocpp_folder") or resumed or chosen
    if given:
        return Path(given)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return Path("reports") / f"{stamp}-{settings.sut.role}-{settings.sut.version}"


def _selection(option: Callable[..., Any], settings: Settings) -> Selection:
    """Put together which cases were asked for."""
    sut = settings.sut
    earlier = Path(option("--ocpp-from")) if option("--ocpp-from") else None
    chosen = option("--ocpp-case"), option("--ocpp-profile"), option("--ocpp-only")
    try:
        return select(*chosen, earlier, role=sut.role, version=sut.version)
    except SelectionError as error:
        raise InvocationError(str(error)) from None


def _look_back(folder: Path) -> Earlier:
    try:
        return find_run(folder)
    except ResumeError as error:
        raise InvocationError(f"--ocpp-resume: {error}") from None


def _with_seed_of(folder: Path, settings: Settings) -> Settings:
    """Give the settings with the seed of the run that is resumed."""
    stretches = _look_back(folder).stretches
    return replace(settings, seed=stretches[0].started.seed) if stretches else settings


def _take_over(folder: Path, settings: Settings, catalogue_sha256: str, campaign: Campaign) -> Earlier:
    """Take over the run that is resumed."""
    try:
        return take_over(folder, settings, catalogue_sha256, campaign)
    except ResumeError as error:
        raise InvocationError(f"--ocpp-resume: {error}") from None


def _known(option: Callable[..., Any]) -> tuple[str, tuple[Known, ...]]:
    path = option("--ocpp-known-failures")
    try:
        text = read_known(path) if path else ""
        return text, parse_known(text, path) if path else ()
    except KnownFailuresError as error:
        raise InvocationError(str(error)) from None
