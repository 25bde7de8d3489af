"""Verifies a run: that its evidence is whole, and that its frames give the verdicts that it reports."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck import __version__
from ocpp_tck.bundle.recompute import Judged, recompute
from ocpp_tck.bundle.seal import facts_files, stated
from ocpp_tck.case import cases_root
from ocpp_tck.evidence.archive import ArchiveError, unpack
from ocpp_tck.evidence.dsse import EnvelopeError, key_id, read_envelope
from ocpp_tck.evidence.index import INDEX, find_journals, read_journals, verify_run
from ocpp_tck.evidence.journal import JournalDamaged
from ocpp_tck.evidence.manifest import ATTESTATION, MANIFEST, ManifestError, check_manifest, read_manifest
from ocpp_tck.evidence.merged import MERGE, RUNS, merged_runs, verify_merged
from ocpp_tck.report.fold import fold
from ocpp_tck.report.known import KEPT, KnownFailuresError
from ocpp_tck.report.write import load_kept, write_reports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ocpp_tck.evidence.dsse import Envelope
    from ocpp_tck.evidence.journal import JournalFile
    from ocpp_tck.evidence.manifest import Manifest
    from ocpp_tck.report.model import ReportModel

UNSIGNED = "not signed"
UNCHECKED = "signed, but no key was given to check it with"
_SHOWN = 120
_FEW = 5
"""What is named one by one where there may be many."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    Attributes:
        problems: what is not whole, one line each, beginning with the file; none when all is.
        notes: what a reader has to know beside that.
        signature: whether it is signed, and by whom.
        cases: every case with what became of its recomputation.
        masked_rules: how many violations were decided on a value that is masked in the journal.
        original: last hashes of the journals that were anonymised; none when these are as the run wrote them.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    signature: str = UNSIGNED
    cases: tuple[Judged, ...] = ()
    masked_rules: int = 0
    original: tuple[str, ...] = ()

    @property
    def agreed(self) -> int:
        """Number of the cases whose frames give the verdict that the journal has."""
        return sum(not (one.difference or one.open) for one in self.cases)

    @property
    def open(self) -> tuple[Judged, ...]:
        """The cases whose verdict the frames alone do not give."""
        return tuple(one for one in self.cases if one.open)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found to be wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "whole": self.is_whole,
            "signature": self.signature,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "cases": len(self.cases),
            "recomputed": self.agreed,
            "not_recomputable": [
                {"journal": one.journal, "case": one.case, "verdict": one.verdict, "why": one.open} for one in self.open
            ],
            "violations_on_masked_values": self.masked_rules,
            "anonymised_from": list(self.original),
        }


def verify(place: Path, key: Ed25519PublicKey | None = None) -> Verified:
    """Verify the folder of a run, or a bundle of it.

    Args:
        place: folder or zip file.
        key: the key by which it must be signed; None leaves a signature unchecked.
    """
    if place.is_dir():
        return _Verifying(place, key).carry_out()
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-verify-") as scratch:
        try:
            folder = unpack(place, Path(scratch) / "bundle")
        except ArchiveError as error:
            return Verified((str(error),))
        return _Verifying(folder, key).carry_out()


