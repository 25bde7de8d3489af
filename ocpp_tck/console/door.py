"""Who may come in: a link that works once, and the sessions that were opened with one. No socket, an injected clock."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Letters of a link: none is taken for another one when it is typed on a phone."""
LENGTH = 20
"""Letters of a link, about 99 bits."""
MOST_SESSIONS = 8
TRIES = 5
"""Wrong links of one address within `WINDOW` seconds from which on it is not listened to.

There is no such limit for all addresses together: with it, whoever is on the network could lock the operator out, and
a link is too long to be guessed from any number of addresses.
"""
WINDOW = 60.0
PEERS = 256
"""Addresses whose wrong links are remembered; the one that was wrong longest ago is forgotten for another."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that came in.

    Attributes:
        key: what its cookie holds.
        peer: the address that it came from.
    """

    key: str
    peer: str


class Refused(Exception):
    """Somebody may not come in.

    Attributes:
        status: HTTP status that says so.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Door:
    """Opens a session for whoever has the link, which is then another one.

    Args:
        monotonic: gives seconds that never step.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sessions: list[Session] = []
        self._used: deque[str] = deque(maxlen=MOST_SESSIONS)
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self.link = _new_link()

    def enter(self, link: str, peer: str) -> Session:
        """Open a session with the link; from then on another link is the right one.

        Args:
            link: what the browser has.
            peer: the address that it comes from.

        Raises:
            Refused: the link is wrong or was used, too many wrong ones came from there, or too many browsers are in.
        """
        if self._is_shut(peer):
            raise Refused(f"too many wrong links from your address; try again in {WINDOW:g} seconds", 429)
        if not hmac.compare_digest(_bytes(link), _bytes(self.link)):
            self._note_wrong(peer)
            if _digest(link) in self._used:
                raise Refused("this link was used already; the terminal of the run shows the one that works now", 403)
            raise Refused("this link is not the one that the terminal of the run shows", 403)
        if len(self._sessions) >= MOST_SESSIONS:
            raise Refused(f"{MOST_SESSIONS} browsers have come in already, no more may", 503)
        self._used.append(_digest(link))
        self.link = _new_link()
        session = Session(secrets.token_urlsafe(32), peer)
        self._sessions.append(session)
        return session

    def session(self, key: str) -> Session | None:
        """Give the session of a cookie; None when there is none."""
        given = _bytes(key)
        found = [one for one in self._sessions if hmac.compare_digest(_bytes(one.key), given)]
        return found[0] if found else None

    def _is_shut(self, peer: str) -> bool:
        since = self._monotonic() - WINDOW
        return sum(at > since for at in self._wrong.get(peer, ())) >= TRIES

    def _note_wrong(self, peer: str) -> None:
        self._wrong.setdefault(peer, deque(maxlen=TRIES)).append(self._monotonic())
        self._wrong.move_to_end(peer)
        while len(self._wrong) > PEERS:
            self._wrong.popitem(last=False)


def _new_link() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def _digest(link: str) -> str:
    return hashlib.sha256(_bytes(link)).hexdigest()


def _bytes(text: str) -> bytes:
    """Give a text as bytes, also one that is no Unicode: anybody can send it."""
    return text.encode("utf-8", "surrogatepass")
