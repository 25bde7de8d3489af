"""A CSMS with a REST API of its own shape: the embedded CSMS behind routes such as a vendor's.

python server.py --ocpp 127.0.0.1:9000 --api 127.0.0.1:9200 --key secret
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys

from aiohttp import ClientSession, web

# --8<-- [start:routes]
ROUTES = [
    ("POST", "/api/v1/chargers/{id}/reboot", "reset"),
    ("POST", "/api/v1/chargers/{id}/sessions", "remote-start-transaction"),
    ("DELETE", "/api/v1/chargers/{id}/sessions/{transaction}", "remote-stop-transaction"),
    ("POST", "/api/v1/chargers/{id}/connectors/{connector}/unlock", "unlock-connector"),
    ("PUT", "/api/v1/chargers/{id}/settings/{name}", "change-configuration"),
    ("POST", "/api/v1/chargers/{id}/raw/{request}", ""),  # any other OCPP request, as it is
]
# --8<-- [end:routes]


def ordered(action, path, body):
    """Give the action of the embedded CSMS and its OCPP payload for a request of this API."""
    match action:
        case "reset":
            return action, {"type": "Hard" if body["hard"] else "Soft"}
        case "remote-start-transaction":
            return action, {"idTag": body["token"], "connectorId": body["connector"]}
        case "remote-stop-transaction":
            return action, {"transactionId": int(path["transaction"])}
        case "unlock-connector":
            return action, {"connectorId": int(path["connector"])}
        case "change-configuration":
            return action, {"key": path["name"], "value": body["value"]}
        case _:
            return path["request"], body


async def serve(options):
    """Start the embedded CSMS and the API before it, until stdin closes."""
    command = [sys.executable, "-m", "ocpp_tck.reference", "csms", "--listen", options.ocpp, "--until-stdin-closes"]
    command += [word for token in options.tokens for word in ("--token", f"{token}=Accepted")]
    csms = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready = (await csms.stdout.readline()).decode()
    if not ready.startswith("ready "):
        sys.exit(f"the embedded CSMS did not start on {options.ocpp}")
    control = json.loads(ready.removeprefix("ready "))["control"]

    def handler(action):
        async def handle(request):
            if request.headers.get("Authorization") != f"Bearer {options.key}":
                raise web.HTTPUnauthorized
            path = request.match_info
            body = await request.json() if request.can_read_body else {}
            name, payload = ordered(action, path, body)
            async with ClientSession() as session:
                url = f"{control}/{name}?station={path['id']}"
                async with session.post(url, json=payload) as answer:
                    return web.json_response({"accepted": answer.ok}, status=202 if answer.ok else answer.status)

        return handle

    app = web.Application()
    for method, path, action in ROUTES:
        app.router.add_route(method, path, handler(action))
    runner = web.AppRunner(app)
    await runner.setup()
    host, _, port = options.api.rpartition(":")
    await web.TCPSite(runner, host, int(port)).start()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()
    csms.stdin.close()
    await csms.wait()


def main():
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ocpp", default="127.0.0.1:9000", help="where charge points connect")
    parser.add_argument("--api", default="127.0.0.1:9200", help="where the API listens")
    parser.add_argument("--key", default="secret", help="the API's bearer token")
    parser.add_argument("--token", action="append", dest="tokens", help="an idTag that is accepted; repeatable")
    options = parser.parse_args()
    options.tokens = options.tokens or ["TCK-VALID", "TCK-VALID-2", "TCK-OTHER"]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options))


if __name__ == "__main__":
    main()
