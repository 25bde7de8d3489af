import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import MappingProxyType

import pytest

from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.files import write_whole
from ocpp_tck.evidence.index import INDEX, find_journals, read_index, read_journals, verify_run, write_index
from ocpp_tck.evidence.journal import (
    RECORDED,
    Journal,
    JournalBusy,
    JournalDamaged,
    JournalError,
    read,
    read_journal,
    read_records,
    verify,
)
from ocpp_tck.evidence.redaction import Redactor


def frame(n=1, raw="[2]"):
    return r.Frame(time=1.5, n=n, connection="c1", station="CP1", sender="product", raw=raw)


def ended():
    return r.RunEnded(time=9.0)


def reseal(line: dict) -> bytes:
    body = json.dumps(line, separators=(",", ":"))[:-1].encode()
    return body + f',"hash":"{hashlib.sha256(body).hexdigest()}"}}\n'.encode()


def resealed(line: bytes, **values) -> bytes:
    seen = json.loads(line) | values
    del seen["hash"]
    return reseal(seen)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "journal.jsonl"


def written(path, *records):
    journal = Journal(path)
    for record in records:
        journal.write(record)
    journal.close()
    return path


def test_every_kind_of_record_comes_back_as_it_was(path):
    everything = [
        r.RunStarted(
            time=0.1,
            kit_version="1",
            worker="main",
            seed=3,
            sut={"role": "cs"},
            limits={"response": 1.0},
            test_data={"a": [1, {"b": None}]},
            pics={"C-1": True},
            stations=("CP1", "CP2"),
            catalogue_sha256="x",
            environment={},
            specification=("OCPP 1.6 edition 2",),
            scope={"Core": {"implemented": ["TC_1"]}},
        ),
        r.CaseStarted(
            time=1,
            case="TC_1",
            title="t",
            version="1.6",
            sut="cs",
            profile="Core",
            requirements="",
            node="n",
            plan=({"n": "1", "text": "x"},),
        ),
        r.StepStarted(time=1, index=1, n="1", text="x"),
        r.ConnectionOpened(time=1, connection="c1", station="CP1", offered=("ocpp1.6",), headers={"A": "b"}),
        r.ConnectionRefused(time=1, station="CP1", by="kit", reason="no", offered=("x",)),
        frame(raw='[2,"\\u0000\ud800é"]'),
        r.ViolationFound(time=1, frame=0, sender="kit", rule="a", level="must", message="m", clause="c"),
        r.OperatorAsked(time=1, action="plug", payload={"connector": 1}),
        r.ClockSet(time=1, by=3600.0),
        r.ListeningAgain(time=1, station="CP1"),
        r.OperatorActed(time=1, action="plug", payload={"connector": 1}, driver="http", outcome="done"),
        r.PromptRenewed(time=1, action="plug", payload={"connector": 1}, by="console"),
        r.PromptEnded(time=1, action="plug", payload={"connector": 1}, ending="said", by="terminal"),
        r.Remark(time=1, text="…"),
        r.FileOffered(time=1, number=1, url="http://127.0.0.1/1", direction="download", size=3, sha256="ab" * 32),
        r.FileTransferred(
            time=1, number=1, direction="download", protocol="HTTP", path="/1", complete=False, detail="cut"
        ),
        r.StepEnded(time=2, index=1, n="1", text="x", verdict="pass", frames=(1, 2)),
        r.CaseEnded(time=2, case="TC_1", verdict="pass", frames=(1,)),
        r.ConnectionClosed(time=2, connection="c1", station="CP1", by="product", code=1006),
        ended(),
    ]
    assert {record.kind for record in everything} == set(r.RECORDS)
    assert read_records(written(path, *everything)) == everything
    assert verify(path) == []


def test_a_line_is_as_published(path):
    first, second = written(path, frame(), ended()).read_bytes().splitlines()
    seen, following = json.loads(first), json.loads(second)
    assert (seen["seq"], seen["prev"], seen["kind"], list(seen)[-1]) == (1, "0" * 64, "frame", "hash")
    assert seen["hash"] == hashlib.sha256(first[: first.rindex(b',"hash"')]).hexdigest()
    assert (following["seq"], following["prev"]) == (2, seen["hash"])
    body = f'{{"seq":2,"prev":"{seen["hash"]}","kind":"run-ended","time":9.0,"reason":""'
    assert second == f'{body},"hash":"{hashlib.sha256(body.encode()).hexdigest()}"}}'.encode()


