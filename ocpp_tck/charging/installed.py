"""The profiles that a charge point has, after each was set or cleared.

Source: OCPP 1.6 3.13.1, 3.13.2, 5.16.3, 5.16.4; errata 3.25, 3.26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocpp_tck.charging.profile import DEFAULT, MAX, TX, Profile

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Installed:
    """Profiles with the connector that each was set at; 0 is the charge point as a whole."""

    profiles: tuple[tuple[int, Profile], ...] = ()

    def put(self, connector: int, new: Profile) -> Installed:
        """Give them with a new one, in place of that with the same id, or the same purpose and level there."""

        def stays(place: int, old: Profile) -> bool:
            alike = (place, old.purpose, old.level) == (connector, new.purpose, new.level)
            return old.id != new.id and not alike

        return Installed((*self._those(stays), (connector, new)))

    def clear(
        self,
        *,
        id: int | None = None,  # noqa: A002 - the field of ClearChargingProfile
        connector: int | None = None,
        purpose: str | None = None,
        level: int | None = None,
    ) -> Installed:
        """Give them without those that match every given criterion; without criteria none are left.

        With an id the other criteria do not count (errata 3.26).
        """

        def stays(place: int, old: Profile) -> bool:
            if id is not None:
                return old.id != id
            pairs = ((connector, place), (purpose, old.purpose), (level, old.level))
            return any(wanted is not None and wanted != value for wanted, value in pairs)

        return Installed(self._those(stays))

    def end_transaction(self, connector: int) -> Installed:
        """Give them after the transaction of a connector has ended: its TxProfiles are no longer valid (7.10)."""
        return Installed(self._those(lambda place, old: (place, old.purpose) != (connector, TX)))

    def of_charge_point(self) -> tuple[Profile, ...]:
        """Give the profiles that limit the charge point as a whole."""
        return tuple(profile for _, profile in self.profiles if profile.purpose == MAX)

    def of_transaction(self, connector: int) -> tuple[Profile, ...]:
        """Give the TxProfiles of a connector."""
        return tuple(profile for place, profile in self.profiles if (place, profile.purpose) == (connector, TX))

    def defaults(self, connector: int) -> tuple[Profile, ...]:
        """Give the TxDefaultProfiles of a connector: its own stand in place of those of connector 0 at their level."""
        defaults = [(place, profile) for place, profile in self.profiles if profile.purpose == DEFAULT]
        own = tuple(profile for place, profile in defaults if place == connector)
        levels = {profile.level for profile in own}
        return own + tuple(
            profile for place, profile in defaults if place == 0 != connector and profile.level not in levels
        )

    def _those(self, stays: Callable[[int, Profile], bool]) -> tuple[tuple[int, Profile], ...]:
        return tuple((place, profile) for place, profile in self.profiles if stays(place, profile))
