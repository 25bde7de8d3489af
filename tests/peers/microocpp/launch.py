"""Starts the charge point simulator of MicroOcpp and offers the kit's control API for it.

`python tests/peers/microocpp/launch.py --installed-in .peers/microocpp --url ws://127.0.0.1:9000/ocpp`

The product is driven through its own REST API. It ends when it resets, as its authors say; whatever runs it starts
it again, here this launcher. Its flash memory is a temporary folder that outlives a power cycle and a reset.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from launcher import (
    CannotStart,
    Refused,
    parse_address,
    refuse_unknown_fields,
    say_ready,
    serve_control,
    text_of,
    wait_for_the_end,
)

CONNECTORS = (1, 2)
REST_SECONDS = 10
START_SECONDS = 20
POLL_SECONDS = 0.05
RECONNECT_SECONDS = 1
LIVED_SECONDS = 1.0
"""A product that has crashed sooner after its start would only do so again."""
PARKED = {"evPlugged": False, "evsePlugged": False, "evReady": False, "evseReady": False}
CHARGING = dict.fromkeys(PARKED, True)
AT = ("connector", "evse")
CAR = {"plug": CHARGING, "unplug": PARKED, "ev_suspend": {"evReady": False}, "ev_ready": {"evReady": True}}
"""What each action changes at the product's inputs."""


def stored(values):
    """A file of settings as the product keeps it in its flash memory."""
    kinds = {int: "int", str: "string"}
    entries = [{"type": kinds[type(value)], "key": key, "value": value} for key, value in values.items()]
    return json.dumps({"head": {"content-type": "ocpp_config_file", "version": "2.0"}, "configurations": entries})


class ChargePoint:
    """The product, whether it is powered or not."""

    def __init__(self, options, folder):
        self._options = options
        self._program = options.installed_in.resolve() / "build" / "mo_simulator"
        self._flash = folder / "mo_store"
        self._folder = folder
        self._process = None
        self._lock = threading.RLock()
        self.failed = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._rest = f"http://127.0.0.1:{probe.getsockname()[1]}"

    def start(self):
        """Powers it on as newly delivered.

        Raises:
            CannotStart: it is not built, or does not answer.
        """
        if not self._program.is_file():
            raise CannotStart(f"not built in {self._program.parents[1]}; run python tests/peers/install.py microocpp")
        self._forget()
        self._power_on()

    def _forget(self):
        """Its flash memory holds only what an installer enters: where to connect, as whom."""
        shutil.rmtree(self._flash, ignore_errors=True)
        self._flash.mkdir()
        (self._flash / "api.jsn").write_text(json.dumps({"url": self._rest}), encoding="utf-8")
        settings = {
            "Cst_BackendUrl": self._options.url,
            "Cst_ChargeBoxId": self._options.station_id,
            "AuthorizationKey": (self._options.password or "").encode().hex().upper(),
            "Cst_ReconnectInterval": RECONNECT_SECONDS,
        }
        (self._flash / "ws-conn.jsn").write_text(stored(settings), encoding="utf-8")

    def _power_on(self):
        with self._lock:
            if self._process is not None:
                return
            process = subprocess.Popen([self._program], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            self._process = process
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        self._await_rest(process)

    def _watch(self, process):
        """Starts the product again when it has ended to reset, which it does not always survive to the end."""
        begun = time.monotonic()
        code = process.wait()
        with self._lock:
            if self._process is not process:
                return
            self._process = None
        if code != 0:
            sys.stderr.write(f"microocpp: the product ended with {code}\n")
        if code != 0 and time.monotonic() - begun < LIVED_SECONDS:
            self.failed.set()
            return
        self._power_on()

    def _await_rest(self, process):
        """Waits until its REST API answers, which is before it has connected."""
        end = threading.Event()
        threading.Timer(START_SECONDS, end.set).start()
        while not end.wait(POLL_SECONDS) and process.poll() is None:
            try:
                self._call("GET", "/api/connectors")
            except OSError:
                continue
            return
        if process.poll() is None:
            raise CannotStart(f"the product did not answer at {self._rest} within {START_SECONDS} s")

    def power_off(self):
        """Cuts its power, as a failure of the mains does."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def act(self, action, station, payload):
        """Carries one action of the control API out; see `launcher.Act`."""
        if station not in (None, self._options.station_id):
            raise Refused(404, f"station: {station} is unknown; this is {self._options.station_id}")
        if action in CAR:
            refuse_unknown_fields(payload, AT)
            self._post(f"/api/connector/{self._connector(payload)}/evse", CAR[action])
        elif action == "present":
            refuse_unknown_fields(payload, ("idTag", *AT))
            self._post(f"/api/connector/{self._connector(payload)}/transaction", {"idTag": text_of(payload, "idTag")})
        elif action in ("power_off", "power_on", "factory_reset"):
            refuse_unknown_fields(payload, ())
            self._cycle(action)
        else:
            raise Refused(501, f"{action}: the MicroOcpp simulator has no such action")

    def _cycle(self, action):
        if action != "power_on":
            self.power_off()
        if action == "factory_reset":
            self._forget()
        if action != "power_off":
            self._power_on()

    @staticmethod
    def _connector(payload):
        connector = payload.get("connector") or payload.get("evse") or CONNECTORS[0]
        if connector not in CONNECTORS:
            raise Refused(400, f"connector: {connector} does not exist; this product has connectors 1 and 2")
        return connector

    def _post(self, path, content):
        try:
            self._call("POST", path, content)
        except urllib.error.HTTPError as error:
            raise Refused(500, f"the product answered {error.code}") from error
        except OSError as error:
            raise Refused(404, "the product has no power") from error

    def _call(self, method, path, content=None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._rest + path, method=method, data=data)
        with urllib.request.urlopen(request, timeout=REST_SECONDS) as answer:
            return answer.read()


def parse_options():
    parser = argparse.ArgumentParser(description="Starts the MicroOcpp simulator with the kit's control API.")
    parser.add_argument("--installed-in", type=Path, required=True, help="where install.py built it")
    parser.add_argument("--url", required=True, help="ws:// URL of the Central System, without the station id")
    parser.add_argument("--station-id", default="CP001")
    parser.add_argument("--password", help="Basic authentication; 8 to 20 characters")
    parser.add_argument("--control", type=parse_address, default=("127.0.0.1", 0), help="HOST:PORT for commands")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end also when stdin reaches its end")
    options = parser.parse_args()
    if not options.url.startswith("ws://"):
        parser.error(f"--url: {options.url} does not begin with ws://; over TLS the product believes any certificate")
    return options


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="microocpp-") as folder:
        charge_point = ChargePoint(options, Path(folder))
        try:
            charge_point.start()
            control = serve_control(options.control, charge_point.act)
            say_ready(f"{options.url.rstrip('/')}/{options.station_id}", control)
            wait_for_the_end(until_stdin_closes=options.until_stdin_closes, failed=charge_point.failed)
        except CannotStart as error:
            sys.stderr.write(f"microocpp: {error}\n")
            return 1
        finally:
            charge_point.power_off()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a thread may still wait for the product that has just been ended
