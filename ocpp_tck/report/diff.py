"""What changed from one run to another: by case, and in the circumstances. Works on `report.json`, as read or as made.

A **regression** is a case that fails now and did not before, or one that was passed and is not decided any more: what
is not exercised is never a pass. With `strict` also a new warning, and a case that was passed and is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.report.known_cause import steady
from ocpp_tck.report.markdown import plain
from ocpp_tck.report.model import LABELS
from ocpp_tck.report.terminal import line
from ocpp_tck.report.text import shown
from ocpp_tck.verdict import EXIT_FAILED, EXIT_OK, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
_PASSED = {"pass", "warn"}
_UNDECIDED = {"inconclusive", "error", "not run", "none"}
KINDS = {
    "regression": "Regressions",
    "fix": "Fixed",
    "decided": "Decided now",
    "undecided": "Not decided, and not a pass before",
    "warning": "New warnings",
    "cause": "Still failing, for another cause",
    "new": "New",
    "gone": "Gone",
    "other": "Otherwise changed",
}
"""What can become of a case, in the order in which it is told."""
_FEW = 12
"""Cases that are gone and are told one by one."""
_IN_A_LINE = 6
_CIRCUMSTANCES = ("kit_version", "catalogue_sha256", "selection", "retries", "token_check")
_TABLES = ("limits", "pics", "test_data", "environment")


class DiffError(Exception):
    """The two can't be compared; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one case.

    Attributes:
        kind: of `KINDS`.
        before, after: verdict, with `, flaky` where attempts differ; empty where the case is not there.
        cause_before, cause_after: first cause with its place.
    """

    kind: str
    id: str
    title: str
    before: str = ""
    after: str = ""
    cause_before: str = ""
    cause_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The whole comparison.

    Attributes:
        names: how the two are called.
        circumstances: what else differs: what it is, before, after.
        unchanged: number of cases that came as before.
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    circumstances: tuple[tuple[str, str, str], ...]
    unchanged: int

    def of(self, kind: str) -> tuple[Change, ...]:
        """Give the changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)

    def regressions(self, *, strict: bool = False) -> tuple[Change, ...]:
        """Give what fails the comparison."""
        more = (*self.of("warning"), *(one for one in self.of("gone") if one.before in _PASSED)) if strict else ()
        return (*self.of("regression"), *more)

    def exit_code(self, *, strict: bool = False) -> int:
        """Give 1 when there are regressions, else 0."""
        return EXIT_FAILED if self.regressions(strict=strict) else EXIT_OK


def compare(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]) -> Difference:
    """Compare two reports as `report.json` has them.

    Raises:
        DiffError: they are of different roles or OCPP versions, so that no case is in both.
    """
    for name in ("role", "version"):
        values = [report["sut"].get(name, "") for report in (before, after)]
        if values[0] != values[1]:
            raise DiffError(f"{names[0]} has {name} {values[0] or 'nothing'}, {names[1]} has {values[1] or 'nothing'}")
    old, new = _deciding(before), _deciding(after)
    changes = [_change(old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))]
    told = [change for change in changes if change is not None]
    return Difference(
        names=names,
        changes=tuple(sorted(told, key=lambda change: list(KINDS).index(change.kind))),
        circumstances=tuple(_circumstances(before, after)),
        unchanged=len(changes) - len(told),
    )


_Case = Mapping[str, Any]


def _deciding(report: Mapping[str, Any]) -> dict[tuple[str, str, str], _Case]:
    """Give the attempt that decides each case; draft and disputed ones, which do not count, too."""
    cases: dict[tuple[str, str, str], _Case] = {}
    for case in report["cases"]:
        if not case.get("superseded", False):
            cases[case["id"], case["version"], case["sut"]] = case
    return cases


def _change(old: _Case | None, new: _Case | None) -> Change | None:
    one = new or old
    assert one is not None  # noqa: S101 - each key is of one of the two
    kind = _kind(old, new)
    if not kind:
        return None
    return Change(
        kind=kind,
        id=one["id"],
        title=one["title"],
        before=_verdict(old),
        after=_verdict(new),
        cause_before=_cause(old),
        cause_after=_cause(new),
    )


def _kind(old: _Case | None, new: _Case | None) -> str:
    if new is None:
        return "gone"
    then, now = (old["verdict"] if old else ""), new["verdict"]
    counts = new["counts"]
    if now == "fail" and then != "fail" and counts:
        return "regression"
    if old is None:
        return "new"
    if then == now:
        is_other = now in {"fail", "inconclusive", "error"} and steady(_cause(old)) != steady(_cause(new))
        return "cause" if is_other else "" if old.get("flaky", False) == new.get("flaky", False) else "other"
    if then in _PASSED and now in _UNDECIDED and counts:
        return "regression"
    return _lesser(then, now)


def _lesser(then: str, now: str) -> str:
    if now in _PASSED and then == "fail":
        return "fix"
    if then == "pass" and now == "warn":
        return "warning"
    if now in _PASSED and then in _UNDECIDED:
        return "decided"
    return "undecided" if now in _UNDECIDED else "other"


