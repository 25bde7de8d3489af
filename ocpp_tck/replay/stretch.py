"""Replays a whole run: its cases one after the other, as one process wrote them into one journal.

Each case finds what the one before has left behind, as in the run itself. A case that goes otherwise than recorded does
not spoil those after it: each begins at its own place in the recording, at its recorded time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from ocpp_tck import pics
from ocpp_tck.case import CaseError, case_of, find_function, steps_of
from ocpp_tck.evidence import records as r
from ocpp_tck.evidence.redaction import MASK, Redactor
from ocpp_tck.protocol.types import Side
from ocpp_tck.recall import recall, recall_surroundings
from ocpp_tck.replay.director import Director
from ocpp_tck.replay.recording import Recording, recording_of, unheard
from ocpp_tck.replay.world import ReplayedWorld
from ocpp_tck.run import Run
from ocpp_tck.settings import TestData
from ocpp_tck.verdict import NotApplicable, NotRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ocpp_tck.case import Case
    from ocpp_tck.evidence.earlier import Stretch
    from ocpp_tck.evidence.records import Record

STAND_IN = "TCK.STANDIN."
"""Begins the token that stands for a pseudonym in a replay; with the longest name it has 20 characters (1.6 idTag)."""


SLACKS = (0.5, 2.0)
"""Seconds by which waits end later when a case goes another way than recorded; the first that helps is taken."""
MOST_TIMES = 12
"""How often a stretch is replayed at most."""
MASKED = f'"{MASK}"'
_SETTING = {"ChangeConfiguration", "SetVariables"}


@dataclass(frozen=True, slots=True)
class Played:
    """One case that was replayed.

    Attributes:
        diverged: what the kit did otherwise than recorded; empty: all went as recorded.
        missing: why it could not be replayed; empty when it was.
        unheard: whether a person was asked, and what he said is not in the journal.
        masked: whether a frame of the product has a secret, which the journal does not.
        came_otherwise: whether the case itself came to another verdict than recorded.
    """

    diverged: str = ""
    missing: str = ""
    unheard: bool = False
    masked: bool = False
    came_otherwise: bool = False

    @property
    def is_other(self) -> bool:
        """Whether it is worth another try."""
        return bool(self.diverged) or self.came_otherwise


@dataclass(frozen=True, slots=True)
class Stretched:
    """A stretch that was replayed.

    Attributes:
        records: the evidence of the replay.
        played: its cases, in order.
    """

    records: tuple[Record, ...]
    played: tuple[Played, ...]


def replay_stretch(stretch: Stretch, before: Sequence[Stretch] = ()) -> Stretched:
    """Run the cases of a stretch again against its frames.

    On a busy machine a wait of the kit may have ended late. A case that goes another way than recorded, or comes to
    another verdict, is replayed once more with waits that end later.

    Args:
        stretch: what one process has recorded.
        before: the stretches of the same station before it, when the run was resumed.
    """
    names = stand_ins(stretch.started)
    started, records = _unmasked(stretch.started, names), [_unmasked(one, names) for one in stretch.records]
    earlier = [_named(one, names) for one in before]
    slack: dict[int, float] = {}
    given_up: set[int] = set()
    for _ in range(MOST_TIMES):
        found = _Playing(started, records, earlier, slack).carry_out()
        first = next((at for at, one in enumerate(found.played) if one.is_other and at not in given_up), None)
        if first is None:
            break
        later = next((one for one in SLACKS if one > slack.get(first, 0.0)), None)
        if later is None:
            given_up.add(first)
        else:
            slack[first] = later
    return found


def stand_ins(started: r.RunStarted) -> dict[str, str]:
    """Give the token that stands for each pseudonym of a run."""
    names = [name for name, value in started.test_data.items() if value == f"<token:{name.removesuffix('_token')}>"]
    return {f"<token:{name.removesuffix('_token')}>": f"{STAND_IN}{number}" for number, name in enumerate(names, 1)}


def _named(stretch: Stretch, names: Mapping[str, str]) -> Stretch:
    started = _unmasked(stretch.started, names)
    return replace(stretch, started=started, records=tuple(_unmasked(one, names) for one in stretch.records))


def _unmasked(record: Any, names: Mapping[str, str]) -> Any:
    changed = {}
    for item in fields(record):
        value = getattr(record, item.name)
        named = _walk(value, names)
        if named is not value:
            changed[item.name] = named
    return replace(record, **changed) if changed else record


def _with_key(record: Record, key: str) -> Record:
    """Put a key where a request of the product sets one: the journal has a mask there, which is no legal key."""
    if (
        isinstance(record, r.Frame)
        and (record.sender, record.type) == ("product", "CALL")
        and record.action in _SETTING
        and MASKED in record.raw
    ):
        return replace(record, raw=record.raw.replace(MASKED, json.dumps(key)))
    return record


def _walk(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if "<token:" in value:
            for pseudonym, token in names.items():
                value = value.replace(pseudonym, token)
        return value
    if isinstance(value, Mapping):
        return {name: _walk(member, names) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_walk(member, names) for member in value)
    return value


class _Playing:
    """One stretch while it is replayed."""

    def __init__(
        self,
        started: r.RunStarted,
        records: Sequence[Record],
        before: Sequence[Stretch],
        slack: Mapping[int, float],
    ) -> None:
        self._slack = slack
        self._before = before
        self._started = _with_data(started)
        records = [_with_key(one, self._started.test_data["authorization_key"]) for one in records]
        every = [record for one in (*before,) for record in one.records] + list(records)
        has_password = any("Authorization" in getattr(one, "headers", {}) for one in every)
        begins = [at for at, one in enumerate(records) if isinstance(one, r.CaseStarted)]
        self._first = records[: begins[0]] if begins else records
        self._windows = [records[at:stop] for at, stop in zip(begins, [*begins[1:], len(records)], strict=True)]
        self._recordings = [
            recording_of(
                self._started, _begun(window), window[1:], _verdict(window), self._first, has_password=has_password
            )
            for window in self._windows
        ]
        alone = r.CaseStarted(
            time=started.time,
            case="",
            title="",
            version=started.sut["version"],
            sut=started.sut["role"],
            profile="",
            requirements="",
            node="",
            station=(*started.stations, "")[0],
        )
        self._early = recording_of(self._started, alone, self._first, "", has_password=has_password)

    def carry_out(self) -> Stretched:
        """Replay it."""
        parts = [self._early, *self._recordings]
        moments = [moment for part in parts for moment in part.moments]
        key = self._started.test_data["authorization_key"]
        masks = Redactor({}, [key, bytes.fromhex(key).decode("latin-1")])
        began = self._started.time
        director = Director(moments, Side(self._started.sut["role"]), began, masks.frame)
        whole = replace(self._early, clock_sets=tuple(one for part in parts[-1:] for one in part.clock_sets))
        world = ReplayedWorld(whole, director)
        run = Run(whole.settings, whole.identity, world, worker="replay", resumed=self._started.resumed)
        recall(self._before, run)
        run.open()
        at = len(self._early.moments)
        director.begin(0, at, began)
        director.catch_up()
        played = []
        so_far = list(self._first)
        for number, (recording, window) in enumerate(zip(self._recordings, self._windows, strict=True)):
            director.begin(at, at + len(recording.moments), recording.case.time)
            director.slack = self._slack.get(number, 0.0)
            world.feed(recording)
            at += len(recording.moments)
            so_far += window
            mark = len(world.memory.records)
            one = _play(run, director, recording, window)
            came = _verdict(world.memory.records[mark:])
            played.append(replace(one, came_otherwise=bool(recording.verdict) and came != recording.verdict))
            if director.diverged:
                _agree(run, director, so_far)
        run.close()
        return Stretched(tuple(world.memory.records), tuple(played))


def _play(run: Run, director: Director, recording: Recording, window: Sequence[Record]) -> Played:
    asked = unheard(window)
    masked = any(isinstance(one, r.Frame) and one.sender == "product" and MASK in one.raw for one in window)
    case = recording.case
    try:
        facts, function, path = _found(case.case, case.version)
    except CaseError as error:
        run.journal.write(case)
        director.catch_up()
        return Played(missing=str(error), unheard=asked, masked=masked)
    plan = steps_of(path, function.__name__)
    applies, reason = pics.decide(facts.applies_if, run.settings.pics)
    if applies is True:
        run.carry_out(function, facts, plan)
    else:
        run.start_case(facts, case.node, plan).end(
            NotRun(reason) if applies is None else NotApplicable(reason), "setup"
        )
        run.current = None
    director.catch_up()  # what comes between two cases belongs to the one before
    left = director.left()
    if left is not None:
        director.diverge(f"did not do {left.message}")
    diverged = "" if director.illegal_before else director.diverged
    return Played(diverged=diverged, unheard=asked, masked=masked)


def _agree(run: Run, director: Director, so_far: Sequence[Record]) -> None:
    """After a case that went another way: bring the kit to where the recording was at its end."""
    opened = {one.connection for one in so_far if isinstance(one, r.ConnectionOpened)}
    opened -= {one.connection for one in so_far if isinstance(one, r.ConnectionClosed)}
    director.rush(tuple(opened))
    run.conversation.forget_calls()
    recall_surroundings(so_far, run.operator)


@cache
def _found(case: str, version: str) -> tuple[Case, Callable[..., None], Path]:
    function, path = find_function(case, version)
    facts = case_of(function)
    assert facts is not None  # noqa: S101 - found as a case
    return facts, function, path


def _begun(window: Sequence[Record]) -> r.CaseStarted:
    started = window[0]
    assert isinstance(started, r.CaseStarted)  # noqa: S101 - it begins there
    return started


def _verdict(window: Sequence[Record]) -> str:
    return next((one.verdict for one in reversed(window) if isinstance(one, r.CaseEnded)), "")


def _with_data(started: r.RunStarted) -> r.RunStarted:
    """Put a legal key where the journal has a mask."""
    key = started.test_data.get("authorization_key")
    if key not in {MASK, None}:
        return started
    return replace(started, test_data={**started.test_data, "authorization_key": TestData().authorization_key})
