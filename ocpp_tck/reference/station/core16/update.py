"""A firmware update as the charge point remembers it."""

from dataclasses import dataclass
from datetime import datetime

FIRMWARE, SIGNED = "FirmwareStatusNotification", "SignedFirmwareStatusNotification"
IDLE = "Idle"
ENDED = frozenset({"DownloadFailed", "InstallationFailed", "Installed", "InvalidSignature", IDLE})
"""Statuses after which nothing more comes of an update."""


@dataclass(slots=True)
class Update:
    """One firmware update, from its order to its end; it survives a reboot."""

    location: str
    retrieve: datetime
    retries: int
    pause: float
    install: datetime | None = None
    request_id: int | None = None
    """Set for a signed update only."""
    signature: str = ""
    certificate: str = ""
    status: str = IDLE
    installed: bool = False
    """The new firmware runs from the next boot on."""

    @property
    def action(self) -> str:
        """The notification that tells of it."""
        return FIRMWARE if self.request_id is None else SIGNED

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED
