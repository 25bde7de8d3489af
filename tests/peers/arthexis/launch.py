"""Starts the CSMS `arthexis` and offers the kit's control API for it.

Runs in the peer's own environment (`tests/peers/install.py` makes it):
`.peers/arthexis/bin/python tests/peers/arthexis/launch.py --listen 127.0.0.1:0`.
The product's own server, Daphne, serves the product's own application; its database is a new one in a
temporary folder. The commands go out through the product's `emit_v16_operation`, its way to send an
operation from within its own process.
"""

import asyncio
import logging
import os
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from launcher import (
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

START_SECONDS = 60
ACTION_SECONDS = 10
HASH_ITERATIONS = 1000
"""Of the stored passwords. The product takes what the stored hash says; its default costs a second at each connection."""

STATIONS = ("CP001", "CP002")
"""The stations that the product's operator has entered."""


def route(application):
    """The rule that its operator has to give a reverse proxy: the product wants a slash behind the station id.

    OCPP-J (3.1.1) ends the address with the station's identity, and so does every station.
    """

    async def routed(scope, receive, send):
        if scope["type"] == "websocket":
            scope = {**scope, "path": scope["path"].replace("/ocpp/", "/ws/ocpp/", 1).rstrip("/") + "/"}
        await application(scope, receive, send)

    return routed


class Csms:
    """The product and what its operator has entered."""

    def __init__(self, options, folder):
        self._options = options
        self._running = set()
        self._loop = None
        self.failed = threading.Event()
        os.environ["ARTHEXIS_DATA_DIR"] = str(folder)
        os.environ["ARTHEXIS_OCPP_HEARTBEAT_INTERVAL_SECONDS"] = str(options.heartbeat_interval)
        os.environ["DJANGO_SETTINGS_MODULE"] = "arthexis.settings"

    def start(self):
        """Starts the product on a thread of its own; returns the URL to which the station id is appended.

        Raises:
            CannotStart: the address can't be used, or the product ended at once.
        """
        import django
        from daphne.server import Server
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        self._enter_everything()
        from arthexis.asgi import application

        host, port = self._options.listen
        up = threading.Event()
        server = Server(route(application), self._endpoint(), signal_handlers=False, ready_callable=up.set, verbosity=0)
        threading.Thread(target=self._run, args=(server, up), name="csms", daemon=True).start()
        up.wait(START_SECONDS)
        if not server.listening_addresses:
            raise CannotStart(f"cannot listen on {host}:{port}; give another port, or 0 for a free one")
        return f"{'wss' if self._options.certificate else 'ws'}://{host}:{server.listening_addresses[0][1]}/ocpp"

    def _endpoint(self):
        host, port = self._options.listen
        if not self._options.certificate:
            return [f"tcp:{port}:interface={host}"]
        certificate, key = self._options.certificate, self._options.key
        return [f"ssl:{port}:interface={host}:privateKey={key}:certKey={certificate}"]

    def _run(self, server, up):
        from daphne.server import twisted_loop

        self._loop = twisted_loop
        try:
            server.run()
        except BaseException:
            logging.getLogger("launch").exception("the product ended")
            raise
        finally:
            up.set()
            self.failed.set()

    def _enter_everything(self):
        """Stations and tokens as an administrator enters them; every token that is not listed is refused."""
        from apps.cards.models import CardCredential
        from apps.ocpp.models import Charger
        from django.utils import timezone

        CardCredential.objects.all().delete()
        for token in tokens_of(self._options).values():
            self._enter_token(token.id_tag, token.status)
        for identity in STATIONS:
            Charger.objects.update_or_create(
                identity=identity,
                defaults={
                    "enrolled_at": timezone.now(),
                    "authority_cutover_at": timezone.now(),
                    "authorization_mode": Charger.AuthorizationMode.RESTRICTED,
                },
            )
            self._enter_password(identity, self._options.password)

    @staticmethod
    def _enter_token(id_tag, status):
        from apps.cards.models import CardCredential

        CardCredential.objects.update_or_create(
            external_id=id_tag, defaults={"ocpp_id_tag": id_tag, "active": status == "Accepted"}
        )

    @staticmethod
    def _enter_password(identity, password):
        from apps.ocpp.models import Charger
        from django.contrib.auth.hashers import PBKDF2PasswordHasher

        secret = PBKDF2PasswordHasher().encode(password, salt="peer", iterations=HASH_ITERATIONS)
        Charger.objects.filter(identity=identity).update(connection_token_hash=secret)

    def act(self, action, station, payload):
        """Carries one action of the control API out; see `launcher.Act`."""
        own = {"set_token": self._set_token, "set_password": self._set_password, "factory_reset": self._factory_reset}
        if action in own:
            return own[action](station, payload)
        name = "".join(word.capitalize() for word in action.split("_"))
        return asyncio.run_coroutine_threadsafe(self._send(name, station, payload), self._loop).result(ACTION_SECONDS)

    async def _send(self, name, station, payload):
        from apps.ocpp.models import Charger
        from apps.ocpp.protocol.v16.outbound import VALIDATORS, validate_outbound
        from apps.ocpp.transport.operations import active_connections, emit_v16_operation

        if name not in VALIDATORS:
            raise Refused(501, f"{name}: arthexis does not send it in OCPP 1.6")
        charger = await Charger.objects.filter(identity=station or "").afirst()
        if charger is None or active_connections.get(charger) is None:
            raise Refused(404, f"station {station!r} is not connected")
        try:
            validate_outbound(name, payload)
        except ValueError as error:
            raise Refused(400, f"{name}: {error}") from error
        task = self._loop.create_task(emit_v16_operation(charger=charger, action=name, payload=payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _set_token(self, _station, payload):
        refuse_unknown_fields(payload, ("idTag", "status", "expiryDate", "parentIdTag"))
        self._enter_token(text_of(payload, "idTag"), text_of(payload, "status", among=STATUSES))
        ignored = [name for name in ("expiryDate", "parentIdTag") if name in payload]
        return {"ignored": ignored} if ignored else None

    def _set_password(self, station, payload):
        refuse_unknown_fields(payload, ("password",))
        if station not in STATIONS:
            raise Refused(404, f"station: say whose password, one of {', '.join(STATIONS)}, as ?station=<id>")
        self._enter_password(station, text_of(payload, "password"))

    def _factory_reset(self, _station, payload):
        refuse_unknown_fields(payload, ())
        self._enter_everything()


def parse_options():
    """The options; certificate and key come together."""
    parser = csms_options("Starts the CSMS arthexis with the kit's control API.")
    parser.add_argument("--password", default="tck-peer-arthexis", help="of every station; the product requires one")
    parser.add_argument("--certificate", help="PEM file: serve wss:// with it (and with --key)")
    parser.add_argument("--key", help="PEM file with the key of --certificate")
    options = parser.parse_args()
    if bool(options.certificate) != bool(options.key):
        parser.error("give --certificate and --key together")
    return options


def main():
    options = parse_options()
    logging.basicConfig(level=os.environ.get("PEER_LOG", "WARNING"), stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="arthexis-") as folder:
        csms = Csms(options, Path(folder))
        try:
            ocpp = csms.start()
            control = serve_control(options.control, csms.act)
        except CannotStart as error:
            sys.stderr.write(f"arthexis: {error}\n")
            return 1
        say_ready(ocpp, control)
        wait_for_the_end(until_stdin_closes=options.until_stdin_closes, failed=csms.failed)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the product's server stops only from its own thread
