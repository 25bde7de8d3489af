"""Runs one OCA case in this process, over real sockets, with a defect in the frames of an embedded product.

Kit and product see each other through the mutating link. Each case has a run, a journal and a freshly reset product to
itself; what it came to is read from the report, as a user would.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import case_of, steps_of
from ocpp_tck.config import load
from ocpp_tck.evidence.journal import read_journal
from ocpp_tck.reference.mutant import Match, Mutant
from ocpp_tck.report.fold import fold
from ocpp_tck.run import Run
from testcases.v16.cs import states as cs_states
from testcases.v16.csms import states as csms_states
from tests.mutants.products import Bench, bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocpp_tck.reference.mutant import Do
    from ocpp_tck.run import CaseRun
    from ocpp_tck.settings import Settings

HOUR = 3600


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
    """

    verdict: str
    where: str
    cause: str
    rules: tuple[str, ...]
    hits: dict[str, int]
    frames: tuple[str, ...]


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
    ) -> Outcome:
        """Run one case.

        Args:
            case: its function.
            mutants: armed for the case itself.
            whole: armed from the handshake on instead.
            settings: instead of the lab's own.
            connects: whether the product can be expected to connect and boot at all.
        """
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        chosen = settings or self.settings
        link = self.bench.link
        link.arm(mutants if whole else ())
        kit = Run(chosen, chosen.connection.stations[0], folder)
        try:
            kit.open()
            if connects:
                self.bench.reset(kit)
            self._carry_out(kit, case, () if whole else mutants)
            hits = link.hits
        finally:
            kit.close()
            link.arm(())
        return _outcome(kit.journal.path, hits)

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

    def _carry_out(self, kit: Run, case: Callable[..., None], mutants: Sequence[Mutant]) -> None:
        facts = case_of(case)
        assert facts is not None
        steps = steps_of(Path(case.__code__.co_filename), case.__name__)
        current = kit.current = kit.start_case(facts, case.__name__, steps)
        phase = "setup"
        try:
            arguments = _prepared(kit, current)
            if mutants:
                self.bench.link.arm(mutants)
            phase = "call"
            names = case.__code__.co_varnames[: case.__code__.co_argcount]
            case(*(arguments[name] for name in names))
        except Exception as error:
            current.end(error, phase)
        else:
            current.end(None, phase)
        if kit.csms is not None:
            kit.csms.conversation.answers.clear()
            kit.csms.leave()


def _prepared(kit: Run, current: CaseRun) -> dict[str, Any]:
    """Reach the precondition of every case, as the fixtures of the cases do."""
    arguments: dict[str, Any] = {"operator": kit.operator, "step": current.step}
    if kit.csms is not None:
        kit.csms.connect()
        csms_states.booted(kit.csms)
        csms_states.free(kit.csms)
        return arguments | {"csms": kit.csms}
    assert kit.station is not None
    cs_states.idle(kit.station, kit.operator)
    return arguments | {"station": kit.station}


def _outcome(journal: Path, hits: dict[str, int]) -> Outcome:
    case = fold([read_journal(journal)]).cases[0]
    broken = [one for one in case.violations if one.sender == "product"]
    cause = case.cause
    return Outcome(
        verdict=str(case.verdict),
        where=cause.where if cause else "",
        cause=cause.text if cause else "",
        rules=tuple(one.rule for one in broken),
        hits=hits,
        frames=tuple(one.raw for one in case.frames if one.sender == "product"),
    )


@contextmanager
def lab(sut: str, folder: Path, *options: str) -> Iterator[Lab]:
    """Start a product of OCPP 1.6, with options such as `connectors=3`, and the link."""
    with bench(sut, "1.6", options) as place:
        path = folder / "ocpp-tck.toml"
        path.write_text(place.config, encoding="utf-8")
        yield Lab(place, load(path, environ={}), folder)


# -- short forms for mutants ------------------------------------------------------------------------------------------


def on(sender: str, kind: str, action: str, do: Do, **match: Any) -> Mutant:
    """Make a mutant; `match` are further fields of `Match`."""
    return Mutant(Match(sender=sender, type=kind, action=action, **match), do, "defect")


def at(offset: float = 0.0, zone: str = "Z") -> str:
    """Write the time `offset` seconds from now as OCPP does, in UTC or so many hours east of it (`+02:00`)."""
    hours = int(zone[:3]) if zone not in {"Z", ""} else 0
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + offset + hours * HOUR)) + zone


def call(action: str, /, **payload: Any) -> list[Any]:
    """Write a CALL for `Inject`; the link puts a new message id in."""
    return [2, "$id", action, payload]
