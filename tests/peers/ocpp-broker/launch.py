"""Starts the CSMS `ocpp-broker` (as its own backend) and offers the kit's control API for it.

Runs in the peer's own environment (`tests/peers/install.py` makes it):
`.peers/ocpp-broker/bin/python tests/peers/ocpp-broker/launch.py --listen 127.0.0.1:0`.
The commands go through the product's own REST API, which its server command does not start by
itself: this launcher does, on a loopback port of its own.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvicorn
import yaml
from launcher import (
    CSMS_REQUESTS,
    STATUSES,
    CannotStart,
    Refused,
    csms_options,
    refuse_unknown_fields,
    say_ready,
    serve_control,
    text_of,
    tokens_of,
    wait_for_the_end,
)
from ocpp_broker import server as product
from ocpp_broker.api_server import create_api
from ocpp_broker.schemas.tags import OCPPTag

ORGANIZATION = "tck"
START_SECONDS = 20
REST_SECONDS = 10
PAST = "2020-01-01T00:00:00Z"
"""When the tokens with status Expired ran out: the product looks at the date."""


def free_port(host, port=0):
    """A port that is free now, or the given one if it is.

    The product has no way to say which port it took. Raises `CannotStart`.
    """
    try:
        with socket.create_server((host, port)) as probe:
            return probe.getsockname()[1]
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror}; give another port, or 0 for a free one"
        raise CannotStart(message) from error


def tag_of(token):
    """A token as the product's configuration and REST API write it."""
    return {
        "id_tag": token.id_tag,
        "status": token.status,
        "expiry_date": PAST if token.status == "Expired" else None,
        "parent_id_tag": token.parent,
    }


def configuration(options, port):
    """The product's own configuration file, as text."""
    return yaml.safe_dump(
        {
            "broker": {"host": options.listen[0], "port": port},
            "organizations": [
                {
                    "name": ORGANIZATION,
                    "connect_to_backend": False,
                    "tag_management": {"enabled": True},
                    "tags": [tag_of(token) for token in tokens_of(options).values()],
                }
            ],
            "ocpp": {"commands": {"core": {"heartbeat_interval": options.heartbeat_interval}}},
        }
    )


class Csms:
    """The product with its REST API."""

    def __init__(self, options, folder):
        self._options = options
        self._folder = folder
        self._rest = ""
        self.failed = threading.Event()

    def start(self):
        """Starts the product on a thread of its own; returns the URL to which the station id is appended."""
        host = self._options.listen[0]
        port = free_port(*self._options.listen)
        rest_port = free_port("127.0.0.1")
        self._rest = f"http://127.0.0.1:{rest_port}/api"
        path = self._folder / "config.yaml"
        path.write_text(configuration(self._options, port), encoding="utf-8")
        up = threading.Event()

        def run():
            try:
                asyncio.run(self._run(str(path), rest_port, up))
            except BaseException:
                logging.getLogger("launch").exception("the product ended")
                raise
            finally:
                self.failed.set()

        threading.Thread(target=run, name="csms", daemon=True).start()
        if not up.wait(START_SECONDS) or self.failed.is_set():
            raise CannotStart(f"the product did not come up within {START_SECONDS} s; its log is on stderr")
        return f"ws://{host}:{port}/{ORGANIZATION}"

    async def _run(self, path, rest_port, up):
        serving = asyncio.ensure_future(product.main_async(product.load_broker_config(path)))
        try:
            while not product.broker.config_data:
                await asyncio.sleep(0.01)
                if serving.done():
                    serving.result()
            await product.broker.ensure_org_initialized(ORGANIZATION)
            rest = uvicorn.Server(
                uvicorn.Config(create_api(product.broker), host="127.0.0.1", port=rest_port, log_config=None)
            )
            serving_rest = asyncio.ensure_future(rest.serve())
            await _listening(self._options.listen[0], product.broker.config_data["broker"]["port"], serving)
            await _listening("127.0.0.1", rest_port, serving_rest)
        finally:
            up.set()
        await asyncio.gather(serving, serving_rest)

    def act(self, action, station, payload):
        """Carries one action of the control API out; see `launcher.Act`."""
        if action == "set_token":
            return self._set_token(payload)
        if action == "factory_reset":
            refuse_unknown_fields(payload, ())
            return self._factory_reset()
        name = "".join(word.capitalize() for word in action.split("_"))
        if name not in CSMS_REQUESTS:
            raise Refused(501, f"{action}: ocpp-broker has no such action")
        path = f"/ocpp/organizations/{ORGANIZATION}/chargers/{quote(station or '', safe='')}/commands"
        self._call("POST", path, {"action": name, "payload": payload})
        return None

    def _set_token(self, payload):
        refuse_unknown_fields(payload, ("idTag", "status", "expiryDate", "parentIdTag"))
        status = text_of(payload, "status", among=STATUSES)
        self._put_tag(
            {
                "id_tag": text_of(payload, "idTag"),
                "status": status,
                "expiry_date": payload.get("expiryDate") or (PAST if status == "Expired" else None),
                "parent_id_tag": payload.get("parentIdTag"),
            }
        )

    def _put_tag(self, tag):
        tags = f"/tags/organizations/{ORGANIZATION}/tags"
        known = {entry["id_tag"] for entry in self._call("GET", tags, None)["tags"]}
        id_tag = OCPPTag(**tag).id_tag
        if id_tag in known:
            self._call("PUT", f"{tags}/{quote(id_tag, safe='')}", tag)
        else:
            self._call("POST", tags, tag)

    def _factory_reset(self):
        tags = f"/tags/organizations/{ORGANIZATION}/tags"
        for entry in self._call("GET", tags, None)["tags"]:
            self._call("DELETE", f"{tags}/{quote(entry['id_tag'], safe='')}", None)
        for token in tokens_of(self._options).values():
            self._put_tag(tag_of(token))

    def _call(self, method, path, content):
        request = urllib.request.Request(
            self._rest + path,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=REST_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            raise Refused({404: 404, 422: 400}.get(error.code, 500), f"the product answered {text}") from error


async def _listening(host, port, serving):
    """Waits until the port answers; passes the server's own failure on."""
    while True:
        if serving.done():
            serving.result()
            raise CannotStart(f"the product stopped before it listened on {host}:{port}")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def main():
    options = csms_options("Starts the CSMS ocpp-broker with the kit's control API.").parse_args()
    sys.stdout = sys.stderr  # the product's web server writes an access log to stdout
    logging.basicConfig(stream=sys.stderr)
    logging.getLogger().setLevel(os.environ.get("PEER_LOG", "WARNING"))
    with tempfile.TemporaryDirectory(prefix="ocpp-broker-") as folder:
        csms = Csms(options, Path(folder))
        try:
            ocpp = csms.start()
            control = serve_control(options.control, csms.act)
        except CannotStart as error:
            sys.stderr.write(f"ocpp-broker: {error}\n")
            return 1
        say_ready(ocpp, control)
        wait_for_the_end(until_stdin_closes=options.until_stdin_closes, failed=csms.failed)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the product's servers have no way to be told to end from another thread
