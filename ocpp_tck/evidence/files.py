"""Files that are there whole or not at all, whenever the process is killed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, so that its name always means the old content or the new.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink()
        raise OSError(problem.errno, problem.strerror, str(path)) from problem
