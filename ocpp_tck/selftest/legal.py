"""Legal changes of what a product says, of every version: spelling of JSON, times and names, delays, further messages.

A change is drawn by chance and becomes mutants of the link (`reference/mutant.py`); why it is legal stands beside it.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from ocpp_tck.reference.mutant import Inject, Lag, Match, Mutant, Reorder, Rework, payload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from ocpp_tck.reference.mutant import Do

CALL, RESULT = 2, 3
PEER = {"cs": "csms", "csms": "cs"}
TEXT = "Grüße aus Zürich, 充電 ⚡ — Ωmega"
"""Natural-language text: there characters outside US-ASCII are fine (OCPP-J 1.6 4.1.2, 2.0.1 Part 4 4.1.2)."""
VENDOR = "com.example." + "v" * 243
"""A vendorId as long as it may be."""
PAST = "2026-01-01T00:00:00Z"
ONE_OUTSTANDING = frozenset({"rpc.one_outstanding"})
NOTHING: frozenset[str] = frozenset()
NOT_UTC = frozenset({"time.utc"})
NOT_RFC3339 = frozenset({"time.iso8601"})
SHORT_DELAY, LONG_DELAY = 0.2, 0.25
"""Longest delay of every frame, in seconds; and of single frames, as part of the limit `response`."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a change may look at.

    Attributes:
        sut: role of the product.
        version: OCPP version.
        case: OCA id of the case.
        connectors: how many connectors, or EVSEs of one connector, there are.
        connector: the one that the case uses.
        response: the kit's limit for an answer, seconds.
        steps: what the case sends or expects by name: its source, for changes that would meddle with it.
        resumes: whether the product goes on with a transaction after a power failure.
    """

    sut: str
    version: str
    case: str
    connectors: int
    connector: int
    response: float
    steps: str = ""
    resumes: bool = False


Maker: TypeAlias = "Callable[[Random, Scene], Sequence[Mutant]]"
"""Draws the mutants of one kind of change."""


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of legal change.

    Attributes:
        name: what changes.
        make: draws the mutants; none when there is nothing to change in this scene.
        warns: rules of level SHOULD that the change breaks, and on which alone the kit may warn.
        early: whether it only shows during the boot, so that it is armed from the handshake on.
        group: of the changes of one group one at most is drawn; empty: it goes with any other.
        rank: in what order changes are applied: fields, times, spelling, then delays.
    """

    name: str
    make: Maker
    warns: frozenset[str] = field(default=frozenset())
    early: bool = False
    group: str = ""
    rank: int = 0


def on(sender: str, kind: str, action: str, do: Do, name: str, **match: Any) -> Mutant:
    """Make a mutant of every such frame; `match` are further fields of `Match`."""
    return Mutant(Match(**{"sender": sender, "type": kind, "action": action, "nth": 0, **match}), do, name)


def call(action: str, payload: Mapping[str, Any]) -> list[Any]:
    """Write a CALL for `Inject`."""
    return [CALL, "$id", action, dict(payload)]


# -- reworking payloads -----------------------------------------------------------------------------------------------


