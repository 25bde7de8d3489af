"""The embedded products as processes of their own: ready line, control over HTTP, clear errors, a clean end."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from station16_support import CentralSystem, run

COMMAND = [sys.executable, "-m", "ocpp_tck.reference", "cs", "--version", "1.6", "--station-id", "CP1"]


def post(url, body=b""):
    request = urllib.request.Request(url, data=body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("end", ["signal", "stdin"])
def test_a_station_process(end):
    @run
    async def case():
        central = CentralSystem()
        await central.open()
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            "--url",
            f"ws://127.0.0.1:{central.port}/ocpp",
            "--until-stdin-closes",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        line = (await asyncio.wait_for(process.stdout.readline(), 15)).decode()
        assert line.startswith("ready ")
        ready = json.loads(line.removeprefix("ready "))
        assert ready["ocpp"] == f"ws://127.0.0.1:{central.port}/ocpp/CP1"
        await central.booted()
        control = ready["control"]
        for path, body, status in [
            ("plug?station=CP1", b'{"connector": 1}', 200),
            ("power-on", b"", 200),
            ("plug?station=CP2", b"", 404),
            ("dance", b"", 501),
            ("plug", b'{"connector": 7}', 400),
            ("plug", b"[1]", 400),
            ("plug", b"{", 400),
        ]:
            got, answer = await asyncio.to_thread(post, f"{control}/{path}", body)
            assert got == status, (path, answer)
            assert (answer == {"outcome": "done"}) if status == 200 else answer["error"]
        await central.status(1, "Preparing")
        if end == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0
        assert await process.stderr.read() == b""
        await central.close()

    case()


def test_a_taken_control_port_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*COMMAND, "--url", "ws://127.0.0.1:9/ocpp", "--control", f"127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            timeout=15,
            check=False,
        )
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr
