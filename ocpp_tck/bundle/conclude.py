"""Writes what is left of a run when it has ended: index, inputs, reports and seal."""

from __future__ import annotations

from traceback import format_exc
from typing import TYPE_CHECKING

from ocpp_tck.bundle.seal import SealError, keep_inputs, seal_run
from ocpp_tck.evidence.index import write_index
from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.evidence.manifest import ManifestError
from ocpp_tck.report.write import ReportError, write_reports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocpp_tck.report.known import Known
    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.settings import Settings


def conclude(
    folder: Path, settings: Settings, known: Sequence[Known], known_text: str
) -> tuple[ReportModel | None, str]:
    """Write index, inputs and reports of a run, and seal it.

    Args:
        folder: the run.
        settings: what it was told.
        known: the known failures that hold for it.
        known_text: the text of their file, empty for none.

    Returns:
        The report model, None where there are no reports; and what went wrong, empty when nothing did.
    """
    model = None
    try:
        write_index(folder)
        keep_inputs(folder, settings, known_text)
        model = write_reports(folder, known)
        seal_run(folder, model, settings)
    except (JournalError, ReportError, SealError, ManifestError) as error:
        return model, str(error)
    except Exception:  # noqa: BLE001 - the journals are whole; only their rendering failed
        again = f"`ocpp-tck report {folder}` tries again"
        return model, f"the reports could not be made; {again}\n{format_exc()}"
    return model, ""
