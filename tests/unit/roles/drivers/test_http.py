"""The `http` driver against a real HTTP server."""

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from drivers_support import built, request

from ocpp_tck.roles.drivers import Outcome
from ocpp_tck.roles.drivers.http import HttpDriver


@contextlib.contextmanager
def server(answer=lambda handler: handler.reply(200)):
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status, body=b"", headers=()):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((self.command, self.path, body.decode(), self.headers))
            answer(self)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names of http.server

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.handle_error = lambda *_: None  # a client that has given up
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}", seen
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def driver(table):
    made, problems = built(HttpDriver, table)
    assert problems == []
    return made


def test_the_default_is_a_post_of_the_payload_as_json():
    with server() as (url, seen):
        made = driver({"url": url + "/{action_kebab}?station={station}"})
        result = made.act(request(payload={"idTag": 'a"b', "connectorId": 1}))
    assert result.outcome is Outcome.DONE
    (method, path, body, headers) = seen[0]
    assert method == "POST"
    assert urlsplit(path).path == "/remote-start-transaction"
    assert parse_qs(urlsplit(path).query) == {"station": ["CP 1/ä"]}
    assert json.loads(body) == {"idTag": 'a"b', "connectorId": 1}
    assert headers["Content-Type"] == "application/json"


def test_every_placeholder():
    with server() as (url, seen):
        made = driver(
            {
                "url": url + "/{version}/{role}/{station}/{action}/{payload.idToken.idToken}/{payload.list[1]}",
                "method": "PUT",
                "body": '{"a": "{action_camel}", "p": {payload}, "n": {payload.n}, "t": {payload.t}, '
                '"s": "x {payload.t} {payload.n}"}',
                "headers": {"X-Station": "{payload.n}", "content-type": "application/vnd.x+json"},
            }
        )
        payload = {"idToken": {"idToken": "a/b?c#d&e"}, "list": [1, True], "n": 2.5, "t": 'q"\\\n{station}'}
        assert made.act(request("set_variables", payload, version="2.0.1")).outcome is Outcome.DONE
    (method, path, body, headers) = seen[0]
    assert method == "PUT"
    assert [unquote(part) for part in path.split("/")[1:]] == [
        "2.0.1", "csms", "CP 1/ä", "set_variables", "a/b?c#d&e", "true",
    ]  # fmt: skip
    assert json.loads(body) == {
        "a": "SetVariables",
        "p": payload,
        "n": 2.5,
        "t": 'q"\\\n{station}',
        "s": 'x q"\\\n{station} 2.5',
    }
    assert headers["X-Station"] == "2.5"


def test_forms_and_xml_are_escaped_as_such():
    value = 'a&b=<c> "d"'
    with server() as (url, seen):
        form = {"url": url, "body": "v={payload.v}", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        xml = {"url": url, "body": '<v a="{payload.v}"/>', "headers": {"Content-Type": "text/xml"}}
        for table in (form, xml):
            assert driver(table).act(request(payload={"v": value})).outcome is Outcome.DONE
    assert parse_qs(seen[0][2]) == {"v": [value]}
    assert seen[1][2] == '<v a="a&amp;b=&lt;c&gt; &quot;d&quot;"/>'


def test_one_action_has_a_request_of_its_own():
    with server() as (url, seen):
        made = driver(
            {
                "url": url + "/common",
                "headers": {"X-Common": "1"},
                "actions": {
                    "reset": {"url": url + "/own", "method": "GET", "headers": {"X-Own": "2"}},
                    "clear_cache": {"supported": False},
                },
            }
        )
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert made.act(request("unlock_connector")).outcome is Outcome.DONE
        assert made.act(request("clear_cache")).outcome is Outcome.UNSUPPORTED
    assert [(one[0], one[1]) for one in seen] == [("GET", "/own"), ("POST", "/common")]
    assert (seen[0][3]["X-Common"], seen[0][3]["X-Own"], seen[0][2]) == ("1", "2", "")


def test_without_a_common_url_only_the_named_actions_are_supported():
    with server() as (url, _):
        made = driver({"actions": {"reset": {"url": url}}})
        assert made.act(request("reset")).outcome is Outcome.DONE
        assert made.act(request("clear_cache")).outcome is Outcome.UNSUPPORTED


def test_a_secret_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("TOKEN_OF_API", "s3cret")
    with server() as (url, seen):
        driver({"url": url, "headers": {"Authorization": "Bearer {env.TOKEN_OF_API}"}}).act(request())
    assert seen[0][3]["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DONE), (202, Outcome.DONE), (204, Outcome.DONE),
        (302, Outcome.FAILED), (400, Outcome.FAILED), (401, Outcome.FAILED),
        (500, Outcome.FAILED), (503, Outcome.FAILED),
        (404, Outcome.UNSUPPORTED), (501, Outcome.UNSUPPORTED),
    ],
)  # fmt: skip
def test_what_a_status_means(status, outcome):
    body = b'{"error": "because\n of it"}' if status != 204 else b""
    with server(lambda handler: handler.reply(status, body, [("Location", "http://127.0.0.1:1/")])) as (url, seen):
        result = driver({"url": url}).act(request())
    assert result.outcome is outcome
    assert len(seen) == 1
    if outcome is not Outcome.DONE:
        assert str(status) in result.detail
        assert "because of it" in result.detail
        assert "\n" not in result.detail


