"""The idTokens that an embedded 2.x CSMS knows, and what it says about each (C01, C09)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ocpp_tck.reference.control import CannotStart, PayloadRefused
from ocpp_tck.reference.csms.session import Payload
from ocpp_tck.reference.csms.tokens import key, time
from ocpp_tck.reference.launch import Token

STATUSES = (
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
)
"""AuthorizationStatusEnumType."""

CENTRAL = "Central"
NO_AUTHORIZATION = "NoAuthorization"
_ID_LIMITS = {"2.0.1": 36, "2.1": 255}
_FIELDS = ("idToken", "type", "status", "expiryDate", "groupIdToken")


class Tokens:
    """Tokens by idToken and type, compared without regard to case; a token without type has any.

    Raises `CannotStart` when one of `known` can't be a token of the version.
    """

    def __init__(self, known: Iterable[Token], version: str) -> None:
        self._version = version
        self._known: dict[tuple[str, str | None], Token] = {}
        self._issued: set[str] = set()
        for token in known:
            try:
                self.put(token)
            except PayloadRefused as error:
                raise CannotStart(f"token {token.id!r}: {error}") from error

    def put(self, token: Token) -> None:
        """Add a token, or replace the one of the same id and type. Raises `PayloadRefused`."""
        self._check(token)
        self._known[key(token.id), token.type and key(token.type)] = token

    def set(self, payload: Payload) -> None:
        """Carry `set_token` out. Raises `PayloadRefused`."""
        unknown = set(payload) - set(_FIELDS)
        if unknown:
            raise PayloadRefused(f"set_token has no field {min(unknown)!r}; use {', '.join(_FIELDS)}")
        group = payload.get("groupIdToken")
        if isinstance(group, dict):
            group = group.get("idToken")
        self.put(
            Token(
                id=payload.get("idToken", ""),
                status=payload.get("status", "Accepted"),
                parent=group,
                expiry_date=payload.get("expiryDate"),
                type=payload.get("type"),
            )
        )

    def issue(self, token: Payload) -> None:
        """Remember a token that the CSMS itself sent with a RequestStartTransaction (C05)."""
        if token["type"] == CENTRAL:
            self._issued.add(key(token["idToken"]))

    def info(self, token: Payload) -> Payload:
        """Give the IdTokenInfoType of an IdTokenType at this moment."""
        if token["type"] == NO_AUTHORIZATION:
            return {"status": "Accepted"}
        name = key(token["idToken"])
        known = self._known.get((name, key(token["type"]))) or self._known.get((name, None))
        if known is None:
            issued = token["type"] == CENTRAL and name in self._issued
            return {"status": "Accepted" if issued else "Unknown"}
        info: Payload = {"status": known.status}
        if known.expiry_date is not None:
            info["cacheExpiryDateTime"] = known.expiry_date
            if known.status == "Accepted" and time(known.expiry_date) <= datetime.now(UTC):
                info["status"] = "Expired"
        if known.parent is not None:
            # C01.FR.06, C09.FR.12; the type is Central by C09.FR.13.
            info["groupIdToken"] = {"idToken": known.parent, "type": CENTRAL}
        return info

    def _check(self, token: Token) -> None:
        limit = _ID_LIMITS[self._version]
        _check_text("idToken", token.id, limit)
        if token.parent is not None:
            _check_text("groupIdToken", token.parent, limit)
        if token.type is not None:
            _check_text("type", token.type, 20)
        if token.status not in STATUSES:
            raise PayloadRefused(f"status: {token.status!r} is none of {', '.join(STATUSES)}")
        if token.expiry_date is not None:
            try:
                time(token.expiry_date)
            except (TypeError, ValueError) as error:
                raise PayloadRefused(
                    f"expiryDate: {token.expiry_date!r} is not an RFC 3339 time such as 2030-01-01T00:00:00Z"
                ) from error


def _check_text(name: str, value: Any, limit: int) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise PayloadRefused(f"{name}: {value!r} is not a string of 1 to {limit} characters")
