"""The drivers of one run, tried in the order that the configuration gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.drivers.base import Driver, DriverError, Outcome, Request, Result
from ocpp_tck.roles.drivers.command import CommandDriver
from ocpp_tck.roles.drivers.http import HttpDriver
from ocpp_tck.roles.drivers.prompt import PromptDriver
from ocpp_tck.roles.drivers.python import PythonDriver
from ocpp_tck.tables import Place, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocpp_tck.settings import Settings

KINDS = {"http": HttpDriver, "command": CommandDriver, "python": PythonDriver, "prompt": PromptDriver}
"""Every driver by its name in the configuration."""

NEED_TABLE = ("http", "command", "python")
"""Drivers that do nothing without a table of their own."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a request: the result, the driver that gave it, and what the drivers before it said."""

    result: Result
    driver: str
    before: tuple[str, ...] = ()


class Chain:
    """Asks one driver after the other until one supports the action."""

    def __init__(self, drivers: Sequence[Driver]) -> None:
        self._drivers = tuple(drivers)

    @property
    def names(self) -> tuple[str, ...]:
        """The drivers in their order."""
        return tuple(driver.name for driver in self._drivers)

    @property
    def prompt(self) -> PromptDriver | None:
        """The driver that asks a person, when the configuration names it."""
        return next((driver for driver in self._drivers if isinstance(driver, PromptDriver)), None)

    def act(self, request: Request) -> Tried:
        """Make the product act. `UNSUPPORTED` with every driver's reason when no driver can."""
        before: list[str] = []
        for driver in self._drivers:
            result = driver.act(request)
            if result.outcome is not Outcome.UNSUPPORTED:
                return Tried(result, driver.name, tuple(before))
            before.append(f"{driver.name}: {result.detail or 'unsupported'}")
        reasons = "; ".join(before) or "no driver is configured"
        return Tried(Result(Outcome.UNSUPPORTED, f"no driver can {request.action} ({reasons})"), "", tuple(before))

    def close(self) -> None:
        """Close every driver."""
        for driver in self._drivers:
            driver.close()


def build(settings: Settings) -> Chain:
    """Make the drivers of `settings.driver.order`; relative paths count from the configuration file's folder.

    Raises:
        DriverError: naming everything that is wrong in the drivers' tables.
    """
    source = str(settings.source or "settings")
    base = settings.source.parent if settings.source else Path()
    problems: list[str] = []
    drivers: list[Driver] = []
    for name in settings.driver.order:
        if name not in KINDS:
            problems.append(f"{source}: [driver] order: unknown driver {name!r}; allowed: {', '.join(KINDS)}")
            continue
        table = Table(settings.driver.tables.get(name, {}), Place(source, f"driver.{name}"), problems)
        drivers.append(KINDS[name].from_table(table, base))
    if problems:
        raise DriverError("\n".join(problems))
    return Chain(drivers)


def check(tables: Mapping[str, Any], place: Place, problems: list[str], base: Path, names: Iterable[str]) -> None:
    """Note in `problems` what is wrong in the tables of these drivers, without starting anything."""
    for name in names:
        if isinstance(tables.get(name), dict):
            KINDS[name].from_table(Table(tables[name], place.inside(name), problems), base).close()
