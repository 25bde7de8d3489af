import hashlib
import json
import os
from types import MappingProxyType

import pytest

from ocpp_tck.evidence.manifest import MANIFEST, Entry, ManifestError, check_manifest, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "sub" / "b.bin").write_bytes(b"\x00\xff")
    (tmp_path / "attestation.json").write_text("{}")
    return tmp_path


def test_it_has_every_file_but_itself_and_the_attestation(folder):
    written = write_manifest(folder, {"kit_version": "1"})
    assert list(written.files) == ["a.txt", "sub/b.bin"]
    assert written.files["a.txt"].size == 3
    assert read_manifest(folder) == written
    assert check_manifest(folder, written) == []
    first = (folder / MANIFEST).read_bytes()
    write_manifest(folder, {"kit_version": "1"})
    assert (folder / MANIFEST).read_bytes() == first


def test_it_is_written_as_it_is_documented(folder):
    facts = MappingProxyType({"seed": 7, "totals": MappingProxyType({"pass": 1})})
    (folder / "a.txt").write_text("")
    (folder / "sub" / "b.bin").unlink()
    assert write_manifest(folder, facts).facts == facts
    empty = hashlib.sha256(b"").hexdigest()
    assert (folder / MANIFEST).read_text() == (
        "{\n"
        ' "format": 1,\n'
        ' "facts": {\n'
        '  "seed": 7,\n'
        '  "totals": {\n'
        '   "pass": 1\n'
        "  }\n"
        " },\n"
        ' "files": {\n'
        '  "a.txt": {\n'
        '   "size": 0,\n'
        f'   "sha256": "{empty}"\n'
        "  }\n"
        " }\n"
        "}\n"
    )
    assert read_manifest(folder).files == {"a.txt": Entry(0, empty)}


def test_what_differs_is_named(folder):
    manifest = write_manifest(folder, {})
    (folder / "a.txt").write_text("onE")
    (folder / "sub" / "b.bin").unlink()
    (folder / "sub" / "c").write_text("new")
    changed, missing, added = check_manifest(folder, manifest)
    new, old = (hashlib.sha256(text).hexdigest()[:12] for text in (b"onE", b"one"))
    assert changed == (
        f"a.txt: was changed after the run: 3 bytes with SHA-256 {new}…, manifest.json has 3 bytes with {old}…"
    )
    assert missing == "sub/b.bin: is in manifest.json but not in the folder"
    assert added.startswith("sub/c: was added after the run")


def test_a_link_is_no_file_of_a_run(folder):
    manifest = write_manifest(folder, {})
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(folder / "sub" / "b.bin")
    assert check_manifest(folder, manifest) == ["a.txt: is no plain file any more"]
    with pytest.raises(ManifestError, match=r"a\.txt: is no plain file"):
        write_manifest(folder, {})


def test_without_a_manifest_there_is_none(tmp_path):
    assert read_manifest(tmp_path) is None


GOOD = {"format": 1, "facts": {}, "files": {"a": {"size": 1, "sha256": "0" * 64}}}


def with_file(name="a", **fields):
    return {**GOOD, "files": {name: {**GOOD["files"]["a"], **fields}}}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 100_000,
        json.dumps({**GOOD, "more": 1}),
        json.dumps({**GOOD, "facts": []}),
        json.dumps({**GOOD, "files": []}),
        json.dumps(with_file(size=-1)),
        json.dumps(with_file(size=True)),
        json.dumps(with_file(sha256="0" * 63)),
        json.dumps(with_file(sha256=1)),
        json.dumps(with_file(more=1)),
        *(json.dumps(with_file(name)) for name in ("../a", "/a", "a/../b", "a//b", "", ".", "a\\b", MANIFEST)),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(ManifestError, match="is no manifest of this kit"):
        read_manifest(tmp_path)


def test_a_later_format_is_refused(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps({**GOOD, "format": 2}))
    with pytest.raises(ManifestError, match="has the format 2; read it with the kit that wrote it"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_a_folder_is_named(tmp_path):
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(ManifestError, match="can't be read"):
        read_manifest(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="no such files there")
def test_a_file_that_vanishes_meanwhile_is_named(folder, monkeypatch):
    manifest = write_manifest(folder, {})

    def gone(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("ocpp_tck.evidence.manifest._entry", gone)
    with pytest.raises(ManifestError, match=r"a\.txt: can't be read: Permission denied"):
        check_manifest(folder, manifest)
    with pytest.raises(ManifestError, match=r"a\.txt: Permission denied"):
        write_manifest(folder, {})


def test_an_entry_is_a_size_and_a_digest():
    assert Entry(1, "a") == Entry(1, "a")
