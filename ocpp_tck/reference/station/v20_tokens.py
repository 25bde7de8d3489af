"""Tokens of a 2.x charging station and its authorization cache (use cases C01, C09, C10, C12)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ocpp_tck.reference.station.v20_rpc import Payload

NO_AUTHORIZATION = "NoAuthorization"
CENTRAL = "Central"


@dataclass(frozen=True, slots=True)
class IdToken:
    """An IdTokenType. Two are equal by id and type alone, letter case aside (C01.FR.25)."""

    id: str
    type: str
    additional_info: tuple[Payload, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, payload: Payload) -> "IdToken":
        """Take over an IdTokenType from a message."""
        return cls(payload["idToken"], payload["type"], tuple(payload.get("additionalInfo", ())))

    def write(self) -> Payload:
        """Build the IdTokenType for a message."""
        payload: Payload = {"idToken": self.id, "type": self.type}
        if self.additional_info:
            payload["additionalInfo"] = list(self.additional_info)
        return payload

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the token."""
        return self.id.casefold(), self.type.casefold()

    def same(self, other: "IdToken | None") -> bool:
        """Tell whether both are the same token."""
        return other is not None and self.key == other.key

    @property
    def needs_no_authorization(self) -> bool:
        """Tell whether the CSMS must not be asked about it (C05.FR.01, C02)."""
        return self.type in (CENTRAL, NO_AUTHORIZATION)


def allows(info: Payload, evse: int | None) -> bool:
    """Tell whether an IdTokenInfoType permits to charge at this EVSE (C01.FR.21)."""
    evses = info.get("evseId") or ()
    return info.get("status") == "Accepted" and (not evses or evse is None or evse in evses)


def group_of(info: Payload) -> IdToken | None:
    """Take the groupIdToken out of an IdTokenInfoType."""
    group = info.get("groupIdToken")
    return IdToken.read(group) if group else None


@dataclass(slots=True)
class TokenCache:
    """The authorization cache; `life_time` is AuthCacheCtrlr.LifeTime in seconds."""

    life_time: Callable[[], int]
    _entries: dict[tuple[str, str], tuple[Payload, datetime]] = field(default_factory=dict)
    size: int = 100

    def keep(self, token: IdToken, info: Payload) -> None:
        """Store the latest information, whatever its status (C10.FR.01), but not of Central (C05.FR.02)."""
        if token.needs_no_authorization:
            return
        self._entries.pop(token.key, None)
        if len(self._entries) >= self.size:
            self._entries.pop(next(iter(self._entries)))
        self._entries[token.key] = (info, datetime.now(UTC))

    def find(self, token: IdToken) -> Payload | None:
        """Look a token up; expired entries are gone (C10.FR.08, FR.10, FR.13)."""
        entry = self._entries.get(token.key)
        if entry is None:
            return None
        info, kept = entry
        expiry = info.get("cacheExpiryDateTime")
        end = datetime.fromisoformat(expiry) if expiry else kept + timedelta(seconds=self.life_time())
        if datetime.now(UTC) >= end:
            del self._entries[token.key]
            return None
        return info

    def clear(self) -> None:
        """Forget everything (C11)."""
        self._entries.clear()
