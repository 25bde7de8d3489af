"""Runs one OCA case at a time in this process, over real sockets, with a change in the frames of an embedded product.

Kit and product see each other through the mutating link. Each case has a run, a journal and a freshly reset product to
itself; what it came to is read from the report, as a user would.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import case_of, find_function, steps_of
from ocpp_tck.config import load
from ocpp_tck.evidence.journal import read_journal
from ocpp_tck.report.fold import fold
from ocpp_tck.run import Run
from ocpp_tck.selftest.bench import STATION, Bench, bench
from ocpp_tck.world import LiveWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocpp_tck.reference.mutant import Mutant
    from ocpp_tck.report.model import Case
    from ocpp_tck.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a case came to.

    Attributes:
        case: its id.
        verdict: of the report.
        where: `rule <id>`, `step <n>`, `setup` …, of the first cause; empty for a pass.
        cause: its sentence.
        rules: rules that the product broke, in order.
        hits: how often each mutant has changed the traffic, by name.
        frames: raw text of every frame of the product.
        journal: the evidence.
    """

    case: str
    verdict: str
    where: str
    cause: str
    rules: tuple[str, ...]
    hits: Mapping[str, int]
    frames: tuple[str, ...]
    journal: Path


@dataclass
class Lab:
    """An embedded product behind the link, and the folder for the journals of its runs."""

    bench: Bench
    settings: Settings
    folder: Path
    count: int = 0

    def run(
        self,
        case: Callable[..., None],
        mutants: Sequence[Mutant] = (),
        *,
        whole: bool = False,
        settings: Settings | None = None,
        connects: bool = True,
        masked: bool = True,
    ) -> Outcome:
        """Run one case.

        Args:
            case: its function.
            mutants: armed for the case itself.
            whole: armed from the handshake on instead.
            settings: instead of the lab's own.
            connects: whether the product can be expected to connect and boot at all.
            masked: whether tokens are pseudonyms in the journal.

        Raises:
            ValueError: the function is no OCA case.
        """
        chosen = settings or self.settings
        link = self.bench.link
        if connects and chosen.connection.security_profile:
            self.bench.order("factory-reset")  # a password that the last case has set must not be tried here
        link.arm(mutants if whole else ())
        with self._made(chosen, masked=masked) as (kit, journal):
            try:
                kit.open()
                if connects:
                    self.bench.reset(kit)
                _carry_out(kit, case, lambda: None if whole else link.arm(mutants))
                hits = link.hits
            finally:
                link.arm(())
        return outcomes(journal, hits)[0]

    def run_all(
        self, cases: Sequence[Callable[..., None]], settings: Settings | None = None, *, fresh: bool = True
    ) -> list[Outcome]:
        """Run cases one after the other in one run of the kit, each on a freshly reset product if `fresh`.

        Raises:
            ValueError: a function is no OCA case.
        """
        with self._made(settings or self.settings) as (kit, journal):
            kit.open()
            self.bench.reset(kit)
            for number, case in enumerate(cases):
                if fresh and number:
                    self.bench.reset(kit)
                _carry_out(kit, case)
        return outcomes(journal, {})

    @contextmanager
    def _made(self, settings: Settings, *, masked: bool = True) -> Iterator[tuple[Run, Path]]:
        """Make a run of the kit, with a journal of its own, and close it in the end."""
        self.count += 1
        folder = self.folder / str(self.count)
        identity = settings.connection.stations[0]
        kit = Run(settings, identity, LiveWorld(settings, identity, folder, masked=masked))
        try:
            yield kit, folder / "journal-main.jsonl"
        finally:
            kit.close()

    def alone(self, case: str, version: str, mutants: Sequence[Mutant] = ()) -> Outcome:
        """Run one case from before the product connects, as in a run of its own; the mutants are armed all the while.

        The journal has the tokens as they are.

        Raises:
            CaseError: there is no such case.
        """
        function, _ = find_function(case, version)
        self.bench.link.arm(mutants)
        self.bench.order("factory-reset")
        with self._made(self.settings, masked=False) as (kit, journal):
            try:
                _carry_out(kit, function)
                hits = self.bench.link.hits
            finally:
                self.bench.link.arm(())
        return outcomes(journal, hits)[0]

    def with_data(self, **values: Any) -> Settings:
        """Give the settings with other test data."""
        return replace(self.settings, test_data=replace(self.settings.test_data, **values))

    def with_connectors(self, count: int, connector: int = 1) -> Settings:
        """Give the settings with so many connectors, and the one that the cases use."""
        return replace(self.settings, station=replace(self.settings.station, connectors=count, connector=connector))

    def with_password(self, password: str) -> Settings:
        """Give the settings with security profile 1: the identity has a password."""
        connection = self.settings.connection
        stations = tuple(replace(one, password=password) for one in connection.stations)
        return replace(self.settings, connection=replace(connection, stations=stations, security_profile=1))


def _carry_out(kit: Run, case: Callable[..., None], ready: Callable[[], None] = lambda: None) -> None:
    facts = case_of(case)
    if facts is None:
        raise ValueError(f"{case.__name__} is no OCA case")
    kit.carry_out(case, facts, steps_of(Path(case.__code__.co_filename), case.__name__), ready=ready)


def outcomes(journal: Path, hits: Mapping[str, int]) -> list[Outcome]:
    """Read what the cases of a journal came to."""
    return [_outcome(case, hits, journal) for case in fold([read_journal(journal)]).cases]


def _outcome(case: Case, hits: Mapping[str, int], journal: Path) -> Outcome:
    cause = case.cause
    return Outcome(
        case=case.id,
        verdict=str(case.verdict),
        where=cause.where if cause else "",
        cause=cause.text if cause else "",
        rules=tuple(one.rule for one in case.violations if one.sender == "product"),
        hits=hits,
        frames=tuple(one.raw for one in case.frames if one.sender == "product"),
        journal=journal,
    )


@contextmanager
def lab(
    sut: str,
    folder: Path,
    *options: str,
    version: str = "1.6",
    defects: tuple[str, ...] = (),
    station: str = STATION,
) -> Iterator[Lab]:
    """Start an embedded product, with options such as `connectors=3` and with defects, and the link."""
    with bench(sut, version, options, defects, station=station) as place:
        path = folder / "ocpp-tck.toml"
        path.write_text(place.config, encoding="utf-8")
        yield Lab(place, load(path, environ={}), folder)
