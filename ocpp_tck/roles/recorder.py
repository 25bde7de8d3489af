"""The evidence of a conversation: everything exchanged is recorded, judged, and what was found is kept for the verdict.

All of it is called with the conversation's lock held.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocpp_tck.evidence.records import (
    ClockSet,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionRefused,
    FileTransferred,
    Frame,
    ListeningAgain,
    Remark,
    ViolationFound,
)
from ocpp_tck.protocol.handshake import refused_violation, tls_violations
from ocpp_tck.protocol.types import Level, Side, Version
from ocpp_tck.roles.events import KIT, PRODUCT, Found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocpp_tck.net.files import Transfer
    from ocpp_tck.net.transport import Handshake, Refusal
    from ocpp_tck.protocol.judge import Judge
    from ocpp_tck.protocol.types import Judgement, Violation
    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.ports import Evidence, Line

MAX_REPEATS = 100
"""Findings of one rule in one case that are noted: one defect shows in each message that has it."""
MAX_REFUSALS = 50
"""Refused connections in one case that are noted: anybody who finds the port can be refused for ever."""
_SET = 1.0
"""Seconds by which a clock has jumped when it was set; less is the usual small correction."""


@dataclass(slots=True)
class Recorder:
    """Records and judges what one identity exchanges with the kit.

    Attributes:
        version: OCPP version.
        product: side of the product under test.
        station: identity of the charging station.
        found: violations since the case began.
        faults: exceptions of the kit itself; each makes the case a kit error.
        overrun: why the kit can't judge the product any more in this case, one sentence; empty as long as it can.
    """

    version: Version
    product: Side
    station: str
    judge: Judge
    journal: Evidence
    clock: Clock
    found: list[Found] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    overrun: str = ""
    _refused: int = 0
    _broken: Counter[str] = field(default_factory=Counter)
    _set_by: float = 0.0

    def begin(self) -> None:
        """Start a case: forget what was found in the one before. A fault is kept until it was told."""
        self.found.clear()
        self._broken.clear()
        self._refused = 0
        self.overrun = ""

    # -- connections and files -----------------------------------------------------------------------------------

    def opened(self, line: Line, now: float) -> None:
        """Record a connection."""
        handshake = line.handshake
        self.journal.write(
            ConnectionOpened(
                time=now,
                connection=line.id,
                station=self.station,
                path=handshake.path,
                offered=handshake.offered,
                subprotocol=handshake.subprotocol,
                headers=handshake.headers,
                tls=handshake.tls,
                auth=handshake.auth,
                peer=handshake.peer,
            )
        )
        self.judge.opened(line.id, now)

    def agreed(self, handshake: Handshake) -> None:
        """Judge what was agreed when a connection was opened."""
        for violation in tls_violations(handshake.tls, self.version):
            self.violated(violation)
        wanted = self.version.subprotocol
        if self.product is Side.CSMS and wanted in handshake.offered and handshake.subprotocol != wanted:
            chosen = handshake.subprotocol or "none"
            text = f"{wanted} was offered; the CSMS chose {chosen}"
            self.violated(refused_violation("subprotocol", text, self.version))

    def closed(self, line: Line, now: float, code: int, reason: str, by: str) -> None:
        """Record the end of a connection, and judge the answers that are overdue on it."""
        self.journal.write(
            ConnectionClosed(time=now, connection=line.id, station=self.station, by=by, code=code, reason=reason)
        )
        self.overdue(self.judge.closed(line.id, now))
        if by == KIT:
            self.violated(refused_violation(f"closed-{code}", reason, self.version))

    def refused(self, refusal: Refusal) -> bool:
        """Record and judge a connection that did not come about; False where there were too many of them."""
        self._refused += 1
        if self._refused > MAX_REFUSALS:
            if self._refused == MAX_REFUSALS + 1:
                self.remark(f"more than {MAX_REFUSALS} connections were refused; the others are not recorded")
            return False
        handshake = refusal.handshake
        self.journal.write(
            ConnectionRefused(
                time=self.clock.now(),
                station=handshake.station,
                by=refusal.by,
                reason=refusal.reason,
                cause=refusal.cause,
                status=refusal.status,
                path=handshake.path,
                offered=handshake.offered,
                headers=handshake.headers,
                peer=handshake.peer,
            )
        )
        # Charge points that can't do better may use older TLS (1.6 security whitepaper A00.FR.312).
        is_legacy = refusal.cause == "tls-version" and (self.version, self.product) == (Version.V16, Side.STATION)
        if refusal.by == KIT and not is_legacy:
            self.violated(refused_violation(refusal.cause, refusal.reason, self.version))
        return True

    def listens_again(self) -> None:
        """Record that the station can reconnect from now on."""
        self.journal.write(ListeningAgain(time=self.clock.now(), station=self.station))

    def transferred(self, transfer: Transfer, now: float) -> None:
        """Record an attempt of the product to fetch a file, or to send one, that has ended."""
        self.journal.write(
            FileTransferred(
                time=now,
                number=transfer.number,
                direction=transfer.direction,
                protocol=transfer.protocol,
                path=transfer.path,
                complete=transfer.complete,
                size=transfer.size,
                sha256=transfer.sha256,
                detail=transfer.detail,
                peer=transfer.peer,
            )
        )

    # -- frames --------------------------------------------------------------------------------------------------

    def frame(
        self, line: Line, sender: str, raw: str | bytes, now: float, *, malformed: bool = False
    ) -> tuple[int, Judgement | None]:
        """Record and judge a frame.

        Args:
            line: its connection.
            sender: `product` or `kit`.
            raw: text, or bytes of a binary message.
            now: seconds since the epoch.
            malformed: whether the kit breaks it on purpose.

        Returns:
            The number of the frame, and the judgement; None when the kit stumbled over it, which is noted as a fault.
        """
        number = self.journal.next_frame()
        side = self.product if sender == PRODUCT else self.product.peer
        judgement: Judgement | None = None
        try:
            judgement = self.judge.frame(line.id, side, raw, now, malformed=malformed)
        except Exception as error:  # noqa: BLE001 - a fault of the kit must not lose the frame
            self.faults.append(error)
        message = judgement.message if judgement else None
        self.journal.write(
            Frame(
                time=now,
                n=number,
                connection=line.id,
                station=self.station,
                sender=sender,
                raw=raw if isinstance(raw, str) else raw.hex(),
                encoding="text" if isinstance(raw, str) else "binary",
                type=message.type.name if message else "",
                message_id=message.id if message and isinstance(message.id, str) else "",
                action=(judgement.action if judgement else "") or "",
                malformed=malformed,
            )
        )
        for violation in judgement.violations if judgement else ():
            self.violated(violation, number, sender)
        return number, judgement

    def watch_clock(self, now: float) -> None:
        """Notice that somebody has set the machine's clock: product times that follow it are not wrong."""
        by = self.clock.set_by()
        if abs(by - self._set_by) > _SET:
            self._set_by = by
            self.judge.clock_set(by)
            self.journal.write(ClockSet(time=now, by=round(by, 3)))

    # -- findings ------------------------------------------------------------------------------------------------

    def violated(self, violation: Violation | None, frame: int = 0, sender: str = PRODUCT) -> None:
        """Note what was broken, if anything was.

        Args:
            violation: None where nothing was.
            frame: number of the frame that shows it, 0 for none.
            sender: whose it is, `product` or `kit`.
        """
        if violation is None:
            return
        if sender == PRODUCT:
            self._broken[violation.rule] += 1
            if self._broken[violation.rule] > MAX_REPEATS:
                if self._broken[violation.rule] == MAX_REPEATS + 1:
                    self.remark(f"{violation.rule} was broken more than {MAX_REPEATS} times; the rest is not listed")
                return
        self.found.append(Found(violation, frame, sender))
        self.journal.write(
            ViolationFound(
                time=self.clock.now(),
                frame=frame,
                sender=sender,
                rule=violation.rule,
                level=violation.level,
                message=violation.message,
                clause=violation.clause,
                path=violation.path,
            )
        )
        if sender == KIT and violation.level is Level.MUST:
            self.stumbled(AssertionError(f"the kit sent an illegal frame {frame}: {violation.message}"))

    def overdue(self, violations: Iterable[Violation]) -> None:
        """Note missing answers, unless the kit itself has stopped to listen for them."""
        for violation in violations:
            if not self.overrun:
                self.violated(violation)

    def stumbled(self, error: Exception) -> None:
        """Note a fault of the kit; what it made of a message that broke a must follows from that and is a remark."""
        if any(one.sender == PRODUCT and one.violation.level is Level.MUST for one in self.found):
            self.remark(f"after an illegal message of the product the kit stumbled: {error!r}")
        else:
            self.faults.append(error)

    def cannot_judge(self, text: str) -> None:
        """Note why the kit can't judge the product any more in this case; the first reason stays."""
        self.overrun = self.overrun or text
        self.remark(text)

    def remark(self, text: str) -> None:
        """Record a remark."""
        self.journal.write(Remark(time=self.clock.now(), text=text))
