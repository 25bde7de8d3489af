"""Everything that is generated: the data of the kit as a station from the run's one seed, and message ids anew."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

from faker import Faker

if TYPE_CHECKING:
    from collections.abc import Iterator


def identifier(seed: str) -> str:
    """Give an identifier of 36 characters that derives from a seed."""
    return str(uuid.UUID(int=random.Random(seed).getrandbits(128), version=4))  # noqa: S311 - reproducible, not secret


def message_ids() -> Iterator[str]:
    """Give message ids, 36 characters each, that no run has used before and none will again, whatever its seed.

    A product may take a CALL with an id that it has seen before for a retry, and answer as it did then (OCPP-J 1.6
    4.1.4 with erratum 3.7; 2.0.1 Part 4 4.1.4: unique over all connections of a station).
    """
    while True:
        yield str(uuid.uuid4())


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
