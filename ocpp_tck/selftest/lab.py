"""Runs one OCA case at a time in this process, over real sockets, with a change in the frames of an embedded product.

Kit and product see each other through the mutating link. Each case has a run, a journal and a freshly reset product to
itself; what it came to is read from the report, as a user would.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import case_of, steps_of
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
        verdict: of the report.
        where: `rule <id>`, `step <n>`, `setup` …, of the first cause; empty for a pass.
        cause: its sentence.
        rules: rules that the product broke, in order.
        hits: how often each mutant has changed the traffic, by name.
        frames: raw text of every frame of the product.
        journal: the evidence.
    """

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
        facts = case_of(case)
        if facts is None:
            raise ValueError(f"{case.__name__} is no OCA case")
        self.count += 1
        folder = self.folder / str(self.count)
        chosen = settings or self.settings
        link = self.bench.link
        link.arm(mutants if whole else ())
        identity = chosen.connection.stations[0]
        kit = Run(chosen, identity, LiveWorld(chosen, identity, folder, masked=masked))
        try:
            kit.open()
            if connects:
                self.bench.reset(kit)
            steps = steps_of(Path(case.__code__.co_filename), case.__name__)
            kit.carry_out(case, facts, steps, lambda: None if whole else link.arm(mutants))
            hits = link.hits
        finally:
            kit.close()
            link.arm(())
        return outcome(folder / "journal-main.jsonl", hits)

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


def outcome(journal: Path, hits: Mapping[str, int]) -> Outcome:
    """Read what the one case of a journal came to."""
    case: Case = fold([read_journal(journal)]).cases[0]
    cause = case.cause
    return Outcome(
        verdict=str(case.verdict),
        where=cause.where if cause else "",
        cause=cause.text if cause else "",
        rules=tuple(one.rule for one in case.violations if one.sender == "product"),
        hits=hits,
        frames=tuple(one.raw for one in case.frames if one.sender == "product"),
        journal=journal,
    )


@contextmanager
def lab(sut: str, folder: Path, *options: str, version: str = "1.6", station: str = STATION) -> Iterator[Lab]:
    """Start an embedded product, with options such as `connectors=3`, and the link."""
    with bench(sut, version, options, station) as place:
        path = folder / "ocpp-tck.toml"
        path.write_text(place.config, encoding="utf-8")
        yield Lab(place, load(path, environ={}), folder)
