"""The notation of the mutating link: which frame is meant, and what becomes of it.

```toml
[[mutants]]
name = "the status is misspelt"
match = { sender = "cs", type = "call", action = "StatusNotification", nth = 2, where = { "connectorId" = 1 } }
do = { set = { "status" = "charging" } }
```

A path names a value in the payload: `meterValue[0].sampledValue[0].value`; the empty path is the payload itself. A path
that begins with `$` names a value in the whole frame: `$[0]` is the message type, `$[1]` the message id.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

SENDERS = ("cs", "csms")
TYPES = ("call", "result", "error", "any", "handshake")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PATH = re.compile(r"(?:\$|[^.\[\]$]+|)(?:\.[^.\[\]]+|\[\d+\])*")
_PAYLOAD = {2: 3, 3: 2, 4: 4}
_MISSING = object()


class MutantError(Exception):
    """A mutant is written wrongly; the message names it, the key and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which frame is meant.

    Attributes:
        sender: who sends it: "cs" or "csms".
        type: "call", "result", "error" (a CALLERROR), "any", or "handshake" (then the rest is not looked at).
        action: action of the CALL, or of the CALL that it answers; empty = any.
        nth: 1 = the first frame that matches since the link was armed; 0 = every one.
        where: values that the payload has, by path.
        call: for an answer, values that the payload of its CALL has, by path.
    """

    sender: str
    type: str = "call"
    action: str = ""
    nth: int = 1
    where: Mapping[str, Any] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """The frame gets lost."""


@dataclass(frozen=True, slots=True)
class Set:
    """Values are put in, by path; what lies between is made, and an index one past the end appends."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remove:
    """Values are taken out, by path."""

    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The first occurrence of a text in the raw frame is replaced."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Another frame is sent instead: a text, or bytes for a binary frame."""

    message: str | bytes


@dataclass(frozen=True, slots=True)
class Inject:
    """A further frame is sent beside this one; `$id` in it is a new message id, whose answer ends at the link.

    `$payload` in it is the payload of the matched frame.

    Attributes:
        frame: the message as JSON value (or as raw text).
        before: whether it goes ahead of the matched frame.
        sender: in whose name; empty = the matched frame's sender.
        in_turn: whether from then on the sender's CALLs go one at a time, each after the answer to the one before.
    """

    frame: Any
    before: bool = False
    sender: str = ""
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Rework:
    """The frame becomes what a function makes of it; not in the declarative form.

    Attributes:
        change: gets the parsed frame, which it may not alter; gives another frame, or its raw text; None leaves it.
    """

    change: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Delay:
    """This frame and those of its sender after it wait, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lag:
    """The frame arrives so many seconds later, and so does what its sender says meanwhile: a long way, no slow sender.

    Not in the declarative form.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Reorder:
    """The frame goes after the next frame of its sender; a hit only when there is one."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The frame is sent twice. The second answer to a CALL ends at the link."""


@dataclass(frozen=True, slots=True)
class AnswerError:
    """A CALLRESULT becomes a CALLERROR of this code; a CALL is not passed on and gets that CALLERROR as its answer."""

    code: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SwapAnswers:
    """This answer and the next answer of its sender exchange their message ids; a hit only when there is a next."""


@dataclass(frozen=True, slots=True)
class Close:
    """Both connections are closed instead of passing the frame on; code 1006 cuts them without a close frame."""

    code: int = 1000


@dataclass(frozen=True, slots=True)
class Handshake:
    """The opening handshake is changed (`match.type` = "handshake"; the sender is not looked at).

    Attributes:
        headers: request headers to set, or with None to take away.
        offer: subprotocols that the request offers instead; None = as they are.
        answer: subprotocol that the answer names instead, empty = none at all; None = as it is.
    """

    headers: Mapping[str, str | None] = field(default_factory=dict)
    offer: Sequence[str] | None = None
    answer: str | None = None


