"""`ocpp-tck doctor` names what is wrong with the set-up, and the mend."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from ocpp_tck.cli import main
from ocpp_tck.demo import product


def doctor(folder, url, version="1.6", more=""):
    path = folder / "kit.toml"
    path.write_text(
        f'[sut]\nrole = "csms"\nversion = "{version}"\n[connection]\nurl = "{url}"\nstation_id = "CP001"\n'
        f"[limits]\nclock = 300.0\n{more}",
        encoding="utf-8",
    )
    return CliRunner().invoke(main, ["doctor", "--config", str(path)])


@contextmanager
def refusing(status):
    """A server that answers every handshake with an HTTP status."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_error(status)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.server_port}/ocpp"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_valid_token_is_tried(tmp_path, version):
    with product("csms", "--version", version, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0") as addresses:
        url = addresses["ocpp"].removesuffix("/CP001")
        well = doctor(tmp_path, url, version)
        ill = doctor(tmp_path, url, version, '[test_data]\nvalid_token = "TCK-VALLID"\n')
    assert well.exit_code == 0, well.output
    assert "ok    [test_data] valid_token (TCK-VALID) is answered with Accepted" in well.output
    assert ill.exit_code == 1
    assert "FAIL  [test_data] valid_token (TCK-VALLID) is answered with " in ill.output
    assert "enter it in the CSMS as an accepted one, or correct it here" in ill.output


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "wants a password that is not the one here ([connection] security_profile"),
        (403, "HTTP 403 (CP001): it does not know CP001, or wants a password"),
        (404, "[connection] url is without the station's id, which is appended"),
    ],
)
def test_a_refused_handshake_says_what_to_look_at(tmp_path, status, words):
    with refusing(status) as url:
        told = doctor(tmp_path, url)
    assert told.exit_code == 1
    assert words in told.output
    assert told.output.count("FAIL") == 1


def test_another_refusal_is_told_as_it_came(tmp_path):
    with refusing(503) as url:
        told = doctor(tmp_path, url)
    assert told.output == "FAIL  the CSMS answered the handshake with HTTP 503 (CP001)\n"
