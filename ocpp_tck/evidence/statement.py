"""The in-toto Statement about a run: what its evidence is, and what came out (test-result predicate v0.1).

The subjects are the manifest, and so every file of the run, each journal, and the file of the product when the
configuration names one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ocpp_tck.evidence.manifest import Manifest

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_LISTS: Mapping[str, str] = {
    "pass": "passedTests",
    "warn": "warnedTests",
    "fail": "failedTests",
    "inconclusive": "inconclusiveTests",
    "error": "kitErrorTests",
    "not run": "notRunTests",
    "not applicable": "notApplicableTests",
}
"""Field of the predicate for each verdict; the last four are fields of this kit beside those of the predicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to.

    Attributes:
        verdicts: of each case that counts: its name and its verdict.
        sut: role, version, vendor and model.
        kit_version: of the kit that has judged.
        product: name and SHA-256 of the product's file, when one is known.
        complete: whether the run came to its end and its evidence is sound.
        anonymised: whether the run was anonymised afterwards.
    """

    verdicts: tuple[tuple[str, str], ...]
    sut: Mapping[str, str]
    kit_version: str
    product: tuple[str, str] | None = None
    complete: bool = True
    anonymised: bool = False


def statement(run_dir: Path, manifest: Manifest, result: Result) -> bytes:
    """Give the statement as JSON: the same run gives the same bytes.

    Args:
        run_dir: the folder, with its manifest written.
        manifest: what that says.
        result: what the run came to.
    """
    digest = hashlib.sha256((run_dir / MANIFEST).read_bytes()).hexdigest()
    subjects = [_resource(MANIFEST, digest)]
    subjects += [_resource(name, one.sha256) for name, one in manifest.files.items() if name.endswith(".jsonl")]
    subjects += [_resource(*result.product)] if result.product else []
    configuration = [
        _resource(name, manifest.files[name].sha256)
        for name in ("config.toml", "pics.json", "environment.json", "known-failures.toml")
        if name in manifest.files
    ]
    configuration.append({"name": "ocpp-tck", "uri": f"pkg:pypi/ocpp-tck@{result.kit_version}"})
    content = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": {
            "result": outcome((verdict for _, verdict in result.verdicts), complete=result.complete),
            "configuration": configuration,
            **{
                field: [name for name, found in result.verdicts if found == verdict]
                for verdict, field in _LISTS.items()
            },
            "sut": dict(result.sut),
            "complete": result.complete,
            **({"anonymised": True} if result.anonymised else {}),
        },
    }
    return json.dumps(content, indent=1).encode()


def _resource(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest}}


def outcome(verdicts: Iterable[str], *, complete: bool = True) -> str:
    """Give the predicate's one word: PASSED when all that was decided passed, WARNED when something was warned of.

    Everything else is FAILED, also a run that is not complete, in which a case is inconclusive, the kit failed, or
    nothing was decided: who reads no more than this word must not take it for a pass.
    """
    seen = set(verdicts) - {"not run", "not applicable"}
    if not complete or not seen or not seen <= {"pass", "warn"}:
        return "FAILED"
    return "WARNED" if "warn" in seen else "PASSED"
