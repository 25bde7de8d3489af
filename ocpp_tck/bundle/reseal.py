"""Seals the folder of a run once more: after its reports were written again, or to sign it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.bundle.seal import SealError, attest, seal
from ocpp_tck.evidence.dsse import Envelope, EnvelopeError, key_id, read_envelope
from ocpp_tck.evidence.index import INDEX, find_journals, write_index
from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.evidence.manifest import ATTESTATION, MANIFEST, ManifestError, check_manifest, read_manifest
from ocpp_tck.report.known import KnownFailuresError
from ocpp_tck.report.write import ReportError, load_kept, write_reports

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ocpp_tck.evidence.manifest import Manifest

_PROBLEMS = (JournalError, ReportError, SealError, ManifestError, KnownFailuresError)


class BundleError(Exception):
    """It can't be done; the message names the file and the mend."""


def write_again(folder: Path) -> None:
    """Write the reports of a run from its journals, and seal it.

    Signatures stay when the run still states the same. The product's file is the one that the manifest names.

    Raises:
        BundleError: a file is damaged or can't be written.
    """
    try:
        manifest = _manifest(folder)
        product = manifest.facts.get("product") if manifest is not None else None
        signed = _envelope(folder)
        if find_journals(folder) and not (folder / INDEX).exists():
            write_index(folder)
        model = write_reports(folder)
        seal(folder, model, None, (str(product["name"]), str(product["sha256"])) if product else None)
        fresh = read_manifest(folder)
        if signed is not None and fresh is not None:
            attest(folder, fresh, model, None, signed)
    except _PROBLEMS as error:
        raise BundleError(str(error)) from error


def _manifest(folder: Path) -> Manifest | None:
    """Read the manifest as far as it is one: the new one takes its place."""
    try:
        return read_manifest(folder)
    except ManifestError:
        return None


def sign_run(folder: Path, key: Ed25519PrivateKey) -> str:
    """Sign the attestation of a run; gives in words by which key it is signed.

    Raises:
        BundleError: the folder has no manifest, it is not as the manifest says, or a file can't be written.
    """
    try:
        manifest = read_manifest(folder)
        if manifest is None:
            raise BundleError(f"{folder / MANIFEST}: is not there; `ocpp-tck report {folder}` writes one")
        if problems := check_manifest(folder, manifest):
            raise BundleError(
                f"{folder}: {problems[0]}; what was changed is not signed: see `ocpp-tck verify {folder}`"
            )
        attest(folder, manifest, load_kept(folder), key, _envelope(folder))
    except _PROBLEMS as error:
        raise BundleError(str(error)) from error
    return f"signed by {key_id(key.public_key())}"


def _envelope(folder: Path) -> Envelope | None:
    try:
        return read_envelope((folder / ATTESTATION).read_text(encoding="utf-8"))
    except (OSError, ValueError, EnvelopeError):
        return None
