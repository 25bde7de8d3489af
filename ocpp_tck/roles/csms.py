"""The CSMS under test, as the kit's charging station sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp_tck.net import Refusal
from ocpp_tck.roles.csms_answers import iso
from ocpp_tck.roles.product import Product, Received, Watcher
from ocpp_tck.verdict import Failed, Inconclusive, Signal

if TYPE_CHECKING:
    from ocpp_tck.net import Handshake
    from ocpp_tck.roles.certificates import Certificates
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.endpoint import Connecting
    from ocpp_tck.settings import Hardware, Limits, TestData

MUTUAL = 3
"""Security profile with client certificates."""
WRONG_PASSWORD = "not-the-password-0000"  # noqa: S105 - the opposite of a secret


class Csms(Product):
    """The CSMS under test; the kit is the station `id`.

    Attributes:
        hardware: connectors and EVSEs that the kit has as a station.
        certificates: makes those that a case sends.
        statuses: the last status that the kit reported, by connector (1.6).
        transactions: connector by transactionId, of what the kit has started and not stopped (1.6). It outlives cases.
        accepted: whether the last boot was accepted; without that the kit may ask for nothing else (1.6 4.2).
        sessions: open transactions of 2.x that the kit left behind when its run was killed: their next seqNo.
        meter: register of the kit's energy meter, Wh; it never falls.
        tried_wrong_password: whether the CSMS had to refuse one in this run, or a wrong client certificate.
    """

    def __init__(
        self,
        conversation: Conversation,
        limits: Limits,
        data: TestData,
        watcher: Watcher,
        *,
        hardware: Hardware,
        endpoint: Connecting,
        certificates: Certificates,
    ) -> None:
        super().__init__(conversation, limits, data, watcher)
        self.hardware = hardware
        self._endpoint = endpoint
        self.certificates = certificates
        self.statuses: dict[int, str] = {}
        self.transactions: dict[int, int] = {}
        self.accepted = False
        self.sessions: dict[str, int] = {}
        self.meter = 1000
        self.tried_wrong_password = False
        self._reservation = 0

    @property
    def id(self) -> str:
        """Identity that the kit has as a station."""
        return self.conversation.station

    @property
    def security_profile(self) -> int:
        """The security profile in use."""
        return self._endpoint.security_profile

    @property
    def host(self) -> str:
        """Host name, or address, at which the CSMS is met; empty in a replay."""
        return self._endpoint.host

    def connect(self, *, suite: str = "", admitted: bool = False) -> Handshake:
        """Connect as the station.

        With security profile 1 and 2, the first connection of a run is tried with a wrong password, with profile 3
        with the certificate of an unknown authority.

        Args:
            suite: the only cipher suite that is offered, as in `net.tls.SUITES`; any good one when empty.
            admitted: whether that the CSMS lets the station in is what the case tests.

        Raises:
            Failed: the CSMS broke the rules of the handshake, or refused a station that it must let in.
            Inconclusive: it could not be reached, or refused the connection.
        """
        if not self.tried_wrong_password and (self._endpoint.password is not None or self.security_profile == MUTUAL):
            self._try_wrong()
        self.move_mark()
        result = self._endpoint.connect(suites=(suite,) if suite else ())
        if isinstance(result, Refusal):
            if result.by == "kit" and result.cause == "subprotocol":
                raise Failed(result.reason, requirement="OCPP-J 1.6 3.2", received=result.reason)
            if (suite or admitted) and result.cause != "unreachable":
                wanted = f"a connection with {suite}" if suite else "a connection"
                raise Failed(
                    f"the {self.noun} refused {wanted}: {result.reason}", expected=wanted, received=result.reason
                )
            raise Inconclusive(f"{result.reason} ({self.conversation.station})")
        return result.handshake

    def offer(self, *subprotocols: str) -> str | None:
        """Connect with these subprotocols alone; gives the one that is agreed on, None when the CSMS refuses.

        One that completes the handshake without a subprotocol, and then closes the connection, has refused (OCPP-J 1.6
        3.2; errata J 3.4); without closing it within the limit response it has agreed on none: an empty text.
        HTTP 401 and 403 are about credentials only where the subprotocol of the version is offered: servers that
        close before they accept answer 403 to any other.

        Raises:
            Inconclusive: it could not be reached.
        """
        self.disconnect()
        result = self._endpoint.connect(subprotocols=subprotocols)
        unmet = {"unreachable", "tls", "tls-version"}
        if self.conversation.version.subprotocol in subprotocols:
            unmet.add("credentials")
        if isinstance(result, Refusal) and result.cause in unmet:
            raise Inconclusive(f"{result.reason} ({self.conversation.station})")
        if isinstance(result, Refusal):
            return None
        conversation = self.conversation
        agreed = result.handshake.subprotocol
        closes = f"the {self.noun} to close a connection without a subprotocol"
        if not agreed and self.wait_for(lambda: None if conversation.is_connected else True, "response", closes):
            return None
        return agreed

    def use_password(self, password: str | bytes) -> str | bytes:
        """Show this password from now on, also in the cases that follow; gives the former one."""
        former = self._endpoint.password
        self._endpoint.use_password(password)
        return former or ""

    def use_certificate(self, chain: str) -> None:
        """Show this certificate (PEM), which answers the last signing request, from now on.

        Raises:
            ValueError: it is none.
        """
        self._endpoint.use_certificate(chain)

    def begin_anew(self) -> None:
        """Return to password and certificate of the configuration: the product has done so too."""
        self._endpoint.begin_anew()

    def _try_wrong(self) -> None:
        """Connect with a wrong password or certificate; a CSMS that keeps that connection breaks a rule.

        One that completes the handshake and then closes the connection has refused it as well.
        """
        self.tried_wrong_password = True
        mutual = self.security_profile == MUTUAL
        shown = "the client certificate of an unknown authority" if mutual else "a wrong password"
        tried = self._endpoint.connect(stranger=True) if mutual else self._endpoint.connect(password=WRONG_PASSWORD)
        if isinstance(tried, Refusal):
            return
        conversation, window = self.conversation, self.limit("absence")
        self.watcher.waiting(f"the {self.noun} to refuse {shown} (limit absence {window:g} s)", window)
        try:
            closed = conversation.wait(lambda: None if conversation.is_connected else True, window)
        finally:
            self.watcher.waited()
        if not closed:
            conversation.accepted_wrong("client-certificate" if mutual else "credentials", shown)
            self.disconnect()

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

    def go_on_for(self, dwell: str, *, at_most: float | None = None) -> None:
        """Let a dwell of the test data pass that the OCA prescribes.

        Args:
            dwell: name of the dwell.
            at_most: seconds after which it ends anyway.

        Raises:
            Inconclusive: the connection was lost meanwhile.
        """
        self.finish_prompt()
        seconds = float(getattr(self.data, dwell))
        if at_most is not None:
            seconds = max(0.0, min(seconds, float(at_most)))
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

    # -- what a charge point of 1.6 tells ------------------------------------------------------------------------

    def now(self) -> str:
        """The kit's time as OCPP writes it, UTC."""
        return iso(self.conversation.clock.now())

    def later(self, seconds: float) -> str:
        """The kit's time after so many seconds from now, as OCPP writes it."""
        return iso(self.conversation.clock.now() + seconds)

    def boot(self) -> Received:
        """Send a BootNotification (1.6 4.2) with vendor and model of the test data; gives the answer."""
        data = self.data
        self.accepted = False
        conf = self.call(
            "BootNotification", chargePointVendor=data.charge_point_vendor, chargePointModel=data.charge_point_model
        )
        self.accepted = conf.get("status") == "Accepted"
        return conf

    def report_status(self, status: str, connector: int | None = None, *, error_code: str = "NoError") -> Received:
        """Send a StatusNotification (1.6 4.9); gives the answer.

        Args:
            status: ChargePointStatus.
            connector: connectorId, 0 for the whole charge point; the configured connector when absent.
            error_code: ChargePointErrorCode.
        """
        number = self.hardware.connector if connector is None else connector
        self.statuses[number] = status
        return self.call(
            "StatusNotification", connectorId=number, status=status, errorCode=error_code, timestamp=self.now()
        )

    def new_reservation(self) -> int:
        """Give an id for a reservation (1.6 6.37); made of the time: a CSMS may remember those of earlier runs."""
        self._reservation = max(self._reservation + 1, int(self.conversation.clock.now()))
        return self._reservation

    def start_transaction(self, token: str, *, at: str = "", reservation: int | None = None) -> Received:
        """Send a StartTransaction (1.6 4.8) for the configured connector; gives the answer.

        Args:
            token: idTag that starts it.
            at: when it began, if that was earlier than now.
            reservation: reservationId of the reservation that it ends (1.6 4.8).
        """
        connector = self.hardware.connector
        fields = {} if reservation is None else {"reservationId": reservation}
        conf = self.call(
            "StartTransaction",
            connectorId=connector,
            idTag=token,
            meterStart=self.meter,
            timestamp=at or self.now(),
            **fields,
        )
        number = conf.get("transactionId")
        if isinstance(number, int):
            self.transactions[number] = connector
        return conf

    def stop_transaction(self, transaction: int, *, reason: str, token: str = "", at: str = "") -> Received:
        """Send a StopTransaction (1.6 4.10); gives the answer.

        Args:
            transaction: its id.
            reason: Reason.
            token: idTag, when somebody's identification stopped it.
            at: when it ended, if that was earlier than now.
        """
        self.meter += 100
        self.transactions.pop(transaction, None)
        fields: dict[str, Any] = {"idTag": token} if token else {}
        return self.call(
            "StopTransaction",
            transactionId=transaction,
            meterStop=self.meter,
            timestamp=at or self.now(),
            reason=reason,
            **fields,
        )

    def leave(self) -> str:
        """End a case as a polite charge point: stop what is open, report Available, disconnect.

        Gives a remark when the CSMS did not let the kit do so; empty otherwise. An open transaction would make later
        cases fail (its idTag is ConcurrentTx, 1.6 7.2): it is worth a new connection when this one owes an answer.
        """
        try:
            if not self.accepted:
                return "the charge point left without an accepted boot" if self.transactions else ""
            if self.conversation.owes_answer:
                self.disconnect()
            if self.transactions and not self.conversation.is_connected:
                self.connect()
            for transaction in list(self.transactions):
                self.stop_transaction(transaction, reason="Other")
            for connector, status in self.statuses.items():
                if status != "Available" and self.conversation.is_connected:
                    self.report_status("Available", connector)
        except Signal as error:
            return f"the charge point could not leave in order: {error.message}"
        else:
            return ""
        finally:
            self.disconnect()
