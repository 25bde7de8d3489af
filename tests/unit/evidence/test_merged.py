import json
import shutil

import pytest

from ocpp_tck.evidence.index import write_index
from ocpp_tck.evidence.journal import Journal, JournalDamaged
from ocpp_tck.evidence.merged import MERGE, MergeError, check_copies, copy_runs, gather, merged_runs, verify_merged
from ocpp_tck.evidence.records import Remark, RunEnded


def run(folder, text="hello", *, indexed=True):
    journal = Journal(folder / "journal-main.jsonl")
    journal.write(Remark(time=1.0, text=text))
    journal.write(RunEnded(time=2.0))
    journal.close()
    if indexed:
        write_index(folder)
    return folder


@pytest.fixture
def merged(tmp_path):
    one, two = run(tmp_path / "one"), run(tmp_path / "t w/o", "other", indexed=False)
    copy_runs(gather([one, two]), tmp_path / "both")
    return tmp_path / "both"


def test_the_journals_are_copied_with_their_digests(tmp_path, merged):
    runs = merged_runs(merged)
    assert [(found.name, found.source) for found in runs] == [("01-one", "one"), ("02-o", "o")]
    for found, source in zip(runs, ("one", "t w/o"), strict=True):
        copy = found.folder(merged) / "journal-main.jsonl"
        assert copy.read_bytes() == (tmp_path / source / "journal-main.jsonl").read_bytes()
    assert check_copies(merged, runs) == []
    assert (merged / "runs/01-one/journal-index.json").exists()
    assert not (merged / "runs/02-o/journal-index.json").exists()


def test_the_list_is_written_as_it_is_documented(merged):
    one, two = (run.journals["journal-main.jsonl"] for run in merged_runs(merged))
    expected = [
        {"name": "01-one", "source": "one", "journals": {"journal-main.jsonl": one}},
        {"name": "02-o", "source": "o", "journals": {"journal-main.jsonl": two}},
    ]
    assert (merged / MERGE).read_text() == json.dumps({"format": 1, "runs": expected}, indent=1) + "\n"


def test_odd_names_become_plain_ones(tmp_path):
    source = run(tmp_path / "my run\u202e!")
    (source / "journal-main.jsonl").rename(source / "journal ü.jsonl")
    (found,) = copy_runs([(source, source.name)], tmp_path / "new")
    assert (found.name, list(found.journals)) == ("01-my_run_", ["journal_.jsonl"])
    assert merged_runs(tmp_path / "new") == (found,)


def test_a_folder_of_one_run_is_none_of_several(tmp_path):
    assert merged_runs(run(tmp_path)) is None
    assert verify_merged(tmp_path) == [f"{tmp_path}: no merge.json here; `ocpp-tck merge` makes it"]


def test_a_merged_folder_stands_for_each_of_its_runs(tmp_path, merged):
    assert gather([merged]) == [(merged / "runs/01-one", "one"), (merged / "runs/02-o", "o")]


def test_the_same_run_twice_is_refused(tmp_path, merged):
    with pytest.raises(MergeError, match="is the same run as"):
        gather([tmp_path / "one", merged])


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(MergeError, match=r"no journal\*\.jsonl here"):
        gather([tmp_path])


def test_what_is_there_is_not_overwritten(tmp_path, merged):
    with pytest.raises(MergeError, match="something is there already"):
        copy_runs([(tmp_path / "one", "one")], merged)
    (tmp_path / "empty").mkdir()
    assert copy_runs([(tmp_path / "one", "one")], tmp_path / "empty")


def test_nothing_is_written_into_the_folder_of_a_run(tmp_path):
    one = run(tmp_path / "one")
    with pytest.raises(MergeError, match="lies in the folder of a run"):
        copy_runs([(one, "one")], one / "merged")
    assert not (one / "merged").exists()


def test_a_run_that_was_put_there_later_is_told(merged):
    (merged / "runs" / "03-new").mkdir()
    assert f"{merged / 'runs/03-new'}: was not merged" in verify_merged(merged)


def test_a_folder_that_can_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    target = tmp_path / "file" / "new"
    with pytest.raises(MergeError) as caught:
        copy_runs([(run(tmp_path / "one"), "one")], target)
    assert str(caught.value) == f"{target / 'runs' / '01-one'}: Not a directory; nothing was merged"


def test_what_was_changed_after_the_merge_is_told(merged):
    path = merged / "runs/01-one/journal-main.jsonl"
    path.write_bytes(path.read_bytes().replace(b"hello", b"HELLO"))
    shutil.copy(path, path.with_name("journal-new.jsonl"))
    (merged / "runs/02-o/journal-main.jsonl").unlink()
    assert check_copies(merged, merged_runs(merged)) == [
        f"{path}: changed after the merge",
        f"{path.with_name('journal-new.jsonl')}: the journal was not merged",
        f"{merged / 'runs/02-o/journal-main.jsonl'}: the journal is missing",
    ]


def test_the_evidence_of_each_run_is_verified(merged):
    assert verify_merged(merged) == [
        f"{merged / 'runs/02-o'}: no journal-index.json: the run was killed before its end"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": 1}',
        '{"format": 1, "runs": [{"name": "../../etc", "source": "x", "journals": {}}]}',
        '{"format": 1, "runs": [{"name": ".hidden", "source": "x", "journals": {}}]}',
        '{"format": 1, "runs": [{"name": "a", "source": "x", "journals": {"/etc/passwd": "0"}}]}',
        '{"format": 1, "runs": [{"name": "a", "source": "x", "journals": []}]}',
        '{"format": 1, "runs": 1}',
        '{"format": 1, "runs": [{"name": "", "source": "x", "journals": {}}]}',
        '{"format": 1, "runs": [{"name": "a", "source": "x", "journals": {}}, {"name": "a", "source": "y", "journals": {}}]}',
    ],
)
def test_a_list_that_is_none_is_told(tmp_path, text):
    (tmp_path / MERGE).write_text(text)
    with pytest.raises(JournalDamaged, match="not a list of merged runs; merge them again"):
        merged_runs(tmp_path)


@pytest.mark.parametrize("entries", [{"format": 2, "runs": [1]}, {"format": 1, "runs": []}])
def test_a_list_of_another_format_is_told(tmp_path, entries):
    (tmp_path / MERGE).write_text(json.dumps(entries))
    with pytest.raises(JournalDamaged, match="use the kit that merged them"):
        merged_runs(tmp_path)