def reworked(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Rework:
    """Change the payload of a CALL or CALLRESULT: `change` gets a copy and gives it back changed, or None."""

    def rework(frame: Any) -> Any:
        if not isinstance(frame, list) or not frame or frame[0] not in {CALL, RESULT}:
            return None
        before = payload_of(frame)
        if not isinstance(before, dict):
            return None
        after = change(json.loads(json.dumps(before)))
        return None if after is None or after == before else [*frame[:-1], after]

    return Rework(rework)


def with_fields(**values: Any) -> Rework:
    """Put fields into the payload."""
    return reworked(lambda payload: {**payload, **values})


def without_fields(*names: str) -> Rework:
    """Take optional fields out of the payload."""
    return reworked(lambda payload: {name: value for name, value in payload.items() if name not in names})


def walked(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """Give a copy with every leaf changed: `change` gets the field's name and the value."""
    if isinstance(value, dict):
        return {key: walked(inner, change, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [walked(inner, change, name) for inner in value]
    return change(name, value)


# -- times ------------------------------------------------------------------------------------------------------------

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def _spelt(spell: Callable[[datetime], str]) -> Rework:
    def leaf(_name: str, value: Any) -> Any:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            return value
        return spell(datetime.fromisoformat(value).astimezone(UTC))

    return reworked(lambda payload: dict(walked(payload, leaf)))


def _in_zone(hours: float) -> Callable[[datetime], str]:
    zone = timezone(timedelta(hours=hours))
    return lambda moment: moment.astimezone(zone).isoformat(timespec="milliseconds")


def _plain(timespec: str, end: str) -> Callable[[datetime], str]:
    return lambda moment: moment.isoformat(timespec=timespec).replace("+00:00", end)


def _times(spell: Callable[[datetime], str]) -> Callable[[Random, Scene], list[Mutant]]:
    return lambda _dice, scene: [on(scene.sut, "any", "", _spelt(spell), "times")]


def _microseconds(dice: Random, scene: Scene) -> list[Mutant]:
    """Fractions of any length in 1.6; three digits at most from 2.0.1 on (2.1.4)."""
    return _times(_plain("microseconds", "Z"))(dice, scene) if scene.version == "1.6" else []


def _without_colon(dice: Random, scene: Scene) -> list[Mutant]:
    """ISO 8601 in its basic form of the zone: no profile of 1.6 forbids it, RFC 3339 of 2.x does."""
    return _times(_plain("milliseconds", "+0000"))(dice, scene) if scene.version == "1.6" else []


TIMES = tuple(
    Change(name, make, warns, group="times", rank=1)
    for name, make, warns in (
        ("times without fractions", _times(_plain("seconds", "Z")), NOTHING),
        ("times with +00:00", _times(_plain("milliseconds", "+00:00")), NOTHING),
        ("times with microseconds", _microseconds, NOTHING),
        ("times in a zone east", _times(_in_zone(5.5)), NOT_UTC),
        ("times in a zone west", _times(_in_zone(-8)), NOT_UTC),
        ("times with +0000", _without_colon, NOT_RFC3339),
    )
)

# -- spelling of JSON -------------------------------------------------------------------------------------------------


def _loose(frame: Any) -> Any:
    return "\n" + json.dumps(frame, ensure_ascii=False, indent=1) + " \t\r\n"


def _escaped(frame: Any) -> Any:
    text = json.dumps(frame, ensure_ascii=True, separators=(" ,", " : "))
    return re.sub(r"/", r"\\/", text)


def _shuffled(dice: Random) -> Callable[[Any], Any]:
    seed = dice.random()

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            keys = sorted(value, key=lambda key: zlib.crc32(f"{seed} {key}".encode()))
            return {key: turned(value[key]) for key in keys}
        return [turned(item) for item in value] if isinstance(value, list) else value

    return lambda frame: turned(frame) if isinstance(frame, list) else None


def _null(dice: Random, scene: Scene) -> list[Mutant]:
    """An empty payload as null (OCPP-J 1.6 4.2.1, 4.2.2: "null or {}")."""
    del dice
    if scene.version != "1.6":
        return []

    def nulled(frame: Any) -> Any:  # the errorDetails of an error that another mutant has made stay an object
        is_plain = isinstance(frame, list) and frame[0] in {2, 3} and frame[-1] == {}
        return [*frame[:-1], None] if is_plain else None

    empty = Rework(nulled)
    return [on(scene.sut, kind, "", empty, f"null {kind}") for kind in ("call", "result")]


SPELLING = tuple(
    Change(name, make, group="spelling", rank=2)
    for name, make in (
        ("JSON with line breaks", lambda _dice, scene: [on(scene.sut, "any", "", Rework(_loose), "loose")]),
        ("JSON with escapes", lambda _dice, scene: [on(scene.sut, "any", "", Rework(_escaped), "escaped")]),
        ("fields in another order", lambda dice, scene: [on(scene.sut, "any", "", Rework(_shuffled(dice)), "order")]),
        ("empty payloads as null", _null),
    )
)

# -- message ids -------------------------------------------------------------------------------------------------------


def _ids(dice: Random, scene: Scene) -> list[Mutant]:
    """Any string of 36 characters at most, unique on the connection (OCPP-J 1.6 4.1.4; 2.0.1 Part 4 4.1.4)."""
    form = dice.choice(["{}", "{:036}", "<{}> \"'\\/ é"])
    given: dict[str, str] = {}

    def out(frame: Any) -> Any:
        name = form.format(len(given) + 1)
        given[name] = str(frame[1])
        return [frame[0], name, *frame[2:]]

    def back(frame: Any) -> Any:
        return [frame[0], given[frame[1]], *frame[2:]] if isinstance(frame, list) and frame[1] in given else None

    return [
        on(scene.sut, "call", "", Rework(out), "own ids"),
        on(PEER[scene.sut], "result", "", Rework(back), "ids in results"),
        on(PEER[scene.sut], "error", "", Rework(back), "ids in errors"),
    ]


IDS = (Change("other message ids", _ids, rank=1),)

# -- letter case of identifiers ---------------------------------------------------------------------------------------

_IDENTIFIERS = {"idTag", "parentIdTag", "idToken", "vendorId"}
"""CiString of 1.6 (7.15 to 7.19), identifierString of 2.x (2.1.4): letter case means nothing."""


def _lettered(dice: Random, scene: Scene) -> list[Mutant]:
    turn = dice.choice([str.upper, str.lower, str.swapcase])

    def leaf(name: str, value: Any) -> Any:
        return turn(value) if name in _IDENTIFIERS and isinstance(value, str) and value.isascii() else value

    return [on(scene.sut, "any", "", reworked(lambda payload: dict(walked(payload, leaf))), "letters")]


LETTERS = (Change("identifiers in other letter case", _lettered),)

# -- delays -----------------------------------------------------------------------------------------------------------

_MEASURED = {"TC_001_CS", "TC_002_CS", "TC_004_2_CS", "TC_011_2_CS"}
"""Cases that measure the product's own intervals by when its messages come, within limits.interval or a tenth."""


def _slow(dice: Random, scene: Scene) -> list[Mutant]:
    return [on(scene.sut, "any", "", Lag(round(dice.uniform(0.02, SHORT_DELAY), 3)), "all slow")]


def _late(dice: Random, scene: Scene) -> list[Mutant]:
    if scene.case in _MEASURED:
        return []
    kind = dice.choice(["call", "result"])
    numbers = dice.sample(range(1, 7), 2)
    seconds = round(dice.uniform(0.3, LONG_DELAY) * scene.response, 3)
    return [on(scene.sut, kind, "", Lag(seconds), f"late {kind} {nth}", nth=nth) for nth in numbers]


DELAYS = (
    Change("everything a little slow", _slow, group="delays", rank=3),
    Change("single frames late", _late, group="delays", rank=3),
)

# -- further messages -------------------------------------------------------------------------------------------------


_UNACCEPTED = {"TC_001_CS", "TC_002_CS"}
"""Cases in which the charge point is Rejected or Pending for a while: it may not send what it likes (1.6 4.2)."""
_ACCEPTED = {
    "cs": ("StatusNotification", "Heartbeat", "Authorize", "StartTransaction", "TransactionEvent", "NotifyEvent"),
    "csms": ("",),
}
"""CALLs that show that the station was accepted, so that others may go ahead of them."""


def between(
    dice: Random, scene: Scene, frames: Sequence[tuple[str, Mapping[str, Any]]], *, in_turn: bool
) -> list[Mutant]:
    """Let the product send further CALLs: beside an answer it gets or gives, or ahead of a CALL of its own.

    Without `in_turn` one may overlap with another CALL of the product: of level SHOULD NOT in 1.6 (OCPP-J 1.6 4.1.1).
    """
    if not frames:
        return []
    made = []
    for number in range(dice.choice([1, 1, 2])):
        action, payload = dice.choice(frames)
        site = dice.choice(["told", "asked", "before"])
        nth = dice.choice([0, 1, 2, 3, 4])
        if scene.case in _UNACCEPTED:
            site, nth = "before", dice.choice([0, 1])
        sender, kind, ahead_of = {
            "told": (PEER[scene.sut], "result", ""),
            "asked": (scene.sut, "result", ""),
            "before": (scene.sut, "call", dice.choice(_ACCEPTED[scene.sut])),
        }[site]
        do = Inject(call(action, payload), before=site == "before", sender=scene.sut, in_turn=in_turn)
        made.append(on(sender, kind, ahead_of, do, f"{action} {site} {ahead_of} {nth} #{number}", nth=nth))
    return made


def effect_first(*actions: str) -> Callable[[Random, Scene], list[Mutant]]:
    """Let an answer come after the next message of the product: both directions are independent (OCPP-J 1.6 4.1.1)."""
    return lambda _dice, scene: [
        on(scene.sut, "result", action, Reorder(), f"{action} answered last") for action in actions
    ]
