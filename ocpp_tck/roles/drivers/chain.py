"""The drivers of one run, tried in the order that the configuration gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.drivers.base import Driver, DriverError, Outcome, Request, Result
from ocpp_tck.roles.drivers.command import CommandDriver
from ocpp_tck.roles.drivers.http import HttpDriver
from ocpp_tck.roles.drivers.prompt import Ending, PromptDriver
from ocpp_tck.roles.drivers.python import PythonDriver
from ocpp_tck.tables import Place, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ocpp_tck.roles.drivers.prompt import Turn
    from ocpp_tck.settings import DriverSettings

KINDS: Mapping[str, type[HttpDriver | CommandDriver | PythonDriver | PromptDriver]] = {
    "http": HttpDriver,
    "command": CommandDriver,
    "python": PythonDriver,
    "prompt": PromptDriver,
}
"""Every driver by its name in the configuration."""

NEED_TABLE = ("http", "command", "python")
"""Drivers that do nothing without a table of their own."""


class DriverChain:
    """Asks one driver after the other until one supports the action.

    Args:
        settings: the order and the tables; a driver is made for each name in the order.
        drivers: the drivers themselves, instead of those that the settings name.

    Raises:
        DriverError: naming everything that is wrong in the order and in the drivers' tables.
    """

    def __init__(self, settings: DriverSettings, drivers: Sequence[Driver] | None = None) -> None:
        self._drivers = tuple(_build(settings) if drivers is None else drivers)

    @property
    def names(self) -> tuple[str, ...]:
        """The drivers in their order."""
        return tuple(driver.name for driver in self._drivers)

    def act(self, request: Request) -> tuple[Result, str]:
        """Make the product act; gives the result and the name of the driver that gave it.

        When no driver can: `UNSUPPORTED` with every driver's reason, and an empty name.
        """
        reasons: list[str] = []
        for driver in self._drivers:
            result = driver.act(request)
            if result.outcome is not Outcome.UNSUPPORTED:
                return result, driver.name
            reasons.append(f"{driver.name}: {result.detail or 'unsupported'}")
        return Result(Outcome.UNSUPPORTED, "; ".join(reasons) or "no driver is configured"), ""

    @property
    def prompt(self) -> PromptDriver | None:
        """The driver that asks a person, when the order names it."""
        return next((driver for driver in self._drivers if isinstance(driver, PromptDriver)), None)

    @property
    def prompt_is_open(self) -> bool:
        """Whether a person was asked and has not been told that it is done."""
        return self.prompt is not None and self.prompt.is_open

    @property
    def prompt_refusal(self) -> str:
        """Why the person can't do what the open prompt asks; empty while nothing of the kind was said."""
        return self.prompt.refusal if self.prompt is not None else ""

    @property
    def prompt_is_done(self) -> bool:
        """Whether the person has said that the open prompt is done."""
        return self.prompt is not None and self.prompt.is_done

    def take_again(self) -> bool:
        """Whether the person wants the time of the open prompt to begin anew; each wish is told once."""
        return self.prompt is not None and self.prompt.take_again()

    def ask(self, question: str, seconds: float) -> tuple[Result, str]:
        """Ask a person a yes/no question; as `PromptDriver.ask`, and `UNSUPPORTED` without that driver."""
        if self.prompt is None:
            return Result(Outcome.UNSUPPORTED, "prompt is not in driver.order, so nobody can be asked"), ""
        return self.prompt.ask(question, seconds), self.prompt.name

    def tell_when_spoken(self, told: Callable[[], None]) -> None:
        """Call `told` whenever the person has said something."""
        if self.prompt is not None:
            self.prompt.on_line = told

    def tell_when_turned(self, told: Callable[[Turn], None]) -> None:
        """Call `told` with what becomes of each prompt, on the thread that has heard it."""
        if self.prompt is not None:
            self.prompt.on_turn = told

    def close_prompt(self, ending: Ending = Ending.DROPPED) -> None:
        """Close the open prompt; nothing when none is open."""
        if self.prompt is not None:
            self.prompt.close_prompt(ending)

    def close(self) -> None:
        """Close every driver."""
        for driver in self._drivers:
            driver.close()


def check(tables: Mapping[str, Any], place: Place, problems: list[str], base: Path) -> None:
    """Note in `problems` what is wrong in the tables of the drivers, without starting anything."""
    for name, kind in KINDS.items():
        if isinstance(tables.get(name), dict):
            kind.from_table(Table(tables[name], place.inside(name), problems), base)


def _build(settings: DriverSettings) -> list[Driver]:
    problems: list[str] = []
    drivers: list[Driver] = []
    place = Place("configuration", "driver")
    for name in settings.order:
        if name not in KINDS:
            problems.append(f"{place.at('order')}: unknown driver {name!r}; allowed: {', '.join(KINDS)}")
            continue
        table = Table(settings.tables.get(name, {}), place.inside(name), problems)
        drivers.append(KINDS[name].from_table(table, settings.folder))
    if problems:
        raise DriverError("\n".join(problems))
    return drivers
