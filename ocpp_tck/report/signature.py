"""Who has signed the evidence of a run, as the envelope beside it says (DSSE, `attestation.json`).

The statement shows what is written there; `ocpp-tck verify` checks whether it holds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.evidence.manifest import ATTESTATION

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Signature:
    """What an envelope says.

    Attributes:
        keys: ids of the keys that signed.
        sha256: hash of the envelope's file.
        problem: why it cannot be read; empty when it can.
    """

    keys: tuple[str, ...]
    sha256: str
    problem: str = ""

    @property
    def line(self) -> str:
        """One line for the first page."""
        if self.problem:
            return f"{ATTESTATION} cannot be read: {self.problem}"
        return (
            f"signed by key {', '.join(self.keys)}; {ATTESTATION} SHA-256 {self.sha256}; check it with ocpp-tck verify"
        )


def read_signature(run_dir: Path) -> Signature | None:
    """Read the envelope in the folder of a run; None when there is none."""
    path = run_dir / ATTESTATION
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        return Signature((), "", problem.strerror or "it cannot be opened")
    digest = hashlib.sha256(content).hexdigest()
    try:
        envelope = json.loads(content)
    except (ValueError, RecursionError):
        return Signature((), digest, "it is not JSON")
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    keys = [one.get("keyid") for one in signatures if isinstance(one, dict)] if isinstance(signatures, list) else []
    if not keys or not all(isinstance(key, str) and key for key in keys):
        return Signature((), digest, "it names no key")
    return Signature(tuple(map(str, keys)), digest)
