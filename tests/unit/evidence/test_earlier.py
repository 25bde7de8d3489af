from types import SimpleNamespace

import pytest

from ocpp_tck.evidence import earlier
from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.earlier import KILLED, Earlier, close_killed, end_early, look_back
from ocpp_tck.evidence.index import INDEX, verify_run, write_index
from ocpp_tck.evidence.journal import Journal, JournalBusy, JournalDamaged, JournalError, read_records


def started(resumed=0, stations=("CP1",)):
    return r.RunStarted(
        time=1.0 + resumed,
        kit_version="1",
        worker="main",
        seed=1,
        sut={},
        limits={},
        test_data={},
        pics={},
        stations=stations,
        catalogue_sha256="",
        environment={},
        resumed=resumed,
    )


def case(name):
    return r.CaseStarted(time=2.0, case=name, title="", version="1.6", sut="cs", profile="", requirements="", node="")


def decided(name, verdict="pass"):
    return r.CaseEnded(time=3.0, case=name, verdict=verdict)


def ended(reason=""):
    return r.RunEnded(time=9.0, reason=reason)


def written(folder, *records, worker="main"):
    journal = Journal(folder / f"journal-{worker}.jsonl", resume=True)
    for record in records:
        journal.write(record)
    journal.close()


def over(folder):
    return sorted(name for name, _, _ in look_back(folder).over)


@pytest.mark.parametrize(
    ("records", "names"),
    [
        ([], []),
        ([case("A")], []),
        ([case("A"), decided("A")], []),  # its teardown may not be over
        ([case("A"), decided("A"), case("B")], ["A"]),
        ([case("A"), case("B")], []),
        ([case("A"), decided("A", "not run"), case("B"), decided("B", "error"), case("C")], ["A", "B"]),
        ([case("A"), decided("A"), ended()], ["A"]),
        ([case("A"), decided("A"), ended("interrupted")], []),
        ([case("A"), ended()], []),
        ([decided("A"), ended()], []),
    ],
)
def test_a_case_is_over_when_it_was_decided_and_something_came_after_it(tmp_path, records, names):
    written(tmp_path, started(), *records)
    assert over(tmp_path) == names


def test_what_was_over_in_any_stretch_stays_over(tmp_path):
    written(tmp_path, started(), case("A"), decided("A"), case("B"), ended(KILLED), worker="gw1")
    written(tmp_path, started(1), case("B"), decided("B"), ended(), worker="gw0")
    written(tmp_path, started(2), case("C"), worker="gw1")
    found = look_back(tmp_path)
    assert sorted(name for name, _, _ in found.over) == ["A", "B"]
    assert [(one.started.resumed, one.journal, one.reason) for one in found.stretches] == [
        (0, "journal-gw1.jsonl", KILLED),
        (1, "journal-gw0.jsonl", ""),
        (2, "journal-gw1.jsonl", KILLED),
    ]
    assert found.resumed == 3
    assert sorted(name for name, _, _ in found.before(1).over) == ["A"]


def test_a_run_killed_before_its_first_record_begins_anew(tmp_path):
    (tmp_path / "journal-main.jsonl").write_bytes(b'{"seq":1')
    assert look_back(tmp_path) == Earlier(())
    assert look_back(tmp_path).resumed == 0


def test_the_stretches_of_a_station(tmp_path):
    written(tmp_path, started(stations=("CP1",)), worker="gw0")
    written(tmp_path, started(stations=("CP2",)), worker="gw1")
    assert [one.journal for one in look_back(tmp_path).of_station("CP2")] == ["journal-gw1.jsonl"]


def test_a_folder_without_journals_is_told(tmp_path):
    with pytest.raises(JournalDamaged, match=r"no journal\*\.jsonl here"):
        look_back(tmp_path)


def test_a_killed_run_gets_its_end(tmp_path):
    written(tmp_path, started(), case("A"), worker="gw0")
    written(tmp_path, started(), ended(), worker="gw1")
    written(tmp_path, started(), case("B"), decided("B"), worker="gw2")
    write_index(tmp_path)
    with (tmp_path / "journal-gw0.jsonl").open("ab") as file:
        file.write(b'{"seq":3,"prev"')
    close_killed(tmp_path)
    assert read_records(tmp_path / "journal-gw0.jsonl")[-1] == r.RunEnded(time=2.0, reason=KILLED)
    assert len(read_records(tmp_path / "journal-gw1.jsonl")) == 2
    assert read_records(tmp_path / "journal-gw2.jsonl")[-1] == r.RunEnded(time=3.0, reason=KILLED)
    assert not (tmp_path / INDEX).exists()
    close_killed(tmp_path)
    assert len(read_records(tmp_path / "journal-gw0.jsonl")) == 3


def test_a_finished_run_keeps_its_index(tmp_path):
    written(tmp_path, started(), ended())
    write_index(tmp_path)
    close_killed(tmp_path)
    assert verify_run(tmp_path) == []


def test_an_empty_journal_stays_empty(tmp_path):
    written(tmp_path)
    close_killed(tmp_path)
    assert read_records(tmp_path / "journal-main.jsonl") == []


def test_a_run_that_still_goes_on_is_left_alone(tmp_path):
    running = Journal(tmp_path / "journal-main.jsonl")
    running.write(started())
    with pytest.raises(JournalBusy, match="another process is still writing"):
        close_killed(tmp_path, patience=0.15)
    running.close()


def test_nobody_waits_unasked(tmp_path, monkeypatch):
    running = Journal(tmp_path / "journal-main.jsonl")
    running.write(started())
    monkeypatch.setattr(
        earlier, "time", SimpleNamespace(monotonic=lambda: 5.0, sleep=lambda _: pytest.fail("it waited"))
    )
    with pytest.raises(JournalBusy):
        close_killed(tmp_path)
    running.close()


def test_its_end_is_waited_for(tmp_path, monkeypatch):
    running = Journal(tmp_path / "journal-main.jsonl")
    running.write(started())
    monkeypatch.setattr("time.sleep", lambda _: running.close())
    close_killed(tmp_path, patience=5.0)
    assert read_records(tmp_path / "journal-main.jsonl")[-1].kind == "run-ended"


def test_an_index_that_cannot_go_is_told(tmp_path):
    written(tmp_path, started())
    (tmp_path / INDEX).mkdir()
    with pytest.raises(JournalError, match=r"journal-index\.json: cannot be removed"):
        close_killed(tmp_path)


def test_a_run_cut_short_says_so_in_the_journals_of_its_last_resumption(tmp_path):
    written(tmp_path, started(), ended(), worker="gw0")
    written(tmp_path, started(1), case("A"), decided("A"), ended(), worker="gw1")
    written(tmp_path, started(1), ended("interrupted"), worker="gw2")
    end_early(tmp_path, "interrupted")
    reasons = [(one.journal, one.reason) for one in look_back(tmp_path).stretches]
    assert reasons == [
        ("journal-gw0.jsonl", ""),
        ("journal-gw1.jsonl", "interrupted"),
        ("journal-gw2.jsonl", "interrupted"),
    ]
    assert read_records(tmp_path / "journal-gw1.jsonl")[-1] == r.RunEnded(time=9.0, reason="interrupted")
    assert over(tmp_path) == ["A"]