@dataclass
class _Verifying:
    """One verification."""

    folder: Path
    key: Ed25519PublicKey | None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def carry_out(self) -> Verified:
        self.problems += [self._named(problem) for problem in self._evidence()]
        manifest = self._manifest()
        try:
            runs = self._runs()
            model = load_kept(self.folder)
        except (JournalDamaged, KnownFailuresError) as damage:
            self.problems += [] if isinstance(damage, JournalDamaged) else [self._named(str(damage))]
            self.notes.append("reports and verdicts were not checked, since what they are made of is damaged")
            return self._done(self._signature(manifest, None))
        same = {name: self._kit(name, fold(journals)) for name, journals in runs.items()}
        self._reports(model, same_kit=all(same.values()))
        self._softened(model)
        signature = self._signature(manifest, model)
        cases = tuple(
            replace(one, journal=f"{name}{one.journal}")
            for name, journals in runs.items()
            for one in recompute(journals, same_kit=same[name])
        )
        self.problems += [f"{one.journal}: {one.case}: {one.difference}" for one in cases if one.difference]
        return replace(
            self._done(signature),
            cases=cases,
            masked_rules=sum(not one.recomputable for case in model.cases for one in case.violations),
            original=_original([journal for journals in runs.values() for journal in journals]),
        )

    def _evidence(self) -> list[str]:
        """Check hash chains and indexes, of one run or of several merged ones."""
        try:
            return verify_run(self.folder) if merged_runs(self.folder) is None else verify_merged(self.folder)
        except JournalDamaged as damage:
            return [str(damage)]

    def _runs(self) -> dict[str, list[JournalFile]]:
        """Read the journals of each run, by what stands before their names in the folder."""
        runs = merged_runs(self.folder)
        if runs is None:
            return {"": read_journals(self.folder)}
        return {f"{RUNS}/{run.name}/": read_journals(run.folder(self.folder)) for run in runs}

    def _softened(self, model: ReportModel) -> None:
        """Say what a file, and not the journals, takes the force of."""
        if known := [case.id for case in model.cases if case.known]:
            named = f"{', '.join(known[:_FEW])}{' and more' if len(known) > _FEW else ''}"
            self.notes.append(f"{KEPT}, which no journal vouches for, has {len(known)} verdict(s) as known: {named}")

    def _done(self, signature: str) -> Verified:
        return Verified(tuple(dict.fromkeys(self.problems)), tuple(self.notes), signature)

    def _named(self, text: str) -> str:
        """Name a file by its path in the folder."""
        return text.replace(f"{self.folder}/", "").replace(f"{self.folder}: ", "")

    def _kit(self, name: str, model: ReportModel) -> bool:
        """Say when this is another kit than the one that has judged; gives whether it is the same."""
        catalogue = hashlib.sha256((cases_root() / "catalogue.csv").read_bytes()).hexdigest()
        what = []
        if model.run.kit_version != __version__:
            what.append(f"ocpp-tck {model.run.kit_version} wrote it, this is {__version__}")
        if model.run.catalogue_sha256 not in {catalogue, ""}:
            what.append("its catalogue of cases is another one")
        if what:
            means = "reports are not compared, and a verdict that comes out otherwise may be due to that"
            where = f"{name}: " if name else ""
            told = f"{' and '.join(what)}: {means}; verify it with the kit that wrote it to be sure"
            self.notes.append(where + told)
        return not what

    def _manifest(self) -> Manifest | None:
        try:
            manifest = read_manifest(self.folder)
            if manifest is None:
                again = "the run was killed, or is of a kit that wrote none; `ocpp-tck report` writes one"
                self.problems.append(f"{MANIFEST}: is not there: {again}")
                return None
            self.problems += check_manifest(self.folder, manifest)
        except ManifestError as error:
            self.problems.append(self._named(str(error)))
            return None
        return manifest

    def _signature(self, manifest: Manifest | None, model: ReportModel | None) -> str:
        """Check the attestation; gives in words whether it is signed."""
        try:
            text = (self.folder / ATTESTATION).read_text(encoding="utf-8")
            envelope = read_envelope(text)
        except FileNotFoundError:
            self.problems.append(f"{ATTESTATION}: is not there; `ocpp-tck report` writes one")
            return UNSIGNED
        except (OSError, ValueError, EnvelopeError) as error:
            self.problems.append(f"{ATTESTATION}: {error if isinstance(error, EnvelopeError) else 'can not be read'}")
            return UNSIGNED
        if envelope.as_json() != text:
            self.problems.append(f"{ATTESTATION}: was changed: it is not written as ocpp-tck writes it")
        if manifest is not None and model is not None and envelope.payload != self._stated(manifest, model):
            self.problems.append(f"{ATTESTATION}: states something else than manifest.json and the journals give")
        return self._signed(envelope)

    def _stated(self, manifest: Manifest, model: ReportModel) -> bytes:
        try:
            return stated(self.folder, manifest, model)
        except (KeyError, TypeError):  # facts that no kit has written
            return b""

    def _signed(self, envelope: Envelope) -> str:
        if self.key is None:
            return UNCHECKED if envelope.signatures else UNSIGNED
        own = key_id(self.key)
        if not envelope.is_signed_by(self.key):
            self.problems.append(f"{ATTESTATION}: is not signed by the given key {own[:16]}…")
            return "not signed by the given key" if envelope.signatures else UNSIGNED
        return f"signed by the given key {own[:16]}…"

    def _reports(self, model: ReportModel, *, same_kit: bool) -> None:
        """Write everything that is a function of the journals again, and compare it byte for byte."""
        if not same_kit:
            return
        with tempfile.TemporaryDirectory(prefix="ocpp-tck-verify-") as scratch:
            again = Path(scratch)
            for path in (*find_journals(self.folder), *(self.folder / name for name in (INDEX, KEPT, MERGE))):
                if path.is_file():
                    shutil.copyfile(path, again / path.name)
            if merged_runs(self.folder) is not None:
                shutil.copytree(self.folder / RUNS, again / RUNS)
            given = set(again.rglob("*"))
            write_reports(again)
            for name, text in facts_files(model).items():
                (again / name).write_text(text, encoding="utf-8", newline="\n")
            made = [path for path in sorted(again.rglob("*")) if path.is_file() and path not in given]
            names = [path.relative_to(again).as_posix() for path in made]
            self.problems += _missing([name for name in names if not (self.folder / name).exists()])
            self.problems += [
                problem
                for path, name in zip(made, names, strict=True)
                if (self.folder / name).exists()
                for problem in _differs(path, self.folder / name, name)
            ]


def _missing(names: list[str]) -> list[str]:
    """Say which reports are not there, in one line where they are many: a killed run has none."""
    if len(names) <= _FEW:
        return [f"{name}: is not there, though the journals give it" for name in names]
    first = ", ".join(sorted(names, key=lambda name: ("/" in name, name))[:_FEW])
    more = f"{first} and {len(names) - _FEW} more are not there, though the journals give them"
    return [f"{more}; `ocpp-tck report` writes them"]


def _differs(made: Path, found: Path, name: str) -> Iterator[str]:
    """Say where a file differs from the one that was made again."""
    try:
        there, wanted = found.read_bytes(), made.read_bytes()
    except OSError as problem:
        yield f"{name}: can't be read: {problem.strerror}"
        return
    if there != wanted:
        pairs = enumerate(zip(there.split(b"\n"), wanted.split(b"\n"), strict=False), 1)
        number, line = next(((at, one) for at, (one, other) in pairs if one != other), (0, b""))
        where = f"line {number}, {line.strip()[:_SHOWN].decode(errors='replace')!r}," if number else "its length"
        yield f"{name}: is not what the journals give: {where} differs"


def _original(journals: Sequence[JournalFile]) -> tuple[str, ...]:
    heads = [getattr(record, "anonymised", "") for journal in journals for record in journal.records]
    return tuple(dict.fromkeys(head for head in heads if head))
