"""What bad input gets (issue 2): a clear message or a verdict with its cause; the run goes on, the report is complete."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from inside import FIXTURES, LIMITS, case, config
from wicked import (
    RESULT,
    Api,
    Csms,
    RawServer,
    Station,
    dead,
    free_port,
    masked_frame,
    raw_frame,
    refuse,
    result,
    status,
)

TOUCHED = case(
    "900", "csms", 'with step("1", "The CSMS answers"):\n    assert csms.call("Authorize", idTag="X").idTagInfo.status'
)
AFTER = case("901", "csms", 'with step("1", "The CSMS tells the time"):\n    assert csms.call("Heartbeat").currentTime')
S_TOUCHED = case(
    "900",
    "cs",
    'with step("1", "It clears its cache"):\n    assert station.call("ClearCache").status == "Accepted"',
)
S_AFTER = case(
    "901",
    "cs",
    'with step("1", "It tells its configuration"):\n'
    '    assert "unknownKey" in station.call("GetConfiguration", key=["X"])',
)


def cause(ran, number, role="CSMS"):
    return ran.cases[f"TC_{number}_{role}"]["cause"]["text"]


def complete(ran, code):
    """Whatever the product does, the report has every case, and nobody sees a traceback of the kit."""
    assert ran.code == code, ran.text
    assert len(ran.cases) == 2, ran.text
    assert ran.report["problems"] == []
    for word in ("Traceback", "INTERNALERROR"):
        assert word not in ran.text
    for name in ("report.html", "junit.xml", "summary.md", "journal-index.json"):
        assert (ran.folder / name).is_file()


# -- no connection ---------------------------------------------------------------------------------------------------


def garbage_server(taken):
    taken.recv(4096)
    taken.sendall(b"\x00\x01garbage that is no HTTP\r\n\r\n")
    taken.close()


def silent_server(taken):
    taken.recv(4096)
    time.sleep(5)


def wrong_subprotocol(taken):
    from websockets.utils import accept_key

    head = taken.recv(4096).decode()
    key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    taken.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n".encode()
    )
    time.sleep(1)


def test_nothing_listens(kit):
    ran = kit(config("csms", f"ws://127.0.0.1:{free_port()}/ocpp"), TOUCHED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "inconclusive", "901": "inconclusive"}
    assert "no connection to ws://127.0.0.1" in cause(ran, "900")
    assert "nothing listens there; is the CSMS running" in cause(ran, "900")
    assert "no connection to ws://127.0.0.1" in ran.text


def test_an_unknown_host(kit):
    ran = kit(config("csms", "ws://no-such-host.invalid/ocpp"), TOUCHED, AFTER)
    complete(ran, 1)
    assert "no connection to ws://no-such-host.invalid" in cause(ran, "901")


@pytest.mark.parametrize(
    ("act", "verdict", "words"),
    [
        (garbage_server, "inconclusive", "handshake failed"),
        (silent_server, "inconclusive", "no handshake within 0.6 s (limit handshake)"),
        (wrong_subprotocol, "fail", "subprotocol"),
    ],
    ids=["garbage", "silence", "subprotocol"],
)
def test_a_handshake_that_goes_wrong(kit, act, verdict, words):
    with RawServer(act) as server:
        ran = kit(config("csms", server.url), TOUCHED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": verdict, "901": verdict}
    assert words in cause(ran, "900")


def test_no_subprotocol_is_agreed(kit):
    with Csms(subprotocols=()) as server:
        ran = kit(config("csms", server.url), TOUCHED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "fail", "901": "fail"}
    assert cause(ran, "900") == "ocpp1.6 was offered; the CSMS chose none"
    assert ran.cases["TC_900_CSMS"]["cause"]["where"] == "rule handshake.subprotocol"


@pytest.mark.parametrize("code", [401, 403, 404, 500, 503])
def test_the_handshake_is_refused(kit, code):
    with Csms(process_request=refuse(code)) as server:
        ran = kit(config("csms", server.url), TOUCHED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "inconclusive", "901": "inconclusive"}
    assert f"HTTP {code}" in cause(ran, "900")


@pytest.mark.parametrize("role", ["cs"])
def test_the_port_is_in_use(kit, role):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = kit(config(role, f"127.0.0.1:{taken.getsockname()[1]}"), S_TOUCHED, S_AFTER)
    assert ran.code == 2
    assert f"connection.listen 127.0.0.1:{taken.getsockname()[1] if taken.fileno() > 0 else ''}" in ran.text
    assert "ddress already in use" in ran.text
    assert "Traceback" not in ran.text


def test_an_address_that_is_not_ours(kit):
    ran = kit(config("cs", "192.0.2.1:9000"), S_TOUCHED, S_AFTER)
    assert ran.code == 2
    assert "connection.listen 192.0.2.1:9000" in ran.text
    assert "Traceback" not in ran.text


# -- the driver ------------------------------------------------------------------------------------------------------

ORDERED = case(
    "900",
    "csms",
    'operator.order("ClearCache")\nwith step("1", "It sends ClearCache"):\n    csms.expect("ClearCache")',
)


@pytest.mark.parametrize(
    ("act", "verdict", "words"),
    [
        (status(500, "oh no"), "inconclusive", "500 Internal Server Error: oh no"),
        (dead, "inconclusive", "no answer within 0.3 s"),
        (status(501), "not run", "no driver can do clear_cache"),
        (status(200), "fail", "ClearCache did not come within 0.4 s (limit response)"),
    ],
    ids=["500", "dead", "501", "done-but-silent"],
)
def test_a_driver_that_does_not_do_it(kit, act, verdict, words):
    with Api(act) as api, Csms() as server:
        driver = f'order = ["http"]\n[driver.http]\ntimeout = 0.3\nurl = "{api.url}{{action_kebab}}"\n'
        ran = kit(config("csms", server.url, driver=driver), ORDERED, AFTER)
    complete(ran, 0 if verdict == "not run" else 1)
    assert ran.verdicts == {"900": verdict, "901": "pass"}
    assert words in cause(ran, "900")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('no relay')", "no relay"),
        ("import time; time.sleep(3)", "did not return within 0.3 s"),
        ("return 7", "returned int"),
    ],
    ids=["raises", "hangs", "nonsense"],
)
def test_a_driver_of_the_users_that_goes_wrong(kit, pytester, body, words):
    pytester.makepyfile(lab=f"class Lab:\n    def clear_cache(self, request):\n        {body}\n")
    driver = 'order = ["python"]\n[driver.python]\npath = "lab.py:Lab"\ntimeout = 0.3\n'
    with Csms() as server:
        ran = kit(config("csms", server.url, driver=driver), ORDERED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "inconclusive", "901": "pass"}
    assert words in cause(ran, "900")


def test_a_driver_that_is_not_there(kit):
    driver = f'order = ["http"]\n[driver.http]\nurl = "http://127.0.0.1:{free_port()}/"\n'
    with Csms() as server:
        ran = kit(config("csms", server.url, driver=driver), ORDERED, AFTER)
    complete(ran, 1)
    assert "nothing listens there" in cause(ran, "900")


# -- frames ----------------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000 + "]" * 100_000
HUGE = "x" * 3_000_000


def sends(text):
    return lambda connection, _id: connection.send(text)


def raw(opcode, payload, write=raw_frame):
    return lambda connection, _id: connection.socket.sendall(write(opcode, payload))


def closes(code):
    return lambda connection, _id: connection.close(code, "I am off")


def drops(connection, _id):
    connection.socket.shutdown(socket.SHUT_RDWR)


def answers(make):
    return lambda connection, identifier: connection.send(make(identifier))


def nothing(_connection, _id):
    pass


OK = {"idTagInfo": {"status": "Accepted"}}
WICKED = {
    "garbage": (sends("\x00 garbage"), "frame."),
    "empty": (sends(""), "frame."),
    "an object": (sends("{}"), "frame."),
    "a number": (sends("7"), "frame."),
    "deep nesting": (sends(DEEP), "frame."),
    "deep in a payload": (
        answers(lambda i: f'[3,"{i}",{{"idTagInfo":' + '{"a":' * 50_000 + "1" + "}" * 50_001 + "]"),
        "frame.",
    ),
    "a 3 MB frame": (sends(HUGE), "too large for the kit (max_frame_bytes)"),
    "a 3 MB string": (
        answers(lambda i: f'[3,"{i}",{{"idTagInfo":{{"status":"{HUGE}"}}}}]'),
        "too large for the kit (max_frame_bytes)",
    ),
    "binary": (lambda connection, i: connection.send(result(i, OK).encode()), "frame.text"),
    "invalid UTF-8": (raw(1, b'[3,"\xff\xfe",{}]'), "frame.utf8"),
    "a lone surrogate": (answers(lambda i: f'[3,"{i}",{{"idTagInfo":{{"status":"\\ud800"}}}}]'), ""),
    "a number of 5000 digits": (answers(lambda i: f'[3,"{i}",{{"idTagInfo":{"9" * 5000}}}]'), ""),
    "NaN": (answers(lambda i: f'[3,"{i}",{{"idTagInfo":NaN}}]'), "frame."),
    "a reserved opcode": (raw(3, b"x"), ""),
    "closes": (closes(1000), "connection was lost while the answer to Authorize was owed"),
    "closes with 1011": (closes(1011), "connection was lost while the answer to Authorize was owed"),
    "drops the line": (drops, "connection was lost while the answer to Authorize was owed"),
    "never answers": (nothing, "Authorize was not answered within 0.4 s (limit response)"),
    "an id of another": (answers(lambda _i: result("other", OK)), ""),
    "a list for a payload": (answers(lambda i: json.dumps([RESULT, i, []])), ""),
    "a list for an id": (answers(lambda _i: json.dumps([RESULT, [], OK])), ""),
    "an object for an action": (answers(lambda _i: json.dumps([2, "x", {}, {}])), ""),
    "null": (sends("null"), "frame."),
}


def wicked_verdicts(name):
    """What the kit did not read, it did not judge: OCPP sets no limit to the size of a message."""
    return {"900": "inconclusive" if "3 MB" in name else "fail", "901": "pass"}


@pytest.mark.parametrize("name", WICKED)
def test_a_csms_that_sends_wicked_frames(kit, name):
    act, words = WICKED[name]
    with Csms({"Authorize": act}) as server:
        ran = kit(config("csms", server.url), TOUCHED, AFTER)
    complete(ran, 1)
    assert ran.verdicts == wicked_verdicts(name), ran.text
    told = ran.cases["TC_900_CSMS"]
    assert words in json.dumps([told["cause"], told["violations"]]), told


@pytest.mark.parametrize(
    "name",
    ["garbage", "deep nesting", "a 3 MB frame", "binary", "closes", "drops the line", "never answers", "NaN"],
)
def test_a_station_that_sends_wicked_frames(kit, name):
    act, words = WICKED[name]
    port = free_port()
    with Station(f"ws://127.0.0.1:{port}/ocpp/CP001", {"ClearCache": act}):
        ran = kit(config("cs", f"127.0.0.1:{port}"), S_TOUCHED, S_AFTER)
    complete(ran, 1)
    assert ran.verdicts == wicked_verdicts(name), ran.text
    told = ran.cases["TC_900_CS"]
    assert words.replace("Authorize", "ClearCache") in json.dumps([told["cause"], told["violations"]]), told


def test_a_station_that_sends_invalid_utf8(kit):
    port = free_port()
    act = raw(1, b'[3,"\xff\xfe",{}]', masked_frame)
    with Station(f"ws://127.0.0.1:{port}/ocpp/CP001", {"ClearCache": act}):
        ran = kit(config("cs", f"127.0.0.1:{port}"), S_TOUCHED, S_AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "fail", "901": "pass"}
    assert "frame.utf8" in json.dumps(ran.cases["TC_900_CS"]["violations"])


def test_a_call_of_the_product_with_a_wicked_payload_is_answered(kit):
    """The kit answers whatever it can; the frame is a fail and not an error of the kit."""
    port = free_port()
    calls = [
        '[2,"a1","BootNotification",{"chargePointVendor":[],"chargePointModel":{}}]',
        '[2,"a2","StartTransaction",{"connectorId":{},"idTag":[1]}]',
        '[2,"a3","Authorize",[]]',
        '[2,"a4","StatusNotification",null]',
        '[2,"a5","StopTransaction",{"transactionId":[]}]',
        '[2,"a6","NoSuchAction",{}]',
    ]
    with Station(f"ws://127.0.0.1:{port}/ocpp/CP001", greeting=calls):
        ran = kit(config("cs", f"127.0.0.1:{port}"), S_TOUCHED, S_AFTER)
    complete(ran, 1)
    assert ran.verdicts["901"] == "pass"
    assert ran.report["totals"]["error"] == 0


# -- stations that do not get in -------------------------------------------------------------------------------------


def test_no_station_comes(kit):
    ran = kit(config("cs", "127.0.0.1:0", limits=LIMITS.replace("boot = 2.0", "boot = 0.2")), S_TOUCHED, S_AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "inconclusive", "901": "inconclusive"}
    assert "CP001 is not connected to 127.0.0.1:" in cause(ran, "900", "CS")


@pytest.mark.parametrize(
    ("options", "verdict", "words"),
    [
        ({"path": "OTHER"}, "inconclusive", 'a station came as "OTHER"'),
        ({"subprotocols": ["ocpp2.0.1"]}, "fail", "ocpp1.6 is needed"),
        ({"subprotocols": []}, "fail", "offered the subprotocols none"),
        ({"password": "right"}, "fail", "no or wrong Basic authentication"),
    ],
    ids=["identity", "subprotocol", "none", "password"],
)
def test_a_station_that_is_not_let_in(kit, options, verdict, words):
    port = free_port()
    password = options.pop("password", "")
    secret = f'password = "{password}-0123456789"\n' if password else ""
    text = config("cs", f"127.0.0.1:{port}", station=secret, limits=LIMITS.replace("boot = 2.0", "boot = 0.4"))
    with Station(f"ws://127.0.0.1:{port}/ocpp/{options.pop('path', 'CP001')}", **options):
        ran = kit(text, S_TOUCHED, S_AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": verdict, "901": verdict}
    assert words in json.dumps([one["cause"] for one in ran.cases.values()], ensure_ascii=False).replace('\\"', '"')


def test_a_client_that_is_no_websocket_at_all_disturbs_nobody(kit):
    port = free_port()
    stopped = []

    def pester():
        while not stopped:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as probe:
                probe.sendall(b"\x16\x03\x01 not http\r\n\r\n")
            time.sleep(0.02)

    import threading

    thread = threading.Thread(target=pester, daemon=True)
    thread.start()
    with Station(f"ws://127.0.0.1:{port}/ocpp/CP001"):
        ran = kit(config("cs", f"127.0.0.1:{port}"), S_TOUCHED, S_AFTER)
    stopped.append(True)
    thread.join(2)
    complete(ran, 0)
    assert ran.verdicts == {"900": "pass", "901": "pass"}


# -- the run itself --------------------------------------------------------------------------------------------------


def test_a_kill_loses_no_decided_verdict(pytester):
    from ocpp_tck.report.write import write_reports

    stuck = case("901", "csms", 'with step("1", "It never comes"):\n    csms.expect("Reset", within="boot")')
    pytester.makeconftest(FIXTURES)
    pytester.makepyfile(test_cases="from ocpp_tck.case import testcase\n\n" + TOUCHED + stuck)
    folder = pytester.path / "out"
    with Csms() as server:
        Path("kit.toml").write_text(
            config("csms", server.url, limits=LIMITS.replace("boot = 2.0", "boot = 60.0")), encoding="utf-8"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        process = subprocess.Popen(
            [*command, "--ocpp-config=kit.toml", f"--ocpp-report-dir={folder}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        journal = folder / "journal-main.jsonl"
        deadline = time.monotonic() + 20
        while not (journal.exists() and journal.read_text(encoding="utf-8").count('"kind":"step-started"') == 2):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(5)
    model = write_reports(folder)
    assert [(one.id, str(one.verdict)) for one in model.cases if one.verdict.is_decided] == [("TC_900_CSMS", "pass")]
    assert "TC_901_CSMS" in {one.id for one in model.cases}
    assert model.problems


def test_a_very_long_failure_is_shown(kit):
    """A neighbour died with INTERNALERROR while formatting tracebacks on Python 3.11."""
    long = case(
        "900",
        "csms",
        'csms.call("Heartbeat")\nwith step("1", "Two large things are the same"):\n'
        '    assert [{"n": i, "text": "x" * 50} for i in range(5000)] == [{"n": i} for i in range(5000)]',
    )
    with Csms() as server:
        ran = kit(config("csms", server.url), long, AFTER)
    complete(ran, 1)
    assert ran.verdicts == {"900": "fail", "901": "pass"}
