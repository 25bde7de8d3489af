"""`ocpp-tck report`, `verify`, `sign`, `bundle` and `anonymise`: what is made of the evidence of a run."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import click

from ocpp_tck.commands.refusal import Refusal
from ocpp_tck.verdict import EXIT_FAILED, EXIT_KIT_ERROR, EXIT_OK

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
def report(folder: Path) -> None:
    """Write the reports of a run anew from its journals, and seal it anew; signatures that no longer hold go."""
    from ocpp_tck.bundle.reseal import BundleError, write_again  # noqa: PLC0415

    try:
        write_again(folder)
    except BundleError as error:
        raise Refusal(str(error)) from None
    click.echo(f"{folder / 'report.html'}")


@click.command()
@click.argument("place", type=click.Path(exists=True, path_type=Path), metavar="DIR|ZIP")
@click.option("--key", type=_FILE, help="Public key (PEM) by which the run must be signed.")
@click.option("--strict", is_flag=True, help="Not whole also when a verdict could not be recomputed.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(place: Path, key: Path | None, *, strict: bool, as_json: bool) -> None:
    """Check the evidence of a run: hash chains, manifest, signature, reports; and recompute every verdict.

    Exit code 0: whole. 1: not whole. 2: the kit itself failed, or the key can't be read.
    """
    from ocpp_tck.bundle.told import told  # noqa: PLC0415
    from ocpp_tck.bundle.verify import verify as check  # noqa: PLC0415
    from ocpp_tck.evidence.dsse import KeyProblem, load_public  # noqa: PLC0415

    try:
        found = check(place, load_public(key) if key else None)
    except KeyProblem as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(EXIT_KIT_ERROR)
    except Exception:  # noqa: BLE001 - what a damaged run does to the kit says nothing about the run
        click.echo(f"the kit itself failed; please report it:\n{traceback.format_exc()}", err=True)
        sys.exit(EXIT_KIT_ERROR)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=1))
    else:
        for line in told(found, place.name):
            click.echo(line)
    is_good = found.is_whole and not (strict and found.open)
    sys.exit(EXIT_OK if is_good else EXIT_FAILED)


@click.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--key", type=_FILE, help="Private key (Ed25519, PEM) that signs.")
@click.option("--new-key", type=_FILE, help="Make a key in this file, and the public one in FILE.pub.")
def sign(folder: Path | None, key: Path | None, new_key: Path | None) -> None:
    """Sign the attestation of a run, or make a key for it."""
    from ocpp_tck.bundle.reseal import BundleError, sign_run  # noqa: PLC0415
    from ocpp_tck.evidence.dsse import KeyProblem, load_private  # noqa: PLC0415
    from ocpp_tck.evidence.dsse import new_key as make  # noqa: PLC0415

    if (folder is None) is not (key is None) or (folder is None and new_key is None):
        raise click.UsageError("give the folder of a run and --key FILE, or --new-key FILE")
    try:
        if new_key is not None:
            click.echo(f"{new_key}: keep it to yourself; {make(new_key)}: give it to who verifies")
        if folder is not None and key is not None:
            click.echo(f"{folder / 'attestation.json'}: {sign_run(folder, load_private(key))}")
    except (BundleError, KeyProblem) as error:
        raise Refusal(str(error)) from None


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("-o", "--output", "target", type=_FILE, required=True, help="The zip file.")
def bundle(folder: Path, target: Path) -> None:
    """Pack the folder of a run into one zip file; the same folder gives the same bytes."""
    from ocpp_tck.evidence.archive import ArchiveError, pack  # noqa: PLC0415
    from ocpp_tck.evidence.manifest import MANIFEST  # noqa: PLC0415

    if not (folder / MANIFEST).exists():
        raise Refusal(f"{folder}: has no {MANIFEST}; `ocpp-tck report {folder}` writes one")
    try:
        click.echo(f"{pack(folder, target)}")
    except ArchiveError as error:
        raise Refusal(str(error)) from None


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True, help="Folder of the copy.")
@click.option("--vendor", is_flag=True, help="Vendor, model and firmware become pseudonyms too.")
def anonymise(folder: Path, target: Path, *, vendor: bool) -> None:
    """Make a copy of a run that can be shared: ids, tokens, serial numbers and addresses become pseudonyms."""
    from ocpp_tck.bundle.anonymise import AnonymiseError  # noqa: PLC0415
    from ocpp_tck.bundle.anonymise import anonymise as copy  # noqa: PLC0415

    try:
        copy(folder, target, vendor=vendor)
    except AnonymiseError as error:
        raise Refusal(str(error)) from None
    click.echo(f"{target}: look it through before you share it; `ocpp-tck verify {target}` checks it")
