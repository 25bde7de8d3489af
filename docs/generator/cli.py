"""The reference of the command line, from click, argparse and the plugin themselves."""

from __future__ import annotations

import contextlib
import io
import os
from typing import TYPE_CHECKING, Any
from unittest import mock

import click

from generator.markdown import block, code, generated, plain, table
from ocpp_tck import plugin
from ocpp_tck.cli import main
from ocpp_tck.reference.__main__ import main as product

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMBEDDED = "reference"


def page() -> str:
    """Give the page."""
    return "\n".join(
        [
            "# Command line\n",
            generated("the commands"),
            "Every command answers `-h` and `--help`. What the exit codes mean: [Exit codes](../exit-codes.md).\n",
            *(_command(name, command) for name, command in sorted(main.commands.items())),
            _pytest(),
        ]
    )


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"ocpp-tck {name}")
    head = f"## ocpp-tck {name}\n\n{plain(command.help or '')}\n"
    if name == _EMBEDDED:
        return head + "".join(f"\n{block(_embedded(role))}" for role in ("csms", "cs"))
    if isinstance(command, click.Group):
        inner = (_command(f"{name} {part}", one).replace("## ", "### ", 1) for part, one in command.commands.items())
        return head + "\n" + "\n".join(inner)
    usage = block(" ".join([context.command_path, *command.collect_usage_pieces(context)]))
    rows = [_option(option) for option in command.params if isinstance(option, click.Option) and not option.hidden]
    return f"{head}\n{usage}\n{table(('option', 'meaning', 'default'), rows)}"


def _option(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" {code(_value(option))}"
    default = option.default
    shown = "" if option.is_flag or default in (None, (), "") or callable(default) else str(default)
    shown = "" if "UNSET" in shown.upper() else shown
    return names + value, plain(option.help or _plainly(option)), code(shown)


def _value(option: click.Option) -> str:
    kind = option.type
    if isinstance(kind, click.Choice):
        return "|".join(str(one) for one in kind.choices)
    return option.metavar or {"path": "PATH", "integer": "NUMBER"}.get(kind.name, kind.name.upper())


def _plainly(option: click.Option) -> str:
    """Describe an option that has no help of its own by what it is everywhere."""
    known = {
        "config": "The configuration file.",
        "sut": "Role of the product under test.",
        "version": "OCPP version.",
        "force": "Overwrite an existing file.",
        "report_dir": "Folder for the reports.",
        "sample": "Share that is tried, 0 to 1.",
    }
    return known.get(option.name or "", "")


def _embedded(role: str) -> str:
    """Give the help of an embedded product, which is a program of its own."""
    out = io.StringIO()
    columns = mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"})
    with columns, contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        product([role, "--help"])
    return out.getvalue().replace("python -m ocpp_tck.reference", "ocpp-tck reference")


class Collected:
    """Takes the place of pytest's parser, and remembers the options that the plugin adds."""

    def __init__(self) -> None:
        self.options: list[tuple[str, dict[str, Any]]] = []

    def getgroup(self, *_names: str) -> Collected:
        """Give the one group."""
        return self

    def addoption(self, name: str, **facts: Any) -> None:
        """Remember an option."""
        self.options.append((name, facts))


def plugin_options() -> list[tuple[str, dict[str, Any]]]:
    """Give the options that the plugin adds to pytest, with what it says of each."""
    collected: Any = Collected()
    plugin.pytest_addoption(collected)
    return list(collected.options)


def _pytest() -> str:
    rows = [(code(f"{name}{_metavar(facts)}"), plain(facts.get("help", ""))) for name, facts in plugin_options()]
    return (
        "## pytest\n\n`ocpp-tck run` is pytest with these options; the cases of an installed kit are run with "
        "`pytest --pyargs ocpp_tck.testcases --ocpp-config ocpp-tck.toml`. The plugin does nothing in a pytest run "
        "without `--ocpp-config`.\n\n" + table(("option", "meaning"), rows)
    )


def _metavar(facts: dict[str, Any]) -> str:
    if str(facts.get("action", "")).startswith("store_"):
        return ""
    choices = facts.get("choices")
    return f" {facts.get('metavar') or ('|'.join(choices) if choices else 'VALUE')}"


def embedded_options() -> Iterator[str]:
    """Give every option of the embedded products."""
    for role in ("cs", "csms"):
        yield from (word.strip("[],") for word in _embedded(role).split() if word.strip("[],").startswith("--"))


__all__ = ["embedded_options", "page", "plugin_options"]
