"""Makes the evidence of a run fit to be shared: who, where and which device become pseudonyms, the verdicts stay.

The journals are written anew with hash chains of their own, each with the last hash of the one it was made of; the
reports are made of them, and `verify` says that they are anonymised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ocpp_tck.bundle.pseudonyms import Pseudonyms
from ocpp_tck.bundle.seal import CONFIG, SealError, seal
from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.index import read_journals, verify_run, write_index
from ocpp_tck.evidence.journal import Journal, JournalError
from ocpp_tck.evidence.manifest import ManifestError
from ocpp_tck.evidence.merged import MERGE
from ocpp_tck.report.known import KEPT, KnownFailuresError
from ocpp_tck.report.write import ReportError, write_reports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ocpp_tck.evidence.journal import JournalFile
    from ocpp_tck.evidence.records import Record

_IDENTIFIERS = frozenset(
    {"idtag", "parentidtag", "idtoken", "groupidtoken", "additionalidtoken", "emaid", "customeridentifier", "vin"}
    | {"chargepointserialnumber", "chargeboxserialnumber", "serialnumber", "meterserialnumber", "iccid", "imsi"}
    | {"macaddress", "evccid", "cpoid", "contractid", "identity", "chargepointid", "stationname", "apn", "apnusername"},
)
"""Members and configuration keys whose value tells who or which; without letter case."""
_PRODUCT = frozenset(
    {"chargepointvendor", "chargepointmodel", "vendorname", "model", "firmwareversion", "metertype"},
)
"""Members that tell whose product it is."""
_STRUCTURE = frozenset({"kit_version", "catalogue_sha256", "environment", "limits", "plan", "requirements", "clause"})


class AnonymiseError(Exception):
    """The run can't be anonymised; the message names the file and the mend."""


def anonymise(folder: Path, target: Path, *, vendor: bool = False) -> None:
    """Write an anonymised copy of a run.

    Args:
        folder: the run.
        target: folder of the copy; it must not be there yet.
        vendor: whether vendor, model and firmware of the product become pseudonyms too.

    Raises:
        AnonymiseError: the run is damaged, or the copy can't be written.
    """
    if (folder / MERGE).exists():
        raise AnonymiseError(f"{folder}: holds several runs; anonymise each of them, and merge the copies")
    damage = [one for one in verify_run(folder) if "killed" not in one]
    if damage:
        raise AnonymiseError(f"{damage[0]}; evidence that is not whole is not copied")
    if target.exists():
        raise AnonymiseError(f"{target}: exists; give another name")
    if target.resolve().is_relative_to(folder.resolve()):
        raise AnonymiseError(f"{target}: lies in the folder of the run; give a name outside of it")
    try:
        journals = read_journals(folder)
        names = _learnt(journals, vendor=vendor)
        target.mkdir(parents=True)
        for journal in journals:
            _write(journal, target, names)
        for name in (CONFIG, KEPT):
            if (folder / name).is_file():
                write_whole(target / name, names.text((folder / name).read_text(encoding="utf-8")))
        write_index(target)
        seal(target, write_reports(target))
    except OSError as problem:
        raise AnonymiseError(f"{problem.filename or target}: {problem.strerror}") from problem
    except (JournalError, ReportError, SealError, ManifestError, KnownFailuresError) as problem:
        raise AnonymiseError(str(problem)) from problem


def _write(journal: JournalFile, target: Path, names: Pseudonyms) -> None:
    copy = Journal(target / journal.path.name)
    try:
        for record in journal.records:
            copy.write(_renamed(record, journal.head, names))
    finally:
        copy.close()


def _renamed(record: Record, head: str, names: Pseudonyms) -> Record:
    changed: dict[str, Any] = {
        item.name: _walk(getattr(record, item.name), names)
        for item in fields(record)
        if item.name not in _STRUCTURE and not (item.name == "raw" and getattr(record, "encoding", "") == "binary")
    }
    if isinstance(record, r.RunStarted):
        changed["anonymised"] = record.anonymised or head
        changed["token_check"] = ""  # the same in every run with these tokens
    return replace(record, **changed)


def _walk(value: Any, names: Pseudonyms) -> Any:
    if isinstance(value, str):
        return names.text(value)
    if isinstance(value, Mapping):
        return {key: _walk(member, names) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_walk(member, names) for member in value)
    return value


def _learnt(journals: Sequence[JournalFile], *, vendor: bool) -> Pseudonyms:
    """Learn from all journals what is to be replaced."""
    names = Pseudonyms(keep={"ocpp-tck", "***"})
    for journal in journals:
        for record in journal.records:
            if isinstance(record, r.RunStarted):
                for station in record.stations:
                    names.learn(station)
                if vendor:
                    names.learn(record.sut.get("vendor", ""))
                    names.learn(record.sut.get("model", ""))
            elif isinstance(record, r.Frame):
                _from_frame(record, names, vendor=vendor)
            elif isinstance(record, r.ConnectionOpened):
                names.learn_url(record.headers.get("Host", ""))
                names.learn_certificates(record.tls.get("certificate", ""))
    return names


def _from_frame(record: r.Frame, names: Pseudonyms, *, vendor: bool) -> None:
    names.learn_certificates(record.raw)
    if record.sender != "product":
        return  # what the kit says of itself is made up
    try:
        message = json.loads(record.raw)
    except (ValueError, RecursionError):
        return
    wanted = _IDENTIFIERS | (_PRODUCT if vendor else frozenset())
    for name, value in _members(message):
        if name.casefold() in wanted:
            names.learn(value)


def _members(message: Any) -> Iterator[tuple[str, str]]:
    """Give every member that is a text, and every configuration key with its value."""
    waiting = [message]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            waiting += current.values()
            yield from ((name, value) for name, value in current.items() if isinstance(value, str))
            variable = current.get("variable")
            key = current.get("key") or (variable.get("name") if isinstance(variable, dict) else None)
            value = current.get("value") or current.get("attributeValue")
            if isinstance(key, str) and isinstance(value, str):
                yield key, value
        elif isinstance(current, list):
            waiting += current
