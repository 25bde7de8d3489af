"""Packs the folder of a run into one zip file, and opens such a file safely.

The same folder gives the same bytes, whenever and wherever it is packed with the same zlib. A file that comes from
elsewhere may be hostile: nothing of it is believed before it was checked, and nothing is written outside a new folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_CHUNK = 1 << 20
_LENGTHS = 26
"""Place of the lengths of name and extra field in the header before a member's data."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
"""Names that mean a device on Windows, whatever their suffix."""


class ArchiveError(Exception):
    """A folder can't be packed, or a file is no bundle that may be opened; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a bundle may have at most.

    Attributes:
        files: members.
        size: bytes of all members unpacked.
        ratio: how many times larger than the archive they may be in all, once they are over `free` bytes.
        free: see `ratio`.
        name: characters of a name.
    """

    files: int = 50_000
    size: int = 4 << 30
    ratio: int = 200
    free: int = 64 << 20
    name: int = 240


BOUNDS = Bounds()


def pack(folder: Path, target: Path) -> Path:
    """Write the files below a folder into a zip file; it is there whole or not at all.

    Raises:
        ArchiveError: the file is there already, lies in the folder itself, or can't be written; or the folder has
            something that is no plain file.
    """
    if target.exists():
        raise ArchiveError(f"{target}: exists; give another name")
    if target.resolve().is_relative_to(folder.resolve()):
        raise ArchiveError(f"{target}: lies in the folder that is packed; give a name outside of it")
    part = target.with_name(f".{target.name}.part")
    try:
        _write(folder, part)
        part.replace(target)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise ArchiveError(f"{problem.filename or target}: can't be packed: {problem.strerror or problem}") from problem
    return target


def _write(folder: Path, part: Path) -> None:
    with zipfile.ZipFile(part, "w") as archive:
        for path in sorted(folder.rglob("*")):
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise OSError(0, "is no plain file", str(path))
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
            member.create_system = _UNIX
            member.external_attr = _MODE
            member.compress_type = zipfile.ZIP_DEFLATED
            member.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(member, "w") as copy:
                shutil.copyfileobj(source, copy)


def unpack(archive: Path, folder: Path, bounds: Bounds = BOUNDS) -> Path:
    """Unpack a bundle into a folder that is not there yet; gives the folder.

    Raises:
        ArchiveError: the file is no zip file, is damaged, or has what no bundle has: paths that lead elsewhere, links,
            two members of one name, encryption, or more than the bounds allow.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(archive, opened.infolist(), bounds)
            folder.mkdir(parents=True)
            left = min(bounds.size, max(bounds.free, archive.stat().st_size * bounds.ratio))
            for member in members:
                left -= _unpack(opened, member, folder, left)
    except ArchiveError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as problem:
        raise ArchiveError(f"{archive}: is no zip file, or a damaged one: {problem}") from problem
    except OSError as problem:
        raise ArchiveError(
            f"{problem.filename or archive}: can't be unpacked: {problem.strerror or problem}"
        ) from problem
    return folder


def _checked(archive: Path, members: Iterable[zipfile.ZipInfo], bounds: Bounds) -> list[zipfile.ZipInfo]:
    """Refuse what no bundle has, before anything is written."""
    every = list(members)
    if len(every) > bounds.files:
        raise ArchiveError(f"{archive}: has {len(every)} members; a bundle has at most {bounds.files}")
    files: set[str] = set()
    folders: set[str] = set()
    for member in every:
        name = member.orig_filename
        if why := _wrong(member, bounds):
            raise ArchiveError(f"{archive}: the member {name[: bounds.name]!r} {why}; it is not unpacked")
        if name.endswith("/"):
            continue
        folded = name.casefold()
        parents = {str(parent).casefold() for parent in PurePosixPath(name).parents}
        if folded in files:
            raise ArchiveError(f"{archive}: two members are named {name!r}, or differ in case only; it is not unpacked")
        if folded in folders or parents & files:
            raise ArchiveError(f"{archive}: {name!r} makes a folder of a file; it is not unpacked")
        files.add(folded)
        folders |= parents
    return [member for member in every if not member.orig_filename.endswith("/")]


def _wrong(member: zipfile.ZipInfo, bounds: Bounds) -> str:
    """Say why a member is none of a bundle; empty when it may be one."""
    name = member.orig_filename
    path = PurePosixPath(name)
    is_plain = str(path) == name.removesuffix("/") and name != "."
    kind = stat.S_IFMT(member.external_attr >> 16)
    checks = {
        "has a name that is too long or has control characters": len(name) > bounds.name or not name.isprintable(),
        "has a path that leads out of the folder, or is no plain path": (
            path.is_absolute() or ".." in path.parts or not is_plain or bool({"\\", ":"} & set(name))
        ),
        "has a name that is no file on Windows": any(map(_is_odd, path.parts)),
        "is a link or a device": kind not in {0, stat.S_IFREG, stat.S_IFDIR},
        "is encrypted": bool(member.flag_bits & 0x1),
        "is compressed in a way that no bundle uses": member.compress_type not in _COMPRESSIONS,
    }
    return next((why for why, holds in checks.items() if holds), "")


def _is_odd(part: str) -> bool:
    return part.partition(".")[0].casefold() in _DEVICES or part.endswith((".", " "))


def _unpack(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Unpack one member, `left` bytes at most whatever it says of itself; gives how many it had."""
    target = folder / member.orig_filename
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with opened.open(member) as source, target.open("xb") as copy:
        while chunk := source.read(_CHUNK):
            count += len(chunk)
            if count > left:
                raise ArchiveError(f"{opened.filename}: unpacks to more than a bundle may; it is a zip bomb")
            copy.write(chunk)
    if not _ends(Path(str(opened.filename)), member):
        raise ArchiveError(f"{opened.filename}: {member.orig_filename} was changed: its data do not end where they say")
    return count


def _ends(archive: Path, member: zipfile.ZipInfo) -> bool:
    """Whether the data of a member that unpacks well end with it; `zipfile` is content when enough has come."""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return True
    stream, left, count = zlib.decompressobj(-zlib.MAX_WBITS), member.compress_size, 0
    with archive.open("rb") as file:
        file.seek(member.header_offset + _LENGTHS)
        file.seek(sum(struct.unpack("<HH", file.read(4))), os.SEEK_CUR)
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            count += len(stream.decompress(chunk, member.file_size - count + 1))
            if count > member.file_size:
                return False
    return stream.eof and not stream.unused_data
