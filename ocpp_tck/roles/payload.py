"""Payloads as a case reads them: `status.connectorId`, `conf.configurationKey[0].value`.

A missing field or index is a failed assertion about the product, not an error of the kit. Identifiers that OCPP
defines as case-insensitive (CiString in 1.6 3.1; identifierString in 2.x Part 2 2.1.4, and the reasonCode there)
compare so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ocpp_tck.verdict import Failed

CASE_INSENSITIVE = frozenset(
    {
        *("idTag", "parentIdTag", "key", "vendorId", "messageId"),
        *("additionalIdToken", "checksum", "controlId", "iccid", "id", "idToken", "idTokens", "imsi", "instance"),
        *("issuerKeyHash", "issuerNameHash", "name", "preferredNetwork", "prioritizedEMAIDs", "pspRef"),
        *("reasonCode", "serialNumber", "supersededIds", "transactionId"),
    }
)
"""Names of such fields; what is no text in one version (`id`, `transactionId`) is not concerned."""


class CaseInsensitive(str):
    """A string that equals another one whatever the case of its letters."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self.casefold() == other.casefold() if isinstance(other, str) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.casefold())


class Fields(Mapping[str, Any]):
    """A JSON object read by attribute or by item.

    Args:
        value: the object.
        where: how messages name it, such as `StatusNotification.req`.
        frame: number of the frame that carried it.
    """

    __slots__ = ("_frame", "_value", "_where")

    def __init__(self, value: Mapping[str, Any], where: str, frame: int) -> None:
        self._value = value
        self._where = where
        self._frame = frame

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._value:
            raise Failed(
                f"{self._where} has no field {name}",
                expected=f"a field {name}",
                received=repr(self),
                frames=(self._frame,),
            )
        return _wrapped(self._value[name], name, f"{self._where}.{name}", self._frame)

    def get(self, name: str, default: Any = None) -> Any:
        """Give a field that may be absent."""
        return self[name] if name in self._value else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __contains__(self, name: object) -> bool:
        return name in self._value

    def __repr__(self) -> str:
        return repr(self._value)


class Items(Sequence[Any]):
    """A JSON array whose missing index is a failed assertion."""

    __slots__ = ("_frame", "_name", "_value", "_where")

    def __init__(self, value: Sequence[Any], name: str, where: str, frame: int) -> None:
        self._value = value
        self._name = name
        self._where = where
        self._frame = frame

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self._value)))]
        try:
            value = self._value[index]
        except IndexError:
            raise Failed(
                f"{self._where} has {len(self._value)} elements, number {index} is missing",
                expected=f"an element {index}",
                received=repr(self._value),
                frames=(self._frame,),
            ) from None
        return _wrapped(value, self._name, f"{self._where}[{index}]", self._frame)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self._value)))

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._value)


def _wrapped(value: Any, name: str, where: str, frame: int) -> Any:
    if isinstance(value, Mapping):
        return Fields(value, where, frame)
    if isinstance(value, list):
        return Items(value, name, where, frame)
    if isinstance(value, str) and name in CASE_INSENSITIVE:
        return CaseInsensitive(value)
    return value


def lookup(payload: Any, path: str) -> Any:
    """Give the value at a dotted path such as `idToken.idToken`, or None when there is none."""
    value = payload
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    if path.rsplit(".", 1)[-1] not in CASE_INSENSITIVE:
        return value
    if isinstance(value, list):
        return [CaseInsensitive(item) if isinstance(item, str) else item for item in value]
    return CaseInsensitive(value) if isinstance(value, str) else value


def matches(payload: Any, where: Mapping[str, Any]) -> bool:
    """Whether a payload has the wanted values; a set, list or tuple means any of them, None means absent."""
    for path, wanted in where.items():
        value = lookup(payload, path)
        allowed = wanted if isinstance(wanted, (set, frozenset, list, tuple)) else (wanted,)
        if not any(value == option and isinstance(value, bool) == isinstance(option, bool) for option in allowed):
            return False
    return True
