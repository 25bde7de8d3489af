import dataclasses
import io
import os
import stat
import struct
import tracemalloc
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


def test_a_member_tells_nothing_of_the_machine_that_packed_it(folder, tmp_path):
    (folder / "a.txt").chmod(0o600)
    with zipfile.ZipFile(pack(folder, tmp_path / "1.zip")) as opened:
        members = opened.infolist()
    assert [member.filename for member in members] == ["a.txt", "sub/b.bin"]
    for member in members:
        assert member.date_time == (1980, 1, 1, 0, 0, 0)
        assert (member.create_system, member.compress_type) == (3, zipfile.ZIP_DEFLATED)
        assert member.external_attr == (stat.S_IFREG | 0o644) << 16


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


TOO_LONG = "has a name that is too long or has control characters"
ELSEWHERE = "has a path that leads out of the folder, or is no plain path"
ODD = "has a name that is no file on Windows"


def refused(path, tmp_path, bounds=BOUNDS):
    with pytest.raises(ArchiveError) as caught:
        unpack(path, tmp_path / "out", bounds)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../a", ELSEWHERE),
        ("/a", ELSEWHERE),
        ("a/../../b", ELSEWHERE),
        ("a\\b", ELSEWHERE),
        ("C:a", ELSEWHERE),
        ("a//b", ELSEWHERE),
        ("./a", ELSEWHERE),
        ("a/./b", ELSEWHERE),
        ("", ELSEWHERE),
        (".", ELSEWHERE),
        ("/", ELSEWHERE),
        ("x" * 241, TOO_LONG),
        ("a\nb", TOO_LONG),
        ("con.txt", ODD),
        ("a/LPT1", ODD),
        ("a.", ODD),
        ("a ", ODD),
    ],
)
def test_a_name_that_no_bundle_has_is_refused(tmp_path, name, why):
    path = archive(tmp_path, (name, "", 0))
    assert refused(path, tmp_path) == f"{path}: the member {name[:240]!r} {why}; it is not unpacked"
    assert not (tmp_path / "out").exists()


def test_what_stands_behind_a_folder_is_looked_at_too(tmp_path):
    path = archive(tmp_path, ("a/", "", stat.S_IFDIR | 0o755), ("../b", "1", 0))
    assert ELSEWHERE in refused(path, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, kind):
    path = archive(tmp_path, ("a", "/etc/passwd", kind | 0o777))
    assert refused(path, tmp_path) == f"{path}: the member 'a' is a link or a device; it is not unpacked"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_folders_of_other_packers_are_skipped(tmp_path):
    a_folder = ("a/", "", stat.S_IFDIR | 0o755)
    path = archive(tmp_path, a_folder, ("a/b", "1", 0), a_folder)
    assert tree(unpack(path, tmp_path / "out")) == {"a/b": b"1"}


def test_the_folders_that_are_needed_are_made(tmp_path):
    path = archive(tmp_path, ("a/b/c", "1", 0))
    assert tree(unpack(path, tmp_path / "new" / "out")) == {"a/b/c": b"1"}


def test_a_folder_that_is_there_is_not_written_to(tmp_path):
    (tmp_path / "out").mkdir()
    said = refused(archive(tmp_path, ("a", "1", 0)), tmp_path)
    assert said == f"{tmp_path / 'out'}: can't be unpacked: File exists"
    assert not tree(tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("a", "a"), "two members are named"),
        (("a", "A"), "two members are named"),
        (("a", "a/b"), "makes a folder of a file"),
        (("a/b", "a"), "makes a folder of a file"),
        (("a/b/c", "A/B"), "makes a folder of a file"),
        (("a/b", "c/d", "a"), "makes a folder of a file"),
    ],
)
def test_two_members_for_one_file_are_refused(tmp_path, names, why):
    assert why in refused(archive(tmp_path, *((name, "", 0) for name in names)), tmp_path)


def test_other_compressions_and_encryption_are_refused(tmp_path):
    path = archive(tmp_path, ("a", "1", 0), compression=zipfile.ZIP_LZMA)
    said = refused(path, tmp_path)
    assert said == f"{path}: the member 'a' is compressed in a way that no bundle uses; it is not unpacked"
    path = archive(tmp_path, ("a", "1", 0))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path, tmp_path) == f"{path}: the member 'a' is encrypted; it is not unpacked"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_just_within_the_bounds_is_unpacked(tmp_path, compression):
    name = "n" * 240
    path = archive(tmp_path, (name, b"\0" * 1000, 0), ("b", b"1" * 500, 0), compression=compression)
    bounds = Bounds(files=2, size=1500, free=1)
    assert {key: len(content) for key, content in tree(unpack(path, tmp_path / "in", bounds)).items()} == {
        name: 1000,
        "b": 500,
    }
    said = refused(path, tmp_path, dataclasses.replace(bounds, size=1499))
    assert said == f"{path}: unpacks to more than a bundle may; it is a zip bomb"


def test_a_bomb_is_not_unpacked_into_memory_either(tmp_path):
    path = archive(tmp_path, ("a", b"\0" * 12_000_000, 0))
    tracemalloc.start()
    try:
        assert "zip bomb" in refused(path, tmp_path, dataclasses.replace(BOUNDS, size=2_500_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000


def test_bombs_are_refused_by_number_size_and_ratio(tmp_path):
    many = archive(tmp_path, *((str(number), "", 0) for number in range(5)))
    said = refused(many, tmp_path, Bounds(files=4))
    assert said == f"{many}: has 5 members; a bundle has at most 4"
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


@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_data_that_end_where_they_say_are_unpacked_however_they_are_read(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr("ocpp_tck.evidence.archive._CHUNK", chunk)
    path = tmp_path / "a.zip"
    member = zipfile.ZipInfo("a")
    member.compress_type = zipfile.ZIP_DEFLATED
    member.extra = struct.pack("<HH", 0x9999, 40_000) + bytes(40_000)
    content = bytes(range(256)) * 4
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(member, content)
    assert tree(unpack(path, tmp_path / "out")) == {"a": content}


@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_data_that_go_on_are_found(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr("ocpp_tck.evidence.archive._CHUNK", chunk)
    path = tmp_path / "a.zip"
    whole = bytes((*range(256), *range(0, 88, 2)))  # nothing that is packed together
    part = whole[:10]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("pics.json", whole)
    lengths = [(len(whole).to_bytes(4, "little"), len(part).to_bytes(4, "little"))]
    lengths += [(zlib.crc32(whole).to_bytes(4, "little"), zlib.crc32(part).to_bytes(4, "little"))]
    raw = path.read_bytes()
    for told, lie in lengths:
        raw = raw.replace(told, lie)
    path.write_bytes(raw)
    assert "pics.json was changed" in refused(path, tmp_path)
