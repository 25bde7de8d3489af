"""Payloads against the `ocpp` library's schemas, and the error code that each defect deserves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jsonschema import FormatChecker, ValidationError
from jsonschema.exceptions import best_match
from ocpp.messages import MessageType, get_validator

DESCRIPTION_LIMIT = 255

_LEAP_SECOND = re.compile(r"(:\d\d):60")
_formats = FormatChecker(formats=())


@_formats.checks("date-time", ValueError)
def _is_time(value: object) -> bool:
    # ISO 8601 as 3.15 of the 1.6 specification asks: fractions and zone offsets of any kind.
    return not isinstance(value, str) or bool(datetime.fromisoformat(_LEAP_SECOND.sub(r"\1:59", value)))


@dataclass(frozen=True, slots=True)
class Defect:
    """The first thing wrong with a payload: where, what, and the schema keyword that says so."""

    keyword: str
    place: str
    message: str

    def __str__(self) -> str:
        """Name place and defect, short enough for an errorDescription."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT - 1] + "…"


def known(action: str, version: str) -> bool:
    """Tell whether the version has a request of this name (case-sensitive)."""
    if not action.isascii() or not action.isalpha():
        return False
    try:
        get_validator(MessageType.Call, action, version)
    except OSError:
        return False
    return not action.endswith("Response")


def request_defect(action: str, payload: Any, version: str) -> Defect | None:
    """Find what is wrong with the payload of a CALL; None when nothing is."""
    return _defect(MessageType.Call, action, payload, version)


def response_defect(action: str, payload: Any, version: str) -> Defect | None:
    """Find what is wrong with the payload of a CALLRESULT; None when nothing is."""
    return _defect(MessageType.CallResult, action, payload, version)


def _defect(message_type: int, action: str, payload: Any, version: str) -> Defect | None:
    # Decimal on both sides: with floats, multipleOf 0.1 refuses a third of the legal limits.
    validator = get_validator(message_type, action, version, parse_float=Decimal)
    exact = json.loads(json.dumps(payload), parse_float=Decimal)
    error: ValidationError | None = best_match(validator.evolve(format_checker=_formats).iter_errors(exact))
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path)
    return Defect(str(error.validator), place, error.message)


CODES_1_6: Mapping[str, str] = {
    "type": "TypeConstraintViolation",
    "maxLength": "TypeConstraintViolation",
    "required": "ProtocolError",
    "additionalProperties": "FormationViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
}
"""Schema keyword to error code, OCPP-J 1.6 table 7 with its misspelt names; all else is a value."""

CODES_2: Mapping[str, str] = {
    **CODES_1_6,
    "required": "OccurrenceConstraintViolation",
    "additionalProperties": "FormatViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
}
"""Schema keyword to error code of 2.x (Part 4)."""

INVALID_VALUE = "PropertyConstraintViolation"
