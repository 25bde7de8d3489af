"""What must show each defect of behaviour: `behaviours.toml`, read and held against defects, cases and rules.

```toml
[[behaviour]]
defect = "boots-only-once"                  # of `ocpp_tck/reference/defects`
role = "cs"
versions = ["1.6"]                          # all that the defect has without it
shown = {TC_001_CS = ["step 3"]}            # case: where its first cause lies, any of these
expect = "warn"                             # fail without it; warn where the text only recommends
options = ["set=MeterValueSampleInterval=1"]  # of the embedded product
data = {transaction_duration = 3.0}         # test data other than the bench's
first = ["TC_003_CSMS"]                     # cases that run before, in the same run of the kit

[[unshown]]                                 # no implemented case can show it
defect = "trigger-without-effect"
role = "cs"
reason = "…"
```

Each defect stands in one of the two, for each of its versions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003 - read at run time by dataclasses
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.case import SourceCase, cases_root, read_cases
from ocpp_tck.protocol.rules import RULES
from ocpp_tck.reference.defects import every

if TYPE_CHECKING:
    from ocpp_tck.reference.defects import Defect

HERE = Path(__file__).with_name("behaviours.toml")
EXPECTED = ("fail", "warn")
SETUP = "case"
"""Where a fail lies that came before the first step: the product owed an answer."""
_KEYS = {
    "behaviour": ({"defect", "role", "shown"}, {"versions", "expect", "options", "data", "first"}),
    "unshown": ({"defect", "role", "reason"}, {"versions", "options", "data"}),
}


class BehaviourError(Exception):
    """The file is wrong; the message names the entry and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One defect in one version.

    Attributes:
        role: cs or csms.
        version: OCPP version.
        defect: name of the product's side of it.
        shown: for each case that must show it, where the first cause may lie: `step 3`, `rule boot.rejected`.
        reason: why no implemented case can show it; empty where one does.
        expect: verdict of those cases.
        options: of the product, as `lab` takes them.
        data: test data by name.
        first: cases that run before them.
    """

    role: str
    version: str
    defect: str
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reason: str = ""
    expect: str = "fail"
    options: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[str, ...] = ()


@cache
def planned(role: str, version: str) -> Mapping[str, SourceCase]:
    """Give the implemented cases of a role and version by their ids."""
    return {
        case.facts["id"]: case
        for path in sorted(cases_root().rglob("test_*.py"))
        for case in read_cases(path)
        if case.facts["id"].rsplit("_", 1)[-1].lower() == role
        and version in case.facts.get("versions", ("1.6",))
        and case.facts.get("status", "implemented") == "implemented"
    }


def load(path: Path = HERE) -> tuple[Behaviour, ...]:
    """Read every behaviour, in the order of the table of defects.

    Raises:
        BehaviourError: an entry is wrong, a defect has none or has two.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BehaviourError(f"{path}: {error}") from None
    if unknown := content.keys() - _KEYS.keys():
        raise BehaviourError(f"{path}: [[{min(unknown)}]] is neither [[behaviour]] nor [[unshown]]")
    known = {(one.role, one.name, version): one for one in every() for version in one.versions}
    found: dict[tuple[str, str, str], Behaviour] = {}
    for kind in _KEYS:
        for number, entry in enumerate(content.get(kind, []), start=1):
            place = f"{path.name}: {kind} {number}"
            for behaviour in _read(entry, kind, known, place):
                key = (behaviour.role, behaviour.defect, behaviour.version)
                if key in found:
                    raise BehaviourError(f"{place}: {' '.join(key)} stands there already")
                found[key] = behaviour
    if missing := known.keys() - found.keys():
        raise BehaviourError(
            f"{path.name}: no entry for {' '.join(min(missing))}; say which case must show it, or why none"
        )
    return tuple(found[key] for key in known)


def _read(
    entry: dict[str, Any], kind: str, known: Mapping[tuple[str, str, str], Defect], place: str
) -> list[Behaviour]:
    needed, optional = _KEYS[kind]
    if lacking := needed - entry.keys():
        raise BehaviourError(f"{place}: lacks {min(lacking)}")
    if unknown := entry.keys() - needed - optional:
        raise BehaviourError(f"{place}: unknown {min(unknown)}")
    role, name = entry["role"], entry["defect"]
    versions = [version for one, defect, version in known if (one, defect) == (role, name)]
    if not versions:
        raise BehaviourError(f"{place}: {role} has no defect {name}; see ocpp_tck/reference/defects")
    if wrong := set(entry.get("versions", ())) - set(versions):
        raise BehaviourError(f"{place}: {name} has no version {min(wrong)}")
    expect = entry.get("expect", EXPECTED[0])
    if expect not in EXPECTED:
        raise BehaviourError(f"{place}: expect {expect!r} is none of {', '.join(EXPECTED)}")
    chosen = entry.get("versions", versions)
    shown = {case: tuple(where) for case, where in entry.get("shown", {}).items()}
    for version in chosen:
        for case in (*shown, *entry.get("first", ())):
            if case not in planned(role, version):
                raise BehaviourError(f"{place}: no implemented case {case} of {role} {version}")
        for case, where in shown.items():
            _check(where, planned(role, version)[case], place)
    return [
        Behaviour(
            role=role,
            version=version,
            defect=name,
            shown=shown,
            reason=entry.get("reason", ""),
            expect=expect,
            options=tuple(entry.get("options", ())),
            data=entry.get("data", {}),
            first=tuple(entry.get("first", ())),
        )
        for version in chosen
    ]


def _check(where: tuple[str, ...], case: SourceCase, place: str) -> None:
    steps = {f"step {step.n}" for step in case.steps} | {SETUP}
    rules = {f"rule {name}" for name in RULES}
    if not where:
        raise BehaviourError(f"{place}: {case.facts['id']} names no step and no rule")
    for one in where:
        if one not in steps | rules:
            raise BehaviourError(f"{place}: {case.facts['id']} has no {one}; it has {', '.join(sorted(steps))}")
