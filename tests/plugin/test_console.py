"""The operator's console as an option: what is refused before anything starts, and that it is there when asked for."""

import socket

import pytest
from inside import case, config
from wicked import Csms

GOOD = case("901", "csms", 'with step("1", "The CSMS tells the time"):\n    assert csms.call("Heartbeat").currentTime')
NEEDS = case("906", "csms", 'operator.order("ClearCache")\nwith step("1", "It sends"):\n    csms.expect("ClearCache")')
LOOKS = case("907", "csms", 'with step("1", "A person looks"):\n    operator.attest("Is it lit?")')


@pytest.fixture
def server():
    with Csms() as running:
        yield running


@pytest.mark.parametrize("place", ["x", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:80"])
def test_a_wrong_address_ends_the_run_before_it_begins(kit, server, place):
    ran = kit(config("csms", server.url), GOOD, options=[f"--ocpp-console={place}"])
    assert ran.code == 4
    assert "--ocpp-console" in ran.text
    assert "write " in ran.text
    assert not ran.folder.exists()


def test_a_port_in_use_ends_the_run_before_it_begins(kit, server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = kit(config("csms", server.url), GOOD, options=[f"--ocpp-console=127.0.0.1:{taken.getsockname()[1]}"])
    assert ran.code == 4
    assert "choose another address or port" in ran.text
    assert not ran.folder.exists()


def test_workers_are_refused(kit, server):
    ran = kit(config("csms", server.url), GOOD, options=["--ocpp-console=0", "-n1"], process=True)
    assert ran.code == 4
    assert "leave -n out" in ran.text


def test_it_changes_no_verdict_when_nobody_looks(kit, server):
    ran = kit(config("csms", server.url), GOOD, options=["--ocpp-console=0"])
    assert (ran.code, ran.verdicts) == (0, {"901": "pass"}), ran.text
    assert "Operator's console (the link works once): http://127.0.0.1:" in ran.text
    assert "console" not in kit(config("csms", server.url), GOOD, options=["--ocpp-report-dir=other"]).text


def test_what_nobody_does_or_attests_is_inconclusive(kit, server):
    limits = "response = 0.4\nboot = 2.0\noperator = 0.5\n"
    ran = kit(config("csms", server.url, limits=limits), NEEDS, LOOKS, options=["--ocpp-console=0"], process=True)
    assert ran.verdicts == {"906": "inconclusive", "907": "inconclusive"}, ran.text


def test_without_it_nobody_can_be_asked_where_there_is_no_terminal(kit, server):
    ran = kit(config("csms", server.url, driver='order = ["http"]\n[driver.http]\nurl = "http://127.0.0.1:1"\n'), LOOKS)
    assert ran.verdicts == {"907": "not run"}, ran.text
    assert "driver.order" in ran.cases["TC_907_CSMS"]["cause"]["text"]
