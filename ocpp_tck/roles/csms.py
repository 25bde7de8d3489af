"""The CSMS under test, as the kit's charging station sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp_tck.net import Refusal
from ocpp_tck.roles.product import Product, Watcher
from ocpp_tck.verdict import Failed, Inconclusive

if TYPE_CHECKING:
    from ocpp_tck.net import Handshake
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.endpoint import ConnectingEndpoint
    from ocpp_tck.settings import Hardware, Limits, TestData


class Csms(Product):
    """The CSMS under test; the kit is the station `id`.

    Attributes:
        hardware: connectors and EVSEs that the kit has as a station.
    """

    def __init__(
        self,
        conversation: Conversation,
        limits: Limits,
        data: TestData,
        watcher: Watcher,
        *,
        hardware: Hardware,
        endpoint: ConnectingEndpoint,
    ) -> None:
        super().__init__(conversation, limits, data, watcher)
        self.hardware = hardware
        self._endpoint = endpoint

    @property
    def id(self) -> str:
        """Identity that the kit has as a station."""
        return self.conversation.station

    def connect(self) -> Handshake:
        """Connect as the station.

        Raises:
            Failed: the CSMS broke the rules of the handshake.
            Inconclusive: it could not be reached or refused the connection.
        """
        self.move_mark()
        result = self._endpoint.connect()
        if isinstance(result, Refusal):
            if result.by == "kit" and result.cause == "subprotocol":
                raise Failed(result.reason, requirement="OCPP-J 1.6 3.2", received=result.reason)
            raise Inconclusive(f"{result.reason} ({self.conversation.station})")
        return result.handshake

    def disconnect(self) -> None:
        """Close the connection as the station, and wait until it is closed."""
        self.move_mark()
        transport = self.conversation.transport
        if transport is not None:
            transport.close(1000, "")
            self.conversation.wait(lambda: None if self.conversation.is_connected else True, 5.0)

    def reconnect(self) -> Handshake:
        """Close the connection and open a new one."""
        self.disconnect()
        return self.connect()

    def go_on_for(self, dwell: str) -> None:
        """Let a dwell of the test data pass that the OCA prescribes.

        Raises:
            Inconclusive: the connection was lost meanwhile.
        """
        seconds = float(getattr(self.data, dwell))
        self.watcher.waiting(f"the dwell {dwell} ({seconds:g} s)", seconds)
        try:
            lost = self.conversation.wait(lambda: None if self.conversation.is_connected else True, seconds)
        finally:
            self.watcher.waited()
        if lost:
            raise Inconclusive(f"the connection was lost during the dwell {dwell}")

    def fence(self) -> None:
        """Send a Heartbeat, which every CSMS must answer."""
        mark, floor = self._mark, self._floor
        self.send("Heartbeat").response()
        self._mark, self._floor = mark, floor
