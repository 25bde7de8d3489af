"""What the Python launchers of peers share: options, tokens, the control API and a clean end.

Standard library only, for it runs in each peer's own environment, where the kit is not installed.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes that a payload on the control API may have."""

DEFAULT_TOKENS = (
    "TCK-VALID=Accepted:TCK-GROUP",
    "TCK-VALID-2=Accepted:TCK-GROUP",
    "TCK-OTHER=Accepted",
    "TCK-EXPIRED=Expired",
    "TCK-BLOCKED=Blocked",
)
"""The tokens of the kit's default test data, as `IDTAG=Status[:parent]`."""

STATUSES = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
"""AuthorizationStatus of OCPP 1.6 (section 7.2)."""

CSMS_REQUESTS = frozenset(
    {
        "CancelReservation",
        "ChangeAvailability",
        "ChangeConfiguration",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetDiagnostics",
        "GetLocalListVersion",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "TriggerMessage",
        "UnlockConnector",
        "UpdateFirmware",
    }
)
"""Requests of OCPP 1.6 (chapter 5) that a CSMS sends."""


class Refused(Exception):
    """An action is not carried out: 400 (wrong payload), 404 (no such station) or 501 (not offered)."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class CannotStart(Exception):
    """The peer can't come up; the message names the cause and the mend in one line."""


@dataclass(frozen=True)
class Token:
    """An idTag as the CSMS should know it."""

    id_tag: str
    status: str
    parent: str | None = None


def parse_token(text):
    """Reads `IDTAG=Status[:parent]`."""
    id_tag, equals, rest = text.partition("=")
    status, _, parent = rest.partition(":")
    if not id_tag or not equals or status not in STATUSES:
        msg = f"{text!r} is not IDTAG=Status[:parent] with a Status of {', '.join(STATUSES)}"
        raise argparse.ArgumentTypeError(msg)
    return Token(id_tag, status, parent or None)


def parse_address(text):
    """Reads `HOST:PORT`; port 0 takes a free one."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        msg = f"{text!r} is not HOST:PORT"
        raise argparse.ArgumentTypeError(msg)
    return host, int(port)


def csms_options(description):
    """The parser of a CSMS launcher; the launcher may add options of its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--version", choices=["1.6"], default="1.6", help="OCPP version")
    parser.add_argument("--listen", type=parse_address, default=("127.0.0.1", 0), help="HOST:PORT for stations")
    parser.add_argument("--control", type=parse_address, default=("127.0.0.1", 0), help="HOST:PORT for commands")
    parser.add_argument("--token", type=parse_token, action="append", help="IDTAG=Status[:parent], repeatable")
    parser.add_argument("--heartbeat-interval", type=int, default=300, help="seconds, in an accepted boot answer")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end also when stdin reaches its end")
    return parser


def tokens_of(options):
    """The tokens by idTag: those given, or the default set."""
    tokens = options.token or [parse_token(text) for text in DEFAULT_TOKENS]
    return {token.id_tag: token for token in tokens}


def text_of(payload, name, *, among=None):
    """A required text field of an action's payload."""
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name}: give a text that is not empty")
    if among and value not in among:
        raise Refused(400, f"{name}: {value!r} is none of {', '.join(among)}")
    return value


def refuse_unknown_fields(payload, known):
    """Refuses a payload with fields that the action does not have."""
    unknown = sorted(set(payload) - set(known))
    if unknown:
        raise Refused(400, f"{unknown[0]}: unknown field; this action takes {', '.join(known) or 'none'}")


Act = Callable[[str, str | None, dict], Mapping | None]
"""What carries an action out: (action in snake_case, station id or None, payload). What it returns
joins the answer, for instance which fields the peer has no use for. Raises `Refused`."""


class _Handler(BaseHTTPRequestHandler):
    """`POST /<action-kebab>?station=<id>` with the payload as a JSON object; an empty body is `{}`."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        parts = urlsplit(self.path)
        action = unquote(parts.path).strip("/").replace("-", "_")
        station = parse_qs(parts.query).get("station", [None])[0]
        try:
            payload = self._payload()
            extra = self.server.act(action, station, payload) or {}
        except Refused as refusal:
            self._answer(refusal.status, {"error": str(refusal)})
        except Exception as error:  # the control API outlives a defect of the peer
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": f"{type(error).__name__}: {error}"})
        else:
            self._answer(HTTPStatus.OK, {"outcome": "done", **extra})

    def _payload(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            self.close_connection = True
            raise Refused(400, f"Content-Length: send a body of at most {BODY_LIMIT} bytes")
        body = self.rfile.read(int(length))
        try:
            payload = json.loads(body) if body.strip() else {}
        except ValueError as error:
            raise Refused(400, f"the body is not JSON: {error}") from error
        if not isinstance(payload, dict):
            raise Refused(400, "the body must be a JSON object")
        return payload

    def _answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Keeps quiet: stdout carries one line, stderr what went wrong."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, address, act):
        self.act = act
        super().__init__(address, _Handler)


def serve_control(address, act):
    """Opens the control API on `(host, port)` in threads of its own; returns its URL.

    Raises:
        CannotStart: the address can't be used.
    """
    try:
        server = _Server(address, act)
    except OSError as error:
        host, port = address
        message = (
            f"cannot listen for control on {host}:{port}: {error.strerror}; give another port, or 0 for a free one"
        )
        raise CannotStart(message) from error
    threading.Thread(target=server.serve_forever, name="control", daemon=True).start()
    host, port = server.server_address[:2]
    return f"http://{host}:{port}"


def say_ready(ocpp, control):
    """Prints the one line that says where the peer is, also when a launcher has moved `sys.stdout`."""
    sys.__stdout__.write(f"ready {json.dumps({'ocpp': ocpp, 'control': control})}\n")
    sys.__stdout__.flush()


def wait_for_the_end(*, until_stdin_closes, failed=None):
    """Returns on SIGTERM or SIGINT, on the end of stdin if so asked, or when `failed` (an Event) is set."""
    end = failed or threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    if until_stdin_closes:

        def drain():
            while sys.stdin.buffer.read(4096):
                pass
            end.set()

        threading.Thread(target=drain, name="stdin", daemon=True).start()
    end.wait()
