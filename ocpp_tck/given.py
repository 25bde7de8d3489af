"""What a case asks for by the names of its parameters, with or without pytest.

Each folder of cases has a `given.py` of plain functions, one for each name: a function returns what it gives, or
yields it and tidies up afterwards; its own parameters are asked for in the same way. The folder's `conftest.py` makes
pytest fixtures of the same functions. `ocpp_run` is the run itself.
"""

from __future__ import annotations

import inspect
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import CaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocpp_tck.run import Run

RUN = "ocpp_run"


class Given:
    """Everything that one case is given, each thing made once.

    Args:
        run: the run in which the case takes place.
        case: its function.
    """

    def __init__(self, run: Run, case: Callable[..., None]) -> None:
        self._case = case
        self._makers = _makers(case.__module__.rpartition(".")[0])
        self._made: dict[str, Any] = {RUN: run}
        self._stack = ExitStack()

    def arguments(self) -> dict[str, Any]:
        """Make what the case asks for.

        Raises:
            CaseError: a parameter has a name that no `given.py` knows.
        """
        return {name: self._give(name) for name in _asked(self._case)}

    def close(self) -> None:
        """Tidy up, in the opposite order."""
        self._stack.close()

    def _give(self, name: str) -> Any:
        if name not in self._made:
            maker = self._makers.get(name)
            if maker is None:
                place = self._case.__module__
                raise CaseError(f"{place}: {self._case.__name__} asks for {name}, which no given.py there knows")
            arguments = {asked: self._give(asked) for asked in _asked(maker)}
            if inspect.isgeneratorfunction(maker):
                self._made[name] = self._stack.enter_context(contextmanager(maker)(**arguments))
            else:
                self._made[name] = maker(**arguments)
        return self._made[name]


@cache
def _asked(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


@cache
def _makers(package: str) -> Mapping[str, Callable[..., Any]]:
    """Give the makers of a package of cases: those of its own `given.py` before those of the packages above."""
    found: dict[str, Callable[..., Any]] = {}
    while package:
        for name, maker in _functions(f"{package}.given").items():
            found.setdefault(name, maker)
        package = package.rpartition(".")[0]
    return found


def _functions(module: str) -> dict[str, Callable[..., Any]]:
    try:
        loaded = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return {}
    return {
        name: value
        for name, value in vars(loaded).items()
        if inspect.isfunction(value) and value.__module__ == module and not name.startswith("_")
    }
