"""The journal: append-only JSON Lines, one record a line, hash-chained.

A line is `{"seq":1,"prev":"<sha256>","kind":"frame",…,"hash":"<sha256>"}`. `hash` is the SHA-256 of the line's own
bytes up to the `,"hash":"…"}` that ends it; `prev` is the hash of the line before, 64 zeros in the first line. So a
changed, missing or inserted line is seen without knowing anything about the record in it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ocpp_tck.evidence.records import RECORDS, Record

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where two runs in one folder are not noticed
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST = "0" * 64
"""`prev` of the first line."""

RECORDED = 65_536
"""Characters of one text of a record. A longer one, such as a frame of a megabyte, keeps its two ends, and says how
much is missing and the SHA-256 of the whole (as UTF-8, after masking): the journal of a hostile product stays small."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of the errors that say that there is no room."""

_SEAL = re.compile(rb',"hash":"([0-9a-f]{64})"\}\Z')
_MEND = "use the journal as the run left it, or run the cases again"


class JournalError(Exception):
    """The journal cannot be written or opened; the message names the file and the mend."""


class JournalBusy(JournalError):
    """Another process is still writing the journal."""


class JournalDamaged(JournalError):
    """The journal is not what the kit wrote; the message names file and line and what to do."""


class Masks(Protocol):
    """What the journal needs of a redactor."""

    def redact(self, record: Record) -> Record:
        """Give the record with secrets masked."""


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A journal as read.

    Attributes:
        path: the file.
        records: its records in order.
        torn: True when the last line is incomplete: the run was killed while writing it.
        head: hash of the last complete line, 64 zeros for an empty journal.
        size: bytes of the complete lines.
        sha256: hash of the file as it is, an incomplete last line included.
    """

    path: Path
    records: tuple[Record, ...]
    torn: bool
    head: str
    size: int
    sha256: str = ""


class Journal:
    """Writes the records of one worker. Safe to use from several threads.

    Each record reaches the operating system before `write` returns, so that a killed process loses none. A record that
    could not be written ends the journal: what came before it stays sound, and nothing is written after a gap.

    Args:
        path: the file; its folder is created.
        redactor: masks each record before it is written; None writes records as they are.
        resume: go on with an existing journal (an incomplete last line is cut off). Without it an existing journal
            is refused.
        on_record: is told each record, masked, once it is written, in their order; it must neither wait nor raise.

    Attributes:
        failure: why no more can be written; empty while all is well.
        last: the last record of the journal that is resumed, None for a new one.

    Raises:
        JournalError: the file exists already, or cannot be opened.
        JournalBusy: another process is still writing it.
        JournalDamaged: the journal to be resumed is damaged.
    """

    def __init__(
        self,
        path: Path | str,
        redactor: Masks | None = None,
        *,
        resume: bool = False,
        on_record: Callable[[Record], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self._on_record = on_record
        self._redactor = redactor
        self._lock = threading.Lock()
        self._seq = 0
        self._prev = FIRST
        self._size = 0
        self._frames = 0
        self._pending: tuple[int, str] | None = None
        self.failure = ""
        self.last: Record | None = None
        self._file: int | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._begin(self._file, resume=resume)
        except OSError as problem:
            self.close_file()
            mend = "make room there, or choose another report folder"
            raise JournalError(f"{self.path}: cannot write the journal: {_reason(problem)}; {mend}") from problem
        except JournalError:
            self.close_file()
            raise

    def _begin(self, file: int, *, resume: bool) -> None:
        _lock(file, self.path)
        exists = os.fstat(file).st_size > 0
        if exists and not resume:
            raise JournalError(f"{self.path}: a journal of an earlier run is there; choose another report folder")
        if exists:
            self._continue(read_journal(self.path))
            os.ftruncate(file, self._size)

    def _continue(self, earlier: JournalFile) -> None:
        self._seq = len(earlier.records)
        self._prev = earlier.head
        self._size = earlier.size
        self.last = earlier.records[-1] if earlier.records else None
        self._frames = max((getattr(record, "n", 0) for record in earlier.records if record.kind == "frame"), default=0)

    def next_frame(self) -> int:
        """Give the number for the next frame of this journal, from 1 on."""
        with self._lock:
            self._frames += 1
            return self._frames

    def write(self, record: Record) -> None:
        """Append a record.

        Raises:
            JournalError: the journal is closed or was deleted, the disk is full, or the record holds something that is
                not JSON.
        """
        with self._lock:
            if self.failure:
                raise JournalError(self.failure)
            masked = self._redactor.redact(record) if self._redactor else record
            line, digest = self._seal(masked)
            if self._file is None:
                raise JournalError(f"{self.path}: the journal is closed; a {record.kind} record came too late")
            found = os.fstat(self._file)
            if found.st_nlink == 0:
                raise JournalError(self._fail("it was deleted during the run, and its evidence with it; run again"))
            if found.st_size != self._size:  # Ctrl-C came in the middle of the write before
                self._settle(self._file, found.st_size)
                line, digest = self._seal(masked)
            self._pending = (len(line), digest)
            try:
                _write_all(self._file, line)
            except OSError as problem:
                self._cut(self._file)
                raise JournalError(self._fail(f"{_reason(problem)}; {self._mend(problem)}")) from problem
            self._seq += 1
            self._prev = digest
            self._size += len(line)
            if self._on_record is not None:
                self._on_record(masked)

    def _settle(self, file: int, size: int) -> None:
        """Take an interrupted write for done when its line is whole, and for undone when not."""
        if self._pending is not None and size == self._size + self._pending[0]:
            self._seq, self._prev, self._size = self._seq + 1, self._pending[1], size
        else:
            os.ftruncate(file, self._size)

    def _fail(self, why: str) -> str:
        self.failure = f"{self.path}: cannot write the journal: {why}"
        return self.failure

    def _mend(self, problem: OSError) -> str:
        room = "make room there, then " if problem.errno in _FULL else ""
        return f"what was written before is sound: {room}`ocpp-tck run --resume {self.path.parent}` runs the rest"

    def _seal(self, record: Record) -> tuple[bytes, str]:
        values = {"seq": self._seq + 1, "prev": self._prev, "kind": record.kind}
        values |= {item.name: _bounded(getattr(record, item.name)) for item in fields(record)}
        try:
            text = json.dumps(values, default=_plain, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as problem:
            raise JournalError(f"{self.path}: a {record.kind} record is not plain JSON: {problem}") from problem
        body = text[:-1].encode("ascii")
        digest = hashlib.sha256(body).hexdigest()
        return body + f',"hash":"{digest}"}}\n'.encode("ascii"), digest

    def _cut(self, file: int) -> None:
        """Remove the half-written line, so that what was written before stays a sound journal."""
        try:
            os.ftruncate(file, self._size)
        except OSError:
            self.close_file()

    def close_file(self) -> None:
        """Close the file; a second time does nothing. `write` refuses from then on."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """End the journal; a second time does nothing."""
        with self._lock:
            self.close_file()


def _bounded(value: Any) -> Any:
    """Cut texts that are longer than `RECORDED`, at any depth."""
    if isinstance(value, str):
        return value if len(value) <= RECORDED else _cut_text(value)
    if isinstance(value, Mapping):
        return {name: _bounded(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bounded(member) for member in value]
    return value


def _cut_text(text: str) -> str:
    half = RECORDED // 2
    whole = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    left_out = len(text) - 2 * half
    return f"{text[:half]} … {left_out} of {len(text)} characters are not recorded, SHA-256 {whole} … {text[-half:]}"


def _lock(file: int, path: Path) -> None:
    """Keep a second process from writing the same journal; the lock ends with the process."""
    if fcntl is None:  # pragma: no cover - as above
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalBusy(f"{path}: another process is still writing this journal; end it, then try again") from None
    except OSError:  # a file system without locks
        return


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _plain(value: object) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)


def read(path: Path | str) -> Iterator[Record]:
    """Give the records of a journal one by one; an incomplete last line is left out.

    Raises:
        JournalDamaged: at the first line that is not what the kit wrote.
    """
    for record, _ in _lines(Path(path)):
        yield record


def read_records(path: Path | str) -> list[Record]:
    """Give all records of a journal; as `read`."""
    return list(read(path))


def read_journal(path: Path | str) -> JournalFile:
    """Read a whole journal with what is known about its end; raises as `read`."""
    file = Path(path)
    records: list[Record] = []
    head, size = FIRST, 0
    for record, line in _lines(file):
        records.append(record)
        head = _head(line)
        size += len(line)
    is_torn = size < file.stat().st_size
    with file.open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    return JournalFile(file, tuple(records), torn=is_torn, head=head, size=size, sha256=digest)


def verify(path: Path | str) -> list[str]:
    """List what is wrong with a journal, in words; empty when it is sound and complete."""
    try:
        journal = read_journal(path)
    except JournalDamaged as damage:
        return [str(damage)]
    problems = []
    if journal.torn:
        problems.append(
            f"{path}:{len(journal.records) + 1}: the last line is incomplete: the run was killed while writing it; "
            "the records before it are sound",
        )
    if not journal.records or journal.records[-1].kind != "run-ended":
        problems.append(f"{path}: the journal has no run-ended record: the run was killed before its end")
    return problems


def _lines(path: Path) -> Iterator[tuple[Record, bytes]]:
    """Give each record with the line it came from; stops before an incomplete last line."""
    prev = FIRST
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                record, prev = _unseal(line[:-1], number, prev, path)
                yield record, line
    except OSError as problem:
        raise JournalDamaged(f"{path}: cannot read the journal: {_reason(problem)}") from problem


def _head(line: bytes) -> str:
    return line[-67:-3].decode("ascii")


_FORMS: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "int | None": (int, type(None)),
    "float": (int, float),
    "bool": bool,
    "Mapping": dict,
    "tuple": list,
}
"""JSON's own types for those that the fields of records are declared as, without what these hold."""


