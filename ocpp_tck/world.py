"""What lies outside a run: clock, journal, wire and drivers. A run receives it whole, so that it can be replayed."""

from __future__ import annotations

import hashlib
import itertools
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Protocol

from ocpp_tck.evidence.journal import Journal
from ocpp_tck.evidence.redaction import Redactor
from ocpp_tck.net import BackgroundLoop, Listener
from ocpp_tck.net.security import Security
from ocpp_tck.protocol.types import Version
from ocpp_tck.roles.certificates import MadeCertificates
from ocpp_tck.roles.clock import SystemClock
from ocpp_tck.roles.data import message_ids
from ocpp_tck.roles.drivers.chain import DriverChain
from ocpp_tck.roles.drivers.prompt import Ending
from ocpp_tck.roles.drivers.secrets import secrets_of
from ocpp_tck.roles.endpoint import ConnectingEndpoint, ListeningEndpoint
from ocpp_tck.roles.files import ServedFiles
from ocpp_tck.roles.ports import Evidence
from ocpp_tck.settings import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ocpp_tck.evidence.records import Record
    from ocpp_tck.roles.certificates import Certificates
    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.drivers.base import Request, Result
    from ocpp_tck.roles.drivers.prompt import PromptDriver, Turn
    from ocpp_tck.roles.endpoint import Connecting, Listening
    from ocpp_tck.roles.files import Serving
    from ocpp_tck.settings import Identity, Settings, TestData


class Journalled(Evidence, Protocol):
    """Evidence that can be ended."""

    def close(self) -> None:
        """End it."""


class Drivers(Protocol):
    """Whoever makes the product act, and the prompt of a person among them."""

    def act(self, request: Request) -> tuple[Result, str]:
        """Start an action; gives the outcome and the name of the driver that took it."""

    @property
    def prompt_is_open(self) -> bool:
        """Whether a person was asked and has not been told that it is done."""

    @property
    def prompt_is_done(self) -> bool:
        """Whether the person has said that the open prompt is done."""

    @property
    def prompt_refusal(self) -> str:
        """Why the person can't; empty while nothing of the kind was said."""

    def take_again(self) -> bool:
        """Whether the person wants the time of the open prompt to begin anew; each wish is told once."""

    def ask(self, question: str, seconds: float) -> tuple[Result, str]:
        """Ask a person a yes/no question; gives the outcome and the name of the driver that asked."""

    def close_prompt(self, ending: Ending = Ending.DROPPED) -> None:
        """Close the open prompt."""

    def tell_when_spoken(self, told: Callable[[], None]) -> None:
        """Call `told` whenever the person has said something."""

    def tell_when_turned(self, told: Callable[[Turn], None]) -> None:
        """Call `told` with what becomes of each prompt."""

    def close(self) -> None:
        """Free what the drivers hold."""


class Onlooker(Protocol):
    """Sees what a run does while it does it; it must neither wait nor raise, and no verdict depends on it."""

    def note(self, record: Record) -> None:
        """See a record, as masked in the journal."""

    def watch(self, prompt: PromptDriver) -> None:
        """See the prompts of a driver, and answer them."""


class World(Protocol):
    """What a run needs of the outside.

    Attributes:
        clock: the one clock.
        journal: where the evidence goes.
        drivers: what makes the product act.
        message_ids: ids for the CALLs of the kit.
        transaction_ids: ids that the kit gives to transactions of 1.6.
        certificates: makes those that the kit sends.
    """

    clock: Clock
    journal: Journalled
    drivers: Drivers
    message_ids: Iterator[str]
    transaction_ids: Iterator[int]
    certificates: Certificates

    def listening(self, conversation: Conversation) -> Listening:
        """Give the endpoint at which the kit waits for the station (role cs)."""

    def connecting(self, conversation: Conversation) -> Connecting:
        """Give the endpoint from which the kit connects to the CSMS (role csms)."""

    def files(self, conversation: Conversation) -> Serving:
        """Give the file servers of the kit."""

    def close(self) -> None:
        """End the threads of the wire; the drivers and the journal are closed by the run."""


_transaction_ids = itertools.count(1001)
"""Far from the numbers of connectors, so that a product that confuses the two shows it."""


