"""Seals a run: what it was told, the manifest of its files, and the attestation that is signed.

Everything but `config.toml` is a function of the journals, so that who verifies a run writes it again and compares.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ocpp_tck.config_copy import masked_config
from ocpp_tck.evidence.dsse import Envelope, KeyProblem, load_private
from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.manifest import ATTESTATION, write_manifest
from ocpp_tck.evidence.statement import Result, statement
from ocpp_tck.report.known import KEPT
from ocpp_tck.report.model import ANONYMISED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ocpp_tck.evidence.manifest import Manifest
    from ocpp_tck.report.model import ReportModel
    from ocpp_tck.settings import Settings

CONFIG = "config.toml"


class SealError(Exception):
    """The run can't be sealed; the message names the file and the mend."""


def facts_files(model: ReportModel) -> dict[str, str]:
    """Give the files that say what the run was: name and content."""
    run = model.run
    environment = {
        "kit_version": run.kit_version,
        "catalogue_sha256": run.catalogue_sha256,
        "environment": run.environment,
        "seed": run.seed,
        "selection": run.selection,
        "stations": run.stations,
        "workers": run.workers,
    }
    return {"pics.json": _json(run.pics), "environment.json": _json(environment)}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (set, frozenset)) else dict(value)


def seal(
    run_dir: Path, model: ReportModel, key: Ed25519PrivateKey | None = None, product: tuple[str, str] | None = None
) -> Envelope:
    """Write manifest and attestation of a run whose reports are written.

    Args:
        run_dir: its folder.
        model: its report model.
        key: signs the attestation; None leaves it unsigned.
        product: name and SHA-256 of the file of the product, when one is known.

    Raises:
        SealError: a file can't be written.
        ManifestError: a file of the folder can't be read, or is none.
    """
    try:
        for name, text in facts_files(model).items():
            write_whole(run_dir / name, text)
    except OSError as problem:
        raise SealError(_told(problem, run_dir)) from problem
    facts: dict[str, Any] = {
        "kit_version": model.run.kit_version,
        "catalogue_sha256": model.run.catalogue_sha256,
        "sut": dict(model.sut),
    }
    if product is not None:
        facts["product"] = {"name": product[0], "sha256": product[1]}
    return attest(run_dir, write_manifest(run_dir, facts), model, key)


def attest(
    run_dir: Path, manifest: Manifest, model: ReportModel, key: Ed25519PrivateKey | None, signed: Envelope | None = None
) -> Envelope:
    """Write the attestation of a run whose manifest is written.

    Args:
        run_dir: its folder.
        manifest: its manifest.
        model: its report model.
        key: signs it; None leaves it unsigned.
        signed: an attestation with signatures that stay, if it states the same.

    Raises:
        SealError: it can't be written.
    """
    envelope = Envelope(stated(run_dir, manifest, model))
    if signed is not None and signed.payload == envelope.payload:
        envelope = signed
    envelope = envelope.signed(key) if key is not None else envelope
    try:
        write_whole(run_dir / ATTESTATION, envelope.as_json())
    except OSError as problem:
        raise SealError(_told(problem, run_dir)) from problem
    return envelope


def stated(run_dir: Path, manifest: Manifest, model: ReportModel) -> bytes:
    """Give the statement that follows from a run and its manifest."""
    result = Result(
        verdicts=tuple((f"{case.id} ({case.version})", str(case.verdict)) for case in model.cases if case.counts),
        sut=dict(model.sut),
        kit_version=model.run.kit_version,
        product=_product(manifest.facts),
        complete=not set(model.problems) - {ANONYMISED},
        anonymised=model.run.anonymised,
    )
    return statement(run_dir, manifest, result)


def keep_inputs(run_dir: Path, settings: Settings, known_failures: str) -> None:
    """Write into the folder of a run what it was told: the configuration, masked, and the text of the known failures.

    Raises:
        SealError: a file can't be written.
    """
    try:
        write_whole(run_dir / CONFIG, masked_config(settings))
    except OSError as problem:
        raise SealError(_told(problem, run_dir)) from problem
    keep_known(run_dir, known_failures)


def keep_known(run_dir: Path, text: str) -> None:
    """Write the known failures that hold for a run into its folder; an empty text: none do.

    Raises:
        SealError: the file can't be written.
    """
    try:
        if text:
            write_whole(run_dir / KEPT, text)
        else:
            (run_dir / KEPT).unlink(missing_ok=True)
    except OSError as problem:
        raise SealError(_told(problem, run_dir)) from problem


def seal_run(run_dir: Path, model: ReportModel, settings: Settings) -> Envelope:
    """Seal a run as its configuration says.

    Raises:
        SealError: as `seal`, or a key or the file of the product can't be read.
        ManifestError: as `seal`.
    """
    evidence = settings.evidence
    try:
        key = load_private(evidence.signing_key) if evidence.signing_key else None
    except KeyProblem as problem:
        raise SealError(f"the run is not signed: {problem}; `ocpp-tck sign {run_dir} --key FILE` does it") from None
    return seal(run_dir, model, key, digest_of(evidence.product) if evidence.product else None)


def _product(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    product = facts.get("product")
    return (str(product["name"]), str(product["sha256"])) if product else None


def digest_of(path: Path) -> tuple[str, str]:
    """Give name and SHA-256 of the file of a product.

    Raises:
        SealError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return path.name, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise SealError(f"[evidence] product: {path}: can't be read: {problem.strerror}") from problem


def _told(problem: OSError, run_dir: Path) -> str:
    again = f"the journals are whole; `ocpp-tck report {run_dir}` tries again"
    return f"{problem.filename or run_dir}: can't be written: {problem.strerror}; {again}"