def _unseal(line: bytes, number: int, prev: str, path: Path) -> tuple[Record, str]:
    place = f"{path}:{number}"
    seal = _SEAL.search(line)
    if seal is None:
        raise JournalDamaged(f"{place}: the line has no hash at its end; {_MEND}")
    digest = seal.group(1).decode("ascii")
    if hashlib.sha256(line[: seal.start()]).hexdigest() != digest:
        raise JournalDamaged(f"{place}: the line was changed after the run (its hash differs); {_MEND}")
    try:
        values = json.loads(line)
        seq, before, kind = values.pop("seq"), values.pop("prev"), values.pop("kind")
    except (ValueError, KeyError, AttributeError, RecursionError) as problem:
        raise JournalDamaged(f"{place}: the line is not a record of this kit; {_MEND}") from problem
    if before != prev or seq != number:
        raise JournalDamaged(f"{place}: lines are missing, added or out of order before this one; {_MEND}")
    del values["hash"]
    return _record(kind, values, place), digest


def _record(kind: object, values: dict[str, Any], place: str) -> Record:
    form = RECORDS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise JournalDamaged(f"{place}: unknown kind of record {kind!r}; read it with the kit that wrote it")
    known = {item.name: item for item in fields(form)}
    extra = sorted(values.keys() - known.keys())
    missing = sorted(
        name
        for name, item in known.items()
        if name not in values and item.default is MISSING and item.default_factory is MISSING
    )
    if extra or missing:
        what = f"has unknown fields {extra}" if extra else f"lacks the fields {missing}"
        raise JournalDamaged(f"{place}: the {kind} record {what}; read it with the kit that wrote it")
    for name, value in values.items():
        declared = str(known[name].type)
        if not _fits(declared, value):
            raise JournalDamaged(f"{place}: {name} of the {kind} record is no {declared}; {_MEND}")
        if isinstance(value, list):
            values[name] = tuple(value)
    return form(**values)


def _fits(declared: str, value: object) -> bool:
    """Whether a JSON value is what a field of a record is declared as; what a mapping holds is not looked at."""
    form, _, inner = declared.partition("[")
    if not isinstance(value, _FORMS[form]) or (isinstance(value, bool) and form != "bool"):
        return False
    return not isinstance(value, list) or all(_fits(inner.removesuffix(", ...]"), one) for one in value)
