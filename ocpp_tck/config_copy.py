"""The configuration as a run has used it, for its evidence: options and environment included, secrets masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tomli_w

from ocpp_tck.evidence.redaction import MASK, SECRET_FIELDS
from ocpp_tck.roles.drivers.secrets import masked_tables, masked_url
from ocpp_tck.world import redactor

if TYPE_CHECKING:
    from ocpp_tck.evidence.redaction import Redactor
    from ocpp_tck.settings import Settings

_SHORT_NAMES = SECRET_FIELDS | {"authorization_key"}


def masked_config(settings: Settings) -> str:
    """Write the configuration of a run as TOML without its secrets; tokens are the pseudonyms of the journal."""
    masks = [redactor(settings, identity) for identity in settings.connection.stations]
    document = dict(settings.document)
    driver = document.get("driver")
    if isinstance(driver, Mapping):
        document["driver"] = masked_tables(driver)
    head = "# The configuration of this run, with what options and environment said; secrets are masked.\n\n"
    return head + tomli_w.dumps({name: _masked(value, name, masks) for name, value in document.items()})


def _masked(value: Any, name: str, masks: list[Redactor]) -> Any:
    if name in _SHORT_NAMES and value:
        return MASK
    if isinstance(value, Mapping):
        return {key: _masked(member, str(key), masks) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(member, name, masks) for member in value]
    if isinstance(value, str):
        for one in masks:
            value = one.text(value)
        return masked_url(value) if "://" in value else value
    return value
