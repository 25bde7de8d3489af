import dataclasses
import io
import os
import stat
import struct
import zipfile
import zlib

import pytest

from ocpp_tck.evidence.archive import BOUNDS, ArchiveError, Bounds, pack, unpack


@pytest.fixture
def folder(tmp_path):
    run = tmp_path / "run"
    (run / "sub").mkdir(parents=True)
    (run / "a.txt").write_text("one")
    (run / "sub" / "b.bin").write_bytes(bytes(range(256)) * 10)
    return run


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_folder_gives_the_same_bytes_and_comes_out_again(folder, tmp_path):
    first = pack(folder, tmp_path / "1.zip")
    os.utime(folder / "a.txt", (1, 1))
    (folder / "a.txt").chmod(0o600)
    assert first.read_bytes() == pack(folder, tmp_path / "2.zip").read_bytes()
    assert tree(unpack(first, tmp_path / "out")) == tree(folder)


def test_packing_never_overwrites_and_never_packs_itself(folder, tmp_path):
    (tmp_path / "there.zip").write_text("")
    with pytest.raises(ArchiveError, match="exists; give another name"):
        pack(folder, tmp_path / "there.zip")
    with pytest.raises(ArchiveError, match="lies in the folder that is packed"):
        pack(folder, folder / "own.zip")
    with pytest.raises(ArchiveError, match="can't be packed"):
        pack(folder, tmp_path / "gone" / "x.zip")


def test_a_link_is_not_packed_and_leaves_nothing(folder, tmp_path):
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(ArchiveError, match="link: can't be packed: is no plain file"):
        pack(folder, tmp_path / "x.zip")
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*part"))


def archive(tmp_path, *members, compression=zipfile.ZIP_DEFLATED):
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content, mode in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = compression
            made.writestr(member, content)
    return path


def refused(path, tmp_path, bounds=BOUNDS):
    with pytest.raises(ArchiveError) as caught:
        unpack(path, tmp_path / "out", bounds)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "/a",
        "a/../../b",
        "a\\b",
        "C:a",
        "a//b",
        "./a",
        "a/./b",
        "x" * 300,
        "a\nb",
        "con.txt",
        "a/LPT1",
        "a.",
        "a ",
    ],
)
def test_a_name_that_no_bundle_has_is_refused(tmp_path, name):
    assert "it is not unpacked" in refused(archive(tmp_path, (name, "", 0)), tmp_path)
    assert not (tmp_path / "out").exists()


def test_an_empty_name_is_refused(tmp_path):
    for name in ("", ".", "/"):
        assert "it is not unpacked" in refused(archive(tmp_path, (name, "", 0)), tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, kind):
    assert "is a link or a device" in refused(archive(tmp_path, ("a", "/etc/passwd", kind | 0o777)), tmp_path)


def test_folders_of_other_packers_are_skipped(tmp_path):
    path = archive(tmp_path, ("a/", "", stat.S_IFDIR | 0o755), ("a/b", "1", 0))
    assert tree(unpack(path, tmp_path / "out")) == {"a/b": b"1"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("a", "a"), "two members are named"),
        (("a", "A"), "two members are named"),
        (("a", "a/b"), "makes a folder of a file"),
        (("a/b", "a"), "makes a folder of a file"),
        (("a/b/c", "A/B"), "makes a folder of a file"),
    ],
)
def test_two_members_for_one_file_are_refused(tmp_path, names, why):
    assert why in refused(archive(tmp_path, *((name, "", 0) for name in names)), tmp_path)


def test_other_compressions_and_encryption_are_refused(tmp_path):
    assert "is compressed in a way" in refused(archive(tmp_path, ("a", "1", 0), compression=zipfile.ZIP_LZMA), tmp_path)
    path = archive(tmp_path, ("a", "1", 0))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in refused(path, tmp_path)


def test_bombs_are_refused_by_number_size_and_ratio(tmp_path):
    many = archive(tmp_path, *((str(number), "", 0) for number in range(5)))
    assert "has 5 members; a bundle has at most 4" in refused(many, tmp_path, Bounds(files=4))
    large = archive(tmp_path, ("a", b"\0" * 5_000_000, 0))
    small = dataclasses.replace(BOUNDS, size=1000)
    assert "zip bomb" in refused(large, tmp_path, small)
    (tmp_path / "out" / "a").unlink()
    (tmp_path / "out").rmdir()
    assert "zip bomb" in refused(large, tmp_path, dataclasses.replace(BOUNDS, free=1000, ratio=10))


def test_a_size_that_lies_does_not_get_more_in(tmp_path):
    path = archive(tmp_path, ("a", b"\0" * 5_000_000, 0))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    path.write_bytes(data)
    assert "damaged" in refused(path, tmp_path) or "bomb" in refused(path, tmp_path)


def test_what_is_no_zip_file_is_refused(tmp_path):
    path = tmp_path / "text.zip"
    path.write_text("nothing")
    assert "is no zip file, or a damaged one" in refused(path, tmp_path)
    assert "can't be unpacked: No such file" in refused(tmp_path / "gone.zip", tmp_path)


def test_a_damaged_member_is_refused(tmp_path, folder):
    path = pack(folder, tmp_path / "x.zip")
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as opened:
        offset = opened.getinfo("sub/b.bin").header_offset + 50
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in refused(path, tmp_path)


def data_of(path, name):
    """Give where the data of a member begin and end."""
    with zipfile.ZipFile(path) as opened:
        member = opened.getinfo(name)
    start = member.header_offset + 30 + len(name)
    return start, start + member.compress_size


def test_data_that_do_not_end_are_found(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("pics.json", "{}")
    raw = bytearray(path.read_bytes())
    raw[data_of(path, "pics.json")[0]] ^= 1  # no longer the last block, which unpacks all the same
    path.write_bytes(raw)
    assert "pics.json was changed" in refused(path, tmp_path)


def test_data_that_go_on_are_found(tmp_path):
    path = tmp_path / "a.zip"
    whole, part = b"x" * 5000, b"x" * 10
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("pics.json", whole)
    lengths = [(len(whole).to_bytes(4, "little"), len(part).to_bytes(4, "little"))]
    lengths += [(zlib.crc32(whole).to_bytes(4, "little"), zlib.crc32(part).to_bytes(4, "little"))]
    raw = path.read_bytes()
    for told, lie in lengths:
        raw = raw.replace(told, lie)
    path.write_bytes(raw)
    assert "pics.json was changed" in refused(path, tmp_path)
