"""Reads the result of a run as plain JSON values: from its journals, or from a `report.json` alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema_rs import ValidationError, validator_for

from ocpp_tck.evidence.index import find_journals
from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.merged import MERGE
from ocpp_tck.report.json_report import as_json, schema
from ocpp_tck.report.write import load_model

if TYPE_CHECKING:
    from pathlib import Path


class ReadError(Exception):
    """There is no result that can be read; the message names the place and the mend."""


def read_result(path: Path) -> dict[str, Any]:
    """Read a result.

    Args:
        path: the folder of a run, whose journals speak where they are there, or a `report.json`.

    Raises:
        ReadError: it holds neither, or what it holds is damaged.
    """
    if path.is_dir():
        if find_journals(path) or (path / MERGE).exists():
            try:
                return as_json(load_model(path))
            except JournalDamaged as error:
                raise ReadError(str(error)) from None
        path = path / "report.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        validator_for(_loosened(schema())).validate(report)
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}; name the folder of a run, or its report.json") from None
    except (ValueError, RecursionError, ValidationError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ReadError(f"{path}: not a report.json of ocpp-tck: {text}") from None
    checked: dict[str, Any] = report
    return checked


_NEEDED = {
    *("format", "sut", "run", "cases", "seen"),
    *("id", "title", "version", "verdict", "counts", "cause", "where", "text"),
}
"""Fields without which there is nothing to compare; reports of earlier kits may lack others."""


def _loosened(part: Any) -> Any:
    """Give a schema with only those fields required that every kit has written."""
    if isinstance(part, list):
        return [_loosened(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: [one for one in value if one in _NEEDED] if name == "required" else _loosened(value)
        for name, value in part.items()
    }
