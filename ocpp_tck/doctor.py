"""`ocpp-tck doctor`: names what is wrong with the set-up before the cases fail."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocpp_tck.run import Run
from ocpp_tck.verdict import Signal
from ocpp_tck.world import LiveWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocpp_tck.net import Handshake
    from ocpp_tck.settings import Settings

Finding = tuple[bool, str]
TLS_PROFILE = 2


def examine(settings: Settings) -> Iterator[Finding]:
    """Give findings one by one: whether it is well, and what was found with the mend."""
    identity = settings.connection.stations[0]
    with tempfile.TemporaryDirectory(prefix="ocpp-tck-doctor-") as folder:
        run = Run(settings, identity, LiveWorld(settings, identity, Path(folder), "doctor"), worker="doctor")
        try:
            yield from _station(run) if run.station is not None else _csms(run)
            for found in run.conversation.found:
                violation = found.violation
                yield False, f"{violation.rule}: {violation.message} ({violation.clause})"
        finally:
            run.close()


def _csms(run: Run) -> Iterator[Finding]:
    csms = run.csms
    assert csms is not None  # noqa: S101 - the role was looked at
    try:
        handshake = csms.connect()
        yield True, f"connected to {run.settings.connection.url} as {csms.id}{_agreed(handshake)}"
        yield bool(handshake.subprotocol), f"subprotocol {handshake.subprotocol or 'none'}"
        data = run.data
        if csms.version == "1.6":
            fields: dict[str, Any] = {
                "chargePointVendor": data.charge_point_vendor,
                "chargePointModel": data.charge_point_model,
            }
        else:
            station = {"vendorName": data.charge_point_vendor, "model": data.charge_point_model}
            fields = {"reason": "PowerUp", "chargingStation": station}
        boot = csms.call("BootNotification", fields)
        yield boot.status == "Accepted", f"BootNotification is answered {boot.status}; it must know {csms.id}"
        offset = datetime.fromisoformat(boot.currentTime).timestamp() - run.clock.now()
        yield abs(offset) <= run.settings.limits.clock, f"the CSMS's clock is {offset:+.1f} s off this machine's"
        yield from _token(run)
    except Signal as signal:
        refused = run.conversation.refusals
        mend = _MENDS.get(refused[-1].status, "") if refused else ""
        yield False, signal.message + mend.format(id=csms.id, url=run.settings.connection.url)


def _token(run: Run) -> Iterator[Finding]:
    """Ask whether the CSMS accepts the valid token: it costs one request here, and most cases of a run."""
    csms, token = run.csms, run.data.valid_token
    assert csms is not None  # noqa: S101
    if csms.version == "1.6":
        status = csms.call("Authorize", {"idTag": token}).idTagInfo.status
    else:
        given = {"idToken": token, "type": run.data.valid_token_type}
        status = csms.call("Authorize", {"idToken": given}).idTokenInfo.status
    told = f"[test_data] valid_token ({token}) is answered with {status}"
    is_known = status in {"Accepted", "ConcurrentTx"}
    yield is_known, told if is_known else f"{told}: enter it in the CSMS as an accepted one, or correct it here"


_CREDENTIALS = (
    ": it does not know {id}, or wants a password that is not the one here ([connection] security_profile and "
    "[connection.basic_auth])"
)
_MENDS = {
    401: _CREDENTIALS,
    403: _CREDENTIALS,
    404: ": no station is served at {url}; [connection] url is without the station's id, which is appended, and the "
    "CSMS must know {id}",
}
"""What to look at when the handshake was refused, by HTTP status."""


def _station(run: Run) -> Iterator[Finding]:
    station = run.station
    assert station is not None  # noqa: S101
    address = run.identity.listen or run.settings.connection.listen
    try:
        run.open()
    except OSError as error:
        yield False, f"cannot listen at {address}: {error.strerror or error}"
        return
    scheme = "wss" if run.settings.connection.security_profile >= TLS_PROFILE else "ws"
    yield True, f"listening at {scheme}://{address}/{run.identity.id}"
    try:
        station.wait_connected(within="boot")
        agreed = _agreed(station.connected_with())
        yield True, f"{run.identity.id} is connected with {station.conversation.version.subprotocol}{agreed}"
        station.reboot()
        yield True, f"it boots again after a Reset: {station.observed.booted}"
    except Signal as signal:
        yield False, signal.message


def _agreed(handshake: Handshake) -> str:
    """Say what TLS agreed on, empty over a plain socket."""
    tls = handshake.tls
    return f", {tls['version']} with {tls['suite']}" if tls else ""
