"""Starts the CSMS `ocpp-csms` and offers the kit's control API for it.

Runs in the peer's own environment (`tests/peers/install.py` makes it):
`.peers/ocpp-csms/bin/python tests/peers/ocpp-csms/launch.py --listen 127.0.0.1:0`.
The commands go out through the product's `ChargePoint.async_call`, its way to send any request.
"""

import asyncio
import logging
import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from launcher import (
    CSMS_REQUESTS,
    STATUSES,
    CannotStart,
    Refused,
    Token,
    csms_options,
    refuse_unknown_fields,
    say_ready,
    serve_control,
    text_of,
    tokens_of,
    wait_for_the_end,
)
from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, _validate_payload
from ocpp.v16 import call
from ocpp_csms import AuthorizationStatus, CentralSystem, CsmsError, RegistrationStatus

START_SECONDS = 20
ACTION_SECONDS = 10
BOOT_STATUSES = tuple(status.value for status in RegistrationStatus)
SECURITY_REQUESTS = frozenset(
    {
        "CertificateSigned",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetInstalledCertificateIds",
        "GetLog",
        "InstallCertificate",
        "SignedUpdateFirmware",
    }
)
"""Requests of the 1.6 security whitepaper that a CSMS sends."""


class Csms:
    """The product and what its operator has told it."""

    def __init__(self, options):
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._running = set()
        self._central_system = None
        self._forget()

    def _forget(self):
        self._tokens = {id_tag.casefold(): token for id_tag, token in tokens_of(self._options).items()}
        self._passwords = {}
        self._boot_answers = {}

    def start(self):
        """Starts the product on a thread of its own; returns the URL to which the station id is appended."""
        threading.Thread(target=self._loop.run_forever, name="csms", daemon=True).start()
        host, port = self._options.listen

        async def come_up():
            self._central_system = CentralSystem(
                host=host,
                port=port,
                heartbeat_interval=self._options.heartbeat_interval,
                authenticate=self._authenticate,
                registration=self._registration,
                authorize=self._authorize,
            )
            await self._central_system.async_start()
            return self._central_system.port

        try:
            port = self._on_loop(come_up(), START_SECONDS)
        except CsmsError as error:
            raise CannotStart(f"{error}; give another port, or 0 for a free one") from error
        return f"ws://{host}:{port}/ocpp"

    def stop(self):
        """Closes the connections and the listener."""
        self._on_loop(self._central_system.async_stop(), ACTION_SECONDS)

    def _on_loop(self, work, seconds):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    async def _authenticate(self, station, password):
        return station not in self._passwords or self._passwords[station] == password

    async def _registration(self, charge_point, _info):
        waiting = self._boot_answers.get(charge_point.id)
        return RegistrationStatus(waiting.pop(0)) if waiting else RegistrationStatus.ACCEPTED

    async def _authorize(self, _charge_point, id_tag):
        token = self._tokens.get(id_tag.casefold())
        return AuthorizationStatus(token.status) if token else AuthorizationStatus.INVALID

    def act(self, action, station, payload):
        """Carries one action of the control API out; see `launcher.Act`."""
        return self._on_loop(self._act(action, station, payload), ACTION_SECONDS)

    async def _act(self, action, station, payload):
        own = {
            "set_token": self._set_token,
            "set_password": self._set_password,
            "boot_policy": self._boot_policy,
            "factory_reset": self._factory_reset,
        }.get(action)
        if own:
            return own(station, payload)
        name = "".join(word.capitalize() for word in action.split("_"))
        if name not in CSMS_REQUESTS | SECURITY_REQUESTS:
            raise Refused(501, f"{action}: ocpp-csms has no such action in OCPP 1.6")
        return self._send(name, station, payload)

    def _send(self, name, station, payload):
        charge_point = self._central_system.charge_points.get(station or "")
        if charge_point is None or not charge_point.connected:
            raise Refused(404, f"station {station!r} is not connected")
        try:
            _validate_payload(Call("control", name, payload), "1.6")
            request = getattr(call, name)(**camel_to_snake_case(payload))
        except (OCPPError, TypeError) as error:
            raise Refused(400, f"{name}: {getattr(error, 'details', None) or error}") from error
        task = self._loop.create_task(self._await_answer(name, charge_point.async_call(request)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _await_answer(self, name, answer):
        try:
            await answer
        except CsmsError as error:
            logging.getLogger("launch").info("%s: %s", name, error)

    def _set_token(self, _station, payload):
        refuse_unknown_fields(payload, ("idTag", "status", "expiryDate", "parentIdTag"))
        id_tag = text_of(payload, "idTag")
        self._tokens[id_tag.casefold()] = Token(id_tag, text_of(payload, "status", among=STATUSES))
        return _without_use([payload], "expiryDate", "parentIdTag")

    def _set_password(self, station, payload):
        refuse_unknown_fields(payload, ("password",))
        if not station:
            raise Refused(400, "station: say whose password, as ?station=<id>")
        self._passwords[station] = text_of(payload, "password")

    def _boot_policy(self, station, payload):
        refuse_unknown_fields(payload, ("then",))
        answers = payload.get("then")
        if not station:
            raise Refused(400, "station: say whose boot answers, as ?station=<id>")
        if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
            raise Refused(400, "then: give a list of objects with a status")
        self._boot_answers[station] = [text_of(answer, "status", among=BOOT_STATUSES) for answer in answers]
        return _without_use(answers, "interval")

    def _factory_reset(self, _station, payload):
        refuse_unknown_fields(payload, ())
        self._forget()


def _without_use(payloads, *names):
    """Names the fields given that the product has no way to take."""
    ignored = [name for name in names if any(name in payload for payload in payloads)]
    return {"ignored": ignored} if ignored else None


def main():
    options = csms_options("Starts the CSMS ocpp-csms with the kit's control API.").parse_args()
    logging.basicConfig(level=os.environ.get("PEER_LOG", "WARNING"), stream=sys.stderr)
    csms = Csms(options)
    try:
        ocpp = csms.start()
        control = serve_control(options.control, csms.act)
    except CannotStart as error:
        sys.stderr.write(f"ocpp-csms: {error}\n")
        return 1
    say_ready(ocpp, control)
    wait_for_the_end(until_stdin_closes=options.until_stdin_closes)
    csms.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
