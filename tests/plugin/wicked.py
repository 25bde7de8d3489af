"""Small products under test: one honest CSMS and station, and many wicked ones. Each lives on threads of its own."""

from __future__ import annotations

import contextlib
import http
import json
import socket
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.sync.server import serve

CALL, RESULT = 2, 3


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def result(identifier, payload):
    return json.dumps([RESULT, identifier, payload])


def polite(action, payload):
    """Answer as a correct CSMS of 1.6."""
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": now(), "interval": 300}
    if action == "Heartbeat":
        return {"currentTime": now()}
    if action == "Authorize":
        return {"idTagInfo": {"status": "Accepted"}}
    if action == "StartTransaction":
        return {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    if action == "DataTransfer":
        return {"status": "UnknownVendorId"}
    return {}


class Csms:
    """A CSMS that is right in everything but what `instead` makes of a request.

    Args:
        instead: action to a function of (connection, message id) that acts instead of answering.
        options: further options of websockets' `serve`.
    """

    def __init__(self, instead=None, *, subprotocols=("ocpp1.6",), **options):
        self.instead = instead or {}
        self.server = serve(
            self._talk, "127.0.0.1", 0, subprotocols=list(subprotocols) or None, max_size=None, **options
        )
        self.port = self.server.socket.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ocpp"
        self.connections = 0
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join(5)

    def _talk(self, connection):
        self.connections += 1
        with contextlib.suppress(ConnectionClosed, OSError):
            for raw in connection:
                kind, identifier, action, *rest = json.loads(raw)
                if kind != CALL:
                    continue
                if action in self.instead:
                    self.instead[action](connection, identifier)
                else:
                    connection.send(result(identifier, polite(action, rest[0])))


class RawServer:
    """A TCP server: `act(socket)` does with each connection what it likes."""

    def __init__(self, act):
        self.act = act
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ocpp"
        self.taken = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listening.close()
        for taken in self.taken:
            taken.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self.listening.accept()
                self.taken.append(taken)
                threading.Thread(target=self._one, args=(taken,), daemon=True).start()

    def _one(self, taken):
        with contextlib.suppress(OSError):
            self.act(taken)


class Station:
    """A charge point that connects to the kit, again and again, and answers; `instead` as in `Csms`."""

    def __init__(self, url, instead=None, *, subprotocols=("ocpp1.6",), greeting=(), **options):
        self.url = url
        self.instead = instead or {}
        self.greeting = greeting
        self.options = {"subprotocols": list(subprotocols) or None, "max_size": None, "proxy": None, **options}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join(5)

    def _live(self):
        while not self.stopped.wait(0.02):
            with contextlib.suppress(OSError, InvalidHandshake, ConnectionClosed, EOFError, TimeoutError):
                with connect(self.url, open_timeout=2, close_timeout=0.2, **self.options) as connection:
                    self._talk(connection)

    def _talk(self, connection):
        for raw in self.greeting:
            connection.send(raw)
        while not self.stopped.is_set():
            try:
                raw = connection.recv(timeout=0.05)
            except TimeoutError:
                continue
            kind, identifier, *rest = json.loads(raw)
            if kind != CALL:
                continue
            if rest[0] in self.instead:
                self.instead[rest[0]](connection, identifier)
            elif rest[0] == "GetConfiguration":
                connection.send(result(identifier, {"configurationKey": [], "unknownKey": rest[1].get("key", [])}))
            else:
                connection.send(result(identifier, {"status": "Accepted"}))


class Api:
    """A product's control API; `act(handler)` answers each POST."""

    def __init__(self, act):
        outer = self
        self.paths = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.paths.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                act(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def status(code, text=""):
    """Give an API that answers every order with that HTTP status."""

    def act(handler):
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return act


def dead(handler):
    """Be an API that never answers."""
    time.sleep(2)
    handler.close_connection = True


def refuse(code):
    """Give the `process_request` of a CSMS that refuses each handshake with that HTTP status."""
    return lambda connection, _request: connection.respond(http.HTTPStatus(code), "no\n")


def raw_frame(opcode, payload):
    """Write an unmasked WebSocket frame (RFC 6455 5.2) whatever its content."""
    return bytes([0x80 | opcode, len(payload)]) + payload


def masked_frame(opcode, payload):
    """Write a WebSocket frame of a client, masked with zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
