"""The file of known failures, strict both ways: what is listed must come as listed, or the run fails.

[[known]]
case = "TC_003_CS"
verdict = "fail"
reason = "answers StatusNotification late, ticket 17"
version = "1.6"          # optional: that version only
cause = "connectorId"    # optional: the first cause must contain this, or each of a list; see `known_cause.py`
expires = 2027-03-31     # optional: the last day, in UTC, on which it excuses anything
flaky = true             # optional: it passes now and then; without this, a flaky case is a deviation
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ocpp_tck.report.known_cause import names
from ocpp_tck.verdict import EXIT_FAILED, EXIT_KIT_ERROR, Verdict, exit_code

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ocpp_tck.report.model import Case, ReportModel

KEPT = "known-failures.toml"
"""Name of the copy in the folder of a run."""
_TEXTS = {"case", "version", "verdict", "reason"}
_FIELDS = _TEXTS | {"cause", "expires", "flaky"}
_NEEDED = ("case", "verdict", "reason")
_VERDICTS = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)


class KnownFailuresError(Exception):
    """The file of known failures is wrong; the message names the place and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One known failure. An empty `version` means every version, an empty `cause` any cause.

    Attributes:
        cause: the parts that the first cause must have, all of them.
        expires: the last day, in UTC, on which it excuses anything; None = for ever.
        flaky: whether the case passes now and then.
    """

    case: str
    verdict: Verdict
    reason: str
    version: str = ""
    cause: tuple[str, ...] = ()
    expires: date | None = None
    flaky: bool = False

    def concerns(self, case: Case) -> bool:
        """Whether this entry is about that case."""
        return self.case == case.id and self.version in {"", case.version}

    def holds(self, case: Case) -> bool:
        """Whether the case came as this entry says."""
        is_steady = self.flaky or not case.flaky
        return case.verdict is self.verdict and names(self.cause, case) and is_steady

    def allows(self, case: Case) -> bool:
        """Whether the case came well, as one that passes now and then may."""
        return self.flaky and case.verdict in {Verdict.PASS, Verdict.WARN} and not case.flaky

    def has_expired(self, day: date) -> bool:
        """Whether it excuses nothing any more on that day."""
        return self.expires is not None and day > self.expires


def load_known(path: Path | str, case_ids: Collection[str] | None = None) -> tuple[Known, ...]:
    """Read a file of known failures.

    Args:
        path: the TOML file.
        case_ids: ids that exist; None leaves them unchecked.

    Raises:
        KnownFailuresError: the file is missing, is no TOML, or an entry is wrong.
    """
    return parse_known(read_known(path), path, case_ids)


def read_known(path: Path | str) -> str:
    """Read the text of a file of known failures.

    Raises:
        KnownFailuresError: the file is missing, or is no text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise KnownFailuresError(f"{path}: cannot read the known failures: {problem.strerror}") from problem
    except ValueError as problem:
        raise KnownFailuresError(f"{path}: not a TOML file: {problem}") from problem


def parse_known(text: str, path: Path | str, case_ids: Collection[str] | None = None) -> tuple[Known, ...]:
    """Read the text of a file of known failures; arguments and errors as of `load_known`."""
    try:
        table = tomllib.loads(text)
    except ValueError as problem:
        raise KnownFailuresError(f"{path}: not a TOML file: {problem}") from problem
    unknown = sorted(table.keys() - {"known"})
    if unknown:
        raise KnownFailuresError(f"{path}: unknown table {unknown[0]!r}; each entry begins with [[known]]")
    entries = table.get("known", [])
    if not isinstance(entries, list):
        raise KnownFailuresError(f"{path}: write [[known]] with two brackets, once per entry")
    known = tuple(_entry(entry, f"{path}: entry {number}", case_ids) for number, entry in enumerate(entries, start=1))
    for at, one in enumerate(known):
        twin = next((k for k, other in enumerate(known[:at]) if _same(one, other)), None)
        if twin is not None:
            raise KnownFailuresError(f"{path}: entries {twin + 1} and {at + 1} are both about {one.case}; keep one")
    return known


def _same(one: Known, other: Known) -> bool:
    return one.case == other.case and (one.version == other.version or not one.version or not other.version)


