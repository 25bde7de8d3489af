"""The world of a replay: virtual clock, recorded connections and drivers, a journal in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from ocpp_tck.evidence.records import ATTEST, FileOffered, PromptEnded
from ocpp_tck.roles.drivers.base import Outcome, Result
from ocpp_tck.roles.drivers.prompt import ANSWERED, Ending

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ocpp_tck.evidence.records import ClockSet, PromptRenewed, Record
    from ocpp_tck.net import Refusal
    from ocpp_tck.replay.director import Director, Line
    from ocpp_tck.replay.recording import Recording
    from ocpp_tck.roles.certificates import Certificates
    from ocpp_tck.roles.clock import Clock
    from ocpp_tck.roles.conversation import Conversation
    from ocpp_tck.roles.drivers.base import Request
    from ocpp_tck.roles.drivers.prompt import Turn
    from ocpp_tck.roles.files import Wanted
    from ocpp_tck.world import Drivers, Journalled

T = TypeVar("T")


class VirtualClock:
    """Time passes only when somebody waits, and then at once."""

    def __init__(self, director: Director, clock_sets: Sequence[ClockSet] = ()) -> None:
        self._director = director
        self._clock_sets = clock_sets

    def now(self) -> float:
        """Seconds since the Unix epoch, as in the recording."""
        return self._director.now

    def monotonic(self) -> float:
        """The same; a replay has no clock that steps."""
        return self._director.now

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let the next thing happen, or the time pass."""
        del condition
        self._director.pass_time(seconds)

    def catch_up(self) -> None:
        """Let everything happen that was recorded before the kit acts next."""
        self._director.catch_up()

    def set_by(self) -> float:
        """Seconds by which the machine's clock was set by then, as in the recording."""
        return next((one.by for one in reversed(self._clock_sets) if one.time <= self.now()), 0.0)


class MemoryJournal:
    """Keeps the records of a replay."""

    failure = ""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._frames = itertools.count(1)

    def write(self, record: Record) -> None:
        """Keep a record."""
        self.records.append(record)

    def next_frame(self) -> int:
        """Give the number for the next frame, from 1 on."""
        return next(self._frames)

    def close(self) -> None:
        """Nothing to end."""


class ReplayedDrivers:
    """Gives to each act the outcome that it had in the recording, and to each prompt what the person said, in its time.

    A prompt whose end the recording lacks was answered then and is not shown.
    """

    def __init__(self, director: Director) -> None:
        self._director = director
        self._again = False
        self.prompt_is_open = False
        self.prompt_is_done = False
        self.prompt_refusal = ""
        director.told = self._told

    def act(self, request: Request) -> tuple[Result, str]:
        """Let the product act as it was recorded."""
        acted = self._director.acts(request.action, request.payload)
        if acted is None:
            return Result(Outcome.DONE), "replayed"
        outcome = Outcome(acted.outcome)
        if outcome is Outcome.PROMPTED:
            self.close_prompt()
            self.prompt_is_open = self._director.has_end(acted)
            outcome = outcome if self.prompt_is_open else Outcome.DONE
        return Result(outcome, acted.detail), acted.driver

    def _told(self, record: PromptRenewed | PromptEnded) -> None:
        """Hear what became of the open prompt, as it was recorded; what came or expired then does so again."""
        if not self.prompt_is_open:
            return
        if not isinstance(record, PromptEnded):
            self._again = True
        elif record.ending in {Ending.CANNOT, Ending.GONE}:
            self.prompt_refusal = record.detail
        else:
            self.prompt_is_done = record.ending == Ending.SAID

    def ask(self, question: str, seconds: float) -> tuple[Result, str]:
        """Let the person answer as it was recorded; what he said counts before what was made of it."""
        del seconds
        acted = self._director.acts(ATTEST, {"question": question})
        if acted is None:
            return Result(Outcome.UNSUPPORTED, "not asked in the recording"), ""
        ending = self._director.hear_out(acted)
        return Result(ANSWERED.get(ending, Outcome(acted.outcome)), acted.detail), acted.driver

    def take_again(self) -> bool:
        """Whether the person wanted the time to begin anew."""
        wanted, self._again = self._again, False
        return wanted

    def close_prompt(self, ending: Ending = Ending.DROPPED) -> None:
        """Close the prompt."""
        del ending
        self.prompt_is_open = self.prompt_is_done = self._again = False
        self.prompt_refusal = ""

    def tell_when_spoken(self, told: Callable[[], None]) -> None:
        """What was said wakes whoever waits, as all that happens in a replay."""

    def tell_when_turned(self, told: Callable[[Turn], None]) -> None:
        """The recording has it."""

    def close(self) -> None:
        """Nothing to free."""