def _verdict(case: _Case | None) -> str:
    return "" if case is None else case["verdict"] + (", flaky" if case.get("flaky", False) else "")


def _cause(case: _Case | None) -> str:
    cause = case and case["cause"]
    return f"{cause['where']}: {cause['text']}" if cause else ""


def _circumstances(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield from _tables("product", _flat(before["sut"]), _flat(after["sut"]))
    for name in _CIRCUMSTANCES:
        then, now = before["run"].get(name, ""), after["run"].get(name, "")
        if then != now:
            yield name.replace("_", " "), shown(then), shown(now)
    for name in _TABLES:
        yield from _tables(name, before["run"].get(name, {}), after["run"].get(name, {}))


def _flat(sut: Mapping[str, Any]) -> dict[str, Any]:
    seen = {f"seen {name}": value for name, value in sut.get("seen", {}).items()}
    return {name: value for name, value in sut.items() if name != "seen"} | seen


def _tables(table: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"{table} {name}", shown(then.get(name)), shown(now.get(name))


def as_json(difference: Difference, *, strict: bool = False) -> dict[str, Any]:
    """Give the comparison as plain JSON values."""
    return {
        "format": FORMAT,
        "before": difference.names[0],
        "after": difference.names[1],
        "regressions": len(difference.regressions(strict=strict)),
        "unchanged": difference.unchanged,
        "changes": [
            {
                "kind": change.kind,
                "id": change.id,
                "title": change.title,
                "before": change.before,
                "after": change.after,
                "cause_before": change.cause_before,
                "cause_after": change.cause_after,
            }
            for change in difference.changes
        ],
        "circumstances": [{"what": what, "before": then, "after": now} for what, then, now in difference.circumstances],
    }


def as_text(difference: Difference, *, strict: bool = False) -> str:
    """Write the comparison for a terminal; nothing in it acts on that."""
    return "\n".join(_text(difference, strict=strict))


def _text(difference: Difference, *, strict: bool) -> Iterator[str]:
    yield line(f"{difference.names[0]} → {difference.names[1]}")
    for kind, title in KINDS.items():
        if changes := difference.of(kind):
            yield f"{title} ({len(changes)})"
            if kind == "gone" and len(changes) > _FEW:
                yield from _by_verdict(changes)
                continue
            for change in changes:
                yield line(f"  {change.id:<18} {_way(change)}  {change.title}")
                for name, cause in (("was", change.cause_before), ("now", change.cause_after)):
                    if cause:
                        yield line(f"    {name}: {cause}")
    if difference.circumstances:
        yield "What else differs"
        for what, then, now in difference.circumstances:
            yield line(f"  {what}: {then} → {now}")
    yield _sum(difference, strict=strict)


def _by_verdict(changes: tuple[Change, ...]) -> Iterator[str]:
    """Name many cases that are gone by what they were: most often nobody had chosen them."""
    for verdict in dict.fromkeys(change.before for change in changes):
        ids = [change.id for change in changes if change.before == verdict]
        for at in range(0, len(ids), _IN_A_LINE):
            yield line(f"  {_label(verdict) if at == 0 else '':<16} {' '.join(ids[at : at + _IN_A_LINE])}")


def _way(change: Change) -> str:
    return f"{_label(change.before) or 'not there'} → {_label(change.after) or 'not there'}"


def _label(verdict: str) -> str:
    name, comma, rest = verdict.partition(",")
    return (LABELS[Verdict(name)] if name in set(LABELS) else name) + comma + rest


def _sum(difference: Difference, *, strict: bool) -> str:
    count = len(difference.regressions(strict=strict))
    found = "no regression" if not count else "1 regression" if count == 1 else f"{count} regressions"
    same = "1 case" if difference.unchanged == 1 else f"{difference.unchanged} cases"
    return f"{found}, {len(difference.of('fix'))} fixed, {same} as before"


def as_markdown(difference: Difference, *, strict: bool = False) -> str:
    """Write the comparison as GitHub-flavoured Markdown; nothing the product sent acts as markup."""
    return "\n".join(_markdown(difference, strict=strict)) + "\n"


def _markdown(difference: Difference, *, strict: bool) -> Iterator[str]:
    yield f"## {plain(_sum(difference, strict=strict))}"
    yield ""
    yield f"{plain(difference.names[0])} → {plain(difference.names[1])}"
    for kind, title in KINDS.items():
        if changes := difference.of(kind):
            yield from ("", f"### {title}", "", "| Case | Before | Now | Cause |", "| --- | --- | --- | --- |")
            for change in changes:
                cause = plain(change.cause_after or change.cause_before)
                way = f"{_label(change.before)} | {_label(change.after)}"
                yield f"| {plain(change.id)} {plain(change.title)} | {way} | {cause} |"
    if difference.circumstances:
        yield from ("", "### What else differs", "", "| What | Before | Now |", "| --- | --- | --- |")
        for what, then, now in difference.circumstances:
            yield f"| {plain(what)} | {plain(then)} | {plain(now)} |"
