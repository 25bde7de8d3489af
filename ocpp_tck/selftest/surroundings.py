"""What stands before and after a frame of the product, as far as the legality of its mutants depends on it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocpp_tck.selftest.legality import REQUEST, RESPONSE, Node, message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocpp_tck.evidence.records import Frame

BOOT = "BootNotification"
_ANSWERS = frozenset({"CALLRESULT", "CALLERROR"})
_CALLS = frozenset({"CALL", "SEND"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known about one frame of the product.

    Attributes:
        version, product, type: OCPP version; "cs" or "csms"; type of the frame.
        root: the payload in its schema; None when there is none.
        is_owed: it is the one answer to a legal CALL of the kit, and the product was registered.
        is_answered: it is a CALL, and the kit answers it.
        is_followed: the product sends another frame on the same connection later.
        is_registered: as far as the case shows, nothing about a boot forbids a request after it.
        is_calling: a CALL of the product is open after it, this one aside.
        is_reused: its own message id was used for several CALLs.
        has_beats: the product sends a Heartbeat somewhere in the case.
        may_stray: the kit sent something broken before, so that an error answer may have any message id.
        earlier_id: message id of an earlier CALL of the product; empty when there is none.
        is_earlier_other: that CALL says something else, so that this one is no retry of it.
        earlier_peer_id: message id of an earlier CALL of the kit; empty when there is none.
    """

    version: str
    product: str
    type: str
    root: Node | None
    is_owed: bool
    is_answered: bool
    is_followed: bool
    is_registered: bool
    is_calling: bool
    is_reused: bool
    has_beats: bool
    may_stray: bool
    earlier_id: str
    is_earlier_other: bool
    earlier_peer_id: str

    @property
    def has_required(self) -> bool:
        """Whether the payload has required fields."""
        return self.root is not None and bool(self.root.schema.get("required"))

    @property
    def schema_clause(self) -> str:
        """The clause by which a required field must be there."""
        return f"{self.root.clause}, required" if self.root else ""


def walk(frames: Sequence[Frame], version: str, product: str) -> Iterator[tuple[Frame, list[Any], Surroundings]]:
    """Give each frame of the product that is a legal message, parsed, with its surroundings."""
    story = _Story(frames, version, product)
    for index, frame in enumerate(frames):
        parsed = _parse(frame)
        story.note(frame, parsed)
        if frame.sender == "product" and parsed is not None:
            yield frame, parsed, story.around(index, frame, parsed)


def _parse(frame: Frame) -> list[Any] | None:
    if frame.encoding == "text" and frame.type:
        with contextlib.suppress(ValueError):
            value = json.loads(frame.raw)
            if isinstance(value, list):
                return value
    return None


class _Story:
    """Follows the frames of a case."""

    def __init__(self, frames: Sequence[Frame], version: str, product: str) -> None:
        self._version = version
        self._product = product
        self._last: dict[str, int] = {}
        self._answered: set[tuple[str, str]] = set()
        for index, frame in enumerate(frames):
            if frame.sender == "product":
                self._last[frame.connection] = index
            elif frame.type in _ANSWERS:
                self._answered.add((frame.connection, frame.message_id))
        self._has_beats = any(one.sender == "product" and one.action == "Heartbeat" for one in frames)
        self._calls: dict[str, list[tuple[Frame, Any]]] = {"product": [], "kit": []}
        self._open: dict[str, str] = {}
        self._garbled = False
        self._registered = True

    def note(self, frame: Frame, parsed: list[Any] | None) -> None:
        """Take a frame in."""
        if frame.sender == "kit" and frame.malformed:
            self._garbled = True
        if parsed is None:
            return
        if frame.type in _CALLS:
            self._calls[frame.sender].append((frame, parsed[2:]))
            if frame.sender == "product" and frame.type == "CALL":
                self._open[frame.message_id] = frame.connection
        elif frame.sender == "kit":
            self._open.pop(frame.message_id, None)
        self._boot(frame, parsed)

    def _boot(self, frame: Frame, parsed: list[Any]) -> None:
        if frame.action != BOOT:
            return
        payload = parsed[2] if frame.type == "CALLRESULT" else None
        self._registered = isinstance(payload, dict) and payload.get("status") == "Accepted" and not frame.malformed

    def around(self, index: int, frame: Frame, parsed: list[Any]) -> Surroundings:
        """Give what is known about the frame that was noted last."""
        kind = RESPONSE if frame.type == "CALLRESULT" else REQUEST if frame.type in _CALLS else ""
        asked = [one for one, _ in self._calls["kit"] if one.message_id == frame.message_id]
        own = (frame.connection, frame.message_id)
        earlier = self._calls["product"][:-1] if frame.type in _CALLS else []
        others = [one for one, said in earlier if said != parsed[2:]]
        used = others[-1:] or [one for one, _ in earlier[-1:]]
        peers = [
            one.message_id for one, _ in self._calls["kit"] if one.message_id != frame.message_id and not one.malformed
        ]
        return Surroundings(
            version=self._version,
            product=self._product,
            type=frame.type,
            root=message(self._version, frame.action, kind) if kind else None,
            is_owed=frame.type in _ANSWERS and len(asked) == 1 and not asked[0].malformed and self._registered,
            is_answered=frame.type == "CALL" and own in self._answered,
            is_followed=self._last.get(frame.connection, index) > index,
            is_registered=self._registered,
            is_calling=any(identity != frame.message_id for identity in self._open),
            is_reused=len(asked) > 1,
            has_beats=self._has_beats,
            may_stray=self._garbled,
            earlier_id=used[0].message_id if used else "",
            is_earlier_other=bool(others),
            earlier_peer_id=peers[-1] if peers else "",
        )