Do = (
    Drop
    | Set
    | Remove
    | Rewrite
    | Replace
    | Inject
    | Rework
    | Delay
    | Lag
    | Reorder
    | Duplicate
    | AnswerError
    | SwapAnswers
    | Close
    | Handshake
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the traffic; `name` is the key of its hits."""

    match: Match
    do: Do
    name: str = ""


# -- the declarative form ------------------------------------------------------------------------------------------

_NO_ARGUMENT: Mapping[str, Any] = {
    "drop": Drop,
    "reorder": Reorder,
    "duplicate": Duplicate,
    "swap_answers": SwapAnswers,
}
_ONE_VALUE: Mapping[str, tuple[Any, tuple[type, ...], str]] = {
    "set": (Set, (dict,), "a table of path = value"),
    "remove": (Remove, (list,), "a list of paths"),
    "delay": (Delay, (int, float), "seconds"),
    "answer_error": (AnswerError, (str,), "an error code"),
    "close": (Close, (int,), "a close code"),
    "text": (Replace, (str,), "the text of a frame"),
}
_TABLES: Mapping[str, Any] = {"rewrite": Rewrite, "inject": Inject, "handshake": Handshake}
_DO_NAMES = (*_NO_ARGUMENT, *_ONE_VALUE, "binary", *_TABLES)


def parse(written: Mapping[str, Any], number: int = 1) -> Mutant:
    """Make a mutant of its TOML or dict form.

    Raises:
        MutantError: something is missing, unknown or of the wrong kind.
    """
    name = str(written.get("name", f"mutant {number}"))
    if unknown := set(written) - {"name", "match", "do"}:
        raise MutantError(f"{name}: unknown key {min(unknown)!r}; allowed: name, match, do")
    match, do = written.get("match"), written.get("do")
    if not isinstance(match, Mapping) or not isinstance(do, Mapping):
        raise MutantError(f"{name}: match and do are needed, each a table")
    return Mutant(_match(match, name), _do(do, name), name)


def parse_all(document: Mapping[str, Any]) -> tuple[Mutant, ...]:
    """Make the mutants of a file: its list `mutants`.

    Raises:
        MutantError: as for `parse`, or two mutants have one name.
    """
    written = document.get("mutants", [])
    if not isinstance(written, list) or not all(isinstance(one, Mapping) for one in written):
        raise MutantError("mutants: allowed: a list of tables, each written as [[mutants]]")
    found = tuple(parse(one, number) for number, one in enumerate(written, 1))
    names = [one.name for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise MutantError(f"{twice[0]}: two mutants have this name")
    return found


def _match(written: Mapping[str, Any], name: str) -> Match:
    known = {one.name for one in fields(Match)}
    if unknown := set(written) - known:
        raise MutantError(f"{name}: unknown key {min(unknown)!r} in match; allowed: {', '.join(sorted(known))}")
    match = Match(**{"sender": "", **written})
    if match.sender not in SENDERS:
        raise MutantError(f"{name}: match.sender is {match.sender!r}; allowed: {', '.join(SENDERS)}")
    if match.type not in TYPES:
        raise MutantError(f"{name}: match.type is {match.type!r}; allowed: {', '.join(TYPES)}")
    if not isinstance(match.nth, int) or match.nth < 0:
        raise MutantError(f"{name}: match.nth is {match.nth!r}; allowed: 1 = the first, 0 = every")
    for path in (*match.where, *match.call):
        _check(path, name)
    return match


def _do(written: Mapping[str, Any], name: str) -> Do:
    if len(written) != 1:
        raise MutantError(f"{name}: do needs one of {', '.join(_DO_NAMES)}; found {len(written)} keys")
    kind, value = next(iter(written.items()))
    if kind not in _DO_NAMES:
        raise MutantError(f"{name}: unknown do {kind!r}; allowed: {', '.join(_DO_NAMES)}")
    made: Do = _make(kind, value, name)
    if isinstance(made, Inject) and made.sender not in {"", *SENDERS}:
        raise MutantError(f"{name}: do.inject.sender is {made.sender!r}; allowed: {', '.join(SENDERS)}")
    for path in made.values if isinstance(made, Set) else made.paths if isinstance(made, Remove) else ():
        _check(path, name)
    return made


def _make(kind: str, value: Any, name: str) -> Any:
    allowed = "bytes in hexadecimal"
    try:
        if kind in _NO_ARGUMENT:
            return _NO_ARGUMENT[kind]()
        if kind == "binary":
            return Replace(bytes.fromhex(value))
        if kind in _TABLES:
            allowed = f"a table of {', '.join(one.name for one in fields(_TABLES[kind]))}"
            return _TABLES[kind](**value)
        make, types, allowed = _ONE_VALUE[kind]
    except (TypeError, ValueError):
        raise MutantError(f"{name}: do.{kind} is {value!r}; allowed: {allowed}") from None
    if not isinstance(value, types) or isinstance(value, bool):
        raise MutantError(f"{name}: do.{kind} is {value!r}; allowed: {allowed}")
    return make(value)


def _check(path: Any, name: str) -> None:
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise MutantError(f"{name}: {path!r} is no path; write it like meterValue[0].sampledValue[0].value")


# -- values in a frame -----------------------------------------------------------------------------------------------


def payload_of(frame: Any) -> Any:
    """Give the payload (of a CALLERROR its details) of a parsed frame; None when it has none."""
    try:
        return frame[_PAYLOAD[frame[0]]]
    except (IndexError, KeyError, TypeError):
        return None


def get(frame: Any, path: str, default: Any = None) -> Any:
    """Give the value at a path, or the default when there is none."""
    steps = _steps(frame, path)
    value = frame
    for step in steps or ():
        try:
            value = value[step]
        except (IndexError, KeyError, TypeError):
            return default
    return default if steps is None else value


def fits(frame: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether the frame has these values; 1 and true differ."""
    return all(_same(get(frame, path, _MISSING), value) for path, value in wanted.items())


def put(frame: Any, path: str, value: Any) -> bool:
    """Put a value in; False when it was there already or can't be put there."""
    steps = _steps(frame, path)
    if not steps or _same(get(frame, path, _MISSING), value):
        return False
    place = frame
    for step, following in pairwise(steps):
        inner = _child(place, step)
        if inner is _MISSING:
            inner = [] if isinstance(following, int) else {}
            if not _store(place, step, inner):
                return False
        place = inner
    return _store(place, steps[-1], value)


def take(frame: Any, path: str) -> bool:
    """Take a value out; False when there is none."""
    steps = _steps(frame, path)
    if not steps or get(frame, path, _MISSING) is _MISSING:
        return False
    place = frame
    for step in steps[:-1]:
        place = place[step]
    del place[steps[-1]]
    return True


def filled(value: Any, words: Mapping[str, Any]) -> Any:
    """Give the value with every text that is a word, such as `$transactionId`, replaced by what it stands for."""
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    return value


def text_of(frame: Any) -> str:
    """Write a frame as compact JSON."""
    return frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def new_id() -> str:
    """Give a message id that nobody has used."""
    return str(uuid.uuid4())


def _steps(frame: Any, path: str) -> list[str | int] | None:
    steps: list[str | int] = [int(index) if index else name for name, index in _STEP.findall(path.removeprefix("$"))]
    if path.startswith("$"):
        return steps
    try:
        return [_PAYLOAD[frame[0]], *steps]
    except (IndexError, KeyError, TypeError):
        return None


def _child(place: Any, step: str | int) -> Any:
    try:
        return place[step]
    except (IndexError, KeyError, TypeError):
        return _MISSING


def _store(place: Any, step: str | int, value: Any) -> bool:
    if isinstance(place, list) and isinstance(step, int) and step == len(place):
        place.append(value)
        return True
    try:
        place[step] = value
    except (IndexError, TypeError):
        return False
    return True


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
