"""What a test case is: its facts beside its code, its steps, and the plan that can be read without running it.

```python
@testcase("TC_003_CS", "A session starts with the cable first", profile="Core", requirements="1.6 4.1, 4.8")
def test_cable_first(station, operator, step):
    operator.plug()
    with step("1", "The charge point reports Preparing"):
        station.expect_status("Preparing")
```
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
ATTRIBUTE = "__ocpp_case__"
STATUSES = ("implemented", "draft", "disputed")


class CaseError(Exception):
    """A test case is written wrongly; the message names the file and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The facts of one OCA test case.

    Attributes:
        id: OCA id.
        title: what it shows, in own words.
        versions: OCPP versions for which it is written.
        sut: `cs` or `csms`, from the id.
        profile: feature profile (1.6) or certification profile.
        requirements: requirement ids or clauses.
        applies_if: PICS expression; empty = always.
        aliases: ids of other editions that select it.
        needs: what is observed at run time only, in words, for the plan.
        changes: what it changes that can't be undone; such cases run last.
        security_profiles: those of the connection over which it can be run; empty = any.
        status: implemented, draft or disputed; only the first decides.
    """

    id: str
    title: str
    versions: tuple[str, ...]
    sut: str
    profile: str
    requirements: str = ""
    applies_if: str = ""
    aliases: tuple[str, ...] = ()
    needs: str = ""
    changes: str = ""
    security_profiles: tuple[int, ...] = ()
    status: str = "implemented"

    @property
    def turn(self) -> int:
        """When it runs: what can't be undone after the rest, and last of all what takes a security profile away."""
        return 2 if self.changes == "security_profile" else int(bool(self.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step as written in the source.

    Attributes:
        n: the OCA document's number.
        text: what happens, X does Y.
        requirement: requirement id of this step alone.
        when: condition under which it is taken; empty = always.
        optional: whether the product may leave it out.
        level: must or should.
        oca: number in the document where that is misnumbered.
    """

    n: str
    text: str
    requirement: str = ""
    when: str = ""
    optional: bool = False
    level: str = "must"
    oca: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the fields that are set."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) or name in {"n", "text"}}


def testcase(
    id: str,  # noqa: A002 - the OCA's word
    title: str,
    *,
    profile: str,
    requirements: str,
    versions: tuple[str, ...] = ("1.6",),
    applies_if: str = "",
    aliases: tuple[str, ...] = (),
    needs: str = "",
    changes: str = "",
    security_profiles: tuple[int, ...] = (),
    status: str = "implemented",
) -> Callable[[F], F]:
    """Declare a function as a test case; see `Case` for the arguments.

    Raises:
        CaseError: the id has no role suffix, or the status is unknown.
    """
    suffix = id.rsplit("_", 1)[-1]
    if suffix not in {"CS", "CSMS"}:
        raise CaseError(f"{id}: an id ends in _CS or _CSMS, the role of the product under test")
    if status not in STATUSES:
        raise CaseError(f"{id}: status {status!r} is none of {', '.join(STATUSES)}")
    case = Case(
        id=id,
        title=title,
        versions=versions,
        sut=suffix.lower(),
        profile=profile,
        requirements=requirements,
        applies_if=applies_if,
        aliases=aliases,
        needs=needs,
        changes=changes,
        security_profiles=security_profiles,
        status=status,
    )

    def declare(function: F) -> F:
        setattr(function, ATTRIBUTE, case)
        return function

    return declare


testcase.__test__ = False  # type: ignore[attr-defined]


def case_of(function: object) -> Case | None:
    """Give the facts of a test case function, None for any other function."""
    case = getattr(function, ATTRIBUTE, None)
    return case if isinstance(case, Case) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCase:
    """A case read from its source, without importing it.

    Attributes:
        facts: the literal arguments of `@testcase`.
        function: name of the function.
        doc: its docstring.
        steps: its planned steps, in source order.
        path, line: where it stands.
    """

    facts: Mapping[str, Any]
    function: str
    doc: str
    path: Path
    line: int
    steps: tuple[PlannedStep, ...] = field(default=())


@lru_cache(maxsize=512)
def read_cases(path: Path) -> tuple[SourceCase, ...]:
    """Read the cases of one file, each file parsed once.

    Raises:
        CaseError: a step or a fact is not a literal, so that the plan would be silently incomplete.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    cases: list[SourceCase] = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        cases.extend(
            _source_case(path, node, decorator)
            for decorator in node.decorator_list
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "testcase"
        )
    return tuple(cases)


def steps_of(path: Path, function: str) -> tuple[PlannedStep, ...]:
    """Give the planned steps of one function of a file."""
    return next((case.steps for case in read_cases(path) if case.function == function), ())


@lru_cache(maxsize=4096)
def find_function(case: str, version: str) -> tuple[Callable[..., None], Path]:
    """Import a case; gives its function and the file in which it stands.

    Raises:
        CaseError: there is no such case for that version.
    """
    root = cases_root()
    for path in sorted(root.rglob("test_*.py")):
        for source in read_cases(path):
            if source.facts.get("id") == case and version in source.facts.get("versions", ("1.6",)):
                module = import_module(".".join((_package(root), *path.relative_to(root).with_suffix("").parts)))
                function: Callable[..., None] = getattr(module, source.function)
                return function, path
    raise CaseError(f"there is no case {case} for OCPP {version}; `ocpp-tck plan` lists them")


def _package(root: Path) -> str:
    """Give the package that the folder of the cases is, making it importable in a checkout."""
    if root.parent.name == "ocpp_tck":
        return "ocpp_tck.testcases"
    if str(root.parent) not in sys.path:
        sys.path.append(str(root.parent))
    return root.name


def _source_case(path: Path, node: ast.FunctionDef, decorator: ast.Call) -> SourceCase:
    names = ("id", "title")
    facts = {name: _literal(path, value) for name, value in zip(names, decorator.args, strict=False)}
    facts |= {keyword.arg or "": _literal(path, keyword.value) for keyword in decorator.keywords}
    steps = []
    for item in sorted((n for n in ast.walk(node) if isinstance(n, ast.With)), key=lambda n: n.lineno):
        for context in item.items:
            call = context.context_expr
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "step":
                steps.append(_planned(path, call))
    return SourceCase(
        facts=facts,
        function=node.name,
        doc=ast.get_docstring(node) or "",
        path=path,
        line=node.lineno,
        steps=tuple(steps),
    )


def _planned(path: Path, call: ast.Call) -> PlannedStep:
    values = {name: _literal(path, value) for name, value in zip(("n", "text"), call.args, strict=False)}
    values |= {keyword.arg or "": _literal(path, keyword.value) for keyword in call.keywords}
    try:
        return PlannedStep(**values)
    except TypeError as error:
        raise CaseError(f"{path}:{call.lineno}: step(): {error}") from None


def _literal(path: Path, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise CaseError(
            f"{path}:{node.lineno}: facts and steps of a case are literals, so that the plan can be read without "
            f"running it; found {ast.unparse(node)}"
        ) from None


def cases_root() -> Path:
    """Give the folder of the test cases: beside the package's modules in a wheel, its sibling in a checkout.

    Raises:
        CaseError: there is none.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / "testcases", here.parent / "testcases"):
        if (candidate / "catalogue.csv").is_file():
            return candidate
    raise CaseError(f"no test cases beside {here}: reinstall ocpp-tck")