def test_nothing_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = driver({"url": f"http://127.0.0.1:{port}/x"}).act(request())
    assert result.outcome is Outcome.FAILED
    assert "connection refused" in result.detail
    assert f"127.0.0.1:{port}/x" in result.detail


def test_no_answer_in_time():
    release = threading.Event()

    def slow(handler):
        release.wait(5)
        handler.reply(200)

    with server(slow) as (url, _):
        began = time.monotonic()
        result = driver({"url": url, "timeout": 0.2}).act(request())
        release.set()
    assert time.monotonic() - began < 2
    assert result.outcome is Outcome.FAILED
    assert "no answer within 0.2 s" in result.detail


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_not_http(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once():
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        result = driver({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}).act(request())
        thread.join()
    assert result.outcome is Outcome.FAILED
    assert "http://127.0.0.1" in result.detail


def test_an_absent_payload_field_is_told():
    result = driver({"url": "http://127.0.0.1:1/{payload.idTag}"}).act(request("reset", {"type": "Hard"}))
    assert result.outcome is Outcome.FAILED
    assert "{payload.idTag}" in result.detail
    assert "reset" in result.detail


def test_a_header_cannot_be_split():
    result = driver({"url": "http://127.0.0.1:1", "headers": {"X": "{payload.v}"}}).act(
        request(payload={"v": "a\r\nb: c"})
    )
    assert result.outcome is Outcome.FAILED
    assert "control characters" in result.detail


def test_no_proxy_is_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with server() as (url, seen):
        assert driver({"url": url}).act(request()).outcome is Outcome.DONE
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "[driver.http] url: missing"),
        ({"url": "http://x", "method": "FETCH"}, "[driver.http] method: found text: 'FETCH'"),
        ({"url": "file:///etc/passwd"}, "allowed: an http:// or https:// URL"),
        ({"url": "http://x/{payloads}"}, "did you mean 'payload'?"),
        ({"url": "http://x", "body": "{acton}"}, "[driver.http] body: unknown placeholder {acton}"),
        ({"url": "http://x", "headers": {"X": 3}}, "[driver.http.headers] X: found an integer: 3"),
        ({"url": "http://x", "timeout": -1}, "[driver.http] timeout"),
        ({"url": "http://x", "actions": {"rest": {}}}, "did you mean 'reset'?"),
        ({"url": "http://x", "actions": {"reset": {"uri": "x"}}}, "[driver.http.actions.reset] uri: unknown key"),
        ({"url": "http://x", "actions": {"reset": "x"}}, "written as [driver.http.actions.reset]"),
    ],
)
def test_a_wrong_table_is_told(table, told):
    _, problems = built(HttpDriver, table)
    assert any(told in problem for problem in problems), problems
