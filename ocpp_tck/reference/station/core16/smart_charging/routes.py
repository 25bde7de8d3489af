"""The messages of the Smart Charging profile on the link to the Central System."""

from typing import Any, Protocol

from ocpp.routing import on
from ocpp.v16 import call_result

from ocpp_tck.reference.station.core16.sender import Answer


class Commands(Protocol):
    """What the Central System may ask about charging profiles (1.6 §5.5, §5.7, §5.16)."""

    def set_charging_profile(self, connector_id: int, profile: dict[str, Any]) -> tuple[str, Any]:
        """Handle SetChargingProfile."""

    def clear_charging_profile(self, criteria: dict[str, Any]) -> tuple[str, Any]:
        """Handle ClearChargingProfile."""

    def composite_schedule(self, connector_id: int, duration: int, unit: str | None) -> Answer:
        """Handle GetCompositeSchedule; returns the answer in snake_case."""


class ChargingProfileRoutes:
    """Hands the requests about charging profiles to the commands."""

    _commands: Any
    _status: Any

    @on("SetChargingProfile")  # type: ignore[untyped-decorator]
    def _on_set_charging_profile(self, **payload: Any) -> Any:
        outcome = self._commands.set_charging_profile(payload["connector_id"], payload["cs_charging_profiles"])
        return call_result.SetChargingProfile(status=self._status(outcome))

    @on("ClearChargingProfile")  # type: ignore[untyped-decorator]
    def _on_clear_charging_profile(self, **payload: Any) -> Any:
        return call_result.ClearChargingProfile(status=self._status(self._commands.clear_charging_profile(payload)))

    @on("GetCompositeSchedule")  # type: ignore[untyped-decorator]
    def _on_get_composite_schedule(self, **payload: Any) -> Any:
        wanted = payload.get("charging_rate_unit")
        answer = self._commands.composite_schedule(payload["connector_id"], payload["duration"], wanted)
        return call_result.GetCompositeSchedule(**answer)
