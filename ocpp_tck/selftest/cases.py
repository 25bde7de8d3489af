"""The OCA cases as functions, found beside the kit's modules in a wheel, above them in a checkout."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from ocpp_tck.case import Case, case_of, cases_root, read_cases

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = {"1.6": "v16", "2.0.1": "v20", "2.1": "v20"}
VERSIONS = tuple(FOLDERS)


@cache
def cases_of(sut: str, version: str) -> dict[str, tuple[Case, Callable[..., None]]]:
    """Give the implemented cases of a role and version: facts and function, by OCA id.

    Raises:
        CaseError: the cases are not there, or one can't be read.
    """
    root = cases_root()
    inside = root.parent.name == "ocpp_tck"
    if not inside and str(root.parent) not in sys.path:
        sys.path.insert(0, str(root.parent))
    package = f"{'ocpp_tck.' if inside else ''}{root.name}.{FOLDERS[version]}.{sut}"
    found = {}
    for path in sorted((root / FOLDERS[version] / sut).glob("test_*.py")):
        module = import_module(f"{package}.{path.stem}")
        for source in read_cases(path):
            function = getattr(module, source.function)
            facts = case_of(function)
            if facts is not None and version in facts.versions and facts.status == "implemented":
                found[facts.id] = (facts, function)
    return found
