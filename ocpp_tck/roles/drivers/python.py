"""The `python` driver: a class of the user's, in a file or a module, with a method per action or one `act`."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import threading
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.drivers.base import DriverError, Outcome, Request, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocpp_tck.tables import Table

_FORM = '"file.py:Class" or "module:Class"'


class PythonDriver:
    """Calls `object.<action>(request)`, or `object.act(request)` when there is no such method.

    A method that returns nothing, or `Outcome.DONE`, is done; it may return a `Result` or an `Outcome`. No such method
    and `NotImplementedError` are unsupported; any other exception and a time-out are failed.

    Args:
        make: gives the user's object; called at the first action.
        timeout: seconds that a method may take.
    """

    name = "python"

    def __init__(self, make: Callable[[], Any], *, timeout: float = 30.0) -> None:
        self._make = make
        self._object: Any = None
        self._timeout = timeout

    @classmethod
    def from_table(cls, table: Table, base: Path) -> PythonDriver:
        """Read `[driver.python]`; what is wrong is noted in the table's problems."""
        path = table.text("path", required=True)
        options = dict(table.table("options").values)
        timeout = table.seconds("timeout", 30.0)
        table.finish()
        where, _, class_name = path.rpartition(":")
        if path and not (where and class_name.isidentifier()):
            table.refuse("path", _FORM)
        elif where.endswith(".py") and not (base / where).is_file():
            table.problem("path", f"no such file: {base / where}")
        return cls(lambda: load(where, class_name, base)(**options), timeout=timeout)

    def act(self, request: Request) -> Result:
        """Call the method of that action and wait for it, at most the time-out."""
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self._call(request)), name="python-driver", daemon=True)
        thread.start()
        thread.join(self._timeout)
        if not results:
            return Result(Outcome.FAILED, f"{request.action}: the method did not return within {self._timeout:g} s")
        return results[0]

    def close(self) -> None:
        """Call the object's own `close()`, if it was made and has one."""
        made, self._object = self._object, None
        if callable(closing := getattr(made, "close", None)):
            closing()

    def _call(self, request: Request) -> Result:
        try:
            if self._object is None:
                self._object = self._make()
            kind = type(self._object).__name__
            method = getattr(self._object, request.action, None) or getattr(self._object, "act", None)
            if not callable(method):
                return Result(Outcome.UNSUPPORTED, f"{kind} has neither {request.action}() nor act()")
            return _result(method(request), f"{kind}.{request.action}")
        except NotImplementedError as error:
            return Result(Outcome.UNSUPPORTED, _line(error))
        except DriverError as error:
            return Result(Outcome.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            return Result(Outcome.FAILED, _line(error))


def load(where: str, class_name: str, base: Path) -> Callable[..., Any]:
    """Import the user's class; a file counts from `base`, a module is also looked for there.

    Raises:
        DriverError: the file, module or class can't be had, and why in one line.
    """
    try:
        module = _from_file(base / where) if where.endswith(".py") else _from_module(where, base)
    except Exception as error:
        raise DriverError(f"[driver.python] path: {where} can't be imported: {_line(error)}") from error
    found = getattr(module, class_name, None)
    if not callable(found):
        raise DriverError(f"[driver.python] path: {where} has no class {class_name}")
    made: Callable[..., Any] = found
    return made


def _from_file(path: Path) -> Any:
    name = f"ocpp_tck_driver_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _from_module(name: str, base: Path) -> Any:
    folder = str(base.resolve())
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


def _result(returned: Any, method: str) -> Result:
    if returned is None:
        return Result(Outcome.DONE)
    if isinstance(returned, Result):
        return returned
    if isinstance(returned, Outcome):
        return Result(returned)
    if inspect.iscoroutine(returned):
        returned.close()
        return Result(Outcome.FAILED, f"{method} is async; drivers are called synchronously, make it a plain method")
    return Result(
        Outcome.FAILED, f"{method} returned {type(returned).__name__}; return nothing, an Outcome or a Result"
    )


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