def _entry(entry: object, place: str, case_ids: Collection[str] | None) -> Known:
    if not isinstance(entry, dict):
        raise KnownFailuresError(f"{place}: write [[known]] and then one field a line")
    unknown = sorted(entry.keys() - _FIELDS)
    if unknown:
        raise KnownFailuresError(f"{place}: unknown field {unknown[0]!r}; there are {', '.join(sorted(_FIELDS))}")
    for name, value in entry.items():
        if name in _TEXTS and not isinstance(value, str):
            raise KnownFailuresError(f"{place}: {name} must be a string, not {value!r}")
    if not isinstance(entry.get("flaky", False), bool):
        raise KnownFailuresError(f"{place}: flaky must be true or false, not {entry['flaky']!r}")
    missing = [name for name in _NEEDED if not entry.get(name, "").strip()]
    if missing:
        raise KnownFailuresError(f"{place}: {missing[0]} is missing")
    if entry["verdict"] not in _VERDICTS:
        raise KnownFailuresError(
            f"{place}: verdict {entry['verdict']!r} cannot be known; write {', '.join(map(str, _VERDICTS))}",
        )
    if case_ids is not None and entry["case"] not in case_ids:
        raise KnownFailuresError(f"{place}: there is no case {entry['case']!r}; `ocpp-tck plan` lists them")
    read = {"verdict": Verdict(entry["verdict"]), "expires": _day(entry.get("expires"), place)}
    return Known(**{**entry, **read, "cause": _cause(entry.get("cause", ()), place)})


def _cause(value: object, place: str) -> tuple[str, ...]:
    parts = (value,) if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
        raise KnownFailuresError(f"{place}: cause must be a string, or a list of strings, not {value!r}")
    if isinstance(value, list) and not all(part.strip() for part in parts):
        raise KnownFailuresError(f"{place}: cause has an empty string in its list, which every cause contains")
    return tuple(part for part in parts if part)


def _day(value: object, place: str) -> date | None:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = value
    if day is None or (isinstance(day, date) and not isinstance(day, datetime)):
        return day
    raise KnownFailuresError(f"{place}: expires must be a day such as 2027-03-31, not {value!r}")


def apply_known(model: ReportModel, known: Sequence[Known]) -> ReportModel:
    """Mark the cases that came as listed, and note as deviations those that did not.

    An entry whose case was not part of the run says nothing. What has expired is told by the end of the run.
    """
    cases, deviations = [], []
    day = _day_of(model.run.end)
    for case in model.cases:
        entry = next((one for one in known if one.concerns(case) and not case.superseded), None)
        if entry is None or (entry.allows(case) and not entry.holds(case)):
            cases.append(case)
        elif entry.holds(case) and not entry.has_expired(day):
            cases.append(replace(case, known=entry.reason))
        else:
            cases.append(case)
            deviations.append(_deviation(entry, case, day))
    return replace(model, cases=tuple(cases), deviations=tuple(deviations))


def _day_of(time: float) -> date:
    try:
        return datetime.fromtimestamp(time, UTC).date()
    except (ValueError, OverflowError, OSError):  # a clock outside the calendar: nothing is excused that could expire
        return date.max


def _deviation(entry: Known, case: Case, day: date) -> str:
    came = f"{case.verdict}: {case.cause.text}" if case.cause else str(case.verdict)
    if entry.holds(case) and entry.has_expired(day):
        return f"{case.id} ({case.version}) was known until {entry.expires} and still came as {came} ({entry.reason})."
    wanted = " and ".join(repr(part) for part in entry.cause if not names((part,), case))
    listed = f"{entry.verdict} with {wanted} in its cause" if wanted else str(entry.verdict)
    how = "flaky, at worst " if case.flaky else ""
    return f"{case.id} ({case.version}) is listed as {listed}, but came as {how}{came}; mend the list ({entry.reason})."


def run_exit_code(model: ReportModel, known: Sequence[Known] = (), *, strict: bool = False) -> int:
    """Give the exit code of a run: as `verdict.exit_code`, with the known failures taken out.

    A deviation from the list gives at least 1. Where a case that was asked for did not begin, or not end, the others
    are not taken for the whole: that is an interrupted run, whichever way it ended.
    """
    applied = apply_known(model, known) if known else model
    verdicts = [Verdict.PASS if case.known else case.verdict for case in applied.cases if case.counts]
    if applied.declarations and any(verdict.is_decided for verdict in verdicts):
        verdicts.append(Verdict.WARN)
    code = exit_code(verdicts, strict=strict)
    if applied.deviations and code != EXIT_KIT_ERROR:
        return EXIT_FAILED
    cut = any(case.interrupted for case in applied.cases if case.counts)
    return EXIT_KIT_ERROR if code != EXIT_FAILED and (cut or never_begun(applied)) else code


def never_begun(model: ReportModel) -> list[str]:
    """Give the ids of the cases that were asked for and did not begin."""
    begun = {case.id for case in model.cases}
    return [one for one in model.run.asked if one not in begun]
