import urllib.error
import urllib.request

import pytest
from stage import stage

from ocpp_tck.net import BackgroundLoop
from ocpp_tck.net.files import Fault, Transfer
from ocpp_tck.roles.files import INVALID, FileDesk, ServedFiles, Wanted
from ocpp_tck.settings import Files
from ocpp_tck.verdict import Failed, NotRun

PATIENCE = 5.0


@pytest.fixture
def scene(tmp_path):
    return stage(tmp_path)


@pytest.fixture
def serving(scene):
    """Give a maker of servers, which end with the test."""
    loop, made = BackgroundLoop(), []

    def make(**settings):
        made.append(ServedFiles(Files(**settings), loop, scene.conversation))
        return made[-1]

    yield make
    for one in made:
        one.close()
    loop.close()


def wanted(what, supported="", fault=Fault.NONE):
    return Wanted(what=what, supported=supported, fault=fault)


def opened(url, data=None, method=None):
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read()


def arrived(scene, count=1):
    """Wait in real time: the servers are real, the clock of the stage is not."""
    conversation = scene.conversation
    files = lambda: [one for one in conversation.events if one.kind == "file"]  # noqa: E731
    with conversation.condition:
        assert conversation.condition.wait_for(lambda: len(files()) >= count, PATIENCE)
        return files()


def test_firmware_is_offered_and_its_fetching_is_evidence(scene, serving, tmp_path):
    (tmp_path / "fw.bin").write_bytes(b"firmware")
    desk = FileDesk(serving(firmware=tmp_path / "fw.bin"), scene.station)
    offered = desk.place("firmware", "http, FTP")
    assert offered.url.startswith("http://127.0.0.1:")
    assert opened(offered.url) == b"firmware"
    arrived(scene)
    assert desk.expect(offered).sha256 == offered.sha256
    kinds = [record.kind for record in scene.records() if record.kind.startswith("file")]
    assert kinds == ["file-offered", "file-transferred"]


def test_what_nobody_can_install_is_made_up(scene, serving):
    assert opened(serving().serve(wanted("unfit")).url) == INVALID


def test_where_there_is_nothing(scene, serving):
    desk = FileDesk(serving(), scene.station)
    offered = desk.place("missing", "HTTP")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        opened(offered.url)
    arrived(scene)
    with pytest.raises(Failed, match="did not fetch the file within") as failed:
        desk.expect(offered, within="response")
    assert "answered with HTTP 404" in failed.value.received


def test_an_upload_arrives(scene, serving):
    desk = FileDesk(serving(), scene.station)
    inbox = desk.place("inbox", "")
    opened(f"{inbox.url}log.txt", b"log", "PUT")
    arrived(scene)
    assert desk.expect(inbox, within="response").size == 3


def test_nothing_came(scene, serving):
    desk = FileDesk(serving(), scene.station)
    with pytest.raises(Failed, match="did not send a file") as failed:
        desk.expect(desk.place("inbox", ""), within="response")
    assert failed.value.received == "no attempt"


def test_each_place_has_a_number_of_its_own(serving):
    places = serving()
    first, second = (places.serve(wanted("inbox", "FTP")).number for _ in range(2))
    assert second == first + 1


def test_a_refusing_place(scene, serving):
    inbox = FileDesk(serving(), scene.station).place("inbox", "HTTP", "denied")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        opened(f"{inbox.url}log.txt", b"log", "PUT")


@pytest.mark.parametrize("what", ["firmware", "signed_firmware"])
def test_without_firmware_the_case_is_not_run(serving, what):
    with pytest.raises(NotRun, match=f"\\[files\\] {what} names no file"):
        serving().serve(wanted(what))


def test_without_a_common_protocol_the_case_is_not_run(serving):
    with pytest.raises(NotRun, match=r"supports SFTP; \[files\] protocols has HTTP"):
        serving(protocols=("HTTP",)).serve(wanted("inbox", "SFTP"))


def test_without_servers_the_case_is_not_run(serving):
    with pytest.raises(NotRun, match="mend \\[files\\] address"):
        serving(address="192.0.2.1").serve(wanted("inbox"))


def test_a_run_without_file_servers(scene):
    with pytest.raises(NotRun, match="no file servers"):
        _ = scene.station.files


def test_a_transfer_of_another_place_does_not_count(scene, serving):
    desk = FileDesk(serving(), scene.station)
    inbox = desk.place("inbox", "")
    other = Transfer(number=inbox.number + 7, direction="upload", protocol="HTTP", path="/", complete=True)
    scene.conversation.transferred(other)
    with pytest.raises(Failed):
        desk.expect(inbox, within="response")
