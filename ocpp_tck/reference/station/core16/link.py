"""One WebSocket connection to the Central System, on the `ocpp` library.

The library frames, validates and matches answers. Where it departs from OCPP-J 1.6 §4, this
module does what the text says: the error codes NotImplemented (unknown action) and NotSupported
(known, not supported) have their meaning of Table 7, FormationViolation its spelling, and a
`null` payload is an empty one.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol
from uuid import uuid4

from jsonschema.exceptions import ValidationError
from ocpp.exceptions import (
    FormatViolationError,
    NotImplementedError,  # noqa: A004 - the library's name
    NotSupportedError,
    OCPPError,
    PropertyConstraintViolationError,
)
from ocpp.messages import Call, CallError, CallResult, MessageType
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ocpp_tck.reference.station.core16.clock import read_time
from ocpp_tck.reference.station.core16.reservation import Reservation
from ocpp_tck.reference.station.core16.routes import FileCommands, FileRoutes
from ocpp_tck.reference.station.core16.security import SecurityCommands, SecurityHandlers
from ocpp_tck.reference.station.core16.sender import Answer, Failed, Offline
from ocpp_tck.reference.station.core16.smart_charging import routes

_ID_LENGTH = 36
_DESCRIPTION_LENGTH = 255

_log = logging.getLogger("ocpp_tck.reference.station")
# The library logs refused frames with a traceback; the frames themselves are for the peer to judge.
_log.addHandler(logging.NullHandler())
_log.propagate = False

Effect = Callable[[], None]
"""What follows an answer, carried out once the answer has been sent."""

Outcome = tuple[str, Effect | None]
"""The status to answer, and what follows."""


class Commands(routes.Commands, Protocol):
    """What the Central System may ask of the charge point (1.6 §5)."""

    @property
    def maintenance(self) -> FileCommands:
        """Who takes orders about diagnostics, logs and firmware."""

    @property
    def listening(self) -> bool:
        """Whether requests are answered at all: not while the registration is Rejected."""

    @property
    def security(self) -> SecurityCommands:
        """Who answers the requests of the security whitepaper."""

    def cancel_reservation(self, reservation_id: int) -> Outcome:
        """Handle CancelReservation."""

    def change_availability(self, connector_id: int, kind: str) -> Outcome:
        """Handle ChangeAvailability."""

    def change_configuration(self, key: str, value: str) -> Outcome:
        """Handle ChangeConfiguration."""

    def clear_cache(self) -> Outcome:
        """Handle ClearCache."""

    def data_transfer(self, vendor_id: str) -> Outcome:
        """Handle DataTransfer."""

    def get_configuration(self, keys: list[str]) -> tuple[list[dict[str, object]], list[str]]:
        """Handle GetConfiguration; returns KeyValues and unknown keys."""

    def get_local_list_version(self) -> int:
        """Handle GetLocalListVersion."""

    def send_local_list(self, version: int, kind: str, entries: list[Mapping[str, Any]]) -> Outcome:
        """Handle SendLocalList; `entries` have keys in snake_case."""

    def remote_start(self, id_tag: str, connector_id: int | None, profile: dict[str, Any] | None) -> Outcome:
        """Handle RemoteStartTransaction."""

    def remote_stop(self, transaction_id: int) -> Outcome:
        """Handle RemoteStopTransaction."""

    def reserve_now(self, wanted: Reservation) -> Outcome:
        """Handle ReserveNow."""

    def reset(self, kind: str) -> Outcome:
        """Handle Reset."""

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        """Handle TriggerMessage."""

    def unlock_connector(self, connector_id: int) -> Outcome:
        """Handle UnlockConnector."""


class Link(SecurityHandlers, routes.ChargingProfileRoutes, FileRoutes, ChargePoint):  # type: ignore[misc]
    """The charge point's end of one connection."""

    def __init__(self, station_id: str, connection: ClientConnection, commands: Commands) -> None:
        """Take an open connection and who answers the Central System's requests."""
        super().__init__(station_id, connection, logger=_log)
        self._commands = commands
        self.security = commands.security
        self._closed = asyncio.Event()
        self._effect: Effect | None = None
        self._outstanding: str | None = None
        self._settled = asyncio.Event()

    @property
    def _files(self) -> FileCommands:
        commands: FileCommands = self._commands.maintenance
        return commands

    async def serve(self) -> None:
        """Receive until the connection ends."""
        try:
            await self.start()
        except ConnectionClosed:
            pass
        finally:
            self._closed.set()

    async def request(self, action: str, payload: dict[str, Any], limit: float) -> Answer:
        """Send a CALL; returns the answer's payload with keys in snake_case. Raises `Offline`, `Failed`."""
        self._response_timeout = limit
        self._outstanding = str(uuid4())
        self._settled.clear()
        request = self.call(getattr(call, action)(**payload), suppress=False, unique_id=self._outstanding)
        sent = asyncio.ensure_future(request)
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait({sent, closed}, return_when=asyncio.FIRST_COMPLETED)
            if not sent.done():
                raise Offline
            return asdict(sent.result())
        except (OCPPError, TimeoutError, TypeError, ValueError) as error:
            raise Failed(str(error)) from error
        except ConnectionClosed as error:
            raise Offline from error
        finally:
            self._outstanding = None
            self._settled.set()
            sent.cancel()
            closed.cancel()

    async def route_message(self, raw_msg: str | bytes) -> None:
        """Take one frame; what cannot be read, or is of an unknown type, is ignored (OCPP-J §4.1.3)."""
        try:
            frame = json.loads(raw_msg) if isinstance(raw_msg, str) else None
        except (ValueError, RecursionError):
            return
        match frame:
            case [MessageType.Call, str() as unique_id, *rest]:
                if self._commands.listening:
                    await self._serve_call(unique_id, rest)
            case [MessageType.CallResult, str() as unique_id, payload]:
                await self._take(CallResult(unique_id, {} if payload is None else payload))
            case [MessageType.CallError, str() as unique_id, str() as code, *rest]:
                description = rest[0] if rest else ""
                await self._take(CallError(unique_id, code, description, {}))

    async def _take(self, response: CallResult | CallError) -> None:
        """Hand an answer on, and read no further frame before it has had its effect.

        A request right behind a BootNotification.conf is judged by the new registration status.
        """
        self._response_queue.put_nowait(response)
        if response.unique_id == self._outstanding:
            await self._settled.wait()
            await asyncio.sleep(0)

    async def _serve_call(self, unique_id: str, rest: list[Any]) -> None:
        match rest:
            case [str() as action, (dict() | None) as payload] if len(unique_id) <= _ID_LENGTH:
                request = Call(unique_id, action, payload or {})
            case _:
                await self._refuse(unique_id, "FormationViolation", "a CALL has an id, an action and an object")
                return
        self._effect = None
        try:
            await self._handle_call(request)
        except OCPPError as error:
            await self._refuse(unique_id, *_error(error))
        effect, self._effect = self._effect, None
        if effect is not None:
            effect()

    async def _refuse(self, unique_id: str, code: str, description: str) -> None:
        await self._send(CallError(unique_id, code, description[:_DESCRIPTION_LENGTH], {}).to_json())

    def _status(self, outcome: Outcome) -> str:
        status, self._effect = outcome
        return status

    @on("CancelReservation")  # type: ignore[untyped-decorator]
    def _on_cancel_reservation(self, **payload: Any) -> Any:
        outcome = self._commands.cancel_reservation(payload["reservation_id"])
        return call_result.CancelReservation(status=self._status(outcome))

    @on("ChangeAvailability")  # type: ignore[untyped-decorator]
    def _on_change_availability(self, **payload: Any) -> Any:
        outcome = self._commands.change_availability(payload["connector_id"], payload["type"])
        return call_result.ChangeAvailability(status=self._status(outcome))

    @on("ChangeConfiguration")  # type: ignore[untyped-decorator]
    def _on_change_configuration(self, **payload: Any) -> Any:
        outcome = self._commands.change_configuration(payload["key"], payload["value"])
        return call_result.ChangeConfiguration(status=self._status(outcome))

    @on("ClearCache")  # type: ignore[untyped-decorator]
    def _on_clear_cache(self, **_: Any) -> Any:
        return call_result.ClearCache(status=self._status(self._commands.clear_cache()))

    @on("DataTransfer")  # type: ignore[untyped-decorator]
    def _on_data_transfer(self, **payload: Any) -> Any:
        return call_result.DataTransfer(status=self._status(self._commands.data_transfer(payload["vendor_id"])))

    @on("GetConfiguration")  # type: ignore[untyped-decorator]
    def _on_get_configuration(self, **payload: Any) -> Any:
        values, unknown = self._commands.get_configuration(payload.get("key") or [])
        return call_result.GetConfiguration(configuration_key=values or None, unknown_key=unknown or None)

    @on("GetLocalListVersion")  # type: ignore[untyped-decorator]
    def _on_get_local_list_version(self, **_: Any) -> Any:
        return call_result.GetLocalListVersion(list_version=self._commands.get_local_list_version())

    @on("SendLocalList")  # type: ignore[untyped-decorator]
    def _on_send_local_list(self, **payload: Any) -> Any:
        entries = payload.get("local_authorization_list") or []
        outcome = self._commands.send_local_list(payload["list_version"], payload["update_type"], entries)
        return call_result.SendLocalList(status=self._status(outcome))

    @on("RemoteStartTransaction")  # type: ignore[untyped-decorator]
    def _on_remote_start(self, **payload: Any) -> Any:
        profile = payload.get("charging_profile")
        outcome = self._commands.remote_start(payload["id_tag"], payload.get("connector_id"), profile)
        return call_result.RemoteStartTransaction(status=self._status(outcome))

    @on("RemoteStopTransaction")  # type: ignore[untyped-decorator]
    def _on_remote_stop(self, **payload: Any) -> Any:
        outcome = self._commands.remote_stop(payload["transaction_id"])
        return call_result.RemoteStopTransaction(status=self._status(outcome))

    @on("ReserveNow")  # type: ignore[untyped-decorator]
    def _on_reserve_now(self, **payload: Any) -> Any:
        expiry = read_time(payload["expiry_date"])
        if expiry is None:
            raise PropertyConstraintViolationError(description="expiryDate is not a dateTime")
        wanted = Reservation(
            payload["reservation_id"], payload["connector_id"], payload["id_tag"], payload.get("parent_id_tag"), expiry
        )
        return call_result.ReserveNow(status=self._status(self._commands.reserve_now(wanted)))

    @on("Reset")  # type: ignore[untyped-decorator]
    def _on_reset(self, **payload: Any) -> Any:
        return call_result.Reset(status=self._status(self._commands.reset(payload["type"])))

    @on("TriggerMessage")  # type: ignore[untyped-decorator]
    def _on_trigger_message(self, **payload: Any) -> Any:
        outcome = self._commands.trigger(payload["requested_message"], payload.get("connector_id"))
        return call_result.TriggerMessage(status=self._status(outcome))

    @on("UnlockConnector")  # type: ignore[untyped-decorator]
    def _on_unlock_connector(self, **payload: Any) -> Any:
        outcome = self._commands.unlock_connector(payload["connector_id"])
        return call_result.UnlockConnector(status=self._status(outcome))


def _error(error: OCPPError) -> tuple[str, str]:
    """Return the error code of OCPP-J 1.6 Table 7 and a description."""
    cause = error.__context__
    broken = cause if isinstance(cause, ValidationError) else None
    description = broken.message if broken else str(error.details.get("cause", error.description))
    code = str(error.code)
    if isinstance(error, NotImplementedError):
        code = "NotSupported"
    elif isinstance(error, NotSupportedError):
        code = "NotImplemented"
    elif isinstance(error, FormatViolationError):
        invalid_value = broken is not None and broken.validator == "enum"
        code = "PropertyConstraintViolation" if invalid_value else "FormationViolation"
    return code, description