class RecordedCertificates:
    """Gives the certificates that the kit sent in the recording, in order; no other one would be the same."""

    def __init__(self, sent: Iterator[str]) -> None:
        self._sent = sent

    def root(self, *, expired: bool = False, signed: bool = False) -> str:
        """Give the next one."""
        del expired, signed
        return next(self._sent, "")

    def trusted(self) -> str:
        """Give the next one."""
        return next(self._sent, "")

    def signed(self, request: str, *, wrong: bool = False) -> str:
        """Give the next one."""
        del request, wrong
        return next(self._sent, "")

    def request(self) -> str:
        """Give the next one."""
        return next(self._sent, "")


class ReplayedListening:
    """The kit's listener in a replay."""

    address = "replayed"
    algorithms = frozenset({"rsa", "ecdsa"})
    password: str | bytes | None = None

    def __init__(self, director: Director, security_profile: int) -> None:
        self._director = director
        self.security_profile = security_profile

    @property
    def is_open(self) -> bool:
        """Whether the kit can be reached."""
        return self._director.is_listening

    def open(self) -> None:
        """Begin to listen."""
        self._director.is_listening = True

    def close(self) -> None:
        """Close listener and connection."""
        if self.is_open:
            self._director.stops_listening()

    def secure(
        self, *, profile: int | None = None, password: str | bytes | None = None, suites: tuple[str, ...] = ()
    ) -> None:
        """Note the profile; the recording has what came of it."""
        del password, suites
        self.security_profile = self.security_profile if profile is None else profile

    def begin_anew(self) -> None:
        """A replay has one case."""


class ReplayedConnecting:
    """The kit's client in a replay."""

    def __init__(self, director: Director, password: str | None, security_profile: int) -> None:
        self._director = director
        self.password: str | bytes | None = password
        self.security_profile = security_profile
        self.host = ""

    def connect(
        self,
        *,
        station: str | None = None,
        subprotocols: tuple[str, ...] | None = None,
        password: str | None = None,
        suites: tuple[str, ...] = (),
        stranger: bool = False,
    ) -> Line | Refusal:
        """Connect as it was recorded."""
        del station, subprotocols, password, suites, stranger
        return self._director.connects()

    def use_password(self, password: str | bytes) -> None:
        """Note it."""
        self.password = password

    def use_certificate(self, chain: str) -> None:
        """The recording has what came of it."""

    def begin_anew(self) -> None:
        """A replay has one case."""


class ReplayedFiles:
    """The kit's file servers in a replay: each place is where it was."""

    def __init__(self, offers: Iterator[FileOffered], director: Director) -> None:
        self._offers = offers
        self._director = director

    def serve(self, wanted: Wanted) -> FileOffered:
        """Give the next place of the recording."""
        found = next(self._offers, None)
        if found is None:
            self._director.diverge(f"made a place: {wanted.what}")
            return FileOffered(time=self._director.now, number=0, url="http://replayed/", direction="")
        return found


class Fed(Iterator[T]):
    """Gives what a recording has, in order; another recording may take its place."""

    def __init__(self) -> None:
        self.source: Iterator[T] = iter(())

    def __next__(self) -> T:
        """Give the next one."""
        return next(self.source)


class ReplayedWorld:
    """A world made of a recording."""

    def __init__(self, recording: Recording, director: Director) -> None:
        self._director = director
        self._password = recording.identity.password
        self._security_profile = recording.settings.connection.security_profile
        self._certificates: Fed[str] = Fed()
        self._offers: Fed[FileOffered] = Fed()
        self._message_ids: Fed[str] = Fed()
        self._transaction_ids: Fed[int] = Fed()
        self._unrecorded = (f"replayed-{number}" for number in itertools.count(1))
        self.certificates: Certificates = RecordedCertificates(self._certificates)
        self.clock: Clock = VirtualClock(director, recording.clock_sets)
        self.memory = MemoryJournal()
        self.journal: Journalled = self.memory
        self.drivers: Drivers = ReplayedDrivers(director)
        self.message_ids: Iterator[str] = self._message_ids
        self.transaction_ids: Iterator[int] = self._transaction_ids
        self.feed(recording)

    def feed(self, recording: Recording) -> None:
        """Give from now on what this recording has."""
        last = max(recording.transaction_ids, default=0)
        self._certificates.source = iter(recording.certificates)
        self._offers.source = iter(recording.offers)
        self._message_ids.source = itertools.chain(recording.message_ids, self._unrecorded)
        self._transaction_ids.source = itertools.chain(recording.transaction_ids, itertools.count(last + 1))

    def listening(self, conversation: Conversation) -> ReplayedListening:
        """Give the kit's listener."""
        self._director.conversation = conversation
        return ReplayedListening(self._director, self._security_profile)

    def connecting(self, conversation: Conversation) -> ReplayedConnecting:
        """Give the kit's client."""
        self._director.conversation = conversation
        return ReplayedConnecting(self._director, self._password, self._security_profile)

    def files(self, conversation: Conversation) -> ReplayedFiles:
        """Give the kit's file servers."""
        del conversation
        return ReplayedFiles(self._offers, self._director)

    def close(self) -> None:
        """Nothing to end."""
