"""Makes of a recording what the product would have sent with a defect: one change, in the notation of the link."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocpp_tck.reference.mutant import (
    AnswerError,
    Delay,
    Do,
    Drop,
    Duplicate,
    Inject,
    Remove,
    Reorder,
    Replace,
    Rewrite,
    Set,
    filled,
    new_id,
    put,
    take,
    text_of,
)
from ocpp_tck.replay.recording import STIMULI, Kind, Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocpp_tck.evidence.records import Frame

ERROR, RESULT = 4, 3


def altered(moments: Sequence[Moment], frame: int, do: Do) -> list[Moment] | None:
    """Give the moments with the change made at the frame of that number; None when it changes nothing there."""
    at = next(
        index
        for index, moment in enumerate(moments)
        if moment.kind is Kind.FRAME and getattr(moment.record, "n", 0) == frame
    )
    match do:
        case Drop():
            return [*moments[:at], *moments[at + 1 :]]
        case Duplicate():
            return [*moments[: at + 1], _another(moments[at], moments[at].raw), *moments[at + 1 :]]
        case Inject():
            made = _another(moments[at], _injected(moments[at], do))
            return [*moments[:at], made, *moments[at:]] if do.before else [*moments[: at + 1], made, *moments[at + 1 :]]
        case Delay():
            return _delayed(moments, at, do.seconds)
        case Reorder():
            return _reordered(moments, at)
    raw = _changed(moments[at], do)
    return None if raw is None else [*moments[:at], moments[at].with_raw(raw), *moments[at + 1 :]]


def _another(moment: Moment, raw: str | bytes) -> Moment:
    record: Frame = moment.record  # type: ignore[assignment]
    return replace(moment, raw=raw, record=replace(record, message_id=""))


def _changed(moment: Moment, do: Do) -> str | bytes | None:
    raw = moment.raw
    match do:
        case Replace():
            return do.message
        case Rewrite():
            return raw.replace(do.old, do.new, 1) if isinstance(raw, str) and do.old in raw else None
        case AnswerError():
            parsed = json.loads(raw)
            return text_of([ERROR, parsed[1], do.code, do.description, {}]) if parsed[0] == RESULT else None
        case Set() | Remove():
            parsed = copy.deepcopy(json.loads(raw))
            if isinstance(do, Set):
                values = filled(dict(do.values), _words(parsed))
                changes = [put(parsed, path, copy.deepcopy(value)) for path, value in values.items()]
            else:
                changes = [take(parsed, path) for path in do.paths]
            return text_of(parsed) if any(changes) else None
    raise NotImplementedError(f"{type(do).__name__} can't be made in a recording")


def _words(parsed: Any) -> dict[str, Any]:
    return {"$matchedId": parsed[1], "$id": new_id()}


def _injected(moment: Moment, do: Inject) -> str:
    words = _words(json.loads(moment.raw))
    return text_of(filled(do.frame, words)).replace('"$id"', f'"{words["$id"]}"')


def _delayed(moments: Sequence[Moment], at: int, seconds: float) -> list[Moment]:
    """Let the frame come later, and those of the product after it not before it, up to what the kit does next."""
    late = moments[at].time + seconds
    result = [*moments[:at], moments[at].at(late)]
    waiting = True
    for moment in moments[at + 1 :]:
        waiting = waiting and moment.kind not in STIMULI
        behind = waiting and moment.kind is not Kind.ANSWER
        result.append(moment.at(max(moment.time, late)) if behind else moment)
    return result


def _reordered(moments: Sequence[Moment], at: int) -> list[Moment] | None:
    """Let the frame go after the next one of its connection."""
    following = next(
        (
            index
            for index in range(at + 1, len(moments))
            if moments[index].kind is Kind.FRAME and moments[index].of_connection == moments[at].of_connection
        ),
        None,
    )
    if following is None:
        return None
    own = moments[at].at(moments[following].time)
    return [*moments[:at], *moments[at + 1 : following + 1], own, *moments[following + 1 :]]
