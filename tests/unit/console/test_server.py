"""The console on the network: who gets in, what is refused, and that nobody outside holds up the run."""

import http.client
import json
import socket
import time
from contextlib import contextmanager

import pytest

from ocpp_tck.console import Console, read_place, server
from ocpp_tck.evidence.records import Frame, Remark
from ocpp_tck.roles.drivers.base import Request
from ocpp_tck.roles.drivers.prompt import Ending, PromptDriver

PLUG = Request(action="plug", payload={"connector": 1}, station="S", version="1.6", role="cs")


class Rig:
    """A console, the prompt driver that it watches, and what it has told."""

    def __init__(self):
        self.told = []
        self.console = Console(read_place("127.0.0.1:0"), self.told.append)
        self.driver = PromptDriver(lambda: None)

    @property
    def port(self):
        return self.console._server.place.port

    @property
    def secret(self):
        return self.console.link.partition("#")[2]

    def ask(self, method, path, body=None, *, cookie="", peer="127.0.0.1", **headers):
        """Ask as the page itself would, but for what `headers` say otherwise; gives status, headers and body."""
        place = f"127.0.0.1:{self.port}"
        told = {"Host": place}
        if method == "POST":
            told |= {"Origin": f"http://{place}", "Content-Type": "application/json"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=(peer, 0))
        try:
            sent = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            told = {name: value for name, value in told.items() if value is not None}
            line.request(method, path, sent, told | ({"Cookie": cookie} if cookie else {}))
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            line.close()

    def enter(self):
        status, headers, _ = self.ask("POST", "/enter", {"link": self.secret})
        assert status == 200
        return headers["Set-Cookie"].partition(";")[0]

    @contextmanager
    def stream(self, cookie):
        """Open the stream; gives a function that waits for the next view."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(
                f"GET /live/events HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {cookie}\r\n\r\n".encode()
            )
            file = line.makefile("rb")
            head = iter(file.readline, b"\r\n")
            status = int(next(head).split()[1])
            list(head)
            assert status == 200, status

            def view():
                while text := file.readline():
                    if text.startswith(b"data: "):
                        return json.loads(text[6:])
                return None

            yield view
            file.close()


@pytest.fixture
def rig():
    rig = Rig()
    rig.console.open()
    rig.console.watch(rig.driver)
    yield rig
    rig.console.end("over")


def until(condition, seconds=20):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.01)


def test_the_page_is_for_everybody_and_knows_nothing(rig):
    status, headers, body = rig.ask("GET", "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"], headers["Cache-Control"]) == (
        "nosniff",
        "no-referrer",
        "no-store",
    )
    assert rig.secret not in body.decode()
    for name, kind in (("console.js", "text/javascript"), ("console.css", "text/css"), ("icon.svg", "image/svg+xml")):
        status, headers, _ = rig.ask("GET", f"/{name}")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kind)
    for path in ("/other", "/../pyproject.toml", "/web/console.js", "/live/other"):
        assert rig.ask("GET", path)[0] == 404


def test_the_link_works_once_and_gives_a_cookie_that_scripts_cannot_read(rig):
    link = rig.secret
    status, headers, _ = rig.ask("POST", "/enter", {"link": link})
    assert status == 200
    cookie = headers["Set-Cookie"]
    assert f"ocpp_tck_{rig.port}=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    status, headers, body = rig.ask("POST", "/enter", {"link": link})
    assert (status, headers["Set-Cookie"]) == (403, None)
    assert "used already" in json.loads(body)["problem"]
    assert rig.secret in rig.told[-1]
    assert rig.secret != link


def test_wrong_links_are_not_listened_to_for_long(rig):
    found = [rig.ask("POST", "/enter", {"link": "wrong"})[0] for _ in range(7)]
    assert found == [403] * 5 + [429] * 2
    assert rig.ask("POST", "/enter", {"link": rig.secret})[0] == 429


def test_strangers_with_wrong_links_lock_nobody_out(rig):
    for number in range(2, 16):
        found = [rig.ask("POST", "/enter", {"link": "wrong"}, peer=f"127.0.0.{number}")[0] for _ in range(6)]
        assert found == [403] * 5 + [429]
    assert rig.ask("POST", "/enter", {"link": rig.secret})[0] == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Host": "evil.example"}, {}, 421),
        ({"Host": "evil.example:{port}"}, {}, 421),
        ({"Origin": None}, {}, 403),
        ({"Origin": "null"}, {}, 403),
        ({"Origin": "http://evil.example"}, {}, 403),
        ({"Origin": "http://127.0.0.1:1"}, {}, 403),
        ({"Content_Type": "text/plain"}, {}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, {}, 415),
        ({}, b"{", 400),
        ({}, b"[]", 400),
        ({}, b"[" * 3000, 400),
        ({}, b"\xff", 400),
        ({}, {"prompt": "1", "word": "done"}, 400),
        ({}, {"prompt": 1, "word": None}, 400),
        ({}, {}, 400),
        ({}, b" " * 10_000, 413),
        ({"Cookie": "ocpp_tck=1"}, {"prompt": 1, "word": "done"}, 401),
    ],
)
def test_what_is_not_the_page_of_somebody_who_is_in_is_refused(rig, headers, body, status):
    headers = {name: value and value.format(port=rig.port) for name, value in headers.items()}
    cookie = "" if "Cookie" in headers else rig.enter()
    found, sent, told = rig.ask("POST", "/answer", body, cookie=cookie, **headers)
    assert found == status
    assert json.loads(told)["problem"]
    assert sent["Content-Security-Policy"]


def test_nobody_looks_without_a_session(rig):
    assert rig.ask("GET", "/live/events")[0] == 401
    assert rig.ask("POST", "/invite", {})[0] == 401
    assert rig.ask("GET", "/live/events", cookie=rig.enter(), Sec_Fetch_Site="cross-site")[0] == 403


def test_whoever_is_in_can_let_another_in(rig):
    status, _, body = rig.ask("POST", "/invite", {}, cookie=rig.enter())
    told = json.loads(body)
    assert (status, told["link"]) == (200, rig.console.link)
    assert len({len(row) for row in told["rows"]} | {len(told["rows"])}) == 1
    rig.enter()


def test_an_answer_reaches_the_prompt_once(rig):
    cookie, woken = rig.enter(), []
    rig.driver.on_line = lambda: woken.append(1)
    rig.driver.act(PLUG)
    with rig.stream(cookie) as view:
        prompt = view()["prompt"]
        assert prompt["headline"] == "Plug the cable into the car at connector 1."
        number = prompt["number"]
        for word in ("yes", "no", "", "D", "x" * 3000):
            assert rig.ask("POST", "/answer", {"prompt": number, "word": word}, cookie=cookie)[0] == 409
        assert rig.ask("POST", "/answer", {"prompt": number - 1, "word": "done"}, cookie=cookie)[0] == 409
        assert not woken
        assert rig.ask("POST", "/answer", {"prompt": number, "word": "done"}, cookie=cookie)[0] == 200
        assert rig.ask("POST", "/answer", {"prompt": number, "word": "cannot"}, cookie=cookie)[0] == 409
        assert (rig.driver.is_done, rig.driver.refusal, woken) == (True, "", [1])
        rig.driver.close_prompt(Ending.CAME)
        shown = view()
        while shown["prompt"]:
            shown = view()
        assert shown["last"]["ending"] == "said"
    assert rig.ask("POST", "/answer", {"prompt": number, "word": "done"}, cookie=cookie)[0] == 409


def test_a_browser_has_only_so_many_streams(rig):
    cookie = rig.enter()
    lines = [rig.stream(cookie) for _ in range(server.MOST_STREAMS)]
    for line in lines:
        line.__enter__()()
    assert rig.ask("GET", "/live/events", cookie=cookie)[0] == 503
    for line in lines:
        line.__exit__(None, None, None)
    until(lambda: not rig.console._server._streams or rig.console.note(Remark(time=0.0, text="x")))


def test_a_browser_that_takes_nothing_is_cut_and_holds_up_nobody(rig, monkeypatch):
    monkeypatch.setattr(server, "STALL", 0.5)
    monkeypatch.setattr(server, "PACE", 0.0)
    cookie = rig.enter()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", rig.port))
        line.sendall(f"GET /live/events HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nCookie: {cookie}\r\n\r\n".encode())
        until(lambda: rig.console._server._streams)
        raw, longest = "x" * 50_000, 0.0

        def flooded():
            nonlocal longest
            for _ in range(100):
                began = time.thread_time()
                rig.console.note(Frame(time=0.0, n=1, connection="1", station="S", sender="product", raw=raw))
                longest = max(longest, time.thread_time() - began)
            return not rig.console._server._streams

        until(flooded)
        assert longest < 0.1
    assert not rig.console.problem
    assert rig.ask("GET", "/")[0] == 200


def test_connections_that_ask_for_nothing_are_cut_so_that_others_get_in(monkeypatch):
    monkeypatch.setattr(server, "SILENT", 1.0)
    rig = Rig()
    rig.console.open()
    lines = [socket.create_connection(("127.0.0.1", rig.port)) for _ in range(server.MOST_CONNECTIONS)]
    try:
        until(lambda: len(rig.console._server._runner.server.connections) == server.MOST_CONNECTIONS)
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            rig.ask("GET", "/")
        until(lambda: not rig.console._server._runner.server.connections)
        assert rig.ask("GET", "/")[0] == 200
    finally:
        for line in lines:
            line.close()
        rig.console.end("over")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /enter HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: x\r\n\r\nZZ\r\n",
        (
            b"POST /enter HTTP/1.1\r\nHost: PLACE\r\nOrigin: http://PLACE\r\n"
            b"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
        ),
    ],
)
def test_a_broken_request_is_refused_and_prints_nothing(rig, monkeypatch, capfd, sent):
    monkeypatch.setattr(server, "SILENT", 0.2)
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as line:
        line.sendall(sent.replace(b"PLACE", f"127.0.0.1:{rig.port}".encode()))
        assert line.recv(100).split()[1] in {b"400", b"408", b"421"}
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as line:
        line.sendall(sent)
    assert rig.ask("GET", "/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_end_is_told_and_nobody_is_served_after_it():
    rig = Rig()
    rig.console.open()
    port = rig.port
    with rig.stream(rig.enter()) as view:
        view()
        rig.console.end("FAIL  x: 1 fail", "Report: out")
        assert view()["end"] == {"summary": "FAIL  x: 1 fail", "details": "Report: out"}
        assert view() is None
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    rig.console.note(Remark(time=0.0, text="late"))
    rig.console.end("again")
    assert not rig.console.problem


def test_a_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError):
            Console(read_place(f"127.0.0.1:{taken.getsockname()[1]}")).open()


def test_a_console_that_fails_is_told_once_and_is_no_place_to_ask_any_more(rig, monkeypatch):
    monkeypatch.setattr(rig.console._board, "note", lambda _record: 1 / 0)
    for _ in range(3):
        rig.console.note(Remark(time=0.0, text="x"))
    assert len(rig.told) == 1
    assert "goes on without it" in rig.told[0]
    assert rig.driver.act(PLUG).outcome == "unsupported"


def test_the_invitation_has_link_code_and_warning():
    rig = Rig()
    rig.console.open()
    told = rig.console.invitation()
    assert rig.console.link in told[0]
    assert len(told) > 10
    assert "TLS" not in told[-1]
    rig.console.end("over")


def test_elsewhere_than_on_loopback_there_is_a_warning(monkeypatch):
    console = Console(read_place("127.0.0.1:0"))
    console.open()
    monkeypatch.setattr(type(console._server.place), "is_loopback", False)
    assert "no TLS" in console.invitation()[-1]
    console.end("over")
