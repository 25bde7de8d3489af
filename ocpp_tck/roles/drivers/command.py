"""The `command` driver: one program run per action, without a shell; the payload comes as JSON on its stdin."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.drivers import actions, template
from ocpp_tck.roles.drivers.base import Outcome, Request, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ocpp_tck.tables import Table

UNSUPPORTED_STATUS = 3
_DETAIL_CHARACTERS = 300


class CommandDriver:
    """Runs one program per action: exit 0 is done, 3 is unsupported, anything else and a time-out are failed.

    Args:
        common: the argument list of every action that has none of its own, with placeholders; empty = unsupported.
        own: argument lists of single actions; an empty one = unsupported.
        folder: where the program runs.
        timeout: seconds that it may take.
    """

    name = "command"

    def __init__(
        self,
        common: Sequence[str],
        own: Mapping[str, Sequence[str]] | None = None,
        *,
        folder: Path,
        timeout: float = 30.0,
    ) -> None:
        self._common = tuple(common)
        self._own = {action: tuple(words) for action, words in (own or {}).items()}
        self._folder = folder
        self._timeout = timeout

    @classmethod
    def from_table(cls, table: Table, base: Path) -> CommandDriver:
        """Read `[driver.command]`; what is wrong is noted in the table's problems."""
        timeout = table.seconds("timeout", 30.0)
        own_table = table.table("actions")
        common = _read(table, (), base)
        own: dict[str, tuple[str, ...]] = {}
        for action in own_table.values:
            if wrong := actions.unknown(action):
                own_table.problem(action, wrong)
            one = own_table.table(action)
            own[action] = _read(one, common, base) if one.boolean("supported", default=True) else ()
            one.finish(("run",))
        if not common and not any(own.values()):
            table.problem("run", 'missing; allowed: a command line, or a list such as ["./act", "{action}"]')
        table.finish()
        return cls(common, own, folder=base, timeout=timeout)

    def act(self, request: Request) -> Result:
        """Run the program of that action and wait for its exit status."""
        words = self._own.get(request.action, self._common)
        if not words:
            return Result(Outcome.UNSUPPORTED, f"[driver.command] has no program for {request.action}")
        try:
            argv = [template.fill(word, request, _as_is) for word in words]
            argv[0] = _program(argv[0], self._folder) or argv[0]
            process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
                argv,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except template.NoValue as error:
            return Result(Outcome.FAILED, str(error))
        except (OSError, ValueError) as error:
            return Result(Outcome.FAILED, f"{words[0]}: can't be run: {getattr(error, 'strerror', None) or error}")
        with process:
            return self._finish(process, words[0], json.dumps(dict(request.payload)).encode())

    def close(self) -> None:
        """Hold nothing, free nothing: no program outlives its action."""

    def _finish(self, process: subprocess.Popen[bytes], program: str, payload: bytes) -> Result:
        try:
            _, said = process.communicate(payload, timeout=self._timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            return Result(Outcome.FAILED, f"{program}: not finished within {self._timeout:g} s, ended")
        lines = said.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")[:_DETAIL_CHARACTERS]
        if process.returncode == 0:
            return Result(Outcome.DONE)
        outcome = Outcome.UNSUPPORTED if process.returncode == UNSUPPORTED_STATUS else Outcome.FAILED
        return Result(outcome, f"{program}: exit status {process.returncode}" + (f": {last}" if last else ""))


def _read(table: Table, common: tuple[str, ...], base: Path) -> tuple[str, ...]:
    if not table.has("run"):
        return common
    written = table.values["run"]
    if isinstance(written, str):
        try:
            words = tuple(shlex.split(table.text("run", required=True)))
        except ValueError as error:
            table.refuse("run", f"a command line with matching quotes ({error})")
            return common
    else:
        words = table.texts("run", common)
    for word in words:
        for problem in template.problems(word):
            table.problem("run", problem)
    if words and "{" not in words[0] and _program(words[0], base) is None:
        table.problem(
            "run", f"the program {words[0]!r} was not found, or may not be executed (looked in {base} and PATH)"
        )
    return words


def _program(word: str, folder: Path) -> str | None:
    if os.sep in word or (os.altsep and os.altsep in word):
        return shutil.which(str(folder.resolve() / word))
    return shutil.which(word)


def _as_is(value: Any, _quoted: bool) -> str:  # noqa: FBT001 - the signature that `fill` calls
    return template.plain(value)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.communicate()
