"""Everything that is generated, from the run's one seed: message ids and the data of the kit as a station."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

from faker import Faker

if TYPE_CHECKING:
    from collections.abc import Iterator


def message_ids(seed: str) -> Iterator[str]:
    """Give message ids that derive from a seed, 36 characters each (OCPP-J 1.6 4.1.4)."""
    source = random.Random(seed)  # noqa: S311 - reproducible, not secret
    while True:
        yield str(uuid.UUID(int=source.getrandbits(128), version=4))


def faker(seed: str) -> Faker:
    """Give a source of test data that derives from a seed."""
    source = Faker("en_US")
    source.seed_instance(seed)
    return source


def charge_point_identity(seed: str) -> dict[str, Any]:
    """Give the optional fields of a BootNotification.req (1.6 6.3) that a station would fill in."""
    source = faker(seed)
    return {
        "chargePointSerialNumber": source.bothify("TCK-########"),
        "firmwareVersion": source.numerify("#.#.##"),
        "iccid": source.numerify("8931############"),
        "imsi": source.numerify("20404##########"),
        "meterType": source.bothify("MT-??-###").upper(),
        "meterSerialNumber": source.bothify("M########"),
    }