def test_a_journal_is_made_with_its_folders_and_for_the_owner_to_write(tmp_path):
    path = written(tmp_path / "a" / "b" / "journal.jsonl", ended())
    assert stat.S_IMODE(path.stat().st_mode) & ~0o022 == 0o644 & ~0o022
    assert not path.stat().st_mode & (stat.S_IXUSR | stat.S_IWOTH)


@pytest.mark.parametrize("left", [b"", b"x"])
def test_a_file_that_holds_anything_is_of_an_earlier_run(path, left):
    path.parent.mkdir()
    path.write_bytes(left)
    if left:
        with pytest.raises(JournalError, match="a journal of an earlier run is there"):
            Journal(path)
    else:
        assert verify(written(path, ended())) == []


def test_values_that_are_nearly_json_are_written_as_json(path):
    payload = MappingProxyType({"a": {"z", "b"}, "p": Path("x"), "f": frozenset({2, 1})})
    written(path, r.OperatorActed(time=1, action="a", payload=payload, driver="", outcome="done"))
    assert read_records(path)[0].payload == {"a": ["b", "z"], "p": "x", "f": [1, 2]}


@pytest.mark.parametrize(
    ("value", "what"), [(complex(1, 2), r"complex \(1\+2j\)"), (float("nan"), "Out of range float values")]
)
def test_values_that_are_not_json_are_refused_and_the_chain_goes_on(path, value, what):
    journal = Journal(path)
    with pytest.raises(JournalError, match=rf"journal\.jsonl: a operator record is not plain JSON: {what}"):
        journal.write(r.OperatorActed(time=1, action="a", payload={"x": value}, driver="", outcome="done"))
    journal.write(ended())
    journal.close()
    assert verify(path) == []


def test_records_are_masked_before_they_are_written(path):
    journal = Journal(path, Redactor({"TCK-VALID": "valid"}, ["hunter22"]))
    journal.write(frame(raw='[2,"1","Authorize",{"idTag":"TCK-VALID","x":"hunter22"}]'))
    journal.close()
    assert read_records(path)[0].raw == '[2,"1","Authorize",{"idTag":"<token:valid>","x":"***"}]'
    assert b"hunter22" not in path.read_bytes()


def test_an_onlooker_sees_each_record_as_it_was_written_and_none_that_was_not(path):
    seen = []
    journal = Journal(path, Redactor({"TCK-VALID": "valid"}), on_record=seen.append)
    journal.write(frame(raw='[2,"1","Authorize",{"idTag":"TCK-VALID"}]'))
    with pytest.raises(JournalError):
        journal.write(r.OperatorActed(time=1, action="a", payload={"x": object()}, driver="", outcome="done"))
    journal.write(ended())
    journal.close()
    assert seen == read_records(path)
    assert "<token:valid>" in seen[0].raw


