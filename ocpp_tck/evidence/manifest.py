"""`manifest.json`: the SHA-256 of every file of a run, so that a changed, missing or added file is seen and named.

The manifest says nothing of itself and of the attestation, which signs it.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ocpp_tck.evidence.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "manifest.json"
"""Name of the manifest in the folder of a run."""
ATTESTATION = "attestation.json"
"""Name of the attestation in the folder of a run."""
FORMAT = 1
_OUTSIDE = frozenset({MANIFEST, ATTESTATION})
_DIGEST = re.compile(r"[0-9a-f]{64}")
_AGAIN = "`ocpp-tck report` writes a new one"


class ManifestError(Exception):
    """The manifest can't be written, or is none; the message names the file and the mend."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its size in bytes and the SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says.

    Attributes:
        facts: of the run: version of the kit, hash of the catalogue and the like.
        files: the entries by path, relative to the folder, with `/`.
    """

    facts: Mapping[str, Any]
    files: Mapping[str, Entry]


def write_manifest(run_dir: Path, facts: Mapping[str, Any]) -> Manifest:
    """Write the manifest of the files that are in a folder now.

    Args:
        run_dir: the folder.
        facts: of the run, plain JSON.

    Raises:
        ManifestError: a file can't be read, is a link or something else than a file, or the manifest can't be written.
    """
    path = run_dir / MANIFEST
    try:
        odd = [name for name, regular in _files(run_dir) if not regular]
        if odd:
            raise ManifestError(f"{run_dir / odd[0]}: is no plain file; a run has none such, take it away")
        files = {name: _entry(run_dir / name) for name, _ in _files(run_dir)}
        content = {
            "format": FORMAT,
            "facts": facts,
            "files": {name: {"size": one.size, "sha256": one.sha256} for name, one in files.items()},
        }
        write_whole(path, json.dumps(content, indent=1, default=dict) + "\n")
    except OSError as problem:
        raise ManifestError(f"{problem.filename or path}: {problem.strerror}; {_AGAIN}") from problem
    return Manifest(dict(facts), files)


def read_manifest(run_dir: Path) -> Manifest | None:
    """Read the manifest; None when there is none.

    Raises:
        ManifestError: it is none, or can't be read.
    """
    path = run_dir / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ManifestError(f"{path}: has the format {content['format']!r}; read it with the kit that wrote it")
        facts, files = content["facts"], content["files"]
        if isinstance(facts, Mapping) and content.keys() == {"format", "facts", "files"}:
            return Manifest(facts, {_inside(name): _read_entry(one) for name, one in files.items()})
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ManifestError(f"{path}: can't be read: {problem.strerror}") from problem
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise ManifestError(f"{path}: is no manifest of this kit, or was changed after the run")


def check_manifest(run_dir: Path, manifest: Manifest) -> list[str]:
    """List what differs from the manifest, in words; empty when every file is there, as it was, and no other one.

    Raises:
        ManifestError: a file can't be read.
    """
    problems = []
    try:
        found = dict(_files(run_dir))
        for name, entry in manifest.files.items():
            regular = found.pop(name, None)
            if regular is None:
                problems.append(f"{name}: is in {MANIFEST} but not in the folder")
            elif not regular:
                problems.append(f"{name}: is no plain file any more")
            elif (now := _entry(run_dir / name)) != entry:
                problems.append(
                    f"{name}: was changed after the run: {now.size} bytes with SHA-256 {now.sha256[:12]}…, "
                    f"{MANIFEST} has {entry.size} bytes with {entry.sha256[:12]}…"
                )
    except OSError as problem:
        raise ManifestError(f"{problem.filename}: can't be read: {problem.strerror}") from problem
    problems += [f"{name}: was added after the run: {MANIFEST} does not have it" for name in found]
    return problems


def _files(folder: Path) -> Iterator[tuple[str, bool]]:
    """Give every file below a folder that the manifest is about, and whether it is a plain file, in order."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode) and name not in _OUTSIDE:
            yield name, stat.S_ISREG(mode)


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Entry(file.tell(), digest.hexdigest())


def _inside(name: str) -> str:
    """Give a path that stays inside the folder, in its one spelling."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name or name in {*_OUTSIDE, "."}:
        raise ValueError(name)
    return name


def _read_entry(value: Any) -> Entry:
    size, digest = value["size"], value["sha256"]
    if value.keys() != {"size", "sha256"} or type(size) is not int or size < 0 or not _DIGEST.fullmatch(digest):
        raise ValueError(value)
    return Entry(size, digest)
