"""Rules about the answers to GetConfiguration of OCPP 1.6."""

from __future__ import annotations

from typing import Any

from ocpp_tck.protocol.rule import Example, call, cs, csms, ex16, result, rule, v16
from ocpp_tck.protocol.types import Side

_KEY = "HeartbeatInterval"


def _entry(key: str = _KEY, value: str | None = "300") -> dict[str, Any]:
    return {"key": key, "readonly": False} | ({} if value is None else {"value": value})


def _answered(*entries: dict[str, Any], unknown: tuple[str, ...] = (), asked: tuple[str, ...] = (_KEY,)) -> Example:
    answer = {"configurationKey": list(entries)} if entries else {}
    more = {"unknownKey": list(unknown)} if unknown else {}
    return ex16(
        csms(call("k", "GetConfiguration", **({"key": list(asked)} if asked else {}))),
        cs(result("k", **answer, **more)),
        product=Side.STATION,
    )


RULES = (
    rule(
        "configuration.keys",
        "An answer to GetConfiguration gives each key that was asked for, as known or as unknown, and no other",
        must=v16("5.8, 6.24"),
        passing=(
            _answered(_entry()),
            _answered(_entry("heartbeatinterval")),
            _answered(unknown=(_KEY,)),
            _answered(_entry(), unknown=("Other",), asked=("Other", _KEY)),
            _answered(_entry(), _entry("Other"), asked=()),
        ),
        failing=(
            _answered(),
            _answered(_entry("Other")),
            _answered(_entry(), _entry("Other")),
            _answered(_entry(), unknown=("Other",)),
            _answered(_entry(), asked=("Other", _KEY)),
        ),
    ),
    rule(
        "configuration.type",
        "A standard key of type boolean or integer has a value of that type, when it has one",
        must=v16("chapter 9; errata 3.83, 3.91"),
        passing=(
            _answered(_entry(value=None)),
            _answered(_entry(value="")),
            _answered(_entry(value=" 60 ")),
            _answered(_entry("LocalPreAuthorize", "TRUE"), _entry("Vendor", "maybe"), asked=()),
        ),
        failing=(
            _answered(_entry(value="60 s")),
            _answered(_entry("localpreauthorize", "yes"), asked=("LocalPreAuthorize",)),
            _answered(_entry("NumberOfConnectors", "2.0"), asked=()),
        ),
    ),
)
