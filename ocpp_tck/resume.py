"""Goes on with a run that was killed: what is over there, and whether this configuration fits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.earlier import Earlier, close_killed, look_back
from ocpp_tck.evidence.index import find_journals
from ocpp_tck.evidence.records import RunStarted
from ocpp_tck.run import describe_run
from ocpp_tck.world import redactor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ocpp_tck.campaign import Campaign
    from ocpp_tck.settings import Settings

PATIENCE = 20.0
"""Seconds that workers of a killed run have to end; execnet gives them 15."""


class ResumeError(Exception):
    """The run can't be resumed like this; the message names the difference and the mend."""


def find_run(folder: Path) -> Earlier:
    """Read what there is of a run.

    Raises:
        ResumeError: there is no run in that folder.
        JournalDamaged: one of its journals is damaged.
    """
    if not find_journals(folder):
        raise ResumeError(f"{folder}: no journal*.jsonl here, so there is no run to resume; begin one without --resume")
    return look_back(folder)


def take_over(folder: Path, settings: Settings, catalogue_sha256: str, campaign: Campaign) -> Earlier:
    """Check that a run fits what this one was told, give its journals their end, and tell what is over.

    Args:
        folder: folder of the run.
        settings: with the seed of the run.
        catalogue_sha256: hash of the catalogue.
        campaign: what this run is meant to be; which cases are left does not matter.

    Raises:
        ResumeError: it was a run of something else.
        JournalError: a journal is damaged, can't be written, or is still being written.
    """
    for stretch in find_run(folder).stretches:
        differences = list(_differences(stretch.started, settings, catalogue_sha256, campaign))
        if differences:
            raise ResumeError(
                f"{folder}: {'; '.join(differences)}. Resume it with what it was begun with, or begin a new run"
            )
    close_killed(folder, patience=PATIENCE)
    return look_back(folder)


def _differences(started: RunStarted, settings: Settings, catalogue_sha256: str, campaign: Campaign) -> list[str]:
    identity = settings.connection.stations[0]
    told = describe_run(
        settings,
        identity,
        time=0.0,
        worker=started.worker,
        catalogue_sha256=catalogue_sha256,
        campaign=campaign,
    )
    masked = redactor(settings, identity).redact(told)
    assert isinstance(masked, RunStarted)  # noqa: S101 - it only masks
    now = _plain(masked)
    then = _plain(started)
    own = {name for station in settings.connection.stations for name in station.tokens}
    found = []
    for name in _FIXED:
        before, after = then[name], now[name]
        if isinstance(before, dict) and isinstance(after, dict):
            skipped = own if name == "test_data" else set()
            found += [
                f"[{_SECTIONS.get(name, name)}] {key} was {_shown(before.get(key))}, is now {_shown(after.get(key))}"
                for key in sorted(before.keys() | after.keys() - skipped)
                if key not in skipped and before.get(key) != after.get(key)
            ]
        elif before != after:
            found.append(f"{_WORDS.get(name, name)} was {_shown(before)}, is now {_shown(after)}")
    return found


_FIXED = (
    *("sut", "kit_version", "catalogue_sha256", "seed", "selection", "follows", "retries", "certify"),
    *("pics", "limits", "test_data", "token_check", "hardware"),
)
"""What has to be the same for one report to speak of one run."""
_SECTIONS = {"hardware": "station", "follows": "--from"}
_WORDS = {
    "kit_version": "the version of ocpp-tck",
    "catalogue_sha256": "the catalogue of cases",
    "selection": "the selection of cases",
    "retries": "--retry",
    "certify": "--certify",
    "token_check": "the check value of the tokens of [test_data]",
}


def _plain(started: RunStarted) -> Mapping[str, Any]:
    values = {name: getattr(started, name) for name in _FIXED}
    plain: Mapping[str, Any] = json.loads(json.dumps(values, default=dict))
    return plain


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value not in (None, "") else "nothing"