def test_threads_write_whole_lines_in_one_chain(path):
    journal = Journal(path)

    def work():
        for _ in range(50):
            journal.write(frame(journal.next_frame()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.write(ended())
    journal.close()
    assert verify(path) == []
    assert sorted(record.n for record in read(path) if record.kind == "frame") == list(range(1, 401))


def test_a_killed_process_loses_nothing_it_wrote(path):
    script = (
        "import sys, time\nfrom ocpp_tck.evidence.journal import Journal\n"
        "from ocpp_tck.evidence.records import Remark\n"
        "journal = Journal(sys.argv[1])\n"
        "for i in range(20): journal.write(Remark(time=i, text='x' * 100))\n"
        "print('written', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert len(read_records(path)) == 20
    assert verify(path) == [f"{path}: the journal has no run-ended record: the run was killed before its end"]


def test_a_torn_last_line_is_tolerated_and_said(path):
    written(path, frame(), frame(2))
    path.write_bytes(path.read_bytes()[:-30])
    journal = read_journal(path)
    assert (len(journal.records), journal.torn) == (1, True)
    assert journal.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_records(path) == [frame()]
    torn, unfinished = verify(path)
    assert torn == (
        f"{path}:2: the last line is incomplete: the run was killed while writing it; the records before it are sound"
    )
    assert "killed" in unfinished


def test_a_journal_is_continued_where_it_was_torn(path):
    written(path, frame(1), frame(2), r.Remark(time=1, text="half"))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(JournalError, match="choose another report folder"):
        Journal(path)
    journal = Journal(path, resume=True)
    assert journal.next_frame() == 3
    journal.write(ended())
    journal.close()
    assert verify(path) == []
    assert [record.kind for record in read(path)] == ["frame", "frame", "run-ended"]


def test_a_journal_killed_in_its_first_record_begins_anew(path):
    written(path, frame())
    path.write_bytes(path.read_bytes()[:-5])
    journal = Journal(path, resume=True)
    assert journal.last is None
    journal.write(ended())
    journal.close()
    assert read_records(path) == [ended()]
    assert verify(path) == []


def test_a_journal_that_cannot_be_resumed_is_let_go(path, monkeypatch):
    written(path, frame(), ended())

    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(JournalError, match="cannot write the journal: Input/output error"):
        Journal(path, resume=True)
    monkeypatch.undo()
    Journal(path, resume=True).close()


def test_resume_starts_a_journal_where_there_is_none(path):
    written_by = Journal(path, resume=True)
    assert written_by.next_frame() == 1
    written_by.close()
    written(path.with_name("journal-2.jsonl"), ended())
    resumed = Journal(path.with_name("journal-2.jsonl"), resume=True)
    assert resumed.next_frame() == 1
    resumed.close()
    assert verify(path) == [f"{path}: the journal has no run-ended record: the run was killed before its end"]


def test_a_closed_journal_refuses(path):
    journal = Journal(path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="a frame record came too late"):
        journal.write(frame())


def test_a_full_disk_is_told_and_leaves_a_sound_journal(path, monkeypatch):
    journal = Journal(path)
    journal.write(frame())
    journal.write(frame(2))
    assert journal.failure == ""
    real = os.write

    def half(file, data):
        if len(data) > 20:
            return real(file, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(JournalError, match=r"journal\.jsonl: cannot write the journal: No space left on device"):
        journal.write(frame(3, raw="x" * 100))
    monkeypatch.undo()
    with pytest.raises(JournalError, match=r"make room there, then `ocpp-tck run --resume .*` runs the rest"):
        journal.write(ended())  # a gap in the evidence is worse than its end
    assert "No space left" in journal.failure
    journal.close()
    assert [record.kind for record in read_records(path)] == ["frame", "frame"]
    assert not read_journal(path).torn


def test_a_journal_that_cannot_be_repaired_takes_no_more(path, monkeypatch):
    journal = Journal(path)

    def broken(*_):
        raise OSError("it is gone")

    monkeypatch.setattr(os, "write", broken)
    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(JournalError, match="the journal: it is gone; what was written before is sound: `ocpp"):
        journal.write(frame())
    monkeypatch.undo()
    with pytest.raises(JournalError, match="cannot write the journal"):
        journal.write(frame())


def test_a_deleted_journal_is_noticed(path):
    journal = Journal(path)
    journal.write(frame())
    path.unlink()
    for _ in range(2):
        with pytest.raises(JournalError, match=r"journal\.jsonl: cannot write the journal: it was deleted"):
            journal.write(frame(2))
    journal.close()


@pytest.mark.parametrize("whole", [True, False])
def test_an_interrupted_write_is_done_or_undone(path, monkeypatch, whole):
    """Ctrl-C may come between the write and what the journal notes of it."""
    journal = Journal(path)
    journal.write(frame())
    real = os.write

    def interrupted(file, data):
        real(file, data if whole else data[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.write(frame(2))
    monkeypatch.undo()
    journal.write(ended())
    journal.close()
    assert verify(path) == []
    assert [record.kind for record in read_records(path)] == ["frame", *["frame"] * whole, "run-ended"]


def test_what_nobody_of_the_kit_wrote_is_cut_off(path):
    journal = Journal(path)
    with path.open("ab") as file:
        file.write(b"{}\n")
    journal.write(ended())
    journal.close()
    assert read_records(path) == [ended()]


def test_two_runs_do_not_write_one_journal(path):
    first = Journal(path)
    first.write(frame())
    with pytest.raises(JournalBusy, match=r"journal\.jsonl: another process is still writing this journal"):
        Journal(path, resume=True)
    first.close()
    Journal(path, resume=True).close()


def test_a_file_system_without_locks_does(path, monkeypatch):
    def unable(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unable)
    assert written(path, ended()).exists()


def test_a_journal_that_is_gone_on_with_tells_its_last_record(path):
    written(path, frame(), ended())
    journal = Journal(path, resume=True)
    assert journal.last == ended()
    journal.close()


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "report.json"
    write_whole(target, "old\n")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_whole(target, "new\n")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert target.read_text(encoding="utf-8") == "old\n"


def test_a_file_is_written_as_utf_8_with_the_ends_of_lines_it_has(tmp_path):
    write_whole(tmp_path / "report.md", "§ 4.1\r\nvu\n")
    assert (tmp_path / "report.md").read_bytes() == b"\xc2\xa7 4.1\r\nvu\n"
    write_whole(tmp_path / "report.pdf", b"\xff\n")
    assert (tmp_path / "report.pdf").read_bytes() == b"\xff\n"


def test_a_file_in_a_folder_that_is_gone_is_told(tmp_path):
    target = tmp_path / "gone" / "report.json"
    with pytest.raises(FileNotFoundError, match="No such file or directory") as caught:
        write_whole(target, "new\n")
    assert caught.value.filename == str(target)


def test_an_index_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    written(tmp_path / "journal.jsonl", ended())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(JournalError, match=r"journal-index\.json: cannot write the index of the journals: No space"):
        write_index(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "journal.jsonl"
    with pytest.raises(JournalError) as caught:
        Journal(path)
    mend = "make room there, or choose another report folder"
    assert str(caught.value) == f"{path}: cannot write the journal: File exists; {mend}"


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(JournalDamaged, match="cannot read the journal: No such file"):
        read_records(tmp_path / "journal.jsonl")
    (problem,) = verify(tmp_path / "journal.jsonl")
    assert problem == f"{tmp_path / 'journal.jsonl'}: cannot read the journal: No such file or directory"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [lines[0].replace(b"CP1", b"CP2"), *lines[1:]], r":1: the line was changed"),
        (lambda lines: [lines[0], lines[2]], r":2: lines are missing, added or out of order"),
        (lambda lines: [lines[1], lines[0], lines[2]], r":1: lines are missing, added or out of order"),
        (lambda lines: [lines[0], resealed(lines[1], prev="0" * 64)], r":2: lines are missing"),
        (lambda lines: [lines[0], resealed(lines[1], seq=3)], r":2: lines are missing, added"),
        (lambda lines: [lines[0], b"{}\n", lines[2]], r":2: the line has no hash"),
        (lambda _: [reseal({"seq": 1, "prev": "0" * 64})], r":1: the line is not a record"),
        (lambda _: [reseal({"seq": 1, "prev": "0" * 64, "kind": "later"})], r":1: unknown kind of record 'later'"),
        (lambda _: [reseal({"seq": 1, "prev": "0" * 64, "kind": []})], r":1: unknown kind of record \[\]"),
        (
            lambda _: [reseal({"seq": 1, "prev": "0" * 64, "kind": "remark", "time": 1})],
            r"lacks the fields \['text'\]",
        ),
        (
            lambda _: [reseal({"seq": 1, "prev": "0" * 64, "kind": "run-ended", "time": 1, "x": 1})],
            r"has unknown fields \['x'\]",
        ),
    ],
)
def test_damage_is_named_with_file_and_line(path, damage, message):
    lines = written(path, frame(), frame(2), ended()).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(damage(lines)))
    with pytest.raises(JournalDamaged, match=r"journal\.jsonl" + (message if message[0] == ":" else ".*" + message)):
        read_records(path)
    assert len(verify(path)) == 1


def test_a_list_is_a_tuple_only_where_the_record_has_one(path):
    line = {"seq": 1, "prev": "0" * 64, "kind": "operator", "time": 1, "action": "a", "driver": "", "outcome": "done"}
    path.parent.mkdir()
    path.write_bytes(reseal(line | {"payload": {"a": [1]}}))
    assert read_records(path)[0].payload == {"a": [1]}


def test_the_index_joins_the_journals_of_the_workers(tmp_path):
    for worker in ("gw1", "gw0"):
        written(tmp_path / f"journal-{worker}.jsonl", frame(), ended())
    assert [path.name for path in find_journals(tmp_path)] == ["journal-gw0.jsonl", "journal-gw1.jsonl"]
    assert [len(journal.records) for journal in read_journals(tmp_path)] == [2, 2]
    assert verify_run(tmp_path) == [f"{tmp_path}: no {INDEX}: the run was killed before its end"]
    write_index(tmp_path)
    assert [entry.records for entry in read_index(tmp_path)] == [2, 2]
    heads = [journal.head for journal in read_journals(tmp_path)]
    entries = [{"file": f"journal-gw{n}.jsonl", "records": 2, "head": heads[n]} for n in (0, 1)]
    assert (tmp_path / INDEX).read_text() == json.dumps({"journals": entries}, indent=1) + "\n"
    assert verify_run(tmp_path) == []


def test_the_index_shows_what_a_chain_cannot(tmp_path):
    for worker in ("gw0", "gw1"):
        written(tmp_path / f"journal-{worker}.jsonl", frame(), ended())
    write_index(tmp_path)
    (tmp_path / "journal-gw0.jsonl").rename(tmp_path / "elsewhere.jsonl")
    written(tmp_path / "journal-gw2.jsonl", ended())
    (tmp_path / "journal-gw1.jsonl").unlink()
    written(tmp_path / "journal-gw1.jsonl", ended())
    missing, shortened, added = verify_run(tmp_path)
    assert missing == "journal-gw0.jsonl: the journal is in the index but not in the folder"
    assert "journal-gw1.jsonl: 1 records, but the index knows 2" in shortened
    assert "journal-gw2.jsonl: the journal is not in the index" in added


def test_damage_is_told_before_the_index_is_asked(tmp_path):
    path = written(tmp_path / "journal.jsonl", frame())
    write_index(tmp_path)
    assert verify_run(tmp_path) == verify(path)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"journals":[1]}'])
def test_an_index_that_is_none_is_told(tmp_path, text):
    written(tmp_path / "journal.jsonl", ended())
    (tmp_path / INDEX).write_text(text)
    (problem,) = verify_run(tmp_path)
    assert "not an index of journals; remove it" in problem


def test_a_folder_without_journals_is_told(tmp_path):
    with pytest.raises(JournalDamaged, match=r"no journal\*\.jsonl here"):
        read_journals(tmp_path)
    assert "name the folder of a run" in verify_run(tmp_path)[0]


@pytest.mark.parametrize("size", [RECORDED, RECORDED + 1, 1_000_000])
def test_a_long_text_is_recorded_by_its_ends_its_length_and_its_hash(path, size):
    raw = "<" + "ä" * (size - 2) + ">"
    journal = Journal(path)
    journal.write(frame(raw=raw))
    headers = {"X-Long": raw, "X-Short": "x"}
    journal.write(r.ConnectionOpened(time=1.0, connection="c1", station="CP1", headers=headers, offered=(raw, "a")))
    journal.close()
    first, second = read_records(path)
    for text in (first.raw, second.headers["X-Long"], second.offered[0]):
        if size == RECORDED:
            assert text == raw
            continue
        assert len(text) < RECORDED + 200
        assert (text[0], text[-1]) == ("<", ">")
        assert f"{size - RECORDED} of {size} characters are not recorded" in text
        assert hashlib.sha256(raw.encode()).hexdigest() in text
    assert (second.headers["X-Short"], second.offered[1]) == ("x", "a")


def test_a_long_text_may_hold_half_a_character(path):
    written(path, frame(raw="\ud800" * (RECORDED + 1)))
    whole = hashlib.sha256(b"\xed\xa0\x80" * (RECORDED + 1)).hexdigest()
    assert f"SHA-256 {whole}" in read_records(path)[0].raw


def test_a_secret_is_masked_before_the_text_is_cut(path):
    raw = json.dumps([2, "1", "X", {"password": "s" * RECORDED, "z": "y" * RECORDED}])
    journal = Journal(path, Redactor({}))
    journal.write(frame(raw=raw))
    journal.close()
    text = path.read_text()
    assert "sss" not in text
    assert '\\"***\\"' in text


PROMPT = r.PromptEnded(time=0.0, action="plug", payload={}, ending="came", by="product")
STARTED = r.CaseStarted(
    time=0.0, case="TC_1", title="", version="1.6", sut="cs", profile="", requirements="", node="", station=""
)


@pytest.mark.parametrize(
    ("record", "field", "values", "wrong"),
    [
        (PROMPT, "ending", ("no",), (["came"], 1)),
        (PROMPT, "payload", ({},), ([], "x", None)),
        (frame(), "time", (1, 1.5), ("1", True, None)),
        (frame(), "n", (1,), ("1", 1.5, True, None)),
        (frame(), "malformed", (True,), (1, "true")),
        (STARTED, "security_profile", (0, None), ("1", False, 1.0)),
        (STARTED, "plan", ([], [{}]), ({}, [[]], ["1"])),
        (r.CaseEnded(time=0.0, case="TC_1", verdict="pass"), "frames", ([], [1, 2]), (1, ["1"], [True], [[1]])),
    ],
)
def test_a_forged_value_of_another_type_is_told_at_its_place(path, record, field, values, wrong):
    (line,) = written(path, record).read_bytes().splitlines()
    for value in values:
        path.write_bytes(resealed(line, **{field: value}))
        assert read_records(path)[0].time == (value if field == "time" else record.time)
    for value in wrong:
        path.write_bytes(resealed(line, **{field: value}))
        with pytest.raises(JournalDamaged, match=rf":1: {field} of the {record.kind} record is no .+"):
            read_records(path)
