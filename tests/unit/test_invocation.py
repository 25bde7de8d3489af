"""What a run was told, read and checked before anything begins."""

import pytest

from ocpp_tck.evidence.journal import JournalError
from ocpp_tck.invocation import InvocationError, read_invocation
from ocpp_tck.opening import OpeningError, make_run
from ocpp_tck.progress import Waits

FILE = """seed = 5
[sut]
role = "csms"
version = "1.6"
vendor = "Acme"
[connection]
url = "ws://127.0.0.1:9/ocpp"
[[connection.stations]]
id = "CP1"
[[connection.stations]]
id = "CP2"
"""


@pytest.fixture
def read(tmp_path):
    """Read an invocation with these options over the defaults of the kit."""
    path = tmp_path / "ocpp-tck.toml"
    path.write_text(FILE, encoding="utf-8")

    def read(told=None, **options):
        given = {"--ocpp-config": str(path), "--ocpp-retry": 0, "--ocpp-certify": False}
        given |= {name: [] for name in ("--ocpp-case", "--ocpp-profile", "--ocpp-only")}
        given |= {f"--ocpp-{name.replace('_', '-')}": value for name, value in options.items() if name != "n"}
        return read_invocation(
            lambda name, default=None: options.get("n") if name == "numprocesses" else given.get(name, default),
            told or {},
        )

    return read


def test_the_file_and_the_options_over_it(read):
    told = read(version="2.0.1", case=["TC_003_CS"], retry=2)
    assert (told.settings.sut.version, told.settings.seed, told.campaign.retries) == ("2.0.1", 5, 2)
    assert (told.is_main, told.controls, told.earlier, told.known) == (True, False, None, ())
    assert told.header().startswith("ocpp-tck: Acme  as csms, OCPP 2.0.1, seed 5, reports/")
    assert read(seed=0).settings.seed == 0


def test_a_worker_is_told_where_and_with_which_seed(read, tmp_path):
    first = read(seed=7, report_dir=str(tmp_path / "here"), n=2)
    assert first.controls
    worker = read({"workerid": "gw1", **first.for_worker()}, n=2)
    assert (worker.settings.seed, worker.folder, worker.worker) == (7, tmp_path / "here", "gw1")
    assert not worker.controls
    assert not worker.is_main


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"config": "nowhere.toml"}, "nowhere.toml"),
        ({"n": 3}, "3 workers need as many [[connection.stations]]; the configuration has 2"),
        ({"resume": "a", "report_dir": "b"}, "leave --ocpp-report-dir out"),
        ({"resume": "nowhere"}, "--ocpp-resume: nowhere: no journal"),
        ({"known_failures": "nowhere.toml"}, "nowhere.toml"),
        ({"sign_key": "nowhere.pem"}, "--ocpp-sign-key: nowhere.pem"),
        ({"only": ["failed"]}, "--only"),
    ],
)
def test_what_can_not_be_used_is_named(read, options, text):
    with pytest.raises(InvocationError) as refused:
        read(**options)
    assert text in str(refused.value)


def test_a_damaged_journal_is_not_the_users_fault(read, tmp_path):
    (tmp_path / "journal-main.jsonl").write_text("no record\nnor this\n", encoding="utf-8")
    with pytest.raises(JournalError):
        read(resume=str(tmp_path))


def test_a_run_needs_an_identity_and_a_folder(read, tmp_path):
    third = read({"workerid": "gw2", "ocpp_seed": 1, "ocpp_folder": str(tmp_path)})
    with pytest.raises(OpeningError, match="3 workers need as many"):
        make_run(third, third.campaign, Waits(), None)
    (tmp_path / "file").touch()
    nowhere = read(report_dir=str(tmp_path / "file"))
    with pytest.raises(OpeningError, match="--ocpp-report-dir: "):
        make_run(nowhere, nowhere.campaign, Waits(), None)
