"""Reusable states of Part 6 with the CSMS under test; the kit is the charging station.

The kit starts its transaction when the cable is plugged in (TxStartPoint EVConnected), as Part 6 has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.roles.data import identifier

if TYPE_CHECKING:
    from ocpp_tck.roles.csms import Csms
    from ocpp_tck.roles.product import Received

REMOTE_START = "RemoteStart"


def booted(csms: Csms) -> None:
    """State Booted: the station is accepted and reports every connector available."""
    data = csms.data
    station = {"model": data.charge_point_model, "vendorName": data.charge_point_vendor}
    assert csms.call("BootNotification", reason="PowerUp", chargingStation=station).status == "Accepted"
    for evse in csms.hardware.evses:
        for connector in range(1, evse.connectors + 1):
            availability(csms, "Available", evse.id, connector)


def free(csms: Csms) -> None:
    """End the transactions that the kit left behind when its run was killed, as after a power failure (E08)."""
    while csms.sessions:
        transaction, number = csms.sessions.popitem()
        csms.call(
            "TransactionEvent",
            eventType="Ended",
            timestamp=csms.now(),
            triggerReason="AbnormalCondition",
            seqNo=number,
            transactionInfo={"transactionId": transaction, "stoppedReason": "PowerLoss"},
        )


def availability(csms: Csms, state: str, evse: int | None = None, connector: int = 1) -> None:
    """Report a connector's availability."""
    csms.call(
        "StatusNotification",
        timestamp=csms.now(),
        connectorStatus=state,
        evseId=csms.hardware.evse if evse is None else evse,
        connectorId=connector,
    )


class Session:
    """One transaction of the kit as a station: its id and sequence numbers (2.0.1 E01).

    No two transactions have the same id, neither in a run (frames are numbered) nor in two runs (E01.FR.08).
    """

    def __init__(self, csms: Csms) -> None:
        self._csms = csms
        self._number = 0
        last = csms.conversation.events[-1]
        self.id = identifier(f"{csms.id} {last.frame} {int(last.time)}")
        self.is_open = False

    def event(self, kind: str, reason: str, /, info: dict[str, Any] | None = None, **fields: Any) -> Received:
        """Send a TransactionEvent; gives the answer."""
        number, self._number = self._number, self._number + 1
        self.is_open = kind != "Ended"
        return self._csms.call(
            "TransactionEvent",
            eventType=kind,
            timestamp=self._csms.now(),
            triggerReason=reason,
            seqNo=number,
            transactionInfo={"transactionId": self.id, **(info or {})},
            **fields,
        )

    def plug_in(self) -> None:
        """State EVConnectedPreSession: the cable is plugged in and the transaction starts."""
        evse = self._csms.hardware.evse
        availability(self._csms, "Occupied")
        self.event("Started", "CablePluggedIn", {"chargingState": "EVConnected"}, evse={"id": evse, "connectorId": 1})

    def authorize(self) -> None:
        """State Authorized: the CSMS accepts the valid token, asked for and in the transaction.

        Both answers name the same group, if the token has one (C01.FR.06, C09.FR.12).
        """
        token = valid_token(self._csms)
        asked = self._csms.call("Authorize", idToken=token).idTokenInfo
        assert asked.status == "Accepted"
        told = self.event("Updated", "Authorized", idToken=token).idTokenInfo
        assert told.status == "Accepted"
        assert _group(told) == _group(asked)

    def charge(self) -> None:
        """State EnergyTransferStarted, the EV being connected: the station charges."""
        self.event("Updated", "ChargingStateChanged", {"chargingState": "Charging"})

    def end(self) -> None:
        """Stop and unplug."""
        self.event("Ended", "EVCommunicationLost", {"stoppedReason": "EVDisconnected"})
        availability(self._csms, "Available")


def valid_token(csms: Csms) -> dict[str, str]:
    """The accepted idToken of the test data."""
    return {"idToken": csms.data.valid_token, "type": csms.data.valid_token_type}


def _group(info: Any) -> tuple[Any, Any]:
    """The group that an idTokenInfo names; nothing twice when there is none."""
    group = info.get("groupIdToken", {})
    return group.get("idToken"), group.get("type")