class LiveWorld:
    """The real outside: sockets, the clock of this machine, a journal on disk.

    Args:
        settings: what the run was told.
        identity: the station that this worker meets or is.
        folder: where the journal goes.
        worker: name for the journal.
        masked: whether secrets and tokens are masked in the journal.
        resumed: which resumption of the run this is, 0 for its first start.
        transaction: the first id that the kit gives to a transaction of 1.6; None goes on with those of this process.
        onlooker: sees each record of the journal and each prompt; None for none.

    Raises:
        JournalError: the journal can't be written.
        TlsError: a certificate or key can't be used.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        folder: Path,
        worker: str = "main",
        *,
        masked: bool = True,
        resumed: int = 0,
        transaction: int | None = None,
        onlooker: Onlooker | None = None,
    ) -> None:
        self._settings = settings
        self._identity = identity
        data = test_data(settings, identity)
        self._security = Security(settings.connection, identity.id, identity.password, data.cpo_name)
        self._security.check(settings.sut.role)
        self.certificates: Certificates = MadeCertificates(self._security, identity.id)
        self.clock: Clock = SystemClock()
        masks = redactor(settings, identity) if masked else None
        path = folder / f"journal-{worker}.jsonl"
        told = None if onlooker is None else onlooker.note
        self.journal: Journalled = Journal(path, masks, resume=resumed > 0, on_record=told)
        drivers = DriverChain(settings.driver)
        if onlooker is not None and drivers.prompt is not None:
            onlooker.watch(drivers.prompt)
        self.drivers: Drivers = drivers
        self.message_ids: Iterator[str] = message_ids()
        self.transaction_ids: Iterator[int] = _transaction_ids if transaction is None else itertools.count(transaction)
        self._loop = BackgroundLoop()
        self._files: ServedFiles | None = None

    def listening(self, conversation: Conversation) -> ListeningEndpoint:
        """Give the endpoint at which the kit waits for the station."""
        listener = Listener(
            station=self._identity.id,
            address=self._identity.listen or self._settings.connection.listen,
            subprotocol=Version(self._settings.sut.version).subprotocol,
            sink=conversation,
            max_bytes=self._settings.max_frame_bytes,
            seconds=self._settings.limits.handshake,
        )
        return ListeningEndpoint(self._loop, listener, self._security)

    def connecting(self, conversation: Conversation) -> ConnectingEndpoint:
        """Give the endpoint from which the kit connects to the CSMS."""
        return ConnectingEndpoint(self._loop, self._settings, self._security, conversation)

    def files(self, conversation: Conversation) -> ServedFiles:
        """Give the file servers of the kit; none runs before a case needs it."""
        self._files = ServedFiles(self._settings.files, self._loop, conversation)
        return self._files

    def close(self) -> None:
        """End the network's threads."""
        if self._files is not None:
            self._files.close()
        self._loop.close()
        self._security.close()


def test_data(settings: Settings, identity: Identity) -> TestData:
    """Give the test data as they are for one identity: its own tokens instead of the common ones."""
    from dataclasses import replace  # noqa: PLC0415 - only here

    known = set(settings.test_data.__slots__)
    own: dict[str, Any] = {name: value for name, value in identity.tokens.items() if name in known}
    return replace(settings.test_data, **own)


test_data.__test__ = False  # type: ignore[attr-defined]


def token_check(data: TestData) -> str:
    """Give the check value of tokens: it tells others apart, and is too short to tell from it which they are.

    Sixteen bits over all of them: of the four billion values of a short card number alone, 65,536 have each.
    """
    tokens = {name: getattr(data, name) for name in data.__slots__ if name.endswith("_token")}
    return hashlib.sha256(json.dumps(tokens, sort_keys=True).encode()).hexdigest()[:4]


def redactor(settings: Settings, identity: Identity) -> Redactor:
    """Give what masks the records of one identity."""
    data = test_data(settings, identity)
    tokens = {getattr(data, name): name.removesuffix("_token") for name in data.__slots__ if name.endswith("_token")}
    secrets = [known.password for known in (*settings.connection.stations, identity) if known.password]
    if settings.files.password != Files().password:  # that of every kit is no secret
        secrets.append(settings.files.password)
    secrets += [data.authorization_key, bytes.fromhex(data.authorization_key).decode("latin-1")]
    secrets += [
        b64encode(f"{known.id}:{known.password}".encode()).decode("ascii")
        for known in (*settings.connection.stations, identity)
        if known.password
    ]
    known_ids = {known.id for known in settings.connection.stations}
    secrets += sorted(secrets_of(settings.driver.tables) - known_ids)
    return Redactor(tokens, secrets)
