"""Small pieces of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def plain(text: object) -> str:
    """Write a text so that nothing in it is markup, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def code(text: object) -> str:
    """Write a text as code inside a line or a cell; empty for an empty one."""
    flat = " ".join(str(text).split()).replace("|", "\\|")
    fence = "``" if "`" in flat else "`"
    return f"{fence}{flat}{fence}" if flat else ""


def prose(text: str) -> str:
    """Write a docstring's sentence for a cell: its code spans stay, all else is no markup."""
    parts = " ".join(text.split()).split("`")
    return "".join(code(part) if at % 2 else _escaped(part) for at, part in enumerate(parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the cells are Markdown already. Empty without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines]) + "\n"


def block(text: str, language: str = "text") -> str:
    """Write a block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def generated(source: str) -> str:
    """Say where a page comes from."""
    return f'!!! abstract ""\n    Generated from {source} of the kit that this site was built with.\n'
