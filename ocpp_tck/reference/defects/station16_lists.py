"""Defects of the charge point of 1.6 in its local authorization list and in triggered messages."""

from collections.abc import Mapping
from typing import Any

from ocpp_tck.reference.defects.station16 import table
from ocpp_tck.reference.station.core16.authorization import IdTagInfo
from ocpp_tck.reference.station.core16.commands import CentralSystemCommands
from ocpp_tck.reference.station.core16.configuration import Configuration
from ocpp_tck.reference.station.core16.device import Device
from ocpp_tck.reference.station.core16.firmware import Firmware
from ocpp_tck.reference.station.core16.link import Outcome
from ocpp_tck.reference.station.core16.local_list import LocalList
from ocpp_tck.reference.station.core16.status import StatusReporter

Entries = list[Mapping[str, Any]]


@table.defect("local-list-without-effect", "1.6 3.5.2, 5.15")
class ListWithoutEffect(LocalList):
    """Stores local lists and looks no token up in them."""

    def get(self, id_tag: str) -> IdTagInfo | None:
        return None


@table.defect("ignores-LocalAuthListEnabled", "1.6 3.5.2, 9.2.1")
class AlwaysLists(Configuration):
    """Goes on with its local list when that is switched off."""

    def text(self, name: str) -> str:
        return "true" if name == "LocalAuthListEnabled" else super().text(name)


@table.defect("takes-old-local-lists", "1.6 5.15, 7.47")
class TakesOldLists(LocalList):
    """Applies a change of its local list whatever its version."""

    def update(self, version: int, kind: str, entries: Entries) -> str:
        stored, self._version = self._version, -2
        status = super().update(version, kind, entries)
        if status != "Accepted":
            self._version = stored
        return status


@table.defect("keeps-version-of-full-list", "1.6 5.10, 5.15")
class KeepsFullVersion(LocalList):
    """Keeps the version of the last full list when a change is applied."""

    def update(self, version: int, kind: str, entries: Entries) -> str:
        before = self._version
        status = super().update(version, kind, entries)
        if kind == "Differential":
            self._version = before
        return status


@table.defect("tells-version-of-empty-list", "1.6 5.10")
class TellsEmptyVersion(LocalList):
    """Tells the version that was sent for an empty local list too."""

    @property
    def version(self) -> int:
        return self._version


@table.defect("stores-what-it-can-not", "1.6 5.15, 7.47")
class NeverFails(LocalList):
    """Accepts a local list that it could not store."""

    def update(self, version: int, kind: str, entries: Entries) -> str:
        status = super().update(version, kind, entries)
        return "Accepted" if status == "Failed" else status


@table.defect("takes-every-list-for-full", "1.6 5.15, 7.48")
class ReplacesAlways(LocalList):
    """Replaces its local list by a change of it."""

    def update(self, version: int, kind: str, entries: Entries) -> str:
        status = super().update(version, kind, entries)
        if status == "Accepted" and kind == "Differential":
            status = super().update(version, "Full", entries)
        return status


@table.defect("local-list-lost-over-reboot", "1.6 3.5.2")
class ListLost(Firmware):
    """Boots with an empty local list."""

    def start(self) -> None:
        self._device.local_list.update(1, "Full", [])
        super().start()


@table.defect("prefers-its-cache", "1.6 3.5.3")
class PrefersCache(Device):
    """Looks a token up in its cache before its local list, and caches listed tokens."""

    def remember(self, id_tag: str, info: IdTagInfo) -> None:
        super().remember(id_tag, info)
        self.cache.put(id_tag, info)

    def known(self, id_tag: str) -> IdTagInfo | None:
        return self.cache.get(id_tag) or super().known(id_tag)


@table.defect("hides-list-conflicts", "1.6 3.5.2")
class HidesConflicts(StatusReporter):
    """Does not tell that the central system contradicts its local list."""

    def list_conflict(self) -> None:
        pass


@table.defect("triggers-at-every-connector", "1.6 5.17")
class TriggersEverywhere(CentralSystemCommands):
    """Accepts a trigger for a connector that it does not have, and sends nothing."""

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        outcome = super().trigger(message, connector_id)
        return ("Accepted", None) if outcome[0] == "Rejected" else outcome


@table.defect("triggers-at-another-connector", "1.6 5.17")
class TriggersElsewhere(CentralSystemCommands):
    """Sends triggered messages of its last connector, whichever was named."""

    def trigger(self, message: str, connector_id: int | None) -> Outcome:
        last = max(self._device.connectors)
        return super().trigger(message, last if connector_id in self._device.connectors else connector_id)
