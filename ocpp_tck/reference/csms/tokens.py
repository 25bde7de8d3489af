"""The tokens (idTags) that an embedded 1.6 CSMS knows, and what it says about each."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ocpp_tck.reference.control import CannotStart, PayloadRefused
from ocpp_tck.reference.launch import Token

STATUSES = ("Accepted", "Blocked", "Expired", "Invalid")
"""What a token can be; ConcurrentTx is a matter of transactions, not of the token (1.6 section 7.2)."""

ID_TAG_LIMIT = 20


class Tokens:
    """Tokens by idTag; idTags are CiString20: compared without regard to case.

    Raises `CannotStart` when one of `known` can't be a token of OCPP 1.6.
    """

    def __init__(self, known: Iterable[Token]) -> None:
        self._known: dict[str, Token] = {}
        for token in known:
            try:
                self.put(checked(token))
            except PayloadRefused as error:
                raise CannotStart(f"token {token.id!r}: {error}") from error

    def put(self, token: Token) -> None:
        """Add a token or replace the one of the same idTag."""
        self._known[key(token.id)] = token

    def info(self, id_tag: str) -> dict[str, Any]:
        """Give the IdTagInfo of an idTag at this moment (1.6 section 7.27): unknown is Invalid."""
        token = self._known.get(key(id_tag))
        if token is None:
            return {"status": "Invalid"}
        over = token.expiry_date is not None and time(token.expiry_date) <= datetime.now(UTC)
        info = {"status": "Expired" if token.status == "Accepted" and over else token.status}
        if token.expiry_date is not None:
            info["expiryDate"] = token.expiry_date
        if token.parent is not None and info["status"] == "Accepted":
            info["parentIdTag"] = token.parent
        return info


def key(id_tag: str) -> str:
    """Fold an idTag for comparison."""
    return id_tag.casefold()


def time(text: str) -> datetime:
    """Read a time with its zone. Raises `ValueError` or, for what is no string, `TypeError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment


def token_from(payload: dict[str, Any]) -> Token:
    """Read the payload of `set_token`. Raises `PayloadRefused`."""
    unknown = set(payload) - {"idTag", "status", "expiryDate", "parentIdTag"}
    if unknown:
        raise PayloadRefused(f"set_token has no field {min(unknown)!r}; use idTag, status, expiryDate, parentIdTag")
    return checked(
        Token(
            id=payload.get("idTag", ""),
            status=payload.get("status", "Accepted"),
            parent=payload.get("parentIdTag"),
            expiry_date=payload.get("expiryDate"),
        )
    )


def checked(token: Token) -> Token:
    """Return the token if 1.6 can have it. Raises `PayloadRefused`, which names the field."""
    for name, value in (("idTag", token.id), ("parentIdTag", token.parent)):
        needless = name == "parentIdTag" and value is None
        if not needless and not (isinstance(value, str) and 0 < len(value) <= ID_TAG_LIMIT):
            raise PayloadRefused(f"{name}: {value!r} is not a string of 1 to {ID_TAG_LIMIT} characters")
    if token.status not in STATUSES:
        raise PayloadRefused(f"status: {token.status!r} is none of {', '.join(STATUSES)}")
    if token.expiry_date is not None:
        try:
            time(token.expiry_date)
        except (TypeError, ValueError) as error:
            raise PayloadRefused(
                f"expiryDate: {token.expiry_date!r} is not an RFC 3339 time such as 2030-01-01T00:00:00Z"
            ) from error
    return token
