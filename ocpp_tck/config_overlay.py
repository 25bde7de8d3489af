"""Puts options and environment variables over the parsed configuration file, as values of the right kind."""

from __future__ import annotations

import copy
import difflib
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

from ocpp_tck import pics
from ocpp_tck.settings import Limits, TestData
from ocpp_tck.tables import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "OCPP_TCK_"
_TYPO = 0.85
_FIXED: Mapping[str, type] = {
    "seed": int,
    "max_frame_bytes": int,
    "max_case_messages": int,
    "max_case_bytes": int,
    "sut.role": str,
    "sut.version": str,
    "sut.vendor": str,
    "sut.model": str,
    "connection.url": str,
    "connection.listen": str,
    "connection.station_id": str,
    "connection.security_profile": int,
    "connection.basic_auth.password": str,
    "connection.tls.ca": str,
    "connection.tls.certificate": str,
    "connection.tls.key": str,
    "connection.tls.authority": str,
    "connection.tls.authority_key": str,
    "station.connectors": int,
    "station.connector": int,
    "station.evse": int,
    "driver.order": list,
    "evidence.signing_key": str,
    "evidence.product": str,
    "files.address": str,
    "files.host": str,
    "files.protocols": list,
    "files.user": str,
    "files.password": str,
    "files.certificate": str,
    "files.key": str,
    "files.firmware": str,
    "files.invalid_firmware": str,
    "files.signed_firmware": str,
}


def keys() -> dict[str, type]:
    """Give every key that an option or the environment can set, dotted, with the kind of its value."""
    own = {
        f"{table}.{field.name}": get_type_hints(kind)[field.name]
        for table, kind in (("test_data", TestData), ("limits", Limits))
        for field in fields(kind)
    }
    return {**_FIXED, **own, **{f"pics.{name}": bool for name in pics.all_names()}}


def variable(key: str) -> str:
    """Give the environment variable of a dotted key: `OCPP_TCK_SUT_VERSION` for `sut.version`."""
    return ENVIRONMENT + "".join(letter if letter.isalnum() else "_" for letter in key).upper()


def overlay(
    document: Mapping[str, Any], overrides: Mapping[str, str], environ: Mapping[str, str], problems: list[str]
) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Put the environment over the document, and the options over both.

    Returns:
        The values, and per table (dotted, "" = the top) the keys that came from elsewhere with the name to show.
    """
    known = keys()
    values: dict[str, Any] = copy.deepcopy(dict(document))
    sources: dict[str, dict[str, str]] = {}
    by_variable = {variable(key): key for key in known}
    for name, text in environ.items():
        if name in by_variable:
            _put(values, sources, by_variable[name], _typed(text, known[by_variable[name]]), f"environment {name}")
        elif name.startswith(ENVIRONMENT) and (hint := _typo(name, by_variable)):
            problems.append(f"environment {name}: unknown variable (did you mean {hint!r}?)")
    for key, text in overrides.items():
        if key in known:
            _put(values, sources, key, _typed(text, known[key]), f"option {key}")
        else:
            problems.append(f"option {key}: unknown key{nearest(key, known)}")
    return values, sources


def _typo(name: str, known: Mapping[str, str]) -> str:
    tables = {f"{ENVIRONMENT}{key.partition('.')[0]}_".upper() for key in known.values() if "." in key}
    cutoff = 0.0 if name.startswith(tuple(tables)) else _TYPO
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=cutoff)), "")


def _typed(text: str, kind: type) -> Any:
    """Give the value that the text stands for; the text itself, which is then refused, when it stands for none."""
    if kind is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kind in {int, float}:
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _put(values: dict[str, Any], sources: dict[str, dict[str, str]], key: str, value: Any, source: str) -> None:
    table, _, name = key.rpartition(".")
    if table.startswith("pics"):
        table, name = "pics", key.removeprefix("pics.")
    place = values
    for part in table.split(".") if table else ():
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file has something else than a table here, which its reader refuses
        place = inner
    place[name] = value
    sources.setdefault(table, {})[name] = source
